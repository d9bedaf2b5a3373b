//! `/api/stock/{ticker}/greek-exposure/strike`: greeks of all open contracts of a strike.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use undertow_market::{OptionKind, Symbol};

use super::super::query::Query;
use super::super::{Answer, Refusal};
use super::plain;
use crate::dice::Single;
use crate::market::{Market, SHARES};
use crate::ticks::Ticks;

/// Share of rows whose calls the vendor fails to sum up.
const NULL_SHARE: f64 = 0.001;

#[derive(Clone, Copy, Default)]
struct Sums {
    gamma: f64,
    delta: f64,
    charm: f64,
    vanna: f64,
}

#[derive(Serialize)]
struct Row {
    date: NaiveDate,
    strike: String,
    call_gex: Option<String>,
    put_gex: String,
    call_delta: Option<String>,
    put_delta: String,
    call_charm: Option<String>,
    put_charm: String,
    call_vanna: Option<String>,
    put_vanna: String,
}

/// Dealers are taken to have bought the calls and sold the puts, as the vendor takes it.
pub(crate) fn by_strike(
    market: &Market,
    symbol: &Symbol,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let Some(day) = market.options(symbol, query.date()?) else {
        return Ok(Answer::no_rows());
    };
    let moment = day.moment(query.now);
    let mut strikes = BTreeMap::<Ticks, [Sums; 2]>::new();
    for (place, line) in day.lines.iter().enumerate().filter(|(_, line)| line.open_interest > 0) {
        let greeks = day.terms(place, &moment).greeks();
        let (half, sign) = match line.contract.kind {
            OptionKind::Call => (0, 1.0),
            OptionKind::Put => (1, -1.0),
        };
        let shares = (line.open_interest * SHARES) as f64;
        let sums = &mut strikes.entry(line.strike).or_default()[half];
        sums.gamma += sign * greeks.gamma * shares;
        sums.delta += greeks.delta * shares;
        sums.charm += sign * greeks.charm * shares;
        sums.vanna += sign * greeks.vanna * shares;
    }
    let row =
        |(strike, [calls, puts]): (Ticks, [Sums; 2])| row(day.session_date, strike, calls, puts);
    Ok(Answer::rows(&strikes.into_iter().map(row).collect::<Vec<_>>()))
}

fn row(date: NaiveDate, strike: Ticks, calls: Sums, puts: Sums) -> Row {
    let days = date.signed_duration_since(NaiveDate::default()).num_days();
    let fails = Single::of(&[strike.0 as u64, days as u64]).unit() < NULL_SHARE;
    let call = |value: f64| (!fails).then(|| number(value));
    Row {
        date,
        strike: plain(strike),
        call_gex: call(calls.gamma),
        put_gex: number(puts.gamma),
        call_delta: call(calls.delta),
        put_delta: number(puts.delta),
        call_charm: call(calls.charm),
        put_charm: number(puts.charm),
        call_vanna: call(calls.vanna),
        put_vanna: number(puts.vanna),
    }
}

fn number(value: f64) -> String {
    format!("{value:.4}")
}
