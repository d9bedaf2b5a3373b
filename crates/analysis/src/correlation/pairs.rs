//! Pearson's and Spearman's coefficients of pairs that belong to blocks.
//!
//! A bootstrap draws blocks, so each pair counts as often as its block was drawn. The values are
//! sorted once; the ranks of every resample then cost one pass.

/// Pairs of values, each in a block.
pub(super) struct Pairs {
    blocks: Vec<usize>,
    left: Series,
    right: Series,
}

impl Pairs {
    /// From block, left and right.
    pub(super) fn new(rows: impl Iterator<Item = (usize, f64, f64)>) -> Self {
        let rows: Vec<(usize, f64, f64)> = rows.collect();
        Self {
            blocks: rows.iter().map(|row| row.0).collect(),
            left: Series::new(rows.iter().map(|row| row.1).collect()),
            right: Series::new(rows.iter().map(|row| row.2).collect()),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Pearson's r, each pair counted as often as its block. None when a side is constant.
    pub(super) fn pearson(&self, block_times: &[f64]) -> Option<f64> {
        weighted_pearson(&self.left.values, &self.right.values, &self.weights(block_times))
    }

    /// Spearman's rho, likewise: Pearson's r of the ranks that the pairs so counted have.
    pub(super) fn spearman(&self, block_times: &[f64]) -> Option<f64> {
        let weights = self.weights(block_times);
        let (left, right) = (self.left.ranks(&weights), self.right.ranks(&weights));
        weighted_pearson(&left, &right, &weights)
    }

    fn weights(&self, block_times: &[f64]) -> Vec<f64> {
        self.blocks.iter().map(|block| block_times[*block]).collect()
    }
}

/// The rank of each value from 1, equal values sharing the mean of their ranks.
pub(super) fn mean_ranks(values: &[f64]) -> Vec<f64> {
    Series::new(values.to_vec()).ranks(&vec![1.0; values.len()])
}

/// Values, and where they stand from the lowest to the highest.
struct Series {
    values: Vec<f64>,
    /// The places of equal values, lowest value first.
    ties: Vec<Vec<usize>>,
}

impl Series {
    fn new(values: Vec<f64>) -> Self {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|left, right| values[*left].total_cmp(&values[*right]));
        let is_equal = |left: &usize, right: &usize| values[*left] >= values[*right];
        let ties = order.chunk_by(is_equal).map(<[usize]>::to_vec).collect();
        Self { values, ties }
    }

    /// The mean rank of each value when every value is there `weights` times.
    fn ranks(&self, weights: &[f64]) -> Vec<f64> {
        let mut ranks = vec![0.0; self.values.len()];
        let mut below = 0.0;
        for tie in &self.ties {
            let count: f64 = tie.iter().map(|place| weights[*place]).sum();
            for place in tie {
                ranks[*place] = below + (count + 1.0) / 2.0;
            }
            below += count;
        }
        ranks
    }
}

/// None when a side has no spread.
fn weighted_pearson(left: &[f64], right: &[f64], weights: &[f64]) -> Option<f64> {
    let count: f64 = weights.iter().sum();
    let mean = |values: &[f64]| {
        let sum: f64 = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
        sum / count
    };
    let (left_mean, right_mean) = (mean(left), mean(right));
    let (mut left_square, mut right_square, mut product) = (0.0, 0.0, 0.0);
    for ((left, right), weight) in left.iter().zip(right).zip(weights) {
        let (left, right) = (left - left_mean, right - right_mean);
        left_square += weight * left * left;
        right_square += weight * right * right;
        product += weight * left * right;
    }
    let coefficient = product / (left_square * right_square).sqrt();
    coefficient.is_finite().then(|| coefficient.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(left: &[f64], right: &[f64]) -> Pairs {
        Pairs::new(left.iter().zip(right).enumerate().map(|(block, (x, y))| (block, *x, *y)))
    }

    fn once(pairs: &Pairs) -> Vec<f64> {
        vec![1.0; pairs.len()]
    }

    #[track_caller]
    fn close(found: Option<f64>, expected: f64, tolerance: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < tolerance, "{found}, expected {expected}");
    }

    #[test]
    fn pearson_is_that_of_anscombes_quartet() {
        // Anscombe, "Graphs in Statistical Analysis" (1973): four sets with the same r, 0.816.
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        for y in [
            [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68],
            [9.14, 8.14, 8.74, 8.77, 9.26, 8.10, 6.13, 3.10, 9.13, 7.26, 4.74],
            [7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73],
        ] {
            let pairs = pairs(&x, &y);
            close(pairs.pearson(&once(&pairs)), 0.816, 0.000_6);
        }
    }

    #[test]
    fn spearman_is_that_of_the_published_example() {
        // English Wikipedia, "Spearman's rank correlation coefficient": -29/165.
        let iq = [106.0, 100.0, 86.0, 101.0, 99.0, 103.0, 97.0, 113.0, 112.0, 110.0];
        let hours = [7.0, 27.0, 2.0, 50.0, 28.0, 29.0, 20.0, 12.0, 6.0, 17.0];
        let pairs = pairs(&iq, &hours);
        close(pairs.spearman(&once(&pairs)), -29.0 / 165.0, 1e-12);
    }

    #[test]
    fn equal_values_share_their_rank() {
        let ranks = mean_ranks(&[5.0, 1.0, 5.0, -0.0, 0.0, 7.0]);
        for (found, expected) in ranks.iter().zip([4.5, 3.0, 4.5, 1.5, 1.5, 6.0]) {
            assert!((found - expected).abs() < 1e-12, "{ranks:?}");
        }
        // By hand: deviations of the ranks -1.5 0 0 1.5 and -1.5 -0.5 0.5 1.5.
        let pairs = pairs(&[1.0, 2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]);
        close(pairs.spearman(&once(&pairs)), 4.5 / 22.5_f64.sqrt(), 1e-12);
    }

    #[test]
    fn a_constant_side_has_no_coefficient() {
        let pairs = pairs(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]);
        assert_eq!((pairs.pearson(&once(&pairs)), pairs.spearman(&once(&pairs))), (None, None));
        assert_eq!(Pairs::new(std::iter::empty()).pearson(&[]), None);
    }

    proptest! {
        #[test]
        fn counting_a_block_twice_is_the_same_as_having_it_twice(
            rows in prop::collection::vec((0_u8..9, 0_u8..9, 0_u8..3), 3..40),
        ) {
            let values = |row: &(u8, u8, u8)| (f64::from(row.0), f64::from(row.1));
            let weighted = Pairs::new(rows.iter().enumerate().map(|(block, row)| {
                let (x, y) = values(row);
                (block, x, y)
            }));
            let times: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
            let copies = rows.iter().flat_map(|row| vec![values(row); usize::from(row.2)]);
            let copied = Pairs::new(copies.enumerate().map(|(block, (x, y))| (block, x, y)));
            let same = |left: Option<f64>, right: Option<f64>| match (left, right) {
                (Some(left), Some(right)) => (left - right).abs() < 1e-9,
                (left, right) => left == right,
            };
            let ones = once(&copied);
            prop_assert!(same(weighted.spearman(&times), copied.spearman(&ones)));
            prop_assert!(same(weighted.pearson(&times), copied.pearson(&ones)));
        }

        #[test]
        fn a_coefficient_is_symmetric_and_spearman_heeds_only_the_order(
            rows in prop::collection::vec((-5.0_f64..5.0, -5.0_f64..5.0), 5..40),
        ) {
            let (left, right): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
            let stretched: Vec<f64> = left.iter().map(|value| value.exp()).collect();
            let (one, other) = (pairs(&left, &right), pairs(&right, &stretched));
            let ones = once(&one);
            let (one, other) = (one.spearman(&ones), other.spearman(&ones));
            prop_assert!((one.unwrap() - other.unwrap()).abs() < 1e-9);
        }
    }
}
