//! The writer: one transaction from a vendor's answer to stored prints, exact roll-ups, the
//! slot's outcome, the watermark and the quarantine.
//!
//! The way of a batch: sort by key and drop repeats, read the stored rows of the same stretch of
//! tape, and tell new, changed and unchanged apart here. New rows go by binary COPY straight into
//! the table, changed rows are updated one by one, and an unchanged batch writes nothing. The
//! usual staging table with `INSERT … ON CONFLICT` writes every row twice; this way each is written
//! once, and the sums that the roll-ups need are at hand (docs/adr/0009).
//!
//! Telling rows apart before writing them is only sound while nobody else writes: a lock in the
//! database admits one merge at a time, whichever program runs it. A row that slipped in all the
//! same would break the key, and with it the transaction, which is then safe to repeat.
//!
//! Everything else that is collected is written in the same kind of transaction: see
//! `transaction`. Option trades go the way of prints ([`crate::flow`]).

mod batch;
pub(crate) mod bounds;
mod existing;
mod rollups;
pub(crate) mod stretch;
pub(crate) mod transaction;
mod write;

use std::sync::Arc;

use sqlx::postgres::PgConnection;
use undertow_market::Print;

use crate::quarantine::Rejected;
use crate::slots::SlotResult;
use crate::watermarks::Watermark;
use crate::{Store, StoreError};

use batch::Batch;
use existing::Verdict;
use transaction::{Rows, commit, finish, lock};

pub use crate::day_sums::Day;

/// Most prints in one merge: a transaction of a second or so, and tens of megabytes of memory.
pub const MAX_BATCH_PRINTS: usize = 100_000;
const TABLE: &str = "darkpool_trades";

/// What is written in the same transaction as the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MergeContext {
    /// The slot that the batch completes.
    pub slot: Option<SlotResult>,
    /// How far the collector has read with it.
    pub watermark: Option<Watermark>,
    /// What came with it and could not be read.
    pub rejects: Vec<Rejected>,
}

/// What became of a batch. The counts add up to `delivered`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MergeReport {
    /// Rows in the batch.
    pub delivered: usize,
    /// Stored for the first time.
    pub inserted: usize,
    /// Stored before, and now different: cancelled, corrected.
    pub changed: usize,
    /// Stored before, and the same.
    pub unchanged: usize,
    /// Twice in the batch.
    pub repeated: usize,
    /// Put into quarantine, because no column can hold them.
    pub refused: usize,
}

impl Store {
    /// Stores prints, exactly once each, with everything that belongs to them. The work runs in
    /// a task of its own: a caller that goes away does not leave half of it. Repeating a merge,
    /// whole or in part, in any order, is safe.
    ///
    /// # Errors
    /// More than [`MAX_BATCH_PRINTS`], or the database refuses; then nothing of the batch is
    /// stored, unless the connection broke while committing, which repeating resolves.
    pub async fn merge_prints(
        &self,
        prints: impl Into<Arc<[Print]>>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        let prints = prints.into();
        if prints.len() > MAX_BATCH_PRINTS {
            return Err(StoreError::TooManyRows { given: prints.len(), most: MAX_BATCH_PRINTS });
        }
        let pool = self.pool.clone();
        finish(async move {
            let mut context = context;
            let mut batch = Batch::sort(&prints);
            context.rejects.append(&mut batch.refused);
            commit(&pool, &batch, &context).await
        })
        .await
    }

    /// Makes the roll-ups of one symbol and day again from its prints. The writer keeps them
    /// exact; this is for repair, and for tests that compare. Of a day whose prints were pruned
    /// nothing is left to sum: its roll-ups go.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn rebuild_rollups(&self, day: &Day) -> Result<(), StoreError> {
        let (pool, day) = (self.pool.clone(), day.clone());
        finish(async move {
            let mut transaction = pool.begin().await?;
            lock(&mut transaction, TABLE).await?;
            rollups::rebuild(&mut transaction, &day).await?;
            Ok(transaction.commit().await?)
        })
        .await
    }
}

impl Rows for Batch<'_> {
    type Report = MergeReport;

    async fn write(&self, connection: &mut PgConnection) -> Result<MergeReport, StoreError> {
        let verdict = match self.rows.is_empty() {
            true => Verdict::default(),
            false => merge_rows(connection, self).await?,
        };
        Ok(MergeReport {
            delivered: self.delivered,
            inserted: verdict.new.len(),
            changed: verdict.changed.len(),
            unchanged: self.rows.len() - verdict.new.len() - verdict.changed.len(),
            repeated: self.repeated,
            refused: self.delivered - self.repeated - self.rows.len(),
        })
    }
}

async fn merge_rows(
    connection: &mut PgConnection,
    batch: &Batch<'_>,
) -> Result<Verdict, StoreError> {
    lock(connection, TABLE).await?;
    let verdict = existing::compare(connection, &batch.rows).await?;
    if !verdict.new.is_empty() {
        write::insert(connection, &batch.rows, &verdict.new).await?;
    }
    for index in &verdict.changed {
        write::update(connection, &batch.rows[*index]).await?;
    }
    rollups::apply(connection, &batch.rows, &verdict).await?;
    Ok(verdict)
}
