//! The writer of trades and alerts.
//!
//! It goes the way of prints ([`crate::merge`]): sort, read what is stored around the same
//! instants, COPY the new rows straight into the table, update the changed ones. Two channels
//! deliver one trade: over one its time has microseconds, over the other milliseconds. Rows are
//! therefore matched by symbol and id within a millisecond, and the finer time is kept.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgConnection;
use undertow_market::{FlowAlert, OptionTrade, Symbol};
use uuid::Uuid;

use super::record::{Flow, TABLE, reading};
use super::{flow_columns, write};
use crate::merge::bounds::to_real_time;
use crate::merge::stretch::{Stretch, cut};
use crate::merge::transaction::{Rows, commit, finish, lock};
use crate::merge::{MergeContext, MergeReport};
use crate::quarantine::Rejected;
use crate::slots::SlotKind;
use crate::{Store, StoreError};

/// Most trades or alerts in one merge: a transaction of a second or two.
pub const MAX_BATCH_FLOW: usize = 100_000;
/// How far apart the times of one trade may lie on two channels.
const SAME_TRADE: TimeDelta = TimeDelta::milliseconds(1);
/// A pause this long ends a stretch: a late report must not make the writer read all that
/// happened since.
const STRETCH_PAUSE: TimeDelta = TimeDelta::seconds(1);

/// OFFSET 0 keeps each stretch an index scan of its own.
const SELECT_STORED: &str = concat!(
    "SELECT coalesce(updated_at, received_at) AS current_at, ",
    flow_columns!(),
    " FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[])
         AS stretch (of_symbol, first_at, last_at)
    CROSS JOIN LATERAL (
        SELECT * FROM trading.options_flow f
        WHERE f.symbol = stretch.of_symbol
          AND f.executed_at >= stretch.first_at AND f.executed_at <= stretch.last_at
        OFFSET 0
    ) t"
);

impl Store {
    /// Stores option trades, exactly once each over whichever channel they came, with everything
    /// that belongs to them. A later delivery replaces what it tells and keeps what it leaves
    /// out; an older one only adds what was left out. Repeating a merge, whole or in part, is safe.
    ///
    /// # Errors
    /// More than [`MAX_BATCH_FLOW`], or the database refuses; then nothing is stored, unless the
    /// connection broke while committing, which repeating resolves.
    pub async fn merge_option_trades(
        &self,
        trades: impl Into<Arc<[OptionTrade]>>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        self.merge_flow(trades.into(), context).await
    }

    /// Stores alerts the same way.
    ///
    /// # Errors
    /// As [`Store::merge_option_trades`].
    pub async fn merge_flow_alerts(
        &self,
        alerts: impl Into<Arc<[FlowAlert]>>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        self.merge_flow(alerts.into(), context).await
    }

    async fn merge_flow<T: Flow>(
        &self,
        rows: Arc<[T]>,
        mut context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        if rows.len() > MAX_BATCH_FLOW {
            return Err(StoreError::TooManyRows { given: rows.len(), most: MAX_BATCH_FLOW });
        }
        let pool = self.pool.clone();
        finish(async move {
            let mut batch = Batch::sort(&rows);
            context.rejects.append(&mut batch.refused);
            commit(&pool, &batch, &context).await
        })
        .await
    }
}

/// The rows of one merge.
struct Batch<'r, T: Clone> {
    delivered: usize,
    repeated: usize,
    /// Sorted by symbol and time; one row for each symbol and id.
    rows: Vec<Row<'r, T>>,
    refused: Vec<Rejected>,
}

/// A delivery, or what two deliveries of one row in the same batch say together.
struct Row<'r, T: Clone> {
    content: Cow<'r, T>,
    executed_at: DateTime<Utc>,
    id: Uuid,
    /// The newest of its deliveries.
    received_at: DateTime<Utc>,
}

/// What is stored under an id.
struct Stored<T> {
    content: T,
    executed_at: DateTime<Utc>,
    current_at: DateTime<Utc>,
}

/// A stored row that has to become another one.
pub(super) struct Change<T> {
    /// Where it is stored: a finer time moves it.
    pub(super) stored_at: DateTime<Utc>,
    pub(super) content: T,
    /// The newest of its deliveries.
    pub(super) received_at: DateTime<Utc>,
}

impl<'r, T: Flow> Batch<'r, T> {
    fn sort(delivered: &'r [T]) -> Self {
        let (mut rows, mut refused) = (Vec::with_capacity(delivered.len()), Vec::new());
        for content in delivered {
            match prepare(content) {
                Ok(row) => rows.push(row),
                Err(reason) => refused.push(reject(content, reason)),
            }
        }
        let good = rows.len();
        join_repeats(&mut rows);
        rows.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
        Self { delivered: delivered.len(), repeated: good - rows.len(), rows, refused }
    }
}

fn key<'a, T: Flow>(row: &'a Row<'_, T>) -> (&'a str, DateTime<Utc>, Uuid) {
    (row.content.symbol().as_str(), row.executed_at, row.id)
}

/// A delivery as a row of the batch, or what is wrong with it.
fn prepare<T: Flow>(content: &T) -> Result<Row<'_, T>, &'static str> {
    let record = content.record().ok_or("the premium is impossibly large")?;
    match record.flaw() {
        Some(flaw) => Err(flaw),
        None => Ok(Row {
            content: Cow::Borrowed(content),
            executed_at: record.executed_at,
            id: record.id,
            received_at: record.received_at,
        }),
    }
}

fn reject<T: Flow>(content: &T, reason: &str) -> Rejected {
    Rejected {
        vendor: content.vendor(),
        kind: T::KIND,
        symbol: Some(content.symbol().to_string()),
        reason: reason.to_owned(),
        raw: format!("{content:?}"),
        received_at: to_real_time(content.received_at()),
    }
}

/// Makes one row of all deliveries of an id, in the order in which they were received.
fn join_repeats<T: Flow>(rows: &mut Vec<Row<'_, T>>) {
    let order = |row: &Row<'_, T>| (row.id, row.received_at, row.executed_at);
    rows.sort_by(|a, b| {
        let symbols = a.content.symbol().as_str().cmp(b.content.symbol().as_str());
        symbols.then_with(|| order(a).cmp(&order(b)))
    });
    rows.dedup_by(|later, kept| {
        let is_same = later.id == kept.id && later.content.symbol() == kept.content.symbol();
        if is_same {
            let joined = later.content.after(&kept.content);
            kept.executed_at = joined.record().map_or(kept.executed_at, |r| r.executed_at);
            kept.received_at = later.received_at;
            kept.content = Cow::Owned(joined);
        }
        is_same
    });
}

impl<T: Flow> Rows for Batch<'_, T> {
    type Report = MergeReport;

    async fn write(&self, connection: &mut PgConnection) -> Result<MergeReport, StoreError> {
        let mut report = MergeReport {
            delivered: self.delivered,
            repeated: self.repeated,
            refused: self.delivered - self.repeated - self.rows.len(),
            ..MergeReport::default()
        };
        if self.rows.is_empty() {
            return Ok(report);
        }
        lock(connection, TABLE).await?;
        let (new, changes) = self.compare(stored(connection, &self.rows).await?);
        write::insert(connection, &new).await?;
        for change in &changes {
            write::update(connection, change).await?;
        }
        report.inserted = new.len();
        report.changed = changes.len();
        report.unchanged = self.rows.len() - new.len() - changes.len();
        Ok(report)
    }
}

impl<T: Flow> Batch<'_, T> {
    /// New rows and changes. A delivery older than the stored one adds what that left out and
    /// changes nothing else: a replay never takes a cancel back.
    fn compare(&self, stored: HashMap<(Symbol, Uuid), Stored<T>>) -> (Vec<&T>, Vec<Change<T>>) {
        let (mut new, mut changes) = (Vec::new(), Vec::new());
        for row in &self.rows {
            let content = row.content.as_ref();
            let Some(found) = stored.get(&(content.symbol().clone(), row.id)) else {
                new.push(content);
                continue;
            };
            let known = match row.received_at < found.current_at {
                true => found.content.after(content),
                false => content.after(&found.content),
            };
            if known != found.content {
                let received_at = row.received_at.max(found.current_at);
                changes.push(Change { stored_at: found.executed_at, content: known, received_at });
            }
        }
        (new, changes)
    }
}

async fn stored<T: Flow>(
    connection: &mut PgConnection,
    rows: &[Row<'_, T>],
) -> Result<HashMap<(Symbol, Uuid), Stored<T>>, StoreError> {
    let places = rows.iter().map(|row| (row.content.symbol().as_str(), row.executed_at));
    let joins = |last: &Stretch<'_>, at: DateTime<Utc>| at - last.last_at < STRETCH_PAUSE;
    let (stretches, _) = cut(places, joins);
    let found = sqlx::query(SELECT_STORED)
        .bind(stretches.iter().map(|stretch| stretch.symbol).collect::<Vec<_>>())
        .bind(stretches.iter().map(|stretch| stretch.first_at - SAME_TRADE).collect::<Vec<_>>())
        .bind(stretches.iter().map(|stretch| stretch.last_at + SAME_TRADE).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let mut stored = HashMap::with_capacity(found.len());
    for row in &found {
        let reading = reading(row);
        if reading.get::<bool>("is_alert")? != (T::KIND == SlotKind::FlowAlerts) {
            continue;
        }
        if let Entry::Vacant(place) = stored.entry((reading.symbol()?, reading.get("id")?)) {
            place.insert(Stored {
                content: T::read(&reading)?,
                executed_at: reading.get("executed_at")?,
                current_at: reading.get("current_at")?,
            });
        }
    }
    Ok(stored)
}
