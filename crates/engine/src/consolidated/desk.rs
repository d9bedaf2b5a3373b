//! What every task of the consolidated tape holds.

use std::future::Future;
use std::ops::Deref;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use undertow_market::Symbol;
use undertow_vendor::VendorError;
use undertow_vendor::polygon::{ConditionTable, Polygon};

use super::books::Books;
use super::floors::Floors;
use super::join::StreamNote;
use super::kept::Kept;
use super::progress::Progress;
use super::standing::Standings;
use crate::common::{CollectError, Common};
use crate::settings::{Straddles, Tape};

/// What every task of the consolidated tape holds.
pub(super) struct Desk {
    pub(super) common: Arc<Common>,
    pub(super) client: Polygon,
    pub(super) tape: Tape,
    pub(super) straddles: Straddles,
    pub(super) watched: Mutex<Vec<Symbol>>,
    pub(super) kept: Kept,
    pub(super) conditions: Mutex<ConditionTable>,
    /// Which trades are kept one by one.
    pub(super) floors: Floors,
    pub(super) books: Books,
    pub(super) stream: StreamNote,
    pub(super) standings: Standings,
    pub(super) progress: Progress,
    /// Something may be due over REST.
    pub(super) read_soon: Notify,
    /// The watch list or what is known of a past session changed.
    pub(super) history_soon: Notify,
    /// The watch list changed: days are missing.
    pub(super) daily_soon: Notify,
    /// Minutes were stored.
    pub(super) assess_soon: Notify,
    /// The meaning of sale conditions was told anew.
    pub(super) conditions_are_new: AtomicBool,
}

impl Deref for Desk {
    type Target = Common;

    fn deref(&self) -> &Common {
        &self.common
    }
}

impl Desk {
    /// The watch list, in order.
    pub(super) fn watched(&self) -> Vec<Symbol> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for an answer, and notes what came of the question.
    pub(super) async fn asked<T>(
        &self,
        answer: impl Future<Output = Result<T, VendorError>>,
        stop: &CancellationToken,
    ) -> Result<T, CollectError> {
        self.may_ask()?;
        tokio::select! {
            answer = answer => self.heard(answer),
            () = stop.cancelled() => Err(CollectError::Stopped),
        }
    }

    /// What sale conditions mean, as the vendor last told.
    pub(super) fn conditions(&self) -> ConditionTable {
        self.conditions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// New minutes of these symbols are stored.
    pub(super) fn assess_soon(&self, symbols: &[Symbol]) {
        self.standings.mark(symbols);
        self.assess_soon.notify_one();
    }
}
