import { describe, expect, it } from "vitest";

import { BUBBLE_PX, bubbleRadius, levelAlpha, levelThickness, strengthShare } from "./scale";

describe("the ink of a level", () => {
  it("goes from faint and thin to strong and thick", () => {
    expect([levelThickness(0), levelThickness(0.5), levelThickness(1)]).toEqual([1, 3.5, 6]);
    expect(levelAlpha(0)).toBeCloseTo(0.03);
    expect(levelAlpha(0.5)).toBeCloseTo(0.415);
    expect(levelAlpha(1)).toBeCloseTo(0.8);
  });

  it.each([
    [2, 4, 0.5],
    [9, 4, 1],
    [NaN, 4, 0],
    [1, NaN, 0],
    [1, 0, 0],
    [-1, 4, 0],
  ])("shares strength %d of %d as %d", (strength, strongest, share) => {
    expect(strengthShare(strength, strongest)).toBe(share);
  });
});

describe("the size of a bubble", () => {
  it("has its area, not its radius, go with notional", () => {
    expect(bubbleRadius(100, 100)).toBe(BUBBLE_PX[1]);
    expect(bubbleRadius(25, 100)).toBe(BUBBLE_PX[1] / 2);
  });

  it("is never too small to see nor larger than the largest", () => {
    expect(bubbleRadius(0.001, 100)).toBe(BUBBLE_PX[0]);
    expect(bubbleRadius(NaN, 100)).toBe(BUBBLE_PX[0]);
    expect(bubbleRadius(500, 100)).toBe(BUBBLE_PX[1]);
    expect(bubbleRadius(5, 0)).toBe(BUBBLE_PX[0]);
  });
});
