//! The reads that plain HTTP resources share with the commands.

use crate::app::App;
use crate::columns::Columns;
use crate::dto::{
    GetBars, GetLevels, GetOpportunities, GetPrints, GetStraddle, OneSymbol, OpportunitiesView,
    Status, StraddleView, TapeWatchView,
};
use crate::error::ApiError;
use crate::handlers;

/// The health of everything.
///
/// # Errors
/// No market is open.
pub async fn status(app: &App) -> Result<Status, ApiError> {
    handlers::status::read(app).await
}

/// A page of bars.
///
/// # Errors
/// The request is wrong, no market is open, or the database does not answer.
pub async fn bars(app: &App, request: GetBars) -> Result<Columns, ApiError> {
    handlers::get_bars(app, request).await
}

/// A page of prints.
///
/// # Errors
/// The request is wrong, no market is open, or the database does not answer.
pub async fn prints(app: &App, request: GetPrints) -> Result<Columns, ApiError> {
    handlers::get_prints(app, request).await
}

/// Off-exchange levels.
///
/// # Errors
/// The request is wrong, no market is open, or the database does not answer.
pub async fn levels(app: &App, request: GetLevels) -> Result<Columns, ApiError> {
    handlers::get_levels(app, request).await
}

/// Every watched stock as a straddle candidate, the most telling first.
///
/// # Errors
/// The request is wrong, no market is open, or the database does not answer.
pub async fn opportunities(
    app: &App,
    request: GetOpportunities,
) -> Result<OpportunitiesView, ApiError> {
    handlers::get_opportunities(app, request).await
}

/// One stock's activity, volatility and straddle.
///
/// # Errors
/// The request is wrong, no market is open, or the database does not answer.
pub async fn analytics(app: &App, request: GetStraddle) -> Result<StraddleView, ApiError> {
    handlers::get_straddle(app, request).await
}

/// Begins to collect the tape of a stock.
///
/// # Errors
/// The list is full, no market is open, or the database does not answer.
pub async fn subscribe(app: &App, request: OneSymbol) -> Result<TapeWatchView, ApiError> {
    handlers::watch_tape(app, request).await
}

/// Ends to collect the tape of a stock. What is stored stays.
///
/// # Errors
/// The request is wrong, no market is open, or the database does not answer.
pub async fn unsubscribe(app: &App, request: OneSymbol) -> Result<TapeWatchView, ApiError> {
    handlers::unwatch_tape(app, request).await
}
