//! Where each symbol stands: what its tape is compared with, its volatilities, its chain, and the
//! opportunity that it is or was.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use undertow_analysis::activity::BaselineCurve;
use undertow_analysis::opportunity::{Closes, HistoricalInput, ImpliedInput, SpotInput, State};
use undertow_analysis::straddle::Pair;
use undertow_market::Symbol;

/// What a chain says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ChainView {
    pub(super) taken_at: DateTime<Utc>,
    pub(super) implied: ImpliedInput,
    pub(super) spot: Option<SpotInput>,
    pub(super) pair: Option<Pair>,
}

/// What past days say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Realized {
    pub(super) historical: HistoricalInput,
    pub(super) closes: Closes,
}

/// Where one symbol stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    pub(super) baseline: Option<Arc<BaselineCurve>>,
    pub(super) realized: Option<Arc<Realized>>,
    pub(super) chain: Option<Arc<ChainView>>,
    /// How its opportunity stood at the last change.
    pub(super) state: Option<State>,
    /// Whole past sessions that were stored when it was last looked.
    past_sessions: usize,
    baseline_is_old: bool,
    is_marked: bool,
}

/// What the last assessment was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Assessed {
    /// How many symbols were judged.
    pub symbols: usize,
    /// How long judging took, without the database.
    pub took: Duration,
    /// How many were judged since the program began to collect.
    pub total: u64,
}

/// Where every symbol stands.
#[derive(Default)]
pub(super) struct Standings(Mutex<Held>);

#[derive(Default)]
struct Held {
    session_date: Option<NaiveDate>,
    of: BTreeMap<Symbol, Standing>,
    assessed: Assessed,
}

impl Standings {
    /// A session begins: baselines and days are those of another one.
    pub(super) fn begin(&self, date: NaiveDate) {
        let mut held = self.lock();
        held.session_date = Some(date);
        for standing in held.of.values_mut() {
            standing.baseline = None;
            standing.baseline_is_old = true;
            standing.realized = None;
            standing.chain = None;
        }
    }

    /// The session that is judged.
    pub(super) fn session_date(&self) -> Option<NaiveDate> {
        self.lock().session_date
    }

    /// Where a symbol stands.
    pub(super) fn of(&self, symbol: &Symbol) -> Standing {
        self.lock().of.get(symbol).cloned().unwrap_or_default()
    }

    /// Changes where a symbol stands, and has it judged again.
    pub(super) fn change(&self, symbol: &Symbol, change: impl FnOnce(&mut Standing)) {
        let mut held = self.lock();
        let standing = held.of.entry(symbol.clone()).or_default();
        change(standing);
        standing.is_marked = true;
    }

    /// How a symbol's opportunity stands, without judging it again.
    pub(super) fn keep_state(&self, symbol: &Symbol, state: State) {
        self.lock().of.entry(symbol.clone()).or_default().state = Some(state);
    }

    /// A symbol's opportunity is over and done with.
    pub(super) fn forget_state(&self, symbol: &Symbol) {
        if let Some(standing) = self.lock().of.get_mut(symbol) {
            standing.state = None;
        }
    }

    /// Lets go of a symbol.
    pub(super) fn remove(&self, symbol: &Symbol) {
        self.lock().of.remove(symbol);
    }

    /// These are to be judged.
    pub(super) fn mark(&self, symbols: &[Symbol]) {
        let mut held = self.lock();
        for symbol in symbols {
            held.of.entry(symbol.clone()).or_default().is_marked = true;
        }
    }

    /// Those whose opportunity is over by now are to be judged.
    pub(super) fn mark_over(&self, now: DateTime<Utc>) {
        for standing in self.lock().of.values_mut() {
            let state = standing.state.as_ref().filter(|state| !state.status.is_over());
            standing.is_marked |= state.is_some_and(|state| now >= state.ends_at);
        }
    }

    /// Takes those that are to be judged.
    pub(super) fn take_marked(&self) -> Vec<(Symbol, Standing)> {
        let mut held = self.lock();
        let marked = held.of.iter_mut().filter(|(_, standing)| standing.is_marked);
        let take = |(symbol, standing): (&Symbol, &mut Standing)| {
            standing.is_marked = false;
            (symbol.clone(), standing.clone())
        };
        marked.map(take).collect()
    }

    /// A past session of a symbol was read.
    pub(super) fn has_new_past(&self, symbol: &Symbol, date: NaiveDate) {
        let mut held = self.lock();
        if held.session_date.is_some_and(|today| date < today) {
            held.of.entry(symbol.clone()).or_default().baseline_is_old = true;
        }
    }

    /// So many whole past sessions of a symbol are stored.
    pub(super) fn has_past(&self, symbol: &Symbol, sessions: usize) {
        let mut held = self.lock();
        let standing = held.of.entry(symbol.clone()).or_default();
        if standing.past_sessions != sessions {
            standing.past_sessions = sessions;
            standing.baseline_is_old = true;
        }
    }

    /// Whether a symbol's baseline is to be made anew; it counts as made from then on.
    pub(super) fn wants_baseline(&self, symbol: &Symbol) -> bool {
        let mut held = self.lock();
        let standing = held.of.entry(symbol.clone()).or_default();
        let is_old = standing.baseline.is_none() || standing.baseline_is_old;
        standing.baseline_is_old = false;
        is_old
    }

    /// Notes an assessment.
    pub(super) fn note(&self, symbols: usize, took: Duration) {
        let assessed = &mut self.lock().assessed;
        (assessed.symbols, assessed.took) = (symbols, took);
        assessed.total += symbols as u64;
    }

    /// What the last assessment was.
    pub(super) fn assessed(&self) -> Assessed {
        self.lock().assessed
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
