import { expect, test } from "vitest";

import { parseAmount } from "./amount";

test("amounts are read as traders type them", () => {
  const cases: [string, number | null][] = [
    ["1.5m", 1_500_000],
    ["500K", 500_000],
    ["$2,000,000", 2_000_000],
    [" 1b ", 1e9],
    [".5m", 500_000],
    ["", null],
    ["0", null],
    ["-5", null],
    ["five", null],
    ["1m1", null],
  ];
  for (const [text, value] of cases) expect(parseAmount(text), text).toBe(value);
});
