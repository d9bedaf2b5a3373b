//! Whatever the vendor does to us, no row is lost, and what cannot be mended is said in words.

use chrono::TimeDelta;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use undertow_engine::backfill::BackfillState;
use undertow_engine::engine::Engine;
use undertow_engine::event::EngineEvent;
use undertow_engine::feed::Series;
use undertow_simulator::{Fault, FaultRule, Plan};

use crate::rig::*;

/// Faults that pass when the same is asked again.
fn passing_faults() -> Vec<Fault> {
    vec![
        Fault::Status429Minute,
        Fault::Status500,
        Fault::Status502,
        Fault::Html200,
        Fault::Edge403,
        Fault::SlowDrip { bytes_per_sec: 2_000 },
        Fault::TruncatedBody,
        Fault::RepeatedPage,
        Fault::Hang,
        Fault::Redirect { to: "http://127.0.0.1:9/elsewhere".to_owned() },
        Fault::ResetConnection,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_passes_costs_a_backfill_no_row() {
    let (rig, (_database, store)) = (Rig::at(SATURDAY, 1.0).await, database().await);
    let engine = rig.backfiller(&store).await;
    let sessions = rig.calendar.sessions_ending(date("2026-06-05"), passing_faults().len());
    for (fault, session) in passing_faults().into_iter().zip(sessions) {
        let session = session.to_string();
        // The second page of prints, twice where that is soon over, and the bars once.
        let is_slow = matches!(fault, Fault::Hang | Fault::SlowDrip { .. });
        rig.spoil_prints("IWM", fault.clone(), 1, if is_slow { 1 } else { 2 });
        rig.spoil(FaultRule::once(fault.clone()).on("/api/stock/IWM"));
        println!("{session}: {fault:?}");
        backfilled(&engine, &["IWM"], &session, &session).await;
        assert_eq!(rig.simulator.faults().list(), [], "{fault:?} struck");
        rig.assert_stored_whole(&store, "IWM", &session).await;
        assert_eq!(gaps(&store, "IWM", &session).await, [], "{fault:?}");
    }
    assert_eq!(store.quarantine_rows(10).await.unwrap(), [], "no fault is a row");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_stays_fails_the_backfill_in_words_and_the_next_one_mends_it() {
    const SESSION: &str = "2026-06-03";
    let (rig, (_database, store)) = (Rig::at(SATURDAY, 1.0).await, database().await);
    let engine = rig.backfiller(&store).await;
    rig.spoil_prints("IWM", Fault::Status500, 1, 1_000);
    let job = backfill(&engine, &["IWM"], SESSION, SESSION, false).await;
    assert_eq!(job.state, BackfillState::Failed);
    let note = job.note.unwrap();
    for words in ["IWM 2026-06-03", "the vendor's server has a fault", "status 500"] {
        assert!(note.contains(words), "{note}");
    }
    assert!(!stored_prints(&store, "IWM", SESSION).await.is_empty(), "the first page is kept");
    rig.simulator.faults().clear();
    backfilled(&engine, &["IWM"], SESSION, SESSION).await;
    rig.assert_stored_whole(&store, "IWM", SESSION).await;
    assert_eq!(gaps(&store, "IWM", SESSION).await, []);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_faults_costs_a_watched_session_no_row() {
    const SESSION: &str = "2026-06-02";
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut dice = StdRng::seed_from_u64(seed);
    let (rig, (_database, store)) = (Rig::at("2026-06-02T19:45:00Z", FAST).await, database().await);
    let mut faults = passing_faults();
    // What is slow costs a storm minutes, and is met by the backfill above.
    faults.retain(|fault| !matches!(fault, Fault::Hang | Fault::SlowDrip { .. }));
    for _ in 0..25 {
        let fault = faults.choose(&mut dice).expect("a fault").clone();
        let count = dice.random_range(1..=5);
        rig.spoil(FaultRule::times(fault, count).after(dice.random_range(0..4)));
    }
    let engine = rig.collector(&store, &["IWM", "DIA"]).await;
    rig.until_read(&store, "IWM", SESSION, "2026-06-02T20:00:00Z").await;
    rig.simulator.faults().clear();
    for name in ["IWM", "DIA"] {
        rig.until_read(&store, name, SESSION, "2026-06-02T20:15:00Z").await;
    }
    engine.stop().await;
    for name in ["IWM", "DIA"] {
        rig.assert_books_are_true(&store, name, SESSION).await;
        assert_rollups_need_no_rebuild(&store, name, SESSION).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_repeated_pages_cost_is_told_and_made_good_in_the_evening() {
    const SESSION: &str = "2026-06-02";
    // The evening begins at eight, New York: late enough for a slow machine to see the gap before.
    let (rig, (_database, store)) = (Rig::at("2026-06-02T23:20:00Z", FAST).await, database().await);
    // The walk through the day meets the same page until it gives up.
    rig.spoil_prints("IWM", Fault::RepeatedPage, 1, 3);
    let engine = rig.collector(&store, &["IWM"]).await;
    let told = until("the gap is told", async || gaps(&store, "IWM", SESSION).await.pop()).await;
    assert!(told.reason.contains("pages"), "{}", told.reason);
    assert!(told.to > at("2026-06-02T14:00:00Z"), "what lies below the first page: {told:?}");
    until("the gap is closed", async || {
        gaps(&store, "IWM", SESSION).await.is_empty().then_some(())
    })
    .await;
    engine.stop().await;
    rig.assert_books_are_true(&store, "IWM", SESSION).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_day_is_waited_out_and_then_caught_up() {
    const SESSION: &str = "2026-06-02";
    // The vendor's day begins anew at eight in the evening, New York: late enough for a slow machine.
    let (_database, store) = database().await;
    let rig = Rig::at("2026-06-02T23:15:00Z", FAST).await;
    rig.spoil_prints("DIA", Fault::Status429Day, 0, 1);
    let engine = rig.collector(&store, &["DIA"]).await;
    let problem = until("the problem is told", async || problem(&engine, Series::Prints)).await;
    assert!(problem.contains("for this day is used up"), "{problem}");
    // Requests that were under way when the day was spent still arrive, and nothing after them.
    let five_minutes = async || {
        let later = rig.clock.now() + TimeDelta::minutes(5);
        until("five minutes pass", async || (rig.clock.now() >= later).then_some(())).await;
        rig.simulator.requests()
    };
    let (asked, after) = (five_minutes().await.count, five_minutes().await);
    assert_eq!(after.count, asked, "a spent day is asked again: {:?}", after.recent);
    rig.until_read(&store, "DIA", SESSION, "2026-06-03T00:00:00Z").await;
    engine.stop().await;
    rig.assert_books_are_true(&store, "DIA", SESSION).await;
    assert_eq!(gaps(&store, "DIA", SESSION).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_that_meets_a_spent_day_pauses_and_goes_on_by_itself() {
    const SESSION: &str = "2026-06-02";
    let (_database, store) = database().await;
    // Late enough for a slow machine to be refused before the vendor's day begins anew.
    let rig = Rig::at("2026-06-06T23:20:00Z", FAST).await;
    rig.spoil_prints("IWM", Fault::Status429Day, 1, 1);
    let engine = rig.backfiller(&store).await;
    let mut events = engine.events();
    backfilled(&engine, &["IWM"], SESSION, SESSION).await;
    let mut paused = None;
    while let Ok(event) = events.try_recv() {
        if let EngineEvent::Backfill(job) = event
            && job.state == BackfillState::Paused
        {
            paused = job.note;
        }
    }
    let note = paused.expect("the backfill was seen paused");
    assert!(note.contains("goes on by itself at 20:00 New York time"), "{note}");
    engine.stop().await;
    rig.assert_stored_whole(&store, "IWM", SESSION).await;
}

fn problem(engine: &Engine, series: Series) -> Option<String> {
    let feeds = engine.health().feeds;
    feeds.into_iter().find(|(_, of, ..)| *of == series).and_then(|(.., feed, _)| feed.problem)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_told_in_words_and_not_hammered() {
    let (mut rig, (_database, store)) =
        (Rig::at("2026-06-02T15:00:00Z", FAST).await, database().await);
    rig.key = "not-the-key".to_owned();
    let begun = rig.clock.now();
    let engine = rig.collector(&store, &["DIA"]).await;
    for series in [Series::Prints, Series::Bars] {
        let words = until("the problem is told", async || problem(&engine, series)).await;
        assert!(words.contains("the vendor refused the key"), "{words}");
        assert!(!words.contains("not-the-key"), "{words}");
    }
    let later = begun + TimeDelta::minutes(20);
    until("twenty minutes pass", async || (rig.clock.now() >= later).then_some(())).await;
    let asked = rig.simulator.requests().count;
    let minutes = (rig.clock.now() - begun).num_minutes();
    // Each of the two feeds once in five minutes, and the first times.
    let most = 2 * (minutes / 5 + 2);
    assert!(i64::try_from(asked).unwrap() <= most, "{asked} requests in {minutes} minutes");

    let before = rig.simulator.requests().count;
    let job = backfill(&engine, &["SPY", "QQQ"], "2026-05-04", "2026-06-01", false).await;
    assert_eq!(job.state, BackfillState::Failed);
    assert!(job.note.is_some_and(|note| note.contains("the vendor refused the key")));
    let asked = rig.simulator.requests().count - before;
    assert!(asked <= 12, "{asked} requests of a backfill with a refused key");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plans_history_ends_a_backfill_cleanly_with_its_date() {
    let plan = Plan { per_minute: Some(5_000), history_sessions: 3, ..Plan::default() };
    let rig = Rig::with(SATURDAY, 1.0, |config| config.plan = plan).await;
    let (_database, store) = database().await;
    let engine = rig.backfiller(&store).await;
    let job = backfilled(&engine, &["DIA", "IWM"], "2026-04-01", "2026-06-05").await;
    let note = job.note.unwrap();
    assert!(note.contains("2026-06-03"), "the first date that can be had: {note}");
    assert_eq!(job.sessions_done, job.sessions_total);
    for session in ["2026-06-03", "2026-06-04", "2026-06-05"] {
        rig.assert_stored_whole(&store, "DIA", session).await;
    }
    assert!(stored_prints(&store, "DIA", "2026-06-02").await.is_empty());
    let asked = rig.simulator.requests().count;
    assert!(asked <= 40, "{asked} requests: behind the wall nothing is asked");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learnt_of_the_allowance_survives_a_restart() {
    let plan = Plan { per_minute: Some(5_000), per_day: 12_345, ..Plan::default() };
    let rig = Rig::with(SATURDAY, 1.0, |config| config.plan = plan).await;
    let (_database, store) = database().await;
    let engine = rig.backfiller(&store).await;
    backfilled(&engine, &["DIA"], "2026-06-01", "2026-06-05").await;
    let learnt = engine.budget();
    engine.stop().await;
    let asked = rig.simulator.requests().count;
    assert_eq!((learnt.day_limit, learnt.day_used.map(u64::from)), (Some(12_345), Some(asked)));
    assert_eq!(Engine::restored_budget(&store).await.unwrap().state(), learnt);
    let engine = rig.backfiller(&store).await;
    assert_eq!(engine.budget(), learnt, "before the first answer");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_allowance_slows_a_backfill_and_is_never_overdrawn() {
    // The market stands still here, and with it the vendor's minute: one window for the test.
    let plan = Plan { per_minute: Some(60), ..Plan::default() };
    let rig = Rig::with(SATURDAY, 1.0, |config| config.plan = plan).await;
    let (_database, store) = database().await;
    let engine = rig.backfiller(&store).await;
    backfilled(&engine, &["DIA", "IWM"], "2026-06-03", "2026-06-05").await;
    let asked = rig.simulator.requests().count;
    let granted = engine.budget().day_used.map(u64::from);
    assert_eq!(granted, Some(asked), "none was refused");
    engine.stop().await;
}
