//! Table `stock_positions`: where each stock stands against its own past.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use undertow_market::Symbol;

use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::{Store, StoreError};

/// Most positions that are written at once; more than there are stocks.
pub const MAX_POSITIONS: usize = 50_000;

/// A stock's tape from the start of a day to an instant, against past sessions up to the same
/// minute.
#[derive(Clone, Debug, PartialEq)]
pub struct StockPosition {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// Up to when.
    pub as_of: DateTime<Utc>,
    /// Shares off exchange.
    pub off_shares: Decimal,
    /// Dollars off exchange.
    pub off_notional: Decimal,
    /// Shares on exchanges.
    pub lit_shares: Decimal,
    /// Mean of the past sessions' off-exchange shares; none while they are too few.
    pub baseline_mean: Option<Decimal>,
    /// `off_shares` over `baseline_mean`: 4 is four times the mean.
    pub ratio: Option<f64>,
    /// How many past sessions there are.
    pub sessions: u32,
}

macro_rules! select_positions {
    ($rest:literal) => {
        concat!(
            "SELECT symbol, session_date, as_of, off_shares, off_notional, lit_shares,
                    baseline_mean, ratio, sessions
             FROM trading.stock_positions ",
            $rest
        )
    };
}

impl Store {
    /// Stores positions. One replaces what is stored of its stock and day, unless that is of a
    /// later instant; of two in the same call the later counts.
    ///
    /// # Errors
    /// More than [`MAX_POSITIONS`], or the database refuses; then nothing is stored.
    pub async fn put_stock_positions(
        &self,
        positions: Vec<StockPosition>,
    ) -> Result<(), StoreError> {
        if positions.len() > MAX_POSITIONS {
            return Err(StoreError::TooManyRows { given: positions.len(), most: MAX_POSITIONS });
        }
        let all = || positions.iter();
        let sessions = |row: &StockPosition| i32::try_from(row.sessions).unwrap_or(i32::MAX);
        sqlx::query(
            "INSERT INTO trading.stock_positions AS p
                (symbol, session_date, as_of, off_shares, off_notional, lit_shares, baseline_mean,
                 ratio, sessions)
             SELECT DISTINCT ON (n.session_date, n.symbol) n.*
             FROM unnest($1::text[], $2::date[], $3::timestamptz[], $4::numeric[], $5::numeric[],
                         $6::numeric[], $7::numeric[], $8::float8[], $9::integer[])
                AS n (symbol, session_date, as_of, off_shares, off_notional, lit_shares,
                      baseline_mean, ratio, sessions)
             ORDER BY n.session_date, n.symbol, n.as_of DESC
             ON CONFLICT (session_date, symbol) DO UPDATE SET
                as_of = excluded.as_of, off_shares = excluded.off_shares,
                off_notional = excluded.off_notional, lit_shares = excluded.lit_shares,
                baseline_mean = excluded.baseline_mean, ratio = excluded.ratio,
                sessions = excluded.sessions
             WHERE p.as_of <= excluded.as_of",
        )
        .bind(all().map(|row| row.symbol.as_str()).collect::<Vec<_>>())
        .bind(all().map(|row| row.session_date).collect::<Vec<_>>())
        .bind(all().map(|row| row.as_of).collect::<Vec<_>>())
        .bind(all().map(|row| Numeric::from(row.off_shares)).collect::<Vec<_>>())
        .bind(all().map(|row| Numeric::from(row.off_notional)).collect::<Vec<_>>())
        .bind(all().map(|row| Numeric::from(row.lit_shares)).collect::<Vec<_>>())
        .bind(all().map(|row| row.baseline_mean.map(Numeric::from)).collect::<Vec<_>>())
        .bind(all().map(|row| row.ratio).collect::<Vec<_>>())
        .bind(all().map(sessions).collect::<Vec<_>>())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Where a stock stood on a day, if that is known.
    ///
    /// # Errors
    /// The database refuses, or the stored row is broken.
    pub async fn stock_position(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Option<StockPosition>, StoreError> {
        let row = sqlx::query(select_positions!("WHERE symbol = $1 AND session_date = $2"))
            .bind(symbol.as_str())
            .bind(session_date)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read_position).transpose()
    }

    /// Where all stocks stood on a day, the most active against their past first, those without
    /// one last; at most [`MAX_POSITIONS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn stock_positions(
        &self,
        session_date: NaiveDate,
    ) -> Result<Vec<StockPosition>, StoreError> {
        let rows = sqlx::query(select_positions!(
            "WHERE session_date = $1 ORDER BY ratio DESC NULLS LAST, symbol LIMIT $2"
        ))
        .bind(session_date)
        .bind(i64::try_from(MAX_POSITIONS).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_position).collect()
    }
}

fn read_position(row: &PgRow) -> Result<StockPosition, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "session_date"]);
    let reading = Reading { row, table: "stock_positions", key };
    let sessions: i32 = reading.get("sessions")?;
    Ok(StockPosition {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        as_of: reading.get("as_of")?,
        off_shares: reading.decimal("off_shares")?,
        off_notional: reading.decimal("off_notional")?,
        lit_shares: reading.decimal("lit_shares")?,
        baseline_mean: reading.optional_decimal("baseline_mean")?,
        ratio: reading.get("ratio")?,
        sessions: u32::try_from(sessions).map_err(|error| reading.broken(error))?,
    })
}
