//! Unusual Whales' wire format: what each route answers at a given moment.
//!
//! Pure: a request and an instant go in, a status and a body come out. Keys, limits, faults and
//! sockets are the server's business.

mod bars;
mod darkpool;
mod options;
mod query;
pub(crate) mod stream;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Utc};
use serde::Serialize;
use serde_json::json;
use undertow_market::calendar::{new_york_date, new_york_instant};
use undertow_market::{OptionContract, Symbol};

use crate::answer::Answer;
use crate::market::Market;
use options::row::Company;
use query::Query;

/// What a route is asked.
pub(crate) struct Request<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    /// Names and values, decoded, in order.
    pub(crate) params: &'a [(String, String)],
    /// The market's time.
    pub(crate) now: DateTime<Utc>,
    /// How many sessions back the plan reaches, today's included.
    pub(crate) history_sessions: u32,
}

impl Answer {
    fn rows(rows: &impl Serialize) -> Self {
        Self::json(200, &json!({ "data": rows }))
    }

    fn rows_of(rows: &impl Serialize, date: NaiveDate) -> Self {
        Self::json(200, &json!({ "data": rows, "date": date }))
    }

    fn no_rows() -> Self {
        Self::rows(&[(); 0])
    }
}

/// Why a request gets no data.
#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    /// No such route.
    NoRoute,
    /// No such thing behind the route.
    NothingThere,
    /// A part of the path cannot be read.
    BadPath { found: String, example: &'static str },
    /// A parameter cannot be read.
    BadQuery { found: String, example: &'static str },
    /// The date lies before the plan's history.
    BeforeHistory { asked: NaiveDate, earliest: NaiveDate, sessions: u32 },
    /// The route knows the latest session only.
    LatestDayOnly,
}

/// Answers a request.
pub(crate) fn answer(market: &Market, request: &Request<'_>) -> Answer {
    let segments: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let query = Query::new(market.calendar(), request);
    let answered = match segments.as_slice() {
        ["api", "darkpool", "recent"] => darkpool::recent(market, &query),
        ["api", "darkpool", ticker] => {
            symbol(ticker).and_then(|symbol| darkpool::of_symbol(market, &symbol, &query))
        }
        ["api", "stock", ticker, rest @ ..] => {
            symbol(ticker).and_then(|symbol| of_stock(market, &symbol, rest, &query))
        }
        ["api", "option-trades"] => options::trades::tape(market, &query),
        ["api", "option-trades", "flow-alerts"] => options::alerts::list(market, &query),
        ["api", "option-contract", id, "flow"] => contract(id)
            .and_then(|contract| options::trades::of_contract(market, &contract, &query)),
        ["api", "market", "market-tide"] => options::tides::market_tide(market, &query),
        ["api", "market", ticker, "etf-tide"] => options::tides::etf_tide(market, ticker, &query),
        _ => Err(Refusal::NoRoute),
    };
    answered.unwrap_or_else(|refusal| refused(&refusal, request))
}

fn of_stock(
    market: &Market,
    symbol: &Symbol,
    rest: &[&str],
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    use options::{contracts, exposure, levels, sums, tides, trades, volatility};
    match rest {
        ["ohlc", size] => bars::ohlc(market, symbol, size, query),
        ["stock-state"] => bars::stock_state(market, symbol, query),
        ["flow-recent"] => trades::recent(market, symbol, query),
        ["flow-per-strike"] => sums::per_strike(market, symbol, query),
        ["flow-per-expiry"] => sums::per_expiry(market, symbol, query),
        ["net-prem-ticks"] => tides::net_premium(market, symbol, query),
        ["option-contracts"] => contracts::list(market, symbol, query),
        ["iv-rank"] => volatility::rank(market, symbol, query),
        ["volatility", "realized"] => volatility::realized(market, symbol, query),
        ["volatility", "term-structure"] => volatility::term_structure(market, symbol, query),
        ["greek-exposure", "strike"] => exposure::by_strike(market, symbol, query),
        ["stock-volume-price-levels"] => levels::price_levels(market, symbol, query),
        _ => Err(Refusal::NoRoute),
    }
}

fn contract(text: &str) -> Result<OptionContract, Refusal> {
    let bad = |_| Refusal::BadPath { found: text.to_owned(), example: "AAPL240202P00185000" };
    text.parse().map_err(bad)
}

/// The vendor takes letters with a share class at most: it has no ticker with a digit.
fn symbol(text: &str) -> Result<Symbol, Refusal> {
    Symbol::new(text)
        .ok()
        .filter(|symbol| !symbol.as_str().bytes().any(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| Refusal::BadPath { found: text.to_owned(), example: "AAPL" })
}

fn refused(refusal: &Refusal, request: &Request<'_>) -> Answer {
    let invalid = |what: &str, found: &str, example: &str| {
        let msg = format!("Invalid {what}: {found} (valid example: {example})");
        let body = json!({ "msg": msg, "path": request.path, "query": request.query });
        Answer::json(422, &body)
    };
    match refusal {
        Refusal::NoRoute => Answer::json(404, &json!({ "error": "Route not found" })),
        Refusal::NothingThere => Answer::json(404, &json!({})),
        Refusal::BadPath { found, example } => invalid("path input", found, example),
        Refusal::BadQuery { found, example } => invalid("query input(s)", found, example),
        Refusal::LatestDayOnly => {
            let message = "The simulator's tape holds the latest trading day only.";
            let error = json!({ "code": "historical_data_not_supported", "message": message });
            Answer::json(400, &json!({ "error": error }))
        }
        Refusal::BeforeHistory { asked, earliest, sessions } => {
            let message = format!(
                "The earliest date currently available to you is {earliest} ({sessions} trading \
                 days). The simulator keeps {asked} behind its history wall."
            );
            Answer::json(
                403,
                &json!({ "code": "historic_data_access_missing", "message": message }),
            )
        }
    }
}

/// An instant as the vendor writes it: whole seconds, UTC.
fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An instant as the vendor writes it where it counts microseconds.
fn fine_stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// An instant as the vendor writes it where it counts milliseconds.
fn millisecond_stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// An instant as the vendor writes it where it keeps New York's clock: `-04:00` in summer.
fn local_stamp(at: DateTime<Utc>) -> String {
    let date = new_york_date(at);
    let noon = date.and_time(NaiveTime::MIN) + chrono::TimeDelta::hours(12);
    let behind = new_york_instant(date, noon.time()).naive_utc() - noon;
    let offset = FixedOffset::west_opt(behind.num_seconds() as i32);
    let offset = offset.expect("New York is less than a day behind");
    at.with_timezone(&offset).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
