//! What the screen is told without asking. Every event is a wake-up: the reader re-reads what it
//! shows, so a lost event costs nothing but time.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::dto::{AppView, BackfillView, Status};

/// Something changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The program as a whole (mode, watch list, clock).
    App {
        /// The new state.
        app: Box<AppView>,
    },
    /// Health, at most once a second.
    Status {
        /// The new state.
        status: Box<Status>,
    },
    /// Prints of a symbol were stored or changed, at most 20 times a second a symbol.
    Prints {
        /// The ticker.
        symbol: String,
        /// Oldest tape time touched, epoch ms.
        from_ms: f64,
        /// Newest tape time touched, epoch ms.
        to_ms: f64,
        /// Rows stored or changed.
        rows: f64,
    },
    /// Bars of a symbol were stored or changed, at most 20 times a second a symbol.
    Bars {
        /// The ticker.
        symbol: String,
        /// First bar touched, epoch ms.
        from_ms: f64,
        /// Last bar touched, epoch ms.
        to_ms: f64,
    },
    /// Option trades or alerts of a symbol were stored or changed, at most 20 times a second a
    /// symbol.
    Flow {
        /// The underlying.
        symbol: String,
        /// Oldest trade touched, epoch ms.
        from_ms: f64,
        /// Newest trade touched, epoch ms.
        to_ms: f64,
        /// Rows stored or changed.
        rows: f64,
    },
    /// Another options series of a symbol was stored.
    Options {
        /// The underlying; empty for the whole market.
        symbol: String,
        /// The series: `net_premium`, `tide`, `flow_strikes`, `volatility`, …
        series: String,
    },
    /// The consolidated tape of a symbol went on, at most 20 times a second a symbol.
    Tape {
        /// The ticker.
        symbol: String,
        /// First minute touched, epoch ms.
        from_ms: f64,
        /// Last minute touched, epoch ms.
        to_ms: f64,
    },
    /// A symbol was assessed anew as a straddle candidate.
    Opportunity {
        /// The ticker.
        symbol: String,
        /// The session, `YYYY-MM-DD`.
        session_date: String,
    },
    /// A backfill moved.
    Backfill {
        /// The job.
        backfill: Box<BackfillView>,
    },
}
