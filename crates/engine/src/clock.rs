//! The program's clock: real time, or market time that was started elsewhere.
//!
//! Everything in the engine asks this clock, so that a demonstration, a test or `UNDERTOW_NOW`
//! can run any moment of the market. A clock that is not real time says so wherever it is shown.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// Fastest market time that makes sense: a session in two minutes.
pub const MAX_SPEED: f64 = 600.0;
/// Longest single sleep. A laptop that slept wakes to a clock that jumped; short sleeps notice.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
const SHORTEST_SLEEP: Duration = Duration::from_millis(5);

/// A clock. Copies tell the same time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    shift: Option<Shift>,
}

#[derive(Debug, Clone, Copy)]
struct Shift {
    started: Instant,
    market: DateTime<Utc>,
    speed: f64,
}

/// One reading of a clock, from which another program can go on: market time =
/// `market + (wall now - wall) * speed`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Wall time.
    pub wall: DateTime<Utc>,
    /// Market time.
    pub market: DateTime<Utc>,
    /// Market seconds a wall second.
    pub speed: f64,
    /// Whether market time is not real time.
    pub shifted: bool,
}

impl Clock {
    /// Real time.
    #[must_use]
    pub fn real() -> Self {
        Self { shift: None }
    }

    /// A clock that shows `market` now and runs from there, `speed` market seconds a wall second
    /// (held between 1 and [`MAX_SPEED`]).
    #[must_use]
    pub fn starting_at(market: DateTime<Utc>, speed: f64) -> Self {
        let speed = if speed.is_finite() { speed.clamp(1.0, MAX_SPEED) } else { 1.0 };
        Self { shift: Some(Shift { started: Instant::now(), market, speed }) }
    }

    /// Market time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match self.shift {
            None => Utc::now(),
            Some(shift) => {
                let elapsed = shift.started.elapsed().mul_f64(shift.speed);
                shift.market + TimeDelta::from_std(elapsed).unwrap_or(TimeDelta::MAX)
            }
        }
    }

    /// Market seconds a wall second.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.shift.map_or(1.0, |shift| shift.speed)
    }

    /// Reads wall and market time together.
    #[must_use]
    pub fn read(&self) -> Reading {
        Reading {
            wall: Utc::now(),
            market: self.now(),
            speed: self.speed(),
            shifted: self.shift.is_some(),
        }
    }

    /// Waits until market time reaches `at`.
    pub async fn sleep_until(&self, at: DateTime<Utc>) {
        loop {
            let left = at - self.now();
            let Ok(left) = left.to_std() else { return };
            if left.is_zero() {
                return;
            }
            let wall = left.div_f64(self.speed());
            tokio::time::sleep(wall.clamp(SHORTEST_SLEEP, LONGEST_SLEEP)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_started_clock_shows_its_start_and_never_goes_back() {
        let start = "2026-03-02T15:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(start, 600.0);
        let readings: Vec<_> = (0..100).map(|_| clock.now()).collect();
        assert!(readings[0] >= start);
        assert!(readings.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(clock.read().shifted);
    }

    #[test]
    fn an_impossible_speed_is_held_in_bounds() {
        let start = "2026-03-02T15:00:00Z".parse().unwrap();
        for (asked, kept) in [(f64::NAN, 1.0), (-3.0, 1.0), (0.0, 1.0), (1e9, MAX_SPEED)] {
            assert!((Clock::starting_at(start, asked).speed() - kept).abs() < f64::EPSILON);
        }
    }

    #[tokio::test]
    async fn a_wait_for_a_time_that_has_passed_ends_at_once() {
        let start = "2026-03-02T15:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(start, 1.0);
        clock.sleep_until(start - TimeDelta::hours(1)).await;
        clock.sleep_until(start).await;
    }
}
