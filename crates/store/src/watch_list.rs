//! Tables `watch_list` and `tape_watch_list`: the symbols that are collected and shown, and those
//! whose consolidated tape is collected, each in the user's order.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use undertow_market::Symbol;

use crate::{Store, StoreError};

/// Most symbols on the list of what is shown; the vendors' limits do not feed more.
pub const MAX_WATCHED: usize = 200;
/// Most symbols on the list of the tape. One connection brings them all.
pub const MAX_TAPE_WATCHED: usize = 500;

/// One of the lists.
#[derive(Clone, Copy)]
struct List {
    table: &'static str,
    most: usize,
}

const SHOWN: List = List { table: "watch_list", most: MAX_WATCHED };
const TAPE: List = List { table: "tape_watch_list", most: MAX_TAPE_WATCHED };

impl Store {
    /// The watched symbols in the user's order.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn watch_list(&self) -> Result<Vec<Symbol>, StoreError> {
        self.list(SHOWN).await
    }

    /// Puts a symbol at the end of the list. One that is on it stays where it is.
    ///
    /// # Errors
    /// The list has [`MAX_WATCHED`] symbols, or the database refuses.
    pub async fn add_to_watch_list(
        &self,
        symbol: &Symbol,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.add_to_list(SHOWN, symbol, at).await
    }

    /// Takes a symbol off the list. Returns whether it was on it.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn remove_from_watch_list(&self, symbol: &Symbol) -> Result<bool, StoreError> {
        self.remove_from_list(SHOWN, symbol).await
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
        self.set_list(SHOWN, symbols, at).await
    }

    /// The symbols whose tape is collected, in the user's order.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn tape_watch_list(&self) -> Result<Vec<Symbol>, StoreError> {
        self.list(TAPE).await
    }

    /// Puts a symbol at the end of the tape's list. One that is on it stays where it is.
    ///
    /// # Errors
    /// The list has [`MAX_TAPE_WATCHED`] symbols, or the database refuses.
    pub async fn add_to_tape_watch_list(
        &self,
        symbol: &Symbol,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.add_to_list(TAPE, symbol, at).await
    }

    /// Takes a symbol off the tape's list. Returns whether it was on it.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn remove_from_tape_watch_list(&self, symbol: &Symbol) -> Result<bool, StoreError> {
        self.remove_from_list(TAPE, symbol).await
    }

    /// Replaces the tape's list, as [`Store::set_watch_list`] does.
    ///
    /// # Errors
    /// More than [`MAX_TAPE_WATCHED`], or the database refuses.
    pub async fn set_tape_watch_list(
        &self,
        symbols: &[Symbol],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.set_list(TAPE, symbols, at).await
    }

    async fn list(&self, List { table, .. }: List) -> Result<Vec<Symbol>, StoreError> {
        // Nothing but a name from this file goes into the text, here and below.
        let sql = format!("SELECT symbol FROM trading.{table} ORDER BY \"position\", symbol");
        let symbols: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        let read = |text: String| {
            Symbol::new(&text).map_err(|error| StoreError::broken(table, &text, error))
        };
        symbols.into_iter().map(read).collect()
    }

    async fn add_to_list(
        &self,
        List { table, most }: List,
        symbol: &Symbol,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "WITH added AS (
                INSERT INTO trading.{table} (symbol, added_at, \"position\")
                SELECT $1, $2, coalesce(max(\"position\"), 0) + 1 FROM trading.{table}
                HAVING count(*) < $3
                ON CONFLICT (symbol) DO NOTHING RETURNING symbol
             )
             SELECT EXISTS (SELECT FROM added)
                 OR EXISTS (SELECT FROM trading.{table} WHERE symbol = $1)"
        );
        let is_on_it: bool = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(symbol.as_str())
            .bind(at)
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_one(&self.pool)
            .await?;
        match is_on_it {
            true => Ok(()),
            false => Err(StoreError::TooManyRows { given: most + 1, most }),
        }
    }

    async fn remove_from_list(
        &self,
        List { table, .. }: List,
        symbol: &Symbol,
    ) -> Result<bool, StoreError> {
        let sql = format!("DELETE FROM trading.{table} WHERE symbol = $1");
        let done =
            sqlx::query(AssertSqlSafe(sql)).bind(symbol.as_str()).execute(&self.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    async fn set_list(
        &self,
        List { table, most }: List,
        symbols: &[Symbol],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if symbols.len() > most {
            return Err(StoreError::TooManyRows { given: symbols.len(), most });
        }
        let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
        // One statement, so that nobody ever sees half a list.
        let sql = format!(
            "WITH wanted AS (
                SELECT symbol, min(number)::integer AS number
                FROM unnest($1::text[]) WITH ORDINALITY AS w (symbol, number) GROUP BY symbol
             ), gone AS (
                DELETE FROM trading.{table} WHERE symbol <> ALL ($1)
             )
             INSERT INTO trading.{table} (symbol, added_at, \"position\")
             SELECT symbol, $2, number FROM wanted
             ON CONFLICT (symbol) DO UPDATE SET \"position\" = excluded.\"position\""
        );
        sqlx::query(AssertSqlSafe(sql)).bind(names).bind(at).execute(&self.pool).await?;
        Ok(())
    }
}
