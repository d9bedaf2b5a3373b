//! What can be asked.

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::{BarInterval, Symbol};

/// Most prints that one answer for a symbol holds, by the vendor's documents.
pub const MAX_PRINTS_PER_PAGE: u16 = 500;
/// Most prints that one answer for the whole tape holds, by the vendor's documents.
pub const MAX_RECENT_PRINTS: u16 = 200;
/// Most bars that one answer holds, by the vendor's documents.
pub const MAX_BARS_PER_PAGE: u16 = 2500;

/// Which end of the asked range a page begins at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

/// Prints of one symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintsQuery {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day; the vendor's newest one when absent.
    pub session_date: Option<NaiveDate>,
    /// Only prints before this instant, which is sent in whole seconds.
    pub older_than: Option<DateTime<Utc>>,
    /// Only prints after this instant, which is sent in whole seconds.
    pub newer_than: Option<DateTime<Utc>>,
    /// Most rows, 1 to [`MAX_PRINTS_PER_PAGE`].
    pub limit: u16,
    /// Only prints of at least this many dollars.
    pub min_premium: Option<u64>,
    /// Which end to begin at.
    pub order: Order,
}

impl PrintsQuery {
    /// The newest prints of a symbol, as many as fit.
    #[must_use]
    pub fn new(symbol: Symbol) -> Self {
        Self {
            symbol,
            session_date: None,
            older_than: None,
            newer_than: None,
            limit: MAX_PRINTS_PER_PAGE,
            min_premium: None,
            order: Order::NewestFirst,
        }
    }

    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        // Seconds, because the vendor ignored other forms of time on a sister endpoint.
        let seconds = |at: DateTime<Utc>| at.timestamp().to_string();
        let order = (self.order == Order::OldestFirst).then(|| "asc".to_owned());
        present([
            ("date", self.session_date.map(|date| date.to_string())),
            ("older_than", self.older_than.map(seconds)),
            ("newer_than", self.newer_than.map(seconds)),
            ("min_premium", self.min_premium.map(|dollars| dollars.to_string())),
            ("order", order),
            ("limit", Some(self.limit.to_string())),
        ])
    }
}

/// Bars of one symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarsQuery {
    /// The ticker.
    pub symbol: Symbol,
    /// How long the bars are.
    pub interval: BarInterval,
    /// Only this trading day.
    pub session_date: Option<NaiveDate>,
    /// The last trading day.
    pub end_date: Option<NaiveDate>,
    /// How far back from the last day, in the vendor's words (`1M`, `1Y`).
    pub timeframe: Option<String>,
    /// Most rows, 1 to [`MAX_BARS_PER_PAGE`]. A day bar takes up to three.
    pub limit: u16,
}

impl BarsQuery {
    /// The newest bars of a symbol, as many as fit.
    #[must_use]
    pub fn new(symbol: Symbol, interval: BarInterval) -> Self {
        Self {
            symbol,
            interval,
            session_date: None,
            end_date: None,
            timeframe: None,
            limit: MAX_BARS_PER_PAGE,
        }
    }

    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        present([
            ("date", self.session_date.map(|date| date.to_string())),
            ("end_date", self.end_date.map(|date| date.to_string())),
            ("timeframe", self.timeframe.clone()),
            ("limit", Some(self.limit.to_string())),
        ])
    }
}

fn present<const N: usize>(
    pairs: [(&'static str, Option<String>); N],
) -> Vec<(&'static str, String)> {
    pairs.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}
