//! Table `backfill_jobs`: what was to be fetched from the past, and how far it got.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::postgres::PgRow;
use undertow_market::{Symbol, VendorId};

use crate::row::{Reading, key_of};
use crate::{Store, StoreError};

/// Most jobs that one query returns.
pub const MAX_JOBS: u32 = 200;

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BackfillState {
    /// Not begun, or to be taken up again.
    Waiting,
    /// Being worked on, or left so by a program that was killed.
    Running,
    /// Halted by the user.
    Paused,
    /// Everything asked for was fetched.
    Done,
    /// Ended before everything was fetched, at the vendor's history wall or by the user.
    Stopped,
    /// Ended by an error.
    Failed,
}

/// What to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBackfill {
    /// From whom.
    pub vendor: VendorId,
    /// Which tickers, at least one.
    pub symbols: Vec<Symbol>,
    /// First trading day.
    pub from: NaiveDate,
    /// Last trading day.
    pub to: NaiveDate,
    /// Ask again for sessions that are complete, to pick up cancels and corrections.
    pub reread: bool,
}

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct BackfillJob {
    /// Its number.
    pub id: i64,
    /// What to fetch.
    pub work: NewBackfill,
    /// How it stands.
    pub state: BackfillState,
    /// How far it got, in the words of whoever works on it.
    pub progress: Value,
    /// Why it stands so, for the user.
    pub message: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A step of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct BackfillUpdate {
    /// How it stands now.
    pub state: BackfillState,
    /// How far it got.
    pub progress: Value,
    /// Why it stands so.
    pub message: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

impl BackfillState {
    const ALL: [Self; 6] =
        [Self::Waiting, Self::Running, Self::Paused, Self::Done, Self::Stopped, Self::Failed];

    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Stopped | Self::Failed)
    }
}

impl FromStr for BackfillState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| format!("\"{text}\" is not a state of a backfill"))
    }
}

macro_rules! job_columns {
    () => {
        "id, vendor::text AS vendor, symbols, from_date, to_date, reread, state, progress, message,
         created_at, updated_at, finished_at"
    };
}

impl Store {
    /// Writes a job down as waiting.
    ///
    /// # Errors
    /// No symbols, dates out of order, or the database refuses.
    pub async fn create_backfill_job(
        &self,
        work: &NewBackfill,
        at: DateTime<Utc>,
    ) -> Result<BackfillJob, StoreError> {
        let row = sqlx::query(concat!(
            "INSERT INTO trading.backfill_jobs
                (vendor, symbols, from_date, to_date, reread, state, progress, created_at, updated_at)
             VALUES ($1::trading.vendor, $2, $3, $4, $5, 'waiting', '{}', $6, $6) RETURNING ",
            job_columns!()
        ))
        .bind(work.vendor.as_str())
        .bind(work.symbols.iter().map(Symbol::as_str).collect::<Vec<_>>())
        .bind(work.from)
        .bind(work.to)
        .bind(work.reread)
        .bind(at)
        .fetch_one(&self.pool)
        .await?;
        read_job(&row)
    }

    /// Writes down how a job stands.
    ///
    /// # Errors
    /// There is no such job, or the database refuses.
    pub async fn update_backfill_job(
        &self,
        id: i64,
        update: &BackfillUpdate,
    ) -> Result<(), StoreError> {
        let finished_at = update.state.is_final().then_some(update.at);
        let done = sqlx::query(
            "UPDATE trading.backfill_jobs
             SET state = $2, progress = $3, message = $4, updated_at = $5, finished_at = $6
             WHERE id = $1",
        )
        .bind(id)
        .bind(update.state.as_str())
        .bind(&update.progress)
        .bind(update.message.as_deref())
        .bind(update.at)
        .bind(finished_at)
        .execute(&self.pool)
        .await?;
        match done.rows_affected() {
            0 => Err(StoreError::Missing(format!("backfill job {id}"))),
            _ => Ok(()),
        }
    }

    /// One job.
    ///
    /// # Errors
    /// There is no such job, the database refuses, or the stored row is broken.
    pub async fn backfill_job(&self, id: i64) -> Result<BackfillJob, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM trading.backfill_jobs WHERE id = $1"
        ))
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref()
            .map_or_else(|| Err(StoreError::Missing(format!("backfill job {id}"))), read_job)
    }

    /// The newest jobs, newest first; at most [`MAX_JOBS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn backfill_jobs(&self, limit: u32) -> Result<Vec<BackfillJob>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM trading.backfill_jobs ORDER BY id DESC LIMIT $1"
        ))
        .bind(i64::from(limit.min(MAX_JOBS)))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_job).collect()
    }

    /// The jobs that are still to be worked on, oldest first; at most [`MAX_JOBS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn unfinished_backfill_jobs(&self) -> Result<Vec<BackfillJob>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            job_columns!(),
            " FROM trading.backfill_jobs WHERE state IN ('waiting', 'running', 'paused')
              ORDER BY id LIMIT $1"
        ))
        .bind(i64::from(MAX_JOBS))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_job).collect()
    }

    /// Forgets a job. What it fetched stays.
    ///
    /// # Errors
    /// There is no such job, or the database refuses.
    pub async fn delete_backfill_job(&self, id: i64) -> Result<(), StoreError> {
        let done = sqlx::query("DELETE FROM trading.backfill_jobs WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await?;
        match done.rows_affected() {
            0 => Err(StoreError::Missing(format!("backfill job {id}"))),
            _ => Ok(()),
        }
    }
}

fn read_job(row: &PgRow) -> Result<BackfillJob, StoreError> {
    let reading = Reading { row, table: "backfill_jobs", key: |row| key_of(row, &["id"]) };
    let names: Vec<String> = reading.get("symbols")?;
    let symbols = names.iter().map(|name| Symbol::new(name)).collect::<Result<_, _>>();
    let work = NewBackfill {
        vendor: reading.vendor()?,
        symbols: symbols.map_err(|error| reading.broken(error))?,
        from: reading.get("from_date")?,
        to: reading.get("to_date")?,
        reread: reading.get("reread")?,
    };
    Ok(BackfillJob {
        id: reading.get("id")?,
        work,
        state: reading.named("state")?,
        progress: reading.get("progress")?,
        message: reading.get("message")?,
        created_at: reading.get("created_at")?,
        updated_at: reading.get("updated_at")?,
        finished_at: reading.get("finished_at")?,
    })
}
