//! Opportunities come up, change and end with their evidence.

use undertow_analysis::opportunity::{Evidence, recompute};
use undertow_engine::consolidated::Consolidated;
use undertow_simulator::SurgeRule;
use undertow_store::Store;
use undertow_store::opportunities::{OpportunityFilter, OpportunityHistory, OpportunityState};

use crate::rig::*;

const SESSION: &str = "2026-06-02";

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

/// Stores so many sessions before, and the one that is over since last evening.
async fn with_history(store: &Store, sessions: u32) {
    let mut rig = market("2026-06-02T07:00:00Z", 1.0).await;
    rig.streams = false;
    rig.history_sessions = sessions;
    let engine = rig.collector(store, &NAMES).await;
    for name in NAMES {
        until(&format!("the history of {name}"), async || {
            let (from, to) = (date("2026-01-01"), date("2026-06-01"));
            let books = store.tape_books_of(&symbol(name), from, to).await.unwrap();
            let days = store.day_bars(&symbol(name), from, to).await.unwrap();
            let is_whole = books.iter().all(|of| of.is_whole) && days.len() > 90;
            (books.len() == sessions as usize + 1 && is_whole).then_some(())
        })
        .await;
    }
    engine.stop().await;
}

fn of<'a>(all: &'a [OpportunityHistory], name: &str) -> Option<&'a OpportunityHistory> {
    all.iter().find(|one| one.opportunity.now.symbol == symbol(name))
}

/// What a judgement of now comes to.
fn verdict(engine: &Consolidated, name: &str) -> String {
    let evidence = engine.evidence(&symbol(name));
    let judged = evidence.map(|evidence| recompute(&evidence));
    judged.map_or_else(|| "nothing".to_owned(), |of| format!("{:?} {:?}", of.verdict, of.criteria))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opportunity_comes_up_is_judged_again_alike_and_ends_with_the_session() {
    let (_database, store) = database().await;
    with_history(&store, 62).await;
    let rig = market("2026-06-02T19:30:00Z", 30.0).await;
    let engine = rig.collector(&store, &NAMES).await;
    let mut verdicts = String::new();
    until("one comes up and one is rejected", async || {
        let now = NAMES.map(|name| verdict(&engine, name)).join(", ");
        if now != verdicts {
            println!("{}: {now}", rig.clock.now());
            verdicts = now;
        }
        let all = opportunities(&store).await;
        (of(&all, "PLTR").is_some() && of(&all, "GME").is_some()).then_some(())
    })
    .await;
    until("its session is over", async || {
        let all = opportunities(&store).await;
        all.iter().all(|one| one.opportunity.now.state.is_over()).then_some(())
    })
    .await;
    println!("{:?}", engine.health().assessed);
    engine.stop().await;
    let all = opportunities(&store).await;
    let states = |name: &str| -> Vec<OpportunityState> {
        of(&all, name).unwrap().changes.iter().map(|change| change.state).collect()
    };
    println!("{:?} {:?}", states("PLTR"), states("GME"));
    assert!(states("PLTR").contains(&OpportunityState::New));
    assert_eq!(states("GME").first(), Some(&OpportunityState::Rejected));
    assert!(of(&all, "MSFT").is_none(), "its options are dear");
    for change in all.iter().flat_map(|one| &one.changes) {
        let evidence: Evidence = serde_json::from_value(change.evidence.clone()).unwrap();
        let assessment = recompute(&evidence);
        assert_eq!(assessment.session_date, date(SESSION));
        let reason = assessment.verdict.reason();
        match change.state {
            OpportunityState::New | OpportunityState::Updated => assert_eq!(reason, None),
            OpportunityState::Rejected => assert_eq!(reason, change.reason),
            OpportunityState::Gone | OpportunityState::Expired => {}
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
