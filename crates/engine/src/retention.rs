//! Lets go of rows that are older than the database is told to keep them.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use undertow_store::log::LogLevel;

use crate::common::Common;
use crate::journal;

/// After the start, when nothing waits for the database any more.
const FIRST_AFTER: Duration = Duration::from_secs(10 * 60);
/// From then on once a day.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Prunes until the engine stops. What could not be pruned is left for the next day.
pub(crate) async fn prune(common: Arc<Common>, stop: CancellationToken) {
    let mut wait = FIRST_AFTER;
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
        wait = EVERY;
        match common.store.prune(common.clock.now()).await {
            Ok(report) => {
                for table in report.tables {
                    let message = format!(
                        "{}: {} months and {} rows are older than they are kept, and gone",
                        table.table, table.months, table.rows
                    );
                    journal::note(&common, LogLevel::Info, "retention", message).await;
                }
            }
            Err(error) => tracing::warn!(%error, "old rows were not pruned; tried again tomorrow"),
        }
    }
}
