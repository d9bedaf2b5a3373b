//! The symbol-sessions of a job: which are left, and what came of asking for one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use undertow_store::backfill::NewBackfill;
use undertow_store::{StoreError, while_away};
use undertow_vendor::error::RateScope;
use undertow_vendor::{EntitlementReason, VendorError};

use super::{History, SessionWork};
use crate::common::CollectError;

/// When a spent day is looked at again, if the vendor does not say when it ends.
const BUDGET_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(15);

/// What came of a symbol-session.
pub(super) enum Outcome {
    Rows(u64),
    /// The plan's history does not reach it; it begins then, where the vendor says so.
    BeforeHistory {
        from: Option<NaiveDate>,
    },
    Failed(String),
    /// The day's requests are used up: it is asked for again then.
    Later(DateTime<Utc>),
    Stopped,
}

/// What the vendor said of one session that holds for others too.
#[derive(Default)]
pub(super) struct Told(Mutex<Said>);

#[derive(Default)]
struct Said {
    /// Sessions before this are not to be had.
    wall: Option<NaiveDate>,
    /// The first date of the plan's history, where the vendor named it.
    history_from: Option<NaiveDate>,
    /// The key was refused, or the plan has nothing of the kind.
    refusal: Option<String>,
    /// The day's requests are used up until then.
    day_spent_until: Option<DateTime<Utc>>,
}

impl Told {
    /// What would come of asking for a session, where that is known.
    fn foresees(&self, session_date: NaiveDate) -> Option<Outcome> {
        let said = self.lock();
        if let Some(text) = &said.refusal {
            return Some(Outcome::Failed(text.clone()));
        }
        if let Some(until) = said.day_spent_until {
            return Some(Outcome::Later(until));
        }
        let is_before = said.wall.is_some_and(|from| session_date < from);
        is_before.then_some(Outcome::BeforeHistory { from: said.history_from })
    }

    /// Draws what an error says of this session and of others.
    fn hear(&self, work: &SessionWork, error: CollectError, now: DateTime<Utc>) -> Outcome {
        let date = work.session_date;
        match error {
            CollectError::Stopped => Outcome::Stopped,
            CollectError::Vendor(VendorError::Entitlement {
                reason: EntitlementReason::HistoryWall,
                history_from,
                ..
            }) => {
                let mut said = self.lock();
                said.wall = said.wall.max(history_from.or(date.succ_opt()));
                said.history_from = history_from;
                Outcome::BeforeHistory { from: history_from }
            }
            CollectError::Vendor(VendorError::RateLimited {
                scope: RateScope::Day,
                retry_at,
                ..
            }) => {
                let until = retry_at.unwrap_or(now + BUDGET_AGAIN_AFTER);
                self.lock().day_spent_until = Some(until);
                Outcome::Later(until)
            }
            error => {
                tracing::warn!(symbol = %work.symbol, %date, %error, "a session could not be collected");
                let text = error.to_string();
                if is_said_of_all(&error) {
                    self.lock().refusal = Some(text.clone());
                }
                Outcome::Failed(text)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether every other session would be refused alike.
fn is_said_of_all(error: &CollectError) -> bool {
    matches!(
        error,
        CollectError::Vendor(
            VendorError::Auth { .. }
                | VendorError::Entitlement { reason: EntitlementReason::Plan, .. }
        )
    )
}

/// Sessions of a range that can be read, newest first.
pub(super) fn readable<H: History>(history: &H, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
    let calendar = &history.common().calendar;
    let mut dates = calendar.sessions_between(from, to);
    dates.retain(|date| calendar.session(*date).is_some_and(|hours| history.can_read(&hours)));
    dates.reverse();
    dates
}

/// The session of a range that has begun and cannot be read yet.
pub(super) fn too_early<H: History>(
    history: &H,
    from: NaiveDate,
    to: NaiveDate,
) -> Option<NaiveDate> {
    let common = history.common();
    let latest = common.calendar.latest_session(common.clock.now())?;
    let hours = common.calendar.session(latest)?;
    ((from..=to).contains(&latest) && !history.can_read(&hours)).then_some(latest)
}

pub(super) fn total<H: History>(history: &H, work: &NewBackfill) -> u32 {
    let sessions = readable(history, work.from, work.to).len();
    u32::try_from(sessions * work.symbols.len()).unwrap_or(u32::MAX)
}

/// What [`remaining`] says, however long the database is away: a job is not lost to an outage.
pub(super) async fn remaining_when_back<H: History>(
    history: &H,
    work: &NewBackfill,
) -> Result<Vec<SessionWork>, StoreError> {
    loop {
        match while_away(|| remaining(history, work)).await {
            Err(error) if error.is_retryable() => {}
            result => return result,
        }
    }
}

/// The symbol-sessions that the books do not have yet, newest first.
async fn remaining<H: History>(
    history: &H,
    work: &NewBackfill,
) -> Result<Vec<SessionWork>, StoreError> {
    let mut left = Vec::new();
    for session_date in readable(history, work.from, work.to) {
        for symbol in &work.symbols {
            let session = SessionWork { symbol: symbol.clone(), session_date };
            if work.reread || !history.has_read(&session).await? {
                left.push(session);
            }
        }
    }
    Ok(left)
}

/// Asks for one session, unless it is known what would come of that.
pub(super) async fn one<H: History>(
    history: &H,
    work: SessionWork,
    told: &Told,
    stop: &CancellationToken,
) -> (SessionWork, Outcome) {
    if let Some(outcome) = told.foresees(work.session_date) {
        return (work, outcome);
    }
    if stop.is_cancelled() {
        return (work, Outcome::Stopped);
    }
    let outcome = match history.read(&work, stop).await {
        Ok(rows) => Outcome::Rows(rows),
        Err(error) => told.hear(&work, error, history.common().clock.now()),
    };
    (work, outcome)
}
