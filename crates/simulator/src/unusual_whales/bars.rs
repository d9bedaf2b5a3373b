//! `/api/stock/{ticker}/ohlc/{size}` and `/api/stock/{ticker}/stock-state`.
//!
//! The volumes have the vendor's traps: `total_volume` is cumulative through the segment, and
//! `volume` is the segment's own, but for the regular row of a day it is the whole day's.
//! Weekly candles are not simulated.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use undertow_market::calendar::minute_of_day;
use undertow_market::{MarketSession, Symbol};

use super::query::Query;
use super::{Answer, Refusal, stamp};
use crate::market::{Market, Segment, all_of, merge};

/// The vendor's largest answer.
const MAX_ROWS: usize = 2_500;

#[derive(Serialize)]
struct Row {
    open: String,
    high: String,
    low: String,
    close: String,
    volume: i64,
    total_volume: i64,
    market_time: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<String>,
}

pub(super) fn ohlc(
    market: &Market,
    symbol: &Symbol,
    size: &str,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let candle = candle(size)?;
    let limit = query.limit(MAX_ROWS, 1..=MAX_ROWS)?;
    let dates = dates(query)?;
    if !market.lists(symbol) {
        return Ok(Answer::no_rows());
    }
    let mut rows = Vec::new();
    for date in dates.into_iter().rev() {
        rows.extend(match candle {
            Candle::Minutes(minutes) => intraday(market, symbol, date, minutes, query.now),
            Candle::Day => daily(market, symbol, date, query.now),
        });
        if rows.len() >= limit {
            break;
        }
    }
    rows.truncate(limit);
    Ok(Answer::rows(&rows))
}

pub(super) fn stock_state(
    market: &Market,
    symbol: &Symbol,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let date = query.latest();
    let day = market.session(symbol, date).ok_or(Refusal::NothingThere)?;
    let segments = day.segments(query.now);
    let last = segments.last().ok_or(Refusal::NothingThere)?;
    let total: i64 = segments.iter().map(|segment| segment.volume).sum();
    let prev_close = market.last_close(symbol, date).ok_or(Refusal::NothingThere)?;
    let tape_at = query.now.min(day.hours.post_end_at - TimeDelta::seconds(1));
    Ok(Answer::json(
        200,
        &json!({ "data": {
            "open": last.open.to_string(),
            "high": last.high.to_string(),
            "low": last.low.to_string(),
            "close": last.close.to_string(),
            "prev_close": prev_close.to_string(),
            "market_time": match last.part {
                MarketSession::Pre => "premarket",
                MarketSession::Regular => "regular",
                MarketSession::Post | MarketSession::Closed => "postmarket",
            },
            "tape_time": stamp(tape_at),
            "volume": last.volume,
            "total_volume": total,
        }}),
    ))
}

#[derive(Clone, Copy)]
enum Candle {
    Minutes(u16),
    Day,
}

fn candle(size: &str) -> Result<Candle, Refusal> {
    Ok(match size {
        "1m" => Candle::Minutes(1),
        "5m" => Candle::Minutes(5),
        "10m" => Candle::Minutes(10),
        "15m" => Candle::Minutes(15),
        "30m" => Candle::Minutes(30),
        "1h" => Candle::Minutes(60),
        "4h" => Candle::Minutes(240),
        "1d" => Candle::Day,
        _ => {
            return Err(Refusal::BadPath { found: size.to_owned(), example: "1m" });
        }
    })
}

/// The sessions asked for, oldest first: one `date`, or a timeframe up to `end_date`, cut in
/// silence at the plan's history.
fn dates(query: &Query<'_>) -> Result<Vec<NaiveDate>, Refusal> {
    if let Some(date) = query.open_date("date")? {
        return Ok(query.sessions(date, date.min(query.latest())));
    }
    let last = query.open_date("end_date")?.unwrap_or(query.latest()).min(query.latest());
    let first = query.timeframe_start(last)?.max(query.earliest());
    Ok(query.sessions(first, last))
}

/// Newest first.
fn intraday(
    market: &Market,
    symbol: &Symbol,
    date: NaiveDate,
    minutes: u16,
    now: DateTime<Utc>,
) -> Vec<Row> {
    let Some(day) = market.session(symbol, date) else {
        return Vec::new();
    };
    // Candles begin on the clock and never reach across two parts of the day.
    let candles = merge(&day.bars_at(now), |bar| (bar.part, minute_of_day(bar.start_at) / minutes));
    let mut total_volume = 0;
    let mut rows: Vec<Row> = Vec::with_capacity(candles.len());
    for (start_at, candle) in candles {
        total_volume += candle.volume;
        let before_end = minutes - minute_of_day(start_at) % minutes;
        let clock_end_at = start_at + TimeDelta::minutes(before_end.into());
        let part_end_at = [day.hours.open_at, day.hours.close_at, day.hours.post_end_at]
            .into_iter()
            .find(|end_at| *end_at > start_at);
        let end_at = part_end_at.map_or(clock_end_at, |end_at| end_at.min(clock_end_at));
        rows.push(Row {
            start_time: Some(stamp(start_at)),
            end_time: Some(stamp(end_at)),
            ..segment_row(&candle, candle.volume, total_volume)
        });
    }
    rows.reverse();
    rows
}

/// One row for each part of the day, newest first.
fn daily(market: &Market, symbol: &Symbol, date: NaiveDate, now: DateTime<Utc>) -> Vec<Row> {
    let segments = segments(market, symbol, date, now);
    let whole_day: i64 = segments.iter().map(|segment| segment.volume).sum();
    let mut total_volume = 0;
    let mut rows = Vec::with_capacity(segments.len());
    for segment in &segments {
        total_volume += segment.volume;
        let volume =
            if segment.part == MarketSession::Regular { whole_day } else { segment.volume };
        let date = Some(date.to_string());
        rows.push(Row { date, ..segment_row(segment, volume, total_volume) });
    }
    rows.reverse();
    rows
}

fn segments(market: &Market, symbol: &Symbol, date: NaiveDate, now: DateTime<Utc>) -> Vec<Segment> {
    let over = market.calendar().session(date).is_some_and(|hours| all_of(&hours) <= now);
    if over {
        return market.summary(symbol, date).unwrap_or_default();
    }
    market.session(symbol, date).map(|day| day.segments(now)).unwrap_or_default()
}

fn segment_row(segment: &Segment, volume: i64, total_volume: i64) -> Row {
    Row {
        open: segment.open.to_string(),
        high: segment.high.to_string(),
        low: segment.low.to_string(),
        close: segment.close.to_string(),
        volume,
        total_volume,
        market_time: match segment.part {
            MarketSession::Pre => "pr",
            MarketSession::Regular => "r",
            MarketSession::Post | MarketSession::Closed => "po",
        },
        date: None,
        start_time: None,
        end_time: None,
    }
}
