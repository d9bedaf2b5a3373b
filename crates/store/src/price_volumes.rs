//! Table `price_volumes`: shares of a day by price, on exchanges and off them.

use chrono::NaiveDate;
use sqlx::postgres::PgRow;
use undertow_market::{PriceVolume, Symbol};

use crate::columns::Columns;
use crate::merge::{MergeContext, MergeReport};
use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::series::{MAX_SERIES_ROWS, Series};
use crate::{Store, StoreError};

impl Store {
    /// Stores volume by price with what belongs to it.
    ///
    /// # Errors
    /// More than [`MAX_SERIES_ROWS`], or the database refuses; then nothing is stored.
    pub async fn merge_price_volumes(
        &self,
        rows: Vec<PriceVolume>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        self.merge_series(rows, context).await
    }

    /// A day's volume by price, lowest first; at most [`MAX_SERIES_ROWS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn price_volumes(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Vec<PriceVolume>, StoreError> {
        let rows = sqlx::query(
            "SELECT symbol, session_date, price, lit_volume, off_exchange_volume, received_at
             FROM trading.price_volumes WHERE symbol = $1 AND session_date = $2
             ORDER BY price LIMIT $3",
        )
        .bind(symbol.as_str())
        .bind(session_date)
        .bind(i64::try_from(MAX_SERIES_ROWS).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_volume).collect()
    }
}

impl Series for PriceVolume {
    const TABLE: &'static str = "price_volumes";

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        Columns::of(rows)
            .key("symbol", |row| row.symbol.as_str())
            .key("session_date", |row| row.session_date)
            .key("price", |row| Numeric::from(row.price.get()))
            .received(|row| row.received_at)
            .value("lit_volume", |row| row.lit_volume)
            .value("off_exchange_volume", |row| row.off_exchange_volume)
    }
}

fn read_volume(row: &PgRow) -> Result<PriceVolume, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "session_date"]);
    let reading = Reading { row, table: PriceVolume::TABLE, key };
    Ok(PriceVolume {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        price: reading.exact("price")?,
        lit_volume: reading.get("lit_volume")?,
        off_exchange_volume: reading.get("off_exchange_volume")?,
        received_at: reading.get("received_at")?,
    })
}
