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

/// A place whose programs ask a simulated vendor for the tape at an instant.
async fn place_with_vendor(now: &str) -> (Rig, Place) {
    let rig = Rig::with(now, 1.0, |config| config.key = KEY.to_owned()).await;
    let mut place = Place::new("[tape]\nsymbols = [\"SPY\"]\nhistory_sessions = 1\n");
    let address = rig.simulator.url();
    place.set("UNDERTOW_POLYGON_WS_URL", format!("{}/stocks", address.replacen("http", "ws", 1)));
    place.set("UNDERTOW_POLYGON_REST_URL", address);
    place.set("UNDERTOW_POLYGON_KEY", KEY);
    place.set("UNDERTOW_NOW", now);
    (rig, place)
}

const KEY: &str = "a-key";
const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_of_the_tape_is_done_here_or_by_the_daemon_and_tells_by_its_exit_code() {
    let (_rig, mut place) = place_with_vendor(SATURDAY).await;
    let of = |name: &'static str| {
        ["backfill", name, "--from", "2026-06-03", "--to", DAY, "--vendor", "polygon"]
    };
    let first = place.run(&[&["--json"], &of("IWM")[..]].concat());
    first.expect(0, &[]);
    let job = document(&first)["backfill"].clone();
    assert_eq!((&job["vendor"], &job["state"]), (&json!("polygon"), &json!("done")), "{job}");
    assert_eq!(job["sessions_done"], 3, "{job}");
    place.run(&of("IWM")).expect(3, &["Nothing to do"]);
    place.run(&[&of("IWM")[..], &["--reread"]].concat()).expect(0, &["Done. 3 of 3 sessions"]);

    let daemon = place.start(&SERVE).await;
    daemon.until_open().await;
    place.run(&of("QQQ")).expect(0, &["Done. 3 of 3 sessions"]);
    place.run(&of("QQQ")).expect(3, &["Nothing to do"]);
    let (status, said) = daemon.stop().await;
    assert!(status.success(), "{said}");

    place.set("UNDERTOW_POLYGON_KEY", "another-key");
    place.run(&of("DIA")).expect(1, &["Failed", "the vendor refused the key"]);
    place.set("UNDERTOW_POLYGON_KEY", "");
    place.run(&of("DIA")).expect(1, &["UNDERTOW_POLYGON_KEY"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flat_file_is_imported_while_a_daemon_collects() {
    let (rig, place) = place_with_vendor("2026-06-05T19:30:00Z").await;
    let file = |day: &str| {
        let path = place.folder.path().join(format!("{day}.csv.gz"));
        tokio::task::block_in_place(|| {
            rig.simulator.write_flat_file(FlatFile::Trades, date(day), &path).unwrap();
        });
        path.to_str().expect("a plain name").to_owned()
    };
    let (yesterday, today) = (file("2026-06-04"), file(DAY));
    let daemon = place.start(&SERVE).await;
    daemon.until_open().await;
    until("the tape is collected", async || {
        let status = daemon.call("get_status", json!({})).await.unwrap();
        (status["collecting"] == true).then_some(())
    })
    .await;
    let tickers = ["--symbol", "SPY", "--symbol", "NVDA"];
    let imported = place.run(&[&["--json", "import", &yesterday], &tickers[..]].concat());
    imported.expect(0, &[]);
    let found = document(&imported)["files"][0].clone();
    assert_eq!((&found["symbols"], &found["rejected"]), (&json!(2), &json!(0.0)), "{found}");
    assert!(found["changed"].as_f64() > Some(0.0), "{found}");
    // The session that runs is the collector's.
    place
        .run(&[&["import", &today], &tickers[..]].concat())
        .expect(1, &["no session that is over"]);
    let status = daemon.call("get_status", json!({})).await.unwrap();
    assert_eq!(
        (&status["collecting"], &status["database"]["health"]),
        (&json!(true), &json!("healthy"))
    );
    let (status, said) = daemon.stop().await;
    assert!(status.success(), "{said}");

    // Nobody else uses the database now: the same file is known, and changes nothing.
    place.run(&[&["import", &yesterday], &tickers[..]].concat()).expect(3, &["imported before"]);
    let again = place.run(&[&["--json", "import", &yesterday, "--again"], &tickers[..]].concat());
    again.expect(0, &[]);
    assert_eq!(document(&again)["files"][0]["changed"], 0.0);
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
