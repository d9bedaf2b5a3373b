//! Tables `trading_opportunities` and `opportunity_changes`: straddle opportunities as they stand,
//! and all that ever happened to each.
//!
//! A stock has at most one open opportunity a session. What ends it (gone, expired) stays; the
//! stock may come up again as another one. The store does not look into the evidence.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::Acquire;
use sqlx::postgres::{PgConnection, PgRow};
use undertow_market::Symbol;

use crate::merge::bounds::to_microseconds;
use crate::merge::transaction::{finish, lock};
use crate::row::{Reading, key_of};
use crate::{Store, StoreError};

/// How an opportunity stands. Rejected ones are open: the gate may yet give way.
pub use undertow_analysis::opportunity::Status as OpportunityState;

/// Most opportunities that one query returns, and most changes that are stored at once.
pub const MAX_OPPORTUNITIES: u32 = 1_000;
/// Most changes of one opportunity that a query returns, the newest: one a minute, all day.
pub const MAX_CHANGES: u32 = 1_000;
const TABLE: &str = "trading_opportunities";

/// The state of an opportunity from an instant on.
#[derive(Clone, Debug, PartialEq)]
pub struct OpportunityChange {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// Since when.
    pub at: DateTime<Utc>,
    /// The state.
    pub state: OpportunityState,
    /// The gate that holds it back, or why it is over.
    pub reason: Option<String>,
    /// Every input value, enough to work the state out again.
    pub evidence: Value,
}

/// An opportunity.
#[derive(Clone, Debug, PartialEq)]
pub struct Opportunity {
    /// Its number.
    pub id: i64,
    /// When it came up.
    pub first_at: DateTime<Utc>,
    /// How it stands.
    pub now: OpportunityChange,
}

/// An opportunity with all that happened to it.
#[derive(Clone, Debug, PartialEq)]
pub struct OpportunityHistory {
    /// The opportunity.
    pub opportunity: Opportunity,
    /// Its changes, oldest first; at most [`MAX_CHANGES`], the newest.
    pub changes: Vec<OpportunityChange>,
}

/// Which opportunities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpportunityFilter {
    /// The ticker; none for all.
    pub symbol: Option<Symbol>,
    /// Those that are over, too.
    pub include_ended: bool,
    /// At most so many, and never more than [`MAX_OPPORTUNITIES`].
    pub limit: u32,
}

macro_rules! select_opportunities {
    ($rest:literal) => {
        concat!(
            "SELECT id, symbol, session_date, first_at, changed_at AS at, state, reason, evidence
             FROM trading.trading_opportunities ",
            $rest
        )
    };
}

impl Store {
    /// Moves the open opportunity of a stock and session to its next state, or opens one; gives
    /// its number. The same change again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for an end without an open opportunity; another change at the same
    /// instant, a rejection without a reason, or the database refuses otherwise.
    pub async fn put_opportunity_change(
        &self,
        change: OpportunityChange,
    ) -> Result<i64, StoreError> {
        let ids = self.put_opportunity_changes(vec![change]).await?;
        Ok(ids[0])
    }

    /// The same for many changes, one after the other in one transaction: five hundred wait for
    /// the disk once.
    ///
    /// # Errors
    /// More than [`MAX_OPPORTUNITIES`], or as for one; then none of them is stored.
    pub async fn put_opportunity_changes(
        &self,
        mut changes: Vec<OpportunityChange>,
    ) -> Result<Vec<i64>, StoreError> {
        let most = MAX_OPPORTUNITIES as usize;
        if changes.len() > most {
            return Err(StoreError::TooManyRows { given: changes.len(), most });
        }
        for change in &mut changes {
            change.at = to_microseconds(change.at);
        }
        let pool = self.pool.clone();
        finish(async move {
            let mut connection = pool.acquire().await?;
            let mut transaction = connection.begin().await?;
            lock(&mut transaction, TABLE).await?;
            let mut ids = Vec::with_capacity(changes.len());
            for change in &changes {
                ids.push(put(&mut transaction, change).await?);
            }
            transaction.commit().await?;
            Ok(ids)
        })
        .await
    }

    /// The opportunities of a session that are not over, by symbol; rejected ones included.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn open_opportunities(
        &self,
        session_date: NaiveDate,
    ) -> Result<Vec<Opportunity>, StoreError> {
        let rows = sqlx::query(select_opportunities!(
            "WHERE session_date = $1 AND state IN ('new', 'updated', 'rejected') ORDER BY symbol"
        ))
        .bind(session_date)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_opportunity).collect()
    }

    /// Opportunities that pass a filter, the newest sessions and changes first.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn opportunities(
        &self,
        filter: &OpportunityFilter,
    ) -> Result<Vec<Opportunity>, StoreError> {
        let rows = sqlx::query(select_opportunities!(
            "WHERE ($1::text IS NULL OR symbol = $1)
               AND ($2 OR state IN ('new', 'updated', 'rejected'))
             ORDER BY session_date DESC, changed_at DESC, id DESC LIMIT $3"
        ))
        .bind(filter.symbol.as_ref().map(Symbol::as_str))
        .bind(filter.include_ended)
        .bind(i64::from(filter.limit.min(MAX_OPPORTUNITIES)))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_opportunity).collect()
    }

    /// An opportunity with all that happened to it, if there is one of that number.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn opportunity(&self, id: i64) -> Result<Option<OpportunityHistory>, StoreError> {
        let row = sqlx::query(select_opportunities!("WHERE id = $1"))
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let changes = sqlx::query(
            "SELECT c.opportunity_id AS id, o.symbol, o.session_date, c.at, c.state, c.reason,
                    c.evidence
             FROM trading.opportunity_changes c
             JOIN trading.trading_opportunities o ON o.id = c.opportunity_id
             WHERE c.opportunity_id = $1 ORDER BY c.at DESC LIMIT $2",
        )
        .bind(id)
        .bind(i64::from(MAX_CHANGES))
        .fetch_all(&self.pool)
        .await?;
        let changes = changes.iter().rev().map(|row| read_change(&reading(row)));
        Ok(Some(OpportunityHistory {
            opportunity: read_opportunity(&row)?,
            changes: changes.collect::<Result<_, _>>()?,
        }))
    }
}

async fn put(connection: &mut PgConnection, change: &OpportunityChange) -> Result<i64, StoreError> {
    let newest = sqlx::query(select_opportunities!(
        "WHERE symbol = $1 AND session_date = $2 ORDER BY id DESC LIMIT 1"
    ))
    .bind(change.symbol.as_str())
    .bind(change.session_date)
    .fetch_optional(&mut *connection)
    .await?;
    let newest = newest.as_ref().map(read_opportunity).transpose()?;
    let id = match newest {
        Some(known) if known.now == *change => return Ok(known.id),
        Some(known) if !known.now.state.is_over() => known.id,
        _ if change.state.is_over() => {
            let (symbol, day) = (&change.symbol, change.session_date);
            return Err(StoreError::Missing(format!("open opportunity of {symbol} on {day}")));
        }
        _ => open(connection, change).await?,
    };
    sqlx::query(
        "WITH noted AS (
            INSERT INTO trading.opportunity_changes (opportunity_id, at, state, reason, evidence)
            VALUES ($1, $2, $3, $4, $5)
         )
         UPDATE trading.trading_opportunities SET changed_at = $2, state = $3, reason = $4, evidence = $5
         WHERE id = $1 AND changed_at <= $2",
    )
    .bind(id)
    .bind(change.at)
    .bind(change.state.as_str())
    .bind(&change.reason)
    .bind(&change.evidence)
    .execute(connection)
    .await?;
    Ok(id)
}

async fn open(
    connection: &mut PgConnection,
    change: &OpportunityChange,
) -> Result<i64, StoreError> {
    let id = sqlx::query_scalar(
        "INSERT INTO trading.trading_opportunities
            (symbol, session_date, first_at, changed_at, state, reason, evidence)
         VALUES ($1, $2, $3, $3, $4, $5, $6) RETURNING id",
    )
    .bind(change.symbol.as_str())
    .bind(change.session_date)
    .bind(change.at)
    .bind(change.state.as_str())
    .bind(&change.reason)
    .bind(&change.evidence)
    .fetch_one(connection)
    .await?;
    Ok(id)
}

fn reading(row: &PgRow) -> Reading<'_> {
    Reading { row, table: TABLE, key: |row| key_of(row, &["id"]) }
}

fn read_opportunity(row: &PgRow) -> Result<Opportunity, StoreError> {
    let reading = reading(row);
    Ok(Opportunity {
        id: reading.get("id")?,
        first_at: reading.get("first_at")?,
        now: read_change(&reading)?,
    })
}

fn read_change(reading: &Reading<'_>) -> Result<OpportunityChange, StoreError> {
    Ok(OpportunityChange {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        at: reading.get("at")?,
        state: read_state(reading)?,
        reason: reading.get("reason")?,
        evidence: reading.get("evidence")?,
    })
}

fn read_state(reading: &Reading<'_>) -> Result<OpportunityState, StoreError> {
    let text: &str = reading.get("state")?;
    let known = OpportunityState::ALL.into_iter().find(|state| state.as_str() == text);
    known.ok_or_else(|| reading.broken(format!("\"{text}\" is not a state of an opportunity")))
}
