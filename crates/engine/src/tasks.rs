//! The tasks of an engine: each is kept alive, and all end together.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::supervise::supervised;

/// Tasks that end together.
#[derive(Default)]
pub(crate) struct Tasks {
    stop: CancellationToken,
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Tasks {
    /// Tells when to end.
    pub(crate) fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts one, and starts it again when it panics.
    pub(crate) fn spawn<F>(
        &self,
        name: &str,
        make: impl Fn(CancellationToken) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        let task = supervised(name.to_owned(), stop.clone(), move || make(stop.clone()));
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// Tells all to end, and waits until they have.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        let tasks =
            std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            drop(task.await);
        }
    }
}

/// Waits; true when told to stop.
pub(crate) async fn pause(time: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => false,
        () = stop.cancelled() => true,
    }
}
