//! Every command of the interface on an open market: sensible requests are answered, wrong ones
//! are refused with a sentence, and what is drawn is what is stored.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};
use undertow_api::commands::{Answer, COMMANDS, dispatch};
use undertow_api::error::ErrorCode;
use undertow_market::{MarketSession, Print, VendorId};

use crate::program::{Columns, Program};
use crate::rig::*;

/// A Friday, half past four in New York: the day is done, the post-market is open.
const NOW: &str = "2026-06-05T20:30:00Z";
const WEEK: [&str; 5] = ["2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04", "2026-06-05"];

/// An open market with a week of history.
async fn open() -> Program {
    let open = Program::at(NOW, &[VendorId::UnusualWhales], |settings| {
        settings.collect.symbols = ["DIA", "IWM"].map(symbol).to_vec();
        settings.collect.history_sessions = 4;
    })
    .await;
    open.enter().await;
    open.until_caught_up().await;
    open
}

impl Program {
    async fn until_caught_up(&self) {
        until("history and feeds are caught up", async || {
            let status = self.json("get_status", json!({})).await;
            let feeds = status["feeds"].as_array()?;
            let asked = feeds.iter().filter(|feed| feed["asked_ms"].is_f64()).count();
            (asked == feeds.len() && asked > 4 && status["backfills"].as_array()?.is_empty())
                .then_some(())
        })
        .await;
        for name in ["DIA", "IWM"] {
            until("day bars are there", async || {
                let request = json!({ "symbol": name, "interval": "1d", "limit": 30 });
                (self.columns("get_bars", request).await.rows == 30).then_some(())
            })
            .await;
        }
    }

    /// The true prints of the week.
    fn truth(&self, name: &str) -> Vec<Print> {
        WEEK.iter().flat_map(|session| self.rig.true_prints(name, session, at(NOW))).collect()
    }
}

fn ms(text: &str) -> i64 {
    at(text).timestamp_millis()
}

/// A sensible request for every command that leaves the market open.
fn sensible() -> Vec<(&'static str, Value)> {
    let week =
        json!({ "from_ms": ms("2026-06-01T00:00:00Z"), "to_ms": ms("2026-06-06T00:00:00Z") });
    let with = |more: Value| {
        let mut all = week.as_object().unwrap().clone();
        all.extend(more.as_object().unwrap().clone());
        Value::Object(all)
    };
    vec![
        ("get_app", json!({})),
        ("get_status", json!({})),
        ("get_bars", json!({ "symbol": "DIA", "interval": "15m", "limit": 100 })),
        ("get_prints", json!({ "symbol": "DIA", "limit": 100, "order": "largest" })),
        ("get_levels", json!({ "symbol": "IWM", "sessions": 5, "limit": 50, "hold_rates": true })),
        ("get_profile", with(json!({ "symbol": "DIA" }))),
        ("get_activity", json!({ "symbol": "IWM" })),
        ("get_flow_trades", json!({ "symbol": "DIA", "limit": 100 })),
        ("get_flow_groups", json!({ "symbol": "DIA", "limit": 100 })),
        ("get_volume_by_price", json!({ "symbol": "DIA" })),
        ("get_retention", json!({})),
        ("set_retention", json!({ "table": "price_volumes", "keep_days": 30 })),
        ("get_flow_summary", json!({ "symbol": "DIA" })),
        ("get_flow_lines", json!({ "symbol": "DIA" })),
        ("get_flow_heat", json!({ "symbol": "DIA" })),
        ("get_flow_strikes", json!({ "symbol": "DIA" })),
        ("get_net_premium", with(json!({ "symbol": "DIA" }))),
        ("get_tide", week.clone()),
        ("get_volatility", json!({ "symbol": "DIA" })),
        ("get_correlation", json!({ "symbol": "DIA", "sessions": 10 })),
        ("get_plan", json!({})),
        ("get_opportunities", json!({ "include_ended": true })),
        ("get_straddle", json!({ "symbol": "DIA" })),
        ("get_volatility_history", json!({ "symbol": "DIA" })),
        ("get_tape_watch", json!({})),
        ("list_sessions", week.clone()),
        ("list_gaps", with(json!({ "symbol": null }))),
        ("list_backfills", json!({ "limit": 10 })),
        ("list_quarantine", json!({ "limit": 10 })),
        ("list_log", json!({ "limit": 10 })),
        ("add_symbol", json!({ "symbol": "AAPL" })),
        ("remove_symbol", json!({ "symbol": "AAPL" })),
        (
            "start_backfill",
            json!({ "symbols": ["DIA"], "from": "2026-06-01", "to": "2026-06-02", "reread": true }),
        ),
        (
            "connect_vendors",
            json!({ "keys": [{ "vendor": "unusual_whales", "key": "simulated-key" }] }),
        ),
    ]
}

/// Commands that the test asks one after the other, because they need what came before.
const IN_ORDER: [&str; 7] = [
    "get_print",
    "get_contract",
    "get_contract_trades",
    "stop_backfill",
    "start_demo",
    "reopen_market",
    "close_market",
];

/// Commands that need the consolidated tape: tests/it/straddles.rs asks them.
const OF_THE_TAPE: [&str; 3] = ["get_tape_activity", "watch_tape", "unwatch_tape"];

#[tokio::test(flavor = "multi_thread")]
async fn every_command_answers_a_sensible_request() {
    let open = open().await;
    let sensibly = sensible();
    let sensibly = sensibly.iter().map(|(name, _)| *name);
    let asked: BTreeSet<_> = sensibly.chain(IN_ORDER).chain(OF_THE_TAPE).collect();
    assert_eq!(asked, COMMANDS.iter().map(|command| command.name).collect::<BTreeSet<_>>());
    for (name, request) in sensible() {
        match open.ask(name, &request).await {
            Ok(Answer::Json(text)) => drop(serde_json::from_str::<Value>(&text).unwrap()),
            Ok(Answer::Columns(bytes)) => {
                assert!(Columns::decode(&bytes).rows > 0, "{name} has something to draw");
            }
            Err(error) => panic!("{name} {request}: {error:?}"),
        }
    }
    open.app.opened().await.unwrap();
    assert_one_print_can_be_opened(&open).await;
    assert_a_contract_tells_all_its_trades(&open).await;
    assert_groups_are_picked_by_every_filter(&open).await;
    assert_rows_are_kept_as_long_as_was_said(&open).await;
    assert_a_backfill_can_be_stopped(&open).await;
    assert_no_simulated_market_in_a_real_database(&open).await;
    open.app.close().await;
}

async fn assert_one_print_can_be_opened(open: &Program) {
    let truth = open.truth("DIA").pop().unwrap();
    let request = json!({
        "symbol": "DIA",
        "reported_ms": truth.reported_at.timestamp_millis(),
        "identity": truth.identity().to_string(),
    });
    let detail = open.json("get_print", request).await;
    let fields = detail["fields"].as_array().unwrap();
    let value =
        |name: &str| fields.iter().find(|field| field["name"] == name).unwrap()["value"].clone();
    assert_eq!(value("price"), truth.price.to_string());
    assert_eq!(value("tracking_id"), truth.tracking_id.to_string());
    assert_eq!(value("notional"), truth.notional().normalize().to_string());
}

/// The vendor has trades below the floor that are not stored; of those above it has each one.
async fn assert_a_contract_tells_all_its_trades(open: &Program) {
    let request = json!({ "symbol": "DIA", "limit": 5_000 });
    let tape = open.columns("get_flow_trades", request).await;
    let place = tape.column("contract")[0] as usize;
    let name = tape.meta["contracts"][place]["name"].as_str().unwrap();
    let ids = |table: &Columns, keep: &dyn Fn(usize) -> bool| -> BTreeSet<String> {
        let all = table.meta["ids"].as_array().unwrap().iter().enumerate();
        all.filter(|(row, _)| keep(*row)).map(|(_, id)| id.to_string()).collect()
    };
    let stored = ids(&tape, &|row| tape.column("contract")[row] as usize == place);
    let request = json!({ "symbol": "DIA", "contract": name });
    let own = open.columns("get_contract_trades", request.clone()).await;
    let told = ids(&own, &|_| true);
    assert!(told.is_superset(&stored), "{name}: {} told, {} stored", told.len(), stored.len());
    let floor = own.meta["floor"].as_f64().unwrap();
    let large = ids(&own, &|row| own.column("premium")[row] >= floor);
    assert_eq!(large, stored, "{name}");

    let detail = open.json("get_contract", request).await;
    assert_eq!(detail["contract"]["name"], name);
    let listed = &detail["listed"];
    assert!(listed["open_interest"].is_number(), "{detail}");
    let smile = detail["smile"].as_array().unwrap();
    assert!(smile.len() > 3, "{detail}");
    for point in smile {
        let implied = point["implied"].as_f64().unwrap();
        assert!((0.01..5.0).contains(&implied), "{point}");
        assert!(["vendor", "mid"].contains(&point["from"].as_str().unwrap()), "{point}");
    }
}

/// What a case says of a number of rows.
type Holds<'a> = Box<dyn Fn(usize) -> bool + 'a>;

async fn assert_groups_are_picked_by_every_filter(open: &Program) {
    let ask = async |filters: Value| {
        let mut request = json!({ "symbol": "DIA", "limit": 5_000 });
        request.as_object_mut().unwrap().extend(filters.as_object().unwrap().clone());
        open.columns("get_flow_groups", request).await
    };
    let all = ask(json!({})).await;
    let contract = |row: usize| &all.meta["contracts"][all.column("contract")[row] as usize];
    let middle = contract(all.rows / 2);
    let (expiry, strike) = (middle["expiry"].clone(), middle["strike"].as_f64().unwrap());
    let flags = |row: usize| all.column("flags")[row] as u32;
    let cases: [(Value, Holds<'_>); 6] = [
        (json!({ "expiry": expiry }), Box::new(|row| contract(row)["expiry"] == expiry)),
        (
            json!({ "min_strike": strike }),
            Box::new(|row| contract(row)["strike"].as_f64().unwrap() >= strike),
        ),
        (
            json!({ "max_strike": strike }),
            Box::new(|row| contract(row)["strike"].as_f64().unwrap() <= strike),
        ),
        (json!({ "min_size": 50 }), Box::new(|row| all.column("size")[row] >= 50.0)),
        (json!({ "with_flags": 1, "without_flags": 8 }), Box::new(|row| flags(row) & 9 == 1)),
        (json!({ "opening": "probable" }), Box::new(|row| all.column("opening")[row] >= 1.0)),
    ];
    for (filters, fits) in cases {
        let found = ask(filters.clone()).await;
        let expected = (0..all.rows).filter(|row| fits(*row)).count();
        assert_eq!((found.rows, found.meta["groups"].as_f64()), (expected, Some(expected as f64)));
        assert!(expected > 0 && expected < all.rows, "{filters} picks {expected} of {}", all.rows);
    }
}

async fn assert_rows_are_kept_as_long_as_was_said(open: &Program) {
    let days = |tables: &Value, name: &str| {
        let all = tables.as_array().unwrap();
        all.iter().find(|table| table["table"] == name).unwrap()["keep_days"].clone()
    };
    let request = json!({ "table": "quarantine", "keep_days": 365 });
    let answer = open.json("set_retention", request).await;
    assert_eq!(days(&answer, "quarantine"), 365);
    open.json("set_retention", json!({ "table": "bars", "keep_days": null })).await;
    let again = open.json("get_retention", json!({})).await;
    assert_eq!((days(&again, "quarantine"), days(&again, "bars")), (json!(365), Value::Null));
}

async fn assert_a_backfill_can_be_stopped(open: &Program) {
    let slow = undertow_simulator::FaultRule::times(undertow_simulator::Fault::Delay(200), 1_000);
    open.rig.spoil(slow);
    let request =
        json!({ "symbols": ["IWM"], "from": "2026-03-02", "to": "2026-05-29", "reread": false });
    let job = open.json("start_backfill", request).await;
    let stopped = open.json("stop_backfill", json!({ "id": job["id"] })).await;
    assert_eq!(stopped["state"], "stopped");
    until("it is no longer listed as active", async || {
        let jobs = open.json("list_backfills", json!({ "limit": 50 })).await;
        let found = jobs.as_array()?.iter().find(|other| other["id"] == job["id"])?.clone();
        (found["state"] == "stopped").then_some(())
    })
    .await;
    open.rig.simulator.faults().clear();
}

async fn assert_no_simulated_market_in_a_real_database(open: &Program) {
    let mode = async |wanted: &str| {
        until(&format!("the mode is {wanted}"), async || {
            let app = open.json("get_app", json!({})).await;
            (app["mode"] == wanted).then_some(app)
        })
        .await
    };
    open.json("start_demo", json!({ "seed": 3, "speed": 1.0 })).await;
    let app = mode("failed").await;
    assert!(app["problem"].as_str().unwrap().contains("this database holds"), "{app}");
    open.json("reopen_market", json!({})).await;
    mode("failed").await;
    open.json("close_market", json!({})).await;
    mode("unset").await;
    let request = json!({ "symbol": "DIA", "interval": "1m", "limit": 1 });
    let error = open.ask("get_bars", &request).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotConfigured);
}

/// Wrong questions, with a word that the sentence must hold.
fn wrong_questions() -> Vec<(&'static str, Value, &'static str)> {
    let none = json!({});
    vec![
        ("get_bars", none.clone(), "symbol"),
        (
            "get_bars",
            json!({ "symbol": "not a ticker", "interval": "1m", "limit": 5 }),
            "not a ticker",
        ),
        ("get_bars", json!({ "symbol": "DIA", "interval": "7m", "limit": 5 }), "7m"),
        ("get_bars", json!({ "symbol": "DIA", "interval": "1m", "limit": 0 }), "limit = 0"),
        ("get_bars", json!({ "symbol": "DIA", "interval": "1m", "limit": 99_999 }), "20000"),
        (
            "get_bars",
            json!({ "symbol": "DIA", "interval": "1m", "limit": 5, "before_ms": 1e18 }),
            "before_ms",
        ),
        ("get_prints", json!({ "symbol": "DIA", "limit": 5_001 }), "limit"),
        ("get_prints", json!({ "symbol": "DIA", "limit": 5, "side": "left" }), "left"),
        ("get_prints", json!({ "symbol": "DIA", "limit": 5, "order": "best" }), "best"),
        ("get_prints", json!({ "symbol": "DIA", "limit": 5, "session": "night" }), "night"),
        ("get_prints", json!({ "symbol": "DIA", "limit": 5, "with_reasons": 65_536 }), "65536"),
        ("get_prints", json!({ "symbol": "DIA", "limit": 5, "min_notional": -1 }), "min_notional"),
        (
            "get_prints",
            json!({ "symbol": "DIA", "limit": 5, "after": { "reported_us": "x", "identity": "y" } }),
            "after",
        ),
        (
            "get_print",
            json!({ "symbol": "DIA", "reported_ms": 1.0, "identity": "1" }),
            "reported_ms",
        ),
        ("get_levels", json!({ "symbol": "DIA", "sessions": 121, "limit": 5 }), "sessions = 121"),
        (
            "get_levels",
            json!({ "symbol": "DIA", "sessions": 5, "limit": 5, "width": -1.0 }),
            "width",
        ),
        ("get_profile", json!({ "symbol": "DIA", "from_ms": ms(NOW), "to_ms": 0 }), "to_ms"),
        (
            "get_activity",
            json!({ "symbol": "DIA", "session_date": "2026-06-06" }),
            "no trading day",
        ),
        ("get_activity", json!({ "symbol": "DIA", "session_date": "friday" }), "friday"),
        (
            "list_sessions",
            json!({ "from_ms": ms(NOW), "to_ms": ms("2026-01-01T00:00:00Z") }),
            "from_ms",
        ),
        ("list_gaps", json!({ "from_ms": null, "to_ms": 5 }), "list_gaps"),
        ("list_log", json!({ "limit": 1_001 }), "limit"),
        ("list_backfills", json!({ "limit": -1 }), "list_backfills"),
    ]
}

/// The same of options and straddles.
fn wrong_option_questions() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("get_opportunities", json!({ "limit": 0 }), "limit = 0"),
        ("get_straddle", json!({}), "symbol"),
        ("get_straddle", json!({ "symbol": "not a ticker" }), "not a ticker"),
        (
            "get_tape_activity",
            json!({ "symbol": "DIA", "session": "2026-06-06" }),
            "no trading day",
        ),
        ("get_tape_activity", json!({ "symbol": "DIA", "session": "friday" }), "friday"),
        ("get_volatility_history", json!({ "symbol": "" }), "ticker"),
        ("get_contract", json!({ "symbol": "DIA", "contract": "DIA" }), "contract"),
        ("get_contract_trades", json!({ "symbol": "DIA", "contract": "" }), "contract"),
        ("get_volume_by_price", json!({ "symbol": "DIA", "session_date": "monday" }), "monday"),
        ("get_volume_by_price", json!({ "symbol": "DIA", "width": -1.0 }), "width"),
        ("get_flow_groups", json!({ "symbol": "DIA", "limit": 5, "expiry": "soon" }), "soon"),
        ("get_flow_groups", json!({ "symbol": "DIA", "limit": 5, "min_size": -1 }), "min_size"),
    ]
}

/// The same for what is to be done.
fn wrong_orders() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("stop_backfill", json!({ "id": "seven" }), "seven"),
        ("set_retention", json!({ "table": "bars", "keep_days": 6 }), "keep_days = 6"),
        ("set_retention", json!({ "table": "watch_list", "keep_days": 30 }), "watch_list"),
        (
            "start_backfill",
            json!({ "symbols": [], "from": "2026-06-01", "to": "2026-06-02", "reread": false }),
            "symbols",
        ),
        (
            "start_backfill",
            json!({ "symbols": ["DIA"], "from": "2026-06-06", "to": "2026-06-07", "reread": false }),
            "no trading session",
        ),
        (
            "start_backfill",
            json!({ "symbols": ["DIA"], "from": "2026-06-05", "to": "2026-06-02", "reread": false }),
            "before",
        ),
        ("add_symbol", json!({ "symbol": "" }), "ticker"),
        ("watch_tape", json!({ "symbol": "" }), "ticker"),
        ("unwatch_tape", json!({ "symbol": "two words" }), "ticker"),
        ("start_demo", json!({ "speed": 0.0 }), "speed = 0"),
        ("connect_vendors", json!({ "keys": [{ "vendor": "nobody", "key": "k" }] }), "nobody"),
        (
            "connect_vendors",
            json!({ "keys": [
                { "vendor": "polygon", "key": "k" },
                { "vendor": "polygon", "key": "another" },
            ] }),
            "twice",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_request_is_refused_with_a_sentence_that_says_how() {
    let open = open().await;
    let questions = wrong_questions().into_iter().chain(wrong_option_questions());
    for (name, request, word) in questions.chain(wrong_orders()) {
        let error = match open.ask(name, &request).await {
            Err(error) => error,
            Ok(answer) => panic!("{name} {request} was answered: {answer:?}"),
        };
        assert_eq!(error.code, ErrorCode::InvalidInput, "{name} {request}: {error:?}");
        assert!(error.message.contains(word), "{name} {request}: {}", error.message);
    }
    let error = dispatch(&open.app, "get_app", "{ not json").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidInput);
    open.app.close().await;
}

fn close_to(value: f64, exact: Decimal) -> bool {
    let exact = exact.to_f64().unwrap();
    (value - exact).abs() <= exact.abs() * 1e-9
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_prints_and_bars_are_those_of_the_market() {
    let open = open().await;
    for name in ["DIA", "IWM"] {
        let truth = open.truth(name);
        for extended_hours in [true, false] {
            let counts = |print: &&Print| extended_hours || print.session == MarketSession::Regular;
            let eligible: Vec<_> =
                truth.iter().filter(counts).filter(|print| print.is_level_eligible()).collect();
            let request = json!({
                "symbol": name, "sessions": 5, "limit": 2_000, "extended_hours": extended_hours,
            });
            let levels = open.columns("get_levels", request).await;
            let notional: Decimal = eligible.iter().map(|print| print.notional()).sum();
            let sum = |column: &str| levels.column(column).iter().sum::<f64>();
            assert!(levels.meta["atr14"].is_f64(), "{}", levels.meta);
            assert!(close_to(levels.meta["total_notional"].as_f64().unwrap(), notional), "{name}");
            assert!(close_to(sum("notional"), notional), "{name} {extended_hours}");
            assert!(close_to(sum("prints"), eligible.len().into()), "{name} {extended_hours}");
        }
        assert_pages_bring_every_print(&open, name, &truth).await;
        assert_bars_are_all_there(&open, name).await;
    }
    open.app.close().await;
}

async fn assert_pages_bring_every_print(open: &Program, name: &str, truth: &[Print]) {
    let (mut after, mut notional, mut rows) = (Value::Null, 0.0, 0);
    loop {
        let request = json!({ "symbol": name, "limit": 333, "after": after });
        let page = open.columns("get_prints", request).await;
        rows += page.rows;
        notional += page.column("notional").iter().sum::<f64>();
        after = page.meta["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(rows, truth.len(), "{name}");
    assert!(close_to(notional, truth.iter().map(Print::notional).sum()), "{name}");
}

async fn assert_bars_are_all_there(open: &Program, name: &str) {
    let request = json!({ "symbol": name, "interval": "1m", "limit": 20_000 });
    let bars = open.columns("get_bars", request).await;
    let mut truth = 0;
    for session in WEEK {
        truth += open.rig.true_bars(name, session, at(NOW)).len();
        assert!(!stored_prints(&open.store, name, session).await.is_empty());
    }
    assert_eq!(bars.rows, truth, "{name}");
    assert!(bars.column("start_ms").windows(2).all(|pair| pair[0] < pair[1]), "oldest first");
}
