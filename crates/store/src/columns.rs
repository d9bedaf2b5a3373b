//! Rows of one table as one array for each column, which is how one statement takes many rows.

use chrono::{DateTime, Utc};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{Arguments, AssertSqlSafe, Encode, Postgres, Type};

use crate::StoreError;

/// Rows of one table as one array for each column.
pub(crate) struct Columns<'r, R> {
    rows: &'r [R],
    columns: Vec<(&'static str, Role)>,
    arguments: Result<PgArguments, BoxDynError>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    /// Part of the key.
    Key,
    /// Replaced by a later delivery, or added to what is stored: the statement decides.
    Value,
    /// Replaced by a later delivery, but not by a null.
    Kept,
    /// When the row was received.
    Received,
}

impl<'r, R> Columns<'r, R> {
    pub(crate) fn of(rows: &'r [R]) -> Self {
        Self { rows, columns: Vec::new(), arguments: Ok(PgArguments::default()) }
    }

    pub(crate) fn key<T>(self, name: &'static str, value: impl Fn(&'r R) -> T) -> Self
    where
        Vec<T>: Encode<'r, Postgres> + Type<Postgres>,
    {
        self.add(name, Role::Key, value)
    }

    pub(crate) fn value<T>(self, name: &'static str, value: impl Fn(&'r R) -> T) -> Self
    where
        Vec<T>: Encode<'r, Postgres> + Type<Postgres>,
    {
        self.add(name, Role::Value, value)
    }

    /// A value that a delivery without it does not erase.
    pub(crate) fn kept<T>(self, name: &'static str, value: impl Fn(&'r R) -> T) -> Self
    where
        Vec<T>: Encode<'r, Postgres> + Type<Postgres>,
    {
        self.add(name, Role::Kept, value)
    }

    pub(crate) fn received(self, value: impl Fn(&'r R) -> DateTime<Utc>) -> Self {
        self.add("received_at", Role::Received, value)
    }

    fn add<T>(mut self, name: &'static str, role: Role, value: impl Fn(&'r R) -> T) -> Self
    where
        Vec<T>: Encode<'r, Postgres> + Type<Postgres>,
    {
        let values: Vec<T> = self.rows.iter().map(value).collect();
        self.columns.push((name, role));
        self.arguments = self.arguments.and_then(|mut all| all.add(values).map(|()| all));
        self
    }

    pub(crate) fn names(&self) -> &[(&'static str, Role)] {
        &self.columns
    }

    /// The arrays, in the order of the names.
    pub(crate) fn arguments(self) -> Result<PgArguments, StoreError> {
        Ok(self.arguments.map_err(sqlx::Error::Encode)?)
    }

    /// Stores those rows whose key is not there yet, and tells how many they were.
    pub(crate) async fn insert_new(
        self,
        connection: &mut PgConnection,
        table: &str,
    ) -> Result<usize, StoreError> {
        if self.rows.is_empty() {
            return Ok(0);
        }
        let sql = format!("{} ON CONFLICT DO NOTHING", self.insertion(table));
        // Nothing but names from this crate is in the text.
        let done = sqlx::query_with(AssertSqlSafe(sql), self.arguments()?).execute(connection);
        Ok(usize::try_from(done.await?.rows_affected()).unwrap_or(usize::MAX))
    }

    /// Adds the values to those of the same key; a new key begins with them. Tells how many keys
    /// were new. No key may come twice.
    pub(crate) async fn add_up(
        self,
        connection: &mut PgConnection,
        table: &str,
    ) -> Result<usize, StoreError> {
        if self.rows.is_empty() {
            return Ok(0);
        }
        let sums =
            self.in_role(Role::Value).map(|name| format!("{name} = o.{name} + excluded.{name}"));
        let same_key = self.in_role(Role::Key).map(|name| format!("o.{name} = n.{name}"));
        // A partition does not tell which of its rows an INSERT found there, so they are counted
        // before. The count stands by itself in the list: the planner makes no join of it.
        let sql = format!(
            "WITH known AS (
                SELECT (SELECT count(*) FROM trading.{table} o WHERE {same_key}) AS rows
                FROM {given}
             ), written AS (
                {insertion} ON CONFLICT ({key}) DO UPDATE SET {sums}
             )
             SELECT count(*) - coalesce(sum(rows), 0)::bigint FROM known",
            same_key = same_key.collect::<Vec<_>>().join(" AND "),
            given = self.given(),
            insertion = self.insertion(table),
            key = list(self.in_role(Role::Key)),
            sums = list(sums),
        );
        // Nothing but names from this crate is in the text.
        let new: i64 = sqlx::query_scalar_with(AssertSqlSafe(sql), self.arguments()?)
            .fetch_one(connection)
            .await?;
        Ok(usize::try_from(new).unwrap_or(0))
    }

    fn in_role(&self, wanted: Role) -> impl Iterator<Item = &'static str> {
        self.columns.iter().filter(move |column| column.1 == wanted).map(|column| column.0)
    }

    /// The arrays as a table `n`.
    fn given(&self) -> String {
        let arrays = list((1..=self.columns.len()).map(|number| format!("${number}")));
        format!("unnest({arrays}) AS n ({})", self.all())
    }

    fn insertion(&self, table: &str) -> String {
        let (all, given) = (self.all(), self.given());
        format!("INSERT INTO trading.{table} AS o ({all}) SELECT {all} FROM {given}")
    }

    fn all(&self) -> String {
        list(self.columns.iter().map(|column| column.0))
    }
}

pub(crate) fn list<S: ToString>(parts: impl Iterator<Item = S>) -> String {
    parts.map(|part| part.to_string()).collect::<Vec<_>>().join(", ")
}
