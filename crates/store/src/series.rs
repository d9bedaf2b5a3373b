//! Small tables that are read from a vendor whole and again and again: one statement stores a
//! delivery.
//!
//! A row is found by its key. A later delivery replaces an earlier one, and one that was received
//! before the stored one changes nothing, so that replays in any order end the same. `received_at`
//! tells when a row was delivered last, even when nothing else changed.
//!
//! A row that a table refuses (a volatility that is no number, a time beyond 2100) refuses its
//! delivery: decoders put such rows into quarantine before.

use std::fmt::Write;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use crate::columns::{Columns, Role, list};
use crate::merge::transaction::{Rows, commit, finish, lock};
use crate::merge::{MergeContext, MergeReport};
use crate::{Store, StoreError};

/// Most rows in one delivery. The longest is the volume of SPY by price, 33,000 rows.
pub const MAX_SERIES_ROWS: usize = 100_000;

/// A row of such a table.
pub(crate) trait Series: Send + Sync + Sized + 'static {
    const TABLE: &'static str;

    /// The rows, column by column.
    fn columns(rows: &[Self]) -> Columns<'_, Self>;
}

impl Store {
    pub(crate) async fn merge_series<R: Series>(
        &self,
        rows: Vec<R>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        refuse_too_many(rows.len())?;
        let pool = self.pool.clone();
        finish(async move { commit(&pool, &Delivery(rows), &context).await }).await
    }
}

pub(crate) fn refuse_too_many(given: usize) -> Result<(), StoreError> {
    match given {
        ..=MAX_SERIES_ROWS => Ok(()),
        _ => Err(StoreError::TooManyRows { given, most: MAX_SERIES_ROWS }),
    }
}

struct Delivery<R>(Vec<R>);

impl<R: Series> Rows for Delivery<R> {
    type Report = MergeReport;

    async fn write(&self, connection: &mut PgConnection) -> Result<MergeReport, StoreError> {
        upsert(connection, &self.0).await
    }
}

pub(crate) async fn upsert<R: Series>(
    connection: &mut PgConnection,
    rows: &[R],
) -> Result<MergeReport, StoreError> {
    if rows.is_empty() {
        return Ok(MergeReport::default());
    }
    lock(connection, R::TABLE).await?;
    let columns = R::columns(rows);
    // Nothing but names from this crate goes into the text.
    let statement = AssertSqlSafe(statement(R::TABLE, columns.names()));
    let (distinct, inserted, changed): (i64, i64, i64) =
        sqlx::query_as_with(statement, columns.arguments()?).fetch_one(connection).await?;
    let count = |rows: i64| usize::try_from(rows).unwrap_or(0);
    Ok(MergeReport {
        delivered: rows.len(),
        inserted: count(inserted),
        changed: count(changed),
        unchanged: count(distinct - inserted - changed),
        repeated: rows.len() - count(distinct),
        refused: 0,
    })
}

/// Stores the arrays and counts the different rows, those that are new and those that changed.
fn statement(table: &str, columns: &[(&'static str, Role)]) -> String {
    let all = || columns.iter().map(|column| column.0);
    let of = |wanted: &'static [Role]| {
        columns.iter().copied().filter(move |column| wanted.contains(&column.1))
    };
    let keys = || of(&[Role::Key]).map(|column| column.0);
    let values = || of(&[Role::Value, Role::Kept]);
    let next = |(name, role): (&str, Role), given: &str| match role {
        Role::Kept => format!("coalesce({given}.{name}, o.{name})"),
        _ => format!("{given}.{name}"),
    };
    let names = list(all());
    let differs = match values().next() {
        // The key says it all.
        None => "false".to_owned(),
        Some(_) => format!(
            "ROW({}) IS DISTINCT FROM ROW({})",
            list(values().map(|(name, _)| format!("o.{name}"))),
            list(values().map(|column| next(column, "i")))
        ),
    };
    let key = list(keys());
    let mut sql = format!(
        "WITH incoming AS (
            SELECT DISTINCT ON ({key}) * FROM unnest({arrays}) AS n ({names})
            ORDER BY {key}, received_at DESC, {names}
         ), judged AS (
            SELECT i.*, o.received_at IS NULL AS is_new, {differs} AS differs
            FROM incoming i LEFT JOIN trading.{table} o ON {same_key}
            WHERE o.received_at IS NULL OR o.received_at <= i.received_at
         ), written AS (
            INSERT INTO trading.{table} AS o ({names}) SELECT {names} FROM judged
            ON CONFLICT ({key}) DO UPDATE SET received_at = excluded.received_at",
        arrays = list((1..=columns.len()).map(|number| format!("${number}"))),
        same_key =
            keys().map(|name| format!("o.{name} = i.{name}")).collect::<Vec<_>>().join(" AND "),
    );
    for column in values() {
        // Writing to a string cannot fail.
        let _ = write!(sql, ", {} = {}", column.0, next(column, "excluded"));
    }
    sql.push_str(
        ")
         SELECT (SELECT count(*) FROM incoming), count(*) FILTER (WHERE is_new),
                count(*) FILTER (WHERE NOT is_new AND differs)
         FROM judged",
    );
    sql
}
