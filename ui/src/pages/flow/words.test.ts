import { expect, test } from "vitest";

import { columnsOf } from "../../api/columns";
import { etInstant } from "../../lib/time";
import { hourTicks } from "./day.svelte";
import { noteLine, type Line } from "./lines";
import { pricesAt } from "./prices.svelte";
import { contractTip, daysBetween, expiryWords, kindLetter, shapeTip, strikeWords } from "./words";
import { monthTicks, points } from "./volatility/words";

test("an expiry carries its year only when that is another one", () => {
  expect(expiryWords("2026-03-06", "2026-03-06")).toBe("6 Mar");
  expect(expiryWords("2027-01-15", "2026-03-06")).toBe("15 Jan 27");
  expect(expiryWords("", "2026-03-06")).toBe("—");
});

test("strikes have cents only where they need them", () => {
  expect([550, 552.5, 7.25, 1_200].map(strikeWords)).toEqual(["550", "552.5", "7.25", "1,200"]);
});

test("calls and puts are told without a colour, and days without a clock change", () => {
  expect(["call", "put", ""].map(kindLetter)).toEqual(["C", "P", "—"]);
  expect(daysBetween("2026-03-06", "2026-03-09")).toBe(3);
});

test("what a trade did not know is a dash in its tip", () => {
  const contract = {
    name: "SPY260320C00550000",
    expiry: "2026-03-20",
    kind: "call",
    strike: 550,
    days: 14,
  };
  const line: Line = { ...noteLine("", ""), contract, openInterest: 1_200 };
  expect(contractTip(line)).toContain("Delta —, implied volatility —, open interest 1,200");
});

test("a group says how its trades belong together", () => {
  const at = etInstant("2026-03-06", 570);
  const line: Line = {
    ...noteLine("", ""),
    first: at,
    at: at + 400,
    trades: 3,
    shape: 1,
    sweeps: 3,
  };
  expect(shapeTip(line)).toBe(
    "3 trades from 09:30:00.000 to 09:30:00.400: a sweep, all within a second over several exchanges.",
  );
  expect(shapeTip({ ...line, shape: 2, sweeps: 0 })).toBe(
    "3 trades from 09:30:00.000 to 09:30:00.400.",
  );
});

test("hours of the axis are those of New York, before and after the clocks change", () => {
  for (const date of ["2026-03-06", "2026-03-09"]) {
    const hours: [number, number] = [etInstant(date, 570), etInstant(date, 960)];
    const labels = hourTicks(hours, 7).map((tick) => tick.label);
    expect(labels).toEqual(["10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]);
    expect(hourTicks(hours, 4).map((tick) => tick.label)[1]).toBe("12:00");
  }
});

test("a price is the last one known, and unknown where the last is old", () => {
  const bars = columnsOf(
    { symbol: "SPY", interval: "1m", more_before: false },
    { start_ms: [60_000, 120_000], close: [550, 551] },
  );
  const at = [0, 60_000, 119_999, 120_000, 420_000, 480_000];
  expect([...pricesAt(at, bars)]).toEqual([NaN, 550, 550, 551, 551, NaN]);
  expect([...pricesAt(at, undefined)].every(Number.isNaN)).toBe(true);
});

test("months are written where they begin, thinned out to a few", () => {
  const dates = Array.from({ length: 24 }, (_, i) => {
    const month = String((i % 12) + 1).padStart(2, "0");
    return `${2025 + Math.floor(i / 12)}-${month}-02`;
  });
  const ticks = monthTicks(dates);
  expect(ticks.length).toBeLessThanOrEqual(6);
  expect(ticks[0]).toEqual({ at: 1, label: "Feb" });
  expect([points(0.014), points(-0.03), points(0)]).toEqual(["+1.4", "\u22123.0", "0.0"]);
});
