//! `/api/stock/{ticker}/iv-rank`, `/volatility/realized` and `/volatility/term-structure`.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::Serialize;
use undertow_market::Symbol;

use super::super::query::Query;
use super::super::{Answer, Refusal, fine_stamp};
use crate::market::{Market, Moment};

/// Sessions that a rank looks back on, the day itself included.
const RANKED: usize = 252;
/// Rows of a rank when no timespan is asked for.
const USUAL_ROWS: usize = 5;
/// Sessions that realised volatility is measured over. The vendor aligns it with the first.
const REALIZED: usize = 21;
/// A day's rank is final at this second of the day, UTC.
const FINAL_S: u32 = 22 * 3_600 + 35 * 60 + 25;
/// What a straddle at the money is worth, in deviations: the root of two over pi.
const STRADDLE: f64 = 0.797_884_560_802_865_4;

#[derive(Serialize)]
struct RankRow {
    close: String,
    date: NaiveDate,
    updated_at: String,
    volatility: String,
    iv_rank_1y: String,
}

pub(crate) fn rank(market: &Market, symbol: &Symbol, query: &Query<'_>) -> Result<Answer, Refusal> {
    let last = query.date()?.min(query.latest());
    let rows = match query.text("timespan") {
        None => USUAL_ROWS,
        Some(_) => query.sessions(query.span_start("timespan", last)?, last).len(),
    };
    if !market.lists(symbol) {
        return Ok(Answer::no_rows());
    }
    let dates = market.calendar().sessions_ending(last, RANKED + rows - 1);
    let days: Vec<Closing> =
        dates.iter().filter_map(|date| closing(market, symbol, *date, query.now)).collect();
    let first = days.len().saturating_sub(rows);
    let row = |place: usize| {
        let year = &days[(place + 1).saturating_sub(RANKED)..=place];
        RankRow {
            close: format!("{:.2}", days[place].price),
            date: days[place].date,
            updated_at: fine_stamp(updated_at(days[place].date).min(query.now)),
            volatility: format!("{:.4}", days[place].volatility),
            iv_rank_1y: format!("{:.4}", rank_in(year)),
        }
    };
    Ok(Answer::rows(&(first..days.len()).map(row).collect::<Vec<_>>()))
}

/// A session's close and volatility, or what they are now.
struct Closing {
    date: NaiveDate,
    price: f64,
    volatility: f64,
}

fn closing(
    market: &Market,
    symbol: &Symbol,
    date: NaiveDate,
    now: DateTime<Utc>,
) -> Option<Closing> {
    let is_over = market.calendar().session(date)?.close_at <= now;
    let (price, volatility) = if is_over {
        market.at_close(symbol, date)?
    } else {
        let Moment { spot, surface, .. } = market.options(symbol, date)?.moment(now);
        (spot, surface.month)
    };
    Some(Closing { date, price, volatility })
}

/// From 0 at the lowest of the days to 100 at the highest.
fn rank_in(days: &[Closing]) -> f64 {
    let values = || days.iter().map(|day| day.volatility);
    let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
    let last = days.last().map_or(low, |day| day.volatility);
    if high > low { 100.0 * (last - low) / (high - low) } else { 0.0 }
}

fn updated_at(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc() + TimeDelta::seconds(FINAL_S.into())
}

#[derive(Serialize)]
struct RealizedRow {
    date: NaiveDate,
    implied_volatility: String,
    price: String,
    realized_volatility: Option<String>,
    unshifted_rv_date: Option<NaiveDate>,
}

/// Realised volatility looks forward from its row's date, so the newest rows have none.
pub(crate) fn realized(
    market: &Market,
    symbol: &Symbol,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let last = query.date()?.min(query.latest());
    let dates = query.sessions(query.timeframe_start(last)?, last);
    let ahead = query.sessions(last, last + TimeDelta::days(2 * REALIZED as i64));
    let all: Vec<NaiveDate> = dates.iter().chain(ahead.iter().skip(1)).copied().collect();
    let row = |place: usize| {
        let day = closing(market, symbol, dates[place], query.now)?;
        let window = all.get(place..=place + REALIZED);
        Some(RealizedRow {
            date: day.date,
            implied_volatility: format!("{:.4}", day.volatility),
            price: format!("{:.2}", day.price),
            realized_volatility: window
                .filter(|window| window[REALIZED] <= last)
                .and_then(|window| realized_over(market, symbol, window, query.now))
                .map(|volatility| format!("{volatility:.4}")),
            unshifted_rv_date: window.map(|window| window[REALIZED]),
        })
    };
    Ok(Answer::rows(&(0..dates.len()).filter_map(row).collect::<Vec<_>>()))
}

/// Deviation of the daily returns between these sessions, a year's worth of it. None before the
/// last of them has closed.
fn realized_over(
    market: &Market,
    symbol: &Symbol,
    window: &[NaiveDate],
    now: DateTime<Utc>,
) -> Option<f64> {
    let last = window.last()?;
    if market.calendar().session(*last)?.close_at > now {
        return None;
    }
    let closes: Vec<f64> = window
        .iter()
        .map(|date| market.at_close(symbol, *date).map(|(close, _)| close))
        .collect::<Option<_>>()?;
    let returns: Vec<f64> = closes.windows(2).map(|pair| libm::log(pair[1] / pair[0])).collect();
    let count = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / count;
    let squares: f64 = returns.iter().map(|change| (change - mean) * (change - mean)).sum();
    Some((squares / (count - 1.0) * 252.0).sqrt())
}

#[derive(Serialize)]
struct TermRow<'a> {
    ticker: &'a str,
    date: NaiveDate,
    expiry: NaiveDate,
    dte: i64,
    volatility: String,
    implied_move: String,
    implied_move_perc: String,
}

pub(crate) fn term_structure(
    market: &Market,
    symbol: &Symbol,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let Some(day) = market.options(symbol, query.date()?) else {
        return Ok(Answer::no_rows());
    };
    let moment = day.moment(query.now);
    let mut expiries: Vec<NaiveDate> = day.lines.iter().map(|line| line.contract.expiry).collect();
    expiries.dedup();
    let row = |expiry: NaiveDate| {
        let years = day.years_to(expiry, moment.at);
        let volatility = moment.surface.at_the_money(years);
        let share = volatility * years.sqrt() * STRADDLE;
        TermRow {
            ticker: day.symbol.as_str(),
            date: day.session_date,
            expiry,
            dte: (expiry - day.session_date).num_days(),
            volatility: format!("{volatility:.4}"),
            implied_move: format!("{:.4}", share * moment.spot),
            implied_move_perc: format!("{share:.5}"),
        }
    };
    Ok(Answer::rows(&expiries.into_iter().map(row).collect::<Vec<_>>()))
}
