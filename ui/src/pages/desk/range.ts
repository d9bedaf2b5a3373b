/** Which stretch of time to ask prints for, so that small moves need no new answer. */
import { type Bars, STEP_MS, type Interval, type Visible } from "../../charts/bars";

export interface Span {
  from: number;
  to: number;
}

/** The instants of the visible bars; null = no bar is visible. */
export function visibleSpan(bars: Bars, interval: Interval, visible: Visible): Span | null {
  const first = Math.max(0, Math.ceil(visible.from - 0.5));
  const last = Math.min(bars.rows - 1, Math.floor(visible.to + 0.5));
  if (bars.rows === 0 || last < first) return null;
  return { from: bars.start[first], to: bars.start[last] + STEP_MS[interval] };
}

/** Part of the visible stretch that is asked for on each side of it. */
const PADDING = 0.5;
/** An answer cut off by its limit is asked for anew when this part of it, or less, is visible. */
const CLOSER = 0.5;

/**
 * The stretch to ask for: the one asked before while it still serves, else the visible one with
 * some room on both sides. `cut` = the answer held not all rows.
 */
export function spanToAsk(asked: Span | null, visible: Span, cut: boolean): Span {
  const width = visible.to - visible.from;
  if (asked && visible.from >= asked.from && visible.to <= asked.to) {
    const needless = (1 + 2 * PADDING) * width;
    const closer = needless / (asked.to - asked.from);
    if (!cut || closer > CLOSER) return asked;
  }
  const room = Math.round(width * PADDING);
  return { from: visible.from - room, to: visible.to + room };
}

/** Longest stretch that the engine makes a profile of, ms. */
const PROFILE_MS = 190 * 86_400_000;

/** The stretch whose profile is shown: the visible one, or the newest part of a longer one. */
export const profileSpan = (visible: Span): Span => newestOf(visible, PROFILE_MS);

/** The newest part of a stretch, at most so long. */
export function newestOf(span: Span, longestMs: number): Span {
  return { from: Math.max(span.from, span.to - longestMs), to: span.to };
}
