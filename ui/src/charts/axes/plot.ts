/** The one home of axes: where a value lies in a box, and which round values are written beside it. */
import { bisectCenter, range } from "d3-array";
import { type ScaleContinuousNumeric, scaleLinear, scaleSqrt } from "d3-scale";
import { area, line } from "d3-shape";

/** A box in px, and the room around what is drawn in it. */
export interface Plot {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Where a value lies, px. */
type Place = (value: number) => number;

export type Scale = ScaleContinuousNumeric<number, number>;

/** A value that is written beside an axis. */
export interface Tick {
  at: number;
  label: string;
}

export const innerWidth = ({ width, left, right }: Plot): number =>
  Math.max(0, width - left - right);
export const innerHeight = ({ height, top, bottom }: Plot): number =>
  Math.max(0, height - top - bottom);

/** Low at the left. `bent` gives what is near zero more room. */
export function across(plot: Plot, domain: readonly [number, number], bent = false): Scale {
  const scale: Scale = bent ? scaleSqrt() : scaleLinear();
  return scale.domain(domain).range([plot.left, plot.width - plot.right]);
}

/** Low at the bottom. */
export function upward(plot: Plot, domain: readonly [number, number]): Scale {
  return scaleLinear(domain, [plot.height - plot.bottom, plot.top]);
}

/** Most values beside an axis: more are a carpet. */
const TICKS_MAX = 12;

/**
 * Round values of a scale, about as many as fit with at least `apartPx` between any two, and about
 * `most` of them at most: round steps come first.
 */
export function roundTicks(scale: Scale, apartPx: number, most = TICKS_MAX): number[] {
  const [from, to] = scale.range();
  const fitting = Math.floor(Math.abs(to - from) / apartPx);
  for (let count = Math.min(most, fitting); count > 1; count -= 1) {
    const ticks = scale.ticks(count);
    const isApart = (at: number, i: number): boolean =>
      i === 0 || Math.abs(scale(at) - scale(ticks[i - 1])) >= apartPx;
    if (ticks.every(isApart)) return ticks;
  }
  return scale.ticks(1);
}

/** Those of the ticks that don't touch the one before. */
export function thinned<T extends { at: number }>(ticks: T[], scale: Place, apartPx: number): T[] {
  let end = -Infinity;
  return ticks.filter(({ at }) => {
    if (scale(at) - end < apartPx) return false;
    end = scale(at);
    return true;
  });
}

/** Share of a range that is left free above and below it. */
const AIR = 0.08;

/** The lowest and highest known value, with air; null without any. */
export function rangeOf(
  series: readonly ArrayLike<number>[],
  withZero: boolean,
): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const values of series) {
    for (let i = 0; i < values.length; i++) {
      if (Number.isNaN(values[i])) continue;
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
  }
  if (low > high) return null;
  if (withZero) [low, high] = [Math.min(0, low), Math.max(0, high)];
  if (low === high) return [low - 1, high + 1];
  const air = (high - low) * AIR;
  return [low === 0 ? 0 : low - air, high === 0 ? 0 : high + air];
}

/** A path through known values; it breaks where one is missing. */
export function linePath(
  x: ArrayLike<number>,
  values: ArrayLike<number>,
  toX: Place,
  toY: Place,
): string {
  const path = line<number>()
    .defined((i) => Number.isFinite(values[i]))
    .x((i) => toX(x[i]))
    .y((i) => toY(values[i]))
    .digits(1);
  return path(range(values.length)) ?? "";
}

/** The closed shape between two lines, where both are known; empty where fewer than two are. */
export function bandPath(
  x: ArrayLike<number>,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
  toX: Place,
  toY: Place,
): string {
  const known = range(x.length).filter((i) => Number.isFinite(low[i]) && Number.isFinite(high[i]));
  if (known.length < 2) return "";
  const path = area<number>()
    .x((i) => toX(x[i]))
    .y0((i) => toY(low[i]))
    .y1((i) => toY(high[i]))
    .digits(1);
  return path(known) ?? "";
}

/** Index of the last known value; -1 = none. */
export function lastKnown(values: ArrayLike<number>): number {
  for (let i = values.length - 1; i >= 0; i--) if (!Number.isNaN(values[i])) return i;
  return -1;
}

/** Index of the value nearest to `wanted` in rising values; -1 without any. */
export function nearest(values: ArrayLike<number>, wanted: number): number {
  return values.length === 0 ? -1 : bisectCenter(values, wanted);
}
