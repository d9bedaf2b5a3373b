//! How long something took, over many times: percentiles from a fixed number of buckets.

use std::time::Duration;

/// Buckets that double: from a sixteenth of a millisecond to more than an hour.
const BUCKETS: usize = 28;
/// The end of the first bucket, microseconds.
const FIRST_US: u64 = 62;

/// A number of times, by how long they took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lag {
    counts: [u64; BUCKETS],
    longest: Duration,
}

impl Lag {
    /// Counts `times` that took so long each.
    pub(super) fn note(&mut self, took: Duration, times: u64) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = (us / FIRST_US).checked_ilog2().map_or(0, |power| power as usize + 1);
        self.counts[place.min(BUCKETS - 1)] += times;
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

    /// So many of a hundred took no longer: the end of the bucket, which is at most twice the true
    /// figure. None while nothing was counted.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<Duration> {
        let wanted = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let place = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        let end = Duration::from_micros(FIRST_US << place);
        Some(end.min(self.longest))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_ends_of_their_buckets() {
        let mut lag = Lag::default();
        assert_eq!(lag.percentile(99), None);
        lag.note(Duration::from_millis(1), 990);
        lag.note(Duration::from_secs(3), 10);
        assert_eq!(lag.count(), 1_000);
        let half = lag.percentile(50).unwrap();
        assert!(half >= Duration::from_millis(1) && half <= Duration::from_millis(2), "{half:?}");
        assert_eq!(lag.percentile(99), Some(half));
        assert_eq!(lag.percentile(100), Some(Duration::from_secs(3)));
        let before = lag;
        lag.note(Duration::from_millis(5), 1);
        assert_eq!(lag.since(&before).count(), 1);
        lag.note(Duration::from_secs(1_000_000), 1);
        assert_eq!(lag.longest(), Duration::from_secs(1_000_000));
    }
}
