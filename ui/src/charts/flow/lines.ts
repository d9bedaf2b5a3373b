/** Geometry of small line charts: ranges, round ticks, paths. */

export interface Box {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** One line of a chart. */
export interface Line {
  /** In the legend, at the end of the line and on hover. */
  label: string;
  /** A custom property: `--call`. */
  colour: string;
  values: ArrayLike<number>;
  /** Which axis it is read on. */
  axis?: "left" | "right";
  /** Told from another line without its colour. */
  dashed?: boolean;
  /** A dot at each value. */
  dots?: boolean;
}

export interface Tick {
  at: number;
  label: string;
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

/** Round values inside a range, about `count` of them. */
export function roundTicks([low, high]: readonly [number, number], count: number): number[] {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((nice) => nice * power >= raw * 0.999) ?? 10) * power;
  const ticks: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) {
    ticks.push(k === 0 ? 0 : Number((k * step).toPrecision(12)));
  }
  return ticks;
}

type Scale = (value: number) => number;

/** A path through known values; it breaks where one is missing. */
export function linePath(
  x: ArrayLike<number>,
  values: ArrayLike<number>,
  toX: Scale,
  toY: Scale,
): string {
  let text = "";
  let pen = "M";
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) {
      pen = "M";
      continue;
    }
    text += `${pen}${toX(x[i]).toFixed(1)} ${toY(values[i]).toFixed(1)}`;
    pen = "L";
  }
  return text;
}

/** Index of the last known value; -1 = none. */
export function lastKnown(values: ArrayLike<number>): number {
  for (let i = values.length - 1; i >= 0; i--) if (!Number.isNaN(values[i])) return i;
  return -1;
}

/** Index of the value nearest to `wanted` in rising values; -1 without any. */
export function nearest(values: ArrayLike<number>, wanted: number): number {
  let low = 0;
  let high = values.length - 1;
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (values[middle] <= wanted) low = middle;
    else high = middle;
  }
  return wanted - values[low] <= values[high] - wanted ? low : high;
}
