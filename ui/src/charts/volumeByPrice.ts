/** Shares by price as columns: on exchanges below, off them above. */
import type { VolumeByPriceMeta } from "../api/bindings";
import type { Columns } from "../api/columns";

export interface VolumeBar {
  /** Middle of the bin, dollars. */
  price: number;
  /** Width of the bin, dollars; a wider one where bins were joined. */
  width: number;
  lit: number;
  off: number;
}

/** Share of the volume at each end that may be left out: far prices would leave no room. */
const TAIL = 0.002;

/**
 * The bins that hold nearly all volume, joined to at most `most` bars. None of the shares between
 * the two ends is lost by joining.
 */
export function volumeBars(columns: Columns<VolumeByPriceMeta>, most: number): VolumeBar[] {
  const [price, lit, off] = ["price", "lit", "off"].map((name) => columns.column(name));
  const all = Array.from(price, (_, i) => lit[i] + off[i]);
  const total = all.reduce((sum, value) => sum + value, 0);
  if (total === 0) return [];
  const [first, last] = middle(all, total * TAIL);
  const { width } = columns.meta;
  const slots = Math.round((price[last] - price[first]) / width) + 1;
  const joined = Math.max(1, Math.ceil(slots / Math.max(1, most)));
  const bars: VolumeBar[] = Array.from({ length: Math.ceil(slots / joined) }, (_, bar) => ({
    price: price[first] + (bar * joined + (joined - 1) / 2) * width,
    width: width * joined,
    lit: 0,
    off: 0,
  }));
  for (let i = first; i <= last; i += 1) {
    const bar = bars[Math.floor(Math.round((price[i] - price[first]) / width) / joined)];
    bar.lit += lit[i];
    bar.off += off[i];
  }
  return bars;
}

/** Index of the first and last value between two tails that hold at most `tail` each. */
function middle(values: readonly number[], tail: number): [number, number] {
  let [first, last] = [0, values.length - 1];
  for (let sum = values[first]; sum <= tail && first < last; sum += values[first]) first += 1;
  for (let sum = values[last]; sum <= tail && last > first; sum += values[last]) last -= 1;
  return [first, last];
}
