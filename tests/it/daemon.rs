//! `undertowd` as a person, a script and a browser meet it.

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use undertow_testkit::postgres::TestDatabase;

use crate::rig::*;
use crate::undertowd::{Place, Undertowd, client, files};

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
const SETTINGS: &str = "[collect]\nsymbols = [\"DIA\"]\nhistory_sessions = 1\n";
/// A Friday, half past three in New York.
const NOW: &str = "2026-06-05T19:30:00Z";

/// A place whose daemon collects a simulated vendor at an instant.
async fn place_with_vendor(key: &str) -> (Rig, Place) {
    let rig = Rig::with(NOW, 1.0, |config| config.key = key.to_owned()).await;
    let mut place = Place::new(SETTINGS);
    place.set("UNDERTOW_UNUSUAL_WHALES_URL", rig.simulator.url());
    place.set("UNDERTOW_UNUSUAL_WHALES_KEY", key);
    place.set("UNDERTOW_NOW", NOW);
    (rig, place)
}

/// Where a database of the tests is, for another process.
fn address_of(database: &TestDatabase) -> String {
    let address = database.address();
    let (user, name) = (address.get_username(), &database.name);
    match address.get_socket() {
        Some(folder) => format!("postgres://{user}@localhost/{name}?host={}", folder.display()),
        None => {
            format!("postgres://{user}@{}:{}/{name}", address.get_host(), address.get_port())
        }
    }
}

#[test]
fn what_cannot_be_understood_is_refused_with_words() {
    let mut place = Place::new("");
    for arguments in [
        &["--no-such-flag", "status"][..],
        &["serve", "--no-such-flag"],
        &["no-such-command"],
        &["backfill", "SPY"],
        &["backfill", "SPY", "--from", "yesterday", "--to", "2026-06-05"],
        &[],
    ] {
        place.run(arguments).expect(2, &["--help"]);
    }
    let backfill = |from: &'static str, to: &'static str, vendor: &'static str| {
        ["backfill", "SPY", "--from", from, "--to", to, "--vendor", vendor]
    };
    place.run(&backfill("2026-06-05", "2026-06-04", "unusual_whales")).expect(2, &["is before"]);
    place.run(&backfill("2026-06-04", "2026-06-05", "nobody")).expect(1, &["unusual_whales"]);
    let key = "UNDERTOW_UNUSUAL_WHALES_KEY";
    place
        .run(&backfill("2026-06-04", "2026-06-05", "unusual_whales"))
        .expect(1, &["no key of Unusual Whales", key]);
    place.run(&["serve", "--listen", "0.0.0.0:0"]).expect(1, &["SSH tunnel"]);
    place.run(&["serve", "--listen", "somewhere"]).expect(1, &["127.0.0.1:8730"]);
    place
        .run(&["--config", "/nowhere/undertow.toml", "config", "show"])
        .expect(1, &["does not exist"]);
    place.set("UNDERTOW_NOW", "noon");
    place.run(&["config", "check"]).expect(1, &["UNDERTOW_NOW = noon"]);
}

#[test]
fn settings_are_shown_with_their_origins_and_wrong_ones_are_refused() {
    let mut place = Place::new(SETTINGS);
    place.set("UNDERTOW_LISTEN", "127.0.0.1:9001");
    place.run(&["config", "path"]).expect(0, &["undertow.toml"]);
    place.run(&["config", "check"]).expect(0, &["valid"]);
    let url = "postgres://me:canary-7d1f@127.0.0.1/db";
    let shown = place.run(&["--json", "config", "show", "--database-url", url]);
    shown.expect(0, &[]);
    assert!(!shown.all().contains("canary"), "{}", shown.all());
    let document: Value = serde_json::from_str(&shown.stdout).unwrap();
    let rows = document["settings"].as_array().unwrap();
    for (setting, value, origin) in [
        ("collect.slowest_poll_s", "60", "default"),
        ("collect.history_sessions", "1", "file "),
        ("server.listen", "127.0.0.1:9001", "environment UNDERTOW_LISTEN"),
        ("database.url", "me:•••@127.0.0.1", "flag --database-url"),
    ] {
        let row = rows.iter().find(|row| row["setting"] == setting).unwrap();
        assert!(row["value"].as_str().unwrap().contains(value), "{row}");
        assert!(row["origin"].as_str().unwrap().starts_with(origin), "{row}");
    }
    for (settings, words) in [
        ("[colect]\n", "colect"),
        ("[collect]\nslowest_poll_s = 1\n", "slowest_poll_s = 1"),
        ("[collect\n", "TOML"),
    ] {
        Place::new(settings).run(&["config", "check"]).expect(1, &[words]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_our_own_page_is_answered() {
    let place = Place::new("");
    let daemon = place.start(&SERVE).await;
    let page = client().get(&daemon.url).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'self'"), "{policy}");
    assert!(page.text().await.unwrap().contains("Undertow"));

    let port = daemon.host().rsplit(':').next().unwrap();
    let own = format!("http://localhost:{port}");
    for (header, value, allowed) in [
        ("x-undertow", "1", true),
        ("x-something", "1", false),
        ("origin", "https://evil.example", false),
        ("host", "evil.example", false),
        ("host", &format!("localhost:{port}"), true),
        ("origin", &own, true),
        ("origin", "null", false),
    ] {
        let request = client().post(format!("{}/api/rpc/get_app", daemon.url)).body("{}");
        let request =
            if header == "x-something" { request } else { request.header("x-undertow", "1") };
        let answer = request.header(header, value).send().await.unwrap();
        let expected = if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(answer.status(), expected, "{header}: {value}");
    }
    assert!(open_events(&daemon, "https://evil.example").await.is_err());
    let mut events = open_events(&daemon, &daemon.url).await.unwrap();
    assert_eq!(next_event(&mut events).await["kind"], "app");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_without_a_market_says_so_and_keeps_others_away() {
    let place = Place::new("");
    place.run(&["status"]).expect(2, &["no undertowd serves"]);
    let daemon = place.start(&SERVE).await;
    place.run(&["status"]).expect(2, &["No market is open"]);
    let refused = place.run(&SERVE);
    refused.expect(
        1,
        &["another undertowd (process ", "already serves this data folder at", &daemon.url],
    );
    for (name, request, status, code) in [
        (
            "get_bars",
            json!({ "symbol": "SPY", "interval": "1m", "limit": 1 }),
            409,
            "not_configured",
        ),
        ("no_such_command", json!({}), 404, "not_found"),
        ("get_bars", json!([]), 400, "invalid_input"),
        ("start_demo", json!({ "speed": 1e9 }), 400, "invalid_input"),
    ] {
        let (got, error) = daemon.call(name, request).await.unwrap_err();
        assert_eq!((got, error["code"].as_str()), (status, Some(code)), "{name}: {error}");
    }
    let large = "x".repeat(100_000);
    let request =
        client().post(format!("{}/api/rpc/get_app", daemon.url)).header("x-undertow", "1");
    let answer = request.body(large).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let (status, said) = daemon.stop().await;
    assert!(status.success(), "{said}");
    place.run(&["status"]).expect(2, &["no undertowd serves"]);
}

/// Opens the stream of events; an error is the status line of a refusal.
async fn open_events(daemon: &Undertowd, origin: &str) -> Result<TcpStream, String> {
    let mut stream = TcpStream::connect(daemon.host()).await.unwrap();
    let request = format!(
        "GET /api/events HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        daemon.host()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    if head.starts_with("HTTP/1.1 101") { Ok(stream) } else { Err(head) }
}

/// Reads one text frame of a server: never masked, never split by ours.
async fn next_event(stream: &mut TcpStream) -> Value {
    let opcode = stream.read_u8().await.unwrap();
    assert_eq!(opcode, 0x81, "a whole text frame");
    let length = match stream.read_u8().await.unwrap() {
        126 => u64::from(stream.read_u16().await.unwrap()),
        127 => stream.read_u64().await.unwrap(),
        short => u64::from(short),
    };
    let mut text = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut text).await.unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demonstration_runs_and_tells_what_happens() {
    let place = Place::new("");
    let daemon = place.start(&["demo", "--listen", "127.0.0.1:0", "--speed", "2"]).await;
    let mut events = open_events(&daemon, &daemon.url).await.unwrap();
    daemon.until_open().await;
    let mut kinds = Vec::new();
    while !["app", "prints", "bars", "status", "backfill"].iter().all(|kind| kinds.contains(kind)) {
        let event = next_event(&mut events).await;
        let kind = event["kind"].as_str().unwrap();
        kinds.extend(["app", "prints", "bars", "status", "backfill"].iter().find(|k| **k == kind));
    }
    until("the demonstration is healthy", async || {
        let status = place.run(&["status"]);
        (status.code == Some(0)).then(|| status.expect(0, &["Healthy", "SIMULATED", "speed 2"]))
    })
    .await;
    let document: Value = serde_json::from_str(&place.run(&["--json", "status"]).stdout).unwrap();
    assert_eq!(document["app"]["mode"], "simulated");
    assert_eq!(document["status"]["database"]["kind"], "embedded");
    place.run(&["db", "status"]).expect(0, &["embedded Postgres", "in use by undertowd"]);
    place.run(&["db", "migrate"]).expect(0, &["Nothing to migrate"]);
    let paths = ["health", "bars/SPY?limit=5", "prints/SPY?limit=5", "levels/SPY?sessions=1"];
    until("every resource has rows", async || {
        let answers =
            join_all(paths.map(|path| client().get(format!("{}/api/{path}", daemon.url)).send()));
        let mut all_have_rows = true;
        for (path, answer) in paths.iter().zip(answers.await) {
            let answer = answer.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let document: Value = answer.json().await.unwrap();
            assert!(document.is_object(), "{path}: {document}");
            all_have_rows &= !document["rows"].as_array().is_some_and(Vec::is_empty);
        }
        all_have_rows.then_some(())
    })
    .await;
    let (status, said) = daemon.stop().await;
    assert!(status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_tells_by_its_exit_code_what_became_of_it() {
    let (rig, mut place) = place_with_vendor("a-key").await;
    let backfill =
        ["--json", "backfill", "DIA", "IWM", "--from", "2026-06-01", "--to", "2026-06-03"];
    let document = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let first = place.run(&backfill);
    first.expect(0, &[]);
    let job = &document(&first.stdout)["backfill"];
    assert_eq!((&job["state"], &job["sessions_done"]), (&json!("done"), &json!(6)));
    let asked = rig.simulator.requests().count;
    place.run(&backfill[1..]).expect(3, &["Nothing to do"]);
    assert_eq!(rig.simulator.requests().count, asked, "nothing was asked");
    let reread: Vec<&str> = backfill[1..].iter().copied().chain(["--reread"]).collect();
    place.run(&reread).expect(0, &["Done", "6 of 6 sessions"]);
    assert!(rig.simulator.requests().count > asked, "all was asked again");
    place
        .run(&["backfill", "DIA", "--from", "2026-06-06", "--to", "2026-06-07"])
        .expect(1, &["no trading session"]);
    place
        .run(&["backfill", "D!A", "--from", "2026-06-01", "--to", "2026-06-02"])
        .expect(1, &["D!A"]);
    place.run(&["db", "status"]).expect(0, &["embedded", "darkpool_trades"]);
    // The simulated day lies months back, so the first one takes what was logged in it.
    place.run(&["db", "prune"]).expect(0, &["system_log"]);
    place.run(&["db", "prune"]).expect(3, &["Nothing is older"]);
    place.set("UNDERTOW_UNUSUAL_WHALES_KEY", "another-key");
    let refused = place.run(&["backfill", "QQQ", "--from", "2026-06-01", "--to", "2026-06-03"]);
    refused.expect(1, &["Failed", "the vendor refused the key"]);
    assert!(!refused.all().contains("another-key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_beside_a_running_daemon_is_done_by_it() {
    let (_rig, place) = place_with_vendor("a-key").await;
    let daemon = place.start(&SERVE).await;
    daemon.until_open().await;
    daemon.until_caught_up().await;
    place.run(&["status"]).expect(0, &["Healthy", "Market time is not real time"]);
    let backfill = ["backfill", "IWM", "--from", "2026-06-01", "--to", "2026-06-02"];
    place.run(&backfill).expect(0, &["Done. 2 of 2 sessions"]);
    place.run(&backfill).expect(3, &["Nothing to do"]);
    let (status, said) = daemon.stop().await;
    assert!(status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_makes_the_status_degraded_in_words() {
    let (_rig, mut place) = place_with_vendor("the-key").await;
    place.set("UNDERTOW_UNUSUAL_WHALES_KEY", "another-key");
    let daemon = place.start(&SERVE).await;
    daemon.until_open().await;
    until("the refusal is told", async || {
        let status = daemon.call("get_status", json!({})).await.unwrap();
        status["summary"].as_str().unwrap().contains("refused the key").then_some(())
    })
    .await;
    place.run(&["status"]).expect(1, &["the vendor refused the key"]);
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_found_nowhere_outside_the_process() {
    const KEY: &str = "canary-41c9e0b7-environment";
    const TYPED: &str = "canary-5a77d310-typed";
    let (rig, mut place) = place_with_vendor(KEY).await;
    place.set("UNDERTOW_LOG", "trace");
    // Answers that repeat what they were asked with are the vendor's business; refusals are not.
    rig.spoil_prints("DIA", undertow_simulator::Fault::Status500, 0, 5);
    let daemon = place.start(&SERVE).await;
    daemon.until_open().await;
    daemon.until_caught_up().await;
    let mut seen = String::new();
    let typed = json!({ "keys": [{ "vendor": "unusual_whales", "key": TYPED }] });
    let tried = daemon.call("connect_vendors", typed).await.unwrap();
    assert_eq!(tried["keys"][0]["problem"]["code"], "vendor_auth", "{tried}");
    seen.push_str(&tried.to_string());
    for name in ["get_app", "get_status", "list_log", "list_backfills", "list_quarantine"] {
        let answer = daemon.call(name, json!({ "limit": 100 })).await.unwrap();
        seen.push_str(&answer.to_string());
    }
    for arguments in
        [&["status"][..], &["--json", "status"], &["config", "show"], &["db", "status"]]
    {
        seen.push_str(&place.run(arguments).all());
    }
    let (_, said) = daemon.stop().await;
    assert!(said.len() > 1_000, "the log was written");
    seen.push_str(&said);
    place.set("UNDERTOW_UNUSUAL_WHALES_KEY", TYPED);
    let backfill = ["backfill", "IWM", "--from", "2026-06-01", "--to", "2026-06-01"];
    seen.push_str(&place.run(&backfill).all());
    assert!(!seen.contains("canary-"), "an output holds the key");
    let files = files(place.folder.path());
    assert!(files.len() > 100, "the database's files are among them");
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        for key in [KEY, TYPED] {
            let found = String::from_utf8_lossy(&bytes).contains(key);
            assert!(!found, "{} holds the key", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_and_real_data_never_share_a_database() {
    for (first, second) in [("demo", "serve"), ("serve", "demo")] {
        let database = TestDatabase::create().await.unwrap();
        let (_rig, mut place) = place_with_vendor("a-key").await;
        place.set("UNDERTOW_DATABASE_URL", address_of(&database));
        let daemon = place.start(&[first, "--listen", "127.0.0.1:0"]).await;
        daemon.until_open().await;
        assert!(daemon.stop().await.0.success());
        let daemon = place.start(&[second, "--listen", "127.0.0.1:0"]).await;
        let problem = until("the other market is refused", async || {
            let app = daemon.call("get_app", json!({})).await.unwrap();
            app["problem"].as_str().map(str::to_owned)
        })
        .await;
        assert!(problem.contains("this database holds"), "{first}, {second}: {problem}");
        place.run(&["status"]).expect(2, &["this database holds"]);
    }
}
