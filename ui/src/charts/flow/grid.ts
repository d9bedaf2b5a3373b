/**
 * Strikes and expiries as rows and columns that fit: neighbouring strikes are added up until a row
 * can be read, and far strikes that hold next to nothing are left out and counted.
 */

/** Widths of a row of strikes, dollars. */
const STEPS = [0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100, 250, 500, 1_000];
/** Weight that may be left out at both ends together. */
const TRIMMED = 0.02;

export interface StrikeRows {
  /** Width of a row, dollars; 0 = each strike is its own row. */
  step: number;
  /** Lowest strike of each row, dearest first, as a price axis has it. */
  strikes: number[];
  /** Row of each input; -1 = left out. */
  rowOf: Int32Array;
  /** Share of the weight that is left out, 0 to 1. */
  outside: number;
}

/**
 * Lays strikes out in at most `most` rows. `weights` (zero or more) says which strikes matter;
 * those around `spot` are kept whatever they hold.
 */
export function strikeRows(
  strikes: ArrayLike<number>,
  weights: ArrayLike<number>,
  spot: number | null,
  most: number,
): StrikeRows {
  const [low, high] = middle(strikes, weights, spot);
  const inside = Array.from(strikes).filter((strike) => strike >= low && strike <= high);
  const step = stepFor(inside, most);
  const floor = (strike: number): number =>
    step === 0 ? strike : Math.floor(strike / step + 1e-9) * step;
  const rows = [...new Set(inside.map(floor))].sort((one, two) => two - one);
  const index = new Map(rows.map((strike, row) => [strike, row]));
  let all = 0;
  let left = 0;
  const rowOf = Int32Array.from({ length: strikes.length }, (_, i) => {
    const row = strikes[i] < low || strikes[i] > high ? -1 : (index.get(floor(strikes[i])) ?? -1);
    all += weights[i] || 0;
    if (row < 0) left += weights[i] || 0;
    return row;
  });
  return { step, strikes: rows, rowOf, outside: all > 0 ? left / all : 0 };
}

/** Where a price lies among the rows, in rows from the top: 0 = the upper edge of the first. */
export function placeOfPrice({ strikes, step }: StrikeRows, price: number): number | null {
  const rows = strikes.length;
  if (rows === 0) return null;
  if (step > 0) {
    const at = strikes.findIndex((strike) => strike <= price);
    if (at < 0) return null;
    const within = (price - strikes[at]) / step;
    if (within >= 1) return at === 0 ? null : at;
    return at + 1 - within;
  }
  const below = strikes.findIndex((strike) => strike <= price);
  if (below < 0) return null;
  if (below === 0) return strikes[0] === price ? 0.5 : null;
  const share = (strikes[below - 1] - price) / (strikes[below - 1] - strikes[below]);
  return below - 0.5 + share;
}

/** The range of strikes that holds all but the trimmed weight. */
function middle(
  strikes: ArrayLike<number>,
  weights: ArrayLike<number>,
  spot: number | null,
): [number, number] {
  const order = Array.from(strikes, (strike, i) => ({ strike, weight: weights[i] || 0 })).sort(
    (one, two) => one.strike - two.strike,
  );
  const all = order.reduce((sum, one) => sum + one.weight, 0);
  if (all === 0) return [-Infinity, Infinity];
  const reach = (list: typeof order): number => {
    let sum = 0;
    const found = list.find((one) => (sum += one.weight) > (all * TRIMMED) / 2);
    return found?.strike ?? NaN;
  };
  const low = reach(order);
  const high = reach(order.toReversed());
  return spot === null ? [low, high] : [Math.min(low, spot), Math.max(high, spot)];
}

function stepFor(strikes: number[], most: number): number {
  const rows = (step: number): number =>
    new Set(strikes.map((strike) => (step === 0 ? strike : Math.floor(strike / step + 1e-9)))).size;
  if (rows(0) <= most) return 0;
  return STEPS.find((step) => rows(step) <= most) ?? STEPS[STEPS.length - 1];
}

export interface HeatCell {
  row: number;
  column: number;
  /** Calls less puts, dollars. */
  net: number;
  calls: number;
  puts: number;
  /** All premium, whatever its side. */
  premium: number;
}

export interface HeatGrid {
  rows: StrikeRows;
  /** First expiry of each column. */
  expiries: string[];
  /** Whether the last column holds that expiry and all later ones. */
  later: boolean;
  cells: (HeatCell | undefined)[][];
  /** Largest net of a cell, without its sign. */
  most: number;
}

/** One row of the heat map's answer. */
export interface HeatEntry {
  expiry: number;
  strike: number;
  call_net: number;
  put_net: number;
  premium: number;
}

/** Adds entries up into at most so many rows and columns. */
export function heatGrid(
  entries: HeatEntry[],
  expiries: string[],
  spot: number | null,
  most: { rows: number; columns: number },
): HeatGrid {
  const rows = strikeRows(
    entries.map((entry) => entry.strike),
    entries.map((entry) => entry.premium),
    spot,
    most.rows,
  );
  const columns = Math.min(expiries.length, most.columns);
  const cells: (HeatCell | undefined)[][] = rows.strikes.map(() => new Array(columns));
  entries.forEach((entry, i) => {
    const row = rows.rowOf[i];
    if (row < 0) return;
    const column = Math.min(entry.expiry, columns - 1);
    const cell = (cells[row][column] ??= { row, column, net: 0, calls: 0, puts: 0, premium: 0 });
    cell.calls += entry.call_net;
    cell.puts += entry.put_net;
    cell.net += entry.call_net - entry.put_net;
    cell.premium += entry.premium;
  });
  const all = cells.flat().map((cell) => Math.abs(cell?.net ?? 0));
  return {
    rows,
    expiries: expiries.slice(0, columns),
    later: expiries.length > columns,
    cells,
    most: Math.max(0, ...all),
  };
}
