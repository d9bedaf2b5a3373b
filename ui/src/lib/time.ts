/**
 * New York time. The engine speaks epoch milliseconds; the market day is America/New_York. The
 * zone's rules come from the runtime; the locale is fixed, so that an invalid `navigator.language`
 * (WebKitGTK reports "C" under LANG=C) can never throw.
 */

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const PARTS = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/New_York",
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** Offsets by hour: the zone changes only on the hour, and a tape asks for the same few. */
const offsets = new Map<number, number>();
/** A year of hours, 9 kB; more means a scroll through decades, where starting anew is cheap. */
const OFFSETS_MAX = 10_000;

/** New York wall time minus UTC at that instant, ms (negative). */
export function newYorkOffsetMs(ms: number): number {
  const hour = Math.floor(ms / HOUR_MS);
  const known = offsets.get(hour);
  if (known !== undefined) return known;
  const at = hour * HOUR_MS;
  const part: Record<string, number> = {};
  for (const { type, value } of PARTS.formatToParts(at)) part[type] = Number(value);
  const wall = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
  if (offsets.size >= OFFSETS_MAX) offsets.clear();
  offsets.set(hour, wall - at);
  return wall - at;
}

/** A date whose UTC fields read as New York wall time. */
function wall(ms: number): string {
  return new Date(ms + newYorkOffsetMs(ms)).toISOString();
}

const DASH = "—";
const known = (ms: number | null | undefined): ms is number =>
  ms !== null && ms !== undefined && Number.isFinite(ms);

/** `09:31:07`. */
export function etTime(ms: number | null | undefined): string {
  return known(ms) ? wall(ms).slice(11, 19) : DASH;
}

/** `09:31`. */
export function etMinute(ms: number | null | undefined): string {
  return known(ms) ? wall(ms).slice(11, 16) : DASH;
}

/** `09:31:07.250`, as on a tape. */
export function etTimeMs(ms: number | null | undefined): string {
  return known(ms) ? wall(ms).slice(11, 23) : DASH;
}

/** `2026-03-06`, the New York date. */
export function etDate(ms: number | null | undefined): string {
  return known(ms) ? wall(ms).slice(0, 10) : DASH;
}

/** `09:31:07`, with the date in front when that is not `today`. */
export function etStamp(ms: number | null | undefined, now: number): string {
  if (!known(ms)) return DASH;
  return etDate(ms) === etDate(now) ? etTime(ms) : `${etDate(ms)} ${etTime(ms)}`;
}

/** `Fri 6 Mar 2026`, from a session date `YYYY-MM-DD`. */
export function longDate(date: string): string {
  const at = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(at)) return date;
  const day = new Date(at);
  return `${DAYS[day.getUTCDay()]} ${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]} ${day.getUTCFullYear()}`;
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"].concat([
  "Jul",
  "Aug",
  "Sep",
  "Oct",
  "Nov",
  "Dec",
]);

/** The date `days` before or after `date`, both `YYYY-MM-DD`. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The instant at which New York clocks show `minutes` past midnight on `date`, epoch ms. */
export function etInstant(date: string, minutes: number): number {
  const asUtc = Date.parse(`${date}T00:00:00Z`) + minutes * 60_000;
  // The offset is asked for twice: near a clock change the first answer is for the wrong side.
  const first = asUtc - newYorkOffsetMs(asUtc);
  return asUtc - newYorkOffsetMs(first);
}

/** `2 h 14 m`, `14 m 05 s`, `9 s`: time that is left or has passed. */
export function duration(seconds: number | null | undefined): string {
  if (!known(seconds)) return DASH;
  const whole = Math.max(0, Math.round(seconds));
  const days = Math.floor(whole / 86_400);
  const hours = Math.floor((whole % 86_400) / 3_600);
  const minutes = Math.floor((whole % 3_600) / 60);
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} m`;
  if (minutes >= 10) return `${minutes} m`;
  if (minutes > 0) return `${minutes} m ${String(whole % 60).padStart(2, "0")} s`;
  return `${whole} s`;
}
