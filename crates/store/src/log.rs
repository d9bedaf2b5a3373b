//! Table `system_log`: what happened, for the person who looks at the Data page.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::postgres::PgRow;

use crate::row::{Reading, key_of};
use crate::{Store, StoreError};

/// Most entries that one query returns.
pub const MAX_ENTRIES: u32 = 1_000;

/// How much an entry matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogLevel {
    /// Good to know.
    Info,
    /// Something is not as it should be, and is being dealt with.
    Warning,
    /// Something needs a hand.
    Error,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// How much it matters.
    pub level: LogLevel,
    /// The part of the program.
    pub area: String,
    /// What, in one sentence.
    pub message: String,
    /// Facts for somebody who digs deeper.
    pub detail: Option<Value>,
}

impl LogLevel {
    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl FromStr for LogLevel {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known =
            [Self::Info, Self::Warning, Self::Error].into_iter().find(|l| l.as_str() == text);
        known.ok_or_else(|| format!("\"{text}\" is not a log level"))
    }
}

impl Store {
    /// Adds an entry.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn append_log(&self, entry: &LogEntry) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO trading.system_log (at, level, area, message, detail)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(entry.at)
        .bind(entry.level.as_str())
        .bind(&entry.area)
        .bind(&entry.message)
        .bind(&entry.detail)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The newest entries, newest first; at most [`MAX_ENTRIES`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn log_entries(&self, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, at, level, area, message, detail FROM trading.system_log
             ORDER BY id DESC LIMIT $1",
        )
        .bind(i64::from(limit.min(MAX_ENTRIES)))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_entry).collect()
    }

    /// Forgets entries from before an instant. Returns how many went.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn prune_log(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM trading.system_log WHERE at < $1")
            .bind(before)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected())
    }
}

fn read_entry(row: &PgRow) -> Result<LogEntry, StoreError> {
    let reading = Reading { row, table: "system_log", key: |row| key_of(row, &["id"]) };
    Ok(LogEntry {
        at: reading.get("at")?,
        level: reading.named("level")?,
        area: reading.get("area")?,
        message: reading.get("message")?,
        detail: reading.get("detail")?,
    })
}
