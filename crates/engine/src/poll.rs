//! Asks for the series that answer with a whole day at once, at the pace of the plan.
//!
//! Such an answer holds everything from the open to now, so nothing is lost between two
//! questions; the last one is asked when the day is over, and enters the whole day in the books.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use undertow_market::{SessionHours, Symbol};
use undertow_store::log::LogLevel;

use crate::answers::{self, Answered};
use crate::common::{CollectError, Place};
use crate::event::EngineEvent;
use crate::feed::Series;
use crate::journal;
use crate::metrics;
use crate::pace::on_grid;
use crate::schedule::{SETTLE, Window};
use crate::shared::{MARKET, Shared};
use crate::writer::{Books, Slot};

/// What is polled of a symbol, the most important first.
const OF_A_SYMBOL: [Series; 8] = [
    Series::NetPremium,
    Series::FlowStrikes,
    Series::FlowExpiries,
    Series::TermStructure,
    Series::Volatility,
    Series::Gamma,
    Series::PriceVolumes,
    Series::Contracts,
];
/// Funds whose holdings have a tide. The vendor tells no fund from a stock where it is asked.
const FUNDS: [&str; 4] = ["SPY", "QQQ", "IWM", "DIA"];
/// A dropped series is looked at again this soon: the budget may allow it.
const DROPPED_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(1);
/// Between two questions that a plan refuses: only a person can change that, and does so rarely.
const REFUSED_AGAIN_AFTER: TimeDelta = TimeDelta::hours(6);

/// Where one series stands.
#[derive(Debug, Clone, Copy)]
struct Turn {
    next_at: DateTime<Utc>,
    /// The newest session that was read to its end.
    whole: Option<NaiveDate>,
}

/// Polls everything of a symbol, or of the market, until the engine stops.
pub(crate) async fn collect(shared: Arc<Shared>, symbol: Symbol, stop: CancellationToken) {
    let mut turns = BTreeMap::new();
    for series in series_of(&symbol) {
        shared.feeds.update(&symbol, series, |feed| feed.since = Some(shared.clock.now()));
        let turn = Turn { next_at: DateTime::<Utc>::MIN_UTC, whole: None };
        turns.insert(series, turn);
    }
    while let Some((series, at)) = next_turn(&shared, &symbol, &turns) {
        if !shared.wait_until(at, &stop).await {
            return;
        }
        let Some(turn) = turns.get_mut(&series) else { return };
        if take(&shared, &symbol, series, turn, &stop).await.is_none() {
            return;
        }
        let next_at = Some(turn.next_at);
        shared.feeds.update(&symbol, series, |feed| feed.next_at = next_at);
    }
}

fn series_of(symbol: &Symbol) -> Vec<Series> {
    let tide = symbol.as_str() == MARKET || FUNDS.contains(&symbol.as_str());
    let own = OF_A_SYMBOL.into_iter().filter(|_| symbol.as_str() != MARKET);
    own.chain(tide.then_some(Series::Tide)).collect()
}

/// The series that is due next and when, by importance where several are due.
fn next_turn(
    shared: &Shared,
    symbol: &Symbol,
    turns: &BTreeMap<Series, Turn>,
) -> Option<(Series, DateTime<Utc>)> {
    let now = shared.clock.now();
    let order = series_of(symbol);
    let due = |series: &Series| turns[series].next_at.max(now);
    let first = order.iter().copied().min_by_key(due)?;
    Some((first, due(&first)))
}

/// Takes a turn; none when the engine stops.
async fn take(
    shared: &Shared,
    symbol: &Symbol,
    series: Series,
    turn: &mut Turn,
    stop: &CancellationToken,
) -> Option<()> {
    let now = shared.clock.now();
    let hours = newest_session(shared, now)?;
    let ended = now >= ends_at(&hours);
    if turn.whole == Some(hours.date) || (ended && has_whole(shared, symbol, series, &hours).await)
    {
        turn.whole = Some(hours.date);
        turn.next_at = next_open(shared, hours.date)?;
        return Some(());
    }
    let Some(every) = shared.plan.pace(series) else {
        say_dropped(shared, symbol, series);
        turn.next_at = now + DROPPED_AGAIN_AFTER;
        return Some(());
    };
    match ask(shared, symbol, series, &hours, stop).await {
        Ok(()) => {
            turn.whole = ended.then_some(hours.date);
            turn.next_at = on_grid(now + every).min(ends_at(&hours).max(now));
        }
        Err(CollectError::Stopped) => return None,
        Err(error) => turn.next_at = now + fail(shared, symbol, series, &hours, &error).await,
    }
    Some(())
}

/// The session whose options trade now or traded last.
fn newest_session(shared: &Shared, now: DateTime<Utc>) -> Option<SessionHours> {
    let latest = shared.calendar.session(shared.calendar.latest_session(now)?)?;
    if now >= latest.open_at {
        return Some(latest);
    }
    shared.calendar.session(shared.calendar.previous_session(latest.date)?)
}

fn ends_at(hours: &SessionHours) -> DateTime<Utc> {
    Window::Options.of(hours).1 + SETTLE
}

fn next_open(shared: &Shared, date: NaiveDate) -> Option<DateTime<Utc>> {
    let next = shared.calendar.next_session(date)?;
    shared.calendar.session(next).map(|hours| hours.open_at)
}

/// Whether the books say that the day was read after it had ended.
async fn has_whole(shared: &Shared, symbol: &Symbol, series: Series, hours: &SessionHours) -> bool {
    let place = Place { series, symbol: symbol.clone(), session_date: hours.date };
    let read = shared.read_between(&place, hours.open_at, hours.close_at).await;
    read.is_ok_and(|read| read.is_some_and(|at| at >= ends_at(hours)))
}

async fn ask(
    shared: &Shared,
    symbol: &Symbol,
    series: Series,
    hours: &SessionHours,
    stop: &CancellationToken,
) -> Result<(), CollectError> {
    let started = shared.clock.now();
    let place = Place { series, symbol: symbol.clone(), session_date: hours.date };
    let asked = answers::ask(shared, &place, stop).await?;
    let newest_at = asked.newest_at;
    let written = store(shared, place, asked, hours, started).await?;
    shared.plan.count(series);
    shared.feeds.update(symbol, series, |feed| {
        feed.asked_at = Some(started);
        feed.newest_at = feed.newest_at.max(newest_at);
        feed.rows += written;
        feed.problem = None;
        feed.refused = false;
    });
    if series == Series::Volatility {
        metrics::keep(shared, symbol, hours).await?;
    }
    if written > 0 {
        let symbol = Some(symbol.clone()).filter(|symbol| symbol.as_str() != MARKET);
        shared.tell(EngineEvent::Options { symbol, series });
    }
    Ok(())
}

/// Has an answer stored, with the stretch of the day that it covers.
async fn store(
    shared: &Shared,
    place: Place,
    answered: Answered,
    hours: &SessionHours,
    asked_at: DateTime<Utc>,
) -> Result<u64, CollectError> {
    let slot = Slot {
        delivered: answered.delivered,
        rejected: answered.rejects.len(),
        ..Slot::between(hours.open_at, asked_at.clamp(hours.open_at, hours.close_at))
    };
    let slot = Some(slot).filter(|slot| slot.from < slot.to);
    let books = Books { slot, ..Books::default() };
    Ok(shared.writer.rows(&place, answered.rows, answered.rejects, books).await?)
}

/// Reads one past session of a series whole, unless the books have it.
pub(crate) async fn read_past(
    shared: &Shared,
    symbol: &Symbol,
    series: Series,
    date: NaiveDate,
    stop: &CancellationToken,
) -> Result<u64, CollectError> {
    let Some(hours) = shared.calendar.session(date) else { return Ok(0) };
    if shared.clock.now() < ends_at(&hours) || has_whole(shared, symbol, series, &hours).await {
        return Ok(0);
    }
    let place = Place { series, symbol: symbol.clone(), session_date: date };
    let asked = answers::ask(shared, &place, stop).await?;
    store(shared, place, asked, &hours, hours.close_at).await
}

fn say_dropped(shared: &Shared, symbol: &Symbol, series: Series) {
    let problem = "left out until tomorrow: what is left of the day's requests goes to more \
                   important series";
    shared.feeds.update(symbol, series, |feed| feed.problem = Some(problem.to_owned()));
}

/// Says what went wrong; returns how long to wait.
async fn fail(
    shared: &Shared,
    symbol: &Symbol,
    series: Series,
    hours: &SessionHours,
    error: &CollectError,
) -> TimeDelta {
    let refused = error.is_refused_by_plan();
    tracing::warn!(%symbol, series = series.as_str(), %error, "a series could not be collected");
    let first = shared.feeds.problem(symbol, series).is_none();
    shared.feeds.update(symbol, series, |feed| {
        feed.problem = Some(error.to_string());
        feed.refused = refused;
    });
    if first {
        let message = format!("{symbol}: {} could not be collected: {error}", series.as_str());
        journal::note(shared, LogLevel::Warning, "options", message).await;
    }
    let place = Place { series, symbol: symbol.clone(), session_date: hours.date };
    let to = shared.clock.now().clamp(hours.open_at, hours.close_at);
    shared.writer.failed(&place, hours.open_at, to, error.to_string()).await;
    if refused { REFUSED_AGAIN_AFTER } else { error.wait() }
}
