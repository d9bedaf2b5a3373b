//! What the engine tells its listeners. Each event is a wake-up: the rows are in the store.

use chrono::{DateTime, Utc};
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
