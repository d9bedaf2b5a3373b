//! A day of the tape: minutes since New York midnight, as instants.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use undertow_analysis::activity::MINUTES_PER_DAY;
use undertow_market::calendar::new_york_instant;

/// A day of the tape. Trades of the night belong to it as well as those of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TapeDay {
    pub(super) date: NaiveDate,
    midnight: DateTime<Utc>,
}

impl TapeDay {
    /// The day of a date in New York.
    pub(super) fn of(date: NaiveDate) -> Self {
        Self { date, midnight: new_york_instant(date, NaiveTime::MIN) }
    }

    /// When it begins.
    pub(super) fn begins_at(self) -> DateTime<Utc> {
        self.midnight
    }

    /// When it ends. Clocks change on Sundays, on which nothing trades.
    pub(super) fn ends_at(self) -> DateTime<Utc> {
        self.at(MINUTES_PER_DAY)
    }

    /// When a minute begins.
    pub(super) fn at(self, minute: u16) -> DateTime<Utc> {
        self.midnight + TimeDelta::minutes(i64::from(minute))
    }

    /// The minute of an instant: 0 before the day, [`MINUTES_PER_DAY`] after it.
    pub(super) fn minute_of(self, at: DateTime<Utc>) -> u16 {
        let minutes = (at - self.midnight).num_minutes().clamp(0, i64::from(MINUTES_PER_DAY));
        u16::try_from(minutes).unwrap_or(MINUTES_PER_DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_counted_from_new_york_midnight_and_stay_within_the_day() {
        let day = TapeDay::of("2026-11-20".parse().unwrap());
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(day.minute_of(at("2026-11-20T14:30:59.999Z")), 570);
        assert_eq!(day.minute_of(at("2026-11-20T04:59:59Z")), 0);
        assert_eq!(day.minute_of(at("2026-11-22T00:00:00Z")), MINUTES_PER_DAY);
        assert_eq!(day.at(570), at("2026-11-20T14:30:00Z"));
        assert_eq!(day.ends_at(), at("2026-11-21T05:00:00Z"));
    }
}
