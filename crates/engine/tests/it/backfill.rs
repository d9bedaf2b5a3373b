//! Backfills of the tape: read whole, resumed, read again, and ended at the plan's history.

use undertow_engine::backfill::{BackfillError, BackfillState, Job, NewBackfill};
use undertow_engine::consolidated::Consolidated;
use undertow_market::VendorId;
use undertow_simulator::{Fault, FaultRule, PolygonPlan};
use undertow_store::Store;
use undertow_store::backfill::BackfillJob;

use crate::rig::*;

/// A Saturday: every session of the week before it is over.
const SATURDAY: &str = "2026-06-06T16:00:00Z";

fn work(symbols: &[&str], from: &str, to: &str) -> NewBackfill {
    NewBackfill {
        vendor: VendorId::Polygon,
        symbols: symbols.iter().map(|name| symbol(name)).collect(),
        from: date(from),
        to: date(to),
        reread: false,
    }
}

/// Waits until a backfill ends.
async fn ended(store: &Store, id: i64) -> BackfillJob {
    until("the backfill ends", async || {
        Some(store.backfill_job(id).await.unwrap()).filter(|job| job.state.is_final())
    })
    .await
}

async fn run(engine: &Consolidated, store: &Store, work: NewBackfill) -> BackfillJob {
    let job = engine.start_backfill(work).await.unwrap();
    ended(store, job.id).await
}

fn number(job: &BackfillJob, name: &str) -> u64 {
    job.progress[name].as_u64().unwrap_or_else(|| panic!("{name} is not in {job:?}"))
}

/// Trades requests so far, by symbol.
fn asked(rig: &Rig, name: &str) -> usize {
    let path = format!("/v3/trades/{name}?");
    rig.simulator.requests().recent.iter().filter(|asked| asked.starts_with(&path)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_of_symbols_nobody_watches_gives_what_a_flat_file_gives() {
    let (_database, store) = database().await;
    let mut rig = Rig::at(SATURDAY, 1.0).await;
    rig.streams = false;
    rig.collecting = false;
    let engine = rig.collector(&store, &["SPY"]).await;
    let done = run(&engine, &store, work(&["IWM", "QQQ"], "2026-06-03", "2026-06-05")).await;
    assert_eq!(done.state, BackfillState::Done, "{done:?}");
    assert_eq!((number(&done, "sessions_done"), number(&done, "sessions_total")), (6, 6));
    assert!(number(&done, "rows") > 100, "{done:?}");

    let (_imported, imported) = database().await;
    for session in ["2026-06-03", "2026-06-04", "2026-06-05"] {
        rig.import(&imported, session, Some(&["IWM", "QQQ"])).await;
        for name in ["IWM", "QQQ"] {
            let expected = content(&imported, name, session).await;
            assert!(expected.iter().all(|table| table.rows > 0), "{name} {session}");
            assert_eq!(content(&store, name, session).await, expected, "{name} {session}");
        }
    }
    // What the books have is not asked for again, unless that is wanted.
    let before = asked(&rig, "IWM");
    let again = run(&engine, &store, work(&["IWM", "QQQ"], "2026-06-03", "2026-06-05")).await;
    assert_eq!((number(&again, "rows"), asked(&rig, "IWM")), (0, before), "{again:?}");
    let reread = NewBackfill { reread: true, ..work(&["IWM"], "2026-06-05", "2026-06-05") };
    let reread = run(&engine, &store, reread).await;
    assert_eq!((number(&reread, "rows"), asked(&rig, "IWM")), (0, before + 1), "{reread:?}");
    // A ticker that the vendor does not know is no silent success.
    let nothing = run(&engine, &store, work(&["ZZZZ"], "2026-06-05", "2026-06-05")).await;
    assert!(nothing.message.is_some_and(|note| note.contains("has nothing")));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_that_was_interrupted_goes_on_with_what_is_left() {
    let (_database, store) = database().await;
    let mut rig = Rig::at(SATURDAY, 1.0).await;
    rig.streams = false;
    rig.collecting = false;
    // Two are read at once; the third question hangs until the program stops.
    let hang = FaultRule::times(Fault::Hang, 100).after(2).on("/v3/trades/IWM");
    rig.simulator.faults().push(hang).unwrap();
    let engine = rig.collector(&store, &[]).await;
    let job = engine.start_backfill(work(&["IWM"], "2026-06-01", "2026-06-05")).await.unwrap();
    let halfway: Job = until("two sessions are stored", async || {
        engine.active_backfills().into_iter().find(|job| job.sessions_done == 2)
    })
    .await;
    assert_eq!((halfway.id, halfway.sessions_total), (job.id, 5));
    assert!(halfway.rows_per_s.is_some() && halfway.seconds_left.is_some(), "{halfway:?}");
    engine.stop().await;
    let left = store.backfill_job(job.id).await.unwrap();
    assert_eq!(left.state, BackfillState::Running, "a program that ended leaves it so");

    rig.simulator.faults().clear();
    let before = asked(&rig, "IWM");
    let engine = rig.collector(&store, &[]).await;
    let done = ended(&store, job.id).await;
    assert_eq!(done.state, BackfillState::Done, "{done:?}");
    assert_eq!(asked(&rig, "IWM") - before, 3, "sessions that were stored are not read again");
    engine.stop().await;
    let books = store.tape_books_of(&symbol("IWM"), date("2026-06-01"), date("2026-06-05")).await;
    assert_eq!(books.unwrap().iter().filter(|book| book.is_whole).count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_ends_at_the_plans_history_and_a_plan_without_trades_is_asked_once() {
    let (_database, store) = database().await;
    let mut rig = Rig::with(SATURDAY, 1.0, |config| {
        let history_from = Some(date("2026-06-03"));
        config.polygon_plan = PolygonPlan { history_from, ..PolygonPlan::default() };
    })
    .await;
    rig.streams = false;
    rig.collecting = false;
    let engine = rig.collector(&store, &[]).await;
    let walled = run(&engine, &store, work(&["IWM"], "2026-04-01", "2026-06-05")).await;
    assert_eq!(walled.state, BackfillState::Done, "{walled:?}");
    assert!(walled.message.as_ref().is_some_and(|note| note.contains("history")), "{walled:?}");
    assert!(asked(&rig, "IWM") <= 3 + 2, "what lies behind the wall is not asked for one by one");
    let books = store.tape_books_of(&symbol("IWM"), date("2026-04-01"), date("2026-06-05")).await;
    assert_eq!(books.unwrap().len(), 3);

    let none = FaultRule::times(Fault::NotEntitled, 100).on("/v3/trades/QQQ");
    rig.simulator.faults().push(none).unwrap();
    let refused = run(&engine, &store, work(&["QQQ"], "2026-06-03", "2026-06-05")).await;
    assert_eq!(refused.state, BackfillState::Failed, "{refused:?}");
    assert!(refused.message.is_some_and(|note| note.contains("plan")));
    assert!(asked(&rig, "QQQ") <= 2, "three sessions would be refused alike");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_not_over_is_left_out_and_told() {
    let (_database, store) = database().await;
    let mut rig = Rig::at("2026-06-02T17:00:00Z", 1.0).await;
    rig.streams = false;
    rig.collecting = false;
    let engine = rig.collector(&store, &[]).await;
    let refused = engine.start_backfill(work(&["IWM"], "2026-06-02", "2026-06-02")).await;
    assert!(matches!(refused, Err(BackfillError::NotYet { .. })), "{refused:?}");
    let weekend = engine.start_backfill(work(&["IWM"], "2026-05-30", "2026-05-31")).await;
    assert!(matches!(weekend, Err(BackfillError::NoSession { .. })), "{weekend:?}");
    let both = run(&engine, &store, work(&["IWM"], "2026-06-01", "2026-06-02")).await;
    assert_eq!((both.state, number(&both, "sessions_total")), (BackfillState::Done, 1));
    assert!(both.message.is_some_and(|note| note.contains("2026-06-02 is left out")));
    engine.stop().await;
    assert_eq!(store.tape_book(&symbol("IWM"), date("2026-06-02")).await.unwrap(), None);
}
