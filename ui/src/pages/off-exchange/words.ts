/** The tape's codes in words. */
import type { ReasonView } from "../../api/bindings";
import { etDate, etTimeMs } from "../../lib/time";

/** The part of the day, by the engine's code. */
export function sessionOf(code: number): string {
  return ["closed", "pre", "regular", "post"][code] ?? "—";
}

/** The reasons in a set of bits, most telling first. */
export function reasonsOf(bits: number, reasons: ReasonView[]): ReasonView[] {
  return reasons.filter((reason) => (bits & reason.bit) !== 0);
}

/** `12:46:59.958`, with month and day in front when that is not today. */
export function tapeTime(ms: number, now: number): { day: string; time: string } {
  const date = etDate(ms);
  return { day: date === etDate(now) ? "" : date.slice(5), time: etTimeMs(ms) };
}

/** Why a print does or does not count for levels. */
export function eligibleWords(eligible: boolean, bits: number, reasons: ReasonView[]): string {
  if (eligible) return "Counts for levels: a price that could be traded at then.";
  const why = reasonsOf(bits, reasons).filter((reason) => reason.excludes);
  if (why.length === 0) return "Kept out of levels: outside the regular session.";
  return `Kept out of levels: ${why.map((reason) => reason.meaning.toLowerCase()).join("; ")}.`;
}
