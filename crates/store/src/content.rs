//! What a table holds, as one value: to prove that a replay changed nothing.

use chrono::NaiveDate;
use undertow_market::Symbol;

use crate::{Store, StoreError};

/// A table whose content can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentTable {
    /// Prints.
    Prints,
    /// Bars.
    Bars,
    /// Sums by price.
    LevelCells,
    /// Sums by minute.
    ActivityMinutes,
}

/// How many rows there are and a sum of their hashes. It does not depend on the order of rows,
/// nor on when we received or changed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentHash {
    /// Rows.
    pub rows: i64,
    /// Sum of the rows' 64-bit hashes.
    pub hash: String,
}

macro_rules! hash_of {
    ($columns:literal, $table:literal) => {
        concat!(
            "SELECT count(*), coalesce(sum(hashtextextended(ROW(",
            $columns,
            ")::text, 0)), 0)::text FROM trading.",
            $table,
            " WHERE symbol = $1 AND session_date BETWEEN $2 AND $3"
        )
    };
}

impl Store {
    /// The content of one symbol's trading days.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn content_hash(
        &self,
        table: ContentTable,
        symbol: &Symbol,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<ContentHash, StoreError> {
        let (rows, hash) = sqlx::query_as(statement(table))
            .bind(symbol.as_str())
            .bind(from)
            .bind(to)
            .fetch_one(&self.pool)
            .await?;
        Ok(ContentHash { rows, hash })
    }
}

/// Numbers go through trim_scale: 1.5 and 1.50 are the same number.
fn statement(table: ContentTable) -> &'static str {
    match table {
        ContentTable::Prints => hash_of!(
            "symbol, reported_at, identity, executed_at, tracking_id, day_volume, session_date,
             vendor, reasons, session, side_state, canceled, trim_scale(price), trim_scale(size),
             trim_scale(notional), trim_scale(bid), trim_scale(ask), market_center,
             sale_condition, trade_code, extended_hours_code, settlement",
            "darkpool_trades"
        ),
        ContentTable::Bars => hash_of!(
            "symbol, \"interval\", start_at, session_date, session, vendor, trim_scale(open),
             trim_scale(high), trim_scale(low), trim_scale(close), volume",
            "bars"
        ),
        ContentTable::LevelCells => hash_of!(
            "symbol, session_date, session, trim_scale(cell_low), prints, trim_scale(shares),
             trim_scale(notional), trim_scale(buy_notional), trim_scale(sell_notional),
             trim_scale(unknown_notional), trim_scale(largest_notional), first_at, last_at,
             excluded_prints, trim_scale(excluded_shares), trim_scale(excluded_notional),
             canceled_prints",
            "darkpool_level_cells"
        ),
        ContentTable::ActivityMinutes => hash_of!(
            "symbol, session_date, minute, prints, trim_scale(shares), trim_scale(notional),
             trim_scale(level_eligible_shares)",
            "darkpool_activity_minutes"
        ),
    }
}
