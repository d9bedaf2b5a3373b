use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use undertow_market::{BarInterval, MarketSession, Price, Symbol, VendorId};

use super::*;

/// A one-minute bar from low, high and close in cents.
fn bar(low: i64, high: i64, close: i64, volume: i64) -> Bar {
    let price = |cents| Price::new(Decimal::new(cents, 2)).unwrap();
    let start_at: DateTime<Utc> = "2026-11-20T14:30:00Z".parse().unwrap();
    Bar {
        vendor: VendorId::UnusualWhales,
        symbol: Symbol::new("SPY").unwrap(),
        interval: BarInterval::Minute1,
        session_date: start_at.date_naive(),
        session: MarketSession::Regular,
        start_at,
        open: price(close),
        high: price(high),
        low: price(low),
        close: price(close),
        volume,
        received_at: start_at,
    }
}

fn cell(low_cents: i64, shares: i64, excluded_shares: i64) -> Cell {
    let notional = Decimal::new(low_cents, 2) * Decimal::from(shares);
    Cell {
        session_date: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
        session: MarketSession::Regular,
        cell_low: Decimal::new(low_cents, 2),
        prints: 1,
        shares: shares.into(),
        notional,
        buy_notional: Decimal::ZERO,
        sell_notional: Decimal::ZERO,
        unknown_notional: notional,
        largest_notional: notional,
        first_at: None,
        last_at: None,
        excluded_prints: 1,
        excluded_shares: excluded_shares.into(),
        excluded_notional: Decimal::ZERO,
    }
}

/// Bins of ten cents: (centre in cents, shares).
fn estimate(bars: &[Bar]) -> Vec<(i64, i64)> {
    let cents = |price: Decimal| (price * Decimal::ONE_HUNDRED).to_i64().unwrap();
    let totals = total_estimate(bars, Decimal::new(10, 2));
    totals.into_iter().map(|(price, shares)| (cents(price), shares)).collect()
}

#[test]
fn a_bar_is_spread_evenly_over_its_range() {
    let check = |low, high, volume, expected: &[(i64, i64)]| {
        assert_eq!(estimate(&[bar(low, high, low, volume)]), expected, "{low} {high} {volume}");
    };
    check(10_000, 10_000, 70, &[(10_000, 70)]);
    // From 99.95 to 100.25 three bins are covered whole; 100.25 itself begins the next.
    check(9_995, 10_025, 90, &[(10_000, 30), (10_010, 30), (10_020, 30)]);
    // Half a bin, a bin, half a bin.
    check(10_000, 10_020, 100, &[(10_000, 25), (10_010, 50), (10_020, 25)]);
    // Thirds: one share over goes to the lowest of equal remainders.
    check(9_995, 10_025, 91, &[(10_000, 31), (10_010, 30), (10_020, 30)]);
    check(9_995, 10_025, 2, &[(10_000, 1), (10_010, 1)]);
    // Dues of 0.75, 1.5 and 0.75: the two largest remainders get the two shares left.
    check(10_000, 10_020, 3, &[(10_000, 1), (10_010, 1), (10_020, 1)]);
    check(10_000, 10_020, 0, &[]);
    check(10_000, 10_020, -5, &[]);
}

#[test]
fn bars_add_up() {
    let bars = [bar(10_000, 10_000, 10_000, 5), bar(10_000, 10_020, 10_000, 100)];
    assert_eq!(estimate(&bars), [(10_000, 30), (10_010, 50), (10_020, 25)]);
}

#[test]
fn a_bar_of_an_impossible_range_is_put_at_its_close() {
    assert_eq!(estimate(&[bar(100, 100_000_000, 10_000, 7)]), [(10_000, 7)]);
}

#[test]
fn the_lit_estimate_is_what_is_left_and_never_negative() {
    let cells = [cell(10_000, 20, 5), cell(10_005, 100, 0), cell(10_300, 1, 0)];
    let found = profile(&cells, &[bar(10_000, 10_020, 10_000, 400)], Decimal::new(10, 2));
    let rows: Vec<_> = found
        .iter()
        .map(|bin| [bin.off_exchange_shares(), bin.total_estimate.into(), bin.lit_estimate()])
        .collect();
    let row = |shares: [i64; 3]| shares.map(Decimal::from);
    // 100.05 lies at the lower edge of the bin around 100.10.
    let expected = [row([25, 100, 75]), row([100, 200, 100]), row([0, 100, 100]), row([1, 0, 0])];
    assert_eq!(rows, expected);
    assert_eq!(found[0].excluded_shares, 5.into());
}

fn any_bar() -> impl Strategy<Value = Bar> {
    let volume = prop_oneof![0_i64..1_000, 0_i64..i64::MAX / 64];
    (1_i64..50_000, 0_i64..800, volume)
        .prop_map(|(low, height, volume)| bar(low, low + height, low + height / 2, volume))
}

proptest! {
    #[test]
    fn no_share_is_lost_or_made(
        bars in prop::collection::vec(any_bar(), 0..20),
        width in prop::sample::select(vec![2_i64, 4, 7, 10, 30, 100]),
    ) {
        let totals = total_estimate(&bars, Decimal::new(width, 2));
        let expected: i64 = bars.iter().map(|bar| bar.volume).sum();
        prop_assert_eq!(totals.values().sum::<i64>(), expected);
        prop_assert!(totals.values().all(|shares| *shares > 0));
    }

    #[test]
    fn a_bar_stays_within_its_range(bar in any_bar()) {
        let width = Decimal::new(10, 2);
        let (low, high) = (bin_of(bar.low.get(), width), bin_of(bar.high.get(), width));
        let inside = |price: &Decimal| (low..=high).contains(price);
        prop_assert!(total_estimate(&[bar], width).keys().all(inside));
    }
}
