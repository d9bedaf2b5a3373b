//! Medians and percentiles, in one definition for the whole crate.

use rust_decimal::Decimal;

/// The median of values in ascending order: the middle one, or the mean of the two middle ones.
pub(crate) fn median(sorted: &[Decimal]) -> Option<Decimal> {
    let upper = sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(*upper);
    }
    Some((sorted[sorted.len() / 2 - 1] + upper) / Decimal::TWO)
}

/// A percentile of values in ascending order by the nearest rank: the smallest value that at
/// least that share of the values do not exceed. It is always one of the values, and it is what
/// Postgres calls `percentile_disc`. The share is in thousandths: 990 is the 99th percentile.
pub(crate) fn nearest_rank<T: Copy>(sorted: &[T], per_mille: usize) -> Option<T> {
    sorted.get(rank(sorted.len(), per_mille) - 1).copied()
}

/// The nearest rank of a percentile among so many values, from one.
pub(crate) fn rank(values: usize, per_mille: usize) -> usize {
    (values * per_mille).div_ceil(1000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rank_is_one_of_the_values() {
        // The worked example of the English Wikipedia's article "Percentile".
        let scores = [15, 20, 35, 40, 50];
        for (percent, expected) in [(5, 15), (30, 20), (40, 20), (50, 35), (100, 50), (0, 15)] {
            assert_eq!(nearest_rank(&scores, percent * 10), Some(expected), "{percent}");
        }
        assert_eq!(nearest_rank::<i32>(&[], 500), None);
        let hundred: Vec<i32> = (1..=100).collect();
        assert_eq!(nearest_rank(&hundred, 990), Some(99));
        assert_eq!(nearest_rank(&hundred, 25), Some(3));
    }

    #[test]
    fn the_median_of_an_even_count_is_the_mean_of_the_middle_two() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[Decimal::from(3)]), Some(Decimal::from(3)));
        assert_eq!(
            median(&[Decimal::from(1), Decimal::from(2), Decimal::from(9)]),
            Some(Decimal::from(2))
        );
        assert_eq!(
            median(&[Decimal::from(1), Decimal::from(2), Decimal::from(4), Decimal::from(9)]),
            Some(Decimal::from(3))
        );
    }
}
