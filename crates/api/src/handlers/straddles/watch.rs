//! The watch list of the consolidated tape, and how far each history has come.

use std::collections::BTreeMap;

use undertow_engine::consolidated::{Consolidated, ConsolidatedError, TapeHealth};
use undertow_engine::settings::MAX_TAPE_SYMBOLS;
use undertow_market::{Symbol, VendorId};

use super::{latest_session, ms_of};
use crate::app::{App, OpenMarket, market_error};
use crate::dto::{Nothing, OneSymbol, TapeSymbolView, TapeWatchView};
use crate::error::{ApiError, ErrorCode};
use crate::handlers::request;

pub(crate) async fn get_tape_watch(app: &App, _: Nothing) -> Result<TapeWatchView, ApiError> {
    let market = app.market()?;
    view(app, &market)
}

pub(crate) async fn watch_tape(app: &App, request: OneSymbol) -> Result<TapeWatchView, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    tape(&market)?.watch(symbol).await.map_err(refused)?;
    view(app, &market)
}

pub(crate) async fn unwatch_tape(app: &App, request: OneSymbol) -> Result<TapeWatchView, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    tape(&market)?.unwatch(&symbol).await.map_err(refused)?;
    view(app, &market)
}

/// Past sessions that each watched symbol is compared with, where they were counted.
pub(super) fn baselines(market: &OpenMarket) -> BTreeMap<Symbol, u32> {
    let tapes = market.consolidated.as_ref().map(|tape| tape.health().tapes).unwrap_or_default();
    tapes.into_iter().filter_map(|tape| Some((tape.symbol.clone(), sessions(&tape)?))).collect()
}

fn sessions(tape: &TapeHealth) -> Option<u32> {
    tape.sessions.and_then(|count| u32::try_from(count).ok())
}

/// What collects the tape.
///
/// # Errors
/// Its vendor's key is not set.
pub(crate) fn tape(market: &OpenMarket) -> Result<&Consolidated, ApiError> {
    market.consolidated.as_ref().ok_or_else(|| {
        let title = VendorId::Polygon.title();
        let words = format!("No key of {title} is set: enter it on the Straddles page.");
        ApiError::new(ErrorCode::NotConfigured, words)
    })
}

fn refused(error: ConsolidatedError) -> ApiError {
    match error {
        ConsolidatedError::Store(error) => market_error(error),
        other => ApiError::invalid(other.to_string()),
    }
}

fn view(app: &App, market: &OpenMarket) -> Result<TapeWatchView, ApiError> {
    let wanted = wanted_sessions(app, market)?;
    let none = TapeWatchView {
        vendor: VendorId::Polygon.as_str().to_owned(),
        vendor_title: VendorId::Polygon.title().to_owned(),
        key_set: false,
        problem: None,
        stream: "off".to_owned(),
        stream_note: None,
        most: u32::try_from(MAX_TAPE_SYMBOLS).unwrap_or(u32::MAX),
        history_sessions: wanted,
        history_per_minute: None,
        history_problem: None,
        symbols: Vec::new(),
    };
    let Some(tape) = market.consolidated.as_ref() else { return Ok(none) };
    let health = tape.health();
    let mut tapes: BTreeMap<Symbol, TapeHealth> =
        health.tapes.into_iter().map(|tape| (tape.symbol.clone(), tape)).collect();
    let history = health.history;
    // One symbol's history is read after the other's.
    let mut ahead = 0;
    let symbols = tape.symbols().into_iter().map(|symbol| {
        let tape = tapes.remove(&symbol);
        let done = tape.as_ref().and_then(sessions).unwrap_or(0).min(wanted);
        let known = history.left.get(&symbol).and_then(|left| u32::try_from(*left).ok());
        let left = known.unwrap_or(wanted - done);
        ahead += left;
        TapeSymbolView {
            sessions_done: done,
            sessions_left: known,
            seconds_left: history.per_minute.filter(|_| left > 0).map(|pace| seconds(ahead, pace)),
            to_ms: ms_of(tape.as_ref().map(|tape| tape.read_to)),
            problem: tape.and_then(|tape| tape.problem),
            symbol: symbol.to_string(),
        }
    });
    Ok(TapeWatchView {
        key_set: true,
        problem: health.database_problem,
        stream: health.stream.phase.as_str().to_owned(),
        stream_note: health.stream.note,
        symbols: symbols.collect(),
        history_per_minute: history.per_minute,
        history_problem: history.refused,
        ..none
    })
}

fn seconds(sessions: u32, per_minute: f64) -> f64 {
    f64::from(sessions) / per_minute * 60.0
}

/// Sessions of history that make a baseline whole: those that closed early are no part of it.
fn wanted_sessions(app: &App, market: &OpenMarket) -> Result<u32, ApiError> {
    let calendar = app.calendar();
    let settings = &app.options().settings.tape;
    let collected = market.consolidated.as_ref().map(Consolidated::history_sessions);
    let history = collected.unwrap_or(settings.history_sessions);
    let today = latest_session(app, market.clock.now())?;
    let Some(last) = calendar.previous_session(today) else { return Ok(0) };
    let sessions = calendar.sessions_ending(last, history as usize).into_iter();
    let is_usual =
        |date: &chrono::NaiveDate| calendar.session(*date).is_some_and(|hours| !hours.early_close);
    Ok(u32::try_from(sessions.filter(is_usual).count()).unwrap_or(u32::MAX))
}
