//! Trading sessions and their hours.

use chrono::TimeDelta;
use undertow_market::calendar::new_york_date;

use super::request;
use crate::app::App;
use crate::convert::ms;
use crate::dto::{ListSessions, SessionView};
use crate::error::ApiError;

/// Longest stretch that one answer covers.
const MAX_STRETCH: TimeDelta = TimeDelta::days(366 * 3);

pub(crate) async fn list_sessions(
    app: &App,
    request: ListSessions,
) -> Result<Vec<SessionView>, ApiError> {
    let from = request::instant("from_ms", request.from_ms)?;
    let to = request::instant("to_ms", request.to_ms)?;
    if to < from || to - from > MAX_STRETCH {
        return Err(ApiError::invalid("from_ms to to_ms: use a stretch of at most three years"));
    }
    let calendar = app.calendar();
    let dates = calendar.sessions_between(new_york_date(from), new_york_date(to));
    let hours = dates.into_iter().filter_map(|date| calendar.session(date));
    Ok(hours
        .map(|hours| SessionView {
            date: hours.date.to_string(),
            pre_ms: ms(hours.pre_at),
            open_ms: ms(hours.open_at),
            close_ms: ms(hours.close_at),
            post_end_ms: ms(hours.post_end_at),
            early_close: hours.early_close,
        })
        .collect())
}
