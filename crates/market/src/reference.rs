//! What a vendor tells of instruments themselves: days, splits, dividends, chains.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::{OptionContract, Price, Symbol};

/// One day of a stock as it traded: not adjusted for splits or dividends.
#[derive(Clone, Debug, PartialEq)]
pub struct DayBar {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// First price, dollars.
    pub open: Price,
    /// Highest price, dollars.
    pub high: Price,
    /// Lowest price, dollars.
    pub low: Price,
    /// Last price, dollars.
    pub close: Price,
    /// Shares; fractions exist.
    pub volume: Decimal,
    /// Volume-weighted average price, dollars.
    pub vwap: Option<Price>,
    /// Number of trades.
    pub trades: Option<i64>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// A stretch of a stock's trading as a vendor sums it up while it trades: a minute, usually.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// The ticker.
    pub symbol: Symbol,
    /// When it begins.
    pub start_at: DateTime<Utc>,
    /// When it ends.
    pub end_at: DateTime<Utc>,
    /// First price, dollars.
    pub open: Price,
    /// Highest price, dollars.
    pub high: Price,
    /// Lowest price, dollars.
    pub low: Price,
    /// Last price, dollars.
    pub close: Price,
    /// Shares; fractions exist.
    pub volume: Decimal,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// A split: `from` shares became `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The ticker.
    pub symbol: Symbol,
    /// The first day that trades in new shares.
    pub execution_date: NaiveDate,
    /// Old shares.
    pub from: Decimal,
    /// New shares.
    pub to: Decimal,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// A cash dividend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dividend {
    /// The ticker.
    pub symbol: Symbol,
    /// The first day that trades without it.
    pub ex_date: NaiveDate,
    /// A share, in `currency`.
    pub cash: Decimal,
    /// Currency code, upper case; only `USD` adjusts a price.
    pub currency: Box<str>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// One contract of a chain as a vendor showed it at a moment. What the plan does not include is
/// missing.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainQuote {
    /// The underlying's ticker.
    pub symbol: Symbol,
    /// The contract.
    pub contract: OptionContract,
    /// Shares a contract delivers.
    pub shares_per_contract: u32,
    /// Whether it was adjusted after a corporate action and delivers other things than shares.
    pub is_adjusted: bool,
    /// Best bid, dollars; none without a quotes plan, and where nobody bids.
    pub bid: Option<Price>,
    /// Best offer, dollars.
    pub ask: Option<Price>,
    /// When the quote was made.
    pub quote_at: Option<DateTime<Utc>>,
    /// Last price traded, dollars.
    pub last_price: Option<Price>,
    /// The day's last price, dollars.
    pub day_close: Option<Price>,
    /// Contracts traded today.
    pub volume: Option<i64>,
    /// Contracts open at the end of the day before.
    pub open_interest: Option<i64>,
    /// The vendor's implied volatility, a fraction a year.
    pub implied_volatility: Option<f64>,
    /// The vendor's delta.
    pub delta: Option<f64>,
    /// The vendor's gamma, a dollar.
    pub gamma: Option<f64>,
    /// The vendor's theta, dollars a day.
    pub theta: Option<f64>,
    /// The vendor's vega, dollars a volatility point.
    pub vega: Option<f64>,
    /// The underlying's price that came with it, dollars.
    pub underlying_price: Option<Price>,
    /// Whether that price is a delayed one; none where the vendor does not tell.
    pub underlying_is_delayed: Option<bool>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// A contract that is or was listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractListing {
    /// The underlying's ticker.
    pub symbol: Symbol,
    /// The contract.
    pub contract: OptionContract,
    /// Shares a contract delivers.
    pub shares_per_contract: u32,
    /// Whether it was adjusted after a corporate action: no part of a straddle.
    pub is_adjusted: bool,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// What an exchange says of a coming day that is not an ordinary one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarNotice {
    /// The day.
    pub date: NaiveDate,
    /// The exchange, as the vendor names it.
    pub exchange: Box<str>,
    /// The occasion.
    pub name: Box<str>,
    /// When it closes early; none = closed all day.
    pub close_at: Option<DateTime<Utc>>,
}
