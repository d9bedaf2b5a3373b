//! Flat files: with progress, resumed, known again, and beside others who write.

use tokio_util::sync::CancellationToken;
use undertow_engine::consolidated::{ImportError, ImportOptions, import};

use crate::rig::*;

const SESSION: &str = "2026-06-02";
/// Days later, when nothing of it changes any more.
const LATER: &str = "2026-06-06T16:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_stopped_halfway_goes_on_and_a_file_is_known_again() {
    let rig = Rig::at(LATER, 1.0).await;
    let files = [rig.flat_file(SESSION)];
    let (_whole, whole) = database().await;
    let stop = CancellationToken::new();
    let mut told = 0;
    let place = rig.place(&whole);
    let all = import(&place, &files, &import_options(None), &stop, &mut |at| {
        assert!(at.bytes <= at.total_bytes && (at.nth, at.of) == (1, 1), "{at:?}");
        told += 1;
    })
    .await
    .unwrap();
    let [all] = all.files.as_slice() else { panic!("{all:?}") };
    assert!(told > 0 && all.symbols > 3 && !all.was_known, "{all:?}");
    assert!(rig.import(&whole, SESSION, None).await.was_known);

    // Each ticker is a write of its own, and the import is stopped after the second.
    let (_parts, parts) = database().await;
    let one_by_one = ImportOptions { rows_a_write: 1, ..import_options(None) };
    let interrupted = CancellationToken::new();
    let inner = interrupted.clone();
    let ended = import(&rig.place(&parts), &files, &one_by_one, &interrupted, &mut |at| {
        if at.symbols == 2 {
            inner.cancel();
        }
    })
    .await;
    assert!(matches!(ended, Err(ImportError::Stopped)), "{ended:?}");
    let stored = parts.tape_books(date(SESSION)).await.unwrap().len();
    assert_eq!(stored, 2, "it stopped where it was told to");
    let rest = rig.import(&parts, SESSION, None).await;
    assert_eq!((rest.was_known, rest.symbols), (false, all.symbols - 2), "the rest and no more");
    for profile in rig.simulator.market().symbols() {
        let name = profile.as_str();
        let expected = content(&whole, name, SESSION).await;
        assert!(expected[0].rows > 0, "{name}: {expected:?}");
        assert_eq!(content(&parts, name, SESSION).await, expected, "{name}");
    }
    // Other tickers of the same file are another import.
    let one = rig.import(&whole, SESSION, Some(&["SPY"])).await;
    assert_eq!((one.was_known, one.symbols, one.changed), (false, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_or_is_of_a_day_that_is_not_over_is_refused() {
    let rig = Rig::at(LATER, 1.0).await;
    let (_database, store) = database().await;
    let stop = CancellationToken::new();
    let file = rig.flat_file(SESSION);
    let broken = file.with_file_name("broken.csv");
    std::fs::write(&broken, "ticker,price\nSPY,1\n").unwrap();
    let (place, options) = (rig.place(&store), import_options(None));
    let ended = import(&place, &[broken], &options, &stop, &mut |_| {}).await;
    assert!(matches!(ended, Err(ImportError::File { .. })), "{ended:?}");

    let that_evening = Rig::at("2026-06-03T02:00:00Z", 1.0).await;
    let ended = import(&that_evening.place(&store), &[file], &options, &stop, &mut |_| {}).await;
    let Err(error @ ImportError::NotOver { .. }) = ended else { panic!("{ended:?}") };
    assert!(error.to_string().contains("no session that is over"), "{error}");
    assert_eq!(store.tape_books(date(SESSION)).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_of_one_file_do_not_meet_and_other_files_do_not_wait() {
    let rig = Rig::at(LATER, 1.0).await;
    let (_database, store) = database().await;
    let file = rig.flat_file(SESSION);
    let name = file.file_name().and_then(|name| name.to_str()).unwrap();
    let theirs = store.import_lock(name).await.unwrap().expect("nobody imports it");
    let (place, options) = (rig.place(&store), import_options(None));
    let (files, stop) = ([file.clone()], CancellationToken::new());
    let ended = import(&place, &files, &options, &stop, &mut |_| {}).await;
    let Err(error @ ImportError::InUse { .. }) = ended else { panic!("{ended:?}") };
    assert!(error.to_string().contains("another program imports this file"), "{error}");
    let other = rig.import(&store, "2026-06-03", Some(&["SPY"])).await;
    assert_eq!(other.symbols, 1);
    theirs.release().await.unwrap();
    assert!(rig.import(&store, SESSION, None).await.symbols > 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_beside_the_collector_leaves_both_sessions_as_they_are_alone() {
    let (_database, store) = database().await;
    let rig = Rig::at("2026-06-03T17:00:00Z", 60.0).await;
    let engine = rig.collector(&store, &["SPY", "IWM"]).await;
    rig.until_stored(&store, "SPY", "2026-06-03", "2026-06-03T17:01:00Z").await;
    // The session before, while today's is collected, and read whole at the same time by both.
    let spy = symbol("SPY");
    let (imported, read) = tokio::join!(
        rig.import(&store, SESSION, None),
        engine.read_session_again(&spy, date(SESSION)),
    );
    assert!(imported.symbols > 3, "{imported:?}");
    read.unwrap();
    rig.until_stored(&store, "SPY", "2026-06-03", &later(rig.clock, 2)).await;
    engine.stop().await;
    let before = rig.stored_before(&store, "SPY", "2026-06-03").await;
    rig.assert_no_hole(&store, "SPY", "2026-06-03", 240..before).await;

    let alone = Rig::at(LATER, 1.0).await;
    let (_alone, expected) = database().await;
    alone.import(&expected, SESSION, None).await;
    for name in ["SPY", "IWM", "NVDA"] {
        let expected = content(&expected, name, SESSION).await;
        assert_eq!(content(&store, name, SESSION).await, expected, "{name}");
    }
}
