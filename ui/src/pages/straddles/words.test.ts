import { expect, test } from "vitest";

import type { CandidateView, TapeSymbolView } from "../../api/bindings";
import { MINUS } from "../../lib/format";
import { opportunities, newWorld, THRESHOLDS } from "../../test/straddles";
import { historyWords, standingOf, type StandingInput } from "./standing";
import { tickersOf } from "./tickers";
import {
  activityWords,
  criteriaOf,
  fillWords,
  pastWords,
  points,
  recordWords,
  STATES,
} from "./words";

const rows = opportunities(newWorld(), { limit: null, include_ended: true }).rows;
const of = (symbol: string): CandidateView => rows.find((row) => row.symbol === symbol)!;

test("activity is said as a multiple and as an increase", () => {
  expect(activityWords(4.2)).toEqual({ times: "4.2 x", increase: "+320 %" });
  expect(activityWords(0.71)).toEqual({ times: "0.7 x", increase: `${MINUS}29 %` });
  expect(activityWords(null)).toEqual({ times: "—", increase: "" });
});

test("a difference of volatilities is in points, with its sign", () => {
  expect(points(0.147)).toBe("+14.7 pts");
  expect(points(-0.017)).toBe(`${MINUS}1.7 pts`);
  expect(points(0)).toBe("0.0 pts");
  expect(points(null)).toBe("—");
});

test("a bar reaches its tick just when its criterion holds", () => {
  for (const row of rows) {
    for (const bar of criteriaOf(row, THRESHOLDS)) {
      if (bar.fill === null || bar.met === null) continue;
      const over = bar.fill >= bar.threshold - 1e-9;
      expect(bar.met, `${row.symbol} ${bar.name}`).toBe(bar.below ? !over : over);
    }
  }
});

test("too little history is no bar but a count", () => {
  const [activity] = criteriaOf(of("PLTR"), THRESHOLDS);
  expect(activity).toMatchObject({ fill: null, met: null, value: "n 34 of 60" });
});

test("every state has its words", () => {
  for (const { state } of rows) expect(STATES[state].about).toMatch(/\.$/);
});

test("fills are named by where between middle and ask they are", () => {
  expect([0, 0.5, 0.75, 1, null].map(fillWords)).toEqual([
    "Middle",
    "50 % to ask",
    "75 % to ask",
    "At the ask",
    "Last prices",
  ]);
});

test("a base rate says its windows, its interval, and how many overlap not", () => {
  const past = { windows: 223, independent: 11, horizon: 19, rate: 0.45, low: 0.2, high: 0.72 };
  expect(pastWords(past)).toBe(
    "45 % of 223 windows of 19 sessions, 95 % interval 20 to 72 %; 11 of them do not overlap.",
  );
  expect(pastWords(null)).toMatch(/too few/);
});

test("there is no record before enough is scored", () => {
  expect(recordWords({ scored: 0, needed: 30, paid: null })).toBe("no record yet: 0 of 30");
  expect(recordWords({ scored: 29, needed: 30, paid: 0.9 })).toBe("no record yet: 29 of 30");
  expect(recordWords({ scored: 40, needed: 30, paid: 0.35 })).toBe(
    "35 % of 40 paid more than they cost",
  );
});

test("tickers are read as they are pasted", () => {
  expect(tickersOf(" nvda, TSLA;brk.b\nnvda ")).toEqual({
    good: ["NVDA", "TSLA", "BRK.B"],
    bad: [],
  });
  expect(tickersOf("12x $SPY").bad).toEqual(["12X", "$SPY"]);
  expect(tickersOf("  ")).toEqual({ good: [], bad: [] });
});

/** A symbol of the watch list whose missing sessions are being read. */
const watched = (symbol: string, done: number, more: Partial<TapeSymbolView> = {}) => ({
  symbol,
  sessions_done: done,
  sessions_left: 90 - done,
  seconds_left: done < 90 ? 100 : null,
  to_ms: null,
  problem: null,
  ...more,
});
const NOW = Date.UTC(2026, 2, 6, 18, 46);
const fine: StandingInput = {
  watch: {
    vendor: "polygon",
    vendor_title: "Massive",
    key_set: true,
    problem: null,
    stream: "live",
    stream_note: null,
    most: 500,
    history_sessions: 90,
    history_per_minute: null,
    history_problem: null,
    symbols: [watched("SPY", 90)],
  },
  asOf: NOW - 40_000,
  status: { session: "regular", next_open_ms: null } as StandingInput["status"],
  now: NOW,
  connected: true,
};

test("one line says what the candidates rest on, the worst first", () => {
  const watch = fine.watch!;
  const closed = { session: "closed", next_open_ms: NOW + 7_200_000 } as StandingInput["status"];
  const cases: [Partial<StandingInput>, string, RegExp][] = [
    [{}, "fine", /^The tape is live\. All 90 sessions of history are stored\.$/],
    [{ connected: false }, "late", /No events/],
    [{ watch: { ...watch, problem: "The key was refused." } }, "late", /refused/],
    [{ watch: { ...watch, stream: "waiting" } }, "late", /lost/],
    [{ watch: { ...watch, stream: "refused" } }, "fine", /polled/],
    [{ asOf: NOW - 900_000 }, "late", /Not assessed for 15 m/],
    [{ status: closed }, "rest", /closed, as of 13:45:20 ET\. Opens in 2 h 0 m\./],
    [{ watch: undefined }, "rest", /Reading/],
  ];
  for (const [part, tone, words] of cases) {
    const standing = standingOf({ ...fine, ...part });
    expect(standing.words).toMatch(words);
    expect(standing.tone).toBe(tone);
  }
});

test("the progress of histories is counted with its pace and the time left", () => {
  const symbols = [watched("ONE", 12), watched("TWO", 60), watched("ALL", 90)];
  const watch = { ...fine.watch!, symbols, history_per_minute: 7.25 };
  expect(historyWords(watch)).toBe(
    "History of 2 symbols is being read: 7.3 sessions a minute, about 1 m 40 s left.",
  );
  expect(historyWords({ ...watch, history_per_minute: null })).toBe(
    "History of 2 symbols is being read.",
  );
  expect(historyWords({ ...watch, history_problem: "the plan has none." })).toBe(
    "History is not read: the plan has none.",
  );
  const behindTheWall = [watched("ONE", 60, { sessions_left: 0 }), watched("ALL", 90)];
  expect(historyWords({ ...watch, symbols: behindTheWall })).toBe(
    "1 symbol has less than 90 sessions: the plan reaches no further back.",
  );
  expect(historyWords({ ...watch, symbols: [] })).toBe("");
});
