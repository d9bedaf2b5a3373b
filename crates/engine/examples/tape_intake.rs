//! What the intake of the live tape takes: from a real websocket to a real Postgres.
//!
//!     cargo run --release -p undertow-engine --example tape_intake
//!     cargo run --release -p undertow-engine --example tape_intake -- --away 60
//!
//! The simulated vendor is a process of its own on this machine, so it takes its share of the
//! processors. It sends 25,000 trades a second for a while, then 100,000 a second for five
//! seconds, over 500 symbols, and then few, so that the last minute ends. `--away` takes the
//! database away for so many seconds, beginning a few seconds before the burst.
//!
//! Told is how long after its arrival a trade was in the sums that the screen shows, how long after
//! its end a minute was committed, the largest memory, and whether each trade is in the database.
//! A trade is stored with its minute: it cannot be sooner than that ends.

#![expect(clippy::print_stdout, reason = "a measurement tells what it finds")]

use std::io::{BufRead, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::broadcast;
use undertow_analysis::volatility::Estimator;
use undertow_engine::clock::Clock;
use undertow_engine::consolidated::{Consolidated, ConsolidatedParts, Lag, MAX_HELD};
use undertow_engine::settings::{Straddles, Tape};
use undertow_market::{Calendar, Reasons, Symbol, TapeMinute};
use undertow_simulator::{Burst, SimClock, Simulator, SimulatorConfig};
use undertow_store::{Store, StoreOptions};
use undertow_testkit::chaos::{Proxy, Upstream};
use undertow_testkit::postgres::TestDatabase;
use undertow_vendor::polygon::stream::{PolygonStreamConfig, PolygonStreamLimits, SpillConfig};
use undertow_vendor::polygon::{Polygon, PolygonConfig};
use undertow_vendor::{Budget, HttpLimits, RetryPolicy};

const SYMBOLS: u16 = 500;
const SEED: u64 = 7;
/// In regular hours, a little after a minute began.
const NOW: &str = "2026-06-02T15:00:05Z";
const SESSION: &str = "2026-06-02";
const STEADY: u32 = 25_000;
const BURST: u32 = 100_000;
const BURST_SECONDS: u32 = 5;
/// Few trades: they only move the tape's clock.
const TRICKLE: u32 = 200;
const TRICKLE_SECONDS: u32 = 75;

fn argument(name: &str, otherwise: u32) -> u32 {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1).and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

#[tokio::main]
async fn main() -> Result<()> {
    if std::env::args().any(|argument| argument == "serve") {
        serve().await
    } else {
        measure().await
    }
}

/// The simulated vendor: says where it is, and sends what it is told to.
async fn serve() -> Result<()> {
    let clock = SimClock::running(NOW.parse()?, 1.0);
    let simulator = Simulator::start(SimulatorConfig::new(SEED, clock)).await?;
    println!("{} {} {}", simulator.url(), simulator.stocks_url(), simulator.key());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let numbers: Vec<u32> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [per_second, seconds, symbols] = numbers.as_slice() else { break };
        let before = simulator.burst_sent();
        let symbols = u16::try_from(*symbols)?;
        let burst = Burst { per_second: *per_second, seconds: *seconds, symbols };
        let began = Instant::now();
        simulator.burst(burst);
        while simulator.burst_sent() - before < burst.total() && began.elapsed().as_secs() < 300 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        println!("{} {}", simulator.burst_sent() - before, began.elapsed().as_millis());
    }
    Ok(())
}

/// The vendor's process.
struct Vendor {
    child: Child,
    input: ChildStdin,
    output: std::io::BufReader<ChildStdout>,
}

impl Vendor {
    fn start() -> Result<(Self, Vec<String>)> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().context("a pipe")?;
        let output = std::io::BufReader::new(child.stdout.take().context("a pipe")?);
        let mut vendor = Self { child, input, output };
        let hello = vendor.line()?;
        Ok((vendor, hello.split(' ').map(str::to_owned).collect()))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    /// Sends trades; returns how many and how long it took.
    fn send(&mut self, [per_second, seconds, symbols]: [u32; 3]) -> Result<(u64, Duration)> {
        writeln!(self.input, "{per_second} {seconds} {symbols}")?;
        let line = self.line()?;
        let (sent, took) = line.split_once(' ').context("an answer")?;
        Ok((sent.parse()?, Duration::from_millis(took.parse()?)))
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
    }
}

async fn measure() -> Result<()> {
    let away = argument("--away", 0);
    let steady_seconds = argument("--steady", 20);
    let database = TestDatabase::create().await?;
    let address = database.address();
    let upstream = match address.get_socket() {
        Some(folder) => Upstream::Unix(folder.join(format!(".s.PGSQL.{}", address.get_port()))),
        None => anyhow::bail!("the test server is reached over a socket"),
    };
    let proxy = Proxy::start(upstream).await?;
    let url = format!(
        "postgres://{}@{}/{}?sslmode=disable",
        address.get_username(),
        proxy.address(),
        database.name
    );
    let (mut vendor, hello) = Vendor::start()?;
    let [rest, stocks, key] = hello.as_slice() else { anyhow::bail!("{hello:?}") };
    let folder = tempfile::tempdir()?;
    let engine = engine(&url, [rest, stocks, key], folder.path()).await?;
    wait_for("every symbol is streamed", || {
        let health = engine.health();
        health.tapes.len() == usize::from(SYMBOLS) && health.tapes.iter().all(|of| of.is_streamed)
    })
    .await?;
    println!("500 symbols are streamed; memory {} MB", memory_mb());
    let sent = run(&mut vendor, &engine, &proxy, [steady_seconds, away]).await?;
    wait_for("the last minute is stored", || engine.health().counters.held < 50_000).await?;
    println!("{:?}", engine.health().counters);
    println!("{:?}", engine.health().stream.counters);
    let repeats = engine.health().counters.repeats;
    engine.stop().await;
    let direct = database.store().await?;
    let stored = stored(&direct).await?;
    println!(
        "sent {sent} trades, stored {stored}, {repeats} were sent twice: {} are missing",
        sent.saturating_sub(stored + repeats)
    );
    Ok(())
}

/// Sends everything and tells how it went. Returns how many trades of whole minutes were sent.
async fn run(
    vendor: &mut Vendor,
    engine: &Consolidated,
    proxy: &Proxy,
    [steady_seconds, away]: [u32; 2],
) -> Result<u64> {
    let largest = watch_memory();
    let mut sent = 0;
    let mut before = engine.health().counted;
    let away_at = steady_seconds.saturating_sub(5);
    let phases = [
        ("steady", STEADY, away_at),
        ("steady, the database away", STEADY, steady_seconds - away_at),
        ("burst", BURST, BURST_SECONDS),
        ("steady after the burst", STEADY, away.saturating_sub(10).max(5)),
        ("trickle", TRICKLE, TRICKLE_SECONDS),
    ];
    let mut taken_away = None;
    for (nth, (name, per_second, seconds)) in phases.into_iter().enumerate() {
        if nth == 1 && away > 0 {
            proxy.set(|faults| faults.down = true);
            taken_away = Some(Instant::now());
        }
        if nth == 4
            && let Some(since) = taken_away
        {
            let left = Duration::from_secs(u64::from(away)).saturating_sub(since.elapsed());
            tokio::time::sleep(left).await;
            proxy.heal();
            println!("the database was away for {:.1} s", since.elapsed().as_secs_f64());
        }
        // Each burst counts its trades from zero. Over other symbols they are other trades.
        let symbols = u32::from(SYMBOLS) - u32::try_from(nth)?;
        let (count, took) =
            tokio::task::block_in_place(|| vendor.send([per_second, seconds, symbols]))?;
        sent += count;
        wait_for("what was sent is counted", || engine.health().counters.streamed >= sent).await?;
        let health = engine.health();
        tell(name, count, took, &health.counted.since(&before));
        println!(
            "    held {}, memory {} MB, largest {} MB, {:?}",
            health.counters.held,
            memory_mb(),
            largest.load(std::sync::atomic::Ordering::Relaxed),
            health.database_problem
        );
        before = health.counted;
    }
    let stored = engine.health().stored;
    println!(
        "minutes were committed after their end: p50 {:?}, p99 {:?}, longest {:?}",
        stored.percentile(50),
        stored.percentile(99),
        stored.longest()
    );
    let assessed = engine.health().assessed;
    println!("{} symbols were judged in {:?}", assessed.symbols, assessed.took);
    Ok(sent)
}

fn tell(name: &str, count: u64, took: Duration, lag: &Lag) {
    println!(
        "{name}: {count} trades in {:.1} s ({:.0}/s); received to counted p50 {:?}, p99 {:?}",
        took.as_secs_f64(),
        count as f64 / took.as_secs_f64(),
        lag.percentile(50).unwrap_or_default(),
        lag.percentile(99).unwrap_or_default(),
    );
}

async fn wait_for(what: &str, is: impl Fn() -> bool) -> Result<()> {
    let began = Instant::now();
    while !is() {
        anyhow::ensure!(began.elapsed() < Duration::from_secs(400), "waited too long: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

async fn engine(
    url: &str,
    [rest, stocks, key]: [&String; 3],
    folder: &std::path::Path,
) -> Result<Consolidated> {
    let store = Store::open_url(url, StoreOptions::default()).await?;
    let clock = Clock::starting_at(NOW.parse::<DateTime<Utc>>()?, 1.0);
    let budget = Budget::new();
    let client = Polygon::new(PolygonConfig {
        base_url: rest.clone(),
        key: key.clone().into(),
        limits: HttpLimits::default(),
        retry: RetryPolicy::default(),
        budget: budget.clone(),
        now: Arc::new(move || clock.now()),
    })?;
    let config = PolygonStreamConfig {
        url: stocks.clone(),
        key: key.clone().into(),
        limits: PolygonStreamLimits::default(),
        calendar: Arc::new(Calendar::nyse()),
        now: Arc::new(move || clock.now()),
    };
    let spill = SpillConfig { folder: folder.join("spill"), max_bytes: 2 << 30 };
    let parts = ConsolidatedParts {
        store,
        client,
        stream: Some((config, spill)),
        budget,
        clock,
        calendar: Calendar::nyse(),
        tape: Tape {
            symbols: (0..SYMBOLS).map(symbol).collect::<Result<_>>()?,
            history_sessions: 0,
            print_floor: 100_000,
            chain_every_s: 3_600,
            stream: true,
            whole_market: false,
        },
        straddles: straddles(),
        collecting: true,
        events: broadcast::Sender::new(1_024),
        max_held: MAX_HELD,
    };
    Ok(Consolidated::start(parts).await?)
}

fn symbol(place: u16) -> Result<Symbol> {
    Ok(Symbol::new(&Burst::symbol(place))?)
}

fn straddles() -> Straddles {
    Straddles {
        activity_increase: 3.0,
        spread: 0.10,
        min_days: 20,
        max_days: 45,
        max_leg_spread: 0.10,
        min_open_interest: 100,
        estimator: Estimator::YangZhang,
        sessions: 30,
        rate: 0.04,
    }
}

/// Trades that are in the database, whatever the tape says of them.
async fn stored(store: &Store) -> Result<u64> {
    let day: NaiveDate = SESSION.parse()?;
    let mut trades = 0;
    for place in 0..SYMBOLS {
        let minutes = store.tape_minutes(&symbol(place)?, day, day).await?;
        trades += minutes.iter().map(trades_of).sum::<u64>();
    }
    Ok(trades)
}

fn trades_of(of: &TapeMinute) -> u64 {
    let apart = of.apart.iter().filter(|apart| apart.reasons.intersects(Reasons::NOT_COUNTED));
    let apart: u32 = apart.map(|apart| apart.volume.trades).sum();
    u64::from(of.lit.trades + of.off_exchange.trades + apart)
}

/// Follows the largest memory of this process, the database not included.
fn watch_memory() -> Arc<std::sync::atomic::AtomicU64> {
    let largest = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let seen = Arc::clone(&largest);
    tokio::spawn(async move {
        loop {
            seen.fetch_max(memory_mb(), std::sync::atomic::Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    largest
}

/// Memory of this process that is in use, where the system tells.
fn memory_mb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4_096 / 1_000_000
}
