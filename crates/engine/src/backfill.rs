//! Collects past sessions: resumable, with progress, parallel within the request budget.
//!
//! A job is a list of symbols and a range of sessions. Each symbol-session is read whole and
//! entered in the books when it is; a job that was interrupted skips what the books have and
//! goes on with the rest. Newest sessions come first, because they are looked at first.
//!
//! A [`Runner`] runs the jobs of one vendor. What a session is made of there, and when it counts
//! as read, is that vendor's [`History`].

mod job;
mod runner;
mod sessions;

use std::future::Future;

use chrono::NaiveDate;
use tokio_util::sync::CancellationToken;
use undertow_market::{SessionHours, Symbol};
use undertow_store::{MayPass, Store, StoreError};

use crate::common::{CollectError, Common};

pub use job::Job;
pub(crate) use runner::Runner;
pub use undertow_store::backfill::{BackfillState, NewBackfill};

/// Jobs of a vendor that may wait.
const MAX_WAITING: usize = 100;

/// Why a backfill cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// The queue is full.
    #[error("{MAX_WAITING} backfills wait already: stop one first")]
    TooMany,
    /// Nothing in the range.
    #[error("there is no trading session from {from} to {to}")]
    NoSession {
        /// First date.
        from: NaiveDate,
        /// Last date.
        to: NaiveDate,
    },
    /// What there is cannot be read yet.
    #[error("no session from {from} to {to} can be read yet: wait until one is over")]
    NotYet {
        /// First date.
        from: NaiveDate,
        /// Last date.
        to: NaiveDate,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MayPass for BackfillError {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }
}

/// One symbol and session of a job.
#[derive(Debug, Clone)]
pub(crate) struct SessionWork {
    pub(crate) symbol: Symbol,
    pub(crate) session_date: NaiveDate,
}

/// The past of one vendor's data.
pub(crate) trait History: Send + Sync {
    /// Symbol-sessions that are read at once. The request budget sets the real pace.
    const PARALLEL: usize;

    fn common(&self) -> &Common;

    /// Whether a session has come so far that it can be read.
    fn can_read(&self, hours: &SessionHours) -> bool;

    /// Whether the books have a symbol-session whole.
    fn has_read(&self, work: &SessionWork)
    -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Reads a symbol-session whole and enters it in the books. Returns how many rows are new or
    /// have changed.
    fn read(
        &self,
        work: &SessionWork,
        stop: &CancellationToken,
    ) -> impl Future<Output = Result<u64, CollectError>> + Send;
}

/// Backfills that wait or run, as they stand at this moment, then those that ended, newest first.
///
/// # Errors
/// The database cannot be read.
pub async fn list(store: &Store, active: Vec<Job>, limit: u32) -> Result<Vec<Job>, StoreError> {
    let stored = store.backfill_jobs(limit).await?;
    let is_active = |job: &Job| active.iter().any(|other| other.id == job.id);
    let ended: Vec<Job> =
        stored.into_iter().map(Job::stored).filter(|job| !is_active(job)).collect();
    Ok(active.into_iter().chain(ended).take(limit as usize).collect())
}
