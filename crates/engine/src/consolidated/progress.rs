//! How far the reading of past sessions has come, and how fast it goes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use undertow_market::Symbol;

/// The pace is that of so many sessions that were read last: a busy hour is soon forgotten.
const PACE_OF: usize = 24;
/// Fewer say nothing of a pace.
const PACE_FROM: usize = 3;

/// How the reading of past sessions does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistoryProgress {
    /// Sessions read a minute, real time; none while nothing is read, or too little to say.
    pub per_minute: Option<f64>,
    /// Why nothing is read although sessions are missing, in words.
    pub refused: Option<String>,
    /// Sessions that are still to be read, by symbol; those that were not looked at are missing.
    pub left: BTreeMap<Symbol, usize>,
}

/// Notes of the task that reads past sessions.
#[derive(Default)]
pub(super) struct Progress(Mutex<Held>);

#[derive(Default)]
struct Held {
    left: BTreeMap<Symbol, usize>,
    /// When the last sessions were read whole, oldest first.
    finished: VecDeque<Instant>,
    refused: Option<String>,
}

impl Progress {
    /// So many sessions of a symbol are still to be had.
    pub(super) fn has_left(&self, symbol: &Symbol, sessions: usize) {
        let mut held = self.lock();
        held.left.insert(symbol.clone(), sessions);
        held.refused = None;
    }

    /// One session of a symbol's history was read, just now.
    pub(super) fn read_one(&self, symbol: &Symbol, at: Instant) {
        let mut held = self.lock();
        if let Some(left) = held.left.get_mut(symbol) {
            *left = left.saturating_sub(1);
        }
        if held.finished.len() == PACE_OF {
            held.finished.pop_front();
        }
        held.finished.push_back(at);
    }

    /// Nothing is read for now: a pace from before the pause would tell nothing.
    pub(super) fn pause(&self) {
        self.lock().finished.clear();
    }

    /// The vendor refuses, for a reason that is said.
    pub(super) fn refuse(&self, why: String) {
        self.lock().refused = Some(why);
    }

    /// Lets go of a symbol.
    pub(super) fn remove(&self, symbol: &Symbol) {
        self.lock().left.remove(symbol);
    }

    /// How it does.
    pub(super) fn view(&self) -> HistoryProgress {
        let held = self.lock();
        HistoryProgress {
            per_minute: per_minute(&held.finished),
            refused: held.refused.clone(),
            left: held.left.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn per_minute(finished: &VecDeque<Instant>) -> Option<f64> {
    let took = finished.back()?.duration_since(*finished.front()?);
    if finished.len() < PACE_FROM || took.is_zero() {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most PACE_OF")]
    let sessions = (finished.len() - 1) as f64;
    Some(sessions / took.div_duration_f64(Duration::from_mins(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol() -> Symbol {
        "SPY".parse().unwrap()
    }

    fn read(progress: &Progress, begin: Instant, seconds: &[u64]) {
        for second in seconds {
            progress.read_one(&symbol(), begin + Duration::from_secs(*second));
        }
    }

    #[test]
    fn the_pace_is_that_of_the_last_sessions() {
        let (progress, begin) = (Progress::default(), Instant::now());
        progress.has_left(&symbol(), 90);
        read(&progress, begin, &[0, 10]);
        assert_eq!(progress.view().per_minute, None, "two are too few");
        read(&progress, begin, &[20]);
        assert_eq!(progress.view().per_minute, Some(6.0));
        let slower: Vec<u64> = (1..=24).map(|session| 100 + session * 30).collect();
        read(&progress, begin, &slower);
        assert_eq!(progress.view().per_minute, Some(2.0), "what was before is forgotten");
        assert_eq!(progress.view().left[&symbol()], 90 - 27);
    }

    #[test]
    fn a_pause_ends_the_pace_and_keeps_what_is_left() {
        let (progress, begin) = (Progress::default(), Instant::now());
        progress.has_left(&symbol(), 5);
        read(&progress, begin, &[0, 10, 20]);
        progress.pause();
        let view = progress.view();
        assert_eq!((view.per_minute, view.left[&symbol()]), (None, 2));
        progress.remove(&symbol());
        assert!(progress.view().left.is_empty());
    }

    #[test]
    fn a_refusal_stands_until_there_is_something_to_read_again() {
        let progress = Progress::default();
        progress.refuse("the plan has none".to_owned());
        assert_eq!(progress.view().refused.as_deref(), Some("the plan has none"));
        progress.has_left(&symbol(), 1);
        assert_eq!(progress.view().refused, None);
    }
}
