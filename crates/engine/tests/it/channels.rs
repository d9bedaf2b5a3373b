//! The same day by each channel gives the same rows.

use std::collections::BTreeMap;

use undertow_market::TapeMinute;
use undertow_store::Store;

use crate::rig::*;

const SESSION: &str = "2026-06-02";

/// The day as REST has it once it is over.
async fn by_rest(store: &Store, names: &[&str], now: &str) {
    let mut rig = busy(now, 1.0).await;
    rig.streams = false;
    let engine = rig.collector(store, names).await;
    for name in names {
        rig.until_whole(store, name, SESSION).await;
    }
    engine.stop().await;
}

async fn by_flat_file(store: &Store, names: &[&str], now: &str) {
    let file = busy(now, 1.0).await.import(store, SESSION, Some(names)).await;
    assert_eq!((file.symbols as usize, file.rejected), (names.len(), 0), "{file:?}");
}

/// A market with as many trades as a busy stock of the tests has.
async fn busy(now: &str, speed: f64) -> Rig {
    Rig::with(now, speed, |config| config.tape_scale = 4.0).await
}

/// The stored minutes of a session.
async fn minutes_of(store: &Store, name: &str) -> BTreeMap<u16, TapeMinute> {
    let day = date(SESSION);
    let minutes = store.tape_minutes(&symbol(name), day, day).await.unwrap();
    minutes.into_iter().map(|minute| (minute.minute, minute)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_rest_and_the_flat_file_of_a_day_give_the_same_rows() {
    const NAMES: [&str; 2] = ["SPY", "IWM"];
    let (_streamed, streamed) = database().await;
    // The close by the stream, with the morning before it read over REST.
    let rig = busy("2026-06-02T19:30:00Z", 120.0).await;
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
    assert!(from < at("2026-06-02T19:49:00Z"), "the stream came too late to be tested: {from}");
    let counters = engine.health().counters;
    assert!(counters.streamed > 1_000, "{counters:?}");
    assert_eq!((counters.too_late, counters.other_day), (0, 0), "{counters:?}");
    for name in NAMES {
        let before = minutes(SESSION, "2026-06-02T08:00:00Z", "2026-06-02T20:20:00Z");
        rig.assert_no_hole(&streamed, name, SESSION, before).await;
    }
    let told = [minutes_of(&streamed, "SPY").await, minutes_of(&streamed, "IWM").await];
    // That evening the session is read again: cancels and corrections are known now.
    let rig = busy("2026-06-02T23:58:00Z", FAST).await;
    let engine = rig.collector(&streamed, &NAMES).await;
    for name in NAMES {
        rig.until_whole(&streamed, name, SESSION).await;
    }
    engine.stop().await;

    let (_asked, asked) = database().await;
    by_rest(&asked, &NAMES, "2026-06-03T01:00:00Z").await;
    let (_imported, imported) = database().await;
    by_flat_file(&imported, &NAMES, "2026-06-03T16:00:00Z").await;
    for name in NAMES {
        let truth = content(&asked, name, SESSION).await;
        assert!(truth.iter().all(|table| table.rows > 0), "{name}: {truth:?}");
        assert_eq!(content(&imported, name, SESSION).await, truth, "{name}: flat file and REST");
        assert_eq!(content(&streamed, name, SESSION).await, truth, "{name}: stream and REST");
    }
    // Half an hour of the stream as it was before that: what nobody took back is the same to the
    // last share, and what was taken back was not known to the stream.
    let half_hour = minutes(SESSION, "2026-06-02T19:50:00Z", "2026-06-02T20:20:00Z");
    let (mut same, mut other) = (0, 0);
    for (name, told) in NAMES.into_iter().zip(told) {
        let (known, amended) = (minutes_of(&asked, name).await, rig.amended_minutes(name, SESSION));
        for minute in half_hour.clone() {
            if told.get(&minute) == known.get(&minute) {
                same += usize::from(known.contains_key(&minute));
            } else {
                other += 1;
                assert!(amended.contains(&minute), "{name}, minute {minute}");
            }
        }
    }
    assert!(same > 30 && other > 0, "{same} minutes are the same and {other} are not");
}
