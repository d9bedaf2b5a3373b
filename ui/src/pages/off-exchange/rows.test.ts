import { expect, test } from "vitest";

import { columnsOf } from "../../api/columns";
import { identity, pickRows, RowReader, TapeRows, type PrintsTable } from "./rows";

const NAMES = (
  "reported_ms executed_ms price size notional bid ask day_volume side reasons session " +
  "eligible block identity_high identity_low"
).split(" ");

/** A table of rows `[reported_ms, identity]`, newest first. */
function table(rows: [number, number][]): PrintsTable {
  const columns = NAMES.map((name) => [name, rows.map(() => 0)] as const);
  const named: Record<string, number[]> = Object.fromEntries(columns);
  named.reported_ms = rows.map(([at]) => at);
  named.identity_low = rows.map(([, id]) => id);
  return columnsOf({ symbol: "SPY", next: null, sides: [] }, named);
}

function check(rows: TapeRows, expected: [number, number][]): void {
  const found = Array.from({ length: rows.length }, (_, index) => {
    const row = rows.row(index);
    return [row.reported_ms, Number(row.identity)];
  });
  expect(found).toEqual(expected);
}

const base = TapeRows.of(table([[50, 1], [40, 2], [40, 3]])).older(table([[30, 4], [20, 5]])); // prettier-ignore

test("pages follow each other", () => {
  check(base, [[50, 1], [40, 2], [40, 3], [30, 4], [20, 5]]); // prettier-ignore
});

test("new prints come in on top and nothing is doubled", () => {
  const rows = base.newer(table([[60, 6], [50, 1]]), 50); // prettier-ignore
  check(rows, [[60, 6], [50, 1], [40, 2], [40, 3], [30, 4], [20, 5]]); // prettier-ignore
});

test("a print that was withdrawn goes, also across pages", () => {
  check(base.newer(table([[50, 1]]), 30), [[50, 1], [20, 5]]); // prettier-ignore
  check(base.newer(table([]), 0), []);
});

test("a print that came late takes its place in between", () => {
  const rows = base.newer(table([[50, 1], [45, 9], [40, 2], [40, 3]]), 40); // prettier-ignore
  check(rows, [[50, 1], [45, 9], [40, 2], [40, 3], [30, 4], [20, 5]]); // prettier-ignore
});

test("a long afternoon of small answers reads like one table", () => {
  let rows = TapeRows.empty;
  const expected: [number, number][] = [];
  for (let at = 0; at < 400; at += 1) {
    rows = rows.newer(table([[at, at]]), at);
    expected.unshift([at, at]);
  }
  check(rows, expected);
});

test("a row that is not there is refused", () => {
  expect(() => base.row(5)).toThrow(RangeError);
  expect(() => TapeRows.empty.row(0)).toThrow(RangeError);
});

test("only picked rows stay", () => {
  const picked = pickRows(table([[3, 1], [2, 2], [1, 3]]), (of, row) => of.column("reported_ms")[row] !== 2); // prettier-ignore
  check(TapeRows.of(picked), [[3, 1], [1, 3]]); // prettier-ignore
});

test("an identity of 64 bits survives its two halves, whatever their sign", () => {
  for (const id of [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 1234567890123456789n]) {
    const low = Number(BigInt.asUintN(32, id));
    for (const high of [Number(id >> 32n), Number(BigInt.asUintN(64, id) >> 32n)]) {
      expect(identity(high, low)).toBe(id.toString());
      expect(identity(high, low | 0)).toBe(id.toString());
    }
  }
});

test("a row that stays in view is the same object until the tape changes", () => {
  const reader = new RowReader();
  const before = reader.read(base, [0, 1, 2]);
  const after = reader.read(base, [1, 2, 3]);
  expect([after[0] === before[1], after[1] === before[2]]).toEqual([true, true]);
  const changed = reader.read(base.newer(table([[60, 6]]), 60), [1]); // prettier-ignore
  expect(changed[0].row.reported_ms).toBe(50);
  expect(changed[0]).not.toBe(before[1]);
});
