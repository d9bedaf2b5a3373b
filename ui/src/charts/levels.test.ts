import { describe, expect, it } from "vitest";

import { labelTail } from "./levelLayer";
import { hitLevel, levelsOf, MAX_LEVELS, placeLevels, Tone } from "./levels";
import { mergeRows, profileOf } from "./profile";
import { columnsOf } from "../api/columns";
import { levelColumns, minuteBars, sessionsUpTo } from "./testing";
import type { View } from "./view";

const sessions = sessionsUpTo("2026-03-06", 3);
const bars = minuteBars(sessions, false);
const set = levelsOf(levelColumns(200, sessions[1].open_ms));
const VIEW: View = { x0: 0, dx: 1, y0: 20 * 560, dy: -20, width: 800, height: 400 };

describe("levels", () => {
  it("come by rank, no more than can be drawn", () => {
    expect(set.levels.map((level) => level.rank)).toEqual(
      Array.from({ length: MAX_LEVELS }, (_, i) => i + 1),
    );
    expect(levelsOf(levelColumns(300, 0)).levels).toHaveLength(MAX_LEVELS);
  });

  it("are thick only when strong", () => {
    expect(set.levels[0].thickness).toBe(6);
    expect(set.levels[199].thickness).toBeLessThan(1.1);
    expect(set.levels[199].alpha).toBeLessThan(set.levels[0].alpha);
  });

  it("begin with the session of their first print, or at the left edge", () => {
    placeLevels(set, bars);
    expect(set.levels[0].from).toBe(389.5);
    const old = levelsOf(levelColumns(10, sessions[0].open_ms - 1));
    placeLevels(old, bars);
    expect(old.levels[0].from).toBe(-Infinity);
  });

  it("form zones of adjacent levels", () => {
    expect(set.zones).toHaveLength(50);
    for (const zone of set.zones) expect(zone.high - zone.low).toBeCloseTo(1);
  });

  it("are found near their line only", () => {
    const level = set.levels.find(({ price }) => price === 552) ?? set.levels[0];
    const y = VIEW.y0 + VIEW.dy * level.price;
    expect(hitLevel(set, VIEW, 500, y)).toBe(level);
    const alone = { ...set, levels: [level] };
    expect(hitLevel(alone, VIEW, 500, y + 5)).toBe(level);
    expect(hitLevel(alone, VIEW, 500, y + 9)).toBeNull();
  });

  it("are not found where they had not begun", () => {
    placeLevels(set, bars);
    const alone = { ...set, levels: [set.levels[0]] };
    const y = VIEW.y0 + VIEW.dy * set.levels[0].price;
    expect(hitLevel(alone, VIEW, 389, y)).toBeNull();
    expect(hitLevel(alone, VIEW, 390, y)).toBe(set.levels[0]);
  });

  it("say as much of their record as was measured", () => {
    const level = { ...set.levels[0], rank: 1, holdRate: 0.61, nullRate: 0.52, touches: 18 };
    expect(labelTail({ ...level, tone: Tone.beats })).toBe("rank 1, held 61 % vs 52 %");
    expect(labelTail({ ...level, tone: Tone.unmeasured, touches: 3 })).toBe(
      "rank 1, held 61 % of 3",
    );
    expect(labelTail({ ...level, holdRate: NaN })).toBe("rank 1");
  });
});

describe("profile", () => {
  const profile = profileOf(
    columnsOf(
      { symbol: "SPY", width: 0.25, floor_notional: 0 },
      {
        price: [550.25, 549.75, 550],
        off_exchange: [10, 30, NaN],
        total_estimate: [50, 20, 40],
      },
    ),
  );

  it("splits off-exchange from the rest, which is never below zero", () => {
    expect([...profile.price]).toEqual([549.75, 550, 550.25]);
    expect([...profile.offExchange]).toEqual([30, 0, 10]);
    expect([...profile.lit]).toEqual([0, 40, 40]);
    expect(profile.poc).toBe(549.75);
  });

  it("keeps bins apart while they can be seen", () => {
    const rows = mergeRows(profile, 40);
    expect(rows.count).toBe(3);
    expect([...rows.price]).toEqual([549.75, 550, 550.25]);
    expect(rows.most).toBe(50);
  });

  it("merges thin bins and loses no share", () => {
    const rows = mergeRows(profile, 2);
    expect(rows.count).toBeLessThan(3);
    const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
    expect(sum(rows.offExchange)).toBe(40);
    expect(sum(rows.lit)).toBe(80);
  });
});
