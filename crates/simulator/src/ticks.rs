//! Prices as whole ten-thousandths of a dollar: exact, and the finest step that prints have.

use std::fmt;

use rust_decimal::Decimal;
use undertow_market::Price;

/// One cent.
pub(crate) const CENT: i64 = 100;
const PER_DOLLAR: i64 = 10_000;
/// Digits after the point of a tick.
const DIGITS: u32 = 4;

/// A price in ten-thousandths of a dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(pub i64);

impl Ticks {
    /// The nearest tick to a made-up price in dollars.
    pub(crate) fn nearest(dollars: f64) -> Self {
        Self((dollars * PER_DOLLAR as f64).round() as i64)
    }

    /// The nearest whole cent to a made-up price in dollars.
    pub(crate) fn nearest_cent(dollars: f64) -> Self {
        Self((dollars * (PER_DOLLAR / CENT) as f64).round() as i64 * CENT)
    }

    /// In dollars, for drawing new prices from it. Money is never summed this way.
    pub(crate) fn dollars(self) -> f64 {
        self.0 as f64 / PER_DOLLAR as f64
    }

    /// The same price as an exact decimal.
    ///
    /// # Panics
    /// Never for a price at which something traded. The bid for an option can be zero.
    #[must_use]
    pub fn price(self) -> Price {
        Price::new(Decimal::new(self.0, DIGITS)).expect("what traded has a price above zero")
    }

    /// Dollars of `size` shares, written with as many digits as the price has.
    pub(crate) fn premium(self, size: i64) -> String {
        text(self.0 * size, self.digits())
    }

    /// Digits after the point that the price needs, at least two.
    fn digits(self) -> u32 {
        match self.0 {
            price if price % 100 == 0 => 2,
            price if price % 10 == 0 => 3,
            _ => DIGITS,
        }
    }
}

impl fmt::Display for Ticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&text(self.0, self.digits()))
    }
}

/// Ten-thousandths as text. The digits left out must be zeros.
fn text(ticks: i64, digits: u32) -> String {
    let kept = ticks / 10_i64.pow(DIGITS - digits);
    let one = 10_i64.pow(digits);
    format!("{}.{:0width$}", kept / one, kept % one, width = digits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_and_premiums_are_written_digit_for_digit() {
        for (ticks, size, price, premium) in [
            (7_388_101, 126_321, "738.8101", "93327230.6421"),
            (7_390_350, 200, "739.035", "147807.000"),
            (7_390_300, 281, "739.03", "207667.43"),
            (91_000, 16_300, "9.10", "148330.00"),
            (5, 1, "0.0005", "0.0005"),
        ] {
            let found = (Ticks(ticks).to_string(), Ticks(ticks).premium(size));
            assert_eq!(found, (price.to_owned(), premium.to_owned()));
            assert_eq!(Ok(Ticks(ticks).price()), price.parse());
        }
    }
}
