/** Net premium and naive gamma by strike, in rows that fit. */
import type { FlowStrikesMeta } from "../../api/bindings";
import type { Columns } from "../../api/columns";

import { strikeRows, type StrikeRows } from "./grid";

export interface StrikeRow {
  strike: number;
  /** Bought less sold, dollars; NaN = not known. */
  calls: number;
  puts: number;
  bought: { calls: number; puts: number };
  sold: { calls: number; puts: number };
  /** Calls less puts, dollars for a 1 % move; NaN = not known. */
  gamma: number;
}

export interface StrikeSet {
  rows: StrikeRows;
  values: StrikeRow[];
  /** Largest net premium and gamma of a row, without sign. */
  mostPremium: number;
  mostGamma: number;
}

const NAMES = ["strike", "call_ask", "call_bid", "put_ask", "put_bid", "call_gamma", "put_gamma"];

export function strikeSet(columns: Columns<FlowStrikesMeta>, most: number): StrikeSet {
  const [strike, callAsk, callBid, putAsk, putBid, callGamma, putGamma] = NAMES.map((name) =>
    columns.column(name),
  );
  const premium = Array.from(
    strike,
    (_, i) => (callAsk[i] || 0) + (callBid[i] || 0) + (putAsk[i] || 0) + (putBid[i] || 0),
  );
  const gamma = Array.from(strike, (_, i) => callGamma[i] + putGamma[i]);
  const weights = premium.some((value) => value > 0)
    ? premium
    : gamma.map((value) => Math.abs(value) || 0);
  const rows = strikeRows(strike, weights, columns.meta.spot, most);
  const nothing = { calls: NaN, puts: NaN };
  const values: StrikeRow[] = rows.strikes.map((low) => ({
    strike: low,
    calls: NaN,
    puts: NaN,
    bought: { ...nothing },
    sold: { ...nothing },
    gamma: NaN,
  }));
  rows.rowOf.forEach((row, i) => {
    if (row < 0) return;
    const to = values[row];
    to.bought.calls = plus(to.bought.calls, callAsk[i]);
    to.sold.calls = plus(to.sold.calls, callBid[i]);
    to.bought.puts = plus(to.bought.puts, putAsk[i]);
    to.sold.puts = plus(to.sold.puts, putBid[i]);
    to.gamma = plus(to.gamma, gamma[i]);
    to.calls = to.bought.calls - to.sold.calls;
    to.puts = to.bought.puts - to.sold.puts;
  });
  const largest = (of: (row: StrikeRow) => number[]): number =>
    Math.max(0, ...values.flatMap(of).map((value) => Math.abs(value) || 0));
  return {
    rows,
    values,
    mostPremium: largest((row) => [row.calls, row.puts]),
    mostGamma: largest((row) => [row.gamma]),
  };
}

/** What is missing adds nothing; with nothing known the sum stays unknown. */
function plus(sum: number, value: number): number {
  if (Number.isNaN(value)) return sum;
  return Number.isNaN(sum) ? value : sum + value;
}
