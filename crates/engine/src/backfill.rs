//! Collects past sessions: resumable, with progress, parallel within the request budget.
//!
//! A job is a list of symbols and a range of sessions. Each symbol-session is read whole and
//! entered in the books when it is; a job that was interrupted skips what the books have and
//! goes on with the rest. Newest sessions come first, because they are looked at first.

mod job;
mod runner;

pub use job::Job;
pub(crate) use runner::{MAX_WAITING, Runner, SessionWork, read_session, save_job};
pub use undertow_store::backfill::{BackfillState, NewBackfill};
