//! Table `darkpool_level_cells`: sums over prints by day, part of day and price.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use undertow_analysis::levels::Cell;
use undertow_market::{MarketSession, Symbol};

use crate::numeric::Numeric;
use crate::prints::session_codes;
use crate::row::Reading;
use crate::{Store, StoreError};

/// Sums over all days of a query, by bins of one width.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelBin {
    /// The centre of the bin, in dollars.
    pub price: Decimal,
    /// Level-eligible prints.
    pub prints: i64,
    /// Their shares.
    pub shares: Decimal,
    /// Their dollars.
    pub notional: Decimal,
    /// The part of `notional` above the middle of the quote.
    pub buy_notional: Decimal,
    /// The part of `notional` below the middle of the quote.
    pub sell_notional: Decimal,
    /// Dollars of the largest print.
    pub largest_notional: Decimal,
    /// When the first print was executed.
    pub first_at: Option<DateTime<Utc>>,
    /// When the last print was executed.
    pub last_at: Option<DateTime<Utc>>,
    /// Dollars of prints whose price may not build a level.
    pub excluded_notional: Decimal,
}

/// Which cells.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelFilter {
    /// The ticker.
    pub symbol: Symbol,
    /// First trading day.
    pub from: NaiveDate,
    /// Last trading day.
    pub to: NaiveDate,
    /// Parts of the day; empty for all.
    pub sessions: Vec<MarketSession>,
}

impl Store {
    /// The cells of a symbol and days, by day, part of day and price. Cells that hold nothing but
    /// cancelled prints are left out.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn level_cells(&self, filter: &LevelFilter) -> Result<Vec<Cell>, StoreError> {
        // By place and not by name: the Desk reads twenty thousand of these rows at a time.
        let rows: Vec<CellRow> = sqlx::query_as(
            "SELECT session_date, session, cell_low, prints, shares, notional, buy_notional,
                    sell_notional, unknown_notional, largest_notional, first_at, last_at,
                    excluded_prints, excluded_shares, excluded_notional
             FROM trading.darkpool_level_cells
             WHERE symbol = $1 AND session_date BETWEEN $2 AND $3
               AND ($4::smallint[] IS NULL OR session = ANY($4))
               AND prints + excluded_prints > 0
             ORDER BY session_date, session, cell_low",
        )
        .bind(filter.symbol.as_str())
        .bind(filter.from)
        .bind(filter.to)
        .bind(session_codes(&filter.sessions))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|row| read_cell(&filter.symbol, row)).collect()
    }

    /// The same cells summed by bins of a width, by price: for a width that the analysis allows,
    /// see `undertow_analysis::bins`. Nothing but the bins crosses to the program.
    ///
    /// # Errors
    /// The width is not above zero, the database refuses, or a stored row is broken.
    pub async fn level_bins(
        &self,
        filter: &LevelFilter,
        width: Decimal,
    ) -> Result<Vec<LevelBin>, StoreError> {
        let rows = sqlx::query(
            "SELECT floor((cell_low + $5 / 2) / $5) * $5 AS price,
                    sum(prints) AS prints, sum(shares) AS shares, sum(notional) AS notional,
                    sum(buy_notional) AS buy_notional, sum(sell_notional) AS sell_notional,
                    max(largest_notional) AS largest_notional,
                    min(first_at) AS first_at, max(last_at) AS last_at,
                    sum(excluded_notional) AS excluded_notional
             FROM trading.darkpool_level_cells
             WHERE symbol = $1 AND session_date BETWEEN $2 AND $3
               AND ($4::smallint[] IS NULL OR session = ANY($4))
               AND prints + excluded_prints > 0
             GROUP BY 1 ORDER BY 1",
        )
        .bind(filter.symbol.as_str())
        .bind(filter.from)
        .bind(filter.to)
        .bind(session_codes(&filter.sessions))
        .bind(Numeric::from(width))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_bin).collect()
    }

    /// The newest trading day of a symbol that has prints.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn newest_session(&self, symbol: &Symbol) -> Result<Option<NaiveDate>, StoreError> {
        let newest = sqlx::query_scalar(
            "SELECT max(session_date) FROM trading.darkpool_level_cells WHERE symbol = $1",
        )
        .bind(symbol.as_str())
        .fetch_one(&self.pool)
        .await?;
        Ok(newest)
    }
}

/// A cell as it is selected: day, part of day, low edge, prints, shares, six notionals of which the
/// last is the largest print's, first and last time, and what is kept out.
type CellRow = (
    NaiveDate,
    i16,
    Numeric,
    i32,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    i32,
    Numeric,
    Numeric,
);

fn read_cell(symbol: &Symbol, row: CellRow) -> Result<Cell, StoreError> {
    let (session_date, session, low, prints, shares, all, buy, sell, unknown, largest, ..) = row;
    let (.., first_at, last_at, excluded_prints, excluded_shares, excluded) = row;
    let broken = |problem: String| {
        StoreError::broken("darkpool_level_cells", format!("{symbol} {session_date}"), problem)
    };
    let exact = |number: Numeric| {
        number.to_decimal().ok_or_else(|| broken("a sum has too many digits".to_owned()))
    };
    let session = u8::try_from(session)
        .ok()
        .and_then(MarketSession::from_code)
        .ok_or_else(|| broken(format!("{session} is no part of a trading day")))?;
    Ok(Cell {
        session_date,
        session,
        cell_low: exact(low)?,
        prints: prints.into(),
        shares: exact(shares)?,
        notional: exact(all)?,
        buy_notional: exact(buy)?,
        sell_notional: exact(sell)?,
        unknown_notional: exact(unknown)?,
        largest_notional: exact(largest)?,
        first_at,
        last_at,
        excluded_prints: excluded_prints.into(),
        excluded_shares: exact(excluded_shares)?,
        excluded_notional: exact(excluded)?,
    })
}

fn read_bin(row: &PgRow) -> Result<LevelBin, StoreError> {
    let reading = Reading { row, table: "darkpool_level_cells", key: |_| "(a sum)".to_owned() };
    Ok(LevelBin {
        price: reading.decimal("price")?,
        prints: reading.get("prints")?,
        shares: reading.decimal("shares")?,
        notional: reading.decimal("notional")?,
        buy_notional: reading.decimal("buy_notional")?,
        sell_notional: reading.decimal("sell_notional")?,
        largest_notional: reading.decimal("largest_notional")?,
        first_at: reading.get("first_at")?,
        last_at: reading.get("last_at")?,
        excluded_notional: reading.decimal("excluded_notional")?,
    })
}
