//! `/api/darkpool/{ticker}` and `/api/darkpool/recent`.

use std::cmp::Reverse;
use std::ops::RangeInclusive;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use undertow_market::Symbol;

use super::query::Query;
use super::{Answer, Refusal, stamp};
use crate::market::{Day, Market, SimPrint};

/// The execution time is null in rows of earlier sessions.
const EXECUTION_TIME_SINCE: NaiveDate =
    NaiveDate::from_ymd_opt(2025, 5, 1).expect("the first of May exists");
/// Ticks in a dollar: premiums are asked for in dollars.
const PER_DOLLAR: i128 = 10_000;

/// One row, in the vendor's fields.
#[derive(Serialize)]
struct Row<'a> {
    ticker: &'a str,
    size: i64,
    price: String,
    premium: String,
    volume: i64,
    executed_at: String,
    trf_executed_at: Option<String>,
    nbbo_bid: String,
    nbbo_ask: String,
    nbbo_bid_quantity: i64,
    nbbo_ask_quantity: i64,
    market_center: &'static str,
    tracking_id: i64,
    canceled: bool,
    sale_cond_codes: Option<&'static str>,
    trade_code: Option<&'static str>,
    ext_hour_sold_codes: Option<&'static str>,
    trade_settlement: &'static str,
}

#[derive(Clone, Copy)]
enum OrderBy {
    ExecutedAt,
    TrfExecutedAt,
    Premium,
    Size,
    Volume,
}

/// Which rows, in which order.
struct Wanted {
    newer_than: Option<DateTime<Utc>>,
    older_than: Option<DateTime<Utc>>,
    premium: RangeInclusive<i64>,
    size: RangeInclusive<i64>,
    volume: RangeInclusive<i64>,
    ascending: bool,
    order_by: OrderBy,
    limit: usize,
}

pub(super) fn of_symbol(
    market: &Market,
    symbol: &Symbol,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let wanted = Wanted {
        newer_than: query.instant("newer_than")?,
        older_than: query.instant("older_than")?,
        ..Wanted::new(query, query.limit(500, 1..=500)?)?
    };
    let days = [market.session(symbol, query.date()?)];
    Ok(page(days.as_slice(), &wanted, query.now))
}

pub(super) fn recent(market: &Market, query: &Query<'_>) -> Result<Answer, Refusal> {
    let wanted = Wanted::new(query, query.limit(100, 1..=200)?)?;
    let date = query.date()?;
    let days: Vec<_> = market.followed().map(|symbol| market.session(symbol, date)).collect();
    Ok(page(&days, &wanted, query.now))
}

impl Wanted {
    fn new(query: &Query<'_>, limit: usize) -> Result<Self, Refusal> {
        Ok(Self {
            newer_than: None,
            older_than: None,
            premium: query.range("min_premium", "max_premium")?,
            size: query.range("min_size", "max_size")?,
            volume: query.range("min_volume", "max_volume")?,
            ascending: query.choice("order", &[("desc", false), ("asc", true)])?,
            order_by: query.choice(
                "order_by",
                &[
                    ("executed_at", OrderBy::ExecutedAt),
                    ("trf_executed_at", OrderBy::TrfExecutedAt),
                    ("premium", OrderBy::Premium),
                    ("size", OrderBy::Size),
                    ("volume", OrderBy::Volume),
                ],
            )?,
            limit,
        })
    }

    /// Both cursors are strict.
    fn takes(&self, print: &SimPrint) -> bool {
        let premium = i128::from(print.price.0) * i128::from(print.size);
        let (low, high) = (i128::from(*self.premium.start()), i128::from(*self.premium.end()));
        self.older_than.is_none_or(|at| print.reported_at < at)
            && self.newer_than.is_none_or(|at| print.reported_at > at)
            && (low * PER_DOLLAR..=high * PER_DOLLAR).contains(&premium)
            && self.size.contains(&print.size)
            && self.volume.contains(&print.day_volume)
    }

    fn rank(&self, print: &SimPrint) -> i64 {
        match self.order_by {
            OrderBy::ExecutedAt => print.reported_at.timestamp(),
            OrderBy::TrfExecutedAt => print.executed_at.timestamp(),
            OrderBy::Premium => print.price.0 * print.size,
            OrderBy::Size => print.size,
            OrderBy::Volume => print.day_volume,
        }
    }
}

fn page(days: &[Option<Arc<Day>>], wanted: &Wanted, now: DateTime<Utc>) -> Answer {
    let mut found: Vec<(&Day, &SimPrint)> = days
        .iter()
        .flatten()
        .flat_map(|day| day.visible(now).iter().map(move |print| (day.as_ref(), print)))
        .filter(|(_, print)| wanted.takes(print))
        .collect();
    // Within one second the vendor orders by id.
    let place = |(_, print): &(&Day, &SimPrint)| {
        (wanted.rank(print), print.reported_at, print.tracking_id, print.day_volume)
    };
    if wanted.ascending {
        found.sort_by_key(place);
    } else {
        found.sort_by_key(|print| Reverse(place(print)));
    }
    found.truncate(wanted.limit);
    let rows: Vec<Row<'_>> = found.into_iter().map(|(day, print)| row(day, print, now)).collect();
    Answer::rows(&rows)
}

fn row<'a>(day: &'a Day, print: &SimPrint, now: DateTime<Utc>) -> Row<'a> {
    let codes = print.kind.codes();
    let tells_execution = day.session_date >= EXECUTION_TIME_SINCE;
    Row {
        ticker: day.symbol.as_str(),
        size: print.size,
        price: print.price.to_string(),
        premium: print.price.premium(print.size),
        volume: print.day_volume,
        executed_at: stamp(print.reported_at),
        trf_executed_at: tells_execution.then(|| stamp(print.executed_at)),
        nbbo_bid: print.bid.to_string(),
        nbbo_ask: print.ask.to_string(),
        nbbo_bid_quantity: print.bid_quantity,
        nbbo_ask_quantity: print.ask_quantity,
        market_center: print.market_center,
        tracking_id: print.tracking_id,
        canceled: print.is_canceled(now),
        sale_cond_codes: codes.sale,
        trade_code: codes.trade,
        ext_hour_sold_codes: codes.extended_hours,
        trade_settlement: print.settlement,
    }
}
