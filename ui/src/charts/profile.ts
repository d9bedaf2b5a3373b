/** Price by volume as the chart draws it: merged until a row is thick enough to see. */
import type { ProfileMeta } from "../api/bindings";
import type { Columns } from "../api/columns";

export interface Profile {
  readonly rows: number;
  /** Middle of each bin, lowest first. */
  readonly price: Float64Array;
  readonly offExchange: Float64Array;
  /** Total estimate less off-exchange, never below zero: both parts are drawn side by side. */
  readonly lit: Float64Array;
  readonly width: number;
  /** Price of the bin with the most off-exchange shares; NaN = none. */
  readonly poc: number;
  readonly floorNotional: number;
}

export function profileOf(columns: Columns<ProfileMeta>): Profile {
  const price = columns.column("price");
  const off = columns.column("off_exchange");
  const total = columns.column("total_estimate");
  const row = Int32Array.from({ length: columns.rows }, (_, i) => i);
  row.sort((a, b) => price[a] - price[b]);
  let poc = NaN;
  let most = 0;
  for (const i of row) {
    if (off[i] > most) {
      most = off[i];
      poc = price[i];
    }
  }
  return {
    rows: columns.rows,
    price: Float64Array.from(row, (i) => price[i]),
    offExchange: Float64Array.from(row, (i) => off[i] || 0),
    lit: Float64Array.from(row, (i) => Math.max(0, (total[i] || 0) - (off[i] || 0))),
    width: columns.meta.width,
    poc,
    floorNotional: columns.meta.floor_notional,
  };
}

/** Rows thinner than this are merged, px. */
const MIN_ROW_PX = 3;

/** A profile merged for one scale. */
export interface ProfileRows {
  count: number;
  /** Width of a merged row, dollars. */
  step: number;
  price: Float64Array;
  offExchange: Float64Array;
  lit: Float64Array;
  /** Largest sum of both. */
  most: number;
}

/** Merges neighbouring bins so that each row is at least three pixels high. */
export function mergeRows(profile: Profile, pxPerDollar: number): ProfileRows {
  const merge = Math.max(1, Math.ceil(MIN_ROW_PX / Math.max(1e-9, profile.width * pxPerDollar)));
  const step = profile.width * merge;
  const rows: ProfileRows = {
    count: 0,
    step,
    price: new Float64Array(profile.rows),
    offExchange: new Float64Array(profile.rows),
    lit: new Float64Array(profile.rows),
    most: 0,
  };
  let key = NaN;
  for (let i = 0; i < profile.rows; i++) {
    // Half a bin up, so that bins on a boundary always fall on the same side of it.
    const bin = Math.floor((profile.price[i] + profile.width / 2) / step);
    if (bin !== key) {
      key = bin;
      rows.price[rows.count] = bin * step - profile.width / 2 + step / 2;
      rows.count++;
    }
    const at = rows.count - 1;
    rows.offExchange[at] += profile.offExchange[i];
    rows.lit[at] += profile.lit[i];
    rows.most = Math.max(rows.most, rows.offExchange[at] + rows.lit[at]);
  }
  return rows;
}
