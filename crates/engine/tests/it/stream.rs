//! The stream breaks, is refused, is taken away, or is slow: nothing is lost, and it is told.

use std::time::Duration;

use undertow_engine::stream::StreamPhase;
use undertow_simulator::{Fault, FaultRule, PolygonPlan};
use undertow_store::content::ContentHash;
use undertow_vendor::polygon::stream::StreamCounters;

use crate::rig::*;

const SESSION: &str = "2026-06-02";

fn on_frames(fault: Fault, count: u32, skip: u32) -> FaultRule {
    FaultRule::times(fault, count).after(skip).on("/stocks/frames")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_cut_leaves_no_hole() {
    let (_database, store) = database().await;
    let rig = Rig::at("2026-06-02T17:00:00Z", 120.0).await;
    for (fault, skip) in [
        (Fault::DropMidFrame, 10),
        (Fault::DuplicateFrame, 8),
        (Fault::CutSlowReader, 6),
        (Fault::GarbageFrame, 4),
        (Fault::DropMidFrame, 12),
    ] {
        rig.simulator.faults().push(on_frames(fault, 1, skip)).unwrap();
    }
    let engine = rig.collector(&store, &["SPY"]).await;
    rig.until_stored(&store, "SPY", SESSION, "2026-06-02T17:40:00Z").await;
    let health = until_health(&engine, "the stream is back", |health| {
        health.stream.phase == StreamPhase::Live && health.tapes[0].is_streamed
    })
    .await;
    engine.stop().await;
    let connections = health.stream.counters.unwrap().connections;
    assert!(connections >= 3, "it was cut and joined again: {connections}");
    assert!(health.counters.repeats > 0, "{:?}", health.counters);
    assert!(journal_has(&store, "the live tape broke").await);
    let before = rig.stored_before(&store, "SPY", SESSION).await;
    rig.assert_no_hole(&store, "SPY", SESSION, 240..before).await;
}

/// From the middle of a session on, until the market stands still.
const FROM: &str = "2026-06-02T17:00:00Z";
const TO: &str = "2026-06-02T17:50:00Z";

/// What is stored of a stretch of the market that an engine streamed, with the stream's counters.
async fn streamed_to_the_end(faults: &[FaultRule]) -> (Vec<ContentHash>, StreamCounters) {
    let (_database, store) = database().await;
    let rig = Rig::ending(FROM, TO, 120.0, |config| config.tape_scale = 3.0).await;
    let name = rig.unamended(SESSION, FROM, TO);
    for fault in faults {
        rig.simulator.faults().push(fault.clone()).unwrap();
    }
    let engine = rig.collector(&store, &[&name]).await;
    rig.until_stored(&store, &name, SESSION, "2026-06-02T17:52:00Z").await;
    let health = engine.health();
    engine.stop().await;
    assert_eq!(health.counters.too_late, 0, "{:?}", health.counters);
    assert!(health.counters.streamed > 200, "{:?}", health.counters);
    (content(&store, &name, SESSION).await, health.stream.counters.expect("it was streamed"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_after_cuts_is_what_is_stored_without_them() {
    let cuts = [
        on_frames(Fault::DropMidFrame, 1, 10),
        on_frames(Fault::DuplicateFrame, 2, 8),
        on_frames(Fault::CutSlowReader, 1, 20),
        on_frames(Fault::DropMidFrame, 1, 20),
    ];
    let (whole, cut) = tokio::join!(streamed_to_the_end(&[]), streamed_to_the_end(&cuts));
    assert_eq!(whole.1.connections, 1, "{:?}", whole.1);
    assert!(cut.1.connections >= 4, "it was cut three times: {:?}", cut.1);
    assert!(whole.0.iter().all(|table| table.rows > 0), "{:?}", whole.0);
    assert_eq!(cut.0, whole.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_the_stream_is_told_and_rest_keeps_the_list_going() {
    let (_database, store) = database().await;
    let rig = Rig::with("2026-06-02T17:00:00Z", 60.0, |config| {
        config.polygon_plan = PolygonPlan { websocket: false, ..PolygonPlan::default() };
    })
    .await;
    let engine = rig.collector(&store, &["SPY", "IWM"]).await;
    until_health(&engine, "the refusal is told", |health| {
        health.stream.phase == StreamPhase::Refused && health.stream.note.is_some()
    })
    .await;
    for name in ["SPY", "IWM"] {
        rig.until_stored(&store, name, SESSION, "2026-06-02T17:05:00Z").await;
    }
    engine.stop().await;
    assert!(journal_has(&store, "the live tape is not to be had").await);
    for name in ["SPY", "IWM"] {
        let before = rig.stored_before(&store, name, SESSION).await;
        rig.assert_no_hole(&store, name, SESSION, 240..before).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_another_program_takes_is_told_and_not_fought_for() {
    let (_database, store) = database().await;
    let mut rig = Rig::at("2026-06-02T17:00:00Z", 60.0).await;
    rig.limits.cool_down = Duration::from_secs(4);
    let rule = FaultRule::times(Fault::MaxConnections, 1).on("/stocks");
    rig.simulator.faults().push(rule).unwrap();
    let engine = rig.collector(&store, &["SPY"]).await;
    until_health(&engine, "it is told", |health| {
        let note = health.stream.note.as_deref().unwrap_or_default();
        note.contains("another program")
    })
    .await;
    // Meanwhile it is asked for.
    rig.until_stored(&store, "SPY", SESSION, "2026-06-02T17:01:00Z").await;
    until_health(&engine, "the stream is joined in the end", |health| {
        health.stream.phase == StreamPhase::Live && health.tapes[0].is_streamed
    })
    .await;
    let asked = rig.simulator.requests();
    let joins = asked.recent.iter().filter(|path| path.starts_with("/stocks")).count();
    assert!(joins <= 3, "{joins} attempts in a few seconds are a storm");
    rig.until_stored(&store, "SPY", SESSION, &later(rig.clock, 2)).await;
    engine.stop().await;
    let before = rig.stored_before(&store, "SPY", SESSION).await;
    rig.assert_no_hole(&store, "SPY", SESSION, 240..before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_plan_is_read_whole_and_no_minute_is_closed_too_early() {
    let (_database, store) = database().await;
    let rig = Rig::with("2026-06-02T17:00:00Z", 120.0, |config| {
        config.polygon_plan = PolygonPlan { is_delayed: true, ..PolygonPlan::default() };
    })
    .await;
    let engine = rig.collector(&store, &["SPY"]).await;
    rig.until_stored(&store, "SPY", SESSION, "2026-06-02T17:15:00Z").await;
    engine.stop().await;
    assert_eq!(engine.health().counters.too_late, 0);
    let before = rig.stored_before(&store, "SPY", SESSION).await;
    rig.assert_no_hole(&store, "SPY", SESSION, 240..before).await;
}
