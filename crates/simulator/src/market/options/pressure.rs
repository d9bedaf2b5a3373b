//! Who presses, minute by minute. Buyers of options lean where the price will go in the next
//! minutes, and where off-exchange buyers will be five minutes later: a little, so that a study
//! of lead and lag has something to find and much to doubt.

use undertow_market::MarketSession;

use super::super::day::{Day, SimPrint};
use super::super::tape_order::minute_of;
use crate::dice::Dice;

/// Minutes by which options lead the off-exchange prints.
const LEAD_MINUTES: usize = 5;
/// Minutes of the price's way that options know.
const FORESIGHT_MINUTES: usize = 5;
/// Weights of what presses: the coming prints, the coming price, and chance.
const OF_PRINTS: f64 = 0.8;
const OF_PRICE: f64 = 0.3;
const OF_CHANCE: f64 = 0.25;

/// For every minute of the day from -1, all sell, to 1, all buy.
pub(crate) fn minutes(day: &Day, daily_volatility: f64, dice: &mut Dice) -> Vec<f64> {
    let imbalances = imbalances(day);
    let count = day.bars.len();
    // A move of one deviation of five minutes counts as one.
    let usual = daily_volatility * (FORESIGHT_MINUTES as f64 / 390.0).sqrt();
    let mut chance = 0.0;
    (0..count)
        .map(|minute| {
            chance = 0.8 * chance + 0.6 * dice.normal();
            let bar = &day.bars[minute];
            let later = &day.bars[(minute + FORESIGHT_MINUTES).min(count - 1)];
            let change = later.close.dollars() / bar.open.dollars() - 1.0;
            let coming = imbalances[((minute + LEAD_MINUTES) / 5).min(imbalances.len() - 1)];
            let pressed = OF_PRINTS * coming + OF_PRICE * change / usual + OF_CHANCE * chance;
            if bar.part == MarketSession::Pre { 0.0 } else { pressed.clamp(-1.0, 1.0) }
        })
        .collect()
}

/// Share of dollars bought less dollars sold off exchange, in every five minutes of the day.
fn imbalances(day: &Day) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); day.bars.len() / 5 + 1];
    for print in day.prints.iter().filter(|print| tells_a_side(print)) {
        if let Some(minute) = minute_of(&day.hours, print.executed_at, day.bars.len()) {
            let (signed, whole) = &mut sums[minute / 5];
            let dollars = print.price.dollars() * print.size as f64;
            *signed += dollars * (print.price.0 * 2 - print.bid.0 - print.ask.0).signum() as f64;
            *whole += dollars;
        }
    }
    sums.into_iter().map(|(signed, whole)| signed / f64::max(whole, 1.0)).collect()
}

fn tells_a_side(print: &SimPrint) -> bool {
    !print.kind.is_distorted() && print.executed_at == print.reported_at
}
