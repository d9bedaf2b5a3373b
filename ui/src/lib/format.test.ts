import { describe, expect, test } from "vitest";

import * as format from "./format";

function check<T>(write: (value: T) => string, cases: [T, string][]): void {
  for (const [value, expected] of cases) expect(write(value), String(value)).toBe(expected);
}

describe("figures", () => {
  test("a notional has three significant digits and its unit", () => {
    check(format.notional, [
      [1_240_000_000, "$1.24B"],
      [12_400_000, "$12.4M"],
      [124_000_000, "$124M"],
      [999_400, "$999K"],
      [999_600, "$1.00M"],
      [9_995, "$10.0K"],
      [950, "$950"],
      [0, "$0"],
      [-2_500_000, "\u2212$2.50M"],
      [3.2e12, "$3.20T"],
    ]);
  });

  test("what is missing is an em dash and never zero", () => {
    const writers = [
      format.notional,
      format.dollars,
      format.price,
      format.size,
      format.percent,
      format.change,
      format.multiple,
      format.bytes,
      format.age,
      format.number,
    ];
    for (const write of writers) {
      for (const missing of [null, undefined, NaN, Infinity]) expect(write(missing)).toBe("—");
    }
  });

  test("the full value has its thousands apart", () => {
    check(format.dollars, [
      [1_240_000_123.4, "$1,240,000,123"],
      [999, "$999"],
      [-1_000, "\u2212$1,000"],
    ]);
  });

  test("a price has cents, and four decimals only where it is finer", () => {
    check(format.price, [
      [552.35, "552.35"],
      [552.3, "552.30"],
      [552.3501, "552.3501"],
      [552.355, "552.3550"],
      [1_234.5, "1,234.50"],
      [0.0001, "0.0001"],
    ]);
  });

  test("a size may be a fraction of a share", () => {
    check(format.size, [
      [1_200, "1,200"],
      [17_348.5, "17,348.5"],
      [0.25, "0.25"],
    ]);
  });

  test("a change has a sign, and zero has none", () => {
    check(
      (value: number) => format.change(value),
      [
        [3.2, "+320 %"],
        [-0.12, "\u221212 %"],
        [0, "0 %"],
        [-0.0001, "0 %"],
      ],
    );
    expect(format.multiple(4.2)).toBe("4.2 x");
  });

  test("ages and amounts of storage are short", () => {
    check(format.age, [
      [3.9, "3s"],
      [61, "1m"],
      [7_200, "2h"],
      [200_000, "2d"],
      [-4, "0s"],
    ]);
    check(format.bytes, [
      [999, "999 B"],
      [1_418_000_000, "1.4 GB"],
      [25_000_000, "25 MB"],
    ]);
  });
});

test("a locale that does not exist is replaced and a real one is kept", () => {
  expect(format.safeLocale("C")).toBe("en-US");
  expect(format.safeLocale("de-CH")).toBe("de-CH");
});
