use proptest::prelude::*;
use undertow_market::{Calendar, ChainQuote};

use super::*;
use crate::atm::{Atm, Market};
use crate::chain::fixture::{before, listed, quoted};

const LIMITS: GateLimits = GateLimits { max_leg_spread: 0.10, min_open_interest: 100 };

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A pair at 100 with a year to live, a forward of 100, quoted 4.00 - 4.40 and 3.80 - 4.00.
fn pair() -> Pair {
    Pair {
        taken_at: DateTime::UNIX_EPOCH,
        expiry: "2026-12-18".parse().unwrap(),
        strike: "100".parse().unwrap(),
        days: 365,
        years: 1.0,
        horizon_sessions: 2,
        forward: 100.0,
        forward_source: ForwardSource::Parity,
        implied: Some(0.1),
        chain_has_quotes: true,
        call: Leg::from(&quoted("ABC261218C00100000", "4.00", "4.40")),
        put: Leg::from(&quoted("ABC261218P00100000", "3.80", "4.00")),
    }
}

fn setting(closes: &[f64]) -> Setting<'_> {
    let spot = "100".parse().unwrap();
    Setting { spot, rate: 0.0, implied: None, historical: Some(1.0), closes }
}

fn straddle(pair: &Pair) -> Straddle {
    Straddle::of(pair, &setting(&[]), &LIMITS)
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found}, expected {expected}");
}

#[test]
fn a_straddle_reproduces_the_design_vector() {
    // Share 100, volatility 1, one year: a straddle at the money is worth 76.58, which is
    // 2 S (2 N(1/2) - 1); the mean distance of a normal move is 0.798 S.
    let outlook = straddle(&pair()).historical.unwrap();
    close(outlook.value, 76.58, 0.005);
    close(outlook.value, 200.0 * (2.0 * 0.691_462_461_274_013 - 1.0), 1e-9);
    close(outlook.expected_move, 79.8, 0.05);
}

#[test]
fn a_cost_is_between_the_middle_and_the_offer() {
    let straddle = straddle(&pair());
    assert_eq!(straddle.source, Some(CostSource::Quotes));
    let costs: Vec<Decimal> = straddle.costs.iter().map(|cost| cost.cost).collect();
    assert_eq!(costs, ["8.1", "8.25", "8.325", "8.4"].map(decimal));
    let cost = straddle.cost().unwrap();
    assert_eq!(cost.fill, Some(Decimal::ONE));
    assert_eq!((cost.low, cost.high), (decimal("91.6"), decimal("108.4")));
    close(cost.share_of_spot, 0.084, 1e-12);
    close(cost.one_sigma, 1.2533 * 8.4, 0.0005);
    close(cost.edge.unwrap(), 76.584_9 - 8.4, 0.000_1);
}

#[test]
fn the_odds_of_a_breakeven_are_those_of_both_tails() {
    let cost = *straddle(&pair()).cost().unwrap();
    // N((ln(91.6/100) + s^2/2)/s) and N(-(ln(108.4/100) + s^2/2)/s) for s = 0.1 and s = 1; the
    // normal distribution from the table of NIST's "Engineering Statistics Handbook", at -0.8274,
    // -0.8566, 0.4123 and -0.5807.
    close(cost.beyond_at_implied.unwrap(), 0.204_0 + 0.195_8, 0.000_2);
    close(cost.beyond_at_historical.unwrap(), 0.659_9 + 0.280_7, 0.000_2);
}

#[test]
fn the_base_rate_is_that_of_the_breakevens() {
    let closes = [100.0, 101.0, 109.0, 100.0, 99.0, 91.0];
    let straddle = Straddle::of(&pair(), &setting(&closes), &LIMITS);
    let rate = straddle.cost().unwrap().base_rate.unwrap();
    // Two sessions on: 109, 99.0 %, 90.8 %, 91 %; the breakevens are 91.6 % and 108.4 %.
    assert_eq!((rate.windows, rate.independent), (4, 2));
    close(rate.rate, 0.75, 1e-12);
}

#[test]
fn a_gate_says_what_it_found() {
    let gates = |call: ChainQuote, chain_has_quotes| {
        let pair = Pair { call: Leg::from(&call), chain_has_quotes, ..pair() };
        let straddle = straddle(&pair);
        assert_eq!(straddle.gates.len(), 6);
        let failing = straddle.failing().copied();
        failing.map(|gate| (gate.kind, gate.leg, gate.value, gate.threshold))
    };
    let call = || quoted("ABC261218C00100000", "4.00", "4.40");
    let of_call = Some(OptionKind::Call);
    assert_eq!(gates(call(), true), None);
    let one_sided = ChainQuote { bid: None, ..call() };
    assert_eq!(gates(one_sided, true), Some((GateKind::Quoted, of_call, Some(1.0), 2.0)));
    let crossed = quoted("ABC261218C00100000", "4.50", "4.40");
    assert_eq!(gates(crossed, true), Some((GateKind::Quoted, of_call, Some(0.0), 2.0)));
    // 3.80 - 4.20 is exactly 10 % wide, 3.79 - 4.21 a little more.
    assert_eq!(gates(quoted("ABC261218C00100000", "3.80", "4.20"), true), None);
    let wide = gates(quoted("ABC261218C00100000", "3.79", "4.21"), true);
    assert_eq!(wide, Some((GateKind::Spread, of_call, Some(0.105), 0.10)));
    let few = ChainQuote { open_interest: Some(99), ..call() };
    assert_eq!(gates(few, true), Some((GateKind::OpenInterest, of_call, Some(99.0), 100.0)));
    let unknown = ChainQuote { open_interest: None, ..call() };
    assert_eq!(gates(unknown, true), Some((GateKind::OpenInterest, of_call, None, 100.0)));
    let least = ChainQuote { open_interest: Some(100), ..call() };
    assert_eq!(gates(least, true), None);
}

#[test]
fn without_quotes_a_straddle_costs_what_it_last_did() {
    let last = |contract, day_close: &str, last_price: &str| {
        let price = |text: &str| text.parse().ok();
        let quote = listed(contract);
        let quote =
            ChainQuote { day_close: price(day_close), last_price: price(last_price), ..quote };
        Leg::from(&quote)
    };
    let pair = Pair {
        chain_has_quotes: false,
        call: last("ABC261218C00100000", "4.2", "9"),
        put: last("ABC261218P00100000", "", "3.9"),
        ..pair()
    };
    let found = straddle(&pair);
    assert_eq!(found.source, Some(CostSource::LastPrice));
    assert_eq!(found.costs.len(), 1);
    assert_eq!((found.costs[0].fill, found.costs[0].cost), (None, decimal("8.1")));
    assert_eq!(found.failing(), None, "what a plan leaves out rejects nothing");
    assert!(found.gates[..4].iter().all(|gate| gate.holds.is_none()));
    // Where the chain has quotes, a contract without one is not for sale at its last price.
    let found = straddle(&Pair { chain_has_quotes: true, ..pair });
    assert_eq!((found.source, found.costs.len()), (None, 0));
    assert_eq!(found.cost(), None);
}

#[test]
fn the_pair_is_at_the_money_of_the_expiry_nearest_thirty_days() {
    // A Thursday. The options expire in 21, 36 and 50 days.
    let at = before("2026-11-19", 60);
    let mut chain = Vec::new();
    for expiry in ["261210", "261225", "270108"] {
        for strike in ["095", "100", "105"] {
            for kind in ["C", "P"] {
                chain.push(quoted(&format!("ABC{expiry}{kind}00{strike}000"), "4", "4.2"));
            }
        }
    }
    let market = Market { at, spot: Some("101".parse().unwrap()), rate: 0.0 };
    let choose = |chain: &[ChainQuote], days| {
        let atm = Atm::of(chain, &market);
        Pair::choose(chain, &atm, &market, days, &Calendar::nyse())
    };
    let found = choose(&chain, 20..=45).unwrap();
    assert_eq!(found.expiry.to_string(), "2026-12-25");
    assert_eq!((found.days, found.taken_at), (36, at));
    // 20 November to 24 December without Thanksgiving; Christmas is no session.
    assert_eq!(found.horizon_sessions, 24);
    assert_eq!(found.strike, "95".parse().unwrap(), "every strike's parity says 95 at first");
    assert!(choose(&chain, 22..=35).is_none());
    assert!(choose(&[], 20..=45).is_none());
    // Where no call and put are listed together, the next expiry is taken.
    chain.retain(|quote| quote.contract.expiry.to_string() != "2026-12-25");
    chain.push(quoted("ABC261225C00100000", "4", "4.2"));
    assert_eq!(choose(&chain, 20..=45).unwrap().days, 21);
    // Adjusted contracts are no part of it.
    for quote in &mut chain {
        quote.is_adjusted = true;
    }
    assert!(choose(&chain, 20..=45).is_none());
}

#[test]
fn a_drawing_reaches_over_the_breakevens() {
    let straddle = straddle(&pair());
    let drawing = straddle.drawing();
    let corners: Vec<(f64, f64)> =
        drawing.payoff.iter().map(|point| (point.price, point.profit)).collect();
    assert_eq!(corners.len(), 5);
    assert_eq!(corners[2], (100.0, -8.4));
    for at in [1, 3] {
        close(corners[at].1, 0.0, 1e-9);
    }
    assert_eq!(drawing.density.len(), DENSITY_POINTS);
    let last = drawing.density[DENSITY_POINTS - 1].price;
    close(last, corners[4].0, 1e-9);
    let step = drawing.density[1].price - drawing.density[0].price;
    let implied: f64 = drawing.density.iter().filter_map(|point| point.implied).sum();
    close(implied * step, 1.0, 0.01);
    assert!(drawing.density[0].historical.is_some());
}

#[test]
fn what_is_not_known_is_not_drawn() {
    let nothing = Pair { implied: None, ..pair() };
    let nothing = Pair { call: Leg { bid: None, ..nothing.call.clone() }, ..nothing };
    let setting = Setting { historical: None, ..setting(&[]) };
    let straddle = Straddle::of(&nothing, &setting, &LIMITS);
    assert_eq!((straddle.implied, straddle.historical), (None, None));
    let drawing = straddle.drawing();
    assert!(drawing.payoff.is_empty() && drawing.density.is_empty());
}

proptest! {
    #[test]
    fn no_number_makes_it_panic(
        years in any::<f64>(), forward in any::<f64>(), implied in any::<f64>(),
        historical in any::<f64>(), rate in any::<f64>(), horizon in any::<u32>(),
        closes in prop::collection::vec(any::<f64>(), 0..10),
    ) {
        let pair = Pair {
            years, forward, horizon_sessions: horizon, implied: Some(implied), ..pair()
        };
        let setting = Setting { rate, historical: Some(historical), ..setting(&closes) };
        let straddle = Straddle::of(&pair, &setting, &LIMITS);
        let probabilities = straddle.costs.iter().filter_map(|cost| cost.beyond_at_implied);
        prop_assert!(probabilities.into_iter().all(|share| (0.0..=1.0 + 1e-9).contains(&share)));
        prop_assert!(straddle.drawing().density.len() <= DENSITY_POINTS);
    }

    #[test]
    fn the_dearer_the_less_likely(
        implied in 0.05_f64..2.0, historical in 0.05_f64..2.0, days in 5_u32..60,
        cents in 10_u32..2_000, half in 1_u32..50,
    ) {
        let quote = |contract: &str| {
            let price = |cents: u32| Decimal::new(cents.into(), 2).to_string();
            Leg::from(&quoted(contract, &price(cents), &price(cents + 2 * half)))
        };
        let pair = Pair {
            years: f64::from(days) / 365.0,
            implied: Some(implied),
            call: quote("ABC261218C00100000"),
            put: quote("ABC261218P00100000"),
            ..pair()
        };
        let closes: Vec<f64> = (0..50).map(|n| 100.0 + f64::from(n * 7 % 13)).collect();
        let setting = Setting { historical: Some(historical), ..setting(&closes) };
        let costs = Straddle::of(&pair, &setting, &LIMITS).costs;
        for (cheap, dear) in costs.iter().zip(&costs[1..]) {
            prop_assert!(cheap.cost < dear.cost && cheap.edge > dear.edge);
            prop_assert!(cheap.beyond_at_implied >= dear.beyond_at_implied);
            prop_assert!(cheap.beyond_at_historical >= dear.beyond_at_historical);
            prop_assert!(cheap.base_rate.unwrap().rate >= dear.base_rate.unwrap().rate);
        }
    }
}
