/** How long rows are kept, in words and as choices. */
import { count } from "../../lib/format";

/** Days that can be chosen; null = for ever. */
const CHOICES = [7, 30, 90, 180, 365, 730, 1825, null] as const;
const YEAR = 365;

/** The usual choices, and the present one where it is none of them. */
export function choicesOf(days: number | null): (number | null)[] {
  const all = new Set<number | null>([...CHOICES, days]);
  return [...all].sort((one, two) => (one ?? Infinity) - (two ?? Infinity));
}

/** `90 days`, `2 years`, `for ever`. */
export function keptWords(days: number | null): string {
  if (days === null) return "for ever";
  return days % YEAR === 0 ? count(days / YEAR, "year") : count(days, "day");
}

/** Whether rows that would have been kept are let go. */
export function shortens(before: number | null, after: number | null): boolean {
  return (after ?? Infinity) < (before ?? Infinity);
}
