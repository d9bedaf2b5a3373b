/** Codes and numbers of options in words. */
import type { FlagLabel } from "../../api/bindings";
import { dollars, MISSING, number, percent, price } from "../../lib/format";
import { etTimeMs } from "../../lib/time";
import { SHAPES, type Line } from "./lines";

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

export const TENORS = [
  { tenor: "zero", label: "today", long: "Expires today" },
  { tenor: "week", label: "≤ 7 d", long: "1 to 7 days" },
  { tenor: "month", label: "≤ 30 d", long: "8 to 30 days" },
  { tenor: "longer", label: "> 30 d", long: "More than 30 days" },
] as const;

/** `6 Mar`, with the year where it is not that of `today`: `18 Dec 27`. */
export function expiryWords(expiry: string, today: string): string {
  const [year, month, day] = expiry.split("-");
  if (!day) return MISSING;
  const words = `${Number(day)} ${MONTHS[Number(month) - 1]}`;
  return year === today.slice(0, 4) ? words : `${words} ${year.slice(2)}`;
}

/** A strike: dollars, and cents only where it has them. */
export function strikeWords(strike: number): string {
  return Number.isInteger(strike) ? number(strike) : number(strike, 2).replace(/0$/, "");
}

/** `C`, `P`: told without the colour. */
export function kindLetter(kind: string): string {
  return { call: "C", put: "P" }[kind] ?? MISSING;
}

/** Days to an expiry from a date, both `YYYY-MM-DD`. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

export const OPENING = [
  "Nothing says that it opened a position.",
  "Probably opened a position: the day's volume of the contract exceeds its open interest.",
  "Provably opened a position: it is larger than the open interest and all earlier volume of the day, so nothing was there to close.",
] as const;

/** The flags in a set of bits, most telling first. */
export function flagsOf(bits: number, flags: FlagLabel[]): FlagLabel[] {
  return flags.filter((flag) => (bits & flag.bit) !== 0);
}

/** What a contract is, and what its trade knew of it. */
export function contractTip({
  contract,
  delta,
  volatility,
  openInterest,
  dayVolume,
}: Line): string {
  const kind = { call: "call", put: "put" }[contract.kind] ?? "option";
  const what = `${contract.name}: a ${kind} at ${strikeWords(contract.strike)}, expiring ${contract.expiry}, ${number(contract.days)} days from the session.`;
  if (Number.isNaN(delta) && Number.isNaN(openInterest)) return what;
  return `${what} Delta ${number(delta, 2)}, implied volatility ${percent(volatility, 1)}, open interest ${number(openInterest)}, volume of the day ${number(dayVolume)}.`;
}

/** What the price of a line stood against. */
export function priceTip(line: Line): string {
  if (line.kind === "group" || line.trades > 1) {
    return `Average of ${number(line.trades)} trades, dollars a share.`;
  }
  return `Bid ${price(line.bid)}, ask ${price(line.ask)}, the share at ${price(line.underlying)}.`;
}

/** How the trades of a group belong together. */
export function shapeTip(line: Line): string {
  const from = etTimeMs(line.first);
  const to = etTimeMs(line.at);
  const shape = SHAPES[line.shape] ?? "group";
  if (line.trades === 1) return `One trade at ${to}.`;
  const span = `${number(line.trades)} trades from ${from} to ${to}`;
  if (shape === "sweep") return `${span}: a sweep, all within a second over several exchanges.`;
  if (line.sweeps > 0) return `${span}, ${number(line.sweeps)} of them sweeps.`;
  return `${span}.`;
}

/** The whole premium, and how it is made. */
export function premiumTip(line: Line): string {
  return `${dollars(line.premium)}: price times ${number(line.size)} contracts times 100 shares.`;
}
