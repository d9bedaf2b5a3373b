//! What a vendor says of a whole options market: per strike, per expiry, per minute, per day.
//!
//! Everything here is a vendor's own sum, stored as delivered. Cumulative series are marked as
//! such: their newest row is the value, and rows are never added up.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::{OptionContract, Price, Symbol};

/// Calls or puts of one strike or expiry, summed over the day so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowSums {
    /// Dollars.
    pub premium: Decimal,
    /// Dollars on the ask side.
    pub ask_premium: Decimal,
    /// Dollars on the bid side.
    pub bid_premium: Decimal,
    /// Contracts.
    pub volume: i64,
    /// Contracts on the ask side.
    pub ask_volume: i64,
    /// Contracts on the bid side.
    pub bid_volume: i64,
    /// Trades.
    pub trades: i64,
}

/// What the sums of a [`FlowSnapshot`] are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlowBucket {
    /// All expiries of a strike, dollars a share.
    Strike(Price),
    /// All strikes of an expiry.
    Expiry(NaiveDate),
}

/// One strike or one expiry, over the day so far. Cumulative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowSnapshot {
    /// The underlying.
    pub symbol: Symbol,
    /// The trading day.
    pub session_date: NaiveDate,
    /// The strike or the expiry.
    pub bucket: FlowBucket,
    /// Calls.
    pub calls: FlowSums,
    /// Puts.
    pub puts: FlowSums,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// One minute of net premium. Per minute, not cumulative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetPremiumTick {
    /// The underlying.
    pub symbol: Symbol,
    /// The trading day.
    pub session_date: NaiveDate,
    /// The minute.
    pub at: DateTime<Utc>,
    /// Calls bought less calls sold, dollars.
    pub net_call_premium: Decimal,
    /// Puts bought less puts sold, dollars.
    pub net_put_premium: Decimal,
    /// Contracts of calls.
    pub call_volume: Option<i64>,
    /// Contracts of puts.
    pub put_volume: Option<i64>,
    /// Delta of what was bought less what was sold, shares.
    pub net_delta: Option<Decimal>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// Whose premium a tide counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TideScope {
    /// The whole options market.
    Market,
    /// The holdings of an exchange-traded fund.
    Holdings(Symbol),
}

/// Net premium of a market, from the open to `at`. Cumulative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TidePoint {
    /// Whose.
    pub scope: TideScope,
    /// The trading day.
    pub session_date: NaiveDate,
    /// Until when.
    pub at: DateTime<Utc>,
    /// Calls bought less calls sold, dollars.
    pub net_call_premium: Decimal,
    /// Puts bought less puts sold, dollars.
    pub net_put_premium: Decimal,
    /// Contracts of calls net less those of puts.
    pub net_volume: Option<i64>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// Implied volatility of a day, for rank, percentile and comparison. All of them fractions but
/// the rank.
#[derive(Clone, Debug, PartialEq)]
pub struct VolatilityDay {
    /// The underlying.
    pub symbol: Symbol,
    /// The trading day.
    pub session_date: NaiveDate,
    /// Implied volatility of about thirty days, as a fraction.
    pub implied: Option<f64>,
    /// The vendor's rank over a year, 0 to 100.
    pub vendor_rank: Option<f64>,
    /// Realised volatility that the vendor aligns with this day, as a fraction. It looks forward,
    /// so the newest days have none.
    pub vendor_realized: Option<f64>,
    /// Closing price, dollars a share.
    pub close: Option<Price>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// Implied volatility of one expiry.
#[derive(Clone, Debug, PartialEq)]
pub struct TermPoint {
    /// The underlying.
    pub symbol: Symbol,
    /// The trading day.
    pub session_date: NaiveDate,
    /// The expiry.
    pub expiry: NaiveDate,
    /// Implied volatility as a fraction.
    pub implied: f64,
    /// The move that a straddle's price implies, dollars a share.
    pub implied_move: Option<Decimal>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// Greeks of all open contracts of a strike, as the vendor sums them over open interest.
#[derive(Clone, Debug, PartialEq)]
pub struct GammaStrike {
    /// The underlying.
    pub symbol: Symbol,
    /// The trading day.
    pub session_date: NaiveDate,
    /// Dollars a share.
    pub strike: Price,
    /// Gamma of calls times open interest, in shares for a dollar's move; above zero.
    pub call_gamma: f64,
    /// The same of puts; below zero by the naive convention that dealers sold them.
    pub put_gamma: f64,
    /// Delta of calls times open interest, shares.
    pub call_delta: Option<f64>,
    /// Delta of puts times open interest, shares.
    pub put_delta: Option<f64>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// Volume of a day at one price, on exchanges and off them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceVolume {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day.
    pub session_date: NaiveDate,
    /// Dollars a share.
    pub price: Price,
    /// Shares on exchanges.
    pub lit_volume: i64,
    /// Shares off exchanges.
    pub off_exchange_volume: i64,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// A contract as the vendor's list of a day shows it. Changes slowly: kept with a lifetime.
#[derive(Clone, Debug, PartialEq)]
pub struct ContractState {
    /// The underlying.
    pub symbol: Symbol,
    /// The contract.
    pub contract: OptionContract,
    /// The trading day.
    pub session_date: NaiveDate,
    /// Contracts open at the start of the day.
    pub open_interest: i64,
    /// Contracts open a day before.
    pub previous_open_interest: Option<i64>,
    /// Contracts traded so far.
    pub volume: i64,
    /// Best bid, dollars a share; none when nobody bids.
    pub bid: Option<Price>,
    /// Best offer, dollars a share.
    pub ask: Option<Price>,
    /// Last trade, dollars a share; none when it has not traded.
    pub last_price: Option<Price>,
    /// Implied volatility as a fraction; none when it has not traded.
    pub implied_volatility: Option<f64>,
    /// Dollars an option gains when the share gains one.
    pub delta: Option<f64>,
    /// Change of delta when the share gains a dollar.
    pub gamma: Option<f64>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}
