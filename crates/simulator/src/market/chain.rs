//! The price of a symbol from one session to the next: a walk that is drawn back to its anchor.

use chrono::NaiveDate;

use crate::dice::{Dice, Purpose};
use crate::profile::SymbolProfile;

/// Where every walk begins. Earlier dates have no data.
pub(crate) const EPOCH: NaiveDate =
    NaiveDate::from_ymd_opt(2015, 1, 2).expect("the second of January exists");
/// Share of the distance to the anchor that a session closes. Keeps SPY within some 15 % of it.
const PULL_TO_ANCHOR: f64 = 0.012;
/// Overnight deviation as a share of the daily one.
const GAP_SHARE: f64 = 0.45;
/// Deviation of the post-market move as a share of the daily one.
const NIGHT_SHARE: f64 = 0.08;
/// No session moves further than this many deviations.
const MAX_DEVIATIONS: f64 = 5.0;

/// A session's turning prices, in dollars.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turns {
    pub(crate) date: NaiveDate,
    pub(crate) open: f64,
    pub(crate) close: f64,
    /// At the end of the post-market; the next pre-market begins here.
    pub(crate) night: f64,
}

/// The move that all symbols share on each of `dates`, in deviations.
pub(crate) fn market_moves(seed: u64, dates: &[NaiveDate]) -> Vec<f64> {
    let mut dice = Dice::new(seed, "", EPOCH, Purpose::MarketMoves);
    let mut heat = 1.0;
    let mut draw = || {
        // Calm and wild weeks follow one another.
        heat = (0.92 * heat + 0.08 * dice.between(0.3, 2.2)).clamp(0.5, 1.8);
        (dice.normal() * heat).clamp(-MAX_DEVIATIONS, MAX_DEVIATIONS)
    };
    dates.iter().map(|_| draw()).collect()
}

/// The turning prices of `profile` on each of `dates`.
pub(crate) fn walk(
    seed: u64,
    profile: &SymbolProfile,
    dates: &[NaiveDate],
    moves: &[f64],
) -> Vec<Turns> {
    let mut dice = Dice::new(seed, profile.symbol.as_str(), EPOCH, Purpose::DailyMoves);
    let mut price = profile.anchor_price * dice.between(0.97, 1.03);
    let step = |(date, shared): (&NaiveDate, &f64)| {
        let turns = session(*date, price, *shared, profile, &mut dice);
        price = turns.close;
        turns
    };
    dates.iter().zip(moves).map(step).collect()
}

fn session(
    date: NaiveDate,
    before: f64,
    shared: f64,
    profile: &SymbolProfile,
    dice: &mut Dice,
) -> Turns {
    let volatility = profile.daily_volatility;
    let own_share = (1.0 - profile.market_share * profile.market_share).max(0.0).sqrt();
    let deviations = profile.market_share * shared + own_share * dice.normal();
    let pull = PULL_TO_ANCHOR * (1.0 - before / profile.anchor_price);
    let change = deviations.clamp(-MAX_DEVIATIONS, MAX_DEVIATIONS) * volatility + pull;
    // Part of the night's gap goes the way of the day, the rest is its own.
    let gap = 0.3 * change + GAP_SHARE * volatility * dice.normal();
    let close = before * (1.0 + change);
    Turns {
        date,
        open: before * (1.0 + gap),
        close,
        night: close * (1.0 + NIGHT_SHARE * volatility * dice.normal()),
    }
}
