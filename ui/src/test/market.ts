/**
 * An invented market for tests and for looking at pages while developing: sixty sessions of bars
 * and prints a symbol, the same each time. It is never part of a build.
 */
import { addDays, etInstant } from "../lib/time";
import type { SessionView } from "../api/bindings";
import { bell, seeded, seedOf } from "./random";

/** Friday 6 March 2026, 13:46 in New York: two days before the clocks change. */
export const START_MS = Date.UTC(2026, 2, 6, 18, 46);
export const SYMBOLS = ["SPY", "QQQ", "AAPL", "NVDA", "TSLA", "AMD"];
const PRICES: Record<string, number> = { SPY: 552, QQQ: 478, AAPL: 231, NVDA: 139, TSLA: 312 };
const SESSIONS = 62;
const PRINTS_A_SESSION = 420;
const MINUTE_MS = 60_000;
const PRE_MINUTE = 240;
const OPEN_MINUTE = 570;
const HOLIDAYS = ["2025-12-25", "2026-01-01", "2026-01-19", "2026-02-16"];
const EARLY = ["2025-12-24"];

export interface Bar {
  start: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  session: number;
}

export interface Print {
  executed: number;
  reported: number;
  price: number;
  size: number;
  bid: number;
  ask: number;
  dayVolume: number;
  side: number;
  reasons: number;
  session: number;
  identity: number;
}

/** Codes of the parts of a day. */
const PRE = 1;
const REGULAR = 2;
const POST = 3;

/** Bits of the reasons, as the engine numbers them. */
export const BIT = { avg: 1, drv: 2, qct: 4, late: 32, ext: 128, cxl: 256, odd: 2048, iso: 4096 };
/** Reasons that keep a print out of levels. */
export const EXCLUDING = BIT.avg | BIT.drv | BIT.qct | BIT.late | BIT.cxl;

export function sessionOf(date: string): SessionView {
  const early = EARLY.includes(date);
  const close = early ? 780 : 960;
  const at = (minute: number): number => etInstant(date, minute);
  return {
    date,
    pre_ms: at(PRE_MINUTE),
    open_ms: at(OPEN_MINUTE),
    close_ms: at(close),
    post_end_ms: at(close + 240),
    early_close: early,
  };
}

/** The sessions up to the start, oldest first. */
export const sessions: SessionView[] = [];
for (let date = "2026-03-06"; sessions.length < SESSIONS; date = addDays(date, -1)) {
  const day = new Date(`${date}T12:00:00Z`).getUTCDay();
  if (day !== 0 && day !== 6 && !HOLIDAYS.includes(date)) sessions.unshift(sessionOf(date));
}

export interface History {
  bars: Bar[];
  /** By reported time, oldest first. */
  prints: Print[];
  levels: number[];
}

const histories = new Map<string, History>();

/** Bars and prints of a symbol up to the start. */
export function history(symbol: string): History {
  const known = histories.get(symbol);
  if (known) return known;
  const made = invent(symbol);
  histories.set(symbol, made);
  return made;
}

function invent(symbol: string): History {
  const random = seeded(seedOf(symbol));
  const base = PRICES[symbol] ?? 80 + Math.floor(random() * 120);
  const bars = inventBars(random, base);
  // Big traders come back to the same prices: prints pull towards these.
  const levels = Array.from({ length: 18 }, () => tick(base * (1 + bell(random) * 0.025)));
  const prints = sessions.flatMap((session) => inventPrints(random, session, bars, levels));
  return { bars, prints, levels };
}

function inventBars(random: () => number, base: number): Bar[] {
  const bars: Bar[] = [];
  let price = base * 0.985;
  for (const session of sessions) {
    price *= 1 + bell(random) * 0.003;
    for (let at = session.pre_ms; at < session.post_end_ms; at += MINUTE_MS) {
      if (at >= START_MS) break;
      const part = at < session.open_ms ? PRE : at < session.close_ms ? REGULAR : POST;
      const step = price * (part === REGULAR ? 0.00034 : 0.00012);
      const open = price;
      price += bell(random) * step + (base - price) * 0.00004;
      const high = Math.max(open, price) + Math.abs(bell(random)) * step * 0.5;
      const low = Math.min(open, price) - Math.abs(bell(random)) * step * 0.5;
      const volume = Math.round(volumeShape(at, session) * (0.5 + random()) * 90_000);
      bars.push({
        start: at,
        open: tick(open),
        high: tick(high),
        low: tick(low),
        close: tick(price),
        volume,
        session: part,
      });
    }
  }
  return bars;
}

/** Busy at the open and the close, quiet at noon, a trickle outside. */
function volumeShape(at: number, session: SessionView): number {
  if (at < session.open_ms || at >= session.close_ms) return 0.03;
  const day = (at - session.open_ms) / (session.close_ms - session.open_ms);
  return 0.55 + 3 * (day - 0.5) ** 2 + (day > 0.99 ? 2 : 0);
}

function inventPrints(
  random: () => number,
  session: SessionView,
  bars: Bar[],
  levels: number[],
): Print[] {
  const end = Math.min(session.post_end_ms, START_MS);
  const times = Array.from({ length: PRINTS_A_SESSION }, () => {
    const inside = random() < 0.94;
    const [from, to] = inside
      ? [session.open_ms, session.close_ms + MINUTE_MS]
      : [session.pre_ms, session.post_end_ms];
    return from + random() * (to - from);
  });
  let volume = 0;
  return times
    .filter((at) => at < end)
    .sort((one, two) => one - two)
    .map((at) => {
      const print = inventPrint(random, at, session, barAt(bars, at), levels);
      volume += print.size * 3;
      return { ...print, dayVolume: Math.round(volume) };
    });
}

/** One more print at `at`, for the live tape. */
export function nextPrint(symbol: string, at: number, random: () => number): Print {
  const { bars, levels, prints } = history(symbol);
  const session = sessions[sessions.length - 1];
  const print = inventPrint(random, at, session, bars[bars.length - 1], levels);
  const before = prints[prints.length - 1]?.dayVolume ?? 0;
  return { ...print, dayVolume: before + print.size };
}

function inventPrint(
  random: () => number,
  at: number,
  session: SessionView,
  bar: Bar,
  levels: number[],
): Print {
  const middle = (bar.high + bar.low) / 2;
  const near = levels.find((level) => Math.abs(level - middle) < middle * 0.0012);
  const pulled = near !== undefined && random() < 0.5;
  const price = pulled ? near : tick(bar.low + random() * (bar.high - bar.low), 2);
  const large = random() < 0.06 ? 22 : 1;
  const size = Math.round(200 + Math.exp(bell(random) * 1.3) * 4_000 * large * (pulled ? 2 : 1));
  const part = at < session.open_ms ? PRE : at < session.close_ms ? REGULAR : POST;
  const reasons = inventReasons(random, part, size);
  const spread = 0.01 + Math.floor(random() * 3) * 0.01;
  const bid = tick(price - spread * Math.floor(random() * 3) * 0.5, 2);
  const executed = Math.round(at - (reasons & BIT.late ? 45_000 : random() * 400));
  return {
    executed,
    reported: Math.round(at),
    price: random() < 0.04 ? price + 0.005 : price,
    size: random() < 0.01 ? size + 0.5 : size,
    bid,
    ask: tick(bid + spread, 2),
    dayVolume: 0,
    side: sideOf(price, bid, tick(bid + spread, 2), reasons),
    reasons,
    session: part,
    identity: Math.floor(random() * 2 ** 31),
  };
}

function inventReasons(random: () => number, part: number, size: number): number {
  let bits = part === REGULAR ? 0 : BIT.ext;
  const draw = random();
  if (draw < 0.05) bits |= BIT.avg;
  else if (draw < 0.08) bits |= BIT.qct;
  else if (draw < 0.1) bits |= BIT.late;
  else if (draw < 0.11) bits |= BIT.drv;
  else if (draw < 0.115) bits |= BIT.cxl;
  else if (draw < 0.16) bits |= BIT.iso;
  return size < 100 ? bits | BIT.odd : bits;
}

function sideOf(price: number, bid: number, ask: number, reasons: number): number {
  if (reasons & BIT.late) return 13;
  if (reasons & EXCLUDING) return 14;
  const middle = (bid + ask) / 2;
  if (price > ask + 1e-9) return 1;
  if (price > ask - 1e-9) return 2;
  if (price < bid - 1e-9) return 7;
  if (price < bid + 1e-9) return 6;
  return Math.abs(price - middle) < 1e-9 ? 4 : price > middle ? 3 : 5;
}

function barAt(bars: Bar[], at: number): Bar {
  let low = 0;
  let high = bars.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (bars[middle].start <= at) low = middle;
    else high = middle - 1;
  }
  return bars[low];
}

/** Rounds to a cent, or to so many decimals. */
export function tick(value: number, decimals = 2): number {
  return Number(value.toFixed(decimals));
}
