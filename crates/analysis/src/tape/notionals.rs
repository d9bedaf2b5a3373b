//! How large off-exchange trades are, coarsely: what a block percentile is read from.
//!
//! A trade is counted in a bucket of its notional. Sixteen buckets double it, so that the low of a
//! bucket is at most a sixteenth below any trade in it: a floor that is read here keeps every
//! trade of the percentile, and few that are smaller.

use rust_decimal::Decimal;

use super::sum;
use crate::quantile;

/// Past sessions that a percentile is taken from. The caller selects them.
pub const FLOOR_SESSIONS: usize = 20;
/// Fewer trades than this tell nothing of what is large.
pub const MIN_TRADES: usize = 100;
/// Buckets from one power of two to the next, as a power of two.
const FINENESS: u32 = 4;
const PER_DOUBLING: u32 = 1 << FINENESS;
/// One past the last bucket: that of the largest number of 128 bits.
pub const BUCKETS: u16 = 2_000;

/// Off-exchange trades by their notional.
///
/// From the smallest trade's bucket to the largest's, each has its place: counting a trade is one
/// addition, and equal counts are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notionals {
    first: u16,
    trades: Vec<u32>,
}

impl Notionals {
    /// Counts that were kept elsewhere: bucket and trades, in any order. None for a bucket that
    /// does not exist.
    #[must_use]
    pub fn from_buckets(buckets: impl IntoIterator<Item = (u16, u32)>) -> Option<Self> {
        let mut all = Self::default();
        for (bucket, trades) in buckets {
            if bucket >= BUCKETS {
                return None;
            }
            all.add_to(bucket, trades);
        }
        Some(all)
    }

    /// Bucket and trades, in order, without those that are empty.
    pub fn buckets(&self) -> impl Iterator<Item = (u16, u32)> {
        (self.first..).zip(self.trades.iter().copied()).filter(|(_, trades)| *trades > 0)
    }

    /// Adds the trades of another count.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, trades) in other.buckets() {
            self.add_to(bucket, trades);
        }
    }

    /// From how many whole dollars a trade is among the largest, by nearest rank: 990 for those
    /// that one trade in a hundred reaches. None while there are fewer than [`MIN_TRADES`].
    #[must_use]
    pub fn floor(&self, per_mille: u16) -> Option<Decimal> {
        let trades: usize = self.trades.iter().map(|trades| *trades as usize).sum();
        if trades < MIN_TRADES {
            return None;
        }
        let rank = quantile::rank(trades, per_mille.min(1_000).into());
        let mut reached = 0;
        let bucket = self.buckets().find(|(_, trades)| {
            reached += *trades as usize;
            reached >= rank
        });
        bucket.map(|(bucket, _)| sum::dollars(low(bucket)).trunc())
    }

    /// Counts a trade; `notional` in the unit of a sum.
    pub(super) fn count(&mut self, notional: u128) {
        self.add_to(bucket(notional), 1);
    }

    fn add_to(&mut self, bucket: u16, trades: u32) {
        if trades == 0 {
            return;
        }
        let of = self.place(bucket);
        *of = of.saturating_add(trades);
    }

    fn place(&mut self, bucket: u16) -> &mut u32 {
        if self.trades.is_empty() {
            self.first = bucket;
        }
        let below = usize::from(self.first.saturating_sub(bucket));
        if below > 0 {
            self.trades.splice(0..0, std::iter::repeat_n(0, below));
            self.first = bucket;
        }
        let place = usize::from(bucket - self.first);
        if place >= self.trades.len() {
            self.trades.resize(place + 1, 0);
        }
        &mut self.trades[place]
    }
}

/// The bucket of a notional: its highest bit, and the four below it.
fn bucket(notional: u128) -> u16 {
    let Some(highest) = notional.checked_ilog2().filter(|highest| *highest >= FINENESS) else {
        // Below sixteen each has its own.
        return u16::try_from(notional).unwrap_or(u16::MAX);
    };
    let shift = highest - FINENESS;
    // Sixteen to thirty-one: the doubling's first bucket and those above it.
    let within = u32::try_from(notional >> shift).unwrap_or(0);
    u16::try_from(shift * PER_DOUBLING + within).unwrap_or(u16::MAX)
}

/// The least notional of a bucket.
fn low(bucket: u16) -> u128 {
    let bucket = u32::from(bucket);
    match (bucket / PER_DOUBLING).checked_sub(1) {
        None => bucket.into(),
        Some(shift) => u128::from(PER_DOUBLING + bucket % PER_DOUBLING) << shift,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(dollars: impl IntoIterator<Item = i64>) -> Notionals {
        let mut counted = Notionals::default();
        for dollars in dollars {
            counted.count(sum::notional_units(dollars.into()));
        }
        counted
    }

    #[test]
    fn the_floor_is_at_most_a_sixteenth_below_the_percentile() {
        // Trades of 1 to 1,000 dollars: one in a hundred is of 990 or more.
        let floor = of(1..=1_000).floor(990).unwrap();
        assert!(floor <= 990.into() && floor >= (990 * 15 / 16).into(), "{floor}");
        let all = of(std::iter::repeat_n(100_000, 99).chain([5_000_000]));
        let check = |per_mille, percentile: i64| {
            let floor = all.floor(per_mille).unwrap();
            assert!(floor <= percentile.into(), "{per_mille}: {floor}");
            assert!(floor >= (percentile * 15 / 16 - 1).into(), "{per_mille}: {floor}");
        };
        check(990, 100_000);
        check(991, 5_000_000);
        check(1_000, 5_000_000);
    }

    #[test]
    fn few_trades_tell_no_floor() {
        assert_eq!(of(std::iter::repeat_n(5_000, 99)).floor(990), None);
        assert!(of(std::iter::repeat_n(5_000, 100)).floor(990).is_some());
        assert_eq!(Notionals::default().floor(990), None);
    }

    #[test]
    fn buckets_that_do_not_exist_are_refused() {
        assert_eq!(bucket(u128::MAX), BUCKETS - 1);
        assert!(Notionals::from_buckets([(BUCKETS - 1, 1)]).is_some());
        assert_eq!(Notionals::from_buckets([(BUCKETS, 1)]), None);
    }

    proptest! {
        #[test]
        fn a_bucket_holds_its_notional(bits in 0_u32..=128, noise: u128) {
            let notional = noise.checked_shr(128 - bits).unwrap_or(0);
            let bucket = bucket(notional);
            prop_assert!(bucket < BUCKETS);
            prop_assert!(low(bucket) <= notional);
            prop_assert!(notional - low(bucket) <= low(bucket) / 16);
            prop_assert!(bucket == BUCKETS - 1 || low(bucket + 1) > notional);
        }

        #[test]
        fn a_floor_keeps_every_trade_of_the_percentile(
            mut dollars in prop::collection::vec(1_i64..50_000_000, 100..400),
            per_mille in 900_u16..=999,
        ) {
            let counted = of(dollars.iter().copied());
            dollars.sort_unstable();
            let exact = quantile::nearest_rank(&dollars, per_mille.into()).unwrap();
            let floor = counted.floor(per_mille).unwrap();
            prop_assert!(floor <= exact.into());
            prop_assert!(floor + Decimal::ONE >= Decimal::from(exact) * Decimal::new(9375, 4));
        }

        #[test]
        fn counts_add_up(
            a in prop::collection::vec(1_i64..1_000_000, 0..50),
            b in prop::collection::vec(1_i64..1_000_000, 0..50),
        ) {
            let mut joined = of(a.iter().copied());
            joined.merge(&of(b.iter().copied()));
            prop_assert_eq!(&joined, &of(a.into_iter().chain(b)));
            let mut buckets: Vec<_> = joined.buckets().collect();
            buckets.reverse();
            prop_assert_eq!(Notionals::from_buckets(buckets), Some(joined));
        }
    }
}
