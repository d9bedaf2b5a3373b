//! One transaction around every merge: the rows, and the books that belong to them.

use std::future::Future;

use sqlx::postgres::PgConnection;
use sqlx::{Acquire, PgPool};

use super::MergeContext;
use crate::StoreError;
use crate::locks::lock_key;
use crate::quarantine::add_rejects;
use crate::slots::put_slot;
use crate::watermarks::move_watermark;

/// How often a merge is repeated when another session's locks got in its way.
const MAX_ATTEMPTS: u32 = 3;

/// Rows made ready for the database.
pub(crate) trait Rows: Send + Sync {
    /// What became of them.
    type Report: Send;

    /// Writes what is new and what has changed.
    fn write(
        &self,
        connection: &mut PgConnection,
    ) -> impl Future<Output = Result<Self::Report, StoreError>> + Send;
}

/// Runs a merge in a task of its own: a caller that goes away does not leave half of it.
pub(crate) async fn finish<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::spawn(work).await.map_err(|_| StoreError::Interrupted)?
}

/// Writes rows and what belongs to them in one transaction.
pub(crate) async fn commit<R: Rows>(
    pool: &PgPool,
    rows: &R,
    context: &MergeContext,
) -> Result<R::Report, StoreError> {
    let mut attempt = 1;
    loop {
        match commit_once(pool, rows, context).await {
            Err(error) if attempt < MAX_ATTEMPTS && is_lock_trouble(&error) => attempt += 1,
            done => return done,
        }
    }
}

async fn commit_once<R: Rows>(
    pool: &PgPool,
    rows: &R,
    context: &MergeContext,
) -> Result<R::Report, StoreError> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let report = rows.write(&mut transaction).await?;
    enter(&mut transaction, context).await?;
    transaction.commit().await?;
    Ok(report)
}

/// Enters what belongs to rows into the books.
pub(crate) async fn enter(
    connection: &mut PgConnection,
    context: &MergeContext,
) -> Result<(), StoreError> {
    add_rejects(connection, &context.rejects).await?;
    if let Some(slot) = &context.slot {
        put_slot(connection, slot).await?;
    }
    if let Some(watermark) = &context.watermark {
        move_watermark(connection, watermark).await?;
    }
    Ok(())
}

/// Waits until no other merge into a table is under way, and keeps others out until the
/// transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, table: &str) -> Result<(), sqlx::Error> {
    let key = lock_key(table);
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(key).execute(connection).await?;
    Ok(())
}

/// Deadlock, serialisation failure, or a month that somebody else made at the same moment: the
/// whole transaction is to be repeated.
fn is_lock_trouble(error: &StoreError) -> bool {
    let StoreError::Refused(error) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| ["40P01", "40001", "42P07"].contains(&&*code))
}
