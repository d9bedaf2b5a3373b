//! History of a new symbol, and what the vendor says of the calendar.

use undertow_market::calendar::Correction;

use crate::rig::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_symbol_starts_with_its_history_and_is_let_go_again() {
    let (_database, store) = database().await;
    let mut rig = Rig::at("2026-06-02T17:00:00Z", 60.0).await;
    rig.history_sessions = 3;
    let engine = rig.collector(&store, &["SPY"]).await;
    engine.watch(symbol("IWM")).await.unwrap();
    for name in ["SPY", "IWM"] {
        for session in ["2026-05-28", "2026-05-29", "2026-06-01"] {
            rig.until_whole(&store, name, session).await;
        }
        rig.until_stored(&store, name, "2026-06-02", "2026-06-02T17:01:00Z").await;
    }
    until("days are there", async || {
        let days = store.day_bars(&symbol("IWM"), date("2026-05-01"), date("2026-06-02")).await;
        Some(days.unwrap()).filter(|days| days.len() > 15)
    })
    .await;
    assert!(engine.activity(&symbol("IWM")).unwrap().off_exchange.trades > 0);
    engine.unwatch(&symbol("IWM")).await.unwrap();
    assert_eq!(engine.symbols(), [symbol("SPY")]);
    assert_eq!(store.tape_watch_list().await.unwrap(), [symbol("SPY")]);
    until("it is let go", async || engine.activity(&symbol("IWM")).is_none().then_some(())).await;
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_which_the_vendor_says_otherwise_is_in_the_journal() {
    let (_database, store) = database().await;
    let mut rig = Rig::at("2026-06-02T17:00:00Z", 60.0).await;
    let correction: Correction =
        serde_json::from_value(serde_json::json!({"date": "2026-07-03", "kind": "regular"}))
            .unwrap();
    rig.calendar = rig.calendar.clone().with_corrections(&[correction]);
    let engine = rig.collector(&store, &["SPY"]).await;
    until("the difference is told", async || {
        journal_has(&store, "2026-07-03: the vendor says").await.then_some(())
    })
    .await;
    engine.stop().await;
}
