//! `/api/option-trades/flow-alerts`, and the same alerts as the stream tells them, in other names
//! and types.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::json;
use undertow_market::calendar::new_york_date;

use super::super::query::Query;
use super::super::{Answer, Refusal, fine_stamp};
use super::row::Company;
use super::{Tickers, dollars, is_call, plain};
use crate::market::{Market, OptionDay, SimAlert, SimTrade, TradeSide};

/// Sessions that one request looks through at most.
const MAX_SESSIONS: usize = 5;

/// What an alert's trades add up to.
struct Summed<'a> {
    day: &'a OptionDay,
    alert: &'a SimAlert,
    first: &'a SimTrade,
    last: &'a SimTrade,
    premium: i64,
    ask_premium: i64,
    bid_premium: i64,
    size: i64,
    volumes: crate::market::Volumes,
    has_sweep: bool,
    has_floor: bool,
    has_multi_leg: bool,
    has_single_leg: bool,
    all_opening: bool,
}

impl<'a> Summed<'a> {
    fn new(day: &'a OptionDay, alert: &'a SimAlert) -> Option<Self> {
        let trades = || alert.trades.iter().map(|place| &day.trades[*place]);
        let (first, last) = (trades().next()?, trades().next_back()?);
        let on = |side: Option<TradeSide>| {
            let of = trades().filter(|trade| side.is_none_or(|side| side == trade.side));
            of.map(dollars).sum()
        };
        let mut volumes = crate::market::Volumes::default();
        trades().for_each(|trade| volumes.add(trade, 1));
        let size: i64 = trades().map(|trade| trade.size).sum();
        let before = first.volumes.total - first.size;
        Some(Self {
            day,
            alert,
            first,
            last,
            premium: on(None),
            ask_premium: on(Some(TradeSide::Ask)),
            bid_premium: on(Some(TradeSide::Bid)),
            size,
            volumes,
            has_sweep: trades().any(|trade| trade.code.is_sweep()),
            has_floor: trades().any(|trade| trade.code.is_floor()),
            has_multi_leg: trades().any(|trade| trade.code.is_multi_leg()),
            has_single_leg: trades().any(|trade| !trade.code.is_multi_leg()),
            all_opening: size > day.lines[first.line].open_interest + before,
        })
    }

    fn open_interest(&self) -> i64 {
        self.day.lines[self.first.line].open_interest
    }
}

#[derive(Serialize)]
struct Row<'a> {
    id: String,
    rule_id: String,
    alert_rule: &'static str,
    created_at: String,
    start_time: i64,
    end_time: i64,
    ticker: &'a str,
    option_chain: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    expiry: NaiveDate,
    strike: String,
    underlying_price: String,
    price: String,
    bid: String,
    ask: String,
    iv_start: String,
    iv_end: String,
    total_premium: String,
    total_ask_side_prem: String,
    total_bid_side_prem: String,
    total_size: i64,
    trade_count: usize,
    expiry_count: u8,
    volume: i64,
    open_interest: i64,
    volume_oi_ratio: String,
    has_sweep: bool,
    has_floor: bool,
    has_multileg: bool,
    has_singleleg: bool,
    all_opening_trades: bool,
    issue_type: &'static str,
    marketcap: String,
    sector: Option<&'static str>,
    er_time: Option<&'static str>,
    next_earnings_date: Option<NaiveDate>,
}

/// A question that an alert answers with yes or no.
type Holds = fn(&Summed<'_>) -> bool;

/// Which alerts are wanted. A boolean filters as soon as it is set, as at the vendor.
struct Wanted<'a> {
    newer_than: Option<DateTime<Utc>>,
    older_than: Option<DateTime<Utc>>,
    premium: std::ops::RangeInclusive<i64>,
    size: std::ops::RangeInclusive<i64>,
    rules: Vec<&'a str>,
    flags: Vec<(bool, Holds)>,
}

/// Each boolean filter, with what it asks of an alert.
const FLAGS: [(&str, Holds); 6] = [
    ("all_opening", |alert| alert.all_opening),
    ("is_floor", |alert| alert.has_floor),
    ("is_sweep", |alert| alert.has_sweep),
    ("is_multi_leg", |alert| alert.has_multi_leg),
    ("is_call", |alert| is_call(alert.day, alert.first)),
    ("is_put", |alert| !is_call(alert.day, alert.first)),
];

impl<'a> Wanted<'a> {
    fn new(query: &Query<'a>) -> Result<Self, Refusal> {
        let mut flags = Vec::new();
        for (name, holds) in FLAGS {
            flags.extend(query.flag(name)?.map(|wanted| (wanted, holds)));
        }
        // Here, and only here, the vendor reads no text in `newer_than`.
        let unix = query.text("newer_than").is_some_and(|text| text.parse::<i64>().is_ok());
        Ok(Self {
            newer_than: if unix { query.instant("newer_than")? } else { None },
            older_than: query.instant("older_than")?,
            premium: query.range("min_premium", "max_premium")?,
            size: query.range("min_size", "max_size")?,
            rules: query.list("rule_name"),
            flags,
        })
    }

    /// Both cursors are strict.
    fn takes(&self, alert: &Summed<'_>) -> bool {
        self.older_than.is_none_or(|at| alert.alert.created_at < at)
            && self.newer_than.is_none_or(|at| alert.alert.created_at > at)
            && self.premium.contains(&alert.premium)
            && self.size.contains(&alert.size)
            && (self.rules.is_empty() || self.rules.contains(&alert.alert.rule.as_str()))
            && self.flags.iter().all(|(wanted, holds)| holds(alert) == *wanted)
    }
}

/// Newest first, from the latest session or that of `older_than` backwards.
pub(crate) fn list(market: &Market, query: &Query<'_>) -> Result<Answer, Refusal> {
    let limit = query.limit(100, 1..=200)?;
    let wanted = Wanted::new(query)?;
    let tickers = Tickers(query.text("ticker_symbol"));
    let last = wanted.older_than.map_or(query.latest(), new_york_date).min(query.latest());
    query.refuse_before_history(last)?;
    let mut rows = Vec::new();
    for date in market.calendar().sessions_ending(last, MAX_SESSIONS).into_iter().rev() {
        let is_before = wanted.newer_than.is_some_and(|at| date < new_york_date(at));
        if rows.len() >= limit || date < query.earliest() || is_before {
            break;
        }
        let days: Vec<_> = tickers
            .of(market)
            .into_iter()
            .filter_map(|symbol| market.options(symbol, date))
            .collect();
        add_rows(market, &days, &wanted, query.now, limit, &mut rows);
    }
    let cursor = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp());
    let body = json!({
        "data": rows,
        "newer_than": cursor(wanted.newer_than),
        "older_than": cursor(wanted.older_than),
    });
    Ok(Answer::json(200, &body))
}

/// Adds a session's alerts, newest first, until there are `limit` rows.
fn add_rows(
    market: &Market,
    days: &[Arc<OptionDay>],
    wanted: &Wanted<'_>,
    now: DateTime<Utc>,
    limit: usize,
    rows: &mut Vec<serde_json::Value>,
) {
    let told = |day: &'_ Arc<OptionDay>| day.told(now).len();
    let mut found: Vec<Summed<'_>> = days
        .iter()
        .flat_map(|day| (0..told(day)).filter_map(|place| Summed::new(day, &day.alerts[place])))
        .filter(|alert| wanted.takes(alert))
        .collect();
    found.sort_by_key(|alert| std::cmp::Reverse((alert.alert.created_at, alert.alert.id)));
    let room = limit.saturating_sub(rows.len());
    rows.extend(found.iter().take(room).map(|alert| json!(row(market, alert))));
}

fn row<'a>(market: &Market, alert: &Summed<'a>) -> Row<'a> {
    let line = &alert.day.lines[alert.first.line];
    let company = market
        .profile(&alert.day.symbol)
        .map(|profile| Company::of(profile, alert.day.session_date))
        .expect("a symbol that has options is listed");
    let open_interest = alert.open_interest();
    let ratio = alert.last.volumes.total as f64 / open_interest.max(1) as f64;
    Row {
        id: alert.alert.id.to_string(),
        rule_id: alert.alert.rule.id().to_string(),
        alert_rule: alert.alert.rule.as_str(),
        created_at: fine_stamp(alert.alert.created_at),
        start_time: alert.first.executed_at.timestamp_millis(),
        end_time: alert.last.executed_at.timestamp_millis(),
        ticker: alert.day.symbol.as_str(),
        option_chain: &line.name,
        kind: line.contract.kind.as_str(),
        expiry: line.contract.expiry,
        strike: plain(line.strike),
        underlying_price: plain(alert.last.underlying),
        price: plain(alert.last.price),
        bid: plain(alert.last.bid),
        ask: plain(alert.last.ask),
        iv_start: alert.first.implied_volatility.to_string(),
        iv_end: alert.last.implied_volatility.to_string(),
        total_premium: alert.premium.to_string(),
        total_ask_side_prem: alert.ask_premium.to_string(),
        total_bid_side_prem: alert.bid_premium.to_string(),
        total_size: alert.size,
        trade_count: alert.alert.trades.len(),
        expiry_count: 1,
        volume: alert.last.volumes.total,
        open_interest,
        volume_oi_ratio: if open_interest == 0 { "0".to_owned() } else { ratio.to_string() },
        has_sweep: alert.has_sweep,
        has_floor: alert.has_floor,
        has_multileg: alert.has_multi_leg,
        has_singleleg: alert.has_single_leg,
        all_opening_trades: alert.all_opening,
        issue_type: company.issue_type,
        marketcap: company.market_value,
        sector: company.sector,
        er_time: company.er_time,
        next_earnings_date: company.next_earnings_date,
    }
}

/// The payload of the stream. Its ratio is zero whatever it should be, as the vendor's is.
pub(crate) fn streamed(day: &OptionDay, alert: &SimAlert) -> Option<serde_json::Value> {
    let summed = Summed::new(day, alert)?;
    let trades = || alert.trades.iter().map(|place| &day.trades[*place]);
    let codes: BTreeSet<_> = trades().map(|trade| trade.code.as_str()).collect();
    let exchanges: BTreeSet<_> = trades().map(|trade| trade.exchange).collect();
    let ids: Vec<String> = trades().map(|trade| trade.id.to_string()).collect();
    let (last, volumes) = (summed.last, summed.volumes);
    let end_time = last.executed_at.timestamp_millis();
    Some(json!({
        "id": alert.id.to_string(),
        "rule_id": alert.rule.id().to_string(),
        "rule_name": alert.rule.as_str(),
        "ticker": day.symbol.as_str(),
        "option_chain": day.lines[last.line].name,
        "underlying_price": last.underlying.dollars(),
        "price": last.price.dollars(),
        "bid": plain(last.bid),
        "ask": plain(last.ask),
        "total_premium": summed.premium as f64,
        "total_ask_side_prem": summed.ask_premium as f64,
        "total_bid_side_prem": summed.bid_premium as f64,
        "total_size": summed.size,
        "trade_count": ids.len(),
        "expiry_count": 1,
        "volume": last.volumes.total,
        "open_interest": summed.open_interest(),
        "volume_oi_ratio": 0.0,
        "start_time": summed.first.executed_at.timestamp_millis(),
        "end_time": end_time,
        "executed_at": end_time,
        "has_sweep": summed.has_sweep,
        "has_floor": summed.has_floor,
        "has_multileg": summed.has_multi_leg,
        "has_singleleg": summed.has_single_leg,
        "all_opening_trades": summed.all_opening,
        "ask_vol": volumes.ask,
        "bid_vol": volumes.bid,
        "mid_vol": volumes.mid,
        "no_side_vol": volumes.no_side,
        "multi_vol": volumes.multi_leg,
        "stock_multi_vol": volumes.stock_leg,
        "trade_ids": ids,
        "upstream_condition_details": codes,
        "exchanges": exchanges,
        "url": "",
    }))
}
