//! `/v2/aggs/...` and `/v1/open-close/...`: bars of the tape.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use undertow_market::calendar::new_york_date;
use undertow_market::{MarketSession, Symbol};

use super::query::{Query, date, midnight};
use super::{Refusal, bad, listed, midnight_ms, rounded, tape_begins};
use crate::answer::Answer;
use crate::market::{Market, TapeBar, minute_bars, nanos};
use crate::ticks::Ticks;

/// Base bars of a page when none are asked for, and most that can be.
const USUAL_BARS: usize = 5_000;
const MOST_BARS: usize = 50_000;
const MINUTE_MS: i64 = 60_000;
/// Everything that is ever learnt of a session is known this long after its end.
const SETTLED: TimeDelta = TimeDelta::hours(15);

/// The parts of a range's path.
pub(super) struct Window<'a> {
    pub(super) ticker: &'a str,
    pub(super) count: &'a str,
    pub(super) span: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(rename = "T", skip_serializing_if = "Option::is_none")]
    ticker: Option<&'a str>,
    v: f64,
    vw: f64,
    o: f64,
    c: f64,
    h: f64,
    l: f64,
    t: i64,
    n: i64,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    ticker: Option<&'a str>,
    #[serde(rename = "queryCount")]
    query_count: usize,
    #[serde(rename = "resultsCount")]
    results_count: usize,
    adjusted: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<Row<'a>>,
    status: &'static str,
    request_id: &'a str,
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
}

impl<'a> Body<'a> {
    fn new(query: &Query<'a>, results: Vec<Row<'a>>, adjusted: bool) -> Self {
        Self {
            ticker: None,
            query_count: results.len(),
            results_count: results.len(),
            adjusted,
            count: results.len(),
            results,
            status: "OK",
            request_id: &query.request.id,
            next_url: None,
        }
    }
}

/// New shares for an old one; one where prices are not adjusted.
type Ratio = f64;

fn row(bar: &TapeBar, at_ms: i64, ratio: Ratio) -> Row<'static> {
    let price = |price: Ticks| rounded(price.dollars() / ratio);
    Row {
        ticker: None,
        v: bar.volume.number() * ratio,
        vw: rounded(bar.average() / ratio),
        o: price(bar.open),
        c: price(bar.close),
        h: price(bar.high),
        l: price(bar.low),
        t: at_ms,
        n: bar.trades,
    }
}

fn is_adjusted(query: &Query<'_>) -> Result<bool, Refusal> {
    Ok(query.parsed("adjusted")?.unwrap_or(true))
}

/// What adjusts a day's prices to the shares of `now`.
fn ratio(market: &Market, symbol: &Symbol, day: NaiveDate, query: &Query<'_>) -> Ratio {
    let (from, to) = market.split_after(symbol, day, new_york_date(query.request.now));
    to as f64 / from as f64
}

/// The bar of a session so far. Once everything is known of it, it is kept.
fn day_bar(
    market: &Market,
    symbol: &Symbol,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Option<TapeBar> {
    let hours = market.calendar().session(day)?;
    if day < tape_begins(market, now) {
        return market.bar_without_tape(symbol, day);
    }
    if hours.post_end_at + SETTLED <= now {
        return market.day_bar(symbol, day);
    }
    let tape = market.tape(symbol, day)?;
    crate::market::day_bar(tape.visible(now), nanos(now))
}

/// Bars of one width.
#[derive(Clone, Copy, PartialEq)]
enum Width {
    Minutes(i64),
    Days(usize),
}

impl Width {
    fn read(count: &str, span: &str) -> Result<Self, Refusal> {
        let many: i64 =
            count.parse().ok().filter(|many| *many > 0).ok_or(bad("multiplier", count))?;
        match span {
            "minute" => Ok(Self::Minutes(many)),
            "hour" => Ok(Self::Minutes(many * 60)),
            "day" => Ok(Self::Days(many as usize)),
            _ => Err(bad("timespan", span)),
        }
    }
}

/// Milliseconds, or a day in New York.
fn edge(text: &str, is_end: bool) -> Option<i64> {
    if let Some(day) = date(text) {
        let day = if is_end { day.succ_opt()? } else { day };
        return Some(midnight_ms(day) - i64::from(is_end));
    }
    text.parse().ok()
}

pub(super) fn range(
    market: &Market,
    window: &Window<'_>,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let width = Width::read(window.count, window.span)?;
    let from = edge(window.from, false).ok_or_else(|| bad("from", window.from))?;
    let to = edge(window.to, true).ok_or_else(|| bad("to", window.to))?;
    let limit = query.limit(USUAL_BARS, MOST_BARS)?;
    let is_descending = query.is_descending("sort", false)?;
    let adjusted = is_adjusted(query)?;
    let mut bars = match listed(market, window.ticker) {
        Some(symbol) => {
            let question = Question { market, symbol, times: from..=to, width, limit, adjusted };
            question.base_bars(is_descending, query)
        }
        None => Vec::new(),
    };
    let more = bars.len() > limit;
    bars.truncate(limit);
    let next_url = more.then(|| next_url(window, &bars, is_descending, query)).flatten();
    let query_count = bars.len();
    let results = merged(bars, width, is_descending);
    let body = Body {
        query_count,
        ticker: Some(window.ticker),
        next_url,
        ..Body::new(query, results, adjusted)
    };
    Ok(Answer::json(200, &body))
}

/// A base bar, when it begins, and what adjusts it.
type Base = (i64, TapeBar, Ratio);

/// What is asked of a symbol.
struct Question<'a> {
    market: &'a Market,
    symbol: Symbol,
    /// Milliseconds since 1970.
    times: RangeInclusive<i64>,
    width: Width,
    limit: usize,
    adjusted: bool,
}

impl Question<'_> {
    /// The base bars in the order of the page, one or a day's more than fit.
    fn base_bars(&self, is_descending: bool, query: &Query<'_>) -> Vec<Base> {
        let mut bars: Vec<Base> = Vec::new();
        for day in self.dates(is_descending, query) {
            let mut of_day = self.of_day(day, query);
            of_day.retain(|(at_ms, _, _)| self.times.contains(at_ms));
            if is_descending {
                of_day.reverse();
            }
            bars.extend(of_day);
            if bars.len() > self.limit {
                break;
            }
        }
        bars
    }

    fn dates(&self, is_descending: bool, query: &Query<'_>) -> Vec<NaiveDate> {
        let today = new_york_date(query.request.stocks_now());
        let day = |ms: i64| DateTime::from_timestamp_millis(ms).map_or(today, new_york_date);
        let last = day(*self.times.end()).min(today);
        let calendar = self.market.calendar();
        let mut dates = calendar.sessions_between(day(*self.times.start()), last);
        if is_descending {
            dates.reverse();
        }
        dates
    }

    fn of_day(&self, day: NaiveDate, query: &Query<'_>) -> Vec<Base> {
        let Self { market, symbol, .. } = self;
        let now = query.request.stocks_now();
        let ratio = if self.adjusted { ratio(market, symbol, day, query) } else { 1.0 };
        if matches!(self.width, Width::Days(_)) {
            let bar = day_bar(market, symbol, day, now);
            return bar.map(|bar| (midnight_ms(day), bar, ratio)).into_iter().collect();
        }
        let Some(tape) = market.tape(symbol, day) else {
            return Vec::new();
        };
        let minutes = minute_bars(tape.visible(now), nanos(now)).into_iter();
        minutes.map(|(start_ns, bar)| (start_ns / 1_000_000, bar, ratio)).collect()
    }
}

/// Base bars put together to the width that was asked for.
fn merged(bars: Vec<Base>, width: Width, is_descending: bool) -> Vec<Row<'static>> {
    let mut bars = bars;
    if is_descending {
        bars.reverse();
    }
    let groups: Vec<(i64, &[Base])> = match width {
        Width::Minutes(many) => {
            let start = |at_ms: i64| at_ms.div_euclid(many * MINUTE_MS) * many * MINUTE_MS;
            bars.chunk_by(|a, b| start(a.0) == start(b.0))
                .map(|group| (start(group[0].0), group))
                .collect()
        }
        Width::Days(many) => bars.chunks(many).map(|group| (group[0].0, group)).collect(),
    };
    let whole = |(at_ms, group): (i64, &[Base])| {
        let bar = group.iter().map(|(_, bar, _)| *bar).reduce(TapeBar::and)?;
        Some(row(&bar, at_ms, group[0].2))
    };
    let mut rows: Vec<Row<'static>> = groups.into_iter().filter_map(whole).collect();
    if is_descending {
        rows.reverse();
    }
    rows
}

/// The next page begins on a path of its own.
fn next_url(
    window: &Window<'_>,
    bars: &[Base],
    is_descending: bool,
    query: &Query<'_>,
) -> Option<String> {
    let (last_ms, _, _) = bars.last()?;
    let Window { ticker, count, span, from, to } = window;
    let (from, to) = if is_descending {
        ((*from).to_owned(), (last_ms - 1).to_string())
    } else {
        ((last_ms + 1).to_string(), (*to).to_owned())
    };
    let path = format!("/v2/aggs/ticker/{ticker}/range/{count}/{span}/{from}/{to}");
    Some(query.next_url_at(&path, "0"))
}

pub(super) fn previous(
    market: &Market,
    ticker: &str,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let now = query.request.stocks_now();
    let adjusted = is_adjusted(query)?;
    let over = |day: &NaiveDate| market.calendar().session(*day).is_some_and(|h| h.close_at <= now);
    let days = market.calendar().sessions_ending(new_york_date(now), 3);
    let day = days.into_iter().rev().find(over);
    let result = day.zip(listed(market, ticker)).and_then(|(day, symbol)| {
        let bar = day_bar(market, &symbol, day, now)?;
        let ratio = if adjusted { ratio(market, &symbol, day, query) } else { 1.0 };
        let close_at = market.calendar().session(day)?.close_at;
        Some(Row { ticker: Some(ticker), ..row(&bar, close_at.timestamp_millis(), ratio) })
    });
    let body =
        Body { ticker: Some(ticker), ..Body::new(query, result.into_iter().collect(), adjusted) };
    Ok(Answer::json(200, &body))
}

/// The whole market of one day, once it is over. A row's time is the end of its day.
pub(super) fn grouped(market: &Market, day: &str, query: &Query<'_>) -> Result<Answer, Refusal> {
    let adjusted = is_adjusted(query)?;
    let day = date(day).ok_or_else(|| bad("date", day))?;
    let now = query.request.stocks_now();
    let hours = market.calendar().session(day).filter(|hours| hours.close_at <= now);
    let of_symbol = |symbol: &Symbol| {
        let bar = day_bar(market, symbol, day, now)?;
        let ratio = if adjusted { ratio(market, symbol, day, query) } else { 1.0 };
        Some(row(&bar, hours?.close_at.timestamp_millis(), ratio))
    };
    let mut rows = Vec::new();
    if hours.is_some() {
        for symbol in market.symbols() {
            let row = of_symbol(symbol);
            rows.extend(row.map(|row| Row { ticker: Some(symbol.as_str()), ..row }));
        }
    }
    Ok(Answer::json(200, &Body::new(query, rows, adjusted)))
}

pub(super) fn open_close(
    market: &Market,
    ticker: &str,
    day: &str,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let adjusted = is_adjusted(query)?;
    let day = date(day).ok_or_else(|| bad("date", day))?;
    let now = query.request.stocks_now();
    let symbol = listed(market, ticker).ok_or(Refusal::NotFound)?;
    let bar = day_bar(market, &symbol, day, now).ok_or(Refusal::NotFound)?;
    let ratio = if adjusted { ratio(market, &symbol, day, query) } else { 1.0 };
    let tape = market.tape(&symbol, day).ok_or(Refusal::NotFound)?;
    let last_of = |part| {
        let hours = tape.hours;
        let inside = |ns: i64| hours.session_at(DateTime::from_timestamp_nanos(ns)) == part;
        let trades = tape.visible(now);
        trades.iter().rev().find(|trade| inside(trade.sip_ns)).map(|trade| trade.price.dollars())
    };
    let Row { o, h, l, c, v, .. } = row(&bar, midnight(day).timestamp_millis(), ratio);
    let mut body = json!({
        "status": "OK", "from": day, "symbol": ticker,
        "open": o, "high": h, "low": l, "close": c, "volume": v,
    });
    for (name, part) in [("preMarket", MarketSession::Pre), ("afterHours", MarketSession::Post)] {
        if let Some(price) = last_of(part) {
            body[name] = json!(rounded(price / ratio));
        }
    }
    Ok(Answer::json(200, &body))
}
