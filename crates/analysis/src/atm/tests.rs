use chrono::{Datelike, TimeDelta};
use proptest::prelude::*;
use rust_decimal::Decimal;
use undertow_market::new_york_date;

use super::*;
use crate::chain::fixture::{before, listed, quoted};

const MINUTES_PER_YEAR: f64 = 525_600.0;

fn market(at: DateTime<Utc>, spot: Option<&str>, rate: f64) -> Market {
    Market { at, spot: spot.map(|text| text.parse().unwrap()), rate }
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found}, expected {expected}");
}

#[test]
fn forwards_agree_with_published_ones() {
    // Cboe, "The CBOE Volatility Index - VIX" (white paper): forward index levels of the near and
    // the next term, with the middles, minutes and rates of its example.
    let near = [
        quoted("SPX141107C01960000", "24.20", "24.30"),
        quoted("SPX141107P01960000", "21.25", "21.35"),
        quoted("SPX141107C01965000", "21.00", "21.10"),
        quoted("SPX141107P01965000", "23.10", "23.20"),
        quoted("SPX141107C01970000", "18.05", "18.15"),
        quoted("SPX141107P01970000", "25.00", "25.10"),
    ];
    let atm = Atm::of(&near, &market(before("2014-11-07", 35_924), None, 0.000_305));
    close(atm.term[0].days / 365.0, 0.068_348_6, 5e-8);
    close(atm.term[0].forward, 1_962.899_96, 0.000_005);
    assert_eq!(atm.term[0].forward_source, ForwardSource::Parity);
    let next = [
        quoted("SPX141114C01960000", "27.25", "27.35"),
        quoted("SPX141114P01960000", "24.85", "24.95"),
    ];
    let atm = Atm::of(&next, &market(before("2014-11-14", 46_394), None, 0.000_286));
    close(atm.term[0].days / 365.0, 0.088_268_6, 5e-8);
    close(atm.term[0].forward, 1_962.400_06, 0.000_005);
}

#[test]
fn a_published_price_implies_its_volatility_at_the_money() {
    // py_vollib, documentation of `black`: forward and strike 100, half a year, 2 %, volatility
    // 20 %: 5.5811067246048118. At the money a put costs the same.
    let price = "5.58110672";
    let chain =
        [quoted("ABC261218C00100000", price, price), quoted("ABC261218P00100000", price, price)];
    let half_a_year = MINUTES_PER_YEAR as i64 / 2;
    let atm = Atm::of(&chain, &market(before("2026-12-18", half_a_year), None, 0.02));
    let implied = atm.term[0].implied.unwrap();
    close(atm.term[0].forward, 100.0, 0.0);
    close(implied.value, 0.2, 1e-6);
    assert_eq!(implied.source, IvSource::Middle);
    // One expiry says nothing of thirty days.
    assert_eq!(atm.thirty_days, None);
}

fn with_iv(contract: &str, implied: f64) -> ChainQuote {
    ChainQuote { implied_volatility: Some(implied), ..listed(contract) }
}

#[test]
fn thirty_days_lie_between_two_expiries() {
    // 20, 40 and 90 days before the expiries; the numbers are those of `volatility::at_days`.
    let at = before("2026-12-10", 20 * 1440);
    let chain = [
        with_iv("ABC261210C00100000", 0.19),
        with_iv("ABC261210P00100000", 0.21),
        with_iv("ABC261230P00100000", 0.3),
        with_iv("ABC270218C00100000", 0.4),
    ];
    let atm = Atm::of(&chain, &market(at, Some("100"), 0.0));
    let thirty = atm.thirty_days.unwrap();
    close(thirty.value, (2.2_f64 / 30.0).sqrt(), 1e-12);
    assert_eq!(thirty.source, IvSource::Vendor);
    close(atm.slope.unwrap(), 0.4 - thirty.value, 1e-12);
    let used: Vec<u32> = atm.around_thirty_days().map(|point| point.expiry.day()).collect();
    assert_eq!(used, [10, 30]);
    assert_eq!(atm.at("2026-12-30".parse().unwrap()).unwrap().forward_source, ForwardSource::Spot);
    // On the thirtieth day itself one expiry is enough.
    let at = before("2026-12-10", 30 * 1440);
    let atm = Atm::of(&chain[..2], &market(at, Some("100"), 0.0));
    close(atm.thirty_days.unwrap().value, 0.2, 1e-12);
    assert_eq!(atm.around_thirty_days().count(), 1);
}

#[test]
fn the_best_source_that_a_strike_has_is_taken() {
    let at = before("2026-12-10", 30 * 1440);
    let [call, put] = ["ABC261210C00100000", "ABC261210P00100000"];
    let last = |contract| ChainQuote { last_price: Some("5".parse().unwrap()), ..listed(contract) };
    let check = |chain: &[ChainQuote], source| {
        let atm = Atm::of(chain, &market(at, Some("100"), 0.0));
        assert_eq!(atm.thirty_days.map(|implied| implied.source), source, "{chain:?}");
    };
    check(&[with_iv(call, 0.2), quoted(put, "2", "2.1")], Some(IvSource::Vendor));
    check(&[last(call), quoted(put, "2", "2.1")], Some(IvSource::Middle));
    check(&[last(call), last(put)], Some(IvSource::LastPrice));
    // What is no volatility is as good as none: zero, no number, ten thousand percent.
    for nonsense in [0.0, -0.2, f64::NAN, f64::INFINITY, 100.0] {
        check(&[with_iv(call, nonsense), last(put)], Some(IvSource::LastPrice));
        check(&[with_iv(call, nonsense)], None);
    }
    // A crossed quote has no middle; a price below what the option is worth implies nothing.
    check(&[quoted(call, "2.1", "2")], None);
    // Between a strike with the vendor's and one with a last price: the worse is named.
    let other = with_iv("ABC261210C00095000", 0.2);
    let above =
        ChainQuote { last_price: Some("1".parse().unwrap()), ..listed("ABC261210C00102000") };
    check(&[other, above], Some(IvSource::LastPrice));
}

#[test]
fn what_says_nothing_of_the_money_is_left_out() {
    let at = before("2026-12-10", 30 * 1440);
    let [call, put] = ["ABC261210C00100000", "ABC261210P00100000"];
    let market = market(at, Some("100"), 0.0);
    let none = |chain: &[ChainQuote], market: &Market| {
        assert_eq!(Atm::of(chain, market).thirty_days, None, "{chain:?}");
    };
    none(&[], &market);
    none(&[ChainQuote { is_adjusted: true, ..with_iv(call, 0.2) }], &market);
    none(&[with_iv("ABC261030C00100000", 0.2)], &market);
    none(&[with_iv(call, 0.2)], &Market { spot: None, ..market });
    none(&[with_iv(call, 0.2), with_iv(put, 0.2)], &Market { rate: f64::NAN, ..market });
    // Strikes on one side only, and strikes too far away.
    none(&[with_iv("ABC261210C00099000", 0.2)], &market);
    let far = ["ABC261210C00080000", "ABC261210C00120000"].map(|strike| with_iv(strike, 0.2));
    none(&far, &market);
}

#[test]
fn of_two_classes_that_expire_together_the_fuller_is_taken() {
    let at = before("2026-12-18", 30 * 1440);
    let mut chain = vec![with_iv("SPX261218C06000000", 0.5)];
    chain.extend(["SPXW261218C06000000", "SPXW261218P06000000"].map(|of| with_iv(of, 0.2)));
    let atm = Atm::of(&chain, &market(at, Some("6000"), 0.0));
    assert_eq!(atm.term.len(), 1);
    close(atm.thirty_days.unwrap().value, 0.2, 1e-12);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A chain that a model priced with one volatility gives that volatility back.
    #[test]
    fn a_flat_chain_is_as_flat_as_its_volatility(
        forward in 20.0_f64..900.0, volatility in 0.08_f64..1.5, rate in 0.0_f64..0.08,
        days in prop::array::uniform2(5_i64..25),
    ) {
        let at: DateTime<Utc> = "2026-11-02T15:30:00Z".parse().unwrap();
        let mut chain = Vec::new();
        for days in [days[0], 31 + days[1]] {
            let expiry = new_york_date(at) + TimeDelta::days(days);
            for step in -4_i32..=4 {
                let strike = (forward * (1.0 + f64::from(step) * 0.02) * 100.0).round() / 100.0;
                for kind in [OptionKind::Call, OptionKind::Put] {
                    let name = format!(
                        "ABC{}{}{:08}", expiry.format("%y%m%d"), kind.letter(), (strike * 1000.0).round()
                    );
                    let years = chain::expiries(&[listed(&name)], at)[0].years();
                    let present = forward * (-rate * years).exp();
                    let terms = Terms::new(kind, [present, strike], years, [rate, 0.0]).unwrap();
                    let price = terms.greeks(volatility).unwrap().price;
                    let price = Decimal::from_f64_retain(price).unwrap().round_dp(8).to_string();
                    if price != "0.00000000" && price != "0" {
                        chain.push(quoted(&name, &price, &price));
                    }
                }
            }
        }
        let atm = Atm::of(&chain, &Market { at, spot: None, rate });
        let found = atm.thirty_days.unwrap();
        prop_assert!((found.value - volatility).abs() < 1e-6, "{found:?}");
        prop_assert!(atm.term.iter().all(|point| (point.forward / forward - 1.0).abs() < 1e-8));
    }
}
