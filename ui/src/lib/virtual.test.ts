import { expect, test } from "vitest";

import { scrollToRow, slotted, visibleSlice } from "./virtual";

test("only what is in view is drawn, with a few rows to spare", () => {
  expect(visibleSlice(2_700, 270, 27, 5_000, 8)).toEqual({ first: 92, end: 118 });
});

test("the slice never leaves the list, wherever the scroll is", () => {
  for (const rows of [0, 1, 7, 5_000]) {
    for (const top of [-50, 0, 13, 134_900, 1e9]) {
      const { first, end } = visibleSlice(top, 270, 27, rows);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(end).toBeLessThanOrEqual(rows);
      expect(end - first).toBeLessThanOrEqual(27);
      if (rows > 0) expect(end).toBeGreaterThan(first);
    }
  }
});

test("every row of a slice has one slot", () => {
  for (let first = 0; first < 100; first += 1) {
    const rows = slotted({ first, end: first + 26 });
    expect(rows.toSorted((one, two) => one - two)).toEqual(
      Array.from({ length: 26 }, (_, at) => first + at),
    );
  }
  expect(slotted({ first: 0, end: 0 })).toEqual([]);
});

test("a scroll by one row changes one slot", () => {
  const before = slotted({ first: 50, end: 76 });
  const after = slotted({ first: 51, end: 77 });
  expect(after.filter((row, slot) => row !== before[slot])).toEqual([76]);
});

test("a row is brought into view by the shortest way", () => {
  expect(scrollToRow(2, 270, 270, 27)).toBe(54);
  expect(scrollToRow(15, 270, 270, 27)).toBe(270);
  expect(scrollToRow(40, 270, 270, 27)).toBe(40 * 27 + 27 - 270);
});
