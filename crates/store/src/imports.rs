//! Table `tape_imports`: flat files of the tape, and how far each was read.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgRow;

use crate::row::{Reading, key_of};
use crate::{Store, StoreError};

/// Most imports that one query returns.
pub const MAX_IMPORTS: u32 = 1_000;

/// A file that was or is being imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapeImport {
    /// Its name, without the folder.
    pub file_name: String,
    /// Its size: with `modified_at` it tells whether the file is still the same.
    pub size_bytes: i64,
    /// When it was changed last, as the file system tells.
    pub modified_at: DateTime<Utc>,
    /// The trading day that it holds, once that is known.
    pub session_date: Option<NaiveDate>,
    /// Runs of one ticker that are stored, in the order of the file.
    pub symbols_done: i32,
    /// When all of it was stored; none while it is not.
    pub finished_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Writes down how far a file was read.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn put_tape_import(&self, import: &TapeImport) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO trading.tape_imports
                (file_name, size_bytes, modified_at, session_date, symbols_done, finished_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (file_name) DO UPDATE SET
                size_bytes = excluded.size_bytes, modified_at = excluded.modified_at,
                session_date = excluded.session_date, symbols_done = excluded.symbols_done,
                finished_at = excluded.finished_at, changed_at = clock_timestamp()",
        )
        .bind(&import.file_name)
        .bind(import.size_bytes)
        .bind(import.modified_at)
        .bind(import.session_date)
        .bind(import.symbols_done)
        .bind(import.finished_at)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// How far a file was read, if it was ever begun.
    ///
    /// # Errors
    /// The database refuses, or the stored row is broken.
    pub async fn tape_import(&self, file_name: &str) -> Result<Option<TapeImport>, StoreError> {
        let row = sqlx::query(
            "SELECT file_name, size_bytes, modified_at, session_date, symbols_done, finished_at
             FROM trading.tape_imports WHERE file_name = $1",
        )
        .bind(file_name)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(read_import).transpose()
    }

    /// The files that were worked on last, newest first; at most [`MAX_IMPORTS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn tape_imports(&self, limit: u32) -> Result<Vec<TapeImport>, StoreError> {
        let rows = sqlx::query(
            "SELECT file_name, size_bytes, modified_at, session_date, symbols_done, finished_at
             FROM trading.tape_imports ORDER BY changed_at DESC, file_name LIMIT $1",
        )
        .bind(i64::from(limit.min(MAX_IMPORTS)))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_import).collect()
    }
}

fn read_import(row: &PgRow) -> Result<TapeImport, StoreError> {
    let reading = Reading { row, table: "tape_imports", key: |row| key_of(row, &["file_name"]) };
    Ok(TapeImport {
        file_name: reading.get("file_name")?,
        size_bytes: reading.get("size_bytes")?,
        modified_at: reading.get("modified_at")?,
        session_date: reading.get("session_date")?,
        symbols_done: reading.get("symbols_done")?,
        finished_at: reading.get("finished_at")?,
    })
}
