import { expect, test } from "vitest";

import { columnsOf } from "../../api/columns";
import type { FlowStrikesMeta } from "../../api/bindings";
import { strikeSet } from "./strikes";

const META: FlowStrikesMeta = {
  symbol: "SPY",
  session_date: "2026-03-06",
  spot: 550,
  premium_ms: 1,
  gamma_ms: 1,
};

/** Rows of strike, calls bought, sold, puts bought, sold, gamma of calls and of puts. */
function set(rows: number[][], most: number) {
  const names = ["strike", "call_ask", "call_bid", "put_ask", "put_bid", "call_gamma", "put_gamma"];
  const columns = names.map((name, i) => [name, rows.map((row) => row[i])] as const);
  return strikeSet(columnsOf(META, Object.fromEntries(columns)), most);
}

test("net is bought less sold, and gamma that of calls less that of puts", () => {
  const { values, mostPremium, mostGamma } = set(
    [
      [549, 10, 4, 1, 9, 5, -8],
      [550, 7, 7, 20, 5, 6, -1],
    ],
    10,
  );
  expect(values.map(({ strike, calls, puts, gamma }) => [strike, calls, puts, gamma])).toEqual([
    [550, 0, 15, 5],
    [549, 6, -8, -3],
  ]);
  expect([mostPremium, mostGamma]).toEqual([15, 5]);
});

test("rows that are added up hold the sum of what is known", () => {
  const rows = Array.from({ length: 20 }, (_, i) => [540 + i, 3, 1, 0, 0, NaN, NaN]);
  rows[0][1] = NaN;
  const { rows: laid, values, mostGamma } = set(rows, 4);
  expect([laid.step, values.length]).toEqual([5, 4]);
  expect(values.map(({ calls }) => calls)).toEqual([10, 10, 10, 7]);
  expect(values.every(({ gamma }) => Number.isNaN(gamma))).toBe(true);
  expect(mostGamma).toBe(0);
});

test("gamma alone is enough to choose the strikes", () => {
  const none = [NaN, NaN, NaN, NaN];
  const { values, mostPremium } = set(
    [400, 550, 551].map((k, i) => [k, ...none, i * 9, 0]),
    10,
  );
  expect(values.map(({ strike }) => strike)).toEqual([551, 550]);
  expect([mostPremium, values[0].calls]).toEqual([0, NaN]);
});
