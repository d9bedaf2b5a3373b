//! Implied volatility: a level that moves from day to day and against the price, a term structure
//! that leans with it, and a smile that leans towards low strikes.

use super::super::chain::{EPOCH, Turns};
use crate::dice::{Dice, Purpose};
use crate::profile::SymbolProfile;

/// Share of the way back to normal that a session goes.
const RETURN_SHARE: f64 = 0.06;
/// Change of the level's logarithm for a move of one deviation, the other way.
const FUND_ANSWER: f64 = 0.05;
const COMPANY_ANSWER: f64 = 0.03;
/// Deviation of the level's own daily change.
const NOISE: f64 = 0.025;
/// Relative change of volatility one deviation above the price.
const FUND_SKEW: f64 = -0.09;
const COMPANY_SKEW: f64 = -0.05;
const SKEW_NOISE: f64 = 0.004;
/// Relative change of volatility for the square of the distance in deviations.
const SMILE: f64 = 0.02;
/// Further than this many deviations the smile does not reach.
const SMILE_END: f64 = 4.0;
/// No option trades below this volatility.
const LOWEST: f64 = 0.04;
const DAYS_A_YEAR: f64 = 365.0;

/// Volatility at a session's close.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    /// Logarithm of the thirty-day volatility at the money.
    log: f64,
    skew: f64,
}

/// Volatility at a moment, for every strike and expiry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surface {
    /// At the money in thirty days, as a fraction.
    pub(crate) month: f64,
    normal: f64,
    skew: f64,
}

/// How a symbol's volatility behaves.
#[derive(Clone, Copy, Debug)]
struct Habit {
    normal_log: f64,
    answer: f64,
    skew: f64,
}

impl Habit {
    fn of(profile: &SymbolProfile) -> Self {
        let normal = profile.daily_volatility * 252.0_f64.sqrt() * profile.implied_premium;
        let (answer, skew) =
            if profile.is_fund { (FUND_ANSWER, FUND_SKEW) } else { (COMPANY_ANSWER, COMPANY_SKEW) };
        Self { normal_log: libm::log(normal), answer, skew }
    }
}

/// The level at the close of every session.
pub(crate) fn walk(seed: u64, profile: &SymbolProfile, turns: &[Turns]) -> Vec<Level> {
    let mut dice = Dice::new(seed, profile.symbol.as_str(), EPOCH, Purpose::Volatility);
    let habit = Habit::of(profile);
    let mut level = Level { log: habit.normal_log, skew: habit.skew };
    let mut before = profile.anchor_price;
    let step = |turns: &Turns| {
        let answer = answer(habit, profile, before, turns.close);
        let pull = RETURN_SHARE * (habit.normal_log - level.log);
        level = Level {
            log: level.log + pull + answer + NOISE * dice.normal(),
            skew: level.skew
                + RETURN_SHARE * (habit.skew - level.skew)
                + SKEW_NOISE * dice.normal(),
        };
        before = turns.close;
        level
    };
    turns.iter().map(step).collect()
}

/// The level's answer to a move of the price. The moves of a leap are cut: volatility has an end.
fn answer(habit: Habit, profile: &SymbolProfile, before: f64, spot: f64) -> f64 {
    let deviations = (spot / before - 1.0) / profile.daily_volatility;
    -habit.answer * deviations.clamp(-5.0, 5.0)
}

/// The surface when the share `passed` of the session is over and the price is `spot`. `before`
/// is the last close. At the end it is the level of the close.
pub(crate) fn at(
    profile: &SymbolProfile,
    levels: (Level, Level),
    before: f64,
    close: f64,
    passed: f64,
    spot: f64,
) -> Surface {
    let (last, today) = levels;
    let habit = Habit::of(profile);
    // What the day brings apart from its answer to the price comes evenly.
    let own = today.log - last.log - answer(habit, profile, before, close);
    let log = last.log + own * passed + answer(habit, profile, before, spot);
    Surface {
        month: libm::exp(log),
        normal: libm::exp(habit.normal_log),
        skew: last.skew + (today.skew - last.skew) * passed,
    }
}

impl Level {
    /// Thirty-day volatility at the money, as a fraction.
    pub(crate) fn month(self) -> f64 {
        libm::exp(self.log)
    }
}

impl Surface {
    /// At the money, as a fraction. Near expiries follow the level's moves more than far ones,
    /// and a calm market asks more of far ones.
    pub(crate) fn at_the_money(&self, years: f64) -> f64 {
        let days = years * DAYS_A_YEAR;
        let reach = 90.0 / (days + 60.0);
        let slope = 0.97 + 0.09 * days / (days + 60.0);
        ((self.normal + (self.month - self.normal) * reach) * slope).max(LOWEST)
    }

    /// As a fraction.
    pub(crate) fn volatility(&self, spot: f64, strike: f64, years: f64) -> f64 {
        let base = self.at_the_money(years);
        let reach = base * years.max(1.0 / DAYS_A_YEAR).sqrt();
        let distance = (libm::log(strike / spot) / reach).clamp(-SMILE_END, SMILE_END);
        (base * (1.0 + self.skew * distance + SMILE * distance * distance)).max(LOWEST)
    }
}
