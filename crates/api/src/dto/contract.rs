//! One option contract, shares by price, and how long rows are kept.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ContractView;

/// Names a contract of an underlying, and a session.
///
/// `get_contract_trades` answers with columns as of [`super::GetFlowTrades`]: every trade of the
/// contract in that session that the vendor has, of every size, newest first. It asks the vendor
/// each time, and nothing of the answer is stored.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetContract {
    /// The underlying.
    pub symbol: String,
    /// The contract, `SPY261218C00595000`.
    pub contract: String,
    /// Session date, `YYYY-MM-DD`; none = the latest session.
    pub session_date: Option<String>,
}

/// One contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ContractDetail {
    /// The underlying.
    pub symbol: String,
    /// Session date that days count from.
    pub session_date: String,
    /// The contract.
    pub contract: ContractView,
    /// As the vendor's list showed it last; none when it is in no stored list.
    pub listed: Option<ListedView>,
    /// Implied volatility of its expiry by strike, lowest first.
    pub smile: Vec<SmileView>,
    /// The price for delivery at the expiry that calls and puts agree on, dollars a share.
    pub forward: Option<f64>,
}

/// A contract as a vendor's list showed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ListedView {
    /// When the list was asked for, epoch ms.
    pub received_ms: f64,
    /// The list's day.
    pub session_date: String,
    /// Best bid, dollars a share; none when nobody bids.
    pub bid: Option<f64>,
    /// Best offer, dollars a share.
    pub ask: Option<f64>,
    /// Last trade, dollars a share.
    pub last_price: Option<f64>,
    /// Contracts traded on the list's day.
    pub volume: f64,
    /// Contracts open at the start of that day.
    pub open_interest: f64,
    /// Contracts open a day before.
    pub previous_open_interest: Option<f64>,
    /// Implied volatility, a fraction; none when neither vendor nor quote tells it.
    pub implied_volatility: Option<f64>,
    /// `vendor`, or `mid` when Undertow took it from the middle of the quote.
    pub implied_from: Option<String>,
    /// Dollars an option gains when the share gains one.
    pub delta: Option<f64>,
    /// Change of delta when the share gains a dollar.
    pub gamma: Option<f64>,
}

/// Implied volatility at one strike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SmileView {
    /// Dollars a share.
    pub strike: f64,
    /// A fraction.
    pub implied: f64,
    /// `vendor`, or `mid` when Undertow took it from the middle of the quote.
    pub from: String,
}

/// Asks for a session's shares by price, as the vendor counts them.
///
/// Columns: `price lit off`, shares by bin. Unlike a profile these are counts of trades of every
/// size, off exchange as well, and no estimates.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetVolumeByPrice {
    /// The ticker.
    pub symbol: String,
    /// Session date; none = the newest session that is stored of the last few.
    pub session_date: Option<String>,
    /// Bin width, dollars; none = from ATR14.
    pub width: Option<f64>,
}

/// Describes shares by price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VolumeByPriceMeta {
    /// The ticker.
    pub symbol: String,
    /// Session date.
    pub session_date: String,
    /// Bin width, dollars.
    pub width: f64,
    /// When it was asked for, epoch ms; none = never.
    pub received_ms: Option<f64>,
    /// The newest price, dollars; none when unknown.
    pub last: Option<f64>,
}

/// How long the rows of a table are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RetentionView {
    /// The table's name.
    pub table: String,
    /// What it holds, in words.
    pub label: String,
    /// Days; none = for ever.
    pub keep_days: Option<u32>,
    /// Size on disk, bytes.
    pub bytes: f64,
    /// Rows, estimated.
    pub rows: f64,
}

/// Says how long the rows of a table are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct SetRetention {
    /// The table's name.
    pub table: String,
    /// Days, 7 to 36,500; none = for ever.
    pub keep_days: Option<u32>,
}
