/** Volatility in words. */
import { MINUS, number } from "../../../lib/format";

export const ESTIMATORS = [
  {
    id: "close_to_close",
    name: "Close to close",
    about:
      "Standard deviation of daily log returns. Needs the most sessions for the same certainty.",
  },
  {
    id: "parkinson",
    name: "Parkinson",
    about: "From each day's high and low. Leaves out what happens overnight.",
  },
  {
    id: "garman_klass",
    name: "Garman-Klass",
    about: "From open, high, low and close of each day. Leaves out what happens overnight.",
  },
  {
    id: "rogers_satchell",
    name: "Rogers-Satchell",
    about: "As Garman-Klass, and right also while prices trend. Leaves out what happens overnight.",
  },
  {
    id: "yang_zhang",
    name: "Yang-Zhang",
    about: "Overnight, open to close and Rogers-Satchell together: the default, over 30 sessions.",
  },
] as const;

/** Days that are written on the axis of the term structure. */
export const TERM_DAYS = [0, 7, 30, 60, 90, 180, 365, 730];

/** A missing value as charts know it. */
export const orNaN = (value: number | null): number => value ?? NaN;

/** A difference of volatilities in points: `+1.4`, `−3.0`. */
export function points(difference: number): string {
  const text = number(difference * 100, 1);
  return difference > 0 && !text.startsWith(MINUS) ? `+${text}` : text;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
/** Most months written on the axis. */
const MONTHS_MAX = 6;

/** Where months begin in a list of dates, thinned out to a few. */
export function monthTicks(dates: string[]): { at: number; label: string }[] {
  const begins = dates.flatMap((date, at) =>
    at > 0 && date.slice(0, 7) !== dates[at - 1].slice(0, 7)
      ? [{ at, label: MONTHS[Number(date.slice(5, 7)) - 1] }]
      : [],
  );
  const every = Math.max(1, Math.ceil(begins.length / MONTHS_MAX));
  return begins.filter((_, index) => index % every === 0);
}
