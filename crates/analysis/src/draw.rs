//! Random numbers from a seed.
//!
//! The generator is SplitMix64 (Steele, Lea and Flood, 2014). It is written out here because its
//! stream is part of every measured hold rate: a library is free to change the numbers that it
//! draws from a seed, and a measurement that is repeated next year must give the same interval.

/// A stream of random numbers, wholly determined by its seed.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from zero up to `end`, not included. `end` must be above zero.
    ///
    /// The high half of a 128-bit product: its bias is below `end` in 2^64, nothing here.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let product = u128::from(self.next()) * end as u128;
        usize::try_from(product >> 64).expect("the product's high half is below the end")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_that_of_the_published_generator() {
        // Seed and numbers as Rosetta Code's task "Pseudo-random numbers/Splitmix64" gives them.
        let mut draw = Draw::new(1_234_567);
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(expected.map(|_| draw.next()), expected);
    }

    #[test]
    fn every_number_below_the_end_comes_up() {
        let mut draw = Draw::new(7);
        let mut seen = [0_u32; 6];
        for _ in 0..6_000 {
            seen[draw.below(6)] += 1;
        }
        assert!(seen.iter().all(|count| (850..1_150).contains(count)), "seed 7: {seen:?}");
    }
}
