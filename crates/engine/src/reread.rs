//! Reads past sessions again when it is time to, because vendors cancel and correct prints after
//! the fact: the evening of the session, the next morning, and three sessions later.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use undertow_market::Symbol;

use crate::backfill::SessionWork;
use crate::common::CollectError;
use crate::past::read_session;
use crate::schedule::{reread_due, reread_sessions};
use crate::shared::Shared;

/// How often due rereads are looked for.
const LOOK_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Rereads a symbol's sessions until the engine stops.
pub(crate) async fn reread(shared: Arc<Shared>, symbol: Symbol, stop: CancellationToken) {
    loop {
        let wait = match due_work(&shared, &symbol, &stop).await {
            Ok(()) => LOOK_EVERY,
            Err(CollectError::Stopped) => return,
            Err(error) => {
                tracing::warn!(%symbol, %error, "a session could not be read again");
                LOOK_EVERY.max(error.wait())
            }
        };
        if !shared.wait_until(shared.clock.now() + wait, &stop).await {
            return;
        }
    }
}

async fn due_work(
    shared: &Shared,
    symbol: &Symbol,
    stop: &CancellationToken,
) -> Result<(), CollectError> {
    let now = shared.clock.now();
    let latest = shared.calendar.latest_session(now);
    for session_date in reread_sessions(&shared.calendar, now) {
        let Some(due) = reread_due(&shared.calendar, session_date, now) else { continue };
        let last = shared.session_read_at(symbol, session_date).await?;
        // The latest session was read piece by piece while it was open, or not at all. Of the
        // earlier ones only those that we began to read are ours: the rest is for backfills.
        let never = last.is_none()
            && (latest == Some(session_date) || shared.began(symbol, session_date).await?);
        if never || last.is_some_and(|last| last < due) {
            tracing::info!(%symbol, %session_date, "reading the session again");
            read_session(shared, &SessionWork { symbol: symbol.clone(), session_date }, stop)
                .await?;
        }
    }
    Ok(())
}
