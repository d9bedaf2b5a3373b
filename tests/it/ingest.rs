//! A session on its way from the vendor to the database: everything arrives, once, unchanged.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use undertow_market::{BarInterval, MarketSession, Print, TideScope};
use undertow_simulator::Fault;
use undertow_store::Store;
use undertow_store::levels::LevelFilter;

use crate::rig::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_backfilled_session_is_stored_as_it_was_in_every_field() {
    let (rig, (_database, store)) = (Rig::at(SATURDAY, 1.0).await, database().await);
    let engine = rig.backfiller(&store).await;
    let job = backfilled(&engine, &["SPY", "DIA"], "2026-06-04", "2026-06-05").await;
    assert_eq!((job.sessions_done, job.sessions_total), (4, 4));
    let mut rows = 0;
    for name in ["SPY", "DIA"] {
        for session in ["2026-06-04", "2026-06-05"] {
            rig.assert_stored_whole(&store, name, session).await;
            assert_eq!(gaps(&store, name, session).await, []);
            rows += stored_prints(&store, name, session).await.len();
            rows += stored_bars(&store, name, session).await.len();
            rows += stored_ticks(&store, name, session).await;
        }
    }
    // The tide of the market comes with whichever symbol is first.
    rows += tide_points(&store, &["2026-06-04", "2026-06-05"]).await;
    assert_eq!(job.rows, rows as u64);
    engine.stop().await;
}

/// Minutes of net premium that are stored of a session.
async fn stored_ticks(store: &Store, name: &str, session: &str) -> usize {
    let (from, to) = around(session);
    let ticks = store.net_premium(&symbol(name), from, to).await.unwrap();
    ticks.iter().filter(|tick| tick.session_date == date(session)).count()
}

async fn tide_points(store: &Store, sessions: &[&str]) -> usize {
    let (from, _) = around(sessions[0]);
    let points = store.tide(&TideScope::Market, from, from + TimeDelta::days(9)).await.unwrap();
    let wanted: Vec<_> = sessions.iter().map(|session| date(session)).collect();
    points.iter().filter(|point| wanted.contains(&point.session_date)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_watched_in_two_parts_is_whole_in_the_evening() {
    const SESSION: &str = "2026-06-02";
    let (_database, store) = database().await;
    // The close, with the morning to catch up on.
    let rig = Rig::at("2026-06-02T19:54:00Z", FAST).await;
    let engine = rig.collector(&store, &["IWM", "DIA"]).await;
    for name in ["IWM", "DIA"] {
        rig.until_read(&store, name, SESSION, "2026-06-02T20:02:00Z").await;
    }
    engine.stop().await;
    for name in ["IWM", "DIA"] {
        rig.assert_books_are_true(&store, name, SESSION).await;
        assert_eq!(gaps(&store, name, SESSION).await, []);
    }
    // Four hours later, until the session was read again because it is over.
    let rig = Rig::at("2026-06-02T23:54:00Z", FAST).await;
    let engine = rig.collector(&store, &["IWM", "DIA"]).await;
    let reread_at = at("2026-06-03T00:05:00Z");
    for name in ["IWM", "DIA"] {
        until("the evening's reread", async || {
            let slots = slots(&store, name, SESSION).await;
            slots.into_iter().find(|slot| slot.slot_end - slot.slot_start == TimeDelta::hours(16))
        })
        .await;
    }
    until("day bars are there", async || {
        let bars = stored_bars_of(&store, "IWM", "2026-06-01", BarInterval::Day1).await;
        (!bars.is_empty()).then_some(())
    })
    .await;
    engine.stop().await;
    for name in ["IWM", "DIA"] {
        let now = rig.clock.now();
        assert_read_between(&rig, &store, name, SESSION, reread_at, now).await;
        rig.assert_bars(&store, name, SESSION, now).await;
        assert_rollups_need_no_rebuild(&store, name, SESSION).await;
    }
    assert_day_bar(&rig, &store, "IWM", "2026-06-01").await;
}

/// Asserts that every print is stored as it was at one moment of a stretch: a cancel in between
/// may have been seen or not.
async fn assert_read_between(
    rig: &Rig,
    store: &Store,
    name: &str,
    session: &str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) {
    let stored = stored_prints(store, name, session).await;
    let (early, late) = (rig.true_prints(name, session, from), rig.true_prints(name, session, to));
    assert_eq!((stored.len(), early.len()), (late.len(), late.len()), "{name}");
    for (row, (early, late)) in stored.iter().zip(early.iter().zip(&late)) {
        assert!(row == early || row == late, "{name}: stored\n{row:?}\ntruth\n{late:?}");
    }
}

/// The vendor sends three rows for a day; the day bar is the regular session alone.
async fn assert_day_bar(rig: &Rig, store: &Store, name: &str, session: &str) {
    let day = rig.day(name, session);
    let regular: Vec<_> =
        day.bars.iter().filter(|bar| bar.part == MarketSession::Regular).collect();
    let bars = stored_bars_of(store, name, session, BarInterval::Day1).await;
    let [bar] = bars.as_slice() else { panic!("{} day bars of {session}", bars.len()) };
    assert_eq!(bar.volume, regular.iter().map(|minute| minute.volume).sum::<i64>());
    assert_eq!(Some(bar.high), regular.iter().map(|minute| minute.high.price()).max());
    assert_eq!(Some(bar.close), regular.last().map(|minute| minute.close.price()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_left_in_the_afternoon_is_completed_the_next_morning() {
    const SESSION: &str = "2026-06-02";
    let (_database, store) = database().await;
    for (now, session, to) in [
        ("2026-06-02T19:57:00Z", SESSION, "2026-06-02T19:59:00Z"),
        ("2026-06-03T14:00:00Z", "2026-06-03", "2026-06-03T14:01:00Z"),
    ] {
        let rig = Rig::at(now, FAST).await;
        let engine = rig.collector(&store, &["DIA"]).await;
        rig.until_read(&store, "DIA", session, to).await;
        if session != SESSION {
            rig.until_read(&store, "DIA", SESSION, "2026-06-03T00:00:00Z").await;
            rig.assert_books_are_true(&store, "DIA", SESSION).await;
            rig.assert_bars(&store, "DIA", SESSION, rig.clock.now()).await;
        }
        engine.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_a_day_three_times_more_changes_nothing() {
    const SESSION: &str = "2026-06-03";
    let (rig, (_database, store)) = (Rig::at(SATURDAY, 1.0).await, database().await);
    let engine = rig.backfiller(&store).await;
    backfilled(&engine, &["QQQ"], SESSION, SESSION).await;
    let before = content(&store, "QQQ", SESSION).await;
    assert!(before.iter().all(|table| table.rows > 100), "{before:?}");
    for _ in 0..3 {
        let job = backfill(&engine, &["QQQ"], SESSION, SESSION, true).await;
        assert_eq!((job.rows, job.sessions_asked), (0, 1), "asked again, nothing new");
        assert_eq!(content(&store, "QQQ", SESSION).await, before);
    }
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_asks_nothing_for_sessions_that_it_has() {
    let (rig, (_database, store)) = (Rig::at(SATURDAY, 1.0).await, database().await);
    let engine = rig.backfiller(&store).await;
    backfilled(&engine, &["DIA"], "2026-06-03", "2026-06-04").await;
    let asked = rig.simulator.requests().count;
    let job = backfilled(&engine, &["DIA"], "2026-06-03", "2026-06-04").await;
    assert_eq!((job.sessions_asked, job.sessions_done), (0, 2));
    assert_eq!(rig.simulator.requests().count, asked);
    engine.stop().await;
}

async fn level_notional(store: &Store, name: &str, session: &str) -> Decimal {
    let (symbol, session) = (symbol(name), date(session));
    let filter = LevelFilter { symbol, from: session, to: session, sessions: Vec::new() };
    store.level_cells(&filter).await.unwrap().iter().map(|cell| cell.notional).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_print_that_is_cancelled_later_leaves_the_levels() {
    const SESSION: &str = "2026-06-05";
    let (rig, (_database, store)) = (Rig::at(SATURDAY, 1.0).await, database().await);
    let engine = rig.backfiller(&store).await;
    backfilled(&engine, &["IWM"], SESSION, SESSION).await;
    let before = level_notional(&store, "IWM", SESSION).await;
    let truth = rig.true_prints("IWM", SESSION, rig.clock.now());
    let eligible = truth.iter().filter(|print| print.is_level_eligible());
    assert_eq!(before, eligible.map(Print::notional).sum(), "the levels are of these prints");

    let (day, withdrawn_at) = (rig.day("IWM", SESSION), at("2026-06-06T15:00:00Z"));
    let largest = |index: &usize| {
        let print = day.as_received(&day.prints[*index], &rig.calendar, rig.clock.now());
        (print.is_level_eligible(), print.notional())
    };
    let index = (0..day.prints.len()).max_by_key(largest).expect("a print");
    let (eligible, notional) = largest(&index);
    assert!(eligible && notional > Decimal::ZERO);
    let market = rig.simulator.market();
    market.cancel(&symbol("IWM"), date(SESSION), index, withdrawn_at).unwrap();
    let job = backfill(&engine, &["IWM"], SESSION, SESSION, true).await;

    assert_eq!(job.rows, 1, "one row changed");
    assert_eq!(before - level_notional(&store, "IWM", SESSION).await, notional);
    rig.assert_stored_whole(&store, "IWM", SESSION).await;
    engine.stop().await;
    assert_same_as_read_afresh(&rig, &store, "IWM", SESSION).await;
}

/// A database that met the market only now holds the same, counts of cancelled prints included.
async fn assert_same_as_read_afresh(rig: &Rig, store: &Store, name: &str, session: &str) {
    let (_database, fresh) = database().await;
    let engine = rig.backfiller(&fresh).await;
    backfilled(&engine, &[name], session, session).await;
    engine.stop().await;
    assert_eq!(content(store, name, session).await, content(&fresh, name, session).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_with_more_prints_than_a_page_is_read_whole_or_told_as_a_gap() {
    const SESSION: &str = "2026-06-04";
    let second = at("2026-06-04T15:00:07Z");
    for (count, is_whole) in [(600, true), (1_500, false)] {
        let (rig, (_database, store)) = (Rig::at(SATURDAY, 1.0).await, database().await);
        let market = rig.simulator.market();
        market.inject_second(&symbol("DIA"), date(SESSION), second, count).unwrap();
        let engine = rig.backfiller(&store).await;
        backfilled(&engine, &["DIA"], SESSION, SESSION).await;
        let gaps = gaps(&store, "DIA", SESSION).await;
        if is_whole {
            rig.assert_stored_whole(&store, "DIA", SESSION).await;
            assert_eq!(gaps, []);
        } else {
            let [gap] = gaps.as_slice() else { panic!("{count}: {gaps:?}") };
            assert_eq!((gap.from, gap.to), (second, second + TimeDelta::seconds(1)));
            assert!(gap.reason.contains("more prints than the vendor gives"), "{}", gap.reason);
            rig.assert_books_are_true(&store, "DIA", SESSION).await;
            let stored = stored_prints(&store, "DIA", SESSION).await;
            let inside = stored.iter().filter(|print| print.reported_at == second).count();
            assert!(inside >= 1_000, "both ends of the second were read: {inside}");
        }
        engine.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowded_second_is_collected_whole_while_it_happens() {
    const SESSION: &str = "2026-06-02";
    let (rig, (_database, store)) = (Rig::at("2026-06-02T18:00:00Z", FAST).await, database().await);
    let market = rig.simulator.market();
    let second = at("2026-06-02T18:03:11Z");
    market.inject_second(&symbol("DIA"), date(SESSION), second, 600).unwrap();
    let engine = rig.collector(&store, &["DIA"]).await;
    rig.until_read(&store, "DIA", SESSION, "2026-06-02T18:06:00Z").await;
    engine.stop().await;
    rig.assert_books_are_true(&store, "DIA", SESSION).await;
    assert_eq!(gaps(&store, "DIA", SESSION).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_cannot_be_read_are_kept_word_for_word_and_cost_no_other_row() {
    const SESSION: &str = "2026-06-03";
    let (rig, (_database, store)) = (Rig::at(SATURDAY, 1.0).await, database().await);
    rig.spoil_prints("QQQ", Fault::WrongTypes("price".to_owned()), 1, 1);
    let engine = rig.backfiller(&store).await;
    backfilled(&engine, &["QQQ"], SESSION, SESSION).await;
    rig.assert_stored_whole(&store, "QQQ", SESSION).await;
    let rows = store.quarantine_rows(1_000).await.unwrap();
    assert_eq!(rows.len(), 500, "one page of rows was spoilt");
    for row in rows {
        let rejected = row.rejected;
        assert_eq!(rejected.symbol.as_deref(), Some("QQQ"));
        assert!(rejected.raw.contains("\"price\":[]"), "{}", rejected.raw);
        assert!(rejected.reason.contains("price"), "{}", rejected.reason);
    }
    let counted: u32 = slots(&store, "QQQ", SESSION).await.iter().map(|slot| slot.rejected).sum();
    assert_eq!(counted, 500, "the books count what was rejected");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn day_bars_are_there_after_a_first_start_on_a_weekend() {
    let (rig, (_database, store)) = (Rig::at(SATURDAY, 1.0).await, database().await);
    let engine = rig.collector(&store, &["DIA"]).await;
    until("day bars are there", async || {
        let bars = stored_bars_of(&store, "DIA", "2026-06-05", BarInterval::Day1).await;
        (!bars.is_empty()).then_some(())
    })
    .await;
    assert_day_bar(&rig, &store, "DIA", "2026-06-05").await;
    engine.stop().await;
}
