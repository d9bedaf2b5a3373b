/** Sessions and gaps on the bars. Knows nothing of canvas or chart. */
import type { GapView, SessionView } from "../api/bindings";

import { type Bars, boundaryAt, type Interval, logicalAt } from "./bars";
import type { View } from "./view";

/** One session's boundaries as logical indexes. */
export interface SessionMark {
  session: SessionView;
  pre: number;
  open: number;
  close: number;
  postEnd: number;
}

/** A stretch without data, as logical indexes. */
export interface GapMark {
  gap: GapView;
  from: number;
  to: number;
}

/** Narrower gaps are widened to this, px: missing bars leave no room of their own on the axis. */
const MIN_GAP_PX = 7;

/** The sessions that have bars in the window. Day bars have no inside to mark. */
export function placeSessions(
  sessions: readonly SessionView[],
  bars: Bars,
  interval: Interval,
): SessionMark[] {
  if (interval === "1d") return [];
  return sessions
    .map((session) => ({
      session,
      pre: boundaryAt(bars, session.pre_ms),
      open: boundaryAt(bars, session.open_ms),
      close: boundaryAt(bars, session.close_ms),
      postEnd: boundaryAt(bars, session.post_end_ms),
    }))
    .filter((mark) => mark.postEnd > mark.pre);
}

export function placeGaps(gaps: readonly GapView[], bars: Bars, interval: Interval): GapMark[] {
  if (bars.rows === 0) return [];
  const first = bars.start[0];
  return gaps
    .filter((gap) => gap.to_ms > first)
    .map((gap) => ({
      gap,
      from: edge(bars, gap.from_ms, interval, 0),
      to: edge(bars, gap.to_ms, interval, -1),
    }))
    .filter((mark) => mark.to >= mark.from);
}

function edge(bars: Bars, ms: number, interval: Interval, nudge: 0 | -1): number {
  // Day bars: the whole day is marked, however short the gap.
  if (interval === "1d") return Math.round(logicalAt(bars, ms, interval)) - 0.5 - nudge;
  const at = logicalAt(bars, ms, interval);
  return Number.isNaN(at) ? boundaryAt(bars, ms) : at;
}

/** Left and right of a gap in px, into `out`: never thinner than can be seen. */
export function gapSpan(mark: GapMark, view: View, out: [number, number]): void {
  const from = view.x0 + view.dx * mark.from;
  const to = view.x0 + view.dx * mark.to;
  const widen = Math.max(0, MIN_GAP_PX - (to - from)) / 2;
  out[0] = from - widen;
  out[1] = to + widen;
}

const span: [number, number] = [0, 0];

/** The gap under a pixel. */
export function hitGap(gaps: readonly GapMark[], view: View, x: number): GapMark | null {
  for (const mark of gaps) {
    gapSpan(mark, view, span);
    if (x >= span[0] && x <= span[1]) return mark;
  }
  return null;
}
