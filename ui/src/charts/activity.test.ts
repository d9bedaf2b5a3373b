import { describe, expect, it } from "vitest";

import { columnsOf } from "../api/columns";
import { activityShape, rowAtX } from "./activity";
import type { Plot } from "./axes/plot";

const PLOT: Plot = { width: 500, height: 200, left: 50, right: 50, top: 10, bottom: 20 };
const META = {
  symbol: "SPY",
  session_date: "2026-03-06",
  baseline_sessions: 90,
  needed_sessions: 60,
  multiple: 2,
};

const columns = columnsOf(META, {
  minute: [570, 571, 572, 573, 574],
  today: [10, 20, 40, NaN, NaN],
  mean: [5, 10, 20, 30, 40],
  low: [1, 2, 3, 4, 5],
  high: [10, 20, 40, 60, 80],
});

describe("activity curve", () => {
  it("ends today's line at the last minute that has passed", () => {
    const shape = activityShape(columns, PLOT);
    expect(shape?.last).toMatchObject({ value: 40, minute: 572, x: 250 });
    expect(shape?.today.split("L")).toHaveLength(3);
    expect(shape?.today).not.toContain("NaN");
  });

  it("keeps every value inside the plot", () => {
    const shape = activityShape(columns, PLOT);
    expect(shape?.y(80)).toBeGreaterThan(PLOT.top);
    expect(shape?.y(0)).toBe(PLOT.height - PLOT.bottom);
  });

  it("draws no band and no mean without a baseline", () => {
    const none = [NaN, NaN];
    const bare = columnsOf(META, {
      minute: [570, 571],
      today: [1, 2],
      mean: none,
      low: none,
      high: none,
    });
    const shape = activityShape(bare, PLOT);
    expect(shape?.band).toBe("");
    expect(shape?.mean).toBe("");
    expect(shape?.meanEnd).toBeNull();
  });

  it("draws nothing without minutes, and nothing without shares", () => {
    const empty = columnsOf(META, { minute: [], today: [], mean: [], low: [], high: [] });
    expect(activityShape(empty, PLOT)).toBeNull();
    const nothing = { today: [0, 0], mean: [NaN, NaN], low: [NaN, NaN], high: [NaN, NaN] };
    expect(activityShape(columnsOf(META, { minute: [570, 571], ...nothing }), PLOT)).toBeNull();
  });

  it("finds the minute under the pointer, and the nearest beyond the edges", () => {
    const shape = activityShape(columns, PLOT)!;
    expect(rowAtX(columns, shape, 250)).toBe(2);
    expect(rowAtX(columns, shape, -40)).toBe(0);
    expect(rowAtX(columns, shape, 900)).toBe(4);
  });
});
