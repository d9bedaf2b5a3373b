//! Rights that one program has at a time, however many use the database: to collect from a vendor,
//! to import a file.
//!
//! A right is an advisory lock of a connection of its own, and goes with it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use undertow_market::VendorId;

use crate::store::ACQUIRE_LIMIT;
use crate::{Store, StoreError};

/// Tells our advisory locks from those of other programs on the same server.
const LOCK_SPACE: &str = "undertow";
/// A connection that does not answer for this long is lost, and its lock with it.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// A right, for as long as this value lives and its connection holds.
#[derive(Debug)]
pub struct ProgramLock {
    connection: PgConnection,
    key: i64,
    /// The server's end of the connection.
    backend: Backend,
}

/// A process of the server. Its number alone may be another's by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Backend {
    process_id: i32,
    started_at: DateTime<Utc>,
}

impl Store {
    /// Takes the right to collect from a vendor, or tells that another program has it. One
    /// database has at most one collector for each vendor.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn collector_lock(
        &self,
        vendor: VendorId,
    ) -> Result<Option<ProgramLock>, StoreError> {
        within_limit(take(&self.options, lock_key(vendor.as_str()))).await
    }

    /// Takes the right to import a file, or tells that another program imports it right now.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn import_lock(&self, file: &str) -> Result<Option<ProgramLock>, StoreError> {
        within_limit(take(&self.options, lock_key(&format!("import of {file}")))).await
    }

    /// Takes a right again whose connection broke, or tells that another program has it. Where the
    /// server did not notice the break, our old connection has it still: that one is ended.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn regain(&self, lost: &ProgramLock) -> Result<Option<ProgramLock>, StoreError> {
        within_limit(async {
            let mut connection = self.options.connect().await?;
            end(&mut connection, lost.backend).await?;
            take_with(connection, lost.key).await
        })
        .await
    }
}

impl ProgramLock {
    /// Whether the lock is still held: it goes with its connection. Ask before each write of a
    /// long pause.
    pub async fn is_held(&mut self) -> bool {
        let answer = tokio::time::timeout(ANSWER_LIMIT, self.connection.ping()).await;
        matches!(answer, Ok(Ok(())))
    }

    /// Gives the right back at once. Dropping the value does the same when the server has noticed
    /// the end of the connection.
    ///
    /// # Errors
    /// The connection was already lost, and the lock with it.
    pub async fn release(mut self) -> Result<(), StoreError> {
        within_limit(async {
            let unlock = sqlx::query("SELECT pg_advisory_unlock($1)").bind(self.key);
            unlock.execute(&mut self.connection).await?;
            Ok(self.connection.close().await?)
        })
        .await
    }
}

/// A network that went silent does not even refuse.
async fn within_limit<T>(
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let silent = || StoreError::NoConnection { seconds: ACQUIRE_LIMIT.as_secs() };
    tokio::time::timeout(ACQUIRE_LIMIT, work).await.unwrap_or_else(|_| Err(silent()))
}

/// Ends the server's side of a connection, where it is still there.
async fn end(connection: &mut PgConnection, backend: Backend) -> Result<(), StoreError> {
    sqlx::query(
        "SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity
         WHERE pid = $1 AND backend_start = $2",
    )
    .bind(backend.process_id)
    .bind(backend.started_at)
    .bind(i64::try_from(ANSWER_LIMIT.as_millis()).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(())
}

async fn take(options: &PgConnectOptions, key: i64) -> Result<Option<ProgramLock>, StoreError> {
    take_with(options.connect().await?, key).await
}

async fn take_with(
    mut connection: PgConnection,
    key: i64,
) -> Result<Option<ProgramLock>, StoreError> {
    let (is_ours, process_id, started_at) = sqlx::query_as(
        "SELECT pg_try_advisory_lock($1), pid, backend_start
         FROM pg_stat_activity WHERE pid = pg_backend_pid()",
    )
    .bind(key)
    .fetch_one(&mut connection)
    .await?;
    let backend = Backend { process_id, started_at };
    Ok(Some(ProgramLock { connection, key, backend }).filter(|_| is_ours))
}

/// A key in the space of advisory locks that all programs on a server share.
pub(crate) fn lock_key(name: &str) -> i64 {
    let digest = Sha256::digest(format!("{LOCK_SPACE}:{name}"));
    let mut first = [0_u8; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}
