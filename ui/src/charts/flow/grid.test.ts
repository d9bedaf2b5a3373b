import { describe, expect, test } from "vitest";

import { seeded } from "../../test/random";
import { heatGrid, placeOfPrice, strikeRows, type HeatEntry } from "./grid";

const ones = (count: number): number[] => new Array(count).fill(1);

describe("strikes", () => {
  test("stand one a row while there is room, dearest first", () => {
    const rows = strikeRows([549, 550, 551], ones(3), 550, 10);
    expect([rows.step, rows.strikes, [...rows.rowOf]]).toEqual([0, [551, 550, 549], [2, 1, 0]]);
  });

  test("are added up in round steps when there is none", () => {
    const strikes = Array.from({ length: 60 }, (_, i) => 520 + i);
    const rows = strikeRows(strikes, ones(60), 550, 12);
    expect(rows.step).toBe(5);
    expect(rows.strikes).toEqual([575, 570, 565, 560, 555, 550, 545, 540, 535, 530, 525, 520]);
    expect(rows.rowOf[34]).toBe(rows.strikes.indexOf(550));
  });

  test("far off that hold next to nothing are left out and counted", () => {
    const rows = strikeRows([100, 549, 550, 551, 900], [1, 1000, 1000, 1000, 1], 550, 10);
    expect(rows.strikes).toEqual([551, 550, 549]);
    expect(rows.outside).toBeCloseTo(2 / 3002);
    expect([...rows.rowOf]).toEqual([-1, 2, 1, 0, -1]);
  });

  test("without any weight all stay", () => {
    expect(strikeRows([1, 2], [0, 0], null, 10).strikes).toEqual([2, 1]);
    expect(strikeRows([], [], 550, 10).strikes).toEqual([]);
  });
});

test("a price lies where its strikes are", () => {
  const single = strikeRows([549, 550, 551], ones(3), 550, 10);
  for (const [price, place] of [
    [550, 1.5],
    [550.5, 1],
    [551, 0.5],
    [560, null],
    [540, null],
  ] as const) {
    expect(placeOfPrice(single, price), String(price)).toEqual(place);
  }
  const strikes = Array.from({ length: 60 }, (_, i) => 520 + i);
  const merged = strikeRows(strikes, ones(60), 550, 12);
  expect(placeOfPrice(merged, 577.5)).toBe(0.5);
  expect(placeOfPrice(merged, 575)).toBe(1);
});

test("nothing is lost or counted twice, whatever the room", () => {
  const random = seeded(5);
  const expiries = Array.from({ length: 14 }, (_, i) => `2026-03-${10 + i}`);
  const entries: HeatEntry[] = Array.from({ length: 900 }, () => ({
    expiry: Math.floor(random() * 14),
    strike: 500 + Math.floor(random() * 100),
    call_net: (random() - 0.5) * 1e6,
    put_net: (random() - 0.5) * 1e6,
    premium: random() * 1e6,
  }));
  for (const room of [
    { rows: 8, columns: 4 },
    { rows: 200, columns: 30 },
  ]) {
    const grid = heatGrid(entries, expiries, 550, room);
    expect(grid.rows.strikes.length).toBeLessThanOrEqual(room.rows);
    expect(grid.expiries.length).toBe(Math.min(14, room.columns));
    expect(grid.later).toBe(room.columns < 14);
    const shown = entries.filter((_, i) => grid.rows.rowOf[i] >= 0);
    const wanted = shown.reduce((sum, one) => sum + one.call_net - one.put_net, 0);
    const found = grid.cells.flat().reduce((sum, cell) => sum + (cell?.net ?? 0), 0);
    expect(found).toBeCloseTo(wanted, 3);
    expect(grid.rows.outside).toBeLessThanOrEqual(0.02);
  }
});
