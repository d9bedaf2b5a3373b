//! European options by Black, Scholes and Merton, and the volatility that a price implies.
//!
//! With spot `S`, strike `K`, years `T`, rate `r` and dividend yield `q` (both continuous) and
//! volatility `s`: `d1 = (ln(S/K) + (r - q + s^2/2) T) / (s sqrt T)`, `d2 = d1 - s sqrt T`; a call
//! is worth `S e^(-qT) N(d1) - K e^(-rT) N(d2)`, a put what parity makes of it (Merton, 1973;
//! Hull, "Options, Futures, and Other Derivatives", the chapters on the model and on the Greeks).
//!
//! Logarithms and exponentials come from `libm`: equal inputs give equal digits on every machine.
//!
//! Listed options on shares and funds are American. Near the money and without a large dividend
//! before the expiry the difference is small; for deep puts it is not, and a volatility implied
//! here is then too high.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use implied_vol::{DefaultSpecialFn, ImpliedBlackVolatility};
use undertow_market::OptionKind;

/// Days of a year, for theta.
const DAYS_PER_YEAR: f64 = 365.0;
/// A volatility point, as a fraction, for vega.
const POINT: f64 = 0.01;

/// An option and its market, but for the volatility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    kind: OptionKind,
    spot: f64,
    strike: f64,
    years: f64,
    rate: f64,
    dividend_yield: f64,
    /// Today's dollars for a dollar at the expiry.
    discount: f64,
    /// The part of today's share that is left when the dividends until the expiry are paid.
    share_left: f64,
}

/// A price and how it changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Greeks {
    /// Dollars a share.
    pub price: f64,
    /// Dollars for a dollar of the share, -1 to 1.
    pub delta: f64,
    /// Change of delta for a dollar of the share.
    pub gamma: f64,
    /// Dollars for a volatility point: for 0.26 after 0.25.
    pub vega_per_point: f64,
    /// Dollars for a calendar day that passes; most often below zero.
    pub theta_per_day: f64,
}

impl Terms {
    /// An option of `kind` at `strike` with `years` to live, on a share at `spot`. Prices are in
    /// dollars a share; the rate and the dividend yield are fractions a year, compounded
    /// continuously. None without a price, a strike or time, or when a number is not finite.
    #[must_use]
    pub fn new(
        kind: OptionKind,
        [spot, strike]: [f64; 2],
        years: f64,
        [rate, dividend_yield]: [f64; 2],
    ) -> Option<Self> {
        let is_positive = |value: f64| value.is_finite() && value > 0.0;
        let is_usable = [spot, strike, years].into_iter().all(is_positive)
            && rate.is_finite()
            && dividend_yield.is_finite();
        is_usable.then(|| Self {
            kind,
            spot,
            strike,
            years,
            rate,
            dividend_yield,
            discount: libm::exp(-rate * years),
            share_left: libm::exp(-dividend_yield * years),
        })
    }

    /// The price for delivery at the expiry, dollars a share.
    #[must_use]
    pub fn forward(&self) -> f64 {
        self.present_spot() / self.discount
    }

    /// What the option is worth without volatility, dollars a share: the least that it can cost.
    #[must_use]
    pub fn intrinsic(&self) -> f64 {
        (self.sign() * (self.present_spot() - self.present_strike())).max(0.0)
    }

    /// The price and the Greeks at a volatility, a fraction a year. None unless it is above zero.
    #[must_use]
    pub fn greeks(&self, volatility: f64) -> Option<Greeks> {
        if !(volatility.is_finite() && volatility > 0.0) {
            return None;
        }
        let (sign, years_root) = (self.sign(), self.years.sqrt());
        let (spot, strike) = (self.present_spot(), self.present_strike());
        let spread = volatility * years_root;
        let d1 = libm::log(spot / strike) / spread + spread / 2.0;
        let d2 = d1 - spread;
        let (of_spot, of_strike) = (normal(sign * d1), normal(sign * d2));
        let density = libm::exp(-d1 * d1 / 2.0) / (2.0 * PI).sqrt();
        let carry = self.dividend_yield * spot * of_spot - self.rate * strike * of_strike;
        let decay = spot * density * volatility / (2.0 * years_root);
        Some(Greeks {
            price: (sign * (spot * of_spot - strike * of_strike)).max(0.0),
            delta: sign * of_spot * self.share_left,
            gamma: spot * density / (self.spot * self.spot * spread),
            vega_per_point: spot * density * years_root * POINT,
            theta_per_day: (sign * carry - decay) / DAYS_PER_YEAR,
        })
    }

    /// The volatility at which the option is worth `price` dollars a share, a fraction a year: for
    /// a quote, give its middle. None when no volatility above zero makes that price: at or below
    /// [`Terms::intrinsic`], or as dear as the share (a put: as the strike).
    ///
    /// The inversion is P. Jäckel's "Let's Be Rational" (2015), or one as exact, by a library.
    #[must_use]
    pub fn implied(&self, price: f64) -> Option<f64> {
        if !price.is_finite() || price <= self.intrinsic() {
            return None;
        }
        let solver = ImpliedBlackVolatility::builder()
            .option_price(price / self.discount)
            .forward(self.forward())
            .strike(self.strike)
            .expiry(self.years)
            .is_call(self.kind == OptionKind::Call)
            .build()?;
        solver.calculate::<DefaultSpecialFn>().filter(|found| found.is_finite() && *found > 0.0)
    }

    fn sign(&self) -> f64 {
        if self.kind == OptionKind::Call { 1.0 } else { -1.0 }
    }

    /// The share without the dividends until the expiry, dollars.
    fn present_spot(&self) -> f64 {
        self.spot * self.share_left
    }

    /// The strike, paid at the expiry, in today's dollars.
    fn present_strike(&self) -> f64 {
        self.strike * self.discount
    }
}

/// The standard normal distribution. By the complementary error function, which keeps its digits
/// far out in the tail.
pub(crate) fn normal(x: f64) -> f64 {
    libm::erfc(-x * FRAC_1_SQRT_2) / 2.0
}

#[cfg(test)]
mod tests;
