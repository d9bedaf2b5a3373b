//! A simulated market, an engine that collects its tape into a real database, and the questions
//! that are asked of the result.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use undertow_engine::clock::Clock;
use undertow_engine::consolidated::{
    Consolidated, ConsolidatedHealth, ConsolidatedParts, ImportOptions, ImportPlace, ImportedFile,
    MAX_HELD, ROWS_A_WRITE, import,
};
use undertow_engine::event::EngineEvent;
use undertow_engine::settings::{Straddles, Tape};
use undertow_market::{Calendar, Reasons, Symbol, TapeMinute, new_york_instant};
use undertow_simulator::{ManualClock, SimClock, SimTapeTrade, Simulator, SimulatorConfig};
use undertow_store::Store;
use undertow_store::content::{ContentHash, ContentTable};
use undertow_testkit::postgres::TestDatabase;
use undertow_vendor::polygon::stream::{PolygonStreamConfig, PolygonStreamLimits, SpillConfig};
use undertow_vendor::polygon::{Polygon, PolygonConfig};
use undertow_vendor::{Budget, HttpLimits, RetryPolicy};

/// The market that the tests trade in.
pub(crate) const SEED: u64 = 20_261_121;
/// Market seconds a second of tests that watch a session.
pub(crate) const FAST: f64 = 300.0;

const LONGEST_WAIT: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LIMITS: HttpLimits = HttpLimits {
    connect: Duration::from_millis(500),
    header: Duration::from_secs(4),
    idle: Duration::from_secs(4),
    whole: Duration::from_secs(8),
    max_body_bytes: 64 * 1024 * 1024,
};
const RETRY: RetryPolicy = RetryPolicy {
    attempts: 4,
    first_delay: Duration::from_millis(5),
    max_delay: Duration::from_millis(40),
    jitter_seed: Some(SEED),
};

/// What tells a trade of a minute from another: venue, facility and id.
type Identity = (u16, Option<u16>, u64);

/// A simulated market and the clock that it shares with engines.
pub(crate) struct Rig {
    pub(crate) simulator: Simulator,
    pub(crate) clock: Clock,
    pub(crate) calendar: Calendar,
    pub(crate) history_sessions: u32,
    /// 99.0 keeps one off-exchange trade in a hundred; 0 none that is below the floor.
    pub(crate) print_percentile: f64,
    pub(crate) print_floor: u32,
    pub(crate) streams: bool,
    pub(crate) collecting: bool,
    pub(crate) max_held: usize,
    pub(crate) limits: PolygonStreamLimits,
    pub(crate) straddles: Straddles,
    pub(crate) events: broadcast::Sender<EngineEvent>,
    folder: TempDir,
    /// Moves the market's clock, where it stops before the engine's.
    mover: Option<tokio::task::JoinHandle<()>>,
    /// Where the simulator runs: its work must not hold up the engine's.
    vendor: Option<tokio::runtime::Runtime>,
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(mover) = self.mover.take() {
            mover.abort();
        }
        if let Some(vendor) = self.vendor.take() {
            vendor.shutdown_background();
        }
    }
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a test instant")
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().expect("a test date")
}

pub(crate) fn symbol(text: &str) -> Symbol {
    text.parse().expect("a test symbol")
}

/// Looks again and again until there is something to see.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LONGEST_WAIT;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited too long: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A database of this test, and the store in it.
pub(crate) async fn database() -> (TestDatabase, Store) {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    (database, store)
}

impl Rig {
    /// A market at an instant, running at a speed; at speed one it stands still.
    pub(crate) async fn at(now: &str, speed: f64) -> Self {
        Self::with(now, speed, |_| {}).await
    }

    /// The same, configured.
    pub(crate) async fn with(
        now: &str,
        speed: f64,
        configure: impl FnOnce(&mut SimulatorConfig),
    ) -> Self {
        let still = speed <= 1.0;
        let now = at(now);
        let market =
            if still { ManualClock::new(now).clock() } else { SimClock::running(now, speed) };
        Self::of(market, Clock::starting_at(now, speed), configure).await
    }

    /// A market that stands still from an instant on, while the engine's clock runs on. What is
    /// stored in the end depends on nothing but what was told, however long an engine needs.
    pub(crate) async fn ending(
        now: &str,
        end: &str,
        speed: f64,
        configure: impl FnOnce(&mut SimulatorConfig),
    ) -> Self {
        let (now, end) = (at(now), at(end));
        let (hands, clock) = (ManualClock::new(now), Clock::starting_at(now, speed));
        let mut rig = Self::of(hands.clock(), clock, configure).await;
        rig.mover = Some(tokio::spawn(async move {
            while hands.now() < end {
                hands.set(clock.now().min(end));
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }));
        rig
    }

    async fn of(
        market: SimClock,
        clock: Clock,
        configure: impl FnOnce(&mut SimulatorConfig),
    ) -> Self {
        let mut config = SimulatorConfig::new(SEED, market);
        config.surges.clear();
        config.splits.clear();
        // Two years of days are asked for, and the simulator makes each of them trade by trade.
        config.prints_scale = 0.02;
        config.tape_scale = 0.3;
        configure(&mut config);
        let vendor = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let started = vendor.spawn(Simulator::start(config)).await.unwrap();
        Self {
            mover: None,
            vendor: Some(vendor),
            simulator: started.expect("a free loopback port"),
            clock,
            calendar: Calendar::nyse(),
            history_sessions: 0,
            print_percentile: 0.0,
            print_floor: 100_000,
            streams: true,
            collecting: true,
            max_held: MAX_HELD,
            limits: PolygonStreamLimits { reconnect: RETRY, ..PolygonStreamLimits::default() },
            straddles: straddles(),
            events: broadcast::Sender::new(4096),
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn client(&self, budget: Budget) -> Polygon {
        let clock = self.clock;
        Polygon::new(PolygonConfig {
            base_url: self.simulator.url(),
            key: self.simulator.key().to_owned().into(),
            limits: LIMITS,
            retry: RETRY,
            budget,
            now: Arc::new(move || clock.now()),
        })
        .expect("a loopback address")
    }

    fn stream(&self) -> (PolygonStreamConfig, SpillConfig) {
        let clock = self.clock;
        let config = PolygonStreamConfig {
            url: self.simulator.stocks_url(),
            key: self.simulator.key().to_owned().into(),
            limits: self.limits,
            calendar: Arc::new(self.calendar.clone()),
            now: Arc::new(move || clock.now()),
        };
        let spill =
            SpillConfig { folder: self.folder.path().join("spill"), max_bytes: 64 * 1024 * 1024 };
        (config, spill)
    }

    /// An engine that collects symbols.
    pub(crate) async fn collector(&self, store: &Store, symbols: &[&str]) -> Consolidated {
        let budget = Consolidated::restored_budget(store).await.unwrap();
        let parts = ConsolidatedParts {
            store: store.clone(),
            client: self.client(budget.clone()),
            stream: self.streams.then(|| self.stream()),
            budget,
            clock: self.clock,
            calendar: self.calendar.clone(),
            tape: Tape {
                symbols: symbols.iter().map(|name| symbol(name)).collect(),
                history_sessions: self.history_sessions,
                print_floor: self.print_floor,
                print_percentile: self.print_percentile,
                chain_every_s: 300,
                stream: self.streams,
                whole_market: false,
            },
            straddles: self.straddles.clone(),
            collecting: self.collecting,
            events: self.events.clone(),
            max_held: self.max_held,
        };
        Consolidated::start(parts).await.unwrap()
    }

    /// The day's flat file on disk.
    pub(crate) fn flat_file(&self, session: &str) -> PathBuf {
        let path = self.folder.path().join(format!("{session}.csv.gz"));
        // Written again it would be another file.
        if !path.exists() {
            let kind = undertow_simulator::FlatFile::Trades;
            self.simulator.write_flat_file(kind, date(session), &path).unwrap();
        }
        path
    }

    /// Where an import goes that knows the time of this market.
    pub(crate) fn place(&self, store: &Store) -> ImportPlace {
        ImportPlace { store: store.clone(), calendar: self.calendar.clone(), clock: self.clock }
    }

    /// Imports the flat file of a day: these tickers of it, or every one.
    pub(crate) async fn import(
        &self,
        store: &Store,
        session: &str,
        names: Option<&[&str]>,
    ) -> ImportedFile {
        let options = import_options(names);
        let files = [self.flat_file(session)];
        let stop = CancellationToken::new();
        let report = import(&self.place(store), &files, &options, &stop, &mut |_| {}).await;
        report.unwrap().files.remove(0)
    }

    /// How many different trades each minute of a session has: those that the stream told, and
    /// those that REST knows now, records of cancels and corrections included.
    pub(crate) fn true_counts(&self, name: &str, session: &str) -> BTreeMap<u16, (usize, usize)> {
        let tape = self.simulator.market().tape(&symbol(name), date(session)).unwrap();
        let midnight = new_york_instant(date(session), NaiveTime::MIN).timestamp();
        let minute = |trade: &SimTapeTrade| {
            u16::try_from((trade.sip_ns / 1_000_000_000 - midnight) / 60).unwrap()
        };
        let mut seen: BTreeMap<u16, [Vec<Identity>; 2]> = BTreeMap::new();
        for trade in tape.visible(self.clock.now()) {
            let of = seen.entry(minute(trade)).or_default();
            let identity = (trade.venue, trade.facility_id(), trade.id);
            for (place, counts) in [!trade.is_record(), true].into_iter().enumerate() {
                if counts && !of[place].contains(&identity) {
                    of[place].push(identity);
                }
            }
        }
        seen.into_iter()
            .map(|(minute, [told, known])| (minute, (told.len(), known.len())))
            .collect()
    }

    /// Minutes of a session of which a later reading tells otherwise than the stream did: a trade
    /// of theirs is withdrawn or corrected, or a record says so.
    pub(crate) fn amended_minutes(&self, name: &str, session: &str) -> BTreeSet<u16> {
        let tape = self.simulator.market().tape(&symbol(name), date(session)).unwrap();
        let midnight = new_york_instant(date(session), NaiveTime::MIN).timestamp();
        let amended = tape.trades.iter().filter(|trade| trade.amendment.is_some());
        let minute = |trade: &SimTapeTrade| {
            u16::try_from((trade.sip_ns / 1_000_000_000 - midnight) / 60).unwrap()
        };
        amended.map(minute).collect()
    }

    /// A symbol of whose trades nothing is taken back or corrected between two instants: then REST
    /// and the stream tell the same, whenever REST is asked.
    pub(crate) fn unamended(&self, session: &str, from: &str, to: &str) -> String {
        let between =
            at(from).timestamp_nanos_opt().unwrap()..=at(to).timestamp_nanos_opt().unwrap();
        let market = self.simulator.market();
        let is_left_alone = |name: &&Symbol| {
            let tape = market.tape(name, date(session)).unwrap();
            tape.trades
                .iter()
                .filter_map(|trade| trade.amendment)
                .all(|it| !between.contains(&it.at_ns))
        };
        let found = market.symbols().find(is_left_alone);
        found.expect("one of the market's symbols is left alone").to_string()
    }

    /// Asserts that every minute in `minutes` has the trades that there truly were.
    pub(crate) async fn assert_no_hole(
        &self,
        store: &Store,
        name: &str,
        session: &str,
        minutes: std::ops::Range<u16>,
    ) {
        let stored = stored_counts(store, name, session).await;
        let truth = self.true_counts(name, session);
        let mut trades = 0;
        for minute in minutes.clone() {
            let count = stored.get(&minute).copied().unwrap_or(0);
            let (told, known) = truth.get(&minute).copied().unwrap_or((0, 0));
            assert!(
                (told..=known).contains(&count),
                "{name} {session} minute {minute}: {count} trades, {told} were told and {known} \
                 are known"
            );
            trades += count;
        }
        assert!(trades > 0, "{name} {session}: there is nothing to compare in {minutes:?}");
    }

    /// The last minute of a symbol's session that is stored.
    pub(crate) async fn stored_before(&self, store: &Store, name: &str, session: &str) -> u16 {
        let book = store.tape_book(&symbol(name), date(session)).await.unwrap();
        let midnight = new_york_instant(date(session), NaiveTime::MIN);
        book.map_or(0, |book| u16::try_from((book.to - midnight).num_minutes()).unwrap())
    }

    /// Waits until a session is stored up to an instant.
    pub(crate) async fn until_stored(&self, store: &Store, name: &str, session: &str, to: &str) {
        until(&format!("{name} is stored to {to}"), async || {
            let book = store.tape_book(&symbol(name), date(session)).await.unwrap();
            book.filter(|book| book.to >= at(to))
        })
        .await;
    }

    /// Waits until a session that is over was read whole.
    pub(crate) async fn until_whole(&self, store: &Store, name: &str, session: &str) {
        until(&format!("{name} {session} is whole"), async || {
            let book = store.tape_book(&symbol(name), date(session)).await.unwrap();
            book.filter(|book| book.is_whole)
        })
        .await;
    }
}

/// What is imported: these tickers, or every one.
pub(crate) fn import_options(names: Option<&[&str]>) -> ImportOptions {
    let symbols = names.map(|names| names.iter().map(|name| symbol(name)).collect());
    ImportOptions {
        symbols,
        print_floor: 100_000,
        print_per_mille: None,
        again: false,
        rows_a_write: ROWS_A_WRITE,
    }
}

/// Thresholds that no market of the tests passes by chance.
pub(crate) fn straddles() -> Straddles {
    Straddles {
        activity_increase: 3.0,
        spread: 0.10,
        min_days: 20,
        max_days: 45,
        max_leg_spread: 0.10,
        min_open_interest: 100,
        estimator: undertow_analysis::volatility::Estimator::YangZhang,
        sessions: 30,
        rate: 0.04,
    }
}

/// How many trades are stored of each minute.
pub(crate) async fn stored_counts(
    store: &Store,
    name: &str,
    session: &str,
) -> BTreeMap<u16, usize> {
    let day = date(session);
    let minutes = store.tape_minutes(&symbol(name), day, day).await.unwrap();
    minutes.iter().map(|of| (of.minute, trades(of))).collect()
}

fn trades(of: &TapeMinute) -> usize {
    let apart = of.apart.iter().filter(|apart| apart.reasons.intersects(Reasons::NOT_COUNTED));
    let apart: u32 = apart.map(|apart| apart.volume.trades).sum();
    (of.lit.trades + of.off_exchange.trades + apart) as usize
}

/// The content of every table that holds a session of a symbol's tape.
pub(crate) async fn content(store: &Store, name: &str, session: &str) -> Vec<ContentHash> {
    use ContentTable::{TapeApart, TapeCells, TapeMinutes, TapePrints};
    let mut hashes = Vec::new();
    for table in [TapeMinutes, TapeApart, TapeCells, TapePrints] {
        let day = date(session);
        hashes.push(store.content_hash(table, &symbol(name), day, day).await.unwrap());
    }
    hashes
}

/// Waits until the engine's health is as it should be.
pub(crate) async fn until_health(
    engine: &Consolidated,
    what: &str,
    is: impl Fn(&ConsolidatedHealth) -> bool,
) -> ConsolidatedHealth {
    until(what, async || Some(engine.health()).filter(|health| is(health))).await
}

/// Whether every line of a kind is in the journal.
pub(crate) async fn journal_has(store: &Store, part: &str) -> bool {
    let lines = store.log_entries(1_000).await.unwrap();
    lines.iter().any(|line| line.message.contains(part))
}

/// Minutes of a session between two instants.
pub(crate) fn minutes(session: &str, from: &str, to: &str) -> std::ops::Range<u16> {
    let midnight = new_york_instant(date(session), NaiveTime::MIN);
    let minute = |text: &str| u16::try_from((at(text) - midnight).num_minutes()).unwrap();
    minute(from)..minute(to)
}

/// A little later, in market time.
pub(crate) fn later(clock: Clock, minutes: i64) -> String {
    (clock.now() + TimeDelta::minutes(minutes)).to_rfc3339()
}
