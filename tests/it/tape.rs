//! The consolidated tape from the command line and over plain HTTP.

use std::path::PathBuf;

use serde_json::{Value, json};
use undertow_simulator::{FlatFile, SimClock, Simulator, SimulatorConfig};

use crate::rig::*;
use crate::undertowd::*;

const DAY: &str = "2026-06-05";

/// A day's flat file of the simulated market, in a place of its own.
async fn day_file(place: &Place) -> PathBuf {
    let clock = SimClock::running(at(SATURDAY), 1.0);
    let simulator = Simulator::start(SimulatorConfig::new(SEED, clock)).await.unwrap();
    let file = place.folder.path().join(format!("{DAY}.csv.gz"));
    let (writing, market_file) = (file.clone(), FlatFile::Trades);
    tokio::task::block_in_place(|| {
        simulator.write_flat_file(market_file, date(DAY), &writing).unwrap();
    });
    simulator.stop().await;
    file
}

fn document(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.all()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flat_file_is_imported_once_and_again_only_when_asked() {
    let place = Place::new("");
    let file = day_file(&place).await;
    let name = file.to_str().expect("a plain name");

    let first = place.run(&["--json", "import", name, "--symbol", "SPY", "--symbol", "NVDA"]);
    first.expect(0, &[]);
    let found = document(&first)["files"][0].clone();
    assert_eq!(found["session_date"], DAY, "{found}");
    assert_eq!(found["symbols"], 2, "{found}");
    assert!(found["trades"].as_f64() > Some(1_000.0) && found["changed"].as_f64() > Some(0.0));
    assert_eq!(found["rejected"], 0.0, "{found}");

    let both = ["--symbol", "NVDA", "--symbol", "SPY"];
    place.run(&[&["import", name], &both[..]].concat()).expect(3, &["imported before"]);
    let again = place.run(&[&["--json", "import", name, "--again"], &both[..]].concat());
    again.expect(0, &[]);
    assert_eq!(document(&again)["files"][0]["changed"], 0.0, "the same file changes nothing");

    let report = document(&place.run(&["--json", "db", "status"]));
    let tables = report["database"]["tables"].to_string();
    assert!(tables.contains("tape_minutes"), "{tables}");
}

#[tokio::test]
async fn what_cannot_be_imported_is_refused_with_words() {
    let place = Place::new("");
    let file = place.folder.path().join("not-a-file.csv");
    std::fs::write(&file, "nothing,of,the,kind\n1,2,3,4\n").unwrap();
    let name = file.to_str().expect("a plain name");
    place.run(&["import", "/nowhere/2026-06-05.csv.gz"]).expect(1, &["/nowhere"]);
    place.run(&["import", name]).expect(1, &["not-a-file.csv", "column"]);
    place.run(&["import", name, "--symbol", "not a ticker"]).expect(1, &["not a ticker"]);
}

#[tokio::test]
async fn other_programs_read_opportunities_and_change_the_watch_list() {
    let mut place = Place::new("[tape]\nsymbols = [\"SPY\"]\nhistory_sessions = 1\n");
    place.set("UNDERTOW_LISTEN", "127.0.0.1:0");
    let daemon = place.start(&["demo"]).await;
    daemon.until_open().await;
    let get = async |path: &str| -> Value {
        client().get(format!("{}{path}", daemon.url)).send().await.unwrap().json().await.unwrap()
    };
    let subscribe = async |method, own: bool| {
        let address = format!("{}/api/subscribe/NVDA", daemon.url);
        let mut request = client().request(method, address);
        if own {
            request = request.header("x-undertow", "1");
        }
        request.send().await.unwrap()
    };

    let refused = subscribe(reqwest::Method::POST, false).await;
    assert_eq!(refused.status(), 403, "a foreign page may not subscribe");
    let watched = subscribe(reqwest::Method::POST, true).await;
    assert_eq!(watched.status(), 200);
    let watched: Value = watched.json().await.unwrap();
    assert!(watched.to_string().contains("NVDA"), "{watched}");
    until("NVDA is a candidate", async || {
        let rows = get("/api/opportunities?limit=50").await;
        rows.to_string().contains("NVDA").then_some(())
    })
    .await;
    let detail = get("/api/analytics/NVDA").await;
    assert!(detail.to_string().contains("NVDA"), "{detail}");
    let left = subscribe(reqwest::Method::DELETE, true).await;
    assert_eq!(left.status(), 200);
    let left = daemon.call("get_tape_watch", json!({})).await.unwrap();
    assert!(!left.to_string().contains("NVDA"), "{left}");
    daemon.stop().await;
}
