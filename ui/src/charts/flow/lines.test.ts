import { expect, test } from "vitest";

import { lastKnown, linePath, nearest, rangeOf, roundTicks } from "./lines";

test("a range holds every known value, and zero where it is asked for", () => {
  expect(rangeOf([[1, NaN, 3]], false)).toEqual([0.84, 3.16]);
  expect(rangeOf([[1, 3]], true)).toEqual([0, 3.24]);
  expect(rangeOf([[-2, -1]], true)).toEqual([-2.16, 0]);
  expect(rangeOf([[5, 5]], false)).toEqual([4, 6]);
  expect(rangeOf([[NaN], []], true)).toBeNull();
});

test("ticks are round, inside the range, and zero has no minus", () => {
  expect(roundTicks([-1.1, 2.3], 4)).toEqual([-1, 0, 1, 2]);
  expect(roundTicks([0.12, 0.31], 4)).toEqual([0.15, 0.2, 0.25, 0.3]);
  expect(Object.is(roundTicks([-10, 10], 2)[1], 0)).toBe(true);
});

test("a missing value breaks the line and never becomes zero", () => {
  const path = linePath(
    [0, 1, 2, 3],
    [5, NaN, 7, 8],
    (x) => x,
    (y) => y,
  );
  expect(path).toBe("M0.0 5.0M2.0 7.0L3.0 8.0");
  expect(lastKnown([1, 2, NaN])).toBe(1);
  expect(lastKnown([NaN])).toBe(-1);
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
