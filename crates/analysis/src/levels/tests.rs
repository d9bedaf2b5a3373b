use chrono::Days;
use proptest::prelude::*;

use super::*;

/// Ten cents a bin: centres at whole ten cents.
fn width() -> Decimal {
    Decimal::new(10, 2)
}

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(number.into())
}

/// One print of this price in cents and this many dollars, bought, on a day.
fn cell(number: u32, cents: i64, dollars: i64) -> Cell {
    let notional = Decimal::from(dollars);
    let at = day(number).and_hms_opt(15, 0, 0).unwrap().and_utc();
    Cell {
        session_date: day(number),
        session: MarketSession::Regular,
        cell_low: Decimal::new(cents, 2),
        prints: 1,
        shares: (notional / Decimal::new(cents, 2)).round_dp(4),
        notional,
        buy_notional: notional,
        sell_notional: Decimal::ZERO,
        unknown_notional: Decimal::ZERO,
        largest_notional: notional,
        first_at: Some(at),
        last_at: Some(at),
        excluded_prints: 0,
        excluded_shares: Decimal::ZERO,
        excluded_notional: Decimal::ZERO,
    }
}

/// Nothing but excluded prints.
fn excluded(number: u32, cents: i64, dollars: i64) -> Cell {
    Cell {
        prints: 0,
        shares: Decimal::ZERO,
        notional: Decimal::ZERO,
        buy_notional: Decimal::ZERO,
        largest_notional: Decimal::ZERO,
        first_at: None,
        last_at: None,
        excluded_prints: 3,
        excluded_shares: dollars.into(),
        excluded_notional: dollars.into(),
        ..cell(number, cents, 1)
    }
}

/// The levels of cells of days 0 to 39, the newest being day 39.
fn of(cells: &[Cell]) -> Levels {
    let sessions: Vec<NaiveDate> = (0..40).map(day).collect();
    levels(cells, &sessions, &LevelParams::with_bin_width(width()))
}

/// Side-by-side bins from $100.00 up with these dollars, all of the newest day.
fn land(dollars: &[i64]) -> Levels {
    let bins = (0..).zip(dollars).filter(|(_, dollars)| **dollars > 0);
    let cells: Vec<Cell> =
        bins.map(|(bin, dollars)| cell(39, 10_000 + 10 * bin, *dollars)).collect();
    of(&cells)
}

fn bin_number(price: Decimal) -> i64 {
    ((price - Decimal::ONE_HUNDRED) / width()).floor().to_i64().unwrap()
}

#[test]
fn a_level_sums_the_cells_of_its_bin() {
    let mut late = cell(39, 10_000, 600);
    late.last_at = late.last_at.map(|at| at + chrono::TimeDelta::hours(1));
    let sold = Cell {
        buy_notional: Decimal::ZERO,
        sell_notional: 100.into(),
        unknown_notional: 300.into(),
        prints: 4,
        ..cell(38, 9_995, 400)
    };
    let found = of(&[late.clone(), sold.clone(), excluded(37, 10_000, 50)]);
    let [level] = &found.levels[..] else { panic!("{found:?}") };
    assert_eq!(level.price, 100.into());
    assert_eq!((level.prints, level.notional, level.session_count), (5, 1000.into(), 2));
    assert_eq!(level.shares, late.shares + sold.shares);
    assert_eq!(level.vwap, (Decimal::from(1000) / level.shares).round_dp(8));
    let sides = [level.buy_notional, level.sell_notional, level.unknown_notional];
    assert_eq!(sides, [600, 100, 300].map(Decimal::from));
    assert_eq!(level.largest_notional, 600.into());
    assert_eq!((level.first_at, level.last_at), (sold.first_at, late.last_at));
    assert_eq!((level.excluded_prints, level.excluded_notional), (3, 50.into()));
    assert_eq!((level.rank, level.in_value_area), (1, true));
    assert!((level.percentile - 100.0).abs() < 1e-12);
    assert_eq!((found.notional, found.excluded_notional), (1000.into(), 50.into()));
    assert_eq!(found.poc, Some(100.into()));
}

#[test]
fn no_cells_make_no_levels() {
    let found = of(&[]);
    assert!(found.levels.is_empty() && found.zones.is_empty());
    assert_eq!((found.poc, found.value_area, found.median_daily_notional), (None, None, None));
}

#[test]
fn a_bin_of_excluded_prints_is_no_level_but_is_counted() {
    let found = of(&[cell(39, 10_000, 10), excluded(39, 10_100, 90)]);
    assert_eq!(found.levels.len(), 1);
    assert_eq!(found.excluded_notional, 90.into());
    assert_eq!(found.median_daily_notional, Some(100.into()));
    assert!((found.levels[0].strength - 0.1).abs() < 1e-12);
}

#[test]
fn strength_halves_with_every_half_life_of_sessions() {
    // 100 dollars a day on days 39 (age 0), 19 (age 20) and 9 (age 30); the median day is 100.
    let found = of(&[cell(39, 10_000, 100), cell(19, 10_100, 100), cell(9, 10_200, 100)]);
    let expected = [1.0, 0.5, 0.353_553_390_593_273_8];
    for (level, expected) in found.levels.iter().zip(expected) {
        assert!((level.strength - expected).abs() < 1e-12, "{} {}", level.price, level.strength);
    }
    assert_eq!(found.levels.iter().map(|level| level.rank).collect::<Vec<_>>(), [1, 2, 3]);
    let percentiles: Vec<f64> = found.levels.iter().map(|level| level.percentile).collect();
    assert_eq!(percentiles, [100.0, 50.0, 0.0]);
}

#[test]
fn the_median_is_of_the_newest_twenty_sessions_with_data() {
    // Days 5 to 39 with 1 to 35 dollars; the newest twenty have 16 to 35, their median is 25.5.
    let cells: Vec<Cell> =
        (5..40).map(|number| cell(number, 10_000, i64::from(number) - 4)).collect();
    let found = of(&cells);
    assert_eq!(found.median_daily_notional, Some(Decimal::new(255, 1)));
    assert_eq!(found.median_session_count, 20);
    let few = of(&[cells[0].clone(), cells[30].clone()]);
    assert_eq!((few.median_daily_notional, few.median_session_count), (Some(16.into()), 2));
}

#[test]
fn a_cell_newer_than_every_session_has_no_age() {
    let found = levels(&[cell(39, 10_000, 7)], &[day(1)], &LevelParams::with_bin_width(width()));
    assert!((found.levels[0].strength - 1.0).abs() < 1e-12);
}

#[test]
fn equal_levels_share_a_percentile_and_rank_by_price() {
    let found = land(&[5, 0, 5, 0, 9]);
    let ranks: Vec<_> = found.levels.iter().map(|l| (l.rank, l.percentile)).collect();
    assert_eq!(ranks, [(2, 0.0), (3, 0.0), (1, 100.0)]);
}

#[test]
fn the_value_area_is_the_narrowest_range_around_the_poc() {
    let check = |dollars: &[i64], expected: (i64, i64), notional: i64| {
        let found = land(dollars);
        let area = found.value_area.unwrap();
        let bins = (bin_number(area.low), bin_number(area.high));
        assert_eq!((bins, area.notional), (expected, notional.into()), "{dollars:?}");
        let inside = found.levels.iter().filter(|level| level.in_value_area);
        assert_eq!(inside.map(|level| level.notional).sum::<Decimal>(), area.notional);
    };
    check(&[10, 20, 40, 20, 10], (1, 3), 80);
    check(&[70, 30], (0, 0), 70);
    check(&[69, 31], (0, 1), 100);
    check(&[30, 50, 20], (0, 1), 80); // of two equally narrow ones that with more
    check(&[25, 50, 25], (0, 1), 75); // then the lower
    check(&[60, 0, 0, 0, 15, 25], (0, 4), 75); // empty bins count towards the width
    check(&[15, 0, 0, 60, 25], (3, 4), 85);
    check(&[40, 20, 40], (0, 2), 100); // the lower of two POCs
}

/// The zones as (lowest bin, highest bin, bin of the peak).
fn zone_bins(found: &Levels) -> Vec<(i64, i64, i64)> {
    let bins = |zone: &Zone| {
        let half = width() / Decimal::TWO;
        let edge = |price: Decimal| bin_number(price + half);
        (edge(zone.low), edge(zone.high) - 1, bin_number(zone.peak))
    };
    found.zones.iter().map(bins).collect()
}

#[test]
fn peaks_make_one_zone_while_the_valley_is_above_sixty_per_cent_of_the_lower() {
    let check = |dollars: &[i64], expected: &[(i64, i64, i64)]| {
        assert_eq!(zone_bins(&land(dollars)), expected, "{dollars:?}");
    };
    check(&[7], &[(0, 0, 0)]);
    check(&[10, 40, 20], &[(0, 2, 1)]);
    check(&[100, 31, 50], &[(0, 2, 0)]);
    check(&[100, 29, 50], &[(0, 1, 0), (2, 2, 2)]);
    check(&[50, 29, 100], &[(0, 0, 0), (1, 2, 2)]); // the valley goes to the stronger side
    check(&[100, 45, 31, 40, 50], &[(0, 4, 0)]); // a wide valley
    check(&[100, 45, 29, 40, 50], &[(0, 2, 0), (3, 4, 4)]);
    check(&[100, 0, 100], &[(0, 0, 0), (2, 2, 2)]); // an empty bin ends a zone
    check(&[100, 31, 50, 20, 90], &[(0, 2, 0), (3, 4, 4)]);
}

#[test]
fn zones_are_ranked_and_have_a_core() {
    let found = land(&[4, 20, 100, 40, 10, 2, 0, 90]);
    let ranks: Vec<_> = found.zones.iter().map(|zone| (zone.rank, zone.bin_count)).collect();
    assert_eq!(ranks, [(1, 6), (2, 1)]);
    let zone = &found.zones[0];
    assert_eq!((zone.notional, zone.prints), (176.into(), 6));
    // 100 + 40 of 176 is the narrowest range with 70 %.
    let edges = (zone.core_low, zone.core_high);
    assert_eq!(edges, (Decimal::new(10_015, 2), Decimal::new(10_035, 2)));
}

fn any_cells() -> impl Strategy<Value = Vec<Cell>> {
    let one = (0_u32..40, 0_i64..40, 1_i64..10_000, prop::bool::weighted(0.1));
    prop::collection::vec(one, 1..80).prop_map(|cells| {
        let cell = |(number, step, dollars, is_excluded)| {
            let make = if is_excluded { excluded } else { cell };
            make(number, 10_000 + 5 * step, dollars)
        };
        cells.into_iter().map(cell).collect()
    })
}

proptest! {
    #[test]
    fn sums_are_kept_by_bins_and_by_zones(cells in any_cells()) {
        let found = of(&cells);
        let sum = |of: fn(&Cell) -> Decimal| cells.iter().map(of).sum::<Decimal>();
        let notional = sum(|cell| cell.notional);
        prop_assert_eq!(found.levels.iter().map(|l| l.notional).sum::<Decimal>(), notional);
        prop_assert_eq!(found.zones.iter().map(|z| z.notional).sum::<Decimal>(), notional);
        prop_assert_eq!(found.notional, notional);
        let prints: i64 = cells.iter().map(|cell| cell.prints).sum();
        prop_assert_eq!(found.zones.iter().map(|z| z.prints).sum::<i64>(), prints);
        let bins: usize = found.zones.iter().map(|z| z.bin_count).sum();
        prop_assert_eq!(bins, found.levels.len());
        prop_assert_eq!(found.excluded_notional, sum(|cell| cell.excluded_notional));
        for zone in &found.zones {
            prop_assert!(zone.low <= zone.core_low && zone.core_high <= zone.high);
            prop_assert!(zone.core_low < zone.peak && zone.peak < zone.core_high);
        }
    }

    #[test]
    fn the_order_of_cells_does_not_matter(cells in any_cells(), seed in any::<u64>()) {
        let mut shuffled = cells.clone();
        let mut draw = crate::draw::Draw::new(seed);
        for end in (2..=shuffled.len()).rev() {
            shuffled.swap(end - 1, draw.below(end));
        }
        prop_assert_eq!(of(&shuffled), of(&cells));
    }

    #[test]
    fn the_value_area_holds_enough_and_no_narrower_range_does(cells in any_cells()) {
        let found = of(&cells);
        let Some(area) = found.value_area else { return Ok(()) };
        let wanted = found.notional * Decimal::new(70, 2);
        let poc = found.poc.unwrap();
        prop_assert!(area.notional >= wanted && area.contains(poc));
        for low in found.levels.iter().filter(|level| level.price <= poc) {
            for high in found.levels.iter().filter(|level| level.price >= poc) {
                let inside = found.levels.iter().filter(|l| l.price >= low.price && l.price <= high.price);
                let held: Decimal = inside.map(|level| level.notional).sum();
                let narrower = high.price - low.price < area.high - area.low;
                prop_assert!(!(narrower && held >= wanted), "{} to {}", low.price, high.price);
            }
        }
    }

    #[test]
    fn ranks_are_one_to_n_by_falling_strength(cells in any_cells()) {
        let mut found = of(&cells).levels;
        found.sort_by_key(|level| level.rank);
        prop_assert!(found.iter().map(|level| level.rank).eq(1..=found.len()));
        prop_assert!(found.is_sorted_by(|a, b| a.strength >= b.strength));
        prop_assert!(found.is_sorted_by(|a, b| a.percentile >= b.percentile));
    }

    #[test]
    fn within_a_zone_no_valley_splits_its_peak_and_between_zones_one_does(
        dollars in prop::collection::vec(1_i64..100, 1..30),
    ) {
        let found = land(&dollars);
        let highest = |zone: &(i64, i64, i64)| dollars[usize::try_from(zone.2).unwrap()];
        for pair in zone_bins(&found).windows(2) {
            let [left, right] = pair else { unreachable!("windows of two") };
            let from = usize::try_from(left.2).unwrap();
            let to = usize::try_from(right.2).unwrap();
            let valley = dollars[from..=to].iter().min().unwrap();
            let lower = highest(left).min(highest(right));
            prop_assert!(10 * valley <= 6 * lower, "{:?} {:?}", left, right);
        }
    }
}
