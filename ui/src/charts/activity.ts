/** The activity curve as paths: cumulative off-exchange shares by minute of the New York day. */
import type { ActivityMeta } from "../api/bindings";
import type { Columns } from "../api/columns";

export interface Plot {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Tick {
  at: number;
  value: number;
}

export interface ActivityShape {
  today: string;
  mean: string;
  band: string;
  /** Newest point of today; null = nothing traded yet. */
  last: { x: number; y: number; value: number; minute: number } | null;
  /** Where the mean ends. */
  meanEnd: { x: number; y: number } | null;
  xTicks: Tick[];
  yTicks: Tick[];
  x: (minute: number) => number;
  y: (shares: number) => number;
}

const HOUR = 60;
/** Least room between two labels of the time axis and of the value axis, px. */
const X_TICK_PX = 64;
const Y_TICK_PX = 28;

export function activityShape(columns: Columns<ActivityMeta>, plot: Plot): ActivityShape | null {
  const minute = columns.column("minute");
  if (columns.rows < 2) return null;
  const [today, mean, low, high] = ["today", "mean", "low", "high"].map((n) => columns.column(n));
  const first = minute[0];
  const end = minute[columns.rows - 1];
  const most = Math.max(...[today, mean, high].map(largest), 1);
  const innerWidth = plot.width - plot.left - plot.right;
  const innerHeight = plot.height - plot.top - plot.bottom;
  const yTicks = niceTicks(most, Math.max(2, Math.floor(innerHeight / Y_TICK_PX)));
  const ceiling = Math.max(most * 1.06, 1);
  const x = (at: number) => plot.left + ((at - first) / (end - first)) * innerWidth;
  const y = (shares: number) => plot.top + (1 - shares / ceiling) * innerHeight;
  const line = (values: Float64Array) => path(minute, values, x, y);
  const lastRow = lastKnown(today);
  const meanRow = lastKnown(mean);
  return {
    today: line(today),
    mean: line(mean),
    band: band(minute, low, high, x, y),
    last:
      lastRow < 0
        ? null
        : {
            x: x(minute[lastRow]),
            y: y(today[lastRow]),
            value: today[lastRow],
            minute: minute[lastRow],
          },
    meanEnd: meanRow < 0 ? null : { x: x(minute[meanRow]), y: y(mean[meanRow]) },
    xTicks: hourTicks(first, end, innerWidth).map((value) => ({ at: x(value), value })),
    yTicks: yTicks.map((value) => ({ at: y(value), value })),
    x,
    y,
  };
}

/** Row of the minute nearest to a pixel. */
export function rowAtX(columns: Columns<ActivityMeta>, plot: Plot, x: number): number {
  const share = (x - plot.left) / (plot.width - plot.left - plot.right);
  const row = Math.round(share * (columns.rows - 1));
  return Math.min(columns.rows - 1, Math.max(0, row));
}

/** Round values from 0 up to `most`, about `count` of them. */
export function niceTicks(most: number, count: number): number[] {
  const raw = most / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((nice) => nice * power >= raw) ?? 10) * power;
  const ticks: number[] = [];
  for (let value = 0; value <= most; value += step) ticks.push(value);
  return ticks;
}

function hourTicks(first: number, end: number, widthPx: number): number[] {
  const most = Math.max(1, Math.floor(widthPx / X_TICK_PX));
  const hours = (end - first) / HOUR;
  const every = [1, 2, 4, 8].find((step) => hours / step <= most) ?? 8;
  const ticks: number[] = [];
  const start = Math.ceil(first / HOUR / every) * every;
  for (let hour = start; hour * HOUR <= end; hour += every) ticks.push(hour * HOUR);
  return ticks;
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

function lastKnown(values: Float64Array): number {
  for (let i = values.length - 1; i >= 0; i--) if (!Number.isNaN(values[i])) return i;
  return -1;
}

type Scale = (value: number) => number;

function path(minute: Float64Array, values: Float64Array, x: Scale, y: Scale): string {
  let text = "";
  let pen = "M";
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) {
      pen = "M";
      continue;
    }
    text += `${pen}${x(minute[i]).toFixed(1)} ${y(values[i]).toFixed(1)}`;
    pen = "L";
  }
  return text;
}

/** The closed shape between two lines. */
function band(minute: Float64Array, low: Float64Array, high: Float64Array, x: Scale, y: Scale) {
  const known: number[] = [];
  for (let i = 0; i < minute.length; i++) {
    if (!Number.isNaN(low[i]) && !Number.isNaN(high[i])) known.push(i);
  }
  if (known.length < 2) return "";
  const point = (i: number, values: Float64Array) =>
    `${x(minute[i]).toFixed(1)} ${y(values[i]).toFixed(1)}`;
  const top = known.map((i) => point(i, high));
  const bottom = known.reverse().map((i) => point(i, low));
  return `M${top.concat(bottom).join("L")}Z`;
}
