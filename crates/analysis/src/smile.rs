//! The volatilities of one expiry's contracts, where the vendor's list tells them, and from the
//! middle of the quote where it does not.
//!
//! The middle is turned into a volatility at the forward that puts and calls agree on: where a call
//! and a put of one strike cost the same, the forward is that strike, and near it the difference of
//! their prices says how far away it is. Interest until the expiry is left out: it moves the
//! volatility of a near option by less than its quote is wide.

use undertow_market::{ContractState, OptionKind, Price};

use crate::black_scholes::Terms;
use crate::volatility::at_forward;

/// Where a volatility comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The vendor told it.
    Vendor,
    /// Ours: what the middle of the quote implies.
    Mid,
}

impl Source {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Mid => "mid",
        }
    }
}

/// A volatility and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Implied {
    /// A fraction a year.
    pub value: f64,
    /// Where it comes from.
    pub source: Source,
}

/// The middle of a contract's quote, dollars a share. None where one side is missing: an option
/// that nobody bids for has no middle.
#[must_use]
pub fn mid(contract: &ContractState) -> Option<f64> {
    let (bid, ask) = (float(contract.bid?), float(contract.ask?));
    (bid <= ask).then_some(f64::midpoint(bid, ask))
}

/// The price for delivery at the expiry that calls and puts agree on, dollars a share: from the
/// strike at which they cost most nearly the same. None where no strike has both quotes.
///
/// The contracts are of one expiry, in any order.
#[must_use]
pub fn forward(contracts: &[ContractState]) -> Option<f64> {
    let of = |kind: OptionKind| contracts.iter().filter(move |one| one.contract.kind == kind);
    let parity = |call: &ContractState| {
        let put = of(OptionKind::Put).find(|put| {
            put.contract.strike == call.contract.strike && put.contract.root == call.contract.root
        })?;
        Some((float(call.contract.strike), mid(call)? - mid(put)?))
    };
    let nearest = of(OptionKind::Call)
        .filter_map(parity)
        .min_by(|left, right| left.1.abs().total_cmp(&right.1.abs()));
    nearest.map(|(strike, dearer)| strike + dearer).filter(|forward| *forward > 0.0)
}

/// The volatility of a contract with `years` to live: the vendor's, else what the middle of its
/// quote implies at `forward`. None where neither is to be had.
#[must_use]
pub fn implied(contract: &ContractState, forward: Option<f64>, years: f64) -> Option<Implied> {
    let told = contract.implied_volatility.filter(|told| *told > 0.0);
    if let Some(value) = told {
        return Some(Implied { value, source: Source::Vendor });
    }
    let strike = float(contract.contract.strike);
    let terms = Terms::new(contract.contract.kind, [forward?, strike], years, [0.0, 0.0])?;
    let value = terms.implied(mid(contract)?)?;
    Some(Implied { value, source: Source::Mid })
}

/// The volatility at the forward of one expiry's contracts, each strike by its option out of the
/// money. It is [`Source::Vendor`] only where every volatility that it is made of is.
#[must_use]
pub fn at_the_money(contracts: &[ContractState], years: f64) -> Option<Implied> {
    let forward = forward(contracts)?;
    let smile: Vec<(f64, Implied)> = smile(contracts, Some(forward), years);
    let strikes: Vec<(f64, f64)> =
        smile.iter().map(|(strike, implied)| (*strike, implied.value)).collect();
    let value = at_forward(&strikes, forward)?;
    let nearest = |is_side: &dyn Fn(f64) -> bool| {
        let side = smile.iter().filter(|(strike, _)| is_side(*strike));
        side.min_by(|left, right| (left.0 - forward).abs().total_cmp(&(right.0 - forward).abs()))
    };
    let ends = [nearest(&|strike| strike <= forward), nearest(&|strike| strike >= forward)];
    let is_told = ends.iter().flatten().all(|(_, implied)| implied.source == Source::Vendor);
    Some(Implied { value, source: if is_told { Source::Vendor } else { Source::Mid } })
}

/// Volatility by strike, lowest first: of each strike's two options the one out of the money,
/// which is the one that is traded. With no forward, whichever has a volatility.
#[must_use]
pub fn smile(contracts: &[ContractState], forward: Option<f64>, years: f64) -> Vec<(f64, Implied)> {
    let is_out = |contract: &ContractState| {
        let strike = float(contract.contract.strike);
        forward.is_none_or(|forward| match contract.contract.kind {
            OptionKind::Call => strike >= forward,
            OptionKind::Put => strike < forward,
        })
    };
    let mut found: Vec<(f64, Implied)> = contracts
        .iter()
        .filter(|contract| is_out(contract))
        .filter_map(|contract| {
            Some((float(contract.contract.strike), implied(contract, forward, years)?))
        })
        .collect();
    found.sort_by(|left, right| left.0.total_cmp(&right.0));
    found.dedup_by(|later, kept| later.0.total_cmp(&kept.0).is_eq());
    found
}

fn float(price: Price) -> f64 {
    use rust_decimal::prelude::ToPrimitive;
    price.get().to_f64().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate};
    use proptest::prelude::*;
    use rust_decimal::Decimal;
    use rust_decimal::prelude::FromPrimitive;
    use undertow_market::{OptionContract, Symbol};

    use super::*;

    const YEARS: f64 = 0.25;

    fn price(value: f64) -> Option<Price> {
        Price::new(Decimal::from_f64(value)?.round_dp(6)).ok()
    }

    /// A contract that costs what `volatility` makes of it at `forward`, without the vendor's word.
    fn quoted(kind: OptionKind, strike: u32, forward: f64, volatility: f64) -> ContractState {
        let symbol = Symbol::new("SPY").unwrap();
        let terms = Terms::new(kind, [forward, f64::from(strike)], YEARS, [0.0, 0.0]).unwrap();
        let worth = terms.greeks(volatility).unwrap().price;
        ContractState {
            symbol: symbol.clone(),
            contract: OptionContract {
                root: symbol,
                expiry: NaiveDate::from_ymd_opt(2026, 6, 19).unwrap(),
                kind,
                strike: Price::new(Decimal::from(strike)).unwrap(),
            },
            session_date: NaiveDate::from_ymd_opt(2026, 3, 20).unwrap(),
            open_interest: 1,
            previous_open_interest: None,
            volume: 0,
            bid: price(worth * 0.98),
            ask: price(worth * 1.02),
            last_price: None,
            implied_volatility: None,
            delta: None,
            gamma: None,
            received_at: DateTime::UNIX_EPOCH,
        }
    }

    fn chain(forward: f64, volatility: f64) -> Vec<ContractState> {
        let both = |strike| {
            [OptionKind::Call, OptionKind::Put]
                .map(|kind| quoted(kind, strike, forward, volatility))
        };
        [580, 590, 600, 610, 620].into_iter().flat_map(both).collect()
    }

    #[track_caller]
    fn near(found: Option<f64>, expected: f64) {
        let found = found.expect("a number");
        assert!((found - expected).abs() < 1e-4, "{found}, expected {expected}");
    }

    #[test]
    fn what_a_quote_was_made_from_is_found_again_and_marked_as_ours() {
        let chain = chain(604.0, 0.2);
        near(forward(&chain), 604.0);
        for contract in &chain {
            let found = implied(contract, forward(&chain), YEARS).unwrap();
            assert_eq!(found.source, Source::Mid);
            near(Some(found.value), 0.2);
        }
        let found = at_the_money(&chain, YEARS).unwrap();
        assert_eq!(found.source, Source::Mid);
        near(Some(found.value), 0.2);
    }

    #[test]
    fn the_vendors_word_comes_first_and_a_mixture_is_ours() {
        let mut chain = chain(604.0, 0.2);
        for contract in &mut chain {
            contract.implied_volatility = Some(0.3);
        }
        let at = |chain: &[ContractState]| at_the_money(chain, YEARS).unwrap();
        assert_eq!(at(&chain).source, Source::Vendor);
        near(Some(at(&chain).value), 0.3);
        // The call at 610 is the nearest above the forward.
        chain[6].implied_volatility = None;
        assert_eq!(at(&chain).source, Source::Mid);
        near(Some(at(&chain).value), 0.3 * 0.6 + 0.2 * 0.4);
    }

    #[test]
    fn what_has_no_middle_has_no_volatility_of_ours() {
        let mut contract = quoted(OptionKind::Call, 600, 604.0, 0.2);
        contract.bid = None;
        assert_eq!(implied(&contract, Some(604.0), YEARS), None);
        let mut crossed = quoted(OptionKind::Call, 600, 604.0, 0.2);
        (crossed.bid, crossed.ask) = (crossed.ask, crossed.bid);
        assert_eq!(mid(&crossed), None);
        // Below what it is worth if exercised: no volatility makes that price.
        let mut cheap = quoted(OptionKind::Call, 600, 604.0, 0.2);
        (cheap.bid, cheap.ask) = (price(3.0), price(3.5));
        assert_eq!(implied(&cheap, Some(604.0), YEARS), None);
        let expired = quoted(OptionKind::Call, 600, 604.0, 0.2);
        assert_eq!(implied(&expired, Some(604.0), 0.0), None);
        assert_eq!(forward(&[]), None);
        assert_eq!(at_the_money(&[], YEARS), None);
    }

    #[test]
    fn a_smile_has_each_strike_once_by_its_option_out_of_the_money() {
        let mut chain = chain(604.0, 0.2);
        // Puts in the money are wide and wrong.
        for put in chain.iter_mut().filter(|one| one.contract.kind == OptionKind::Put) {
            if put.contract.strike.get() > Decimal::from(604) {
                put.implied_volatility = Some(9.0);
            }
        }
        let smile = smile(&chain, Some(604.0), YEARS);
        let strikes: Vec<f64> = smile.iter().map(|(strike, _)| *strike).collect();
        assert_eq!(strikes, [580.0, 590.0, 600.0, 610.0, 620.0]);
        assert!(smile.iter().all(|(_, implied)| (implied.value - 0.2).abs() < 1e-3));
    }

    proptest! {
        #[test]
        fn the_forward_is_found_wherever_it_is(forward_at in 581.0_f64..619.0, volatility in 0.05_f64..1.5) {
            let chain = chain(forward_at, volatility);
            let found = forward(&chain).unwrap();
            prop_assert!((found - forward_at).abs() < 1e-3, "{}", found);
            let money = at_the_money(&chain, YEARS).unwrap();
            prop_assert!((money.value - volatility).abs() < 1e-3, "{}", money.value);
        }
    }
}
