//! Slots, quarantine, log, budget, backfill jobs, watch list and watermarks.

use serde_json::json;
use undertow_market::{Symbol, VendorId};
use undertow_store::backfill::{BackfillState, BackfillUpdate, NewBackfill};
use undertow_store::log::{LogEntry, LogLevel};
use undertow_store::quarantine::{MAX_RAW_BYTES, Rejected};
use undertow_store::slots::{SlotFilter, SlotKind, SlotResult, SlotState};
use undertow_store::watch_list::MAX_TAPE_WATCHED;
use undertow_store::watermarks::Watermark;
use undertow_store::{MergeContext, Store, StoreError};
use undertow_testkit::postgres::TestDatabase;

use crate::fixtures::*;

const VENDOR: VendorId = VendorId::UnusualWhales;

async fn open() -> (TestDatabase, Store) {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    (database, store)
}

fn slot(from: i64, to: i64, state: SlotState) -> SlotResult {
    SlotResult {
        vendor: VENDOR,
        kind: SlotKind::Prints,
        symbol: symbol("SPY"),
        session_date: day(),
        slot_start: after(from),
        slot_end: after(to),
        state,
        reason: (!state.is_read()).then(|| format!("{}: no answer", state.as_str())),
        delivered: if state == SlotState::Stored { 10 } else { 0 },
        rejected: 0,
        gap: false,
        finished_at: after(to + 1),
    }
}

fn filter() -> SlotFilter {
    SlotFilter { vendor: VENDOR, kind: SlotKind::Prints, symbol: None, from: day(), to: day() }
}

#[tokio::test]
async fn a_slot_ends_in_one_state_and_only_a_success_replaces_a_failure() {
    let (_database, store) = open().await;
    use SlotState::{Empty, Failed, Skipped, Stored};
    for (second, (steps, expected)) in [
        (vec![Failed, Stored], Stored),
        (vec![Skipped, Failed, Empty], Empty),
        (vec![Stored, Failed], Stored),
        (vec![Empty, Skipped], Empty),
        (vec![Empty, Stored], Stored),
        (vec![Failed, Skipped], Skipped),
    ]
    .into_iter()
    .enumerate()
    {
        let from = 60 * i64::try_from(second).unwrap();
        for state in &steps {
            store.put_slot(&slot(from, from + 60, *state)).await.unwrap();
        }
        let found = store.slots(&filter()).await.unwrap();
        let here: Vec<_> = found.iter().filter(|slot| slot.slot_start == after(from)).collect();
        assert_eq!(here.len(), 1, "{steps:?}");
        assert_eq!(*here[0], slot(from, from + 60, expected), "{steps:?}");
    }
}

#[tokio::test]
async fn gaps_are_what_failed_and_was_not_read_since() {
    let (_database, store) = open().await;
    let overfull = SlotResult {
        gap: true,
        reason: Some("more than 1000 prints in one second".to_owned()),
        ..slot(30, 31, SlotState::Stored)
    };
    for slot in [
        slot(0, 100, SlotState::Stored),
        slot(100, 200, SlotState::Failed),
        slot(200, 300, SlotState::Skipped),
        slot(300, 400, SlotState::Empty),
        slot(400, 500, SlotState::Failed),
        // A backfill read the middle later.
        slot(150, 250, SlotState::Stored),
        slot(400, 499, SlotState::Failed),
        overfull.clone(),
        SlotResult { symbol: symbol("QQQ"), ..slot(0, 50, SlotState::Skipped) },
    ] {
        store.put_slot(&slot).await.unwrap();
    }
    let gaps = store.gaps(&filter()).await.unwrap();
    let found: Vec<_> = gaps
        .iter()
        .map(|gap| {
            (
                gap.symbol.as_str(),
                (gap.from - after(0)).num_seconds(),
                (gap.to - after(0)).num_seconds(),
            )
        })
        .collect();
    let expected =
        [("QQQ", 0, 50), ("SPY", 30, 31), ("SPY", 100, 150), ("SPY", 250, 300), ("SPY", 400, 499)];
    assert_eq!(found, expected);
    assert_eq!(gaps[1].reason, "more than 1000 prints in one second");

    let coverage =
        store.coverage(&SlotFilter { symbol: Some(symbol("SPY")), ..filter() }).await.unwrap();
    assert_eq!(coverage.len(), 1);
    let spy = &coverage[0];
    assert_eq!((spy.stored, spy.empty, spy.failed, spy.skipped, spy.gaps), (3, 1, 2, 1, 1));
    assert_eq!((spy.delivered, spy.covered_seconds), (30, 300));

    // The overfull second is made good by itself only.
    store.put_slot(&SlotResult { gap: false, reason: None, ..overfull }).await.unwrap();
    assert_eq!(store.gaps(&filter()).await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_failure_needs_a_reason_and_a_slot_a_length() {
    let (_database, store) = open().await;
    for broken in [
        SlotResult { reason: None, ..slot(0, 1, SlotState::Failed) },
        SlotResult { gap: true, ..slot(0, 1, SlotState::Stored) },
        slot(5, 5, SlotState::Stored),
    ] {
        assert!(store.put_slot(&broken).await.is_err(), "{broken:?}");
    }
}

#[tokio::test]
async fn the_same_text_is_kept_once_and_counted() {
    let (_database, store) = open().await;
    let rejected = |raw: &str, seconds: i64| Rejected {
        vendor: VENDOR,
        kind: SlotKind::Prints,
        symbol: Some("sp\0y".to_owned()),
        reason: "price is null".to_owned(),
        raw: raw.to_owned(),
        received_at: after(seconds),
    };
    let long = "é".repeat(MAX_RAW_BYTES);
    let rejects = [rejected("{\"a\"\0}", 1), rejected(&long, 2), rejected("{\"a\"\0}", 3)];
    store.quarantine(&rejects).await.unwrap();
    let rows = store.quarantine_rows(10).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (rows[0].seen, rows[0].first_received_at, rows[0].rejected.received_at),
        (2, after(1), after(3))
    );
    assert_eq!(rows[0].rejected.raw, "{\"a\"\u{fffd}}");
    assert_eq!(rows[1].rejected.raw.len(), MAX_RAW_BYTES);
    let counts = store.quarantine_counts().await.unwrap();
    assert_eq!((counts[0].rows, counts[0].seen), (2, 3));
    assert_eq!(counts[0].reason, "price is null");
    assert_eq!(store.prune_quarantine(after(3)).await.unwrap(), 1);
    assert_eq!(store.quarantine_rows(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_log_is_read_newest_first() {
    let (_database, store) = open().await;
    let entry = |n: i64, level| LogEntry {
        at: after(n),
        level,
        area: "collector".to_owned(),
        message: format!("entry {n}"),
        detail: Some(json!({ "n": n })),
    };
    let entries =
        [entry(1, LogLevel::Info), entry(2, LogLevel::Warning), entry(3, LogLevel::Error)];
    for entry in &entries {
        store.append_log(entry).await.unwrap();
    }
    let found = store.log_entries(2).await.unwrap();
    assert_eq!(found, [entries[2].clone(), entries[1].clone()]);
    assert_eq!(store.prune_log(after(3)).await.unwrap(), 2);
    assert_eq!(store.log_entries(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_budget_survives_as_it_was() {
    let (_database, store) = open().await;
    assert_eq!(store.load_budget(VENDOR).await.unwrap(), None);
    for used in [766, 767] {
        let state = json!({ "day_limit": 20_000, "day_used": used });
        store.save_budget(VENDOR, &state, after(used)).await.unwrap();
        assert_eq!(store.load_budget(VENDOR).await.unwrap(), Some((state, after(used))));
    }
}

#[tokio::test]
async fn a_backfill_job_goes_on_where_it_stopped() {
    let (_database, store) = open().await;
    let work = NewBackfill {
        vendor: VENDOR,
        symbols: vec![symbol("SPY"), symbol("BRK.B")],
        from: day(),
        to: day(),
        reread: true,
    };
    let job = store.create_backfill_job(&work, after(0)).await.unwrap();
    assert_eq!((&job.work, job.state, job.finished_at), (&work, BackfillState::Waiting, None));
    let update = |state, n| BackfillUpdate {
        state,
        progress: json!({ "sessions_done": n }),
        message: Some("at the history wall".to_owned()),
        at: after(n),
    };
    store.update_backfill_job(job.id, &update(BackfillState::Running, 1)).await.unwrap();
    let unfinished = store.unfinished_backfill_jobs().await.unwrap();
    assert_eq!(unfinished.len(), 1);
    assert_eq!(unfinished[0].progress, json!({ "sessions_done": 1 }));
    store.update_backfill_job(job.id, &update(BackfillState::Stopped, 2)).await.unwrap();
    assert_eq!(store.unfinished_backfill_jobs().await.unwrap(), []);
    let ended = store.backfill_job(job.id).await.unwrap();
    assert_eq!((ended.state, ended.finished_at), (BackfillState::Stopped, Some(after(2))));
    assert_eq!(store.backfill_jobs(10).await.unwrap(), [ended]);
    store.delete_backfill_job(job.id).await.unwrap();
    for missing in [
        store.delete_backfill_job(job.id).await.expect_err("it is gone"),
        store.backfill_job(job.id).await.expect_err("it is gone"),
        store
            .update_backfill_job(job.id, &update(BackfillState::Done, 3))
            .await
            .expect_err("it is gone"),
    ] {
        assert!(matches!(missing, StoreError::Missing(_)), "{missing}");
    }
    let nothing = NewBackfill { symbols: vec![], ..work };
    assert!(store.create_backfill_job(&nothing, after(0)).await.is_err());
}

#[tokio::test]
async fn the_watch_list_keeps_its_order() {
    let (_database, store) = open().await;
    let list = |names: &[&str]| names.iter().map(|name| symbol(name)).collect::<Vec<Symbol>>();
    let check = async |expected: &[&str]| {
        assert_eq!(store.watch_list().await.unwrap(), list(expected));
    };
    store.set_watch_list(&list(&["QQQ", "SPY", "QQQ"]), after(0)).await.unwrap();
    check(&["QQQ", "SPY"]).await;
    store.add_to_watch_list(&symbol("AAPL"), after(1)).await.unwrap();
    store.add_to_watch_list(&symbol("QQQ"), after(1)).await.unwrap();
    check(&["QQQ", "SPY", "AAPL"]).await;
    assert!(store.remove_from_watch_list(&symbol("SPY")).await.unwrap());
    assert!(!store.remove_from_watch_list(&symbol("SPY")).await.unwrap());
    check(&["QQQ", "AAPL"]).await;
    store.set_watch_list(&list(&["AAPL", "IWM", "QQQ"]), after(2)).await.unwrap();
    check(&["AAPL", "IWM", "QQQ"]).await;
    store.set_watch_list(&[], after(3)).await.unwrap();
    check(&[]).await;
    store.add_to_watch_list(&symbol("DIA"), after(4)).await.unwrap();
    check(&["DIA"]).await;
}

#[tokio::test]
async fn the_tape_has_a_watch_list_of_its_own() {
    let (_database, store) = open().await;
    let many: Vec<Symbol> = (0..MAX_TAPE_WATCHED).map(|n| symbol(&format!("A{n}"))).collect();
    store.set_watch_list(&[symbol("SPY")], after(0)).await.unwrap();
    store.set_tape_watch_list(&many[1..], after(0)).await.unwrap();
    store.add_to_tape_watch_list(&many[0], after(1)).await.unwrap();
    let mut expected = many[1..].to_vec();
    expected.push(many[0].clone());
    assert_eq!(store.tape_watch_list().await.unwrap(), expected);
    let full = store.add_to_tape_watch_list(&symbol("QQQ"), after(2)).await;
    assert!(
        matches!(full, Err(StoreError::TooManyRows { most: MAX_TAPE_WATCHED, .. })),
        "{full:?}"
    );
    store.add_to_tape_watch_list(&many[7], after(2)).await.unwrap();
    assert!(store.remove_from_tape_watch_list(&many[7]).await.unwrap());
    assert!(!store.remove_from_tape_watch_list(&many[7]).await.unwrap());
    store.add_to_tape_watch_list(&symbol("QQQ"), after(2)).await.unwrap();
    let too_many: Vec<Symbol> = many.iter().cloned().chain([symbol("QQQ")]).collect();
    let refused = store.set_tape_watch_list(&too_many, after(3)).await;
    assert!(matches!(refused, Err(StoreError::TooManyRows { .. })), "{refused:?}");
    assert_eq!(store.watch_list().await.unwrap(), [symbol("SPY")]);
}

#[tokio::test]
async fn both_vendors_have_books() {
    let (_database, store) = open().await;
    for kind in SlotKind::ALL {
        let slot = SlotResult { vendor: VendorId::Polygon, kind, ..slot(0, 60, SlotState::Stored) };
        let reported_to = after(60);
        let watermark = Watermark {
            vendor: VendorId::Polygon,
            kind,
            symbol: symbol("SPY"),
            session_date: day(),
            reported_to,
        };
        let context =
            MergeContext { slot: Some(slot.clone()), watermark: Some(watermark), rejects: vec![] };
        store.merge_prints(vec![], context).await.unwrap();
        let filter = SlotFilter { vendor: VendorId::Polygon, kind, ..filter() };
        assert_eq!(store.slots(&filter).await.unwrap(), [slot], "{kind}");
        let found = store.newest_watermark(VendorId::Polygon, kind, &symbol("SPY")).await.unwrap();
        assert_eq!(found.map(|mark| mark.reported_to), Some(reported_to), "{kind}");
    }
    assert_eq!(store.slots(&filter()).await.unwrap(), [], "the other vendor has none");
    let mut ours = store.collector_lock(VendorId::Polygon).await.unwrap().unwrap();
    assert!(store.collector_lock(VendorId::UnusualWhales).await.unwrap().is_some());
    assert!(store.collector_lock(VendorId::Polygon).await.unwrap().is_none());
    assert!(ours.is_held().await);
}

#[tokio::test]
async fn a_watermark_moves_forward_only() {
    let (_database, store) = open().await;
    let mark = |n: i64| Watermark {
        vendor: VENDOR,
        kind: SlotKind::Bars,
        symbol: symbol("SPY"),
        session_date: day(),
        reported_to: after(n),
    };
    for (given, expected) in [(10, 10), (5, 10), (20, 20)] {
        let context = MergeContext { watermark: Some(mark(given)), ..MergeContext::default() };
        store.merge_prints(vec![], context).await.unwrap();
        let found = store.watermarks(VENDOR, SlotKind::Bars, day()).await.unwrap();
        assert_eq!(found, [mark(expected)]);
    }
    assert_eq!(store.watermarks(VENDOR, SlotKind::Prints, day()).await.unwrap(), []);
}
