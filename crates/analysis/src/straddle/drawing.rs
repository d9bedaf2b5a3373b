//! A straddle as lines: its payoff, and where the share may end.

use super::{Lognormal, Outlook, Straddle};
use crate::chain;

/// Prices at which the densities are told.
pub const DENSITY_POINTS: usize = 121;
/// How far the drawing reaches, in deviations of the wider distribution.
const REACH: f64 = 3.0;
/// How far it reaches beyond the breakevens, in parts of the cost.
const MARGIN: f64 = 0.5;

/// The lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Profit at the expiry, at the cost that counts. Straight between the points: the lowest
    /// price, the breakevens, the strike, the highest price. Empty without a cost.
    pub payoff: Vec<PayoffPoint>,
    /// [`DENSITY_POINTS`] prices in equal steps. Empty without a volatility.
    pub density: Vec<DensityPoint>,
}

/// Profit at one price of the share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PayoffPoint {
    /// Dollars a share.
    pub price: f64,
    /// Dollars a share of the straddle; below zero is a loss.
    pub profit: f64,
}

/// How likely an end near one price is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DensityPoint {
    /// Dollars a share.
    pub price: f64,
    /// The probability a dollar at implied volatility.
    pub implied: Option<f64>,
    /// The same at historical volatility.
    pub historical: Option<f64>,
}

impl Straddle {
    /// The lines of the payoff and of the two distributions, over one range of prices.
    #[must_use]
    pub fn drawing(&self) -> Drawing {
        let share =
            |outlook: &Outlook| Lognormal::new(self.forward, outlook.volatility, self.years);
        let implied = self.implied.as_ref().and_then(share);
        let historical = self.historical.as_ref().and_then(share);
        let [low, high] = self.range([implied, historical]);
        let density = match (implied, historical) {
            (None, None) => Vec::new(),
            _ => grid(low, high)
                .map(|price| DensityPoint {
                    price,
                    implied: implied.map(|share| share.density(price)),
                    historical: historical.map(|share| share.density(price)),
                })
                .collect(),
        };
        Drawing { payoff: self.payoff(low, high), density }
    }

    fn payoff(&self, low: f64, high: f64) -> Vec<PayoffPoint> {
        let Some(cost) = self.cost() else { return Vec::new() };
        let strike = chain::float(self.strike.get());
        let corners =
            [low, chain::float(cost.low), strike, chain::float(cost.high), high].into_iter();
        let inside = corners.filter(|price| (low..=high).contains(price));
        inside
            .map(|price| PayoffPoint {
                price,
                profit: (price - strike).abs() - chain::float(cost.cost),
            })
            .collect()
    }

    /// The lowest and the highest price that are worth drawing; not below zero.
    fn range(&self, shares: [Option<Lognormal>; 2]) -> [f64; 2] {
        let deviation =
            shares.into_iter().flatten().map(|share| share.deviation()).fold(0.0, f64::max);
        // A share that doubles is far enough for any drawing.
        let reach = (REACH * deviation).min(1.0);
        let strike = chain::float(self.strike.get());
        let cost = self.cost().map_or(0.0, |cost| chain::float(cost.cost)) * (1.0 + MARGIN);
        let low = (self.forward * (1.0 - reach)).min(strike - cost).max(0.0);
        let high = (self.forward * (1.0 + reach)).max(strike + cost);
        [low, high]
    }
}

fn grid(low: f64, high: f64) -> impl Iterator<Item = f64> {
    let step = (high - low) / (DENSITY_POINTS - 1) as f64;
    (0..DENSITY_POINTS).map(move |index| low + step * index as f64)
}
