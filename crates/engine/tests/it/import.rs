//! Flat files: with progress, resumed, and known again.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;
use undertow_engine::consolidated::{ImportError, ImportOptions, import};

use crate::rig::*;

const SESSION: &str = "2026-06-02";

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_stopped_goes_on_and_a_file_is_known_again() {
    let rig = Rig::at("2026-06-06T16:00:00Z", 1.0).await;
    let files = [rig.flat_file(SESSION)];
    let options = ImportOptions { symbols: None, print_floor: 100_000, again: false };
    let (_whole, whole) = database().await;
    let stop = CancellationToken::new();
    let mut told = 0;
    let all = import(&whole, &rig.calendar, &files, &options, &stop, &mut |at| {
        assert!(at.bytes <= at.total_bytes && (at.nth, at.of) == (1, 1), "{at:?}");
        told += 1;
    })
    .await
    .unwrap();
    let [all] = all.files.as_slice() else { panic!("{all:?}") };
    assert!(told > 0 && all.symbols > 3 && !all.was_known, "{all:?}");
    let again = import(&whole, &rig.calendar, &files, &options, &stop, &mut |_| {}).await.unwrap();
    assert!(again.files[0].was_known, "{again:?}");

    let (_parts, parts) = database().await;
    let interrupted = CancellationToken::new();
    let inner = interrupted.clone();
    let ended = import(&parts, &rig.calendar, &files, &options, &interrupted, &mut |_| {
        inner.cancel();
    })
    .await;
    assert!(matches!(ended, Err(ImportError::Stopped)) || ended.is_ok(), "{ended:?}");
    let rest = import(&parts, &rig.calendar, &files, &options, &stop, &mut |_| {}).await.unwrap();
    println!("{rest:?}");
    for profile in rig.simulator.market().symbols() {
        let name = profile.as_str();
        let expected = content(&whole, name, SESSION).await;
        assert_eq!(content(&parts, name, SESSION).await, expected, "{name}");
    }
    // Other tickers of the same file are another import.
    let symbols = Some(BTreeSet::from([symbol("SPY")]));
    let one = ImportOptions { symbols, ..options };
    let one = import(&whole, &rig.calendar, &files, &one, &stop, &mut |_| {}).await.unwrap();
    assert_eq!((one.files[0].was_known, one.files[0].symbols, one.files[0].changed), (false, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_day_that_is_not_over_is_refused() {
    let rig = Rig::at("2026-06-06T16:00:00Z", 1.0).await;
    let (_database, store) = database().await;
    let options = ImportOptions { symbols: None, print_floor: 100_000, again: false };
    let path = rig.flat_file(SESSION).with_file_name("broken.csv");
    std::fs::write(&path, "ticker,price\nSPY,1\n").unwrap();
    let stop = CancellationToken::new();
    let ended = import(&store, &rig.calendar, &[path], &options, &stop, &mut |_| {}).await;
    assert!(matches!(ended, Err(ImportError::File { .. })), "{ended:?}");
}
