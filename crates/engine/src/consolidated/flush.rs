//! Hands final minutes to the writer, and tells what became of them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use undertow_market::Symbol;
use undertow_store::log::LogLevel;
use undertow_store::tape::TapeAppend;

use super::books::FinalMinutes;
use super::desk::Desk;
use crate::common::Place;
use crate::event::{EngineEvent, Touched};
use crate::feed::Series;
use crate::journal;
use crate::shared::MARKET;
use crate::tasks::pause;
use crate::writer::{Books, Rows, WriteError};

/// How often it is looked for final minutes.
const EVERY: Duration = Duration::from_secs(1);
/// Rows of one write, about. A transaction of a moment.
const ROWS_A_WRITE: usize = 50_000;

/// Hands over until the engine stops. Only one write is on its way: the books hold the rest.
pub(super) async fn run(desk: Arc<Desk>, stop: CancellationToken) {
    loop {
        let ends = pause(EVERY.div_f64(desk.clock.speed().clamp(1.0, 10.0)), &stop).await;
        if ends || flush(&desk).await.is_err() {
            return;
        }
    }
}

/// Hands over everything that is final now.
async fn flush(desk: &Desk) -> Result<(), WriteError> {
    loop {
        let minutes = desk.books.take_final(ROWS_A_WRITE);
        let rejects = desk.books.take_rejects();
        if minutes.is_empty() && rejects.is_empty() {
            return Ok(());
        }
        let place = Place {
            series: Series::Tape,
            symbol: Symbol::new(MARKET).expect("the market's name has a ticker's form"),
            session_date: undertow_market::new_york_date(desk.clock.now()),
        };
        let rows = Rows::TapeMinutes(minutes.iter().map(append).collect());
        desk.books.is_storing(true);
        let stored = desk.writer.rows(&place, rows, rejects, Books::default()).await;
        desk.books.is_storing(false);
        match stored {
            Ok(_) => told(desk, &minutes).await,
            Err(WriteError::Stopped) => return Err(WriteError::Stopped),
            Err(error) => read_again(desk, &minutes, &error).await,
        }
    }
}

fn append(minutes: &FinalMinutes) -> TapeAppend {
    TapeAppend {
        symbol: minutes.symbol.clone(),
        session_date: minutes.day.date,
        part: minutes.part.clone(),
        to: minutes.day.at(minutes.before),
        prints_floor: minutes.keep.print_floor,
    }
}

async fn told(desk: &Desk, minutes: &[FinalMinutes]) {
    for of in minutes.iter().filter(|of| !of.part.is_empty()) {
        let at = |minute: u16| -> DateTime<Utc> { of.day.at(minute) };
        let (Some(first), Some(last)) = (of.part.minutes.first(), of.part.minutes.last()) else {
            continue;
        };
        if desk.books.is_streamed(&of.symbol) {
            let took = (desk.clock.now() - at(of.before)).to_std().unwrap_or_default();
            desk.books.note_stored(took);
        }
        let rows = of.part.minutes.len() + of.part.prints.len();
        desk.tell(EngineEvent::Tape(Touched {
            symbol: of.symbol.clone(),
            from: at(first.minute),
            to: at(last.minute + 1),
            rows: rows as u64,
        }));
    }
    let symbols: Vec<Symbol> = minutes.iter().map(|of| of.symbol.clone()).collect();
    desk.assess_soon(&symbols);
}

/// Rows that the database refuses left the books already: they are read again from where the
/// database ends.
async fn read_again(desk: &Desk, minutes: &[FinalMinutes], error: &WriteError) {
    let message =
        format!("minutes of {} symbols were not stored and are read again: {error}", minutes.len());
    journal::note(desk, LogLevel::Error, "tape", message).await;
    for of in minutes {
        if let Err(error) = super::session::open_symbol(desk, &of.symbol, of.day).await {
            tracing::error!(symbol = %of.symbol, %error, "a tape was not opened again");
            desk.books.remove(&of.symbol);
        }
    }
}
