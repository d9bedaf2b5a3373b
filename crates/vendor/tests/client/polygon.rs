//! Massive's client against the scripted server.

use secrecy::SecretString;
use undertow_market::{Reasons, TapeTrade};
use undertow_vendor::{
    ChainQuery, ConditionTable, ListingQuery, Polygon, PolygonConfig, Priority, RateScope,
    SaleCondition, TradesPage, TradesQuery, VendorError,
};

use crate::canary::{Log, PART, watch_log};
use crate::server::{Reply, Server, Way};
use crate::{KEY, at, spy};

const TRADES: &str = include_str!("../../fixtures/polygon/trades.json");
const REJECTS: &str = include_str!("../../fixtures/polygon/trades.rejects.json");
const DAYS: &str = include_str!("../../fixtures/polygon/days.json");
const MINUTES: &str = include_str!("../../fixtures/polygon/minutes.json");
const GROUPED: &str = include_str!("../../fixtures/polygon/grouped.json");
const CHAIN: &str = include_str!("../../fixtures/polygon/chain.json");
const CONTRACTS: &str = include_str!("../../fixtures/polygon/contracts.json");
const SPLITS: &str = include_str!("../../fixtures/polygon/splits.json");
const DIVIDENDS: &str = include_str!("../../fixtures/polygon/dividends.json");
const CONDITIONS: &str = include_str!("../../fixtures/polygon/conditions.json");
const VENUES: &str = include_str!("../../fixtures/polygon/exchanges.json");
const UPCOMING: &str = include_str!("../../fixtures/polygon/upcoming.json");
/// How the vendor answers when there is nothing.
const EMPTY: &str = r#"{"status":"OK","request_id":"0a1b"}"#;

fn config(url: &str) -> PolygonConfig {
    let usual = crate::config(url);
    PolygonConfig {
        base_url: usual.base_url,
        key: usual.key,
        limits: usual.limits,
        retry: usual.retry,
        budget: usual.budget,
        now: usual.now,
    }
}

fn client(url: &str) -> Polygon {
    Polygon::new(config(url)).unwrap()
}

fn query() -> TradesQuery {
    TradesQuery::new(spy(), at("2026-03-02T09:00:00Z"), at("2026-03-03T01:00:00.5Z"))
}

/// One page, and the ids of the trades that were handed on.
async fn page(
    client: &Polygon,
    query: &TradesQuery,
) -> (Result<TradesPage, VendorError>, Vec<String>) {
    let mut ids = Vec::new();
    let mut take = |trade: &TapeTrade<'_>| ids.push(trade.trade_id.to_owned());
    let page = client.trades(query, Priority::Live, &mut take).await;
    (page, ids)
}

async fn ask(
    replies: impl IntoIterator<Item = Reply>,
) -> (Result<TradesPage, VendorError>, Server) {
    let server = Server::start(replies).await;
    (page(&client(&server.url), &query()).await.0, server)
}

/// A list of rows with the place of the next page.
fn with_next(body: &str, next: &str) -> String {
    let rest = body.trim_start().strip_prefix('{').unwrap();
    format!(r#"{{"next_url":"{next}",{rest}"#)
}

fn without_next(body: &str) -> String {
    body.replace(r#","next_url":"https://api.massive.com/v3/trades/SPY?cursor=aW52ZW50ZWQ""#, "")
}

#[tokio::test]
async fn every_endpoint_asks_its_path_with_a_limit_and_the_key_in_its_header_only() {
    let trades = without_next(TRADES);
    let bodies = [
        &trades, DAYS, MINUTES, GROUPED, SPLITS, DIVIDENDS, CHAIN, CONTRACTS, CONDITIONS, VENUES,
        UPCOMING,
    ];
    let server = Server::start(bodies.map(|body| Reply::new(200, body))).await;
    let (client, live) = (client(&server.url), Priority::Live);
    let [first, last] = ["2026-03-02", "2026-03-20"].map(|text| text.parse().unwrap());
    let strikes = Some(("500".parse().unwrap(), "512.5".parse().unwrap()));
    let chain = ChainQuery { symbol: spy(), expiries: first..=last, strikes };
    let listing = ListingQuery {
        symbol: spy(),
        expiries: first..=last,
        as_of: Some(first),
        is_expired: true,
    };
    let counts = [
        page(&client, &query()).await.1.len(),
        client.day_bars(&spy(), first, last, live).await.unwrap().rows.len(),
        client.minute_bars(&spy(), first, last, live).await.unwrap().rows.len(),
        client.grouped_days(first, live).await.unwrap().rows.len(),
        client.splits(&spy(), first, live).await.unwrap().rows.len(),
        client.dividends(&spy(), first, live).await.unwrap().rows.len(),
        client.chain(&chain, live).await.unwrap().rows.len(),
        client.contracts(&listing, live).await.unwrap().rows.len(),
        client.conditions(live).await.unwrap().len(),
        client.exchanges(live).await.unwrap().len(),
        client.upcoming(live).await.unwrap().len(),
    ];
    assert_eq!(counts, [5, 2, 2, 3, 2, 3, 4, 2, 3, 3, 3]);
    let asked = server.asked();
    let paths: Vec<_> = asked.iter().map(|asked| asked.path_and_query.as_str()).collect();
    let expiries = "expiration_date.gte=2026-03-02&expiration_date.lte=2026-03-20";
    assert_eq!(
        paths,
        [
            "/v3/trades/SPY?timestamp.gte=1772442000000000000&timestamp.lt=1772499600500000000&order=asc&sort=timestamp&limit=50000",
            "/v2/aggs/ticker/SPY/range/1/day/2026-03-02/2026-03-20?adjusted=false&sort=asc&limit=50000",
            "/v2/aggs/ticker/SPY/range/1/minute/2026-03-02/2026-03-20?adjusted=false&sort=asc&limit=50000",
            "/v2/aggs/grouped/locale/us/market/stocks/2026-03-02?adjusted=false",
            "/v3/reference/splits?ticker=SPY&execution_date.gte=2026-03-02&order=asc&sort=execution_date&limit=1000",
            "/v3/reference/dividends?ticker=SPY&ex_dividend_date.gte=2026-03-02&order=asc&sort=ex_dividend_date&limit=1000",
            &format!(
                "/v3/snapshot/options/SPY?{expiries}&strike_price.gte=500&strike_price.lte=512.5&order=asc&sort=ticker&limit=250"
            ),
            &format!(
                "/v3/reference/options/contracts?underlying_ticker=SPY&{expiries}&as_of=2026-03-02&expired=true&order=asc&sort=ticker&limit=1000"
            ),
            "/v3/reference/conditions?asset_class=stocks&data_type=trade&limit=1000",
            "/v3/reference/exchanges?asset_class=stocks&locale=us",
            "/v1/marketstatus/upcoming",
        ]
    );
    for asked in &asked {
        assert_eq!(asked.headers["authorization"].to_str().unwrap(), format!("Bearer {KEY}"));
    }
}

#[tokio::test]
async fn a_page_hands_its_trades_on_and_says_where_the_next_begins() {
    let trades = without_next(TRADES);
    let server = Server::start([]).await;
    let next = format!("{}/v3/trades/SPY?cursor=b%3D&apiKey={KEY}x", server.url);
    server.add([Reply::new(200, with_next(&trades, &next)), Reply::new(200, EMPTY)]);
    let client = client(&server.url);
    let (first, ids) = page(&client, &query()).await;
    let first = first.unwrap();
    assert_eq!(ids, ["71", "1", "72", "73", "9"]);
    assert_eq!((first.delivered, first.rejects.len()), (5, 0));
    assert_eq!(first.last_at, Some(at("2026-03-02T15:04:07Z")));
    assert_eq!(first.received_at, crate::now());
    assert!(first.next.is_some());
    let (second, ids) = page(&client, &TradesQuery { cursor: first.next, ..query() }).await;
    let second = second.unwrap();
    assert_eq!((second.delivered, second.next, ids), (0, None, vec![]));
    assert_eq!(second.request, "/v3/trades/SPY?cursor=b%3D", "the key is not taken over");
}

#[tokio::test]
async fn a_next_page_at_a_host_that_is_not_the_vendors_is_not_followed() {
    let elsewhere = Server::start([Reply::new(200, EMPTY)]).await;
    let foreign = format!("{}/v3/trades/SPY?cursor=a", elsewhere.url);
    for next in [foreign.as_str(), "https://evil.example/x", "https://api.massive.com/x", "nowhere"]
    {
        let body = with_next(&without_next(TRADES), next);
        let server = Server::start([Reply::new(200, body)]).await;
        let (error, ids) = page(&client(&server.url), &query()).await;
        let error = error.unwrap_err();
        assert_eq!((error.kind(), ids.len()), ("malformed", 0), "{next}");
        assert!(!error.to_string().contains("evil"), "{error}");
    }
    assert!(elsewhere.asked().is_empty(), "the key went to a foreign host");
}

#[tokio::test]
async fn a_page_that_names_itself_as_the_next_is_an_error_and_not_a_circle() {
    let server = Server::start([]).await;
    let next = format!("{}/v3/x?cursor=a", server.url);
    server.add([Reply::new(200, with_next(DAYS, &next))]);
    let date = "2026-03-02".parse().unwrap();
    let error = client(&server.url).day_bars(&spy(), date, date, Priority::Live).await.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), ("malformed", 2), "{error}");
    assert!(error.to_string().contains("the same as this one"), "{error}");
}

#[tokio::test]
async fn pages_are_put_together_and_their_number_is_bounded() {
    let server = Server::start([]).await;
    let next = |page: u32| format!("{}/v3/snapshot/options/SPY?cursor={page}", server.url);
    server.add([Reply::new(200, with_next(CHAIN, &next(1))), Reply::new(200, CHAIN)]);
    let date = "2026-03-20".parse().unwrap();
    let chain = ChainQuery { symbol: spy(), expiries: date..=date, strikes: None };
    let client = client(&server.url);
    let page = client.chain(&chain, Priority::Live).await.unwrap();
    assert_eq!((page.rows.len(), page.delivered, server.asked().len()), (8, 8, 2));
    server.set((0..200).map(|number| Reply::new(200, with_next(EMPTY, &next(number)))));
    let error = client.chain(&chain, Priority::Live).await.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), ("malformed", 102), "{error}");
}

#[tokio::test]
async fn faults_that_pass_are_asked_again_and_hand_nothing_on() {
    let good = || Reply::new(200, without_next(TRADES));
    for fault in [
        Reply::new(500, r#"{"error":"Internal server error"}"#),
        Reply::new(502, "<html><body>502 Bad Gateway</body></html>")
            .header("content-type", "text/html"),
        Reply::new(503, ""),
        Reply::new(413, ""),
        Reply::new(499, ""),
        Reply::new(200, "<html>busy</html>").header("content-type", "text/html"),
        Reply::new(200, ""),
        Reply::new(200, &TRADES[..TRADES.len() / 2]),
        Reply::new(403, "error code: 1010"),
        good().way(Way::Hang),
        good().way(Way::StopHalfway),
        good().way(Way::Truncated),
        Reply::new(429, "").header("retry-after", 0),
        Reply::new(302, "").header("location", "http://127.0.0.1:1/elsewhere"),
    ] {
        let server = Server::start([fault.clone(), good()]).await;
        let (result, ids) = page(&client(&server.url), &query()).await;
        assert!(result.is_ok(), "{fault:?}: {result:?}");
        assert_eq!((ids.len(), server.asked().len()), (5, 2), "{fault:?}");
    }
}

#[tokio::test]
async fn what_no_repeat_can_mend_is_asked_once() {
    let check = async |reply: Reply, kind: &str| {
        let (error, server) = ask([reply]).await;
        let error = error.unwrap_err();
        assert_eq!((error.kind(), server.asked().len()), (kind, 1), "{error}");
    };
    check(Reply::new(401, r#"{"status":"ERROR","error":"Unknown API Key"}"#), "auth").await;
    let plan = r#"{"status":"NOT_AUTHORIZED","message":"You are not entitled to this data."}"#;
    check(Reply::new(403, plan), "entitlement").await;
    let other_shape = r#"{"status":"ERROR","error":"Please upgrade your plan."}"#;
    check(Reply::new(403, other_shape), "entitlement").await;
    let missing = Reply::new(404, "404 page not found").header("content-type", "text/plain");
    check(missing, "fatal").await;
    check(Reply::new(404, r#"{"status":"NOT_FOUND","message":"Ticker not found."}"#), "fatal")
        .await;
    check(Reply::new(400, r#"{"status":"ERROR","error":"Could not parse the date."}"#), "fatal")
        .await;
    check(Reply::new(200, r#"{"results":{"not":"a list"}}"#), "malformed").await;
    check(Reply::new(200, r#"{"results":[],"results":[]}"#), "malformed").await;
}

#[tokio::test]
async fn a_small_plan_is_learnt_from_its_refusal() {
    let good = || Reply::new(200, EMPTY);
    let refusal = Reply::new(
        429,
        r#"{"status":"ERROR","error":"You've exceeded the maximum requests per minute"}"#,
    );
    let replies = [good(), good(), good(), refusal.header("retry-after", 0)];
    let server = Server::start(replies).await;
    let config = config(&server.url);
    let budget = config.budget.clone();
    let retry = undertow_vendor::RetryPolicy { attempts: 1, ..config.retry };
    let client = Polygon::new(PolygonConfig { retry, ..config }).unwrap();
    for _ in 0..3 {
        page(&client, &query()).await.0.unwrap();
    }
    let error = page(&client, &query()).await.0.unwrap_err();
    let VendorError::RateLimited { scope: RateScope::Minute, .. } = error else {
        panic!("{error}")
    };
    let state = budget.state();
    assert_eq!((state.minute_limit, state.is_minute_limit_learnt), (Some(3), true));
}

#[tokio::test]
async fn limits_outside_the_vendor_documents_are_refused_unsent() {
    let server = Server::start([Reply::new(200, EMPTY)]).await;
    for limit in [0, 50_001] {
        let (error, _) = page(&client(&server.url), &TradesQuery { limit, ..query() }).await;
        assert_eq!(error.unwrap_err().kind(), "fatal");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_new_table_of_conditions_counts_from_then_on_for_every_clone() {
    let body = r#"{"results":[{"exchange":4,"id":"1","price":5,"size":1,"sequence_number":1,
        "sip_timestamp":1772463845300001000,"conditions":[70]}]}"#;
    let server = Server::start([Reply::new(200, body)]).await;
    let client = client(&server.url);
    let reasons = async || {
        let mut reasons = Vec::new();
        let mut take = |trade: &TapeTrade<'_>| reasons.push(trade.reasons);
        client.trades(&query(), Priority::Live, &mut take).await.unwrap();
        reasons
    };
    assert_eq!(reasons().await, [Reasons::UNKNOWN_CODE]);
    let row = SaleCondition {
        id: 70,
        name: "New".into(),
        updates_volume: Some(true),
        updates_high_low: Some(true),
        updates_open_close: Some(true),
    };
    client.clone().set_conditions(ConditionTable::builtin().with_reference(&[row]));
    assert_eq!(reasons().await, [Reasons::empty()]);
}

#[tokio::test]
async fn a_bad_row_of_a_list_that_is_needed_whole_is_an_error() {
    let server =
        Server::start([Reply::new(200, r#"{"results":[{"id":"x","data_types":["trade"]}]}"#)])
            .await;
    let error = client(&server.url).conditions(Priority::Live).await.unwrap_err();
    assert_eq!(error.kind(), "malformed", "{error}");
    let server = Server::start([Reply::new(200, REJECTS)]).await;
    let (page, ids) = page(&client(&server.url), &query()).await;
    assert_eq!(
        (page.unwrap().rejects.len(), ids.len()),
        (15, 2),
        "a page of trades keeps its good rows"
    );
}

/// Answers of a vendor that repeats the key wherever it can.
fn echoes() -> Vec<Reply> {
    let echo = |status, before: &str, after: &str| {
        Reply::new(status, format!("{before}{KEY}{after}"))
            .header("x-echo", format!("Bearer {KEY}"))
            .header("location", format!("http://127.0.0.1:1/?apiKey={KEY}"))
    };
    let mut replies = vec![
        echo(200, r#"{"results":[{"id":""#, r#""}]}"#),
        echo(200, r#"{"results":[{"exchange":4,"price":""#, r#"","id":"1"}]}"#),
        echo(200, r#"{"results":""#, r#""}"#),
        echo(200, r#"{"results":[""#, ""),
        echo(200, r#"{"results":[],"next_url":"http://127.0.0.1:1/?apiKey="#, r#""}"#),
        echo(200, r#"{"results":[],"next_url":""#, r#""}"#),
        echo(200, r#"{"status":"ERROR","request_id":""#, r#"","error":"x"}"#),
        echo(200, r#"{"status":"NOT_AUTHORIZED","message":""#, r#""}"#),
        echo(200, "<html>", "</html>"),
        echo(200, &" ".repeat(2 * 1024 * 1024), ""),
        echo(200, r#"{"results":[]}"#, "").way(Way::Truncated),
    ];
    for status in [301, 400, 401, 403, 404, 413, 429, 499, 500, 503] {
        replies.push(echo(status, "", ""));
        replies.push(echo(status, r#"{"status":"ERROR","error":"key "#, r#" refused by plan"}"#));
        replies.push(echo(status, r#"{"status":"NOT_AUTHORIZED","message":""#, r#""}"#));
        replies.push(echo(status, r#"{"request_id":""#, r#"","error":"x"}"#));
    }
    replies
}

#[tokio::test]
async fn the_key_appears_nowhere_whatever_the_vendor_answers() {
    let log = Log::default();
    let guard = watch_log(&log);
    for reply in echoes() {
        let label = format!(
            "{} {:?}",
            reply.status,
            String::from_utf8_lossy(&reply.body[..reply.body.len().min(60)])
        );
        // The second attempt would wait for the next minute.
        let server = Server::start([reply.header("retry-after", 0)]).await;
        let client = client(&server.url);
        let (result, _) = page(&client, &query()).await;
        let told = match &result {
            Ok(page) => format!("{page:?} {client:?}"),
            Err(error) => format!("{error} {error:?} {} {client:?}", error.advice()),
        };
        assert!(!told.contains(PART), "{label}: {told}");
        assert!(server.asked().iter().all(|asked| !asked.path_and_query.contains(PART)));
    }
    drop(guard);
    let log = log.text();
    assert!(log.contains("/v3/trades/SPY"), "nothing was logged, so nothing was proved");
    assert!(!log.contains(PART), "the key is in the log");
}

#[tokio::test]
async fn the_key_appears_in_no_error_about_settings_or_a_dead_address() {
    let attempt = async |config: PolygonConfig| {
        let shown = format!("{config:?}");
        let error = match Polygon::new(config) {
            Ok(client) => page(&client, &query()).await.0.unwrap_err(),
            Err(error) => error,
        };
        let told = format!("{shown} {error} {error:?}");
        assert!(!told.contains(PART), "{told}");
        error.kind()
    };
    let with_url = |url: String| PolygonConfig { base_url: url, ..config("") };
    assert_eq!(attempt(with_url("http://127.0.0.1:1".to_owned())).await, "transient");
    assert_eq!(attempt(with_url(format!("https://{KEY}@127.0.0.1"))).await, "fatal");
    assert_eq!(attempt(with_url(format!("https://127.0.0.1/?apiKey={KEY}"))).await, "fatal");
    assert_eq!(attempt(with_url("http://api.example.com".to_owned())).await, "fatal");
    let key = SecretString::from(format!("{KEY}\n"));
    assert_eq!(attempt(PolygonConfig { key, ..config("http://127.0.0.1:1") }).await, "fatal");
}
