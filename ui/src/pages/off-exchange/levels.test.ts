import { expect, test } from "vitest";

import { columnsOf } from "../../api/columns";
import { levelsTable } from "../../test/tables";
import * as levels from "./levels";
import type { LevelRow, Sort } from "./levels";

const ASK = {
  symbol: "SPY",
  sessions: 60,
  width: null,
  extended_hours: false,
  limit: 200,
  hold_rates: true,
};
const table = levelsTable(ASK);
const rows = levels.levelRows(table);

test("a row reads its own values", () => {
  expect(rows).toHaveLength(table.rows);
  expect(rows[3].price).toBe(table.column("price")[3]);
  expect(rows[3].holdRate).toBe(table.column("hold_rate")[3]);
  expect(rows.filter((row) => row.poc).map((row) => row.price)).toEqual([table.meta.poc]);
});

function check(sort: Sort, value: (row: LevelRow) => number): void {
  const found = levels.sortLevels(rows, sort).map(value);
  const there = found.filter((one) => !Number.isNaN(one));
  const sorted = there.toSorted((one, two) => (sort.down ? two - one : one - two));
  expect(there).toEqual(sorted);
  expect(found.slice(0, there.length)).toEqual(there);
}

test("each head sorts both ways and what is missing stays last", () => {
  for (const down of [true, false]) {
    check({ key: "price", down }, (row) => row.price);
    check({ key: "notional", down }, (row) => row.notional);
    check({ key: "held", down }, (row) => row.holdRate);
    check({ key: "side", down }, levels.imbalance);
    check({ key: "last", down }, (row) => row.last);
  }
  expect(levels.sortLevels(rows, { key: "rank", down: true })[0].rank).toBe(1);
});

const row = (change: Partial<LevelRow>): LevelRow => ({ ...rows[0], ...change });

test("an imbalance is of what has a side, and coverage of everything", () => {
  const mixed = row({ buy: 60, sell: 20, unknown: 20 });
  expect(levels.imbalance(mixed)).toBeCloseTo(0.5);
  expect(levels.sided(mixed)).toBeCloseTo(0.8);
  expect(levels.imbalanceWords(mixed)).toBe("+50 %");
  const none = row({ buy: 0, sell: 0, unknown: 20 });
  expect([levels.imbalance(none), levels.sided(none)]).toEqual([NaN, 0]);
  expect(levels.imbalanceWords(none)).toBe("—");
});

test("a hold rate stands beside its null, and too few touches say so", () => {
  const measured = row({ holdRate: 0.61, nullRate: 0.52, touches: 18, beats: 1 });
  expect(levels.heldWords(measured)).toBe("61 % vs 52 %");
  expect(levels.heldTip(measured)).toContain("18 touches");
  expect(levels.heldTip({ ...measured, beats: 0 })).toContain("does not beat");
  const few = row({ holdRate: NaN, nullRate: NaN, touches: 3, beats: NaN });
  expect(levels.heldWords(few)).toBe("—");
  expect(levels.heldTip(few)).toContain("too few");
});

test("no level at all is no row", () => {
  const empty = Object.fromEntries(table.names.map((name) => [name, []]));
  expect(levels.levelRows(columnsOf(table.meta, empty))).toEqual([]);
});
