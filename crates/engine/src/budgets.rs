//! Keeps the request budget of a vendor in the database, so that it survives a restart.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio_util::sync::CancellationToken;
use undertow_market::VendorId;
use undertow_store::{Store, StoreError};
use undertow_vendor::budget::{Budget, BudgetState};

use crate::common::Common;
use crate::tasks::pause;

/// How often it is entered in the database, at most.
const SAVE_EVERY: Duration = Duration::from_secs(2);

/// The budget as it was when the program stopped last.
pub(crate) async fn restored(store: &Store, vendor: VendorId) -> Result<Budget, StoreError> {
    let state = store.load_budget(vendor).await?;
    let state = state.and_then(|(state, _)| serde_json::from_value::<BudgetState>(state).ok());
    Ok(state.map_or_else(Budget::new, Budget::restore))
}

/// Saves it as it changes, until the engine stops.
pub(crate) async fn keep(common: Arc<Common>, stop: CancellationToken) {
    let mut changes = common.budget.subscribe();
    while !stop.is_cancelled() {
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = stop.cancelled() => return,
        }
        save(&common).await;
        if pause(SAVE_EVERY, &stop).await {
            return;
        }
    }
}

/// Saves it. What fails is only logged: it is learnt anew from the vendor's answers.
pub(crate) async fn save(common: &Common) {
    let saved = match serde_json::to_value(common.budget.state()) {
        Ok(state) => common.store.save_budget(common.vendor_id, &state, Utc::now()).await,
        Err(error) => {
            return tracing::error!(%error, "the request budget cannot be written as JSON");
        }
    };
    if let Err(error) = saved {
        tracing::warn!(%error, "the request budget was not entered in the database");
    }
}
