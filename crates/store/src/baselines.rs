//! Table `tape_baselines`: what off-exchange volume was usual by the end of each minute.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgRow;
use undertow_market::Symbol;

use crate::row::{Reading, key_of};
use crate::{Store, StoreError};

/// The curve that a symbol's day is compared with. Its three arrays are equally long.
#[derive(Clone, Debug, PartialEq)]
pub struct BaselineRow {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day that is compared.
    pub session_date: NaiveDate,
    /// When it was worked out.
    pub computed_at: DateTime<Utc>,
    /// Over how many sessions before that day.
    pub sessions: u32,
    /// The minute of the first figure, since New York midnight.
    pub first_minute: u16,
    /// Mean shares up to the end of each minute.
    pub mean: Vec<f64>,
    /// Their 10th percentile.
    pub low: Vec<f64>,
    /// Their 90th percentile.
    pub high: Vec<f64>,
}

impl Store {
    /// Stores a curve in the place of the one before.
    ///
    /// # Errors
    /// The database refuses: among other reasons, arrays of different lengths or past midnight.
    pub async fn put_baseline(&self, baseline: &BaselineRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO trading.tape_baselines
                (symbol, session_date, computed_at, sessions, first_minute, mean, low, high)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (symbol, session_date) DO UPDATE SET
                computed_at = excluded.computed_at, sessions = excluded.sessions,
                first_minute = excluded.first_minute, mean = excluded.mean, low = excluded.low,
                high = excluded.high",
        )
        .bind(baseline.symbol.as_str())
        .bind(baseline.session_date)
        .bind(baseline.computed_at)
        .bind(i32::try_from(baseline.sessions).unwrap_or(i32::MAX))
        .bind(i16::try_from(baseline.first_minute).unwrap_or(i16::MAX))
        .bind(&baseline.mean)
        .bind(&baseline.low)
        .bind(&baseline.high)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The curve that a symbol's day is compared with, if it was worked out.
    ///
    /// # Errors
    /// The database refuses, or the stored row is broken.
    pub async fn baseline(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Option<BaselineRow>, StoreError> {
        let row = sqlx::query(
            "SELECT symbol, session_date, computed_at, sessions, first_minute, mean, low, high
             FROM trading.tape_baselines WHERE symbol = $1 AND session_date = $2",
        )
        .bind(symbol.as_str())
        .bind(session_date)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(read_baseline).transpose()
    }
}

fn read_baseline(row: &PgRow) -> Result<BaselineRow, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "session_date"]);
    let reading = Reading { row, table: "tape_baselines", key };
    let sessions: i32 = reading.get("sessions")?;
    let first_minute: i16 = reading.get("first_minute")?;
    Ok(BaselineRow {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        computed_at: reading.get("computed_at")?,
        sessions: u32::try_from(sessions).map_err(|error| reading.broken(error))?,
        first_minute: u16::try_from(first_minute).map_err(|error| reading.broken(error))?,
        mean: reading.get("mean")?,
        low: reading.get("low")?,
        high: reading.get("high")?,
    })
}
