//! When a straddle is an opportunity.
//!
//! Three criteria hold at once: off-exchange activity has increased enough over its baseline,
//! implied volatility is below historical, and by enough. Then the straddle must pass its gates.
//! What cannot be known is insufficient and never an opportunity.
//!
//! Everything that an assessment rests on is in its [`Evidence`], which is stored, and from which
//! [`recompute`] makes the same assessment again, to the last digit. Numbers that are not exact
//! decimals are therefore rounded first ([`Inputs::rounded`]): they are the same before and after
//! they were written down.

mod evidence;
mod state;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use undertow_market::Price;

use crate::activity::Comparison;
use crate::straddle::{Gate, GateKind, GateLimits, Setting, Straddle};
use crate::volatility;
pub use evidence::{
    ActivityInput, Closes, Evidence, HistoricalInput, ImpliedInput, Inputs, RULE_VERSION, SpotInput,
};
pub use state::{
    ACTIVITY_STEP, COST_STEP, Change, Figure, Figures, State, Status, VOLATILITY_STEP, next_state,
};

/// What must be so for an opportunity. All of them are settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Least increase of activity over its baseline: 3.0 is four times.
    pub activity_increase: f64,
    /// Least distance of historical above implied volatility, a fraction: 0.10 is ten points.
    pub spread: f64,
    /// Nearest expiry, calendar days.
    pub min_days: u32,
    /// Farthest expiry, calendar days.
    pub max_days: u32,
    /// Widest spread of a contract, a fraction of its middle.
    pub max_leg_spread: f64,
    /// Least open interest of a contract.
    pub min_open_interest: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            activity_increase: 3.0,
            spread: 0.10,
            min_days: 20,
            max_days: 45,
            max_leg_spread: 0.10,
            min_open_interest: 100,
        }
    }
}

impl Thresholds {
    /// What they ask of the contracts.
    #[must_use]
    pub fn gates(&self) -> GateLimits {
        GateLimits {
            max_leg_spread: self.max_leg_spread,
            min_open_interest: self.min_open_interest,
        }
    }
}

/// What a criterion is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CriterionKind {
    /// Off-exchange activity over its baseline, less one.
    ActivityIncrease,
    /// Implied volatility, which must be below the historical: its threshold.
    ImpliedBelowHistorical,
    /// Historical less implied volatility.
    Spread,
}

impl CriterionKind {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ActivityIncrease => "activity_increase",
            Self::ImpliedBelowHistorical => "implied_below_historical",
            Self::Spread => "spread",
        }
    }
}

/// One criterion with its figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Criterion {
    /// What it is about.
    pub kind: CriterionKind,
    /// What was found. None when it is not known; then the criterion does not hold.
    pub value: Option<f64>,
    /// What it is compared with. None when that is not known.
    pub threshold: Option<f64>,
    /// Whether it holds.
    pub holds: bool,
}

/// What is missing for a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// A baseline: there are only so many past sessions.
    History {
        /// How many.
        sessions: u32,
    },
    /// Past sessions that had traded by this minute.
    NothingBefore,
    /// Historical volatility.
    Historical,
    /// Implied volatility.
    Implied,
    /// The share's price.
    Spot,
}

/// What an assessment comes to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All criteria hold and all gates are passed.
    Opportunity,
    /// All criteria hold, and this gate is the first that is not passed.
    Rejected(Gate),
    /// This criterion is the first that does not hold.
    NotMet(CriterionKind),
    /// It cannot be said.
    Insufficient(Missing),
}

impl Verdict {
    /// Why it is no opportunity, as a code: `spread:put`, `activity_increase`,
    /// `insufficient_history:12`. None for an opportunity.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Opportunity => None,
            Self::Rejected(gate) => {
                let leg = gate.leg.map(|leg| format!(":{}", leg.as_str())).unwrap_or_default();
                Some(format!("{}{leg}", gate.kind.as_str()))
            }
            Self::NotMet(kind) => Some(kind.as_str().to_owned()),
            Self::Insufficient(Missing::History { sessions }) => {
                Some(format!("insufficient_history:{sessions}"))
            }
            Self::Insufficient(Missing::NothingBefore) => Some("nothing_before".to_owned()),
            Self::Insufficient(Missing::Historical) => Some("no_historical_volatility".to_owned()),
            Self::Insufficient(Missing::Implied) => Some("no_implied_volatility".to_owned()),
            Self::Insufficient(Missing::Spot) => Some("no_share_price".to_owned()),
        }
    }
}

/// A symbol's straddle at a moment, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// As of when.
    pub at: DateTime<Utc>,
    /// The session whose activity it is of.
    pub session_date: NaiveDate,
    /// When it can no longer be acted on.
    pub ends_at: DateTime<Utc>,
    /// Activity, volatilities, and their distance.
    pub criteria: [Criterion; 3],
    /// Activity beside its baseline.
    pub activity: Comparison,
    /// Implied volatility of thirty days, a fraction.
    pub implied: Option<f64>,
    /// Historical volatility, a fraction.
    pub historical: Option<f64>,
    /// `ln(historical / implied)`.
    pub log_ratio: Option<f64>,
    /// The straddle, opportunity or not. None where no contracts are known.
    pub straddle: Option<Straddle>,
    /// What it comes to.
    pub verdict: Verdict,
}

/// Judges a symbol.
#[must_use]
pub fn assess(inputs: &Inputs, thresholds: &Thresholds) -> Assessment {
    let inputs = inputs.rounded();
    let (implied, historical) = (inputs.implied.value, inputs.historical.value);
    let activity = inputs.activity.comparison();
    let criteria = criteria(activity, implied, historical, thresholds);
    let straddle = straddle(&inputs, thresholds);
    let verdict = missing(&inputs, activity)
        .map(Verdict::Insufficient)
        .unwrap_or_else(|| judged(&criteria, straddle.as_ref()));
    Assessment {
        at: inputs.at,
        session_date: inputs.session_date,
        ends_at: inputs.ends_at,
        criteria,
        activity,
        implied,
        historical,
        log_ratio: implied.zip(historical).and_then(|(iv, hv)| volatility::ln_ratio(hv, iv)),
        straddle,
        verdict,
    }
}

/// Judges again what was judged before.
#[must_use]
pub fn recompute(evidence: &Evidence) -> Assessment {
    assess(&evidence.inputs, &evidence.thresholds)
}

fn criteria(
    activity: Comparison,
    implied: Option<f64>,
    historical: Option<f64>,
    thresholds: &Thresholds,
) -> [Criterion; 3] {
    let increase = match activity {
        Comparison::Measured { increase, .. } => Some(evidence::rounded(increase)),
        _ => None,
    };
    // Rounded, so that 0.35 less 0.25 is 0.10 and not a hair below it.
    let spread = implied
        .zip(historical)
        .map(|(implied, historical)| evidence::rounded(volatility::spread(historical, implied)));
    let at_least = |kind, value: Option<f64>, threshold: f64| Criterion {
        kind,
        value,
        threshold: Some(threshold),
        holds: value.is_some_and(|value| value >= threshold),
    };
    [
        at_least(CriterionKind::ActivityIncrease, increase, thresholds.activity_increase),
        Criterion {
            kind: CriterionKind::ImpliedBelowHistorical,
            value: implied,
            threshold: historical,
            holds: implied
                .zip(historical)
                .is_some_and(|(implied, historical)| implied < historical),
        },
        at_least(CriterionKind::Spread, spread, thresholds.spread),
    ]
}

fn missing(inputs: &Inputs, activity: Comparison) -> Option<Missing> {
    match activity {
        Comparison::InsufficientHistory { .. } => {
            return Some(Missing::History { sessions: inputs.activity.sessions });
        }
        Comparison::NothingBefore { .. } => return Some(Missing::NothingBefore),
        Comparison::Measured { .. } => {}
    }
    let absent = |is_known: bool, missing| (!is_known).then_some(missing);
    absent(inputs.historical.value.is_some(), Missing::Historical)
        .or(absent(inputs.implied.value.is_some(), Missing::Implied))
        .or(absent(inputs.spot.is_some(), Missing::Spot))
}

fn judged(criteria: &[Criterion; 3], straddle: Option<&Straddle>) -> Verdict {
    if let Some(unmet) = criteria.iter().find(|criterion| !criterion.holds) {
        return Verdict::NotMet(unmet.kind);
    }
    let Some(straddle) = straddle else { return Verdict::Rejected(NOTHING_LISTED) };
    if let Some(gate) = straddle.failing() {
        return Verdict::Rejected(*gate);
    }
    // Without quotes and without last prices there is nothing to buy.
    if straddle.cost().is_none() { Verdict::Rejected(NOT_PRICED) } else { Verdict::Opportunity }
}

/// No contracts within the days that are wanted.
const NOTHING_LISTED: Gate = Gate {
    kind: GateKind::Listed,
    leg: None,
    value: Some(0.0),
    threshold: 1.0,
    holds: Some(false),
};
/// Contracts that nothing prices.
const NOT_PRICED: Gate =
    Gate { kind: GateKind::Quoted, leg: None, value: None, threshold: 2.0, holds: Some(false) };

fn straddle(inputs: &Inputs, thresholds: &Thresholds) -> Option<Straddle> {
    let pair = inputs.pair.as_ref()?;
    let spot: Price = inputs.spot?.price;
    let setting = Setting {
        spot,
        rate: inputs.rate,
        implied: inputs.implied.value,
        historical: inputs.historical.value,
        closes: &inputs.closes.prices,
    };
    Some(Straddle::of(pair, &setting, &thresholds.gates()))
}

#[cfg(test)]
mod tests;
