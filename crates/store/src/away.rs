//! Work that is repeated while the database is away.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{EmbeddedError, StoreError};

/// How long the database may be away before work is given up: a server that was killed is back
/// within seconds, with a long recovery within a minute.
pub const AWAY_LIMIT: Duration = Duration::from_secs(60);
/// How often it is tried.
const AGAIN_AFTER: Duration = Duration::from_millis(300);

/// An error that may pass without anybody doing anything.
pub trait MayPass {
    /// Whether it may.
    fn may_pass(&self) -> bool;
}

impl MayPass for StoreError {
    fn may_pass(&self) -> bool {
        self.is_retryable()
    }
}

impl MayPass for EmbeddedError {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Refused(error) if crate::error::is_transient(error))
    }
}

/// Tries until it succeeds, fails for good, or the database was away for [`AWAY_LIMIT`].
///
/// # Errors
/// The last attempt's.
pub async fn while_away<T, E, F>(attempt: impl Fn() -> F) -> Result<T, E>
where
    E: MayPass + std::fmt::Display,
    F: Future<Output = Result<T, E>>,
{
    let deadline = Instant::now() + AWAY_LIMIT;
    loop {
        match attempt().await {
            Err(error) if error.may_pass() && Instant::now() < deadline => {
                tracing::warn!(%error, "the database is away; it is tried again");
            }
            result => return result,
        }
        sleep(AGAIN_AFTER).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn tries_until(succeeds_at: u32, error: fn() -> StoreError) -> (bool, u32) {
        let tries = AtomicU32::new(0);
        let attempt = || async {
            let nth = tries.fetch_add(1, Ordering::SeqCst) + 1;
            if nth == succeeds_at { Ok(()) } else { Err(error()) }
        };
        let succeeded = while_away(attempt).await.is_ok();
        (succeeded, tries.load(Ordering::SeqCst))
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_repeated_while_the_database_is_away_but_not_for_ever() {
        let away = || StoreError::NoConnection { seconds: 10 };
        assert_eq!(tries_until(5, away).await, (true, 5));
        let (succeeded, tries) = tries_until(u32::MAX, away).await;
        assert!(!succeeded && (150..=250).contains(&tries), "{tries} tries in a minute");
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_pass_is_tried_once() {
        let refused = || StoreError::TooManyRows { given: 2, most: 1 };
        assert_eq!(tries_until(2, refused).await, (false, 1));
    }
}
