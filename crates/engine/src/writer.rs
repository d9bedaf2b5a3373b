//! The one writer of a vendor: everything that is stored of it goes through here, in order.
//!
//! Its queue is short and blocks: while the database is slow or away, collectors wait and stop
//! asking. A write that failed for a reason that passes is tried again until it succeeds, so an
//! accepted row is never lost; a write that can never succeed goes back to who asked for it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use undertow_market::{
    Bar, ChainQuote, ContractState, DayBar, Dividend, FlowAlert, FlowSnapshot, GammaStrike,
    NetPremiumTick, OptionTrade, PriceVolume, Print, Split, TermPoint, TidePoint, VendorId,
    VolatilityDay,
};
use undertow_store::corporate_actions::ActionList;
use undertow_store::quarantine::Rejected;
use undertow_store::slots::{SlotResult, SlotState};
use undertow_store::tape::{ReplaceReport, SessionInContext, TapeAppend};
use undertow_store::watermarks::Watermark;
use undertow_store::{MergeContext, Store, StoreError};
use undertow_vendor::Reject;

use crate::clock::Clock;
use crate::common::Place;

/// Writes that may wait. Each is at most one page.
const QUEUE: usize = 8;
/// Wait after a failed write, doubled each time up to the longest.
const FIRST_RETRY: Duration = Duration::from_millis(200);
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// What a write enters in the books, in the same transaction as its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Books {
    /// The stretch of time that was read whole.
    pub(crate) slot: Option<Slot>,
    /// A stretch that could not be read. A write enters a slot or a gap, not both.
    pub(crate) gap: Option<Gap>,
    /// Everything reported before this was read.
    pub(crate) read_to: Option<DateTime<Utc>>,
}

/// A stretch of time that was read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
    pub(crate) delivered: usize,
    pub(crate) rejected: usize,
}

impl Slot {
    /// A stretch of which nothing has come yet.
    pub(crate) fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { from, to, delivered: 0, rejected: 0 }
    }
}

/// A stretch of time that could not be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
    pub(crate) reason: String,
    /// Whether asking again may still fill it.
    pub(crate) may_be_filled: bool,
}

/// Why rows were not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// The database refuses these rows for good.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program stops.
    #[error("the program stops")]
    Stopped,
}

/// The way to the writer. Copies lead to the same one.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Write>,
    vendor_id: VendorId,
    store: Store,
    clock: Clock,
    problem: Arc<Mutex<Option<String>>>,
}

struct Write {
    rows: Rows,
    context: MergeContext,
    done: oneshot::Sender<Result<u64, WriteError>>,
}

/// Rows of one series, on their way to the store.
#[derive(Clone)]
pub(crate) enum Rows {
    Prints(Arc<[Print]>),
    Bars(Arc<[Bar]>),
    OptionTrades(Arc<[OptionTrade]>),
    FlowAlerts(Arc<[FlowAlert]>),
    FlowSnapshots(Arc<[FlowSnapshot]>),
    NetPremium(Arc<[NetPremiumTick]>),
    Tide(Arc<[TidePoint]>),
    Volatility(Arc<[VolatilityDay]>),
    TermStructure(Arc<[TermPoint]>),
    Gamma(Arc<[GammaStrike]>),
    Contracts(Arc<[ContractState]>),
    PriceVolumes(Arc<[PriceVolume]>),
    TapeMinutes(Arc<[TapeAppend]>),
    TapeSessions(Arc<[SessionInContext]>),
    DayBars(Arc<[DayBar]>),
    Splits(Arc<ActionList<Split>>),
    Dividends(Arc<ActionList<Dividend>>),
    Chain(Arc<[ChainQuote]>, DateTime<Utc>),
    Nothing,
}

impl Writer {
    /// Starts the writer. It ends after `stop`, when its queue is empty.
    pub(crate) fn start(
        vendor_id: VendorId,
        store: Store,
        clock: Clock,
        stop: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let (queue, writes) = mpsc::channel(QUEUE);
        let problem = Arc::default();
        let task = tokio::spawn(write_all(store.clone(), writes, Arc::clone(&problem), stop));
        (Self { queue, vendor_id, store, clock, problem }, task)
    }

    /// What keeps writes from the database right now, in words.
    pub(crate) fn problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stores rows and enters the books. Returns how many rows were new or changed, once they are
    /// safe.
    pub(crate) async fn rows(
        &self,
        place: &Place,
        rows: Rows,
        rejects: Vec<Reject>,
        books: Books,
    ) -> Result<u64, WriteError> {
        let context = self.context(place, rejects, books);
        self.write(rows, context).await
    }

    /// Enters a stretch that could not be read. What fails here is only logged: the stretch will
    /// be read again, or be told as missing when the next one is entered.
    pub(crate) async fn failed(
        &self,
        place: &Place,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        reason: String,
    ) {
        if from >= to {
            return;
        }
        let slot = SlotResult {
            state: SlotState::Failed,
            reason: Some(reason),
            gap: false,
            ..self.slot(place, from, to)
        };
        let context = MergeContext { slot: Some(slot), ..MergeContext::default() };
        if let Err(error) = self.write(Rows::Nothing, context).await {
            tracing::warn!(%error, "a failed slot was not entered in the books");
        }
    }

    /// How far the books say this series was read.
    pub(crate) async fn read_to(&self, place: &Place) -> Result<Option<DateTime<Utc>>, StoreError> {
        let marks = self.store.watermarks(self.vendor_id, place.series, place.session_date).await?;
        Ok(marks.into_iter().find(|mark| mark.symbol == place.symbol).map(|mark| mark.reported_to))
    }

    /// Replaces sessions of the tape, each with what belongs to it, all or none. Returns how many
    /// rows changed.
    pub(crate) async fn sessions(
        &self,
        sessions: Arc<[SessionInContext]>,
    ) -> Result<u64, WriteError> {
        self.write(Rows::TapeSessions(sessions), MergeContext::default()).await
    }

    /// What is entered in the books beside rows.
    pub(crate) fn context(
        &self,
        place: &Place,
        rejects: Vec<Reject>,
        books: Books,
    ) -> MergeContext {
        let now = self.clock.now();
        let slot = books.slot.map(|slot| SlotResult {
            state: if slot.delivered == 0 { SlotState::Empty } else { SlotState::Stored },
            delivered: u32::try_from(slot.delivered).unwrap_or(u32::MAX),
            rejected: u32::try_from(slot.rejected).unwrap_or(u32::MAX),
            ..self.slot(place, slot.from, slot.to)
        });
        let gap = books.gap.map(|gap| SlotResult {
            state: if gap.may_be_filled { SlotState::Failed } else { SlotState::Stored },
            reason: Some(gap.reason),
            gap: !gap.may_be_filled,
            ..self.slot(place, gap.from, gap.to)
        });
        let rejects = rejects.into_iter().map(|reject| Rejected {
            vendor: self.vendor_id,
            kind: place.series,
            symbol: reject.symbol,
            reason: reject.reason,
            raw: reject.raw,
            received_at: now,
        });
        MergeContext {
            slot: slot.or(gap),
            watermark: books.read_to.map(|reported_to| Watermark {
                vendor: self.vendor_id,
                kind: place.series,
                symbol: place.symbol.clone(),
                session_date: place.session_date,
                reported_to,
            }),
            rejects: rejects.collect(),
        }
    }

    fn slot(&self, place: &Place, from: DateTime<Utc>, to: DateTime<Utc>) -> SlotResult {
        SlotResult {
            vendor: self.vendor_id,
            kind: place.series,
            symbol: place.symbol.clone(),
            session_date: place.session_date,
            slot_start: from,
            slot_end: to,
            state: SlotState::Stored,
            reason: None,
            delivered: 0,
            rejected: 0,
            gap: false,
            finished_at: self.clock.now(),
        }
    }

    async fn write(&self, rows: Rows, context: MergeContext) -> Result<u64, WriteError> {
        let (done, written) = oneshot::channel();
        let write = Write { rows, context, done };
        self.queue.send(write).await.map_err(|_| WriteError::Stopped)?;
        written.await.map_err(|_| WriteError::Stopped)?
    }
}

async fn write_all(
    store: Store,
    mut writes: mpsc::Receiver<Write>,
    problem: Arc<Mutex<Option<String>>>,
    stop: CancellationToken,
) {
    loop {
        let write = tokio::select! {
            biased;
            write = writes.recv() => write,
            () = stop.cancelled() => return,
        };
        let Some(write) = write else { return };
        let Write { rows, context, done } = write;
        let attempt = || store_rows(&store, rows.clone(), context.clone());
        let result = until_it_passes(attempt, &problem, &stop).await;
        // A caller that went away does not need the answer; its rows are stored all the same.
        drop(done.send(result));
    }
}

async fn store_rows(store: &Store, rows: Rows, context: MergeContext) -> Result<u64, StoreError> {
    let report = match rows {
        Rows::Prints(rows) => store.merge_prints(rows, context).await?,
        Rows::Bars(rows) => store.merge_bars(rows.to_vec(), context).await?,
        Rows::OptionTrades(rows) => store.merge_option_trades(rows, context).await?,
        Rows::FlowAlerts(rows) => store.merge_flow_alerts(rows, context).await?,
        Rows::FlowSnapshots(rows) => store.merge_flow_snapshots(rows.to_vec(), context).await?,
        Rows::NetPremium(rows) => store.merge_net_premium(rows.to_vec(), context).await?,
        Rows::Tide(rows) => store.merge_tide(rows.to_vec(), context).await?,
        Rows::Volatility(rows) => store.merge_volatility(rows.to_vec(), context).await?,
        Rows::TermStructure(rows) => store.merge_term_structure(rows.to_vec(), context).await?,
        Rows::Gamma(rows) => store.merge_gamma(rows.to_vec(), context).await?,
        Rows::Contracts(rows) => store.merge_contracts(rows.to_vec(), context).await?,
        Rows::PriceVolumes(rows) => store.merge_price_volumes(rows.to_vec(), context).await?,
        Rows::TapeMinutes(rows) => store.append_tape(rows.to_vec(), context).await?,
        Rows::TapeSessions(rows) => {
            let report = store.replace_tape_sessions(rows.to_vec()).await?;
            return Ok(changed_rows(&report));
        }
        Rows::DayBars(rows) => store.merge_day_bars(rows.to_vec(), context).await?,
        Rows::Splits(list) => store.merge_splits((*list).clone(), context).await?.merged,
        Rows::Dividends(list) => store.merge_dividends((*list).clone(), context).await?.merged,
        Rows::Chain(rows, taken_at) => {
            store.merge_chain_quotes(rows.to_vec(), taken_at, context).await?
        }
        Rows::Nothing => {
            if let Some(slot) = context.slot {
                store.put_slot(&slot).await?;
            }
            return Ok(0);
        }
    };
    Ok((report.inserted + report.changed) as u64)
}

fn changed_rows(report: &ReplaceReport) -> u64 {
    let prints = report.prints_inserted + report.prints_changed + report.prints_vanished;
    (report.minutes_changed + report.cells_changed + prints) as u64
}

/// Tries until it succeeds or can never succeed. On the way it says what is wrong.
async fn until_it_passes<F>(
    attempt: impl Fn() -> F,
    problem: &Mutex<Option<String>>,
    stop: &CancellationToken,
) -> Result<u64, WriteError>
where
    F: Future<Output = Result<u64, StoreError>>,
{
    let say = |text| *problem.lock().unwrap_or_else(PoisonError::into_inner) = text;
    let mut wait = FIRST_RETRY;
    loop {
        match attempt().await {
            Ok(written) => {
                say(None);
                return Ok(written);
            }
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, "a write is tried again in {wait:?}");
                say(Some(error.to_string()));
            }
            Err(error) => {
                tracing::error!(%error, "rows were refused");
                return Err(error.into());
            }
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_RETRY),
            () = stop.cancelled() => return Err(WriteError::Stopped),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_write_is_repeated_while_the_database_is_away_and_says_so() {
        let (problem, stop) = (Mutex::new(None), CancellationToken::new());
        let tries = AtomicU32::new(0);
        let attempt = || async {
            if tries.fetch_add(1, Ordering::SeqCst) < 20 {
                Err(StoreError::NoConnection { seconds: 10 })
            } else {
                assert!(problem.lock().unwrap().is_some());
                Ok(7)
            }
        };
        let written = until_it_passes(attempt, &problem, &stop).await.unwrap();
        assert_eq!((written, tries.load(Ordering::SeqCst)), (7, 21));
        assert_eq!(*problem.lock().unwrap(), None);
    }

    #[tokio::test]
    async fn a_write_that_can_never_succeed_goes_back_at_once() {
        let (problem, stop) = (Mutex::new(None), CancellationToken::new());
        let attempt = || async { Err(StoreError::TooManyRows { given: 2, most: 1 }) };
        let result = until_it_passes(attempt, &problem, &stop).await;
        assert!(matches!(result, Err(WriteError::Store(_))));
    }
}
