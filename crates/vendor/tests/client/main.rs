//! The client against a real HTTP server on loopback that answers by a script.

#![expect(clippy::unwrap_used, reason = "a test ends where its own ground fails")]

mod canary;
mod options;
mod polygon;
mod polygon_stream;
mod server;
mod socket;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use server::{Reply, Server, Way};
use undertow_market::{BarInterval, MarketSession, Symbol};
use undertow_vendor::{
    BarsQuery, Budget, HttpLimits, PrintsQuery, Priority, RateScope, RetryPolicy, UnusualWhales,
    UnusualWhalesConfig, VendorError,
};

const KEY: &str = "canary-7f3a91c2d4";
const PRINTS: &[u8] = include_bytes!("../../fixtures/unusual_whales/darkpool.json");
const PRINTS_GZ: &[u8] = include_bytes!("../../fixtures/unusual_whales/darkpool.json.gz");
const REJECTS: &[u8] = include_bytes!("../../fixtures/unusual_whales/darkpool.rejects.json");
const MINUTES: &[u8] = include_bytes!("../../fixtures/unusual_whales/ohlc_1m.json");
const STATE: &[u8] = include_bytes!("../../fixtures/unusual_whales/stock_state.json");
const BOMB_GZ: &[u8] = include_bytes!("../../fixtures/unusual_whales/two_megabytes.json.gz");

fn spy() -> Symbol {
    Symbol::new("SPY").unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    at("2026-03-02T15:05:00Z")
}

/// Short limits, so that a hang does not hold the tests up; three attempts.
fn config(url: &str) -> UnusualWhalesConfig {
    UnusualWhalesConfig {
        base_url: url.to_owned(),
        key: SecretString::from(KEY),
        limits: HttpLimits {
            connect: Duration::from_secs(2),
            header: Duration::from_millis(300),
            idle: Duration::from_millis(200),
            whole: Duration::from_millis(600),
            max_body_bytes: 1024 * 1024,
        },
        retry: RetryPolicy {
            attempts: 3,
            first_delay: Duration::from_millis(2),
            max_delay: Duration::from_millis(5),
            jitter_seed: Some(1),
        },
        budget: Budget::new(),
        now: Arc::new(now),
    }
}

fn client(url: &str) -> UnusualWhales {
    UnusualWhales::new(config(url)).unwrap()
}

async fn ask(replies: impl IntoIterator<Item = Reply>) -> (Result<usize, VendorError>, Server) {
    let server = Server::start(replies).await;
    let page = client(&server.url).darkpool(&PrintsQuery::new(spy()), Priority::Live).await;
    (page.map(|page| page.rows.len()), server)
}

#[tokio::test]
async fn a_request_names_the_program_and_carries_the_key_only_in_its_header() {
    let server = Server::start([Reply::new(200, PRINTS)]).await;
    let query = PrintsQuery {
        session_date: Some("2026-03-02".parse().unwrap()),
        older_than: Some("2026-03-02T15:04:05.900Z".parse().unwrap()),
        min_premium: Some(1),
        ..PrintsQuery::new(spy())
    };
    let page = client(&server.url).darkpool(&query, Priority::Live).await.unwrap();
    let asked = &server.asked()[0];
    let expected =
        "/api/darkpool/SPY?date=2026-03-02&older_than=1772463845&min_premium=1&limit=500";
    assert_eq!((asked.path_and_query.as_str(), page.request.as_str()), (expected, expected));
    for (name, value) in [
        ("authorization", format!("Bearer {KEY}")),
        ("accept", "application/json".to_owned()),
        ("uw-client-api-id", "100001".to_owned()),
        ("user-agent", format!("Undertow/{}", env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(asked.headers.get(name).unwrap().to_str().unwrap(), value, "{name}");
    }
    assert!(asked.headers["accept-encoding"].to_str().unwrap().contains("gzip"));
}

#[tokio::test]
async fn a_page_is_stamped_once_with_the_given_clock() {
    let server = Server::start([Reply::new(200, PRINTS)]).await;
    let page =
        client(&server.url).darkpool(&PrintsQuery::new(spy()), Priority::Live).await.unwrap();
    assert_eq!((page.rows.len(), page.delivered, page.rejects.len()), (6, 6, 0));
    assert_eq!(page.received_at, now());
    assert!(page.rows.iter().all(|print| print.received_at == now()));
}

#[tokio::test]
async fn every_endpoint_asks_its_path() {
    let server = Server::start([
        Reply::new(200, PRINTS),
        Reply::new(200, MINUTES),
        Reply::new(200, STATE),
        Reply::new(200, PRINTS),
    ])
    .await;
    let client = client(&server.url);
    let recent = client.darkpool_recent(50, Priority::Live).await.unwrap();
    let query = BarsQuery {
        session_date: Some("2026-03-02".parse().unwrap()),
        ..BarsQuery::new(spy(), BarInterval::Minute1)
    };
    let bars = client.bars(&query, Priority::Backfill).await.unwrap();
    let state = client.stock_state(&spy(), Priority::Live).await.unwrap();
    let class_share = PrintsQuery::new(Symbol::new("BRK/B").unwrap());
    let foreign = client.darkpool(&class_share, Priority::Live).await.unwrap();
    let paths: Vec<_> = server.asked().into_iter().map(|asked| asked.path_and_query).collect();
    assert_eq!(
        paths,
        [
            "/api/darkpool/recent?limit=50",
            "/api/stock/SPY/ohlc/1m?date=2026-03-02&limit=2500",
            "/api/stock/SPY/stock-state",
            "/api/darkpool/BRK%2FB?limit=500",
        ]
    );
    assert_eq!((recent.rows.len(), bars.rows.len()), (6, 4));
    assert_eq!(state.session, Some(MarketSession::Regular));
    assert_eq!(foreign.rejects.len(), 6, "rows of another ticker are refused");
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    let (rows, _) = ask([Reply::new(200, PRINTS_GZ).header("content-encoding", "gzip")]).await;
    assert_eq!(rows, Ok(6));
}

#[tokio::test]
async fn faults_that_pass_are_asked_again() {
    let good = || Reply::new(200, PRINTS);
    for fault in [
        Reply::new(500, "Something went wrong").header("content-type", "text/plain"),
        Reply::new(502, r#"{"error":{"code":"upstream"}}"#),
        Reply::new(503, ""),
        Reply::new(200, "<html>busy</html>").header("content-type", "text/html"),
        Reply::new(200, ""),
        Reply::new(200, &PRINTS[..PRINTS.len() / 2]),
        Reply::new(403, "error code: 1010"),
        good().way(Way::Hang),
        good().way(Way::StopHalfway),
        good().way(Way::Drip(Duration::from_millis(50))),
        good().way(Way::Truncated),
        Reply::new(429, "{}").header("retry-after", 0),
        Reply::new(302, "").header("location", "http://127.0.0.1:1/elsewhere"),
    ] {
        let (rows, server) = ask([fault.clone(), good()]).await;
        assert_eq!((rows, server.asked().len()), (Ok(6), 2), "{fault:?}");
    }
}

#[tokio::test]
async fn a_fault_that_stays_is_told_after_the_last_attempt() {
    let check = async |reply: Reply, expected: &str| {
        let (error, server) = ask([reply]).await;
        let error = error.unwrap_err();
        assert_eq!((error.kind(), server.asked().len()), ("transient", 3), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.to_string().contains("/api/darkpool/SPY"), "{error}");
    };
    check(Reply::new(500, "Something went wrong"), "Something went wrong").await;
    check(Reply::new(200, "<html>"), "a web page came").await;
    check(Reply::new(200, PRINTS).way(Way::Hang), "no answer began within 0.3 s").await;
    check(Reply::new(200, PRINTS).way(Way::StopHalfway), "stood still for 0.2 s").await;
    let drip = Way::Drip(Duration::from_millis(50));
    check(Reply::new(200, PRINTS).way(drip), "no complete answer came within 0.6 s").await;
    check(Reply::new(200, PRINTS).way(Way::Truncated), "the connection failed").await;
    check(Reply::new(200, &PRINTS[..700]), "cut off").await;
}

#[tokio::test]
async fn what_no_repeat_can_mend_is_asked_once() {
    let check = async |reply: Reply, kind: &str| {
        let (error, server) = ask([reply]).await;
        let error = error.unwrap_err();
        assert_eq!((error.kind(), server.asked().len()), (kind, 1), "{error}");
    };
    check(Reply::new(401, "bad token"), "auth").await;
    check(Reply::new(403, r#"{"code":"advanced_tier_required","message":"m"}"#), "entitlement")
        .await;
    let wall = r#"{"code":"historic_data_access_missing","message":"The earliest date currently available to you is 2026-01-05 (40 trading days)"}"#;
    check(Reply::new(403, wall), "history_wall").await;
    check(Reply::new(422, r#"{"msg":"Invalid path input"}"#), "fatal").await;
    check(Reply::new(422, r#"{"msg":"Missing access, API Advanced subscription"}"#), "entitlement")
        .await;
    check(Reply::new(404, r#"{"error":"Route not found"}"#), "fatal").await;
    check(Reply::new(429, r#"{"code":"daily_request_limit_hit"}"#), "rate_day").await;
    check(Reply::new(200, r#"{"error":"upstream"}"#), "malformed").await;
    check(Reply::new(200, r#"{"data":{"not":"a list"}}"#), "malformed").await;
    check(Reply::new(200, r#"{"data":null}"#), "malformed").await;
    check(Reply::new(200, "[]"), "malformed").await;
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_cut_off_also_when_it_is_compressed() {
    let long = vec![b' '; 1024 * 1024 + 1];
    let bomb = Reply::new(200, BOMB_GZ).header("content-encoding", "gzip");
    for reply in [Reply::new(200, long), bomb] {
        let (error, server) = ask([reply]).await;
        let error = error.unwrap_err();
        assert_eq!((error.kind(), server.asked().len()), ("malformed", 1), "{error}");
        assert!(error.to_string().contains("longer than 1048576 bytes"), "{error}");
    }
}

#[tokio::test]
async fn the_key_follows_no_redirect() {
    let elsewhere = Server::start([Reply::new(200, PRINTS)]).await;
    let target = format!("{}/api/darkpool/SPY", elsewhere.url);
    let (error, _) = ask([Reply::new(307, "").header("location", target)]).await;
    assert_eq!(error.unwrap_err().kind(), "transient");
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn the_allowance_is_learnt_from_every_answer_even_from_a_refusal() {
    let limits = |reply: Reply, used: u32, left: u32| {
        reply
            .header("x-uw-token-req-limit", 20_000)
            .header("x-uw-daily-req-count", used)
            .header("x-uw-minute-req-counter", 120 - left)
            .header("x-uw-req-per-minute-remaining", left)
            .header("x-uw-req-per-minute-reset", 30_000)
    };
    let refusal = Reply::new(422, r#"{"msg":"Invalid path input"}"#);
    let server =
        Server::start([limits(Reply::new(200, PRINTS), 766, 118), limits(refusal, 767, 117)]).await;
    let config = config(&server.url);
    let budget = config.budget.clone();
    let client = UnusualWhales::new(config).unwrap();
    for (used, left) in [(766, 118), (767, 117)] {
        let _ = client.darkpool(&PrintsQuery::new(spy()), Priority::Live).await;
        let state = budget.state();
        assert_eq!((state.day_limit, state.day_used), (Some(20_000), Some(used)));
        assert_eq!((state.minute_limit, state.minute_remaining), (Some(120), Some(left)));
        assert_eq!(state.minute_resets_at, Some(now() + Duration::from_secs(30)));
        assert_eq!(state.observed_at, Some(now()));
    }
}

#[tokio::test]
async fn a_spent_day_sends_nothing_more() {
    let server = Server::start([Reply::new(429, r#"{"code":"daily_request_limit_hit"}"#)]).await;
    let client = client(&server.url);
    for _ in 0..3 {
        let error = client.darkpool(&PrintsQuery::new(spy()), Priority::Live).await.unwrap_err();
        let VendorError::RateLimited { scope, retry_at, .. } = error else { panic!("{error}") };
        assert_eq!(scope, RateScope::Day);
        assert_eq!(retry_at, Some("2026-03-03T00:00:00Z".parse().unwrap()));
    }
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn tasks_share_the_allowance_and_probe_one_at_a_time() {
    let server = Server::start([
        Reply::new(500, "warming up"),
        Reply::new(200, PRINTS).header("x-uw-req-per-minute-remaining", 1000),
    ])
    .await;
    let clients = vec![client(&server.url); 12];
    let all = clients.iter().map(|client| async {
        client.darkpool(&PrintsQuery::new(spy()), Priority::Live).await.map(|page| page.rows.len())
    });
    let results = futures_util::future::join_all(all).await;
    assert!(results.iter().all(|rows| *rows == Ok(6)), "{results:?}");
    assert_eq!(server.asked().len(), 13);
    let first_answer_taught_the_rest = server.most_under_way() > 1;
    assert!(first_answer_taught_the_rest, "the twelve never ran together");
}

#[tokio::test]
async fn limits_outside_the_vendor_documents_are_refused_unsent() {
    let server = Server::start([Reply::new(200, PRINTS)]).await;
    let client = client(&server.url);
    for limit in [0, 501] {
        let query = PrintsQuery { limit, ..PrintsQuery::new(spy()) };
        assert_eq!(client.darkpool(&query, Priority::Live).await.unwrap_err().kind(), "fatal");
    }
    assert_eq!(client.darkpool_recent(201, Priority::Live).await.unwrap_err().kind(), "fatal");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_bad_row_comes_back_with_its_text_and_its_neighbours_stay() {
    let server = Server::start([Reply::new(200, REJECTS)]).await;
    let page =
        client(&server.url).darkpool(&PrintsQuery::new(spy()), Priority::Live).await.unwrap();
    assert_eq!(page.rows.len(), 2);
    assert_eq!(page.delivered, page.rows.len() + page.rejects.len());
    assert!(page.rejects.iter().all(|reject| !reject.raw.is_empty()));
}
