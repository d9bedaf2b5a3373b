//! The same day by each channel gives the same rows.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;
use undertow_engine::consolidated::{ImportOptions, import};
use undertow_store::Store;

use crate::rig::*;

const SESSION: &str = "2026-06-02";

/// The day as REST has it once it is over.
async fn by_rest(store: &Store, names: &[&str], now: &str) {
    let mut rig = Rig::at(now, 1.0).await;
    rig.streams = false;
    let engine = rig.collector(store, names).await;
    for name in names {
        rig.until_whole(store, name, SESSION).await;
    }
    engine.stop().await;
}

async fn by_flat_file(store: &Store, names: &[&str], now: &str) {
    let rig = Rig::at(now, 1.0).await;
    let symbols: BTreeSet<_> = names.iter().map(|name| symbol(name)).collect();
    let options = ImportOptions { symbols: Some(symbols), print_floor: 100_000, again: false };
    let files = [rig.flat_file(SESSION)];
    let stop = CancellationToken::new();
    let report = import(store, &rig.calendar, &files, &options, &stop, &mut |_| {}).await.unwrap();
    assert_eq!(report.files[0].symbols as usize, names.len(), "{report:?}");
    assert_eq!(report.files[0].rejected, 0, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_rest_and_the_flat_file_of_a_day_give_the_same_rows() {
    const NAMES: [&str; 2] = ["SPY", "IWM"];
    let (_streamed, streamed) = database().await;
    // The close by the stream, with the morning before it read over REST.
    let rig = Rig::at("2026-06-02T19:40:00Z", FAST).await;
    let engine = rig.collector(&streamed, &NAMES).await;
    let health = until_health(&engine, "both are streamed", |health| {
        health.tapes.len() == 2 && health.tapes.iter().all(|tape| tape.is_streamed)
    })
    .await;
    println!("{health:?}");
    let from = rig.clock.now();
    rig.until_stored(&streamed, "SPY", SESSION, "2026-06-02T20:20:00Z").await;
    rig.until_stored(&streamed, "IWM", SESSION, "2026-06-02T20:20:00Z").await;
    engine.stop().await;
    assert!(from < at("2026-06-02T20:10:00Z"), "the stream came too late to be tested: {from}");
    let counters = engine.health().counters;
    assert!(counters.streamed > 100, "{counters:?}");
    assert_eq!((counters.too_late, counters.other_day), (0, 0), "{counters:?}");
    for name in NAMES {
        let before = minutes(SESSION, "2026-06-02T08:00:00Z", "2026-06-02T20:20:00Z");
        rig.assert_no_hole(&streamed, name, SESSION, before).await;
    }
    // That evening the session is read again: cancels and corrections are known now.
    let rig = Rig::at("2026-06-02T23:58:00Z", FAST).await;
    let engine = rig.collector(&streamed, &NAMES).await;
    for name in NAMES {
        rig.until_whole(&streamed, name, SESSION).await;
    }
    engine.stop().await;

    let (_asked, asked) = database().await;
    by_rest(&asked, &NAMES, "2026-06-03T01:00:00Z").await;
    let (_imported, imported) = database().await;
    by_flat_file(&imported, &NAMES, "2026-06-03T01:00:00Z").await;
    for name in NAMES {
        let truth = content(&asked, name, SESSION).await;
        assert!(truth.iter().all(|table| table.rows > 0), "{name}: {truth:?}");
        assert_eq!(content(&imported, name, SESSION).await, truth, "{name}: flat file and REST");
        assert_eq!(content(&streamed, name, SESSION).await, truth, "{name}: stream and REST");
    }
}
