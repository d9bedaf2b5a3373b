//! The reads that plain HTTP resources share with the commands.

use crate::app::App;
use crate::columns::Columns;
use crate::dto::{GetBars, GetLevels, GetPrints, Status};
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
