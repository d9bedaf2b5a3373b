//! One option trade on the wire, over REST and over the websocket. The two differ in names and
//! in types.

use chrono::{Days, NaiveDate};
use serde::Serialize;
use undertow_market::OptionKind;

use super::super::fine_stamp;
use crate::market::{OptionDay, SimTrade, TradeSide};
use crate::profile::SymbolProfile;

/// A company reports so many days after the session, says the simulator always.
const DAYS_TO_EARNINGS: u64 = 45;
/// Dollars of market value for a dollar of price.
const SHARES_OUT: f64 = 1e9;

/// What both wires carry alike.
#[derive(Serialize)]
struct Common<'a> {
    id: String,
    underlying_symbol: &'a str,
    nbbo_bid: String,
    nbbo_ask: String,
    ewma_nbbo_bid: String,
    ewma_nbbo_ask: String,
    size: i64,
    price: String,
    premium: String,
    expiry: NaiveDate,
    option_type: &'static str,
    strike: String,
    open_interest: i64,
    volume: i64,
    underlying_price: String,
    implied_volatility: String,
    delta: String,
    theta: String,
    gamma: String,
    vega: String,
    rho: String,
    theo: String,
    exchange: &'static str,
    report_flags: &'static [&'static str],
    tags: Vec<&'static str>,
    ask_vol: i64,
    bid_vol: i64,
    mid_vol: i64,
    no_side_vol: i64,
    multi_vol: i64,
    stock_multi_vol: i64,
}

/// A row of REST.
#[derive(Serialize)]
pub(crate) struct RestRow<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    executed_at: String,
    option_chain_id: &'a str,
    upstream_condition_detail: &'static str,
    canceled: bool,
    sector: Option<&'static str>,
    industry_type: Option<&'static str>,
    er_time: Option<&'static str>,
    next_earnings_date: Option<NaiveDate>,
    marketcap: String,
    full_name: String,
    flow_alert_id: Option<String>,
    rule_id: Option<String>,
}

/// A message of the stream.
#[derive(Serialize)]
pub(crate) struct StreamRow<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    executed_at: i64,
    created_at: i64,
    option_symbol: &'a str,
    trade_code: &'static str,
}

/// What the vendor says of a company, and mostly not of a fund.
pub(crate) struct Company {
    pub(crate) sector: Option<&'static str>,
    pub(crate) er_time: Option<&'static str>,
    pub(crate) next_earnings_date: Option<NaiveDate>,
    pub(crate) issue_type: &'static str,
    pub(crate) market_value: String,
}

impl Company {
    pub(crate) fn of(profile: &SymbolProfile, date: NaiveDate) -> Self {
        let company = !profile.is_fund;
        Self {
            sector: company.then_some("Technology"),
            er_time: company.then_some("unknown"),
            next_earnings_date: company.then(|| date + Days::new(DAYS_TO_EARNINGS)),
            issue_type: if company { "Common Stock" } else { "ETF" },
            market_value: format!("{}", (profile.anchor_price * SHARES_OUT) as i64),
        }
    }
}

pub(crate) fn rest<'a>(
    profile: &SymbolProfile,
    day: &'a OptionDay,
    trade: &SimTrade,
    canceled: bool,
) -> RestRow<'a> {
    let company = Company::of(profile, day.session_date);
    RestRow {
        common: common(profile, day, trade),
        executed_at: fine_stamp(trade.executed_at),
        option_chain_id: &day.lines[trade.line].name,
        upstream_condition_detail: trade.code.as_str(),
        canceled,
        sector: company.sector,
        industry_type: company.sector.map(|_| "Simulation"),
        er_time: company.er_time,
        next_earnings_date: company.next_earnings_date,
        marketcap: company.market_value,
        full_name: format!("SIMULATED {}", day.symbol),
        flow_alert_id: None,
        rule_id: None,
    }
}

pub(crate) fn streamed<'a>(
    profile: &SymbolProfile,
    day: &'a OptionDay,
    trade: &SimTrade,
) -> StreamRow<'a> {
    StreamRow {
        common: common(profile, day, trade),
        executed_at: trade.executed_at.timestamp_millis(),
        created_at: trade.created_at().timestamp_millis(),
        option_symbol: &day.lines[trade.line].name,
        trade_code: trade.code.as_str(),
    }
}

fn common<'a>(profile: &SymbolProfile, day: &'a OptionDay, trade: &SimTrade) -> Common<'a> {
    let line = &day.lines[trade.line];
    let greeks = day.greeks(trade);
    let volumes = trade.volumes;
    Common {
        id: trade.id.to_string(),
        underlying_symbol: day.symbol.as_str(),
        nbbo_bid: trade.bid.to_string(),
        nbbo_ask: trade.ask.to_string(),
        ewma_nbbo_bid: trade.bid.to_string(),
        ewma_nbbo_ask: trade.ask.to_string(),
        size: trade.size,
        price: trade.price.to_string(),
        premium: trade.premium().to_string(),
        expiry: line.contract.expiry,
        option_type: line.contract.kind.as_str(),
        strike: format!("{}00000000", line.strike),
        open_interest: line.open_interest,
        volume: volumes.total,
        underlying_price: trade.underlying.to_string(),
        implied_volatility: trade.implied_volatility.to_string(),
        delta: greeks.delta.to_string(),
        theta: greeks.theta.to_string(),
        gamma: greeks.gamma.to_string(),
        vega: greeks.vega.to_string(),
        rho: greeks.rho.to_string(),
        theo: greeks.value.to_string(),
        exchange: trade.exchange,
        report_flags: trade.code.report_flags(),
        tags: tags(profile, line.contract.kind, trade.side),
        ask_vol: volumes.ask,
        bid_vol: volumes.bid,
        mid_vol: volumes.mid,
        no_side_vol: volumes.no_side,
        multi_vol: volumes.multi_leg,
        stock_multi_vol: volumes.stock_leg,
    }
}

fn tags(profile: &SymbolProfile, kind: OptionKind, side: TradeSide) -> Vec<&'static str> {
    let (side, direction) = match (side, kind) {
        (TradeSide::Ask, OptionKind::Call) => ("ask_side", Some("bullish")),
        (TradeSide::Ask, OptionKind::Put) => ("ask_side", Some("bearish")),
        (TradeSide::Bid, OptionKind::Call) => ("bid_side", Some("bearish")),
        (TradeSide::Bid, OptionKind::Put) => ("bid_side", Some("bullish")),
        (TradeSide::Mid, _) => ("mid_side", None),
        (TradeSide::None, _) => ("no_side", None),
    };
    let fund = profile.is_fund.then_some("etf");
    [Some(side), direction, fund].into_iter().flatten().collect()
}
