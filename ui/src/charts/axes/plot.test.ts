import { expect, test } from "vitest";

import {
  across,
  bandPath,
  lastKnown,
  linePath,
  nearest,
  rangeOf,
  roundTicks,
  thinned,
  upward,
  type Plot,
} from "./plot";

const PLOT: Plot = { width: 500, height: 200, left: 50, right: 50, top: 10, bottom: 20 };
const same = (value: number): number => value;

test("a range holds every known value, and zero where it is asked for", () => {
  expect(rangeOf([[1, NaN, 3]], false)).toEqual([0.84, 3.16]);
  expect(rangeOf([[1, 3]], true)).toEqual([0, 3.24]);
  expect(rangeOf([[-2, -1]], true)).toEqual([-2.16, 0]);
  expect(rangeOf([[5, 5]], false)).toEqual([4, 6]);
  expect(rangeOf([[NaN], []], true)).toBeNull();
});

test("a scale fills the box between its margins", () => {
  expect([0, 10].map(across(PLOT, [0, 10]))).toEqual([50, 450]);
  expect([0, 10].map(upward(PLOT, [0, 10]))).toEqual([180, 10]);
  expect(across(PLOT, [0, 100], true)(25), "what is near has more room").toBe(250);
});

test("ticks are round, inside the range, and zero has no minus", () => {
  expect(roundTicks(upward(PLOT, [-1.1, 2.3]), 40)).toEqual([-1, 0, 1, 2]);
  expect(roundTicks(upward(PLOT, [0.12, 0.31]), 40)).toEqual([0.15, 0.2, 0.25, 0.3]);
  expect(Object.is(roundTicks(upward(PLOT, [-10, 10]), 60)[1], 0)).toBe(true);
});

test("ticks never come nearer to each other than asked, also on a bent axis", () => {
  for (const bent of [false, true]) {
    for (const apart of [20, 48, 70, 160]) {
      for (const end of [3, 9, 47, 480, 21_500_000]) {
        const scale = across(PLOT, [0, end], bent);
        const ticks = roundTicks(scale, apart);
        ticks.slice(1).forEach((at, i) => {
          expect(scale(at) - scale(ticks[i])).toBeGreaterThanOrEqual(apart);
        });
        expect(ticks.length, `0 to ${end} every ${apart} px`).toBeGreaterThan(0);
      }
    }
  }
});

test("labels that would touch the one before are left out", () => {
  const scale = across(PLOT, [0, 100]);
  const ticks = [0, 5, 10, 20, 24].map((at) => ({ at }));
  expect(thinned(ticks, scale, 40).map(({ at }) => at)).toEqual([0, 10, 20]);
});

test("a missing value breaks the line and never becomes zero", () => {
  const path = linePath([0, 1, 2, 3], [5, NaN, 7, 8], same, same);
  expect(path).toBe("M0,5ZM2,7L3,8");
  expect(lastKnown([1, 2, NaN])).toBe(1);
  expect(lastKnown([NaN])).toBe(-1);
});

test("a band is drawn where both of its edges are known", () => {
  const shape = bandPath([0, 1, 2], [1, 1, NaN], [2, 3, 4], same, same);
  expect(shape).toBe("M0,2L1,3L1,1L0,1Z");
  expect(bandPath([0, 1], [1, NaN], [2, 2], same, same)).toBe("");
});

test("the nearest value is found", () => {
  const values = [10, 20, 30];
  for (const [wanted, index] of [
    [-5, 0],
    [14, 0],
    [16, 1],
    [29, 2],
    [99, 2],
  ]) {
    expect(nearest(values, wanted), String(wanted)).toBe(index);
  }
  expect(nearest([], 1)).toBe(-1);
});
