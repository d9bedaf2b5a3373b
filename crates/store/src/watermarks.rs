//! Table `collector_watermarks`: how far a collector has read.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::{PgConnection, PgRow};
use undertow_market::{Symbol, VendorId};

use crate::row::{Reading, key_of};
use crate::slots::SlotKind;
use crate::{Store, StoreError};

/// Everything up to an instant of tape time has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watermark {
    /// Whose data.
    pub vendor: VendorId,
    /// What data.
    pub kind: SlotKind,
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// The instant, in tape time.
    pub reported_to: DateTime<Utc>,
}

impl Store {
    /// The watermarks of a vendor and kind on a trading day, by symbol.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn watermarks(
        &self,
        vendor: VendorId,
        kind: SlotKind,
        session_date: NaiveDate,
    ) -> Result<Vec<Watermark>, StoreError> {
        let rows = sqlx::query(
            "SELECT vendor::text AS vendor, kind, symbol, session_date, reported_to
             FROM trading.collector_watermarks
             WHERE vendor = $1::trading.vendor AND kind = $2 AND session_date = $3 ORDER BY symbol",
        )
        .bind(vendor.as_str())
        .bind(kind.as_str())
        .bind(session_date)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_watermark).collect()
    }

    /// The newest watermark of a symbol, whatever the day.
    ///
    /// # Errors
    /// The database refuses, or the stored row is broken.
    pub async fn newest_watermark(
        &self,
        vendor: VendorId,
        kind: SlotKind,
        symbol: &Symbol,
    ) -> Result<Option<Watermark>, StoreError> {
        let row = sqlx::query(
            "SELECT vendor::text AS vendor, kind, symbol, session_date, reported_to
             FROM trading.collector_watermarks
             WHERE vendor = $1::trading.vendor AND kind = $2 AND symbol = $3
             ORDER BY session_date DESC LIMIT 1",
        )
        .bind(vendor.as_str())
        .bind(kind.as_str())
        .bind(symbol.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(read_watermark).transpose()
    }
}

/// Moves a watermark forward. It never goes back: a backfill of the morning does not undo what
/// was read in the afternoon.
pub(crate) async fn move_watermark(
    connection: &mut PgConnection,
    watermark: &Watermark,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO trading.collector_watermarks AS w
            (vendor, kind, symbol, session_date, reported_to)
         VALUES ($1::trading.vendor, $2, $3, $4, $5)
         ON CONFLICT (vendor, kind, symbol, session_date) DO UPDATE
            SET reported_to = excluded.reported_to WHERE w.reported_to < excluded.reported_to",
    )
    .bind(watermark.vendor.as_str())
    .bind(watermark.kind.as_str())
    .bind(watermark.symbol.as_str())
    .bind(watermark.session_date)
    .bind(watermark.reported_to)
    .execute(connection)
    .await?;
    Ok(())
}

fn read_watermark(row: &PgRow) -> Result<Watermark, StoreError> {
    let key = |row: &PgRow| key_of(row, &["vendor", "kind", "symbol", "session_date"]);
    let reading = Reading { row, table: "collector_watermarks", key };
    Ok(Watermark {
        vendor: reading.vendor()?,
        kind: reading.named("kind")?,
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        reported_to: reading.get("reported_to")?,
    })
}
