/** The fake market's options: trades of the last sessions, made of orders that are split or not. */
import type { ContractView, SessionView } from "../api/bindings";
import { addDays } from "../lib/time";
import { history, sessions, START_MS, tick } from "./market";
import { bell, seeded, seedOf } from "./random";

export interface OptionTrade {
  id: string;
  at: number;
  contract: ContractView;
  price: number;
  size: number;
  premium: number;
  bid: number;
  ask: number;
  underlying: number;
  side: number;
  flags: number;
  volatility: number;
  delta: number;
  openInterest: number;
  dayVolume: number;
  /** 2 provable, 1 probable, 0 unknown. */
  opening: number;
}

/** Bits of the flags, as the engine numbers them. */
export const FLAG = { sweep: 1, floor: 2, cross: 4, multi: 8, stock: 16, late: 64, cancelled: 128 };
/** Legs of larger orders: no direction. */
export const COMPLEX = FLAG.multi | FLAG.stock;

/** Sessions with options; those before have none, as with a new installation. */
const SESSIONS = 4;
const ORDERS_A_SESSION = 620;
const SHARES = 100;
/** Premium below this is not collected. */
export const FLOOR = 10_000;
const DAYS = [0, 3, 4, 5, 6, 7, 14, 21, 28, 42, 70, 105, 196, 315];

const stored = new Map<string, Map<string, OptionTrade[]>>();

/** Trades of a session, oldest first. */
export function optionTrades(symbol: string, date: string): OptionTrade[] {
  const days = stored.get(symbol) ?? new Map<string, OptionTrade[]>();
  stored.set(symbol, days);
  const known = days.get(date);
  if (known) return known;
  const session = sessions.slice(-SESSIONS).find((one) => one.date === date);
  const made = session ? inventSession(symbol, session) : [];
  days.set(date, made);
  return made;
}

/** One more trade at `at`, stored. */
export function nextTrade(symbol: string, at: number, random: () => number): OptionTrade {
  const session = sessions[sessions.length - 1];
  const trades = optionTrades(symbol, session.date);
  const trade = inventOrder(symbol, session, at, random, trades.length)[0];
  trades.push(trade);
  return trade;
}

function inventSession(symbol: string, session: SessionView): OptionTrade[] {
  const random = seeded(seedOf(symbol + session.date));
  const end = Math.min(session.close_ms, START_MS);
  const trades = Array.from({ length: ORDERS_A_SESSION }, (_, order) => {
    const at = session.open_ms + random() ** 1.2 * (end - session.open_ms);
    return inventOrder(symbol, session, at, random, order);
  });
  return trades
    .flat()
    .filter((trade) => trade.at < end)
    .sort((one, two) => one.at - two.at);
}

/** A single trade, a sweep over several exchanges, or the same contract again and again. */
function inventOrder(
  symbol: string,
  session: SessionView,
  at: number,
  random: () => number,
  order: number,
): OptionTrade[] {
  const first = inventTrade(symbol, session, at, random, `${session.date}-${order}`);
  const draw = random();
  const pieces = draw < 0.12 ? 3 + Math.floor(random() * 5) : draw < 0.24 ? 2 : 1;
  const pause = draw < 0.12 ? 90 : 14_000;
  return Array.from({ length: pieces }, (_, piece) => {
    const cancelled = piece > 0 && random() < 0.08;
    const size = piece === 0 ? first.size : Math.max(1, Math.round(first.size * random()));
    return {
      ...first,
      id: `${first.id}-${piece}`,
      at: Math.round(first.at + piece * pause * (0.4 + random())),
      size,
      premium: tick(size * first.price * SHARES),
      flags: first.flags | (draw < 0.12 ? FLAG.sweep : 0) | (cancelled ? FLAG.cancelled : 0),
      dayVolume: first.dayVolume + piece * size,
    };
  });
}

function inventTrade(
  symbol: string,
  session: SessionView,
  at: number,
  random: () => number,
  id: string,
): OptionTrade {
  const underlying = priceAt(symbol, at);
  const contract = inventContract(symbol, session, underlying, random);
  const years = (contract.days + 0.3) / 365;
  const away = Math.log(contract.strike / underlying);
  const volatility = 0.15 + 0.03 * Math.sqrt(years) - 0.25 * away + 1.6 * away * away;
  const model = blackScholes(contract, underlying, volatility, years);
  const middle = Math.max(0.05, tick(model.price));
  const spread = Math.max(0.01, tick(middle * 0.015));
  const bid = tick(Math.max(0.01, middle - spread / 2));
  const ask = tick(bid + spread);
  const lean = Math.sin(at / 3_600_000 + seedOf(symbol)) * 0.18;
  const draw = random() + (contract.kind === "call" ? -lean : lean);
  const [side, price] =
    draw < 0.4 ? [2, ask] : draw < 0.78 ? [6, bid] : draw < 0.9 ? [4, (bid + ask) / 2] : [13, bid];
  const size = Math.ceil((FLOOR * Math.exp(Math.abs(bell(random)) * 1.3)) / (price * SHARES));
  const openInterest = random() < 0.03 ? NaN : Math.round(Math.exp(4 + random() * 6));
  const dayVolume = size + Math.round(openInterest * random() * 1.1) || NaN;
  const unpriced = random() < 0.02;
  return {
    id,
    at: Math.round(at),
    contract,
    price: Number(price.toFixed(4)),
    size,
    premium: tick(size * price * SHARES),
    bid,
    ask,
    underlying,
    side,
    flags: inventFlags(random, side),
    volatility: unpriced ? NaN : volatility,
    delta: unpriced ? NaN : model.delta,
    openInterest,
    dayVolume,
    opening: openingOf(size, dayVolume, openInterest),
  };
}

function inventContract(
  symbol: string,
  session: SessionView,
  price: number,
  random: () => number,
): ContractView {
  const days = DAYS[Math.floor(random() ** 2.1 * DAYS.length)];
  const step = days < 10 ? (price > 300 ? 1 : 0.5) : price > 300 ? 5 : 2.5;
  const reach = price * (0.006 + 0.006 * Math.sqrt(days));
  const strike = Math.round((price + bell(random) * reach) / step) * step;
  const kind = random() < 0.55 ? "call" : "put";
  const expiry = addDays(session.date, days);
  const code = `${expiry.slice(2).replaceAll("-", "")}${kind === "call" ? "C" : "P"}`;
  const name = `${symbol}${code}${String(Math.round(strike * 1000)).padStart(8, "0")}`;
  return { name, expiry, kind, strike, days };
}

function inventFlags(random: () => number, side: number): number {
  let bits = side === 13 ? FLAG.late : 0;
  const draw = random();
  if (draw < 0.16) bits |= FLAG.multi;
  else if (draw < 0.19) bits |= FLAG.stock;
  else if (draw < 0.23) bits |= FLAG.cross;
  else if (draw < 0.25) bits |= FLAG.floor;
  else if (draw < 0.255) bits |= FLAG.cancelled;
  return bits;
}

function openingOf(size: number, volume: number, openInterest: number): number {
  if (Number.isNaN(openInterest)) return 0;
  if (size > openInterest + volume - size) return 2;
  return volume > openInterest ? 1 : 0;
}

/** The stock's price at a time. */
export function priceAt(symbol: string, at: number): number {
  const { bars } = history(symbol);
  const found = bars.findLast((bar) => bar.start <= at) ?? bars[bars.length - 1];
  return found.close;
}

function blackScholes(
  contract: ContractView,
  price: number,
  volatility: number,
  years: number,
): { price: number; delta: number } {
  const spread = volatility * Math.sqrt(years);
  const d1 = Math.log(price / contract.strike) / spread + spread / 2;
  const call = price * bellArea(d1) - contract.strike * bellArea(d1 - spread);
  if (contract.kind === "call") return { price: call, delta: bellArea(d1) };
  return { price: call - price + contract.strike, delta: bellArea(d1) - 1 };
}

/** The area under the bell curve left of `z`, to three decimals. */
function bellArea(z: number): number {
  return 1 / (1 + Math.exp(-1.5976 * z - 0.07056 * z ** 3));
}
