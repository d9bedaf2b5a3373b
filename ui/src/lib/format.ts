/**
 * Numbers as the whole screen writes them: a true minus sign, an em dash for what is missing and
 * never 0, thousands in commas. Grouping is done here and not by `Intl` with the user's locale:
 * that can be an invalid tag, and a figure must read the same on every desk.
 */

export const MISSING = "—";
export const MINUS = "\u2212";

type Maybe = number | null | undefined;

const there = (value: Maybe): value is number =>
  value !== null && value !== undefined && Number.isFinite(value);

/** The user's locale, or `en-US` where the runtime reports one that does not exist. */
export function safeLocale(tag: string = globalThis.navigator?.language): string {
  try {
    return new Intl.DateTimeFormat(tag).resolvedOptions().locale;
  } catch {
    return "en-US";
  }
}

/** `12,345.60` with a true minus sign and so many decimals. */
export function number(value: Maybe, decimals = 0): string {
  if (!there(value)) return MISSING;
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const text = fraction ? `${grouped}.${fraction}` : grouped;
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

/** A price: cents, and up to four decimals where the print has them. */
export function price(value: Maybe): string {
  if (!there(value)) return MISSING;
  const subPenny = Math.abs(value * 100 - Math.round(value * 100)) > 1e-6;
  return number(value, subPenny ? 4 : 2);
}

/** Shares: whole, or as many decimals as a fractional size needs (up to 4). */
export function size(value: Maybe): string {
  if (!there(value)) return MISSING;
  if (Number.isInteger(value)) return number(value);
  return number(value, 4).replace(/0+$/, "");
}

const STEPS = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "K"],
] as const;

/** Three significant digits with K, M, B, T: `1.24B`, `12.4M`, `950`. */
export function compact(value: Maybe): string {
  if (!there(value)) return MISSING;
  const size = Math.abs(value);
  // 999,600 reads as 1.00M and not as 1000K.
  const step = STEPS.find(([unit]) => size >= unit * 0.9995);
  if (!step) return number(value);
  const scaled = value / step[0];
  const digits = Math.abs(scaled);
  const decimals = digits >= 99.95 ? 0 : digits >= 9.995 ? 1 : 2;
  return number(scaled, decimals) + step[1];
}

/** `$1.24B`. */
export function notional(value: Maybe): string {
  return withDollar(value, compact(value));
}

/** `$1,240,000,000`: the whole of it, for a hover. */
export function dollars(value: Maybe, decimals = 0): string {
  return withDollar(value, number(value, decimals));
}

function withDollar(value: Maybe, text: string): string {
  if (!there(value)) return MISSING;
  return text.startsWith(MINUS) ? `${MINUS}$${text.slice(1)}` : `$${text}`;
}

/** A share of 1 as `61 %`. */
export function percent(share: Maybe, decimals = 0): string {
  return there(share) ? `${number(share * 100, decimals)} %` : MISSING;
}

/** A change as `+320 %` or `−12 %`. */
export function change(share: Maybe, decimals = 0): string {
  if (!there(share)) return MISSING;
  const text = percent(share, decimals);
  return share > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** How often something is as large as something else: `4.2 x`. */
export function multiple(value: Maybe): string {
  return there(value) ? `${number(value, 1)} x` : MISSING;
}

/** `1 gap`, `3 gaps`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** `1.4 GB`. */
export function bytes(value: Maybe): string {
  if (!there(value)) return MISSING;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let left = value;
  let unit = 0;
  while (left >= 999.5 && unit < units.length - 1) {
    left /= 1000;
    unit += 1;
  }
  return `${number(left, unit > 0 && left < 9.95 ? 1 : 0)} ${units[unit]}`;
}

/** An age as short as a badge needs: `3s`, `4m`, `2h`, `5d`. */
export function age(seconds: Maybe): string {
  if (!there(seconds)) return MISSING;
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)}m`;
  if (whole < 172_800) return `${Math.floor(whole / 3_600)}h`;
  return `${Math.floor(whole / 86_400)}d`;
}
