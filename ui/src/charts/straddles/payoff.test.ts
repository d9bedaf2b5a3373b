import { expect, test } from "vitest";

import type { Plot } from "../axes/plot";
import { between, payoffAt, payoffShape, reach } from "./payoff";

const BOX: Plot = { width: 600, height: 300, left: 50, right: 10, top: 30, bottom: 20 };
const bellAt = (price: number, width: number): number =>
  Math.exp(-(((price - 100) / width) ** 2) / 2) / width;
const distribution = Array.from({ length: 121 }, (_, index) => {
  const price = 40 + index;
  return { price, implied: bellAt(price, 8), historical: bellAt(price, 14) };
});
const input = { strike: 100, cost: 10, spot: 99, distribution };

test("the payoff is the distance from the strike less the cost", () => {
  for (const [price, result] of [
    [100, -10],
    [90, 0],
    [110, 0],
    [70, 20],
    [125, 15],
  ]) {
    expect(payoffAt(input, price)).toBe(result);
  }
});

test("both breakevens lie on the line of zero, the strike at the whole loss", () => {
  const shape = payoffShape(input, BOX);
  expect([shape.low, shape.high]).toEqual([90, 110]);
  const points = shape.line
    .slice(1)
    .split("L")
    .map((point) => point.split(",").map(Number));
  const [x, y] = points[1];
  expect(x).toBeCloseTo(shape.x(100), 1);
  expect(y).toBeCloseTo(shape.y(-10), 1);
  expect(shape.y(0)).toBeLessThan(shape.y(-10));
  expect(shape.x(90)).toBeGreaterThan(BOX.left);
  expect(shape.x(110)).toBeLessThan(BOX.width - BOX.right);
});

test("only prices that are likely are drawn, and always both breakevens", () => {
  const [from, to] = reach(input);
  expect(from).toBeGreaterThan(50);
  expect(to).toBeLessThan(150);
  const dear = { ...input, cost: 70 };
  expect(reach(dear)[0]).toBeLessThanOrEqual(30);
  expect(reach(dear)[1]).toBeGreaterThanOrEqual(170);
  expect(reach({ ...input, cost: 200 })[0]).toBe(0);
});

test("the tails begin at the breakevens", () => {
  const { impliedTails, x } = payoffShape(input, BOX);
  const [below, above] = impliedTails.slice(1).split("M");
  const xs = (path: string): number[] =>
    path
      .replace("Z", "")
      .split("L")
      .map((point) => Number(point.split(",")[0]));
  expect(Math.max(...xs(below))).toBeCloseTo(x(90), 0);
  expect(Math.min(...xs(above))).toBeCloseTo(x(110), 0);
});

test("without historical volatility there is no line of it", () => {
  const without = distribution.map((at) => ({ ...at, historical: null }));
  const shape = payoffShape({ ...input, distribution: without }, BOX);
  expect(shape.historical).toBe("");
  expect(shape.implied).toMatch(/^M/);
});

test("a likelihood between two prices lies between theirs, and outside there is none", () => {
  const middle = between(distribution, 95.5);
  expect(middle?.implied).toBeGreaterThan(bellAt(95, 8));
  expect(middle?.implied).toBeLessThan(bellAt(96, 8));
  expect(between(distribution, 20)).toBeNull();
  expect(between(distribution, 500)).toBeNull();
});
