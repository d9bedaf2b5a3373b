/**
 * Bars as typed arrays, and the window of them that the chart holds.
 *
 * The index of a bar in its window is its logical index in the chart: bars and volume share one
 * time axis and nothing else adds points to it. Knows nothing of the chart or of transport.
 */
import type { BarsMeta } from "../api/bindings";
import type { Columns } from "../api/columns";
import type { Interval } from "../state/prefs.svelte";

import { wallMinute } from "./time";

export type { Interval };

/** Bars of one interval, oldest first, without two at the same instant. */
export interface Bars {
  readonly rows: number;
  readonly start: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly session: Float64Array;
}

/** Milliseconds from one bar to the next inside a session. */
export const STEP_MS: Record<Interval, number> = {
  "1m": 60_000,
  "5m": 300_000,
  "15m": 900_000,
  "1h": 3_600_000,
  "1d": 86_400_000,
};

/** Code of the regular session in the `session` columns. */
export const REGULAR = 2;

/** Bars that the chart holds: beyond this its own updates get slow (23 ms a frame at 50,000). */
export const MAX_BARS = 20_000;
/** Bars asked for at once while scrolling: five to six days of one-minute bars, one megabyte. */
export const PAGE_BARS = 8_000;
/** Bars left beyond the visible ones before another page is asked for. */
export const PAGE_MARGIN = 1_500;

const NONE = new Float64Array(0);
export const NO_BARS: Bars = {
  rows: 0,
  start: NONE,
  open: NONE,
  high: NONE,
  low: NONE,
  close: NONE,
  volume: NONE,
  session: NONE,
};

export function barsOf(columns: Columns<BarsMeta>): Bars {
  const column = (name: string) => columns.column(name);
  return {
    rows: columns.rows,
    start: column("start_ms"),
    open: column("open"),
    high: column("high"),
    low: column("low"),
    close: column("close"),
    volume: column("volume"),
    session: column("session"),
  };
}

/** Bars `from` (inclusive) to `to` (exclusive), without copying. */
export function slice(bars: Bars, from: number, to: number): Bars {
  if (from <= 0 && to >= bars.rows) return bars;
  return {
    rows: Math.max(0, to - from),
    start: bars.start.subarray(from, to),
    open: bars.open.subarray(from, to),
    high: bars.high.subarray(from, to),
    low: bars.low.subarray(from, to),
    close: bars.close.subarray(from, to),
    volume: bars.volume.subarray(from, to),
    session: bars.session.subarray(from, to),
  };
}

/** Only the bars of the regular session. */
export function regularOnly(bars: Bars): Bars {
  const keep: number[] = [];
  for (let i = 0; i < bars.rows; i++) if (bars.session[i] === REGULAR) keep.push(i);
  if (keep.length === bars.rows) return bars;
  const pick = (from: Float64Array) => Float64Array.from(keep, (i) => from[i] ?? NaN);
  return { rows: keep.length, start: pick(bars.start), ...byField((name) => pick(bars[name])) };
}

/** Number of bars that begin before `ms`. */
export function countBefore(bars: Bars, ms: number): number {
  let low = 0;
  let high = bars.rows;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars.start[middle] < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the last bar that begins at or before `ms`; -1 = none. */
export function indexAt(bars: Bars, ms: number): number {
  const before = countBefore(bars, ms);
  return before < bars.rows && bars.start[before] === ms ? before : before - 1;
}

/** Both in order of time; where they overlap, `later` is believed. */
export function join(earlier: Bars, later: Bars): Bars {
  if (later.rows === 0) return earlier;
  if (earlier.rows === 0) return later;
  const head = slice(earlier, 0, countBefore(earlier, later.start[0]));
  const last = later.start[later.rows - 1];
  const tail = slice(earlier, indexAt(earlier, last) + 1, earlier.rows);
  const glue = (name: keyof Omit<Bars, "rows">) => {
    const out = new Float64Array(head.rows + later.rows + tail.rows);
    out.set(head[name]);
    out.set(later[name], head.rows);
    out.set(tail[name], head.rows + later.rows);
    return out;
  };
  return { rows: head.rows + later.rows + tail.rows, start: glue("start"), ...byField(glue) };
}

/** Indexes of the first and last visible bar; may lie beyond the bars. */
export interface Visible {
  from: number;
  to: number;
}

/** What the window holds beyond its own bars. */
export interface Edges {
  /** Whether the store has older bars. */
  older: boolean;
  /** Whether newer bars were released. */
  newer: boolean;
}

/** Which side runs out of bars; the nearer edge first. */
export function pageNeeded(visible: Visible, rows: number, edges: Edges): "older" | "newer" | null {
  const before = visible.from;
  const after = rows - 1 - visible.to;
  const older = edges.older && before < PAGE_MARGIN;
  const newer = edges.newer && after < PAGE_MARGIN;
  if (older && newer) return before <= after ? "older" : "newer";
  return older ? "older" : newer ? "newer" : null;
}

/**
 * The instant to ask bars before so that the page joins the window without a hole: no stretch of
 * `limit` steps can hold more than `limit` bars. None = up to now.
 */
export function newerBefore(lastStart: number, step: number, limit: number, now: number) {
  const before = lastStart + limit * step;
  return before >= now ? null : before;
}

/** Which bars to keep when there are too many: `max` of them around the visible middle. */
export function keepAround(
  visible: Visible,
  rows: number,
  max: number,
): [from: number, to: number] {
  if (rows <= max) return [0, rows];
  const middle = (visible.from + visible.to) / 2;
  const from = Math.min(rows - max, Math.max(0, Math.round(middle - max / 2)));
  return [from, from + max];
}

/** Steps beyond the last bar where an instant still has its place, while bars come late. */
const MAX_STEPS_AHEAD = 30;

/**
 * Where an instant lies on the bars, as a logical index: a bar spans half an index to each side.
 * An instant between two bars that don't touch lies on their boundary. NaN outside the window.
 */
export function logicalAt(bars: Bars, ms: number, interval: Interval): number {
  const index = indexAt(bars, ms);
  if (index < 0) return NaN;
  if (interval === "1d") return index - 0.5 + partOfRegularSession(ms);
  const part = (ms - bars.start[index]) / STEP_MS[interval];
  if (index < bars.rows - 1) return index - 0.5 + Math.min(1, part);
  return part <= MAX_STEPS_AHEAD ? index - 0.5 + part : NaN;
}

/** 0 at the open, 1 at the close: a day bar covers the regular session only. */
function partOfRegularSession(ms: number): number {
  return Math.min(1, Math.max(0, (wallMinute(ms) - 570) / 390));
}

/** The boundary before the first bar that begins at or after `ms`, as a logical index. */
export function boundaryAt(bars: Bars, ms: number): number {
  return countBefore(bars, ms) - 0.5;
}

type Field = keyof Omit<Bars, "rows" | "start">;

function byField(make: (name: Field) => Float64Array): Record<Field, Float64Array> {
  return {
    open: make("open"),
    high: make("high"),
    low: make("low"),
    close: make("close"),
    volume: make("volume"),
    session: make("session"),
  };
}
