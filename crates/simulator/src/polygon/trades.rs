//! `/v3/trades/{ticker}` and `/v2/last/trade/{ticker}`.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::json;
use undertow_market::Symbol;
use undertow_market::calendar::new_york_date;

use super::query::{Bounds, Query, date, midnight};
use super::{Refusal, bad, listed, page_of, tape_begins};
use crate::answer::Answer;
use crate::market::{Market, SimTapeTrade, TapeDay, nanos};

/// Rows of a page when none are asked for, and most that can be.
const USUAL_ROWS: usize = 1_000;
const MOST_ROWS: usize = 50_000;

#[derive(Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    conditions: Option<Vec<u16>>,
    #[serde(skip_serializing_if = "is_none")]
    correction: u16,
    decimal_size: String,
    exchange: u16,
    id: String,
    participant_timestamp: i64,
    price: f64,
    sequence_number: i64,
    sip_timestamp: i64,
    size: i64,
    tape: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    trf_id: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trf_timestamp: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_none(correction: &u16) -> bool {
    *correction == 0
}

fn row(day: &TapeDay, trade: &SimTapeTrade, now_ns: i64) -> Row {
    let conditions = trade.conditions.as_slice();
    Row {
        conditions: (!conditions.is_empty()).then(|| conditions.to_vec()),
        correction: trade.correction_at(now_ns),
        decimal_size: trade.size.to_string(),
        exchange: trade.venue,
        id: trade.id.to_string(),
        participant_timestamp: trade.participant_ns,
        price: trade.price.dollars(),
        sequence_number: trade.sequence,
        sip_timestamp: trade.sip_ns,
        size: trade.size.whole(),
        tape: day.network,
        trf_id: trade.facility_id(),
        trf_timestamp: trade.facility.map(|(_, at_ns)| at_ns),
    }
}

/// Where a page goes on: the tape time and the number of its last row.
#[derive(Clone, Copy)]
struct Place {
    sip_ns: i64,
    sequence: i64,
}

impl Place {
    fn read(text: &str) -> Option<Self> {
        let (sip_ns, sequence) = text.split_once('.')?;
        Some(Self { sip_ns: sip_ns.parse().ok()?, sequence: sequence.parse().ok()? })
    }

    fn of(trade: &SimTapeTrade) -> Self {
        Self { sip_ns: trade.sip_ns, sequence: trade.sequence }
    }

    fn key(self) -> (i64, i64) {
        (self.sip_ns, self.sequence)
    }
}

/// Which trades are asked for.
struct Wanted {
    times: Bounds<i64>,
    after: Option<Place>,
    is_descending: bool,
    limit: usize,
}

impl Wanted {
    fn read(query: &Query<'_>) -> Result<Self, Refusal> {
        if let Some(sort) = query.text("sort").filter(|sort| *sort != "timestamp") {
            return Err(bad("sort", sort));
        }
        let place = |text: &str| Place::read(text).ok_or_else(|| bad("cursor", text));
        Ok(Self {
            times: times(query)?,
            after: query.after().map(place).transpose()?,
            is_descending: query.is_descending("order", true)?,
            limit: query.limit(USUAL_ROWS, MOST_ROWS)?,
        })
    }

    fn takes(&self, trade: &SimTapeTrade) -> bool {
        let key = Place::of(trade).key();
        let follows = self
            .after
            .map(Place::key)
            .is_none_or(|after| if self.is_descending { key < after } else { key > after });
        follows && self.times.holds(trade.sip_ns)
    }

    /// Whether it reaches back before a day.
    fn begins_before(&self, date: NaiveDate) -> bool {
        let lowest = self.times.from.max(self.times.above);
        lowest.is_none_or(|ns| ns < nanos(midnight(date)))
    }

    /// The sessions in which such trades can be, in the order of the page.
    fn dates(&self, market: &Market, now: DateTime<Utc>) -> Vec<NaiveDate> {
        let day = |ns: i64| new_york_date(DateTime::from_timestamp_nanos(ns));
        let after = self.after.map(|place| place.sip_ns);
        let mut lowest = self.times.from.max(self.times.above);
        let mut highest = [self.times.to, self.times.below].into_iter().flatten().min();
        if self.is_descending {
            highest = [highest, after].into_iter().flatten().min();
        } else {
            lowest = lowest.max(after);
        }
        let last = highest.map_or(new_york_date(now), day).min(new_york_date(now));
        let first = lowest.map_or(NaiveDate::MIN, day).max(tape_begins(market, now));
        let mut dates = market.calendar().sessions_between(first, last);
        if self.is_descending {
            dates.reverse();
        }
        dates
    }
}

/// `timestamp` and its bounds, in nanoseconds. A date stands for its day in New York.
fn times(query: &Query<'_>) -> Result<Bounds<i64>, Refusal> {
    let instant = |text: &str| match date(text) {
        Some(day) => Some(nanos(midnight(day))),
        None => text.parse().ok().filter(|ns| *ns >= 0),
    };
    let bounds = query.bounds("timestamp", instant)?;
    let Some(day) = query.text("timestamp").and_then(date) else {
        return Ok(bounds);
    };
    let next = day.succ_opt().unwrap_or(day);
    Ok(Bounds { to: None, below: Some(nanos(midnight(next))), ..bounds })
}

pub(super) fn page(market: &Market, ticker: &str, query: &Query<'_>) -> Result<Answer, Refusal> {
    let wanted = Wanted::read(query)?;
    if query.request.history_from.is_some_and(|from| wanted.begins_before(from)) {
        return Err(Refusal::BeforeHistory);
    }
    let Some(symbol) = listed(market, ticker) else {
        return Ok(page_of::<Row>(query, Vec::new(), None));
    };
    let now = query.request.stocks_now();
    let mut rows = Vec::new();
    let mut last = None;
    for date in wanted.dates(market, now) {
        let Some(day) = market.tape(&symbol, date) else { continue };
        for trade in ordered(day.visible(now), wanted.is_descending) {
            if !wanted.takes(trade) {
                continue;
            }
            if let (Some(Place { sip_ns, sequence }), true) = (last, rows.len() == wanted.limit) {
                let next = query.next_url(&format!("{sip_ns}.{sequence}"));
                return Ok(page_of(query, rows, Some(next)));
            }
            rows.push(row(&day, trade, nanos(now)));
            last = Some(Place::of(trade));
        }
    }
    Ok(page_of(query, rows, None))
}

fn ordered(
    trades: &[SimTapeTrade],
    is_descending: bool,
) -> Box<dyn Iterator<Item = &SimTapeTrade> + '_> {
    if is_descending { Box::new(trades.iter().rev()) } else { Box::new(trades.iter()) }
}

pub(super) fn last(market: &Market, ticker: &str, query: &Query<'_>) -> Result<Answer, Refusal> {
    let now = query.request.stocks_now();
    let symbol = listed(market, ticker).ok_or(Refusal::NotFound)?;
    let (day, trade) = newest(market, &symbol, now).ok_or(Refusal::NotFound)?;
    let conditions = trade.conditions.as_slice();
    let mut result = json!({
        "T": symbol.as_str(),
        "ds": trade.size.to_string(),
        "i": trade.id.to_string(),
        "p": trade.price.dollars(),
        "q": trade.sequence,
        "s": trade.size.whole(),
        "t": trade.sip_ns,
        "x": trade.venue,
        "y": trade.participant_ns,
        "z": day.network,
    });
    if !conditions.is_empty() {
        result["c"] = json!(conditions);
    }
    if let Some((facility, at_ns)) = trade.facility {
        result["r"] = json!(facility);
        result["f"] = json!(at_ns);
    }
    let body = json!({ "request_id": query.request.id, "results": result, "status": "OK" });
    Ok(Answer::json(200, &body))
}

fn newest(
    market: &Market,
    symbol: &Symbol,
    now: DateTime<Utc>,
) -> Option<(Arc<TapeDay>, SimTapeTrade)> {
    let latest = market.calendar().latest_session(now)?;
    let before = market.calendar().previous_session(latest)?;
    [latest, before].into_iter().find_map(|date| {
        let day = market.tape(symbol, date)?;
        let trade = day.visible(now).iter().rev().find(|trade| !trade.is_record())?.clone();
        Some((day, trade))
    })
}
