//! Opening and closing a market: database, vendor, engine, and the simulator in a demonstration.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use tokio::task::JoinHandle;
use undertow_engine::clock::Clock;
use undertow_engine::consolidated::Consolidated;
use undertow_engine::engine::{Engine, Parts};
use undertow_market::{Calendar, MarketSession, VendorId};
use undertow_simulator::{Plan, SimClock, Simulator, SimulatorConfig};
use undertow_store::embedded::{EmbeddedConfig, EmbeddedPostgres};
use undertow_store::{RunningPostgres, SimulatedMarket, Store, StoreOptions, while_away};
use undertow_vendor::budget::Budget;
use undertow_vendor::unusual_whales::stream::{StreamConfig, StreamLimits};
use undertow_vendor::unusual_whales::{UnusualWhales, UnusualWhalesConfig};
use undertow_vendor::{HttpLimits, RetryPolicy};

use super::tape::{self, TapeSource};
use super::{App, AppOptions};
use crate::dto::Mode;
use crate::error::{ApiError, ErrorCode};
use crate::forward;
use crate::handlers::levels::HoldRates;
use crate::handlers::prints::Blocks;
use crate::handlers::status::DatabaseReading;

/// Seed of the simulated market that everybody sees first.
const DEFAULT_SEED: u32 = 7;
/// A demonstration begins this long after the open, so that there is something to see, and ends
/// no later than this long before the close.
const INTO_SESSION: TimeDelta = TimeDelta::minutes(60);
const BEFORE_CLOSE: TimeDelta = TimeDelta::minutes(20);
/// Past sessions that a demonstration starts with.
const DEMO_HISTORY_SESSIONS: u32 = 60;
/// The simulated plan: no limit that a demonstration would meet.
const DEMO_PLAN: Plan =
    Plan { per_minute: None, per_day: 1_000_000, history_sessions: 150, websocket: true };
/// Longest wait for the parts of a market to stop.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// An open market.
pub(crate) struct OpenMarket {
    pub(crate) mode: Mode,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    /// The consolidated tape; none without its vendor's key.
    pub(crate) consolidated: Option<Consolidated>,
    pub(crate) database_kind: &'static str,
    pub(crate) hold_rates: HoldRates,
    pub(crate) blocks: Blocks,
    pub(crate) database: DatabaseReading,
    parts: Mutex<StoppableParts>,
}

/// What collects.
struct Running {
    engine: Engine,
    consolidated: Option<Consolidated>,
}

#[derive(Default)]
struct StoppableParts {
    forwarder: Option<JoinHandle<()>>,
    simulator: Option<Simulator>,
    embedded: Option<EmbeddedPostgres>,
}

/// Opens the simulated market: the simulator on a port of this machine, a database of its own.
pub(super) async fn open_simulated(
    app: App,
    seed: Option<u32>,
    speed: Option<f64>,
) -> Result<OpenMarket, ApiError> {
    let seed = u64::from(seed.unwrap_or(DEFAULT_SEED));
    let kind = Some(SimulatedMarket { seed });
    let (store, embedded) = open_store(&app, &format!("undertow_demo_{seed}"), kind).await?;
    let newest = while_away(|| store.newest_at()).await.map_err(database_error)?;
    let start = match app.options().start_at {
        Some(at) => at,
        None => demonstration_start(app.calendar(), Utc::now(), newest)
            .ok_or_else(|| ApiError::internal("the calendar has no session for a demonstration"))?,
    };
    app.progress("Starting the simulated market");
    let clock = Clock::starting_at(start, speed.unwrap_or(1.0));
    let mut config = SimulatorConfig::new(seed, SimClock::running(start, clock.speed()));
    config.plan = DEMO_PLAN;
    let tape = tape::of_demonstration(&app.options().settings.tape, &config);
    let simulator = Simulator::start(config).await.map_err(ApiError::internal)?;
    let address = simulator.url();
    let key = SecretString::from(simulator.key().to_owned());
    let history = DEMO_HISTORY_SESSIONS;
    let source = TapeSource {
        rest_url: address.clone(),
        ws_url: format!("{}/stocks", address.replacen("http", "ws", 1)),
        key: key.clone(),
    };
    let engine = start_engine(&app, &store, clock, address, Some(key), history).await?;
    let consolidated =
        tape::start(&app, &store, clock, source, tape, engine.event_sender()).await?;
    let running = Running { engine, consolidated: Some(consolidated) };
    let parts = StoppableParts { forwarder: None, simulator: Some(simulator), embedded };
    Ok(OpenMarket::new(&app, Mode::Simulated, clock, store, running, parts))
}

/// Opens the real market, with each vendor whose key is set.
pub(super) async fn open_live(app: App) -> Result<OpenMarket, ApiError> {
    let (store, embedded) = open_store(&app, REAL_DATABASE, None).await?;
    let clock = app.clock();
    let settings = &app.options().settings;
    let address = settings.vendors.unusual_whales.url.clone();
    let history = settings.collect.history_sessions;
    let key = app.key(VendorId::UnusualWhales);
    let engine = start_engine(&app, &store, clock, address, key, history).await?;
    let consolidated = match app.key(VendorId::Polygon) {
        None => None,
        Some(key) => {
            let (source, tape) = (app.tape_source(key), settings.tape.clone());
            Some(tape::start(&app, &store, clock, source, tape, engine.event_sender()).await?)
        }
    };
    let running = Running { engine, consolidated };
    let parts = StoppableParts { forwarder: None, simulator: None, embedded };
    Ok(OpenMarket::new(&app, Mode::Live, clock, store, running, parts))
}

/// The folder of the embedded server below the data folder.
const SERVER_FOLDER: &str = "postgres";
/// The name of the database of real data on the embedded server.
const REAL_DATABASE: &str = "undertow";

/// Opens the database of real data.
pub(crate) async fn open_real_database(
    options: &AppOptions,
) -> Result<(Store, Option<EmbeddedPostgres>), ApiError> {
    open_database(options, REAL_DATABASE, None).await
}

/// Opens the database of real data beside whoever uses it: the embedded server that another
/// program runs is used as it is, and only one that nobody runs is started.
pub(crate) async fn open_real_database_beside_others(
    options: &AppOptions,
) -> Result<(Store, Option<EmbeddedPostgres>), ApiError> {
    if !options.settings.database.url.is_empty() {
        return open_real_database(options).await;
    }
    let running = RunningPostgres::find(&options.data_dir.join(SERVER_FOLDER)).await;
    let Some(running) = running.map_err(database_error)? else {
        return open_real_database(options).await;
    };
    let address = running.database(REAL_DATABASE).await.map_err(database_error)?;
    let in_use = StoreOptions { simulated: None, is_in_use: true };
    Ok((Store::open(address, in_use).await.map_err(database_error)?, None))
}

async fn open_store(
    app: &App,
    database: &str,
    simulated: Option<SimulatedMarket>,
) -> Result<(Store, Option<EmbeddedPostgres>), ApiError> {
    app.progress("Opening the database");
    open_database(app.options(), database, simulated).await
}

/// Opens the database that the settings name, else one of the embedded server. The work is done
/// in a task of its own: a caller that goes away does not leave half a cluster behind.
async fn open_database(
    options: &AppOptions,
    database: &str,
    simulated: Option<SimulatedMarket>,
) -> Result<(Store, Option<EmbeddedPostgres>), ApiError> {
    let store_options = StoreOptions { simulated, ..StoreOptions::default() };
    let url = options.settings.database.url.clone();
    if !url.is_empty() {
        let opening = tokio::spawn(async move { Store::open_url(&url, store_options).await });
        let store = opening.await.map_err(ApiError::internal)?.map_err(database_error)?;
        return Ok((store, None));
    }
    let config = EmbeddedConfig {
        binaries: options.postgres_binaries.clone(),
        ..EmbeddedConfig::new(options.data_dir.join(SERVER_FOLDER))
    };
    let opening = tokio::spawn(open_embedded(config, database.to_owned(), store_options));
    let (store, embedded) = opening.await.map_err(ApiError::internal)??;
    Ok((store, Some(embedded)))
}

async fn open_embedded(
    config: EmbeddedConfig,
    database: String,
    options: StoreOptions,
) -> Result<(Store, EmbeddedPostgres), ApiError> {
    let embedded = EmbeddedPostgres::start(config).await.map_err(database_error)?;
    // A server that dies while the market opens is started again by its supervisor.
    let address = while_away(|| embedded.database(&database)).await.map_err(database_error)?;
    let open = || Store::open(address.clone(), options);
    let store = while_away(open).await.map_err(database_error)?;
    Ok((store, embedded))
}

/// Without a key the engine shows what is stored and asks for nothing.
async fn start_engine(
    app: &App,
    store: &Store,
    clock: Clock,
    base_url: String,
    key: Option<SecretString>,
    history_sessions: u32,
) -> Result<Engine, ApiError> {
    app.progress("Starting to collect");
    let restored = while_away(|| Engine::restored_budget(store)).await;
    let budget = restored.map_err(database_error)?;
    let mut collect = app.options().settings.collect.clone();
    let connected = key.is_some();
    let key = key.unwrap_or_default();
    let stream = (collect.stream && connected).then(|| StreamConfig {
        base_url: base_url.clone(),
        key: key.clone(),
        limits: StreamLimits::default(),
        min_premium: u64::from(collect.min_premium),
        calendar: Arc::new(app.calendar().clone()),
        now: Arc::new(move || clock.now()),
    });
    let vendor = vendor(base_url, key, budget.clone(), clock, app.calendar().clone())?;
    collect.history_sessions = history_sessions;
    let parts = Parts {
        store: store.clone(),
        vendor,
        stream,
        budget,
        clock,
        calendar: app.calendar().clone(),
        collect,
        collecting: app.options().collect && connected,
    };
    Engine::start(parts).await.map_err(database_error)
}

/// A client of the vendor whose receive times come from `clock`.
pub(crate) fn vendor(
    base_url: String,
    key: SecretString,
    budget: Budget,
    clock: Clock,
    calendar: Calendar,
) -> Result<UnusualWhales, ApiError> {
    let config = UnusualWhalesConfig {
        base_url,
        key,
        limits: HttpLimits::default(),
        retry: RetryPolicy::default(),
        budget,
        now: Arc::new(move || clock.now()),
    };
    let client =
        UnusualWhales::new(config).map_err(|error| ApiError::invalid(error.to_string()))?;
    Ok(client.with_calendar(Arc::new(calendar)))
}

/// When a demonstration begins: in an open session, never before what is stored already.
fn demonstration_start(
    calendar: &Calendar,
    now: DateTime<Utc>,
    newest: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let lively = |at: DateTime<Utc>| {
        let (date, session) = calendar.session_at(at);
        session == MarketSession::Regular
            && calendar.session(date).is_some_and(|hours| at <= hours.close_at - BEFORE_CLOSE)
    };
    let begin = |date| Some(calendar.session(date)?.open_at + INTO_SESSION);
    let wanted = match calendar.latest_session(now) {
        _ if lively(now) => now,
        Some(latest) if begin(latest)? <= now => begin(latest)?,
        Some(latest) => begin(calendar.previous_session(latest)?)?,
        None => begin(calendar.previous_session(Calendar::LAST_DATE)?)?,
    };
    match newest.map(|newest| newest + TimeDelta::seconds(1)) {
        Some(newest) if newest > wanted && lively(newest) => Some(newest),
        Some(newest) if newest > wanted => {
            let (date, _) = calendar.session_at(newest);
            begin(calendar.next_session(date)?)
        }
        _ => Some(wanted),
    }
}

/// Stops the embedded server, if there is one.
pub(crate) async fn stop_server(embedded: Option<EmbeddedPostgres>) {
    let Some(embedded) = embedded else { return };
    if let Err(error) = embedded.stop().await {
        tracing::warn!(%error, "the database did not stop in an orderly way");
    }
}

pub(crate) fn database_error(error: impl std::error::Error) -> ApiError {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    ApiError::new(ErrorCode::DatabaseUnavailable, text)
}

impl OpenMarket {
    fn new(
        app: &App,
        mode: Mode,
        clock: Clock,
        store: Store,
        running: Running,
        parts: StoppableParts,
    ) -> Self {
        let from_url = !app.options().settings.database.url.is_empty();
        Self {
            mode,
            clock,
            store,
            engine: running.engine,
            consolidated: running.consolidated,
            database_kind: if from_url { "url" } else { "embedded" },
            hold_rates: HoldRates::default(),
            blocks: Blocks::default(),
            database: DatabaseReading::default(),
            parts: Mutex::new(parts),
        }
    }

    /// Begins to tell the engine's events to the app's listeners.
    pub(super) fn forward_events(&self, app: App) {
        let task = tokio::spawn(forward::engine_events(self.engine.events(), app));
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).forwarder = Some(task);
    }

    /// Stops collecting, stores what was accepted, and stops the parts in order.
    pub(super) async fn close(&self) {
        let parts = std::mem::take(&mut *self.parts.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(forwarder) = parts.forwarder {
            forwarder.abort();
        }
        let stopping = async {
            if let Some(consolidated) = &self.consolidated {
                consolidated.stop().await;
            }
            self.engine.stop().await;
            self.store.close().await;
            if let Some(simulator) = parts.simulator {
                simulator.stop().await;
            }
            stop_server(parts.embedded).await;
        };
        if tokio::time::timeout(STOP_WITHIN, stopping).await.is_err() {
            tracing::warn!("the market did not stop within {STOP_WITHIN:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(now: &str, newest: Option<&str>) -> String {
        let newest = newest.map(|text| text.parse().unwrap());
        demonstration_start(&Calendar::nyse(), now.parse().unwrap(), newest).unwrap().to_rfc3339()
    }

    #[test]
    fn a_demonstration_always_begins_in_an_open_session() {
        for (now, newest, expected) in [
            // Saturday: Friday's session, an hour after the open.
            ("2026-11-21T12:00:00Z", None, "2026-11-20T15:30:00+00:00"),
            // In a session: now.
            ("2026-11-20T16:00:00Z", None, "2026-11-20T16:00:00+00:00"),
            // Before the open: the session before.
            ("2026-11-20T12:00:00Z", None, "2026-11-19T15:30:00+00:00"),
            // Seen before: goes on after what is stored.
            ("2026-11-21T12:00:00Z", Some("2026-11-20T17:00:00Z"), "2026-11-20T17:00:01+00:00"),
            // Seen to its end: the next session.
            ("2026-11-21T12:00:00Z", Some("2026-11-20T20:59:00Z"), "2026-11-23T15:30:00+00:00"),
        ] {
            assert_eq!(start(now, newest), expected, "{now} {newest:?}");
        }
    }
}
