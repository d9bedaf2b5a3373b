import { expect, test } from "vitest";

import type { CandidateState, CandidateView } from "../../api/bindings";
import {
  HEAD_PX,
  heightOf,
  keyOf,
  linesIn,
  linesOf,
  ROW_PX,
  scrollTo,
  sectionsOf,
} from "./candidates";

function row(
  symbol: string,
  state: CandidateState,
  met: (boolean | null)[] = [true, true, true],
  spread = 0.1,
): CandidateView {
  return {
    symbol,
    state,
    id: null,
    reason: null,
    first_ms: null,
    as_of_ms: null,
    activity: 4,
    baseline_sessions: 90,
    implied: 0.3,
    historical: 0.3 + spread,
    met,
    spot: 100,
    strike: 100,
    expiry: "2026-04-02",
    days: 27,
    cost: 8,
    break_even: 0.08,
  };
}

const ROWS = [
  row("AAA", "not_met", [false, true, false]),
  row("BBB", "gone"),
  row("CCC", "new", [true, true, true], 0.12),
  row("DDD", "insufficient", [null, true, true]),
  row("EEE", "rejected"),
  row("FFF", "not_met", [true, true, false], 0.05),
  row("GGG", "updated", [true, true, true], 0.2),
  row("HHH", "waiting", [null, null, null]),
];

const titles = (rows: CandidateView[], typed = ""): [string, string[]][] =>
  sectionsOf(rows, typed).map((section) => [section.id, section.rows.map(({ symbol }) => symbol)]);

test("the most telling come first, under their headings", () => {
  expect(titles(ROWS)).toEqual([
    ["opportunities", ["GGG", "CCC"]],
    ["rejected", ["EEE"]],
    ["not_met", ["FFF", "AAA"]],
    ["insufficient", ["DDD", "HHH"]],
    ["ended", ["BBB"]],
  ]);
});

test("headings without rows are left out", () => {
  expect(titles(ROWS, "c")).toEqual([["opportunities", ["CCC"]]]);
  expect(titles(ROWS, "zz")).toEqual([]);
});

test("the same rows keep their order whatever the order they come in", () => {
  expect(titles([...ROWS].reverse())).toEqual(titles(ROWS));
});

test("a symbol that ended and came up again is two rows", () => {
  const keys = [row("NVDA", "new"), row("NVDA", "expired")].map(keyOf);
  expect(new Set(keys).size).toBe(2);
});

test("lines lie one below the other, and only those in view are drawn", () => {
  const many = Array.from({ length: 500 }, (_, index) => row(`S${index}`, "not_met"));
  const lines = linesOf(sectionsOf([...ROWS, ...many]));
  const sections = lines.filter((line) => line.row === null).length;
  expect(heightOf(lines)).toBe(sections * HEAD_PX + 508 * ROW_PX);
  lines.slice(1).forEach((line, index) => {
    expect(line.top).toBe(lines[index].top + lines[index].height);
  });
  const drawn = linesIn(lines, 10_000, 600, 100);
  expect(drawn.length).toBeLessThan(22);
  expect(drawn[0].top).toBeLessThan(10_000);
});

test("a row comes into view with the heading above it, and stays where it is when it is in view", () => {
  const lines = linesOf(sectionsOf(ROWS));
  const first = lines.find((line) => line.row?.symbol === "GGG")!;
  expect(scrollTo(first, 300, 400)).toBe(0);
  const last = lines[lines.length - 1];
  expect(scrollTo(last, 0, 200)).toBe(last.top + last.height - 200);
  expect(scrollTo(last, last.top - HEAD_PX, 200)).toBe(last.top - HEAD_PX);
});
