/** The fake market's answers in columns. */
import { columnsOf, type Columns } from "../api/columns";
import type {
  ActivityMeta,
  BarsMeta,
  CodeLabel,
  GetActivity,
  GetBars,
  GetLevels,
  GetPrints,
  GetProfile,
  LevelsMeta,
  PrintsMeta,
  ProfileMeta,
} from "../api/bindings";
import { newYorkOffsetMs } from "../lib/time";
import { EXCLUDING, history, sessions, tick, type Bar, type Print } from "./market";
import { seeded, seedOf } from "./random";

const MINUTE_MS = 60_000;
const STEP_MS: Record<string, number> = {
  "1m": MINUTE_MS,
  "5m": 5 * MINUTE_MS,
  "15m": 15 * MINUTE_MS,
  "1h": 60 * MINUTE_MS,
  "1d": 1440 * MINUTE_MS,
};
/** From this notional a print is a block. */
const BLOCK = 20_000_000;

export const SIDES: CodeLabel[] = [
  { code: 1, label: "Above ask", side: "buy" },
  { code: 2, label: "At ask", side: "buy" },
  { code: 3, label: "Near ask", side: "buy" },
  { code: 4, label: "At mid", side: "unknown" },
  { code: 5, label: "Near bid", side: "sell" },
  { code: 6, label: "At bid", side: "sell" },
  { code: 7, label: "Below bid", side: "sell" },
  { code: 10, label: "No quote", side: "unknown" },
  { code: 11, label: "Locked quote", side: "unknown" },
  { code: 12, label: "Crossed quote", side: "unknown" },
  { code: 13, label: "Late, no side", side: "unknown" },
  { code: 14, label: "Price distorted, no side", side: "unknown" },
];

export function barsTable(ask: GetBars): Columns<BarsMeta> {
  const all = merged(history(ask.symbol).bars, ask.interval).filter(
    (bar) => bar.start < (ask.before_ms ?? Infinity),
  );
  const bars = all.slice(-ask.limit);
  const pick = (name: keyof Bar): number[] => bars.map((bar) => bar[name]);
  return columnsOf(
    { symbol: ask.symbol, interval: ask.interval, more_before: all.length > bars.length },
    {
      start_ms: pick("start"),
      open: pick("open"),
      high: pick("high"),
      low: pick("low"),
      close: pick("close"),
      volume: pick("volume"),
      session: pick("session"),
    },
  );
}

function merged(bars: Bar[], interval: string): Bar[] {
  const step = STEP_MS[interval] ?? MINUTE_MS;
  if (step === MINUTE_MS) return bars;
  const made: Bar[] = [];
  let bucket = NaN;
  for (const bar of bars) {
    if (interval === "1d" && bar.session !== 2) continue;
    const wall = bar.start + newYorkOffsetMs(bar.start);
    const mine = Math.floor(wall / step);
    const last = made[made.length - 1];
    if (mine !== bucket || !last) {
      made.push({ ...bar, start: mine * step - newYorkOffsetMs(bar.start) });
    } else {
      last.high = Math.max(last.high, bar.high);
      last.low = Math.min(last.low, bar.low);
      last.close = bar.close;
      last.volume += bar.volume;
    }
    bucket = mine;
  }
  return made;
}

const SESSION_CODES: Record<string, number> = { pre: 1, regular: 2, post: 3 };

export function printsTable(ask: GetPrints): Columns<PrintsMeta> {
  const found = matching(ask);
  const rows = found.slice(0, ask.limit);
  const last = rows[rows.length - 1];
  const next =
    ask.order !== "largest" && found.length > rows.length && last
      ? { reported_us: String(last.reported * 1000), identity: String(last.identity) }
      : null;
  const pick = (read: (print: Print) => number): number[] => rows.map(read);
  return columnsOf(
    { symbol: ask.symbol, next, sides: SIDES },
    {
      reported_ms: pick((print) => print.reported),
      executed_ms: pick((print) => print.executed),
      price: pick((print) => print.price),
      size: pick((print) => print.size),
      notional: pick(worth),
      bid: pick((print) => (print.side === 10 ? NaN : print.bid)),
      ask: pick((print) => (print.side === 10 ? NaN : print.ask)),
      day_volume: pick((print) => print.dayVolume),
      side: pick((print) => print.side),
      reasons: pick((print) => print.reasons),
      session: pick((print) => print.session),
      eligible: pick((print) => (isEligible(print) ? 1 : 0)),
      block: pick((print) => (worth(print) >= BLOCK ? 1 : 0)),
      identity_high: pick(() => 0),
      identity_low: pick((print) => print.identity),
    },
  );
}

const worth = (print: Print): number => print.price * print.size;
const isEligible = (print: Print): boolean => !(print.reasons & EXCLUDING) && print.session === 2;

function matching(ask: GetPrints): Print[] {
  const side = new Map(SIDES.map((label) => [label.code, label.side]));
  const from = ask.from_ms ?? -Infinity;
  const to = ask.to_ms ?? Infinity;
  const before = ask.after ? Number(ask.after.reported_us) / 1000 : Infinity;
  const found = history(ask.symbol).prints.filter(
    (print) =>
      print.reported >= from &&
      print.reported < to &&
      (print.reported < before ||
        (print.reported === before && print.identity < Number(ask.after?.identity))) &&
      worth(print) >= (ask.min_notional ?? 0) &&
      (!ask.with_reasons || (print.reasons & ask.with_reasons) !== 0) &&
      (!ask.without_reasons || (print.reasons & ask.without_reasons) === 0) &&
      (!ask.side || side.get(print.side) === ask.side) &&
      (!ask.session || print.session === SESSION_CODES[ask.session]),
  );
  return ask.order === "largest"
    ? found.sort((one, two) => worth(two) - worth(one))
    : found.sort((one, two) => two.reported - one.reported || two.identity - one.identity);
}

interface Bin {
  index: number;
  prints: Print[];
  notional: number;
  excluded: number;
}

export function levelsTable(ask: GetLevels): Columns<LevelsMeta> {
  const random = seeded(seedOf(ask.symbol) + ask.sessions);
  const covered = sessions.slice(-ask.sessions);
  const width = ask.width ?? 0.25;
  const bins = binned(ask, covered[0].pre_ms, width);
  const total = bins.reduce((sum, bin) => sum + bin.notional, 0);
  const ranked = bins.toSorted((one, two) => two.notional - one.notional);
  const top = ranked.slice(0, ask.limit);
  const touches = top.map(() => Math.floor(random() * 26));
  const holds = touches.map((count) => Math.round(count * (0.35 + random() * 0.4)));
  const measured = touches.map((count) => ask.hold_rates && count >= 5);
  const rate = holds.map((held, index) => (measured[index] ? held / touches[index] : NaN));
  const poc = ranked[0];
  const inside = (bin: Bin): boolean => Math.abs(bin.index - (poc?.index ?? 0)) <= 14;
  const part = (bin: Bin, codes: number[]): number =>
    sum(bin.prints.filter((print) => codes.includes(print.side)).map(worth));
  const pick = (read: (bin: Bin, index: number) => number): number[] => top.map(read);
  const price = (bin: Bin): number => tick(bin.index * width);
  const meta: LevelsMeta = {
    symbol: ask.symbol,
    from: covered[0].date,
    to: covered[covered.length - 1].date,
    sessions: covered.length,
    width,
    atr14: 5.83,
    poc: poc ? price(poc) : null,
    value_area_low: poc ? price(poc) - 14 * width : null,
    value_area_high: poc ? price(poc) + 14 * width : null,
    median_daily_notional: total / covered.length,
    half_life_sessions: 20,
    total_notional: total,
    side_coverage: 0.71,
    excluded_share: 0.118,
    gaps: 1,
  };
  return columnsOf(meta, {
    low: pick((bin) => price(bin) - width / 2),
    price: pick(price),
    high: pick((bin) => price(bin) + width / 2),
    shares: pick((bin) => sum(bin.prints.map((print) => print.size))),
    notional: pick((bin) => bin.notional),
    prints: pick((bin) => bin.prints.length),
    vwap: pick((bin) => bin.notional / sum(bin.prints.map((print) => print.size))),
    buy_notional: pick((bin) => part(bin, [1, 2, 3])),
    sell_notional: pick((bin) => part(bin, [5, 6, 7])),
    unknown_notional: pick((bin) => part(bin, [4, 10, 11, 12])),
    largest_notional: pick((bin) => Math.max(...bin.prints.map(worth))),
    first_ms: pick((bin) => bin.prints[0].executed),
    last_ms: pick((bin) => bin.prints[bin.prints.length - 1].executed),
    excluded_shares: pick((bin) => bin.excluded / price(bin)),
    excluded_notional: pick((bin) => bin.excluded),
    strength: pick((bin) => bin.notional / (total / covered.length)),
    rank: pick((_, index) => index + 1),
    percentile: pick((_, index) => 1 - index / ranked.length),
    zone: pick((bin) => Math.floor(bin.index / 3)),
    value_area: pick((bin) => (inside(bin) ? 1 : 0)),
    touches: pick((_, index) => (ask.hold_rates ? touches[index] : NaN)),
    holds: pick((_, index) => (ask.hold_rates ? holds[index] : NaN)),
    hold_rate: rate,
    hold_low: rate.map((value) => value - 0.12),
    hold_high: rate.map((value) => value + 0.11),
    null_rate: measured.map((is) => (is ? 0.48 + random() * 0.08 : NaN)),
    beats: rate.map((value) => (Number.isNaN(value) ? NaN : value > 0.6 ? 1 : 0)),
  });
}

function binned(ask: GetLevels, from: number, width: number): Bin[] {
  const bins = new Map<number, Bin>();
  for (const print of history(ask.symbol).prints) {
    if (print.reported < from || (!ask.extended_hours && print.session !== 2)) continue;
    const index = Math.round(print.price / width);
    const bin = bins.get(index) ?? { index, prints: [], notional: 0, excluded: 0 };
    bins.set(index, bin);
    if (print.reasons & EXCLUDING) bin.excluded += worth(print);
    else {
      bin.prints.push(print);
      bin.notional += worth(print);
    }
  }
  return [...bins.values()].filter((bin) => bin.prints.length > 0);
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

export function profileTable(ask: GetProfile): Columns<ProfileMeta> {
  const width = ask.width ?? 0.25;
  const { bars, prints } = history(ask.symbol);
  const off = new Map<number, number>();
  const all = new Map<number, number>();
  const add = (to: Map<number, number>, bin: number, shares: number): unknown =>
    to.set(bin, (to.get(bin) ?? 0) + shares);
  for (const bar of bars) {
    if (bar.start < ask.from_ms || bar.start >= ask.to_ms) continue;
    const [low, high] = [Math.round(bar.low / width), Math.round(bar.high / width)];
    for (let bin = low; bin <= high; bin += 1) add(all, bin, bar.volume / (high - low + 1));
  }
  for (const print of prints) {
    if (print.executed < ask.from_ms || print.executed >= ask.to_ms) continue;
    add(off, Math.round(print.price / width), print.size);
  }
  const bins = [...new Set([...off.keys(), ...all.keys()])].sort((one, two) => one - two);
  return columnsOf(
    { symbol: ask.symbol, width, floor_notional: 0 },
    {
      price: bins.map((bin) => tick(bin * width)),
      off_exchange: bins.map((bin) => off.get(bin) ?? 0),
      total_estimate: bins.map((bin) => (all.get(bin) ?? 0) + (off.get(bin) ?? 0)),
    },
  );
}

/** Symbols whose stored history is too short for a comparison. */
const YOUNG = ["TSLA"];

export function activityTable(ask: GetActivity, nowMs: number): Columns<ActivityMeta> {
  const random = seeded(seedOf(ask.symbol));
  const session = sessions[sessions.length - 1];
  const young = YOUNG.includes(ask.symbol);
  const wall = nowMs + newYorkOffsetMs(nowMs);
  const nowMinute = Math.floor((wall % (1440 * MINUTE_MS)) / MINUTE_MS);
  const minutes = Array.from({ length: 960 }, (_, index) => 240 + index);
  let mean = 0;
  let today = 0;
  const rows = minutes.map((minute) => {
    const inside = minute >= 570 && minute < 960;
    const day = (minute - 570) / 390;
    const pace = inside ? 0.55 + 3 * (day - 0.5) ** 2 : 0.02;
    mean += pace * 41_000;
    today += pace * 41_000 * (1.2 + random() * (day > 0.3 ? 3 : 0.8));
    return { minute, mean, today: minute <= nowMinute ? today : NaN };
  });
  const now = rows.find((row) => row.minute === nowMinute);
  const base = (value: number): number => (young ? NaN : value);
  return columnsOf(
    {
      symbol: ask.symbol,
      session_date: ask.session_date ?? session.date,
      baseline_sessions: young ? 21 : 90,
      needed_sessions: 60,
      multiple: young || !now ? null : now.today / now.mean,
    },
    {
      minute: minutes,
      today: rows.map((row) => row.today),
      mean: rows.map((row) => base(row.mean)),
      low: rows.map((row) => base(row.mean * 0.66)),
      high: rows.map((row) => base(row.mean * 1.52)),
    },
  );
}
