//! The program as a whole: which market is open, the watch list.

use undertow_engine::engine::EngineError;
use undertow_vendor::VendorError;

use super::request;
use crate::app::{App, Choice, market_error};
use crate::dto::{AppView, Nothing, OneSymbol, StartDemo};
use crate::error::{ApiError, ErrorCode};

/// Bounds of the speed of a demonstration, market seconds a second.
const SPEED: std::ops::RangeInclusive<f64> = 1.0..=undertow_engine::clock::MAX_SPEED;

pub(crate) async fn get_app(app: &App, _: Nothing) -> Result<AppView, ApiError> {
    Ok(app.view())
}

pub(crate) async fn start_demo(app: &App, request: StartDemo) -> Result<AppView, ApiError> {
    if let Some(speed) = request.speed.filter(|speed| !SPEED.contains(speed)) {
        return Err(ApiError::invalid(format!(
            "speed = {speed}: use {} to {}",
            SPEED.start(),
            SPEED.end()
        )));
    }
    app.choose(Choice::Simulated { seed: request.seed, speed: request.speed });
    Ok(app.view())
}

pub(crate) async fn reopen_market(app: &App, _: Nothing) -> Result<AppView, ApiError> {
    if app.reopen() {
        return Ok(app.view());
    }
    Err(ApiError::new(ErrorCode::NotConfigured, "No market was chosen before: choose one."))
}

pub(crate) async fn close_market(app: &App, _: Nothing) -> Result<AppView, ApiError> {
    app.leave();
    Ok(app.view())
}

pub(crate) async fn add_symbol(app: &App, request: OneSymbol) -> Result<AppView, ApiError> {
    let symbol = request::symbol(&request.symbol)?;
    app.market()?.engine.add_symbol(symbol).await.map_err(engine_error)?;
    app.tell(app.view_event());
    Ok(app.view())
}

pub(crate) async fn remove_symbol(app: &App, request: OneSymbol) -> Result<AppView, ApiError> {
    let symbol = request::symbol(&request.symbol)?;
    app.market()?.engine.remove_symbol(&symbol).await.map_err(engine_error)?;
    app.tell(app.view_event());
    Ok(app.view())
}

pub(super) fn engine_error(error: EngineError) -> ApiError {
    match error {
        EngineError::Store(error) => market_error(error),
        EngineError::Vendor(error) => ApiError::new(code_of(&error), error.to_string()),
        other => ApiError::invalid(other.to_string()),
    }
}

pub(super) fn code_of(error: &VendorError) -> ErrorCode {
    match error {
        VendorError::Auth { .. } => ErrorCode::VendorAuth,
        VendorError::Entitlement { .. } => ErrorCode::VendorEntitlement,
        VendorError::RateLimited { .. } => ErrorCode::RateLimited,
        VendorError::Transient { .. } => ErrorCode::VendorUnreachable,
        _ => ErrorCode::Internal,
    }
}
