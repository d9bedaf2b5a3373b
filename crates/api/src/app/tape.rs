//! Opening the collector of the consolidated tape.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::broadcast;
use undertow_engine::clock::Clock;
use undertow_engine::consolidated::{Consolidated, ConsolidatedParts, MAX_HELD};
use undertow_engine::event::EngineEvent;
use undertow_engine::settings::Tape;
use undertow_market::Symbol;
use undertow_simulator::SimulatorConfig;
use undertow_store::{Store, while_away};
use undertow_vendor::budget::Budget;
use undertow_vendor::polygon::stream::{PolygonStreamConfig, PolygonStreamLimits, SpillConfig};
use undertow_vendor::polygon::{Polygon, PolygonConfig};
use undertow_vendor::{HttpLimits, RetryPolicy};

use super::App;
use super::market::database_error;
use crate::error::ApiError;

/// Sessions of history in a demonstration: those that a baseline needs at least, and some to spare
/// for days that closed early.
const DEMO_HISTORY_SESSIONS: u32 = 66;
/// Folder below the data folder where frames wait while the database is slow.
const SPILL_FOLDER: &str = "waiting-frames";
/// Most bytes that wait there: some minutes of the busiest market.
const MAX_SPILL_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Where the vendor is and who asks.
pub(crate) struct TapeSource {
    pub(crate) rest_url: String,
    pub(crate) ws_url: String,
    pub(crate) key: SecretString,
}

/// A client of the vendor whose receive times come from `clock`.
pub(crate) fn client(
    source: &TapeSource,
    budget: Budget,
    clock: Clock,
) -> Result<Polygon, ApiError> {
    let config = PolygonConfig {
        base_url: source.rest_url.clone(),
        key: source.key.clone(),
        limits: HttpLimits::default(),
        retry: RetryPolicy::default(),
        budget,
        now: Arc::new(move || clock.now()),
    };
    Polygon::new(config).map_err(|error| ApiError::invalid(error.to_string()))
}

/// What a demonstration collects: the stocks that it makes stand out, and one that does not, with
/// as much history as a baseline needs.
pub(super) fn of_demonstration(tape: &Tape, config: &SimulatorConfig) -> Tape {
    let mut symbols: Vec<Symbol> = Vec::new();
    let surging = config.surges.iter().map(|rule| &rule.symbol);
    for symbol in surging.chain(tape.symbols.first()) {
        if !symbols.contains(symbol) {
            symbols.push(symbol.clone());
        }
    }
    let history_sessions = tape.history_sessions.min(DEMO_HISTORY_SESSIONS);
    Tape { symbols, history_sessions, ..tape.clone() }
}

/// Starts to collect the tape.
pub(super) async fn start(
    app: &App,
    store: &Store,
    clock: Clock,
    source: TapeSource,
    tape: Tape,
    events: broadcast::Sender<EngineEvent>,
) -> Result<Consolidated, ApiError> {
    let restored = while_away(|| Consolidated::restored_budget(store)).await;
    let budget = restored.map_err(database_error)?;
    let options = app.options();
    let stream = PolygonStreamConfig {
        url: source.ws_url.clone(),
        key: source.key.clone(),
        limits: PolygonStreamLimits::default(),
        calendar: Arc::new(app.calendar().clone()),
        now: Arc::new(move || clock.now()),
    };
    let spill =
        SpillConfig { folder: options.data_dir.join(SPILL_FOLDER), max_bytes: MAX_SPILL_BYTES };
    let parts = ConsolidatedParts {
        store: store.clone(),
        client: client(&source, budget.clone(), clock)?,
        stream: Some((stream, spill)),
        budget,
        clock,
        calendar: app.calendar().clone(),
        tape,
        straddles: options.settings.straddles.clone(),
        collecting: options.collect,
        events,
        max_held: MAX_HELD,
    };
    Consolidated::start(parts).await.map_err(database_error)
}
