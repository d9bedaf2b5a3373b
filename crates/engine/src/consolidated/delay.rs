//! How far the vendor is behind the market, learnt from its answers: a second on one plan, a
//! quarter of an hour on another.

use chrono::{DateTime, TimeDelta, Utc};

/// Until anything was heard: a little more than the longest delay of any plan.
pub(super) const UNKNOWN: TimeDelta = TimeDelta::minutes(16);
/// How long the best delay that was seen is believed.
const BELIEVED_FOR: TimeDelta = TimeDelta::minutes(15);

/// The best delay that was seen lately. A symbol that does not trade looks delayed; the busiest
/// one tells the truth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Delay(Option<(TimeDelta, DateTime<Utc>)>);

impl Delay {
    /// At `at` the newest trade that was told was of `newest`.
    pub(super) fn note(&mut self, at: DateTime<Utc>, newest: DateTime<Utc>) {
        let seen = (at - newest).max(TimeDelta::zero());
        if seen <= self.at(at) {
            self.0 = Some((seen, at));
        }
    }

    /// How far behind the vendor is at most.
    pub(super) fn at(&self, now: DateTime<Utc>) -> TimeDelta {
        match self.0 {
            Some((delay, seen_at)) if now - seen_at <= BELIEVED_FOR => delay.min(UNKNOWN),
            _ => UNKNOWN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_symbol_tells_the_delay_and_is_believed_for_a_while() {
        let at = |minutes: i64| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let mut delay = Delay::default();
        assert_eq!(delay.at(at(0)), UNKNOWN);
        delay.note(at(100), at(40));
        assert_eq!(delay.at(at(100)), UNKNOWN, "a symbol that does not trade says nothing");
        delay.note(at(100), at(100) - TimeDelta::seconds(1));
        delay.note(at(101), at(95));
        assert_eq!(delay.at(at(110)), TimeDelta::seconds(1));
        assert_eq!(delay.at(at(116)), UNKNOWN);
    }
}
