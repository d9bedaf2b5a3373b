import { describe, expect, it } from "vitest";

import { wallMinute, wallSeconds } from "./time";

/** Wall time as the library will print it. */
const shown = (utc: string): string =>
  new Date(wallSeconds(Date.parse(utc)) * 1000).toISOString().slice(0, 19);

describe("chart time", () => {
  it.each([
    ["the open in winter", "2026-01-15T14:30:00Z", "2026-01-15T09:30:00"],
    ["the open in summer", "2026-07-15T13:30:00Z", "2026-07-15T09:30:00"],
    ["the second before clocks go forward", "2026-03-08T06:59:59Z", "2026-03-08T01:59:59"],
    ["the second in which clocks go forward", "2026-03-08T07:00:00Z", "2026-03-08T03:00:00"],
    ["the open of the first summer day", "2026-03-09T13:30:00Z", "2026-03-09T09:30:00"],
    ["the last second before clocks go back", "2026-11-01T05:59:59Z", "2026-11-01T01:59:59"],
    ["the second in which clocks go back", "2026-11-01T06:00:00Z", "2026-11-01T01:00:00"],
    ["the open of the first winter day", "2026-11-02T14:30:00Z", "2026-11-02T09:30:00"],
    [
      "the evening before, in UTC already the next day",
      "2026-01-15T01:00:00Z",
      "2026-01-14T20:00:00",
    ],
    ["a day before 2007, under the older rule", "2006-04-03T13:30:00Z", "2006-04-03T09:30:00"],
  ])("shows New York clocks at %s", (_, utc, wall) => {
    expect(shown(utc)).toBe(wall);
  });

  it("counts minutes from New York midnight on both sides of a change", () => {
    expect(wallMinute(Date.parse("2026-03-06T14:30:00Z"))).toBe(570);
    expect(wallMinute(Date.parse("2026-03-09T13:30:30Z"))).toBe(570.5);
  });
});
