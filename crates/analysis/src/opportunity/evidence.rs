//! What an assessment rests on, as it is stored.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use undertow_market::{Price, Symbol};

use super::Thresholds;
use crate::activity::Comparison;
use crate::atm::{AtmPoint, IvSource};
use crate::straddle::{BASE_RATE_SESSIONS, Leg, Pair};
use crate::volatility::Estimator;

/// The version of the rule. A change of what is computed from the same inputs raises it.
pub const RULE_VERSION: u16 = 1;

/// Digits after the point that an inexact number keeps, as a factor. With fifteen digits in all a
/// number is the same after it was written as text and read, by any reader.
const KEPT: f64 = 1e10;
/// Above this, ten digits after the point are more than the fifteen in all that survive being
/// written as text and read again.
const LARGEST_ROUNDED: f64 = 9e4;
/// A larger number is a fault of its source, and would not survive being written as text.
const LARGEST_KNOWN: f64 = 9e14;

/// Every input of an assessment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// [`RULE_VERSION`] when it was made.
    pub rule_version: u16,
    /// The values, each with its time.
    pub inputs: Inputs,
    /// What they were compared with.
    pub thresholds: Thresholds,
}

impl Evidence {
    /// The evidence of an assessment of these inputs.
    #[must_use]
    pub fn new(inputs: &Inputs, thresholds: &Thresholds) -> Self {
        Self { rule_version: RULE_VERSION, inputs: inputs.rounded(), thresholds: *thresholds }
    }
}

/// The values that are judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// The ticker.
    pub symbol: Symbol,
    /// The session whose activity is judged.
    pub session_date: NaiveDate,
    /// As of when.
    pub at: DateTime<Utc>,
    /// When an opportunity of this session is over: the close, most often.
    pub ends_at: DateTime<Utc>,
    /// Off-exchange activity.
    pub activity: ActivityInput,
    /// Historical volatility.
    pub historical: HistoricalInput,
    /// Implied volatility.
    pub implied: ImpliedInput,
    /// The share's price.
    pub spot: Option<SpotInput>,
    /// The riskless rate, a fraction a year.
    pub rate: f64,
    /// The contracts.
    pub pair: Option<Pair>,
    /// What the base rate is counted over.
    pub closes: Closes,
}

/// Off-exchange activity of a session, and its baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityInput {
    /// Minutes since New York midnight; the figures are as of its end.
    pub minute: u16,
    /// Off-exchange shares of the session so far.
    pub shares: Decimal,
    /// The mean of past sessions at the same minute. None while history is insufficient.
    pub baseline_mean: Option<Decimal>,
    /// Past sessions in it.
    pub sessions: u32,
}

impl ActivityInput {
    /// The two compared.
    #[must_use]
    pub fn comparison(&self) -> Comparison {
        let sessions = usize::try_from(self.sessions).unwrap_or(usize::MAX);
        Comparison::of(self.shares, self.baseline_mean, sessions)
    }
}

/// Historical volatility and what it is of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoricalInput {
    /// A fraction a year.
    pub value: Option<f64>,
    /// How it was estimated.
    pub estimator: Estimator,
    /// Over how many sessions.
    pub sessions: u32,
    /// The last of them.
    pub to: Option<NaiveDate>,
}

/// Implied volatility of thirty days and what it is from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImpliedInput {
    /// A fraction a year.
    pub value: Option<f64>,
    /// The worse of its sources.
    pub source: Option<IvSource>,
    /// When the chain was taken.
    pub taken_at: Option<DateTime<Utc>>,
    /// The expiries around thirty days: two, or one on the day.
    pub used: Vec<AtmPoint>,
}

/// The share's price.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpotInput {
    /// Dollars.
    pub price: Price,
    /// When it was traded.
    pub at: DateTime<Utc>,
}

/// Adjusted closes of consecutive sessions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Closes {
    /// The first session.
    pub from: Option<NaiveDate>,
    /// The last session.
    pub to: Option<NaiveDate>,
    /// Dollars, oldest first.
    pub prices: Vec<f64>,
}

impl Inputs {
    /// The same with inexact numbers rounded to ten digits after the point, what is no number or
    /// absurdly large left out, and no more closes than the base rate looks at. Twice is the same
    /// as once.
    #[must_use]
    pub fn rounded(&self) -> Self {
        let mut inputs = self.clone();
        inputs.historical.value = known(self.historical.value);
        inputs.implied.value = known(self.implied.value);
        inputs.implied.used = self.implied.used.iter().copied().filter_map(point).collect();
        // A rate that is no number cannot be stored; settings never give one.
        inputs.rate = known(Some(self.rate)).unwrap_or(0.0);
        inputs.pair = self.pair.clone().and_then(pair);
        let kept = self.closes.prices.len().saturating_sub(BASE_RATE_SESSIONS);
        // A hole stays a hole: the windows around it are left out.
        let price = |price: &f64| known(Some(*price)).unwrap_or(0.0);
        inputs.closes.prices = self.closes.prices[kept..].iter().map(price).collect();
        inputs
    }
}

/// Rounded to what is kept.
pub(super) fn rounded(value: f64) -> f64 {
    if value.abs() < LARGEST_ROUNDED { (value * KEPT).round() / KEPT } else { value.round() }
}

fn known(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.abs() <= LARGEST_KNOWN).map(rounded)
}

fn point(mut of: AtmPoint) -> Option<AtmPoint> {
    of.days = known(Some(of.days))?;
    of.forward = known(Some(of.forward))?;
    if let Some(implied) = &mut of.implied {
        implied.value = known(Some(implied.value))?;
    }
    Some(of)
}

fn pair(mut pair: Pair) -> Option<Pair> {
    pair.years = known(Some(pair.years))?;
    pair.forward = known(Some(pair.forward))?;
    pair.implied = known(pair.implied);
    for leg in [&mut pair.call, &mut pair.put] {
        let Leg { implied_volatility, .. } = leg;
        *implied_volatility = known(*implied_volatility);
    }
    Some(pair)
}
