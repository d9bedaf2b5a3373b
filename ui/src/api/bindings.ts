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
 * Tries vendors' keys. When each of them works they are kept, in memory only, and the real market
 * opens with them and with those that were kept before; else none of them is.
 */
export type ConnectVendors = { 
/**
 * One for each vendor at most; none = the keys that are kept.
 */
keys: Array<VendorKey>, };

/**
 * A vendor's key.
 */
export type VendorKey = { 
/**
 * Vendor name, for example `unusual_whales`.
 */
vendor: string, 
/**
 * The key. Never comes back.
 */
key: string, };

/**
 * What came of the keys.
 */
export type ConnectedView = { 
/**
 * The program. The market opens only where no key has a problem.
 */
app: AppView, 
/**
 * Each key that was tried.
 */
keys: Array<KeyVerdict>, };

/**
 * What came of one key.
 */
export type KeyVerdict = { 
/**
 * The vendor.
 */
vendor: string, 
/**
 * What is wrong with it; none = it works.
 */
problem: ApiError | null, };

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
reread: boolean, 
/**
 * Whose data; none = Unusual Whales.
 */
vendor?: string, };

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
 * Whose data.
 */
vendor: string, 
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
 * Asks for option trades or alerts of one session.
 *
 * Columns: `at_ms contract price size premium bid ask underlying side flags implied_volatility
 * delta open_interest day_volume opening trades`. `contract` is an index into
 * [`FlowTradesMeta::contracts`], `side` a code as of prints, `flags` a set of bits (labels in
 * [`FlowTradesMeta::flags`]), `opening` 2 provable, 1 probable, 0 unknown, `trades` 1 but for
 * alerts. Missing values are NaN. `implied_volatility` is a fraction.
 */
export type GetFlowTrades = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * `trades` (default) or `alerts`.
 */
rows: string | null, 
/**
 * Session date, `YYYY-MM-DD`; none = the latest session.
 */
session_date: string | null, 
/**
 * From this instant, epoch ms.
 */
from_ms: number | null, 
/**
 * Before this instant, epoch ms.
 */
to_ms: number | null, 
/**
 * One contract, `SPY261218C00595000`.
 */
contract: string | null, 
/**
 * `call` or `put`.
 */
kind: string | null, 
/**
 * `buy`, `sell` or `unknown`.
 */
side: string | null, 
/**
 * `zero`, `week`, `month` or `longer`.
 */
tenor: string | null, 
/**
 * `YYYY-MM-DD`.
 */
expiry: string | null, 
/**
 * Dollars a share.
 */
min_strike: number | null, 
/**
 * Dollars a share.
 */
max_strike: number | null, 
/**
 * Dollars.
 */
min_premium: number | null, 
/**
 * Contracts.
 */
min_size: number | null, 
/**
 * Only rows with at least one of these flags (bits).
 */
with_flags: number | null, 
/**
 * Only rows with none of these flags (bits).
 */
without_flags: number | null, 
/**
 * `provable`, or `probable` (which includes provable).
 */
opening: string | null, 
/**
 * `newest` (default) or `largest` by premium.
 */
order: string | null, 
/**
 * Continue after the last row of the page before; `newest` only.
 */
after: FlowCursor | null, 
/**
 * At most this many, 1 to 5,000.
 */
limit: number, };

/**
 * Where a page of flow ended.
 */
export type FlowCursor = { 
/**
 * Time of the last row, epoch microseconds, as text.
 */
at_us: string, 
/**
 * Id of the last row.
 */
id: string, };

/**
 * Describes a page of flow.
 */
export type FlowTradesMeta = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Session date, `YYYY-MM-DD`.
 */
session_date: string, 
/**
 * The contracts that the page names, once each.
 */
contracts: Array<ContractView>, 
/**
 * The vendor's id of each row.
 */
ids: Array<string>, 
/**
 * The vendor's rule of each alert; empty for trades.
 */
rules: Array<string>, 
/**
 * Words for the bits of `flags`.
 */
flags: Array<FlagLabel>, 
/**
 * Words for the codes of `side`.
 */
sides: Array<CodeLabel>, 
/**
 * Trades below this premium are not collected, dollars.
 */
floor: number, 
/**
 * Where the next page begins; none at the end.
 */
next: FlowCursor | null, };

/**
 * An option contract.
 */
export type ContractView = { 
/**
 * As the trade writes it.
 */
name: string, 
/**
 * `YYYY-MM-DD`.
 */
expiry: string, 
/**
 * `call` or `put`.
 */
kind: string, 
/**
 * Dollars a share.
 */
strike: number, 
/**
 * Days to expiry on the session's date.
 */
days: number, };

/**
 * Words for a bit.
 */
export type FlagLabel = { 
/**
 * The bit's value.
 */
bit: number, 
/**
 * The short code on screen.
 */
code: string, 
/**
 * The words.
 */
label: string, };

/**
 * Asks for trades of one session, grouped: same contract, same side, each within `window_s` of
 * the one before.
 *
 * Columns: `first_ms last_ms contract side trades size premium average_price sweeps flags opening
 * kind`. `kind` is 0 single, 1 sweep (all within one second, over several exchanges), 2 repeat.
 * The children of a group are the trades of its contract and side from `first_ms` to `last_ms`.
 */
export type GetFlowGroups = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Session date; none = the latest session.
 */
session_date: string | null, 
/**
 * Longest pause inside a group, seconds, 1 to 600; none = 60.
 */
window_s: number | null, 
/**
 * Smallest premium of a group, dollars.
 */
min_premium: number | null, 
/**
 * `call` or `put`.
 */
kind: string | null, 
/**
 * `buy`, `sell` or `unknown`.
 */
side: string | null, 
/**
 * `zero`, `week`, `month` or `longer`.
 */
tenor: string | null, 
/**
 * `YYYY-MM-DD`.
 */
expiry: string | null, 
/**
 * Dollars a share.
 */
min_strike: number | null, 
/**
 * Dollars a share.
 */
max_strike: number | null, 
/**
 * Smallest size of a group, contracts.
 */
min_size: number | null, 
/**
 * Only groups in which a trade has at least one of these flags (bits).
 */
with_flags: number | null, 
/**
 * Only groups in which no trade has one of these flags (bits).
 */
without_flags: number | null, 
/**
 * `provable`, or `probable` (which includes provable).
 */
opening: string | null, 
/**
 * `newest` (default) or `largest`.
 */
order: string | null, 
/**
 * At most this many, 1 to 5,000.
 */
limit: number, };

/**
 * Describes grouped flow.
 */
export type FlowGroupsMeta = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Session date.
 */
session_date: string, 
/**
 * The contracts that the page names, once each.
 */
contracts: Array<ContractView>, 
/**
 * Words for the bits of `flags`.
 */
flags: Array<FlagLabel>, 
/**
 * Words for the codes of `side`: the side of all trades of a group.
 */
sides: Array<CodeLabel>, 
/**
 * How trades were grouped, in words.
 */
rule: string, 
/**
 * Groups that pass, before `limit`.
 */
groups: number, };

/**
 * Asks about one session's flow.
 */
export type GetFlowDay = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Session date; none = the latest session.
 */
session_date: string | null, };

/**
 * Premium of calls or puts by side, dollars.
 */
export type PremiumView = { 
/**
 * Bought: above the middle of the quote.
 */
ask: number, 
/**
 * Sold: below the middle.
 */
bid: number, 
/**
 * At the middle, or without a usable quote.
 */
unknown: number, };

/**
 * Sentiment of one session, from stored trades.
 */
export type FlowSummary = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Session date.
 */
session_date: string, 
/**
 * Trades that count towards a direction.
 */
trades: number, 
/**
 * Calls.
 */
calls: PremiumView, 
/**
 * Puts.
 */
puts: PremiumView, 
/**
 * Calls bought and puts sold, dollars.
 */
bullish: number, 
/**
 * Calls sold and puts bought, dollars.
 */
bearish: number, 
/**
 * (bullish - bearish) / (bullish + bearish), -1 to 1; none without a sided trade.
 */
sentiment: number | null, 
/**
 * Share of premium with a side, 0 to 1; none without trades.
 */
coverage: number | null, 
/**
 * Share of premium kept out as legs of larger orders, 0 to 1.
 */
excluded_share: number | null, 
/**
 * Delta of what was bought less what was sold times the share's price, dollars.
 */
delta_notional: number, 
/**
 * Share of premium whose trade carried no delta and is missing from `delta_notional`.
 */
delta_missing_share: number | null, 
/**
 * Share of premium that provably opened, 0 to 1.
 */
opening_provable: number | null, 
/**
 * Share of premium that probably opened, provable included, 0 to 1.
 */
opening_probable: number | null, 
/**
 * Premium by tenor, nearest first.
 */
tenors: Array<TenorView>, 
/**
 * Trades below this premium are not collected, dollars.
 */
floor: number, 
/**
 * `contrarian` when bought puts count as bullish (a setting for index funds), else `plain`.
 */
put_sign: string, };

/**
 * Premium of one tenor.
 */
export type TenorView = { 
/**
 * `zero`, `week`, `month` or `longer`.
 */
tenor: string, 
/**
 * Calls.
 */
calls: PremiumView, 
/**
 * Puts.
 */
puts: PremiumView, };

/**
 * Asks for the running net premium of a session from stored trades, by tenor.
 *
 * Columns: `at_ms call_zero put_zero call_week put_week call_month put_month call_longer
 * put_longer delta_notional`, each cumulative from the open, dollars, one row a minute.
 */
export type GetFlowLines = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Session date; none = the latest session.
 */
session_date: string | null, };

/**
 * Describes running lines.
 */
export type FlowLinesMeta = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Session date.
 */
session_date: string, };

/**
 * Asks for the running net premium as the vendor counts it, all trades of every size.
 *
 * Columns: `at_ms net_call net_put net_delta`, each cumulative from the open: the vendor's
 * minutes added up. Dollars, and shares for `net_delta`.
 */
export type GetNetPremium = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * First instant, epoch ms: the line starts anew with each session.
 */
from_ms: number, 
/**
 * End, epoch ms.
 */
to_ms: number, };

/**
 * Asks for a tide: cumulative as the vendor delivers it, never summed.
 *
 * Columns: `at_ms net_call net_put net_volume`.
 */
export type GetTide = { 
/**
 * A fund's ticker for the tide of its holdings; none = the whole market.
 */
holdings_of: string | null, 
/**
 * First instant, epoch ms: the line starts anew with each session.
 */
from_ms: number, 
/**
 * End, epoch ms.
 */
to_ms: number, };

/**
 * Describes a vendor's running series.
 */
export type RunningMeta = { 
/**
 * What it is of, in words.
 */
of: string, 
/**
 * The newest row's time, epoch ms; none without rows.
 */
newest_ms: number | null, };

/**
 * Asks for net premium by strike and expiry, from stored trades.
 *
 * Columns: `expiry strike call_net put_net premium`; `expiry` is an index into
 * [`FlowHeatMeta::expiries`]; dollars.
 */
export type FlowHeatMeta = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Session date.
 */
session_date: string, 
/**
 * `YYYY-MM-DD`, nearest first.
 */
expiries: Array<string>, 
/**
 * The underlying's newest price; none when unknown.
 */
spot: number | null, };

/**
 * Net premium and gamma by strike.
 *
 * Columns: `strike call_ask call_bid put_ask put_bid call_gamma put_gamma`. Premium is the
 * vendor's count of all trades of every size, dollars. Gamma is the naive exposure: dollars that
 * dealers would trade for a 1 % move if they had bought every call and sold every put.
 */
export type FlowStrikesMeta = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Session date.
 */
session_date: string, 
/**
 * The underlying's newest price; none when unknown.
 */
spot: number | null, 
/**
 * When the premium was asked for, epoch ms; none = never.
 */
premium_ms: number | null, 
/**
 * When the gamma was asked for, epoch ms; none = never.
 */
gamma_ms: number | null, };

/**
 * Implied against historical volatility. All are fractions: 0.25 is 25 %.
 */
export type VolatilityView = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Session of the newest implied volatility, `YYYY-MM-DD`; none without one.
 */
session_date: string | null, 
/**
 * Implied volatility of about thirty days.
 */
implied: number | null, 
/**
 * (now - lowest) / (highest - lowest) over the sessions below, 0 to 1.
 */
rank: number | null, 
/**
 * Share of those sessions with a lower value, 0 to 1.
 */
percentile: number | null, 
/**
 * Sessions of history in both.
 */
history_sessions: number, 
/**
 * Sessions needed for both.
 */
needed_sessions: number, 
/**
 * Historical volatility by estimator and length.
 */
historical: Array<HistoricalView>, 
/**
 * Implied volatility by expiry, nearest first.
 */
term: Array<TermView>, 
/**
 * Day by day, oldest first.
 */
history: Array<VolatilityDayView>, };

/**
 * Historical volatility by one estimator over one length.
 */
export type HistoricalView = { 
/**
 * `close_to_close`, `parkinson`, `garman_klass`, `rogers_satchell` or `yang_zhang`.
 */
estimator: string, 
/**
 * Sessions.
 */
sessions: number, 
/**
 * Annualised by 252; none with too few sessions.
 */
value: number | null, };

/**
 * Implied volatility of one expiry.
 */
export type TermView = { 
/**
 * `YYYY-MM-DD`.
 */
expiry: string, 
/**
 * Days to expiry.
 */
days: number, 
/**
 * Implied volatility.
 */
implied: number, 
/**
 * The move that a straddle's price implies, dollars a share.
 */
implied_move: number | null, 
/**
 * `vendor`, or `mid` when Undertow took it from quotes of the expiry's contracts.
 */
from: string, };

/**
 * One day's volatility.
 */
export type VolatilityDayView = { 
/**
 * Session date.
 */
date: string, 
/**
 * Implied.
 */
implied: number | null, 
/**
 * Historical: Yang-Zhang over 30 sessions up to this one.
 */
historical: number | null, };

/**
 * Asks how off-exchange imbalance and options imbalance move together.
 */
export type GetCorrelation = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Sessions, 1 to 60, ending with the latest; none = 20.
 */
sessions: number | null, };

/**
 * How off-exchange imbalance and options imbalance move together, in bins of five minutes.
 */
export type CorrelationView = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Sessions with both.
 */
sessions: number, 
/**
 * Bins with both.
 */
bins: number, 
/**
 * Minutes in a bin.
 */
bin_minutes: number, 
/**
 * One entry for each lag, from options leading to options following.
 */
lags: Array<LagView>, 
/**
 * Why there is nothing to show, in words.
 */
too_little: string | null, };

/**
 * The correlation at one lag.
 */
export type LagView = { 
/**
 * Minutes by which options follow the prints; below zero, by which they lead.
 */
lag_minutes: number, 
/**
 * Pearson's r.
 */
pearson: number, 
/**
 * Spearman's rho.
 */
spearman: number, 
/**
 * 95 % interval of Spearman's rho by block bootstrap: low end.
 */
low: number, 
/**
 * High end.
 */
high: number, };

/**
 * What the planner asks of the vendor and how often.
 */
export type PlanView = { 
/**
 * Requests a day that everything at its desired pace would take; the plan stretches it to fit.
 */
desired_a_day: number, 
/**
 * Requests left today; none = the vendor has not said.
 */
left_today: number | null, 
/**
 * When the day's budget begins anew, epoch ms.
 */
resets_ms: number | null, 
/**
 * One sentence on what is slowed down or dropped, and why.
 */
summary: string, 
/**
 * Every series, most important first.
 */
series: Array<PlannedView>, 
/**
 * The live stream: `off`, `joining`, `live`, `refused` or `waiting`.
 */
stream: string, 
/**
 * The stream's state in words.
 */
stream_note: string | null, };

/**
 * One series of the plan, over all its symbols.
 */
export type PlannedView = { 
/**
 * The series' name.
 */
series: string, 
/**
 * What it is, in words.
 */
label: string, 
/**
 * Symbols.
 */
symbols: number, 
/**
 * How often it should be asked, seconds of an open market.
 */
desired_s: number, 
/**
 * How often it is asked, seconds; none = dropped until the budget allows it.
 */
actual_s: number | null, 
/**
 * Requests it made today.
 */
asked: number, };

/**
 * Asks for the watched symbols as straddle candidates.
 */
export type GetOpportunities = { 
/**
 * Most rows, 1 to 1,000; none = 600.
 */
limit: number | null, 
/**
 * Whether those that ended today are wanted too.
 */
include_ended: boolean, };

/**
 * Every watched symbol as a straddle candidate, the most telling first.
 */
export type OpportunitiesView = { 
/**
 * The session that they are of, `YYYY-MM-DD`.
 */
session_date: string | null, 
/**
 * When the newest of them was assessed, epoch ms.
 */
as_of_ms: number | null, 
/**
 * What they are measured against.
 */
thresholds: ThresholdsView, 
/**
 * One row a symbol, and one for each that ended.
 */
rows: Array<CandidateView>, };

/**
 * The thresholds of the rule and of its gates; each is a setting.
 */
export type ThresholdsView = { 
/**
 * Least increase of activity over its baseline: 3 is "+300 %", four times.
 */
activity_increase: number, 
/**
 * Least historical less implied volatility: 0.1 is ten points.
 */
spread: number, 
/**
 * Fewest days to expiry.
 */
min_days: number, 
/**
 * Most days to expiry.
 */
max_days: number, 
/**
 * Widest spread of a leg, as a share of its middle.
 */
max_leg_spread: number, 
/**
 * Least open interest of a leg, contracts.
 */
min_open_interest: number, 
/**
 * Fewest baseline sessions that make a comparison.
 */
needed_sessions: number, };

/**
 * What a candidate is at the moment.
 */
export type CandidateState = "new" | "updated" | "rejected" | "not_met" | "insufficient" | "gone" | "expired" | "waiting";

/**
 * One symbol against the rule.
 */
export type CandidateView = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Stored opportunity that this is; none = it never was one.
 */
id: string | null, 
/**
 * What it is.
 */
state: CandidateState, 
/**
 * Why it is rejected, insufficient or gone, in words.
 */
reason: string | null, 
/**
 * When it was first an opportunity, epoch ms.
 */
first_ms: number | null, 
/**
 * When it was assessed, epoch ms.
 */
as_of_ms: number | null, 
/**
 * Off-exchange shares so far over the baseline of the same minute: 4.2.
 */
activity: number | null, 
/**
 * Sessions of that baseline.
 */
baseline_sessions: number, 
/**
 * Implied volatility at the money, thirty days.
 */
implied: number | null, 
/**
 * Historical volatility.
 */
historical: number | null, 
/**
 * Whether each of the three criteria holds: activity, implied below historical, spread.
 * None = cannot be said.
 */
met: Array<boolean | null>, 
/**
 * Price of the share, dollars.
 */
spot: number | null, 
/**
 * Strike, dollars.
 */
strike: number | null, 
/**
 * Expiry, `YYYY-MM-DD`.
 */
expiry: string | null, 
/**
 * Days to it.
 */
days: number | null, 
/**
 * Cost at the ask, dollars a share.
 */
cost: number | null, 
/**
 * Cost as a share of the price: how far it must move.
 */
break_even: number | null, };

/**
 * Asks for one symbol's straddle.
 */
export type GetStraddle = { 
/**
 * The ticker.
 */
symbol: string, };

/**
 * One symbol's straddle, whole.
 */
export type StraddleView = { 
/**
 * The row of the list.
 */
candidate: CandidateView, 
/**
 * What it is measured against.
 */
thresholds: ThresholdsView, 
/**
 * Where and when its figures come from.
 */
sources: SourcesView, 
/**
 * The contracts; none = no expiry or strike fits.
 */
contracts: ContractsView | null, 
/**
 * Every gate, passed or not.
 */
gates: Array<GateView>, 
/**
 * The cost at each fill assumption, cheapest first.
 */
fills: Array<FillView>, 
/**
 * What the two volatilities expect.
 */
expected: ExpectedView | null, 
/**
 * The two distributions of the price at expiry, lowest price first.
 */
distribution: Array<DensityView>, 
/**
 * Implied volatility at the money by expiry, nearest first.
 */
term: Array<StraddleTermView>, 
/**
 * Implied volatility of ninety days less that of thirty.
 */
term_slope: number | null, 
/**
 * How the user's own opportunities ended.
 */
record: RecordView, };

/**
 * Where the figures of a straddle come from.
 */
export type SourcesView = { 
/**
 * `quotes`, or `last_price` where the plan has no quotes; none = nothing prices it.
 */
cost: string | null, 
/**
 * The same in words.
 */
cost_words: string, 
/**
 * Where implied volatility comes from, in words.
 */
implied_words: string, 
/**
 * Where historical volatility comes from, in words.
 */
historical_words: string, 
/**
 * When the chain was read, epoch ms.
 */
chain_ms: number | null, 
/**
 * Up to when activity is known, epoch ms.
 */
activity_ms: number | null, 
/**
 * When the price was made, epoch ms.
 */
spot_ms: number | null, };

/**
 * The two contracts of a straddle.
 */
export type ContractsView = { 
/**
 * Strike, dollars.
 */
strike: number, 
/**
 * Expiry, `YYYY-MM-DD`.
 */
expiry: string, 
/**
 * Days to it.
 */
days: number, 
/**
 * Forward price by put-call parity, dollars.
 */
forward: number | null, 
/**
 * The call.
 */
call: LegView, 
/**
 * The put.
 */
put: LegView, };

/**
 * One contract of a straddle.
 */
export type LegView = { 
/**
 * The contract in the usual notation.
 */
contract: string, 
/**
 * Best bid, dollars.
 */
bid: number | null, 
/**
 * Best offer, dollars.
 */
ask: number | null, 
/**
 * When the quote was made, epoch ms.
 */
quote_ms: number | null, 
/**
 * Last price, dollars.
 */
last: number | null, 
/**
 * (ask - bid) / middle.
 */
spread: number | null, 
/**
 * Contracts open at the end of the day before.
 */
open_interest: number | null, 
/**
 * Contracts traded today.
 */
volume: number | null, 
/**
 * Implied volatility.
 */
implied: number | null, };

/**
 * A gate that a candidate must pass.
 */
export type GateView = { 
/**
 * `listed`, `quoted`, `spread` or `open_interest`.
 */
gate: string, 
/**
 * Whether it is passed; none = cannot be said.
 */
passed: boolean | null, 
/**
 * What was found, against the limit, in words.
 */
words: string, };

/**
 * The cost of a straddle at one fill assumption: the middle plus `lambda` half spreads.
 */
export type FillView = { 
/**
 * 0 = at the middle, 1 = at the ask; none = last prices, which have no spread.
 */
lambda: number | null, 
/**
 * Dollars a share.
 */
cost: number, 
/**
 * Strike less cost, dollars.
 */
low: number, 
/**
 * Strike plus cost, dollars.
 */
high: number, 
/**
 * Cost over the price of the share.
 */
break_even: number, 
/**
 * One standard deviation of the price at expiry as the cost implies it, dollars.
 */
deviation: number, 
/**
 * Probability beyond a breakeven at implied volatility.
 */
beyond_implied: number | null, 
/**
 * The same at historical volatility.
 */
beyond_historical: number | null, 
/**
 * Theoretical value at historical volatility less cost, dollars a share.
 */
edge: number | null, 
/**
 * How often the past moved further over the same horizon.
 */
past: PastView | null, };

/**
 * How often past windows moved further than a breakeven.
 */
export type PastView = { 
/**
 * Windows; they overlap.
 */
windows: number, 
/**
 * How many fit one after another: what the interval rests on.
 */
independent: number, 
/**
 * Sessions of a window.
 */
horizon: number, 
/**
 * Share.
 */
rate: number, 
/**
 * 95 % interval: low end.
 */
low: number, 
/**
 * High end.
 */
high: number, };

/**
 * What the two volatilities expect by expiry, dollars a share.
 */
export type ExpectedView = { 
/**
 * Expected absolute move at implied volatility.
 */
move_implied: number | null, 
/**
 * Expected absolute move at historical volatility.
 */
move_historical: number | null, 
/**
 * Theoretical value at historical volatility.
 */
value_historical: number | null, };

/**
 * The two densities at one price, a dollar.
 */
export type DensityView = { 
/**
 * Price at expiry, dollars.
 */
price: number, 
/**
 * At implied volatility.
 */
implied: number | null, 
/**
 * At historical volatility.
 */
historical: number | null, };

/**
 * Implied volatility at the money of one expiry.
 */
export type StraddleTermView = { 
/**
 * `YYYY-MM-DD`.
 */
expiry: string, 
/**
 * Days to it.
 */
days: number, 
/**
 * Implied volatility.
 */
implied: number, };

/**
 * How the user's own opportunities ended. A rate is shown from `needed` on.
 */
export type RecordView = { 
/**
 * Opportunities that were scored.
 */
scored: number, 
/**
 * How many make a rate.
 */
needed: number, 
/**
 * Share that paid more than they cost.
 */
paid: number | null, };

/**
 * Asks for a session's off-exchange curve on the consolidated tape.
 */
export type GetTapeActivity = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * `YYYY-MM-DD`; none = the latest session.
 */
session: string | null, };

/**
 * Describes the columns `minute`, `today`, `mean`, `low`, `high`: shares up to the end of each
 * minute of the New York day.
 */
export type TapeActivityMeta = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * The session.
 */
session_date: string, 
/**
 * Sessions of the baseline.
 */
baseline_sessions: number, 
/**
 * Fewest that make one.
 */
needed_sessions: number, 
/**
 * Shares so far over the baseline.
 */
multiple: number | null, 
/**
 * Up to when the tape is stored, epoch ms.
 */
to_ms: number | null, 
/**
 * Off-exchange shares as a share of all.
 */
off_exchange_share: number | null, 
/**
 * Whether the session was read whole, cancels and corrections included.
 */
is_whole: boolean, };

/**
 * Historical volatility by estimator and implied volatility, session by session.
 */
export type VolatilityHistoryView = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Sessions of an estimate.
 */
length: number, 
/**
 * The estimator that the rule uses.
 */
estimator: string, 
/**
 * Session dates, oldest first.
 */
dates: Array<string>, 
/**
 * Implied volatility at the money, thirty days; one value a date.
 */
implied: Array<number | null>, 
/**
 * One series an estimator.
 */
historical: Array<EstimatorSeriesView>, };

/**
 * One estimator, session by session.
 */
export type EstimatorSeriesView = { 
/**
 * `close_to_close`, `parkinson`, `garman_klass`, `rogers_satchell` or `yang_zhang`.
 */
estimator: string, 
/**
 * One value a date.
 */
values: Array<number | null>, };

/**
 * The watch list of the consolidated tape.
 */
export type TapeWatchView = { 
/**
 * Name of the vendor in commands.
 */
vendor: string, 
/**
 * Name as the company writes it.
 */
vendor_title: string, 
/**
 * Whether a key is set.
 */
key_set: boolean, 
/**
 * What is wrong with the whole of it, in words.
 */
problem: string | null, 
/**
 * The live stream: `off`, `joining`, `live`, `refused` or `waiting`.
 */
stream: string, 
/**
 * The stream's state in words.
 */
stream_note: string | null, 
/**
 * Most symbols.
 */
most: number, 
/**
 * Sessions of history that each symbol is to have.
 */
history_sessions: number, 
/**
 * Sessions of history read a minute; none while nothing is read, or too little to say.
 */
history_per_minute: number | null, 
/**
 * Why no history is read although some is missing, in words.
 */
history_problem: string | null, 
/**
 * The symbols, in order.
 */
symbols: Array<TapeSymbolView>, };

/**
 * One watched symbol of the consolidated tape.
 */
export type TapeSymbolView = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Sessions of history that are stored whole.
 */
sessions_done: number, 
/**
 * Sessions that are still to be read; none before it was looked. With none left and some
 * missing, the plan reaches no further back.
 */
sessions_left: number | null, 
/**
 * Seconds until they are, at the pace of now and after those of the symbols before it.
 */
seconds_left: number | null, 
/**
 * Up to when the tape is stored, epoch ms.
 */
to_ms: number | null, 
/**
 * What is wrong, in words.
 */
problem: string | null, };

/**
 * Names a contract of an underlying, and a session.
 *
 * `get_contract_trades` answers with columns as of [`super::GetFlowTrades`]: every trade of the
 * contract in that session that the vendor has, of every size, newest first. It asks the vendor
 * each time, and nothing of the answer is stored.
 */
export type GetContract = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * The contract, `SPY261218C00595000`.
 */
contract: string, 
/**
 * Session date, `YYYY-MM-DD`; none = the latest session.
 */
session_date: string | null, };

/**
 * One contract.
 */
export type ContractDetail = { 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Session date that days count from.
 */
session_date: string, 
/**
 * The contract.
 */
contract: ContractView, 
/**
 * As the vendor's list showed it last; none when it is in no stored list.
 */
listed: ListedView | null, 
/**
 * Implied volatility of its expiry by strike, lowest first.
 */
smile: Array<SmileView>, 
/**
 * The price for delivery at the expiry that calls and puts agree on, dollars a share.
 */
forward: number | null, };

/**
 * A contract as a vendor's list showed it.
 */
export type ListedView = { 
/**
 * When the list was asked for, epoch ms.
 */
received_ms: number, 
/**
 * The list's day.
 */
session_date: string, 
/**
 * Best bid, dollars a share; none when nobody bids.
 */
bid: number | null, 
/**
 * Best offer, dollars a share.
 */
ask: number | null, 
/**
 * Last trade, dollars a share.
 */
last_price: number | null, 
/**
 * Contracts traded on the list's day.
 */
volume: number, 
/**
 * Contracts open at the start of that day.
 */
open_interest: number, 
/**
 * Contracts open a day before.
 */
previous_open_interest: number | null, 
/**
 * Implied volatility, a fraction; none when neither vendor nor quote tells it.
 */
implied_volatility: number | null, 
/**
 * `vendor`, or `mid` when Undertow took it from the middle of the quote.
 */
implied_from: string | null, 
/**
 * Dollars an option gains when the share gains one.
 */
delta: number | null, 
/**
 * Change of delta when the share gains a dollar.
 */
gamma: number | null, };

/**
 * Implied volatility at one strike.
 */
export type SmileView = { 
/**
 * Dollars a share.
 */
strike: number, 
/**
 * A fraction.
 */
implied: number, 
/**
 * `vendor`, or `mid` when Undertow took it from the middle of the quote.
 */
from: string, };

/**
 * Asks for a session's shares by price, as the vendor counts them.
 *
 * Columns: `price lit off`, shares by bin. Unlike a profile these are counts of trades of every
 * size, off exchange as well, and no estimates.
 */
export type GetVolumeByPrice = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Session date; none = the newest session that is stored of the last few.
 */
session_date: string | null, 
/**
 * Bin width, dollars; none = from ATR14.
 */
width: number | null, };

/**
 * Describes shares by price.
 */
export type VolumeByPriceMeta = { 
/**
 * The ticker.
 */
symbol: string, 
/**
 * Session date.
 */
session_date: string, 
/**
 * Bin width, dollars.
 */
width: number, 
/**
 * When it was asked for, epoch ms; none = never.
 */
received_ms: number | null, 
/**
 * The newest price, dollars; none when unknown.
 */
last: number | null, };

/**
 * How long the rows of a table are kept.
 */
export type RetentionView = { 
/**
 * The table's name.
 */
table: string, 
/**
 * What it holds, in words.
 */
label: string, 
/**
 * Days; none = for ever.
 */
keep_days: number | null, 
/**
 * Size on disk, bytes.
 */
bytes: number, 
/**
 * Rows, estimated.
 */
rows: number, };

/**
 * Says how long the rows of a table are kept.
 */
export type SetRetention = { 
/**
 * The table's name.
 */
table: string, 
/**
 * Days, 7 to 36,500; none = for ever.
 */
keep_days: number | null, };

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
to_ms: number, } | { "kind": "flow", 
/**
 * The underlying.
 */
symbol: string, 
/**
 * Oldest trade touched, epoch ms.
 */
from_ms: number, 
/**
 * Newest trade touched, epoch ms.
 */
to_ms: number, 
/**
 * Rows stored or changed.
 */
rows: number, } | { "kind": "options", 
/**
 * The underlying; empty for the whole market.
 */
symbol: string, 
/**
 * The series: `net_premium`, `tide`, `flow_strikes`, `volatility`, …
 */
series: string, } | { "kind": "tape", 
/**
 * The ticker.
 */
symbol: string, 
/**
 * First minute touched, epoch ms.
 */
from_ms: number, 
/**
 * Last minute touched, epoch ms.
 */
to_ms: number, } | { "kind": "opportunity", 
/**
 * The ticker.
 */
symbol: string, 
/**
 * The session, `YYYY-MM-DD`.
 */
session_date: string, } | { "kind": "backfill", 
/**
 * The job.
 */
backfill: BackfillView, };

/**
 * A code exists only where the screen does something different for it.
 */
export type ErrorCode = "not_configured" | "vendor_auth" | "vendor_entitlement" | "vendor_unreachable" | "rate_limited" | "database_unavailable" | "database_too_new" | "invalid_input" | "not_found" | "internal";

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
  connect_vendors: { request: ConnectVendors; response: ConnectedView };
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
  get_volume_by_price: { request: GetVolumeByPrice; response: Columns<VolumeByPriceMeta> };
  get_activity: { request: GetActivity; response: Columns<ActivityMeta> };
  get_flow_trades: { request: GetFlowTrades; response: Columns<FlowTradesMeta> };
  get_flow_groups: { request: GetFlowGroups; response: Columns<FlowGroupsMeta> };
  get_flow_summary: { request: GetFlowDay; response: FlowSummary };
  get_flow_lines: { request: GetFlowLines; response: Columns<FlowLinesMeta> };
  get_flow_heat: { request: GetFlowDay; response: Columns<FlowHeatMeta> };
  get_flow_strikes: { request: GetFlowDay; response: Columns<FlowStrikesMeta> };
  get_contract: { request: GetContract; response: ContractDetail };
  get_contract_trades: { request: GetContract; response: Columns<FlowTradesMeta> };
  get_net_premium: { request: GetNetPremium; response: Columns<RunningMeta> };
  get_tide: { request: GetTide; response: Columns<RunningMeta> };
  get_volatility: { request: OneSymbol; response: VolatilityView };
  get_correlation: { request: GetCorrelation; response: CorrelationView };
  get_plan: { request: Nothing; response: PlanView };
  get_opportunities: { request: GetOpportunities; response: OpportunitiesView };
  get_straddle: { request: GetStraddle; response: StraddleView };
  get_tape_activity: { request: GetTapeActivity; response: Columns<TapeActivityMeta> };
  get_volatility_history: { request: OneSymbol; response: VolatilityHistoryView };
  get_tape_watch: { request: Nothing; response: TapeWatchView };
  watch_tape: { request: OneSymbol; response: TapeWatchView };
  unwatch_tape: { request: OneSymbol; response: TapeWatchView };
  list_sessions: { request: ListSessions; response: Array<SessionView> };
  list_gaps: { request: ListGaps; response: Array<GapView> };
  start_backfill: { request: StartBackfill; response: BackfillView };
  list_backfills: { request: ListRows; response: Array<BackfillView> };
  stop_backfill: { request: OneBackfill; response: BackfillView };
  get_retention: { request: Nothing; response: Array<RetentionView> };
  set_retention: { request: SetRetention; response: Array<RetentionView> };
  list_quarantine: { request: ListRows; response: Array<QuarantineRow> };
  list_log: { request: ListRows; response: Array<LogRow> };
}
