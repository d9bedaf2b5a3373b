//! Counts requests against a plan, as the vendor does, and says so in its headers.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use undertow_market::calendar::new_york_date;

/// What the vendor writes as the minute's remainder where a plan has no minute limit.
const NO_MINUTE_LIMIT: u32 = 1_000_000;
const WINDOW: TimeDelta = TimeDelta::minutes(1);
/// A scripted minute refusal is over this soon, so that no test waits a minute.
const SCRIPTED_RESET: TimeDelta = TimeDelta::milliseconds(250);
/// The day's count starts again at 20:00 in New York: this long before its midnight.
const RESET_BEFORE_MIDNIGHT: TimeDelta = TimeDelta::hours(4);

/// What a key may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Requests a minute, in real time; None for no limit.
    pub per_minute: Option<u32>,
    /// Requests a day; counted from 20:00 to 20:00 in New York, in market time.
    pub per_day: u32,
    /// How many sessions back it reaches, today's included.
    pub history_sessions: u32,
    /// Whether the websocket may be joined. Without it the upgrade is refused with 401.
    pub websocket: bool,
}

impl Default for Plan {
    /// Like the vendor's entry plan, with its trial's history.
    fn default() -> Self {
        Self { per_minute: Some(120), per_day: 40_000, history_sessions: 90, websocket: false }
    }
}

/// The values of the `x-uw-*` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) per_day: u32,
    pub(crate) used_today: u32,
    pub(crate) used_this_minute: u32,
    pub(crate) left_this_minute: u32,
    pub(crate) reset_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    Granted(Usage),
    MinuteUsedUp(Usage),
    DayUsedUp(Usage),
}

pub(crate) struct Limits {
    plan: Plan,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    window_at: Option<DateTime<Utc>>,
    this_minute: u32,
    day: NaiveDate,
    today: u32,
}

impl Limits {
    pub(crate) fn new(plan: Plan) -> Self {
        Self { plan, counts: Mutex::default() }
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Counts a request if it is granted. `now` is the market's time, `minute_now` the time that
    /// minutes are counted in.
    pub(crate) fn admit(&self, now: DateTime<Utc>, minute_now: DateTime<Utc>) -> Admission {
        let mut counts = self.counts();
        counts.roll(now, minute_now);
        if counts.today >= self.plan.per_day {
            return Admission::DayUsedUp(self.usage(&counts, minute_now));
        }
        if self.plan.per_minute.is_some_and(|limit| counts.this_minute >= limit) {
            return Admission::MinuteUsedUp(self.usage(&counts, minute_now));
        }
        counts.today += 1;
        counts.this_minute += 1;
        Admission::Granted(self.usage(&counts, minute_now))
    }

    /// What an answer shows that was not counted.
    pub(crate) fn as_it_stands(&self, minute_now: DateTime<Utc>) -> Usage {
        self.usage(&self.counts(), minute_now)
    }

    /// What a scripted refusal of the minute shows.
    pub(crate) fn as_if_minute_used_up(&self) -> Usage {
        let counts = self.counts();
        Usage {
            used_this_minute: self.plan.per_minute.unwrap_or(counts.this_minute),
            left_this_minute: 0,
            reset_ms: SCRIPTED_RESET.num_milliseconds(),
            ..self.usage(&counts, DateTime::UNIX_EPOCH)
        }
    }

    /// What a scripted refusal of the day shows.
    pub(crate) fn as_if_day_used_up(&self, minute_now: DateTime<Utc>) -> Usage {
        let counts = self.counts();
        Usage { used_today: self.plan.per_day, ..self.usage(&counts, minute_now) }
    }

    fn usage(&self, counts: &Counts, minute_now: DateTime<Utc>) -> Usage {
        let reset_at = counts.window_at.unwrap_or(minute_now) + WINDOW;
        Usage {
            per_day: self.plan.per_day,
            used_today: counts.today,
            used_this_minute: counts.this_minute,
            left_this_minute: self
                .plan
                .per_minute
                .map_or(NO_MINUTE_LIMIT, |limit| limit.saturating_sub(counts.this_minute)),
            reset_ms: (reset_at - minute_now).num_milliseconds(),
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn roll(&mut self, now: DateTime<Utc>, minute_now: DateTime<Utc>) {
        let in_window = |at: DateTime<Utc>| at <= minute_now && minute_now < at + WINDOW;
        if !self.window_at.is_some_and(in_window) {
            self.window_at = Some(minute_now);
            self.this_minute = 0;
        }
        let day = new_york_date(now + RESET_BEFORE_MIDNIGHT);
        if self.day != day {
            self.day = day;
            self.today = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn limits(per_minute: Option<u32>, per_day: u32) -> Limits {
        Limits::new(Plan { per_minute, per_day, ..Plan::default() })
    }

    #[test]
    fn a_minute_window_opens_with_its_first_request() {
        let limits = limits(Some(2), 100);
        let ask = |text| limits.admit(at(text), at(text));
        let Admission::Granted(usage) = ask("2026-06-01T15:00:30Z") else { panic!("refused") };
        assert_eq!(
            (usage.used_this_minute, usage.left_this_minute, usage.reset_ms),
            (1, 1, 60_000)
        );
        assert!(matches!(ask("2026-06-01T15:01:00Z"), Admission::Granted(_)));
        let Admission::MinuteUsedUp(usage) = ask("2026-06-01T15:01:20Z") else { panic!("granted") };
        assert_eq!((usage.left_this_minute, usage.reset_ms, usage.used_today), (0, 10_000, 2));
        assert!(matches!(ask("2026-06-01T15:01:30Z"), Admission::Granted(_)));
    }

    #[test]
    fn the_day_begins_at_eight_in_the_evening_in_new_york() {
        for (last, first) in [
            ("2026-06-01T23:59:59Z", "2026-06-02T00:00:00Z"),
            ("2026-12-02T00:59:59Z", "2026-12-02T01:00:00Z"),
        ] {
            let limits = limits(None, 1);
            assert!(matches!(limits.admit(at(last), at(last)), Admission::Granted(_)));
            assert!(matches!(limits.admit(at(last), at(last)), Admission::DayUsedUp(_)));
            let Admission::Granted(usage) = limits.admit(at(first), at(first)) else {
                panic!("the day did not begin at {first}")
            };
            assert_eq!((usage.used_today, usage.left_this_minute), (1, NO_MINUTE_LIMIT));
        }
    }
}
