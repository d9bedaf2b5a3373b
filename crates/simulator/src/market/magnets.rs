//! Price magnets: prices where large traders wait for weeks. Prints gather there, and the price
//! sometimes turns there. They are what a level chart is expected to find.

use undertow_market::Symbol;

use super::chain::Turns;
use crate::dice::{Dice, Purpose};

/// Longest life of a magnet, in sessions.
pub(crate) const LONGEST_LIFE: usize = 45;
const SHORTEST_LIFE: usize = 8;
/// Chance that a session bears a magnet.
const BIRTH_CHANCE: f64 = 0.5;
/// Deviation of a new magnet from the last close, as a fraction of it.
const BIRTH_DISTANCE: f64 = 0.014;

/// A price that attracts prints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Magnet {
    /// Dollars, a round price.
    pub(crate) price: f64,
    /// From 0 to 1; fades with age.
    pub(crate) strength: f64,
}

/// The magnets alive in the session at `position`. Each was born at an earlier close, so nothing
/// of the session itself is known to them.
pub(crate) fn alive(seed: u64, symbol: &Symbol, turns: &[Turns], position: usize) -> Vec<Magnet> {
    let first = position.saturating_sub(LONGEST_LIFE);
    (first..position).filter_map(|born| magnet(seed, symbol, turns, born, position)).collect()
}

fn magnet(
    seed: u64,
    symbol: &Symbol,
    turns: &[Turns],
    born: usize,
    position: usize,
) -> Option<Magnet> {
    let mut dice = Dice::new(seed, symbol.as_str(), turns[born].date, Purpose::Magnets);
    if !dice.chance(BIRTH_CHANCE) {
        return None;
    }
    let life = dice.whole(SHORTEST_LIFE as i64, LONGEST_LIFE as i64) as usize;
    let age = position - born;
    let wanted = turns[born].close * (1.0 + BIRTH_DISTANCE * dice.normal());
    let strength = dice.between(0.35, 1.0) * (1.0 - 0.5 * age as f64 / LONGEST_LIFE as f64);
    let step = price_step(wanted);
    (age <= life).then(|| Magnet { price: (wanted / step).round() * step, strength })
}

/// People choose round prices.
fn price_step(price: f64) -> f64 {
    match price {
        p if p >= 200.0 => 0.25,
        p if p >= 50.0 => 0.10,
        _ => 0.05,
    }
}
