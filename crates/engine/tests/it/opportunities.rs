//! Opportunities come up, change and end with their evidence.

use chrono::{Days, NaiveDate, NaiveTime};
use rust_decimal::Decimal;
use undertow_analysis::opportunity::{Evidence, recompute};
use undertow_analysis::tape::TapePart;
use undertow_engine::consolidated::Consolidated;
use undertow_market::new_york_instant;
use undertow_simulator::SurgeRule;
use undertow_store::opportunities::{OpportunityFilter, OpportunityHistory, OpportunityState};
use undertow_store::tape::{TapeSession, TapeSource};
use undertow_store::{MergeContext, Store};

use crate::rig::*;

const SESSION: &str = "2026-06-02";
/// The session before.
const LAST: &str = "2026-06-01";

async fn opportunities(store: &Store) -> Vec<OpportunityHistory> {
    let filter = OpportunityFilter { symbol: None, include_ended: true, limit: 100 };
    let mut all = Vec::new();
    for one in store.opportunities(&filter).await.unwrap() {
        all.push(store.opportunity(one.id).await.unwrap().unwrap());
    }
    all
}

/// One with cheap options, one whose options nobody can trade, and one with dear options.
const NAMES: [&str; 3] = ["PLTR", "GME", "MSFT"];

fn surge(name: &str) -> SurgeRule {
    SurgeRule { symbol: symbol(name), date: date(SESSION), factor: 9.0 }
}

async fn market(now: &str, speed: f64) -> Rig {
    Rig::with(now, speed, |config| config.surges = NAMES.map(surge).into()).await
}

/// Stores so many sessions before, and the one that is over since last evening, which is read from
/// the vendor: the others are like it.
async fn with_history(store: &Store, sessions: usize) {
    let mut rig = market("2026-06-02T07:00:00Z", 1.0).await;
    rig.streams = false;
    let engine = rig.collector(store, &NAMES).await;
    for name in NAMES {
        rig.until_whole(store, name, LAST).await;
        until(&format!("the days of {name}"), async || {
            let days = store.day_bars(&symbol(name), date("2026-01-01"), date(LAST)).await.unwrap();
            (days.len() > 90).then_some(())
        })
        .await;
    }
    engine.stop().await;
    let before = rig.calendar.sessions_ending(date(LAST), sessions + 1);
    for name in NAMES {
        let like_it = before.iter().filter(|day| **day != date(LAST));
        for day in like_it {
            store_like_the_last(store, name, *day, 1).await;
        }
    }
}

/// Stores a session in which everything traded so many times as much as in the last one.
async fn store_like_the_last(store: &Store, name: &str, day: NaiveDate, times: u32) {
    let mut minutes = store.tape_minutes(&symbol(name), date(LAST), date(LAST)).await.unwrap();
    for minute in &mut minutes {
        minute.session_date = day;
        minute.apart.clear();
        minute.off_exchange.shares *= Decimal::from(times);
        minute.off_exchange.notional *= Decimal::from(times);
    }
    let session = TapeSession {
        symbol: symbol(name),
        session_date: day,
        part: TapePart { minutes, ..TapePart::default() },
        source: TapeSource::Rest,
        complete_to: new_york_instant(day + Days::new(1), NaiveTime::MIN),
        is_whole: true,
        prints_floor: Decimal::from(100_000),
    };
    store.replace_tape_session(session, MergeContext::default()).await.unwrap();
}

/// The states that a symbol's opportunities had, one after the other.
async fn states(store: &Store, name: &str) -> Vec<OpportunityState> {
    let mut all = opportunities(store).await;
    all.retain(|one| one.opportunity.now.symbol == symbol(name));
    all.sort_by_key(|one| one.opportunity.id);
    all.iter().flat_map(|one| one.changes.iter().map(|change| change.state)).collect()
}

/// What a judgement of now comes to.
fn verdict(engine: &Consolidated, name: &str) -> String {
    let evidence = engine.evidence(&symbol(name));
    let judged = evidence.map(|evidence| recompute(&evidence));
    judged.map_or_else(|| "nothing".to_owned(), |of| format!("{:?} {:?}", of.verdict, of.criteria))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opportunity_comes_up_changes_goes_comes_back_and_ends_with_its_session() {
    use OpportunityState::{Expired, Gone, New, Rejected, Updated};
    let (_database, store) = database().await;
    with_history(&store, 62).await;
    // Slow enough that a busy machine sees every state long before the close.
    let rig = market("2026-06-02T18:00:00Z", 10.0).await;
    let engine = rig.collector(&store, &NAMES).await;
    let until_state = async |name: &str, seen: usize, state: OpportunityState| {
        let mut said = String::new();
        until(&format!("{name} is {state:?}"), async || {
            let now = verdict(&engine, name);
            if now != said {
                println!("{} {name}: {now}", rig.clock.now());
                said = now;
            }
            states(&store, name).await[seen..].contains(&state).then_some(())
        })
        .await;
    };
    until_state("PLTR", 0, New).await;
    until_state("GME", 0, Rejected).await;

    // The past turns out to be other than it was: the same day stands out less, then not at all,
    // then as it did.
    let (changed, asked) = (date("2026-05-28"), date("2026-05-29"));
    for (times, state) in [(8, Updated), (5_000, Gone), (1, New)] {
        let seen = states(&store, "PLTR").await.len();
        store_like_the_last(&store, "PLTR", changed, times).await;
        engine.read_session_again(&symbol("PLTR"), asked).await.unwrap();
        until_state("PLTR", seen, state).await;
    }
    println!("{:?}", engine.health().assessed);
    engine.stop().await;
    let stood = states(&store, "PLTR").await;

    // Another start of the program, a moment before the close, knows what stood.
    let rig = market("2026-06-02T19:58:00Z", 30.0).await;
    let engine = rig.collector(&store, &NAMES).await;
    until("its session is over", async || {
        let all = opportunities(&store).await;
        all.iter().all(|one| one.opportunity.now.state.is_over()).then_some(())
    })
    .await;
    engine.stop().await;

    let of_pltr = states(&store, "PLTR").await;
    assert_eq!(of_pltr[..stood.len()], stood, "what was recorded stays");
    let after: Vec<_> = of_pltr[stood.len()..].iter().collect();
    assert!(!after.contains(&&Gone), "it did not go because a program began: {after:?}");
    println!("{of_pltr:?} {:?}", states(&store, "GME").await);
    assert_eq!(of_pltr.first(), Some(&New));
    assert_eq!(of_pltr.last(), Some(&Expired));
    for state in [Updated, Gone] {
        assert!(of_pltr.contains(&state), "{state:?} is not in {of_pltr:?}");
    }
    assert_eq!(states(&store, "GME").await.first(), Some(&Rejected));
    assert_eq!(states(&store, "MSFT").await, [], "its options are dear");
    assert_evidence(&opportunities(&store).await);
}

/// Every change says what it rests on, and anybody comes to the same from that.
fn assert_evidence(all: &[OpportunityHistory]) {
    for change in all.iter().flat_map(|one| &one.changes) {
        let evidence: Evidence = serde_json::from_value(change.evidence.clone()).unwrap();
        let assessment = recompute(&evidence);
        assert_eq!(assessment.session_date, date(SESSION));
        let reason = assessment.verdict.reason();
        match change.state {
            OpportunityState::New | OpportunityState::Updated => assert_eq!(reason, None),
            OpportunityState::Rejected => assert_eq!(reason, change.reason),
            OpportunityState::Gone => assert!(reason.is_some(), "{change:?}"),
            OpportunityState::Expired => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_short_a_history_is_never_an_opportunity() {
    let (_database, store) = database().await;
    with_history(&store, 20).await;
    let mut rig = market("2026-06-02T19:00:00Z", 120.0).await;
    rig.straddles.spread = 0.000_1;
    let engine = rig.collector(&store, &NAMES).await;
    until("it is compared with its history", async || {
        let position = store.stock_position(&symbol("PLTR"), date(SESSION)).await.unwrap();
        position.filter(|position| position.sessions == 21)
    })
    .await;
    rig.until_stored(&store, "PLTR", SESSION, &later(rig.clock, 5)).await;
    engine.stop().await;
    assert_eq!(opportunities(&store).await.len(), 0);
    let position = store.stock_position(&symbol("PLTR"), date(SESSION)).await.unwrap().unwrap();
    assert_eq!((position.ratio, position.baseline_mean), (None, None));
}
