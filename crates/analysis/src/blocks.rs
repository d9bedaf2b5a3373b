//! Blocks: prints that are large for their symbol and time of day.
//!
//! For each half hour of the New York day the threshold is the 99th percentile, by nearest rank,
//! of the sizes printed in that half hour over the last 20 sessions. A print of that many shares
//! or more is a block. The threshold is in shares, because past prints were of other prices; the
//! screen shows the dollars that it means at today's price.

use rust_decimal::Decimal;
use undertow_market::{Price, Size};

use crate::quantile::nearest_rank;

/// How many past sessions the thresholds are taken from. The caller selects them.
pub const BLOCK_SESSIONS: usize = 20;
/// The percentile from which a print is a block.
pub const BLOCK_PERCENT: usize = 99;
/// Fewer prints than this in a half hour give no threshold: the 99th percentile would be the
/// largest of them, and every record a block.
pub const MIN_PRINTS: usize = 100;
/// Half hours of a day.
pub const HALF_HOURS: usize = 48;

/// The threshold of one half hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockThreshold {
    /// Shares from which a print is a block.
    pub shares: Size,
    /// From how many prints it was taken.
    pub print_count: usize,
}

impl BlockThreshold {
    /// The dollars that the threshold means at a price.
    #[must_use]
    pub fn notional_at(&self, price: Price) -> Decimal {
        self.shares.get() * price.get()
    }
}

/// The thresholds of one symbol, one for each half hour from New York midnight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockThresholds {
    by_half_hour: [Option<BlockThreshold>; HALF_HOURS],
}

impl BlockThresholds {
    /// Thresholds that were computed elsewhere by the definition above, for instance by a
    /// database's `percentile_disc`. Those of fewer than [`MIN_PRINTS`] prints are left out.
    #[must_use]
    pub fn new(by_half_hour: [Option<BlockThreshold>; HALF_HOURS]) -> Self {
        let enough = |threshold: &BlockThreshold| threshold.print_count >= MIN_PRINTS;
        Self { by_half_hour: by_half_hour.map(|threshold| threshold.filter(enough)) }
    }

    /// Thresholds from past prints: minutes since New York midnight, and shares.
    #[must_use]
    pub fn measure(prints: impl IntoIterator<Item = (u16, Size)>) -> Self {
        let mut sizes: [Vec<Size>; HALF_HOURS] = std::array::from_fn(|_| Vec::new());
        for (minute, size) in prints {
            sizes[half_hour(minute)].push(size);
        }
        Self::new(sizes.map(|mut sizes| {
            sizes.sort_unstable();
            let shares = nearest_rank(&sizes, BLOCK_PERCENT * 10)?;
            Some(BlockThreshold { shares, print_count: sizes.len() })
        }))
    }

    /// The threshold of the half hour that a minute lies in. None without enough past prints.
    #[must_use]
    pub fn at(&self, minute: u16) -> Option<BlockThreshold> {
        self.by_half_hour[half_hour(minute)]
    }

    /// Whether a print of this size in this minute is a block. Without a threshold none is.
    #[must_use]
    pub fn is_block(&self, minute: u16, size: Size) -> bool {
        self.at(minute).is_some_and(|threshold| size >= threshold.shares)
    }
}

/// The half hour of the day that a minute lies in; a minute past midnight lies in the last.
fn half_hour(minute: u16) -> usize {
    usize::from(minute / 30).min(HALF_HOURS - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn size(shares: i64) -> Size {
        Size::new(shares.into()).unwrap()
    }

    /// Prints of 1, 2, 3, ... shares in one minute.
    fn counting(minute: u16, count: i64) -> impl Iterator<Item = (u16, Size)> {
        (1..=count).map(move |shares| (minute, size(shares)))
    }

    #[test]
    fn the_threshold_is_the_size_that_one_print_in_a_hundred_reaches() {
        let check = |count: i64, threshold: Option<i64>| {
            let found = BlockThresholds::measure(counting(570, count));
            assert_eq!(found.at(570).map(|t| t.shares), threshold.map(size), "{count}");
        };
        check(99, None);
        check(100, Some(99));
        check(101, Some(100));
        check(1000, Some(990));
    }

    #[test]
    fn a_print_at_the_threshold_is_a_block() {
        let thresholds = BlockThresholds::measure(counting(570, 1000));
        let check = |minute, shares, block| {
            assert_eq!(thresholds.is_block(minute, size(shares)), block, "{minute} {shares}");
        };
        check(570, 989, false);
        check(570, 990, true);
        check(599, 990, true);
        check(600, 1_000_000, false); // another half hour, without a threshold
        check(569, 1_000_000, false);
        check(u16::MAX, 1_000_000, false);
    }

    #[test]
    fn each_half_hour_has_its_own_threshold() {
        let prints = counting(570, 100).chain(counting(600, 200));
        let thresholds = BlockThresholds::measure(prints);
        let shares = |minute| thresholds.at(minute).map(|t| (t.shares, t.print_count));
        assert_eq!(shares(575), Some((size(99), 100)));
        assert_eq!(shares(629), Some((size(198), 200)));
    }

    #[test]
    fn a_threshold_says_what_it_means_in_dollars() {
        let threshold = BlockThreshold { shares: size(2_500), print_count: 100 };
        let notional = threshold.notional_at("738.81".parse().unwrap());
        assert_eq!(notional, Decimal::new(184_702_500, 2));
    }

    #[test]
    fn thresholds_made_of_too_few_prints_are_left_out() {
        let mut given = [None; HALF_HOURS];
        given[19] = Some(BlockThreshold { shares: size(10), print_count: 99 });
        given[20] = Some(BlockThreshold { shares: size(10), print_count: 100 });
        let thresholds = BlockThresholds::new(given);
        assert_eq!((thresholds.at(570), thresholds.at(600)), (None, given[20]));
    }

    proptest! {
        #[test]
        fn at_most_one_distinct_size_in_a_hundred_is_above_the_threshold(
            sizes in prop::collection::vec(1_i64..5_000, 100..400),
        ) {
            let prints = sizes.iter().map(|&shares| (600, size(shares)));
            let thresholds = BlockThresholds::measure(prints);
            let threshold = thresholds.at(600).unwrap().shares;
            let above = sizes.iter().filter(|&&shares| size(shares) > threshold).count();
            let blocks = sizes.iter().filter(|&&s| thresholds.is_block(600, size(s))).count();
            prop_assert!(above * 100 <= sizes.len());
            prop_assert!(blocks * 100 >= sizes.len());
        }
    }
}
