//! Past sessions: those that a new symbol starts with, and those that are read again because
//! cancels and corrections come late.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use tokio_util::sync::CancellationToken;
use undertow_market::{SessionHours, Symbol};
use undertow_store::StoreError;
use undertow_store::log::LogLevel;
use undertow_store::slots::{SlotFilter, SlotResult};
use undertow_vendor::{EntitlementReason, Priority, VendorError};

use super::delay;
use super::desk::Desk;
use super::whole;
use crate::backfill::{History, SessionWork};
use crate::common::{CollectError, Common};
use crate::feed::Series;
use crate::journal;
use crate::schedule::{SETTLE, reread_due, reread_sessions};

/// How often it is looked for sessions that are missing or due again.
const LOOK_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Sessions that are read at once: each has its identities in memory.
const PARALLEL: usize = 2;
/// A plan that does not include what was asked for is asked again this much later.
const AFTER_REFUSAL: TimeDelta = TimeDelta::hours(6);
/// A vendor that is less behind than this is not a delayed one.
const PROMPT: TimeDelta = TimeDelta::minutes(1);

/// Reads past sessions until the engine stops: those that are due again first, then history, a
/// symbol after the other and the newest session first.
pub(super) async fn run(desk: Arc<Desk>, stop: CancellationToken) {
    let mut wall = Wall::default();
    loop {
        let ended = turn(&desk, &mut wall, &stop).await;
        desk.progress.pause();
        let wait = match ended {
            Ok(()) => LOOK_EVERY,
            Err(CollectError::Stopped) => return,
            Err(error) => {
                tracing::warn!(%error, "a past session could not be read");
                LOOK_EVERY.max(error.wait())
            }
        };
        tokio::select! {
            goes_on = desk.wait_until(desk.clock.now() + wait, &stop) => if !goes_on { return },
            () = desk.history_soon.notified() => {}
        }
    }
}

/// What the vendor said of the plan's history.
#[derive(Debug, Default)]
struct Wall {
    /// Sessions before this are not to be had.
    from: Option<NaiveDate>,
    /// Trades are not to be had over REST at all; it is asked again then.
    refused_until: Option<DateTime<Utc>>,
}

impl Wall {
    fn hides(&self, date: NaiveDate) -> bool {
        self.from.is_some_and(|from| date < from)
    }
}

async fn turn(desk: &Desk, wall: &mut Wall, stop: &CancellationToken) -> Result<(), CollectError> {
    if wall.refused_until.is_some_and(|until| desk.clock.now() < until) {
        return Ok(());
    }
    let again = due_again(desk).await?;
    read_all(desk, again, Priority::Live, wall, stop).await?;
    for symbol in desk.watched() {
        let missing = missing(desk, &symbol, wall).await?;
        desk.progress.has_left(&symbol, missing.len());
        read_all(desk, missing, Priority::Backfill, wall, stop).await?;
        if !due_again(desk).await?.is_empty() {
            // Today's tape comes before the past of the next symbol.
            desk.history_soon.notify_one();
            return Ok(());
        }
    }
    Ok(())
}

/// What a backfill reads: sessions that are over, whether the watch list has their symbol or not.
/// One that runs is left to whoever collects it.
impl History for Desk {
    const PARALLEL: usize = PARALLEL;

    fn common(&self) -> &Common {
        &self.common
    }

    fn can_read(&self, hours: &SessionHours) -> bool {
        hours.post_end_at + SETTLE + allowance(self) <= self.clock.now()
    }

    async fn has_read(&self, work: &SessionWork) -> Result<bool, StoreError> {
        let date = work.session_date;
        Ok(!read_whole_at(self, Some(&work.symbol), date, date).await?.is_empty())
    }

    async fn read(
        &self,
        work: &SessionWork,
        stop: &CancellationToken,
    ) -> Result<u64, CollectError> {
        let (symbol, date) = (&work.symbol, work.session_date);
        let rows = whole::replace(self, symbol, date, Priority::Backfill, stop).await?;
        self.standings.has_new_past(symbol, date);
        Ok(rows)
    }
}

/// How long after its end a session is only sure to be told whole, where the vendor is late.
fn allowance(desk: &Desk) -> TimeDelta {
    let behind = desk.books.delay(desk.clock.now());
    if behind < PROMPT { TimeDelta::zero() } else { delay::UNKNOWN }
}

type Work = (Symbol, NaiveDate);

async fn read_all(
    desk: &Desk,
    work: Vec<Work>,
    priority: Priority,
    wall: &mut Wall,
    stop: &CancellationToken,
) -> Result<(), CollectError> {
    let read = |(symbol, date): Work| async move {
        let rows = whole::replace(desk, &symbol, date, priority, stop).await;
        (symbol, date, rows)
    };
    let mut reading = stream::iter(work).map(read).buffer_unordered(PARALLEL);
    while let Some((symbol, date, rows)) = reading.next().await {
        match rows {
            Ok(_) => {
                desk.standings.has_new_past(&symbol, date);
                if priority == Priority::Backfill {
                    desk.progress.read_one(&symbol, Instant::now());
                }
            }
            Err(CollectError::Vendor(VendorError::Entitlement {
                reason: EntitlementReason::HistoryWall,
                history_from,
                ..
            })) => {
                wall.from = wall.from.max(history_from.or(date.succ_opt()));
                // What is left lies behind the wall.
                desk.progress.has_left(&symbol, 0);
                return Ok(());
            }
            Err(error) if error.is_refused_by_plan() => {
                wall.refused_until = Some(desk.clock.now() + AFTER_REFUSAL);
                let message = format!("past sessions of the tape are not to be had: {error}");
                desk.progress.refuse(message.clone());
                journal::note(desk, LogLevel::Warning, "tape", message).await;
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Sessions that were read before the newest reread that is due, or that we began and never read
/// whole.
async fn due_again(desk: &Desk) -> Result<Vec<Work>, StoreError> {
    let now = desk.clock.now();
    let allowance = allowance(desk);
    let latest = desk.calendar.latest_session(now);
    let dates = reread_sessions(&desk.calendar, now);
    let (Some(from), Some(to)) = (dates.first(), dates.last()) else { return Ok(Vec::new()) };
    let read = read_whole_at(desk, None, *from, *to).await?;
    let mut due = Vec::new();
    for date in dates {
        let Some(due_at) = reread_due(&desk.calendar, date, now - allowance) else { continue };
        let began = desk.store.tape_books(date).await?;
        for symbol in desk.watched() {
            let last = read.get(&(symbol.clone(), date));
            let is_ours = latest == Some(date) || began.iter().any(|book| book.symbol == symbol);
            if last.map_or(is_ours, |last| *last < due_at) {
                due.push((symbol, date));
            }
        }
    }
    Ok(due)
}

/// Sessions of a symbol's history that were never read whole, newest first.
async fn missing(desk: &Desk, symbol: &Symbol, wall: &Wall) -> Result<Vec<Work>, StoreError> {
    let now = desk.clock.now();
    let count = desk.tape.history_sessions as usize;
    let Some(latest) = desk.calendar.latest_session(now) else { return Ok(Vec::new()) };
    let mut dates = desk.calendar.sessions_ending(latest, count + 1);
    dates.retain(|date| *date != latest && !wall.hides(*date));
    let (Some(from), Some(to)) = (dates.first(), dates.last()) else { return Ok(Vec::new()) };
    let read = read_whole_at(desk, Some(symbol), *from, *to).await?;
    desk.standings.has_past(symbol, read.len());
    let unread = dates.iter().rev().filter(|date| !read.contains_key(&(symbol.clone(), **date)));
    Ok(unread.map(|date| (symbol.clone(), *date)).collect())
}

/// When sessions were last read whole, after they had ended.
async fn read_whole_at(
    desk: &Desk,
    symbol: Option<&Symbol>,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<BTreeMap<(Symbol, NaiveDate), DateTime<Utc>>, StoreError> {
    let filter = SlotFilter {
        vendor: desk.vendor_id,
        kind: Series::Tape,
        symbol: symbol.cloned(),
        from,
        to,
    };
    let mut read = BTreeMap::new();
    for slot in desk.store.slots(&filter).await? {
        let hours = desk.calendar.session(slot.session_date);
        if hours.is_some_and(|hours| is_whole(&slot, &hours)) {
            let last = read.entry((slot.symbol, slot.session_date)).or_insert(slot.finished_at);
            *last = (*last).max(slot.finished_at);
        }
    }
    Ok(read)
}

fn is_whole(slot: &SlotResult, hours: &SessionHours) -> bool {
    let ended = slot.finished_at >= hours.post_end_at + SETTLE;
    let covers = slot.slot_start <= hours.pre_at && slot.slot_end >= hours.post_end_at;
    ended && covers && slot.state.is_read() && !slot.gap
}
