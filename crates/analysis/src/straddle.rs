//! A straddle at the money: what it costs, where it breaks even, and how likely that is.
//!
//! Bought is a call and a put of one strike and expiry. With their cost `D` a share, the share
//! must end beyond `K - D` or `K + D` for it to pay. What is asked of both sides to be there is a
//! list of gates, each with its figures.
//!
//! Prices are exact. Probabilities are of a share that ends lognormally around its forward, at a
//! volatility: that which the options imply, and that which the share has had. Options are taken as
//! European ([`crate::black_scholes`]).

mod base_rate;
mod construction;
mod drawing;
mod gates;
mod odds;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use undertow_market::{OptionContract, OptionKind, Price};

use crate::atm::ForwardSource;
use crate::black_scholes::Terms;
use crate::chain;
pub use base_rate::{BASE_RATE_SESSIONS, BaseRate, base_rate, wilson};
pub use drawing::{DENSITY_POINTS, DensityPoint, Drawing, PayoffPoint};
pub use gates::{Gate, GateKind, GateLimits};
pub use odds::Lognormal;

/// Calendar days that a straddle should have left.
pub const WANTED_DAYS: u32 = 30;
/// How much of half the spread is paid beyond the middle, for each cost that is shown. The last
/// is what counts: the buyer pays the offer.
pub const FILLS: [Decimal; 4] = [
    Decimal::ZERO,
    Decimal::from_parts(50, 0, 0, false, 2),
    Decimal::from_parts(75, 0, 0, false, 2),
    Decimal::ONE,
];
/// `sqrt(2/pi)`: the mean distance of a normal value from its mean, in deviations.
const MEAN_DISTANCE: f64 = 0.797_884_560_802_865_4;

/// One contract of a straddle as it was quoted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leg {
    /// Which.
    pub contract: OptionContract,
    /// Best bid, dollars.
    pub bid: Option<Price>,
    /// Best offer, dollars.
    pub ask: Option<Price>,
    /// When the quote was made.
    pub quote_at: Option<DateTime<Utc>>,
    /// The day's last price, dollars.
    pub day_close: Option<Price>,
    /// Last price traded, dollars.
    pub last_price: Option<Price>,
    /// Contracts traded today.
    pub volume: Option<i64>,
    /// Contracts open at the end of the day before.
    pub open_interest: Option<i64>,
    /// The vendor's implied volatility, a fraction a year.
    pub implied_volatility: Option<f64>,
}

/// The contracts of a straddle, and when they expire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// When the chain was taken.
    pub taken_at: DateTime<Utc>,
    /// The last trading day.
    pub expiry: NaiveDate,
    /// Dollars a share.
    pub strike: Price,
    /// Calendar days to the expiry, counted from New York's date.
    pub days: u32,
    /// Years to its close.
    pub years: f64,
    /// Sessions after this one, that of the expiry included.
    pub horizon_sessions: u32,
    /// The price for delivery at the expiry, dollars a share.
    pub forward: f64,
    /// How that was found.
    pub forward_source: ForwardSource,
    /// At the money of this expiry, a fraction a year.
    pub implied: Option<f64>,
    /// Whether the chain has quotes at all: some plans of vendors do not include them.
    pub chain_has_quotes: bool,
    /// The call.
    pub call: Leg,
    /// The put.
    pub put: Leg,
}

/// What a straddle is measured with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting<'a> {
    /// The share's price, dollars.
    pub spot: Price,
    /// The riskless rate, a fraction a year.
    pub rate: f64,
    /// Implied volatility, where the expiry has none of its own.
    pub implied: Option<f64>,
    /// Historical volatility.
    pub historical: Option<f64>,
    /// Adjusted closes of consecutive sessions, oldest first.
    pub closes: &'a [f64],
}

/// What prices a straddle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostSource {
    /// The quotes of both contracts.
    Quotes,
    /// Last prices: the plan has no quotes. They may be old, and nobody may sell at them.
    LastPrice,
}

/// A straddle, measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Straddle {
    /// The last trading day.
    pub expiry: NaiveDate,
    /// Dollars a share.
    pub strike: Price,
    /// Calendar days to the expiry.
    pub days: u32,
    /// Years to its close.
    pub years: f64,
    /// Sessions to it.
    pub horizon_sessions: u32,
    /// The share's price, dollars.
    pub spot: Price,
    /// The price for delivery at the expiry, dollars a share.
    pub forward: f64,
    /// The call.
    pub call: Leg,
    /// The put.
    pub put: Leg,
    /// Every gate, for each contract that it is about.
    pub gates: Vec<Gate>,
    /// What prices it. None when nothing does.
    pub source: Option<CostSource>,
    /// The cost for each of [`FILLS`]; a single one from last prices, which have no spread.
    pub costs: Vec<Cost>,
    /// The share's end as the options imply it.
    pub implied: Option<Outlook>,
    /// The share's end if it moves as it did.
    pub historical: Option<Outlook>,
}

/// The share's end at one volatility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// A fraction a year.
    pub volatility: f64,
    /// The mean distance that the share moves, `0.798 S s sqrt(T)`, dollars.
    pub expected_move: f64,
    /// What the straddle is worth at this volatility, dollars a share.
    pub value: f64,
}

/// A straddle at one fill.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// The part of half the spread that is paid beyond the middle. None for last prices.
    pub fill: Option<Decimal>,
    /// Dollars a share.
    pub cost: Decimal,
    /// Where it breaks even below the strike, dollars; zero or less when no price is low enough.
    pub low: Decimal,
    /// Where it breaks even above, dollars.
    pub high: Decimal,
    /// Cost as a share of the share's price.
    pub share_of_spot: f64,
    /// The one-deviation move that the cost implies, `1.2533 D`, dollars.
    pub one_sigma: f64,
    /// Its value at historical volatility less the cost, dollars a share.
    pub edge: Option<f64>,
    /// The probability of an end beyond a breakeven, at implied volatility.
    pub beyond_at_implied: Option<f64>,
    /// The same at historical volatility.
    pub beyond_at_historical: Option<f64>,
    /// How often it happened.
    pub base_rate: Option<BaseRate>,
}

impl Straddle {
    /// Measures a pair.
    #[must_use]
    pub fn of(pair: &Pair, setting: &Setting<'_>, limits: &GateLimits) -> Self {
        let outlook = |volatility: f64| outlook(pair, setting, volatility);
        let mut straddle = Self {
            expiry: pair.expiry,
            strike: pair.strike,
            days: pair.days,
            years: pair.years,
            horizon_sessions: pair.horizon_sessions,
            spot: setting.spot,
            forward: pair.forward,
            call: pair.call.clone(),
            put: pair.put.clone(),
            gates: gates::gates(pair, limits),
            source: None,
            costs: Vec::new(),
            implied: pair.implied.or(setting.implied).and_then(outlook),
            historical: setting.historical.and_then(outlook),
        };
        let (source, dollars) = dollars(pair);
        straddle.source = source;
        straddle.costs =
            dollars.into_iter().map(|(fill, cost)| straddle.at(fill, cost, setting)).collect();
        straddle
    }

    /// The cost that counts: at the offer, or the last price.
    #[must_use]
    pub fn cost(&self) -> Option<&Cost> {
        self.costs.last()
    }

    /// The first gate that it does not pass.
    #[must_use]
    pub fn failing(&self) -> Option<&Gate> {
        self.gates.iter().find(|gate| gate.holds == Some(false))
    }

    fn at(&self, fill: Option<Decimal>, cost: Decimal, setting: &Setting<'_>) -> Cost {
        let (low, high) = (self.strike.get() - cost, self.strike.get() + cost);
        let breakevens = [low, high].map(chain::float);
        let (spot, dollars) = (chain::float(self.spot.get()), chain::float(cost));
        let beyond = |outlook: &Outlook| {
            Lognormal::new(self.forward, outlook.volatility, self.years)
                .map(|share| share.beyond(breakevens))
        };
        Cost {
            fill,
            cost,
            low,
            high,
            share_of_spot: dollars / spot,
            one_sigma: dollars / MEAN_DISTANCE,
            edge: self.historical.map(|outlook| outlook.value - dollars),
            beyond_at_implied: self.implied.as_ref().and_then(beyond),
            beyond_at_historical: self.historical.as_ref().and_then(beyond),
            base_rate: base_rate(
                setting.closes,
                self.horizon_sessions,
                breakevens.map(|price| price / spot),
            ),
        }
    }
}

/// The costs with their fills, and what they are from.
fn dollars(pair: &Pair) -> (Option<CostSource>, Vec<(Option<Decimal>, Decimal)>) {
    let legs = [&pair.call, &pair.put];
    let middles = legs.map(|leg| chain::middle(leg.bid, leg.ask));
    let halves = legs.map(|leg| Some((leg.ask?.get() - leg.bid?.get()) / Decimal::TWO));
    if let ([Some(call), Some(put)], [Some(half), Some(other)]) = (middles, halves) {
        let at = |fill: Decimal| (Some(fill), call + put + fill * (half + other));
        return (Some(CostSource::Quotes), FILLS.map(at).to_vec());
    }
    let last = legs.map(|leg| chain::last(leg.day_close, leg.last_price));
    match last {
        [Some(call), Some(put)] if !pair.chain_has_quotes => {
            (Some(CostSource::LastPrice), vec![(None, call + put)])
        }
        _ => (None, Vec::new()),
    }
}

fn outlook(pair: &Pair, setting: &Setting<'_>, volatility: f64) -> Option<Outlook> {
    let strike = chain::float(pair.strike.get());
    let present = pair.forward * libm::exp(-setting.rate * pair.years);
    let price = |kind| {
        let terms = Terms::new(kind, [present, strike], pair.years, [setting.rate, 0.0])?;
        terms.greeks(volatility).map(|greeks| greeks.price)
    };
    let spot = chain::float(setting.spot.get());
    Some(Outlook {
        volatility,
        expected_move: MEAN_DISTANCE * spot * volatility * pair.years.sqrt(),
        value: price(OptionKind::Call)? + price(OptionKind::Put)?,
    })
}

#[cfg(test)]
mod tests;
