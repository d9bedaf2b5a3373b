//! `/v1/marketstatus/now` and `/v1/marketstatus/upcoming`.

use chrono::{Datelike, Days, NaiveDate, SecondsFormat, Weekday};
use serde_json::{Value, json};
use undertow_market::MarketSession;
use undertow_market::calendar::{Day, new_york_date};

use super::query::Query;
use crate::answer::Answer;
use crate::market::Market;

/// How far ahead notices are given.
const AHEAD: Days = Days::new(270);
/// One row for each of them.
const EXCHANGES: [&str; 2] = ["NYSE", "NASDAQ"];

pub(super) fn now(market: &Market, query: &Query<'_>) -> Answer {
    let now = query.request.now;
    let (_, session) = market.calendar().session_at(now);
    let status = match session {
        MarketSession::Regular => "open",
        MarketSession::Pre | MarketSession::Post => "extended-hours",
        MarketSession::Closed => "closed",
    };
    Answer::json(
        200,
        &json!({
            "market": status,
            "earlyHours": session == MarketSession::Pre,
            "afterHours": session == MarketSession::Post,
            "serverTime": now.to_rfc3339_opts(SecondsFormat::Secs, false),
            "exchanges": { "nyse": status, "nasdaq": status, "otc": status },
            "currencies": { "fx": "open", "crypto": "open" },
        }),
    )
}

/// A bare array of the days that are not ordinary ones.
pub(super) fn upcoming(market: &Market, query: &Query<'_>) -> Answer {
    let today = new_york_date(query.request.now);
    let end = today + AHEAD;
    let days = today.iter_days().skip(1).take_while(|day| *day <= end);
    let rows: Vec<Value> = days.flat_map(|day| notices(market, day)).collect();
    Answer::json(200, &rows)
}

fn notices(market: &Market, day: NaiveDate) -> Vec<Value> {
    if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        return Vec::new();
    }
    let stamp = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let row = |exchange: &str| match market.calendar().day(day) {
        Ok(Day::Closed(name)) => {
            Some(json!({ "exchange": exchange, "name": name, "date": day, "status": "closed" }))
        }
        Ok(Day::Session(hours)) if hours.early_close => Some(json!({
            "exchange": exchange,
            "name": occasion(day),
            "date": day,
            "status": "early-close",
            "open": stamp(hours.open_at),
            "close": stamp(hours.close_at),
        })),
        Ok(Day::Session(_)) | Err(_) => None,
    };
    EXCHANGES.into_iter().filter_map(row).collect()
}

/// The vendor names an early close for its holiday.
fn occasion(day: NaiveDate) -> &'static str {
    match day.month() {
        7 => "Independence Day",
        11 => "Thanksgiving",
        _ => "Christmas",
    }
}
