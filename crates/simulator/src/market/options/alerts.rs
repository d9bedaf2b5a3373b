//! What the vendor notices in a day's trades: runs of trades in one contract, and large ones on a
//! floor. It looks every few seconds, so alerts of one look share their instant.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{Builder, Uuid};

use super::trade::{SimTrade, TradeSide};
use crate::dice::{Dice, Single};
use crate::ticks::Ticks;

/// Longest pause in a run.
const PAUSE: TimeDelta = TimeDelta::seconds(20);
/// Fewest and most trades of a run.
const RUN: (usize, usize) = (5, 100);
/// Smallest premium that is noticed, in ten-thousandths of a dollar ($25,000).
const LEAST: i64 = 25_000 * 10_000;
/// How often the vendor looks, and how long a look takes at most.
const LOOK_EVERY_MS: i64 = 4_000;
const LOOK_TAKES_US: f64 = 1_500_000.0;

/// Why the vendor took notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlertRule {
    /// The same contract again and again.
    RepeatedHits,
    /// The same at rising prices.
    AscendingFill,
    /// The same at falling prices.
    DescendingFill,
    /// A large trade on a floor.
    Floor,
}

impl AlertRule {
    /// The vendor's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RepeatedHits => "RepeatedHits",
            Self::AscendingFill => "RepeatedHitsAscendingFill",
            Self::DescendingFill => "RepeatedHitsDescendingFill",
            Self::Floor => "FloorTradeLargeCap",
        }
    }

    /// The rule's id: made up, and the same for ever.
    pub(crate) fn id(self) -> Uuid {
        let place = self as u128;
        Builder::from_u128(0x51d0_77aa_90f3_4c1e_8b26_03e5_17c9_6d40 + place).into_uuid()
    }
}

/// An alert. What it sums up is in its trades.
#[derive(Clone, Debug, PartialEq)]
pub struct SimAlert {
    /// The vendor's id.
    pub id: Uuid,
    /// When the vendor made it; others of the same look share it.
    pub created_at: DateTime<Utc>,
    /// Why.
    pub rule: AlertRule,
    /// Places of its trades among the day's, in order; at least one.
    pub trades: Vec<usize>,
}

/// The alerts of a day, oldest first. Withdrawn trades alert nobody.
pub(crate) fn alerts(
    seed: u64,
    trades: &[SimTrade],
    lines: usize,
    dice: &mut Dice,
) -> Vec<SimAlert> {
    let mut of_line: Vec<Vec<usize>> = vec![Vec::new(); lines];
    for (place, trade) in trades.iter().enumerate().filter(|(_, trade)| is_noticed(trade)) {
        of_line[trade.line].push(place);
    }
    let mut alerts = Vec::new();
    for places in &of_line {
        for run in runs(trades, places) {
            alerts.extend(alert(seed, trades, &places[run], dice));
        }
    }
    alerts.sort_by_key(|alert| (alert.created_at, alert.trades[0]));
    alerts
}

fn is_noticed(trade: &SimTrade) -> bool {
    trade.canceled_at.is_none() && trade.side != TradeSide::None
}

/// Stretches of neighbours without a long pause.
fn runs(trades: &[SimTrade], places: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let follows = |run: &Range<usize>| {
            let pause = trades[*place].executed_at - trades[places[run.end - 1]].executed_at;
            pause <= PAUSE && run.len() < RUN.1
        };
        match runs.last_mut().filter(|run| follows(run)) {
            Some(run) => run.end = index + 1,
            None => runs.push(index..index + 1),
        }
    }
    runs
}

fn alert(seed: u64, trades: &[SimTrade], run: &[usize], dice: &mut Dice) -> Option<SimAlert> {
    let floor = run
        .iter()
        .copied()
        .find(|place| trades[*place].code.is_floor() && trades[*place].premium().0 >= LEAST);
    let premium: i64 = run.iter().map(|place| trades[*place].premium().0).sum();
    let (rule, places) = match floor {
        Some(floor) => (AlertRule::Floor, vec![floor]),
        None if run.len() >= RUN.0 && premium >= LEAST => (rule(trades, run), run.to_vec()),
        None => return None,
    };
    let end_at = trades[*places.last()?].executed_at;
    let id = Builder::from_random_bytes(dice.bytes()).into_uuid();
    Some(SimAlert { id, created_at: look_after(seed, end_at), rule, trades: places })
}

fn rule(trades: &[SimTrade], run: &[usize]) -> AlertRule {
    let prices: Vec<Ticks> = run.iter().map(|place| trades[*place].price).collect();
    let (first, last) = (prices[0], prices[prices.len() - 1]);
    if first < last && prices.is_sorted() {
        AlertRule::AscendingFill
    } else if last < first && prices.iter().rev().is_sorted() {
        AlertRule::DescendingFill
    } else {
        AlertRule::RepeatedHits
    }
}

/// The end of the vendor's first look after `at`.
fn look_after(seed: u64, at: DateTime<Utc>) -> DateTime<Utc> {
    let look = at.timestamp_millis().div_euclid(LOOK_EVERY_MS) + 1;
    let took = (Single::of(&[seed, look as u64]).unit() * LOOK_TAKES_US) as i64;
    DateTime::UNIX_EPOCH
        + TimeDelta::milliseconds(look * LOOK_EVERY_MS)
        + TimeDelta::microseconds(took)
}
