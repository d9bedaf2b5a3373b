//! The minute path of a session: prices between the turns of the day, and volume in the shape of
//! a U, from the first pre-market minute to the last of the post-market.

use chrono::{DateTime, TimeDelta, Utc};
use undertow_market::{MarketSession, SessionHours};

use super::chain::Turns;
use super::magnets::Magnet;
use crate::dice::Dice;
use crate::profile::SymbolProfile;
use crate::ticks::Ticks;

/// Within this fraction of a magnet the price slows down and prints gather.
pub(crate) const NEAR_MAGNET: f64 = 0.0004;
/// Chance that a magnet of full strength turns the price back.
const TURN_CHANCE: f64 = 0.6;

/// A minute moves as if it had at most this many times the mean volume.
const MOVING_SHARE: f64 = 3.0;

/// One minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinuteBar {
    /// When it begins.
    pub start_at: DateTime<Utc>,
    /// The part of the day.
    pub part: MarketSession,
    /// First price.
    pub open: Ticks,
    /// Highest price, prints of this minute included (but for distorted ones).
    pub high: Ticks,
    /// Lowest price, prints of this minute included (but for distorted ones).
    pub low: Ticks,
    /// Last price.
    pub close: Ticks,
    /// Shares that traded elsewhere than in the day's prints.
    pub other_volume: i64,
    /// All shares of the minute.
    pub volume: i64,
}

/// One part of the day before it is walked.
struct Leg {
    part: MarketSession,
    begin_at: DateTime<Utc>,
    end_at: DateTime<Utc>,
    from: f64,
    to: f64,
    /// Deviation of the whole leg, in dollars.
    deviation: f64,
    /// Shares of the whole leg.
    volume: f64,
    shape: fn(f64) -> f64,
}

/// Walks the day's minutes.
pub(crate) fn minutes(
    profile: &SymbolProfile,
    before: Turns,
    today: Turns,
    hours: &SessionHours,
    magnets: &[Magnet],
    dice: &mut Dice,
) -> Vec<MinuteBar> {
    legs(profile, before, today, hours, dice)
        .iter()
        .flat_map(|leg| walk(leg, magnets, dice))
        .collect()
}

fn legs(
    profile: &SymbolProfile,
    before: Turns,
    today: Turns,
    hours: &SessionHours,
    dice: &mut Dice,
) -> [Leg; 3] {
    let move_share = (today.close / before.close - 1.0).abs() / profile.daily_volatility;
    let length = (hours.close_at - hours.open_at).num_minutes() as f64 / 390.0;
    let busy = (0.75 + 0.25 * move_share) * dice.between(0.85, 1.2) * length;
    let volume = profile.daily_volume as f64 * busy;
    let deviation = profile.daily_volatility * today.open;
    let leg = |part, begin_at, end_at, from, to| Leg {
        part,
        begin_at,
        end_at,
        from,
        to,
        deviation,
        volume,
        shape: regular_shape,
    };
    use MarketSession::{Post, Pre, Regular};
    [
        Leg {
            deviation: 0.35 * deviation,
            volume: 0.03 * volume,
            shape: pre_shape,
            ..leg(Pre, hours.pre_at, hours.open_at, before.night, today.open)
        },
        Leg {
            deviation: 0.75 * deviation,
            volume: 0.92 * volume,
            ..leg(Regular, hours.open_at, hours.close_at, today.open, today.close)
        },
        Leg {
            deviation: 0.2 * deviation,
            volume: 0.05 * volume,
            shape: post_shape,
            ..leg(Post, hours.close_at, hours.post_end_at, today.close, today.night)
        },
    ]
}

/// Rises toward the open. `x` runs from 0 to 1 through the leg, as for the other shapes.
fn pre_shape(x: f64) -> f64 {
    0.15 + x * x
}

/// A U with its highest point at the close.
fn regular_shape(x: f64) -> f64 {
    let from_noon = 2.0 * x - 1.0;
    let arm = from_noon * from_noon * from_noon * from_noon;
    let opening = if x < 0.004 { 3.0 } else { 0.0 };
    let closing = if x > 0.996 { 7.0 } else { 0.0 };
    0.55 + if from_noon < 0.0 { 1.7 } else { 2.1 } * arm + opening + closing
}

/// Busy just after the close, then quiet.
fn post_shape(x: f64) -> f64 {
    1.0 / (0.01 + x)
}

fn walk(leg: &Leg, magnets: &[Magnet], dice: &mut Dice) -> Vec<MinuteBar> {
    let count = (leg.end_at - leg.begin_at).num_minutes().max(1) as usize;
    let weight = |minute: usize| (leg.shape)((minute as f64 + 0.5) / count as f64);
    let total: f64 = (0..count).map(weight).sum();
    let mut price = leg.from;
    let mut bars = Vec::with_capacity(count);
    for minute in 0..count {
        let share = weight(minute) / total;
        // The auctions trade far more than they move.
        let deviation = leg.deviation * share.min(MOVING_SHARE / count as f64).sqrt();
        let left = (count - minute) as f64;
        // A bridge: what is left of the way is shared by the minutes that are left.
        let drift = (leg.to - price) / left;
        let noise = deviation * ((left - 1.0) / left).sqrt() * dice.normal();
        let next =
            if left < 1.5 { leg.to } else { pulled(price, price + drift + noise, magnets, dice) };
        let reach = deviation * 0.45;
        bars.push(MinuteBar {
            start_at: leg.begin_at + TimeDelta::minutes(minute as i64),
            part: leg.part,
            open: Ticks::nearest_cent(price),
            high: Ticks::nearest_cent(price.max(next) + reach * dice.normal().abs()),
            low: Ticks::nearest_cent(price.min(next) - reach * dice.normal().abs()),
            close: Ticks::nearest_cent(next),
            other_volume: (leg.volume * share * dice.between(0.6, 1.4)) as i64 + 1,
            volume: 0,
        });
        price = next;
    }
    bars
}

/// Where a step from `from` toward `to` ends, if a magnet lies in its way.
fn pulled(from: f64, to: f64, magnets: &[Magnet], dice: &mut Dice) -> f64 {
    let crossed = |magnet: &&Magnet| (magnet.price - from) * (magnet.price - to) < 0.0;
    if let Some(magnet) = magnets.iter().find(crossed)
        && dice.chance(TURN_CHANCE * magnet.strength)
    {
        return magnet.price - (to - magnet.price) * 0.4;
    }
    match nearest(to, magnets) {
        Some(magnet) => to + (magnet.price - to) * 0.3 * magnet.strength,
        None => to,
    }
}

/// The magnet near a price, if there is one.
pub(crate) fn nearest(price: f64, magnets: &[Magnet]) -> Option<Magnet> {
    let near = |magnet: &&Magnet| (magnet.price - price).abs() < price * NEAR_MAGNET;
    magnets.iter().filter(near).max_by(|a, b| a.strength.total_cmp(&b.strength)).copied()
}
