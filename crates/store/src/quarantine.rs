//! Table `quarantine`: what a vendor sent and nobody could read, word for word.

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnection, PgRow};
use undertow_market::VendorId;

use crate::row::{Reading, key_of};
use crate::slots::SlotKind;
use crate::{Store, StoreError};

/// Longest raw text that is kept, in bytes; the rest is cut.
pub const MAX_RAW_BYTES: usize = 16 << 10;
/// Longest reason that is kept, in bytes.
const MAX_REASON_BYTES: usize = 1 << 10;
/// Most rows that one query returns.
pub const MAX_ROWS: u32 = 1_000;

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Who sent it.
    pub vendor: VendorId,
    /// What it was meant to be.
    pub kind: SlotKind,
    /// The ticker, where it could be made out; not necessarily a valid one.
    pub symbol: Option<String>,
    /// Why it could not be read.
    pub reason: String,
    /// What was sent.
    pub raw: String,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// A kept text and how often it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineRow {
    /// What was kept. `received_at` is the last time it came.
    pub rejected: Rejected,
    /// When it came first.
    pub first_received_at: DateTime<Utc>,
    /// How often it came.
    pub seen: i64,
}

/// How much is in quarantine, by kind and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineCount {
    /// What it was meant to be.
    pub kind: SlotKind,
    /// Why it could not be read.
    pub reason: String,
    /// Different texts.
    pub rows: i64,
    /// Times that any of them came.
    pub seen: i64,
    /// When one came last.
    pub last_received_at: DateTime<Utc>,
}

impl Store {
    /// Keeps what could not be read, outside a merge.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn quarantine(&self, rejects: &[Rejected]) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        add_rejects(&mut connection, rejects).await
    }

    /// The newest rows in quarantine, at most [`MAX_ROWS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn quarantine_rows(&self, limit: u32) -> Result<Vec<QuarantineRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT vendor::text AS vendor, kind, symbol, reason, raw, first_received_at,
                    last_received_at, seen
             FROM trading.quarantine ORDER BY last_received_at DESC, raw_hash LIMIT $1",
        )
        .bind(i64::from(limit.min(MAX_ROWS)))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_row).collect()
    }

    /// How much is in quarantine, by kind and reason, most seen first; at most [`MAX_ROWS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn quarantine_counts(&self) -> Result<Vec<QuarantineCount>, StoreError> {
        let rows = sqlx::query(
            "SELECT kind, reason, count(*) AS rows, sum(seen)::bigint AS seen,
                    max(last_received_at) AS last_received_at
             FROM trading.quarantine GROUP BY kind, reason ORDER BY 4 DESC, 1, 2 LIMIT $1",
        )
        .bind(i64::from(MAX_ROWS))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_count).collect()
    }

    /// Forgets what came last before an instant. Returns how many rows went.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn prune_quarantine(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM trading.quarantine WHERE last_received_at < $1")
            .bind(before)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected())
    }
}

pub(crate) async fn add_rejects(
    connection: &mut PgConnection,
    rejects: &[Rejected],
) -> Result<(), StoreError> {
    for rejected in rejects {
        sqlx::query(
            "INSERT INTO trading.quarantine AS q
                (vendor, kind, symbol, reason, raw, raw_hash, first_received_at, last_received_at, seen)
             VALUES ($1::trading.vendor, $2, $3, $4, $5, sha256(convert_to($5, 'UTF8')), $6, $6, 1)
             ON CONFLICT (vendor, kind, raw_hash) DO UPDATE SET
                reason = excluded.reason, seen = q.seen + 1,
                last_received_at = greatest(q.last_received_at, excluded.last_received_at)",
        )
        .bind(rejected.vendor.as_str())
        .bind(rejected.kind.as_str())
        .bind(rejected.symbol.as_deref().map(|symbol| storable(symbol, MAX_REASON_BYTES)))
        .bind(storable(&rejected.reason, MAX_REASON_BYTES))
        .bind(storable(&rejected.raw, MAX_RAW_BYTES))
        .bind(rejected.received_at)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Postgres texts hold everything but zero bytes.
fn storable(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].replace('\0', "\u{fffd}")
}

fn reading(row: &PgRow) -> Reading<'_> {
    Reading { row, table: "quarantine", key: |row| key_of(row, &["kind", "reason"]) }
}

fn read_row(row: &PgRow) -> Result<QuarantineRow, StoreError> {
    let reading = reading(row);
    let rejected = Rejected {
        vendor: reading.vendor()?,
        kind: reading.named("kind")?,
        symbol: reading.get("symbol")?,
        reason: reading.get("reason")?,
        raw: reading.get("raw")?,
        received_at: reading.get("last_received_at")?,
    };
    Ok(QuarantineRow {
        rejected,
        first_received_at: reading.get("first_received_at")?,
        seen: reading.get("seen")?,
    })
}

fn read_count(row: &PgRow) -> Result<QuarantineCount, StoreError> {
    let reading = reading(row);
    Ok(QuarantineCount {
        kind: reading.named("kind")?,
        reason: reading.get("reason")?,
        rows: reading.get("rows")?,
        seen: reading.get("seen")?,
        last_received_at: reading.get("last_received_at")?,
    })
}
