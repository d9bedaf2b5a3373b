import { expect, test } from "vitest";

import { fieldName, fieldValue } from "./fields";

test("a whole print is read in New York time, and no digit of it is lost", () => {
  for (const [name, value, words, shown] of [
    ["executed_at", "2026-11-27T15:34:19.012+00:00", "Executed, ET", "2026-11-27 10:34:19.012"],
    ["notional", "104963.1000000001", "Notional", "104,963.1000000001"],
    ["day_volume", "13818461", "Day volume", "13,818,461"],
    ["price", "561.3", "Price", "561.3"],
    ["tracking_id", "1185038059500", "Tracking id", "1185038059500"],
    ["received_at", "no instant", "Received, ET", "no instant"],
    ["trade_code", null, "Trade code", "—"],
  ] as const) {
    expect(fieldName({ name, value })).toBe(words);
    expect(fieldValue({ name, value })).toBe(shown);
  }
});
