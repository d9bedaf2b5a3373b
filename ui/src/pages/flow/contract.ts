/** What is said of one contract. */
import type { ListedView, SmileView } from "../../api/bindings";
import type { Line as ChartLine } from "../../charts/flow/lines";
import { change, count, number, percent, price } from "../../lib/format";
import type { Line } from "./lines";

export interface Fact {
  name: string;
  value: string;
  about: string;
  /** Computed by Undertow and not told by the vendor. */
  ours?: boolean;
}

/** What the vendor's list said of a contract. */
export function factsOf(listed: ListedView): Fact[] {
  const ours = listed.implied_from === "mid";
  const before = listed.previous_open_interest;
  const grown = before ? listed.open_interest / before - 1 : null;
  return [
    { name: "Bid", value: price(listed.bid), about: "Best bid when the list was asked for." },
    { name: "Ask", value: price(listed.ask), about: "Best offer when the list was asked for." },
    {
      name: "Last",
      value: price(listed.last_price),
      about: "Its last trade on the list's day; none when it has not traded.",
    },
    {
      name: "Volume",
      value: number(listed.volume),
      about: "Contracts traded on the list's day.",
    },
    {
      name: "IV",
      value: percent(listed.implied_volatility, 1),
      about: ours
        ? "Implied volatility. The vendor's list has none for this contract: Undertow computed it from the middle of bid and ask, at the forward price that calls and puts of this expiry agree on."
        : "Implied volatility, as the vendor's list tells it.",
      ours,
    },
    {
      name: "Delta",
      value: number(listed.delta, 3),
      about: "Dollars that the option gains when the share gains one.",
    },
    {
      name: "Gamma",
      value: number(listed.gamma, 4),
      about: "Change of delta when the share gains a dollar.",
    },
    {
      name: "Open interest",
      value: number(listed.open_interest),
      about: `Contracts open at the start of the list's day; ${number(before)} a day before${
        grown === null ? "" : `, ${change(grown)}`
      }.`,
    },
  ];
}

export interface Smile {
  /** Strikes, rising. */
  at: number[];
  lines: ChartLine[];
}

/** The volatilities of an expiry as lines: one of the vendor's and one of ours, where it has any. */
export function smileOf(points: readonly SmileView[]): Smile {
  const of = (from: string): number[] =>
    points.map((point) => (point.from === from ? point.implied : NaN));
  const lines: ChartLine[] = [
    { label: "vendor", colour: "--accent", values: of("vendor"), dots: true },
    { label: "ours, from mid", colour: "--amber", values: of("mid"), dots: true },
  ];
  const has = ({ values }: ChartLine): boolean => Array.from(values).some(Number.isFinite);
  return { at: points.map(({ strike }) => strike), lines: lines.filter(has) };
}

/** How many trades there are, and how many of them are too small for the tape. */
export function tradesNote(lines: readonly Line[], floor: number): string {
  const small = lines.filter((line) => line.premium < floor).length;
  const all = count(lines.length, "trade");
  return small > 0 ? `${all}, ${number(small)} below the tape's floor` : all;
}
