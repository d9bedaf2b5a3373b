//! Requests for bars, prints, levels, profiles and activity, and the descriptions that go in
//! front of their columns.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for the newest `limit` bars that begin before `before_ms`, oldest first.
///
/// Columns: `start_ms open high low close volume session`.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct GetBars {
    /// The ticker.
    pub symbol: String,
    /// `1m`, `5m`, `15m`, `1h` or `1d`.
    pub interval: String,
    /// Bars that begin before this instant, epoch ms; none = up to now.
    pub before_ms: Option<f64>,
    /// At most this many, 1 to 20,000.
    pub limit: u32,
}

/// Describes a page of bars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct BarsMeta {
    /// The ticker.
    pub symbol: String,
    /// The interval.
    pub interval: String,
    /// Whether the store holds older bars.
    pub more_before: bool,
}

/// Asks for prints, newest first.
///
/// Columns: `reported_ms executed_ms price size notional bid ask day_volume side reasons session
/// eligible block identity_high identity_low`. `side` and `session` are codes (see [`PrintsMeta`]),
/// `reasons` a set of bits, `eligible` and `block` 0 or 1, `block` NaN where the threshold is not
/// known yet. The identity is the two halves of a 64-bit number.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetPrints {
    /// The ticker.
    pub symbol: String,
    /// Reported at or after, epoch ms.
    pub from_ms: Option<f64>,
    /// Reported before, epoch ms.
    pub to_ms: Option<f64>,
    /// Smallest notional, dollars.
    pub min_notional: Option<f64>,
    /// Only prints with at least one of these reasons (bits); 0 or none = any.
    pub with_reasons: Option<u32>,
    /// Only prints with none of these reasons (bits).
    pub without_reasons: Option<u32>,
    /// `buy`, `sell` or `unknown`.
    pub side: Option<String>,
    /// `pre`, `regular` or `post`.
    pub session: Option<String>,
    /// Order: `newest` (default) or `largest` by notional.
    pub order: Option<String>,
    /// Continue after the last row of the page before (from [`PrintsMeta`]); `newest` only.
    pub after: Option<PrintsCursor>,
    /// At most this many, 1 to 5,000.
    pub limit: u32,
}

/// Where a page of prints ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PrintsCursor {
    /// Tape time of the last row, epoch microseconds, as text.
    pub reported_us: String,
    /// Identity of the last row, as text.
    pub identity: String,
}

/// Describes a page of prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PrintsMeta {
    /// The ticker.
    pub symbol: String,
    /// Where the next page begins; none at the end.
    pub next: Option<PrintsCursor>,
    /// Words for the codes of the `side` column: 1 above ask … 7 below bid, 10 and up no side.
    pub sides: Vec<CodeLabel>,
}

/// Words for a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CodeLabel {
    /// The code.
    pub code: u32,
    /// The words.
    pub label: String,
    /// `buy`, `sell` or `unknown`.
    pub side: String,
}

/// Asks for one print, whole.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct GetPrint {
    /// The ticker.
    pub symbol: String,
    /// Tape time, epoch ms.
    pub reported_ms: f64,
    /// Identity, as text.
    pub identity: String,
}

/// One print, whole, as the vendor delivered it and as we read it. Numbers are exact text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PrintDetail {
    /// Name and value of each field, in the order to show.
    pub fields: Vec<PrintField>,
    /// Codes of the reasons it carries.
    pub reasons: Vec<String>,
}

/// A field of a print.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PrintField {
    /// Name.
    pub name: String,
    /// Value as exact text; none = the vendor sent nothing.
    pub value: Option<String>,
}

/// Asks for the off-exchange levels of the last sessions.
///
/// Columns: `low price high shares notional prints vwap buy_notional sell_notional
/// unknown_notional largest_notional first_ms last_ms excluded_shares excluded_notional strength
/// rank percentile zone value_area touches holds hold_rate hold_low hold_high null_rate beats`.
/// `zone` is an index from 0; `value_area` 0 or 1; `beats` 1 (beats every null), 0 (does not),
/// NaN (too few touches to say); the hold columns are NaN where nothing was measured. Touches
/// and rates are those of the level's kind (its zone ranked 1 to 3, or 4 to 10), `hold_low` to
/// `hold_high` is a 95 % interval, and `null_rate` that of the best of the three nulls.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetLevels {
    /// The ticker.
    pub symbol: String,
    /// Number of sessions, 1 to 120, ending with the latest one.
    pub sessions: u32,
    /// Bin width in dollars; none = from ATR14.
    pub width: Option<f64>,
    /// Whether prints of pre- and post-market count too.
    pub extended_hours: bool,
    /// At most this many levels, strongest first, 1 to 2,000.
    pub limit: u32,
    /// Whether to measure hold rates (slower; cached for the session).
    pub hold_rates: bool,
}

/// Describes a set of levels. Notional in dollars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LevelsMeta {
    /// The ticker.
    pub symbol: String,
    /// First session date, `YYYY-MM-DD`; none = nothing stored.
    pub from: Option<String>,
    /// Last session date.
    pub to: Option<String>,
    /// Sessions that hold at least one print.
    pub sessions: u32,
    /// Bin width, dollars.
    pub width: f64,
    /// Fourteen-day average true range, dollars.
    pub atr14: Option<f64>,
    /// Price of the largest bin.
    pub poc: Option<f64>,
    /// Low edge of the value area (70 %).
    pub value_area_low: Option<f64>,
    /// High edge of the value area.
    pub value_area_high: Option<f64>,
    /// Median daily off-exchange notional, 20 sessions.
    pub median_daily_notional: Option<f64>,
    /// Half-life of strength, sessions.
    pub half_life_sessions: f64,
    /// Notional of all bins, before `limit`.
    pub total_notional: f64,
    /// Share of notional with a side, 0 to 1; none = no notional.
    pub side_coverage: Option<f64>,
    /// Share of notional excluded from levels, 0 to 1.
    pub excluded_share: Option<f64>,
    /// Gaps in the data under these levels.
    pub gaps: u32,
}

/// Asks for price by volume.
///
/// Columns: `price off_exchange total_estimate`, shares by bin.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetProfile {
    /// The ticker.
    pub symbol: String,
    /// First instant, epoch ms.
    pub from_ms: f64,
    /// End, epoch ms.
    pub to_ms: f64,
    /// Bin width, dollars; none = from ATR14.
    pub width: Option<f64>,
}

/// Describes a profile. The total is an estimate: each one-minute bar's volume, spread evenly
/// over its range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProfileMeta {
    /// The ticker.
    pub symbol: String,
    /// Bin width, dollars.
    pub width: f64,
    /// Smallest notional the vendor delivers, dollars: smaller prints count as lit.
    pub floor_notional: f64,
}

/// Asks for the off-exchange activity of one session.
///
/// Columns: `minute today mean low high`, cumulative shares by minute of the New York day;
/// `today` is NaN after now, the baseline NaN where there is none.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetActivity {
    /// The ticker.
    pub symbol: String,
    /// Session date, `YYYY-MM-DD`; none = the latest session.
    pub session_date: Option<String>,
}

/// Describes an activity curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ActivityMeta {
    /// The ticker.
    pub symbol: String,
    /// Session date, `YYYY-MM-DD`.
    pub session_date: String,
    /// Sessions in the baseline.
    pub baseline_sessions: u32,
    /// Sessions needed before the comparison is made.
    pub needed_sessions: u32,
    /// activity / baseline; none with insufficient history.
    pub multiple: Option<f64>,
}

/// Asks for the trading sessions of a stretch of time.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ListSessions {
    /// First instant, epoch ms.
    pub from_ms: f64,
    /// Last instant, epoch ms.
    pub to_ms: f64,
}

/// The hours of one trading session, epoch ms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SessionView {
    /// New York date, `YYYY-MM-DD`.
    pub date: String,
    /// Pre-market begins.
    pub pre_ms: f64,
    /// Regular session opens.
    pub open_ms: f64,
    /// Regular session closes.
    pub close_ms: f64,
    /// Post-market ends.
    pub post_end_ms: f64,
    /// Whether the close is early.
    pub early_close: bool,
}

/// A stretch of time in which data is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct GapView {
    /// The ticker.
    pub symbol: String,
    /// `prints` or `bars`.
    pub series: String,
    /// Session date, `YYYY-MM-DD`.
    pub session_date: String,
    /// First missing instant, epoch ms.
    pub from_ms: f64,
    /// End, epoch ms.
    pub to_ms: f64,
    /// Why, in words.
    pub reason: String,
}

/// Asks for gaps.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ListGaps {
    /// The ticker; none = all.
    pub symbol: Option<String>,
    /// First instant, epoch ms.
    pub from_ms: f64,
    /// Last instant, epoch ms.
    pub to_ms: f64,
}
