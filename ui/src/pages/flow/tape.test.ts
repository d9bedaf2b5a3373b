import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { client } from "../../api/client";
import { Fake } from "../../test/fake";
import { START_MS } from "../../test/market";
import { FLAG, optionTrades } from "../../test/options";
import { SHOW_ALL, type Filters } from "./filters";
import { FlowTape } from "./tape.svelte";

const TODAY = "2026-03-06";

let fake: Fake;
let ends: (() => void)[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
  fake = new Fake();
  ends = [client.connect(fake)];
});
afterEach(() => {
  ends.forEach((end) => end());
  vi.useRealTimers();
});

async function tape(filters: Partial<Filters> = {}, date: string | null = null): Promise<FlowTape> {
  const day = { symbol: "QQQ", date };
  const made = new FlowTape({ day, filters: { ...SHOW_ALL, ...filters } });
  ends.push(made.hear());
  await made.reload();
  return made;
}

const keys = (made: FlowTape): string[] => made.lines.map((line) => line.key);
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(2_500);
const asked = (name: string): number => fake.calls.filter((call) => call.name === name).length;

test("trades are read to the end without one twice", async () => {
  const made = await tape({ rows: "trades" });
  while (made.more) await made.readMore();
  expect(made.lines.length).toBe(optionTrades("QQQ", TODAY).length);
  expect(new Set(keys(made)).size).toBe(made.lines.length);
  const times = made.lines.map((line) => line.at);
  expect(times).toEqual(times.toSorted((one, two) => two - one));
});

test("a new trade comes in on top and is marked", async () => {
  const made = await tape({ rows: "trades" });
  const before = keys(made);
  fake.trade("QQQ");
  await settle();
  expect(keys(made).slice(1)).toEqual(before);
  expect([...made.fresh]).toEqual(keys(made).slice(0, 1));
});

test("a new trade makes a group or joins one, and the others stay", async () => {
  const made = await tape();
  const before = keys(made);
  fake.trade("QQQ");
  await settle();
  const after = new Set(keys(made));
  expect(before.filter((key) => !after.has(key)).length).toBeLessThanOrEqual(1);
  expect(made.lines[0].at).toBe(optionTrades("QQQ", TODAY).at(-1)?.at);
});

test("a group opens into exactly its trades, whatever the filters", async () => {
  const made = await tape({ min: 150_000 });
  const group = made.lines.find((line) => line.trades > 1);
  expect(group).toBeDefined();
  if (!group) return;
  await made.toggle(group);
  const children = made.shown.slice(made.shown.indexOf(group) + 1).slice(0, group.trades);
  expect(children.every((line) => line.kind === "child")).toBe(true);
  expect(children.reduce((sum, line) => sum + line.size, 0)).toBe(group.size);
  const premium = children.reduce((sum, line) => sum + line.premium, 0);
  expect(premium).toBeCloseTo(group.premium, 1);
  await made.toggle(group);
  expect(made.shown).toEqual(made.lines);
});

test("a cancelled trade is in no group and in none of its trades", async () => {
  const made = await tape();
  while (made.more) await made.readMore();
  await Promise.all(made.lines.filter((line) => line.trades > 1).map((line) => made.toggle(line)));
  const sums = new Map(made.lines.map((line) => [line.key, 0]));
  let group = "";
  for (const line of made.shown) {
    if (line.kind === "group") group = line.key;
    else sums.set(group, (sums.get(group) ?? 0) + line.size);
  }
  for (const line of made.lines) if (line.trades > 1) expect(sums.get(line.key)).toBe(line.size);
  expect(made.shown.some((line) => (line.flags & FLAG.cancelled) !== 0)).toBe(false);
});

test("children that cannot be read say so below their group", async () => {
  const made = await tape();
  const group = made.lines.find((line) => line.trades > 1);
  if (!group) throw new Error("no group of several trades");
  fake.failing = { get_flow_trades: "database_unavailable" };
  await made.toggle(group);
  const note = made.shown[made.shown.indexOf(group) + 1];
  expect([note.kind, note.rule.startsWith("Its trades could not be read.")]).toEqual([
    "note",
    true,
  ]);
});

test("groups are those that the engine picks, however many there are", async () => {
  const made = await tape({ expiry: "2026-03-20", opening: "provable" });
  expect(made.lines.length).toBeGreaterThan(0);
  for (const line of made.lines) {
    expect([line.contract.expiry, line.opening]).toEqual(["2026-03-20", 2]);
  }
  expect(fake.calls.at(-1)?.request).toMatchObject({ expiry: "2026-03-20", opening: "provable" });
});

test("another symbol, or a session that was not touched, changes nothing", async () => {
  await tape({ rows: "trades" });
  await tape({}, "2026-03-05");
  const before = fake.calls.length;
  fake.trade("SPY");
  await settle();
  expect(fake.calls.length).toBe(before);
  fake.trade("QQQ");
  await settle();
  expect(asked("get_flow_groups")).toBe(1);
});

test("a held tape counts what waits and takes it in when let go", async () => {
  const made = await tape({ rows: "trades" });
  const before = made.lines.length;
  made.paused = true;
  fake.trade("QQQ");
  fake.trade("QQQ");
  await settle();
  expect([made.lines.length, made.waiting]).toEqual([before, 2]);
  made.resume();
  await settle();
  expect([made.lines.length, made.waiting]).toEqual([before + 2, 0]);
});

test("a failed reading keeps what was read and says so", async () => {
  const made = await tape({ rows: "trades" });
  fake.failing = { get_flow_trades: "database_unavailable" };
  fake.trade("QQQ");
  await settle();
  expect(made.state).toBe("stale");
  fake.failing = {};
  fake.trade("QQQ");
  await settle();
  expect(made.state).toBe("ready");
});

test("what is missing is not a number and never zero", async () => {
  const made = await tape({ rows: "trades" });
  while (made.more) await made.readMore();
  const unpriced = made.lines.filter((line) => Number.isNaN(line.delta));
  expect(unpriced.length).toBeGreaterThan(0);
  expect(unpriced.every((line) => Number.isNaN(line.volatility))).toBe(true);
});
