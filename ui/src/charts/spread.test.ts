import { expect, it } from "vitest";

import { Spread, SPACING_PX } from "./spread";

it("few bars are spread, many are not", () => {
  expect(new Spread().widen(SPACING_PX, 1_000, 20)).toBe(16);
  expect(new Spread().widen(SPACING_PX, 1_000, 100)).toBe(10);
  expect(new Spread().widen(SPACING_PX, 1_000, 400)).toBe(SPACING_PX);
});

it("after the first page of history the usual width comes back", () => {
  const spread = new Spread();
  const wide = spread.widen(SPACING_PX, 1_000, 12);
  expect(spread.untouched(wide)).toBe(true);
  expect(spread.narrow(wide)).toBe(SPACING_PX);
  expect(spread.widen(SPACING_PX, 1_000, 780)).toBe(SPACING_PX);
  expect(spread.untouched(SPACING_PX)).toBe(false);
});

it("a user's zoom is never taken back", () => {
  const spread = new Spread();
  const wide = spread.widen(SPACING_PX, 1_000, 12);
  expect(spread.untouched(wide * 0.8)).toBe(false);
  expect(spread.narrow(wide * 0.8)).toBeNull();
});
