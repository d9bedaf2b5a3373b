//! `/api/stock/{ticker}/stock-volume-price-levels`: shares at each price, on exchanges and off
//! them. The price is a JSON number.

use std::collections::BTreeMap;

use serde::Serialize;
use undertow_market::Symbol;

use super::super::query::Query;
use super::super::{Answer, Refusal};
use crate::market::{Day, Market};
use crate::ticks::{CENT, Ticks};

#[derive(Serialize)]
struct Row {
    price: f64,
    lit_vol: i64,
    off_vol: i64,
}

#[derive(Clone, Copy, Default)]
struct Shares {
    lit: i64,
    off: i64,
}

pub(crate) fn price_levels(
    market: &Market,
    symbol: &Symbol,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let Some(day) = market.session(symbol, query.date()?) else {
        return Ok(Answer::no_rows());
    };
    let mut levels = BTreeMap::<Ticks, Shares>::new();
    spread_minutes(&day, query, &mut levels);
    for print in day.visible(query.now).iter().filter(|print| !print.is_canceled(query.now)) {
        levels.entry(print.price).or_default().off += print.size;
    }
    let row = |(price, shares): (Ticks, Shares)| Row {
        price: price.dollars(),
        lit_vol: shares.lit,
        off_vol: shares.off,
    };
    Ok(Answer::rows(&levels.into_iter().map(row).collect::<Vec<_>>()))
}

/// A minute's other shares lie evenly on the cents between its lowest and its highest price.
fn spread_minutes(day: &Day, query: &Query<'_>, levels: &mut BTreeMap<Ticks, Shares>) {
    for bar in day.bars_at(query.now) {
        let (low, high) = (bar.low.0 / CENT, bar.high.0 / CENT);
        let count = high - low + 1;
        for place in 0..count {
            let shares = bar.other_volume * (place + 1) / count - bar.other_volume * place / count;
            if shares > 0 {
                levels.entry(Ticks((low + place) * CENT)).or_default().lit += shares;
            }
        }
    }
}
