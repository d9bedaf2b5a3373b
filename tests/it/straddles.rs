//! Straddles through the interface: what the page shows of a simulated market is what is stored,
//! and figures that belong together agree.

use serde_json::{Value, json};
use undertow_api::commands::dispatch;
use undertow_market::VendorId;

use crate::program::Program;
use crate::rig::*;

/// A Friday, half past two in New York: options are quoted.
const NOW: &str = "2026-06-05T18:30:00Z";

/// A market with or without the key of the consolidated tape's vendor.
async fn open(vendors: &[VendorId]) -> Program {
    let open = Program::at(NOW, vendors, |settings| {
        settings.collect.symbols = vec![symbol("DIA")];
        settings.collect.history_sessions = 1;
        settings.tape.symbols = ["DIA", "NVDA"].map(symbol).to_vec();
        settings.tape.history_sessions = 3;
    })
    .await;
    open.enter().await;
    open
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-6 * one.abs().max(1.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_straddle_is_measured_from_the_chain_and_its_figures_agree() {
    let open = open(&VendorId::ALL).await;
    let view = until("a straddle is priced", async || {
        let view = open.json("get_straddle", json!({ "symbol": "NVDA" })).await;
        let fills = view["fills"].as_array()?.len();
        (fills == 4 && view["term"].as_array()?.len() > 2).then_some(view)
    })
    .await;
    let [call, put] = ["call", "put"].map(|leg| view["contracts"][leg].clone());
    let strike = number(&view["contracts"]["strike"]);
    let fills = view["fills"].as_array().unwrap();
    for (lambda, sides) in [(0, None), (3, Some("ask"))] {
        let fill = &fills[lambda];
        let price = |leg: &Value| match sides {
            Some(side) => number(&leg[side]),
            None => (number(&leg["bid"]) + number(&leg["ask"])) / 2.0,
        };
        let cost = number(&fill["cost"]);
        assert!(close(cost, price(&call) + price(&put)), "{fill}");
        assert!(close(number(&fill["low"]), strike - cost), "{fill}");
        assert!(close(number(&fill["high"]), strike + cost), "{fill}");
        assert!(close(number(&fill["break_even"]), cost / number(&view["candidate"]["spot"])));
        assert!((0.0..=1.0).contains(&number(&fill["beyond_implied"])), "{fill}");
    }
    let costs: Vec<f64> = fills.iter().map(|fill| number(&fill["cost"])).collect();
    assert!(costs.is_sorted(), "dearer towards the ask: {costs:?}");
    let names: Vec<_> =
        view["gates"].as_array().unwrap().iter().map(|gate| &gate["gate"]).collect();
    assert_eq!(names, ["listed", "quoted", "spread", "open_interest"]);
    let days: Vec<f64> =
        view["term"].as_array().unwrap().iter().map(|point| number(&point["days"])).collect();
    assert!(days.is_sorted(), "{days:?}");
    let density = view["distribution"].as_array().unwrap();
    let step = number(&density[1]["price"]) - number(&density[0]["price"]);
    let area: f64 = density.iter().map(|point| number(&point["implied"]) * step).sum();
    assert!((0.97..1.01).contains(&area), "what is drawn is nearly all: {area}");
    assert_eq!(view["sources"]["cost"], "quotes");
    assert_eq!(view["record"], json!({ "scored": 0, "needed": 30, "paid": null }));
    open.app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_little_history_is_said_with_its_count_and_is_no_opportunity() {
    let open = open(&VendorId::ALL).await;
    let row = until("a candidate was judged", async || {
        let view = open.json("get_opportunities", json!({})).await;
        let rows = view["rows"].as_array()?.clone();
        assert_eq!(rows.len(), 2, "one row for each watched symbol");
        let row = rows.into_iter().find(|row| row["symbol"] == "NVDA")?;
        (row["state"] == "insufficient" && row["baseline_sessions"] == 3).then_some(row)
    })
    .await;
    assert_eq!(row["reason"], "Insufficient history (3)");
    assert_eq!(row["activity"], Value::Null);
    assert_eq!(row["met"][0], Value::Null);
    let watch = open.json("get_tape_watch", json!({})).await;
    assert_eq!(watch["symbols"][1]["sessions_done"], watch["history_sessions"]);
    for (command, symbols) in [("watch_tape", 3), ("unwatch_tape", 2)] {
        let watch = open.json(command, json!({ "symbol": "KO" })).await;
        assert_eq!(watch["symbols"].as_array().unwrap().len(), symbols, "{command}");
    }
    open.app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_curve_of_the_tape_rises_to_its_watermark() {
    let open = open(&VendorId::ALL).await;
    let curve = until("the tape is there", async || {
        let curve = open.columns("get_tape_activity", json!({ "symbol": "DIA" })).await;
        (curve.rows > 0).then_some(curve)
    })
    .await;
    let (minute, today) = (curve.column("minute"), curve.column("today"));
    let known: Vec<f64> = today.iter().copied().filter(|shares| !shares.is_nan()).collect();
    assert!(known.is_sorted() && known.last().is_some_and(|last| *last > 0.0));
    assert!(minute[known.len() - 1] <= 14.0 * 60.0 + 30.0, "nothing after now");
    assert_eq!(curve.meta["multiple"], Value::Null, "too few sessions to compare with");
    let share = number(&curve.meta["off_exchange_share"]);
    assert!(share > 0.0 && share < 1.0, "{share}");
    open.app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_key_the_page_is_told_so_and_nothing_fails() {
    let open = open(&[VendorId::UnusualWhales]).await;
    let watch = open.json("get_tape_watch", json!({})).await;
    assert_eq!(watch["key_set"], false);
    assert_eq!(watch["vendor"], "polygon");
    let view = open.json("get_opportunities", json!({ "include_ended": true })).await;
    assert_eq!(view["rows"], json!([]));
    let view = open.json("get_straddle", json!({ "symbol": "NVDA" })).await;
    assert_eq!(view["candidate"]["state"], "waiting");
    let request = json!({ "symbol": "NVDA" }).to_string();
    let error = dispatch(&open.app, "watch_tape", &request).await.unwrap_err();
    assert!(error.message.contains("No key of"), "{error}");
    open.app.close().await;
}
