//! How much of the money has a side. It stands beside every imbalance: an imbalance of a tenth
//! of the money says little of the whole.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::levels::{Cell, Level};

/// Dollars by the side of the quote rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// Above the middle of the quote.
    pub buy: Decimal,
    /// Below the middle of the quote.
    pub sell: Decimal,
    /// At the middle, or without a usable quote.
    pub unknown: Decimal,
}

impl Sides {
    /// The share of the dollars that has a side, 0 to 1. None when there are no dollars.
    #[must_use]
    pub fn coverage(&self) -> Option<f64> {
        ratio(self.buy + self.sell, self.buy + self.sell + self.unknown)
    }

    /// Buys minus sells, as a share of the dollars that have a side, -1 to 1. None when none has.
    #[must_use]
    pub fn imbalance(&self) -> Option<f64> {
        ratio(self.buy - self.sell, self.buy + self.sell)
    }
}

impl From<&Cell> for Sides {
    fn from(cell: &Cell) -> Self {
        Self { buy: cell.buy_notional, sell: cell.sell_notional, unknown: cell.unknown_notional }
    }
}

impl From<&Level> for Sides {
    fn from(level: &Level) -> Self {
        Self { buy: level.buy_notional, sell: level.sell_notional, unknown: level.unknown_notional }
    }
}

impl std::iter::Sum for Sides {
    fn sum<I: Iterator<Item = Self>>(sides: I) -> Self {
        sides.fold(Self::default(), |sum, next| Self {
            buy: sum.buy + next.buy,
            sell: sum.sell + next.sell,
            unknown: sum.unknown + next.unknown,
        })
    }
}

fn ratio(part: Decimal, whole: Decimal) -> Option<f64> {
    part.checked_div(whole)?.to_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(dollars: [i64; 3]) -> Sides {
        let [buy, sell, unknown] = dollars.map(Decimal::from);
        Sides { buy, sell, unknown }
    }

    #[test]
    fn coverage_and_imbalance_are_shares_of_the_dollars() {
        let check = |dollars, coverage, imbalance| {
            let sides = sides(dollars);
            assert_eq!((sides.coverage(), sides.imbalance()), (coverage, imbalance), "{dollars:?}");
        };
        check([0, 0, 0], None, None);
        check([0, 0, 80], Some(0.0), None);
        check([30, 10, 40], Some(0.5), Some(0.5));
        check([10, 30, 0], Some(1.0), Some(-0.5));
        check([0, 20, 60], Some(0.25), Some(-1.0));
    }

    #[test]
    fn sides_add_up() {
        let sum: Sides = [sides([1, 2, 3]), sides([10, 20, 30])].into_iter().sum();
        assert_eq!(sum, sides([11, 22, 33]));
    }
}
