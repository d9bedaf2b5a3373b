//! Where most of the money is: the point of control and the value area.

use rust_decimal::Decimal;

use super::Level;

/// The narrowest range of bins around one of them that holds the asked share of the notional.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueArea {
    /// The centre of its lowest bin, dollars.
    pub low: Decimal,
    /// The centre of its highest bin, dollars.
    pub high: Decimal,
    /// The notional in it, dollars.
    pub notional: Decimal,
}

impl ValueArea {
    /// Whether the bin with this centre lies in it.
    #[must_use]
    pub fn contains(&self, price: Decimal) -> bool {
        (self.low..=self.high).contains(&price)
    }
}

/// The index of the level with the largest notional, the lower of equals.
pub(super) fn point_of_control(levels: &[Level]) -> Option<usize> {
    // `max_by_key` keeps the last of equals, so the walk goes downwards.
    (0..levels.len()).rev().max_by_key(|&index| levels[index].notional)
}

/// The narrowest range of levels, in ascending order of price, that contains the one at `around`
/// and the given share of the notional of all. None without levels.
pub(super) fn narrowest(levels: &[Level], around: usize, share: Decimal) -> Option<ValueArea> {
    let wanted = levels.iter().map(|level| level.notional).sum::<Decimal>() * share;
    let mut high = levels.len().checked_sub(1)?;
    let mut inside: Decimal = levels.iter().map(|level| level.notional).sum();
    let mut best = None::<ValueArea>;
    // As the lower end rises to that level, the upper end that is needed can only rise too. Going
    // the other way round, from the widest range, both ends move once over the bins.
    for low in 0..=around {
        while high < levels.len() - 1 && inside < wanted {
            high += 1;
            inside += levels[high].notional;
        }
        while high > around && inside - levels[high].notional >= wanted {
            inside -= levels[high].notional;
            high -= 1;
        }
        if inside >= wanted {
            let found =
                ValueArea { low: levels[low].price, high: levels[high].price, notional: inside };
            best = Some(best.map_or(found, |best| narrower(best, found)));
        }
        inside -= levels[low].notional;
    }
    best
}

/// The narrower of two ranges, then the one with more, then the first.
fn narrower(first: ValueArea, second: ValueArea) -> ValueArea {
    let order = |area: ValueArea| (area.high - area.low, -area.notional);
    if order(second) < order(first) { second } else { first }
}
