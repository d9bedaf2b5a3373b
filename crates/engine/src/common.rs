//! What the tasks of either vendor hold: where rows go, what time it is, and what is known of the
//! vendor that is asked.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use undertow_market::{Calendar, Symbol, VendorId};
use undertow_store::slots::{SlotFilter, SlotResult};
use undertow_store::{Store, StoreError};
use undertow_vendor::budget::Budget;
use undertow_vendor::{EntitlementReason, VendorError};

use crate::clock::Clock;
use crate::event::{EngineEvent, Touched};
use crate::feed::{Feeds, Series};
use crate::writer::{WriteError, Writer};

/// Wait after a failed question. The client has retried already.
const AFTER_FAILURE: TimeDelta = TimeDelta::seconds(15);
/// Wait after the vendor refused the key or the plan: only a person can change that.
const AFTER_REFUSAL: TimeDelta = TimeDelta::minutes(5);

/// What the tasks of either vendor hold.
pub(crate) struct Common {
    /// Who is asked.
    pub(crate) vendor_id: VendorId,
    pub(crate) store: Store,
    pub(crate) budget: Budget,
    pub(crate) clock: Clock,
    pub(crate) calendar: Calendar,
    pub(crate) events: broadcast::Sender<EngineEvent>,
    pub(crate) feeds: Feeds,
    pub(crate) writer: Writer,
    /// The key was refused; until then nobody asks again.
    pub(crate) refusal: Mutex<Option<(DateTime<Utc>, VendorError)>>,
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
    /// A stretch had more pages than any has.
    #[error("the vendor gave {pages} pages of one stretch and there were more")]
    TooManyPages {
        /// How many were read.
        pages: u32,
    },
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

impl CollectError {
    /// Whether the plan of the key does not include what was asked for.
    pub(crate) fn is_refused_by_plan(&self) -> bool {
        matches!(
            self,
            Self::Vendor(VendorError::Entitlement {
                reason: EntitlementReason::Plan | EntitlementReason::Unstated,
                ..
            })
        )
    }
}

/// One series of one symbol in one session.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) series: Series,
    pub(crate) symbol: Symbol,
    pub(crate) session_date: NaiveDate,
}

impl Common {
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

    /// Notes what came of a question: after a refused key nobody asks for a while.
    pub(crate) fn heard<T>(&self, answer: Result<T, VendorError>) -> Result<T, CollectError> {
        self.note_refusal(&answer);
        answer.map_err(CollectError::Vendor)
    }

    /// Remembers a refused key for a while.
    pub(crate) fn note_refusal<T>(&self, answer: &Result<T, VendorError>) {
        if let Err(error @ VendorError::Auth { .. }) = answer {
            let until = self.clock.now() + AFTER_REFUSAL;
            *self.lock_refusal() = Some((until, error.clone()));
        }
    }

    /// Whether it makes sense to ask.
    ///
    /// # Errors
    /// The vendor refused the key a moment ago.
    pub(crate) fn may_ask(&self) -> Result<(), CollectError> {
        self.refusal().map_or(Ok(()), |error| Err(CollectError::Vendor(error)))
    }

    /// Why it makes no sense to ask.
    pub(crate) fn refusal(&self) -> Option<VendorError> {
        let now = self.clock.now();
        let refusal = self.lock_refusal();
        refusal.as_ref().filter(|(until, _)| now < *until).map(|(_, error)| error.clone())
    }

    fn lock_refusal(&self) -> MutexGuard<'_, Option<(DateTime<Utc>, VendorError)>> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until market time `at`; false when the engine stops before.
    pub(crate) async fn wait_until(&self, at: DateTime<Utc>, stop: &CancellationToken) -> bool {
        tokio::select! {
            () = self.clock.sleep_until(at) => true,
            () = stop.cancelled() => false,
        }
    }

    /// When a stretch was last read in one piece, without a gap; none = never.
    pub(crate) async fn read_between(
        &self,
        place: &Place,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let filter = SlotFilter {
            vendor: self.vendor_id,
            kind: place.series,
            symbol: Some(place.symbol.clone()),
            from: place.session_date,
            to: place.session_date,
        };
        let whole = |slot: &SlotResult| {
            slot.state.is_read() && !slot.gap && slot.slot_start <= from && slot.slot_end >= to
        };
        let slots = self.store.slots(&filter).await?;
        Ok(slots.iter().filter(|slot| whole(slot)).map(|slot| slot.finished_at).max())
    }
}
