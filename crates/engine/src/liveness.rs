//! Tells a quiet symbol from a vendor whose tape stands still: asks now and then for the newest
//! prints of the whole market. Nothing of it is stored.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use undertow_market::{MarketSession, Symbol};
use undertow_store::log::LogLevel;
use undertow_vendor::Priority;

use crate::common::CollectError;
use crate::feed::Series;
use crate::journal;
use crate::schedule::{self, Due, Window};
use crate::shared::Shared;

/// How often the whole tape is looked at.
const LOOK_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Newest prints that are asked for: one late report must not decide.
const NEWEST: u16 = 20;
/// In the regular session the market prints many times a second. A tape whose newest print is
/// older than this stands still.
const STANDS_STILL_AFTER: TimeDelta = TimeDelta::minutes(3);

/// Looks until the engine stops. `market` is the name under which the whole market is kept.
pub(crate) async fn watch(shared: Arc<Shared>, market: Symbol, stop: CancellationToken) {
    loop {
        let now = shared.clock.now();
        let next = match schedule::due(&shared.calendar, now, Window::AllHours) {
            Due::Never => return,
            Due::At(at) => at,
            Due::Now(_) => match look(&shared, &market, &stop).await {
                Ok(()) => now + LOOK_EVERY,
                Err(CollectError::Stopped) => return,
                Err(error) => {
                    let problem = Some(error.to_string());
                    shared.feeds.update(&market, Series::Prints, |feed| feed.problem = problem);
                    now + LOOK_EVERY.max(error.wait())
                }
            },
        };
        shared.feeds.update(&market, Series::Prints, |feed| feed.next_at = Some(next));
        if !shared.wait_until(next, &stop).await {
            return;
        }
    }
}

async fn look(
    shared: &Shared,
    market: &Symbol,
    stop: &CancellationToken,
) -> Result<(), CollectError> {
    shared.may_ask()?;
    let page = tokio::select! {
        page = shared.vendor.darkpool_recent(NEWEST, Priority::Live) => shared.heard(page)?,
        () = stop.cancelled() => return Err(CollectError::Stopped),
    };
    let now = shared.clock.now();
    let newest = page.rows.iter().map(|print| print.reported_at).max();
    let is_regular = shared.calendar.session_at(now).1 == MarketSession::Regular;
    let problem = newest.filter(|_| is_regular).and_then(|newest| standstill(newest, now));
    let before = shared.feeds.problem(market, Series::Prints);
    shared.feeds.update(market, Series::Prints, |feed| {
        feed.asked_at = Some(now);
        feed.newest_at = newest;
        feed.problem.clone_from(&problem);
    });
    match (before, problem) {
        (None, Some(problem)) => journal::note(shared, LogLevel::Warning, "vendor", problem).await,
        (Some(_), None) => {
            let message = "the vendor's tape moves again".to_owned();
            journal::note(shared, LogLevel::Info, "vendor", message).await;
        }
        _ => {}
    }
    Ok(())
}

/// What to say of a tape whose newest print is of `newest`; none while it moves.
fn standstill(newest: DateTime<Utc>, now: DateTime<Utc>) -> Option<String> {
    let minutes = (now - newest).num_minutes();
    (now - newest > STANDS_STILL_AFTER).then(|| {
        format!(
            "the vendor's tape stands still: its newest print of the whole market is {minutes} \
             minutes old. What is missing is read when it moves again."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tape_stands_still_when_the_whole_market_has_not_printed_for_minutes() {
        let now: DateTime<Utc> = "2026-03-02T15:00:00Z".parse().unwrap();
        assert_eq!(standstill(now - TimeDelta::seconds(170), now), None);
        let told = standstill(now - TimeDelta::minutes(12), now).unwrap();
        assert!(told.contains("12 minutes old"), "{told}");
    }
}
