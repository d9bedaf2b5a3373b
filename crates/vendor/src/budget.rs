//! How many requests a vendor still allows, learnt from its answers and shared by every task.
//!
//! No number here is a vendor's limit: limits arrive with the answers. A vendor that tells none
//! teaches them by refusing. Until the first answer of a day only one request is under way at a
//! time. The state can be stored and restored, so that a
//! restart does not spend a day's allowance twice.

mod ledger;
mod pace;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::error::RateScope;
use crate::{Call, NowFn, VendorError};
use ledger::{Ledger, Take};
use pace::Pace;

/// Percent of each minute that backfill leaves to live collection.
pub const MINUTE_RESERVE_PERCENT: u32 = 25;
/// Percent of each day that backfill leaves to live collection: a day of live polling costs more
/// than a backfill of many symbols.
pub const DAY_RESERVE_PERCENT: u32 = 50;
/// Longest wait for a turn: one whole minute window, and time for a probe to be answered.
pub const MAX_WAIT: Duration = Duration::from_secs(75);
/// Spreads the tasks that wait for the same new minute, so that they don't all ask in its first
/// millisecond.
const MAX_START_JITTER: Duration = Duration::from_millis(400);

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Collecting what happens now.
    Live,
    /// Filling in the past. Leaves a reserve for [`Priority::Live`].
    Backfill,
}

/// What is known of the allowance. Every field is unknown until an answer tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BudgetState {
    /// Requests allowed a day.
    pub day_limit: Option<u32>,
    /// Requests made today, by any program that uses the key.
    pub day_used: Option<u32>,
    /// When the day's count begins again.
    pub day_resets_at: Option<DateTime<Utc>>,
    /// Requests allowed a minute.
    pub minute_limit: Option<u32>,
    /// Whether that limit was never told, but learnt from a refusal.
    pub is_minute_limit_learnt: bool,
    /// Requests left in this minute.
    pub minute_remaining: Option<u32>,
    /// When the minute's count begins again.
    pub minute_resets_at: Option<DateTime<Utc>>,
    /// The vendor refused for the rest of the day; nothing is sent before this instant.
    pub day_exhausted_until: Option<DateTime<Utc>>,
    /// When the last answer was read.
    pub observed_at: Option<DateTime<Utc>>,
}

/// What one answer says about the allowance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateNews {
    /// Requests allowed a day.
    pub day_limit: Option<u32>,
    /// Requests made today.
    pub day_used: Option<u32>,
    /// When the day's count begins again.
    pub day_resets_at: Option<DateTime<Utc>>,
    /// Requests made in this minute.
    pub minute_used: Option<u32>,
    /// Requests left in this minute.
    pub minute_remaining: Option<u32>,
    /// How long this minute lasts.
    pub minute_resets_in: Option<Duration>,
    /// The answer was a refusal because this allowance is used up.
    pub spent: Option<RateScope>,
}

/// The allowance of one key. Clones share it.
#[derive(Clone)]
pub struct Budget {
    shared: Arc<Shared>,
}

struct Shared {
    ledger: Mutex<Ledger>,
    pace: Mutex<Option<Pace>>,
    state: watch::Sender<BudgetState>,
    changed: Notify,
}

/// The right to send one request. Dropping it says that the request is over.
#[must_use = "a request is counted as under way only while its permit lives"]
pub struct Permit {
    shared: Arc<Shared>,
}

/// No turn was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no request is allowed: the allowance of this {scope} is used up")]
pub struct Refused {
    /// Which allowance is used up.
    pub scope: RateScope,
    /// When it is worth asking again, where that is known.
    pub retry_at: Option<DateTime<Utc>>,
}

impl Refused {
    pub(crate) fn of(self, request: &str) -> VendorError {
        let call = Call { request: request.to_owned(), ..Call::default() };
        VendorError::RateLimited { scope: self.scope, retry_at: self.retry_at, call }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}

impl Budget {
    /// A budget that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::restore(BudgetState::default())
    }

    /// A budget that goes on where an earlier run stopped.
    #[must_use]
    pub fn restore(state: BudgetState) -> Self {
        let shared = Shared {
            ledger: Mutex::new(Ledger::new(state)),
            pace: Mutex::default(),
            state: watch::Sender::new(state),
            changed: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// What is known now.
    #[must_use]
    pub fn state(&self) -> BudgetState {
        *self.shared.state.borrow()
    }

    /// Follows what is known: for the screen, and to store it.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<BudgetState> {
        self.shared.state.subscribe()
    }

    /// Waits for a turn, at most [`MAX_WAIT`].
    ///
    /// # Errors
    /// The day is used up (for a backfill: up to the live reserve), or no turn came in time.
    pub async fn acquire(&self, priority: Priority, now: &NowFn) -> Result<Permit, Refused> {
        let deadline = Instant::now() + MAX_WAIT;
        self.keep_pace(deadline).await?;
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that a change in between is not missed.
            changed.as_mut().enable();
            let until = match self.take(priority, now()) {
                Take::Granted => {
                    return Ok(Permit { shared: Arc::clone(&self.shared) });
                }
                Take::Refused(refused) => return Err(refused),
                Take::WaitUntil(until) => until,
            };
            if Instant::now() >= deadline {
                return Err(Refused { scope: RateScope::Minute, retry_at: until });
            }
            let wake = until.map_or(deadline, |at| deadline.min(wake_at(at - now())));
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    /// Sends no more than this in any second, from now on. For a vendor that sets its only limit in
    /// words.
    pub fn pace(&self, most_a_second: u32) {
        *self.shared.lock_pace() = Some(Pace::new(most_a_second, Instant::now()));
    }

    /// Takes in what an answer said. Called while the answered request still holds its permit.
    pub fn learn(&self, news: &RateNews, now: DateTime<Utc>) {
        let state = {
            let mut ledger = self.shared.lock();
            ledger.learn(news, now);
            ledger.state
        };
        self.shared.state.send_replace(state);
        self.shared.changed.notify_waiters();
    }

    /// Waits until the second has room for one more request, and counts it.
    async fn keep_pace(&self, deadline: Instant) -> Result<(), Refused> {
        loop {
            let until = self.shared.lock_pace().as_mut().and_then(|pace| pace.send(Instant::now()));
            match until {
                None => return Ok(()),
                Some(until) if until < deadline => tokio::time::sleep_until(until).await,
                Some(_) => return Err(Refused { scope: RateScope::Minute, retry_at: None }),
            }
        }
    }

    fn take(&self, priority: Priority, now: DateTime<Utc>) -> Take {
        let (take, state) = {
            let mut ledger = self.shared.lock();
            (ledger.take(priority, now), ledger.state)
        };
        self.shared.state.send_if_modified(|known| std::mem::replace(known, state) != state);
        take
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Ledger> {
        // The ledger is whole between any two statements that can panic (there are none).
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_pace(&self) -> MutexGuard<'_, Option<Pace>> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.lock().finish();
        self.shared.changed.notify_waiters();
    }
}

fn wake_at(wait: chrono::TimeDelta) -> Instant {
    let jitter = rand::rng().random_range(Duration::ZERO..=MAX_START_JITTER);
    Instant::now() + wait.to_std().unwrap_or_default() + jitter
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall_clock() -> NowFn {
        Arc::new(Utc::now)
    }

    #[tokio::test]
    async fn before_the_first_answer_requests_go_one_at_a_time() {
        let (budget, now) = (Budget::new(), wall_clock());
        let probe = budget.acquire(Priority::Live, &now).await.unwrap();
        let mut second = Box::pin(budget.acquire(Priority::Live, &now));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(probe);
        let second = second.await.unwrap();
        budget.learn(&RateNews::default(), now());
        let third = futures_util::poll!(Box::pin(budget.acquire(Priority::Live, &now)));
        assert!(third.is_ready(), "an answer ends the probing even when it names no limit");
        drop(second);
    }

    #[tokio::test]
    async fn a_spent_minute_is_waited_for() {
        let (budget, now) = (Budget::new(), wall_clock());
        let window = Duration::from_millis(40);
        let news = RateNews {
            minute_used: Some(120),
            minute_remaining: Some(0),
            minute_resets_in: Some(window),
            ..RateNews::default()
        };
        let begun = Instant::now();
        budget.learn(&news, now());
        let permit = budget.acquire(Priority::Live, &now).await.unwrap();
        assert!(begun.elapsed() >= window);
        assert_eq!(budget.state().minute_remaining, Some(119), "a new minute, one request sent");
        drop(permit);
    }

    #[tokio::test]
    async fn a_spent_day_is_refused_at_once_and_survives_a_restart() {
        let (budget, now) = (Budget::new(), wall_clock());
        let reset = now() + chrono::TimeDelta::hours(3);
        let news = RateNews {
            day_resets_at: Some(reset),
            spent: Some(RateScope::Day),
            ..RateNews::default()
        };
        budget.learn(&news, now());
        let text = serde_json::to_string(&budget.state()).unwrap();
        let restored = Budget::restore(serde_json::from_str(&text).unwrap());
        let refused = restored.acquire(Priority::Live, &now).await.err().unwrap();
        assert_eq!(refused, Refused { scope: RateScope::Day, retry_at: Some(reset) });
    }

    #[tokio::test]
    async fn a_follower_sees_what_is_learnt_and_what_is_spent() {
        let (budget, now) = (Budget::new(), wall_clock());
        let mut follower = budget.subscribe();
        budget.learn(&RateNews { day_used: Some(7), ..RateNews::default() }, now());
        follower.changed().await.unwrap();
        assert_eq!(follower.borrow_and_update().day_used, Some(7));
        let permit = budget.acquire(Priority::Live, &now).await.unwrap();
        assert_eq!(follower.borrow_and_update().day_used, Some(8));
        drop(permit);
    }
}
