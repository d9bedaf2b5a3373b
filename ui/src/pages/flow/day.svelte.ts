/** The session that the page shows. */
import { command, type MarketEvent } from "../../api/client";
import type { GetFlowDay } from "../../api/bindings";
import { addDays, etDate, etInstant, etMinute } from "../../lib/time";
import { app } from "../../state/app.svelte";
import { route } from "../../state/route.svelte";
import { withValue } from "./address";

export interface Day {
  symbol: string;
  /** `YYYY-MM-DD`; null = the latest session. */
  date: string | null;
}

type FlowEvent = Extract<MarketEvent, { kind: "flow" }>;

/** Whether trades of this day came in or changed. */
export function touches(event: MarketEvent, day: Day): event is FlowEvent {
  if (event.kind !== "flow" || event.symbol !== day.symbol) return false;
  if (day.date === null) return true;
  return etDate(event.from_ms) <= day.date && etDate(event.to_ms) >= day.date;
}

/** Whether one of these series of a symbol came in. */
export function brings(event: MarketEvent, symbol: string, series: readonly string[]): boolean {
  if (event.kind !== "options") return false;
  return event.symbol === symbol && series.includes(event.series);
}

/** Sessions that one can go back to, days. */
const REACH_DAYS = 120;
const HOUR_MS = 3_600_000;
/** Usual hours, for a session that the engine did not list. */
const OPEN_MINUTE = 570;
const CLOSE_MINUTE = 960;

/** The chosen session among those that there are. Lives with the page. */
export function chosenDay() {
  const date = $derived.by(() => {
    const asked = route.query.get("date") ?? "";
    return /^\d{4}-\d\d-\d\d$/.test(asked) ? asked : null;
  });
  const today = $derived(etDate(app.now));
  const listed = command("list_sessions", () => {
    if (!app.symbol) return null;
    const to_ms = etInstant(addDays(today, 1), 0);
    return { from_ms: etInstant(addDays(today, -REACH_DAYS), 0), to_ms };
  });
  /** Sessions that have begun, oldest first. */
  const sessions = $derived(
    (listed.data ?? []).filter((session) => session.pre_ms <= app.now && session.date <= today),
  );
  const latest = $derived(sessions[sessions.length - 1]?.date ?? today);
  const shown = $derived(date ?? latest);
  const before = $derived(sessions.findLast((session) => session.date < shown)?.date ?? null);
  const after = $derived(sessions.find((session) => session.date > shown)?.date ?? null);

  function go(to: string | null): void {
    const value = to === latest ? null : to;
    route.refine(withValue(route.query, "date", value));
  }

  return {
    get day(): Day {
      return { symbol: app.symbol, date };
    },
    /** The date that is shown. */
    get date(): string {
      return shown;
    },
    get live(): boolean {
      return shown === latest;
    },
    /** Regular hours, epoch ms. */
    get hours(): [number, number] {
      const session = sessions.find((one) => one.date === shown);
      return session ? [session.open_ms, session.close_ms] : usualHours(shown);
    },
    get before() {
      return before;
    },
    get after() {
      return after;
    },
    go,
  };
}

export type ChosenDay = ReturnType<typeof chosenDay>;

/** As the engine is asked about one session. */
export function dayRequest(day: Day): GetFlowDay | null {
  return day.symbol ? { symbol: day.symbol, session_date: day.date } : null;
}

function usualHours(date: string): [number, number] {
  return [etInstant(date, OPEN_MINUTE), etInstant(date, CLOSE_MINUTE)];
}

/** Whole hours of a stretch of time for its axis. */
export function hourTicks(
  [from, to]: readonly [number, number],
  most: number,
): { at: number; label: string }[] {
  const hours = (to - from) / HOUR_MS;
  const every = [1, 2, 3].find((step) => hours / step <= most) ?? 3;
  const ticks: { at: number; label: string }[] = [];
  for (let at = Math.ceil(from / HOUR_MS) * HOUR_MS; at <= to; at += every * HOUR_MS) {
    ticks.push({ at, label: etMinute(at) });
  }
  return ticks;
}
