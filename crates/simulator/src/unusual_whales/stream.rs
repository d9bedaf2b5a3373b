//! The websocket's channels: what each pushes between two instants.
//!
//! Pure, as the routes are: connections, queues and faults are the server's business.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use undertow_market::Symbol;

use super::options::{alerts, row};
use super::{Company, millisecond_stamp, stamp};
use crate::market::{Day, Market, OptionDay, SimPrint, spot};
use crate::ticks::Ticks;

/// What can be joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// Option trades of one symbol, or of all.
    OptionTrades(Option<Symbol>),
    /// Alerts of all symbols.
    FlowAlerts,
    /// The price of one symbol, or of all.
    Price(Option<Symbol>),
    /// Off-exchange prints of all symbols.
    OffLitTrades,
}

impl Channel {
    /// The channel of this name, if there is one. A symbol need not be listed: nothing is pushed
    /// for one that is not.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let (name, symbol) = match name.split_once(':') {
            Some((name, ticker)) => (name, Some(Symbol::new(ticker).ok()?)),
            None => (name, None),
        };
        match (name, symbol) {
            ("option_trades", symbol) => Some(Self::OptionTrades(symbol)),
            ("price", symbol) => Some(Self::Price(symbol)),
            ("flow-alerts", None) => Some(Self::FlowAlerts),
            ("off_lit_trades", None) => Some(Self::OffLitTrades),
            _ => None,
        }
    }

    fn symbol(&self) -> Option<&Symbol> {
        match self {
            Self::OptionTrades(symbol) | Self::Price(symbol) => symbol.as_ref(),
            Self::FlowAlerts | Self::OffLitTrades => None,
        }
    }
}

/// A stretch of time, without its first instant and with its last. Both lie in one session's day.
#[derive(Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
}

/// The answer to a join or a leave.
pub(crate) fn acknowledgement(name: &str, is_known: bool) -> String {
    let payload = if is_known {
        json!({ "response": {}, "status": "ok" })
    } else {
        json!({ "response": { "reason": "unmatched topic" }, "status": "error" })
    };
    frame(name, &payload)
}

/// What a channel pushes in a stretch, oldest first for each symbol.
pub(crate) fn frames(
    market: &Market,
    name: &str,
    channel: &Channel,
    stretch: Stretch,
) -> Vec<String> {
    let Some(date) = market.calendar().latest_session(stretch.to) else {
        return Vec::new();
    };
    let symbols: Vec<&Symbol> = match channel.symbol() {
        Some(only) => market.symbols().filter(|symbol| *symbol == only).collect(),
        None => market.followed().collect(),
    };
    let of_symbol = |symbol: &Symbol| -> Vec<String> {
        match channel {
            Channel::OptionTrades(_) => market
                .options(symbol, date)
                .map(|day| option_trades(market, name, &day, stretch))
                .unwrap_or_default(),
            Channel::FlowAlerts => market
                .options(symbol, date)
                .map(|day| flow_alerts(name, &day, stretch))
                .unwrap_or_default(),
            Channel::Price(_) => market
                .session(symbol, date)
                .and_then(|day| price(name, &day, stretch))
                .into_iter()
                .collect(),
            Channel::OffLitTrades => market
                .session(symbol, date)
                .map(|day| off_lit_trades(market, name, &day, stretch))
                .unwrap_or_default(),
        }
    };
    symbols.into_iter().flat_map(of_symbol).collect()
}

fn option_trades(market: &Market, name: &str, day: &OptionDay, stretch: Stretch) -> Vec<String> {
    let Some(profile) = market.profile(&day.symbol) else {
        return Vec::new();
    };
    let before = day.visible(stretch.from).len();
    let new = day.visible(stretch.to).iter().skip(before);
    new.map(|trade| frame(name, &row::streamed(profile, day, trade))).collect()
}

fn flow_alerts(name: &str, day: &OptionDay, stretch: Stretch) -> Vec<String> {
    let before = day.told(stretch.from).len();
    let new = day.told(stretch.to).iter().skip(before);
    new.filter_map(|alert| alerts::streamed(day, alert))
        .map(|payload| frame(name, &payload))
        .collect()
}

/// The newest price, when a second of the market's time has passed and the tape is open.
fn price(name: &str, day: &Day, stretch: Stretch) -> Option<String> {
    let Stretch { from, to } = stretch;
    let is_open = day.hours.pre_at <= to && to < day.hours.post_end_at;
    if !is_open || from.timestamp() == to.timestamp() {
        return None;
    }
    let volume: i64 = day.bars_at(to).iter().map(|bar| bar.volume).sum();
    let payload = json!({
        "ticker": day.symbol.as_str(),
        "close": Ticks::nearest_cent(spot(day, to)).to_string(),
        "time": to.timestamp_millis(),
        "vol": volume,
    });
    Some(frame(name, &payload))
}

fn off_lit_trades(market: &Market, name: &str, day: &Day, stretch: Stretch) -> Vec<String> {
    let Some(profile) = market.profile(&day.symbol) else {
        return Vec::new();
    };
    let company = Company::of(profile, day.session_date);
    let before = day.visible(stretch.from).len();
    let new = day.visible(stretch.to).iter().skip(before);
    let usual_volume = profile.daily_volume;
    new.map(|print| frame(name, &off_lit_trade(day, print, &company, usual_volume))).collect()
}

/// The stamps mean what they mean over REST.
fn off_lit_trade(day: &Day, print: &SimPrint, company: &Company, usual_volume: i64) -> Value {
    let codes = print.kind.codes();
    json!({
        "symbol": day.symbol.as_str(),
        "type": "off_lit",
        "price": print.price.to_string(),
        "size": print.size,
        "volume": print.day_volume,
        "executed_at": stamp(print.reported_at),
        "trf_executed_at": millisecond_stamp(print.executed_at),
        "trade_settlement": print.settlement,
        "trade_code": codes.trade,
        "ext_hour_sold_codes": codes.extended_hours,
        "sale_cond_codes": codes.sale,
        "nbbo_bid": print.bid.to_string(),
        "nbbo_ask": print.ask.to_string(),
        "nbbo_bid_quantity": print.bid_quantity,
        "nbbo_ask_quantity": print.ask_quantity,
        "sector": company.sector,
        "issue_type": company.issue_type,
        "next_earnings_date": company.next_earnings_date,
        "avg30_volume": format!("{usual_volume}.0"),
        "marketcap": format!("{}.0", company.market_value),
    })
}

fn frame(name: &str, payload: &impl Serialize) -> String {
    serde_json::to_string(&(name, payload)).expect("payloads have text keys and plain numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_known_by_the_vendors_names_only() {
        let spy = || Some(Symbol::new("SPY").unwrap());
        for (name, channel) in [
            ("option_trades", Some(Channel::OptionTrades(None))),
            ("option_trades:SPY", Some(Channel::OptionTrades(spy()))),
            ("price:SPY", Some(Channel::Price(spy()))),
            ("flow-alerts", Some(Channel::FlowAlerts)),
            ("off_lit_trades", Some(Channel::OffLitTrades)),
            ("flow_alerts", None),
            ("off_lit_trades:SPY", None),
            ("option_trades:", None),
            ("gex:SPY", None),
        ] {
            assert_eq!(Channel::named(name), channel, "{name}");
        }
    }
}
