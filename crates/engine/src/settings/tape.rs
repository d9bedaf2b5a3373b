//! Settings of the consolidated tape and of straddle opportunities.

use serde::{Deserialize, Deserializer, de};
use undertow_analysis::volatility::{Estimator, LENGTHS};
use undertow_market::Symbol;

/// Most symbols whose tape is collected one by one.
pub const MAX_TAPE_SYMBOLS: usize = 500;
/// Smallest and largest floor of a print that is kept, dollars.
const PRINT_FLOOR_BOUNDS: std::ops::RangeInclusive<u32> = 1_000..=100_000_000;
/// Which percentile of a symbol's own trades may be kept. Below it, it is most of the tape.
const PRINT_PERCENTILE_BOUNDS: std::ops::RangeInclusive<f64> = 90.0..=99.9;
/// How often a chain may be asked for, seconds.
const CHAIN_BOUNDS_S: std::ops::RangeInclusive<u32> = 30..=3_600;
/// Longest history that a new symbol may start with, sessions.
const MAX_HISTORY_SESSIONS: u32 = 250;
/// The longest expiry that a straddle may have, days.
const MAX_DAYS: u32 = 400;

/// What is collected of the consolidated tape.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tape {
    /// The watch list of a new database.
    pub symbols: Vec<Symbol>,
    /// Sessions of history that a new symbol starts with.
    pub history_sessions: u32,
    /// Smallest off-exchange trade that is kept by itself, dollars.
    pub print_floor: u32,
    /// Percentile of a symbol's own off-exchange trades that are kept by themselves although they
    /// are smaller; 0 for none.
    pub print_percentile: f64,
    /// How often a chain is asked for, seconds.
    pub chain_every_s: u32,
    /// Whether to join the vendor's live stream.
    pub stream: bool,
    /// Whether to keep the minutes of every stock, where the stream is joined.
    pub whole_market: bool,
}

/// When a straddle is an opportunity.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Straddles {
    /// Least increase of off-exchange activity over its baseline: 3.0 is four times.
    pub activity_increase: f64,
    /// Least distance of historical above implied volatility, a fraction: 0.10 is ten points.
    pub spread: f64,
    /// Nearest expiry, days.
    pub min_days: u32,
    /// Farthest expiry, days.
    pub max_days: u32,
    /// Widest spread of a leg, a fraction of its middle.
    pub max_leg_spread: f64,
    /// Least open interest of a leg, contracts.
    pub min_open_interest: u32,
    /// How historical volatility is estimated.
    #[serde(deserialize_with = "estimator")]
    pub estimator: Estimator,
    /// Over how many sessions.
    pub sessions: u32,
    /// The riskless rate, a fraction a year.
    pub rate: f64,
}

fn estimator<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Estimator, D::Error> {
    let text = String::deserialize(deserializer)?;
    let known = Estimator::ALL.into_iter().find(|estimator| estimator.as_str() == text);
    known.ok_or_else(|| {
        let names = Estimator::ALL.map(Estimator::as_str).join(", ");
        de::Error::custom(format!("straddles.estimator = \"{text}\": use one of {names}"))
    })
}

impl Tape {
    /// The percentile in thousandths, where one is asked for.
    #[must_use]
    pub fn print_per_mille(&self) -> Option<u16> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is bounded"
        )]
        let per_mille = (self.print_percentile * 10.0).round() as u16;
        (per_mille > 0).then_some(per_mille)
    }

    /// What is wrong with it, if anything is.
    pub(super) fn objection(&self) -> Option<String> {
        let floor = PRINT_FLOOR_BOUNDS;
        let chain = CHAIN_BOUNDS_S;
        if self.symbols.len() > MAX_TAPE_SYMBOLS {
            return Some(format!("tape.symbols: {MAX_TAPE_SYMBOLS} are the most"));
        }
        if self.history_sessions > MAX_HISTORY_SESSIONS {
            return Some(format!("tape.history_sessions: use 0 to {MAX_HISTORY_SESSIONS}"));
        }
        if !floor.contains(&self.print_floor) {
            return Some(format!("tape.print_floor: use {} to {}", floor.start(), floor.end()));
        }
        let percentile = PRINT_PERCENTILE_BOUNDS;
        if self.print_percentile != 0.0 && !percentile.contains(&self.print_percentile) {
            let (start, end) = (percentile.start(), percentile.end());
            return Some(format!("tape.print_percentile: use 0 for none, or {start} to {end}"));
        }
        if !chain.contains(&self.chain_every_s) {
            return Some(format!("tape.chain_every_s: use {} to {}", chain.start(), chain.end()));
        }
        None
    }
}

impl Straddles {
    /// What is wrong with it, if anything is.
    pub(super) fn objection(&self) -> Option<String> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        for (name, value) in [
            ("activity_increase", self.activity_increase),
            ("spread", self.spread),
            ("max_leg_spread", self.max_leg_spread),
        ] {
            if !positive(value) {
                return Some(format!("straddles.{name}: use a number above zero"));
            }
        }
        if self.min_days == 0 || self.min_days > self.max_days || self.max_days > MAX_DAYS {
            return Some(format!(
                "straddles: min_days and max_days must be 1 to {MAX_DAYS}, the lower one first"
            ));
        }
        if !LENGTHS.contains(&(self.sessions as usize)) {
            return Some(format!("straddles.sessions: use one of {LENGTHS:?}"));
        }
        if !self.rate.is_finite() || self.rate.abs() > 1.0 {
            return Some("straddles.rate: use a fraction a year, such as 0.04".to_owned());
        }
        None
    }
}
