import { describe, expect, test } from "vitest";

import * as time from "./time";

const HOUR = 3_600_000;

describe("New York time", () => {
  test("the offset changes at 07:00 UTC in spring and 06:00 UTC in autumn", () => {
    const spring = Date.UTC(2026, 2, 8, 7);
    const autumn = Date.UTC(2026, 10, 1, 6);
    expect(time.newYorkOffsetMs(spring - 1)).toBe(-5 * HOUR);
    expect(time.newYorkOffsetMs(spring)).toBe(-4 * HOUR);
    expect(time.newYorkOffsetMs(autumn - 1)).toBe(-4 * HOUR);
    expect(time.newYorkOffsetMs(autumn)).toBe(-5 * HOUR);
  });

  test("the open is 09:30 before and after the clocks change", () => {
    expect(time.etTimeMs(Date.UTC(2026, 2, 6, 14, 30, 0, 7))).toBe("09:30:00.007");
    expect(time.etTimeMs(Date.UTC(2026, 2, 9, 13, 30, 0, 7))).toBe("09:30:00.007");
    expect(time.etInstant("2026-03-06", 570)).toBe(Date.UTC(2026, 2, 6, 14, 30));
    expect(time.etInstant("2026-03-09", 570)).toBe(Date.UTC(2026, 2, 9, 13, 30));
  });

  test("on the day of a change each wall time is found", () => {
    for (const date of ["2026-03-08", "2026-11-01"]) {
      for (const minute of [0, 59, 240, 570, 1_200]) {
        const at = time.etInstant(date, minute);
        const [hour, rest] = time.etMinute(at).split(":").map(Number);
        expect([time.etDate(at), hour * 60 + rest]).toEqual([date, minute]);
      }
    }
  });

  test("a late evening in UTC is still the same day in New York", () => {
    expect(time.etDate(Date.UTC(2026, 2, 7, 1))).toBe("2026-03-06");
  });

  test("a date stands in front only when it is not today", () => {
    const now = Date.UTC(2026, 2, 6, 18);
    expect(time.etStamp(now - HOUR, now)).toBe("12:00:00");
    expect(time.etStamp(now - 24 * HOUR, now)).toBe("2026-03-05 13:00:00");
  });

  test("what is missing is an em dash", () => {
    for (const missing of [null, undefined, NaN]) {
      expect(time.etTime(missing)).toBe("—");
      expect(time.etTimeMs(missing)).toBe("—");
      expect(time.etStamp(missing, 0)).toBe("—");
      expect(time.duration(missing)).toBe("—");
    }
  });
});

test("durations say what a reader acts on", () => {
  const cases: [number, string][] = [
    [8_040, "2 h 14 m"],
    [845, "14 m"],
    [312, "5 m 12 s"],
    [9, "9 s"],
    [-3, "0 s"],
    [100_000, "1 d 3 h"],
  ];
  for (const [seconds, words] of cases) expect(time.duration(seconds)).toBe(words);
});

test("dates are counted across months and years", () => {
  expect(time.addDays("2026-03-01", -1)).toBe("2026-02-28");
  expect(time.addDays("2025-12-31", 1)).toBe("2026-01-01");
  expect(time.longDate("2026-03-06")).toBe("Fri 6 Mar 2026");
});
