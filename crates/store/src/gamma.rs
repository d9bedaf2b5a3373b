//! Table `gamma_by_strike`: greeks of open contracts by strike.

use chrono::NaiveDate;
use sqlx::postgres::PgRow;
use undertow_market::{GammaStrike, Symbol};

use crate::columns::Columns;
use crate::merge::{MergeContext, MergeReport};
use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::series::Series;
use crate::{Store, StoreError};

/// Most strikes that one query returns; the longest lists have some hundreds.
const MAX_STRIKES: i64 = 10_000;

impl Store {
    /// Stores greeks by strike with what belongs to them. A strike that a later delivery leaves
    /// out keeps its last values; its `received_at` tells.
    ///
    /// # Errors
    /// More than [`crate::series::MAX_SERIES_ROWS`], or the database refuses; then nothing is
    /// stored.
    pub async fn merge_gamma(
        &self,
        rows: Vec<GammaStrike>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        self.merge_series(rows, context).await
    }

    /// A session's greeks by strike, lowest first.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn gamma_strikes(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Vec<GammaStrike>, StoreError> {
        let rows = sqlx::query(
            "SELECT symbol, session_date, strike, call_gamma, put_gamma, call_delta, put_delta,
                    received_at
             FROM trading.gamma_by_strike WHERE symbol = $1 AND session_date = $2
             ORDER BY strike LIMIT $3",
        )
        .bind(symbol.as_str())
        .bind(session_date)
        .bind(MAX_STRIKES)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_strike).collect()
    }
}

impl Series for GammaStrike {
    const TABLE: &'static str = "gamma_by_strike";

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        Columns::of(rows)
            .key("symbol", |row| row.symbol.as_str())
            .key("session_date", |row| row.session_date)
            .key("strike", |row| Numeric::from(row.strike.get()))
            .received(|row| row.received_at)
            .value("call_gamma", |row| row.call_gamma)
            .value("put_gamma", |row| row.put_gamma)
            .value("call_delta", |row| row.call_delta)
            .value("put_delta", |row| row.put_delta)
    }
}

fn read_strike(row: &PgRow) -> Result<GammaStrike, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "session_date"]);
    let reading = Reading { row, table: GammaStrike::TABLE, key };
    Ok(GammaStrike {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        strike: reading.exact("strike")?,
        call_gamma: reading.get("call_gamma")?,
        put_gamma: reading.get("put_gamma")?,
        call_delta: reading.get("call_delta")?,
        put_delta: reading.get("put_delta")?,
        received_at: reading.get("received_at")?,
    })
}
