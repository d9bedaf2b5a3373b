//! What the tests over the whole house share: a simulated market, an engine that collects it into
//! a real database, and the questions that are asked of the result.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use undertow_engine::backfill::{BackfillState, Job, NewBackfill};
use undertow_engine::clock::Clock;
use undertow_engine::engine::{Engine, Parts};
use undertow_engine::settings::Collect;
use undertow_market::{Bar, BarInterval, Calendar, Print, Symbol, VendorId};
use undertow_simulator::{
    Day, Fault, FaultRule, ManualClock, MinuteBar, SimClock, Simulator, SimulatorConfig,
};
use undertow_store::Store;
use undertow_store::content::{ContentHash, ContentTable};
use undertow_store::merge;
use undertow_store::prints::PrintFilter;
use undertow_store::slots::{Gap, SlotFilter, SlotKind, SlotResult};
use undertow_testkit::postgres::TestDatabase;
use undertow_vendor::unusual_whales::stream::{StreamConfig, StreamLimits};
use undertow_vendor::unusual_whales::{UnusualWhales, UnusualWhalesConfig};
use undertow_vendor::{Budget, HttpLimits, RetryPolicy};

pub(crate) const VENDOR: VendorId = VendorId::UnusualWhales;
/// The market that the tests trade in.
pub(crate) const SEED: u64 = 20_261_121;
/// A Saturday: every session of the week before it is over and does not change any more.
pub(crate) const SATURDAY: &str = "2026-06-06T16:00:00Z";
/// Market seconds a second of tests that watch a session.
pub(crate) const FAST: f64 = 300.0;

/// Requests that no test makes in a minute.
const NO_LIMIT: u32 = 1_000_000;
/// Longest wait for anything that is due within a second or two on an idle machine.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Time limits of the client: a hang costs a test two seconds. A busy machine needs that much for
/// an honest answer.
const LIMITS: HttpLimits = HttpLimits {
    connect: Duration::from_millis(500),
    header: Duration::from_secs(2),
    idle: Duration::from_secs(2),
    whole: Duration::from_secs(4),
    max_body_bytes: 32 * 1024 * 1024,
};
const RETRY: RetryPolicy = RetryPolicy {
    attempts: 4,
    first_delay: Duration::from_millis(5),
    max_delay: Duration::from_millis(40),
    jitter_seed: Some(SEED),
};

/// A simulated market and the clock that it shares with engines.
pub(crate) struct Rig {
    pub(crate) simulator: Simulator,
    pub(crate) clock: Clock,
    pub(crate) calendar: Calendar,
    /// Whom engines ask, where it is not the simulator itself.
    pub(crate) vendor_url: Option<String>,
    pub(crate) key: String,
    /// Smallest premium that engines collect, dollars.
    pub(crate) min_premium: u32,
    /// Whether engines join the stream.
    pub(crate) streams: bool,
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

/// Runs a backfill to its end.
pub(crate) async fn backfill(
    engine: &Engine,
    symbols: &[&str],
    from: &str,
    to: &str,
    reread: bool,
) -> Job {
    let symbols = symbols.iter().map(|name| symbol(name)).collect();
    let work = NewBackfill { vendor: VENDOR, symbols, from: date(from), to: date(to), reread };
    let id = engine.start_backfill(work).await.unwrap().id;
    until("a backfill ends", async || {
        let jobs = engine.backfills(50).await.ok()?;
        jobs.into_iter().find(|job| job.id == id && job.state.is_final())
    })
    .await
}

/// The same, for a backfill that is to succeed.
pub(crate) async fn backfilled(engine: &Engine, symbols: &[&str], from: &str, to: &str) -> Job {
    let job = backfill(engine, symbols, from, to, false).await;
    assert_eq!(job.state, BackfillState::Done, "{:?}", job.note);
    job
}

impl Rig {
    /// A market at an instant, running at a speed.
    pub(crate) async fn at(now: &str, speed: f64) -> Self {
        Self::with(now, speed, |_| {}).await
    }

    /// The same, configured.
    pub(crate) async fn with(
        now: &str,
        speed: f64,
        configure: impl FnOnce(&mut SimulatorConfig),
    ) -> Self {
        let now = at(now);
        // At speed one the market stands still, so that its truth does too.
        let still = speed <= 1.0;
        let clock = Clock::starting_at(now, speed);
        let market =
            if still { ManualClock::new(now).clock() } else { SimClock::running(now, speed) };
        let mut config = SimulatorConfig::new(SEED, market);
        config.plan.per_minute = Some(NO_LIMIT);
        config.plan.per_day = NO_LIMIT;
        configure(&mut config);
        let key = config.key.clone();
        let simulator = Simulator::start(config).await.expect("a free loopback port");
        let calendar = Calendar::nyse();
        let (vendor_url, min_premium, streams) = (None, 10_000, false);
        Self { simulator, clock, calendar, vendor_url, key, min_premium, streams }
    }

    /// An engine that only runs backfills.
    pub(crate) async fn backfiller(&self, store: &Store) -> Engine {
        self.engine(store, &["DIA"], false).await
    }

    /// An engine that collects what happens, and no history.
    pub(crate) async fn collector(&self, store: &Store, symbols: &[&str]) -> Engine {
        self.engine(store, symbols, true).await
    }

    async fn engine(&self, store: &Store, symbols: &[&str], collecting: bool) -> Engine {
        let budget = Engine::restored_budget(store).await.unwrap();
        let parts = Parts {
            store: store.clone(),
            vendor: self.vendor(budget.clone()),
            budget,
            clock: self.clock,
            calendar: self.calendar.clone(),
            collect: Collect {
                symbols: symbols.iter().map(|name| symbol(name)).collect(),
                history_sessions: 0,
                slowest_poll_s: 60,
                fastest_poll_s: 5,
                min_premium: self.min_premium,
                stream: self.streams,
            },
            stream: self.streams.then(|| self.stream()),
            collecting,
        };
        Engine::start(parts).await.unwrap()
    }

    fn stream(&self) -> StreamConfig {
        let clock = self.clock;
        StreamConfig {
            base_url: self.vendor_url.clone().unwrap_or_else(|| self.simulator.url()),
            key: self.key.clone().into(),
            limits: StreamLimits { reconnect: RETRY, ..StreamLimits::default() },
            min_premium: u64::from(self.min_premium),
            calendar: Arc::new(self.calendar.clone()),
            now: Arc::new(move || clock.now()),
        }
    }

    fn vendor(&self, budget: Budget) -> UnusualWhales {
        let clock = self.clock;
        let config = UnusualWhalesConfig {
            base_url: self.vendor_url.clone().unwrap_or_else(|| self.simulator.url()),
            key: self.key.clone().into(),
            limits: LIMITS,
            retry: RETRY,
            budget,
            now: Arc::new(move || clock.now()),
        };
        UnusualWhales::new(config).expect("a loopback address")
    }

    /// Spoils requests by rule.
    pub(crate) fn spoil(&self, rule: FaultRule) {
        self.simulator.faults().push(rule).expect("room in the script");
    }

    /// Spoils the next requests for prints of a symbol.
    pub(crate) fn spoil_prints(&self, name: &str, fault: Fault, skip: u32, count: u32) {
        let path = format!("/api/darkpool/{name}");
        self.spoil(FaultRule::times(fault, count).after(skip).on(&path));
    }

    /// A session as it truly was, future included.
    pub(crate) fn day(&self, name: &str, session: &str) -> Arc<Day> {
        self.simulator.market().session(&symbol(name), date(session)).expect("a listed session")
    }

    /// The prints that were on the tape at `now`, as a true parser reads them then.
    pub(crate) fn true_prints(&self, name: &str, session: &str, now: DateTime<Utc>) -> Vec<Print> {
        let day = self.day(name, session);
        let visible = day.visible(now).iter();
        comparable(visible.map(|print| day.as_received(print, &self.calendar, now)).collect())
    }

    /// The one-minute bars of a session at `now`.
    pub(crate) fn true_bars(&self, name: &str, session: &str, now: DateTime<Utc>) -> Vec<Bar> {
        let day = self.day(name, session);
        day.bars_at(now).iter().map(|minute| bar(&day, minute)).collect()
    }

    /// Asserts that a session that is over is stored as it truly was: every print in every field,
    /// every bar, and roll-ups that a rebuild does not change.
    pub(crate) async fn assert_stored_whole(&self, store: &Store, name: &str, session: &str) {
        let now = self.clock.now();
        let stored = stored_prints(store, name, session).await;
        assert_same(&stored, &self.true_prints(name, session, now), &format!("{name} {session}"));
        self.assert_bars(store, name, session, now).await;
        assert_rollups_need_no_rebuild(store, name, session).await;
    }

    pub(crate) async fn assert_bars(
        &self,
        store: &Store,
        name: &str,
        session: &str,
        now: DateTime<Utc>,
    ) {
        let stored = stored_bars(store, name, session).await;
        assert_same(
            &stored,
            &self.true_bars(name, session, now),
            &format!("bars of {name} {session}"),
        );
    }

    /// How far the books say that a session's prints were read.
    pub(crate) async fn read_to(
        &self,
        store: &Store,
        name: &str,
        session: &str,
    ) -> Option<DateTime<Utc>> {
        let marks = store.watermarks(VENDOR, SlotKind::Prints, date(session)).await.unwrap();
        marks.into_iter().find(|mark| mark.symbol == symbol(name)).map(|mark| mark.reported_to)
    }

    /// Waits until the books say that everything before an instant was read.
    pub(crate) async fn until_read(&self, store: &Store, name: &str, session: &str, to: &str) {
        until(&format!("{name} is read to {to}"), async || {
            self.read_to(store, name, session).await.filter(|mark| *mark >= at(to))
        })
        .await;
    }

    /// Asserts that the books tell the truth: whatever they say was read is stored, nothing is
    /// stored that never was, and no moment before the watermark is left without a word.
    pub(crate) async fn assert_books_are_true(&self, store: &Store, name: &str, session: &str) {
        let read_to = self.read_to(store, name, session).await.expect("something was read");
        let stored = stored_prints(store, name, session).await;
        let stored: HashSet<_> = stored.iter().map(Print::key).collect();
        let gaps = gaps(store, name, session).await;
        let day = self.day(name, session);
        let mut known = HashSet::new();
        for print in &day.prints {
            let key = day.as_received(print, &self.calendar, read_to).key();
            let told = gaps.iter().any(|g| g.from <= print.reported_at && print.reported_at < g.to);
            let due = print.reported_at < read_to && !told;
            assert!(!due || stored.contains(&key), "{name} {session}: lost {print:?}");
            known.insert(key);
        }
        assert!(stored.is_subset(&known), "{name} {session}: stored what never was");
        let explained = explained_to(&slots(store, name, session).await, &day);
        assert!(explained >= read_to, "{name} {session}: silent from {explained} to {read_to}");
    }
}

/// The end of the stretch, from the pre-market on, of which the slots tell without a hole.
fn explained_to(slots: &[SlotResult], day: &Day) -> DateTime<Utc> {
    let mut ordered: Vec<_> = slots.iter().map(|slot| (slot.slot_start, slot.slot_end)).collect();
    ordered.sort_unstable();
    ordered.iter().fold(
        day.hours.pre_at,
        |reached, (from, to)| {
            if *from <= reached { reached.max(*to) } else { reached }
        },
    )
}

/// The stored prints of a session, by key, without the time at which we received them.
pub(crate) async fn stored_prints(store: &Store, name: &str, session: &str) -> Vec<Print> {
    let (from, to) = around(session);
    let prints = store.prints(&PrintFilter::new(symbol(name), from, to)).await.unwrap();
    comparable(prints.into_iter().filter(|print| print.session_date == date(session)).collect())
}

/// The stored one-minute bars of a session.
pub(crate) async fn stored_bars(store: &Store, name: &str, session: &str) -> Vec<Bar> {
    stored_bars_of(store, name, session, BarInterval::Minute1).await
}

/// The stored bars of a session and a length.
pub(crate) async fn stored_bars_of(
    store: &Store,
    name: &str,
    session: &str,
    interval: BarInterval,
) -> Vec<Bar> {
    let (from, to) = around(session);
    let bars = store.bars(&symbol(name), interval, from, to, u32::MAX).await.unwrap();
    let of_session = bars.into_iter().filter(|bar| bar.session_date == date(session));
    of_session.map(|bar| Bar { received_at: DateTime::UNIX_EPOCH, ..bar }).collect()
}

pub(crate) fn around(session: &str) -> (DateTime<Utc>, DateTime<Utc>) {
    let midnight = date(session).and_hms_opt(0, 0, 0).expect("midnight exists").and_utc();
    (midnight - TimeDelta::days(1), midnight + TimeDelta::days(3))
}

fn comparable(mut prints: Vec<Print>) -> Vec<Print> {
    prints.sort_by_cached_key(Print::key);
    for print in &mut prints {
        print.received_at = DateTime::UNIX_EPOCH;
    }
    prints
}

fn bar(day: &Day, minute: &MinuteBar) -> Bar {
    Bar {
        vendor: VENDOR,
        symbol: day.symbol.clone(),
        interval: BarInterval::Minute1,
        session_date: day.session_date,
        session: minute.part,
        start_at: minute.start_at,
        open: minute.open.price(),
        high: minute.high.price(),
        low: minute.low.price(),
        close: minute.close.price(),
        volume: minute.volume,
        received_at: DateTime::UNIX_EPOCH,
    }
}

/// Like `assert_eq`, but tells of the first difference only: a session has thousands of rows.
pub(crate) fn assert_same<T: PartialEq + std::fmt::Debug>(stored: &[T], truth: &[T], what: &str) {
    let first = stored.iter().zip(truth).find(|(stored, truth)| stored != truth);
    if let Some((stored, truth)) = first {
        panic!("{what}: stored\n{stored:?}\ntruth\n{truth:?}");
    }
    assert_eq!(stored.len(), truth.len(), "{what}: rows stored and true");
    assert!(!truth.is_empty(), "{what}: there is nothing to compare");
}

fn filter(kind: SlotKind, name: &str, session: &str) -> SlotFilter {
    let session = date(session);
    SlotFilter { vendor: VENDOR, kind, symbol: Some(symbol(name)), from: session, to: session }
}

/// The slots of a session's prints.
pub(crate) async fn slots(store: &Store, name: &str, session: &str) -> Vec<SlotResult> {
    store.slots(&filter(SlotKind::Prints, name, session)).await.unwrap()
}

/// The gaps in a session's prints.
pub(crate) async fn gaps(store: &Store, name: &str, session: &str) -> Vec<Gap> {
    store.gaps(&filter(SlotKind::Prints, name, session)).await.unwrap()
}

/// The content of every table that holds a session of a symbol.
pub(crate) async fn content(store: &Store, name: &str, session: &str) -> Vec<ContentHash> {
    use ContentTable::{ActivityMinutes, Bars, LevelCells, Prints};
    let mut hashes = Vec::new();
    for table in [Prints, Bars, LevelCells, ActivityMinutes] {
        let session = date(session);
        hashes.push(store.content_hash(table, &symbol(name), session, session).await.unwrap());
    }
    hashes
}

/// Asserts that sums kept up with the prints: making them anew changes nothing.
pub(crate) async fn assert_rollups_need_no_rebuild(store: &Store, name: &str, session: &str) {
    let kept = content(store, name, session).await;
    let day = merge::Day { symbol: symbol(name), session_date: date(session) };
    store.rebuild_rollups(&day).await.unwrap();
    assert_eq!(content(store, name, session).await, kept, "{name} {session}: sums");
}
