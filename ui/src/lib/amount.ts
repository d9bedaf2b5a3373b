/** Reads an amount as traders type it: `1.5m`, `500K`, `$2,000,000`. Null where it is none. */
export function parseAmount(text: string): number | null {
  const match = /^\$?([\d,]*\.?\d+)\s*([kmb]?)$/i.exec(text.trim());
  if (!match) return null;
  const unit = { "": 1, k: 1e3, m: 1e6, b: 1e9 }[match[2].toLowerCase()] ?? 1;
  const value = Math.round(Number(match[1].replaceAll(",", "")) * unit);
  return Number.isFinite(value) && value > 0 ? value : null;
}
