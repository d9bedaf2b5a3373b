//! What the engine tells its listeners. Each event is a wake-up: the rows are in the store.

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::Symbol;

use crate::backfill::Job;
use crate::feed::Series;

/// Something changed.
#[derive(Debug, Clone)]
pub enum EngineEvent {
    /// Prints were stored or changed.
    Prints(Touched),
    /// Bars were stored or changed.
    Bars(Touched),
    /// Option trades or alerts were stored or changed.
    Flow(Touched),
    /// Another options series was stored.
    Options {
        /// The underlying; none = the whole market.
        symbol: Option<Symbol>,
        /// The series.
        series: Series,
    },
    /// Minutes of the consolidated tape were stored or changed.
    Tape(Touched),
    /// A straddle opportunity came up, changed or ended.
    Opportunity {
        /// The ticker.
        symbol: Symbol,
        /// The trading day in New York.
        session_date: NaiveDate,
    },
    /// A backfill moved.
    Backfill(Job),
}

/// The stretch of time that a write touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The ticker.
    pub symbol: Symbol,
    /// Oldest row touched.
    pub from: DateTime<Utc>,
    /// Newest row touched.
    pub to: DateTime<Utc>,
    /// Rows stored or changed.
    pub rows: u64,
}
