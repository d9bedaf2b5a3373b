//! Unusual Whales' wire format: what each route answers at a given moment.
//!
//! Pure: a request and an instant go in, a status and a body come out. Keys, limits, faults and
//! sockets are the server's business.

mod bars;
mod darkpool;
mod query;

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::json;
use undertow_market::Symbol;

use crate::market::Market;
use query::Query;

/// What a route is asked.
pub(crate) struct Request<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) params: &'a HashMap<String, String>,
    /// The market's time.
    pub(crate) now: DateTime<Utc>,
    /// How many sessions back the plan reaches, today's included.
    pub(crate) history_sessions: u32,
}

/// A status and a body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("rows have text keys and plain numbers");
        Self { status, content_type: "application/json; charset=utf-8", body: body.into() }
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    fn rows(rows: &impl Serialize) -> Self {
        Self::json(200, &json!({ "data": rows }))
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
        ["api", "stock", ticker, "ohlc", size] => {
            symbol(ticker).and_then(|symbol| bars::ohlc(market, &symbol, size, &query))
        }
        ["api", "stock", ticker, "stock-state"] => {
            symbol(ticker).and_then(|symbol| bars::stock_state(market, &symbol, &query))
        }
        _ => Err(Refusal::NoRoute),
    };
    answered.unwrap_or_else(|refusal| refused(&refusal, request))
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
