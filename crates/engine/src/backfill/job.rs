//! A backfill and its progress.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use undertow_store::backfill::{BackfillJob, BackfillState, NewBackfill};

/// A backfill and its progress.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id in the database.
    pub id: i64,
    /// What is to be collected.
    pub work: NewBackfill,
    /// Where it stands.
    pub state: BackfillState,
    /// Symbol-sessions finished, those included that were complete before.
    pub sessions_done: u32,
    /// Symbol-sessions in all.
    pub sessions_total: u32,
    /// Symbol-sessions that were asked for in its last run.
    pub sessions_asked: u32,
    /// Rows stored or changed.
    pub rows: u64,
    /// Rows a second since it began to run.
    pub rows_per_s: Option<f64>,
    /// Seconds left at this pace.
    pub seconds_left: Option<f64>,
    /// What happened or is wrong, in words.
    pub note: Option<String>,
    /// A paused job goes on at this market time. Not stored: a new start tries at once.
    pub resumes_at: Option<DateTime<Utc>>,
}

impl Job {
    /// A job as the database has it.
    pub(crate) fn stored(stored: BackfillJob) -> Self {
        let number = |name: &str| stored.progress.get(name).and_then(Value::as_u64).unwrap_or(0);
        let small = |name: &str| u32::try_from(number(name)).unwrap_or(u32::MAX);
        Self {
            id: stored.id,
            state: stored.state,
            sessions_done: small("sessions_done"),
            sessions_total: small("sessions_total"),
            sessions_asked: small("sessions_asked"),
            rows: number("rows"),
            rows_per_s: None,
            seconds_left: None,
            note: stored.message,
            resumes_at: None,
            work: stored.work,
        }
    }

    /// The part of it that the database keeps as JSON.
    pub(crate) fn progress(&self) -> Value {
        json!({
            "sessions_done": self.sessions_done,
            "sessions_total": self.sessions_total,
            "sessions_asked": self.sessions_asked,
            "rows": self.rows,
        })
    }
}
