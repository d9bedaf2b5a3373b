import { describe, expect, it } from "vitest";

import {
  boundaryAt,
  countBefore,
  indexAt,
  join,
  keepAround,
  logicalAt,
  newerBefore,
  PAGE_MARGIN,
  pageNeeded,
  regularOnly,
  slice,
} from "./bars";
import { minuteBars, sessionsUpTo } from "./testing";

const MINUTE = 60_000;
const sessions = sessionsUpTo("2026-03-06", 2);
const bars = minuteBars(sessions, true);
const regular = regularOnly(bars);

describe("bars", () => {
  it("keeps only the regular session when asked", () => {
    expect(bars.rows).toBe(2 * 960);
    expect(regular.rows).toBe(2 * 390);
    expect(regular.start[0]).toBe(sessions[0].open_ms);
    expect(regular.start[390]).toBe(sessions[1].open_ms);
    expect(regular.close[390]).toBe(bars.close[960 + 330]);
  });

  it("finds the bar that an instant belongs to", () => {
    const open = sessions[0].open_ms;
    expect(indexAt(regular, open - 1)).toBe(-1);
    expect(indexAt(regular, open)).toBe(0);
    expect(indexAt(regular, open + MINUTE - 1)).toBe(0);
    expect(indexAt(regular, open + MINUTE)).toBe(1);
    expect(countBefore(regular, open + MINUTE)).toBe(1);
  });

  it("places an instant inside its bar, and between sessions on the boundary", () => {
    const { open_ms: open, close_ms: close } = sessions[0];
    expect(logicalAt(regular, open - 1, "1m")).toBeNaN();
    expect(logicalAt(regular, open, "1m")).toBe(-0.5);
    expect(logicalAt(regular, open + MINUTE / 2, "1m")).toBe(0);
    expect(logicalAt(regular, close + 3_600_000, "1m")).toBe(389.5);
    expect(boundaryAt(regular, close + 3_600_000)).toBe(389.5);
  });

  it("places an instant of a day bar by its part of the regular session", () => {
    const day = slice(regular, 0, 1);
    expect(logicalAt(day, sessions[0].open_ms + 195 * MINUTE, "1d")).toBe(0);
  });

  it("gives late prints their place for half an hour after the last bar, then none", () => {
    const last = regular.start[regular.rows - 1];
    expect(logicalAt(regular, last + 5.5 * MINUTE, "1m")).toBe(regular.rows - 1 + 5);
    expect(logicalAt(regular, last + 40 * MINUTE, "1m")).toBeNaN();
  });

  it("joins pages that overlap and believes the later one", () => {
    const early = slice(bars, 0, 1_000);
    const late = { ...slice(bars, 900, 1_200) };
    late.close = late.close.map(() => 1);
    const both = join(early, late);
    expect(both.rows).toBe(1_200);
    expect(both.close[899]).toBe(bars.close[899]);
    expect(both.close[900]).toBe(1);
    expect([...both.start]).toEqual([...bars.start.subarray(0, 1_200)]);
  });

  it("keeps what lies behind the joined page", () => {
    const both = join(bars, slice(bars, 100, 200));
    expect([...both.start]).toEqual([...bars.start]);
  });

  it("joins with nothing", () => {
    const none = slice(bars, 0, 0);
    expect(join(none, bars)).toBe(bars);
    expect(join(bars, none)).toBe(bars);
  });
});

describe("window paging", () => {
  const both = { older: true, newer: true };

  it.each([
    ["far from both edges", { from: 5_000, to: 6_000 }, null],
    ["near the oldest bar", { from: PAGE_MARGIN - 1, to: 6_000 }, "older"],
    ["near the newest bar", { from: 5_000, to: 19_000 }, "newer"],
    ["beyond the oldest bar", { from: -300, to: 500 }, "older"],
  ] as const)("asks for the right side %s", (_, visible, side) => {
    expect(pageNeeded(visible, 20_000, both)).toBe(side);
  });

  it("asks for nothing that does not exist", () => {
    expect(pageNeeded({ from: 0, to: 100 }, 200, { older: false, newer: false })).toBeNull();
  });

  it("asks for the nearer side first", () => {
    expect(pageNeeded({ from: 100, to: 800 }, 1_000, both)).toBe("older");
    expect(pageNeeded({ from: 300, to: 950 }, 1_000, both)).toBe("newer");
  });

  it("never leaves a hole when going on to newer bars", () => {
    const limit = 1_000;
    const now = bars.start[bars.rows - 1] + 10 * MINUTE;
    const held = bars.start[500];
    const before = newerBefore(held, MINUTE, limit, now) ?? Infinity;
    const end = countBefore(bars, before);
    const page = slice(bars, Math.max(0, end - limit), end);
    expect(page.start[0]).toBeLessThanOrEqual(held + MINUTE);
    expect(newerBefore(now - MINUTE, MINUTE, limit, now)).toBeNull();
  });

  it.each([
    [{ from: 0, to: 100 }, [0, 20_000]],
    [{ from: 14_900, to: 15_100 }, [5_000, 25_000]],
    [{ from: 29_000, to: 30_200 }, [10_000, 30_000]],
  ])("keeps the bars around the visible ones", (visible, kept) => {
    expect(keepAround(visible, 30_000, 20_000)).toEqual(kept);
  });

  it("keeps all bars while they are few", () => {
    expect(keepAround({ from: 0, to: 10 }, 500, 20_000)).toEqual([0, 500]);
  });
});
