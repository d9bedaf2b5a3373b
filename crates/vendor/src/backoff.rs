//! How often and after which waits a failed request is sent again.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Attempts and the exponential waits between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Requests in all, the first one included. Zero counts as one.
    pub attempts: u32,
    /// The longest wait after the first failure; it doubles with each further one.
    pub first_delay: Duration,
    /// No wait is longer than this.
    pub max_delay: Duration,
    /// Makes the waits repeatable. Without it they differ from run to run, as they should where
    /// many programs lost the same server.
    pub jitter_seed: Option<u64>,
}

impl Default for RetryPolicy {
    /// Three repeats within about four seconds: a slot of a minute still has its answer in time.
    fn default() -> Self {
        Self {
            attempts: 4,
            first_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(8),
            jitter_seed: None,
        }
    }
}

impl RetryPolicy {
    /// The waits before the second, third, … attempt. Each lies between half its exponential
    /// value and the whole of it.
    pub fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let policy = *self;
        let mut random = StdRng::seed_from_u64(self.jitter_seed.unwrap_or_else(rand::random));
        (1..self.attempts).map(move |failures| {
            let whole = policy.ceiling(failures);
            whole.mul_f64(random.random_range(0.5..=1.0))
        })
    }

    fn ceiling(&self, failures: u32) -> Duration {
        let factor = 2_u32.saturating_pow(failures - 1);
        self.first_delay.saturating_mul(factor).min(self.max_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(attempts: u32, seed: u64) -> RetryPolicy {
        RetryPolicy { attempts, jitter_seed: Some(seed), ..RetryPolicy::default() }
    }

    #[test]
    fn waits_double_up_to_the_ceiling_and_are_jittered_by_at_most_half() {
        for seed in 0..200 {
            let delays: Vec<u128> = policy(8, seed).delays().map(|d| d.as_millis()).collect();
            let wholes = [500, 1000, 2000, 4000, 8000, 8000, 8000];
            assert_eq!(delays.len(), wholes.len());
            for (delay, whole) in delays.iter().zip(wholes) {
                assert!((whole / 2..=whole).contains(delay), "seed {seed}: {delays:?}");
            }
        }
    }

    #[test]
    fn a_seed_repeats_its_waits_and_another_does_not() {
        let waits = |seed| policy(6, seed).delays().collect::<Vec<_>>();
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
    }

    #[test]
    fn one_attempt_or_none_has_no_wait() {
        assert_eq!(policy(1, 1).delays().count(), 0);
        assert_eq!(policy(0, 1).delays().count(), 0);
    }

    #[test]
    fn a_huge_number_of_attempts_does_not_overflow() {
        let last = policy(200, 3).delays().last();
        assert!(last.is_some_and(|delay| delay <= Duration::from_secs(8)));
    }
}
