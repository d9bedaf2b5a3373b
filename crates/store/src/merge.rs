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

mod batch;
mod existing;
mod rollups;
mod write;

use std::sync::Arc;

use sqlx::postgres::PgConnection;
use sqlx::{Acquire, PgPool};
use undertow_market::Print;

use crate::quarantine::{Rejected, add_rejects};
use crate::slots::{SlotResult, put_slot};
use crate::store::lock_key;
use crate::watermarks::{Watermark, move_watermark};
use crate::{Store, StoreError};

use batch::Batch;
use existing::Verdict;

pub use rollups::Day;

/// Most prints in one merge: a transaction of a second or so, and tens of megabytes of memory.
pub const MAX_BATCH_PRINTS: usize = 100_000;
/// How often a merge is repeated when another session's locks got in its way.
const MAX_ATTEMPTS: u32 = 3;

/// What is written in the same transaction as the prints.
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
    /// Prints in the batch.
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
        let work = tokio::spawn(async move { merge(&pool, &prints, context).await });
        work.await.map_err(|_| StoreError::Interrupted)?
    }

    /// Makes the roll-ups of one symbol and day again from its prints. The writer keeps them
    /// exact; this is for repair, and for tests that compare.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn rebuild_rollups(&self, day: &Day) -> Result<(), StoreError> {
        let (pool, day) = (self.pool.clone(), day.clone());
        let work = tokio::spawn(async move {
            let mut transaction = pool.begin().await?;
            lock_prints(&mut transaction).await?;
            rollups::rebuild(&mut transaction, &day).await?;
            transaction.commit().await
        });
        Ok(work.await.map_err(|_| StoreError::Interrupted)??)
    }
}

async fn merge(
    pool: &PgPool,
    prints: &[Print],
    mut context: MergeContext,
) -> Result<MergeReport, StoreError> {
    let mut batch = Batch::sort(prints);
    context.rejects.append(&mut batch.refused);
    let mut attempt = 1;
    loop {
        match merge_once(pool, &batch, &context).await {
            Err(error) if attempt < MAX_ATTEMPTS && is_lock_trouble(&error) => attempt += 1,
            done => return done,
        }
    }
}

async fn merge_once(
    pool: &PgPool,
    batch: &Batch<'_>,
    context: &MergeContext,
) -> Result<MergeReport, StoreError> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let verdict = match batch.rows.is_empty() {
        true => Verdict::default(),
        false => merge_rows(&mut transaction, batch).await?,
    };
    add_rejects(&mut transaction, &context.rejects).await?;
    if let Some(slot) = &context.slot {
        put_slot(&mut transaction, slot).await?;
    }
    if let Some(watermark) = &context.watermark {
        move_watermark(&mut transaction, watermark).await?;
    }
    transaction.commit().await?;
    Ok(MergeReport {
        delivered: batch.delivered,
        inserted: verdict.new.len(),
        changed: verdict.changed.len(),
        unchanged: batch.rows.len() - verdict.new.len() - verdict.changed.len(),
        repeated: batch.repeated,
        refused: batch.delivered - batch.repeated - batch.rows.len(),
    })
}

async fn merge_rows(
    connection: &mut PgConnection,
    batch: &Batch<'_>,
) -> Result<Verdict, StoreError> {
    lock_prints(connection).await?;
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

async fn lock_prints(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let key = lock_key("darkpool_trades");
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(key).execute(connection).await?;
    Ok(())
}

/// Deadlock or serialisation failure: the whole transaction is to be repeated.
fn is_lock_trouble(error: &StoreError) -> bool {
    let StoreError::Refused(error) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == "40P01" || code == "40001")
}
