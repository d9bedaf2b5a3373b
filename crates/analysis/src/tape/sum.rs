//! Exact sums of trades, in integers: adding two is one instruction, where decimals must first be
//! brought to one scale.

use rust_decimal::Decimal;
use undertow_market::{TapeTrade, TapeVolume};

/// Digits after the point of a price and of a size (`undertow_market::number`).
const NUMBER_SCALE: u32 = 8;
/// Digits after the point of their product.
const NOTIONAL_SCALE: u32 = 2 * NUMBER_SCALE;
/// Digits after the point of a cell's low.
const CENT_SCALE: u32 = 2;
/// A cent in the unit of a price.
const UNITS_PER_CENT: u64 = 1_000_000;
/// The widths of cells in cents, with the price in cents below which each holds. The same as
/// [`crate::bins::cell_width`].
const CELL_WIDTHS: [(u64, u64); 3] = [(10_000, 1), (100_000, 5), (u64::MAX, 50)];

/// A trade's figures as integers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    /// Hundred-millionths of a dollar.
    pub(super) price: u128,
    /// Hundred-millionths of a share.
    shares: u128,
    /// In the unit of [`Sum::notional`].
    pub(super) notional: u128,
}

impl From<&TapeTrade<'_>> for Taken {
    fn from(trade: &TapeTrade<'_>) -> Self {
        let price = units(trade.price.get(), NUMBER_SCALE);
        let shares = units(trade.size.get(), NUMBER_SCALE);
        Self { price, shares, notional: product(price, shares) }
    }
}

/// How many trades, with their shares and dollars. No sum of real trades comes near the bounds
/// (10^30 shares, 10^22 dollars); there, it stays where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    trades: u32,
    /// Hundred-millionths.
    pub(super) shares: u128,
    /// In 10^-16 dollars: the product of a price and a size, exact.
    notional: u128,
}

impl From<&TapeVolume> for Sum {
    fn from(volume: &TapeVolume) -> Self {
        Self {
            trades: volume.trades,
            shares: units(volume.shares, NUMBER_SCALE),
            notional: notional_units(volume.notional),
        }
    }
}

impl Sum {
    pub(super) fn add(&mut self, taken: &Taken) {
        self.merge(&Self { trades: 1, shares: taken.shares, notional: taken.notional });
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.trades = self.trades.saturating_add(other.trades);
        self.shares = self.shares.saturating_add(other.shares);
        self.notional = self.notional.saturating_add(other.notional);
    }

    pub(super) fn take_away(&mut self, other: &Self) {
        self.trades = self.trades.saturating_sub(other.trades);
        self.shares = self.shares.saturating_sub(other.shares);
        self.notional = self.notional.saturating_sub(other.notional);
    }

    pub(super) fn volume(&self) -> TapeVolume {
        TapeVolume {
            trades: self.trades,
            shares: shares(self.shares),
            notional: dollars(self.notional),
        }
    }
}

/// Dollars in the unit of a sum; below zero is zero.
pub(super) fn notional_units(dollars: Decimal) -> u128 {
    units(dollars, NOTIONAL_SCALE)
}

/// Dollars out of the unit of a sum.
pub(super) fn dollars(units: u128) -> Decimal {
    decimal(units, NOTIONAL_SCALE)
}

/// Shares out of the unit of a sum.
pub(super) fn shares(units: u128) -> Decimal {
    decimal(units, NUMBER_SCALE)
}

/// Dollars out of cents.
pub(super) fn cents(count: u64) -> Decimal {
    decimal(count.into(), CENT_SCALE)
}

/// The low of the cell of a price, in cents: what [`crate::bins::cell_low`] says.
pub(super) fn cell_low(price: u128) -> u64 {
    // Nearly every price fits 64 bits, whose division is many times faster.
    let cents = match u64::try_from(price) {
        Ok(price) => price / UNITS_PER_CENT,
        Err(_) => u64::try_from(price / u128::from(UNITS_PER_CENT)).unwrap_or(u64::MAX),
    };
    let width =
        CELL_WIDTHS.iter().find(|(below, _)| cents < *below).map_or(50, |(_, width)| *width);
    cents / width * width
}

/// A decimal in units of `10^-scale`; finer digits are cut, and below zero is zero.
fn units(value: Decimal, scale: u32) -> u128 {
    let mantissa = u128::try_from(value.mantissa()).unwrap_or(0);
    match scale.checked_sub(value.scale()) {
        Some(missing) => product(mantissa, power_of_ten(missing)),
        None => mantissa / power_of_ten(value.scale() - scale),
    }
}

/// The product, or the bound. Nearly every factor fits 64 bits, and then nothing can overflow.
fn product(a: u128, b: u128) -> u128 {
    match (u64::try_from(a), u64::try_from(b)) {
        (Ok(a), Ok(b)) => u128::from(a) * u128::from(b),
        _ => a.saturating_mul(b),
    }
}

fn power_of_ten(exponent: u32) -> u128 {
    const POWERS: [u128; 29] = {
        let mut powers = [1; 29];
        let mut at = 1;
        while at < powers.len() {
            powers[at] = powers[at - 1] * 10;
            at += 1;
        }
        powers
    };
    // A decimal has at most 28 digits after the point.
    POWERS[usize::try_from(exponent).map_or(28, |exponent| exponent.min(28))]
}

/// The decimal of a number of units, without zeros at its end. Exact up to the 28 digits that a
/// decimal has; the finest digits go first.
fn decimal(units: u128, scale: u32) -> Decimal {
    let (mut mantissa, mut scale) = (units, scale);
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    loop {
        let signed = i128::try_from(mantissa).unwrap_or(i128::MAX);
        match Decimal::try_from_i128_with_scale(signed, scale) {
            Ok(value) => return value,
            Err(_) if scale > 0 => {
                mantissa /= 10;
                scale -= 1;
            }
            Err(_) => return Decimal::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use undertow_market::Price;

    use super::*;

    #[test]
    fn cells_change_their_width_where_bins_do() {
        for text in ["0.0001", "0.01", "99.9999", "100", "100.04", "999.99", "1000", "1000.49"] {
            let price: Price = text.parse().unwrap();
            let low = cents(cell_low(units(price.get(), NUMBER_SCALE)));
            assert_eq!(low, crate::bins::cell_low(price), "{text}");
        }
    }

    #[test]
    fn what_no_tape_holds_stays_at_the_bound() {
        let full = Sum { trades: u32::MAX, shares: u128::MAX, notional: u128::MAX };
        let mut sum = full;
        sum.merge(&full);
        assert_eq!(sum, full);
        assert_eq!(sum.volume().trades, u32::MAX);
        assert!(sum.volume().notional > Decimal::ZERO);
        sum.take_away(&full);
        sum.take_away(&full);
        assert_eq!(sum, Sum::default());
    }

    proptest! {
        #[test]
        fn a_number_survives_its_units(mantissa in 1_i64.., scale in 0_u32..=8) {
            let value = Decimal::new(mantissa, scale);
            prop_assert_eq!(decimal(units(value, NUMBER_SCALE), NUMBER_SCALE), value);
        }

        #[test]
        fn a_cell_is_that_of_the_bins(mantissa in 1_i64..100_000_000_000_000, scale in 0_u32..=8) {
            let price = Price::new(Decimal::new(mantissa, scale));
            prop_assume!(price.is_ok());
            let price = price.unwrap();
            let low = cents(cell_low(units(price.get(), NUMBER_SCALE)));
            prop_assert_eq!(low, crate::bins::cell_low(price));
        }
    }
}
