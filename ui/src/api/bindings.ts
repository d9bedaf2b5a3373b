// Written by crates/api from the Rust types. Do not edit: run
// `UPDATE_EXPECT=1 cargo nextest run --workspace bindings` after a change.

import type { Columns } from "./columns";

/**
 * Asks for nothing.
 */
export type Nothing = Record<symbol, never>;

/**
 * Which market the program shows.
 */
export type Mode = "unset" | "starting" | "simulated" | "live" | "failed";

/**
 * The program at a glance.
 */
export type AppView = { 
/**
 * Program version.
 */
version: string, 
/**
 * Which market is shown.
 */
mode: Mode, 
/**
 * What is being done while `mode` is `starting`, in words.
 */
progress: string | null, 
/**
 * Why opening failed, in words.
 */
problem: string | null, 
/**
 * The watch list, in order.
 */
symbols: Array<string>, 
/**
 * The clock the program runs on.
 */
clock: ClockView, 
/**
 * The vendors and whether a key is set. Keys never cross.
 */
vendors: Array<VendorView>, 
/**
 * The reasons that a print can carry, most telling first.
 */
reasons: Array<ReasonView>, };

/**
 * The clock that the program runs on. Market time = `market_ms + (now - wall_ms) * speed`.
 */
export type ClockView = { 
/**
 * Wall time of the reading, epoch ms.
 */
wall_ms: number, 
/**
 * Market time at that reading, epoch ms.
 */
market_ms: number, 
/**
 * Market seconds a wall second.
 */
speed: number, 
/**
 * Whether market time is not real time (simulated, or started elsewhere for a test).
 */
shifted: boolean, };

/**
 * A vendor as the screen knows it.
 */
export type VendorView = { 
/**
 * Name in commands and settings.
 */
id: string, 
/**
 * Name as the company writes it.
 */
title: string, 
/**
 * Whether a key is set.
 */
key_set: boolean, 
/**
 * Where the key came from: `environment` or `memory`.
 */
key_from: string | null, };

/**
 * One reason that a print can carry.
 */
export type ReasonView = { 
/**
 * Bit in the `reasons` column of prints.
 */
bit: number, 
/**
 * Short code, as shown on the tape.
 */
code: string, 
/**
 * Meaning in words.
 */
meaning: string, 
/**
 * Whether a print with this reason is kept out of levels.
 */
excludes: boolean, };

/**
 * Opens the simulated market.
 */
export type StartDemo = { 
/**
 * Seed of the market; the same seed gives the same market.
 */
seed: number | null, 
/**
 * Market seconds a wall second, 1 to 600.
 */
speed: number | null, };

/**
 * Sets a vendor's key and opens the real market. The key is held in memory only.
 */
export type ConnectVendor = { 
/**
 * Vendor name, for example `unusual_whales`.
 */
vendor: string, 
/**
 * The key. Never comes back.
 */
key: string, };

/**
 * Names one symbol.
 */
export type OneSymbol = { 
/**
 * The ticker.
 */
symbol: string, };

/**
 * Asks for the newest `limit` bars that begin before `before_ms`, oldest first.
 *
 * Columns: `start_ms open high low close volume session`.
 */
export type GetBars = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * `1m`, `5m`, `15m`, `1h` or `1d`.
 */
interval: string, 
/**
 * Bars that begin before this instant, epoch ms; none = up to now.
 */
before_ms: number | null, 
/**
 * At most this many, 1 to 20,000.
 */
limit: number, };

/**
 * Describes a page of bars.
 */
export type BarsMeta = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * The interval.
 */
interval: string, 
/**
 * Whether the store holds older bars.
 */
more_before: boolean, };

/**
 * Asks for prints, newest first.
 *
 * Columns: `reported_ms executed_ms price size notional bid ask day_volume side reasons session
 * eligible block identity_high identity_low`. `side` and `session` are codes (see [`PrintsMeta`]),
 * `reasons` a set of bits, `eligible` and `block` 0 or 1, `block` NaN where the threshold is not
 * known yet. The identity is the two halves of a 64-bit number.
 */
export type GetPrints = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Reported at or after, epoch ms.
 */
from_ms: number | null, 
/**
 * Reported before, epoch ms.
 */
to_ms: number | null, 
/**
 * Smallest notional, dollars.
 */
min_notional: number | null, 
/**
 * Only prints with at least one of these reasons (bits); 0 or none = any.
 */
with_reasons: number | null, 
/**
 * Only prints with none of these reasons (bits).
 */
without_reasons: number | null, 
/**
 * `buy`, `sell` or `unknown`.
 */
side: string | null, 
/**
 * `pre`, `regular` or `post`.
 */
session: string | null, 
/**
 * Order: `newest` (default) or `largest` by notional.
 */
order: string | null, 
/**
 * Continue after the last row of the page before (from [`PrintsMeta`]); `newest` only.
 */
after: PrintsCursor | null, 
/**
 * At most this many, 1 to 5,000.
 */
limit: number, };

/**
 * Where a page of prints ended.
 */
export type PrintsCursor = { 
/**
 * Tape time of the last row, epoch microseconds, as text.
 */
reported_us: string, 
/**
 * Identity of the last row, as text.
 */
identity: string, };

/**
 * Describes a page of prints.
 */
export type PrintsMeta = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Where the next page begins; none at the end.
 */
next: PrintsCursor | null, 
/**
 * Words for the codes of the `side` column: 1 above ask … 7 below bid, 10 and up no side.
 */
sides: Array<CodeLabel>, };

/**
 * Words for a code.
 */
export type CodeLabel = { 
/**
 * The code.
 */
code: number, 
/**
 * The words.
 */
label: string, 
/**
 * `buy`, `sell` or `unknown`.
 */
side: string, };

/**
 * Asks for one print, whole.
 */
export type GetPrint = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Tape time, epoch ms.
 */
reported_ms: number, 
/**
 * Identity, as text.
 */
identity: string, };

/**
 * One print, whole, as the vendor delivered it and as we read it. Numbers are exact text.
 */
export type PrintDetail = { 
/**
 * Name and value of each field, in the order to show.
 */
fields: Array<PrintField>, 
/**
 * Codes of the reasons it carries.
 */
reasons: Array<string>, };

/**
 * A field of a print.
 */
export type PrintField = { 
/**
 * Name.
 */
name: string, 
/**
 * Value as exact text; none = the vendor sent nothing.
 */
value: string | null, };

/**
 * Asks for the off-exchange levels of the last sessions.
 *
 * Columns: `low price high shares notional prints vwap buy_notional sell_notional
 * unknown_notional largest_notional first_ms last_ms excluded_shares excluded_notional strength
 * rank percentile zone value_area touches holds hold_rate hold_low hold_high null_rate beats`.
 * `zone` is an index from 0; `value_area` 0 or 1; `beats` 1 (beats every null), 0 (does not),
 * NaN (too few touches to say); the hold columns are NaN where nothing was measured. Touches
 * and rates are those of the level's kind (its zone ranked 1 to 3, or 4 to 10), `hold_low` to
 * `hold_high` is a 95 % interval, and `null_rate` that of the best of the three nulls.
 */
export type GetLevels = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Number of sessions, 1 to 120, ending with the latest one.
 */
sessions: number, 
/**
 * Bin width in dollars; none = from ATR14.
 */
width: number | null, 
/**
 * Whether prints of pre- and post-market count too.
 */
extended_hours: boolean, 
/**
 * At most this many levels, strongest first, 1 to 2,000.
 */
limit: number, 
/**
 * Whether to measure hold rates (slower; cached for the session).
 */
hold_rates: boolean, };

/**
 * Describes a set of levels. Notional in dollars.
 */
export type LevelsMeta = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * First session date, `YYYY-MM-DD`; none = nothing stored.
 */
from: string | null, 
/**
 * Last session date.
 */
to: string | null, 
/**
 * Sessions that hold at least one print.
 */
sessions: number, 
/**
 * Bin width, dollars.
 */
width: number, 
/**
 * Fourteen-day average true range, dollars.
 */
atr14: number | null, 
/**
 * Price of the largest bin.
 */
poc: number | null, 
/**
 * Low edge of the value area (70 %).
 */
value_area_low: number | null, 
/**
 * High edge of the value area.
 */
value_area_high: number | null, 
/**
 * Median daily off-exchange notional, 20 sessions.
 */
median_daily_notional: number | null, 
/**
 * Half-life of strength, sessions.
 */
half_life_sessions: number, 
/**
 * Notional of all bins, before `limit`.
 */
total_notional: number, 
/**
 * Share of notional with a side, 0 to 1; none = no notional.
 */
side_coverage: number | null, 
/**
 * Share of notional excluded from levels, 0 to 1.
 */
excluded_share: number | null, 
/**
 * Gaps in the data under these levels.
 */
gaps: number, };

/**
 * Asks for price by volume.
 *
 * Columns: `price off_exchange total_estimate`, shares by bin.
 */
export type GetProfile = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * First instant, epoch ms.
 */
from_ms: number, 
/**
 * End, epoch ms.
 */
to_ms: number, 
/**
 * Bin width, dollars; none = from ATR14.
 */
width: number | null, };

/**
 * Describes a profile. The total is an estimate: each one-minute bar's volume, spread evenly
 * over its range.
 */
export type ProfileMeta = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Bin width, dollars.
 */
width: number, 
/**
 * Smallest notional the vendor delivers, dollars: smaller prints count as lit.
 */
floor_notional: number, };

/**
 * Asks for the off-exchange activity of one session.
 *
 * Columns: `minute today mean low high`, cumulative shares by minute of the New York day;
 * `today` is NaN after now, the baseline NaN where there is none.
 */
export type GetActivity = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Session date, `YYYY-MM-DD`; none = the latest session.
 */
session_date: string | null, };

/**
 * Describes an activity curve.
 */
export type ActivityMeta = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Session date, `YYYY-MM-DD`.
 */
session_date: string, 
/**
 * Sessions in the baseline.
 */
baseline_sessions: number, 
/**
 * Sessions needed before the comparison is made.
 */
needed_sessions: number, 
/**
 * activity / baseline; none with insufficient history.
 */
multiple: number | null, };

/**
 * Asks for the trading sessions of a stretch of time.
 */
export type ListSessions = { 
/**
 * First instant, epoch ms.
 */
from_ms: number, 
/**
 * Last instant, epoch ms.
 */
to_ms: number, };

/**
 * The hours of one trading session, epoch ms.
 */
export type SessionView = { 
/**
 * New York date, `YYYY-MM-DD`.
 */
date: string, 
/**
 * Pre-market begins.
 */
pre_ms: number, 
/**
 * Regular session opens.
 */
open_ms: number, 
/**
 * Regular session closes.
 */
close_ms: number, 
/**
 * Post-market ends.
 */
post_end_ms: number, 
/**
 * Whether the close is early.
 */
early_close: boolean, };

/**
 * A stretch of time in which data is missing.
 */
export type GapView = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * `prints` or `bars`.
 */
series: string, 
/**
 * Session date, `YYYY-MM-DD`.
 */
session_date: string, 
/**
 * First missing instant, epoch ms.
 */
from_ms: number, 
/**
 * End, epoch ms.
 */
to_ms: number, 
/**
 * Why, in words.
 */
reason: string, };

/**
 * Asks for gaps.
 */
export type ListGaps = { 
/**
 * The ticker; none = all.
 */
symbol: string | null, 
/**
 * First instant, epoch ms.
 */
from_ms: number, 
/**
 * Last instant, epoch ms.
 */
to_ms: number, };

/**
 * How well something does.
 */
export type Health = "healthy" | "degraded" | "down";

/**
 * The health of everything.
 */
export type Status = { 
/**
 * The worst of the parts below.
 */
health: Health, 
/**
 * One sentence on what is wrong and what to do; or that all is well.
 */
summary: string, 
/**
 * Market time of this reading, epoch ms.
 */
market_ms: number, 
/**
 * `pre`, `regular`, `post` or `closed`.
 */
session: string, 
/**
 * When that part of the day ends, epoch ms.
 */
session_ends_ms: number | null, 
/**
 * When the next regular session opens, epoch ms, while none is open.
 */
next_open_ms: number | null, 
/**
 * Each symbol's series.
 */
feeds: Array<FeedView>, 
/**
 * The vendor's request budget.
 */
budget: BudgetView, 
/**
 * The database.
 */
database: DatabaseView, 
/**
 * Backfills that run or wait.
 */
backfills: Array<BackfillView>, 
/**
 * Rows in quarantine.
 */
quarantined: number, 
/**
 * Whether this program collects, or another one on the same database does.
 */
collecting: boolean, };

/**
 * One series of one symbol.
 */
export type FeedView = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * `prints` or `bars`.
 */
series: string, 
/**
 * How well it does.
 */
health: Health, 
/**
 * When the vendor last answered, epoch ms.
 */
asked_ms: number | null, 
/**
 * Age of the data: market seconds since the vendor last answered; none = never.
 */
age_s: number | null, 
/**
 * Newest row, epoch ms.
 */
newest_ms: number | null, 
/**
 * When it is asked next, epoch ms.
 */
next_ms: number | null, 
/**
 * Rows stored since this program began to collect.
 */
rows: number, 
/**
 * What is wrong, in words.
 */
problem: string | null, };

/**
 * The vendor's request budget as its answers told it.
 */
export type BudgetView = { 
/**
 * The vendor.
 */
vendor: string, 
/**
 * Requests a day; none = not told.
 */
day_limit: number | null, 
/**
 * Requests used today.
 */
day_used: number | null, 
/**
 * Requests left in this minute.
 */
minute_remaining: number | null, 
/**
 * When the minute begins anew, epoch ms.
 */
minute_resets_ms: number | null, };

/**
 * The database.
 */
export type DatabaseView = { 
/**
 * `embedded` or `url`.
 */
kind: string, 
/**
 * How well it does.
 */
health: Health, 
/**
 * Server version.
 */
version: string | null, 
/**
 * Size on disk, bytes.
 */
bytes: number | null, 
/**
 * What is wrong, in words.
 */
problem: string | null, };

/**
 * Starts a backfill.
 */
export type StartBackfill = { 
/**
 * The tickers.
 */
symbols: Array<string>, 
/**
 * First session date, `YYYY-MM-DD`.
 */
from: string, 
/**
 * Last session date, `YYYY-MM-DD`.
 */
to: string, 
/**
 * Whether to ask again for sessions that are complete (cancels, corrections).
 */
reread: boolean, };

/**
 * Names one backfill.
 */
export type OneBackfill = { 
/**
 * Its id.
 */
id: string, };

/**
 * A backfill.
 */
export type BackfillView = { 
/**
 * Its id.
 */
id: string, 
/**
 * The tickers.
 */
symbols: Array<string>, 
/**
 * First session date.
 */
from: string, 
/**
 * Last session date.
 */
to: string, 
/**
 * `waiting`, `running`, `paused`, `done`, `stopped` or `failed`.
 */
state: string, 
/**
 * Symbol-sessions finished.
 */
sessions_done: number, 
/**
 * Symbol-sessions in all.
 */
sessions_total: number, 
/**
 * Rows stored.
 */
rows: number, 
/**
 * Rows a second, over the last stretch.
 */
rows_per_s: number | null, 
/**
 * Seconds left, estimated.
 */
seconds_left: number | null, 
/**
 * What happened or is wrong, in words.
 */
note: string | null, };

/**
 * Asks for a list.
 */
export type ListRows = { 
/**
 * At most this many, 1 to 1,000.
 */
limit: number, };

/**
 * A rejected row.
 */
export type QuarantineRow = { 
/**
 * When it first came, epoch ms.
 */
received_ms: number, 
/**
 * The ticker that was asked for.
 */
symbol: string | null, 
/**
 * `prints` or `bars`.
 */
series: string, 
/**
 * Why it was rejected.
 */
reason: string, 
/**
 * The raw text.
 */
raw: string, 
/**
 * How often it came.
 */
seen: number, };

/**
 * A line of the log that the database keeps.
 */
export type LogRow = { 
/**
 * When, epoch ms.
 */
at_ms: number, 
/**
 * `info`, `warn` or `error`.
 */
level: string, 
/**
 * Part of the program.
 */
area: string, 
/**
 * What happened.
 */
message: string, };

/**
 * Something changed.
 */
export type Event = { "kind": "app", 
/**
 * The new state.
 */
app: AppView, } | { "kind": "status", 
/**
 * The new state.
 */
status: Status, } | { "kind": "prints", 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Oldest tape time touched, epoch ms.
 */
from_ms: number, 
/**
 * Newest tape time touched, epoch ms.
 */
to_ms: number, 
/**
 * Rows stored or changed.
 */
rows: number, } | { "kind": "bars", 
/**
 * The ticker.
 */
symbol: string, 
/**
 * First bar touched, epoch ms.
 */
from_ms: number, 
/**
 * Last bar touched, epoch ms.
 */
to_ms: number, } | { "kind": "backfill", 
/**
 * The job.
 */
backfill: BackfillView, };

/**
 * A code exists only where the screen does something different for it.
 */
export type ErrorCode = "not_configured" | "vendor_auth" | "vendor_entitlement" | "rate_limited" | "database_unavailable" | "database_too_new" | "invalid_input" | "not_found" | "internal";

/**
 * A failed command: a sentence that says what happened and what to do, and a code where the
 * screen does something different for it.
 */
export type ApiError = { 
/**
 * What the screen branches on.
 */
code: ErrorCode, 
/**
 * A sentence for the user. Never contains a secret.
 */
message: string, };

/** Every command: what it asks and what it answers. */
export interface Commands {
  get_app: { request: Nothing; response: AppView };
  start_demo: { request: StartDemo; response: AppView };
  connect_vendor: { request: ConnectVendor; response: AppView };
  reopen_market: { request: Nothing; response: AppView };
  close_market: { request: Nothing; response: AppView };
  add_symbol: { request: OneSymbol; response: AppView };
  remove_symbol: { request: OneSymbol; response: AppView };
  get_status: { request: Nothing; response: Status };
  get_bars: { request: GetBars; response: Columns<BarsMeta> };
  get_prints: { request: GetPrints; response: Columns<PrintsMeta> };
  get_print: { request: GetPrint; response: PrintDetail };
  get_levels: { request: GetLevels; response: Columns<LevelsMeta> };
  get_profile: { request: GetProfile; response: Columns<ProfileMeta> };
  get_activity: { request: GetActivity; response: Columns<ActivityMeta> };
  list_sessions: { request: ListSessions; response: Array<SessionView> };
  list_gaps: { request: ListGaps; response: Array<GapView> };
  start_backfill: { request: StartBackfill; response: BackfillView };
  list_backfills: { request: ListRows; response: Array<BackfillView> };
  stop_backfill: { request: OneBackfill; response: BackfillView };
  list_quarantine: { request: ListRows; response: Array<QuarantineRow> };
  list_log: { request: ListRows; response: Array<LogRow> };
}
