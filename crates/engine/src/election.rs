//! Who collects: one program for a vendor and database, however many are open.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use undertow_store::ProgramLock;
use undertow_store::log::LogLevel;

use crate::common::Common;
use crate::journal;
use crate::tasks::pause;

/// How often another program's lock on collecting is tried again.
const LOCK_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// How often it is tried while the database is away.
const AWAY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long collecting goes on without the lock while the database is away: what comes meanwhile
/// waits in memory and on disk. Longer, and another program may long have taken over.
const WITHOUT_LOCK: Duration = Duration::from_secs(120);

/// Waits for the right to collect: calls `begin` when it is obtained and `end` when it is lost,
/// again and again until the engine stops. A database that is away for a while does not end it.
pub(crate) async fn run(
    common: &Common,
    collects: &AtomicBool,
    stop: &CancellationToken,
    begin: impl Fn(),
    end: impl Fn(),
) {
    while !stop.is_cancelled() {
        match common.store.collector_lock(common.vendor_id).await {
            Ok(Some(lock)) => {
                collects.store(true, Ordering::SeqCst);
                let message = format!("collecting from {} begins", common.vendor_id.title());
                journal::note(common, LogLevel::Info, "engine", message).await;
                begin();
                let mut held = Some(lock);
                while let Some(mut lock) = held {
                    while lock.is_held().await && !pause(LOCK_AGAIN_AFTER, stop).await {}
                    held = regained(common, &lock, stop).await;
                }
                collects.store(false, Ordering::SeqCst);
                end();
            }
            Ok(None) => tracing::info!("another program collects into this database"),
            Err(error) => tracing::warn!(%error, "the right to collect was not obtained"),
        }
        if pause(LOCK_AGAIN_AFTER, stop).await {
            return;
        }
    }
}

/// The lock once more, after the connection that held it broke; none when another program has it,
/// the database stays away, or the engine stops.
async fn regained(
    common: &Common,
    lost: &ProgramLock,
    stop: &CancellationToken,
) -> Option<ProgramLock> {
    let lost_at = Instant::now();
    while !stop.is_cancelled() && lost_at.elapsed() < WITHOUT_LOCK {
        match common.store.regain(lost).await {
            Ok(lock) => return lock,
            Err(error) => tracing::warn!(%error, "the right to collect cannot be renewed yet"),
        }
        if pause(AWAY_AGAIN_AFTER, stop).await {
            return None;
        }
    }
    None
}
