/** What the desk says about the things it draws: values, what they are, how they are computed. */
import type { LevelsMeta, PrintsMeta, ReasonView } from "../../api/bindings";
import type { Columns } from "../../api/columns";
import { type Level, Tone } from "../../charts/levels";
import type { PaneName } from "../../charts/running";
import { compact, count, dollars, notional, percent, price, size } from "../../lib/format";
import { etDate, etTime, etTimeMs } from "../../lib/time";

/** A line of a card: a name and a value. */
export type Fact = readonly [name: string, value: string];

/** A card at the pointer. */
export interface Card {
  title: string;
  facts: Fact[];
  /** What this is and how it is computed. */
  about: string;
}

/** `off-exchange 552.35, $1.24B, rank 1`: the level under the pointer in one line. */
export function levelLine(level: Level): string {
  return `Level ${price(level.price)}, ${notional(level.notional)} in ${count(level.prints, "print")}, rank ${level.rank}`;
}

/** How a level held, in words; empty where nothing was measured. */
export function heldWords(level: Level): string {
  if (Number.isNaN(level.holdRate)) return "";
  const touches = count(level.touches, "touch", "touches");
  const held = `held ${percent(level.holdRate)} of ${touches}`;
  if (level.tone === Tone.unmeasured) return `${held}: too few to tell from chance`;
  const verdict = level.tone === Tone.beats ? "better than chance" : "no better than chance";
  return `${held}, chance ${percent(level.nullRate)}: ${verdict}`;
}

export function levelCard(level: Level, meta: LevelsMeta): Card {
  const sided = level.buy + level.sell;
  const facts: Fact[] = [
    ["Bin", `${price(level.low)} to ${price(level.high)}`],
    ["Notional", dollars(level.notional)],
    ["Shares", size(level.shares)],
    ["VWAP", price(level.vwap)],
    [
      "Buy / sell",
      sided > 0 ? `${percent(level.buy / sided)} / ${percent(level.sell / sided)}` : "—",
    ],
    ["With a side", percent(level.notional > 0 ? sided / level.notional : NaN)],
    ["Strength", `${level.strength.toFixed(2)}, rank ${level.rank}`],
    ["First, last", `${etDate(level.firstMs)}, ${etDate(level.lastMs)}`],
  ];
  if (!Number.isNaN(level.holdRate)) {
    facts.push(["Held", `${percent(level.holdRate)} of ${level.touches}`]);
    if (!Number.isNaN(level.holdLow)) {
      facts.push(["95 % interval", `${percent(level.holdLow)} to ${percent(level.holdHigh)}`]);
    }
    facts.push(["By chance", percent(level.nullRate)]);
  }
  return { title: `Level ${price(level.price)}`, facts, about: aboutLevel(level, meta) };
}

function aboutLevel(level: Level, meta: LevelsMeta): string {
  const made = `Level-eligible off-exchange prints of ${count(meta.sessions, "session")} in bins of $${meta.width}. Strength: notional over the median day, halved every ${meta.half_life_sessions} sessions.`;
  if (level.tone === Tone.fails) return `${made} Grey: it did not hold better than chance.`;
  if (level.tone === Tone.unmeasured) return `${made} Pale: too few touches to measure.`;
  return made;
}

/** Everything the tape says about a print. `row` is its row in the columns. */
export function printCard(
  columns: Columns<PrintsMeta>,
  row: number,
  reasons: readonly ReasonView[],
): Card {
  const at = (name: string): number => columns.column(name)[row];
  const bits = at("reasons");
  const carried = reasons.filter(({ bit }) => (bits & bit) !== 0);
  const side = columns.meta.sides.find(({ code }) => code === at("side"));
  const executed = at("executed_ms");
  const facts: Fact[] = [
    ["Price", price(at("price"))],
    ["Size", size(at("size"))],
    ["Notional", dollars(at("notional"))],
    ["Side", sideWords(side)],
    ["Bid, ask", `${price(at("bid"))}, ${price(at("ask"))}`],
    ["Reported", `${etTimeMs(at("reported_ms"))} ET`],
  ];
  if (!Number.isNaN(executed)) facts.push(["Executed", `${etTimeMs(executed)} ET`]);
  for (const { code, meaning } of carried) facts.push([code, meaning]);
  const day = etDate(at("reported_ms"));
  return {
    title: `${notional(at("notional"))} print${at("block") === 1 ? ", block" : ""}, ${day}`,
    facts,
    about: eligibility(at("eligible") === 1, carried),
  };
}

function sideWords(side: { label: string; side: string } | undefined): string {
  if (!side) return "—";
  return side.side === "unknown" ? `${side.label}` : `${side.label} (${side.side})`;
}

function eligibility(eligible: boolean, carried: readonly ReasonView[]): string {
  if (eligible) return "Counts towards levels. Side: price against the quote when it was executed.";
  const why = carried.filter(({ excludes }) => excludes).map(({ code }) => code);
  return why.length > 0
    ? `Kept out of levels: ${why.join(", ")}.`
    : "Kept out of levels: outside the chosen session.";
}

/** `10:31:00 to 10:54:00 ET: prints missing`. */
export function gapCard(gap: {
  series: string;
  from_ms: number;
  to_ms: number;
  reason: string;
}): Card {
  return {
    title: `${gap.series === "bars" ? "Bars" : "Prints"} missing`,
    facts: [
      ["From", `${etDate(gap.from_ms)} ${etTime(gap.from_ms)} ET`],
      ["To", `${etDate(gap.to_ms)} ${etTime(gap.to_ms)} ET`],
    ],
    about: `${gap.reason} The Data page can fill it.`,
  };
}

export function profileCard(row: { price: number; off: number; lit: number }, floor: number): Card {
  const total = row.off + row.lit;
  return {
    title: `Volume at ${price(row.price)}`,
    facts: [
      ["Off-exchange", `${compact(row.off)} sh`],
      ["Rest, estimated", `${compact(row.lit)} sh`],
      ["Off-exchange share", percent(total > 0 ? row.off / total : NaN)],
    ],
    about: `Of the visible stretch. The rest: each bar's volume spread evenly over its range, less off-exchange. Prints under ${notional(floor)} are not delivered and count as rest.`,
  };
}

/** What the panes below the price say of themselves. */
export const PANE_WORDS: Record<
  PaneName,
  {
    title: string;
    about: string;
    /** In a sentence. */
    reading: string;
    key: string;
    extra: string;
    extraAbout: string;
  }
> = {
  premium: {
    title: "Net premium",
    about:
      "Premium bought less premium sold since the open, for calls and for puts. It is the vendor's own count of all trades of every size, minute by minute, and not the sum of the trades stored here. It begins anew with each session.",
    reading: "the net premium",
    key: "n",
    extra: "delta",
    extraAbout: "Net delta since the open, shares: what was bought less what was sold",
  },
  tide: {
    title: "Market tide",
    about:
      "Premium bought less premium sold since the open, over all options of the market or of a fund's holdings, as the vendor counts and adds it up. It begins anew with each session.",
    reading: "the tide",
    key: "t",
    extra: "volume",
    extraAbout: "Net volume since the open, contracts: calls less puts, by side",
  },
};

/** What a pane says when the stretch holds nothing. `yet` = the stretch reaches the present. */
export function paneEmpty(
  name: PaneName,
  symbol: string,
  yet: boolean,
): { what: string; why: string } {
  const of = name === "premium" ? `options flow of ${symbol}` : "tide";
  if (!yet)
    return { what: `No ${of} in this stretch.`, why: "It is collected while Undertow runs." };
  return {
    what:
      name === "premium"
        ? `No options flow is stored for ${symbol} yet.`
        : "No tide is stored yet.",
    why: "It is collected from the next session on.",
  };
}
