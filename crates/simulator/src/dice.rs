//! Seeded chance. One stream of draws for each (seed, symbol, date, purpose), so any part of the
//! market can be made without making another one first.
//!
//! Only IEEE operations that are exact on every machine (add, multiply, divide, square root) are
//! used, never a logarithm or a cosine: the same seed gives the same bytes everywhere. Where the
//! options market needs those, it takes them from `libm`, which computes with the same operations.

use chrono::{Datelike, NaiveDate};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use undertow_market::symbol::MAX_SYMBOL_BYTES;

/// What a stream of draws decides. The numbers are part of the seed: never renumbered.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The daily moves that all symbols share.
    MarketMoves = 1,
    /// A symbol's own daily moves.
    DailyMoves = 2,
    /// Births of price magnets.
    Magnets = 3,
    /// The minute path and its volume.
    Minutes = 4,
    /// The prints.
    Prints = 5,
    /// Prints withdrawn after the fact.
    Cancels = 6,
    /// Ids and running volumes.
    Numbers = 7,
    /// Implied volatility from day to day.
    Volatility = 8,
    /// Who presses, minute by minute, in the options market.
    Pressure = 9,
    /// Option trades.
    OptionTrades = 10,
    /// Ids of option trades and alerts.
    OptionIds = 11,
    /// The consolidated tape beyond the prints.
    Tape = 12,
}

/// A stream of draws.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64, symbol: &str, date: NaiveDate, purpose: Purpose) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..12].copy_from_slice(&date.num_days_from_ce().to_le_bytes());
        key[12] = purpose as u8;
        for (slot, byte) in key[16..16 + MAX_SYMBOL_BYTES].iter_mut().zip(symbol.bytes()) {
            *slot = byte;
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Evenly from 0 up to but not including 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + (self.unit() * (high - low + 1) as f64) as i64
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A bell curve of mean 0 and deviation 1: the sum of twelve even draws, less six.
    pub(crate) fn normal(&mut self) -> f64 {
        let sum: u64 = (0..3).map(|_| four_quarters(self.0.next_u64())).sum();
        sum as f64 / 65_536.0 - 6.0
    }

    /// From 1 upward; the chance to exceed x is 1/x^2.
    pub(crate) fn tail(&mut self) -> f64 {
        1.0 / (1.0 - self.unit()).sqrt()
    }

    /// From 1 upward; the chance to exceed x is 1/x^(4/3): a heavier tail.
    pub(crate) fn heavy_tail(&mut self) -> f64 {
        let root = (1.0 - self.unit()).sqrt();
        1.0 / (root * root.sqrt())
    }

    /// Sixteen random bytes.
    pub(crate) fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0.next_u64().to_le_bytes());
        bytes[8..].copy_from_slice(&self.0.next_u64().to_le_bytes());
        bytes
    }

    /// An index, drawn by running totals of weights. The totals must not be empty.
    pub(crate) fn index(&mut self, running_weights: &[f64]) -> usize {
        let total = running_weights.last().copied().unwrap_or_default();
        let drawn = self.unit() * total;
        running_weights.partition_point(|weight| *weight <= drawn).min(running_weights.len() - 1)
    }
}

/// Draws that are too small for a stream of their own: the same words give the same draw. The
/// finisher of splitmix64, word by word.
#[derive(Clone, Copy)]
pub(crate) struct Single(u64);

impl Single {
    pub(crate) fn of(words: &[u64]) -> Self {
        words.iter().fold(Self(0), |draw, word| draw.and(*word))
    }

    /// The draw of these words and one more.
    pub(crate) fn and(self, word: u64) -> Self {
        Self(finish(self.0 ^ word))
    }

    /// Evenly from 0 up to but not including 1.
    pub(crate) fn unit(self) -> f64 {
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn finish(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

fn four_quarters(word: u64) -> u64 {
    (word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) + (word >> 48)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dice(seed: u64) -> Dice {
        Dice::new(seed, "SPY", NaiveDate::default(), Purpose::Prints)
    }

    #[test]
    fn draws_have_the_shape_that_their_names_promise() {
        const DRAWS: usize = 20_000;
        let mut dice = dice(3);
        let normals: Vec<f64> = (0..DRAWS).map(|_| dice.normal()).collect();
        let mean = normals.iter().sum::<f64>() / DRAWS as f64;
        let variance = normals.iter().map(|n| n * n).sum::<f64>() / DRAWS as f64;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        let above_two = (0..DRAWS).filter(|_| dice.tail() > 2.0).count() as f64 / DRAWS as f64;
        assert!((above_two - 0.25).abs() < 0.02, "{above_two}");
        let heavy = (0..DRAWS).filter(|_| dice.heavy_tail() > 8.0).count() as f64 / DRAWS as f64;
        assert!((heavy - 1.0 / 16.0).abs() < 0.01, "{heavy}");
    }

    #[test]
    fn whole_numbers_reach_both_ends_and_no_further() {
        let mut dice = dice(4);
        let drawn: std::collections::BTreeSet<i64> = (0..1000).map(|_| dice.whole(-2, 2)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [-2, -1, 0, 1, 2]);
    }

    #[test]
    fn single_draws_fill_the_unit_evenly_and_repeat() {
        let draws: Vec<f64> = (0..10_000).map(|word| Single::of(&[7, word]).unit()).collect();
        for tenth in 0..10 {
            let low = f64::from(tenth) / 10.0;
            let inside = draws.iter().filter(|draw| (low..low + 0.1).contains(draw)).count();
            assert!((900..1_100).contains(&inside), "{inside} from {low}");
        }
        assert!((Single::of(&[7]).and(3).unit() - draws[3]).abs() < f64::EPSILON);
        assert!((Single::of(&[3, 7]).unit() - draws[3]).abs() > f64::EPSILON);
    }

    #[test]
    fn every_part_of_the_key_changes_the_stream() {
        let date = NaiveDate::default();
        let first = |mut dice: Dice| dice.0.next_u64();
        let streams = [
            first(Dice::new(1, "SPY", date, Purpose::Prints)),
            first(Dice::new(2, "SPY", date, Purpose::Prints)),
            first(Dice::new(1, "QQQ", date, Purpose::Prints)),
            first(Dice::new(1, "SPY", date, Purpose::Minutes)),
            first(Dice::new(1, "SPY", date + chrono::Days::new(1), Purpose::Prints)),
        ];
        let different: std::collections::BTreeSet<u64> = streams.into_iter().collect();
        assert_eq!(different.len(), streams.len());
    }
}
