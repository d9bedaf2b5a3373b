//! Bars of the tape: what trades that update volume add up to, at prices that those tell that
//! update prices.

use undertow_market::Conditions;

use super::conditions::updates;
use super::trade::{Shares, SimTapeTrade};
use crate::ticks::Ticks;

const MINUTE_NS: i64 = 60_000_000_000;
/// The codes of trades that were withdrawn, and of the records that say so.
const WITHDRAWN: [u16; 5] = [1, 7, 8, 10, 11];

/// What a stretch of the tape adds up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TapeBar {
    pub(crate) open: Ticks,
    pub(crate) high: Ticks,
    pub(crate) low: Ticks,
    pub(crate) close: Ticks,
    pub(crate) volume: Shares,
    /// Ten-thousandths of a dollar times millionths of a share.
    pub(crate) notional: i128,
    pub(crate) trades: i64,
}

impl TapeBar {
    /// Dollars a share, by volume.
    pub(crate) fn average(&self) -> f64 {
        Ticks(1).dollars() * self.notional as f64 / self.volume.0.max(1) as f64
    }

    /// This bar and a later one.
    pub(crate) fn and(self, later: Self) -> Self {
        Self {
            open: self.open,
            high: self.high.max(later.high),
            low: self.low.min(later.low),
            close: later.close,
            volume: Shares(self.volume.0 + later.volume.0),
            notional: self.notional + later.notional,
            trades: self.trades + later.trades,
        }
    }
}

/// The bar of a day, of the trades that are visible at an instant. None where none counts.
pub(crate) fn day_bar(trades: &[SimTapeTrade], now_ns: i64) -> Option<TapeBar> {
    bar(trades, now_ns, false)
}

/// A bar for each minute that has one, with the minute's first nanosecond.
pub(crate) fn minute_bars(trades: &[SimTapeTrade], now_ns: i64) -> Vec<(i64, TapeBar)> {
    let minute = |trade: &SimTapeTrade| trade.sip_ns.div_euclid(MINUTE_NS);
    trades
        .chunk_by(|a, b| minute(a) == minute(b))
        .filter_map(|of_minute| {
            Some((minute(&of_minute[0]) * MINUTE_NS, bar(of_minute, now_ns, true)?))
        })
        .collect()
}

#[derive(Default)]
struct Prices {
    open: Option<Ticks>,
    close: Option<Ticks>,
    range: Option<(Ticks, Ticks)>,
}

impl Prices {
    fn add(&mut self, price: Ticks, conditions: (bool, bool)) {
        let (high_low, open_close) = conditions;
        if open_close {
            self.open = self.open.or(Some(price));
            self.close = Some(price);
        }
        if high_low {
            let (low, high) = self.range.unwrap_or((price, price));
            self.range = Some((low.min(price), high.max(price)));
        }
    }
}

/// Where nothing that counts updates prices, the trades that count tell them: the shares of a bar
/// that is left out would be missing from the sums.
fn bar(trades: &[SimTapeTrade], now_ns: i64, in_extended_bar: bool) -> Option<TapeBar> {
    let (mut told, mut all) = (Prices::default(), Prices::default());
    let (mut volume, mut notional, mut count) = (0, 0, 0);
    for trade in trades {
        if WITHDRAWN.contains(&trade.correction_at(now_ns)) {
            continue;
        }
        let (high_low, open_close, counts) = effect(&trade.conditions, in_extended_bar);
        if !counts {
            continue;
        }
        told.add(trade.price, (high_low, open_close));
        all.add(trade.price, (true, true));
        volume += trade.size.0;
        notional += i128::from(trade.price.0) * i128::from(trade.size.0);
        count += 1;
    }
    let (low, high) = told.range.or(all.range)?;
    let (open, close) = (told.open.or(all.open)?, told.close.or(all.close)?);
    Some(TapeBar {
        open,
        high: high.max(open).max(close),
        low: low.min(open).min(close),
        close,
        volume: Shares(volume),
        notional,
        trades: count,
    })
}

fn effect(conditions: &Conditions, in_extended_bar: bool) -> (bool, bool, bool) {
    if conditions.as_slice().is_empty() {
        return (true, true, true);
    }
    updates(conditions, in_extended_bar)
}
