//! Collects a tape of one symbol, session after session: prints, option trades, alerts.
//!
//! All are read by the same rules on the same grid of time, so that they can be compared.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use undertow_market::Symbol;
use undertow_store::log::LogLevel;
use undertow_vendor::Priority;

use crate::common::{CollectError, Place};
use crate::journal;
use crate::pace::{self, Bounds, Intake};
use crate::schedule::{self, Due, SETTLE};
use crate::shared::Shared;
use crate::walk::{Tape, Walk, Walked, walk};
use crate::writer::{Books, Slot};

/// Each walk reads again what happened shortly before the last one: reports arrive late.
const OVERLAP: TimeDelta = TimeDelta::seconds(30);
/// What was reported in the last seconds may not be served yet.
const VENDOR_LAG: TimeDelta = TimeDelta::seconds(3);
/// How often the last hour is read again, because rows are cancelled under their old time.
const HOUR_REREAD_EVERY: TimeDelta = TimeDelta::minutes(10);
const HOUR: TimeDelta = TimeDelta::hours(1);

/// Where a collector stands in the session.
struct Progress {
    session_date: NaiveDate,
    /// Everything reported before this was read.
    read_to: DateTime<Utc>,
    hour_read_at: DateTime<Utc>,
    /// Whether the session was read once more from end to end, after it was over.
    is_whole: bool,
}

/// Collects until the engine stops or the calendar ends. A stream that broke asks for a walk at
/// once.
pub(crate) async fn collect<T: Tape>(shared: Arc<Shared>, symbol: Symbol, stop: CancellationToken) {
    let mut progress = None;
    let mut broken = shared.stream.breaks();
    let news = shared.stream.news(&symbol, T::SERIES);
    loop {
        let now = shared.clock.now();
        let due = match schedule::due(&shared.calendar, now, T::WINDOW) {
            Due::At(at) if T::CATCHES_UP => unread_session::<T>(&shared, &symbol, &mut progress)
                .await
                .map_or(Due::At(at), Due::Now),
            due => due,
        };
        let next = match due {
            Due::Never => return,
            Due::At(at) => at,
            Due::Now(date) => {
                let wait = turn::<T>(&shared, &symbol, date, &mut progress, &stop).await;
                pace::on_grid(now + wait)
            }
        };
        shared.feeds.update(&symbol, T::SERIES, |feed| feed.next_at = Some(next));
        let goes_on = tokio::select! {
            goes_on = shared.wait_until(next, &stop) => goes_on,
            Ok(()) = broken.changed(), if T::STREAMED => true,
            () = news.notified() => {
                let fastest = TimeDelta::seconds(i64::from(shared.collect.fastest_poll_s));
                shared.wait_until(pace::on_grid(now + fastest).min(next), &stop).await
            }
        };
        if !goes_on {
            return;
        }
    }
}

/// The newest session, when it is over and was not read whole since.
async fn unread_session<T: Tape>(
    shared: &Shared,
    symbol: &Symbol,
    progress: &mut Option<Progress>,
) -> Option<NaiveDate> {
    let date = shared.calendar.latest_session(shared.clock.now())?;
    let (_, end) = T::WINDOW.of(&shared.calendar.session(date)?);
    if progress.as_ref().is_none_or(|progress| progress.session_date != date) {
        *progress = Some(begin::<T>(shared, symbol, date).await.ok()?);
    }
    let is_over = shared.clock.now() > end + SETTLE;
    progress.as_ref().is_some_and(|progress| is_over && !progress.is_whole).then_some(date)
}

/// One walk, and the wait after it.
async fn turn<T: Tape>(
    shared: &Shared,
    symbol: &Symbol,
    date: NaiveDate,
    progress: &mut Option<Progress>,
    stop: &CancellationToken,
) -> TimeDelta {
    match ask::<T>(shared, symbol, date, progress, stop).await {
        Ok((walked, over)) => {
            let fastest = TimeDelta::seconds(i64::from(shared.collect.fastest_poll_s));
            let slowest = shared.slowest_poll(T::SERIES).max(fastest);
            let rows = usize::try_from(walked.written).unwrap_or(usize::MAX);
            let intake = Intake { rows, over };
            pace::next_wait(intake, T::PER_PAGE.into(), Bounds { slowest, fastest })
        }
        Err(CollectError::Stopped) => TimeDelta::zero(),
        Err(error) => {
            fail::<T>(shared, symbol, date, progress.as_ref(), &error).await;
            error.wait()
        }
    }
}

async fn ask<T: Tape>(
    shared: &Shared,
    symbol: &Symbol,
    date: NaiveDate,
    progress: &mut Option<Progress>,
    stop: &CancellationToken,
) -> Result<(Walked, TimeDelta), CollectError> {
    if progress.as_ref().is_none_or(|progress| progress.session_date != date) {
        *progress = Some(begin::<T>(shared, symbol, date).await?);
    }
    let Some(at) = progress.as_mut() else { return Err(CollectError::Stopped) };
    let started = shared.clock.now();
    let reads_hour = started - at.hour_read_at >= HOUR_REREAD_EVERY;
    let back_to = if reads_hour { at.read_to.min(started - HOUR) } else { at.read_to } - OVERLAP;
    let read_to = (started - VENDOR_LAG).max(at.read_to);
    let slot = (read_to > at.read_to).then_some(Slot::between(at.read_to, read_to));
    let whole = whole_session::<T>(shared, date, started);
    let work = Walk {
        symbol: symbol.clone(),
        session_date: date,
        back_to: Some(whole.as_ref().map_or(back_to, |slot| slot.from - OVERLAP)),
        priority: Priority::Live,
        at_end: Books { slot: whole.clone().or(slot), read_to: Some(read_to), ..Books::default() },
    };
    let walked = walk::<T>(shared, &work, stop).await?;
    let over = read_to - at.read_to;
    at.read_to = read_to;
    at.is_whole = whole.is_some();
    if reads_hour {
        at.hour_read_at = started;
    }
    let mended = shared.feeds.problem(symbol, T::SERIES).is_some();
    shared.feeds.update(symbol, T::SERIES, |feed| {
        feed.asked_at = Some(started);
        feed.newest_at = feed.newest_at.max(walked.newest_at);
        feed.rows += walked.written;
        feed.problem = None;
        feed.refused = false;
    });
    if mended {
        let series = T::SERIES.as_str();
        let message = format!("{symbol}: {series} are collected again; what was missed is stored");
        journal::note(shared, LogLevel::Info, series, message).await;
    }
    Ok((walked, over))
}

/// The whole of a session that is over, for tapes that nobody else reads again: rows of the
/// morning may have been cancelled in the afternoon.
fn whole_session<T: Tape>(shared: &Shared, date: NaiveDate, now: DateTime<Utc>) -> Option<Slot> {
    let (from, to) = T::WINDOW.of(&shared.calendar.session(date)?);
    (T::CATCHES_UP && now > to + SETTLE).then(|| Slot::between(from, to))
}

/// Picks up where the books say the last walk of this session ended.
async fn begin<T: Tape>(
    shared: &Shared,
    symbol: &Symbol,
    date: NaiveDate,
) -> Result<Progress, CollectError> {
    let place = Place { series: T::SERIES, symbol: symbol.clone(), session_date: date };
    let known = shared.writer.read_to(&place).await?;
    let now = shared.clock.now();
    let Some(hours) = shared.calendar.session(date) else {
        return Ok(Progress {
            session_date: date,
            read_to: now,
            hour_read_at: now,
            is_whole: true,
        });
    };
    let (from, to) = T::WINDOW.of(&hours);
    let read_at = shared.read_between(&place, from, to).await?;
    Ok(Progress {
        session_date: date,
        read_to: known.unwrap_or(from).min(now),
        hour_read_at: now,
        is_whole: read_at.is_some_and(|at| at > to),
    })
}

/// Enters a failed slot in the books and says so on the feed.
async fn fail<T: Tape>(
    shared: &Shared,
    symbol: &Symbol,
    date: NaiveDate,
    progress: Option<&Progress>,
    error: &CollectError,
) {
    let series = T::SERIES;
    tracing::warn!(%symbol, series = series.as_str(), %error, "a tape could not be collected");
    let first = shared.feeds.problem(symbol, series).is_none();
    shared.feeds.update(symbol, series, |feed| {
        feed.problem = Some(error.to_string());
        feed.refused = error.is_refused_by_plan();
    });
    if first {
        let message = format!("{symbol}: {} could not be collected: {error}", series.as_str());
        journal::note(shared, LogLevel::Warning, series.as_str(), message).await;
    }
    let Some(progress) = progress else { return };
    let place = Place { series, symbol: symbol.clone(), session_date: date };
    let to = shared.clock.now();
    shared.writer.failed(&place, progress.read_to, to, error.to_string()).await;
}
