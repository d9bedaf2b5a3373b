//! Collects the prints of one symbol, session after session.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use undertow_market::Symbol;
use undertow_store::log::LogLevel;
use undertow_vendor::Priority;
use undertow_vendor::unusual_whales::MAX_PRINTS_PER_PAGE;

use crate::feed::Series;
use crate::journal;
use crate::pace::{self, Bounds, Intake};
use crate::schedule::{self, Due};
use crate::shared::{CollectError, Place, Shared};
use crate::walk::{Walk, Walked, walk_prints};
use crate::writer::{Books, Slot};

/// Each walk reads again what was printed shortly before the last one: reports arrive late.
const OVERLAP: TimeDelta = TimeDelta::seconds(30);
/// What was reported in the last seconds may not be served yet.
const VENDOR_LAG: TimeDelta = TimeDelta::seconds(3);
/// How often the last hour is read again, because prints are cancelled under their old time.
const HOUR_REREAD_EVERY: TimeDelta = TimeDelta::minutes(10);
const HOUR: TimeDelta = TimeDelta::hours(1);

/// Where a collector stands in the session.
struct Progress {
    session_date: NaiveDate,
    /// Everything reported before this was read.
    read_to: DateTime<Utc>,
    hour_read_at: DateTime<Utc>,
}

/// Collects until the engine stops or the calendar ends.
pub(crate) async fn collect(shared: Arc<Shared>, symbol: Symbol, stop: CancellationToken) {
    let mut progress = None;
    loop {
        let now = shared.clock.now();
        let next = match schedule::due(&shared.calendar, now) {
            Due::Never => return,
            Due::At(at) => at,
            Due::Now(date) => now + turn(&shared, &symbol, date, &mut progress, &stop).await,
        };
        shared.feeds.update(&symbol, Series::Prints, |feed| feed.next_at = Some(next));
        if !shared.wait_until(next, &stop).await {
            return;
        }
    }
}

/// One walk, and the wait after it.
async fn turn(
    shared: &Shared,
    symbol: &Symbol,
    date: NaiveDate,
    progress: &mut Option<Progress>,
    stop: &CancellationToken,
) -> TimeDelta {
    let bounds = Bounds {
        slowest: TimeDelta::seconds(i64::from(shared.collect.slowest_poll_s)),
        fastest: TimeDelta::seconds(i64::from(shared.collect.fastest_poll_s)),
    };
    match ask(shared, symbol, date, progress, stop).await {
        Ok((walked, over)) => {
            let rows = usize::try_from(walked.written).unwrap_or(usize::MAX);
            pace::next_wait(Intake { rows, over }, MAX_PRINTS_PER_PAGE.into(), bounds)
        }
        Err(CollectError::Stopped) => TimeDelta::zero(),
        Err(error) => {
            fail(shared, symbol, date, progress.as_ref(), &error).await;
            error.wait()
        }
    }
}

async fn ask(
    shared: &Shared,
    symbol: &Symbol,
    date: NaiveDate,
    progress: &mut Option<Progress>,
    stop: &CancellationToken,
) -> Result<(Walked, TimeDelta), CollectError> {
    if progress.as_ref().is_none_or(|progress| progress.session_date != date) {
        *progress = Some(begin(shared, symbol, date).await?);
    }
    let Some(at) = progress.as_mut() else { return Err(CollectError::Stopped) };
    let started = shared.clock.now();
    let reads_hour = started - at.hour_read_at >= HOUR_REREAD_EVERY;
    let back_to = if reads_hour { at.read_to.min(started - HOUR) } else { at.read_to } - OVERLAP;
    let read_to = (started - VENDOR_LAG).max(at.read_to);
    let slot = (read_to > at.read_to).then_some(Slot::between(at.read_to, read_to));
    let walk = Walk {
        symbol: symbol.clone(),
        session_date: date,
        back_to: Some(back_to),
        priority: Priority::Live,
        at_end: Books { slot, read_to: Some(read_to), ..Books::default() },
    };
    let walked = walk_prints(shared, &walk, stop).await?;
    let over = read_to - at.read_to;
    at.read_to = read_to;
    if reads_hour {
        at.hour_read_at = started;
    }
    let mended = shared.feeds.problem(symbol, Series::Prints).is_some();
    shared.feeds.update(symbol, Series::Prints, |feed| {
        feed.asked_at = Some(started);
        feed.newest_at = feed.newest_at.max(walked.newest_at);
        feed.rows += walked.written;
        feed.problem = None;
    });
    if mended {
        let message = format!("{symbol}: prints are collected again; what was missed is stored");
        journal::note(shared, LogLevel::Info, "prints", message).await;
    }
    Ok((walked, over))
}

/// Picks up where the books say the last walk of this session ended.
async fn begin(
    shared: &Shared,
    symbol: &Symbol,
    date: NaiveDate,
) -> Result<Progress, CollectError> {
    let place = Place { series: Series::Prints, symbol: symbol.clone(), session_date: date };
    let known = shared.writer.read_to(&place).await?;
    let opened = shared.calendar.session(date).map(|hours| hours.pre_at);
    let now = shared.clock.now();
    let read_to = known.or(opened).unwrap_or(now).min(now);
    Ok(Progress { session_date: date, read_to, hour_read_at: now })
}

/// Enters a failed slot in the books and says so on the feed.
async fn fail(
    shared: &Shared,
    symbol: &Symbol,
    date: NaiveDate,
    progress: Option<&Progress>,
    error: &CollectError,
) {
    tracing::warn!(%symbol, %error, "prints could not be collected");
    let first = shared.feeds.problem(symbol, Series::Prints).is_none();
    shared.feeds.update(symbol, Series::Prints, |feed| feed.problem = Some(error.to_string()));
    if first {
        let message = format!("{symbol}: prints could not be collected: {error}");
        journal::note(shared, LogLevel::Warning, "prints", message).await;
    }
    let Some(progress) = progress else { return };
    let place = Place { series: Series::Prints, symbol: symbol.clone(), session_date: date };
    let to = shared.clock.now();
    shared.writer.failed(&place, progress.read_to, to, error.to_string()).await;
}
