//! Table `market_data`: days of stocks as they traded, not adjusted for splits or dividends.

use chrono::NaiveDate;
use sqlx::postgres::PgRow;
use undertow_market::{DayBar, Symbol};

use crate::columns::Columns;
use crate::merge::{MergeContext, MergeReport};
use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::series::Series;
use crate::{Store, StoreError};

/// Most days that one query returns, the newest: twenty years.
pub const MAX_DAY_BARS: u32 = 5_040;

impl Store {
    /// Stores days, of one stock or of all, with what belongs to them.
    ///
    /// # Errors
    /// More than [`crate::series::MAX_SERIES_ROWS`], or the database refuses: among other reasons,
    /// a day whose prices contradict each other. Nothing is stored then.
    pub async fn merge_day_bars(
        &self,
        rows: Vec<DayBar>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        self.merge_series(rows, context).await
    }

    /// The days of a stock between two dates, oldest first; at most [`MAX_DAY_BARS`], the newest.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn day_bars(
        &self,
        symbol: &Symbol,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<DayBar>, StoreError> {
        let rows = sqlx::query(
            "SELECT symbol, session_date, open, high, low, close, volume, vwap, trades, received_at
             FROM trading.market_data WHERE symbol = $1 AND session_date BETWEEN $2 AND $3
             ORDER BY session_date DESC LIMIT $4",
        )
        .bind(symbol.as_str())
        .bind(from)
        .bind(to)
        .bind(i64::from(MAX_DAY_BARS))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().rev().map(read_day).collect()
    }
}

impl Series for DayBar {
    const TABLE: &'static str = "market_data";

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        Columns::of(rows)
            .key("symbol", |row| row.symbol.as_str())
            .key("session_date", |row| row.session_date)
            .received(|row| row.received_at)
            .value("open", |row| Numeric::from(row.open.get()))
            .value("high", |row| Numeric::from(row.high.get()))
            .value("low", |row| Numeric::from(row.low.get()))
            .value("close", |row| Numeric::from(row.close.get()))
            .value("volume", |row| Numeric::from(row.volume))
            .kept("vwap", |row| row.vwap.map(|price| Numeric::from(price.get())))
            .kept("trades", |row| row.trades)
    }
}

fn read_day(row: &PgRow) -> Result<DayBar, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "session_date"]);
    let reading = Reading { row, table: DayBar::TABLE, key };
    Ok(DayBar {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        open: reading.exact("open")?,
        high: reading.exact("high")?,
        low: reading.exact("low")?,
        close: reading.exact("close")?,
        volume: reading.decimal("volume")?,
        vwap: reading.optional_price("vwap")?,
        trades: reading.get("trades")?,
        received_at: reading.get("received_at")?,
    })
}
