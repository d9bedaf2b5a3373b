//! `/api/stock/{ticker}/net-prem-ticks`, one row a minute, and the tides, which run up over the
//! day.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use undertow_market::Symbol;

use super::super::query::Query;
use super::super::{Answer, Refusal, fine_stamp, local_stamp};
use super::{dollars, is_call, is_out_of_the_money};
use crate::market::{Market, OptionDay, SHARES, SimTrade, TradeSide};

/// Minutes of a row of the market's tide, whatever is asked for.
const MARKET_STEP: usize = 5;
/// Minutes of the regular session.
const REGULAR: usize = 390;

/// Trades of some minutes.
#[derive(Clone, Default)]
struct Flow {
    calls: Half,
    puts: Half,
    delta: f64,
}

#[derive(Clone, Default)]
struct Half {
    net_premium: i64,
    volume: i64,
    ask_volume: i64,
    bid_volume: i64,
}

impl Flow {
    fn add(&mut self, day: &OptionDay, trade: &SimTrade) {
        let half = if is_call(day, trade) { &mut self.calls } else { &mut self.puts };
        half.net_premium += trade.side.sign() * dollars(trade);
        half.volume += trade.size;
        match trade.side {
            TradeSide::Ask => half.ask_volume += trade.size,
            TradeSide::Bid => half.bid_volume += trade.size,
            TradeSide::Mid | TradeSide::None => {}
        }
        self.delta += (trade.side.sign() * trade.size * SHARES) as f64 * trade.delta;
    }
}

impl Half {
    fn net_volume(&self) -> i64 {
        self.ask_volume - self.bid_volume
    }
}

#[derive(Serialize)]
struct Tick {
    call_volume: i64,
    call_volume_ask_side: i64,
    call_volume_bid_side: i64,
    date: String,
    net_call_premium: String,
    net_call_volume: i64,
    net_delta: String,
    net_put_premium: String,
    net_put_volume: i64,
    put_volume: i64,
    put_volume_ask_side: i64,
    put_volume_bid_side: i64,
    tape_time: String,
}

pub(crate) fn net_premium(
    market: &Market,
    symbol: &Symbol,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let Some(day) = market.options(symbol, query.date()?) else {
        return Ok(Answer::no_rows());
    };
    let minutes = minutes(&day, query.now, |_| true);
    let ticks = minutes.iter().enumerate().map(|(minute, flow)| tick(&day, minute, flow));
    Ok(Answer::rows(&ticks.collect::<Vec<_>>()))
}

/// The minutes that have begun at `now`, with what has traded in them.
fn minutes(day: &OptionDay, now: DateTime<Utc>, wanted: impl Fn(&SimTrade) -> bool) -> Vec<Flow> {
    let begun = if now < day.hours.open_at { 0 } else { day.minute_of(now) + 1 };
    let mut minutes = vec![Flow::default(); begun.min(day.minute_count())];
    for trade in day.live(now).filter(|trade| wanted(trade)) {
        if let Some(flow) = minutes.get_mut(day.minute_of(trade.executed_at)) {
            flow.add(day, trade);
        }
    }
    minutes
}

fn tick(day: &OptionDay, minute: usize, flow: &Flow) -> Tick {
    Tick {
        call_volume: flow.calls.volume,
        call_volume_ask_side: flow.calls.ask_volume,
        call_volume_bid_side: flow.calls.bid_volume,
        date: day.session_date.to_string(),
        net_call_premium: format!("{}.00", flow.calls.net_premium),
        net_call_volume: flow.calls.net_volume(),
        net_delta: flow.delta.to_string(),
        net_put_premium: format!("{}.00", flow.puts.net_premium),
        net_put_volume: flow.puts.net_volume(),
        put_volume: flow.puts.volume,
        put_volume_ask_side: flow.puts.ask_volume,
        put_volume_bid_side: flow.puts.bid_volume,
        tape_time: fine_stamp(day.hours.open_at + TimeDelta::minutes(minute as i64)),
    }
}

/// A row of a tide; all null where there is nothing to measure.
#[derive(Serialize)]
struct TideRow {
    timestamp: String,
    date: String,
    net_call_premium: Option<String>,
    net_put_premium: Option<String>,
    net_volume: Option<i64>,
}

pub(crate) fn market_tide(market: &Market, query: &Query<'_>) -> Result<Answer, Refusal> {
    let out_only = query.flag("otm_only")?.unwrap_or(false);
    let date = query.date()?;
    let days: Vec<_> =
        market.followed().filter_map(|symbol| market.options(symbol, date)).collect();
    let rows = tide(&days, query.now, MARKET_STEP, usize::MAX, out_only);
    Ok(Answer::rows_of(&rows, date))
}

/// Measures what the fund holds, which here is every listed company. What is no fund gets rows
/// of null, as the vendor answers.
pub(crate) fn etf_tide(
    market: &Market,
    ticker: &str,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let date = query.date()?;
    let is_fund = |symbol: &Symbol| market.profile(symbol).is_some_and(|profile| profile.is_fund);
    let known = Symbol::new(ticker).is_ok_and(|symbol| is_fund(&symbol));
    let held = market.followed().filter(|symbol| !is_fund(symbol));
    let days: Vec<_> = held.filter_map(|symbol| market.options(symbol, date)).collect();
    let mut rows = tide(&days, query.now, 1, REGULAR, false);
    if !known {
        for row in &mut rows {
            (row.net_call_premium, row.net_put_premium, row.net_volume) = (None, None, None);
        }
    }
    Ok(Answer::rows_of(&rows, date))
}

/// Running sums, a row for each `step` minutes that have begun.
fn tide(
    days: &[Arc<OptionDay>],
    now: DateTime<Utc>,
    step: usize,
    longest: usize,
    out_only: bool,
) -> Vec<TideRow> {
    let wanted = |day: &OptionDay, trade: &SimTrade| !out_only || is_out_of_the_money(day, trade);
    let each: Vec<Vec<Flow>> =
        days.iter().map(|day| minutes(day, now, |trade| wanted(day, trade))).collect();
    let Some((day, count)) = days.first().zip(each.iter().map(Vec::len).max()) else {
        return Vec::new();
    };
    let (mut calls, mut puts, mut volume) = (0, 0, 0);
    let mut rows = Vec::new();
    for minute in 0..count.min(longest) {
        for flow in each.iter().filter_map(|minutes| minutes.get(minute)) {
            calls += flow.calls.net_premium;
            puts += flow.puts.net_premium;
            volume += flow.calls.net_volume() - flow.puts.net_volume();
        }
        if (minute + 1) % step == 0 || minute + 1 == count.min(longest) {
            let begun = (minute / step * step) as i64;
            rows.push(TideRow {
                timestamp: local_stamp(day.hours.open_at + TimeDelta::minutes(begun)),
                date: day.session_date.to_string(),
                net_call_premium: Some(format!("{calls}.0000")),
                net_put_premium: Some(format!("{puts}.0000")),
                net_volume: Some(volume),
            });
        }
    }
    rows
}
