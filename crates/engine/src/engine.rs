//! The engine: started with its parts, it collects until it is stopped.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use undertow_market::{Calendar, FlowAlert, MarketSession, OptionTrade, Print, Symbol};
use undertow_store::{MayPass, Store, StoreError, while_away};
use undertow_vendor::budget::{Budget, BudgetState};
use undertow_vendor::unusual_whales::stream::StreamConfig;
use undertow_vendor::unusual_whales::{ContractFlowQuery, UnusualWhales};
use undertow_vendor::{Page, Priority, VendorError};

use crate::backfill::{self, BackfillError, Job, NewBackfill, Runner};
use crate::clock::Clock;
use crate::common::Common;
use crate::event::EngineEvent;
use crate::feed::{Feed, Feeds, Freshness, Series};
use crate::planner::{Plan, Planner};
use crate::schedule::{self, Due, Window};
use crate::settings::Collect;
use crate::shared::{MARKET, Shared, VENDOR};
use crate::stream::{self, StreamState, StreamView};
use crate::supervise::supervised;
use crate::tasks::{Tasks, pause};
use crate::writer::Writer;
use crate::{bars, budgets, election, liveness, poll, reread, retention, tape};

/// Events that a slow listener may fall behind.
const EVENT_QUEUE: usize = 1_024;
/// How often the plan is made anew.
const PLAN_EVERY: Duration = Duration::from_secs(5);
/// Symbols that one engine collects.
pub const MAX_SYMBOLS: usize = 100;

/// What an engine is made of.
pub struct Parts {
    /// Where rows are kept.
    pub store: Store,
    /// Who is asked.
    pub vendor: UnusualWhales,
    /// The vendor's live stream; none = everything is asked for.
    pub stream: Option<StreamConfig>,
    /// What may be asked of whom, shared with the vendor's client.
    pub budget: Budget,
    /// What time it is.
    pub clock: Clock,
    /// When the market is open.
    pub calendar: Calendar,
    /// What is collected, and how often.
    pub collect: Collect,
    /// Whether live collecting runs; backfills run either way.
    pub collecting: bool,
}

/// A running engine.
pub struct Engine {
    shared: Arc<Shared>,
    runner: Arc<Runner>,
    symbols: Arc<Mutex<Vec<Symbol>>>,
    collectors: Arc<Collectors>,
    collects: Arc<std::sync::atomic::AtomicBool>,
    wants_to_collect: bool,
    stop_writer: CancellationToken,
    tasks: Tasks,
    writer_task: Mutex<Option<JoinHandle<()>>>,
}

/// How well collecting goes.
#[derive(Debug, Clone)]
pub struct Health {
    /// Each series of each symbol.
    pub feeds: Vec<(Symbol, Series, Feed, Freshness)>,
    /// The part of the trading day, and its date.
    pub session: (NaiveDate, MarketSession),
    /// Whether this program collects; another one on the same database may.
    pub collecting: bool,
    /// Whether the database takes writes.
    pub database_problem: Option<String>,
}

/// Why a symbol cannot be added or a backfill cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The list is full.
    #[error("{MAX_SYMBOLS} symbols are the most that are collected at once: remove one first")]
    TooManySymbols,
    /// A backfill.
    #[error(transparent)]
    Backfill(#[from] BackfillError),
    /// The vendor.
    #[error(transparent)]
    Vendor(#[from] VendorError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MayPass for EngineError {
    fn may_pass(&self) -> bool {
        match self {
            Self::Store(error) => error.may_pass(),
            Self::Backfill(error) => error.may_pass(),
            Self::TooManySymbols | Self::Vendor(_) => false,
        }
    }
}

impl Engine {
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
    pub async fn start(parts: Parts) -> Result<Self, StoreError> {
        let stop_writer = CancellationToken::new();
        let (writer, writer_task) =
            Writer::start(VENDOR, parts.store.clone(), parts.clock, stop_writer.clone());
        let symbols = while_away(|| watch_list(&parts)).await?;
        let common = Common {
            vendor_id: VENDOR,
            store: parts.store,
            budget: parts.budget,
            clock: parts.clock,
            calendar: parts.calendar,
            events: broadcast::Sender::new(EVENT_QUEUE),
            feeds: Feeds::default(),
            writer,
            refusal: Mutex::default(),
        };
        let shared = Arc::new(Shared {
            common: Arc::new(common),
            vendor: parts.vendor,
            collect: parts.collect,
            plan: Planner::default(),
            stream: StreamState::default(),
            stream_config: parts.stream,
        });
        let engine = Self {
            shared,
            runner: Arc::new(Runner::default()),
            symbols: Arc::new(Mutex::new(symbols)),
            collectors: Arc::default(),
            collects: Arc::default(),
            wants_to_collect: parts.collecting,
            stop_writer,
            tasks: Tasks::default(),
            writer_task: Mutex::new(Some(writer_task)),
        };
        engine.start_tasks().await?;
        Ok(engine)
    }

    /// Events from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<EngineEvent> {
        self.shared.events.subscribe()
    }

    /// Where others tell their events, so that whoever listens hears all of them.
    #[must_use]
    pub fn event_sender(&self) -> broadcast::Sender<EngineEvent> {
        self.shared.events.clone()
    }

    /// The watch list, in order.
    #[must_use]
    pub fn symbols(&self) -> Vec<Symbol> {
        self.symbols.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The vendor's request budget as its answers told it.
    #[must_use]
    pub fn budget(&self) -> BudgetState {
        self.shared.budget.state()
    }

    /// What is asked of the vendor, and how often.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.shared.plan.view()
    }

    /// How the vendor's live stream does.
    #[must_use]
    pub fn stream(&self) -> StreamView {
        self.shared.stream.view()
    }

    /// Asks the vendor for the trades of one contract, of every size, newest first. Nothing of the
    /// answer is stored: what is collected begins at a smallest premium, and sums over it must not
    /// hold smaller trades of the contracts that somebody happened to look at.
    ///
    /// # Errors
    /// The vendor refuses or does not answer, or refused the key a moment ago.
    pub async fn contract_trades(
        &self,
        query: &ContractFlowQuery,
    ) -> Result<Page<OptionTrade>, EngineError> {
        if let Some(refusal) = self.shared.refusal() {
            return Err(refusal.into());
        }
        let answer = self.shared.vendor.contract_flow(query, Priority::Live).await;
        self.shared.note_refusal(&answer);
        Ok(answer?)
    }

    /// Adds a symbol to the watch list, begins to collect it, and fetches its history.
    ///
    /// # Errors
    /// The list is full, or the database cannot be written.
    pub async fn add_symbol(&self, symbol: Symbol) -> Result<(), EngineError> {
        let symbols = self.symbols();
        if symbols.contains(&symbol) {
            return Ok(());
        }
        if symbols.len() >= MAX_SYMBOLS {
            return Err(EngineError::TooManySymbols);
        }
        let longer = symbols.into_iter().chain([symbol.clone()]).collect();
        self.keep_symbols(longer).await?;
        if self.collects.load(std::sync::atomic::Ordering::SeqCst) {
            self.start_collecting(&symbol);
        }
        self.fetch_history(&[symbol]).await
    }

    /// Takes a symbol off the watch list and stops collecting it. What is stored stays.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn remove_symbol(&self, symbol: &Symbol) -> Result<(), EngineError> {
        let mut rest = self.symbols();
        rest.retain(|known| known != symbol);
        self.keep_symbols(rest).await?;
        let collector =
            self.collectors.lock().unwrap_or_else(PoisonError::into_inner).remove(symbol);
        if let Some(stop) = collector {
            stop.cancel();
        }
        self.shared.feeds.remove(symbol);
        Ok(())
    }

    /// Puts a backfill in the queue.
    ///
    /// # Errors
    /// The range holds no session, the queue is full, or the database cannot be written.
    pub async fn start_backfill(&self, work: NewBackfill) -> Result<Job, BackfillError> {
        self.runner.start(&*self.shared, work).await
    }

    /// Stops a backfill that waits or runs; none when there is no such one.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn stop_backfill(&self, id: i64) -> Result<Option<Job>, StoreError> {
        self.runner.stop(&self.shared, id).await
    }

    /// Backfills that wait or run, then those that ended, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn backfills(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        backfill::list(&self.shared.store, self.runner.active(), limit).await
    }

    /// Backfills that wait or run.
    #[must_use]
    pub fn active_backfills(&self) -> Vec<Job> {
        self.runner.active()
    }

    /// How well collecting goes.
    #[must_use]
    pub fn health(&self) -> Health {
        let now = self.shared.clock.now();
        let session = self.shared.calendar.session_at(now);
        let feeds = self.shared.feeds.all().into_iter().map(|(symbol, series, feed)| {
            let open = is_open(&self.shared, series, session.1, now);
            let freshness = feed.freshness(now, open, self.shared.slowest_poll(series));
            (symbol, series, feed, freshness)
        });
        Health {
            feeds: feeds.collect(),
            session,
            collecting: self.collects.load(std::sync::atomic::Ordering::SeqCst),
            database_problem: self.shared.writer.problem(),
        }
    }

    /// Stops asking, stores what was accepted, and ends every task.
    pub async fn stop(&self) {
        self.tasks.stop().await;
        budgets::save(&self.shared).await;
        self.stop_writer.cancel();
        let writer = self.writer_task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            drop(writer.await);
        }
    }

    async fn start_tasks(&self) -> Result<(), StoreError> {
        self.runner.resume(&self.shared).await?;
        self.tasks.spawn("backfill", {
            let (runner, shared) = (Arc::clone(&self.runner), Arc::clone(&self.shared));
            move |stop| {
                let (runner, shared) = (Arc::clone(&runner), Arc::clone(&shared));
                async move { runner.run(&*shared, stop).await }
            }
        });
        self.tasks.spawn("plan", {
            let (shared, symbols) = (Arc::clone(&self.shared), Arc::clone(&self.symbols));
            move |stop| keep_plan(Arc::clone(&shared), Arc::clone(&symbols), stop)
        });
        self.tasks.spawn("budget", {
            let shared = Arc::clone(&self.shared);
            move |stop| budgets::keep(Arc::clone(&shared.common), stop)
        });
        if self.wants_to_collect {
            let shared = Arc::clone(&self.shared);
            self.tasks
                .spawn("retention", move |stop| retention::prune(Arc::clone(&shared.common), stop));
            self.spawn_election();
            self.fetch_missing_history().await?;
        }
        Ok(())
    }

    /// Collects whenever this program has the right to.
    fn spawn_election(&self) {
        let (shared, collectors) = (Arc::clone(&self.shared), Arc::clone(&self.collectors));
        let (collects, symbols) = (Arc::clone(&self.collects), Arc::clone(&self.symbols));
        let all = self.tasks.stop_token();
        self.tasks.spawn("election", move |stop| {
            let (shared, collectors) = (Arc::clone(&shared), Arc::clone(&collectors));
            let (collects, symbols, all) =
                (Arc::clone(&collects), Arc::clone(&symbols), all.clone());
            async move {
                let begin = || start_all(&shared, &collectors, &symbols, &all);
                let end = || stop_collecting(&collectors);
                election::run(&shared, &collects, &stop, begin, end).await;
            }
        });
    }

    fn start_collecting(&self, symbol: &Symbol) {
        start_collecting(&self.shared, &self.collectors, symbol, &self.tasks.stop_token());
    }

    async fn fetch_missing_history(&self) -> Result<(), StoreError> {
        if !self.runner.active().is_empty() {
            return Ok(());
        }
        let symbols = self.symbols();
        match while_away(|| self.fetch_history(&symbols)).await {
            Ok(()) => Ok(()),
            Err(EngineError::Store(error) | EngineError::Backfill(BackfillError::Store(error))) => {
                Err(error)
            }
            Err(error) => {
                tracing::warn!(%error, "history is not fetched");
                Ok(())
            }
        }
    }

    /// Fetches the sessions before the current one, as many as the settings say.
    async fn fetch_history(&self, symbols: &[Symbol]) -> Result<(), EngineError> {
        let count = self.shared.collect.history_sessions as usize;
        let now = self.shared.clock.now();
        let Some(latest) = self.shared.calendar.latest_session(now) else { return Ok(()) };
        let sessions = self.shared.calendar.sessions_ending(latest, count + 1);
        let (Some(from), Some(to)) =
            (sessions.first().copied(), self.shared.calendar.previous_session(latest))
        else {
            return Ok(());
        };
        let mut missing = false;
        for date in self.shared.calendar.sessions_between(from, to) {
            for symbol in symbols {
                missing |= self.shared.session_read_at(symbol, date).await?.is_none();
            }
        }
        if count > 0 && missing && !symbols.is_empty() {
            let symbols = symbols.to_vec();
            let work = NewBackfill { vendor: VENDOR, symbols, from, to, reread: false };
            self.start_backfill(work).await?;
        }
        Ok(())
    }

    async fn keep_symbols(&self, symbols: Vec<Symbol>) -> Result<(), StoreError> {
        self.shared.store.set_watch_list(&symbols, Utc::now()).await?;
        *self.symbols.lock().unwrap_or_else(PoisonError::into_inner) = symbols;
        Ok(())
    }
}

async fn watch_list(parts: &Parts) -> Result<Vec<Symbol>, StoreError> {
    let known = parts.store.watch_list().await?;
    if !known.is_empty() {
        return Ok(known);
    }
    parts.store.set_watch_list(&parts.collect.symbols, Utc::now()).await?;
    Ok(parts.collect.symbols.clone())
}

type Collectors = Mutex<BTreeMap<Symbol, CancellationToken>>;

/// Starts the tasks of a symbol; they end with its own token or the engine's.
fn start_collecting(
    shared: &Arc<Shared>,
    collectors: &Collectors,
    symbol: &Symbol,
    all: &CancellationToken,
) {
    let stop = new_token(collectors, symbol, all);
    let now = shared.clock.now();
    for series in [Series::Prints, Series::Bars, Series::OptionTrades, Series::FlowAlerts] {
        shared.feeds.update(symbol, series, |feed| feed.since = Some(now));
    }
    let of = || (Arc::clone(shared), symbol.clone(), stop.clone());
    let start = |name: &str, make: Task| {
        drop(supervised(format!("{name} {symbol}"), stop.clone(), make));
    };
    start("bars", task(of(), |(shared, symbol, stop)| bars::collect(shared, symbol, stop)));
    start(
        "prints",
        task(of(), |(shared, symbol, stop)| tape::collect::<Print>(shared, symbol, stop)),
    );
    start(
        "option trades",
        task(of(), |(shared, symbol, stop)| tape::collect::<OptionTrade>(shared, symbol, stop)),
    );
    start(
        "alerts",
        task(of(), |(shared, symbol, stop)| tape::collect::<FlowAlert>(shared, symbol, stop)),
    );
    start("reread", task(of(), |(shared, symbol, stop)| reread::reread(shared, symbol, stop)));
    start("options", task(of(), |(shared, symbol, stop)| poll::collect(shared, symbol, stop)));
}

/// Starts the tasks of the market and of every symbol.
fn start_all(
    shared: &Arc<Shared>,
    collectors: &Collectors,
    symbols: &Arc<Mutex<Vec<Symbol>>>,
    all: &CancellationToken,
) {
    start_market(shared, collectors, symbols, all);
    let listed = symbols.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for symbol in &listed {
        start_collecting(shared, collectors, symbol, all);
    }
}

/// Starts the tasks of the market as a whole.
fn start_market(
    shared: &Arc<Shared>,
    collectors: &Collectors,
    symbols: &Arc<Mutex<Vec<Symbol>>>,
    all: &CancellationToken,
) {
    let market = Symbol::new(MARKET).expect("the market's name has a ticker's form");
    let stop = new_token(collectors, &market, all);
    let now = shared.clock.now();
    shared.feeds.update(&market, Series::Prints, |feed| feed.since = Some(now));
    let of = || (Arc::clone(shared), market.clone(), stop.clone());
    let start = |name: &str, make: Task| drop(supervised(name.to_owned(), stop.clone(), make));
    start("tide", task(of(), |(shared, market, stop)| poll::collect(shared, market, stop)));
    start("liveness", task(of(), |(shared, market, stop)| liveness::watch(shared, market, stop)));
    if let Some(config) = shared.stream_config.clone() {
        let symbols = Arc::clone(symbols);
        let run = move |(shared, _, stop)| {
            stream::run(shared, config.clone(), Arc::clone(&symbols), stop)
        };
        start("stream", task(of(), run));
    }
}

/// A token of a symbol's tasks; those of an earlier start end.
fn new_token(
    collectors: &Collectors,
    symbol: &Symbol,
    all: &CancellationToken,
) -> CancellationToken {
    let stop = all.child_token();
    let mut collectors = collectors.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(before) = collectors.insert(symbol.clone(), stop.clone()) {
        before.cancel();
    }
    stop
}

/// Makes a task's future, anew each time that it is started.
type Task = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;
type Of = (Arc<Shared>, Symbol, CancellationToken);

fn task<F>(of: Of, make: impl Fn(Of) -> F + Send + 'static) -> Task
where
    F: Future<Output = ()> + Send + 'static,
{
    Box::new(move || Box::pin(make(of.clone())))
}

/// Whether a series has news to expect.
fn is_open(shared: &Shared, series: Series, session: MarketSession, now: DateTime<Utc>) -> bool {
    match series {
        Series::Prints | Series::Bars => session != MarketSession::Closed,
        _ => matches!(schedule::due(&shared.calendar, now, Window::Options), Due::Now(_)),
    }
}

/// Makes the plan anew every few seconds.
async fn keep_plan(shared: Arc<Shared>, symbols: Arc<Mutex<Vec<Symbol>>>, stop: CancellationToken) {
    loop {
        let count = symbols.lock().unwrap_or_else(PoisonError::into_inner).len();
        shared.plan.make(&shared.calendar, shared.clock.now(), &shared.budget.state(), count);
        if pause(PLAN_EVERY, &stop).await {
            return;
        }
    }
}

fn stop_collecting(collectors: &Collectors) {
    let all = std::mem::take(&mut *collectors.lock().unwrap_or_else(PoisonError::into_inner));
    all.into_values().for_each(|stop| stop.cancel());
}
