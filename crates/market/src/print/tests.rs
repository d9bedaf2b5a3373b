use proptest::prelude::*;

use super::*;

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn sample() -> Print {
    Print {
        vendor: VendorId::UnusualWhales,
        symbol: Symbol::new("SPY").unwrap(),
        session_date: "2026-11-20".parse().unwrap(),
        session: MarketSession::Regular,
        executed_at: instant("2026-11-20T15:00:00.25Z"),
        reported_at: instant("2026-11-20T15:00:00.5Z"),
        received_at: instant("2026-11-20T15:00:01Z"),
        tracking_id: 70_123_456_789,
        price: "738.8101".parse().unwrap(),
        size: "1500".parse().unwrap(),
        day_volume: Some(41_234_567),
        quote: Some(Quote { bid: "738.80".parse().unwrap(), ask: "738.82".parse().unwrap() }),
        reasons: Reasons::empty(),
        market_center: Some("L".into()),
        sale_condition: None,
        trade_code: None,
        extended_hours_code: None,
        settlement: None,
    }
}

/// The expected values come from a second implementation of SipHash-2-4, written in Python and
/// checked against the vector of the algorithm's paper.
#[test]
fn the_stored_identity_never_changes() {
    assert_eq!(sample().identity(), 6_367_276_088_625_420_926);
    let without_volume = Print { size: "0.15".parse().unwrap(), day_volume: None, ..sample() };
    assert_eq!(without_volume.identity(), 4_282_283_721_123_290_119);
}

#[test]
fn two_prints_that_differ_in_any_key_field_differ_in_key() {
    let base = sample();
    let prints = [
        base.clone(),
        Print { symbol: Symbol::new("QQQ").unwrap(), ..base.clone() },
        Print { session_date: "2026-11-19".parse().unwrap(), ..base.clone() },
        Print { reported_at: instant("2026-11-20T15:00:00.500001Z"), ..base.clone() },
        Print { tracking_id: 70_123_456_788, ..base.clone() },
        Print { price: "738.81".parse().unwrap(), ..base.clone() },
        Print { size: "1500.5".parse().unwrap(), ..base.clone() },
        Print { day_volume: Some(41_234_568), ..base.clone() },
        Print { day_volume: None, ..base.clone() },
    ];
    let keys: std::collections::BTreeSet<_> = prints.iter().map(Print::key).collect();
    assert_eq!(keys.len(), prints.len());
}

#[test]
fn price_and_size_do_not_trade_places_in_the_identity() {
    let [a, b] = ["100", "200"];
    let one = Print { price: a.parse().unwrap(), size: b.parse().unwrap(), ..sample() };
    let other = Print { price: b.parse().unwrap(), size: a.parse().unwrap(), ..sample() };
    assert_ne!(one.identity(), other.identity());
}

#[test]
fn what_a_vendor_may_change_later_leaves_the_key_alone() {
    let base = sample();
    let later = Print {
        session: MarketSession::Post,
        executed_at: instant("2026-11-20T14:00:00Z"),
        received_at: instant("2026-11-21T12:00:00Z"),
        quote: None,
        reasons: Reasons::CANCELED | Reasons::LATE,
        market_center: None,
        sale_condition: Some("average_price".into()),
        trade_code: Some("x".into()),
        extended_hours_code: Some("y".into()),
        settlement: Some("regular".into()),
        ..base.clone()
    };
    assert_eq!(later.key(), base.key());
    assert!(later.is_canceled() && !base.is_canceled());
}

#[test]
fn a_price_written_with_more_zeros_is_the_same_print() {
    let padded = Print { price: "738.81010000".parse().unwrap(), ..sample() };
    assert_eq!(padded.key(), sample().key());
}

#[test]
fn lateness_turns_at_ten_seconds_and_at_fifteen_minutes() {
    let executed = instant("2026-11-20T15:00:00Z");
    let check = |delay_us: i64, expected: Reasons| {
        let found = lateness(executed, executed + TimeDelta::microseconds(delay_us));
        assert_eq!(found, expected, "{delay_us} us");
    };
    check(-1_000_000, Reasons::empty()); // clocks differ: a report before execution is not late
    check(0, Reasons::empty());
    check(10_000_000, Reasons::empty());
    check(10_000_001, Reasons::LATE);
    check(899_999_999, Reasons::LATE);
    check(900_000_000, Reasons::LATE | Reasons::LATE_SIGNATURE);
}

#[test]
fn notional_is_exact() {
    let print = Print { size: "0.3333".parse().unwrap(), ..sample() };
    assert_eq!(print.notional().to_string(), "246.24540633");
}

#[test]
fn a_print_is_available_when_it_is_both_reported_and_received() {
    let base = sample();
    assert_eq!(base.available_at(), base.received_at);
    let ahead = Print { received_at: instant("2026-11-20T15:00:00Z"), ..sample() };
    assert_eq!(ahead.available_at(), ahead.reported_at);
}

#[test]
fn a_print_has_a_side_only_where_its_quote_can_be_trusted() {
    let check = |reasons, expected, eligible| {
        let print = Print { reasons, ..sample() };
        assert_eq!(
            (print.side_state(), print.is_level_eligible()),
            (expected, eligible),
            "{reasons:?}"
        );
    };
    check(Reasons::empty(), SideState::NearAsk, true);
    check(Reasons::ODD_LOT | Reasons::EXTENDED_HOURS, SideState::NearAsk, true);
    check(Reasons::LATE, SideState::None(NoSide::Late), false);
    check(Reasons::LATE | Reasons::LATE_SIGNATURE, SideState::None(NoSide::Late), false);
    check(Reasons::AVERAGE_PRICE, SideState::None(NoSide::Distorted), false);
    check(Reasons::UNKNOWN_CODE, SideState::None(NoSide::Distorted), false);
    check(Reasons::CANCELED, SideState::NearAsk, false);
    let without_quote = Print { quote: None, ..sample() };
    assert_eq!(without_quote.side_state(), SideState::None(NoSide::NoQuote));
    assert_eq!(without_quote.side(), Side::Unknown);
}

proptest! {
    #[test]
    fn prints_of_other_price_size_or_volume_have_other_identities(
        one in (1_i64..1_000_000, 0_u32..5, 1_i64..1_000_000, 0_u32..5, prop::option::of(0_i64..9)),
        other in (1_i64..1_000_000, 0_u32..5, 1_i64..1_000_000, 0_u32..5, prop::option::of(0_i64..9)),
    ) {
        let print = |(price, price_scale, size, size_scale, day_volume)| Print {
            price: Price::new(Decimal::new(price, price_scale)).unwrap(),
            size: Size::new(Decimal::new(size, size_scale)).unwrap(),
            day_volume,
            ..sample()
        };
        let (one, other) = (print(one), print(other));
        let same = (one.price, one.size, one.day_volume) == (other.price, other.size, other.day_volume);
        prop_assert_eq!(one.key() == other.key(), same);
    }
}
