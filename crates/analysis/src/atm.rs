//! Implied volatility at the money, from a chain.
//!
//! The money is the forward: `F = K + e^(rT) (C - P)` by put-call parity, at the strike whose call
//! and put cost most nearly the same, as the exchanges' variance indexes take it. Without quotes it
//! is the share's price, carried at the rate. The volatility at the forward lies between the
//! nearest strikes around it; at each, it is the mean of the call's and the put's. That of thirty
//! days lies between the two expiries around, in total variance
//! ([`crate::volatility::at_days`]).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use undertow_market::{ChainQuote, OptionKind, Price};

use crate::black_scholes::Terms;
use crate::chain::{self, Expiry, Strike};
use crate::volatility::{THIRTY_DAYS, TermIv, at_days, at_forward, slope};

/// The nearest strikes may be so far from the forward, as a share of it; farther away, nothing is
/// said of the money.
pub const MAX_STRIKE_DISTANCE: f64 = 0.10;
/// A larger implied volatility is a fault of its source: 10 is 1,000 %.
pub const MAX_IMPLIED: f64 = 10.0;

/// What an implied volatility was taken from, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IvSource {
    /// The vendor's own.
    Vendor,
    /// Implied from the middle of the quotes.
    Middle,
    /// Implied from the last prices, which may be old.
    LastPrice,
}

/// How the forward was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForwardSource {
    /// By parity of quoted calls and puts.
    Parity,
    /// From the share's price and the rate; dividends are not in it.
    Spot,
}

/// The market that a chain is read in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Market {
    /// The moment of the chain.
    pub at: DateTime<Utc>,
    /// The share's price, dollars.
    pub spot: Option<Price>,
    /// The riskless rate, a fraction a year, compounded continuously.
    pub rate: f64,
}

/// One expiry at the money.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtmPoint {
    /// The last trading day.
    pub expiry: NaiveDate,
    /// Calendar days to its close, with their fraction.
    pub days: f64,
    /// The price for delivery then, dollars a share.
    pub forward: f64,
    /// How that was found.
    pub forward_source: ForwardSource,
    /// The volatility there. None where no strikes are near.
    pub implied: Option<AtmIv>,
}

/// An implied volatility and where it is from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtmIv {
    /// A fraction a year.
    pub value: f64,
    /// The worse of the sources that went into it.
    pub source: IvSource,
}

/// A chain at the money.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Atm {
    /// The expiries that have a forward, nearest first.
    pub term: Vec<AtmPoint>,
    /// Of thirty days, a fraction a year. None without an expiry on both sides.
    pub thirty_days: Option<AtmIv>,
    /// Of ninety days less that of thirty, a fraction.
    pub slope: Option<f64>,
}

impl Atm {
    /// Reads a chain. Contracts that deliver other things than shares are left out.
    #[must_use]
    pub fn of(chain: &[ChainQuote], market: &Market) -> Self {
        let expiries = chain::expiries(chain, market.at);
        let term: Vec<AtmPoint> =
            expiries.iter().filter_map(|expiry| point(expiry, market)).collect();
        let usable: Vec<TermIv> = term.iter().filter_map(AtmPoint::term_iv).collect();
        let mut atm = Self { term, thirty_days: None, slope: slope(&usable) };
        let source = atm.around_thirty_days().filter_map(|point| Some(point.implied?.source)).max();
        atm.thirty_days =
            at_days(&usable, THIRTY_DAYS).and_then(|value| Some(AtmIv { value, source: source? }));
        atm
    }

    /// The expiry at a date.
    #[must_use]
    pub fn at(&self, expiry: NaiveDate) -> Option<&AtmPoint> {
        self.term.iter().find(|point| point.expiry == expiry)
    }

    /// The expiries that the volatility of thirty days lies between: two, or one on the day.
    pub fn around_thirty_days(&self) -> impl Iterator<Item = &AtmPoint> {
        let usable = || self.term.iter().filter(|point| point.implied.is_some());
        let near = usable().rfind(|point| point.days <= THIRTY_DAYS);
        let far = usable().find(|point| point.days >= THIRTY_DAYS);
        let far = far.filter(|far| near.is_none_or(|near| near.expiry != far.expiry));
        near.into_iter().chain(far)
    }
}

impl AtmPoint {
    fn term_iv(&self) -> Option<TermIv> {
        Some(TermIv { days: self.days, implied: self.implied?.value })
    }
}

fn point(expiry: &Expiry<'_>, market: &Market) -> Option<AtmPoint> {
    let (forward, forward_source) = forward(expiry, market)?;
    Some(AtmPoint {
        expiry: expiry.date,
        days: expiry.days,
        forward,
        forward_source,
        implied: at_the_money(expiry, forward, market.rate),
    })
}

fn forward(expiry: &Expiry<'_>, market: &Market) -> Option<(f64, ForwardSource)> {
    let growth = libm::exp(market.rate * expiry.years());
    let differences = expiry.strikes.iter().filter_map(|(strike, listed)| {
        let [call, put] = listed.both()?;
        let difference = chain::middle(call.bid, call.ask)? - chain::middle(put.bid, put.ask)?;
        Some((strike.get(), difference))
    });
    let nearest = differences.min_by_key(|(_, difference)| difference.abs());
    let by_parity = nearest.map(|(strike, difference)| {
        (chain::float(strike) + growth * chain::float(difference), ForwardSource::Parity)
    });
    let by_spot = market.spot.map(|spot| (chain::float(spot.get()) * growth, ForwardSource::Spot));
    let is_price = |(forward, _): &(f64, ForwardSource)| forward.is_finite() && *forward > 0.0;
    by_parity.filter(is_price).or(by_spot.filter(is_price))
}

fn at_the_money(expiry: &Expiry<'_>, forward: f64, rate: f64) -> Option<AtmIv> {
    let priced = expiry.strikes.iter().filter_map(|(strike, listed)| {
        let strike = chain::float(strike.get());
        let is_near = (strike - forward).abs() <= MAX_STRIKE_DISTANCE * forward;
        let terms = |kind| {
            let present = forward * libm::exp(-rate * expiry.years());
            Terms::new(kind, [present, strike], expiry.years(), [rate, 0.0])
        };
        is_near.then(|| at_strike(listed, terms)).flatten().map(|implied| (strike, implied))
    });
    let priced: Vec<(f64, AtmIv)> = priced.collect();
    let smile: Vec<(f64, f64)> =
        priced.iter().map(|(strike, implied)| (*strike, implied.value)).collect();
    let value = at_forward(&smile, forward)?;
    // Strikes come in order.
    let below = priced.iter().rfind(|(strike, _)| *strike <= forward)?;
    let above = priced.iter().find(|(strike, _)| *strike >= forward)?;
    Some(AtmIv { value, source: below.1.source.max(above.1.source) })
}

/// From the best source that any of the two has.
fn at_strike(listed: &Strike<'_>, terms: impl Fn(OptionKind) -> Option<Terms>) -> Option<AtmIv> {
    let priced = |leg: &ChainQuote, price| terms(leg.contract.kind)?.implied(chain::float(price?));
    let of = |source: IvSource, leg: &ChainQuote| match source {
        IvSource::Vendor => leg.implied_volatility,
        IvSource::Middle => priced(leg, chain::middle(leg.bid, leg.ask)),
        IvSource::LastPrice => priced(leg, chain::last(leg.day_close, leg.last_price)),
    };
    [IvSource::Vendor, IvSource::Middle, IvSource::LastPrice].into_iter().find_map(|source| {
        let usable = |value: &f64| *value > 0.0 && *value <= MAX_IMPLIED;
        let found: Vec<f64> =
            listed.legs().filter_map(|leg| of(source, leg).filter(usable)).collect();
        let value = found.iter().sum::<f64>() / found.len() as f64;
        (!found.is_empty()).then_some(AtmIv { value, source })
    })
}

#[cfg(test)]
mod tests;
