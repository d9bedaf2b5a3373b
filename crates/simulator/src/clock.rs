//! The market's time. It runs from a chosen start at a chosen speed, or stands still until a test
//! moves it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// Slowest running clock, in market seconds a second.
pub const MIN_SPEED: f64 = 0.01;
/// Fastest running clock, in market seconds a second: a trading day in under a second.
pub const MAX_SPEED: f64 = 100_000.0;

/// Tells the market's time. Clones tell the same time.
#[derive(Clone, Debug)]
pub struct SimClock(Hands);

#[derive(Clone, Debug)]
enum Hands {
    Running { start_at: DateTime<Utc>, speed: f64, began: Instant },
    Manual(ManualClock),
}

impl SimClock {
    /// A clock that shows `start_at` now and gains `speed` seconds a second. A speed outside
    /// [`MIN_SPEED`] to [`MAX_SPEED`] becomes the nearer of the two; NaN becomes 1.
    #[must_use]
    pub fn running(start_at: DateTime<Utc>, speed: f64) -> Self {
        let speed = if speed.is_nan() { 1.0 } else { speed.clamp(MIN_SPEED, MAX_SPEED) };
        Self(Hands::Running { start_at, speed, began: Instant::now() })
    }

    /// The market's time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Hands::Running { start_at, speed, began } => {
                let elapsed_us = began.elapsed().as_secs_f64() * speed * 1e6;
                *start_at + TimeDelta::microseconds(elapsed_us as i64)
            }
            Hands::Manual(clock) => clock.now(),
        }
    }

    /// The time that minute limits are counted in. A client waits in real seconds however fast
    /// the market runs, so this one runs at speed one; a manual clock moves it by hand as well.
    pub(crate) fn unscaled_now(&self) -> DateTime<Utc> {
        match &self.0 {
            Hands::Running { start_at, began, .. } => {
                *start_at + TimeDelta::from_std(began.elapsed()).unwrap_or(TimeDelta::MAX / 4)
            }
            Hands::Manual(clock) => clock.now(),
        }
    }
}

/// A clock that stands still until it is moved. Clones move together.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// A clock that shows `at`.
    #[must_use]
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(at)))
    }

    /// The clock to give to the simulator.
    #[must_use]
    pub fn clock(&self) -> SimClock {
        SimClock(Hands::Manual(self.clone()))
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves it by a span.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Moves it to an instant, forward or back.
    pub fn set(&self, at: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand_and_all_its_clones_with_it() {
        let manual = ManualClock::new(DateTime::UNIX_EPOCH);
        let clock = manual.clock();
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH);
        manual.clone().advance(TimeDelta::seconds(90));
        assert_eq!(clock.now().timestamp(), 90);
        manual.set(DateTime::UNIX_EPOCH);
        assert_eq!((clock.now(), clock.unscaled_now()), (manual.now(), manual.now()));
    }

    #[test]
    fn a_running_clock_gains_as_fast_as_it_was_told() {
        let start_at = DateTime::UNIX_EPOCH;
        let clock = SimClock::running(start_at, MAX_SPEED);
        let copy = clock.clone();
        while clock.now() < start_at + TimeDelta::minutes(10) {
            std::hint::spin_loop();
        }
        assert!(copy.now() >= start_at + TimeDelta::minutes(10));
        let real = clock.unscaled_now() - start_at;
        assert!(real >= TimeDelta::milliseconds(6), "{real} for ten minutes");
    }

    #[test]
    fn a_speed_without_sense_is_brought_into_bounds() {
        for (asked, expected) in
            [(f64::NAN, 1.0), (0.0, MIN_SPEED), (-5.0, MIN_SPEED), (f64::INFINITY, MAX_SPEED)]
        {
            let SimClock(Hands::Running { speed, .. }) =
                SimClock::running(DateTime::UNIX_EPOCH, asked)
            else {
                panic!("a running clock was asked for");
            };
            assert!((speed - expected).abs() < f64::EPSILON, "{asked} became {speed}");
        }
    }
}
