//! New York's wall clock: between instants and dates, times, minutes of the day.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::America::New_York;

/// The date in New York at an instant.
#[must_use]
pub fn new_york_date(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&New_York).date_naive()
}

/// The instant at which New York's wall clock shows a date and a time.
///
/// An hour that autumn repeats is read as its first passing. An hour that spring leaves out is
/// read by the clock as it went before the change, so 02:30 is the instant of 03:30.
#[must_use]
pub fn new_york_instant(date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let wall = date.and_time(time);
    match New_York.from_local_datetime(&wall) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
        LocalResult::None => {
            let shown = wall + TimeDelta::hours(1);
            New_York
                .from_local_datetime(&shown)
                .earliest()
                .expect("an hour after a skipped time, the clock shows the time again")
                .to_utc()
        }
    }
}

/// The minute of New York's wall clock at an instant, 0 (midnight) to 1439.
#[must_use]
pub fn minute_of_day(at: DateTime<Utc>) -> u16 {
    let wall = at.with_timezone(&New_York);
    u16::try_from(wall.hour() * 60 + wall.minute()).expect("a day has 1440 minutes")
}
