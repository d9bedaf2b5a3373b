//! Where a share may end.

use std::f64::consts::PI;

use crate::black_scholes::normal;

/// A share's price at a moment to come: lognormal, with its forward as its mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lognormal {
    forward: f64,
    /// Volatility times the root of time.
    deviation: f64,
}

impl Lognormal {
    /// Around a forward in dollars, at a volatility a year, after so many years. None unless all
    /// of them are above zero.
    #[must_use]
    pub fn new(forward: f64, volatility: f64, years: f64) -> Option<Self> {
        let deviation = volatility * years.sqrt();
        let is_usable = |value: f64| value.is_finite() && value > 0.0;
        (is_usable(forward) && is_usable(deviation)).then_some(Self { forward, deviation })
    }

    /// The deviation of the logarithm of the price.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// The probability of an end below a price.
    #[must_use]
    pub fn below(&self, price: f64) -> f64 {
        if price > 0.0 { normal(self.place(price)) } else { 0.0 }
    }

    /// The probability of an end above a price.
    #[must_use]
    pub fn above(&self, price: f64) -> f64 {
        if price > 0.0 { normal(-self.place(price)) } else { 1.0 }
    }

    /// The probability of an end below the first price or above the second.
    #[must_use]
    pub fn beyond(&self, [low, high]: [f64; 2]) -> f64 {
        self.below(low) + self.above(high)
    }

    /// The probability a dollar at a price.
    #[must_use]
    pub fn density(&self, price: f64) -> f64 {
        if !(price > 0.0 && price.is_finite()) {
            return 0.0;
        }
        let place = self.place(price);
        libm::exp(-place * place / 2.0) / (price * self.deviation * (2.0 * PI).sqrt())
    }

    /// A price in deviations of its logarithm from the middle.
    fn place(&self, price: f64) -> f64 {
        (libm::log(price / self.forward) + self.deviation * self.deviation / 2.0) / self.deviation
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_odds_agree_with_published_ones() {
        // Hull, "Options, Futures, and Other Derivatives", the example of the Black-Scholes
        // formulas: stock 42, strike 40, half a year, 10 %, volatility 20 %; N(d2) = 0.7349 is the
        // probability of exercise.
        let share = Lognormal::new(42.0 * (0.05_f64).exp(), 0.2, 0.5).unwrap();
        assert!((share.above(40.0) - 0.7349).abs() < 0.000_05);
        assert!((share.below(40.0) - 0.2651).abs() < 0.000_05);
    }

    #[test]
    fn what_cannot_be_a_share_has_no_odds() {
        for (forward, volatility, years) in [
            (0.0, 0.2, 1.0),
            (100.0, 0.0, 1.0),
            (100.0, 0.2, 0.0),
            (100.0, 0.2, -1.0),
            (f64::NAN, 0.2, 1.0),
            (100.0, f64::INFINITY, 1.0),
        ] {
            assert_eq!(Lognormal::new(forward, volatility, years), None);
        }
        let share = Lognormal::new(100.0, 0.2, 1.0).unwrap();
        assert_eq!((share.below(0.0), share.above(-5.0), share.density(0.0)), (0.0, 1.0, 0.0));
    }

    proptest! {
        #[test]
        fn the_density_is_the_slope_of_the_probability(
            forward in 1.0_f64..1000.0, volatility in 0.05_f64..2.0, years in 0.01_f64..2.0,
            away in -2.0_f64..2.0,
        ) {
            let share = Lognormal::new(forward, volatility, years).unwrap();
            let price = forward * (away * share.deviation()).exp();
            let step = price * share.deviation() * 1e-4;
            let slope = (share.below(price + step) - share.below(price - step)) / (2.0 * step);
            prop_assert!((slope / share.density(price) - 1.0).abs() < 1e-5);
            let beyond = share.beyond([price, price]);
            prop_assert!((beyond - 1.0).abs() < 1e-12);
        }
    }
}
