//! Who collects: one program for a vendor and database, however many are open.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use undertow_store::log::LogLevel;

use crate::common::Common;
use crate::journal;
use crate::tasks::pause;

/// How often another program's lock on collecting is tried again.
const LOCK_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Waits for the right to collect: calls `begin` when it is obtained and `end` when it is lost,
/// again and again until the engine stops.
pub(crate) async fn run(
    common: &Common,
    collects: &AtomicBool,
    stop: &CancellationToken,
    begin: impl Fn(),
    end: impl Fn(),
) {
    while !stop.is_cancelled() {
        match common.store.collector_lock(common.vendor_id).await {
            Ok(Some(mut lock)) => {
                collects.store(true, Ordering::SeqCst);
                let message = format!("collecting from {} begins", common.vendor_id.title());
                journal::note(common, LogLevel::Info, "engine", message).await;
                begin();
                while lock.is_held().await && !pause(LOCK_AGAIN_AFTER, stop).await {}
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
