//! Levels that mean nothing, to hold a measured rate against.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::draw::Draw;

/// Random levels drawn for each real one. More make the null steadier and the measure slower.
const RANDOM_PER_LEVEL: usize = 10;
/// How often a random level that falls on a real one is drawn anew before it is given up.
const MAX_DRAWS: usize = 20;
/// A random level keeps this many touch distances away from every real one. At two, the
/// ranges that count as near do not overlap, so the null does not borrow the level's own turns.
const CLEAR_DISTANCES: Decimal = Decimal::TWO;
/// A random level's distance from the open, in thousandths of the real one's: least, and spread.
const DISTANCE_PER_MILLE: (usize, usize) = (750, 501);
/// A random level's digits after the point: it lies on a tick.
const TICK_DIGITS: u32 = 2;

/// Levels at random: as far from the open as each real level, give or take a quarter, above or
/// below it by chance. None lies near a real level.
pub(super) fn random(
    levels: &[Decimal],
    open: Decimal,
    distance: Decimal,
    draw: &mut Draw,
) -> Vec<Decimal> {
    let clear = distance * CLEAR_DISTANCES;
    let is_clear =
        |at: &Decimal| *at > Decimal::ZERO && levels.iter().all(|level| (level - at).abs() > clear);
    let mut one = |away: Decimal| {
        (0..MAX_DRAWS).map(|_| around(open, away, draw)).find(|candidate| is_clear(candidate))
    };
    let wanted = levels.iter().flat_map(|level| [(level - open).abs(); RANDOM_PER_LEVEL]);
    wanted.filter_map(&mut one).collect()
}

fn around(open: Decimal, away: Decimal, draw: &mut Draw) -> Decimal {
    let (least, spread) = DISTANCE_PER_MILLE;
    let per_mille = Decimal::from(least + draw.below(spread));
    let offset = away * per_mille / Decimal::ONE_THOUSAND;
    let at = if draw.below(2) == 0 { open + offset } else { open - offset };
    at.round_dp(TICK_DIGITS)
}

/// The round number nearest to each level, each once.
pub(super) fn round(levels: &[Decimal]) -> Vec<Decimal> {
    let nearest = |level: &Decimal| {
        let step = round_step(*level);
        (level / step).round() * step
    };
    levels.iter().map(nearest).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What counts as round at a price: the largest 1, 2 or 5 times a power of ten that is at most a
/// hundredth of it, and a cent at the least. $5 at $740, $1 at $100, $0.20 at $45.
fn round_step(price: Decimal) -> Decimal {
    let limit = price / Decimal::ONE_HUNDRED;
    let mut decade = Decimal::new(1, 2);
    while decade * Decimal::TEN <= limit {
        decade *= Decimal::TEN;
    }
    let steps = [5, 2].map(|factor| decade * Decimal::from(factor));
    steps.into_iter().find(|step| *step <= limit).unwrap_or(decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_round_number_is_round_for_its_price() {
        let check = |price: &str, step: &str| {
            assert_eq!(round_step(decimal(price)), decimal(step), "{price}");
        };
        check("0.40", "0.01");
        check("45", "0.2");
        check("99.99", "0.5");
        check("100", "1");
        check("740", "5");
        check("4500", "20");
    }

    #[test]
    fn levels_near_one_round_number_share_it() {
        let levels = ["739.2", "741.9", "743"].map(decimal);
        assert_eq!(round(&levels), ["740", "745"].map(decimal));
    }

    #[test]
    fn random_levels_lie_about_as_far_from_the_open_and_clear_of_real_ones() {
        let (open, distance) = (decimal("740"), decimal("0.30"));
        let levels = ["734", "736", "745"].map(decimal);
        let found = random(&levels, open, distance, &mut Draw::new(5));
        assert_eq!(found.len(), levels.len() * RANDOM_PER_LEVEL);
        for at in &found {
            let away = (at - open).abs();
            assert!(decimal("3") <= away && away <= decimal("7.5"), "seed 5: {at}");
            let nearest = levels.iter().map(|level| (level - at).abs()).min().unwrap();
            assert!(nearest > decimal("0.60"), "seed 5: {at}");
        }
        assert!(found.iter().any(|at| *at < open) && found.iter().any(|at| *at > open));
    }

    #[test]
    fn where_no_random_level_is_clear_there_is_none() {
        let open = decimal("740");
        assert!(random(&[open], open, decimal("0.30"), &mut Draw::new(5)).is_empty());
    }
}
