/** The fake market's straddles: candidates, the one looked at, and the watch list of the tape. */
import { columnsOf, type Columns } from "../api/columns";
import type {
  CandidateState,
  CandidateView,
  ContractsView,
  FillView,
  GateView,
  GetOpportunities,
  GetTapeActivity,
  LegView,
  OneSymbol,
  OpportunitiesView,
  StraddleView,
  TapeActivityMeta,
  TapeSymbolView,
  TapeWatchView,
  ThresholdsView,
  VolatilityHistoryView,
} from "../api/bindings";
import { ApiFailure } from "../api/transport";
import { addDays } from "../lib/time";
import { sessions, START_MS } from "./market";
import { bell, seeded, seedOf } from "./random";
import { activityTable } from "./tables";

export const MOST = 500;
const HISTORY = 90;
const NEEDED = 60;
const EXPIRY = "2026-04-02";
const DAYS = 27;
const YEARS = DAYS / 365;
const TODAY = sessions[sessions.length - 1].date;
const ESTIMATORS = ["yang_zhang", "rogers_satchell", "garman_klass", "parkinson", "close_to_close"];

export const THRESHOLDS: ThresholdsView = {
  activity_increase: 3,
  spread: 0.1,
  min_days: 20,
  max_days: 45,
  max_leg_spread: 0.1,
  min_open_interest: 100,
  needed_sessions: NEEDED,
};

interface Invented {
  symbol: string;
  state: CandidateState;
  spot: number;
  activity: number | null;
  implied: number | null;
  historical: number | null;
  baseline: number;
  reason: string | null;
}

type Row = [string, CandidateState, number, number | null, number | null, number | null, string?];

const ROWS: Row[] = [
  ["NVDA", "new", 139.2, 4.21, 0.382, 0.529],
  ["TSLA", "updated", 312.4, 5.64, 0.468, 0.613],
  ["AMD", "rejected", 118.35, 4.62, 0.447, 0.561, "Put spread 14.2 % > 10 %"],
  ["COIN", "rejected", 254.1, 6.9, 0.71, 0.865, "Call open interest 62 < 100"],
  ["META", "not_met", 702.5, 3.1, 0.31, 0.432],
  ["NFLX", "not_met", 988.2, 4.05, 0.352, 0.398],
  ["AVGO", "not_met", 214.6, 2.4, 0.391, 0.502],
  ["SPY", "not_met", 552.35, 1.12, 0.148, 0.131],
  ["QQQ", "not_met", 478.2, 0.94, 0.187, 0.179],
  ["AAPL", "not_met", 231.1, 1.41, 0.236, 0.228],
  ["MSFT", "not_met", 417.8, 0.88, 0.221, 0.243],
  ["GOOGL", "not_met", 171.9, 1.87, 0.268, 0.291],
  ["AMZN", "not_met", 208.4, 1.05, 0.279, 0.31],
  ["JPM", "not_met", 246.7, 0.71, 0.228, 0.204],
  ["XOM", "not_met", 109.3, 0.98, 0.201, 0.186],
  ["BAC", "not_met", 44.1, 1.23, 0.24, 0.238],
  ["INTC", "not_met", 23.7, 2.21, 0.505, 0.541],
  ["BA", "not_met", 161.5, 1.66, 0.33, 0.371],
  ["PLTR", "insufficient", 84.6, 3.9, 0.62, 0.74, "Insufficient history (34)"],
  ["RDDT", "insufficient", 131.2, null, 0.66, null, "Insufficient history (12)"],
  ["SNOW", "waiting", 158.4, null, null, null],
];

const ENDED: Row[] = [
  ["SMCI", "gone", 41.3, 3.42, 0.702, 0.815, "Activity below +300 %"],
  ["GME", "expired", 24.9, 4.4, 0.69, 0.83, "Its session ended"],
];

const YOUNG: Record<string, number> = { PLTR: 34, RDDT: 12, SNOW: 0 };

const inventedOf = ([
  symbol,
  state,
  spot,
  activity,
  implied,
  historical,
  reason,
]: Row): Invented => ({
  symbol,
  state,
  spot,
  activity,
  implied,
  historical,
  baseline: YOUNG[symbol] ?? HISTORY,
  reason: reason ?? null,
});

/** A symbol that is not in the list: new, without a history. */
function rowOf(symbol: string): Invented {
  const row = [...ROWS, ...ENDED].find((one) => one[0] === symbol);
  return inventedOf(row ?? [symbol, "waiting", 80 + (seedOf(symbol) >>> 24), null, null, null]);
}

/** What of the fake a test can bend. */
export interface StraddleWorld {
  symbols: string[];
  /** Whether the plan shows quotes of options. */
  quotes: boolean;
  /** Sessions of history that came in since the start, by symbol. */
  read: Map<string, number>;
}

export function newWorld(): StraddleWorld {
  return { symbols: ROWS.map(([symbol]) => symbol), quotes: true, read: new Map() };
}

export function opportunities(world: StraddleWorld, ask: GetOpportunities): OpportunitiesView {
  const rows = world.symbols.map((symbol) => candidate(rowOf(symbol)));
  const ended = ask.include_ended ? ENDED.map((row) => candidate(inventedOf(row))) : [];
  return {
    session_date: TODAY,
    as_of_ms: START_MS - 31_000,
    thresholds: THRESHOLDS,
    rows: [...rows, ...ended].slice(0, ask.limit ?? 600),
  };
}

function candidate(one: Invented): CandidateView {
  const { activity, implied, historical } = one;
  const spread = implied !== null && historical !== null ? historical - implied : null;
  const enough = one.baseline >= NEEDED;
  const fill = implied === null ? null : (fills(one).at(-1) ?? null);
  return {
    symbol: one.symbol,
    id: ["not_met", "insufficient", "waiting"].includes(one.state) ? null : `o-${one.symbol}`,
    state: one.state,
    reason: one.reason,
    first_ms: one.state === "new" ? START_MS - 31_000 : START_MS - 5_400_000,
    as_of_ms: one.state === "waiting" ? null : START_MS - 31_000,
    activity,
    baseline_sessions: one.baseline,
    implied,
    historical,
    met: [
      activity === null || !enough ? null : activity - 1 >= THRESHOLDS.activity_increase,
      spread === null ? null : spread > 0,
      spread === null ? null : spread >= THRESHOLDS.spread,
    ],
    spot: one.spot,
    strike: fill ? strikeOf(one.spot) : null,
    expiry: fill ? EXPIRY : null,
    days: fill ? DAYS : null,
    cost: fill?.cost ?? null,
    break_even: fill?.break_even ?? null,
  };
}

const strikeStep = (spot: number): number => (spot > 200 ? 5 : spot > 50 ? 2.5 : 0.5);
const strikeOf = (spot: number): number => Math.round(spot / strikeStep(spot)) * strikeStep(spot);

/** Standard normal distribution (Abramowitz and Stegun 26.2.17). */
function normal(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x >= 0 ? 1 - tail : tail;
}

function value(spot: number, strike: number, sigma: number): number {
  const width = sigma * Math.sqrt(YEARS);
  const d1 = Math.log(spot / strike) / width + width / 2;
  return spot * (2 * normal(d1) - 1) - strike * (2 * normal(d1 - width) - 1);
}

/** Probability of ending below `low` or above `high`. */
function beyond(spot: number, low: number, high: number, sigma: number): number {
  const width = sigma * Math.sqrt(YEARS);
  const z = (price: number): number => (Math.log(price / spot) + (width * width) / 2) / width;
  return normal(z(low)) + 1 - normal(z(high));
}

function fills(one: Invented, quotes = true): FillView[] {
  const { spot, implied, historical } = one;
  if (implied === null) return [];
  const strike = strikeOf(spot);
  const middle = value(spot, strike, implied);
  const half = one.symbol === "AMD" ? middle * 0.055 : middle * 0.018;
  const lambdas = quotes ? [0, 0.5, 0.75, 1] : [null];
  return lambdas.map((lambda) => {
    const cost = Number((middle + (lambda ?? 0) * half).toFixed(4));
    const [low, high] = [strike - cost, strike + cost];
    const windows = 223;
    const hits = Math.round(windows * Math.max(0.12, 0.71 - (cost / spot) * 3.1));
    const rate = hits / windows;
    const wide = 1.96 * Math.sqrt((rate * (1 - rate)) / 11);
    return {
      lambda,
      cost,
      low,
      high,
      break_even: cost / spot,
      beyond_implied: beyond(spot, low, high, implied),
      beyond_historical: historical === null ? null : beyond(spot, low, high, historical),
      edge: historical === null ? null : value(spot, strike, historical) - cost,
      deviation: 1.2533 * cost,
      past: {
        windows,
        independent: 11,
        horizon: 19,
        rate,
        low: Math.max(0, rate - wide),
        high: Math.min(1, rate + wide),
      },
    };
  });
}

export function straddle(world: StraddleWorld, { symbol }: OneSymbol): StraddleView {
  const one = rowOf(symbol);
  const shown = candidate(one);
  const { implied, historical, spot } = one;
  const priced = implied !== null;
  const cost = fills(one, world.quotes);
  const move = (sigma: number | null): number | null =>
    sigma === null ? null : Math.sqrt(2 / Math.PI) * spot * sigma * Math.sqrt(YEARS);
  return {
    candidate: shown,
    thresholds: THRESHOLDS,
    sources: {
      cost: world.quotes ? "quotes" : "last_price",
      cost_words: world.quotes
        ? "quotes of both legs"
        : "the legs' last prices: the plan has no quotes of options",
      implied_words: "the vendor's, at the money by put-call parity, between 27 Mar and 17 Apr",
      historical_words: "Yang-Zhang over 30 sessions, adjusted",
      chain_ms: priced ? START_MS - 142_000 : null,
      activity_ms: START_MS - 31_000,
      spot_ms: START_MS - 31_000,
    },
    contracts: priced ? contracts(one, world.quotes, cost[0].cost) : null,
    gates: priced ? gates(one, world.quotes) : [],
    fills: cost,
    expected: priced
      ? {
          move_implied: move(implied),
          move_historical: move(historical),
          value_historical: historical === null ? null : value(spot, strikeOf(spot), historical),
        }
      : null,
    distribution: priced ? density(spot, implied, historical) : [],
    term: priced ? term(implied) : [],
    term_slope: priced ? -0.012 : null,
    record: { scored: 0, needed: 30, paid: null },
  };
}

function contracts(one: Invented, quotes: boolean, middle: number): ContractsView {
  const strike = strikeOf(one.spot);
  const call = (middle + one.spot - strike) / 2;
  const leg = (kind: string, price: number, spread: number, open: number): LegView => ({
    contract: `${one.symbol}260402${kind}${String(Math.round(strike * 1000)).padStart(8, "0")}`,
    bid: quotes ? Number((price * (1 - spread / 2)).toFixed(2)) : null,
    ask: quotes ? Number((price * (1 + spread / 2)).toFixed(2)) : null,
    quote_ms: quotes ? START_MS - 143_000 : null,
    last: Number((price * 1.01).toFixed(2)),
    spread: quotes ? spread : null,
    open_interest: open,
    volume: Math.round(open / 3),
    implied: one.implied,
  });
  return {
    strike,
    expiry: EXPIRY,
    days: DAYS,
    forward: one.spot * 1.0029,
    call: leg("C", call, 0.034, one.symbol === "COIN" ? 62 : 4_812),
    put: leg("P", middle - call, one.symbol === "AMD" ? 0.142 : 0.038, 3_270),
  };
}

function gates({ symbol }: Invented, quotes: boolean): GateView[] {
  const wide = symbol === "AMD";
  const thin = symbol === "COIN";
  return [
    { gate: "listed", passed: true, words: "27 days to expiry, 20 to 45 wanted" },
    {
      gate: "quoted",
      passed: quotes ? true : null,
      words: quotes ? "Both legs are quoted" : "Quotes are not in the plan: cannot be said",
    },
    {
      gate: "spread",
      passed: quotes ? !wide : null,
      words: quotes
        ? `Widest spread ${wide ? "14.2" : "3.8"} % of its middle, limit 10 %`
        : "No quotes, no spread: cannot be said",
    },
    {
      gate: "open_interest",
      passed: !thin,
      words: `Least open interest ${thin ? "62" : "3,270"}, at least 100 wanted`,
    },
  ];
}

function density(spot: number, implied: number, historical: number | null) {
  const widest = Math.max(implied, historical ?? 0) * Math.sqrt(YEARS);
  const at = (price: number, sigma: number): number => {
    const width = sigma * Math.sqrt(YEARS);
    const z = (Math.log(price / spot) + (width * width) / 2) / width;
    return Math.exp((-z * z) / 2) / (price * width * Math.sqrt(2 * Math.PI));
  };
  return Array.from({ length: 161 }, (_, index) => {
    const price = spot * Math.exp(((index - 80) / 80) * 3 * widest);
    return {
      price,
      implied: at(price, implied),
      historical: historical === null ? null : at(price, historical),
    };
  });
}

function term(implied: number) {
  return [7, 14, 21, 27, 42, 70, 105, 196, 315].map((days) => ({
    expiry: addDays(TODAY, days),
    days,
    implied: implied + 0.02 * Math.exp(-days / 9) + 0.03 * (Math.sqrt(days / 365) - 0.3),
  }));
}

export function tapeActivity(
  { symbol, session }: GetTapeActivity,
  now: number,
): Columns<TapeActivityMeta> {
  const one = rowOf(symbol);
  const made = activityTable({ symbol: "SPY", session_date: session }, now);
  const young = one.baseline < NEEDED;
  const shape = made.column("mean");
  const scale = 0.35 + (seedOf(symbol) >>> 28) / 12;
  // The day ends where the list says that it does.
  const rows = made.column("minute").findIndex((minute) => minute > 826);
  const wanted = one.activity ?? 1;
  const today = Array.from(shape, (mean, row) => {
    const part = row / rows;
    const ratio = 1.1 + (wanted - 1.1) * Math.min(1, part ** 1.4);
    return row < rows ? mean * scale * ratio : NaN;
  });
  const base = (factor: number): number[] =>
    Array.from(shape, (mean) => (young ? NaN : mean * scale * factor));
  const none = one.baseline === 0;
  return columnsOf(
    {
      symbol,
      session_date: session ?? TODAY,
      baseline_sessions: one.baseline,
      needed_sessions: NEEDED,
      multiple: young ? null : one.activity,
      to_ms: none ? null : START_MS - 31_000,
      off_exchange_share: none ? null : 0.463,
      is_whole: false,
    },
    {
      minute: none ? [] : made.column("minute"),
      today: none ? [] : today,
      mean: none ? [] : base(1),
      low: none ? [] : base(0.62),
      high: none ? [] : base(1.55),
    },
  );
}

export function volatilityHistory({ symbol }: OneSymbol): VolatilityHistoryView {
  const one = rowOf(symbol);
  const random = seeded(seedOf(symbol));
  const days = one.implied === null ? 0 : one.historical === null ? 12 : 252;
  const end = { implied: one.implied ?? 0.3, historical: one.historical ?? 0.3 };
  let [implied, historical] = [end.implied, end.historical];
  const walk = Array.from({ length: days }, (_, index) => {
    if (index > 0) {
      implied += bell(random) * 0.011 + (end.historical * 0.9 - implied) * 0.03;
      historical += bell(random) * 0.009 + (end.implied * 0.92 - historical) * 0.025;
    }
    return { implied: Math.max(0.08, implied), historical: Math.max(0.07, historical) };
  }).reverse();
  const shift = [0, -0.006, -0.011, -0.018, 0.014];
  return {
    symbol,
    length: 30,
    estimator: "yang_zhang",
    dates: walk.map((_, index) => addDays(TODAY, Math.round((index - days + 1) * 1.45))),
    implied: walk.map((day, index) => (index < days - 140 && days > 12 ? null : day.implied)),
    historical: ESTIMATORS.map((estimator, which) => ({
      estimator,
      values: walk.map((day) => (one.historical === null ? null : day.historical + shift[which])),
    })),
  };
}

export function tapeWatch(world: StraddleWorld): TapeWatchView {
  return {
    vendor: "polygon",
    vendor_title: "Massive (Polygon)",
    key_set: true,
    problem: null,
    stream: "live",
    stream_note: null,
    most: MOST,
    history_sessions: HISTORY,
    history_per_minute: world.symbols.some((symbol) => doneOf(world, symbol) < HISTORY) ? 25 : null,
    history_problem: null,
    symbols: world.symbols.map((symbol) => watched(world, symbol)),
  };
}

const doneOf = (world: StraddleWorld, symbol: string): number =>
  Math.min(HISTORY, rowOf(symbol).baseline + (world.read.get(symbol) ?? 0));

function watched(world: StraddleWorld, symbol: string): TapeSymbolView {
  const done = doneOf(world, symbol);
  return {
    symbol,
    sessions_done: done,
    sessions_left: HISTORY - done,
    seconds_left: done < HISTORY ? (HISTORY - done) * 2.4 : null,
    to_ms: done > 0 ? START_MS - 31_000 : null,
    problem:
      symbol === "XOM" ? "The vendor answered with errors (HTTP 502); tried again at 13:47." : null,
  };
}

export function watchTape(world: StraddleWorld, { symbol }: OneSymbol): TapeWatchView {
  if (!/^[A-Z][A-Z.]{0,9}$/.test(symbol)) {
    throw new ApiFailure("invalid_input", `"${symbol}" is not a ticker.`);
  }
  if (world.symbols.length >= MOST) {
    throw new ApiFailure(
      "invalid_input",
      `${MOST} symbols are watched already, and no more can be.`,
    );
  }
  if (!world.symbols.includes(symbol)) world.symbols = [...world.symbols, symbol];
  return tapeWatch(world);
}

export function unwatchTape(world: StraddleWorld, { symbol }: OneSymbol): TapeWatchView {
  world.symbols = world.symbols.filter((one) => one !== symbol);
  return tapeWatch(world);
}
