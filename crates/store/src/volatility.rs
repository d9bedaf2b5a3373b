//! Tables `volatility_days` and `term_structure`: volatility by day, and by day and expiry.

use chrono::NaiveDate;
use sqlx::postgres::PgRow;
use undertow_market::{Symbol, TermPoint, VolatilityDay};

use crate::columns::Columns;
use crate::merge::{MergeContext, MergeReport};
use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::series::Series;
use crate::{Store, StoreError};

/// Most days that one query returns: four years.
pub const MAX_VOLATILITY_DAYS: u32 = 1_024;
/// Most expiries of a day; the longest lists have some dozens.
const MAX_EXPIRIES: i64 = 1_000;

impl Store {
    /// Stores days of volatility with what belongs to them. Two answers of a vendor fill one day:
    /// what a delivery leaves out it does not erase.
    ///
    /// # Errors
    /// More than [`crate::series::MAX_SERIES_ROWS`], or the database refuses; then nothing is
    /// stored.
    pub async fn merge_volatility(
        &self,
        rows: Vec<VolatilityDay>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        self.merge_series(rows, context).await
    }

    /// The last so many stored days up to a date, oldest first; at most [`MAX_VOLATILITY_DAYS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn volatility_days(
        &self,
        symbol: &Symbol,
        to: NaiveDate,
        sessions: u32,
    ) -> Result<Vec<VolatilityDay>, StoreError> {
        let rows = sqlx::query(
            "SELECT symbol, session_date, implied, vendor_rank, vendor_realized, close, received_at
             FROM trading.volatility_days WHERE symbol = $1 AND session_date <= $2
             ORDER BY session_date DESC LIMIT $3",
        )
        .bind(symbol.as_str())
        .bind(to)
        .bind(i64::from(sessions.min(MAX_VOLATILITY_DAYS)))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().rev().map(read_day).collect()
    }

    /// Stores implied volatility by expiry with what belongs to it.
    ///
    /// # Errors
    /// More than [`crate::series::MAX_SERIES_ROWS`], or the database refuses; then nothing is
    /// stored.
    pub async fn merge_term_structure(
        &self,
        rows: Vec<TermPoint>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        self.merge_series(rows, context).await
    }

    /// Implied volatility by expiry on the newest stored day up to a date, nearest first.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn term_points(
        &self,
        symbol: &Symbol,
        to: NaiveDate,
    ) -> Result<Vec<TermPoint>, StoreError> {
        let rows = sqlx::query(
            "SELECT symbol, session_date, expiry, implied, implied_move, received_at
             FROM trading.term_structure
             WHERE symbol = $1 AND session_date = (
                SELECT max(session_date) FROM trading.term_structure
                WHERE symbol = $1 AND session_date <= $2)
             ORDER BY expiry LIMIT $3",
        )
        .bind(symbol.as_str())
        .bind(to)
        .bind(MAX_EXPIRIES)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_point).collect()
    }
}

impl Series for VolatilityDay {
    const TABLE: &'static str = "volatility_days";

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        Columns::of(rows)
            .key("symbol", |row| row.symbol.as_str())
            .key("session_date", |row| row.session_date)
            .received(|row| row.received_at)
            .kept("implied", |row| row.implied)
            .kept("vendor_rank", |row| row.vendor_rank)
            .kept("vendor_realized", |row| row.vendor_realized)
            .kept("close", |row| row.close.map(|price| Numeric::from(price.get())))
    }
}

impl Series for TermPoint {
    const TABLE: &'static str = "term_structure";

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        Columns::of(rows)
            .key("symbol", |row| row.symbol.as_str())
            .key("session_date", |row| row.session_date)
            .key("expiry", |row| row.expiry)
            .received(|row| row.received_at)
            .value("implied", |row| row.implied)
            .value("implied_move", |row| row.implied_move.map(Numeric::from))
    }
}

fn read_day(row: &PgRow) -> Result<VolatilityDay, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "session_date"]);
    let reading = Reading { row, table: VolatilityDay::TABLE, key };
    Ok(VolatilityDay {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        implied: reading.get("implied")?,
        vendor_rank: reading.get("vendor_rank")?,
        vendor_realized: reading.get("vendor_realized")?,
        close: reading.optional_price("close")?,
        received_at: reading.get("received_at")?,
    })
}

fn read_point(row: &PgRow) -> Result<TermPoint, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "session_date", "expiry"]);
    let reading = Reading { row, table: TermPoint::TABLE, key };
    Ok(TermPoint {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        expiry: reading.get("expiry")?,
        implied: reading.get("implied")?,
        implied_move: reading.optional_decimal("implied_move")?,
        received_at: reading.get("received_at")?,
    })
}
