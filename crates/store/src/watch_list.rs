//! Table `watch_list`: the symbols that are collected and shown, in the user's order.

use chrono::{DateTime, Utc};
use undertow_market::Symbol;

use crate::{Store, StoreError};

/// Most symbols on the list; the vendors' limits do not feed more.
pub const MAX_WATCHED: usize = 200;

impl Store {
    /// The watched symbols in the user's order.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn watch_list(&self) -> Result<Vec<Symbol>, StoreError> {
        let symbols: Vec<String> = sqlx::query_scalar(
            "SELECT symbol FROM trading.watch_list ORDER BY \"position\", symbol",
        )
        .fetch_all(&self.pool)
        .await?;
        let read = |text: String| {
            Symbol::new(&text).map_err(|error| StoreError::broken("watch_list", &text, error))
        };
        symbols.into_iter().map(read).collect()
    }

    /// Puts a symbol at the end of the list. One that is on it stays where it is.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn add_to_watch_list(
        &self,
        symbol: &Symbol,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO trading.watch_list (symbol, added_at, \"position\")
             SELECT $1, $2, coalesce(max(\"position\"), 0) + 1 FROM trading.watch_list
             ON CONFLICT (symbol) DO NOTHING",
        )
        .bind(symbol.as_str())
        .bind(at)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Takes a symbol off the list. Returns whether it was on it.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn remove_from_watch_list(&self, symbol: &Symbol) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM trading.watch_list WHERE symbol = $1")
            .bind(symbol.as_str())
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Replaces the list. Symbols that stay keep the time they were added; repeats are dropped.
    ///
    /// # Errors
    /// More than [`MAX_WATCHED`], or the database refuses.
    pub async fn set_watch_list(
        &self,
        symbols: &[Symbol],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if symbols.len() > MAX_WATCHED {
            return Err(StoreError::TooManyRows { given: symbols.len(), most: MAX_WATCHED });
        }
        let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
        // One statement, so that nobody ever sees half a list.
        sqlx::query(
            "WITH wanted AS (
                SELECT symbol, min(number)::integer AS number
                FROM unnest($1::text[]) WITH ORDINALITY AS w (symbol, number) GROUP BY symbol
             ), gone AS (
                DELETE FROM trading.watch_list WHERE symbol <> ALL ($1)
             )
             INSERT INTO trading.watch_list (symbol, added_at, \"position\")
             SELECT symbol, $2, number FROM wanted
             ON CONFLICT (symbol) DO UPDATE SET \"position\" = excluded.\"position\"",
        )
        .bind(names)
        .bind(at)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
