//! The second vendor's routes: trades, bars, reference, keys, limits and faults.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::Value;
use undertow_simulator::{Fault, FaultRule};

use crate::served::{
    AFTERNOON, Answered, DATE, Served, at, date, fields, number, served, served_with, symbol,
};

/// The morning after, when everything is known of the day.
const NEXT_NOON: &str = "2026-06-03T16:00:00Z";
const TRADES: &str = "/v3/trades/TSLA?timestamp=2026-06-02&order=asc&limit=50000";
const WITHDRAWN: [i64; 5] = [1, 7, 8, 10, 11];
const UNCOUNTED: [i64; 3] = [15, 16, 38];

async fn ok(served: &Served, path: &str) -> Value {
    let answered = served.get(path).await;
    assert_eq!(answered.status, 200, "{path}: {}", answered.text);
    answered.json()
}

fn rows(body: &Value) -> Vec<Value> {
    body["results"].as_array().cloned().unwrap_or_default()
}

/// Every row of a question, page by page.
async fn all_pages(served: &Served, path: &str) -> Vec<Value> {
    let (mut all, mut path) = (Vec::new(), path.to_owned());
    for _ in 0..1_000 {
        let body = ok(served, &path).await;
        all.extend(rows(&body));
        let Some(next) = body["next_url"].as_str() else {
            return all;
        };
        assert!(!next.contains("apiKey") && !next.contains(served.simulator.key()), "{next}");
        path = next.strip_prefix(&served.simulator.url()).expect("on the same host").to_owned();
    }
    panic!("pages without end");
}

fn counts(row: &Value) -> bool {
    let has = |id: &i64| {
        row["conditions"]
            .as_array()
            .is_some_and(|ids| ids.iter().any(|it| it.as_i64() == Some(*id)))
    };
    !WITHDRAWN.contains(&row["correction"].as_i64().unwrap_or(0)) && !UNCOUNTED.iter().any(has)
}

fn shares(row: &Value) -> f64 {
    row["decimal_size"].as_str().expect("an exact size").parse().expect("a number")
}

#[tokio::test]
async fn trades_have_the_vendors_fields_and_leave_out_what_is_not_there() {
    let served = served(NEXT_NOON).await;
    let all = rows(&ok(&served, TRADES).await);
    let tape = served.simulator.market().tape(&symbol("TSLA"), date(DATE)).expect("a session");
    assert_eq!(all.len(), tape.trades.len());
    let usual = [
        "decimal_size",
        "exchange",
        "id",
        "participant_timestamp",
        "price",
        "sequence_number",
        "sip_timestamp",
        "size",
        "tape",
    ];
    let optional = ["conditions", "correction", "trf_id", "trf_timestamp"];
    let mut seen = BTreeMap::new();
    for (row, trade) in all.iter().zip(&tape.trades) {
        let names = fields(row);
        assert!(usual.iter().all(|name| names.contains(name)), "{row}");
        for name in names {
            assert!(usual.contains(&name) || optional.contains(&name), "{name}");
            *seen.entry(name.to_owned()).or_insert(0) += 1;
        }
        assert_eq!(number(row, "sip_timestamp"), trade.sip_ns);
        assert_eq!(number(row, "participant_timestamp"), trade.participant_ns);
        assert_eq!(
            row["price"].as_f64().expect("a number").to_string().parse(),
            Ok(trade.price.price())
        );
        assert_eq!(row["decimal_size"], trade.size.to_string());
        assert_eq!(number(row, "size"), trade.size.whole());
        assert_eq!(
            row["correction"].as_u64().unwrap_or(0),
            u64::from(trade.correction_at(i64::MAX))
        );
        assert!(row["conditions"].as_array().is_none_or(|ids| !ids.is_empty()));
    }
    for name in optional {
        assert!(seen[name] > 0 && seen[name] < all.len(), "{name}: {seen:?}");
    }
    assert!(all.iter().any(|row| row["exchange"] == 4 && row["trf_id"].is_null()));
    assert!(all.iter().any(|row| row["size"] == 0));
}

#[tokio::test]
async fn pages_in_both_directions_hold_the_same_rows_once() {
    let served = served(NEXT_NOON).await;
    let all = rows(&ok(&served, TRADES).await);
    let up = all_pages(&served, "/v3/trades/TSLA?timestamp=2026-06-02&order=asc&limit=700").await;
    assert_eq!(up, all);
    // Descending is what the vendor does unless it is asked otherwise.
    let mut down = all_pages(&served, "/v3/trades/TSLA?timestamp=2026-06-02").await;
    down.reverse();
    assert_eq!(down, all);
}

#[tokio::test]
async fn bounds_are_nanoseconds_or_days_and_reach_over_sessions() {
    let served = served(NEXT_NOON).await;
    let all = rows(&ok(&served, TRADES).await);
    let (low, high) = (number(&all[100], "sip_timestamp"), number(&all[200], "sip_timestamp"));
    let ask = |bounds: String| format!("/v3/trades/TSLA?order=asc&limit=50000&{bounds}");
    let inclusive = ask(format!("timestamp.gte={low}&timestamp.lte={high}"));
    assert_eq!(rows(&ok(&served, &inclusive).await), all[100..=200]);
    let exclusive = ask(format!("timestamp.gt={low}&timestamp.lt={high}"));
    assert_eq!(rows(&ok(&served, &exclusive).await), all[101..200]);
    let two = ask("timestamp.gte=2026-06-01&timestamp.lt=2026-06-03".to_owned());
    let two = rows(&ok(&served, &two).await);
    assert!(two.len() > all.len() && two.ends_with(&all), "{}", two.len());
    let nothing = ok(&served, &ask("timestamp=2026-06-06".to_owned())).await;
    assert_eq!(fields(&nothing), ["request_id", "status"], "{nothing}");
    let unknown = ok(&served, "/v3/trades/NONE").await;
    assert_eq!(fields(&unknown), ["request_id", "status"]);
}

#[tokio::test]
async fn nothing_is_told_before_it_happens() {
    let served = served(AFTERNOON).await;
    let known = rows(&ok(&served, TRADES).await);
    let now = at(AFTERNOON).timestamp_nanos_opt().expect("near");
    assert!(known.iter().all(|row| number(row, "sip_timestamp") <= now));
    served.clock.set(at(NEXT_NOON));
    let later = rows(&ok(&served, TRADES).await);
    assert!(later.len() > known.len());
    let codes = |rows: &[Value]| rows.iter().filter(|row| row["correction"].is_i64()).count();
    assert!(codes(&later[..known.len()]) >= codes(&known));
    let delayed = served_with(AFTERNOON, |config| config.polygon_plan.is_delayed = true).await;
    let delayed = rows(&ok(&delayed, TRADES).await);
    let quarter = 15 * 60 * 1_000_000_000;
    assert!(delayed.iter().all(|row| number(row, "sip_timestamp") <= now - quarter));
    assert!(known.starts_with(&delayed[..delayed.len() / 2]));
}

#[tokio::test]
async fn bars_add_up_to_the_trades_that_update_volume() {
    let served = served(NEXT_NOON).await;
    let trades = rows(&ok(&served, TRADES).await);
    let counted: Vec<&Value> = trades.iter().filter(|row| counts(row)).collect();
    let volume: f64 = counted.iter().map(|row| shares(row)).sum();
    let range = "/v2/aggs/ticker/TSLA/range";
    let day = ok(&served, &format!("{range}/1/day/2026-06-02/2026-06-02?adjusted=false")).await;
    let [day] = rows(&day).try_into().expect("one day");
    // Midnight in New York.
    assert_eq!(day["t"], at("2026-06-02T04:00:00Z").timestamp_millis());
    assert_eq!(day["n"], counted.len());
    assert!((day["v"].as_f64().expect("a number") - volume).abs() < 1e-3, "{day} {volume}");
    let dollars: f64 =
        counted.iter().map(|row| shares(row) * row["price"].as_f64().expect("a number")).sum();
    assert!((day["vw"].as_f64().expect("a number") - dollars / volume).abs() < 1e-3);
    let minutes =
        all_pages(&served, &format!("{range}/1/minute/2026-06-02/2026-06-02?limit=100")).await;
    let whole = rows(&ok(&served, &format!("{range}/1/minute/2026-06-02/2026-06-02")).await);
    assert_eq!(minutes, whole);
    let sum =
        |name: &str| minutes.iter().map(|row| row[name].as_f64().expect("a number")).sum::<f64>();
    assert!((sum("v") - volume).abs() < 1e-3);
    assert!((sum("n") - counted.len() as f64).abs() < 0.5);
    let quarters = rows(&ok(&served, &format!("{range}/15/minute/2026-06-02/2026-06-02")).await);
    let of_quarters: f64 = quarters.iter().map(|row| row["v"].as_f64().expect("a number")).sum();
    assert!((of_quarters - volume).abs() < 1e-3 && quarters.len() <= 64);
    let mut down =
        all_pages(&served, &format!("{range}/1/minute/2026-06-02/2026-06-02?limit=90&sort=desc"))
            .await;
    down.reverse();
    assert_eq!(down, minutes);
}

#[tokio::test]
async fn the_whole_markets_day_is_that_of_each_symbol_and_stamped_with_its_end() {
    let served = served(NEXT_NOON).await;
    let path = "/v2/aggs/grouped/locale/us/market/stocks/2026-06-02?adjusted=false";
    let grouped = ok(&served, path).await;
    assert_eq!(grouped["resultsCount"], 10);
    for row in rows(&grouped) {
        let ticker = row["T"].as_str().expect("a ticker");
        let own =
            format!("/v2/aggs/ticker/{ticker}/range/1/day/2026-06-02/2026-06-02?adjusted=false");
        let [own] = rows(&ok(&served, &own).await).try_into().expect("one day");
        for name in ["o", "h", "l", "c", "v", "vw", "n"] {
            assert_eq!(row[name], own[name], "{ticker} {name}");
        }
        assert_eq!(row["t"], at("2026-06-02T20:00:00Z").timestamp_millis());
        // Prices of the day are those of the market's path.
        let session =
            served.simulator.market().session(&symbol(ticker), date(DATE)).expect("listed");
        let highest = session.bars.iter().map(|bar| bar.high.price()).max().expect("bars");
        let high: undertow_market::Price = row["h"].to_string().parse().expect("a price");
        assert!(
            high.get() <= highest.get() * rust_decimal::dec!(1.002),
            "{ticker} {high} {highest}"
        );
    }
    let closed = ok(&served, "/v2/aggs/grouped/locale/us/market/stocks/2026-06-06").await;
    assert!(closed["results"].is_null() && closed["resultsCount"] == 0, "{closed}");
    let unfinished = ok(&served, "/v2/aggs/grouped/locale/us/market/stocks/2026-06-03").await;
    assert!(unfinished["results"].is_null());
}

#[tokio::test]
async fn a_split_moves_adjusted_bars_only_and_is_told_with_the_dividends() {
    let served = served(NEXT_NOON).await;
    let splits = rows(&ok(&served, "/v3/reference/splits?ticker=PLTR").await);
    let split = &splits[0];
    assert_eq!(fields(split), ["execution_date", "split_from", "split_to", "ticker"]);
    let day = date(split["execution_date"].as_str().expect("a date"));
    let eve = served.simulator.market().calendar().previous_session(day).expect("a session");
    let bars = async |adjusted: bool| {
        let path = format!("/v2/aggs/ticker/PLTR/range/1/day/{eve}/{day}?adjusted={adjusted}");
        let of_day = |row: &Value| (row["c"].as_f64().expect("c"), row["v"].as_f64().expect("v"));
        rows(&ok(&served, &path).await).iter().map(of_day).collect::<Vec<_>>()
    };
    let (raw, adjusted) = (bars(false).await, bars(true).await);
    assert_eq!(raw[1], adjusted[1]);
    assert!((raw[0].0 / adjusted[0].0 - 3.0).abs() < 1e-3, "{raw:?} {adjusted:?}");
    assert!((adjusted[0].1 / raw[0].1 - 3.0).abs() < 1e-6);
    let dividends = all_pages(&served, "/v3/reference/dividends?ticker=PLTR&limit=3").await;
    assert!(dividends.len() > 30);
    let cash = |row: &Value| row["cash_amount"].as_f64().expect("cash");
    let newest = &dividends[0];
    assert!((cash(newest) - 0.15).abs() < 1e-9, "{newest}");
    let oldest = dividends.last().expect("many");
    assert!((cash(oldest) - 0.45).abs() < 1e-9, "in old shares: {oldest}");
    let since = format!("/v3/reference/dividends?ticker=PLTR&ex_dividend_date.gte={day}&order=asc");
    assert!(all_pages(&served, &since).await.len() < 5);
    let none = ok(&served, "/v3/reference/dividends?ticker=SPY").await;
    assert!(none["results"].is_null());
}

#[tokio::test]
async fn reference_answers_have_the_vendors_shapes() {
    let served = served(AFTERNOON).await;
    let ten = ok(&served, "/v3/reference/conditions?asset_class=stocks").await;
    assert_eq!(rows(&ten).len(), 10);
    let all = rows(&ok(&served, "/v3/reference/conditions?asset_class=stocks&limit=1000").await);
    let of = |id: u64| all.iter().find(|row| row["id"] == id).expect("a known condition");
    let volume = |id| of(id)["update_rules"]["consolidated"]["updates_volume"].as_bool();
    assert_eq!(
        [2, 15, 16, 37, 38].map(volume),
        [Some(true), Some(false), Some(false), Some(true), Some(false)]
    );
    assert_eq!(of(12)["name"], "Form T/Extended Hours");
    let venues = rows(&ok(&served, "/v3/reference/exchanges?asset_class=stocks").await);
    assert_eq!(venues.iter().filter(|row| row["id"] == 4).count(), 4);
    let upcoming = served.bare("/v1/marketstatus/upcoming").await;
    let early: Vec<&Value> = upcoming.iter().filter(|row| row["status"] == "early-close").collect();
    assert!(early.iter().all(|row| row["close"].as_str().expect("a close").ends_with("00.000Z")));
    assert!(upcoming.iter().any(|row| row["date"] == "2026-06-19" && row["status"] == "closed"));
    assert!(!early.is_empty() && upcoming.len() % 2 == 0);
    assert_eq!(ok(&served, "/v1/marketstatus/now").await["market"], "open");
    let previous = ok(&served, "/v2/aggs/ticker/SPY/prev").await;
    assert_eq!(previous["results"][0]["T"], "SPY");
    let last = ok(&served, "/v2/last/trade/SPY").await;
    assert!(last["results"]["t"].is_i64() && last["results"]["ds"].is_string(), "{last}");
    let day = ok(&served, "/v1/open-close/SPY/2026-06-01?adjusted=true").await;
    assert_eq!(day["from"], "2026-06-01");
}

fn shape(answered: &Answered) -> (u16, String) {
    (answered.status, answered.header("content-type").unwrap_or_default().to_owned())
}

#[tokio::test]
async fn refusals_have_the_vendors_many_shapes() {
    let served = served_with(AFTERNOON, |config| config.polygon_plan.per_minute = Some(12)).await;
    let json = "application/json; charset=utf-8";
    let no_route = served.get("/v3/tradez/SPY").await;
    assert_eq!(shape(&no_route), (404, "text/plain; charset=utf-8".to_owned()));
    assert_eq!(no_route.text, "404 page not found");
    let bad = served.get("/v3/trades/SPY?timestamp=yesterday").await;
    assert_eq!((bad.status, bad.json()["status"].as_str()), (400, Some("ERROR")));
    for path in [
        "/v3/trades/SPY?limit=50001",
        "/v3/trades/SPY?cursor=zz",
        "/v2/aggs/ticker/SPY/range/1/eon/2026-06-01/2026-06-02",
    ] {
        assert_eq!(served.get(path).await.status, 400, "{path}");
    }
    let missing = served.get("/v2/last/trade/NONE").await;
    assert_eq!((missing.status, missing.json()["status"].as_str()), (404, Some("NOT_FOUND")));
    for (fault, status, kind, word) in [
        (Fault::Status429Minute, 429, json, "exceeded"),
        (Fault::Status429Empty, 429, "text/plain; charset=utf-8", ""),
        (Fault::NotEntitled, 403, json, "NOT_AUTHORIZED"),
        (Fault::Status500, 500, json, "Internal"),
        (Fault::Status502, 502, "text/html; charset=utf-8", "<html>"),
    ] {
        served.simulator.faults().push(FaultRule::once(fault.clone()).on("/v3/")).unwrap();
        let answered = served.get("/v3/trades/SPY?limit=1").await;
        assert_eq!(shape(&answered), (status, kind.to_owned()), "{fault:?}");
        assert!(
            answered.text.contains(word)
                && (status != 429 || answered.text.is_empty() == word.is_empty())
        );
    }
    let url = format!("{}/v1/marketstatus/now", served.simulator.url());
    let refused = served.client.get(&url).send().await.expect("an answer");
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let by_query = served.client.get(format!("{url}?apiKey={}", served.simulator.key()));
    assert_eq!(by_query.send().await.expect("an answer").status(), StatusCode::OK);
    assert!(served.simulator.requests().recent.iter().all(|it| !it.contains("apiKey")));
    let mut last = 200;
    for _ in 0..12 {
        last = served.get("/v1/marketstatus/now").await.status;
    }
    assert_eq!(last, 429, "the plan has twelve a minute");
}

#[tokio::test]
async fn the_next_page_can_be_said_to_be_elsewhere_and_rows_can_be_spoilt() {
    let served = served_with(AFTERNOON, |config| {
        config.polygon_url = Some("https://api.polygon.io".to_owned());
    })
    .await;
    let body = ok(&served, "/v3/trades/SPY?limit=5").await;
    let next = body["next_url"].as_str().expect("more");
    assert!(next.starts_with("https://api.polygon.io/v3/trades/SPY?cursor="), "{next}");
    let rule = FaultRule::once(Fault::WrongTypes("price".to_owned())).on("/v3/trades");
    served.simulator.faults().push(rule).unwrap();
    let spoilt = rows(&ok(&served, "/v3/trades/SPY?limit=5").await);
    assert!(spoilt.iter().all(|row| row["price"].is_array()));
}
