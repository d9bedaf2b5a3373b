//! The market over real HTTP on loopback: keys, limits, faults, and the record of what was asked.

mod control;
mod faults;
mod limits;
mod listener;
mod outbox;
mod plans;
mod polygon;
mod reply;
mod socket;
mod stocks;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::response::Response;
use axum::routing::get;
use chrono::NaiveDate;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::answer::Answer;
use crate::clock::SimClock;
use crate::market::{Market, SplitRule, SurgeRule, TapeScript};
use crate::polygon::flat_file::{self, FlatFile};
use crate::polygon::stream::Burst;
use crate::profile::{SymbolProfile, default_symbols};
use crate::unusual_whales::{Request, answer};
pub use faults::{Fault, FaultRule, Faults, MAX_FAULT_RULES, ScriptFull};
use faults::{SOCKET_PATH, STOCKS_PATH};
pub use limits::Plan;
use limits::{Admission, Limits, Usage};
use listener::{Connection, ResettableListener};
pub use plans::PolygonPlan;

/// The key that the simulator accepts unless it is given another.
pub const DEFAULT_KEY: &str = "simulated-key";
/// Requests that are remembered; older ones are only counted.
pub const MAX_REQUESTS_KEPT: usize = 1_000;
/// Paths whose last page is remembered, to be repeated by a fault.
const MAX_PAGES_KEPT: usize = 64;
/// How long a stop waits for answers under way before it cuts them off.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// What to simulate, and where.
#[derive(Clone)]
pub struct SimulatorConfig {
    /// The same seed makes the same market.
    pub seed: u64,
    /// The market's time.
    pub clock: SimClock,
    /// What the key may do.
    pub plan: Plan,
    /// The bearer token that is accepted.
    pub key: String,
    /// A loopback address. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The listed symbols.
    pub symbols: Vec<SymbolProfile>,
    /// Multiplies the number of prints of every session.
    pub prints_scale: f64,
    /// Multiplies the volume of the options of every session.
    pub options_scale: f64,
    /// Multiplies the trades that the consolidated tape has beside the prints.
    pub tape_scale: f64,
    /// Days of heavy off-exchange trading on the consolidated tape.
    pub surges: Vec<SurgeRule>,
    /// Splits on the consolidated tape.
    pub splits: Vec<SplitRule>,
    /// What the key may do at the second vendor.
    pub polygon_plan: PolygonPlan,
    /// Where the second vendor says that its next pages are; its own address when none.
    pub polygon_url: Option<String>,
}

impl SimulatorConfig {
    /// The default market of this seed on a free loopback port. The sessions around the clock's
    /// time have the surges of a demonstration.
    #[must_use]
    pub fn new(seed: u64, clock: SimClock) -> Self {
        let TapeScript { scale, surges, splits } = TapeScript::demonstration(clock.now());
        Self {
            seed,
            clock,
            plan: Plan::default(),
            key: DEFAULT_KEY.to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            symbols: default_symbols(),
            prints_scale: 1.0,
            options_scale: 1.0,
            tape_scale: scale,
            surges,
            splits,
            polygon_plan: PolygonPlan::default(),
            polygon_url: None,
        }
    }
}

/// What was asked so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// How many vendor requests arrived, refused ones included.
    pub count: u64,
    /// Path and query of the newest of them, oldest first, at most [`MAX_REQUESTS_KEPT`].
    pub recent: VecDeque<String>,
}

/// A running simulator. Dropping it stops it at once; [`Simulator::stop`] stops it in order.
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

struct Shared {
    market: Arc<Market>,
    clock: SimClock,
    key: String,
    limits: Limits,
    faults: Faults,
    requests: Mutex<Requests>,
    pages: Mutex<HashMap<String, Answer>>,
    sockets: Arc<Semaphore>,
    request_ids: AtomicU64,
    polygon_plan: PolygonPlan,
    polygon_limits: Limits,
    polygon_url: String,
    seats: stocks::Seats,
    burst: watch::Sender<Option<Burst>>,
    burst_sent: AtomicU64,
    stopping: watch::Receiver<bool>,
}

impl Simulator {
    /// Starts to serve.
    ///
    /// # Errors
    /// The address is not loopback, or cannot be bound.
    pub async fn start(config: SimulatorConfig) -> io::Result<Self> {
        if !config.listen.ip().is_loopback() {
            let message = format!("{} is not a loopback address: use 127.0.0.1", config.listen);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let listener = TcpListener::bind(config.listen).await?;
        let address = listener.local_addr()?;
        let (stop, stopping) = watch::channel(false);
        let shared = Arc::new(Shared::new(config, address, stopping.clone()));
        let app = Router::new()
            .merge(control::routes())
            .route(SOCKET_PATH, get(socket::open))
            .route(STOCKS_PATH, get(stocks::open))
            .fallback(respond)
            .with_state(Arc::clone(&shared))
            .into_make_service_with_connect_info::<Connection>();
        let serving = tokio::spawn(async move {
            let server = axum::serve(ResettableListener(listener), app);
            if let Err(error) = server.with_graceful_shutdown(stopped(stopping)).await {
                tracing::warn!(%error, "the simulator stopped serving");
            }
        });
        Ok(Self { shared, address, stop, serving })
    }

    /// Where it serves, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The key that it accepts.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.shared.key
    }

    /// The market's time.
    #[must_use]
    pub fn clock(&self) -> SimClock {
        self.shared.clock.clone()
    }

    /// The fault script.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The market that is served, future and withdrawals included.
    #[must_use]
    pub fn market(&self) -> &Arc<Market> {
        &self.shared.market
    }

    /// What was asked so far.
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The address of the second vendor's websocket.
    #[must_use]
    pub fn stocks_url(&self) -> String {
        format!("ws://{}{STOCKS_PATH}", self.address)
    }

    /// A day of the whole market as the second vendor publishes it the next morning, compressed.
    #[must_use]
    pub fn flat_file(&self, kind: FlatFile, date: NaiveDate) -> Vec<u8> {
        self.shared.flat_file(kind, date)
    }

    /// Writes the same to a file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_flat_file(&self, kind: FlatFile, date: NaiveDate, path: &Path) -> io::Result<()> {
        let file = io::BufWriter::new(std::fs::File::create(path)?);
        flat_file::write(&self.shared.market, kind, date, file)
    }

    /// Sends a burst of made-up trades to every open connection of the second vendor's websocket
    /// that takes trades.
    pub fn burst(&self, burst: Burst) {
        self.shared.burst.send_replace(Some(burst));
    }

    /// How many trades of bursts were sent so far, on all connections.
    #[must_use]
    pub fn burst_sent(&self) -> u64 {
        self.shared.burst_sent.load(Ordering::Relaxed)
    }

    /// Stops accepting, lets answers under way finish for a moment, then ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(STOP_WAIT, &mut self.serving).await.is_err() {
            tracing::debug!("an answer was cut off by the stop");
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.serving.abort();
    }
}

impl Shared {
    fn new(config: SimulatorConfig, address: SocketAddr, stopping: watch::Receiver<bool>) -> Self {
        let SimulatorConfig { tape_scale: scale, surges, splits, polygon_url, .. } = config;
        let market = Market::new(config.seed, config.symbols, config.prints_scale)
            .with_options_scale(config.options_scale)
            .with_tape(TapeScript { scale, surges, splits });
        Self {
            market: Arc::new(market),
            clock: config.clock,
            key: config.key,
            limits: Limits::new(config.plan),
            faults: Faults::default(),
            requests: Mutex::default(),
            pages: Mutex::default(),
            sockets: Arc::new(Semaphore::new(socket::MAX_SOCKETS)),
            request_ids: AtomicU64::new(1),
            polygon_limits: config.polygon_plan.limits(),
            polygon_plan: config.polygon_plan,
            polygon_url: polygon_url.unwrap_or_else(|| format!("http://{address}")),
            seats: stocks::Seats::default(),
            burst: watch::Sender::new(None),
            burst_sent: AtomicU64::new(0),
            stopping,
        }
    }

    fn flat_file(&self, kind: FlatFile, date: NaiveDate) -> Vec<u8> {
        let mut file = Vec::new();
        flat_file::write(&self.market, kind, date, &mut file)
            .expect("memory takes what is written");
        file
    }

    fn note(&self, request: String) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.count += 1;
        requests.recent.push_back(request);
        if requests.recent.len() > MAX_REQUESTS_KEPT {
            requests.recent.pop_front();
        }
    }

    fn remember_page(&self, path: &str, page: &Answer) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if page.status == 200 && (pages.len() < MAX_PAGES_KEPT || pages.contains_key(path)) {
            pages.insert(path.to_owned(), page.clone());
        }
    }

    fn last_page(&self, path: &str) -> Option<Answer> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    fn authorized(&self, headers: &HeaderMap) -> bool {
        headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|key| key == self.key)
    }
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that the simulator was dropped, which is a stop as well.
    let _dropped = stopping.wait_for(|stopping| *stopping).await;
}

async fn respond(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    shared.note(without_key(&uri));
    let fault = shared.faults.take(uri.path());
    if let Some(response) = at_the_edge(&shared, &connection, fault.as_ref()).await {
        return response;
    }
    let id = shared.request_ids.fetch_add(1, Ordering::Relaxed);
    let mut response = match method {
        Method::GET if crate::polygon::has_route(uri.path()) => {
            polygon::vendor(&shared, &uri, &headers, fault, id).await
        }
        Method::GET => vendor(&shared, &uri, &headers, fault).await,
        _ => reply::whole(Answer::json(404, &json!({ "error": "Route not found" })), None),
    };
    if let Ok(id) = HeaderValue::from_str(&format!("SIM{id:017}")) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// Path and query as they are remembered: one vendor takes its key in the query.
fn without_key(uri: &Uri) -> String {
    let Some(query) = uri.query() else {
        return uri.path().to_owned();
    };
    let kept: Vec<&str> = query.split('&').filter(|it| !it.starts_with("apiKey=")).collect();
    if kept.is_empty() {
        return uri.path().to_owned();
    }
    format!("{}?{}", uri.path(), kept.join("&"))
}

/// Faults that strike before the vendor sees the request.
async fn at_the_edge(
    shared: &Shared,
    connection: &Connection,
    fault: Option<&Fault>,
) -> Option<Response> {
    let answer = match fault? {
        Fault::Delay(ms) => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            return None;
        }
        Fault::Hang => {
            stopped(shared.stopping.clone()).await;
            Answer::text(503, "stopping")
        }
        Fault::ResetConnection => {
            connection.reset();
            Answer::text(500, "never sent")
        }
        Fault::Edge403 => Answer::text(403, "error code: 1010"),
        Fault::Html200 => Answer {
            content_type: "text/html; charset=utf-8",
            ..Answer::text(200, "<!DOCTYPE html><html><body>Just a moment</body></html>")
        },
        Fault::Redirect { to } => return Some(reply::redirect(to)),
        _ => return None,
    };
    Some(reply::whole(answer, None))
}

/// The vendor's own answer, spoilt if the script says so.
async fn vendor(
    shared: &Arc<Shared>,
    uri: &Uri,
    headers: &HeaderMap,
    fault: Option<Fault>,
) -> Response {
    if !shared.authorized(headers) {
        let body = json!({ "message": "The token is missing or not known." });
        return reply::whole(Answer::json(401, &body), None);
    }
    if let Some((answer, usage)) = scripted_status(shared, fault.as_ref()) {
        return reply::whole(answer, Some(usage));
    }
    let usage = match shared.limits.admit(shared.clock.now(), shared.clock.unscaled_now()) {
        Admission::Granted(usage) => usage,
        Admission::MinuteUsedUp(usage) => return reply::whole(minute_used_up(), Some(usage)),
        Admission::DayUsedUp(usage) => return reply::whole(day_used_up(), Some(usage)),
    };
    let page = compute(shared, uri).await;
    let page = or_repeated(shared, uri, page, fault.as_ref());
    spoilt(shared, page, Some(usage), fault)
}

/// The page, or the last one of its path where the script says so.
fn or_repeated(shared: &Shared, uri: &Uri, page: Answer, fault: Option<&Fault>) -> Answer {
    let repeated = match fault {
        Some(Fault::RepeatedPage) => shared.last_page(uri.path()),
        _ => None,
    };
    let page = repeated.unwrap_or(page);
    shared.remember_page(uri.path(), &page);
    page
}

fn spoilt(shared: &Shared, page: Answer, usage: Option<Usage>, fault: Option<Fault>) -> Response {
    match fault {
        Some(Fault::TruncatedBody) => reply::truncated(&page, usage),
        Some(Fault::SlowDrip { bytes_per_sec }) => {
            reply::dripping(&page, usage, bytes_per_sec, shared.stopping.clone())
        }
        Some(Fault::WrongTypes(field)) => {
            reply::whole(reply::with_wrong_types(page, &field), usage)
        }
        _ => reply::whole(page, usage),
    }
}

fn scripted_status(shared: &Shared, fault: Option<&Fault>) -> Option<(Answer, Usage)> {
    let limits = &shared.limits;
    let usage = || limits.as_it_stands(shared.clock.unscaled_now());
    Some(match fault? {
        Fault::Status429Minute => (minute_used_up(), limits.as_if_minute_used_up()),
        Fault::Status429Day => {
            (day_used_up(), limits.as_if_day_used_up(shared.clock.unscaled_now()))
        }
        Fault::Status429Empty => (Answer::text(429, ""), limits.as_if_minute_used_up()),
        Fault::Status500 => (Answer::text(500, "Something went wrong"), usage()),
        Fault::Status502 => {
            let body = json!({ "error": { "code": "upstream_error", "message": "simulated" } });
            (Answer::json(502, &body), usage())
        }
        _ => return None,
    })
}

fn minute_used_up() -> Answer {
    Answer::json(429, &json!({ "message": "Too many requests this minute." }))
}

fn day_used_up() -> Answer {
    Answer::json(429, &json!({ "code": "daily_request_limit_hit" }))
}

/// Names and values of a query, decoded, in order. None when they cannot be decoded.
fn parameters(uri: &Uri) -> Vec<(String, String)> {
    Query::try_from_uri(uri).map(|Query(params)| params).unwrap_or_default()
}

/// Making a day is milliseconds of arithmetic, and a year of daily bars is many days.
async fn compute(shared: &Arc<Shared>, uri: &Uri) -> Answer {
    let (shared, uri) = (Arc::clone(shared), uri.clone());
    made(move || {
        let params = parameters(&uri);
        let request = Request {
            path: uri.path(),
            query: uri.query().unwrap_or_default(),
            params: &params,
            now: shared.clock.now(),
            history_sessions: shared.limits.plan().history_sessions,
        };
        answer(&shared.market, &request)
    })
    .await
}

/// What `make` makes, on a thread that may take its time.
async fn made(make: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    tokio::task::spawn_blocking(make).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the simulator failed to make an answer");
        Answer::text(500, "Something went wrong")
    })
}
