import { expect, test } from "vitest";

import type { ListedView } from "../../api/bindings";
import { factsOf, smileOf, tradesNote } from "./contract";
import { noteLine } from "./lines";

const LISTED: ListedView = {
  received_ms: 1,
  session_date: "2026-03-06",
  bid: null,
  ask: 1.2,
  last_price: null,
  volume: 0,
  open_interest: 1_100,
  previous_open_interest: 1_000,
  implied_volatility: 0.2034,
  implied_from: "mid",
  delta: null,
  gamma: 0.01,
};
const fact = (listed: ListedView, name: string) => factsOf(listed).find((one) => one.name === name);

test("a volatility from the quote is marked as ours and says how it was made", () => {
  expect(fact(LISTED, "IV")).toMatchObject({ value: "20.3 %", ours: true });
  expect(fact(LISTED, "IV")?.about).toContain("middle of bid and ask");
  const told = { ...LISTED, implied_from: "vendor" };
  expect(fact(told, "IV")).toMatchObject({ value: "20.3 %", ours: false });
});

test("what is missing is a dash, and growth is told only where there is a day before", () => {
  expect([fact(LISTED, "Bid")?.value, fact(LISTED, "Delta")?.value]).toEqual(["—", "—"]);
  expect(fact(LISTED, "Open interest")?.about).toContain("1,000 a day before, +10 %");
  const fresh = { ...LISTED, previous_open_interest: null };
  expect(fact(fresh, "Open interest")?.about).toContain("— a day before.");
});

test("a smile has a line for each source that it has", () => {
  const both = smileOf([
    { strike: 540, implied: 0.2, from: "vendor" },
    { strike: 550, implied: 0.18, from: "mid" },
  ]);
  expect(both.at).toEqual([540, 550]);
  expect(both.lines.map(({ label, values }) => [label, Array.from(values)])).toEqual([
    ["vendor", [0.2, NaN]],
    ["ours, from mid", [NaN, 0.18]],
  ]);
  expect(smileOf([{ strike: 540, implied: 0.2, from: "vendor" }]).lines.length).toBe(1);
  expect(smileOf([])).toEqual({ at: [], lines: [] });
});

test("trades below the floor of the tape are counted", () => {
  const line = (premium: number) => ({ ...noteLine("", ""), premium });
  expect(tradesNote([line(20_000), line(500), line(9_999)], 10_000)).toBe(
    "3 trades, 2 below the tape's floor",
  );
  expect(tradesNote([line(20_000)], 10_000)).toBe("1 trade");
});
