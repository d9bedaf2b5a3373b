//! Table `retention`: how long rows are kept, and letting go of what is older.
//!
//! Tables by month lose whole months: a partition is detached and dropped, and nothing is left to
//! vacuum. Other tables lose rows by date. Sums over prints are not pruned; they stay when the
//! prints go, so levels reach back further than the tape. Should prints of a dropped month come
//! back, the writer sums their days anew, from what came back (see `merge::rollups`).

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Acquire;
use sqlx::postgres::PgConnection;

use crate::merge::transaction::lock;
use crate::{Store, StoreError};

/// How long dropping a month waits for readers of the table before it gives up until next time.
/// Whoever comes meanwhile waits as well.
const SET_LOCK_LIMIT: &str = "SET LOCAL lock_timeout = '5s'";

/// The table by month whose rows [`crate::tape::TapeBookRow`] speaks of.
const TAPE: &str = "tape_minutes";

/// How long the rows of a table are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Name in schema `trading`.
    pub table: String,
    /// Days; none for ever. Contracts count from their expiry.
    pub keep_days: Option<u32>,
}

/// What [`Store::prune`] let go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PruneReport {
    /// The tables that lost something.
    pub tables: Vec<Pruned>,
}

/// What one table lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// Name in schema `trading`.
    pub table: String,
    /// Whole months.
    pub months: u32,
    /// Rows by date; those of whole months are not counted.
    pub rows: u64,
}

impl Store {
    /// How long the rows of each table are kept, by name. Tables that are not listed are never
    /// pruned.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn retention(&self) -> Result<Vec<Retention>, StoreError> {
        let rows: Vec<(String, Option<i32>)> = sqlx::query_as(
            "SELECT table_name, keep_days FROM trading.retention ORDER BY table_name",
        )
        .fetch_all(&self.pool)
        .await?;
        let read = |(table, days): (String, Option<i32>)| Retention {
            table,
            keep_days: days.map(i32::unsigned_abs),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Says how long the rows of a table are kept: 7 days to a hundred years, or for ever.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for a table that is not listed; or the database refuses: among
    /// other reasons, the days are out of range.
    pub async fn set_retention(
        &self,
        table: &str,
        keep_days: Option<u32>,
    ) -> Result<(), StoreError> {
        let done = sqlx::query("UPDATE trading.retention SET keep_days = $2 WHERE table_name = $1")
            .bind(table)
            .bind(keep_days.map(|days| i32::try_from(days).unwrap_or(i32::MAX)))
            .execute(&self.pool)
            .await?;
        match done.rows_affected() {
            0 => Err(StoreError::Missing(format!("table {table} with a retention"))),
            _ => Ok(()),
        }
    }

    /// Lets go of everything older than its table's retention, table by table. A month goes when
    /// all of it is older.
    ///
    /// # Errors
    /// The database refuses, or readers held a table for longer than five seconds. What was let
    /// go before stays gone; repeating is safe.
    pub async fn prune(&self, now: DateTime<Utc>) -> Result<PruneReport, StoreError> {
        let mut report = PruneReport::default();
        for Retention { table, keep_days } in self.retention().await? {
            let Some(days) = keep_days else { continue };
            let before = now - TimeDelta::days(days.into());
            let pruned = match statement(&table) {
                Some(delete) => {
                    Pruned { months: 0, rows: self.delete(delete, before).await?, table }
                }
                None => Pruned { months: self.drop_months(&table, before).await?, rows: 0, table },
            };
            if pruned.months > 0 || pruned.rows > 0 {
                report.tables.push(pruned);
            }
        }
        Ok(report)
    }

    async fn delete(&self, delete: &'static str, before: DateTime<Utc>) -> Result<u64, StoreError> {
        Ok(sqlx::query(delete).bind(before).execute(&self.pool).await?.rows_affected())
    }

    async fn drop_months(&self, table: &str, before: DateTime<Utc>) -> Result<u32, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        lock(&mut transaction, table).await?;
        sqlx::query(SET_LOCK_LIMIT).execute(&mut *transaction).await?;
        let (dropped, dropped_to): (i32, Option<DateTime<Utc>>) =
            sqlx::query_as("SELECT dropped, dropped_to FROM trading.drop_partitions($1, $2)")
                .bind(table)
                .bind(before)
                .fetch_one(&mut *transaction)
                .await?;
        sqlx::query(
            "UPDATE trading.retention SET pruned_to = greatest(pruned_to, $2) WHERE table_name = $1",
        )
        .bind(table)
        .bind(dropped_to)
        .execute(&mut *transaction)
        .await?;
        if table == TAPE {
            // A book without its minutes would be a session without trades.
            sqlx::query("DELETE FROM trading.tape_books WHERE session_date < $1::date")
                .bind(dropped_to)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(dropped.unsigned_abs())
    }
}

/// Before which instant the months of a table were dropped; none when it has all it ever had.
pub(crate) async fn pruned_to(
    connection: &mut PgConnection,
    table: &str,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let found: Option<Option<DateTime<Utc>>> =
        sqlx::query_scalar("SELECT pruned_to FROM trading.retention WHERE table_name = $1")
            .bind(table)
            .fetch_optional(connection)
            .await?;
    Ok(found.flatten())
}

macro_rules! older {
    ($table:literal by day $column:literal) => {
        Some(concat!(
            "DELETE FROM trading.",
            $table,
            " WHERE ",
            $column,
            " < ($1 AT TIME ZONE 'America/New_York')::date"
        ))
    };
    ($table:literal by instant $column:literal) => {
        Some(concat!("DELETE FROM trading.", $table, " WHERE ", $column, " < $1"))
    };
}

/// What lets go of the old rows of a table; none for tables by month.
fn statement(table: &str) -> Option<&'static str> {
    match table {
        "bars" => older!("bars" by day "session_date"),
        "flow_by_strike" => older!("flow_by_strike" by day "session_date"),
        "flow_by_expiry" => older!("flow_by_expiry" by day "session_date"),
        "net_premium_ticks" => older!("net_premium_ticks" by day "session_date"),
        "market_tide" => older!("market_tide" by day "session_date"),
        "volatility_days" => older!("volatility_days" by day "session_date"),
        "term_structure" => older!("term_structure" by day "session_date"),
        "gamma_by_strike" => older!("gamma_by_strike" by day "session_date"),
        "option_contracts" => older!("option_contracts" by day "expiry"),
        "price_volumes" => older!("price_volumes" by day "session_date"),
        "tape_baselines" => older!("tape_baselines" by day "session_date"),
        "stock_positions" => older!("stock_positions" by day "session_date"),
        "market_data" => older!("market_data" by day "session_date"),
        "market_metrics" => older!("market_metrics" by instant "at"),
        "system_log" => older!("system_log" by instant "at"),
        "quarantine" => older!("quarantine" by instant "last_received_at"),
        _ => None,
    }
}
