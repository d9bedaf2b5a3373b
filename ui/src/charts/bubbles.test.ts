import { describe, expect, it } from "vitest";

import {
  type Bubbles,
  bubblesOf,
  hitBubble,
  MAX_DRAWN,
  newPicked,
  pickBubbles,
  placeBubbles,
  Style,
} from "./bubbles";
import { minuteBars, printColumns, sessionsUpTo } from "./testing";
import type { View } from "./view";

const bars = minuteBars(sessionsUpTo("2026-03-06", 5), false);
const columns = printColumns(5_000, bars);
const bubbles = bubblesOf(columns);
placeBubbles(bubbles, bars, "1m");

/** A view that shows bars `from` to `to` and 540 to 560 dollars on 1,000 by 500 px. */
function view(from: number, to: number): View {
  const dx = 1_000 / (to - from);
  return { x0: -from * dx, dx, y0: 500 * (560 / 20), dy: -500 / 20, width: 1_000, height: 500 };
}

function pick(of: Bubbles, at: View) {
  const picked = newPicked();
  pickBubbles(of, at, picked);
  return picked;
}

describe("bubbles", () => {
  it("come the largest first", () => {
    expect(bubbles.rows).toBe(5_000);
    for (let i = 1; i < bubbles.rows; i++) {
      expect(bubbles.notional[i]).toBeLessThanOrEqual(bubbles.notional[i - 1]);
    }
    expect(columns.column("notional")[bubbles.row[0]]).toBe(bubbles.notional[0]);
  });

  it("are styled by side, unless cancelled or kept out of levels", () => {
    for (let i = 0; i < bubbles.rows; i++) {
      const row = bubbles.row[i];
      const reasons = columns.column("reasons")[row];
      const side = columns.column("side")[row];
      const style =
        reasons === 256
          ? Style.cancelled
          : reasons === 1
            ? Style.excluded
            : side <= 2
              ? Style.buy
              : side === 4
                ? Style.unknown
                : Style.sell;
      expect(bubbles.style[i]).toBe(style);
    }
  });
});

describe("culling and thinning", () => {
  it("picks only what is in view", () => {
    const at = view(200, 300);
    const picked = pick(bubbles, at);
    expect(picked.count).toBeGreaterThan(20);
    for (let k = 0; k < picked.count; k++) {
      const index = picked.index[k];
      expect(bubbles.logical[index]).toBeGreaterThanOrEqual(200 - 22 / at.dx);
      expect(bubbles.logical[index]).toBeLessThanOrEqual(300 + 22 / at.dx);
      expect(picked.x[k]).toBeCloseTo(at.x0 + at.dx * bubbles.logical[index], 1);
      expect(picked.y[k]).toBeCloseTo(at.y0 + at.dy * bubbles.price[index], 1);
    }
  });

  it("draws all when there is room and few of those in view when zoomed out", () => {
    const close = pick(bubbles, view(200, 210));
    expect(close.count).toBeGreaterThanOrEqual(close.inView * 0.8);
    const far = pick(bubbles, view(-10, bars.rows + 10));
    expect(far.inView).toBe(5_000);
    expect(far.count).toBeLessThan(2_500);
    expect(far.count).toBeLessThanOrEqual(MAX_DRAWN);
  });

  it("always keeps the largest", () => {
    const picked = pick(bubbles, view(-10, bars.rows + 10));
    expect(picked.index[0]).toBe(0);
  });

  it("never draws a bubble's middle inside the heart of a larger one", () => {
    const at = view(0, bars.rows);
    const picked = pick(bubbles, at);
    for (let k = 0; k < picked.count; k++) {
      for (let larger = 0; larger < k; larger++) {
        const radius = bubbles.radius[picked.index[larger]];
        const away = Math.max(
          Math.abs(picked.x[k] - picked.x[larger]),
          Math.abs(picked.y[k] - picked.y[larger]),
        );
        // Squares are 7 px wide: up to one is lost to their borders.
        expect(away).toBeGreaterThan(radius * 0.6 - 14);
      }
    }
  });

  it("picks the same bubbles while the view is panned", () => {
    const inside = (from: number) => {
      const picked = pick(bubbles, view(from, from + 800));
      return [...picked.index.subarray(0, picked.count)].filter(
        (i) => bubbles.logical[i] > 640 && bubbles.logical[i] < 1_360,
      );
    };
    const still = inside(600);
    expect(still.length).toBeGreaterThan(50);
    expect(inside(603)).toEqual(still);
    expect(inside(611.7)).toEqual(still);
  });

  it("leaves out prints that lie on no bar", () => {
    const lost = { ...bubbles, logical: bubbles.logical.map(() => NaN) };
    expect(pick(lost, view(0, 500)).inView).toBe(0);
  });
});

describe("hit test", () => {
  const three: Bubbles = {
    ...bubbles,
    rows: 3,
    price: Float64Array.of(550, 550, 555),
    logical: Float64Array.of(100, 103.2, 150),
    radius: Float32Array.of(20, 5, 2),
  };
  const at = view(0, 200);
  const picked = pick(three, at);

  it("finds a bubble under the pointer", () => {
    expect(hitBubble(three, picked, 495, 250)).toBe(0);
    expect(hitBubble(three, picked, 485, 250)).toBe(0);
  });

  it("finds the smaller one where it lies on a larger one", () => {
    expect(hitBubble(three, picked, 514, 250)).toBe(1);
  });

  it("is generous around a small one and finds nothing in the open", () => {
    expect(hitBubble(three, picked, 754, 125)).toBe(2);
    expect(hitBubble(three, picked, 760, 125)).toBe(-1);
    expect(hitBubble(three, picked, 300, 400)).toBe(-1);
  });
});
