import { describe, expect, it } from "vitest";

import type { PlannedView } from "../../api/bindings";
import { budgetOf, every, paceNote, paceScale, paceState, paceWords } from "./plan";

const planned = (desired_s: number, actual_s: number | null): PlannedView => ({
  series: "flow_strikes",
  label: "Premium by strike",
  symbols: 6,
  desired_s,
  actual_s,
  asked: 640,
});

it.each([
  [5, "5 s"],
  [60, "1 m"],
  [90, "1.5 m"],
  [5_400, "1.5 h"],
  [86_400, "1 d"],
])("a pace of %d s reads %s", (seconds, text) => {
  expect(every(seconds)).toBe(text);
});

describe("a series", () => {
  it.each([
    ["at its pace", 60, 60, "kept", ""],
    ["a little late, by its slots", 60, 62, "kept", ""],
    ["asked half as often", 60, 120, "slowed", "2.0 x slower"],
    ["not asked at all", 60, null, "dropped", "dropped"],
  ])("%s", (_, desired, actual, state, note) => {
    expect(paceState(planned(desired, actual))).toBe(state);
    expect(paceNote(planned(desired, actual))).toBe(note);
  });

  it("says all of it in words", () => {
    expect(paceWords(planned(60, 120))).toBe(
      "Premium by strike: asked every 2 m instead of every 1 m, so that the day's requests last. 640 requests today for 6 symbols.",
    );
    expect(paceWords(planned(60, null))).toContain("not asked at all until the requests allow it");
  });
});

describe("the scale", () => {
  it("goes from one tick to another around every pace", () => {
    const { ticks, at } = paceScale([planned(7, 7), planned(1_000, 2_000)]);
    expect([ticks[0], ticks.at(-1)]).toEqual([5, 3_600]);
    expect([at(5), at(3_600)]).toEqual([0, 1]);
    expect(at(60)).toBeGreaterThan(at(15));
  });

  it("stays whole without a series and beyond its ends", () => {
    expect(paceScale([]).ticks.length).toBeGreaterThan(1);
    expect(paceScale([planned(0.1, 1e9)]).at(1e9)).toBe(1);
    expect(paceScale([planned(0.1, 1e9)]).at(0.1)).toBe(0);
  });
});

describe("a day's requests", () => {
  it("fit where less is wanted than there is", () => {
    expect(budgetOf(10_000, 15_000, 20_000)).toEqual({ used: 0.25, limit: 1, desired: 0.5 });
  });

  it("show what is wanted beyond the limit", () => {
    expect(budgetOf(40_000, 10_000, 20_000)).toEqual({ used: 0.25, limit: 0.5, desired: 1 });
  });

  it("are no picture while the vendor has not told them", () => {
    expect(budgetOf(10_000, null, 20_000)).toBeNull();
    expect(budgetOf(10_000, 10, null)).toBeNull();
  });
});
