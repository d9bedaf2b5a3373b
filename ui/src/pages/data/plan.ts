/** The planner's picture: where paces lie on one logarithmic line, and what is said about them. */
import type { PlannedView } from "../../api/bindings";
import { count, multiple, number } from "../../lib/format";

/** Paces that get a line of their own on the scale, seconds. */
const TICKS = [1, 5, 15, 60, 300, 900, 3_600, 4 * 3_600, 86_400, 7 * 86_400];
/** Slower than this against what was asked for is slowed down, and not only a matter of slots. */
const SLACK = 1.05;

export type PaceState = "kept" | "slowed" | "dropped";

/** `15 s`, `2 m`, `1.5 h`, `1 d`: how often something is asked. */
export function every(seconds: number): string {
  const [unit, word] =
    seconds >= 86_400
      ? [86_400, "d"]
      : seconds >= 3_600
        ? [3_600, "h"]
        : seconds >= 60
          ? [60, "m"]
          : [1, "s"];
  const value = seconds / unit;
  return `${number(value, Math.abs(value - Math.round(value)) < 0.05 ? 0 : 1)} ${word}`;
}

export function paceState(series: PlannedView): PaceState {
  if (series.actual_s === null) return "dropped";
  return series.actual_s > series.desired_s * SLACK ? "slowed" : "kept";
}

/** `2.0 x slower`, `dropped`; nothing for what is asked as it should be. */
export function paceNote(series: PlannedView): string {
  const state = paceState(series);
  if (state === "kept" || series.actual_s === null) return state === "kept" ? "" : "dropped";
  return `${multiple(series.actual_s / series.desired_s)} slower`;
}

/** All of it in words, for the hover. */
export function paceWords(series: PlannedView): string {
  const desired = every(series.desired_s);
  const asked = `${count(series.asked, "request")} today for ${count(series.symbols, "symbol")}.`;
  const how = {
    kept: `asked every ${desired}, as it should be`,
    slowed: `asked every ${every(series.actual_s ?? NaN)} instead of every ${desired}, so that the day's requests last`,
    dropped: `should be asked every ${desired}; not asked at all until the requests allow it`,
  }[paceState(series)];
  return `${series.label}: ${how}. ${asked}`;
}

export interface PaceScale {
  ticks: readonly number[];
  /** Place of a pace, 0 at the fast end to 1 at the slow end. */
  at: (seconds: number) => number;
}

/** A scale that holds every pace of the plan, from one tick to another. */
export function paceScale(series: readonly PlannedView[]): PaceScale {
  const paces = series.flatMap(({ desired_s, actual_s }) => [desired_s, actual_s ?? desired_s]);
  const least = Math.min(...paces, 60);
  const most = Math.max(...paces, 300);
  const from = TICKS.findLast((tick) => tick <= least) ?? TICKS[0];
  const to = TICKS.find((tick) => tick >= most) ?? TICKS[TICKS.length - 1];
  const ticks = TICKS.filter((tick) => tick >= from && tick <= to);
  const width = Math.log(to / from);
  const at = (seconds: number) => Math.min(1, Math.max(0, Math.log(seconds / from) / width));
  return { ticks, at };
}

/** Parts of the line that stands for a day's requests, each from 0 to 1 of its length. */
export interface Budget {
  used: number;
  /** The day's limit; below 1 where more is wanted than there is. */
  limit: number;
  /** What all series at their desired pace would take. */
  desired: number;
}

/** Null while the vendor has not told a limit. */
export function budgetOf(
  desired: number,
  left: number | null,
  limit: number | null,
): Budget | null {
  if (limit === null || left === null || limit <= 0) return null;
  const whole = Math.max(limit, desired);
  return {
    used: Math.min(limit, Math.max(0, limit - left)) / whole,
    limit: limit / whole,
    desired: desired / whole,
  };
}

const STREAMS: Record<string, { word: string; tone: "fine" | "late" | "off" }> = {
  live: { word: "Live stream", tone: "fine" },
  joining: { word: "Joining the stream", tone: "late" },
  waiting: { word: "Stream waits to be joined again", tone: "late" },
  refused: { word: "No stream", tone: "off" },
  off: { word: "Stream off", tone: "off" },
};

/** The live stream's state in a word or two, and its tone. */
export const streamOf = (state: string) => STREAMS[state] ?? { word: state, tone: "off" as const };
