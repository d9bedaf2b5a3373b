//! A chain put in order: expiries, strikes, and the call and the put of each.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use undertow_market::{ChainQuote, OptionKind, Price, Symbol, new_york_instant};

/// Calendar days of a year.
pub(crate) const DAYS_PER_YEAR: f64 = 365.0;
/// When options stop trading on their last day, in New York.
const EXPIRES: NaiveTime = NaiveTime::from_hms_opt(16, 0, 0).expect("an hour of the day");
const SECONDS_PER_DAY: f64 = 86_400.0;

/// One expiry of a chain, without contracts that deliver other things than shares.
#[derive(Clone, Debug)]
pub(crate) struct Expiry<'a> {
    pub(crate) date: NaiveDate,
    /// Calendar days that are left, with their fraction; above zero.
    pub(crate) days: f64,
    pub(crate) strikes: BTreeMap<Price, Strike<'a>>,
}

/// What is listed at one strike.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Strike<'a> {
    pub(crate) call: Option<&'a ChainQuote>,
    pub(crate) put: Option<&'a ChainQuote>,
}

impl<'a> Strike<'a> {
    pub(crate) fn both(&self) -> Option<[&'a ChainQuote; 2]> {
        Some([self.call?, self.put?])
    }

    pub(crate) fn legs(&self) -> impl Iterator<Item = &'a ChainQuote> {
        self.call.into_iter().chain(self.put)
    }
}

impl Expiry<'_> {
    pub(crate) fn years(&self) -> f64 {
        self.days / DAYS_PER_YEAR
    }

    fn pairs(&self) -> usize {
        self.strikes.values().filter(|strike| strike.both().is_some()).count()
    }
}

/// The expiries that are still to come, nearest first. Where several classes of one underlying
/// expire on a day, that with the most pairs stands for it.
pub(crate) fn expiries(chain: &[ChainQuote], at: DateTime<Utc>) -> Vec<Expiry<'_>> {
    let mut classes: BTreeMap<(NaiveDate, &Symbol), Expiry<'_>> = BTreeMap::new();
    for quote in chain.iter().filter(|quote| !quote.is_adjusted) {
        let contract = &quote.contract;
        let days = days_until(contract.expiry, at);
        if days <= 0.0 {
            continue;
        }
        let class = classes.entry((contract.expiry, &contract.root)).or_insert_with(|| Expiry {
            date: contract.expiry,
            days,
            strikes: BTreeMap::new(),
        });
        let strike = class.strikes.entry(contract.strike).or_default();
        match contract.kind {
            OptionKind::Call => strike.call = Some(quote),
            OptionKind::Put => strike.put = Some(quote),
        }
    }
    let mut found: Vec<Expiry<'_>> = Vec::new();
    for class in classes.into_values() {
        match found.last_mut().filter(|last| last.date == class.date) {
            Some(last) if class.pairs() > last.pairs() => *last = class,
            Some(_) => {}
            None => found.push(class),
        }
    }
    found
}

fn days_until(expiry: NaiveDate, at: DateTime<Utc>) -> f64 {
    let left = new_york_instant(expiry, EXPIRES) - at;
    left.num_seconds() as f64 / SECONDS_PER_DAY
}

/// The middle of a quote that makes sense: both sides, and not crossed.
pub(crate) fn middle(bid: Option<Price>, ask: Option<Price>) -> Option<Decimal> {
    let (bid, ask) = (bid?, ask?);
    (bid <= ask).then(|| (bid.get() + ask.get()) / Decimal::TWO)
}

/// The last price known: the day's, else the one before.
pub(crate) fn last(day_close: Option<Price>, last_price: Option<Price>) -> Option<Decimal> {
    day_close.or(last_price).map(Price::get)
}

pub(crate) fn float(value: Decimal) -> f64 {
    value.to_f64().expect("every decimal has a nearest float")
}

#[cfg(test)]
pub(crate) mod fixture;
