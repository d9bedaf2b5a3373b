/** Invented bars, levels and prints for tests and the bench: the same for the same seed. */
import type {
  BarsMeta,
  GetBars,
  LevelsMeta,
  PrintsMeta,
  RunningMeta,
  SessionView,
} from "../api/bindings";
import { type Columns, columnsOf } from "../api/columns";
import { addDays, etInstant } from "../lib/time";

import { type Bars, countBefore, slice } from "./bars";

const MINUTE_MS = 60_000;
/** Minutes of the New York day: pre-market, open, close, end. */
const DAY = { pre: 240, open: 570, close: 960, end: 1200 } as const;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The last `count` weekdays up to `last`, oldest first. */
export function sessionsUpTo(last: string, count: number): SessionView[] {
  const sessions: SessionView[] = [];
  for (let date = last; sessions.length < count; date = addDays(date, -1)) {
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
    if (weekday === 0 || weekday === 6) continue;
    sessions.unshift({
      date,
      pre_ms: etInstant(date, DAY.pre),
      open_ms: etInstant(date, DAY.open),
      close_ms: etInstant(date, DAY.close),
      post_end_ms: etInstant(date, DAY.end),
      early_close: false,
    });
  }
  return sessions;
}

/** One-minute bars of these sessions, from 550 dollars on. */
export function minuteBars(sessions: readonly SessionView[], extended: boolean, seed = 1): Bars {
  const random = seeded(seed);
  const start: number[] = [];
  const session: number[] = [];
  for (const day of sessions) {
    const from = extended ? day.pre_ms : day.open_ms;
    const to = extended ? day.post_end_ms : day.close_ms;
    for (let ms = from; ms < to; ms += MINUTE_MS) {
      start.push(ms);
      session.push(ms < day.open_ms ? 1 : ms < day.close_ms ? 2 : 3);
    }
  }
  const rows = start.length;
  const made = {
    open: new Float64Array(rows),
    high: new Float64Array(rows),
    low: new Float64Array(rows),
    close: new Float64Array(rows),
    volume: new Float64Array(rows),
  };
  let price = 550;
  for (let i = 0; i < rows; i++) {
    const close = price + (random() - 0.5) * 0.4 + (550 - price) * 0.0005;
    made.open[i] = price;
    made.close[i] = close;
    made.high[i] = Math.max(price, close) + random() * 0.15;
    made.low[i] = Math.min(price, close) - random() * 0.15;
    made.volume[i] = Math.round(20_000 + random() * 180_000);
    price = close;
  }
  return {
    rows,
    start: Float64Array.from(start),
    session: Float64Array.from(session),
    ...made,
  };
}

/** The answer of a store that holds the first `stored` of these bars. */
export function barPage(all: Bars, stored: number, request: GetBars): Columns<BarsMeta> {
  const end = Math.min(stored, countBefore(all, request.before_ms ?? Infinity));
  const from = Math.max(0, end - request.limit);
  const page = slice(all, from, end);
  const { symbol, interval } = request;
  return columnsOf(
    { symbol, interval, more_before: from > 0 },
    {
      start_ms: page.start,
      open: page.open,
      high: page.high,
      low: page.low,
      close: page.close,
      volume: page.volume,
      session: page.session,
    },
  );
}

/** So many levels, 25 cents apart around 550, of all three tones. */
export function levelColumns(count: number, firstMs: number, seed = 2): Columns<LevelsMeta> {
  const random = seeded(seed);
  const rows = Array.from({ length: count }, (_, i) => {
    const price = 550 + (i - count / 2) * 0.25;
    return { price, strength: random() ** 6 * 4 };
  });
  const byStrength = [...rows].sort((a, b) => b.strength - a.strength);
  const of = (make: (row: (typeof rows)[number], i: number) => number) => rows.map(make);
  const names = ["shares", "prints", "vwap", "buy_notional", "sell_notional", "unknown_notional"];
  const plain = Object.fromEntries(names.map((name) => [name, of(() => 1_000)]));
  return columnsOf<LevelsMeta>(levelsMeta(count), {
    ...plain,
    price: of(({ price }) => price),
    low: of(({ price }) => price - 0.125),
    high: of(({ price }) => price + 0.125),
    notional: of(({ strength }) => strength * 1e9),
    strength: of(({ strength }) => strength),
    rank: of((row) => byStrength.indexOf(row) + 1),
    zone: of((_, i) => Math.floor(i / 4)),
    value_area: of(() => 0),
    first_ms: of(() => firstMs),
    last_ms: of(() => firstMs),
    touches: of(() => 12),
    hold_rate: of(() => 0.61),
    hold_low: of(() => 0.52),
    hold_high: of(() => 0.7),
    null_rate: of(() => 0.52),
    beats: of((_, i) => [1, 0, NaN][i % 3]),
  });
}

function levelsMeta(count: number): LevelsMeta {
  return {
    symbol: "SPY",
    from: "2026-01-05",
    to: "2026-03-06",
    sessions: 20,
    width: 0.25,
    atr14: 6,
    poc: 550,
    value_area_low: 550 - count / 16,
    value_area_high: 550 + count / 16,
    median_daily_notional: 1e9,
    half_life_sessions: 20,
    total_notional: 1e10,
    side_coverage: 0.8,
    excluded_share: 0.2,
    gaps: 0,
  };
}

/** So many prints spread over the bars, with every style among them. */
export function printColumns(count: number, bars: Bars, seed = 3): Columns<PrintsMeta> {
  const random = seeded(seed);
  const rows = Array.from({ length: count }, () => {
    const bar = Math.floor(random() * bars.rows);
    return {
      at: bars.start[bar] + Math.floor(random() * MINUTE_MS),
      price: bars.close[bar] + (random() - 0.5) * 0.6,
      notional: 1e6 + random() ** 8 * 2e8,
      side: [1, 4, 7, 2, 6][Math.floor(random() * 5)],
      reasons: random() < 0.03 ? 256 : random() < 0.15 ? 1 : 0,
    };
  });
  const of = (make: (row: (typeof rows)[number]) => number) => rows.map(make);
  return columnsOf<PrintsMeta>(
    {
      symbol: "SPY",
      next: null,
      sides: [
        { code: 1, label: "above ask", side: "buy" },
        { code: 2, label: "at ask", side: "buy" },
        { code: 4, label: "mid", side: "unknown" },
        { code: 6, label: "at bid", side: "sell" },
        { code: 7, label: "below bid", side: "sell" },
      ],
    },
    {
      reported_ms: of(({ at }) => at + 200),
      executed_ms: of(({ at }) => at),
      price: of(({ price }) => price),
      size: of(({ notional, price }) => Math.round(notional / price)),
      notional: of(({ notional }) => notional),
      bid: of(({ price }) => price - 0.01),
      ask: of(({ price }) => price + 0.01),
      side: of(({ side }) => side),
      reasons: of(({ reasons }) => reasons),
      eligible: of(({ reasons }) => (reasons === 0 ? 1 : 0)),
      block: of(() => 1),
      session: of(() => 2),
    },
  );
}

/** Running sums of these sessions, a row a minute, each session from zero. */
export function runningColumns(sessions: readonly SessionView[], seed = 4): Columns<RunningMeta> {
  const random = seeded(seed);
  const rows: { at: number; call: number; put: number }[] = [];
  for (const day of sessions) {
    let [call, put] = [0, 0];
    for (let at = day.open_ms; at < day.close_ms; at += MINUTE_MS) {
      call += (random() - 0.48) * 4e6;
      put += (random() - 0.5) * 3e6;
      rows.push({ at, call, put });
    }
  }
  const of = (make: (row: (typeof rows)[number]) => number) => rows.map(make);
  return columnsOf<RunningMeta>(
    { of: "SPY", newest_ms: rows.at(-1)?.at ?? null },
    {
      at_ms: of(({ at }) => at),
      net_call: of(({ call }) => call),
      net_put: of(({ put }) => put),
      net_delta: of(({ call }) => call / 550),
      net_volume: of(({ put }) => put / 550),
    },
  );
}
