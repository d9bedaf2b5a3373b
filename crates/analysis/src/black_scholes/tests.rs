use OptionKind::{Call, Put};
use proptest::prelude::*;

use super::*;

/// Kind, then spot, strike, years, rate, dividend yield and volatility.
type Case = (OptionKind, [f64; 6]);

fn terms((kind, [spot, strike, years, rate, dividend_yield, _]): Case) -> Terms {
    Terms::new(kind, [spot, strike], years, [rate, dividend_yield]).unwrap()
}

fn greeks(case: Case) -> Greeks {
    terms(case).greeks(case.1[5]).unwrap()
}

/// Compares with a published value; the tolerance is half a unit of its last digit or 1e-6,
/// whichever is more.
#[track_caller]
fn check(found: f64, published: f64, tolerance: f64) {
    assert!((found - published).abs() <= tolerance, "{found}, published {published}");
}

#[test]
fn prices_agree_with_published_ones() {
    // py_vollib, documentation of `black_scholes`.
    check(greeks((Call, [100.0, 90.0, 0.5, 0.01, 0.0, 0.2])).price, 12.111_581_435, 1e-9);
    check(greeks((Put, [100.0, 90.0, 0.5, 0.01, 0.0, 0.2])).price, 1.662_704_562_31, 1e-9);
    // Haug, "The Complete Guide to Option Pricing Formulas": Black-Scholes and Merton; the digits
    // beyond the book's four are those of py_vollib's tests.
    check(greeks((Call, [60.0, 65.0, 0.25, 0.08, 0.0, 0.3])).price, 2.133_368_444_92, 1e-9);
    check(greeks((Put, [100.0, 95.0, 0.5, 0.1, 0.05, 0.2])).price, 2.464_787_646_76, 1e-9);
    // Hull: the stock at 42, and the index at 930 with a yield of 3 %.
    check(greeks((Call, [42.0, 40.0, 0.5, 0.1, 0.0, 0.2])).price, 4.76, 0.005);
    check(greeks((Put, [42.0, 40.0, 0.5, 0.1, 0.0, 0.2])).price, 0.81, 0.005);
    check(greeks((Call, [930.0, 900.0, 2.0 / 12.0, 0.08, 0.03, 0.2])).price, 51.83, 0.005);
    // MATLAB, documentation of `blsprice`.
    check(greeks((Call, [100.0, 95.0, 0.25, 0.1, 0.0, 0.5])).price, 13.70, 0.005);
    check(greeks((Put, [100.0, 95.0, 0.25, 0.1, 0.0, 0.5])).price, 6.35, 0.005);
}

#[test]
fn greeks_agree_with_published_ones() {
    // Hull's call on a stock at 49, strike 50, twenty weeks; the digits are py_vollib's, which
    // tests itself with the same example.
    let hull = [49.0, 50.0, 0.3846, 0.05, 0.0, 0.2];
    let (call, put) = (greeks((Call, hull)), greeks((Put, hull)));
    check(call.delta, 0.521_601_633_972, 1e-9);
    check(call.gamma, 0.065_545_377_252_5, 1e-9);
    check(call.vega_per_point, 0.121_052_427_542, 1e-9);
    check(call.theta_per_day, -4.305_389_964_55 / 365.0, 1e-9);
    check(put.theta_per_day, -1.853_005_672_2 / 365.0, 1e-9);
    // Haug, as quoted in QuantLib's tests of the European option.
    let future = [105.0, 100.0, 0.5, 0.1, 0.1, 0.36];
    check(greeks((Call, future)).delta, 0.5946, 0.000_05);
    check(greeks((Put, future)).delta, -0.3566, 0.000_05);
    let stock = greeks((Put, [55.0, 60.0, 0.75, 0.1, 0.0, 0.3]));
    check(stock.gamma, 0.0278, 0.000_05);
    check(stock.vega_per_point * 100.0, 18.9358, 0.000_05);
    let index = greeks((Put, [430.0, 405.0, 1.0 / 12.0, 0.07, 0.05, 0.2]));
    check(index.theta_per_day * 365.0, -31.1924, 0.000_05);
}

#[test]
fn a_published_price_implies_its_volatility() {
    // Hull: a call at 1.875 on a stock at 21, strike 20, three months, 10 % a year.
    let hull = terms((Call, [21.0, 20.0, 0.25, 0.1, 0.0, 0.0]));
    check(hull.implied(1.875).unwrap(), 0.235, 0.000_5);
    let haug = terms((Put, [100.0, 95.0, 0.5, 0.1, 0.05, 0.0]));
    check(haug.implied(2.464_787_646_76).unwrap(), 0.2, 1e-9);
}

#[test]
fn the_normal_distribution_has_its_published_values() {
    // NIST, "Engineering Statistics Handbook", table of the normal distribution, and the
    // one-sided five-sigma tail.
    for (x, published, tolerance) in [
        (0.0, 0.5, 0.0),
        (1.0, 0.841_34, 0.000_005),
        (-1.96, 0.025, 0.000_005),
        (3.0, 0.998_65, 0.000_005),
        (-5.0, 2.866_516e-7, 5e-14),
    ] {
        check(normal(x), published, tolerance);
    }
}

#[test]
fn what_cannot_be_priced_has_no_terms() {
    for numbers in [
        [0.0, 100.0, 1.0, 0.0, 0.0],
        [100.0, 0.0, 1.0, 0.0, 0.0],
        [-1.0, 100.0, 1.0, 0.0, 0.0],
        [100.0, 100.0, 0.0, 0.0, 0.0],
        [100.0, 100.0, -0.1, 0.0, 0.0],
        [f64::NAN, 100.0, 1.0, 0.0, 0.0],
        [100.0, 100.0, f64::INFINITY, 0.0, 0.0],
        [100.0, 100.0, 1.0, f64::NAN, 0.0],
    ] {
        let [spot, strike, years, rate, dividend] = numbers;
        assert_eq!(Terms::new(Call, [spot, strike], years, [rate, dividend]), None, "{numbers:?}");
    }
    let terms = terms((Call, [100.0, 100.0, 1.0, 0.0, 0.0, 0.0]));
    for volatility in [0.0, -0.2, f64::NAN, f64::INFINITY] {
        assert_eq!(terms.greeks(volatility), None, "{volatility}");
    }
}

#[test]
fn a_price_that_no_volatility_makes_implies_none() {
    let check = |kind, price| {
        let terms = terms((kind, [100.0, 90.0, 0.5, 0.04, 0.01, 0.0]));
        assert_eq!(terms.implied(price), None, "{kind:?} {price} {}", terms.intrinsic());
    };
    let floor = terms((Call, [100.0, 90.0, 0.5, 0.04, 0.01, 0.0])).intrinsic();
    for price in [floor, floor - 0.5, 0.0, -1.0, f64::NAN, f64::INFINITY, 100.0, 250.0] {
        check(Call, price);
    }
    // A put can cost no more than its strike.
    for price in [0.0, -0.01, 90.0, 91.0] {
        check(Put, price);
    }
}

/// Options as they are listed: within three deviations of the money and five times its price, two
/// hours to three years.
fn listed() -> impl Strategy<Value = Case> {
    let spot_and_away = (1.0_f64..2_000.0, -3.0_f64..3.0);
    let rates = (-0.01_f64..0.1, 0.0_f64..0.08);
    let time_and_volatility = (0.000_2_f64..3.0, 0.03_f64..3.0);
    let numbers = (any::<bool>(), spot_and_away, rates, time_and_volatility);
    numbers.prop_map(|(call, (spot, away), (rate, dividend), (years, volatility))| {
        let strike = spot * (away * volatility * years.sqrt()).clamp(-1.6, 1.6).exp();
        (if call { Call } else { Put }, [spot, strike, years, rate, dividend, volatility])
    })
}

/// The larger of spot and strike: what the digits of a price are counted against.
fn scale(case: Case) -> f64 {
    case.1[0].max(case.1[1])
}

proptest! {
    #[test]
    fn a_price_implies_a_volatility_that_makes_the_price(case in listed()) {
        let terms = terms(case);
        let price = greeks(case).price;
        // Less time value than this is lost in the digits of the price.
        prop_assume!(price - terms.intrinsic() > 1e-9 * scale(case));
        let implied = terms.implied(price).unwrap();
        let again = terms.greeks(implied).unwrap().price;
        prop_assert!((again - price).abs() <= 1e-12 * scale(case), "{implied}: {again} {price}");
    }

    #[test]
    fn calls_and_puts_keep_parity(case in listed()) {
        let (call, put) = (greeks((Call, case.1)), greeks((Put, case.1)));
        let terms = terms(case);
        let parity = terms.present_spot() - terms.present_strike();
        prop_assert!((call.price - put.price - parity).abs() < 1e-12 * scale(case));
        prop_assert!((call.gamma - put.gamma).abs() <= 1e-12 * call.gamma.abs());
    }

    #[test]
    fn the_greeks_are_the_slopes_of_the_price(case in listed()) {
        let [spot, strike, years, rate, dividend, volatility] = case.1;
        // A step that is small against what the price bends over.
        let step = spot * volatility * years.sqrt() * 1e-4;
        let at = |spot| greeks((case.0, [spot, strike, years, rate, dividend, volatility]));
        let (below, here, above) = (at(spot - step), at(spot), at(spot + step));
        let delta = (above.price - below.price) / (2.0 * step);
        let gamma = (above.delta - below.delta) / (2.0 * step);
        prop_assert!((delta - here.delta).abs() < 1e-5, "{delta} {here:?}");
        prop_assert!((gamma - here.gamma).abs() * step < 1e-8, "{gamma} {here:?}");
    }
}
