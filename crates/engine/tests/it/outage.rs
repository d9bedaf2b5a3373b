//! The database goes away, or the program dies: what was not committed is read again.

use std::net::ToSocketAddrs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use undertow_store::content::ContentHash;
use undertow_store::{Store, StoreOptions};
use undertow_testkit::chaos::{Proxy, Upstream};
use undertow_testkit::postgres::TestDatabase;
use undertow_vendor::polygon::stream::StreamCounters;

use crate::rig::*;

const SESSION: &str = "2026-06-02";

/// A store that reaches its database through a bad network.
async fn behind_a_proxy(database: &TestDatabase) -> (Proxy, Store) {
    let address = database.address();
    let upstream = match address.get_socket() {
        Some(folder) => Upstream::Unix(folder.join(format!(".s.PGSQL.{}", address.get_port()))),
        None => {
            let host = (address.get_host(), address.get_port());
            Upstream::Tcp(host.to_socket_addrs().unwrap().next().expect("the server's address"))
        }
    };
    let proxy = Proxy::start(upstream).await.unwrap();
    let url = format!(
        "postgres://{}@{}/{}?sslmode=disable",
        address.get_username(),
        proxy.address(),
        database.name
    );
    let store = Store::open_url(&url, StoreOptions::default()).await.unwrap();
    (proxy, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_for_minutes_costs_no_trade() {
    let database = TestDatabase::create().await.unwrap();
    let direct = database.store().await.unwrap();
    let (proxy, store) = behind_a_proxy(&database).await;
    let rig = Rig::at("2026-06-02T17:00:00Z", 120.0).await;
    let engine = rig.collector(&store, &["SPY", "IWM"]).await;
    for name in ["SPY", "IWM"] {
        rig.until_stored(&direct, name, SESSION, "2026-06-02T17:01:00Z").await;
    }
    proxy.set(|faults| faults.down = true);
    let away =
        until_health(&engine, "the outage is told", |health| health.database_problem.is_some())
            .await;
    println!("{:?}", away.database_problem);
    // Ten minutes of the market.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let held = engine.health().counters.held;
    proxy.heal();
    let healed = later(rig.clock, 1);
    for name in ["SPY", "IWM"] {
        rig.until_stored(&direct, name, SESSION, &healed).await;
    }
    let health = engine.health();
    engine.stop().await;
    assert!(held > 0, "{held} trades waited, {:?}", health.counters);
    assert_eq!(health.counters.too_late, 0, "{:?}", health.counters);
    for name in ["SPY", "IWM"] {
        let before = rig.stored_before(&direct, name, SESSION).await;
        rig.assert_no_hole(&direct, name, SESSION, 240..before).await;
    }
}

const FROM: &str = "2026-06-02T17:00:00Z";
const TO: &str = "2026-06-02T18:10:00Z";

/// A market that ends, and an engine with hardly any memory that streams it into a database that
/// may be taken away.
async fn to_the_end(takes_away: bool) -> (Vec<ContentHash>, StreamCounters) {
    let database = TestDatabase::create().await.unwrap();
    let direct = database.store().await.unwrap();
    let (proxy, store) = behind_a_proxy(&database).await;
    let mut rig = Rig::ending(FROM, TO, 120.0, |config| config.tape_scale = 3.0).await;
    let name = rig.unamended(SESSION, FROM, TO);
    rig.max_held = 50;
    rig.limits.queued_frames = 32;
    let engine = rig.collector(&store, &[&name]).await;
    until_health(&engine, "it is streamed", |health| {
        health.tapes.first().is_some_and(|tape| tape.is_streamed)
    })
    .await;
    rig.until_stored(&direct, &name, SESSION, &later(rig.clock, 1)).await;
    if takes_away {
        proxy.set(|faults| faults.down = true);
        until_health(&engine, "frames wait on disk", |health| {
            health.stream.counters.is_some_and(|counters| counters.spilled_frames > 10)
        })
        .await;
        proxy.heal();
    }
    rig.until_stored(&direct, &name, SESSION, "2026-06-02T18:12:00Z").await;
    let health = engine.health();
    engine.stop().await;
    assert_eq!(health.counters.too_late, 0, "{:?}", health.counters);
    (content(&direct, &name, SESSION).await, health.stream.counters.expect("it was streamed"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_memory_has_no_room_for_waits_on_disk_and_is_counted_once() {
    let (whole, away) = tokio::join!(to_the_end(false), to_the_end(true));
    assert_eq!(whole.1.spilled_frames, 0, "{:?}", whole.1);
    assert!(away.1.spilled_frames > 10, "{:?}", away.1);
    assert_eq!((away.1.dropped_frames, away.1.connections), (0, 1), "{:?}", away.1);
    assert!(whole.0.iter().all(|table| table.rows > 0), "{:?}", whole.0);
    assert_eq!(away.0, whole.0);
}

/// Runs an engine in a runtime of its own, and pulls the plug after a while.
fn killed_after(rig: &Rig, url: &str, wait: Duration) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let engine = runtime.block_on(async {
                let store = Store::open_url(url, StoreOptions::default()).await.unwrap();
                let engine = rig.collector(&store, &["SPY"]).await;
                tokio::time::sleep(wait).await;
                engine
            });
            runtime.shutdown_background();
            drop(engine);
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_dies_at_any_moment_loses_nothing() {
    static NTH: AtomicU64 = AtomicU64::new(0);
    let database = TestDatabase::create().await.unwrap();
    let direct = database.store().await.unwrap();
    let (proxy, _store) = behind_a_proxy(&database).await;
    let url = format!(
        "postgres://{}@{}/{}?sslmode=disable",
        database.address().get_username(),
        proxy.address(),
        database.name
    );
    let rig = Rig::at("2026-06-02T17:00:00Z", 120.0).await;
    for _ in 0..5 {
        // Somewhere else in the work each time.
        let nth = NTH.fetch_add(1, Ordering::SeqCst);
        let wait = Duration::from_millis(1_200 + 437 * nth);
        tokio::task::block_in_place(|| killed_after(&rig, &url, wait));
        proxy.reset_connections();
    }
    let engine = rig.collector(&direct, &["SPY"]).await;
    rig.until_stored(&direct, "SPY", SESSION, &later(rig.clock, 2)).await;
    engine.stop().await;
    let before = rig.stored_before(&direct, "SPY", SESSION).await;
    rig.assert_no_hole(&direct, "SPY", SESSION, 240..before).await;
}
