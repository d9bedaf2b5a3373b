//! Keeps a task alive: one that panics is logged and started again, the others never notice.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Wait before a task that panicked is started again.
const RESTART_AFTER: Duration = Duration::from_secs(1);

/// Runs `make()` until it ends or `stop` is called; a panic starts it again.
pub(crate) fn supervised<F>(
    name: String,
    stop: CancellationToken,
    make: impl Fn() -> F + Send + 'static,
) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        while !stop.is_cancelled() {
            match tokio::spawn(make()).await {
                Ok(()) => return,
                Err(error) if error.is_panic() => {
                    tracing::error!(task = %name, %error, "a task panicked and is started again");
                }
                Err(_) => return,
            }
            tokio::select! {
                () = tokio::time::sleep(RESTART_AFTER) => {}
                () = stop.cancelled() => {}
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_started_again() {
        let runs = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&runs);
        let make = move || {
            let runs = Arc::clone(&seen);
            async move {
                assert!(runs.fetch_add(1, Ordering::SeqCst) >= 2, "a panic on purpose");
            }
        };
        supervised("test".to_owned(), CancellationToken::new(), make).await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    }
}
