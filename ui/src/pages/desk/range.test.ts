import { describe, expect, it } from "vitest";

import { minuteBars, sessionsUpTo } from "../../charts/testing";
import { profileSpan, spanToAsk, visibleSpan } from "./range";

const bars = minuteBars(sessionsUpTo("2026-03-06", 1), false);

describe("the visible stretch", () => {
  it("goes from the first bar's begin to the last bar's end", () => {
    expect(visibleSpan(bars, "1m", { from: 0, to: 9 })).toEqual({
      from: bars.start[0],
      to: bars.start[9] + 60_000,
    });
  });

  it("ends with the bars where the view goes beyond them", () => {
    expect(visibleSpan(bars, "1m", { from: -50, to: 900 })?.from).toBe(bars.start[0]);
    expect(visibleSpan(bars, "1m", { from: 500, to: 900 })).toBeNull();
  });
});

describe("the stretch to ask for", () => {
  const asked = spanToAsk(null, { from: 1_000, to: 2_000 }, false);

  it("has room on both sides", () => {
    expect(asked).toEqual({ from: 500, to: 2_500 });
  });

  it("serves small moves", () => {
    expect(spanToAsk(asked, { from: 1_300, to: 2_300 }, true)).toBe(asked);
  });

  it("is asked anew beyond its edge", () => {
    expect(spanToAsk(asked, { from: 1_600, to: 2_600 }, false)).toEqual({ from: 1_100, to: 3_100 });
  });

  it("is asked anew for a closer look only when the answer was cut", () => {
    expect(spanToAsk(asked, { from: 1_400, to: 1_600 }, false)).toBe(asked);
    expect(spanToAsk(asked, { from: 1_400, to: 1_600 }, true)).toEqual({ from: 1_300, to: 1_700 });
  });
});

describe("the stretch of the profile", () => {
  const day = 86_400_000;

  it("is the visible one, or the newest 190 days of a longer one", () => {
    expect(profileSpan({ from: 10 * day, to: 100 * day })).toEqual({
      from: 10 * day,
      to: 100 * day,
    });
    expect(profileSpan({ from: 0, to: 700 * day })).toEqual({ from: 510 * day, to: 700 * day });
  });
});
