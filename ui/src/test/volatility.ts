/** The fake market's answers about volatility, the vendor's running series and the plan. */
import { columnsOf, type Columns } from "../api/columns";
import type {
  CorrelationView,
  GetCorrelation,
  GetNetPremium,
  GetTide,
  OneSymbol,
  PlannedView,
  PlanView,
  RunningMeta,
  VolatilityView,
} from "../api/bindings";
import { addDays } from "../lib/time";
import { sessions, START_MS } from "./market";
import { priceAt } from "./options";
import { bell, seeded, seedOf } from "./random";

const MINUTE_MS = 60_000;
const ESTIMATORS = ["close_to_close", "parkinson", "garman_klass", "rogers_satchell", "yang_zhang"];
const LENGTHS = [10, 20, 30, 60, 252];
const NEEDED = 252;

export function netPremium(ask: GetNetPremium): Columns<RunningMeta> {
  return running(`${ask.symbol}, trades of every size`, seedOf(ask.symbol), ask, 9e5, "net_delta");
}

export function tide(ask: GetTide): Columns<RunningMeta> {
  const of = ask.holdings_of ? `the holdings of ${ask.holdings_of}` : "the whole market";
  return running(of, seedOf(ask.holdings_of ?? "market"), ask, 9e6, "net_volume");
}

function running(
  of: string,
  seed: number,
  { from_ms, to_ms }: { from_ms: number; to_ms: number },
  step: number,
  third: string,
): Columns<RunningMeta> {
  const at: number[] = [];
  const sums: [number, number, number][] = [];
  for (const session of sessions.slice(-4)) {
    const random = seeded(seed + session.open_ms / MINUTE_MS);
    let [call, put, other] = [0, 0, 0];
    for (let ms = session.open_ms; ms < Math.min(session.close_ms, START_MS); ms += MINUTE_MS) {
      call += bell(random) * step + step * 0.1 * Math.sin(ms / 4e6);
      put += bell(random) * step * 0.8 - step * 0.08 * Math.sin(ms / 3e6);
      other += bell(random) * step * 0.02;
      if (ms < from_ms || ms >= to_ms) continue;
      at.push(ms);
      sums.push([call, put, other]);
    }
  }
  const pick = (column: 0 | 1 | 2): number[] => sums.map((row) => row[column]);
  return columnsOf(
    { of, newest_ms: at[at.length - 1] ?? null },
    { at_ms: at, net_call: pick(0), net_put: pick(1), [third]: pick(2) },
  );
}

/** Volatility of a symbol; AMD is new and has too short a history. */
export function volatility({ symbol }: OneSymbol): VolatilityView {
  const random = seeded(seedOf(symbol));
  const short = symbol === "AMD";
  const days = short ? 12 : 252;
  let implied = 0.17;
  let historical = 0.15;
  const history = Array.from({ length: days }, (_, index) => {
    implied += bell(random) * 0.008 + (0.18 - implied) * 0.05;
    historical += bell(random) * 0.004 + (implied * 0.88 - historical) * 0.06;
    return {
      date: addDays("2026-03-06", Math.round((index - days + 1) * 1.45)),
      implied: Math.max(0.08, implied),
      historical: short ? null : Math.max(0.06, historical),
    };
  });
  const values = history.map((day) => day.implied);
  const now = values[values.length - 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return {
    symbol,
    session_date: "2026-03-06",
    implied: now,
    rank: (now - low) / (high - low),
    percentile: values.filter((value) => value < now).length / values.length,
    history_sessions: days,
    needed_sessions: NEEDED,
    historical: ESTIMATORS.flatMap((estimator) =>
      LENGTHS.map((length) => ({
        estimator,
        sessions: length,
        value: length > days ? null : historical * (0.86 + random() * 0.26 + length / 2500),
      })),
    ),
    term: [0, 3, 5, 7, 14, 21, 28, 42, 70, 105, 196, 315].map((length) => ({
      expiry: addDays("2026-03-06", length),
      days: length,
      implied: now + 0.03 * (Math.sqrt(length / 365) - 0.3) + 0.024 * Math.exp(-length / 5),
      implied_move:
        length > 200
          ? null
          : priceAt(symbol, START_MS) * now * Math.sqrt((length + 0.4) / 365) * 0.8,
      from: length === 105 ? "mid" : "vendor",
    })),
    history,
  };
}

/** How prints and options move together; AMD has too few sessions. */
export function correlation({ symbol, sessions: asked }: GetCorrelation): CorrelationView {
  const count = asked ?? 20;
  if (symbol === "AMD") {
    const too_little = "2 of 5 sessions hold both off-exchange prints and options.";
    return { symbol, sessions: 2, bins: 96, bin_minutes: 5, lags: [], too_little };
  }
  const random = seeded(seedOf(symbol) + count);
  const lags = Array.from({ length: 13 }, (_, index) => {
    const lag_minutes = (index - 6) * 5;
    const spearman = 0.21 * Math.exp(-(((lag_minutes - 5) / 9) ** 2)) + bell(random) * 0.02;
    const half = 0.35 / Math.sqrt(count);
    const low = spearman - half * (0.9 + random() * 0.2);
    return {
      lag_minutes,
      pearson: spearman * 0.85 + bell(random) * 0.01,
      spearman,
      low,
      high: spearman + half,
    };
  });
  return {
    symbol,
    sessions: count,
    bins: count * 78,
    bin_minutes: 5,
    lags,
    too_little: null,
  };
}

export function plan(now: number): PlanView {
  const one = (
    series: string,
    label: string,
    desired_s: number,
    actual_s: number | null,
  ): PlannedView => ({ series, label, symbols: 6, desired_s, actual_s, asked: 640 });
  return {
    desired_a_day: 24_300,
    left_today: 13_786,
    resets_ms: now + 6 * 3_600_000,
    summary:
      "Strikes are asked every 2 minutes instead of every minute, so that the day's budget lasts.",
    series: [
      one("prints", "Off-exchange prints", 15, 15),
      one("option_trades", "Option trades", 15, 15),
      one("flow_alerts", "Flow alerts", 60, 60),
      one("net_premium", "Net premium by minute", 60, 60),
      one("flow_strikes", "Premium by strike", 60, 120),
      one("gamma", "Gamma by strike", 1800, 1800),
      one("price_volumes", "Volume by price", 900, null),
    ],
    stream: "refused",
    stream_note: "The plan does not include the websocket; trades are asked for every 15 s.",
  };
}
