import { flushSync } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { client } from "../../api/client";
import { app } from "../../state/app.svelte";
import { Fake } from "../../test/fake";
import { sessions, START_MS } from "../../test/market";
import { chartData } from "./chartData.svelte";
import { desk } from "./deskPrefs.svelte";
import { paneData } from "./paneData.svelte";

const HOUR_MS = 3_600_000;
const open = sessions[sessions.length - 1].open_ms;

class Look {
  held = $state.raw({ from: open, to: START_MS });
  visible = $state.raw<{ from: number; to: number } | null>({
    from: open,
    to: open + 2 * HOUR_MS,
  });
}

let fake: Fake;
let looking: Look;
let panes: ReturnType<typeof paneData>;
let data: ReturnType<typeof chartData>;
let ends: (() => void)[] = [];

beforeEach(async () => {
  vi.useFakeTimers({ now: START_MS });
  fake = new Fake();
  ends = [client.connect(fake)];
  app.view = await client.call("get_app", {});
  looking = new Look();
  ends.push(
    $effect.root(() => {
      panes = paneData(looking);
      data = chartData(looking);
    }),
  );
  await settle();
});
afterEach(() => {
  ends.forEach((end) => end());
  for (const name of ["premium", "tide"] as const) if (!desk.on(name)) desk.toggle(name);
  desk.holdings = false;
  app.symbol = "";
  app.view = null;
  vi.useRealTimers();
});

async function settle(): Promise<void> {
  flushSync();
  await vi.advanceTimersByTimeAsync(6_000);
}

const asked = <T>(name: string): T[] =>
  fake.calls.filter((call) => call.name === name).map((call) => call.request as T);
const premiumAsks = () =>
  asked<{ symbol: string; from_ms: number; to_ms: number }>("get_net_premium");
const tideAsks = () => asked<{ holdings_of: string | null }>("get_tide");
const rows = (index: number): number | undefined => panes.feeds[index].running?.rows;

test("each pane reads the visible stretch and some room beside it", () => {
  expect(premiumAsks()).toEqual([
    { symbol: "SPY", from_ms: open - HOUR_MS, to_ms: open + 3 * HOUR_MS },
  ]);
  expect(tideAsks().length).toBe(1);
  expect(rows(0)).toBe(180);
});

test("small moves need no new answer", async () => {
  looking.visible = { from: open + 60_000, to: open + 2 * HOUR_MS + 60_000 };
  await settle();
  expect(premiumAsks().length).toBe(1);
});

test("a long view asks for its newest months only", async () => {
  looking.visible = { from: START_MS - 400 * 24 * HOUR_MS, to: START_MS };
  await settle();
  const { from_ms, to_ms } = premiumAsks().at(-1)!;
  expect((to_ms - from_ms) / (24 * HOUR_MS)).toBeLessThanOrEqual(124);
});

test.each([
  ["its own series", "SPY", "net_premium", 2, 1],
  ["another symbol's", "QQQ", "net_premium", 1, 1],
  ["the tide, which has no symbol here", "", "tide", 1, 2],
  ["a series that no pane shows", "SPY", "gamma", 1, 1],
])("after an event of %s, what changed is read again", async (_, symbol, series, premium, tide) => {
  fake.emit({ kind: "options", symbol, series });
  await settle();
  expect([premiumAsks().length, tideAsks().length]).toEqual([premium, tide]);
});

test("a hidden pane asks for nothing", async () => {
  desk.toggle("premium");
  await settle();
  fake.emit({ kind: "options", symbol: "SPY", series: "net_premium" });
  await settle();
  expect(premiumAsks().length).toBe(1);
  expect(rows(0)).toBeUndefined();
});

test("another symbol's sums never stand under this one's name", async () => {
  app.symbol = "QQQ";
  flushSync();
  expect(rows(0)).toBeUndefined();
  await settle();
  expect(premiumAsks().at(-1)?.symbol).toBe("QQQ");
  expect(rows(0)).toBe(180);
});

test("a fund's tide can be that of its holdings; the market's is dropped at once", async () => {
  expect(panes.fund).toBe(true);
  desk.holdings = true;
  flushSync();
  expect(rows(1)).toBeUndefined();
  await settle();
  expect(tideAsks().at(-1)?.holdings_of).toBe("SPY");
});

test("a share has no holdings: the market's tide is shown", async () => {
  desk.holdings = true;
  app.symbol = "AAPL";
  await settle();
  expect(panes.fund).toBe(false);
  expect(tideAsks().at(-1)?.holdings_of).toBeNull();
});

test("an old answer stays, and is called stale, when it can't be read again", async () => {
  fake.failing = { get_net_premium: "database_unavailable" };
  fake.emit({ kind: "options", symbol: "SPY", series: "net_premium" });
  await settle();
  expect(panes.feeds[0].resource.state).toBe("stale");
  expect(rows(0)).toBe(180);
});

test("reading again what is shown is silent; another question is not", async () => {
  fake.slow(1_000);
  fake.print("SPY");
  await vi.advanceTimersByTimeAsync(5_500);
  expect(data.busy).toBe(false);
  expect(asked("get_levels").length).toBeGreaterThan(1);
  desk.count = 100;
  flushSync();
  expect(data.busy).toBe(true);
  await settle();
  expect(data.busy).toBe(false);
  expect(asked<{ limit: number }>("get_levels").at(-1)?.limit).toBe(100);
  desk.count = 40;
});
