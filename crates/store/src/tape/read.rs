//! Reading sums of the tape.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::postgres::{PgConnection, PgRow};
use undertow_market::{Symbol, TapeApart, TapeCell, TapeMinute};

use super::BookKey;
use super::rows::{APART, CellKey, MinuteKey, read_apart, read_apart_sum, read_cell, read_minute};
use crate::row::Reading;
use crate::{Store, StoreError};

/// Most minutes or cells that one query returns, the newest: 90 sessions of every minute, and
/// then some.
const MAX_ROWS: i64 = 200_000;

/// Trades of a day that carry the same reasons against their price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApartOfDay {
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// The day's sum.
    pub apart: TapeApart,
}

const MINUTES_OF_DAYS: &str = "
    SELECT t.* FROM unnest($1::text[], $2::date[]) AS book (symbol, session_date)
    CROSS JOIN LATERAL (
        SELECT symbol, session_date, minute, lit_trades, lit_shares, lit_notional, off_trades,
               off_shares, off_notional
        FROM trading.tape_minutes m
        WHERE m.symbol = book.symbol AND m.session_date = book.session_date OFFSET 0
    ) t";
const APART_OF_DAYS: &str = "
    SELECT t.* FROM unnest($1::text[], $2::date[]) AS book (symbol, session_date)
    CROSS JOIN LATERAL (
        SELECT symbol, session_date, minute, is_off_exchange, reasons, trades, shares, notional
        FROM trading.tape_apart a
        WHERE a.symbol = book.symbol AND a.session_date = book.session_date
        ORDER BY minute, is_off_exchange, reasons OFFSET 0
    ) t";
const CELLS_OF_DAYS: &str = "
    SELECT t.* FROM unnest($1::text[], $2::date[]) AS book (symbol, session_date)
    CROSS JOIN LATERAL (
        SELECT symbol, session_date, cell_low, lit_trades, lit_shares, lit_notional, off_trades,
               off_shares, off_notional
        FROM trading.tape_cells c
        WHERE c.symbol = book.symbol AND c.session_date = book.session_date OFFSET 0
    ) t";

impl Store {
    /// The minutes of a symbol on some trading days with all that is apart from them, in order; at
    /// most 200,000, the newest.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn tape_minutes(
        &self,
        symbol: &Symbol,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<TapeMinute>, StoreError> {
        let minutes = self
            .of_tape(
                "SELECT symbol, session_date, minute, lit_trades, lit_shares, lit_notional,
                        off_trades, off_shares, off_notional
                 FROM trading.tape_minutes WHERE symbol = $1 AND session_date BETWEEN $2 AND $3
                 ORDER BY session_date DESC, minute DESC LIMIT $4",
                (symbol, from, to),
            )
            .await?;
        let oldest = minutes.last().map(read_minute).transpose()?;
        let apart = self
            .of_tape(
                "SELECT symbol, session_date, minute, is_off_exchange, reasons, trades, shares,
                        notional
                 FROM trading.tape_apart WHERE symbol = $1 AND session_date BETWEEN $2 AND $3
                 ORDER BY session_date DESC, minute DESC, is_off_exchange DESC, reasons DESC
                 LIMIT 16 * $4",
                (symbol, oldest.map_or(from, |oldest| oldest.session_date), to),
            )
            .await?;
        let minutes = joined(&minutes, apart.iter().rev())?;
        Ok(minutes.into_values().collect())
    }

    /// What carries a reason against its price, summed by day, place and set of reasons, in that
    /// order.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn tape_apart(
        &self,
        symbol: &Symbol,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<ApartOfDay>, StoreError> {
        let rows = self
            .of_tape(
                "SELECT session_date, is_off_exchange, reasons, sum(trades)::integer AS trades,
                        sum(shares) AS shares, sum(notional) AS notional
                 FROM trading.tape_apart WHERE symbol = $1 AND session_date BETWEEN $2 AND $3
                 GROUP BY session_date, is_off_exchange, reasons
                 ORDER BY session_date, is_off_exchange, reasons LIMIT $4",
                (symbol, from, to),
            )
            .await?;
        let read = |row: &PgRow| {
            let reading = Reading { row, table: APART, key: |_| "(a sum)".to_owned() };
            let session_date = reading.get("session_date")?;
            Ok(ApartOfDay { session_date, apart: read_apart_sum(&reading)? })
        };
        rows.iter().map(read).collect()
    }

    /// The price cells of a symbol on some trading days, by day and price; at most 200,000, of the
    /// newest days.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn tape_cells(
        &self,
        symbol: &Symbol,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<TapeCell>, StoreError> {
        let rows = self
            .of_tape(
                "SELECT symbol, session_date, cell_low, lit_trades, lit_shares, lit_notional,
                        off_trades, off_shares, off_notional
                 FROM trading.tape_cells WHERE symbol = $1 AND session_date BETWEEN $2 AND $3
                 ORDER BY session_date DESC, cell_low DESC LIMIT $4",
                (symbol, from, to),
            )
            .await?;
        rows.iter().rev().map(read_cell).collect()
    }

    async fn of_tape(
        &self,
        select: &'static str,
        (symbol, from, to): (&Symbol, NaiveDate, NaiveDate),
    ) -> Result<Vec<PgRow>, StoreError> {
        let query = sqlx::query(select).bind(symbol.as_str()).bind(from).bind(to).bind(MAX_ROWS);
        Ok(query.fetch_all(&self.pool).await?)
    }
}

/// The stored minutes of some days.
pub(super) async fn minutes_of_days(
    connection: &mut PgConnection,
    keys: &[BookKey],
) -> Result<BTreeMap<MinuteKey, TapeMinute>, StoreError> {
    let minutes = of_days(connection, MINUTES_OF_DAYS, keys).await?;
    let apart = of_days(connection, APART_OF_DAYS, keys).await?;
    joined(&minutes, apart.iter())
}

/// The stored cells of some days.
pub(super) async fn cells_of_days(
    connection: &mut PgConnection,
    keys: &[BookKey],
) -> Result<BTreeMap<CellKey, TapeCell>, StoreError> {
    let rows = of_days(connection, CELLS_OF_DAYS, keys).await?;
    let cells = rows.iter().map(|row| {
        let cell = read_cell(row)?;
        Ok(((cell.symbol.clone(), cell.session_date, cell.cell_low), cell))
    });
    cells.collect()
}

async fn of_days(
    connection: &mut PgConnection,
    select: &'static str,
    keys: &[BookKey],
) -> Result<Vec<PgRow>, StoreError> {
    let rows = sqlx::query(select)
        .bind(keys.iter().map(|key| key.0.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.1).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    Ok(rows)
}

/// Minutes with what is apart from them. What is apart comes in the order of its key.
fn joined<'r>(
    minutes: &[PgRow],
    apart: impl Iterator<Item = &'r PgRow>,
) -> Result<BTreeMap<MinuteKey, TapeMinute>, StoreError> {
    let mut found = BTreeMap::new();
    for row in minutes {
        let minute = read_minute(row)?;
        found.insert((minute.symbol.clone(), minute.session_date, minute.minute), minute);
    }
    for row in apart {
        let (key, apart) = read_apart(row)?;
        // Of a day that was cut off by the limit some minutes are not there.
        if let Some(minute) = found.get_mut(&key) {
            minute.apart.push(apart);
        }
    }
    Ok(found)
}
