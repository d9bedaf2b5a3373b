//! Reads a session whole over REST and replaces what is stored of it: cancels and corrections
//! exist only there.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use tokio_util::sync::CancellationToken;
use undertow_analysis::tape::{TapeBook, TapeKeep, TapePart};
use undertow_market::{Symbol, TapeTrade};
use undertow_store::tape::{SessionInContext, TapeSession, TapeSource};
use undertow_vendor::Priority;

use super::day::TapeDay;
use super::desk::Desk;
use super::live::REST_LAG;
use super::pages::{self, Pages, Stretch};
use super::session;
use crate::common::{CollectError, Place};
use crate::event::{EngineEvent, Touched};
use crate::feed::Series;
use crate::schedule::SETTLE;
use crate::writer::{Books, Slot};

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
    let work = Whole { desk, symbol, day, priority, stop };
    let running = desk.books.final_before(symbol).filter(|(running, _)| *running == day);
    let Some((_, before)) = running else { return work.replace(day.ends_at()).await };
    // What became final meanwhile would be overwritten: it stays in the books until it is done.
    let held_back = desk.books.hold_back(symbol);
    let rows = work.replace_running(before).await?;
    session::open_symbol(desk, symbol, day).await?;
    drop(held_back);
    Ok(rows)
}

/// One session of one symbol that is read whole.
struct Whole<'a> {
    desk: &'a Desk,
    symbol: &'a Symbol,
    day: TapeDay,
    priority: Priority,
    stop: &'a CancellationToken,
}

impl Whole<'_> {
    /// Replaces a session whose books are open. When it is over, the reading takes their place;
    /// else it ends with the last minute that is final, once REST has what the stream brought.
    async fn replace_running(&self, before: u16) -> Result<u64, CollectError> {
        let now = self.desk.clock.now();
        let hours = self.desk.calendar.session(self.day.date);
        if hours.is_some_and(|hours| now > hours.post_end_at + SETTLE) {
            return self.replace(self.day.ends_at()).await;
        }
        let behind = self.desk.books.delay(now).max(REST_LAG);
        let to = self.day.at(before);
        if !self.desk.wait_until(to + behind, self.stop).await {
            return Err(CollectError::Stopped);
        }
        self.replace(to).await
    }

    /// Reads everything before `to`, as far as the vendor has told it, and replaces what is
    /// stored. It ends with a whole minute: where the stored tape ends, it is read on from there.
    async fn replace(&self, to: DateTime<Utc>) -> Result<u64, CollectError> {
        let (desk, day) = (self.desk, self.day);
        let now = desk.clock.now();
        let told_to = now - desk.books.delay(now).max(REST_LAG);
        let to = to.min(day.at(day.minute_of(told_to)));
        let keep = desk.floors.of(&desk.store, &desk.calendar, self.symbol, day.date).await?;
        let mut book = TapeBook::new(self.symbol.clone(), day.date, keep);
        let stretch = Stretch {
            symbol: self.symbol.clone(),
            from: day.begins_at(),
            to,
            priority: self.priority,
        };
        let mut take = |trade: &TapeTrade<'_>| {
            book.take(trade);
        };
        let mut pages = pages::read(desk, &stretch, self.stop, &mut take, &mut |_| {}).await?;
        let part = book.into_part();
        let touched = part.minutes.first().zip(part.minutes.last());
        let touched = touched.map(|(first, last)| (day.at(first.minute), day.at(last.minute + 1)));
        let rows = self.store(part, keep, to, &mut pages).await?;
        if let Some((from, to)) = touched.filter(|_| rows > 0) {
            desk.tell(EngineEvent::Tape(Touched { symbol: self.symbol.clone(), from, to, rows }));
        }
        Ok(rows)
    }

    async fn store(
        &self,
        part: TapePart,
        keep: TapeKeep,
        to: DateTime<Utc>,
        pages: &mut Pages,
    ) -> Result<u64, CollectError> {
        let (desk, symbol, date) = (self.desk, self.symbol.clone(), self.day.date);
        let hours = desk.calendar.session(date);
        let slot = hours.filter(|hours| hours.pre_at < to).map(|hours| Slot {
            from: hours.pre_at,
            to: to.min(hours.post_end_at),
            delivered: pages.delivered,
            rejected: pages.rejected,
        });
        let place = Place { series: Series::Tape, symbol: symbol.clone(), session_date: date };
        let rejects = std::mem::take(&mut pages.rejects);
        let context = desk.writer.context(&place, rejects, Books { slot, ..Books::default() });
        let session = TapeSession {
            symbol,
            session_date: date,
            part,
            source: TapeSource::Rest,
            complete_to: to,
            is_whole: hours.is_some_and(|hours| to >= hours.post_end_at),
            prints_floor: keep.print_floor,
        };
        let sessions = [SessionInContext { session, context }];
        Ok(desk.writer.sessions(Arc::new(sessions)).await?)
    }
}
