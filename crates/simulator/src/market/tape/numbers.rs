//! Puts a day's tape in order and gives each row what the tape gives: ids, running numbers, and
//! the shares of its time.

use std::collections::BTreeMap;

use super::trade::{Shares, SimTapeTrade};
use crate::dice::Dice;
use crate::ticks::Ticks;

/// Sorts the rows and numbers them.
pub(crate) fn settle(trades: &mut [SimTapeTrade], dice: &mut Dice) {
    trades.sort_by_key(|trade| trade.sip_ns);
    // Each venue and facility counts for itself, and begins anew each day.
    let mut ids: BTreeMap<(u16, Option<u16>), u64> = BTreeMap::new();
    let mut sequence = dice.whole(1_000, 9_000);
    for trade in trades {
        let id = ids.entry((trade.venue, trade.facility_id())).or_insert(0);
        *id += 1;
        trade.id = *id;
        sequence += dice.whole(1, 25);
        trade.sequence = sequence;
    }
}

/// Turns rows in shares after a split into rows in the shares before it: `from` old ones became
/// `to` new ones.
pub(crate) fn before_split(trades: &mut [SimTapeTrade], (from, to): (i64, i64)) {
    for trade in trades {
        trade.price = Ticks((trade.price.0 * to / from).max(1));
        let shares = trade.size.0 * from / to;
        let is_whole = Shares::of_whole(trade.size.whole()) == trade.size;
        let whole = Shares::of_whole(Shares(shares).whole().max(1));
        trade.size = if is_whole { whole } else { Shares(shares.max(1)) };
    }
}
