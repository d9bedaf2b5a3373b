//! Collects the bars of one symbol: one-minute bars through the session, day bars once a day.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use tokio_util::sync::CancellationToken;
use undertow_market::{Bar, BarInterval, Symbol};
use undertow_vendor::unusual_whales::{BarsQuery, MAX_BARS_PER_PAGE};
use undertow_vendor::{Page, Priority};

use crate::common::{CollectError, Place};
use crate::event::EngineEvent;
use crate::feed::Series;
use crate::schedule::{self, Due, Window};
use crate::shared::Shared;
use crate::validate;
use crate::writer::{Books, Rows, Slot};

/// How often a question is asked whose answers are about another session.
const MAX_ASKED: u32 = 3;
/// Bars before the newest one that are asked for again: volume is corrected for a while.
const OVERLAP_BARS: i64 = 5;
/// Rows of day bars that are asked for: the vendor sends three a day (pre-market, regular,
/// post-market), and 330 days are a year of historical volatility over up to sixty of them.
const DAY_BAR_ROWS: u16 = 3 * 330;

/// Where a collector stands in the session.
#[derive(Clone, Copy)]
struct Progress {
    session_date: NaiveDate,
    /// Minutes before this were read.
    read_to: DateTime<Utc>,
    /// Whether the day bars were read.
    has_days: bool,
}

/// Collects until the engine stops or the calendar ends.
pub(crate) async fn collect(shared: Arc<Shared>, symbol: Symbol, stop: CancellationToken) {
    let mut progress: Option<Progress> = None;
    loop {
        let now = shared.clock.now();
        let due = match schedule::due(&shared.calendar, now, Window::AllHours) {
            // Day bars that are not here yet do not wait until Monday.
            Due::At(at) if progress.is_none_or(|progress| !progress.has_days) => {
                shared.calendar.latest_session(now).map_or(Due::At(at), Due::Now)
            }
            due => due,
        };
        let next = match due {
            Due::Never => return,
            Due::At(at) => at,
            Due::Now(date) => {
                now + match turn(&shared, &symbol, date, &mut progress, &stop).await {
                    Ok(()) => shared.plan.needed_pace(Series::Bars),
                    Err(CollectError::Stopped) => return,
                    Err(error) => {
                        tracing::warn!(%symbol, %error, "bars could not be collected");
                        let problem = Some(error.to_string());
                        shared.feeds.update(&symbol, Series::Bars, |feed| feed.problem = problem);
                        error.wait()
                    }
                }
            }
        };
        shared.feeds.update(&symbol, Series::Bars, |feed| feed.next_at = Some(next));
        if !shared.wait_until(next, &stop).await {
            return;
        }
    }
}

async fn turn(
    shared: &Shared,
    symbol: &Symbol,
    date: NaiveDate,
    progress: &mut Option<Progress>,
    stop: &CancellationToken,
) -> Result<(), CollectError> {
    let started = shared.clock.now();
    let known = progress.filter(|progress| progress.session_date == date);
    let limit = match known {
        None => MAX_BARS_PER_PAGE,
        Some(progress) => {
            let minutes = (started - progress.read_to).num_minutes().max(0) + OVERLAP_BARS;
            u16::try_from(minutes).unwrap_or(MAX_BARS_PER_PAGE).min(MAX_BARS_PER_PAGE)
        }
    };
    let asked = minute_bars(shared, symbol, date, limit, Priority::Live, stop).await?;
    let has_days = known.is_some_and(|progress| progress.has_days);
    *progress = Some(Progress { session_date: date, read_to: started, has_days });
    shared.feeds.update(symbol, Series::Bars, |feed| {
        feed.asked_at = Some(started);
        feed.newest_at = feed.newest_at.max(asked.newest_at);
        feed.rows += asked.written;
        feed.problem = None;
    });
    // Minutes came first: they are what is looked at first.
    if !has_days {
        day_bars(shared, symbol, stop).await?;
        *progress = Some(Progress { session_date: date, read_to: started, has_days: true });
    }
    Ok(())
}

/// What a question for bars brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) written: u64,
    pub(crate) newest_at: Option<DateTime<Utc>>,
}

/// Asks for the newest `limit` one-minute bars of a session and has them stored.
pub(crate) async fn minute_bars(
    shared: &Shared,
    symbol: &Symbol,
    date: NaiveDate,
    limit: u16,
    priority: Priority,
    stop: &CancellationToken,
) -> Result<Asked, CollectError> {
    let query = BarsQuery {
        session_date: Some(date),
        limit,
        ..BarsQuery::new(symbol.clone(), BarInterval::Minute1)
    };
    let hours = shared.calendar.session(date);
    let whole = limit == MAX_BARS_PER_PAGE;
    let to = hours.map(|hours| hours.post_end_at.min(shared.clock.now()));
    let slot = hours
        .zip(to)
        .filter(|(hours, to)| whole && hours.pre_at < *to)
        .map(|(hours, to)| Slot::between(hours.pre_at, to));
    let books = Books { slot, ..Books::default() };
    ask(shared, symbol, date, &query, priority, books, stop).await
}

/// Asks until the answer is about the session that was asked for.
async fn fitting_page(
    shared: &Shared,
    query: &BarsQuery,
    priority: Priority,
) -> Result<Page<Bar>, CollectError> {
    for _ in 0..MAX_ASKED {
        shared.plan.count(Series::Bars);
        shared.may_ask()?;
        let page = shared.heard(shared.vendor.bars(query, priority).await)?;
        let fits = |bar: &Bar| query.session_date.is_none_or(|date| bar.session_date == date);
        if page.rows.is_empty() || page.rows.iter().any(fits) {
            return Ok(page);
        }
    }
    Err(CollectError::OtherSession)
}

/// Asks for the newest day bars and has them stored.
pub(crate) async fn day_bars(
    shared: &Shared,
    symbol: &Symbol,
    stop: &CancellationToken,
) -> Result<Asked, CollectError> {
    let query =
        BarsQuery { limit: DAY_BAR_ROWS, ..BarsQuery::new(symbol.clone(), BarInterval::Day1) };
    let date = undertow_market::calendar::new_york_date(shared.clock.now());
    ask(shared, symbol, date, &query, Priority::Live, Books::default(), stop).await
}

async fn ask(
    shared: &Shared,
    symbol: &Symbol,
    session_date: NaiveDate,
    query: &BarsQuery,
    priority: Priority,
    books: Books,
    stop: &CancellationToken,
) -> Result<Asked, CollectError> {
    let mut page = tokio::select! {
        page = fitting_page(shared, query, priority) => page?,
        () = stop.cancelled() => return Err(CollectError::Stopped),
    };
    let problem = |bar: &Bar| validate::bar_problem(bar, &shared.calendar);
    let (bars, mut rejects) = validate::sift(page.rows, symbol, problem);
    rejects.append(&mut page.rejects);
    let times = bars.iter().map(|bar| bar.start_at).collect::<Vec<_>>();
    let place = Place { series: Series::Bars, symbol: symbol.clone(), session_date };
    let delivered = page.delivered;
    let rejected = rejects.len();
    let slot = books.slot.map(|slot| Slot { delivered, rejected, ..slot });
    let books = Books { slot, ..books };
    let written = shared.writer.rows(&place, Rows::Bars(bars.into()), rejects, books).await?;
    shared.touched(symbol, times.iter().copied(), written, EngineEvent::Bars);
    Ok(Asked { written, newest_at: times.iter().copied().max() })
}
