import { expect, test } from "vitest";

import { REASONS } from "../../test/records";
import { seeded } from "../../test/random";
import { countOn, fromQuery, SHOW_ALL, toQuery, toRequest, type Filters } from "./filters";

function pick<T>(random: () => number, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)];
}

function anyFilters(random: () => number): Filters {
  const codes = REASONS.map((reason) => reason.code);
  return {
    min: random() < 0.5 ? null : Math.ceil(random() * 1e9),
    side: pick(random, ["", "buy", "sell", "unknown"]),
    session: pick(random, ["", "pre", "regular", "post"]),
    with: codes.filter(() => random() < 0.2),
    without: codes.filter(() => random() < 0.2),
    blocks: random() < 0.5,
    order: pick(random, ["newest", "largest"]),
  };
}

test("filters come back from an address as they went in", () => {
  const random = seeded(7);
  for (let round = 0; round < 500; round += 1) {
    const filters = anyFilters(random);
    const text = toQuery(filters).toString();
    expect(fromQuery(new URLSearchParams(text)), text).toEqual(filters);
  }
});

test("the address of an unfiltered tape is empty", () => {
  expect(toQuery(SHOW_ALL).toString()).toBe("");
  expect(fromQuery(new URLSearchParams())).toEqual(SHOW_ALL);
  expect(countOn(SHOW_ALL)).toBe(0);
});

test("what an address says wrongly is as if it were not there", () => {
  const query = new URLSearchParams("min=-5&side=up&session=&with=,,&blocks=yes&order=best");
  expect(fromQuery(query)).toEqual(SHOW_ALL);
});

test("reasons are asked for by their bits, and unknown codes by none", () => {
  const request = toRequest(
    "SPY",
    { ...SHOW_ALL, with: ["AVG", "CXL", "NEW"], without: ["GONE"] },
    REASONS,
    500,
  );
  expect(request.with_reasons).toBe(1 | 256);
  expect(request.without_reasons).toBeNull();
});
