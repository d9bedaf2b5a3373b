//! `/api/stock/{ticker}/flow-per-strike` and `/flow-per-expiry`: bare arrays, the day so far.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use undertow_market::Symbol;

use super::super::query::Query;
use super::super::{Answer, Refusal, local_stamp};
use super::{dollars, is_call, is_out_of_the_money};
use crate::market::{Market, OptionDay, SimTrade, TradeSide};

/// Calls or puts.
#[derive(Default)]
struct Half {
    premium: i64,
    ask_premium: i64,
    bid_premium: i64,
    volume: i64,
    ask_volume: i64,
    bid_volume: i64,
    trades: i64,
    out_premium: i64,
    out_volume: i64,
    out_trades: i64,
}

#[derive(Default)]
struct Both {
    calls: Half,
    puts: Half,
    last_at: DateTime<Utc>,
}

impl Half {
    fn add(&mut self, trade: &SimTrade, is_out: bool) {
        let premium = dollars(trade);
        self.premium += premium;
        self.volume += trade.size;
        self.trades += 1;
        match trade.side {
            TradeSide::Ask => {
                self.ask_premium += premium;
                self.ask_volume += trade.size;
            }
            TradeSide::Bid => {
                self.bid_premium += premium;
                self.bid_volume += trade.size;
            }
            TradeSide::Mid | TradeSide::None => {}
        }
        if is_out {
            self.out_premium += premium;
            self.out_volume += trade.size;
            self.out_trades += 1;
        }
    }

    /// Adds the fields to a row; `decimals` ends every premium.
    fn write(&self, row: &mut Map<String, Value>, kind: &str, decimals: &str) {
        let mut put = |name: &str, value: Value| {
            row.insert(format!("{kind}_{name}"), value);
        };
        let money = |dollars: i64| json!(format!("{dollars}{decimals}"));
        put("premium", money(self.premium));
        put("premium_ask_side", money(self.ask_premium));
        put("premium_bid_side", money(self.bid_premium));
        put("volume", json!(self.volume));
        put("volume_ask_side", json!(self.ask_volume));
        put("volume_bid_side", json!(self.bid_volume));
        put("trades", json!(self.trades));
        put("otm_premium", money(self.out_premium));
        put("otm_volume", json!(self.out_volume));
        put("otm_trades", json!(self.out_trades));
    }
}

pub(crate) fn per_strike(
    market: &Market,
    symbol: &Symbol,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    bare(market, symbol, query, |day| {
        let sums = sums(day, query.now, |trade| day.lines[trade.line].strike);
        let row = |(strike, both): (crate::Ticks, Both)| {
            let mut row = row(day, &both, ".0");
            let text = strike.to_string();
            let strike = text.strip_suffix('0').unwrap_or(&text);
            row.insert("strike".to_owned(), json!(strike));
            row.insert("timestamp".to_owned(), json!(local_stamp(both.last_at)));
            row
        };
        sums.into_iter().map(row).collect()
    })
}

pub(crate) fn per_expiry(
    market: &Market,
    symbol: &Symbol,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    bare(market, symbol, query, |day| {
        let sums = sums(day, query.now, |trade| day.lines[trade.line].contract.expiry);
        let row = |(expiry, both)| {
            let mut row = row(day, &both, "");
            row.insert("expiry".to_owned(), json!(expiry));
            row
        };
        sums.into_iter().map(row).collect()
    })
}

fn bare(
    market: &Market,
    symbol: &Symbol,
    query: &Query<'_>,
    rows: impl FnOnce(&OptionDay) -> Vec<Map<String, Value>>,
) -> Result<Answer, Refusal> {
    let day = market.options(symbol, query.date()?);
    Ok(Answer::json(200, &day.map(|day| rows(&day)).unwrap_or_default()))
}

fn sums<K: Ord>(
    day: &OptionDay,
    now: DateTime<Utc>,
    key: impl Fn(&SimTrade) -> K,
) -> BTreeMap<K, Both> {
    let mut sums = BTreeMap::<K, Both>::new();
    for trade in day.live(now) {
        let both = sums.entry(key(trade)).or_default();
        let half = if is_call(day, trade) { &mut both.calls } else { &mut both.puts };
        half.add(trade, is_out_of_the_money(day, trade));
        both.last_at = trade.executed_at;
    }
    sums
}

fn row(day: &OptionDay, both: &Both, decimals: &str) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("ticker".to_owned(), json!(day.symbol.as_str()));
    row.insert("date".to_owned(), json!(day.session_date));
    both.calls.write(&mut row, "call", decimals);
    both.puts.write(&mut row, "put", decimals);
    row
}
