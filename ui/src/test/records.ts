/** The fake market's lists: reasons, vendors, health, quarantine, log. */
import type {
  BackfillView,
  FeedView,
  LogRow,
  QuarantineRow,
  ReasonView,
  RetentionView,
  Status,
  VendorView,
} from "../api/bindings";
import { sessions, START_MS } from "./market";

const reason = (bit: number, code: string, meaning: string, excludes: boolean): ReasonView => ({
  bit: 1 << bit,
  code,
  meaning,
  excludes,
});

export const REASONS: ReasonView[] = [
  reason(8, "CXL", "Cancelled after it was printed", true),
  reason(9, "COR", "Corrects an earlier print", false),
  reason(10, "DUP", "Printed a second time", true),
  reason(6, "SIG", "Reported 15 minutes or more after execution", true),
  reason(5, "LATE", "Reported more than 10 seconds after execution", true),
  reason(0, "AVG", "Average price over a period", true),
  reason(1, "DRV", "Price derived from another instrument", true),
  reason(2, "QCT", "Contingent on another leg", true),
  reason(3, "PRP", "Price refers to an earlier moment", true),
  reason(4, "SOLD", "Sold or out of sequence", true),
  reason(13, "SET", "Settles otherwise than regular way", true),
  reason(7, "EXT", "Traded outside the regular session", false),
  reason(11, "ODD", "Odd lot", false),
  reason(12, "ISO", "Intermarket sweep", false),
  reason(14, "???", "A vendor code that Undertow does not know", true),
];

export const VENDORS: VendorView[] = [
  { id: "unusual_whales", title: "Unusual Whales", key_set: false, key_from: null },
  { id: "polygon", title: "Massive (Polygon)", key_set: false, key_from: null },
];

export function statusAt(now: number, symbols: string[], backfills: BackfillView[]): Status {
  const session = sessions[sessions.length - 1];
  const open = now < session.close_ms;
  return {
    health: "degraded",
    summary: "TSLA prints are 3 minutes old: the vendor answers slowly. Nothing to do yet.",
    market_ms: now,
    session: open ? "regular" : "post",
    session_ends_ms: open ? session.close_ms : session.post_end_ms,
    next_open_ms: open ? null : session.open_ms + 3 * 86_400_000,
    feeds: symbols.flatMap((symbol) => [
      feed(now, symbol, "prints", symbol === "TSLA" ? 190 : symbol === "AMD" ? 34 : 4),
      feed(now, symbol, "bars", symbol === "AMD" ? null : 41),
    ]),
    budget: {
      vendor: "unusual_whales",
      day_limit: 20_000,
      day_used: 6_214,
      minute_remaining: 96,
      minute_resets_ms: now + 21_000,
    },
    database: {
      kind: "embedded",
      health: "healthy",
      version: "17.5",
      bytes: 1_418_000_000,
      problem: null,
    },
    backfills,
    quarantined: QUARANTINE.length,
    collecting: true,
  };
}

function feed(now: number, symbol: string, series: string, age: number | null): FeedView {
  const down = age === null;
  return {
    symbol,
    series,
    health: down ? "down" : age > 120 ? "degraded" : "healthy",
    asked_ms: down ? null : now - age * 1_000,
    age_s: age,
    newest_ms: down ? null : now - age * 1_000 - 1_200,
    next_ms: now + 12_000,
    rows: down ? 0 : series === "prints" ? 41_204 : 586,
    problem: down
      ? "The plan does not include these bars (HTTP 403). Remove the symbol or change the plan."
      : age > 120
        ? "The vendor answers slowly; the next try is in 12 s."
        : null,
  };
}

export const QUARANTINE: QuarantineRow[] = Array.from({ length: 7 }, (_, index) => ({
  received_ms: START_MS - index * 860_000,
  symbol: index % 3 === 2 ? null : "SPY",
  series: "prints",
  reason: index % 2 ? "size is negative" : "price is not a number",
  raw: JSON.stringify(
    {
      ticker: "SPY",
      price: index % 2 ? "552.31" : "n/a",
      size: index % 2 ? -100 : 2200,
      executed_at: "2026-03-06T17:21:08Z",
      tracking_id: 71_930_000_412 + index,
    },
    null,
    2,
  ),
  seen: 1 + (index % 4),
}));

const MESSAGES = [
  ["info", "collector", "SPY: 1,204 prints stored, 3 changed, none rejected"],
  ["info", "backfill", "job-2: QQQ 2026-01-28 finished, 21,400 rows"],
  ["warn", "vendor", "HTTP 502 for /darkpool/TSLA; tried again after 1.4 s"],
  ["info", "store", "partition darkpool_trades_2026_04 made ahead of its month"],
  ["error", "vendor", "AMD bars: the plan does not include them (HTTP 403)"],
] as const;

export const LOG: LogRow[] = Array.from({ length: 120 }, (_, index) => {
  const [level, area, message] = MESSAGES[(index * 7 + (index >> 2)) % MESSAGES.length];
  return { at_ms: START_MS - index * 47_300, level, area, message };
});

const kept = (
  table: string,
  label: string,
  keep_days: number | null,
  bytes: number,
  rows: number,
) => ({
  table,
  label,
  keep_days,
  bytes,
  rows,
});

export const RETENTION: RetentionView[] = [
  kept("darkpool_trades", "Off-exchange prints", null, 1_840_000_000, 7_900_000),
  kept("options_flow", "Option trades and alerts", 365, 1_210_000_000, 4_100_000),
  kept("bars", "Bars", null, 96_000_000, 610_000),
  kept("option_contracts", "Contracts that expired", 30, 8_200_000, 31_000),
  kept("quarantine", "Quarantine", 90, 40_000, 7),
];
