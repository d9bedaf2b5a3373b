import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { client } from "../../api/client";
import { Fake } from "../../test/fake";
import { history, START_MS } from "../../test/market";
import { REASONS } from "../../test/records";
import { SHOW_ALL, type Filters } from "./filters";
import { Tape } from "./tape.svelte";

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

async function tape(filters: Partial<Filters> = {}): Promise<Tape> {
  const question = { symbol: "QQQ", filters: { ...SHOW_ALL, ...filters }, reasons: REASONS };
  const made = new Tape(question);
  ends.push(made.hear());
  await made.reload();
  return made;
}

function identities(made: Tape): string[] {
  return Array.from({ length: made.rows.length }, (_, index) => made.rows.row(index).identity);
}

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(600);

test("pages are read to the end without a row twice", async () => {
  const made = await tape();
  while (made.more) await made.readMore();
  expect(made.rows.length).toBe(history("QQQ").prints.length);
  expect(new Set(identities(made)).size).toBe(made.rows.length);
});

test("a new print comes in on top and is counted", async () => {
  const made = await tape();
  const before = made.rows.length;
  fake.print("QQQ");
  await settle();
  expect(made.rows.length).toBe(before + 1);
  expect(made.arrived.rows).toBe(1);
  expect(made.rows.row(0).identity).toBe(String(history("QQQ").prints.at(-1)?.identity));
});

test("another symbol's prints change nothing", async () => {
  const made = await tape();
  const asked = fake.calls.length;
  fake.print("SPY");
  await settle();
  expect(fake.calls.length).toBe(asked);
  expect(made.arrived.rows).toBe(0);
});

test("a held tape counts what waits and takes it in when let go", async () => {
  const made = await tape();
  const before = made.rows.length;
  made.paused = true;
  fake.print("QQQ");
  fake.print("QQQ");
  await settle();
  expect([made.rows.length, made.waiting]).toEqual([before, 2]);
  made.resume();
  await settle();
  expect([made.rows.length, made.waiting]).toEqual([before + 2, 0]);
});

test("a change far below what was read leaves the pages whole", async () => {
  const made = await tape();
  fake.emit({ kind: "prints", symbol: "QQQ", from_ms: 0, to_ms: 1, rows: 1 });
  await settle();
  while (made.more) await made.readMore();
  expect(new Set(identities(made)).size).toBe(history("QQQ").prints.length);
});

test("only blocks are kept, and pages are searched for them", async () => {
  const made = await tape({ blocks: true });
  expect(made.rows.length).toBeGreaterThan(0);
  for (let index = 0; index < made.rows.length; index += 1) {
    expect(made.rows.row(index).block).toBe(1);
  }
});

test("a failed reading keeps what was read and says so", async () => {
  const made = await tape();
  fake.failing = { get_prints: "database_unavailable" };
  fake.print("QQQ");
  await settle();
  expect(made.state).toBe("stale");
  fake.failing = {};
  fake.print("QQQ");
  await settle();
  expect(made.state).toBe("ready");
  expect(made.arrived.rows).toBe(2);
});
