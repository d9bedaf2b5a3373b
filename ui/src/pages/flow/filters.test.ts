import { expect, test } from "vitest";

import { seeded } from "../../test/random";
import { withFilters, withValue } from "./address";
import {
  countOn,
  fromQuery,
  groupsRequest,
  SHOW_ALL,
  toQuery,
  tradesRequest,
  unfiltered,
  type Filters,
} from "./filters";

function pick<T>(random: () => number, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)];
}

function anyFilters(random: () => number): Filters {
  const amount = (most: number): number | null =>
    random() < 0.5 ? null : Math.ceil(random() * most * 2) / 2;
  const bits = (): number => (random() < 0.5 ? 0 : Math.ceil(random() * 2_000));
  return {
    rows: pick(random, ["groups", "trades", "alerts"]),
    kind: pick(random, ["", "call", "put"]),
    side: pick(random, ["", "buy", "sell", "unknown"]),
    tenor: pick(random, ["", "zero", "week", "month", "longer"]),
    expiry: pick(random, ["", "2026-03-20", "2027-01-15"]),
    low: amount(600),
    high: amount(600),
    min: amount(1e7),
    size: amount(5_000),
    with: bits(),
    without: bits(),
    opening: pick(random, ["", "probable", "provable"]),
    order: pick(random, ["newest", "largest"]),
    window: pick(random, [1, 10, 60, 600]),
  };
}

test("filters come back from an address as they went in", () => {
  const random = seeded(11);
  for (let round = 0; round < 500; round += 1) {
    const filters = anyFilters(random);
    const text = toQuery(filters).toString();
    expect(fromQuery(new URLSearchParams(text)), text).toEqual(filters);
  }
});

test("the address of an unfiltered tape is empty, and what it says wrongly is not there", () => {
  expect(toQuery(SHOW_ALL).toString()).toBe("");
  const wrong =
    "rows=all&kind=both&side=up&tenor=year&expiry=soon&low=-1&min=x&with=1.5&opening=2&window=0";
  expect(fromQuery(new URLSearchParams(wrong))).toEqual(SHOW_ALL);
});

test("how rows are shown is no filter, and stays when filters are taken off", () => {
  const filters: Filters = { ...SHOW_ALL, rows: "alerts", order: "largest", window: 10, min: 5e5 };
  expect(countOn(filters)).toBe(1);
  expect(unfiltered(filters)).toEqual({ ...filters, min: null });
});

test("session and view stay in the address when filters change", () => {
  const query = new URLSearchParams("date=2026-03-05&view=volatility&side=buy");
  expect(withFilters(query, { ...SHOW_ALL, kind: "put" }).toString()).toBe(
    "kind=put&date=2026-03-05&view=volatility",
  );
  expect(withValue(query, "date", null).toString()).toBe("view=volatility&side=buy");
});

test("every filter of trades is asked of the engine, and nothing that is off", () => {
  const filters: Filters = {
    rows: "alerts",
    kind: "call",
    side: "sell",
    tenor: "week",
    expiry: "2026-03-20",
    low: 540,
    high: 560,
    min: 100_000,
    size: 50,
    with: 1,
    without: 24,
    opening: "probable",
    order: "largest",
    window: 60,
  };
  expect(tradesRequest("SPY", "2026-03-05", filters, { limit: 7 })).toEqual({
    symbol: "SPY",
    rows: "alerts",
    session_date: "2026-03-05",
    from_ms: null,
    to_ms: null,
    contract: null,
    kind: "call",
    side: "sell",
    tenor: "week",
    expiry: "2026-03-20",
    min_strike: 540,
    max_strike: 560,
    min_premium: 100_000,
    min_size: 50,
    with_flags: 1,
    without_flags: 24,
    opening: "probable",
    order: "largest",
    after: null,
    limit: 7,
  });
  const bare = tradesRequest("SPY", null, SHOW_ALL, { limit: 7 });
  const on = Object.entries(bare).filter(([, value]) => value !== null);
  expect(Object.fromEntries(on)).toEqual({
    symbol: "SPY",
    rows: "trades",
    order: "newest",
    limit: 7,
  });
});

test("every filter of groups is asked of the engine, and nothing that is off", () => {
  const filters: Filters = {
    ...SHOW_ALL,
    kind: "put",
    expiry: "2026-03-20",
    low: 540,
    high: 560,
    min: 1e6,
    size: 50,
    with: 1,
    without: 24,
    opening: "provable",
    window: 10,
  };
  expect(groupsRequest("SPY", null, filters, 500)).toEqual({
    symbol: "SPY",
    session_date: null,
    window_s: 10,
    min_premium: 1e6,
    kind: "put",
    side: null,
    tenor: null,
    expiry: "2026-03-20",
    min_strike: 540,
    max_strike: 560,
    min_size: 50,
    with_flags: 1,
    without_flags: 24,
    opening: "provable",
    order: "newest",
    limit: 500,
  });
  const bare = Object.entries(groupsRequest("SPY", null, SHOW_ALL, 500));
  expect(Object.fromEntries(bare.filter(([, value]) => value !== null))).toEqual({
    symbol: "SPY",
    window_s: 60,
    order: "newest",
    limit: 500,
  });
});
