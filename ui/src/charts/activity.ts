/** The activity curve as paths: cumulative off-exchange shares by minute of the New York day. */
import type { ActivityMeta } from "../api/bindings";
import type { Columns } from "../api/columns";
import {
  across,
  bandPath,
  innerWidth,
  lastKnown,
  linePath,
  nearest,
  type Plot,
  type Scale,
  type Tick,
  upward,
} from "./axes/plot";

export interface ActivityShape {
  today: string;
  mean: string;
  band: string;
  /** Newest point of today; null = nothing traded yet. */
  last: { x: number; y: number; value: number; minute: number } | null;
  /** Where the mean ends. */
  meanEnd: { x: number; y: number } | null;
  hours: Tick[];
  x: Scale;
  y: Scale;
}

const HOUR = 60;
/** Least room between two labels of the time axis, px. */
const HOUR_PX = 64;
/** Share of the height that stays free above the highest value. */
const AIR = 1.06;

/** `09:30` of a minute of the day. */
export const clock = (minute: number): string =>
  `${String(Math.floor(minute / HOUR)).padStart(2, "0")}:${String(minute % HOUR).padStart(2, "0")}`;

/** Null where there is nothing to draw: no minutes, or no share and nothing to compare with. */
export function activityShape(columns: Columns<ActivityMeta>, plot: Plot): ActivityShape | null {
  const minute = columns.column("minute");
  if (columns.rows < 2) return null;
  const [today, mean, low, high] = ["today", "mean", "low", "high"].map((n) => columns.column(n));
  const first = minute[0];
  const end = minute[columns.rows - 1];
  const most = Math.max(...[today, mean, high].map(largest));
  if (most === 0) return null;
  const x = across(plot, [first, end]);
  const y = upward(plot, [0, most * AIR]);
  const path = (values: Float64Array): string => linePath(minute, values, x, y);
  const lastRow = lastKnown(today);
  const meanRow = lastKnown(mean);
  return {
    today: path(today),
    mean: path(mean),
    band: bandPath(minute, low, high, x, y),
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
    hours: hourTicks(first, end, innerWidth(plot)).map((at) => ({ at, label: clock(at) })),
    x,
    y,
  };
}

/** Row of the minute nearest to a pixel; -1 without any. */
export function rowAtX(columns: Columns<ActivityMeta>, { x }: ActivityShape, px: number): number {
  return nearest(columns.column("minute"), x.invert(px));
}

function hourTicks(first: number, end: number, widthPx: number): number[] {
  const most = Math.max(1, Math.floor(widthPx / HOUR_PX));
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
