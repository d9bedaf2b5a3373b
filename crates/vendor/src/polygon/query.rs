//! What can be asked.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::{Price, Symbol};

use super::paging::Cursor;

/// Most trades that one answer holds, by the vendor's documents.
pub const MAX_TRADES_PER_PAGE: u32 = 50_000;
/// Most minutes or days that one answer is made of, by the vendor's documents.
pub(super) const MAX_AGGREGATES: u32 = 50_000;
/// Most rows of reference data that one answer holds, by the vendor's documents. It gives ten to
/// who does not ask.
pub(super) const MAX_REFERENCE_ROWS: u32 = 1000;
/// Most contracts of a chain that one answer holds, by the vendor's documents. It gives ten to who
/// does not ask.
pub(super) const MAX_CHAIN_ROWS: u32 = 250;

/// Trades of one symbol, in the order of the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradesQuery {
    /// The ticker.
    pub symbol: Symbol,
    /// The first tape time.
    pub from: DateTime<Utc>,
    /// The tape time to stop before.
    pub to: DateTime<Utc>,
    /// Most rows, 1 to [`MAX_TRADES_PER_PAGE`].
    pub limit: u32,
    /// Where the page before ended; the first page without it.
    pub cursor: Option<Cursor>,
}

impl TradesQuery {
    /// The first page of a stretch of the tape, as long as there is one.
    #[must_use]
    pub fn new(symbol: Symbol, from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { symbol, from, to, limit: MAX_TRADES_PER_PAGE, cursor: None }
    }

    pub(super) fn pairs(&self) -> [(&'static str, String); 5] {
        [
            ("timestamp.gte", nanoseconds(self.from)),
            ("timestamp.lt", nanoseconds(self.to)),
            ("order", "asc".to_owned()),
            ("sort", "timestamp".to_owned()),
            ("limit", self.limit.to_string()),
        ]
    }
}

/// Contracts of one underlying as they are quoted now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainQuery {
    /// The underlying's ticker.
    pub symbol: Symbol,
    /// Last trading days.
    pub expiries: RangeInclusive<NaiveDate>,
    /// The lowest and the highest strike, both included.
    pub strikes: Option<(Price, Price)>,
}

impl ChainQuery {
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = expiries(&self.expiries).to_vec();
        if let Some((low, high)) = self.strikes {
            pairs.push(("strike_price.gte", low.to_string()));
            pairs.push(("strike_price.lte", high.to_string()));
        }
        pairs.extend(in_order("ticker", MAX_CHAIN_ROWS));
        pairs
    }
}

/// Contracts of one underlying that are or were listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingQuery {
    /// The underlying's ticker.
    pub symbol: Symbol,
    /// Last trading days.
    pub expiries: RangeInclusive<NaiveDate>,
    /// As the list was on this day; as it is now when absent.
    pub as_of: Option<NaiveDate>,
    /// Contracts that have expired, in place of those that have not.
    pub is_expired: bool,
}

impl ListingQuery {
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("underlying_ticker", self.symbol.to_string())];
        pairs.extend(expiries(&self.expiries));
        pairs.extend(self.as_of.map(|date| ("as_of", date.to_string())));
        pairs.push(("expired", self.is_expired.to_string()));
        pairs.extend(in_order("ticker", MAX_REFERENCE_ROWS));
        pairs
    }
}

/// Oldest or first in the alphabet first, and as many as fit.
pub(super) fn in_order(sort: &'static str, limit: u32) -> [(&'static str, String); 3] {
    [("order", "asc".to_owned()), ("sort", sort.to_owned()), ("limit", limit.to_string())]
}

fn expiries(range: &RangeInclusive<NaiveDate>) -> [(&'static str, String); 2] {
    [
        ("expiration_date.gte", range.start().to_string()),
        ("expiration_date.lte", range.end().to_string()),
    ]
}

/// Far from the years of any trade only for a time that no tape has: then the end of what the
/// vendor's number can hold.
fn nanoseconds(at: DateTime<Utc>) -> String {
    at.timestamp_nanos_opt().unwrap_or(i64::MAX).to_string()
}
