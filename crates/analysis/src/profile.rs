//! Volume by price: what was traded off exchange, and an estimate of the rest.
//!
//! Off-exchange volume by bin is counted, print by print. Total volume by bin is an
//! **estimate**: a one-minute bar tells its range and its volume, not where in the range the
//! volume was traded, so each bar's shares are spread evenly over its range. `lit_estimate` is
//! the total less what was counted off exchange, and inherits the estimate; it is never below
//! zero. Where counted off-exchange volume exceeds the estimated total, the estimate was too
//! even.
//!
//! Bars and cells must be of the same symbol, days and sessions.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use undertow_market::Bar;

use crate::bins::bin_of;
use crate::levels::Cell;

/// A bar that reaches over more bins than this is an error of its data. Its shares are put at
/// its close.
pub const MAX_BINS_PER_BAR: usize = 10_000;

/// The volume of one bin, in shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProfileBin {
    /// The centre of the bin, dollars.
    pub price: Decimal,
    /// Level-eligible off-exchange shares.
    pub eligible_shares: Decimal,
    /// Off-exchange shares of prints whose price may not build a level. Their price, and so
    /// their bin, is not where anybody could have traded.
    pub excluded_shares: Decimal,
    /// Shares on all venues: an estimate.
    pub total_estimate: i64,
}

impl ProfileBin {
    /// All shares counted off exchange.
    #[must_use]
    pub fn off_exchange_shares(&self) -> Decimal {
        self.eligible_shares + self.excluded_shares
    }

    /// Shares on exchanges: an estimate.
    #[must_use]
    pub fn lit_estimate(&self) -> Decimal {
        (Decimal::from(self.total_estimate) - self.off_exchange_shares()).max(Decimal::ZERO)
    }
}

/// The profile of a window, lowest price first. Bins without any volume are left out.
///
/// # Panics
/// The bin width is zero.
#[must_use]
pub fn profile(cells: &[Cell], bars: &[Bar], bin_width: Decimal) -> Vec<ProfileBin> {
    let mut bins = BTreeMap::<Decimal, ProfileBin>::new();
    for cell in cells {
        let bin = bins.entry(bin_of(cell.cell_low, bin_width)).or_default();
        bin.eligible_shares += cell.shares;
        bin.excluded_shares += cell.excluded_shares;
    }
    for (price, shares) in total_estimate(bars, bin_width) {
        bins.entry(price).or_default().total_estimate = shares;
    }
    bins.into_iter().map(|(price, bin)| ProfileBin { price, ..bin }).collect()
}

/// The estimated shares of each bin: every bar's volume spread evenly over its range. The sum
/// over the bins is the sum of the bars' volumes, exactly. Bars with a negative volume are left out.
///
/// # Panics
/// The bin width is zero.
#[must_use]
pub fn total_estimate(bars: &[Bar], bin_width: Decimal) -> BTreeMap<Decimal, i64> {
    let mut totals = BTreeMap::new();
    for bar in bars.iter().filter(|bar| bar.volume > 0) {
        for (price, shares) in spread(bar, bin_width).into_iter().filter(|(_, shares)| *shares > 0)
        {
            *totals.entry(price).or_insert(0) += shares;
        }
    }
    totals
}

/// One bar's volume by bin. Whole shares: each bin gets the whole part of its due, and what is
/// left goes one by one to the largest remainders, of equal ones to the lower price.
fn spread(bar: &Bar, bin_width: Decimal) -> Vec<(Decimal, i64)> {
    let Some(dues) = dues(bar, bin_width) else {
        return vec![(bin_of(bar.close.get(), bin_width), bar.volume)];
    };
    let whole = |due: Decimal| due.floor().to_i64().unwrap_or(0);
    let mut shares: Vec<_> = dues.iter().map(|(price, due)| (*price, whole(*due))).collect();
    let given: i64 = shares.iter().map(|(_, shares)| shares).sum();
    let left = usize::try_from(bar.volume - given).unwrap_or(0);
    let mut by_remainder: Vec<usize> = (0..dues.len()).collect();
    by_remainder.sort_by_key(|&index| std::cmp::Reverse(dues[index].1.fract()));
    for index in by_remainder.into_iter().cycle().take(left) {
        shares[index].1 += 1;
    }
    shares
}

/// What each bin is due of a bar's volume, a fraction of shares, lowest bin first. None when the
/// bar has no range, or a range that no bar has.
fn dues(bar: &Bar, bin_width: Decimal) -> Option<Vec<(Decimal, Decimal)>> {
    let (low, high) = (bar.low.get(), bar.high.get());
    let (first, last) = (bin_of(low, bin_width), bin_of(high, bin_width));
    let count = ((last - first) / bin_width).to_usize().filter(|&n| n < MAX_BINS_PER_BAR)? + 1;
    let range = Some(high - low).filter(|range| *range > Decimal::ZERO)?;
    let half = bin_width / Decimal::TWO;
    let due = |index: usize| {
        let price = (first + Decimal::from(index) * bin_width).normalize();
        let overlap = high.min(price + half) - low.max(price - half);
        // The quotient comes first: it is at most one, and the product cannot overflow.
        (price, overlap / range * Decimal::from(bar.volume))
    };
    Some((0..count).map(due).collect())
}

#[cfg(test)]
mod tests;
