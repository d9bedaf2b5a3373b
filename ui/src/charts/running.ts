/**
 * Running sums that begin anew with each session, as the panes below the price draw them: placed
 * on the bars once, when either changes. Knows nothing of canvas or chart.
 */
import type { RunningMeta } from "../api/bindings";
import type { Columns } from "../api/columns";
import { newYorkOffsetMs } from "../lib/time";

import { type Bars, type Interval, logicalAt, STEP_MS } from "./bars";

/** What a pane below the price shows. */
export const PANES = ["premium", "tide"] as const;
export type PaneName = (typeof PANES)[number];

export interface Running {
  readonly rows: number;
  readonly at: Float64Array;
  /** Dollars since the open. */
  readonly call: Float64Array;
  readonly put: Float64Array;
  /** What else is counted: shares of net delta, or contracts of net volume. */
  readonly extra: Float64Array;
  /** Number of the New York day: another one begins another line. */
  readonly day: Int32Array;
  /** Place on the bars; NaN = not drawn. See `placeRunning`. */
  readonly logical: Float64Array;
  /** The rows that have a place, in order. */
  drawn: Int32Array;
}

/** Figures at one bar. */
export interface Reading {
  at: number;
  call: number;
  put: number;
  extra: number;
}

const DAY_MS = 86_400_000;
/** A row counts the minute that begins with its time: it is drawn in the middle of that. */
const HALF_MINUTE_MS = 30_000;

const dayOf = (ms: number): number => Math.floor((ms + newYorkOffsetMs(ms)) / DAY_MS);

/** `extra` names the third column. */
export function runningOf(
  columns: Columns<RunningMeta>,
  extra: "net_delta" | "net_volume",
): Running {
  const at = columns.column("at_ms");
  return {
    rows: columns.rows,
    at,
    call: columns.column("net_call"),
    put: columns.column("net_put"),
    extra: columns.column(extra),
    day: Int32Array.from(at, dayOf),
    logical: new Float64Array(columns.rows).fill(NaN),
    drawn: new Int32Array(0),
  };
}

/** Puts the rows on the bars. On day bars only a day's last row has a place: its total. */
export function placeRunning(running: Running, bars: Bars, interval: Interval): void {
  const { at, day, logical, rows } = running;
  const drawn = new Int32Array(rows);
  let count = 0;
  for (let i = 0; i < rows; i++) {
    const between = interval === "1d" && i + 1 < rows && day[i + 1] === day[i];
    const place = between ? NaN : logicalAt(bars, at[i] + HALF_MINUTE_MS, interval);
    logical[i] = interval === "1d" ? Math.round(place) : place;
    if (!Number.isNaN(place)) drawn[count++] = i;
  }
  running.drawn = drawn.subarray(0, count);
}

/** The rows drawn between two places, and one more on each side so that lines reach the edges. */
export function drawnBetween(running: Running, from: number, to: number): Int32Array {
  const { drawn, logical } = running;
  const first = firstWhere(drawn.length, (i) => logical[drawn[i]] >= from);
  const after = firstWhere(drawn.length, (i) => logical[drawn[i]] > to);
  return drawn.subarray(Math.max(0, first - 1), after + 1);
}

/** Smallest and largest value between two places, zero included. */
export function rangeOf(running: Running, from: number, to: number): [least: number, most: number] {
  let least = 0;
  let most = 0;
  for (const row of drawnBetween(running, from, to)) {
    for (const value of [running.call[row], running.put[row]]) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return [least, most];
}

/** The figures at the end of a bar; null = its day has none up to there. */
export function readingAt(
  running: Running,
  bars: Bars,
  bar: number,
  interval: Interval,
): Reading | null {
  if (bar < 0 || bar >= bars.rows) return null;
  const end = bars.start[bar] + STEP_MS[interval];
  const row = firstWhere(running.rows, (i) => running.at[i] >= end) - 1;
  if (row < 0 || running.day[row] !== dayOf(bars.start[bar])) return null;
  return {
    at: running.at[row],
    call: running.call[row],
    put: running.put[row],
    extra: running.extra[row],
  };
}

/** The first index at which a test that never goes back holds; `count` = none. */
function firstWhere(count: number, test: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
