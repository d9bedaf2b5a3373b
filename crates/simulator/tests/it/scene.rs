//! What is added to the market by hand.

use std::collections::HashSet;

use chrono::TimeDelta;
use undertow_simulator::{SceneError, Simulator, SimulatorConfig};

use crate::served::{AFTERNOON, DATE, at, date, row_time, served, symbol};

const SECOND: &str = "2026-06-02T18:30:15Z";

#[tokio::test]
async fn a_crowded_second_is_served_from_both_of_its_ends() {
    let served = served(AFTERNOON).await;
    let market = served.simulator.market();
    let before = market.session(&symbol("SPY"), date(DATE)).expect("a session");
    market.inject_second(&symbol("SPY"), date(DATE), at(SECOND), 600).expect("an open second");
    let day = market.session(&symbol("SPY"), date(DATE)).expect("a session");
    assert_eq!(day.prints.len(), before.prints.len() + 600);
    assert!(before.prints.iter().all(|print| day.prints.contains(print)), "a row changed");
    let within = format!(
        "newer_than={}&older_than={}",
        at(SECOND).timestamp() - 1,
        at(SECOND).timestamp() + 1
    );
    let mut found = HashSet::new();
    for order in ["desc", "asc"] {
        let rows = served.rows(&format!("/api/darkpool/SPY?{within}&order={order}")).await;
        assert_eq!(rows.len(), 500);
        assert!(rows.iter().all(|row| row_time(row) == at(SECOND)));
        found.extend(rows.into_iter().map(|row| row.to_string()));
    }
    assert!(found.len() >= 600, "{} rows", found.len());
}

#[tokio::test]
async fn injected_prints_are_covered_by_their_bar() {
    let served = served(AFTERNOON).await;
    let market = served.simulator.market();
    market.inject_second(&symbol("DIA"), date(DATE), at(SECOND), 50).expect("an open second");
    let day = market.session(&symbol("DIA"), date(DATE)).expect("a session");
    let bar = day.bars.iter().rfind(|bar| bar.start_at <= at(SECOND)).expect("a minute");
    let here: Vec<_> = day.prints.iter().filter(|p| p.reported_at == at(SECOND)).collect();
    assert!(here.len() >= 50);
    assert!(here.iter().all(|print| bar.low <= print.price && print.price <= bar.high));
    assert!(here.iter().map(|print| print.size).sum::<i64>() <= bar.volume);
}

#[tokio::test]
async fn a_print_is_withdrawn_by_hand_over_http() {
    let served = served(AFTERNOON).await;
    let scene = format!("{}/simulator/scene", served.simulator.url());
    let body = format!(r#"{{"cancel": {{"symbol": "DIA", "date": "{DATE}", "index": 0}}}}"#);
    let post = || {
        let request = served.client.post(&scene).header("content-type", "application/json");
        request.body(body.clone()).send()
    };
    assert_eq!(served.rows("/api/darkpool/DIA?order=asc&limit=1").await[0]["canceled"], false);
    assert_eq!(post().await.unwrap().status().as_u16(), 204);
    assert_eq!(served.rows("/api/darkpool/DIA?order=asc&limit=1").await[0]["canceled"], true);
    served.clock.advance(TimeDelta::seconds(-1));
    assert_eq!(served.rows("/api/darkpool/DIA?order=asc&limit=1").await[0]["canceled"], false);
}

#[tokio::test]
async fn a_scene_that_cannot_be_is_refused_with_its_reason() {
    let served = served(AFTERNOON).await;
    let market = served.simulator.market();
    let inject = |ticker: &str, on: &str, second: &str, count| {
        market.inject_second(&symbol(ticker), date(on), at(second), count)
    };
    assert_eq!(inject("ZZZZ", DATE, SECOND, 1), Err(SceneError::NoSuchDay));
    assert_eq!(inject("SPY", "2026-05-30", SECOND, 1), Err(SceneError::NoSuchDay));
    assert_eq!(inject("SPY", DATE, "2026-06-02T03:00:00Z", 1), Err(SceneError::OutsideSession));
    assert_eq!(inject("SPY", DATE, "2026-06-03T00:00:00Z", 1), Err(SceneError::OutsideSession));
    assert_eq!(inject("SPY", DATE, SECOND, 5_001), Err(SceneError::TooMany));
    let cancel = market.cancel(&symbol("SPY"), date(DATE), 1_000_000, at(SECOND));
    assert_eq!(cancel, Err(SceneError::NoSuchPrint));
}

#[tokio::test]
async fn the_simulator_listens_on_loopback_only() {
    let clock = served(AFTERNOON).await.simulator.clock();
    let mut config = SimulatorConfig::new(1, clock);
    config.listen = "0.0.0.0:0".parse().unwrap();
    let refused = Simulator::start(config).await.err().map(|error| error.kind());
    assert_eq!(refused, Some(std::io::ErrorKind::InvalidInput));
}
