//! Where prices are put together: cells and bins.
//!
//! A **cell** is the finest step that roll-ups keep: `[cell_low, cell_low + width)`, aligned to
//! multiples of its width from zero. A **bin** is what a level is made of:
//! `[b - w/2, b + w/2)` around a centre `b`, a multiple of the bin's width `w`.
//!
//! A bin's edges are odd multiples of `w/2`. They are edges of cells exactly when `w/2` is a
//! multiple of the cell's width, that is, when `w` is an *even* multiple of it. [`bin_width`]
//! gives only such widths, so a bin is a union of whole cells, and summing cells by bin gives
//! the same figures as binning each print.

use rust_decimal::Decimal;
use undertow_market::Price;

/// The default bin width as a share of ATR14.
pub const DEFAULT_K: Decimal = hundredths(2);

/// The average true range that is assumed while there is none: this share of the price. It is
/// the usual daily range of a large index fund.
const ASSUMED_RANGE: Decimal = hundredths(1);

/// Steps of one decade of bin widths, in cells. All are even (see the head of this module).
const NICE_STEPS: [Decimal; 3] = [Decimal::TWO, hundredths(400), Decimal::TEN];

/// Bins stay below this many cells; a wider one would hold a whole market.
const MAX_BIN_CELLS: Decimal = hundredths(200_000_000);

/// The width of the roll-up cell at a price, in dollars: a cent below $100, five cents below
/// $1,000, fifty cents from there.
#[must_use]
pub fn cell_width(price: Price) -> Decimal {
    cell_width_at(price.get())
}

/// The lower edge of the cell that a price lies in, in dollars.
#[must_use]
pub fn cell_low(price: Price) -> Decimal {
    let width = cell_width(price);
    ((price.get() / width).floor() * width).normalize()
}

/// The width of the bins of a chart, in dollars: `k * ATR14`, brought to the nearest nice step.
///
/// Nice steps are 2, 4, 10, 20, 40, 100, ... cells; nearest is meant as a ratio, and of two
/// equally near the wider is taken. The least step, two cells, is never below the tick.
///
/// `highest` is the highest price in the window: cells grow with the price, and a bin must be
/// made of whole cells wherever it lies. Without `atr` a range of 1 % of that price is assumed.
#[must_use]
pub fn bin_width(atr: Option<Decimal>, highest: Price, k: Decimal) -> Decimal {
    let cell = cell_width(highest);
    let range = atr.unwrap_or(highest.get() * ASSUMED_RANGE);
    let wanted = (k * range / cell).clamp(NICE_STEPS[0], MAX_BIN_CELLS);
    (nearest_step(wanted) * cell).normalize()
}

/// The centre of the bin that a cell belongs to, in dollars. Any price may stand for the cell.
///
/// # Panics
/// `width` is zero.
#[must_use]
pub fn bin_of(cell_low: Decimal, width: Decimal) -> Decimal {
    ((cell_low / width + hundredths(50)).floor() * width).normalize()
}

pub(crate) fn cell_width_at(price: Decimal) -> Decimal {
    if price < Decimal::ONE_HUNDRED {
        hundredths(1)
    } else if price < Decimal::ONE_THOUSAND {
        hundredths(5)
    } else {
        hundredths(50)
    }
}

/// The nice step nearest to a number of cells that is at least the smallest step.
fn nearest_step(wanted: Decimal) -> Decimal {
    let (mut below, mut decade) = (NICE_STEPS[0], Decimal::ONE);
    loop {
        for step in NICE_STEPS {
            let above = step * decade;
            if above >= wanted {
                // The middle of two steps, as a ratio, is the root of their product.
                return if wanted * wanted < below * above { below } else { above };
            }
            below = above;
        }
        decade *= Decimal::TEN;
    }
}

const fn hundredths(count: u32) -> Decimal {
    Decimal::from_parts(count, 0, 0, false, 2)
}

#[cfg(test)]
mod tests;
