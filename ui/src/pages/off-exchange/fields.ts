/** The fields of a whole print as people read them. Every value stays exact. */
import { MISSING } from "../../lib/format";
import { etDate, etTimeMs } from "../../lib/time";
import type { PrintField } from "../../api/bindings";

/** Amounts whose thousands are set apart. */
const AMOUNTS = new Set(["size", "notional", "day_volume"]);
const INSTANTS = new Set(["executed_at", "reported_at", "received_at"]);

/** `Executed, ET` of `executed_at`. */
export function fieldName({ name }: PrintField): string {
  if (INSTANTS.has(name)) return `${capital(name.replace(/_at$/, ""))}, ET`;
  return capital(name.replaceAll("_", " "));
}

/** New York time for an instant, thousands set apart for an amount, else as it is. */
export function fieldValue({ name, value }: PrintField): string {
  if (value === null) return MISSING;
  if (AMOUNTS.has(name)) return value.replace(/^\d+/, (whole) => grouped(whole));
  if (!INSTANTS.has(name)) return value;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? value : `${etDate(ms)} ${etTimeMs(ms)}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ",");
