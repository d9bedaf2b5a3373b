//! Collects the consolidated tape: every trade of the watched stocks, reduced to what is kept, set
//! beside its own past and beside what options expect.
//!
//! - `intake` takes the live stream in, `reader` asks over REST for what it does not bring, and
//!   `live` knows up to where a tape is whole.
//! - `flush` stores minutes once they are final.
//! - `past` reads sessions again when cancels and corrections are known, and reads history and
//!   backfills.
//! - `daily` and `chains` ask for days, splits, dividends and options, and `baseline` makes the
//!   curve that activity is compared with.
//! - `opportunities` judges after each new minute.
//!
//! Everything that is stored goes through the one writer of the vendor.

mod baseline;
mod books;
mod chains;
mod daily;
mod day;
mod delay;
mod desk;
mod floors;
mod flush;
pub mod import;
mod intake;
mod join;
mod kept;
mod lag;
mod live;
pub mod metric;
mod notices;
mod opportunities;
mod pages;
mod past;
mod progress;
mod reader;
mod session;
mod standing;
mod view;
mod whole;

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{NaiveDate, Utc};
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use undertow_analysis::opportunity::Evidence;
use undertow_market::{Calendar, Symbol, VendorId};
use undertow_store::{MayPass, Store, StoreError, while_away};
use undertow_vendor::Priority;
use undertow_vendor::budget::{Budget, BudgetState};
use undertow_vendor::polygon::stream::{PolygonStreamConfig, SpillConfig};
use undertow_vendor::polygon::{ConditionTable, Polygon};

pub use books::{MAX_HELD, TapeCounters};
pub use import::{
    ImportError, ImportOptions, ImportPlace, ImportProgress, ImportReport, ImportedFile,
    ROWS_A_WRITE, import,
};
pub use join::TapeStreamView;
pub use lag::Lag;
pub use progress::HistoryProgress;
pub use standing::Assessed;
pub use view::{ConsolidatedHealth, LiveActivity, TapeHealth};

use crate::backfill::{BackfillError, Job, NewBackfill, Runner};
use crate::clock::Clock;
use crate::common::{CollectError, Common};
use crate::event::EngineEvent;
use crate::feed::Feeds;
use crate::settings::{MAX_TAPE_SYMBOLS, Straddles, Tape};
use crate::stream::StreamPhase;
use crate::tasks::Tasks;
use crate::writer::Writer;
use crate::{budgets, election, retention};
use books::{Books, Margins};
use desk::Desk;
use floors::Floors;
use join::StreamNote;
use kept::Kept;
use progress::Progress;
use standing::Standings;

/// The vendor whose tape is collected.
const VENDOR: VendorId = VendorId::Polygon;

/// What collecting the consolidated tape is made of.
pub struct ConsolidatedParts {
    /// Where rows are kept.
    pub store: Store,
    /// Who is asked.
    pub client: Polygon,
    /// The vendor's live stream and where its frames wait; none = everything is asked for.
    pub stream: Option<(PolygonStreamConfig, SpillConfig)>,
    /// What may be asked, shared with the client.
    pub budget: Budget,
    /// What time it is.
    pub clock: Clock,
    /// When the market is open.
    pub calendar: Calendar,
    /// What is collected.
    pub tape: Tape,
    /// When a straddle is an opportunity.
    pub straddles: Straddles,
    /// Whether this program collects. Otherwise it only tells what it reads in the database.
    pub collecting: bool,
    /// Who is told.
    pub events: broadcast::Sender<EngineEvent>,
    /// Trades that may be in memory before the stream has to wait; [`MAX_HELD`] for most.
    pub max_held: usize,
}

/// The collector of the consolidated tape.
pub struct Consolidated {
    desk: Arc<Desk>,
    backfills: Arc<Runner>,
    collects: Arc<AtomicBool>,
    tasks: Tasks,
    stop_writer: CancellationToken,
    writer_task: Mutex<Option<JoinHandle<()>>>,
}

/// Why a symbol cannot be watched or a session cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ConsolidatedError {
    /// The list is full.
    #[error("{MAX_TAPE_SYMBOLS} symbols are the most whose tape is collected: remove one first")]
    TooManySymbols,
    /// No session.
    #[error("{0} is no trading session that has begun")]
    NoSession(NaiveDate),
    /// The vendor or the database, in words.
    #[error("the session was not read: {0}")]
    NotRead(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MayPass for ConsolidatedError {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }
}

impl Consolidated {
    /// The request budget as it was when the program stopped last.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn restored_budget(store: &Store) -> Result<Budget, StoreError> {
        budgets::restored(store, VENDOR).await
    }

    /// Starts every task.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn start(parts: ConsolidatedParts) -> Result<Self, StoreError> {
        let stop_writer = CancellationToken::new();
        let (writer, writer_task) =
            Writer::start(VENDOR, parts.store.clone(), parts.clock, stop_writer.clone());
        let watched = while_away(|| watch_list(&parts)).await?;
        let (collecting, stream) = (parts.collecting, parts.stream.clone());
        let stream = stream.filter(|_| parts.tape.stream);
        let this = Self {
            desk: Arc::new(desk(parts, watched, writer)),
            backfills: Arc::default(),
            collects: Arc::default(),
            tasks: Tasks::default(),
            stop_writer,
            writer_task: Mutex::new(Some(writer_task)),
        };
        this.backfills.resume(&this.desk).await?;
        this.spawn_backfills();
        this.spawn("tape budget", |desk, stop| budgets::keep(Arc::clone(&desk.common), stop));
        if collecting {
            this.spawn("tape retention", |desk, stop| {
                retention::prune(Arc::clone(&desk.common), stop)
            });
            this.spawn_election(stream);
        }
        Ok(this)
    }

    /// The watch list, in order.
    #[must_use]
    pub fn symbols(&self) -> Vec<Symbol> {
        self.desk.watched()
    }

    /// Adds a symbol to the watch list, begins to collect it, and fetches its history.
    ///
    /// # Errors
    /// The list is full, or the database cannot be written.
    pub async fn watch(&self, symbol: Symbol) -> Result<(), ConsolidatedError> {
        let mut symbols = self.symbols();
        if symbols.contains(&symbol) {
            return Ok(());
        }
        if symbols.len() >= MAX_TAPE_SYMBOLS {
            return Err(ConsolidatedError::TooManySymbols);
        }
        self.desk.store.add_to_tape_watch_list(&symbol, Utc::now()).await?;
        symbols.push(symbol);
        self.keep(symbols);
        Ok(())
    }

    /// Takes a symbol off the watch list and stops collecting it. What is stored stays.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn unwatch(&self, symbol: &Symbol) -> Result<(), ConsolidatedError> {
        self.desk.store.remove_from_tape_watch_list(symbol).await?;
        let mut symbols = self.symbols();
        symbols.retain(|known| known != symbol);
        self.keep(symbols);
        self.desk.standings.remove(symbol);
        self.desk.progress.remove(symbol);
        self.desk.feeds.remove(symbol);
        Ok(())
    }

    /// Sessions of history that a symbol starts with.
    #[must_use]
    pub fn history_sessions(&self) -> u32 {
        self.desk.tape.history_sessions
    }

    /// How the live stream does.
    #[must_use]
    pub fn stream(&self) -> TapeStreamView {
        self.desk.stream.view(self.desk.books.stream_clock())
    }

    /// The vendor's request budget as its answers told it.
    #[must_use]
    pub fn budget(&self) -> BudgetState {
        self.desk.budget.state()
    }

    /// What a symbol's tape has today, up to now; none while it is not collected.
    #[must_use]
    pub fn activity(&self, symbol: &Symbol) -> Option<LiveActivity> {
        view::activity(&self.desk, symbol)
    }

    /// What a symbol would be judged by now; none before its first minute, and until its past was
    /// looked at.
    #[must_use]
    pub fn evidence(&self, symbol: &Symbol) -> Option<Evidence> {
        opportunities::evidence(&self.desk, symbol)
    }

    /// How well collecting goes.
    #[must_use]
    pub fn health(&self) -> ConsolidatedHealth {
        view::health(&self.desk, self.collects.load(Ordering::SeqCst))
    }

    /// Reads a session of a symbol again over REST and replaces what is stored of it. Returns how
    /// many rows changed.
    ///
    /// # Errors
    /// It is no session that has begun, the vendor does not answer, or the database refuses.
    pub async fn read_session_again(
        &self,
        symbol: &Symbol,
        date: NaiveDate,
    ) -> Result<u64, ConsolidatedError> {
        let begun = self.desk.calendar.session(date);
        if begun.is_none_or(|hours| hours.pre_at > self.desk.clock.now()) {
            return Err(ConsolidatedError::NoSession(date));
        }
        let stop = self.tasks.stop_token();
        let rows = whole::replace(&self.desk, symbol, date, Priority::Live, &stop).await;
        match rows {
            Ok(rows) => {
                self.desk.standings.has_new_past(symbol, date);
                Ok(rows)
            }
            Err(CollectError::Store(error)) => Err(error.into()),
            Err(error) => Err(ConsolidatedError::NotRead(error.to_string())),
        }
    }

    /// Puts a backfill in the queue: sessions that are over, of any symbols.
    ///
    /// # Errors
    /// No session of the range is over, the queue is full, or the database cannot be written.
    pub async fn start_backfill(&self, work: NewBackfill) -> Result<Job, BackfillError> {
        self.backfills.start(&*self.desk, work).await
    }

    /// Stops a backfill that waits or runs; none when there is no such one.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn stop_backfill(&self, id: i64) -> Result<Option<Job>, StoreError> {
        self.backfills.stop(&self.desk, id).await
    }

    /// Backfills that wait or run.
    #[must_use]
    pub fn active_backfills(&self) -> Vec<Job> {
        self.backfills.active()
    }

    /// Stops asking, stores what was accepted, and ends every task.
    pub async fn stop(&self) {
        self.tasks.stop().await;
        budgets::save(&self.desk).await;
        self.stop_writer.cancel();
        let writer = self.writer_task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            drop(writer.await);
        }
    }

    fn keep(&self, symbols: Vec<Symbol>) {
        self.desk.kept.set(&symbols);
        *self.desk.watched.lock().unwrap_or_else(PoisonError::into_inner) = symbols;
        self.desk.history_soon.notify_one();
        self.desk.daily_soon.notify_one();
    }

    fn spawn<F>(
        &self,
        name: &str,
        make: impl Fn(Arc<Desk>, CancellationToken) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let desk = Arc::clone(&self.desk);
        self.tasks.spawn(name, move |stop| make(Arc::clone(&desk), stop));
    }

    fn spawn_backfills(&self) {
        let runner = Arc::clone(&self.backfills);
        self.spawn("tape backfill", move |desk, stop| {
            let runner = Arc::clone(&runner);
            async move { runner.run(&*desk, stop).await }
        });
    }

    /// Collects whenever this program has the right to.
    fn spawn_election(&self, stream: Option<intake::Source>) {
        let collects = Arc::clone(&self.collects);
        let collectors: Arc<Mutex<Option<Tasks>>> = Arc::default();
        self.spawn("tape election", move |desk, stop| {
            let (collects, collectors) = (Arc::clone(&collects), Arc::clone(&collectors));
            let stream = stream.clone();
            async move {
                let begin = || {
                    let tasks = collectors_of(&desk, stream.as_ref());
                    *collectors.lock().unwrap_or_else(PoisonError::into_inner) = Some(tasks);
                };
                let end = || {
                    let tasks = collectors.lock().unwrap_or_else(PoisonError::into_inner).take();
                    if let Some(tasks) = tasks {
                        tasks.stop_token().cancel();
                    }
                };
                election::run(&desk, &collects, &stop, begin, end).await;
                end();
            }
        });
    }
}

/// Starts the tasks that collect; they end with the right to.
fn collectors_of(desk: &Arc<Desk>, stream: Option<&intake::Source>) -> Tasks {
    let tasks = Tasks::default();
    macro_rules! start {
        ($($name:literal: $run:path),* $(,)?) => {
            $(
                let of = Arc::clone(desk);
                tasks.spawn($name, move |stop| $run(Arc::clone(&of), stop));
            )*
        };
    }
    start! {
        "tape session": session::run,
        "tape reader": reader::run,
        "tape flush": flush::run,
        "tape past": past::run,
        "tape days": daily::run,
        "tape baselines": baseline::run,
        "tape chains": chains::run,
        "tape opportunities": opportunities::run,
    }
    match stream.cloned() {
        Some(source) => {
            let of = Arc::clone(desk);
            tasks.spawn("tape stream", move |stop| {
                intake::run(Arc::clone(&of), source.clone(), stop)
            });
        }
        None => desk.stream.say(StreamPhase::Off, None),
    }
    tasks
}

fn desk(parts: ConsolidatedParts, watched: Vec<Symbol>, writer: Writer) -> Desk {
    let floors = Floors::new(parts.tape.print_floor, parts.tape.print_per_mille());
    let common = Common {
        vendor_id: VENDOR,
        store: parts.store,
        budget: parts.budget,
        clock: parts.clock,
        calendar: parts.calendar,
        events: parts.events,
        feeds: Feeds::default(),
        writer,
        refusal: Mutex::default(),
    };
    Desk {
        common: Arc::new(common),
        client: parts.client,
        kept: Kept::new(&watched, parts.tape.whole_market),
        tape: parts.tape,
        straddles: parts.straddles,
        watched: Mutex::new(watched),
        conditions: Mutex::new(ConditionTable::builtin()),
        conditions_are_new: AtomicBool::new(false),
        floors,
        books: Books::new(Margins::at_speed(parts.clock.speed()), parts.max_held),
        stream: StreamNote::default(),
        standings: Standings::default(),
        progress: Progress::default(),
        read_soon: Notify::new(),
        history_soon: Notify::new(),
        daily_soon: Notify::new(),
        assess_soon: Notify::new(),
    }
}

async fn watch_list(parts: &ConsolidatedParts) -> Result<Vec<Symbol>, StoreError> {
    let known = parts.store.tape_watch_list().await?;
    if !known.is_empty() {
        return Ok(known);
    }
    parts.store.set_tape_watch_list(&parts.tape.symbols, Utc::now()).await?;
    Ok(parts.tape.symbols.clone())
}
