import { describe, expect, it } from "vitest";

import type { GetBars } from "../../api/bindings";
import { type Bars, countBefore, MAX_BARS } from "../../charts/bars";
import { barPage, minuteBars, sessionsUpTo } from "../../charts/testing";
import { BarFeed, type Change } from "./barFeed";

const MINUTE = 60_000;
const ALL = minuteBars(sessionsUpTo("2026-03-06", 60), true);
const QUESTION = { symbol: "SPY", interval: "1m", extended: true } as const;
const lastStart = (bars: Bars) => bars.start[bars.rows - 1];

/** A store that holds `ALL` up to `stored` bars, and a feed on it. */
function desk(stored = ALL.rows) {
  const market = { stored, fail: false, asked: [] as GetBars[], changes: [] as Change[] };
  const getBars = async (request: GetBars) => {
    market.asked.push(request);
    if (market.fail) throw new Error("The database is away.");
    return barPage(ALL, market.stored, request);
  };
  const now = () => ALL.start[market.stored - 1] + MINUTE;
  const feed = new BarFeed({ getBars, now }, (change) => market.changes.push(change));
  return { feed, market };
}

/** The window must be one unbroken stretch of the store. */
function check(feed: BarFeed): void {
  const at = countBefore(ALL, feed.bars.start[0]);
  const stretch = ALL.start.subarray(at, at + feed.bars.rows);
  expect(feed.bars.start).toEqual(stretch);
}

describe("opening", () => {
  it("shows the newest bars", async () => {
    const { feed, market } = desk();
    await feed.open(QUESTION, null);
    check(feed);
    expect(lastStart(feed.bars)).toBe(lastStart(ALL));
    expect(feed.edges).toEqual({ older: true, newer: false });
    expect(market.changes).toEqual([{ kind: "opened", around: null }]);
  });

  it("shows the bars around an instant of the past", async () => {
    const { feed } = desk();
    const around = ALL.start[20_000];
    await feed.open(QUESTION, around);
    check(feed);
    expect(feed.bars.start[0]).toBeLessThan(around);
    expect(lastStart(feed.bars)).toBeGreaterThan(around + 2_000 * MINUTE);
    expect(feed.edges).toEqual({ older: true, newer: true });
  });

  it("leaves out hidden sessions, yet pages on from what it read", async () => {
    const { feed, market } = desk();
    await feed.open({ ...QUESTION, extended: false }, null);
    expect([...feed.bars.session].every((session) => session === 2)).toBe(true);
    await feed.follow({ from: 0, to: 100 }, true);
    expect(market.asked[1].before_ms).toBe(ALL.start[ALL.rows - 10_000]);
  });

  it("drops the answer to an older question", async () => {
    const { feed, market } = desk();
    const slow = feed.open(QUESTION, ALL.start[15_000]);
    await feed.open(QUESTION, null);
    await slow;
    expect(lastStart(feed.bars)).toBe(lastStart(ALL));
    expect(market.changes).toHaveLength(1);
  });

  it("rejects when the bars can't be read, and shows none of another question", async () => {
    const { feed, market } = desk();
    await feed.open(QUESTION, null);
    market.fail = true;
    await expect(feed.open({ ...QUESTION, symbol: "QQQ" }, null)).rejects.toThrow("away");
    expect(feed.bars.rows).toBe(0);
  });

  it("keeps the bars when reading the same again fails", async () => {
    const { feed, market } = desk();
    await feed.open(QUESTION, null);
    market.fail = true;
    await expect(feed.reread(null)).rejects.toThrow("away");
    expect(feed.bars.rows).toBe(10_000);
  });

  it("lets no live bar join the old window meanwhile", async () => {
    const { feed, market } = desk();
    await feed.open(QUESTION, null);
    const slow = feed.open({ ...QUESTION, extended: false }, null);
    await feed.refresh();
    await slow;
    expect(market.asked).toHaveLength(2);
    expect([...feed.bars.session].every((session) => session === 2)).toBe(true);
  });
});

describe("paging", () => {
  it("walks to the oldest bar and back to the newest without a hole, in a bounded window", async () => {
    const { feed } = desk();
    await feed.open(QUESTION, null);
    for (let i = 0; i < 12 && feed.edges.older; i++) {
      await feed.follow({ from: 0, to: 400 }, true);
      check(feed);
      expect(feed.bars.rows).toBeLessThanOrEqual(MAX_BARS);
    }
    expect(feed.bars.start[0]).toBe(ALL.start[0]);
    expect(feed.edges.newer).toBe(true);
    for (let i = 0; i < 20 && feed.edges.newer; i++) {
      const { rows } = feed.bars;
      await feed.follow({ from: rows - 400, to: rows }, true);
      check(feed);
      expect(feed.bars.rows).toBeLessThanOrEqual(MAX_BARS);
    }
    expect(lastStart(feed.bars)).toBe(lastStart(ALL));
  });

  it("tells how far the bars moved, so that the view can stay", async () => {
    const { feed, market } = desk();
    await feed.open(QUESTION, null);
    const visible = { from: 100, to: 500 };
    const seen = feed.bars.start[visible.from];
    await feed.follow(visible, true);
    const change = market.changes[1];
    expect(change.kind).toBe("moved");
    const by = change.kind === "moved" ? change.by : 0;
    expect(feed.bars.start[visible.from + by]).toBe(seen);
  });

  it("does not touch the newer side while the chart is dragged", async () => {
    const { feed, market } = desk();
    await feed.open(QUESTION, ALL.start[20_000]);
    const { rows } = feed.bars;
    await feed.follow({ from: rows - 200, to: rows }, false);
    expect(market.asked).toHaveLength(1);
  });

  it("asks once at a time", async () => {
    const { feed, market } = desk();
    await feed.open(QUESTION, null);
    await Promise.all([
      feed.follow({ from: 0, to: 10 }, true),
      feed.follow({ from: 0, to: 10 }, true),
    ]);
    expect(market.asked).toHaveLength(2);
  });

  it("can page again after a page failed", async () => {
    const { feed, market } = desk();
    await feed.open(QUESTION, null);
    market.fail = true;
    await expect(feed.follow({ from: 0, to: 10 }, true)).rejects.toThrow("away");
    market.fail = false;
    await feed.follow({ from: 0, to: 10 }, true);
    check(feed);
    expect(feed.bars.rows).toBe(18_000);
  });
});

describe("live bars", () => {
  it("are added at the end", async () => {
    const { feed, market } = desk(50_000);
    await feed.open(QUESTION, null);
    market.stored += 3;
    await feed.refresh();
    check(feed);
    expect(market.changes[1]).toEqual({ kind: "grown", from: 10_000 });
  });

  it("change nothing when nothing changed", async () => {
    const { feed, market } = desk();
    await feed.open(QUESTION, null);
    await feed.refresh();
    expect(market.changes).toHaveLength(1);
  });

  it("leave no hole after a long silence", async () => {
    const { feed, market } = desk(50_000);
    await feed.open(QUESTION, null);
    market.stored += 5_000;
    await feed.refresh();
    check(feed);
    expect(lastStart(feed.bars)).toBe(ALL.start[54_999]);
    expect(feed.edges.newer).toBe(false);
  });

  it("begin a window that was empty", async () => {
    const { feed, market } = desk(0);
    market.stored = 0;
    await feed.open(QUESTION, null);
    expect(feed.bars.rows).toBe(0);
    market.stored = 5;
    await feed.refresh();
    expect(feed.bars.rows).toBe(5);
    expect(market.changes.at(-1)).toEqual({ kind: "opened", around: null });
  });

  it("are left alone while the past is shown", async () => {
    const { feed, market } = desk();
    await feed.open(QUESTION, ALL.start[20_000]);
    await feed.refresh();
    expect(market.asked).toHaveLength(1);
  });
});

describe("bars stored elsewhere", () => {
  it("before the window only tell that there is more to page to", async () => {
    const { feed } = desk();
    await feed.open(QUESTION, null);
    feed.edges.older = false;
    expect(feed.touched(ALL.start[0], ALL.start[100])).toBe("nothing");
    expect(feed.edges.older).toBe(true);
  });

  it("at its end are read by themselves, unless the past is shown", async () => {
    const { feed } = desk();
    await feed.open(QUESTION, null);
    expect(feed.touched(lastStart(ALL), lastStart(ALL))).toBe("newest");
    await feed.open(QUESTION, ALL.start[20_000]);
    expect(feed.touched(lastStart(ALL), lastStart(ALL))).toBe("nothing");
  });

  it("inside it have all read anew, and the view stay", async () => {
    const { feed, market } = desk();
    await feed.open(QUESTION, null);
    expect(feed.touched(ALL.start[ALL.rows - 5_000], ALL.start[ALL.rows - 4_000])).toBe("all");
    await feed.reread(null);
    check(feed);
    expect(market.changes.at(-1)).toEqual({ kind: "reread" });
  });
});
