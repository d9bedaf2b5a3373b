//! How long something took, over many times: percentiles from a fixed number of buckets.

use std::time::Duration;

/// Buckets of a doubling: a figure is at most an eighth above the true one.
const STEPS: u64 = 8;
/// What [`STEPS`] is a power of two of.
const STEP_BITS: u32 = STEPS.ilog2();
/// Doublings: from a sixteenth of a millisecond to more than an hour.
const DOUBLINGS: usize = 28;
const BUCKETS: usize = DOUBLINGS * STEPS as usize;
/// The end of the first doubling, microseconds.
const FIRST_US: u64 = 64;

/// A number of times, by how long they took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    counts: [u64; BUCKETS],
    longest: Duration,
}

impl Default for Lag {
    fn default() -> Self {
        Self { counts: [0; BUCKETS], longest: Duration::ZERO }
    }
}

impl Lag {
    /// Counts `times` that took so long each.
    pub(super) fn note(&mut self, took: Duration, times: u64) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.counts[place_of(us).min(BUCKETS - 1)] += times;
        if times > 0 {
            self.longest = self.longest.max(took);
        }
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The longest.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// So many of a hundred took no longer: the end of the bucket, which is at most an eighth above
    /// the true figure. None while nothing was counted.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<Duration> {
        let wanted = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let place = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        Some(Duration::from_micros(end_us(place)).min(self.longest))
    }

    /// What was counted since `before`, which was this one earlier. The longest is of all.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let mut counts = self.counts;
        for (now, then) in counts.iter_mut().zip(before.counts) {
            *now = now.saturating_sub(then);
        }
        Self { counts, longest: self.longest }
    }
}

/// The bucket of a time: even steps in the first doubling, and as many in each one after it.
fn place_of(us: u64) -> usize {
    let scaled = us.saturating_mul(STEPS) / FIRST_US;
    let doubling = scaled.checked_ilog2().unwrap_or(0).saturating_sub(STEP_BITS);
    ((scaled >> doubling) + u64::from(doubling) * STEPS) as usize
}

/// Where a bucket ends, microseconds.
fn end_us(place: usize) -> u64 {
    let (doubling, step) = ((place as u64 / STEPS).saturating_sub(1), place as u64);
    ((step - doubling * STEPS + 1) << doubling) * FIRST_US / STEPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_what_is_at_most_an_eighth_below_its_end() {
        let mut end_before = 0;
        for place in 0..BUCKETS - 1 {
            let end = end_us(place);
            assert_eq!(place_of(end_before), place, "from {end_before}");
            assert_eq!(place_of(end - 1), place, "to {end}");
            let width = end - end_before;
            assert!(width <= (end_before / STEPS).max(FIRST_US / STEPS), "{end_before} to {end}");
            end_before = end;
        }
    }

    #[test]
    fn percentiles_are_the_ends_of_their_buckets() {
        let mut lag = Lag::default();
        assert_eq!(lag.percentile(99), None);
        lag.note(Duration::from_millis(1), 990);
        lag.note(Duration::from_secs(3), 10);
        assert_eq!(lag.count(), 1_000);
        let half = lag.percentile(50).unwrap();
        assert!(
            half >= Duration::from_millis(1) && half <= Duration::from_micros(1_125),
            "{half:?}"
        );
        assert_eq!(lag.percentile(99), Some(half));
        assert_eq!(lag.percentile(100), Some(Duration::from_secs(3)));
        let before = lag;
        lag.note(Duration::from_millis(5), 1);
        assert_eq!(lag.since(&before).count(), 1);
        lag.note(Duration::from_secs(1_000_000), 1);
        assert_eq!(lag.longest(), Duration::from_secs(1_000_000));
    }
}
