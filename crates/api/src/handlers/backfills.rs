//! Backfills: start, list, stop.

use undertow_engine::backfill::{self, BackfillError, Job, NewBackfill};
use undertow_engine::consolidated::Consolidated;
use undertow_market::VendorId;

use super::request;
use super::straddles::tape;
use crate::app::{App, OpenMarket, market_error};
use crate::convert::count;
use crate::dto::{BackfillView, ListRows, Mode, OneBackfill, StartBackfill};
use crate::error::{ApiError, ErrorCode};

/// Rows of one answer.
const LIMIT: std::ops::RangeInclusive<u32> = 1..=200;
/// Symbols of one backfill.
const MAX_SYMBOLS: usize = 100;

pub(crate) async fn start_backfill(
    app: &App,
    request: StartBackfill,
) -> Result<BackfillView, ApiError> {
    let market = app.market()?;
    if request.symbols.is_empty() || request.symbols.len() > MAX_SYMBOLS {
        return Err(ApiError::invalid(format!("symbols: name 1 to {MAX_SYMBOLS}")));
    }
    let symbols: Result<Vec<_>, _> =
        request.symbols.iter().map(|text| request::symbol(text)).collect();
    let (from, to) = (request::date("from", &request.from)?, request::date("to", &request.to)?);
    if to < from {
        return Err(ApiError::invalid(format!("to = {to} is before from = {from}")));
    }
    let vendor = request.vendor.as_deref().unwrap_or(VendorId::UnusualWhales.as_str());
    let vendor: VendorId = request::vendor(vendor)?;
    if market.mode == Mode::Live && app.key(vendor).is_none() {
        let text = format!("No key of {} is set: enter it first.", vendor.title());
        return Err(ApiError::new(ErrorCode::NotConfigured, text));
    }
    let work = NewBackfill { vendor, symbols: symbols?, from, to, reread: request.reread };
    let job = match vendor {
        VendorId::UnusualWhales => market.engine.start_backfill(work).await,
        VendorId::Polygon => tape(&market)?.start_backfill(work).await,
    };
    Ok(view(&job.map_err(refused)?))
}

pub(crate) async fn list_backfills(
    app: &App,
    request: ListRows,
) -> Result<Vec<BackfillView>, ApiError> {
    let market = app.market()?;
    let limit = request::within("limit", request.limit, LIMIT)?;
    let jobs = backfill::list(&market.store, active(&market), limit).await;
    Ok(jobs.map_err(market_error)?.iter().map(view).collect())
}

pub(crate) async fn stop_backfill(
    app: &App,
    request: OneBackfill,
) -> Result<BackfillView, ApiError> {
    let market = app.market()?;
    let id = request.id.parse().map_err(|_| {
        ApiError::invalid(format!("\"{}\" is not the id of a backfill", request.id))
    })?;
    let mut stopped = market.engine.stop_backfill(id).await.map_err(market_error)?;
    if let Some(tape) = market.consolidated.as_ref().filter(|_| stopped.is_none()) {
        stopped = tape.stop_backfill(id).await.map_err(market_error)?;
    }
    match stopped {
        Some(job) => Ok(view(&job)),
        None => Err(ApiError::new(ErrorCode::NotFound, "That backfill neither waits nor runs.")),
    }
}

/// Backfills of every vendor that wait or run.
pub(crate) fn active(market: &OpenMarket) -> Vec<Job> {
    let mut jobs = market.engine.active_backfills();
    jobs.extend(market.consolidated.iter().flat_map(Consolidated::active_backfills));
    jobs
}

fn refused(error: BackfillError) -> ApiError {
    match error {
        BackfillError::Store(error) => market_error(error),
        other => ApiError::invalid(other.to_string()),
    }
}

/// A job as the screen shows it.
pub(crate) fn view(job: &Job) -> BackfillView {
    BackfillView {
        id: job.id.to_string(),
        vendor: job.work.vendor.as_str().to_owned(),
        symbols: job.work.symbols.iter().map(ToString::to_string).collect(),
        from: job.work.from.to_string(),
        to: job.work.to.to_string(),
        state: job.state.as_str().to_owned(),
        sessions_done: job.sessions_done,
        sessions_total: job.sessions_total,
        rows: count(job.rows),
        rows_per_s: job.rows_per_s,
        seconds_left: job.seconds_left,
        note: job.note.clone(),
    }
}
