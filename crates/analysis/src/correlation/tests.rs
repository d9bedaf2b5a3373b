use chrono::Days;

use super::*;

const BINS: u16 = 78;

/// A number from -1 to 1.
fn noise(draw: &mut Draw) -> f64 {
    draw.below(2_000_001) as f64 / 1e6 - 1.0
}

/// Sessions in which options do what the prints did `lag` bins before, times `strength`, with as
/// much noise of their own.
fn market(sessions: u64, bins: u16, lag: i16, strength: f64, seed: u64) -> Vec<Imbalance> {
    let mut draw = Draw::new(seed);
    let first: NaiveDate = "2026-09-01".parse().unwrap();
    let mut rows = Vec::new();
    for day in 0..sessions {
        let prints: Vec<f64> = (0..bins).map(|_| noise(&mut draw)).collect();
        for bin in 0..bins {
            let before = bin.checked_add_signed(-lag).and_then(|at| prints.get(usize::from(at)));
            let heard = before.map_or(0.0, |imbalance| imbalance * strength);
            let imbalance = prints[usize::from(bin)];
            rows.push(Imbalance {
                session_date: first + Days::new(day),
                bin,
                prints_buy: 1e6 * (1.0 + imbalance),
                prints_sell: 1e6 * (1.0 - imbalance),
                options_net: 1e5 * (heard + noise(&mut draw)),
            });
        }
    }
    rows
}

fn strongest(found: &Correlation) -> Lag {
    *found.lags.iter().max_by(|left, right| left.spearman.total_cmp(&right.spearman)).unwrap()
}

#[test]
fn a_known_lag_is_found() {
    for lag in [-6, -3, 0, 2, 6] {
        let found = correlation(&market(20, BINS, lag, 1.0, 11), 1).unwrap();
        let best = strongest(&found);
        assert_eq!(best.lag, lag, "seed 11");
        assert!(best.interval.low > 0.4 && best.interval.low < best.spearman, "seed 11: {best:?}");
        assert!(best.pearson > 0.4, "seed 11: {best:?}");
        let others = found.lags.iter().filter(|other| other.lag != lag);
        assert!(others.clone().all(|other| other.spearman.abs() < 0.15), "seed 11: {found:?}");
        assert_eq!(others.count(), 12);
    }
}

#[test]
fn a_market_that_does_the_opposite_is_below_zero() {
    let found = correlation(&market(20, BINS, 1, -1.0, 12), 1).unwrap();
    let at_one = found.lags.iter().find(|lag| lag.lag == 1).unwrap();
    assert!(at_one.interval.high < -0.4, "seed 12: {at_one:?}");
}

#[test]
fn the_interval_of_independent_series_covers_zero_most_of_the_time() {
    let covers = |seed: u64| {
        let found = correlation(&market(12, 24, 0, 0.0, 1_000 + seed), seed).unwrap();
        let covering = |lag: &&Lag| lag.interval.low <= 0.0 && lag.interval.high >= 0.0;
        (found.lags.iter().filter(covering).count(), found.lags.len())
    };
    let (covering, all) =
        (0..40).map(covers).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    // Nominally 95 %; a bootstrap over twelve sessions falls a little short of it.
    let share = covering as f64 / all as f64;
    assert!((0.86..=0.99).contains(&share), "seeds 1000 to 1039: {covering} of {all}");
}

#[test]
fn no_pair_reaches_across_a_night() {
    let found = correlation(&market(10, 24, 0, 0.5, 13), 1).unwrap();
    assert_eq!((found.sessions, found.bins), (10, 240));
    for lag in &found.lags {
        assert_eq!(lag.pairs, 10 * (24 - usize::from(lag.lag.unsigned_abs())), "{lag:?}");
    }
}

#[test]
fn too_little_is_said_and_not_computed() {
    let check = |rows: &[Imbalance], expected| {
        assert_eq!(correlation(rows, 1).unwrap_err(), expected);
    };
    check(&[], TooLittle::Bins { sessions: 0, bins: 0 });
    check(&market(9, BINS, 0, 1.0, 14), TooLittle::Bins { sessions: 9, bins: 702 });
    check(&market(10, 19, 0, 1.0, 14), TooLittle::Bins { sessions: 10, bins: 190 });
    let mut silent = market(20, BINS, 0, 1.0, 14);
    for row in &mut silent {
        (row.prints_buy, row.prints_sell) = (0.0, 0.0);
    }
    check(&silent, TooLittle::Bins { sessions: 0, bins: 0 });
    let mut constant = market(20, BINS, 0, 1.0, 14);
    for row in &mut constant {
        row.options_net = 0.0;
    }
    check(&constant, TooLittle::Constant);
    assert!(
        TooLittle::Bins { sessions: 3, bins: 9 }.to_string().starts_with("3 sessions with 9 bins")
    );
}

#[test]
fn bins_without_a_sided_print_are_left_out_and_not_zero() {
    let full = market(20, BINS, 0, 1.0, 15);
    let mut holed = full.clone();
    for row in holed.iter_mut().filter(|row| row.bin % 2 == 1) {
        (row.prints_buy, row.prints_sell) = (0.0, 0.0);
    }
    let (full, holed) = (correlation(&full, 1).unwrap(), correlation(&holed, 1).unwrap());
    assert_eq!((full.bins, holed.bins), (1_560, 780));
    assert!((strongest(&full).spearman - strongest(&holed).spearman).abs() < 0.1, "seed 15");
}

#[test]
fn the_answer_depends_on_the_seed_alone_and_not_on_the_order() {
    let rows = market(12, 30, 1, 0.3, 16);
    let mut turned = rows.clone();
    turned.reverse();
    let (one, other) = (correlation(&rows, 5).unwrap(), correlation(&turned, 5).unwrap());
    assert_eq!(one, other);
    assert_ne!(one, correlation(&rows, 6).unwrap());
}

#[test]
fn one_huge_order_does_not_decide_the_result() {
    let plain = market(20, BINS, 0, 1.0, 17);
    let mut huge = plain.clone();
    huge[40].options_net = -1e12;
    let (plain, huge) = (correlation(&plain, 1).unwrap(), correlation(&huge, 1).unwrap());
    assert!((strongest(&plain).pearson - strongest(&huge).pearson).abs() < 0.01, "seed 17");
}

#[test]
fn ranks_keep_the_sign_and_zero() {
    let found = signed_ranks(&[-50.0, 0.0, 3.0, 50.0]);
    assert_eq!(found, [-0.875, 0.0, 0.5, 0.875]);
    assert!(signed_ranks(&[]).is_empty());
}
