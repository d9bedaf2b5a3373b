//! Ending the app when the system or a terminal asks for it.

use std::io;

use tauri::AppHandle;
use tokio::signal::unix::{SignalKind, signal};

/// Ends the app on Ctrl-C and on the system's polite request, as if its window had been closed.
pub(crate) fn end_when_told(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        match told_to_end().await {
            Ok(()) => app.exit(0),
            Err(error) => tracing::warn!(%error, "the app cannot be told to end by a signal"),
        }
    });
}

async fn told_to_end() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
