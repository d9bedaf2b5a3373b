//! What every task of the engine holds.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use undertow_market::{Calendar, Symbol, VendorId};
use undertow_store::slots::{SlotFilter, SlotKind, SlotResult};
use undertow_store::{Store, StoreError};
use undertow_vendor::VendorError;
use undertow_vendor::budget::Budget;
use undertow_vendor::unusual_whales::UnusualWhales;

use crate::clock::Clock;
use crate::event::{EngineEvent, Touched};
use crate::feed::{Feeds, Series};
use crate::settings::Collect;
use crate::writer::{WriteError, Writer};

/// The vendor whose data this engine collects.
pub(crate) const VENDOR: VendorId = VendorId::UnusualWhales;

/// Wait after a failed question. The client has retried already.
const AFTER_FAILURE: TimeDelta = TimeDelta::seconds(15);
/// Wait after the vendor refused the key or the plan: only a person can change that.
const AFTER_REFUSAL: TimeDelta = TimeDelta::minutes(5);

/// What every task of the engine holds.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) vendor: UnusualWhales,
    pub(crate) budget: Budget,
    pub(crate) clock: Clock,
    pub(crate) calendar: Calendar,
    pub(crate) collect: Collect,
    pub(crate) events: broadcast::Sender<EngineEvent>,
    pub(crate) feeds: Feeds,
    pub(crate) writer: Writer,
}

/// Why a series could not be collected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CollectError {
    /// The vendor.
    #[error(transparent)]
    Vendor(#[from] VendorError),
    /// The database.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The books.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Bars came, but none of the session that was asked for.
    #[error("the vendor answers with bars of another session")]
    OtherSession,
    /// The program stops.
    #[error("stopped")]
    Stopped,
}

impl CollectError {
    /// Market time to wait before the same is asked again.
    pub(crate) fn wait(&self) -> TimeDelta {
        match self {
            Self::Vendor(VendorError::Auth { .. } | VendorError::Entitlement { .. }) => {
                AFTER_REFUSAL
            }
            _ => AFTER_FAILURE,
        }
    }
}

/// One series of one symbol in one session.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) series: Series,
    pub(crate) symbol: Symbol,
    pub(crate) session_date: NaiveDate,
}

impl Shared {
    /// Tells listeners that rows were stored. Nobody listening is not an error.
    pub(crate) fn tell(&self, event: EngineEvent) {
        drop(self.events.send(event));
    }

    /// Tells which stretch of time a write touched, if it touched any.
    pub(crate) fn touched(
        &self,
        symbol: &Symbol,
        times: impl Iterator<Item = DateTime<Utc>> + Clone,
        rows: u64,
        event: impl Fn(Touched) -> EngineEvent,
    ) {
        let (Some(from), Some(to)) = (times.clone().min(), times.max()) else { return };
        if rows > 0 {
            self.tell(event(Touched { symbol: symbol.clone(), from, to, rows }));
        }
    }

    /// Waits until market time `at`; false when the engine stops before.
    pub(crate) async fn wait_until(&self, at: DateTime<Utc>, stop: &CancellationToken) -> bool {
        tokio::select! {
            () = self.clock.sleep_until(at) => true,
            () = stop.cancelled() => false,
        }
    }

    /// Whether any of a session's prints were read.
    pub(crate) async fn began(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<bool, StoreError> {
        let place = Place { series: Series::Prints, symbol: symbol.clone(), session_date };
        Ok(self.writer.read_to(&place).await?.is_some())
    }

    /// When a session's prints were last read whole, after it had ended; none = never.
    pub(crate) async fn session_read_at(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let filter = SlotFilter {
            vendor: VENDOR,
            kind: SlotKind::Prints,
            symbol: Some(symbol.clone()),
            from: session_date,
            to: session_date,
        };
        let Some(hours) = self.calendar.session(session_date) else {
            return Ok(None);
        };
        let whole = |slot: &SlotResult| {
            slot.state.is_read()
                && !slot.gap
                && slot.slot_start <= hours.pre_at
                && slot.slot_end >= hours.post_end_at
        };
        let slots = self.store.slots(&filter).await?;
        Ok(slots.iter().filter(|slot| whole(slot)).map(|slot| slot.finished_at).max())
    }
}
