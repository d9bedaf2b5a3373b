import { expect, test } from "vitest";

import type { Plot } from "../axes/plot";
import { heatGrid } from "./grid";
import { cellAt, cellBox, signed, spotAt } from "./heatDraw";

const BOX: Plot = { width: 340, height: 230, left: 40, right: 0, top: 10, bottom: 20 };
const entry = (strike: number, expiry: number) => ({
  strike,
  expiry,
  call_net: 10,
  put_net: 0,
  premium: 10,
});
const GRID = heatGrid(
  [entry(550, 0), entry(551, 1), entry(552, 2)],
  ["2026-03-06", "2026-03-13", "2026-03-20"],
  551,
  { rows: 10, columns: 10 },
);

test("the cell under a point is the one that is drawn there", () => {
  for (let row = 0; row < 3; row += 1) {
    for (let column = 0; column < 3; column += 1) {
      const { x, y, width, height } = cellBox(GRID, BOX, row, column);
      expect(cellAt(GRID, BOX, x + 1, y + 1)).toEqual({ row, column });
      expect(cellAt(GRID, BOX, x + width - 1, y + height - 1)).toEqual({ row, column });
    }
  }
  for (const [x, y] of [
    [39, 50],
    [341, 50],
    [100, 9],
    [100, 211],
  ]) {
    expect(cellAt(GRID, BOX, x, y)).toBeNull();
  }
});

test("the line of the price runs through the middle of its strike", () => {
  const { y, height } = cellBox(GRID, BOX, 1, 0);
  expect(spotAt(GRID, BOX, 551)).toBeCloseTo(y + height / 2);
  expect(spotAt(GRID, BOX, 600)).toBeNull();
  expect(spotAt(GRID, BOX, null)).toBeNull();
});

test("every amount carries its sign", () => {
  expect([signed(1.24e6), signed(-310_000), signed(0)]).toEqual(["+1.24M", "\u2212310K", "0"]);
});
