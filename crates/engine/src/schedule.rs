//! When to ask: the calendar turned into due times. Pure.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use undertow_market::calendar::new_york_instant;
use undertow_market::{Calendar, SessionHours};

/// After the last minute of a day the tape needs a moment to settle.
pub const SETTLE: TimeDelta = TimeDelta::minutes(5);
/// When a past session is read again in the morning, New York time.
const MORNING: NaiveTime = NaiveTime::from_hms_opt(8, 0, 0).expect("eight o'clock exists");
/// How many sessions later a session is read for the last time.
const LAST_REREAD_SESSIONS: usize = 3;

/// What a collector does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The session `date` is open: ask now.
    Now(NaiveDate),
    /// Nothing trades until then.
    At(DateTime<Utc>),
    /// The calendar ends.
    Never,
}

/// The part of a trading day in which something is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// From pre-market to the end of post-market.
    AllHours,
    /// While options trade, and until the vendor has told of the last trades.
    Options,
}

/// Options on funds trade a quarter of an hour after the close, and alerts of the last trades
/// come half an hour later.
const OPTIONS_AFTER_CLOSE: TimeDelta = TimeDelta::minutes(55);

impl Window {
    /// When it begins and ends on a trading day.
    #[must_use]
    pub fn of(self, hours: &SessionHours) -> (DateTime<Utc>, DateTime<Utc>) {
        match self {
            Self::AllHours => (hours.pre_at, hours.post_end_at),
            Self::Options => (hours.open_at, hours.close_at + OPTIONS_AFTER_CLOSE),
        }
    }
}

/// What is due at `now`: a window counts as open until the tape has settled.
#[must_use]
pub fn due(calendar: &Calendar, now: DateTime<Utc>, window: Window) -> Due {
    let latest = calendar.latest_session(now);
    if let Some(hours) = latest.and_then(|date| calendar.session(date)) {
        let (from, to) = window.of(&hours);
        if now < from {
            return Due::At(from);
        }
        if now <= to + SETTLE {
            return Due::Now(hours.date);
        }
    }
    let after = latest.unwrap_or_else(|| undertow_market::calendar::new_york_date(now));
    match calendar.next_session(after).and_then(|date| calendar.session(date)) {
        Some(hours) => Due::At(window.of(&hours).0),
        None => Due::Never,
    }
}

/// The instants at which a finished session is read again, because vendors cancel and correct
/// prints after the fact: that evening, the next session's morning, and three sessions later.
#[must_use]
pub fn rereads(calendar: &Calendar, session: NaiveDate) -> Vec<DateTime<Utc>> {
    let Some(hours) = calendar.session(session) else { return Vec::new() };
    let later =
        std::iter::successors(calendar.next_session(session), |date| calendar.next_session(*date));
    let mornings = later
        .take(LAST_REREAD_SESSIONS)
        .enumerate()
        .filter(|(nth, _)| *nth == 0 || *nth == LAST_REREAD_SESSIONS - 1)
        .map(|(_, date)| new_york_instant(date, MORNING));
    std::iter::once(hours.post_end_at + SETTLE).chain(mornings).collect()
}

/// The newest reread of `session` that is due at `now`, if any.
#[must_use]
pub fn reread_due(
    calendar: &Calendar,
    session: NaiveDate,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    rereads(calendar, session).into_iter().rfind(|at| *at <= now)
}

/// Sessions that may still have a reread due at `now`, oldest first.
#[must_use]
pub fn reread_sessions(calendar: &Calendar, now: DateTime<Utc>) -> Vec<NaiveDate> {
    match calendar.latest_session(now) {
        Some(latest) => calendar.sessions_ending(latest, LAST_REREAD_SESSIONS + 2),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_collector_works_from_pre_market_until_the_tape_has_settled() {
        let calendar = Calendar::nyse();
        for (now, expected) in [
            // Friday 20 November 2026, New York is five hours behind.
            ("2026-11-20T08:59:59Z", Due::At(at("2026-11-20T09:00:00Z"))),
            ("2026-11-20T09:00:00Z", Due::Now(day("2026-11-20"))),
            ("2026-11-20T20:59:00Z", Due::Now(day("2026-11-20"))),
            ("2026-11-21T01:04:00Z", Due::Now(day("2026-11-20"))),
            ("2026-11-21T01:06:00Z", Due::At(at("2026-11-23T09:00:00Z"))),
            ("2026-11-22T15:00:00Z", Due::At(at("2026-11-23T09:00:00Z"))),
            // Thanksgiving.
            ("2026-11-26T15:00:00Z", Due::At(at("2026-11-27T09:00:00Z"))),
        ] {
            assert_eq!(due(&calendar, at(now), Window::AllHours), expected, "{now}");
        }
    }

    #[test]
    fn options_are_collected_from_the_open_until_an_hour_after_the_close() {
        let calendar = Calendar::nyse();
        for (now, expected) in [
            ("2026-11-20T14:29:59Z", Due::At(at("2026-11-20T14:30:00Z"))),
            ("2026-11-20T14:30:00Z", Due::Now(day("2026-11-20"))),
            ("2026-11-20T22:00:00Z", Due::Now(day("2026-11-20"))),
            ("2026-11-20T22:00:01Z", Due::At(at("2026-11-23T14:30:00Z"))),
            // The day after Thanksgiving closes at one.
            ("2026-11-27T19:00:01Z", Due::At(at("2026-11-30T14:30:00Z"))),
        ] {
            assert_eq!(due(&calendar, at(now), Window::Options), expected, "{now}");
        }
    }

    #[test]
    fn a_session_is_read_again_that_evening_next_morning_and_three_sessions_later() {
        let calendar = Calendar::nyse();
        let expected =
            ["2026-11-21T01:05:00Z", "2026-11-23T13:00:00Z", "2026-11-25T13:00:00Z"].map(at);
        assert_eq!(rereads(&calendar, day("2026-11-20")), expected);
        assert_eq!(reread_due(&calendar, day("2026-11-20"), at("2026-11-21T01:00:00Z")), None);
        let monday = at("2026-11-23T14:00:00Z");
        assert_eq!(reread_due(&calendar, day("2026-11-20"), monday), Some(expected[1]));
    }

    #[test]
    fn every_reread_that_falls_due_is_among_the_sessions_that_are_looked_at() {
        let calendar = Calendar::nyse();
        for session in calendar.sessions_between(day("2025-01-02"), day("2025-12-31")) {
            for due_at in rereads(&calendar, session) {
                assert!(reread_sessions(&calendar, due_at).contains(&session), "{session}");
            }
        }
    }
}
