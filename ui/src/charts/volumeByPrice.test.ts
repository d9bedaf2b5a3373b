import { expect, test } from "vitest";

import { columnsOf } from "../api/columns";
import { volumeBars } from "./volumeByPrice";

const META = { symbol: "SPY", session_date: "2026-03-06", width: 0.5, received_ms: 1, last: 550 };
const table = (price: number[], lit: number[], off: number[]) =>
  columnsOf(META, { price, lit, off });

test("each bin is a bar where there is room, and a price without a trade is an empty one", () => {
  const bars = volumeBars(table([550, 550.5, 551.5], [10, 20, 30], [1, 2, 3]), 10);
  expect(bars.map(({ price, lit, off }) => [price, lit, off])).toEqual([
    [550, 10, 1],
    [550.5, 20, 2],
    [551, 0, 0],
    [551.5, 30, 3],
  ]);
});

test("joined bins lose no share and say how wide they are", () => {
  const prices = Array.from({ length: 100 }, (_, i) => 500 + i * 0.5);
  const bars = volumeBars(
    table(
      prices,
      prices.map(() => 7),
      prices.map(() => 3),
    ),
    30,
  );
  expect(bars.length).toBeLessThanOrEqual(30);
  expect(bars.reduce((sum, bar) => sum + bar.lit, 0)).toBe(700);
  expect(bars.reduce((sum, bar) => sum + bar.off, 0)).toBe(300);
  expect(bars[0]).toEqual({ price: 500.75, width: 2, lit: 28, off: 12 });
});

test("a few shares far away take no room from the rest", () => {
  const bars = volumeBars(table([300, 550, 550.5, 900], [1, 900, 900, 1], [0, 0, 0, 0]), 10);
  expect(bars.map(({ price }) => price)).toEqual([550, 550.5]);
});

test("without a share there is nothing to draw", () => {
  expect(volumeBars(table([550], [0], [0]), 10)).toEqual([]);
  expect(volumeBars(table([], [], []), 10)).toEqual([]);
});
