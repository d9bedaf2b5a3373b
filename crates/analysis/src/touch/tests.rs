use chrono::TimeDelta;
use proptest::prelude::*;
use undertow_market::{BarInterval, MarketSession, Price, Symbol, VendorId};

use super::Approach::{Above, Below};
use super::Outcome::{Breached, Held, Unresolved};
use super::*;

fn cents(count: i64) -> Decimal {
    Decimal::new(count, 2)
}

/// One-minute bars from (low, high, close) in cents; the first opens at `open`.
fn bars(open: i64, prices: &[(i64, i64, i64)]) -> Vec<Bar> {
    let start: DateTime<Utc> = "2026-11-20T14:30:00Z".parse().unwrap();
    let price = |cents| Price::new(Decimal::new(cents, 2)).unwrap();
    let mut previous = open;
    let bar = |(minute, &(low, high, close)): (i64, &(i64, i64, i64))| {
        let open = std::mem::replace(&mut previous, close);
        let start_at = start + TimeDelta::minutes(minute);
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
            volume: 1,
            received_at: start_at,
        }
    };
    (0..).zip(prices).map(bar).collect()
}

/// A bar that ends where it says and reaches no further.
fn at(close: i64) -> (i64, i64, i64) {
    (close, close, close)
}

/// The touches of the level 100.00 at a distance of ten cents, as (minute, from, outcome).
fn touched(open: i64, prices: &[(i64, i64, i64)]) -> Vec<(i64, Approach, Outcome)> {
    let bars = bars(open, prices);
    let minute = |touch: &Touch| (touch.at - bars[0].start_at).num_minutes();
    let found = touches(&bars, cents(10_000), cents(10));
    found.iter().map(|touch| (minute(touch), touch.from, touch.outcome)).collect()
}

#[test]
fn the_distance_is_two_ticks_or_a_twentieth_of_the_range() {
    assert_eq!(touch_distance(cents(10)), cents(2));
    assert_eq!(touch_distance(cents(40)), cents(2));
    assert_eq!(touch_distance(cents(700)), cents(35));
}

#[test]
fn a_touch_holds_or_is_breached() {
    let check = |prices: &[(i64, i64, i64)], expected: &[(i64, Approach, Outcome)]| {
        assert_eq!(touched(10_050, prices), expected, "{prices:?}");
    };
    check(&[at(10_040), at(10_011)], &[]);
    check(&[at(10_040), at(10_010)], &[(1, Above, Unresolved)]);
    check(&[at(10_010), at(10_029)], &[(0, Above, Unresolved)]);
    check(&[at(10_010), at(10_030)], &[(0, Above, Held)]);
    check(&[at(10_010), at(9_991)], &[(0, Above, Unresolved)]);
    check(&[at(10_010), at(9_990)], &[(0, Above, Breached)]);
    // A low beyond the level is no breach while the close comes back.
    check(&[at(10_010), (9_980, 10_005, 10_000), at(10_030)], &[(0, Above, Held)]);
    // On a later bar the high came before the close.
    check(&[at(10_010), (9_985, 10_030, 9_985)], &[(0, Above, Held)]);
}

#[test]
fn a_resistance_mirrors_a_support() {
    let check = |prices: &[(i64, i64, i64)], outcome| {
        assert_eq!(touched(9_950, prices), [(0, Below, outcome)], "{prices:?}");
    };
    check(&[at(9_990), at(9_970)], Held);
    check(&[at(9_990), at(10_010)], Breached);
    check(&[at(9_990), at(10_009)], Unresolved);
}

#[test]
fn on_the_bar_of_the_touch_only_the_close_counts() {
    let check = |bar, outcome| {
        assert_eq!(touched(10_050, &[bar]), [(0, Above, outcome)], "{bar:?}");
    };
    check((10_000, 10_060, 10_020), Unresolved); // its high came before, for all we know
    check((10_000, 10_060, 10_030), Held);
    check((9_980, 10_050, 9_990), Breached);
}

#[test]
fn a_level_is_touched_again_only_after_the_price_has_left() {
    let held = (0, Above, Held);
    // Held, came near without leaving further: the next approach is a new touch.
    let again = touched(10_050, &[at(10_010), at(10_030), at(10_010), at(10_030)]);
    assert_eq!(again, [held, (2, Above, Held)]);
    // Breached at 99.90; back at the level without having left by 30 cents: no touch.
    let breached = (0, Above, Breached);
    let lingering = touched(10_050, &[at(9_990), at(10_000), at(9_971), at(10_000)]);
    assert_eq!(lingering, [breached]);
    let left = touched(10_050, &[at(9_990), at(9_970), at(9_990), at(10_010)]);
    assert_eq!(left, [breached, (2, Below, Breached)]);
}

#[test]
fn a_session_that_opens_at_the_level_must_leave_it_first() {
    assert_eq!(touched(10_005, &[at(10_000), at(9_990)]), []);
    let later = touched(10_005, &[at(10_030), at(10_010), at(10_040)]);
    assert_eq!(later, [(1, Above, Held)]);
}

#[test]
fn a_jump_over_the_level_is_no_touch_but_changes_the_side() {
    let found = touched(10_050, &[at(10_040), at(9_960), at(9_990), at(9_970)]);
    assert_eq!(found, [(2, Below, Held)]);
}

#[test]
fn no_bars_make_no_touch() {
    assert!(touches(&[], cents(10_000), cents(10)).is_empty());
}

const LEVEL: i64 = 10_060;
const VOLUME_LEVEL: i64 = 10_150;

/// One day with an average range of $2, so a distance of ten cents. The price falls from $102 to
/// the level at $100.60, where it turns and rises to $105, or breaks through. On its way it
/// breaks every null: $101 is the round number, $101.50 the volume level, and random levels lie
/// 1.05 to 1.75 dollars from the open.
fn day_that(holds: bool) -> Vec<Bar> {
    let fall = (10_065, 10_200, 10_065);
    if holds {
        bars(10_200, &[fall, (10_065, 10_150, 10_150), (10_150, 10_500, 10_500)])
    } else {
        bars(10_200, &[fall, (10_030, 10_065, 10_030)])
    }
}

/// Days in order, with those for which `holds` says so holding.
fn measured(day_count: u32, volume_level: i64, holds: impl Fn(u32) -> bool) -> HoldRate {
    let days: Vec<Vec<Bar>> = (0..day_count).map(|number| day_that(holds(number))).collect();
    let (levels, volume_levels) = ([cents(LEVEL)], [cents(volume_level)]);
    let days: Vec<TouchDay<'_>> = days
        .iter()
        .map(|bars| TouchDay {
            bars,
            atr: 2.into(),
            levels: &levels,
            volume_levels: &volume_levels,
        })
        .collect();
    hold_rate(&days, 42)
}

#[test]
fn levels_that_hold_where_every_null_breaks_beat_the_nulls() {
    let found = measured(40, VOLUME_LEVEL, |_| true);
    assert_eq!(found.tally, Tally { held: 40, breached: 0, unresolved: 0 });
    assert_eq!((found.day_count, found.is_enough(), found.beats_nulls()), (40, true, true));
    assert_eq!(found.interval, Some(Interval { low: 1.0, high: 1.0 }));
    for null in found.nulls {
        assert!(null.tally.breached >= 40, "{null:?}");
        assert_eq!((null.tally.held, null.tally.rate()), (0, Some(0.0)), "{null:?}");
        assert_eq!(null.lead, Some(Interval { low: 1.0, high: 1.0 }), "{null:?}");
    }
}

#[test]
fn levels_that_do_as_well_as_one_null_do_not_beat_the_nulls() {
    let found = measured(40, LEVEL, |_| true);
    assert_eq!(found.nulls[2].tally, found.tally);
    assert_eq!(found.nulls[2].lead, Some(Interval { low: 0.0, high: 0.0 }));
    assert!(found.is_enough() && !found.beats_nulls());
}

#[test]
fn few_touches_beat_nothing() {
    let found = measured(29, VOLUME_LEVEL, |_| true);
    assert!(found.tally.rate() == Some(1.0) && !found.is_enough() && !found.beats_nulls());
    assert!(measured(30, VOLUME_LEVEL, |_| true).beats_nulls());
}

#[test]
fn a_null_of_few_touches_is_not_beaten() {
    let mut found = measured(40, VOLUME_LEVEL, |_| true);
    found.nulls[1].tally = Tally { held: 0, breached: 29, unresolved: 11 };
    assert!(!found.beats_nulls());
    found.nulls[1].tally.breached = 30;
    assert!(found.beats_nulls());
}

#[test]
fn a_lead_that_may_be_none_beats_nothing() {
    let mut found = measured(40, VOLUME_LEVEL, |_| true);
    found.nulls[0].lead = Some(Interval { low: -0.1, high: 0.5 });
    assert!(!found.beats_nulls());
}

#[test]
fn the_interval_is_that_of_drawing_days() {
    // 50 of 100 days hold. Drawing 100 days again gives a binomial count, whose 2.5th and 97.5th
    // percentiles are 40 and 60 (R: qbinom(c(.025, .975), 100, .5)).
    let found = measured(100, VOLUME_LEVEL, |number| number % 2 == 0);
    assert_eq!(found.tally.rate(), Some(0.5));
    let interval = found.interval.unwrap();
    let near = |found: f64, expected: f64| (found - expected).abs() <= 0.0101;
    assert!(near(interval.low, 0.40) && near(interval.high, 0.60), "seed 42: {interval:?}");
}

#[test]
fn the_same_seed_gives_the_same_answer() {
    let once = measured(25, VOLUME_LEVEL, |number| number % 3 == 0);
    assert_eq!(once, measured(25, VOLUME_LEVEL, |number| number % 3 == 0));
}

#[test]
fn nothing_measured_is_no_rate() {
    let found = hold_rate(&[], 42);
    assert_eq!((found.tally.rate(), found.interval, found.day_count), (None, None, 0));
    assert!(found.nulls.iter().all(|null| null.lead.is_none()) && !found.beats_nulls());
}

fn any_bars() -> impl Strategy<Value = (i64, Vec<(i64, i64, i64)>)> {
    let bar = (9_900_i64..10_100, 0_i64..60, 0_i64..60);
    let bars = prop::collection::vec(bar, 0..60);
    (9_900_i64..10_100, bars).prop_map(|(open, bars)| {
        let bar = |(close, up, down)| (close - down, close + up, close);
        (open, bars.into_iter().map(bar).collect())
    })
}

proptest! {
    #[test]
    fn only_the_last_touch_can_be_unresolved((open, prices) in any_bars()) {
        let found = touched(open, &prices);
        let unresolved = found.iter().position(|touch| touch.2 == Unresolved);
        prop_assert!(unresolved.is_none_or(|index| index == found.len() - 1));
        prop_assert!(found.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn turning_the_market_upside_down_turns_supports_into_resistances(
        (open, prices) in any_bars().prop_filter("a close at the level is on no side", |(open, bars)| {
            *open != 10_000 && bars.iter().all(|(.., close)| *close != 10_000)
        }),
    ) {
        let turned: Vec<_> = prices
            .iter()
            .map(|(low, high, close)| (20_000 - high, 20_000 - low, 20_000 - close))
            .collect();
        let mirror = |(at, from, outcome)| (at, if from == Above { Below } else { Above }, outcome);
        let expected: Vec<_> = touched(open, &prices).into_iter().map(mirror).collect();
        prop_assert_eq!(touched(20_000 - open, &turned), expected);
    }

    #[test]
    fn what_comes_later_changes_no_decided_touch((open, prices) in any_bars(), cut in 0_usize..60) {
        let whole = touched(open, &prices);
        let part = touched(open, &prices[..cut.min(prices.len())]);
        let decided = part.iter().filter(|touch| touch.2 != Unresolved);
        prop_assert!(decided.eq(whole.iter().take(part.iter().filter(|t| t.2 != Unresolved).count())));
    }
}
