//! What is asked for once a day: each symbol's days, splits and dividends, and what the vendor says
//! of the market: sale conditions and days that are no ordinary ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use undertow_analysis::adjust::{Adjusted, adjusted};
use undertow_analysis::opportunity::{Closes, HistoricalInput};
use undertow_analysis::volatility::{Estimator, Ohlc, historical};
use undertow_market::{SessionHours, Symbol};
use undertow_store::StoreError;
use undertow_store::corporate_actions::ActionList;
use undertow_store::metrics::Metric;
use undertow_vendor::Priority;

use super::desk::Desk;
use super::metric;
use super::notices;
use super::standing::Realized;
use crate::common::{CollectError, Place};
use crate::feed::Series;
use crate::schedule::SETTLE;
use crate::writer::{Books, Rows, Slot};

/// How often it is looked for what is missing.
const LOOK_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How far back days are asked for: four hundred sessions, for a year of volatility and for base
/// rates.
const BACK: TimeDelta = TimeDelta::days(590);
/// Past sessions of which a new symbol's historical volatility is kept: a year.
const PAST_SESSIONS: usize = 252;
/// The session before is no longer ago than this.
const WEEK: TimeDelta = TimeDelta::days(7);
/// A plan that does not include what was asked for is asked again this much later.
const AFTER_REFUSAL: TimeDelta = TimeDelta::hours(6);

/// Asks until the engine stops.
pub(super) async fn run(desk: Arc<Desk>, stop: CancellationToken) {
    let mut told = BTreeSet::new();
    let mut market_at = None;
    let mut refused_until = DateTime::<Utc>::MIN_UTC;
    loop {
        let now = desk.clock.now();
        let today = undertow_market::new_york_date(now);
        if market_at != Some(today) && notices::ask(&desk, &mut told).await {
            market_at = Some(today);
        }
        let wait = match of_symbols(&desk, now >= refused_until, &stop).await {
            Ok(()) => LOOK_EVERY,
            Err(CollectError::Stopped) => return,
            Err(error) => {
                if error.is_refused_by_plan() {
                    refused_until = now + AFTER_REFUSAL;
                }
                LOOK_EVERY.max(error.wait())
            }
        };
        tokio::select! {
            goes_on = desk.wait_until(now + wait, &stop) => if !goes_on { return },
            () = desk.daily_soon.notified() => {}
        }
    }
}

/// The newest session whose day is over.
fn finished(desk: &Desk) -> Option<SessionHours> {
    let now = desk.clock.now();
    let latest = desk.calendar.session(desk.calendar.latest_session(now)?)?;
    if now > latest.post_end_at + SETTLE {
        return Some(latest);
    }
    desk.calendar.session(desk.calendar.previous_session(latest.date)?)
}

async fn of_symbols(
    desk: &Desk,
    may_ask: bool,
    stop: &CancellationToken,
) -> Result<(), CollectError> {
    let Some(hours) = finished(desk) else { return Ok(()) };
    for symbol in desk.watched() {
        let known = desk.standings.of(&symbol).realized;
        if known.is_some_and(|known| known.historical.to == Some(hours.date)) {
            continue;
        }
        let place =
            Place { series: Series::DayBars, symbol: symbol.clone(), session_date: hours.date };
        let read = desk.read_between(&place, hours.open_at, hours.close_at).await?;
        let asked =
            if read.is_none() && may_ask { ask(desk, &symbol, &hours, stop).await } else { Ok(()) };
        // Days that are stored are of use even while the vendor says no.
        keep(desk, &symbol, &hours).await?;
        let problem = asked.as_ref().err().map(ToString::to_string);
        let refused = asked.as_ref().err().is_some_and(CollectError::is_refused_by_plan);
        let now = desk.clock.now();
        desk.feeds.update(&symbol, Series::DayBars, |feed| {
            feed.since.get_or_insert(now);
            feed.asked_at = problem.is_none().then_some(now).or(feed.asked_at);
            (feed.problem, feed.refused) = (problem, refused);
        });
        asked?;
    }
    Ok(())
}

/// Asks for days, splits and dividends. The days come last, so that days in the books have what
/// adjusts them.
async fn ask(
    desk: &Desk,
    symbol: &Symbol,
    hours: &SessionHours,
    stop: &CancellationToken,
) -> Result<(), CollectError> {
    let from = hours.date - BACK;
    let actions = Place {
        series: Series::CorporateActions,
        symbol: symbol.clone(),
        session_date: hours.date,
    };
    desk.may_ask()?;
    let splits = desk.asked(desk.client.splits(symbol, from, Priority::Live), stop).await?;
    let received_at = splits.received_at;
    let list = ActionList { symbol: symbol.clone(), from, received_at, rows: splits.rows };
    let rows = Rows::Splits(Arc::new(list));
    desk.writer.rows(&actions, rows, splits.rejects, Books::default()).await?;
    let dividends = desk.asked(desk.client.dividends(symbol, from, Priority::Live), stop).await?;
    let received_at = dividends.received_at;
    let slot = read_slot(hours, dividends.delivered, dividends.rejects.len());
    let list = ActionList { symbol: symbol.clone(), from, received_at, rows: dividends.rows };
    let rows = Rows::Dividends(Arc::new(list));
    desk.writer.rows(&actions, rows, dividends.rejects, slot).await?;
    let days = desk.client.day_bars(symbol, from, hours.date, Priority::Live);
    let days = desk.asked(days, stop).await?;
    let slot = read_slot(hours, days.delivered, days.rejects.len());
    let place = Place { series: Series::DayBars, ..actions };
    desk.writer.rows(&place, Rows::DayBars(days.rows.into()), days.rejects, slot).await?;
    Ok(())
}

fn read_slot(hours: &SessionHours, delivered: usize, rejected: usize) -> Books {
    let slot = Slot { delivered, rejected, ..Slot::between(hours.open_at, hours.close_at) };
    Books { slot: Some(slot), ..Books::default() }
}

/// Works out what the stored days say and keeps it.
async fn keep(desk: &Desk, symbol: &Symbol, hours: &SessionHours) -> Result<(), StoreError> {
    let bars = desk.store.day_bars(symbol, hours.date - BACK, hours.date).await?;
    let splits = desk.store.splits(symbol).await?;
    let dividends = desk.store.dividends(symbol).await?;
    let days = adjusted(&bars, &splits, &dividends, hours.date);
    if days.days.last().is_none_or(|last| last.session_date != hours.date) {
        return Ok(());
    }
    let sessions = desk.straddles.sessions;
    let prices: Vec<Ohlc> = days.days.iter().map(|day| day.prices).collect();
    let mut rows = metrics(symbol, hours, &prices, days.unusable, sessions);
    if !has_past(desk, symbol, hours).await? {
        rows.extend(past(desk, symbol, &days, sessions));
    }
    desk.store.put_metrics(&rows).await?;
    let estimator = desk.straddles.estimator;
    let realized = Realized {
        historical: HistoricalInput {
            value: historical(&prices, estimator, sessions as usize),
            estimator,
            sessions,
            to: Some(hours.date),
        },
        closes: closes(&days),
    };
    desk.standings.change(symbol, |standing| standing.realized = Some(Arc::new(realized)));
    desk.assess_soon.notify_one();
    Ok(())
}

/// Whether the session before has its historical volatility.
async fn has_past(desk: &Desk, symbol: &Symbol, hours: &SessionHours) -> Result<bool, StoreError> {
    let name = metric::historical(desk.straddles.estimator, desk.straddles.sessions);
    let known = desk.store.metrics(symbol, &name, hours.pre_at - WEEK, hours.pre_at).await?;
    Ok(!known.is_empty())
}

/// Historical volatility of each of the last sessions, for a symbol that is new here.
fn past(desk: &Desk, symbol: &Symbol, days: &Adjusted, sessions: u32) -> Vec<Metric> {
    let prices: Vec<Ohlc> = days.days.iter().map(|day| day.prices).collect();
    let first = prices.len().saturating_sub(PAST_SESSIONS);
    let of = |end: usize| {
        let hours = desk.calendar.session(days.days[end - 1].session_date)?;
        Some(metrics(symbol, &hours, &prices[..end], days.unusable, sessions))
    };
    (first.max(1)..prices.len()).filter_map(of).flatten().collect()
}

fn closes(days: &Adjusted) -> Closes {
    Closes {
        from: days.days.first().map(|day| day.session_date),
        to: days.days.last().map(|day| day.session_date),
        prices: days.days.iter().map(|day| day.prices.close).collect(),
    }
}

/// Historical volatility by every estimator. What could not be adjusted for is told beside it.
fn metrics(
    symbol: &Symbol,
    hours: &SessionHours,
    days: &[Ohlc],
    unusable: usize,
    sessions: u32,
) -> Vec<Metric> {
    let note = format!("{unusable} splits or dividends could not be adjusted for");
    let note = (unusable > 0).then_some(note);
    let row = |estimator: Estimator| {
        let value = historical(days, estimator, sessions as usize);
        let name = metric::historical(estimator, sessions).into();
        metric::row(symbol, name, hours.close_at, value, note.as_deref())
    };
    Estimator::ALL.into_iter().filter_map(row).collect()
}
