/** A straddle at expiry as paths: the payoff, and how likely each price is. */
import { linePath, roundTicks } from "../flow/lines";

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

export interface PayoffBox {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface PayoffShape {
  x: (price: number) => number;
  y: (dollars: number) => number;
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
  xTicks: number[];
  yTicks: number[];
  /** First and last price that is drawn. */
  from: number;
  to: number;
}

const X_TICK_PX = 58;
const Y_TICK_PX = 40;
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

export function payoffShape(input: PayoffInput, box: PayoffBox): PayoffShape {
  const { strike, cost, distribution } = input;
  const [from, to] = reach(input);
  const [low, high] = [strike - cost, strike + cost];
  const [innerWidth, innerHeight] = [
    box.width - box.left - box.right,
    box.height - box.top - box.bottom,
  ];
  const x = (price: number): number => box.left + ((price - from) / (to - from || 1)) * innerWidth;
  const top = Math.max(payoffAt(input, from), payoffAt(input, to), cost * 0.5) * 1.05;
  const bottom = -cost * 1.12;
  const y = (dollars: number): number => box.top + ((top - dollars) / (top - bottom)) * innerHeight;
  const at = (price: number, dollars: number): string =>
    `${x(price).toFixed(1)} ${y(dollars).toFixed(1)}`;
  const drawn = distribution.filter(({ price }) => price >= from && price <= to);
  const most = Math.max(Number.MIN_VALUE, ...drawn.map(largest));
  const base = box.top + innerHeight;
  const tall = (density: number): number => base - (density / most) * innerHeight * DENSITY_SHARE;
  const prices = drawn.map(({ price }) => price);
  const density = (pick: (at: Likelihood) => number | null): string =>
    linePath(
      prices,
      drawn.map((one) => pick(one) ?? NaN),
      x,
      tall,
    );
  return {
    x,
    y,
    line: `M${at(from, payoffAt(input, from))}L${at(strike, -cost)}L${at(to, payoffAt(input, to))}`,
    gain:
      `M${at(from, payoffAt(input, from))}L${at(low, 0)}L${at(from, 0)}Z` +
      `M${at(high, 0)}L${at(to, payoffAt(input, to))}L${at(to, 0)}Z`,
    loss: `M${at(low, 0)}L${at(strike, -cost)}L${at(high, 0)}Z`,
    implied: density((one) => one.implied),
    impliedTails: tails(drawn, low, high, x, tall, base),
    historical: density((one) => one.historical),
    low,
    high,
    xTicks: roundTicks([from, to], Math.max(2, Math.floor(innerWidth / X_TICK_PX))),
    yTicks: roundTicks([bottom, top], Math.max(2, Math.floor(innerHeight / Y_TICK_PX))),
    from,
    to,
  };
}

type Scale = (value: number) => number;

/** The areas under implied volatility's density below and above the breakevens. */
function tails(
  drawn: Likelihood[],
  low: number,
  high: number,
  x: Scale,
  tall: Scale,
  base: number,
): string {
  const area = (part: Likelihood[]): string => {
    const known = part.filter(({ implied }) => implied !== null);
    if (known.length < 2) return "";
    const points = known.map(
      ({ price, implied }) => `${x(price).toFixed(1)} ${tall(implied ?? 0).toFixed(1)}`,
    );
    const [first, last] = [known[0].price, known[known.length - 1].price];
    return `M${x(first).toFixed(1)} ${base}L${points.join("L")}L${x(last).toFixed(1)} ${base}Z`;
  };
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
