//! How soon to ask a vendor again, so that no page overflows.
//!
//! A page holds a bounded number of prints. If a symbol prints faster than a page a poll, the
//! rest has to be paged for; so the next question comes when about half a page has gathered.

use chrono::{DateTime, TimeDelta, Utc};

/// The share of a page that may gather between two questions.
const FILL: f64 = 0.5;

/// The longest and the shortest time between two questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Longest.
    pub slowest: TimeDelta,
    /// Shortest.
    pub fastest: TimeDelta,
}

/// What the last question brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intake {
    /// Rows that were new.
    pub rows: usize,
    /// Market time that they cover.
    pub over: TimeDelta,
}

/// Market time to wait before the next question.
#[must_use]
pub fn next_wait(intake: Intake, page_limit: usize, bounds: Bounds) -> TimeDelta {
    let seconds = intake.over.as_seconds_f64();
    if intake.rows == 0 || seconds <= 0.0 {
        return bounds.slowest;
    }
    #[expect(clippy::cast_precision_loss, reason = "page sizes are far below 2^52")]
    let (rows, room) = (intake.rows as f64, page_limit as f64 * FILL);
    let wait = seconds * room / rows;
    #[expect(clippy::cast_possible_truncation, reason = "the wait is clamped right below")]
    let wait = TimeDelta::milliseconds((wait * 1_000.0).min(86_400_000.0) as i64);
    wait.clamp(bounds.fastest, bounds.slowest)
}

/// Questions fall on whole multiples of this in market time, so that series that are compared
/// with each other are read in step.
const GRID_S: i64 = 5;

/// The next instant of the grid, not before `at`.
#[must_use]
pub fn on_grid(at: DateTime<Utc>) -> DateTime<Utc> {
    let over_ms = at.timestamp_millis().rem_euclid(GRID_S * 1_000);
    let wait = if over_ms == 0 { 0 } else { GRID_S * 1_000 - over_ms };
    DateTime::from_timestamp_millis(at.timestamp_millis() + wait).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_fall_on_the_grid() {
        for (at, expected) in [
            ("2026-03-02T15:00:00Z", "2026-03-02T15:00:00Z"),
            ("2026-03-02T15:00:00.001Z", "2026-03-02T15:00:05Z"),
            ("2026-03-02T15:00:59.9Z", "2026-03-02T15:01:00Z"),
        ] {
            let at: DateTime<Utc> = at.parse().unwrap();
            assert_eq!(on_grid(at), expected.parse::<DateTime<Utc>>().unwrap());
        }
    }

    fn wait_s(rows: usize, over_s: i64) -> i64 {
        let bounds = Bounds { slowest: TimeDelta::seconds(60), fastest: TimeDelta::seconds(10) };
        let over = TimeDelta::seconds(over_s);
        next_wait(Intake { rows, over }, 500, bounds).num_seconds()
    }

    #[test]
    fn a_quiet_symbol_is_asked_at_the_slowest_pace() {
        assert_eq!(wait_s(0, 60), 60);
        assert_eq!(wait_s(3, 60), 60);
    }

    #[test]
    fn spy_near_the_close_is_asked_before_half_a_page_has_gathered() {
        // A full page spanned 3.9 minutes in a recorded close: 128 prints a minute.
        assert_eq!(wait_s(128, 60), 60);
        // Four times as busy.
        assert_eq!(wait_s(500, 58), 29);
    }

    #[test]
    fn the_busiest_symbol_is_asked_no_faster_than_the_fastest_pace() {
        assert_eq!(wait_s(500, 1), 10);
    }
}
