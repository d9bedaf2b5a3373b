//! Reads over REST what the stream does not bring: everything before it was joined, everything
//! that it missed, and all of it where the plan has no stream.
//!
//! Trades go straight into the books, oldest first, and each page moves the mark up to which the
//! tape is known, so that minutes become final while a long stretch is still being read.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio_util::sync::CancellationToken;
use undertow_store::log::LogLevel;
use undertow_vendor::Priority;

use super::books::ReadWork;
use super::desk::Desk;
use super::pages::{self, Stretch};
use crate::common::{CollectError, Place};
use crate::feed::Series;
use crate::journal;
use crate::schedule::{self, Due, Window};
use crate::writer::{Books, Rows};

/// Tapes that are read at once.
const PARALLEL: usize = 4;
/// Where a plan has few requests a minute, one after the other.
const SMALL_PLAN: u32 = 60;
/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Reads until the engine stops.
pub(super) async fn run(desk: Arc<Desk>, stop: CancellationToken) {
    let mut reading = FuturesUnordered::new();
    while !stop.is_cancelled() {
        while reading.len() < parallel(&desk) {
            let Some(work) = due(&desk) else { break };
            reading.push(one(&desk, work, &stop));
        }
        tokio::select! {
            Some(()) = reading.next(), if !reading.is_empty() => {}
            () = desk.read_soon.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

fn parallel(desk: &Desk) -> usize {
    let is_small = desk.budget.state().minute_limit.is_some_and(|limit| limit < SMALL_PLAN);
    if is_small { 1 } else { PARALLEL }
}

/// What is to be read now: while the session runs, and until its tape has settled.
fn due(desk: &Desk) -> Option<ReadWork> {
    let now = desk.clock.now();
    let open = matches!(schedule::due(&desk.calendar, now, Window::AllHours), Due::Now(_));
    // What was read and cannot be stored would pile up; what waits for a hole to be filled is
    // freed by reading on.
    if !open || desk.books.is_stuck() || desk.may_ask().is_err() || desk.stream.is_awaited() {
        return None;
    }
    desk.books.next_read(now)
}

async fn one(desk: &Desk, work: ReadWork, stop: &CancellationToken) {
    match read(desk, &work, stop).await {
        Ok(()) | Err(CollectError::Stopped) => {}
        Err(error) => fail(desk, &work, &error).await,
    }
}

async fn read(desk: &Desk, work: &ReadWork, stop: &CancellationToken) -> Result<(), CollectError> {
    let to = desk.clock.now().min(work.day.ends_at());
    let stretch =
        Stretch { symbol: work.symbol.clone(), from: work.from, to, priority: Priority::Live };
    let mut take = |trade: &undertow_market::TapeTrade<'_>| desk.books.take_asked(trade);
    let mut turned = |at: DateTime<Utc>| desk.books.read_on(work, at);
    let pages = pages::read(desk, &stretch, stop, &mut take, &mut turned).await?;
    if !pages.rejects.is_empty() {
        let place = Place {
            series: Series::Tape,
            symbol: work.symbol.clone(),
            session_date: work.day.date,
        };
        let nothing = Rows::TapeMinutes(Vec::new().into());
        desk.writer.rows(&place, nothing, pages.rejects, Books::default()).await?;
    }
    let pace = pages::pace(desk.watched().len(), desk.budget.state().minute_limit);
    // The stretch ended when the first page was asked for; later pages say nothing of the time
    // after it.
    desk.books.read_whole(work, pages.asked_at.min(to), pages.newest_at, pace);
    Ok(())
}

/// Says once what went wrong, and enters the stretch as not read.
async fn fail(desk: &Desk, work: &ReadWork, error: &CollectError) {
    tracing::warn!(symbol = %work.symbol, %error, "a tape could not be asked for");
    let now = desk.clock.now();
    let is_new = desk.books.read_failed(work, error.to_string(), now + error.wait());
    if error.is_refused_by_plan() {
        desk.books.leave_out(work);
    }
    if !is_new {
        return;
    }
    let message = format!("{}: the tape could not be asked for: {error}", work.symbol);
    journal::note(desk, LogLevel::Warning, "tape", message).await;
    let place =
        Place { series: Series::Tape, symbol: work.symbol.clone(), session_date: work.day.date };
    desk.writer.failed(&place, work.from, now, error.to_string()).await;
}
