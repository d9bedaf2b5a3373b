//! What columns can hold, for telling bad rows from good ones before the database is asked.

use chrono::{DateTime, TimeZone, Utc};

/// Whether the tables take an instant.
pub(crate) fn is_real_time(at: DateTime<Utc>) -> bool {
    at >= earliest() && at < latest()
}

/// The nearest instant that the tables take.
pub(crate) fn to_real_time(at: DateTime<Utc>) -> DateTime<Utc> {
    at.clamp(earliest(), latest())
}

/// The database keeps microseconds: a finer time would differ from itself for ever.
pub(crate) fn to_microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

fn earliest() -> DateTime<Utc> {
    Utc.timestamp_opt(631_152_000, 0).single().expect("1990-01-01 is a time")
}

fn latest() -> DateTime<Utc> {
    Utc.timestamp_opt(4_102_444_800, 0).single().expect("2100-01-01 is a time")
}
