//! The vendors' keys through the interface: each is tried before it is kept, and any vendor alone
//! opens a market.

use serde_json::{Value, json};
use undertow_api::commands::dispatch;
use undertow_simulator::{Fault, FaultRule};

use crate::program::Program;
use crate::rig::*;

/// A Friday, half past two in New York.
const NOW: &str = "2026-06-05T18:30:00Z";
/// What is asked of each vendor with a new key.
const PROBES: [(&str, &str); 2] =
    [("unusual_whales", "/api/darkpool/SPY"), ("polygon", "/v3/trades/SPY")];

/// A program without any key, at the first-run question.
async fn asked() -> Program {
    Program::at(NOW, &[], |settings| {
        settings.collect.symbols = vec![symbol("DIA")];
        settings.collect.history_sessions = 1;
        settings.tape.symbols = vec![symbol("NVDA")];
        settings.tape.history_sessions = 2;
    })
    .await
}

impl Program {
    /// Tries keys by vendor.
    async fn connect(&self, keys: &[(&str, &str)]) -> Value {
        let key = |(vendor, key): &(&str, &str)| json!({ "vendor": vendor, "key": key });
        let keys: Vec<Value> = keys.iter().map(key).collect();
        self.json("connect_vendors", json!({ "keys": keys })).await
    }

    async fn kept(&self) -> Vec<bool> {
        let app = self.json("get_app", json!({})).await;
        let vendors = app["vendors"].as_array().unwrap();
        vendors.iter().map(|vendor| vendor["key_set"].as_bool().unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_keys_none_is_kept_when_one_is_refused() {
    let asked = asked().await;
    let good = asked.rig.key.clone();
    let tried = asked.connect(&[("polygon", "another-key"), ("unusual_whales", &good)]).await;
    assert_eq!(tried["app"]["mode"], "unset");
    assert_eq!(tried["keys"][0], json!({ "vendor": "unusual_whales", "problem": null }));
    assert_eq!(tried["keys"][1]["problem"]["code"], "vendor_auth");
    assert!(!tried.to_string().contains("another-key"), "{tried}");
    assert_eq!(asked.kept().await, [false, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_vendor_is_told_from_its_plan_and_from_its_network() {
    let asked = asked().await;
    let good = asked.rig.key.clone();
    for (vendor, path) in PROBES {
        asked.rig.spoil(FaultRule::times(Fault::ResetConnection, 20).on(path));
        let tried = asked.connect(&[(vendor, &good)]).await;
        let problem = &tried["keys"][0]["problem"];
        assert_eq!(problem["code"], "vendor_unreachable", "{vendor}: {tried}");
        asked.rig.simulator.faults().clear();
        let tried = asked.connect(&[(vendor, "two words")]).await;
        assert_eq!(tried["keys"][0]["problem"]["code"], "invalid_input", "{vendor}: {tried}");
    }
    asked.rig.spoil(FaultRule::times(Fault::NotEntitled, 1).on("/v3/trades/SPY"));
    let tried = asked.connect(&[("polygon", &good)]).await;
    assert_eq!(tried["keys"][0]["problem"]["code"], "vendor_entitlement", "{tried}");
    assert_eq!(asked.kept().await, [false, false]);
    let none = dispatch(&asked.app, "connect_vendors", r#"{ "keys": [] }"#).await.unwrap_err();
    assert!(none.message.contains("No key is set"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn massive_alone_opens_a_market_and_the_other_vendor_is_added_later() {
    let asked = asked().await;
    let good = asked.rig.key.clone();
    asked.connect(&[("polygon", &good)]).await;
    asked.app.opened().await.unwrap();
    assert_eq!(asked.kept().await, [false, true]);
    until("the history of the tape is read, and it is said that none is left", async || {
        let watch = asked.json("get_tape_watch", json!({})).await;
        assert_eq!(watch["key_set"], true);
        let symbol = watch["symbols"][0].clone();
        (symbol["sessions_left"] == 0 && symbol["sessions_done"] == watch["history_sessions"])
            .then_some(())
    })
    .await;
    let status = asked.json("get_status", json!({})).await;
    let series = |status: &Value| -> Vec<String> {
        let feeds = status["feeds"].as_array().unwrap().iter();
        feeds.map(|feed| feed["series"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((&status["collecting"], series(&status)), (&json!(true), vec!["tape".to_owned()]));
    asked.connect(&[("unusual_whales", &good)]).await;
    asked.app.opened().await.unwrap();
    assert_eq!(asked.kept().await, [true, true]);
    until("both vendors are collected from", async || {
        let series = series(&asked.json("get_status", json!({})).await);
        ["tape", "prints"].iter().all(|one| series.iter().any(|two| one == two)).then_some(())
    })
    .await;
    asked.app.close().await;
}
