/**
 * Prints as bubbles: prepared once in typed arrays, culled and thinned in each frame without
 * allocating. Knows nothing of canvas or chart.
 */
import type { PrintsMeta } from "../api/bindings";
import type { Columns } from "../api/columns";

import { type Bars, type Interval, logicalAt } from "./bars";
import { BUBBLE_PX, bubbleRadius } from "./scale";
import type { View } from "./view";

/** How a bubble is drawn; the order is the order of drawing. */
export const Style = { excluded: 0, cancelled: 1, unknown: 2, sell: 3, buy: 4 } as const;
export type Style = (typeof Style)[keyof typeof Style];
export const STYLES = 5;

/** Bit of a cancelled print. The bits are stored and never renumbered. */
const CANCELED = 1 << 8;

/** Prints held; the command gives no more at once. */
export const MAX_BUBBLES = 5_000;
/** Bubbles drawn in one frame. More could not be told apart, and cost time. */
export const MAX_DRAWN = 1_500;
/** Squares in which a bubble claims its place, px. */
const CELL_PX = 7;
/** Part of its radius in which a bubble suffers no smaller one's middle. */
const CLAIM = 0.6;
/** Bubbles whose middle is this far outside still reach into view, px. */
const EDGE_PX = BUBBLE_PX[1];
/** Hover counts this many px around a bubble. */
const SLOP_PX = 3;

export interface Bubbles {
  readonly rows: number;
  /** The largest first. */
  readonly price: Float64Array;
  readonly notional: Float64Array;
  readonly executedMs: Float64Array;
  readonly reportedMs: Float64Array;
  readonly radius: Float32Array;
  readonly style: Uint8Array;
  /** Place on the bars; NaN = not on them. See `placeBubbles`. */
  readonly logical: Float64Array;
  /** Row in the columns they came from. */
  readonly row: Int32Array;
}

/** Bubbles chosen for one frame; arrays are reused. */
export interface Picked {
  count: number;
  /** How many lay in view before thinning. */
  inView: number;
  readonly index: Int32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  taken: Uint8Array;
}

export function newPicked(): Picked {
  return {
    count: 0,
    inView: 0,
    index: new Int32Array(MAX_DRAWN),
    x: new Float32Array(MAX_DRAWN),
    y: new Float32Array(MAX_DRAWN),
    taken: new Uint8Array(0),
  };
}

export function bubblesOf(columns: Columns<PrintsMeta>): Bubbles {
  const notional = columns.column("notional");
  const rows = Math.min(columns.rows, MAX_BUBBLES);
  const row = Int32Array.from({ length: columns.rows }, (_, i) => i)
    .sort((a, b) => (notional[b] || 0) - (notional[a] || 0))
    .subarray(0, rows);
  const pick = (name: string) => {
    const from = columns.column(name);
    return Float64Array.from(row, (i) => from[i]);
  };
  const sorted = pick("notional");
  const largest = rows > 0 ? sorted[0] : 0;
  return {
    rows,
    price: pick("price"),
    notional: sorted,
    executedMs: pick("executed_ms"),
    reportedMs: pick("reported_ms"),
    radius: Float32Array.from(sorted, (value) => bubbleRadius(value, largest)),
    style: stylesOf(columns, row),
    logical: new Float64Array(rows).fill(NaN),
    row,
  };
}

function stylesOf(columns: Columns<PrintsMeta>, rows: Int32Array): Uint8Array {
  const side = columns.column("side");
  const reasons = columns.column("reasons");
  const eligible = columns.column("eligible");
  const sides = new Map(columns.meta.sides.map((label) => [label.code, label.side]));
  return Uint8Array.from(rows, (i) => {
    if ((reasons[i] & CANCELED) !== 0) return Style.cancelled;
    if (eligible[i] !== 1) return Style.excluded;
    const word = sides.get(side[i]);
    return word === "buy" ? Style.buy : word === "sell" ? Style.sell : Style.unknown;
  });
}

/** Puts the bubbles on the bars. Needed anew when either changes, not when the chart is panned. */
export function placeBubbles(bubbles: Bubbles, bars: Bars, interval: Interval): void {
  for (let i = 0; i < bubbles.rows; i++) {
    // Where the vendor doesn't tell when a trade happened, the tape's time stands for it.
    const executed = bubbles.executedMs[i];
    const at = Number.isNaN(executed) ? bubbles.reportedMs[i] : executed;
    bubbles.logical[i] = logicalAt(bars, at, interval);
  }
}

/**
 * Chooses the bubbles to draw: those in view, and of those that would lie on each other the
 * larger. The squares are anchored to the data, so that nothing flickers while panning.
 */
export function pickBubbles(bubbles: Bubbles, view: View, picked: Picked): void {
  const left = Math.floor((-view.x0 - EDGE_PX) / CELL_PX);
  const top = Math.floor((-view.y0 - EDGE_PX) / CELL_PX);
  const columns = Math.ceil((view.width + 2 * EDGE_PX) / CELL_PX) + 2;
  const lines = Math.ceil((view.height + 2 * EDGE_PX) / CELL_PX) + 2;
  const cells = columns * lines;
  if (picked.taken.length < cells) picked.taken = new Uint8Array(cells);
  else picked.taken.fill(0, 0, cells);
  picked.count = 0;
  picked.inView = 0;
  for (let i = 0; i < bubbles.rows; i++) {
    const dataX = view.dx * bubbles.logical[i];
    const x = view.x0 + dataX;
    // Also false for NaN.
    if (!(x >= -EDGE_PX && x <= view.width + EDGE_PX)) continue;
    const dataY = view.dy * bubbles.price[i];
    const y = view.y0 + dataY;
    if (!(y >= -EDGE_PX && y <= view.height + EDGE_PX)) continue;
    picked.inView++;
    if (picked.count === MAX_DRAWN) continue;
    const column = Math.floor(dataX / CELL_PX) - left;
    const line = Math.floor(dataY / CELL_PX) - top;
    if (picked.taken[line * columns + column] === 1) continue;
    claim(picked.taken, columns, lines, column, line, bubbles.radius[i]);
    picked.index[picked.count] = i;
    picked.x[picked.count] = x;
    picked.y[picked.count] = y;
    picked.count++;
  }
}

/** Takes the squares under the middle of a bubble. */
function claim(
  taken: Uint8Array,
  columns: number,
  lines: number,
  column: number,
  line: number,
  radius: number,
): void {
  const reach = Math.floor((radius * CLAIM) / CELL_PX);
  const right = Math.min(columns - 1, column + reach);
  const bottom = Math.min(lines - 1, line + reach);
  for (let y = Math.max(0, line - reach); y <= bottom; y++) {
    taken.fill(1, y * columns + Math.max(0, column - reach), y * columns + right + 1);
  }
}

/** The bubble under a point, the smallest where several lie there; -1 = none. */
export function hitBubble(bubbles: Bubbles, picked: Picked, x: number, y: number): number {
  let near = -1;
  let nearest = Infinity;
  for (let k = picked.count - 1; k >= 0; k--) {
    const radius = bubbles.radius[picked.index[k]];
    const distance = Math.hypot(picked.x[k] - x, picked.y[k] - y);
    if (distance <= radius) return picked.index[k];
    if (distance <= radius + SLOP_PX && distance < nearest) {
      near = picked.index[k];
      nearest = distance;
    }
  }
  return near;
}
