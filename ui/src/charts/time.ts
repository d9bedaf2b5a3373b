/**
 * The one place where instants become chart times.
 *
 * The chart library only knows UTC, so it is handed New York wall time written as if it were UTC.
 * Nothing else may shift a time, or axis, crosshair and legend would disagree twice a year.
 */
import type { UTCTimestamp } from "lightweight-charts";

import { newYorkOffsetMs } from "../lib/time";

/** New York wall time of an instant in the library's unit: seconds, written as if UTC. */
export function wallSeconds(ms: number): UTCTimestamp {
  return Math.floor((ms + newYorkOffsetMs(ms)) / 1000) as UTCTimestamp;
}

/** Minutes since New York midnight. */
export function wallMinute(ms: number): number {
  const wall = (ms + newYorkOffsetMs(ms)) / 60_000;
  return wall - Math.floor(wall / 1440) * 1440;
}
