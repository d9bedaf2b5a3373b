//! The state of each series of each symbol, for health and for the screen.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use undertow_market::Symbol;

/// The promise: data no older than this in market hours.
pub const STALE_AFTER: TimeDelta = TimeDelta::minutes(5);

/// What is collected of a symbol: the kinds of the books.
pub use undertow_store::slots::SlotKind as Series;

/// One series of one symbol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feed {
    /// When collecting began.
    pub since: Option<DateTime<Utc>>,
    /// When the vendor last answered, and its answer was stored.
    pub asked_at: Option<DateTime<Utc>>,
    /// Newest row.
    pub newest_at: Option<DateTime<Utc>>,
    /// When it is asked next.
    pub next_at: Option<DateTime<Utc>>,
    /// Rows stored since this program began to collect.
    pub rows: u64,
    /// What is wrong, in words.
    pub problem: Option<String>,
    /// The key's plan does not include it: nothing that asking again would mend.
    pub refused: bool,
}

/// How well a feed does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// As promised.
    Fresh,
    /// Late, or has a problem, but within the promise.
    Late,
    /// Older than promised.
    Stale,
}

impl Feed {
    /// How fresh it is at `now`, while its session is `open`; a closed market is always fresh, and
    /// so is what a plan does not include. A series that is meant to be asked more rarely than the
    /// promise may be twice its pace old.
    #[must_use]
    pub fn freshness(&self, now: DateTime<Utc>, open: bool, pace: TimeDelta) -> Freshness {
        if !open || self.refused {
            return Freshness::Fresh;
        }
        let Some(last) = self.asked_at.or(self.since) else { return Freshness::Late };
        let age = now - last;
        let stale_after = if pace >= STALE_AFTER { pace * 2 } else { STALE_AFTER };
        if age > stale_after {
            Freshness::Stale
        } else if age > pace * 2 || self.problem.is_some() {
            Freshness::Late
        } else {
            Freshness::Fresh
        }
    }
}

/// All feeds.
#[derive(Debug, Default)]
pub(crate) struct Feeds(Mutex<BTreeMap<(Symbol, Series), Feed>>);

impl Feeds {
    pub(crate) fn update(&self, symbol: &Symbol, series: Series, change: impl FnOnce(&mut Feed)) {
        let mut feeds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(feeds.entry((symbol.clone(), series)).or_default());
    }

    /// Whether an answer came, or it is known why none does.
    pub(crate) fn was_asked(&self, symbol: &Symbol, series: Series) -> bool {
        let feeds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = feeds.get(&(symbol.clone(), series));
        feed.is_some_and(|feed| feed.asked_at.is_some() || feed.problem.is_some())
    }

    pub(crate) fn problem(&self, symbol: &Symbol, series: Series) -> Option<String> {
        let feeds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        feeds.get(&(symbol.clone(), series))?.problem.clone()
    }

    pub(crate) fn remove(&self, symbol: &Symbol) {
        let mut feeds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        feeds.retain(|(known, _), _| known != symbol);
    }

    pub(crate) fn all(&self) -> Vec<(Symbol, Series, Feed)> {
        let feeds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        feeds
            .iter()
            .map(|((symbol, series), feed)| (symbol.clone(), *series, feed.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_stale_only_when_it_breaks_the_promise_while_the_market_is_open() {
        let now: DateTime<Utc> = "2026-03-02T15:00:00Z".parse().unwrap();
        let poll = TimeDelta::seconds(60);
        let asked =
            |seconds| Feed { asked_at: Some(now - TimeDelta::seconds(seconds)), ..Feed::default() };
        for (seconds, open, expected) in [
            (30, true, Freshness::Fresh),
            (121, true, Freshness::Late),
            (300, true, Freshness::Late),
            (301, true, Freshness::Stale),
            (90_000, false, Freshness::Fresh),
        ] {
            assert_eq!(asked(seconds).freshness(now, open, poll), expected, "{seconds} {open}");
        }
    }

    #[test]
    fn a_slow_series_may_be_twice_its_pace_old_and_a_refused_one_is_no_fault() {
        let now: DateTime<Utc> = "2026-03-02T15:00:00Z".parse().unwrap();
        let hour = TimeDelta::hours(1);
        let feed = Feed { asked_at: Some(now - TimeDelta::minutes(100)), ..Feed::default() };
        assert_eq!(feed.freshness(now, true, hour), Freshness::Fresh);
        let old = Feed { asked_at: Some(now - TimeDelta::minutes(121)), ..Feed::default() };
        assert_eq!(old.freshness(now, true, hour), Freshness::Stale);
        let refused = Feed { refused: true, problem: Some("no".to_owned()), ..old };
        assert_eq!(refused.freshness(now, true, hour), Freshness::Fresh);
    }

    #[test]
    fn a_feed_that_never_answered_goes_stale_too() {
        let now: DateTime<Utc> = "2026-03-02T15:00:00Z".parse().unwrap();
        let feed = Feed { since: Some(now - TimeDelta::minutes(6)), ..Feed::default() };
        assert_eq!(feed.freshness(now, true, TimeDelta::seconds(60)), Freshness::Stale);
    }
}
