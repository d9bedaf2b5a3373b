//! What a person should be able to read later: entered in the database's log.

use undertow_store::log::{LogEntry, LogLevel};

use crate::common::Common;

/// Enters a line. A log that cannot be written never stops the work it tells of.
pub(crate) async fn note(common: &Common, level: LogLevel, area: &str, message: String) {
    let entry =
        LogEntry { at: common.clock.now(), level, area: area.to_owned(), message, detail: None };
    if let Err(error) = common.store.append_log(&entry).await {
        tracing::warn!(%error, message = %entry.message, "a line was not entered in the log");
    }
}
