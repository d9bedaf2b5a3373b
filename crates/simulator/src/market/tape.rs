//! The consolidated tape of one symbol and one day: a sample of what would trade on exchanges,
//! and every off-exchange print of the market with smaller ones between them.
//!
//! It is a sample: a true day of SPY has half a million trades, this one a few thousand. Lit
//! trades are larger than in life, so that the two halves of the tape weigh about the same.

mod conditions;
mod make;
mod numbers;
mod script;
mod sums;
mod trade;

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::{SessionHours, Symbol};

pub(crate) use conditions::{ALL as SALE_CONDITIONS, SaleRule};
pub(crate) use make::{Maker, network};
pub use script::{MAX_SURGES, SplitRule, SurgeRule, TapeScript};
pub(crate) use sums::{TapeBar, day_bar, minute_bars};
pub(crate) use trade::nanos;
pub use trade::{Amendment, Shares, SimTapeTrade};

/// One symbol's tape on one day, future included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapeDay {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// Its hours.
    pub hours: SessionHours,
    /// The network that reports it: 1 for the New York exchange's listings, 2 for other exchanges', 3
    /// for Nasdaq's.
    pub network: u16,
    /// Every trade and every record of a cancel or correction, in tape order.
    pub trades: Vec<SimTapeTrade>,
}

impl TapeDay {
    /// What REST knows at `now`, oldest first.
    #[must_use]
    pub fn visible(&self, now: DateTime<Utc>) -> &[SimTapeTrade] {
        &self.trades[..self.end(nanos(now))]
    }

    /// What the stream tells after `from` and until `to`, oldest first. It never tells of cancels
    /// and corrections.
    pub fn streamed(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = &SimTapeTrade> {
        let (begin, end) = (self.end(nanos(from)), self.end(nanos(to)));
        self.trades[begin..end.max(begin)].iter().filter(|trade| !trade.is_record())
    }

    fn end(&self, at_ns: i64) -> usize {
        self.trades.partition_point(|trade| trade.sip_ns <= at_ns)
    }
}
