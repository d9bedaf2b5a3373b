import { describe, expect, it } from "vitest";

import { regularOnly } from "./bars";
import { gapSpan, hitGap, placeGaps, placeSessions } from "./sessions";
import { minuteBars, sessionsUpTo } from "./testing";
import type { View } from "./view";

const MINUTE = 60_000;
const sessions = sessionsUpTo("2026-03-06", 2);
const extended = minuteBars(sessions, true);
const regular = regularOnly(extended);
const VIEW: View = { x0: 0, dx: 2, y0: 0, dy: -1, width: 1_000, height: 400 };

const gap = (from: number, to: number) => ({
  symbol: "SPY",
  series: "bars",
  session_date: sessions[0].date,
  from_ms: from,
  to_ms: to,
  reason: "The vendor did not answer.",
});

describe("sessions", () => {
  it("are marked where their hours begin and end", () => {
    const [first, second] = placeSessions(sessions, extended, "1m");
    expect([first.pre, first.open, first.close, first.postEnd]).toEqual([
      -0.5, 329.5, 719.5, 959.5,
    ]);
    expect(second.pre).toBe(959.5);
  });

  it("have no width where their hours are hidden", () => {
    const [first] = placeSessions(sessions, regular, "1m");
    expect([first.pre, first.open, first.close, first.postEnd]).toEqual([-0.5, -0.5, 389.5, 389.5]);
  });

  it("are not marked without bars, nor inside day bars", () => {
    const others = sessionsUpTo("2025-03-06", 2);
    expect(placeSessions(others, regular, "1m")).toEqual([]);
    expect(placeSessions(sessions, regular, "1d")).toEqual([]);
  });
});

describe("gaps", () => {
  const open = sessions[0].open_ms;

  it("of prints cover the bars of their time", () => {
    const [mark] = placeGaps([gap(open + 10 * MINUTE, open + 20 * MINUTE)], regular, "1m");
    expect([mark.from, mark.to]).toEqual([9.5, 19.5]);
    expect(hitGap([mark], VIEW, 30)).toBe(mark);
    expect(hitGap([mark], VIEW, 60)).toBeNull();
  });

  it("without room on the axis are still wide enough to see", () => {
    const [mark] = placeGaps(
      [gap(sessions[0].close_ms + MINUTE, sessions[1].open_ms)],
      regular,
      "1m",
    );
    const span: [number, number] = [0, 0];
    gapSpan(mark, VIEW, span);
    expect(span[1] - span[0]).toBeGreaterThanOrEqual(7);
  });

  it("before the first bar are not drawn", () => {
    expect(placeGaps([gap(open - 10 * MINUTE, open - MINUTE)], regular, "1m")).toEqual([]);
  });
});
