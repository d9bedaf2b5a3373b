use chrono::TimeDelta;
use proptest::prelude::*;
use rust_decimal::Decimal;
use undertow_market::{ChainQuote, OptionKind, Symbol};

use super::*;
use crate::atm::{AtmIv, AtmPoint, ForwardSource, IvSource};
use crate::chain::fixture::quoted;
use crate::straddle::{CostSource, Leg, Pair};
use crate::volatility::Estimator;

fn at(minute: i64) -> DateTime<Utc> {
    "2026-11-19T15:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
}

const CALL: &str = "ABC261218C00100000";
const PUT: &str = "ABC261218P00100000";

fn pair(call: &ChainQuote, put: &ChainQuote) -> Pair {
    Pair {
        taken_at: at(-1),
        expiry: "2026-12-18".parse().unwrap(),
        strike: "100".parse().unwrap(),
        days: 29,
        years: 29.25 / 365.0,
        horizon_sessions: 20,
        forward: 100.3,
        forward_source: ForwardSource::Parity,
        implied: Some(0.25),
        chain_has_quotes: true,
        call: Leg::from(call),
        put: Leg::from(put),
    }
}

/// An opportunity: 4.2 times the baseline, historical 36 %, implied 25 %.
fn inputs() -> Inputs {
    let used = AtmPoint {
        expiry: "2026-12-18".parse().unwrap(),
        days: 29.25,
        forward: 100.3,
        forward_source: ForwardSource::Parity,
        implied: Some(AtmIv { value: 0.25, source: IvSource::Vendor }),
    };
    Inputs {
        symbol: Symbol::new("ABC").unwrap(),
        session_date: "2026-11-19".parse().unwrap(),
        at: at(0),
        ends_at: at(360),
        activity: ActivityInput {
            minute: 599,
            shares: 420.into(),
            baseline_mean: Some(100.into()),
            sessions: 90,
        },
        historical: HistoricalInput {
            value: Some(0.36),
            estimator: Estimator::YangZhang,
            sessions: 30,
            to: "2026-11-18".parse().ok(),
        },
        implied: ImpliedInput {
            value: Some(0.25),
            source: Some(IvSource::Vendor),
            taken_at: Some(at(-1)),
            used: vec![used],
        },
        spot: Some(SpotInput { price: "100".parse().unwrap(), at: at(0) }),
        rate: 0.04,
        pair: Some(pair(&quoted(CALL, "3.1", "3.2"), &quoted(PUT, "2.7", "2.8"))),
        closes: Closes {
            from: "2026-06-01".parse().ok(),
            to: "2026-11-18".parse().ok(),
            prices: (0..120).map(|n| 100.0 + f64::from(n * 17 % 23) / 3.0).collect(),
        },
    }
}

fn assessed(change: impl FnOnce(&mut Inputs)) -> Assessment {
    let mut inputs = inputs();
    change(&mut inputs);
    assess(&inputs, &Thresholds::default())
}

#[track_caller]
fn check(change: impl FnOnce(&mut Inputs), reason: &str) {
    let found = assessed(change).verdict;
    assert_eq!(found.reason().as_deref().unwrap_or("opportunity"), reason, "{found:?}");
}

#[test]
fn all_three_criteria_must_hold() {
    check(|_| {}, "opportunity");
    check(|of| of.activity.shares = 400.into(), "opportunity");
    check(|of| of.activity.shares = "399.99".parse().unwrap(), "activity_increase");
    // 0.35 less 0.25 is a hair below 0.10 in binary, and 0.10 all the same.
    check(|of| of.historical.value = Some(0.35), "opportunity");
    check(|of| of.historical.value = Some(0.3499), "spread");
    check(|of| of.historical.value = Some(0.25), "implied_below_historical");
    check(|of| of.historical.value = Some(0.20), "implied_below_historical");
    let found = assessed(|of| of.historical.value = Some(0.3499));
    let holds = found.criteria.map(|criterion| criterion.holds);
    assert_eq!(holds, [true, true, false]);
    assert_eq!(found.criteria[0].value, Some(3.2));
    assert_eq!(found.criteria[1].threshold, Some(0.3499));
    assert_eq!(found.criteria[2].value, Some(0.0999));
    let straddle = found.straddle.unwrap();
    assert_eq!(straddle.source, Some(CostSource::Quotes), "shown, opportunity or not");
}

#[test]
fn what_is_not_known_is_never_an_opportunity() {
    check(|of| of.activity.sessions = 59, "insufficient_history:59");
    check(|of| of.activity.sessions = 60, "opportunity");
    check(|of| of.activity.baseline_mean = Some(0.into()), "nothing_before");
    check(|of| of.activity.baseline_mean = None, "nothing_before");
    check(|of| of.historical.value = None, "no_historical_volatility");
    check(|of| of.historical.value = Some(f64::NAN), "no_historical_volatility");
    check(|of| of.implied.value = None, "no_implied_volatility");
    check(|of| of.spot = None, "no_share_price");
    // Whatever the other figures say.
    check(
        |of| {
            of.activity.sessions = 10;
            of.historical.value = Some(0.1);
        },
        "insufficient_history:10",
    );
    let found = assessed(|of| of.activity.sessions = 0);
    assert_eq!(found.criteria[0].value, None);
    assert!(!found.criteria[0].holds);
}

#[test]
fn a_gate_rejects_what_the_criteria_find() {
    let gate = |call: ChainQuote| {
        move |of: &mut Inputs| of.pair = Some(pair(&call, &quoted(PUT, "2.7", "2.8")))
    };
    check(|of| of.pair = None, "listed");
    check(gate(quoted(CALL, "3.0", "3.4")), "spread:call");
    check(gate(ChainQuote { bid: None, ..quoted(CALL, "3.1", "3.2") }), "quoted:call");
    let few = ChainQuote { open_interest: Some(3), ..quoted(CALL, "3.1", "3.2") };
    check(gate(few), "open_interest:call");
    // A plan without quotes and contracts that never traded: nothing prices them.
    let unpriced = |of: &mut Inputs| {
        let none = |contract| ChainQuote { bid: None, ask: None, ..quoted(contract, "1", "2") };
        let pair = pair(&none(CALL), &none(PUT));
        of.pair = Some(Pair { chain_has_quotes: false, ..pair });
    };
    check(unpriced, "quoted");
    let priced = |of: &mut Inputs| {
        unpriced(of);
        let pair = of.pair.as_mut().unwrap();
        pair.call.last_price = "3.1".parse().ok();
        pair.put.day_close = "2.9".parse().ok();
    };
    check(priced, "opportunity");
    let found = assessed(priced).straddle.unwrap();
    assert_eq!(found.source, Some(CostSource::LastPrice));
}

#[test]
fn evidence_says_the_same_after_it_was_stored() {
    let thresholds = Thresholds::default();
    let evidence = Evidence::new(&inputs(), &thresholds);
    let text = serde_json::to_string(&evidence).unwrap();
    let read: Evidence = serde_json::from_str(&text).unwrap();
    assert_eq!(read, evidence);
    assert_eq!(recompute(&read), assess(&inputs(), &thresholds));
    // Names are part of what is stored.
    for name in ["rule_version", "activity_increase", "baseline_mean", "yang_zhang", "vendor"] {
        assert!(text.contains(name), "{name} {text}");
    }
}

#[test]
fn what_text_cannot_carry_is_no_evidence() {
    let mut inputs = inputs();
    inputs.closes.prices = vec![100.0, f64::INFINITY, -4.462_200_350_150_879e268, 100.0];
    inputs.implied.value = Some(1e300);
    inputs.rate = f64::NAN;
    inputs.pair.as_mut().unwrap().forward = f64::NAN;
    let evidence = Evidence::new(&inputs, &Thresholds::default());
    assert_eq!(evidence.inputs.closes.prices, [100.0, 0.0, 0.0, 100.0], "a hole stays a hole");
    assert_eq!((evidence.inputs.implied.value, &evidence.inputs.pair), (None, &None));
    let read = serde_json::from_str(&serde_json::to_string(&evidence).unwrap());
    assert_eq!(read.ok(), Some(evidence));
}

#[test]
fn a_state_says_the_same_after_it_was_stored() {
    let found = assessed(|of| of.pair = None);
    let state = next_state(None, &found, at(1)).unwrap().state;
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
    assert_eq!(State::of(state.status, &found, state.first_at, state.changed_at), state);
}

/// An assessment by name.
fn named(name: &str) -> Assessment {
    match name {
        "opportunity" => assessed(|_| {}),
        "not_met" => assessed(|of| of.activity.shares = 100.into()),
        "insufficient" => assessed(|of| of.activity.sessions = 1),
        "rejected" => assessed(|of| of.pair = None),
        "wide" => assessed(|of| {
            of.pair = Some(pair(&quoted(CALL, "3.0", "3.4"), &quoted(PUT, "2.7", "2.8")));
        }),
        "next_day" => assessed(|of| {
            of.session_date = "2026-11-20".parse().unwrap();
            of.at = at(1440);
            of.ends_at = at(1800);
        }),
        "day_before" => assessed(|of| of.session_date = "2026-11-18".parse().unwrap()),
        other => panic!("no assessment is called {other}"),
    }
}

#[test]
fn every_step_of_an_opportunity_is_in_the_table() {
    // It was (status, then as which assessment), it is assessed as, at minute; it becomes.
    let cases = "
        nothing               opportunity   1     new
        nothing               rejected      1     rejected
        nothing               not_met       1     -
        nothing               insufficient  1     -
        nothing               opportunity   360   -
        nothing               rejected      361   -
        new:opportunity       opportunity   1     -
        new:opportunity       rejected      1     rejected
        new:opportunity       wide          1     rejected
        new:opportunity       not_met       1     gone
        new:opportunity       insufficient  1     gone
        new:opportunity       opportunity   359   -
        new:opportunity       opportunity   360   expired
        new:opportunity       not_met       360   expired
        new:opportunity       next_day      1441  expired
        new:opportunity       day_before    1     -
        new:opportunity       not_met       0     -
        updated:opportunity   opportunity   1     -
        updated:opportunity   rejected      1     rejected
        updated:opportunity   not_met       1     gone
        updated:opportunity   insufficient  1     gone
        updated:opportunity   next_day      1441  expired
        rejected:wide         opportunity   1     new
        rejected:wide         wide          1     -
        rejected:wide         rejected      1     rejected
        rejected:wide         not_met       1     gone
        rejected:wide         insufficient  1     gone
        rejected:wide         wide          360   expired
        gone:not_met          opportunity   1     new
        gone:not_met          rejected      1     rejected
        gone:not_met          not_met       1     -
        gone:not_met          insufficient  1     -
        gone:not_met          opportunity   360   -
        expired:opportunity   opportunity   361   -
        expired:opportunity   next_day      1441  new
        expired:opportunity   not_met       361   -
    ";
    for case in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = case.split_whitespace().collect();
        let [was, is, minute, becomes] = words[..] else { panic!("{case}") };
        let previous = was.split_once(':').map(|(status, assessment)| {
            let status = Status::ALL.into_iter().find(|of| of.as_str() == status).unwrap();
            State::of(status, &named(assessment), at(-5), at(0))
        });
        let now = at(minute.parse().unwrap());
        let change = next_state(previous.as_ref(), &named(is), now);
        let found = change.as_ref().map_or("-", |change| change.state.status.as_str());
        assert_eq!(found, becomes, "{case}");
        let Some(change) = change else { continue };
        let is_fresh = previous.as_ref().is_none_or(|previous| previous.status.is_over());
        assert_eq!(change.begins, is_fresh, "{case}");
        assert_eq!(change.state.first_at, if is_fresh { now } else { at(-5) }, "{case}");
        assert_eq!(change.state.changed_at, now, "{case}");
    }
}

#[test]
fn an_update_is_told_when_a_figure_moved_by_more_than_its_step() {
    let state = next_state(None, &named("opportunity"), at(1)).unwrap().state;
    #[track_caller]
    fn check(state: &State, change: impl FnOnce(&mut Inputs), moved: &[Figure]) {
        let found = next_state(Some(state), &assessed(change), at(2));
        assert_eq!(found.as_ref().map_or(&[][..], |change| &change.moved), moved);
        let status = found.map(|change| change.state.status);
        assert_eq!(status, (!moved.is_empty()).then_some(Status::Updated));
    }
    check(&state, |of| of.activity.shares = 445.into(), &[]);
    check(&state, |of| of.activity.shares = 446.into(), &[Figure::ActivityIncrease]);
    check(&state, |of| of.implied.value = Some(0.24), &[]);
    check(&state, |of| of.implied.value = Some(0.2399), &[Figure::Implied]);
    check(&state, |of| of.historical.value = Some(0.37), &[]);
    check(&state, |of| of.historical.value = Some(0.3701), &[Figure::Historical]);
    // The cost that counts is 6.00; two per cent of it are 0.12.
    let dearer = |ask: &'static str| {
        move |of: &mut Inputs| of.pair.as_mut().unwrap().call.ask = ask.parse().ok()
    };
    check(&state, dearer("3.32"), &[]);
    check(&state, dearer("3.33"), &[Figure::Cost]);
    let other_strike = |of: &mut Inputs| {
        let call = quoted("ABC261218C00101000", "3.1", "3.2");
        of.pair = Some(pair(&call, &quoted("ABC261218P00101000", "2.7", "2.8")));
    };
    check(&state, other_strike, &[Figure::Contracts]);
    check(
        &state,
        |of| {
            of.activity.shares = 500.into();
            of.implied.value = Some(0.2);
        },
        &[Figure::ActivityIncrease, Figure::Implied],
    );
}

#[test]
fn many_small_moves_are_told_once_together_they_are_large() {
    let mut state = next_state(None, &named("opportunity"), at(1)).unwrap().state;
    let mut told = Vec::new();
    for minute in 2..40 {
        let shares = 420 + 10 * (minute - 1);
        let now = assessed(|of| of.activity.shares = shares.into());
        if let Some(change) = next_state(Some(&state), &now, at(minute)) {
            told.push(shares);
            state = change.state;
        }
    }
    assert_eq!(told[..3], [450, 480, 510]);
    assert_eq!(state.first_at, at(1));
}

#[test]
fn a_day_later_the_old_one_expires_and_a_new_one_comes_up() {
    let old = next_state(None, &named("opportunity"), at(1)).unwrap().state;
    let expired = next_state(Some(&old), &named("next_day"), at(1441)).unwrap();
    assert_eq!(expired.state.status, Status::Expired);
    assert_eq!(expired.state.reason.as_deref(), Some("session_over"));
    assert_eq!(expired.state.figures, old.figures);
    let new = next_state(Some(&expired.state), &named("next_day"), at(1441)).unwrap();
    assert_eq!((new.state.status, new.begins), (Status::New, true));
}

fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![4 => 0.0_f64..2.0, 1 => 0.0_f64..1e6, 1 => any::<f64>()]
}

fn any_inputs() -> impl Strategy<Value = Inputs> {
    let volatilities = prop::array::uniform3(prop::option::of(any_float()));
    let contracts = (any_float(), any_float(), prop::option::of(0_i64..1_000), any::<bool>());
    let activity = (0_i64..10_000_000, prop::option::of(0_i64..1_000_000), 0_u32..120);
    let closes = prop::collection::vec(any_float(), 0..60);
    (volatilities, contracts, activity, closes, any_float()).prop_map(
        |([historical, implied, of_pair], contracts, activity, closes, rate)| {
            let (years, forward, open_interest, chain_has_quotes) = contracts;
            let (shares, mean, sessions) = activity;
            let mut inputs = inputs();
            inputs.historical.value = historical;
            inputs.implied.value = implied;
            inputs.rate = rate;
            inputs.closes.prices = closes;
            inputs.activity = ActivityInput {
                minute: 600,
                shares: Decimal::new(shares, 3),
                baseline_mean: mean.map(|mean| Decimal::new(mean, 2)),
                sessions,
            };
            let pair = inputs.pair.as_mut().unwrap();
            pair.years = years;
            pair.forward = forward;
            pair.implied = of_pair;
            pair.chain_has_quotes = chain_has_quotes;
            pair.put.open_interest = open_interest;
            inputs
        },
    )
}

proptest! {
    #[test]
    fn whatever_was_judged_is_judged_the_same_from_its_evidence(inputs in any_inputs()) {
        let thresholds = Thresholds::default();
        let evidence = Evidence::new(&inputs, &thresholds);
        let text = serde_json::to_string(&evidence).unwrap();
        let read: Evidence = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &evidence);
        let assessment = assess(&inputs, &thresholds);
        prop_assert_eq!(&recompute(&read), &assessment);
        if assessment.verdict == Verdict::Opportunity {
            prop_assert!(assessment.criteria.iter().all(|criterion| criterion.holds));
            prop_assert!(inputs.activity.sessions >= 60);
        }
    }

    #[test]
    fn no_change_is_followed_by_another_without_news(
        inputs in any_inputs(), later in any_inputs(), minute in 1_i64..400,
    ) {
        let thresholds = Thresholds::default();
        let first = next_state(None, &assess(&inputs, &thresholds), at(1));
        let before = first.map(|change| change.state);
        let assessment = assess(&later, &thresholds);
        let change = next_state(before.as_ref(), &assessment, at(1 + minute));
        let newest = change.map(|change| change.state).or(before);
        let again = next_state(newest.as_ref(), &assessment, at(2 + minute));
        let is_end_of_day = 2 + minute >= 360;
        prop_assert!(again.is_none() || is_end_of_day, "{newest:?} {again:?}");
    }
}

/// Legs have sides; the code of a gate names its side.
#[test]
fn a_reason_names_the_contract() {
    let gate = Gate {
        kind: GateKind::Spread,
        leg: Some(OptionKind::Put),
        value: Some(0.2),
        threshold: 0.1,
        holds: Some(false),
    };
    assert_eq!(Verdict::Rejected(gate).reason().as_deref(), Some("spread:put"));
    assert_eq!(Verdict::Opportunity.reason(), None);
}
