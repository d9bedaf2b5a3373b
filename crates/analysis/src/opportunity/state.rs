//! What becomes of an opportunity from one assessment to the next.
//!
//! | it was | opportunity | rejected | criteria not met, or not known | its session is over |
//! | --- | --- | --- | --- | --- |
//! | nothing, gone, expired | **new** | **rejected** | - | - |
//! | new, updated | **updated** if a figure moved by more than its step, or the contracts changed | **rejected** | **gone** | **expired** |
//! | rejected | **new** | **rejected** if another gate fails, or the contracts changed | **gone** | **expired** |
//!
//! Figures are compared with those of the change before, so many small moves in one direction are
//! told once together they are large. There is no hysteresis: a figure that swings about its
//! threshold makes an opportunity go and come back, and each time is recorded.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use undertow_market::{OptionContract, OptionKind};

use super::{Assessment, CriterionKind, Verdict};
use crate::chain;
use crate::straddle::GateKind;

/// An activity increase is told again when it moved by more: 0.25 is a quarter of the baseline.
pub const ACTIVITY_STEP: f64 = 0.25;
/// A volatility is told again when it moved by more: one point.
pub const VOLATILITY_STEP: f64 = 0.01;
/// A cost is told again when it moved by more than this part of itself.
pub const COST_STEP: f64 = 0.02;

/// Where an opportunity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has come up.
    New,
    /// It is still there with other figures.
    Updated,
    /// Its criteria hold no longer, or cannot be known.
    Gone,
    /// Its session is over.
    Expired,
    /// Its criteria hold and a gate keeps it back.
    Rejected,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::New, Self::Updated, Self::Gone, Self::Expired, Self::Rejected];

    /// The name in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Updated => "updated",
            Self::Gone => "gone",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }

    /// Whether it is over. The same stock may come up again, as another one.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Gone | Self::Expired)
    }
}

/// The figures by which an update is recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Activity over its baseline, less one.
    pub activity_increase: Option<f64>,
    /// Implied volatility, a fraction.
    pub implied: Option<f64>,
    /// Historical volatility, a fraction.
    pub historical: Option<f64>,
    /// The cost that counts, dollars a share.
    pub cost: Option<f64>,
}

/// What moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// The activity increase, by more than [`ACTIVITY_STEP`].
    ActivityIncrease,
    /// Implied volatility, by more than [`VOLATILITY_STEP`].
    Implied,
    /// Historical volatility, by more than [`VOLATILITY_STEP`].
    Historical,
    /// The cost, by more than [`COST_STEP`] of itself.
    Cost,
    /// Other contracts are at the money.
    Contracts,
}

/// An opportunity as it stood at its last change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Where it stands.
    pub status: Status,
    /// When it came up.
    pub first_at: DateTime<Utc>,
    /// When it last changed.
    pub changed_at: DateTime<Utc>,
    /// The session that it is of.
    pub session_date: NaiveDate,
    /// When that is over.
    pub ends_at: DateTime<Utc>,
    /// Its figures then.
    pub figures: Figures,
    /// The call; the put is its other half.
    pub contract: Option<OptionContract>,
    /// The gate that kept it back.
    pub gate: Option<(GateKind, Option<OptionKind>)>,
    /// Why it is kept back or over, as [`Verdict::reason`] says it.
    pub reason: Option<String>,
}

/// Something to record.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// How it stands now.
    pub state: State,
    /// Whether this is another one than before, and not a change of it.
    pub begins: bool,
    /// What moved, for an update.
    pub moved: Vec<Figure>,
}

/// What an assessment changes, if it changes anything. `previous` is the symbol's newest state, of
/// this session or an earlier one.
///
/// One change comes out at a time. When an earlier session's opportunity expires, ask again with
/// the state that this gave, and learn what the new session makes of the assessment.
///
/// Changes of one opportunity are in the order of their times: what is not later than the last
/// change of one that is not over is left for the next assessment.
#[must_use]
pub fn next_state(
    previous: Option<&State>,
    assessment: &Assessment,
    now: DateTime<Utc>,
) -> Option<Change> {
    let live = previous.filter(|state| !state.status.is_over());
    if live
        .is_some_and(|live| live.session_date > assessment.session_date || now <= live.changed_at)
    {
        return None;
    }
    if let Some(live) = live
        && (live.session_date < assessment.session_date || now >= live.ends_at)
    {
        return Some(expired(live, now));
    }
    if now >= assessment.ends_at {
        return None;
    }
    let moved = live.map(|live| moved(live, assessment)).unwrap_or_default();
    let status = match (live.map(|live| live.status), &assessment.verdict) {
        (None | Some(Status::Rejected), Verdict::Opportunity) => Status::New,
        (Some(_), Verdict::Opportunity) if moved.is_empty() => return None,
        (Some(_), Verdict::Opportunity) => Status::Updated,
        (Some(Status::Rejected), Verdict::Rejected(_))
            if live.is_some_and(|live| live.gate == gate(assessment))
                && !moved.contains(&Figure::Contracts) =>
        {
            return None;
        }
        (_, Verdict::Rejected(_)) => Status::Rejected,
        (Some(_), Verdict::NotMet(_) | Verdict::Insufficient(_)) => Status::Gone,
        (None, Verdict::NotMet(_) | Verdict::Insufficient(_)) => return None,
    };
    let state = State::of(status, assessment, live.map_or(now, |live| live.first_at), now);
    let moved = if status == Status::Updated { moved } else { Vec::new() };
    Some(Change { state, begins: live.is_none(), moved })
}

impl State {
    /// An opportunity as an assessment shows it: also how a stored row becomes a state again, from
    /// its status, its times and its evidence.
    #[must_use]
    pub fn of(
        status: Status,
        assessment: &Assessment,
        first_at: DateTime<Utc>,
        changed_at: DateTime<Utc>,
    ) -> Self {
        let straddle = assessment.straddle.as_ref();
        let cost = straddle.and_then(|straddle| straddle.cost());
        Self {
            status,
            first_at,
            changed_at,
            session_date: assessment.session_date,
            ends_at: assessment.ends_at,
            figures: Figures {
                activity_increase: increase(assessment),
                implied: assessment.implied,
                historical: assessment.historical,
                cost: cost.map(|cost| chain::float(cost.cost)),
            },
            contract: straddle.map(|straddle| straddle.call.contract.clone()),
            gate: gate(assessment),
            reason: assessment.verdict.reason(),
        }
    }
}

fn expired(live: &State, now: DateTime<Utc>) -> Change {
    let state = State {
        status: Status::Expired,
        changed_at: now,
        reason: Some("session_over".to_owned()),
        ..live.clone()
    };
    Change { state, begins: false, moved: Vec::new() }
}

fn increase(assessment: &Assessment) -> Option<f64> {
    let is_it = |kind| kind == CriterionKind::ActivityIncrease;
    assessment.criteria.iter().find(|criterion| is_it(criterion.kind))?.value
}

fn gate(assessment: &Assessment) -> Option<(GateKind, Option<OptionKind>)> {
    match &assessment.verdict {
        Verdict::Rejected(gate) => Some((gate.kind, gate.leg)),
        _ => None,
    }
}

fn moved(before: &State, assessment: &Assessment) -> Vec<Figure> {
    let now = State::of(before.status, assessment, before.first_at, before.changed_at);
    let (old, new) = (&before.figures, &now.figures);
    let cost_step = COST_STEP * old.cost.unwrap_or(0.0);
    let checks = [
        (
            Figure::ActivityIncrease,
            has_moved(old.activity_increase, new.activity_increase, ACTIVITY_STEP),
        ),
        (Figure::Implied, has_moved(old.implied, new.implied, VOLATILITY_STEP)),
        (Figure::Historical, has_moved(old.historical, new.historical, VOLATILITY_STEP)),
        (Figure::Cost, has_moved(old.cost, new.cost, cost_step)),
        (Figure::Contracts, before.contract != now.contract),
    ];
    checks.into_iter().filter_map(|(figure, has_moved)| has_moved.then_some(figure)).collect()
}

/// By more than a step, rounding aside. What was unknown and is known has moved, and the other way
/// round.
fn has_moved(before: Option<f64>, now: Option<f64>, step: f64) -> bool {
    match (before, now) {
        (Some(before), Some(now)) => super::evidence::rounded((now - before).abs() - step) > 0.0,
        (None, None) => false,
        _ => true,
    }
}
