/** The levels table's rows, read from columns, sorted by what the reader clicked. */
import type { Columns } from "../../api/columns";
import type { LevelsMeta } from "../../api/bindings";
import { MISSING, number, percent, change } from "../../lib/format";

export interface LevelRow {
  rank: number;
  price: number;
  low: number;
  high: number;
  notional: number;
  strength: number;
  vwap: number;
  buy: number;
  sell: number;
  unknown: number;
  prints: number;
  holdRate: number;
  holdLow: number;
  holdHigh: number;
  nullRate: number;
  touches: number;
  beats: number;
  first: number;
  last: number;
  valueArea: boolean;
  poc: boolean;
}

export type SortKey = "rank" | "price" | "notional" | "vwap" | "side" | "prints" | "held" | "last";

export interface Sort {
  key: SortKey;
  down: boolean;
}

export function levelRows(table: Columns<LevelsMeta>): LevelRow[] {
  const read = (name: string): Float64Array => table.column(name);
  const [rank, price, low, high] = ["rank", "price", "low", "high"].map(read);
  const [notional, strength, vwap, prints] = ["notional", "strength", "vwap", "prints"].map(read);
  const [buy, sell, unknown] = ["buy_notional", "sell_notional", "unknown_notional"].map(read);
  const [hold, holdLow, holdHigh] = ["hold_rate", "hold_low", "hold_high"].map(read);
  const [nullRate, touches, beats] = ["null_rate", "touches", "beats"].map(read);
  const [first, last, area] = ["first_ms", "last_ms", "value_area"].map(read);
  return Array.from({ length: table.rows }, (_, row) => ({
    rank: rank[row],
    price: price[row],
    low: low[row],
    high: high[row],
    notional: notional[row],
    strength: strength[row],
    vwap: vwap[row],
    buy: buy[row],
    sell: sell[row],
    unknown: unknown[row],
    prints: prints[row],
    holdRate: hold[row],
    holdLow: holdLow[row],
    holdHigh: holdHigh[row],
    nullRate: nullRate[row],
    touches: touches[row],
    beats: beats[row],
    first: first[row],
    last: last[row],
    valueArea: area[row] === 1,
    poc: price[row] === table.meta.poc,
  }));
}

/** Buys against sells, −1 to 1, of the notional that has a side; NaN where none has. */
export function imbalance({ buy, sell }: LevelRow): number {
  return buy + sell > 0 ? (buy - sell) / (buy + sell) : NaN;
}

/** Share of the level's notional that has a side. */
export function sided({ buy, sell, unknown }: LevelRow): number {
  const all = buy + sell + unknown;
  return all > 0 ? (buy + sell) / all : NaN;
}

const VALUES: Record<SortKey, (row: LevelRow) => number> = {
  rank: (row) => -row.rank,
  price: (row) => row.price,
  notional: (row) => row.notional,
  vwap: (row) => row.vwap,
  side: imbalance,
  prints: (row) => row.prints,
  held: (row) => row.holdRate,
  last: (row) => row.last,
};

/** Sorted; what is missing comes last either way. */
export function sortLevels(rows: LevelRow[], { key, down }: Sort): LevelRow[] {
  const value = VALUES[key];
  const sign = down ? -1 : 1;
  return rows.slice().sort((one, two) => {
    const [left, right] = [value(one), value(two)];
    if (Number.isNaN(left) || Number.isNaN(right)) {
      return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
    }
    return sign * (left - right) || one.rank - two.rank;
  });
}

/** `61 % vs 52 %`. */
export function heldWords(row: LevelRow): string {
  if (Number.isNaN(row.holdRate)) return MISSING;
  return `${percent(row.holdRate)} vs ${percent(row.nullRate)}`;
}

/** The whole of it, for a hover. */
export function heldTip(row: LevelRow): string {
  if (Number.isNaN(row.touches)) return "Hold rates are switched off.";
  const touches = `${number(row.touches)} touches`;
  if (Number.isNaN(row.holdRate)) return `${touches}: too few to measure a hold rate.`;
  const range = Number.isNaN(row.holdLow)
    ? ""
    : ` (interval ${percent(row.holdLow)} to ${percent(row.holdHigh)})`;
  const verdict =
    row.beats === 1
      ? "This level beats its nulls."
      : row.beats === 0
        ? "It does not beat its nulls: nothing shows that it is more than a price."
        : "Too few touches to say whether it beats its nulls.";
  return `Price turned at ${percent(row.holdRate)} of ${touches}${range}. Its nulls (random levels, round numbers, the volume profile) held ${percent(row.nullRate)}. ${verdict}`;
}

/** The facts above the table, with what they mean. */
export function levelFacts(meta: LevelsMeta): { name: string; value: string; about: string }[] {
  const price = (value: number | null): string => number(value, 2);
  return [
    {
      name: "bin",
      value: `$${number(meta.width, 2)}`,
      about: `Width of a level: a fiftieth of the 14-day average true range ($${price(meta.atr14)}), rounded to a tidy step.`,
    },
    {
      name: "POC",
      value: price(meta.poc),
      about: "Point of control: the price at which most off-exchange money traded.",
    },
    {
      name: "value area",
      value: `${price(meta.value_area_low)} \u2013 ${price(meta.value_area_high)}`,
      about: "The narrowest band around the point of control that holds 70 % of the notional.",
    },
    {
      name: "with a side",
      value: percent(meta.side_coverage),
      about: "Share of the notional whose price lay clearly nearer the bid or the ask.",
    },
    {
      name: "excluded",
      value: percent(meta.excluded_share, 1),
      about:
        "Share of the notional kept out of levels: late, average-price, contingent, cancelled.",
    },
  ];
}

/** Buy or sell in words, for those who do not see the colour. */
export function imbalanceWords(row: LevelRow): string {
  const share = imbalance(row);
  if (Number.isNaN(share)) return MISSING;
  return change(share);
}
