//! What the vendor says of the market: what sale conditions mean, and which days are no ordinary
//! ones. A day on which our calendar says otherwise is told in the journal.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use chrono::NaiveDate;
use undertow_market::calendar::Day;
use undertow_market::{Calendar, CalendarNotice};
use undertow_store::log::LogLevel;
use undertow_vendor::polygon::ConditionTable;
use undertow_vendor::{Priority, VendorError};

use super::desk::Desk;
use crate::journal;

/// Differences that are told, at most: a list that differs everywhere is no list of this exchange.
const MOST_TOLD: usize = 20;

/// Asks for both. True when they were heard, or when asking again soon would change nothing.
pub(super) async fn ask(desk: &Desk, told: &mut BTreeSet<NaiveDate>) -> bool {
    if desk.may_ask().is_err() {
        return false;
    }
    let conditions = conditions(desk).await;
    let upcoming = match desk.client.upcoming(Priority::Live).await {
        Ok(notices) => {
            compare(desk, &notices, told).await;
            true
        }
        Err(error) => is_final(&error, "the vendor's calendar was not heard"),
    };
    conditions && upcoming
}

/// Asks what sale conditions mean. The built-in table stands for what is not told.
pub(super) async fn conditions(desk: &Desk) -> bool {
    match desk.client.conditions(Priority::Live).await {
        Ok(rows) => {
            let table = ConditionTable::builtin().with_reference(&rows);
            desk.client.set_conditions(table.clone());
            *desk.conditions.lock().unwrap_or_else(PoisonError::into_inner) = table;
            desk.conditions_are_new.store(true, Ordering::SeqCst);
            true
        }
        Err(error) => is_final(&error, "the vendor's sale conditions were not heard"),
    }
}

fn is_final(error: &VendorError, what: &str) -> bool {
    tracing::warn!(%error, "{what}");
    !error.is_retryable()
}

async fn compare(desk: &Desk, notices: &[CalendarNotice], told: &mut BTreeSet<NaiveDate>) {
    for notice in notices {
        let Some(difference) = difference(&desk.calendar, notice) else { continue };
        if told.len() < MOST_TOLD && told.insert(notice.date) {
            let message = format!(
                "{difference}. If the vendor is right, correct the calendar in the settings."
            );
            journal::note(desk, LogLevel::Warning, "calendar", message).await;
        }
    }
}

/// What a notice says that our calendar does not; none where they agree or where the notice is of
/// another market.
fn difference(calendar: &Calendar, notice: &CalendarNotice) -> Option<String> {
    let CalendarNotice { date, exchange, name, close_at } = notice;
    let ours = calendar.day(*date).ok()?;
    let theirs = match close_at {
        Some(at) => format!("{exchange} closes at {} UTC for {name}", at.format("%H:%M")),
        None => format!("{exchange} is closed for {name}"),
    };
    match (ours, close_at) {
        (Day::Closed(_), None) => None,
        (Day::Closed(why), Some(_)) => {
            Some(format!("{date}: the vendor says that {theirs}, our calendar has {why}"))
        }
        (Day::Session(hours), Some(at)) if hours.close_at == *at => None,
        (Day::Session(hours), _) => Some(format!(
            "{date}: the vendor says that {theirs}, our calendar closes at {} UTC",
            hours.close_at.format("%H:%M")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(date: &str, close_at: Option<&str>) -> CalendarNotice {
        CalendarNotice {
            date: date.parse().unwrap(),
            exchange: "NYSE".into(),
            name: "an occasion".into(),
            close_at: close_at.map(|at| at.parse().unwrap()),
        }
    }

    #[test]
    fn a_day_on_which_the_vendor_says_otherwise_is_told() {
        let calendar = Calendar::nyse();
        for (date, close_at, expected) in [
            // Thanksgiving, and the day after.
            ("2026-11-26", None, None),
            ("2026-11-27", Some("2026-11-27T18:00:00Z"), None),
            ("2026-11-27", Some("2026-11-27T17:00:00Z"), Some("closes at 18:00 UTC")),
            ("2026-11-27", None, Some("closes at 18:00 UTC")),
            ("2026-11-26", Some("2026-11-26T18:00:00Z"), Some("our calendar has")),
            ("2026-11-24", None, Some("closes at 21:00 UTC")),
            ("2090-01-01", None, None),
        ] {
            let found = difference(&calendar, &notice(date, close_at));
            let has = |part: &str| found.as_ref().is_some_and(|text| text.contains(part));
            assert!(expected.map_or(found.is_none(), has), "{date} {close_at:?}: {found:?}");
        }
    }
}
