//! A row of the list: one symbol against the rule.

use undertow_analysis::activity::Comparison;
use undertow_analysis::opportunity::{Assessment, Criterion, CriterionKind, Verdict};
use undertow_store::opportunities::{Opportunity, OpportunityState};

use super::{Known, ms_of, words};
use crate::convert::{float, ms};
use crate::dto::{CandidateState, CandidateView};

/// The row of a symbol. `baseline` is how many past sessions are stored, where that is known.
pub(super) fn view(known: &Known, baseline: Option<u32>) -> CandidateView {
    let assessment = known.judged.as_ref().map(|(_, assessment)| assessment);
    let inputs = known.judged.as_ref().map(|(evidence, _)| &evidence.inputs);
    let state = state(assessment, known.stored.as_ref());
    let straddle = assessment.and_then(|assessment| assessment.straddle.as_ref());
    let cost = straddle.and_then(|straddle| straddle.cost());
    CandidateView {
        symbol: known.symbol.to_string(),
        id: known.stored.as_ref().map(|stored| stored.id.to_string()),
        state,
        reason: reason(state, assessment),
        first_ms: known.stored.as_ref().map(|stored| ms(stored.first_at)),
        as_of_ms: ms_of(as_of(known)),
        activity: assessment.and_then(ratio),
        baseline_sessions: inputs.map_or(baseline.unwrap_or(0), |of| of.activity.sessions),
        implied: assessment.and_then(|assessment| assessment.implied),
        historical: assessment.and_then(|assessment| assessment.historical),
        met: assessment.map_or_else(|| vec![None; 3], met),
        spot: inputs.and_then(|of| of.spot).map(|spot| float(spot.price.get())),
        strike: straddle.map(|straddle| float(straddle.strike.get())),
        expiry: straddle.map(|straddle| straddle.expiry.to_string()),
        days: straddle.map(|straddle| straddle.days),
        cost: cost.map(|cost| float(cost.cost)),
        break_even: cost.map(|cost| cost.share_of_spot),
    }
}

/// When it was judged; of what ended, when that was.
fn as_of(known: &Known) -> Option<chrono::DateTime<chrono::Utc>> {
    let ended = known.stored.as_ref().filter(|stored| stored.now.state.is_over());
    let judged = known.judged.as_ref().map(|(_, assessment)| assessment.at);
    ended.map(|stored| stored.now.at).or(judged)
}

fn state(assessment: Option<&Assessment>, stored: Option<&Opportunity>) -> CandidateState {
    let stored = stored.map(|stored| stored.now.state);
    match (stored, assessment.map(|assessment| assessment.verdict)) {
        (Some(OpportunityState::Gone), _) => CandidateState::Gone,
        (Some(OpportunityState::Expired), _) => CandidateState::Expired,
        (Some(OpportunityState::Updated), Some(Verdict::Opportunity)) => CandidateState::Updated,
        (_, Some(Verdict::Opportunity)) => CandidateState::New,
        (_, Some(Verdict::Rejected(_))) => CandidateState::Rejected,
        (_, Some(Verdict::NotMet(_))) => CandidateState::NotMet,
        (_, Some(Verdict::Insufficient(_))) => CandidateState::Insufficient,
        (Some(OpportunityState::New), None) => CandidateState::New,
        (Some(OpportunityState::Updated), None) => CandidateState::Updated,
        (Some(OpportunityState::Rejected), None) => CandidateState::Rejected,
        (None, None) => CandidateState::Waiting,
    }
}

/// Why it is no opportunity, where its state alone does not say it.
fn reason(state: CandidateState, assessment: Option<&Assessment>) -> Option<String> {
    let verdict = assessment.map(|assessment| &assessment.verdict);
    match state {
        CandidateState::Expired => Some("Its session ended".to_owned()),
        CandidateState::Gone => assessment.map(words::gone),
        CandidateState::Rejected | CandidateState::Insufficient => verdict.map(words::verdict),
        CandidateState::New
        | CandidateState::Updated
        | CandidateState::NotMet
        | CandidateState::Waiting => None,
    }
}

/// Off-exchange shares over their baseline: 4.2.
fn ratio(assessment: &Assessment) -> Option<f64> {
    match assessment.activity {
        Comparison::Measured { ratio, .. } => Some(ratio),
        Comparison::InsufficientHistory { .. } | Comparison::NothingBefore { .. } => None,
    }
}

/// Activity, implied below historical, spread: in this order, as the screen draws them.
fn met(assessment: &Assessment) -> Vec<Option<bool>> {
    let order = [
        CriterionKind::ActivityIncrease,
        CriterionKind::ImpliedBelowHistorical,
        CriterionKind::Spread,
    ];
    let said = |criterion: &Criterion| {
        let is_known = criterion.value.is_some() && criterion.threshold.is_some();
        is_known.then_some(criterion.holds)
    };
    let of = |kind| assessment.criteria.iter().find(|criterion| criterion.kind == kind);
    order.into_iter().map(|kind| of(kind).and_then(said)).collect()
}
