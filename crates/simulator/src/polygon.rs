//! Massive's (once Polygon's) wire format: what each route answers at a given moment, what the
//! stream tells, and what the flat files hold.
//!
//! Pure, as the other vendor's is: keys, limits, faults and sockets are the server's business.

mod aggregates;
mod chain;
mod cursor;
mod exchanges;
pub(crate) mod flat_file;
mod query;
mod reference;
mod schedule;
pub(crate) mod stream;
mod trades;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use undertow_market::Symbol;
use undertow_market::calendar::new_york_date;

use crate::answer::Answer;
use crate::market::Market;
use query::Query;

/// Data of a delayed plan is so old.
pub(crate) const DELAY: TimeDelta = TimeDelta::minutes(15);

/// Sessions of trades that the vendor has. Bars reach further back, and cost no trades there.
const TAPE_SESSIONS: usize = 100;

/// The first session whose trades the vendor has.
fn tape_begins(market: &Market, now: DateTime<Utc>) -> NaiveDate {
    let sessions = market.calendar().sessions_ending(new_york_date(now), TAPE_SESSIONS);
    sessions.first().copied().unwrap_or(NaiveDate::MIN)
}

/// What a route is asked.
pub(crate) struct Request<'a> {
    pub(crate) path: &'a str,
    /// Names and values, decoded, in order.
    pub(crate) params: &'a [(String, String)],
    /// The market's time.
    pub(crate) now: DateTime<Utc>,
    /// Told in the answer.
    pub(crate) id: String,
    /// Where the next page is said to be, without a slash at the end.
    pub(crate) base_url: &'a str,
    /// Whether chains have quotes.
    pub(crate) has_quotes: bool,
    /// Whether the plan's data is a quarter of an hour old.
    pub(crate) is_delayed: bool,
    /// The first day of the plan's trades.
    pub(crate) history_from: Option<NaiveDate>,
}

impl Request<'_> {
    /// The newest instant of which the plan tells stocks.
    fn stocks_now(&self) -> DateTime<Utc> {
        if self.is_delayed { self.now - DELAY } else { self.now }
    }

    fn timeframe(&self) -> &'static str {
        if self.is_delayed { "DELAYED" } else { "REAL-TIME" }
    }
}

/// Why a request gets no data.
#[derive(Debug, PartialEq)]
enum Refusal {
    /// No such route.
    NoRoute,
    /// The route knows nothing of that name.
    NotFound,
    /// The plan's history does not reach so far.
    BeforeHistory,
    /// A part of the request cannot be read.
    Bad(String),
}

fn bad(name: &str, text: &str) -> Refusal {
    Refusal::Bad(format!("'{name}' is not valid: {text}"))
}

/// Whether a path belongs to this vendor.
pub(crate) fn has_route(path: &str) -> bool {
    ["/v1/", "/v2/", "/v3/", "/stocks/", "/options/"].iter().any(|prefix| path.starts_with(prefix))
}

/// Answers a request.
pub(crate) fn answer(market: &Market, request: &Request<'_>) -> Answer {
    let segments: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let answered = Query::new(request).and_then(|query| match segments.as_slice() {
        ["v3", "trades", ticker] => trades::page(market, ticker, &query),
        ["v2", "last", "trade", ticker] => trades::last(market, ticker, &query),
        ["v2", "aggs", "ticker", ticker, "range", count, span, from, to] => {
            let window = aggregates::Window { ticker, count, span, from, to };
            aggregates::range(market, &window, &query)
        }
        ["v2", "aggs", "ticker", ticker, "prev"] => aggregates::previous(market, ticker, &query),
        ["v2", "aggs", "grouped", "locale", "us", "market", "stocks", date] => {
            aggregates::grouped(market, date, &query)
        }
        ["v1", "open-close", ticker, date] => aggregates::open_close(market, ticker, date, &query),
        ["v3", "snapshot", "options", ticker] => chain::page(market, ticker, &query),
        ["v3", "snapshot", "options", ticker, contract] => {
            chain::one(market, ticker, contract, &query)
        }
        ["v3", "reference", rest @ ..] => of_reference(market, rest, &query),
        ["v1", "marketstatus", "now"] => Ok(schedule::now(market, &query)),
        ["v1", "marketstatus", "upcoming"] => Ok(schedule::upcoming(market, &query)),
        _ => Err(Refusal::NoRoute),
    });
    answered.unwrap_or_else(|refusal| refused(&refusal, &request.id))
}

fn of_reference(market: &Market, rest: &[&str], query: &Query<'_>) -> Result<Answer, Refusal> {
    match rest {
        ["options", "contracts"] => chain::contracts(market, query),
        ["options", "contracts", contract] => chain::contract(market, contract, query),
        ["conditions"] => reference::conditions(query),
        ["exchanges"] => Ok(exchanges::list(query)),
        ["splits"] => reference::splits(market, query),
        ["dividends"] => reference::dividends(market, query),
        ["tickers", ticker] => reference::ticker(market, ticker, query),
        _ => Err(Refusal::NoRoute),
    }
}

fn refused(refusal: &Refusal, id: &str) -> Answer {
    match refusal {
        Refusal::NoRoute => Answer::text(404, "404 page not found"),
        Refusal::NotFound => {
            let message = "Ticker not found.";
            let body = json!({ "status": "NOT_FOUND", "request_id": id, "message": message });
            Answer::json(404, &body)
        }
        Refusal::BeforeHistory => {
            let message = "Your plan doesn't include this data timeframe. Please upgrade your plan \
                           at https://massive.com/pricing";
            let status = "NOT_AUTHORIZED";
            let body = json!({ "status": status, "request_id": id, "message": message });
            Answer::json(403, &body)
        }
        Refusal::Bad(error) => Answer::json(400, &error_body(id, error)),
    }
}

fn error_body(id: &str, error: &str) -> Value {
    json!({ "status": "ERROR", "request_id": id, "error": error })
}

/// 401: the key is missing or not known.
pub(crate) fn unknown_key(id: &str) -> Answer {
    Answer::json(401, &error_body(id, "Unknown API Key"))
}

/// 403: the plan does not have it.
pub(crate) fn not_entitled(id: &str) -> Answer {
    let message = "You are not entitled to this data. Please upgrade your plan at \
                   https://massive.com/pricing";
    Answer::json(403, &json!({ "status": "NOT_AUTHORIZED", "request_id": id, "message": message }))
}

/// 429: too many requests this minute.
pub(crate) fn too_many(id: &str) -> Answer {
    let error = "You've exceeded the maximum requests per minute, please wait or upgrade your \
                 subscription to continue.";
    Answer::json(429, &error_body(id, error))
}

/// 500 and 502, which come from different machines.
pub(crate) fn broken(status: u16) -> Answer {
    if status == 500 {
        return Answer::json(500, &json!({ "error": "Internal server error" }));
    }
    Answer::html(status, "<html><body>502 Bad Gateway</body></html>")
}

/// A page of rows. Without rows it has no `results`.
#[derive(Serialize)]
struct Page<T: Serialize> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<T>,
    status: &'static str,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
}

fn page_of<T: Serialize>(query: &Query<'_>, results: Vec<T>, next_url: Option<String>) -> Answer {
    let request_id = query.request.id.clone();
    Answer::json(200, &Page { results, status: "OK", request_id, next_url })
}

/// A name of the market's, if the text is one. The vendor is asked for anything and answers with
/// nothing.
fn listed(market: &Market, ticker: &str) -> Option<Symbol> {
    Symbol::new(ticker).ok().filter(|symbol| market.lists(symbol) && symbol.as_str() == ticker)
}

/// The first instant of a day in New York, in milliseconds since 1970.
fn midnight_ms(date: NaiveDate) -> i64 {
    query::midnight(date).timestamp_millis()
}

/// As many digits as the vendor's averages have.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}
