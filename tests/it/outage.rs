//! The database or the vendor goes away for a while and comes back.

use std::net::ToSocketAddrs;

use undertow_engine::engine::{Engine, Health};
use undertow_engine::feed::{Freshness, Series};
use undertow_store::{Store, StoreOptions};
use undertow_testkit::chaos::{Proxy, Upstream};
use undertow_testkit::postgres::TestDatabase;

use crate::rig::*;

const SESSION: &str = "2026-06-02";
/// Market seconds a second while something is away: to notice takes real seconds.
const SLOWER: f64 = 60.0;

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

/// Waits until the engine's health is as it should be.
async fn until_health(engine: &Engine, what: &str, is: impl Fn(&Health) -> bool) -> Health {
    until(what, async || Some(engine.health()).filter(|health| is(health))).await
}

/// Whether nothing is wrong, and prints and bars are fresh. At this speed of the market the series
/// that are polled one after the other cannot be.
fn keeps_its_promise(health: &Health) -> bool {
    health.feeds.iter().all(|(_, series, feed, freshness)| {
        let promised = matches!(series, Series::Prints | Series::Bars);
        feed.problem.is_none() && (!promised || *freshness == Freshness::Fresh)
    })
}

fn freshness(health: &Health, series: Series) -> Freshness {
    let feed = health.feeds.iter().find(|(_, of, ..)| *of == series);
    feed.map_or(Freshness::Late, |(.., freshness)| *freshness)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_costs_no_row_and_is_told() {
    let database = TestDatabase::create().await.unwrap();
    // One store sees the database past the bad network.
    let direct = database.store().await.unwrap();
    let (proxy, store) = behind_a_proxy(&database).await;
    let rig = Rig::at("2026-06-02T19:40:00Z", SLOWER).await;
    let engine = rig.collector(&store, &["IWM", "DIA"]).await;
    for name in ["IWM", "DIA"] {
        rig.until_read(&direct, name, SESSION, "2026-06-02T19:41:00Z").await;
    }
    for round in 0..2 {
        proxy.set(|faults| faults.down = true);
        let away =
            until_health(&engine, "the outage is told", |health| health.database_problem.is_some());
        println!("round {round}: {:?}", away.await.database_problem);
        // What is in the database while it cannot be reached is whole as well.
        rig.assert_books_are_true(&direct, "IWM", SESSION).await;
        proxy.heal();
        until_health(&engine, "the outage is over", |health| health.database_problem.is_none())
            .await;
        let healed_at = rig.clock.now().to_rfc3339();
        for name in ["IWM", "DIA"] {
            rig.until_read(&direct, name, SESSION, &healed_at).await;
        }
    }
    until_health(&engine, "all is well again", |health| {
        health.collecting && keeps_its_promise(health)
    })
    .await;
    engine.stop().await;
    for name in ["IWM", "DIA"] {
        rig.assert_books_are_true(&direct, name, SESSION).await;
        assert_rollups_need_no_rebuild(&direct, name, SESSION).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_in_the_middle_cost_a_backfill_no_row() {
    let database = TestDatabase::create().await.unwrap();
    let (proxy, store) = behind_a_proxy(&database).await;
    let rig = Rig::at(SATURDAY, 1.0).await;
    let engine = rig.backfiller(&store).await;
    let breaking = async {
        until("the work begins", async || (rig.simulator.requests().count > 2).then_some(())).await;
        loop {
            let before = proxy.bytes();
            until("bytes flow", async || (proxy.bytes() > before + 200_000).then_some(())).await;
            proxy.reset_connections();
        }
    };
    tokio::select! {
        job = backfilled(&engine, &["SPY"], "2026-06-04", "2026-06-05") => {
            assert_eq!(job.sessions_done, 2);
        }
        () = breaking => {}
    }
    engine.stop().await;
    let direct = database.store().await.unwrap();
    for session in ["2026-06-04", "2026-06-05"] {
        rig.assert_stored_whole(&direct, "SPY", session).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_goes_away_leaves_a_gap_that_is_filled_when_it_returns() {
    let (_database, store) = database().await;
    let mut rig = Rig::at("2026-06-02T19:30:00Z", SLOWER).await;
    let address = rig.simulator.url().replace("http://", "").parse().expect("an address");
    let proxy = Proxy::start(Upstream::Tcp(address)).await.unwrap();
    rig.vendor_url = Some(format!("http://{}", proxy.address()));
    let engine = rig.collector(&store, &["IWM"]).await;
    rig.until_read(&store, "IWM", SESSION, "2026-06-02T19:32:00Z").await;

    proxy.set(|faults| faults.down = true);
    for late in [Freshness::Late, Freshness::Stale] {
        until_health(&engine, "the feeds go late, then stale", |health| {
            freshness(health, Series::Prints) >= late && freshness(health, Series::Bars) >= late
        })
        .await;
    }
    let gap = until("the gap is told", async || gaps(&store, "IWM", SESSION).await.pop()).await;
    assert!(gap.from >= at("2026-06-02T19:32:00Z"), "{gap:?}");
    assert!(gap.reason.contains("connection"), "{}", gap.reason);

    proxy.heal();
    until_health(&engine, "the feeds are fresh again", |health| {
        health.feeds.iter().all(|(_, series, feed, freshness)| {
            // At this speed the series that are polled one after the other cannot keep pace.
            let keeps_pace = matches!(series, Series::Prints | Series::Bars);
            feed.problem.is_none() && (!keeps_pace || *freshness == Freshness::Fresh)
        })
    })
    .await;
    rig.until_read(&store, "IWM", SESSION, &rig.clock.now().to_rfc3339()).await;
    engine.stop().await;
    assert_eq!(gaps(&store, "IWM", SESSION).await, []);
    rig.assert_books_are_true(&store, "IWM", SESSION).await;
}
