//! Requests for options flow, and the descriptions that go in front of their columns.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for option trades or alerts of one session.
///
/// Columns: `at_ms contract price size premium bid ask underlying side flags implied_volatility
/// delta open_interest day_volume opening trades`. `contract` is an index into
/// [`FlowTradesMeta::contracts`], `side` a code as of prints, `flags` a set of bits (labels in
/// [`FlowTradesMeta::flags`]), `opening` 2 provable, 1 probable, 0 unknown, `trades` 1 but for
/// alerts. Missing values are NaN. `implied_volatility` is a fraction.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetFlowTrades {
    /// The underlying.
    pub symbol: String,
    /// `trades` (default) or `alerts`.
    pub rows: Option<String>,
    /// Session date, `YYYY-MM-DD`; none = the latest session.
    pub session_date: Option<String>,
    /// From this instant, epoch ms.
    pub from_ms: Option<f64>,
    /// Before this instant, epoch ms.
    pub to_ms: Option<f64>,
    /// One contract, `SPY261218C00595000`.
    pub contract: Option<String>,
    /// `call` or `put`.
    pub kind: Option<String>,
    /// `buy`, `sell` or `unknown`.
    pub side: Option<String>,
    /// `zero`, `week`, `month` or `longer`.
    pub tenor: Option<String>,
    /// `YYYY-MM-DD`.
    pub expiry: Option<String>,
    /// Dollars a share.
    pub min_strike: Option<f64>,
    /// Dollars a share.
    pub max_strike: Option<f64>,
    /// Dollars.
    pub min_premium: Option<f64>,
    /// Contracts.
    pub min_size: Option<f64>,
    /// Only rows with at least one of these flags (bits).
    pub with_flags: Option<u32>,
    /// Only rows with none of these flags (bits).
    pub without_flags: Option<u32>,
    /// `provable`, or `probable` (which includes provable).
    pub opening: Option<String>,
    /// `newest` (default) or `largest` by premium.
    pub order: Option<String>,
    /// Continue after the last row of the page before; `newest` only.
    pub after: Option<FlowCursor>,
    /// At most this many, 1 to 5,000.
    pub limit: u32,
}

/// Where a page of flow ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FlowCursor {
    /// Time of the last row, epoch microseconds, as text.
    pub at_us: String,
    /// Id of the last row.
    pub id: String,
}

/// Describes a page of flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FlowTradesMeta {
    /// The underlying.
    pub symbol: String,
    /// Session date, `YYYY-MM-DD`.
    pub session_date: String,
    /// The contracts that the page names, once each.
    pub contracts: Vec<ContractView>,
    /// The vendor's id of each row.
    pub ids: Vec<String>,
    /// The vendor's rule of each alert; empty for trades.
    pub rules: Vec<String>,
    /// Words for the bits of `flags`.
    pub flags: Vec<FlagLabel>,
    /// Words for the codes of `side`.
    pub sides: Vec<super::CodeLabel>,
    /// Trades below this premium are not collected, dollars.
    pub floor: f64,
    /// Where the next page begins; none at the end.
    pub next: Option<FlowCursor>,
}

/// An option contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ContractView {
    /// As the trade writes it.
    pub name: String,
    /// `YYYY-MM-DD`.
    pub expiry: String,
    /// `call` or `put`.
    pub kind: String,
    /// Dollars a share.
    pub strike: f64,
    /// Days to expiry on the session's date.
    pub days: f64,
}

/// Words for a bit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FlagLabel {
    /// The bit's value.
    pub bit: u32,
    /// The short code on screen.
    pub code: String,
    /// The words.
    pub label: String,
}

/// Asks for trades of one session, grouped: same contract, same side, each within `window_s` of
/// the one before.
///
/// Columns: `first_ms last_ms contract side trades size premium average_price sweeps flags opening
/// kind`. `kind` is 0 single, 1 sweep (all within one second, over several exchanges), 2 repeat.
/// The children of a group are the trades of its contract and side from `first_ms` to `last_ms`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetFlowGroups {
    /// The underlying.
    pub symbol: String,
    /// Session date; none = the latest session.
    pub session_date: Option<String>,
    /// Longest pause inside a group, seconds, 1 to 600; none = 60.
    pub window_s: Option<u32>,
    /// Smallest premium of a group, dollars.
    pub min_premium: Option<f64>,
    /// `call` or `put`.
    pub kind: Option<String>,
    /// `buy`, `sell` or `unknown`.
    pub side: Option<String>,
    /// `zero`, `week`, `month` or `longer`.
    pub tenor: Option<String>,
    /// `YYYY-MM-DD`.
    pub expiry: Option<String>,
    /// Dollars a share.
    pub min_strike: Option<f64>,
    /// Dollars a share.
    pub max_strike: Option<f64>,
    /// Smallest size of a group, contracts.
    pub min_size: Option<f64>,
    /// Only groups in which a trade has at least one of these flags (bits).
    pub with_flags: Option<u32>,
    /// Only groups in which no trade has one of these flags (bits).
    pub without_flags: Option<u32>,
    /// `provable`, or `probable` (which includes provable).
    pub opening: Option<String>,
    /// `newest` (default) or `largest`.
    pub order: Option<String>,
    /// At most this many, 1 to 5,000.
    pub limit: u32,
}

/// Describes grouped flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FlowGroupsMeta {
    /// The underlying.
    pub symbol: String,
    /// Session date.
    pub session_date: String,
    /// The contracts that the page names, once each.
    pub contracts: Vec<ContractView>,
    /// Words for the bits of `flags`.
    pub flags: Vec<FlagLabel>,
    /// Words for the codes of `side`: the side of all trades of a group.
    pub sides: Vec<super::CodeLabel>,
    /// How trades were grouped, in words.
    pub rule: String,
    /// Groups that pass, before `limit`.
    pub groups: f64,
}

/// Asks about one session's flow.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetFlowDay {
    /// The underlying.
    pub symbol: String,
    /// Session date; none = the latest session.
    pub session_date: Option<String>,
}

/// Premium of calls or puts by side, dollars.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct PremiumView {
    /// Bought: above the middle of the quote.
    pub ask: f64,
    /// Sold: below the middle.
    pub bid: f64,
    /// At the middle, or without a usable quote.
    pub unknown: f64,
}

/// Sentiment of one session, from stored trades.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FlowSummary {
    /// The underlying.
    pub symbol: String,
    /// Session date.
    pub session_date: String,
    /// Trades that count towards a direction.
    pub trades: f64,
    /// Calls.
    pub calls: PremiumView,
    /// Puts.
    pub puts: PremiumView,
    /// Calls bought and puts sold, dollars.
    pub bullish: f64,
    /// Calls sold and puts bought, dollars.
    pub bearish: f64,
    /// (bullish - bearish) / (bullish + bearish), -1 to 1; none without a sided trade.
    pub sentiment: Option<f64>,
    /// Share of premium with a side, 0 to 1; none without trades.
    pub coverage: Option<f64>,
    /// Share of premium kept out as legs of larger orders, 0 to 1.
    pub excluded_share: Option<f64>,
    /// Delta of what was bought less what was sold times the share's price, dollars.
    pub delta_notional: f64,
    /// Share of premium whose trade carried no delta and is missing from `delta_notional`.
    pub delta_missing_share: Option<f64>,
    /// Share of premium that provably opened, 0 to 1.
    pub opening_provable: Option<f64>,
    /// Share of premium that probably opened, provable included, 0 to 1.
    pub opening_probable: Option<f64>,
    /// Premium by tenor, nearest first.
    pub tenors: Vec<TenorView>,
    /// Trades below this premium are not collected, dollars.
    pub floor: f64,
    /// `contrarian` when bought puts count as bullish (a setting for index funds), else `plain`.
    pub put_sign: String,
}

/// Premium of one tenor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TenorView {
    /// `zero`, `week`, `month` or `longer`.
    pub tenor: String,
    /// Calls.
    pub calls: PremiumView,
    /// Puts.
    pub puts: PremiumView,
}

/// Asks for the running net premium of a session from stored trades, by tenor.
///
/// Columns: `at_ms call_zero put_zero call_week put_week call_month put_month call_longer
/// put_longer delta_notional`, each cumulative from the open, dollars, one row a minute.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetFlowLines {
    /// The underlying.
    pub symbol: String,
    /// Session date; none = the latest session.
    pub session_date: Option<String>,
}

/// Describes running lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FlowLinesMeta {
    /// The underlying.
    pub symbol: String,
    /// Session date.
    pub session_date: String,
}

/// Asks for the running net premium as the vendor counts it, all trades of every size.
///
/// Columns: `at_ms net_call net_put net_delta`, each cumulative from the open: the vendor's
/// minutes added up. Dollars, and shares for `net_delta`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetNetPremium {
    /// The underlying.
    pub symbol: String,
    /// First instant, epoch ms: the line starts anew with each session.
    pub from_ms: f64,
    /// End, epoch ms.
    pub to_ms: f64,
}

/// Asks for a tide: cumulative as the vendor delivers it, never summed.
///
/// Columns: `at_ms net_call net_put net_volume`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetTide {
    /// A fund's ticker for the tide of its holdings; none = the whole market.
    pub holdings_of: Option<String>,
    /// First instant, epoch ms: the line starts anew with each session.
    pub from_ms: f64,
    /// End, epoch ms.
    pub to_ms: f64,
}

/// Describes a vendor's running series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RunningMeta {
    /// What it is of, in words.
    pub of: String,
    /// The newest row's time, epoch ms; none without rows.
    pub newest_ms: Option<f64>,
}

/// Asks for net premium by strike and expiry, from stored trades.
///
/// Columns: `expiry strike call_net put_net premium`; `expiry` is an index into
/// [`FlowHeatMeta::expiries`]; dollars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FlowHeatMeta {
    /// The underlying.
    pub symbol: String,
    /// Session date.
    pub session_date: String,
    /// `YYYY-MM-DD`, nearest first.
    pub expiries: Vec<String>,
    /// The underlying's newest price; none when unknown.
    pub spot: Option<f64>,
}

/// Net premium and gamma by strike.
///
/// Columns: `strike call_ask call_bid put_ask put_bid call_gamma put_gamma`. Premium is the
/// vendor's count of all trades of every size, dollars. Gamma is the naive exposure: dollars that
/// dealers would trade for a 1 % move if they had bought every call and sold every put.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FlowStrikesMeta {
    /// The underlying.
    pub symbol: String,
    /// Session date.
    pub session_date: String,
    /// The underlying's newest price; none when unknown.
    pub spot: Option<f64>,
    /// When the premium was asked for, epoch ms; none = never.
    pub premium_ms: Option<f64>,
    /// When the gamma was asked for, epoch ms; none = never.
    pub gamma_ms: Option<f64>,
}

/// Implied against historical volatility. All are fractions: 0.25 is 25 %.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VolatilityView {
    /// The underlying.
    pub symbol: String,
    /// Session of the newest implied volatility, `YYYY-MM-DD`; none without one.
    pub session_date: Option<String>,
    /// Implied volatility of about thirty days.
    pub implied: Option<f64>,
    /// (now - lowest) / (highest - lowest) over the sessions below, 0 to 1.
    pub rank: Option<f64>,
    /// Share of those sessions with a lower value, 0 to 1.
    pub percentile: Option<f64>,
    /// Sessions of history in both.
    pub history_sessions: u32,
    /// Sessions needed for both.
    pub needed_sessions: u32,
    /// Historical volatility by estimator and length.
    pub historical: Vec<HistoricalView>,
    /// Implied volatility by expiry, nearest first.
    pub term: Vec<TermView>,
    /// Day by day, oldest first.
    pub history: Vec<VolatilityDayView>,
}

/// Historical volatility by one estimator over one length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct HistoricalView {
    /// `close_to_close`, `parkinson`, `garman_klass`, `rogers_satchell` or `yang_zhang`.
    pub estimator: String,
    /// Sessions.
    pub sessions: u32,
    /// Annualised by 252; none with too few sessions.
    pub value: Option<f64>,
}

/// Implied volatility of one expiry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TermView {
    /// `YYYY-MM-DD`.
    pub expiry: String,
    /// Days to expiry.
    pub days: f64,
    /// Implied volatility.
    pub implied: f64,
    /// The move that a straddle's price implies, dollars a share.
    pub implied_move: Option<f64>,
    /// `vendor`, or `mid` when Undertow took it from quotes of the expiry's contracts.
    pub from: String,
}

/// One day's volatility.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VolatilityDayView {
    /// Session date.
    pub date: String,
    /// Implied.
    pub implied: Option<f64>,
    /// Historical: Yang-Zhang over 30 sessions up to this one.
    pub historical: Option<f64>,
}

/// Asks how off-exchange imbalance and options imbalance move together.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetCorrelation {
    /// The underlying.
    pub symbol: String,
    /// Sessions, 1 to 60, ending with the latest; none = 20.
    pub sessions: Option<u32>,
}

/// How off-exchange imbalance and options imbalance move together, in bins of five minutes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CorrelationView {
    /// The underlying.
    pub symbol: String,
    /// Sessions with both.
    pub sessions: u32,
    /// Bins with both.
    pub bins: u32,
    /// Minutes in a bin.
    pub bin_minutes: u32,
    /// One entry for each lag, from options leading to options following.
    pub lags: Vec<LagView>,
    /// Why there is nothing to show, in words.
    pub too_little: Option<String>,
}

/// The correlation at one lag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LagView {
    /// Minutes by which options follow the prints; below zero, by which they lead.
    pub lag_minutes: f64,
    /// Pearson's r.
    pub pearson: f64,
    /// Spearman's rho.
    pub spearman: f64,
    /// 95 % interval of Spearman's rho by block bootstrap: low end.
    pub low: f64,
    /// High end.
    pub high: f64,
}

/// What the planner asks of the vendor and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PlanView {
    /// Requests a day that everything at its desired pace would take; the plan stretches it to fit.
    pub desired_a_day: f64,
    /// Requests left today; none = the vendor has not said.
    pub left_today: Option<f64>,
    /// When the day's budget begins anew, epoch ms.
    pub resets_ms: Option<f64>,
    /// One sentence on what is slowed down or dropped, and why.
    pub summary: String,
    /// Every series, most important first.
    pub series: Vec<PlannedView>,
    /// The live stream: `off`, `joining`, `live`, `refused` or `waiting`.
    pub stream: String,
    /// The stream's state in words.
    pub stream_note: Option<String>,
}

/// One series of the plan, over all its symbols.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PlannedView {
    /// The series' name.
    pub series: String,
    /// What it is, in words.
    pub label: String,
    /// Symbols.
    pub symbols: u32,
    /// How often it should be asked, seconds of an open market.
    pub desired_s: f64,
    /// How often it is asked, seconds; none = dropped until the budget allows it.
    pub actual_s: Option<f64>,
    /// Requests it made today.
    pub asked: f64,
}
