//! At most so many requests in any second.

use std::time::Duration;

use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// The requests of one second.
pub(super) struct Pace {
    most: u32,
    sent: u32,
    began_at: Instant,
}

impl Pace {
    pub(super) fn new(most: u32, now: Instant) -> Self {
        Self { most, sent: 0, began_at: now }
    }

    /// Counts one more request, or says when the next may be sent.
    pub(super) fn send(&mut self, now: Instant) -> Option<Instant> {
        if now.saturating_duration_since(self.began_at) >= SECOND {
            (self.began_at, self.sent) = (now, 0);
        }
        if self.sent >= self.most {
            return Some(self.began_at + SECOND);
        }
        self.sent += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_spread_over_the_seconds() {
        let begin = Instant::now();
        let mut pace = Pace::new(90, begin);
        for second in 0..3 {
            let now = begin + SECOND * second;
            assert!((0..90).all(|_| pace.send(now).is_none()));
            assert_eq!(pace.send(now), Some(now + SECOND));
        }
    }
}
