import { describe, expect, it } from "vitest";

import { layoutLabels, newLayout, type LabelRoom } from "./labels";
import { seeded } from "./testing";

const ROOM: LabelRoom = { top: 0, bottom: 600, height: 17, shift: 24, max: 16 };

function check(wanted: number[], room: LabelRoom = ROOM): number[] {
  const layout = newLayout(wanted.length);
  layoutLabels(wanted, wanted.length, room, layout);
  const placed = [...layout.y].filter((y) => !Number.isNaN(y)).sort((a, b) => a - b);
  expect(placed).toHaveLength(layout.count);
  placed.forEach((y, i) => {
    expect(y - room.height / 2).toBeGreaterThanOrEqual(room.top);
    expect(y + room.height / 2).toBeLessThanOrEqual(room.bottom);
    if (i > 0) expect(y - placed[i - 1]).toBeGreaterThanOrEqual(room.height - 1e-6);
  });
  return [...layout.y];
}

describe("label layout", () => {
  it("puts a label at its level where there is room", () => {
    expect(check([100, 300, 500])).toEqual([100, 300, 500]);
  });

  it("moves the less important of two to the nearer free side", () => {
    expect(check([300, 304])).toEqual([300, 317]);
    expect(check([300, 296])).toEqual([300, 283]);
  });

  it("leaves out a label that would end up too far from its level", () => {
    const crowd = check([300, 300, 300, 300]);
    expect(crowd.slice(0, 3)).toEqual([300, 283, 317]);
    expect(crowd[3]).toBeNaN();
  });

  it("leaves out what is outside and keeps what is near an edge inside", () => {
    const [above, edge, below] = check([-5, 2, 601]);
    expect(above).toBeNaN();
    expect(edge).toBe(8.5);
    expect(below).toBeNaN();
  });

  it("places no more than the most, the important ones first", () => {
    const placed = check(
      Array.from({ length: 30 }, (_, i) => 10 + i * 18),
      { ...ROOM, max: 5 },
    );
    expect(placed.slice(0, 5).every((y) => !Number.isNaN(y))).toBe(true);
    expect(placed.slice(5).every((y) => Number.isNaN(y))).toBe(true);
  });

  it("never lets two overlap, wherever the levels are", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seeded(seed);
      const spread = 20 + random() * 900;
      check(Array.from({ length: 40 }, () => 300 + (random() - 0.5) * spread));
    }
  });

  it("skips a level without a price", () => {
    expect(check([NaN, 200])).toEqual([NaN, 200]);
  });
});
