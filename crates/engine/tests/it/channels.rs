//! The same day by each channel gives the same rows.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use tokio_util::sync::CancellationToken;
use undertow_engine::consolidated::{ImportOptions, import};
use undertow_market::{TapeMinute, TapePrint};
use undertow_store::Store;
use undertow_store::tape::TapePrintsFilter;

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
    let rig = busy("2026-06-02T19:10:00Z", 120.0).await;
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

/// The stored prints of a session.
async fn prints_of(store: &Store, name: &str) -> Vec<TapePrint> {
    let day = date(SESSION);
    store.tape_prints(&TapePrintsFilter::new(symbol(name), day, day)).await.unwrap()
}

/// A session out of its file, with prints from a floor or a percentile on.
async fn keeping(rig: &Rig, store: &Store, session: &str, floor: u32, per_mille: Option<u16>) {
    let options = ImportOptions {
        print_floor: floor,
        print_per_mille: per_mille,
        ..import_options(Some(&["IWM"]))
    };
    let (place, files) = (rig.place(store), [rig.flat_file(session)]);
    import(&place, &files, &options, &CancellationToken::new(), &mut |_| {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_percentile_keeps_the_large_trades_of_a_stock_whose_trades_are_small() {
    const FLOOR: u32 = 100_000_000;
    let rig = busy("2026-06-03T16:00:00Z", 1.0).await;
    let (_all, all) = database().await;
    keeping(&rig, &all, SESSION, 1_000, None).await;
    let everything = prints_of(&all, "IWM").await;

    let (_filed, filed) = database().await;
    // Nothing is known of the stock yet: the floor alone holds.
    keeping(&rig, &filed, SESSION, FLOOR, Some(950)).await;
    let book = filed.tape_book(&symbol("IWM"), date(SESSION)).await.unwrap().unwrap();
    assert_eq!((book.prints_floor, prints_of(&filed, "IWM").await.len()), (FLOOR.into(), 0));
    // With the session before, its own percentile does.
    keeping(&rig, &filed, "2026-06-01", FLOOR, Some(950)).await;
    keeping(&rig, &filed, SESSION, FLOOR, Some(951)).await;
    let book = filed.tape_book(&symbol("IWM"), date(SESSION)).await.unwrap().unwrap();
    let floor = book.prints_floor;
    assert!(floor > Decimal::ONE_THOUSAND && floor < FLOOR.into(), "{floor}");
    let mut kept = everything.clone();
    kept.retain(|print| print.notional() >= floor);
    let minutes = minutes_of(&filed, "IWM").await;
    let trades: u32 = minutes.values().map(|of| of.off_exchange.trades).sum();
    println!("from {floor} dollars on: {} of {trades} trades", kept.len());
    let share = kept.len() as f64 / f64::from(trades);
    assert!((0.02..0.10).contains(&share), "some one in twenty: {share}");
    let mut found = prints_of(&filed, "IWM").await;
    for print in found.iter_mut().chain(&mut kept) {
        print.received_at = at("2026-06-03T16:00:00Z");
    }
    assert_eq!(found, kept, "everything from the floor on, and nothing below it");

    // A higher percentile takes nothing away from what is stored.
    keeping(&rig, &filed, SESSION, FLOOR, Some(999)).await;
    let book = filed.tape_book(&symbol("IWM"), date(SESSION)).await.unwrap().unwrap();
    assert_eq!((book.prints_floor, prints_of(&filed, "IWM").await.len()), (floor, kept.len()));

    // REST reads history backwards: the session before takes its floor from the one after it.
    let before = filed.tape_book(&symbol("IWM"), date("2026-06-01")).await.unwrap().unwrap();
    assert!(before.prints_floor < FLOOR.into(), "{}", before.prints_floor);
    // Over REST the day is the same as out of its file.
    let (_asked, asked) = database().await;
    keeping(&rig, &asked, "2026-06-01", FLOOR, None).await;
    let mut rest = busy("2026-06-03T01:00:00Z", 1.0).await;
    (rest.streams, rest.print_percentile, rest.print_floor) = (false, 95.1, FLOOR);
    let engine = rest.collector(&asked, &["IWM"]).await;
    rest.until_whole(&asked, "IWM", SESSION).await;
    engine.stop().await;
    assert_eq!(content(&asked, "IWM", SESSION).await, content(&filed, "IWM", SESSION).await);

    // Without a percentile, the floor alone holds again.
    keeping(&rig, &filed, SESSION, FLOOR, None).await;
    assert_eq!(prints_of(&filed, "IWM").await, []);
    assert_eq!(filed.quarantine_rows(9).await.unwrap(), [], "nothing was lost");
}
