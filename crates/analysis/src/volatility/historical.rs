//! Historical volatility by five estimators.
//!
//! With open, high, low and close `O H L C` of `n` sessions and `C'` the close before:
//! - close to close: variance of `ln(C/C')`, divided by `n - 1`;
//! - Parkinson (1980): mean of `ln(H/L)^2 / (4 ln 2)`;
//! - Garman and Klass (1980): mean of `ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2`;
//! - Rogers and Satchell (1991): mean of `ln(H/C) ln(H/O) + ln(L/C) ln(L/O)`;
//! - Yang and Zhang (2000): `V(ln(O/C')) + k V(ln(C/O)) + (1 - k) RS`, both variances divided by
//!   `n - 1`, `k = 0.34 / (1.34 + (n + 1) / (n - 1))`.
//!
//! Each is a variance a session; times 252, its root is the volatility a year. Parkinson, Garman
//! and Klass, and Rogers and Satchell see nothing of what happens between two sessions.

use std::f64::consts::LN_2;

use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use undertow_market::{Bar, Price};

/// Sessions of a year.
pub const SESSIONS_PER_YEAR: f64 = 252.0;
/// The lengths that are offered, sessions. The third is the default.
pub const LENGTHS: [usize; 5] = [10, 20, 30, 60, 252];

/// How a historical volatility is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimator {
    /// Closes alone.
    CloseToClose,
    /// Highs and lows.
    Parkinson,
    /// All four prices, without the night.
    GarmanKlass,
    /// All four prices, without the night; a trend does not disturb it.
    RogersSatchell,
    /// All four prices and the night.
    #[default]
    YangZhang,
}

impl Estimator {
    /// All of them, simplest first.
    pub const ALL: [Self; 5] = [
        Self::CloseToClose,
        Self::Parkinson,
        Self::GarmanKlass,
        Self::RogersSatchell,
        Self::YangZhang,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CloseToClose => "close_to_close",
            Self::Parkinson => "parkinson",
            Self::GarmanKlass => "garman_klass",
            Self::RogersSatchell => "rogers_satchell",
            Self::YangZhang => "yang_zhang",
        }
    }
}

/// The prices of one session, dollars a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ohlc {
    /// First.
    pub open: f64,
    /// Highest.
    pub high: f64,
    /// Lowest.
    pub low: f64,
    /// Last.
    pub close: f64,
}

impl From<&Bar> for Ohlc {
    fn from(bar: &Bar) -> Self {
        let float = |price: Price| price.get().to_f64().expect("every decimal has a nearest float");
        let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(float);
        Self { open, high, low, close }
    }
}

impl Ohlc {
    /// Whether the prices are prices and the low and the high are what they say.
    fn is_sound(&self) -> bool {
        let inside = |price: f64| self.low <= price && price <= self.high;
        self.low > 0.0 && self.high.is_finite() && inside(self.open) && inside(self.close)
    }
}

/// The historical volatility of the newest `sessions` of consecutive sessions, oldest first, as a
/// fraction a year.
///
/// One session more is needed for the close before the first. None when there are fewer, when
/// `sessions` is below two, or when one of them has prices that contradict each other. The prices
/// must be adjusted for splits in one way throughout.
#[must_use]
pub fn historical(days: &[Ohlc], estimator: Estimator, sessions: usize) -> Option<f64> {
    let days = days.get(days.len().checked_sub(sessions.checked_add(1)?)?..)?;
    if sessions < 2 || !days.iter().all(Ohlc::is_sound) {
        return None;
    }
    let (before, newest) = (days, &days[1..]);
    let variance = match estimator {
        Estimator::CloseToClose => variance(
            before.iter().zip(newest).map(|(before, day)| libm::log(day.close / before.close)),
        ),
        Estimator::Parkinson => mean(newest, parkinson),
        Estimator::GarmanKlass => mean(newest, garman_klass),
        Estimator::RogersSatchell => mean(newest, rogers_satchell),
        Estimator::YangZhang => yang_zhang(before, newest),
    };
    // Rounding may leave a variance of nothing a hair below zero.
    Some((variance.max(0.0) * SESSIONS_PER_YEAR).sqrt())
}

fn parkinson(day: &Ohlc) -> f64 {
    square(libm::log(day.high / day.low)) / (4.0 * LN_2)
}

fn garman_klass(day: &Ohlc) -> f64 {
    let (range, body) = (libm::log(day.high / day.low), libm::log(day.close / day.open));
    square(range) / 2.0 - (2.0 * LN_2 - 1.0) * square(body)
}

fn rogers_satchell(day: &Ohlc) -> f64 {
    let reach = |price: f64| libm::log(price / day.close) * libm::log(price / day.open);
    reach(day.high) + reach(day.low)
}

fn yang_zhang(before: &[Ohlc], newest: &[Ohlc]) -> f64 {
    let count = newest.len() as f64;
    let weight = 0.34 / (1.34 + (count + 1.0) / (count - 1.0));
    let nights = before.iter().zip(newest).map(|(before, day)| libm::log(day.open / before.close));
    let bodies = newest.iter().map(|day| libm::log(day.close / day.open));
    variance(nights) + weight * variance(bodies) + (1.0 - weight) * mean(newest, rogers_satchell)
}

fn mean(days: &[Ohlc], of: impl Fn(&Ohlc) -> f64) -> f64 {
    days.iter().map(of).sum::<f64>() / days.len() as f64
}

/// The variance of at least two values, divided by one less than their number.
fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    values.iter().map(|value| square(value - mean)).sum::<f64>() / (count - 1.0)
}

fn square(value: f64) -> f64 {
    value * value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day([open, high, low, close]: [f64; 4]) -> Ohlc {
        Ohlc { open, high, low, close }
    }

    /// The vector of the design; the first day only gives the close before.
    fn vector() -> Vec<Ohlc> {
        [
            [100.0, 101.5, 99.2, 101.2],
            [101.0, 103.0, 100.4, 102.1],
            [102.5, 103.5, 100.9, 101.3],
            [101.5, 103.2, 101.0, 102.9],
            [103.0, 104.8, 102.4, 104.3],
            [104.0, 105.5, 102.8, 103.1],
        ]
        .map(day)
        .to_vec()
    }

    #[test]
    fn the_estimators_reproduce_the_design_vector() {
        for (name, percent) in [
            ("close_to_close", 19.9728),
            ("parkinson", 23.2515),
            ("garman_klass", 24.8548),
            ("rogers_satchell", 24.9687),
            ("yang_zhang", 24.8099),
        ] {
            let named = |estimator: &Estimator| estimator.as_str() == name;
            let estimator = Estimator::ALL.into_iter().find(named).unwrap();
            let found = historical(&vector(), estimator, 5).unwrap() * 100.0;
            assert!((found - percent).abs() <= 0.000_05, "{name} {found}");
        }
    }

    #[test]
    fn only_the_newest_sessions_count() {
        let mut longer = vec![day([50.0, 90.0, 40.0, 80.0]); 3];
        longer.extend(vector());
        for estimator in Estimator::ALL {
            assert_eq!(historical(&longer, estimator, 5), historical(&vector(), estimator, 5));
        }
    }

    #[test]
    fn what_cannot_be_estimated_is_none() {
        let mut broken = vector();
        broken[3].low = 103.0;
        let mut negative = vector();
        negative[5].low = -1.0;
        let mut missing = vector();
        missing[2].close = f64::NAN;
        for estimator in Estimator::ALL {
            let check = |days: &[Ohlc], sessions| {
                assert_eq!(historical(days, estimator, sessions), None, "{estimator:?} {sessions}");
            };
            check(&vector(), 6);
            check(&vector(), 1);
            check(&vector(), 0);
            check(&vector(), usize::MAX);
            check(&[], 5);
            check(&broken, 5);
            check(&negative, 5);
            check(&missing, 5);
        }
    }

    #[test]
    fn a_price_that_stands_still_has_no_volatility() {
        let still = vec![day([10.0, 10.0, 10.0, 10.0]); 6];
        for estimator in Estimator::ALL {
            assert_eq!(historical(&still, estimator, 5), Some(0.0), "{estimator:?}");
        }
    }

    proptest! {
        #[test]
        fn a_volatility_does_not_depend_on_the_unit_of_the_price(
            days in prop::collection::vec((50.0_f64..150.0, 0.0_f64..5.0, 0.0_f64..5.0, 0.0_f64..1.0), 12),
            unit in 0.01_f64..100.0,
        ) {
            let one = |&(open, up, down, at): &(f64, f64, f64, f64)| {
                let (high, low) = (open + up, open - down);
                day([open, high, low, low + at * (high - low)])
            };
            let days: Vec<Ohlc> = days.iter().map(one).filter(Ohlc::is_sound).collect();
            prop_assume!(days.len() == 12);
            let scaled: Vec<Ohlc> = days
                .iter()
                .map(|d| day([d.open * unit, d.high * unit, d.low * unit, d.close * unit]))
                .filter(Ohlc::is_sound)
                .collect();
            prop_assume!(scaled.len() == 12);
            for estimator in Estimator::ALL {
                let (plain, other) = (historical(&days, estimator, 10), historical(&scaled, estimator, 10));
                let (plain, other) = (plain.unwrap(), other.unwrap());
                prop_assert!((plain - other).abs() < 1e-6, "{estimator:?} {plain} {other}");
            }
        }
    }
}
