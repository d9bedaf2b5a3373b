//! Opens the books of the day and of each symbol: where the database ends, reading goes on.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use undertow_analysis::activity::MINUTES_PER_DAY;
use undertow_market::Symbol;
use undertow_store::StoreError;

use super::day::TapeDay;
use super::desk::Desk;
use crate::schedule::SETTLE;
use crate::tasks::pause;

/// How often the day and the watch list are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Keeps the books in line with the calendar and the watch list, until the engine stops. A
/// database that is away is asked again.
pub(super) async fn run(desk: Arc<Desk>, stop: CancellationToken) {
    loop {
        if let Err(error) = follow(&desk).await {
            tracing::warn!(%error, "the day's tapes were not opened; it is tried again");
        }
        if pause(LOOK_EVERY, &stop).await {
            return;
        }
    }
}

async fn follow(desk: &Desk) -> Result<(), StoreError> {
    let Some(date) = desk.calendar.latest_session(desk.clock.now()) else { return Ok(()) };
    let day = TapeDay::of(date);
    if desk.books.day() != Some(day) {
        let hours = desk.calendar.session(date);
        let last = hours.map_or(MINUTES_PER_DAY, |of| day.minute_of(of.post_end_at + SETTLE));
        let symbols: Option<&[Symbol]> = if desk.tape.whole_market { None } else { Some(&[]) };
        let floors = desk.floors.of_day(&desk.store, &desk.calendar, symbols, date).await?;
        desk.books.begin(day, last, floors);
        desk.standings.begin(date);
    }
    let (open, wanted) = (desk.books.watched(), desk.watched());
    for symbol in open.iter().filter(|symbol| !wanted.contains(symbol)) {
        desk.books.remove(symbol);
    }
    let mut opened = false;
    for symbol in wanted.iter().filter(|symbol| !open.contains(symbol)) {
        open_symbol(desk, symbol, day).await?;
        opened = true;
    }
    if opened {
        desk.read_soon.notify_one();
    }
    Ok(())
}

/// Opens a symbol's tape where the database ends.
pub(super) async fn open_symbol(
    desk: &Desk,
    symbol: &Symbol,
    day: TapeDay,
) -> Result<(), StoreError> {
    let book = desk.store.tape_book(symbol, day.date).await?;
    let before = book.map_or(0, |book| day.minute_of(book.to));
    let stored = match before {
        0 => Vec::new(),
        _ => desk.store.tape_minutes(symbol, day.date, day.date).await?,
    };
    let keep = desk.floors.of(&desk.store, &desk.calendar, symbol, day.date).await?;
    desk.books.put(symbol, day, keep, (&stored, before), desk.clock.now());
    Ok(())
}
