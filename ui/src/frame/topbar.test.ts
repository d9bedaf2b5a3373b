import { expect, test } from "vitest";

import type { Status } from "../api/bindings";
import { START_MS } from "../test/market";
import { statusAt } from "../test/records";
import { feedMarks, othersInTrouble } from "./feeds";
import { sessionWords } from "./session";

const MINUTE = 60_000;
const base = statusAt(START_MS, ["SPY", "TSLA", "AMD"], []);

function check(change: Partial<Status>, expected: string): void {
  expect(sessionWords({ ...base, ...change }, START_MS)).toBe(expected);
}

test("the session clock says what comes next and when", () => {
  const inTwoHours = START_MS + 134 * MINUTE;
  check({ session: "regular", session_ends_ms: inTwoHours }, "Regular, closes in 2 h 14 m");
  check({ session: "pre", session_ends_ms: inTwoHours }, "Pre-market, opens in 2 h 14 m");
  check({ session: "post", session_ends_ms: inTwoHours }, "Post-market, ends in 2 h 14 m");
  check({ session: "closed", next_open_ms: inTwoHours }, "Closed, opens in 2 h 14 m");
  check({ session: "closed", next_open_ms: null }, "Closed");
});

test("ages go on between two readings", () => {
  const texts = (now: number): string[] =>
    feedMarks(base, "SPY", now, true).map((mark) => `${mark.series} ${mark.text} ${mark.tone}`);
  expect(texts(START_MS)).toEqual(["prints 4s fine", "bars 41s fine"]);
  expect(texts(START_MS + 30_000)).toEqual(["prints 34s fine", "bars 1m fine"]);
});

test("what is late, down or never came is told apart and explained", () => {
  const [prints] = feedMarks(base, "TSLA", START_MS, true);
  expect([prints.text, prints.tone]).toEqual(["3m", "late"]);
  expect(prints.tip).toContain("answers slowly");
  const bars = feedMarks(base, "AMD", START_MS, true)[1];
  expect([bars.text, bars.tone]).toEqual(["—", "down"]);
  expect(bars.tip).toContain("HTTP 403");
});

test("the options series share a mark, and the worst of them speaks", () => {
  const options = (series: string, health: "healthy" | "down", age_s: number) => ({
    ...base.feeds[0],
    symbol: "SPY",
    series,
    health,
    age_s,
    problem: health === "down" ? "the plan has no gamma" : null,
  });
  const marks = (gamma: "healthy" | "down") =>
    feedMarks(
      {
        ...base,
        feeds: [
          ...base.feeds,
          options("gamma", gamma, 600),
          options("option_trades", "healthy", 9),
        ],
      },
      "SPY",
      base.market_ms,
      true,
    );
  const words = (gamma: "healthy" | "down") => {
    const mark = marks(gamma)[2];
    return `${mark.series} ${mark.text} ${mark.tone}`;
  };
  expect(marks("healthy")).toHaveLength(3);
  expect(words("healthy")).toBe("options 9s fine");
  expect(words("down")).toBe("options 10m down");
  expect(marks("down")[2].tip).toContain("1 of 2 options series are as promised");
});

test("without events nothing is called fresh", () => {
  const tones = feedMarks(base, "SPY", START_MS, false).map((mark) => mark.tone);
  expect(tones).toEqual(["late", "late"]);
});

test("trouble of other symbols is counted and one's own is not", () => {
  expect(othersInTrouble(base, "SPY")).toBe(2);
  expect(othersInTrouble(base, "TSLA")).toBe(1);
});
