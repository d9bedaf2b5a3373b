//! Puts a day's option trades in the order of the tape and gives them what the tape gives: ids and
//! the running volumes of their contracts.

use chrono::{DateTime, Utc};
use uuid::Builder;

use super::trade::{SimTrade, Volumes};
use crate::dice::Dice;

/// Sorts the trades by time and numbers them.
pub(crate) fn settle(trades: &mut [SimTrade], lines: usize, dice: &mut Dice) {
    trades.sort_by_key(|trade| (trade.executed_at, trade.line));
    for trade in trades.iter_mut() {
        trade.id = Builder::from_random_bytes(dice.bytes()).into_uuid();
    }
    count(trades, lines);
}

/// A withdrawn trade counts until it is withdrawn.
fn count(trades: &mut [SimTrade], lines: usize) {
    let mut volumes = vec![Volumes::default(); lines];
    let mut dying: Vec<(DateTime<Utc>, usize)> = Vec::new();
    for place in 0..trades.len() {
        let at = trades[place].executed_at;
        dying.retain(|&(canceled_at, dead)| {
            if canceled_at > at {
                return true;
            }
            volumes[trades[dead].line].add(&trades[dead], -1);
            false
        });
        let trade = &mut trades[place];
        let so_far = &mut volumes[trade.line];
        so_far.add(trade, 1);
        trade.volumes = *so_far;
        dying.extend(trade.canceled_at.map(|canceled_at| (canceled_at, place)));
    }
}
