//! The program as a whole: which market is open, the watch list, the vendor's key.

use secrecy::SecretString;
use undertow_engine::engine::EngineError;
use undertow_market::{Symbol, VendorId};
use undertow_vendor::budget::Budget;
use undertow_vendor::{Priority, VendorError};

use super::request;
use crate::app::{App, Choice, market_error, tape_client, vendor_client};
use crate::dto::{AppView, ConnectVendor, Nothing, OneSymbol, StartDemo};
use crate::error::{ApiError, ErrorCode};

/// Longest key that is accepted. Real ones have under a hundred characters.
const MAX_KEY_BYTES: usize = 512;
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

/// Asks the vendor one small question with the key before it is accepted.
pub(crate) async fn connect_vendor(app: &App, request: ConnectVendor) -> Result<AppView, ApiError> {
    let vendor = request::vendor(&request.vendor)?;
    let key = request.key.trim();
    if key.is_empty()
        || key.len() > MAX_KEY_BYTES
        || !key.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(ApiError::invalid(format!(
            "This is not a key of {}: paste it as it is, without spaces.",
            vendor.title()
        )));
    }
    let key = SecretString::from(key.to_owned());
    try_key(app, vendor, &key).await?.map_err(|error| refused(vendor, &error))?;
    app.set_key(vendor, key);
    app.choose(Choice::Live);
    Ok(app.view())
}

/// Asks the vendor something small that any plan includes.
async fn try_key(
    app: &App,
    vendor: VendorId,
    key: &SecretString,
) -> Result<Result<(), VendorError>, ApiError> {
    let (budget, clock) = (Budget::new(), app.clock());
    match vendor {
        VendorId::UnusualWhales => {
            let address = app.options().settings.vendors.unusual_whales.url.clone();
            let calendar = app.calendar().clone();
            let client = vendor_client(address, key.clone(), budget, clock, calendar)?;
            let probe = Symbol::new("SPY").map_err(ApiError::internal)?;
            Ok(client.stock_state(&probe, Priority::Live).await.map(drop))
        }
        VendorId::Polygon => {
            let client = tape_client(&app.tape_source(key.clone()), budget, clock)?;
            Ok(client.upcoming(Priority::Live).await.map(drop))
        }
    }
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

fn refused(vendor: VendorId, error: &VendorError) -> ApiError {
    let said = format!("{} could not be connected: {error}", vendor.title());
    ApiError::new(code_of(error), said)
}

fn code_of(error: &VendorError) -> ErrorCode {
    match error {
        VendorError::Auth { .. } => ErrorCode::VendorAuth,
        VendorError::Entitlement { .. } => ErrorCode::VendorEntitlement,
        VendorError::RateLimited { .. } => ErrorCode::RateLimited,
        _ => ErrorCode::Internal,
    }
}
