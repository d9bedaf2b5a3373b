use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

/// A bar from open, high, low, close in cents.
fn bar([open, high, low, close]: [i64; 4], volume: i64) -> Bar {
    let price = |cents| Price::new(Decimal::new(cents, 2)).expect("cents above zero");
    let start_at: DateTime<Utc> = "2026-11-20T14:30:00Z".parse().unwrap();
    Bar {
        vendor: VendorId::UnusualWhales,
        symbol: Symbol::new("SPY").unwrap(),
        interval: BarInterval::Minute1,
        session_date: start_at.date_naive(),
        session: MarketSession::Regular,
        start_at,
        open: price(open),
        high: price(high),
        low: price(low),
        close: price(close),
        volume,
        received_at: start_at,
    }
}

#[test]
fn a_bar_is_checked_price_by_price() {
    let check = |cents, volume, expected: &str| {
        let found = bar(cents, volume).check().err().map_or(String::new(), |e| e.to_string());
        assert_eq!(found, expected, "{cents:?}");
    };
    check([1000, 1010, 990, 1005], 100, "");
    check([1000, 1000, 1000, 1000], 0, "");
    check([1011, 1010, 990, 1005], 100, "high 10.10 is below another price of the bar");
    check([1000, 1010, 990, 1011], 100, "high 10.10 is below another price of the bar");
    check([1000, 1000, 1001, 1000], 100, "high 10.00 is below another price of the bar");
    check([989, 1010, 990, 1005], 100, "low 9.90 is above another price of the bar");
    check([1000, 1010, 990, 989], 100, "low 9.90 is above another price of the bar");
    check([1000, 1010, 990, 1005], -1, "volume -1 is below zero");
}

#[test]
fn every_interval_is_read_by_its_name() {
    for interval in BarInterval::ALL {
        assert_eq!(interval.as_str().parse(), Ok(interval));
        assert_eq!(serde_json::to_string(&interval).unwrap(), format!("\"{interval}\""));
    }
    let error = "2m".parse::<BarInterval>().unwrap_err().to_string();
    assert!(error.contains("\"2m\"") && error.contains("15m"), "{error}");
}

#[test]
fn intervals_grow_in_the_order_of_their_list() {
    assert!(BarInterval::ALL.is_sorted_by(|a, b| a.length() < b.length()));
}

/// One-minute bars of a regular session, from (minutes after 09:30, low, high, close).
fn minutes(bars: &[(i64, i64, i64, i64)]) -> Vec<Bar> {
    let of = |&(minute, low, high, close): &(i64, i64, i64, i64)| {
        let mut bar = bar([close, high, low, close], 10);
        bar.start_at += TimeDelta::minutes(minute);
        bar
    };
    bars.iter().map(of).collect()
}

#[test]
fn longer_bars_follow_the_clock_and_keep_the_extremes() {
    let bars = minutes(&[
        (0, 99, 101, 100),
        (4, 90, 103, 95),
        (5, 95, 97, 96),
        (45, 96, 98, 97), // past ten, and in the same hour from the open
        (61, 96, 99, 98),
    ]);
    let check = |interval, expected: &[(i64, i64, i64, i64, i64)]| {
        let cents = |price: Price| i64::try_from(price.get().mantissa()).unwrap();
        let row = |bar: Bar| {
            let minute = (bar.start_at - bars[0].start_at).num_minutes();
            (minute, cents(bar.low), cents(bar.high), cents(bar.close), bar.volume)
        };
        let found: Vec<_> = aggregate(&bars, interval).into_iter().map(row).collect();
        assert_eq!(found, expected, "{interval}");
    };
    let (late, last) = ((45, 96, 98, 97, 10), (61, 96, 99, 98, 10));
    check(BarInterval::Minute5, &[(0, 90, 103, 95, 20), (5, 95, 97, 96, 10), late, last]);
    check(BarInterval::Minute15, &[(0, 90, 103, 96, 30), late, last]);
    check(BarInterval::Hour1, &[(0, 90, 103, 97, 40), last]);
    check(BarInterval::Day1, &[(0, 90, 103, 98, 50)]);
}

#[test]
fn a_longer_bar_stays_in_its_part_of_the_day() {
    let mut bars = minutes(&[(0, 99, 101, 100), (1, 99, 101, 100)]);
    bars[1].session = MarketSession::Post;
    assert_eq!(aggregate(&bars, BarInterval::Day1).len(), 2);
}

proptest! {
    #[test]
    fn a_bar_passes_exactly_when_its_range_encloses_its_prices(
        cents in prop::array::uniform4(1_i64..6),
    ) {
        let [open, high, low, close] = cents;
        let encloses = (low..=high).contains(&open) && (low..=high).contains(&close);
        prop_assert_eq!(bar(cents, 1).check().is_ok(), encloses);
    }

    #[test]
    fn a_longer_bar_is_a_sound_bar_and_no_share_is_lost(
        steps in prop::collection::vec((1_i64..40, 1_i64..500, 0_i64..50), 1..60),
    ) {
        let mut minute = 0;
        let mut next = |(step, low, height): (i64, i64, i64)| {
            minute += step;
            (minute, low, low + height, low + height / 2)
        };
        let bars = minutes(&steps.into_iter().map(&mut next).collect::<Vec<_>>());
        for interval in BarInterval::ALL {
            let longer = aggregate(&bars, interval);
            prop_assert!(longer.iter().all(|bar| bar.check().is_ok()));
            let volume: i64 = longer.iter().map(|bar| bar.volume).sum();
            prop_assert_eq!(volume, bars.iter().map(|bar| bar.volume).sum::<i64>());
            prop_assert!(longer.is_sorted_by(|a, b| a.start_at < b.start_at));
        }
    }
}
