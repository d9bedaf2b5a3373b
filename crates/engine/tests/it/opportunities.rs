//! Opportunities come up, change and end with their evidence.

use std::collections::BTreeSet;

use undertow_analysis::opportunity::{Evidence, recompute};
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

fn surge(name: &str) -> SurgeRule {
    SurgeRule { symbol: symbol(name), date: date(SESSION), factor: 9.0 }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opportunity_comes_up_is_judged_again_alike_and_ends_with_the_session() {
    let (_database, store) = database().await;
    let mut rig = Rig::with("2026-06-02T18:40:00Z", 120.0, |config| {
        config.surges = vec![surge("NVDA")];
    })
    .await;
    rig.history_sessions = 62;
    // The market of the tests has what activity needs; volatility is made to fit.
    rig.straddles.spread = 0.000_1;
    let engine = rig.collector(&store, &["NVDA", "IWM"]).await;
    let first = until("an opportunity or its rejection", async || {
        opportunities(&store)
            .await
            .into_iter()
            .find(|one| one.opportunity.now.symbol == symbol("NVDA"))
    })
    .await;
    println!("{:?} {:?}", first.opportunity.now.state, first.opportunity.now.reason);
    let over = until("its session is over", async || {
        let all = opportunities(&store).await;
        all.into_iter().find(|one| one.opportunity.now.state.is_end())
    })
    .await;
    let health = engine.health();
    engine.stop().await;
    println!("{:?}", health.assessed);
    let states: Vec<_> = over.changes.iter().map(|change| change.state).collect();
    println!("{states:?}");
    let last = over.changes.last().unwrap();
    assert!(matches!(last.state, OpportunityState::Expired | OpportunityState::Gone));
    for change in &over.changes {
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
    let quiet: BTreeSet<_> = opportunities(&store).await.into_iter().collect_symbols();
    assert!(!quiet.contains(&symbol("IWM")), "nothing happened to IWM");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_short_a_history_is_never_an_opportunity() {
    let (_database, store) = database().await;
    let mut rig = Rig::with("2026-06-02T19:00:00Z", 120.0, |config| {
        config.surges = vec![surge("NVDA")];
    })
    .await;
    rig.history_sessions = 20;
    rig.straddles.spread = 0.000_1;
    let engine = rig.collector(&store, &["NVDA"]).await;
    until("the history is there", async || {
        let position = store.stock_position(&symbol("NVDA"), date(SESSION)).await.unwrap();
        position.filter(|position| position.sessions == 20)
    })
    .await;
    rig.until_stored(&store, "NVDA", SESSION, &later(rig.clock, 5)).await;
    engine.stop().await;
    assert_eq!(opportunities(&store).await.len(), 0);
    let position = store.stock_position(&symbol("NVDA"), date(SESSION)).await.unwrap().unwrap();
    assert_eq!((position.ratio, position.baseline_mean), (None, None));
}

trait CollectSymbols {
    fn collect_symbols(self) -> BTreeSet<undertow_market::Symbol>;
}

impl<I: Iterator<Item = OpportunityHistory>> CollectSymbols for I {
    fn collect_symbols(self) -> BTreeSet<undertow_market::Symbol> {
        self.map(|one| one.opportunity.now.symbol).collect()
    }
}
