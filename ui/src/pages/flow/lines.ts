/** The lines of the tape, read out of columnar answers. */
import type { CodeLabel, ContractView, FlowGroupsMeta, FlowTradesMeta } from "../../api/bindings";
import type { Columns } from "../../api/columns";
import { sideOf, type SideWords } from "../../lib/sides";

/** How the trades of a group belong together, by the engine's code. */
export const SHAPES = ["single", "sweep", "repeat"] as const;

/** One line of the tape. What a kind of line does not have is NaN. */
export interface Line {
  kind: "group" | "trade" | "alert" | "child" | "note";
  /** Tells it from every other line, also after it was read again. */
  key: string;
  /** When it happened; of a group its newest trade, epoch ms. */
  at: number;
  /** Oldest trade of a group, epoch ms. */
  first: number;
  contract: ContractView;
  side: SideWords;
  size: number;
  premium: number;
  /** Of a group the average, dollars a share. */
  price: number;
  bid: number;
  ask: number;
  underlying: number;
  volatility: number;
  delta: number;
  openInterest: number;
  dayVolume: number;
  flags: number;
  /** 2 provable, 1 probable, 0 unknown. */
  opening: number;
  trades: number;
  /** Of a group: index into `SHAPES`, and how many of its trades are sweeps. */
  shape: number;
  sweeps: number;
  /** The vendor's rule of an alert; the words of a note. */
  rule: string;
}

const NOWHERE: ContractView = { name: "", expiry: "", kind: "", strike: NaN, days: NaN };
const BARE: Omit<Line, "kind" | "key"> = {
  at: NaN,
  first: NaN,
  contract: NOWHERE,
  side: sideOf(0, []),
  size: NaN,
  premium: NaN,
  price: NaN,
  bid: NaN,
  ask: NaN,
  underlying: NaN,
  volatility: NaN,
  delta: NaN,
  openInterest: NaN,
  dayVolume: NaN,
  flags: 0,
  opening: 0,
  trades: 1,
  shape: 0,
  sweeps: 0,
  rule: "",
};

/** Trades, alerts or the children of a group. */
export function tradeLines(
  table: Columns<FlowTradesMeta>,
  kind: "trade" | "alert" | "child",
): Line[] {
  const { ids, rules, contracts, sides } = table.meta;
  const words = spoken(sides);
  const read = reader(table);
  return Array.from({ length: table.rows }, (_, i) => ({
    ...BARE,
    kind,
    key: `${kind} ${ids[i]}`,
    at: read("at_ms", i),
    first: read("at_ms", i),
    contract: contracts[read("contract", i)] ?? NOWHERE,
    side: kind === "alert" ? plainly(words(read("side", i))) : words(read("side", i)),
    size: read("size", i),
    premium: read("premium", i),
    price: read("price", i),
    bid: read("bid", i),
    ask: read("ask", i),
    underlying: read("underlying", i),
    volatility: read("implied_volatility", i),
    delta: read("delta", i),
    openInterest: read("open_interest", i),
    dayVolume: read("day_volume", i),
    flags: read("flags", i),
    opening: read("opening", i),
    trades: read("trades", i),
    rule: rules[i] ?? "",
  }));
}

export function groupLines(table: Columns<FlowGroupsMeta>): Line[] {
  const { contracts, sides } = table.meta;
  const words = spoken(sides);
  const read = reader(table);
  return Array.from({ length: table.rows }, (_, i) => {
    const contract = contracts[read("contract", i)] ?? NOWHERE;
    const side = plainly(words(read("side", i)));
    return {
      ...BARE,
      kind: "group" as const,
      key: `${contract.name} ${side.side} ${read("first_ms", i)}`,
      at: read("last_ms", i),
      first: read("first_ms", i),
      contract,
      side,
      size: read("size", i),
      premium: read("premium", i),
      price: read("average_price", i),
      flags: read("flags", i),
      opening: read("opening", i),
      trades: read("trades", i),
      shape: read("kind", i),
      sweeps: read("sweeps", i),
    };
  });
}

/** A line that says something of the lines above it. */
export function noteLine(key: string, words: string): Line {
  return { ...BARE, kind: "note", key, rule: words };
}

const PLAIN = { buy: "Bought", sell: "Sold", unknown: "No side" };

/** A side without its place in the quote: several trades have no one place. */
function plainly({ side, why }: SideWords): SideWords {
  return { label: PLAIN[side], side, why };
}

function reader<Meta>(table: Columns<Meta>): (name: string, row: number) => number {
  const known = new Map(table.names.map((name) => [name, table.column(name)]));
  return (name, row) => known.get(name)?.[row] ?? NaN;
}

/** Words of each code once: a page has thousands of rows and a dozen codes. */
function spoken(sides: CodeLabel[]): (code: number) => SideWords {
  const known = new Map<number, SideWords>();
  return (code) => {
    const words = known.get(code) ?? sideOf(code, sides);
    known.set(code, words);
    return words;
  };
}
