//! Reads a session whole over REST and replaces what is stored of it: cancels and corrections
//! exist only there.

use chrono::{DateTime, NaiveDate, Utc};
use tokio_util::sync::CancellationToken;
use undertow_analysis::activity::MINUTES_PER_DAY;
use undertow_analysis::tape::TapeBook;
use undertow_market::{Symbol, TapeTrade};
use undertow_store::tape::{TapeSession, TapeSource};
use undertow_vendor::Priority;

use super::day::TapeDay;
use super::desk::Desk;
use super::live::REST_LAG;
use super::pages::{self, Stretch};
use super::session;
use crate::common::{CollectError, Place};
use crate::event::{EngineEvent, Touched};
use crate::feed::Series;
use crate::writer::{Books, Rows, Slot};

/// Reads one session of a symbol and replaces it. Of a session that runs, only the minutes that
/// are final are replaced: the rest is still in the books. Returns how many rows changed.
pub(super) async fn replace(
    desk: &Desk,
    symbol: &Symbol,
    date: NaiveDate,
    priority: Priority,
    stop: &CancellationToken,
) -> Result<u64, CollectError> {
    let day = TapeDay::of(date);
    let running = desk.books.final_before(symbol).filter(|(running, _)| *running == day);
    let Some((_, before)) = running else {
        return read_and_replace(desk, symbol, day, MINUTES_PER_DAY, priority, stop).await;
    };
    // What became final meanwhile would be overwritten: it stays in the books until it is done.
    desk.books.hold_back(symbol, true);
    let replaced = replace_running(desk, symbol, day, before, priority, stop).await;
    desk.books.hold_back(symbol, false);
    let rows = replaced?;
    if rows > 0 {
        session::open_symbol(desk, symbol, day).await?;
    }
    Ok(rows)
}

/// Waits until REST has what the stream brought: else the newest minutes would vanish.
async fn replace_running(
    desk: &Desk,
    symbol: &Symbol,
    day: TapeDay,
    before: u16,
    priority: Priority,
    stop: &CancellationToken,
) -> Result<u64, CollectError> {
    let behind = desk.books.delay(desk.clock.now()).max(REST_LAG);
    if !desk.wait_until(day.at(before) + behind, stop).await {
        return Err(CollectError::Stopped);
    }
    read_and_replace(desk, symbol, day, before, priority, stop).await
}

async fn read_and_replace(
    desk: &Desk,
    symbol: &Symbol,
    day: TapeDay,
    before: u16,
    priority: Priority,
    stop: &CancellationToken,
) -> Result<u64, CollectError> {
    let to = day.at(before).min(desk.clock.now() - REST_LAG);
    let mut book = TapeBook::new(symbol.clone(), day.date, desk.books.keep());
    let stretch = Stretch { symbol: symbol.clone(), from: day.begins_at(), to, priority };
    let mut take = |trade: &TapeTrade<'_>| {
        book.take(trade);
    };
    let pages = pages::read(desk, &stretch, stop, &mut take, &mut |_| {}).await?;
    let part = book.take_final(MINUTES_PER_DAY);
    let touched = part.minutes.first().zip(part.minutes.last());
    let touched = touched.map(|(first, last)| (day.at(first.minute), day.at(last.minute + 1)));
    let session = TapeSession {
        symbol: symbol.clone(),
        session_date: day.date,
        part,
        source: TapeSource::Rest,
        complete_to: to,
    };
    let place = Place { series: Series::Tape, symbol: symbol.clone(), session_date: day.date };
    let slot = slot(desk, day, to).map(|slot| Slot {
        delivered: pages.delivered,
        rejected: pages.rejected,
        ..slot
    });
    let books = Books { slot, ..Books::default() };
    let rows = desk.writer.rows(&place, Rows::TapeSession(session.into()), pages.rejects, books);
    let rows = rows.await?;
    if let Some((from, to)) = touched.filter(|_| rows > 0) {
        desk.tell(EngineEvent::Tape(Touched { symbol: symbol.clone(), from, to, rows }));
    }
    Ok(rows)
}

/// What a read of a day up to `to` enters in the books: the part of the session that it covers.
pub(super) fn slot(desk: &Desk, day: TapeDay, to: DateTime<Utc>) -> Option<Slot> {
    let hours = desk.calendar.session(day.date)?;
    let to = to.min(hours.post_end_at);
    (hours.pre_at < to).then(|| Slot::between(hours.pre_at, to))
}
