//! The program: which market is open, and opening and closing it.
//!
//! Both hosts hold one [`App`]. It starts with no market; a choice opens the simulated or the real
//! one in the background, and every change is told as an event.

mod keys;
mod market;
mod remembered;
mod tape;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::sync::{broadcast, watch};
use undertow_engine::clock::Clock;
use undertow_engine::settings::Settings;
use undertow_market::{Calendar, Reasons, VendorId};

use crate::dto::{AppView, ClockView, Mode, ReasonView};
use crate::error::{ApiError, ErrorCode};
use crate::events::Event;

use keys::Keys;
pub use keys::VendorKeys;
pub(crate) use market::{
    OpenMarket, database_error as market_error, open_real_database,
    open_real_database_beside_others, stop_server, vendor as vendor_client,
};
use remembered::Remembered;
pub(crate) use tape::{TapeSource, client as tape_client};

/// Events that a slow reader may fall behind. What it misses it re-reads.
const EVENT_QUEUE: usize = 1_024;

/// What the program is opened with.
#[derive(Debug, Clone)]
pub struct AppOptions {
    /// Folder of the embedded database and of what the program remembers.
    pub data_dir: PathBuf,
    /// The effective settings.
    pub settings: Settings,
    /// The vendors' keys from the environment.
    pub vendor_keys: VendorKeys,
    /// Where the clock starts, when it does not show real time.
    pub start_at: Option<DateTime<Utc>>,
    /// Folder of a Postgres that was installed with the program.
    pub postgres_binaries: Option<PathBuf>,
    /// Whether to collect; without, stored rows are read and backfills run.
    pub collect: bool,
}

/// A market that can be opened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Choice {
    /// The simulated market.
    Simulated {
        /// Seed; none = the default market.
        seed: Option<u32>,
        /// Market seconds a wall second; none = 1.
        speed: Option<f64>,
    },
    /// The vendor's real data.
    Live,
}

/// The program. Copies are the same program.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    options: AppOptions,
    calendar: Calendar,
    events: broadcast::Sender<Event>,
    state: RwLock<State>,
    changes: watch::Sender<u64>,
    keys: Keys,
    last_choice: Mutex<Option<Choice>>,
    /// The market that has to be closed before another is opened. Held while that is done.
    turn: tokio::sync::Mutex<Option<Arc<OpenMarket>>>,
}

#[derive(Clone)]
enum State {
    Unset,
    Starting { progress: String },
    Open(Arc<OpenMarket>),
    Failed { problem: String },
}

impl App {
    /// A program with no market open.
    #[must_use]
    pub fn new(options: AppOptions) -> Self {
        let calendar = Calendar::nyse().with_corrections(&options.settings.calendar.corrections);
        let inner = Inner {
            calendar,
            events: broadcast::Sender::new(EVENT_QUEUE),
            state: RwLock::new(State::Unset),
            changes: watch::Sender::new(0),
            keys: Keys::from_environment(&options.vendor_keys),
            last_choice: Mutex::default(),
            turn: tokio::sync::Mutex::new(None),
            options,
        };
        Self { inner: Arc::new(inner) }
    }

    /// What the program was opened with.
    #[must_use]
    pub fn options(&self) -> &AppOptions {
        &self.inner.options
    }

    /// The exchange calendar.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.inner.calendar
    }

    /// Events from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// Opens the market of the last run again, if it can be opened without asking.
    pub fn resume(&self) {
        let choice = match Remembered::read(&self.inner.options.data_dir) {
            Some(Remembered::Simulated { seed, speed }) => Choice::Simulated { seed, speed },
            Some(Remembered::Live) | None if self.inner.keys.any() => Choice::Live,
            Some(Remembered::Live) | None => return,
        };
        self.choose(choice);
    }

    /// Opens a market in the background. Progress and result are told as events.
    pub fn choose(&self, choice: Choice) {
        *self.inner.last_choice.lock().unwrap_or_else(PoisonError::into_inner) = Some(choice);
        self.set(State::Starting { progress: "Closing what was open".to_owned() });
        tokio::spawn(self.clone().take_turn(choice));
    }

    /// Opens the market that was chosen last again; false when none was.
    pub(crate) fn reopen(&self) -> bool {
        let choice = *self.inner.last_choice.lock().unwrap_or_else(PoisonError::into_inner);
        choice.map(|choice| self.choose(choice)).is_some()
    }

    /// Waits until the market that was chosen is open.
    ///
    /// # Errors
    /// Nothing was chosen, or it could not be opened.
    pub async fn opened(&self) -> Result<(), ApiError> {
        let mut changes = self.inner.changes.subscribe();
        loop {
            match self.state() {
                State::Starting { .. } => {}
                _ => return self.market().map(drop),
            }
            changes.changed().await.map_err(ApiError::internal)?;
        }
    }

    /// Closes the open market in the background and goes back to the first-run question.
    pub fn leave(&self) {
        self.set(State::Starting { progress: "Closing the market".to_owned() });
        let app = self.clone();
        tokio::spawn(async move {
            close_market(&mut *app.inner.turn.lock().await).await;
            Remembered::forget(&app.inner.options.data_dir);
            app.set(State::Unset);
        });
    }

    /// Closes everything: what was accepted is stored, and the embedded database stops.
    pub async fn close(&self) {
        close_market(&mut *self.inner.turn.lock().await).await;
    }

    /// The program at a glance.
    #[must_use]
    pub fn view(&self) -> AppView {
        let (mode, progress, problem, open) = match self.state() {
            State::Unset => (Mode::Unset, None, None, None),
            State::Starting { progress } => (Mode::Starting, Some(progress), None, None),
            State::Failed { problem } => (Mode::Failed, None, Some(problem), None),
            State::Open(market) => (market.mode, None, None, Some(market)),
        };
        let clock = open.as_ref().map_or_else(|| self.clock(), |market| market.clock);
        AppView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mode,
            progress,
            problem,
            symbols: open
                .map(|market| market.engine.symbols().iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            clock: clock_view(&clock),
            vendors: self.inner.keys.views(),
            reasons: reasons(),
        }
    }

    /// The program at a glance, as an event.
    #[must_use]
    pub fn view_event(&self) -> Event {
        Event::App { app: Box::new(self.view()) }
    }

    /// The open market.
    pub(crate) fn market(&self) -> Result<Arc<OpenMarket>, ApiError> {
        match self.state() {
            State::Open(market) => Ok(market),
            State::Unset => Err(ApiError::new(
                ErrorCode::NotConfigured,
                "No market is open yet: explore the simulated market, or enter a vendor's key.",
            )),
            State::Starting { progress } => {
                Err(ApiError::new(ErrorCode::NotConfigured, format!("Still starting: {progress}.")))
            }
            State::Failed { problem } => {
                Err(ApiError::new(ErrorCode::DatabaseUnavailable, problem))
            }
        }
    }

    pub(crate) fn set_key(&self, vendor: VendorId, secret: SecretString) {
        self.inner.keys.set(vendor, secret);
    }

    /// Whether any vendor's key is set.
    pub(crate) fn has_key(&self) -> bool {
        self.inner.keys.any()
    }

    /// The key of a vendor, if it is set.
    pub(crate) fn key(&self, vendor: VendorId) -> Option<SecretString> {
        self.inner.keys.get(vendor)
    }

    /// Where the vendor of the consolidated tape is, for a key.
    pub(crate) fn tape_source(&self, key: SecretString) -> TapeSource {
        let address = &self.inner.options.settings.vendors.polygon;
        TapeSource { rest_url: address.rest_url.clone(), ws_url: address.ws_url.clone(), key }
    }

    /// The clock of a market that is not open yet.
    pub(crate) fn clock(&self) -> Clock {
        self.inner.options.start_at.map_or_else(Clock::real, |at| Clock::starting_at(at, 1.0))
    }

    pub(crate) fn tell(&self, event: Event) {
        // Nobody listening is not an error: events are wake-ups.
        drop(self.inner.events.send(event));
    }

    fn state(&self) -> State {
        self.inner.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, state: State) {
        *self.inner.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        self.inner.changes.send_modify(|change| *change += 1);
        self.tell(self.view_event());
    }

    fn progress(&self, text: &str) {
        tracing::info!("{text}");
        self.set(State::Starting { progress: text.to_owned() });
    }

    async fn take_turn(self, choice: Choice) {
        let mut turn = self.inner.turn.lock().await;
        close_market(&mut turn).await;
        let opened = match choice {
            Choice::Simulated { seed, speed } => {
                market::open_simulated(self.clone(), seed, speed).await
            }
            Choice::Live if self.inner.keys.any() => market::open_live(self.clone()).await,
            Choice::Live => Err(not_configured("no vendor's key is set")),
        };
        match opened {
            Ok(market) => {
                Remembered::from(choice).write(&self.inner.options.data_dir);
                let market = Arc::new(market);
                market.forward_events(self.clone());
                *turn = Some(Arc::clone(&market));
                self.set(State::Open(market));
            }
            Err(error) => {
                tracing::error!(%error, "the market cannot be opened");
                self.set(State::Failed { problem: error.message });
            }
        }
    }
}

async fn close_market(open: &mut Option<Arc<OpenMarket>>) {
    if let Some(market) = open.take() {
        market.close().await;
    }
}

fn not_configured(text: &str) -> ApiError {
    ApiError::new(ErrorCode::NotConfigured, text)
}

fn clock_view(clock: &Clock) -> ClockView {
    let reading = clock.read();
    ClockView {
        wall_ms: crate::convert::ms(reading.wall),
        market_ms: crate::convert::ms(reading.market),
        speed: reading.speed,
        shifted: reading.shifted,
    }
}

fn reasons() -> Vec<ReasonView> {
    Reasons::LABELS
        .iter()
        .map(|(flag, code, meaning)| ReasonView {
            bit: u32::from(flag.bits()),
            code: (*code).to_owned(),
            meaning: (*meaning).to_owned(),
            excludes: flag.intersects(Reasons::NOT_LEVEL_ELIGIBLE),
        })
        .collect()
}
