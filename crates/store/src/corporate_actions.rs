//! Tables `splits` and `dividends`: what adjusts the prices of past days.
//!
//! A vendor lists them whole, and what it announced it may withdraw or correct. So a list takes
//! the place of what is stored from its first day on: what it has is stored, and what it no longer
//! has is marked as withdrawn and stands no more. Nothing is deleted.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnection, PgRow};
use undertow_market::{Dividend, Split, Symbol};

use crate::columns::Columns;
use crate::merge::transaction::{Rows, commit, finish, lock};
use crate::merge::{MergeContext, MergeReport};
use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::series::{Series, refuse_too_many, upsert};
use crate::{Store, StoreError};

/// Most rows that one query returns; a century of quarterly dividends has 400.
const MAX_ACTIONS: i64 = 10_000;

/// What became of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionsReport {
    /// Of the rows that it has.
    pub merged: MergeReport,
    /// Stored rows that it no longer has.
    pub withdrawn: usize,
}

/// A whole list of a stock's splits or dividends from a day on.
#[derive(Clone, Debug)]
pub struct ActionList<R> {
    /// The ticker.
    pub symbol: Symbol,
    /// The list was asked for from this day on.
    pub from: NaiveDate,
    /// When it was complete.
    pub received_at: DateTime<Utc>,
    /// All its rows.
    pub rows: Vec<R>,
}

impl Store {
    /// Stores a list of splits with what belongs to it.
    ///
    /// # Errors
    /// More than [`crate::series::MAX_SERIES_ROWS`], a row of another stock or from before the
    /// list, or the database refuses; then nothing is stored.
    pub async fn merge_splits(
        &self,
        list: ActionList<Split>,
        context: MergeContext,
    ) -> Result<ActionsReport, StoreError> {
        self.merge_actions(list, context).await
    }

    /// The splits of a stock that stand, by day.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn splits(&self, symbol: &Symbol) -> Result<Vec<Split>, StoreError> {
        self.actions(
            symbol,
            "SELECT symbol, execution_date, from_shares, to_shares, received_at
             FROM trading.splits WHERE symbol = $1 AND withdrawn_at IS NULL
             ORDER BY execution_date, from_shares, to_shares LIMIT $2",
            read_split,
        )
        .await
    }

    /// Stores a list of dividends with what belongs to it.
    ///
    /// # Errors
    /// As [`Store::merge_splits`].
    pub async fn merge_dividends(
        &self,
        list: ActionList<Dividend>,
        context: MergeContext,
    ) -> Result<ActionsReport, StoreError> {
        self.merge_actions(list, context).await
    }

    /// The dividends of a stock that stand, by day.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn dividends(&self, symbol: &Symbol) -> Result<Vec<Dividend>, StoreError> {
        self.actions(
            symbol,
            "SELECT symbol, ex_date, currency, cash, received_at
             FROM trading.dividends WHERE symbol = $1 AND withdrawn_at IS NULL
             ORDER BY ex_date, currency, cash LIMIT $2",
            read_dividend,
        )
        .await
    }

    async fn merge_actions<R: Action>(
        &self,
        list: ActionList<R>,
        context: MergeContext,
    ) -> Result<ActionsReport, StoreError> {
        refuse_too_many(list.rows.len())?;
        let places = list.rows.iter().map(Action::place);
        let is_strange =
            |(symbol, date): &(&Symbol, NaiveDate)| **symbol != list.symbol || *date < list.from;
        if let Some((symbol, date)) = places.into_iter().find(is_strange) {
            let problem = format!("is not of the list of {} from {}", list.symbol, list.from);
            return Err(StoreError::broken(R::TABLE, format!("{symbol} {date}"), problem));
        }
        let pool = self.pool.clone();
        finish(async move { commit(&pool, &list, &context).await }).await
    }

    async fn actions<R>(
        &self,
        symbol: &Symbol,
        select: &'static str,
        read: fn(&PgRow) -> Result<R, StoreError>,
    ) -> Result<Vec<R>, StoreError> {
        let query = sqlx::query(select).bind(symbol.as_str()).bind(MAX_ACTIONS);
        query.fetch_all(&self.pool).await?.iter().map(read).collect()
    }
}

/// A split or a dividend.
trait Action: Series {
    /// The column of its day.
    const DATE: &'static str;

    fn place(&self) -> (&Symbol, NaiveDate);

    fn received_at(&self) -> DateTime<Utc>;
}

impl<R: Action> Rows for ActionList<R> {
    type Report = ActionsReport;

    async fn write(&self, connection: &mut PgConnection) -> Result<ActionsReport, StoreError> {
        lock(connection, R::TABLE).await?;
        let merged = upsert(connection, &self.rows).await?;
        // What is older than the first row of the list was not in it. Nothing but names from this
        // file goes into the text.
        let listed = self.rows.iter().map(Action::received_at).min();
        let (table, date) = (R::TABLE, R::DATE);
        let stand_again = format!(
            "UPDATE trading.{table} SET withdrawn_at = NULL
             WHERE symbol = $1 AND {date} >= $2 AND withdrawn_at <= received_at"
        );
        sqlx::query(AssertSqlSafe(stand_again))
            .bind(self.symbol.as_str())
            .bind(self.from)
            .execute(&mut *connection)
            .await?;
        let withdraw = format!(
            "UPDATE trading.{table} SET withdrawn_at = $3
             WHERE symbol = $1 AND {date} >= $2 AND withdrawn_at IS NULL AND received_at < $4"
        );
        let withdrawn = sqlx::query(AssertSqlSafe(withdraw))
            .bind(self.symbol.as_str())
            .bind(self.from)
            .bind(self.received_at)
            .bind(listed.unwrap_or(self.received_at))
            .execute(connection)
            .await?
            .rows_affected();
        let withdrawn = usize::try_from(withdrawn).unwrap_or(usize::MAX);
        Ok(ActionsReport { merged, withdrawn })
    }
}

impl Action for Split {
    const DATE: &'static str = "execution_date";

    fn place(&self) -> (&Symbol, NaiveDate) {
        (&self.symbol, self.execution_date)
    }

    fn received_at(&self) -> DateTime<Utc> {
        self.received_at
    }
}

impl Action for Dividend {
    const DATE: &'static str = "ex_date";

    fn place(&self) -> (&Symbol, NaiveDate) {
        (&self.symbol, self.ex_date)
    }

    fn received_at(&self) -> DateTime<Utc> {
        self.received_at
    }
}

impl Series for Split {
    const TABLE: &'static str = "splits";

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        Columns::of(rows)
            .key("symbol", |row| row.symbol.as_str())
            .key("execution_date", |row| row.execution_date)
            .key("from_shares", |row| Numeric::from(row.from))
            .key("to_shares", |row| Numeric::from(row.to))
            .received(|row| row.received_at)
    }
}

impl Series for Dividend {
    const TABLE: &'static str = "dividends";

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        Columns::of(rows)
            .key("symbol", |row| row.symbol.as_str())
            .key("ex_date", |row| row.ex_date)
            .key("currency", |row| &*row.currency)
            .key("cash", |row| Numeric::from(row.cash))
            .received(|row| row.received_at)
    }
}

fn read_split(row: &PgRow) -> Result<Split, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "execution_date"]);
    let reading = Reading { row, table: Split::TABLE, key };
    Ok(Split {
        symbol: reading.symbol()?,
        execution_date: reading.get("execution_date")?,
        from: reading.decimal("from_shares")?,
        to: reading.decimal("to_shares")?,
        received_at: reading.get("received_at")?,
    })
}

fn read_dividend(row: &PgRow) -> Result<Dividend, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "ex_date"]);
    let reading = Reading { row, table: Dividend::TABLE, key };
    Ok(Dividend {
        symbol: reading.symbol()?,
        ex_date: reading.get("ex_date")?,
        cash: reading.decimal("cash")?,
        currency: Box::from(reading.get::<&str>("currency")?),
        received_at: reading.get("received_at")?,
    })
}
