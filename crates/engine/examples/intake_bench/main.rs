//! How many option trades a second the program takes in from the vendor's stream, through decoding,
//! checking, classifying and storing, with the database on the same machine.
//!
//!     cargo run --release -p undertow-engine --example intake_bench -- --rate 25000 --seconds 60
//!     cargo run --release -p undertow-engine --example intake_bench -- --rate 0 --seconds 30
//!
//! A vendor on loopback sends frames over a real websocket, the engine that the app runs takes
//! them in, and a durable Postgres (`fsync` on) keeps them. Rate 0 sends as fast as frames are
//! taken; then the program's own pace is what is measured. Every trade must have arrived, exactly
//! once, or the run fails.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on says where")]

mod processor;
mod vendor;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use tokio::sync::broadcast;
use undertow_engine::clock::Clock;
use undertow_engine::engine::{Engine, Parts};
use undertow_engine::event::EngineEvent;
use undertow_engine::settings::Collect;
use undertow_market::{Calendar, Symbol};
use undertow_store::flow::MAX_SESSION_TRADES;
use undertow_store::{EmbeddedConfig, EmbeddedPostgres, Store, StoreOptions};
use undertow_vendor::unusual_whales::stream::{StreamConfig, StreamLimits};
use undertow_vendor::{Budget, HttpLimits, RetryPolicy, UnusualWhales, UnusualWhalesConfig};

use vendor::{Load, Vendor};

const SYMBOLS: [&str; 5] = ["SPY", "QQQ", "IWM", "DIA", "NVDA"];
pub(crate) const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a Monday");
/// How often it is looked how many trades are on their way.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// After the last trade was sent, all must be stored within this time.
const DRAIN_LIMIT: Duration = Duration::from_secs(120);

/// What was seen while trades came in.
#[derive(Default)]
struct Seen {
    /// For each symbol, when rows were told to be stored, and how many.
    told: BTreeMap<Symbol, Vec<(DateTime<Utc>, u64)>>,
    stored: u64,
    /// Trades that were sent and not yet stored, at each look while they were sent.
    waiting: Vec<u64>,
    sent_for: Duration,
    took: Duration,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let rate = argument("rate", 25_000);
    let time = Duration::from_secs(argument("seconds", 30));
    let load = Load { rate: (rate > 0).then_some(rate), time };
    let open = Calendar::nyse().session(DAY).unwrap().open_at;
    let clock = Clock::starting_at(open + chrono::TimeDelta::hours(1), 1.0);
    let folder = tempfile::Builder::new().prefix("undertow-bench-").tempdir()?;
    let server = EmbeddedPostgres::start(EmbeddedConfig::new(folder.path())).await?;
    let store = Store::open(server.database("bench").await?, StoreOptions::default()).await?;
    let vendor = Vendor::start(SYMBOLS.to_vec(), clock, load).await?;
    let engine = engine(&store, clock, format!("http://{}", vendor.address)).await?;

    let events = engine.events();
    vendor.begin().await?;
    let before = (processor::of_this_program(), processor::of_the_database());
    let seen = watch(&vendor, events, clock).await?;
    let after = (processor::of_this_program(), processor::of_the_database());
    let own = after.0 - before.0 - vendor.ticks();
    let costs = [("program", own), ("database", after.1 - before.1), ("vendor", vendor.ticks())];
    engine.stop().await;
    report(&store, &seen, vendor.sent(), &costs).await?;
    store.close().await;
    server.stop().await?;
    Ok(())
}

async fn engine(store: &Store, clock: Clock, base_url: String) -> Result<Engine> {
    let budget = Budget::new();
    let vendor = UnusualWhales::new(UnusualWhalesConfig {
        base_url: base_url.clone(),
        key: "no-key".into(),
        limits: HttpLimits::default(),
        retry: RetryPolicy::default(),
        budget: budget.clone(),
        now: Arc::new(move || clock.now()),
    })?;
    let stream = StreamConfig {
        base_url,
        key: "no-key".into(),
        limits: StreamLimits::default(),
        min_premium: 0,
        calendar: Arc::new(Calendar::nyse()),
        now: Arc::new(move || clock.now()),
    };
    let collect = Collect {
        symbols: SYMBOLS.iter().map(|name| Symbol::new(name).unwrap()).collect(),
        history_sessions: 0,
        slowest_poll_s: 60,
        fastest_poll_s: 15,
        min_premium: 0,
        stream: true,
    };
    let parts = Parts {
        store: store.clone(),
        vendor,
        stream: Some(stream),
        budget,
        clock,
        calendar: Calendar::nyse(),
        collect,
        collecting: true,
    };
    Ok(Engine::start(parts).await?)
}

/// Follows what is stored until all that was sent is.
async fn watch(
    vendor: &Vendor,
    mut events: broadcast::Receiver<EngineEvent>,
    clock: Clock,
) -> Result<Seen> {
    let mut seen = Seen::default();
    let mut look = tokio::time::interval(LOOK_EVERY);
    let begun = Instant::now();
    loop {
        tokio::select! {
            event = events.recv() => if let EngineEvent::Flow(touched) = event? {
                seen.stored += touched.rows;
                seen.took = begun.elapsed();
                seen.told.entry(touched.symbol).or_default().push((clock.now(), touched.rows));
            },
            _ = look.tick() => {
                if vendor.is_done() {
                    if seen.sent_for.is_zero() {
                        seen.sent_for = begun.elapsed();
                    }
                    if seen.stored >= vendor.sent() {
                        return Ok(seen);
                    }
                } else {
                    seen.waiting.push(vendor.sent().saturating_sub(seen.stored));
                }
                ensure!(
                    seen.sent_for.is_zero() || begun.elapsed() < seen.sent_for + DRAIN_LIMIT,
                    "{} of {} trades were stored", seen.stored, vendor.sent()
                );
            }
        }
    }
}

async fn report(store: &Store, seen: &Seen, sent: u64, costs: &[(&str, u64)]) -> Result<()> {
    let mut out = std::io::stdout();
    let seconds = seen.took.as_secs_f64();
    writeln!(
        out,
        "{sent} trades sent in {:.1} s, stored in {seconds:.1} s",
        seen.sent_for.as_secs_f64()
    )?;
    writeln!(out, "stored: {:.0} trades/s", seen.stored as f64 / seconds)?;
    let waiting = &seen.waiting;
    writeln!(
        out,
        "sent and not yet stored: median {}, 99 % below {}, at the end {}",
        quantile(waiting, 0.5),
        quantile(waiting, 0.99),
        waiting.last().copied().unwrap_or(0)
    )?;
    let (rows, latencies) = latencies(store, seen).await?;
    ensure!(rows == sent, "{rows} rows are there, {sent} were sent");
    writeln!(
        out,
        "received to stored: median {} ms, 99 % below {} ms, most {} ms",
        quantile(&latencies, 0.5),
        quantile(&latencies, 0.99),
        quantile(&latencies, 1.0)
    )?;
    let writes = seen.told.values().map(Vec::len).max().unwrap_or(0);
    writeln!(out, "writes: {writes}, of {} trades on average", sent / writes.max(1) as u64)?;
    for (name, ticks) in costs {
        let time = *ticks as f64 / processor::TICKS_A_SECOND;
        let each = time * 1e6 / sent as f64;
        writeln!(out, "processor time of the {name}: {time:.1} s, {each:.1} µs a trade")?;
    }
    Ok(())
}

/// For each trade the milliseconds from its receipt to when it was told to be stored, and how many
/// trades there are. Trades of a symbol are stored in the order in which they come, so the first
/// told are the first received.
async fn latencies(store: &Store, seen: &Seen) -> Result<(u64, Vec<u64>)> {
    let (mut rows, mut latencies) = (0, Vec::new());
    for (symbol, told) in &seen.told {
        let trades = store.session_trades(symbol, DAY, Decimal::ZERO, MAX_SESSION_TRADES).await?;
        rows += trades.len() as u64;
        let mut received: Vec<_> = trades.iter().map(|trade| trade.received_at).collect();
        received.sort_unstable();
        let stored = told.iter().flat_map(|(at, rows)| std::iter::repeat_n(*at, *rows as usize));
        let of = |(stored, received): (DateTime<Utc>, DateTime<Utc>)| {
            (stored - received).num_milliseconds()
        };
        latencies.extend(stored.zip(received).map(of).map(|ms| u64::try_from(ms).unwrap_or(0)));
    }
    Ok((rows, latencies))
}

fn quantile(values: &[u64], part: f64) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part).round() as usize).copied().unwrap_or(0)
}

/// The number after `--name`, or the default.
fn argument(name: &str, default: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != &format!("--{name}"));
    arguments.nth(1).and_then(|value| value.parse().ok()).unwrap_or(default)
}
