//! What a European option is worth by Black and Scholes, without dividends.
//!
//! Exponentials and logarithms come from `libm`, so that every machine finds the same digits.

use undertow_market::OptionKind;

/// Yearly interest, as a fraction.
const INTEREST: f64 = 0.04;
/// The root of two pi.
const ROOT_TWO_PI: f64 = 2.506_628_274_631_000_7;

/// An option's value and how it answers to what moves it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Greeks {
    /// Dollars a share.
    pub value: f64,
    /// Dollars that it gains when the share gains one.
    pub delta: f64,
    /// Change of delta when the share gains a dollar.
    pub gamma: f64,
    /// Dollars that it loses in a day, below zero.
    pub theta: f64,
    /// Dollars that it gains when volatility rises by one point of a hundred.
    pub vega: f64,
    /// Dollars that it gains when interest rises by one point of a hundred.
    pub rho: f64,
    /// Change of delta in a day.
    pub charm: f64,
    /// Change of delta when volatility rises by one, as a fraction.
    pub vanna: f64,
}

/// What an option depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) kind: OptionKind,
    /// Dollars a share.
    pub(crate) spot: f64,
    /// Dollars a share.
    pub(crate) strike: f64,
    /// To its expiry; above zero.
    pub(crate) years: f64,
    /// A fraction a year; above zero.
    pub(crate) volatility: f64,
}

impl Terms {
    pub(crate) fn greeks(&self) -> Greeks {
        let deviation = self.deviation();
        let (above, below) = self.odds();
        let discount = libm::exp(-INTEREST * self.years);
        let owed = self.strike * discount;
        let density = libm::exp(-0.5 * above * above) / ROOT_TWO_PI;
        let (share, money) = (self.chance(above), self.chance(below));
        let sign = self.sign();
        let decay = self.spot * density * self.volatility / (2.0 * self.years.sqrt());
        let drift = 2.0 * INTEREST * self.years - below * deviation;
        Greeks {
            value: self.value(),
            delta: sign * share,
            gamma: density / (self.spot * deviation),
            theta: -(decay + sign * INTEREST * owed * money) / 365.0,
            vega: self.spot * density * self.years.sqrt() / 100.0,
            rho: sign * owed * self.years * money / 100.0,
            charm: -density * drift / (2.0 * self.years * deviation) / 365.0,
            vanna: -density * below / self.volatility,
        }
    }

    /// Dollars a share.
    pub(crate) fn value(&self) -> f64 {
        let (above, below) = self.odds();
        let owed = self.strike * libm::exp(-INTEREST * self.years);
        let value = self.spot * self.chance(above) - owed * self.chance(below);
        (self.sign() * value).max(0.0)
    }

    pub(crate) fn delta(&self) -> f64 {
        self.sign() * self.chance(self.odds().0)
    }

    /// Deviation of the share's return until the expiry.
    fn deviation(&self) -> f64 {
        self.volatility * self.years.sqrt()
    }

    fn odds(&self) -> (f64, f64) {
        let deviation = self.deviation();
        let forward = libm::log(self.spot / self.strike) + INTEREST * self.years;
        let above = forward / deviation + 0.5 * deviation;
        (above, above - deviation)
    }

    /// The normal distribution at `odds` for a call, at its mirror for a put.
    fn chance(&self, odds: f64) -> f64 {
        0.5 * libm::erfc(-self.sign() * odds / std::f64::consts::SQRT_2)
    }

    fn sign(&self) -> f64 {
        match self.kind {
            OptionKind::Call => 1.0,
            OptionKind::Put => -1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(kind: OptionKind, spot: f64) -> Terms {
        Terms { kind, spot, strike: 100.0, years: 0.5, volatility: 0.2 }
    }

    #[test]
    fn a_call_and_a_put_are_worth_what_the_formula_says() {
        // By hand: 100 N(0.212132) - 98.0199 N(0.070711), with N = 0.583998 and 0.528186.
        for (kind, value, delta) in
            [(OptionKind::Call, 6.6271, 0.5840), (OptionKind::Put, 4.6470, -0.4160)]
        {
            let greeks = terms(kind, 100.0).greeks();
            assert!((greeks.value - value).abs() < 2e-4, "{kind:?} {greeks:?}");
            assert!((greeks.delta - delta).abs() < 1e-4, "{kind:?} {greeks:?}");
        }
    }

    #[test]
    fn each_greek_is_the_slope_that_it_is_named_for() {
        const STEP: f64 = 1e-3;
        for kind in [OptionKind::Call, OptionKind::Put] {
            let here = terms(kind, 104.0);
            let greeks = here.greeks();
            let slope = |up: Terms, down: Terms| (up.value() - down.value()) / (2.0 * STEP);
            let spot = |by| Terms { spot: here.spot + by, ..here };
            let volatility = |by| Terms { volatility: here.volatility + by, ..here };
            let years = |by| Terms { years: here.years + by, ..here };
            let turn = (spot(STEP).delta() - spot(-STEP).delta()) / (2.0 * STEP);
            let bend = (volatility(STEP).delta() - volatility(-STEP).delta()) / (2.0 * STEP);
            let age = (years(-STEP).delta() - years(STEP).delta()) / (2.0 * STEP);
            for (name, found, expected) in [
                ("delta", greeks.delta, slope(spot(STEP), spot(-STEP))),
                ("vega", greeks.vega, slope(volatility(STEP), volatility(-STEP)) / 100.0),
                ("theta", greeks.theta, slope(years(-STEP), years(STEP)) / 365.0),
                ("gamma", greeks.gamma, turn),
                ("vanna", greeks.vanna, bend),
                ("charm", greeks.charm, age / 365.0),
            ] {
                let near = (found - expected).abs() < 1e-4 * expected.abs().max(1.0);
                assert!(near, "{kind:?} {name}: {found} against {expected}");
            }
        }
    }
}
