/** A straddle at expiry as paths: the payoff, and how likely each price is. */
import {
  across,
  bandPath,
  innerHeight,
  linePath,
  type Plot,
  type Scale,
  upward,
} from "../axes/plot";

/** A density at one price. */
export interface Likelihood {
  price: number;
  implied: number | null;
  historical: number | null;
}

export interface PayoffInput {
  strike: number;
  cost: number;
  spot: number;
  distribution: Likelihood[];
}

export interface PayoffShape {
  x: Scale;
  y: Scale;
  /** The payoff as one line, and the areas between it and zero. */
  line: string;
  gain: string;
  loss: string;
  /** Densities; the tails beyond the breakevens are areas of their own. */
  implied: string;
  impliedTails: string;
  historical: string;
  low: number;
  high: number;
  /** First and last price that is drawn. */
  from: number;
  to: number;
}

/** Share of the height that the taller density takes. */
const DENSITY_SHARE = 0.62;
/** Prices whose density is below this share of the highest are not drawn. */
const NEGLIGIBLE = 0.03;

/** Profit or loss at expiry, dollars a share. */
export function payoffAt({ strike, cost }: PayoffInput, price: number): number {
  return Math.abs(price - strike) - cost;
}

/** Prices worth drawing: where anything is likely, and both breakevens with air. */
export function reach(input: PayoffInput): [number, number] {
  const { strike, cost, distribution } = input;
  const most = Math.max(0, ...distribution.map(largest));
  const likely = distribution.filter((at) => largest(at) >= most * NEGLIGIBLE);
  const from = Math.min(strike - cost * 1.35, likely[0]?.price ?? Infinity);
  const to = Math.max(strike + cost * 1.35, likely[likely.length - 1]?.price ?? -Infinity);
  return [Math.max(0, from), to];
}

const largest = ({ implied, historical }: Likelihood): number =>
  Math.max(implied ?? 0, historical ?? 0);

export function payoffShape(input: PayoffInput, box: Plot): PayoffShape {
  const { strike, cost, distribution } = input;
  const [from, to] = reach(input);
  const [low, high] = [strike - cost, strike + cost];
  const top = Math.max(payoffAt(input, from), payoffAt(input, to), cost * 0.5) * 1.05;
  const x = across(box, [from, to]);
  const y = upward(box, [-cost * 1.12, top]);
  const drawn = distribution.filter(({ price }) => price >= from && price <= to);
  const most = Math.max(Number.MIN_VALUE, ...drawn.map(largest));
  const tall = upward({ ...box, top: box.top + innerHeight(box) * (1 - DENSITY_SHARE) }, [0, most]);
  /** The payoff between prices, as it lies above or below zero. */
  const payoff = (...prices: number[]): string =>
    linePath(
      prices,
      prices.map((price) => payoffAt(input, price)),
      x,
      y,
    );
  const against = (...prices: number[]): string =>
    bandPath(
      prices,
      prices.map(() => 0),
      prices.map((price) => payoffAt(input, price)),
      x,
      y,
    );
  const density = (pick: (at: Likelihood) => number | null): string =>
    linePath(
      drawn.map(({ price }) => price),
      drawn.map((one) => pick(one) ?? NaN),
      x,
      tall,
    );
  return {
    x,
    y,
    line: payoff(from, strike, to),
    gain: against(from, low) + against(high, to),
    loss: against(low, strike, high),
    implied: density((one) => one.implied),
    impliedTails: tails(drawn, low, high, x, tall),
    historical: density((one) => one.historical),
    low,
    high,
    from,
    to,
  };
}

/** The areas under implied volatility's density below and above the breakevens. */
function tails(drawn: Likelihood[], low: number, high: number, x: Scale, tall: Scale): string {
  const area = (part: Likelihood[]): string =>
    bandPath(
      part.map(({ price }) => price),
      part.map(() => 0),
      part.map(({ implied }) => implied ?? NaN),
      x,
      tall,
    );
  const [lowAt, highAt] = [between(drawn, low), between(drawn, high)];
  const below = drawn.filter(({ price }) => price < low);
  const above = drawn.filter(({ price }) => price > high);
  return area(lowAt ? [...below, lowAt] : below) + area(highAt ? [highAt, ...above] : above);
}

/** The densities at a price between two that are known; null outside. */
export function between(distribution: Likelihood[], price: number): Likelihood | null {
  const after = distribution.findIndex((one) => one.price >= price);
  if (after <= 0) return after === 0 && distribution[0].price === price ? distribution[0] : null;
  const [one, other] = [distribution[after - 1], distribution[after]];
  const share = (price - one.price) / (other.price - one.price);
  const mix = (a: number | null, b: number | null): number | null =>
    a === null || b === null ? null : a + (b - a) * share;
  return {
    price,
    implied: mix(one.implied, other.implied),
    historical: mix(one.historical, other.historical),
  };
}
