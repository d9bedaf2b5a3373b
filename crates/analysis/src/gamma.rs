//! Naive gamma exposure: what dealers would trade, **if** they had bought every call and sold
//! every put.
//!
//! Nobody outside knows who holds what, so this is a convention and not a measurement, and every
//! screen that shows it says "naive". Calls count as plus, puts as minus; the sum above zero
//! means that such dealers sell into a rise and buy into a fall.
//!
//! Everything is in dollars of stock for a move of one percent:
//! `gamma * open interest * shares a contract * spot * (0.01 * spot)`. The gamma of an option is
//! shares a share for a dollar's move; times contracts and shares a contract it is shares for a
//! dollar; times a percent of the price it is shares for a percent; times the price, dollars.

use std::collections::BTreeMap;

use rust_decimal::prelude::ToPrimitive;
use undertow_market::{ContractState, GammaStrike, OptionKind, Price};

/// The move that an exposure is for, as a fraction of the price.
pub const MOVE: f64 = 0.01;

/// The naive exposure of one strike, dollars for a move of one percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NaiveGamma {
    /// Dollars a share.
    pub strike: Price,
    /// Of calls; zero or above.
    pub calls: f64,
    /// Of puts; zero or below.
    pub puts: f64,
}

impl NaiveGamma {
    /// Calls and puts together.
    #[must_use]
    pub fn net(&self) -> f64 {
        self.calls + self.puts
    }
}

/// What [`from_contracts`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct NaiveExposure {
    /// By strike, lowest first.
    pub strikes: Vec<NaiveGamma>,
    /// Open contracts whose gamma is not known: missing from the sums.
    pub contracts_left_out: i64,
}

/// Dollars for a move of one percent of contracts held long: zero or above. `gamma` is per
/// dollar, `open_interest` in contracts, `multiplier` in shares a contract, `spot` in dollars.
#[must_use]
pub fn exposure(gamma: f64, open_interest: f64, multiplier: u32, spot: f64) -> f64 {
    in_dollars(gamma * open_interest * f64::from(multiplier), spot)
}

/// The naive exposure by strike from a list of contracts, all expiries together.
#[must_use]
pub fn from_contracts(contracts: &[ContractState], spot: Price) -> NaiveExposure {
    let spot = float(spot);
    let mut strikes = BTreeMap::<Price, NaiveGamma>::new();
    let mut contracts_left_out = 0;
    for state in contracts.iter().filter(|state| state.open_interest > 0) {
        let Some(gamma) = state.gamma.filter(|gamma| gamma.is_finite()) else {
            contracts_left_out += state.open_interest;
            continue;
        };
        let strike = state.contract.strike;
        let entry = NaiveGamma { strike, calls: 0.0, puts: 0.0 };
        let sum = strikes.entry(strike).or_insert(entry);
        // Far below 2^53, so the float is exact.
        let open_interest = state.open_interest as f64;
        let dollars = exposure(gamma.abs(), open_interest, state.contract.multiplier(), spot);
        match state.contract.kind {
            OptionKind::Call => sum.calls += dollars,
            OptionKind::Put => sum.puts -= dollars,
        }
    }
    NaiveExposure { strikes: strikes.into_values().collect(), contracts_left_out }
}

/// The naive exposure by strike from a vendor's sums, lowest strike first.
///
/// Unusual Whales describes them as gamma times open interest times shares a contract, which is
/// shares for a dollar's move; its own figure for a percent is that times the price squared, as
/// here. Its puts are delivered below zero. A gamma that is held long is never negative, so only
/// the size is taken from the vendor and the sign is set here.
#[must_use]
pub fn from_vendor(rows: &[GammaStrike], spot: Price) -> Vec<NaiveGamma> {
    let spot = float(spot);
    let of = |row: &GammaStrike| NaiveGamma {
        strike: row.strike,
        calls: in_dollars(row.call_gamma.abs(), spot),
        puts: -in_dollars(row.put_gamma.abs(), spot),
    };
    let mut found: Vec<NaiveGamma> = rows.iter().map(of).collect();
    found.sort_by_key(|row| row.strike);
    found
}

/// All strikes together, dollars for a move of one percent.
#[must_use]
pub fn total(strikes: &[NaiveGamma]) -> f64 {
    strikes.iter().map(NaiveGamma::net).sum()
}

/// The price nearest to `spot` at which the exposure, added up from the lowest strike, changes its
/// sign: a straight line between the two strikes. None when it never does. Dollars a share.
///
/// This is the common short cut. It adds up today's exposures by strike and does not work out
/// every gamma again at other prices, so it marks a region rather than a price.
#[must_use]
pub fn flip(strikes: &[NaiveGamma], spot: Price) -> Option<f64> {
    let spot = float(spot);
    let mut sum = 0.0;
    let running = strikes.iter().map(|row| {
        sum += row.net();
        (float(row.strike), sum)
    });
    let running: Vec<(f64, f64)> = running.collect();
    let crossings = running.windows(2).filter_map(|pair| {
        let [(low, before), (high, after)] = [pair[0], pair[1]];
        let crosses = (before < 0.0) != (after < 0.0);
        crosses.then(|| low + (high - low) * before / (before - after))
    });
    crossings.min_by(|left, right| (left - spot).abs().total_cmp(&(right - spot).abs()))
}

/// Shares for a dollar's move as dollars for a move of one percent.
fn in_dollars(shares_per_dollar: f64, spot: f64) -> f64 {
    shares_per_dollar * spot * spot * MOVE
}

fn float(price: Price) -> f64 {
    price.get().to_f64().expect("every decimal has a nearest float")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use undertow_market::Symbol;

    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn contract(name: &str, open_interest: i64, gamma: Option<f64>) -> ContractState {
        ContractState {
            symbol: Symbol::new("SPY").unwrap(),
            contract: name.parse().unwrap(),
            session_date: "2026-11-20".parse().unwrap(),
            open_interest,
            previous_open_interest: None,
            volume: 0,
            bid: None,
            ask: None,
            last_price: None,
            implied_volatility: None,
            delta: None,
            gamma,
            received_at: "2026-11-20T21:00:00Z".parse().unwrap(),
        }
    }

    fn vendor_row(strike: &str, call_gamma: f64, put_gamma: f64) -> GammaStrike {
        GammaStrike {
            symbol: Symbol::new("SPY").unwrap(),
            session_date: "2026-11-20".parse().unwrap(),
            strike: price(strike),
            call_gamma,
            put_gamma,
            call_delta: None,
            put_delta: None,
            received_at: "2026-11-20T21:00:00Z".parse().unwrap(),
        }
    }

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
    }

    #[test]
    fn the_exposure_of_the_design_vector_is_43_million_dollars() {
        let found = exposure(0.012, 10_000.0, 100, 600.0);
        assert!(close(found, 43_200_000.0), "{found}");
    }

    #[test]
    fn calls_count_as_plus_and_puts_as_minus() {
        let contracts = [
            contract("SPY261218C00600000", 10_000, Some(0.012)),
            contract("SPY261218P00600000", 5_000, Some(0.012)),
            contract("SPY270115P00600000", 5_000, Some(0.006)),
            contract("SPY261218P00590000", 700, None),
            contract("SPY261218P00580000", 0, None),
        ];
        let found = from_contracts(&contracts, price("600"));
        assert_eq!(found.contracts_left_out, 700);
        let [only] = found.strikes[..] else { panic!("{found:?}") };
        assert!(close(only.calls, 43_200_000.0) && close(only.puts, -32_400_000.0), "{only:?}");
        assert!(close(total(&found.strikes), 10_800_000.0));
    }

    #[test]
    fn a_vendor_sum_and_its_contracts_say_the_same() {
        // 0.012 a share times 10,000 contracts of 100 shares: 12,000 shares for a dollar.
        let rows = [vendor_row("610", 0.0, -500.0), vendor_row("600", 12_000.0, -6_000.0)];
        let found = from_vendor(&rows, price("600"));
        assert_eq!(
            found.iter().map(|row| row.strike).collect::<Vec<_>>(),
            ["600", "610"].map(price)
        );
        assert!(close(found[0].calls, 43_200_000.0) && close(found[0].puts, -21_600_000.0));
        assert!(close(found[1].net(), -1_800_000.0));
    }

    #[test]
    fn a_vendor_that_leaves_puts_above_zero_gives_the_same() {
        let signed = from_vendor(&[vendor_row("600", 1.0, -2.0)], price("600"));
        assert_eq!(from_vendor(&[vendor_row("600", 1.0, 2.0)], price("600")), signed);
    }

    #[test]
    fn the_flip_lies_between_the_strikes_where_the_running_sum_turns() {
        let row = |strike, net: f64| NaiveGamma {
            strike: price(strike),
            calls: net.max(0.0),
            puts: net.min(0.0),
        };
        let check = |nets: [f64; 4], spot, expected: Option<f64>| {
            let strikes = ["590", "600", "610", "620"];
            let rows: Vec<_> = strikes.iter().zip(nets).map(|(at, net)| row(at, net)).collect();
            match (flip(&rows, price(spot)), expected) {
                (Some(found), Some(expected)) => assert!(close(found, expected), "{found}"),
                (found, expected) => assert_eq!(found, expected, "{nets:?}"),
            }
        };
        check([-30.0, 10.0, 40.0, 5.0], "605", Some(605.0));
        check([-30.0, -10.0, -1.0, 5.0], "605", None);
        // Two crossings: the nearer one counts.
        check([-10.0, 20.0, -20.0, 1.0], "612", Some(605.0));
        check([-10.0, 20.0, -20.0, 1.0], "590", Some(595.0));
    }

    proptest! {
        #[test]
        fn twice_the_open_interest_is_twice_the_exposure(
            gamma in 0.0_f64..1.0, open in 0_i32..1_000_000, spot in 1.0_f64..10_000.0,
        ) {
            let open = f64::from(open);
            let (once, twice) = (exposure(gamma, open, 100, spot), exposure(gamma, 2.0 * open, 100, spot));
            prop_assert!(close(twice, 2.0 * once));
            prop_assert!(once >= 0.0);
        }
    }
}
