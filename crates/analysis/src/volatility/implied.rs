//! Implied volatility in context: its rank among its past, its term structure, and what it is
//! beside the historical one.

/// Sessions that a rank and a percentile are taken over.
pub const YEAR_SESSIONS: usize = 252;
/// Calendar days of the implied volatility that is compared from day to day.
pub const THIRTY_DAYS: f64 = 30.0;
/// The two ends of the term slope, calendar days.
pub const SLOPE_DAYS: [f64; 2] = [30.0, 90.0];

/// Where an implied volatility stands among its past. Context only, never a trigger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// `(now - lowest) / (highest - lowest)`, 0 to 1. None when all values are the same.
    pub rank: Option<f64>,
    /// The share of past sessions with a lower value, 0 to 1. None without past sessions.
    pub percentile: Option<f64>,
    /// Past sessions in both: [`YEAR_SESSIONS`] when there is enough history.
    pub sessions: usize,
}

impl Standing {
    /// Places `now` among the newest [`YEAR_SESSIONS`] of the values before it, oldest first.
    /// Values that are not finite are left out and not counted.
    ///
    /// The rank's lowest and highest include `now`: a new high has the rank 1 and not more.
    #[must_use]
    pub fn of(history: &[f64], now: f64) -> Self {
        let none = Self { rank: None, percentile: None, sessions: 0 };
        if !now.is_finite() {
            return none;
        }
        let newest = &history[history.len().saturating_sub(YEAR_SESSIONS)..];
        let past: Vec<f64> = newest.iter().copied().filter(|value| value.is_finite()).collect();
        if past.is_empty() {
            return none;
        }
        let lowest = past.iter().copied().fold(now, f64::min);
        let highest = past.iter().copied().fold(now, f64::max);
        let lower = past.iter().filter(|value| **value < now).count();
        Self {
            rank: (highest > lowest).then(|| (now - lowest) / (highest - lowest)),
            percentile: Some(lower as f64 / past.len() as f64),
            sessions: past.len(),
        }
    }

    /// Whether the history reaches back as far as it should.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.sessions >= YEAR_SESSIONS
    }
}

/// The at-the-money implied volatility of one expiry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermIv {
    /// Calendar days to the expiry.
    pub days: f64,
    /// A fraction a year.
    pub implied: f64,
}

/// The implied volatility of `days` calendar days, between the nearest expiry before and the
/// nearest after: a straight line in total variance, volatility squared times days, as the
/// variance indexes of exchanges draw it. None where there is no expiry on both sides, unless
/// one falls on the day itself; it is never carried beyond the last one.
///
/// The expiries may come in any order. Those without a volatility or without time are left out.
#[must_use]
pub fn at_days(term: &[TermIv], days: f64) -> Option<f64> {
    let is_usable = |point: &&TermIv| {
        point.days > 0.0
            && point.implied > 0.0
            && point.days.is_finite()
            && point.implied.is_finite()
    };
    let usable = || term.iter().filter(is_usable);
    let order = |left: &&TermIv, right: &&TermIv| left.days.total_cmp(&right.days);
    let near = usable().filter(|point| point.days <= days).max_by(order)?;
    let far = usable().filter(|point| point.days >= days).min_by(order)?;
    let width = far.days - near.days;
    if width <= 0.0 {
        return Some(near.implied);
    }
    let part = (days - near.days) / width;
    let total = |point: &TermIv| point.implied * point.implied * point.days;
    Some(((total(near) * (1.0 - part) + total(far) * part) / days).sqrt())
}

/// The implied volatility at the forward, between the nearest strike below it and the nearest
/// above: a straight line in the strike. None where there is no strike on both sides, unless one
/// is the forward itself. The smile is of one expiry: strikes with volatilities, in any order.
#[must_use]
pub fn at_forward(smile: &[(f64, f64)], forward: f64) -> Option<f64> {
    let usable = || smile.iter().filter(|(strike, implied)| strike.is_finite() && *implied > 0.0);
    let order = |left: &&(f64, f64), right: &&(f64, f64)| left.0.total_cmp(&right.0);
    let below = usable().filter(|(strike, _)| *strike <= forward).max_by(order)?;
    let above = usable().filter(|(strike, _)| *strike >= forward).min_by(order)?;
    let width = above.0 - below.0;
    if width <= 0.0 {
        return Some(below.1);
    }
    let part = (forward - below.0) / width;
    Some(below.1 * (1.0 - part) + above.1 * part)
}

/// The term slope: implied volatility of 90 days less that of 30, a fraction. Above zero when
/// the market expects more later. None where either cannot be interpolated.
#[must_use]
pub fn slope(term: &[TermIv]) -> Option<f64> {
    let [near, far] = SLOPE_DAYS.map(|days| at_days(term, days));
    Some(far? - near?)
}

/// The volatility spread, historical less implied, a fraction: 0.10 is ten volatility points.
#[must_use]
pub fn spread(historical: f64, implied: f64) -> f64 {
    historical - implied
}

/// `ln(historical / implied)`. None unless both are above zero.
#[must_use]
pub fn ln_ratio(historical: f64, implied: f64) -> Option<f64> {
    (historical > 0.0 && implied > 0.0).then(|| libm::log(historical / implied))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn term(points: &[(f64, f64)]) -> Vec<TermIv> {
        points.iter().map(|&(days, implied)| TermIv { days, implied }).collect()
    }

    #[track_caller]
    fn close(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
    }

    #[test]
    fn the_standing_reproduces_the_design_vector() {
        let standing = Standing::of(&[30.0, 10.0, 11.0, 15.0, 17.0], 20.0);
        let expected = Standing { rank: Some(0.5), percentile: Some(0.8), sessions: 5 };
        assert_eq!(standing, expected);
        assert!(!standing.is_full());
    }

    #[test]
    fn a_standing_says_how_much_history_it_has() {
        let check = |history: &[f64], now, rank, percentile, sessions| {
            assert_eq!(Standing::of(history, now), Standing { rank, percentile, sessions });
        };
        check(&[], 20.0, None, None, 0);
        check(&[20.0, 20.0], 20.0, None, Some(0.0), 2);
        check(&[10.0, 20.0], 40.0, Some(1.0), Some(1.0), 2);
        check(&[10.0, 20.0], 5.0, Some(0.0), Some(0.0), 2);
        check(&[10.0, f64::NAN, 20.0], 15.0, Some(0.5), Some(0.5), 2);
        check(&[10.0, 20.0], f64::NAN, None, None, 0);
        // The value of 253 sessions ago is forgotten.
        let mut history = vec![100.0];
        history.extend([10.0; 126]);
        history.extend([20.0; 126]);
        check(&history, 15.0, Some(0.5), Some(0.5), YEAR_SESSIONS);
        assert!(Standing::of(&history, 15.0).is_full());
    }

    #[test]
    fn thirty_days_lie_between_two_expiries_in_total_variance() {
        // 0.2^2 * 20 = 0.8 and 0.3^2 * 40 = 3.6; in the middle 2.2, over 30 days 0.07333.
        close(at_days(&term(&[(40.0, 0.3), (20.0, 0.2)]), THIRTY_DAYS), (2.2_f64 / 30.0).sqrt());
        // The nearest two, whatever else is there.
        let more = term(&[(5.0, 0.9), (20.0, 0.2), (40.0, 0.3), (365.0, 0.1)]);
        close(at_days(&more, THIRTY_DAYS), (2.2_f64 / 30.0).sqrt());
        close(at_days(&term(&[(30.0, 0.25), (60.0, 0.5)]), THIRTY_DAYS), 0.25);
        close(at_days(&term(&[(30.0, 0.25)]), THIRTY_DAYS), 0.25);
    }

    #[test]
    fn a_term_structure_is_not_carried_beyond_its_ends() {
        for points in [
            &[][..],
            &[(20.0, 0.2)],
            &[(40.0, 0.3), (60.0, 0.3)],
            &[(20.0, 0.2), (40.0, 0.0)],
            &[(20.0, f64::NAN), (40.0, 0.3)],
            &[(0.0, 0.2), (40.0, 0.3)],
        ] {
            assert_eq!(at_days(&term(points), THIRTY_DAYS), None, "{points:?}");
        }
    }

    #[test]
    fn at_the_money_is_where_the_forward_is() {
        let smile = [(610.0, 0.18), (590.0, 0.22), (600.0, 0.20), (595.0, 0.0)];
        close(at_forward(&smile, 602.5), 0.195);
        close(at_forward(&smile, 595.0), 0.21);
        close(at_forward(&smile, 600.0), 0.20);
        assert_eq!(at_forward(&smile, 589.0), None);
        assert_eq!(at_forward(&smile, 611.0), None);
        assert_eq!(at_forward(&smile, f64::NAN), None);
    }

    #[test]
    fn the_slope_and_the_spread_are_in_volatility_points() {
        close(slope(&term(&[(30.0, 0.20), (90.0, 0.26), (60.0, 0.5)])), 0.06);
        assert_eq!(slope(&term(&[(30.0, 0.20), (60.0, 0.26)])), None);
        close(Some(spread(0.35, 0.25)), 0.10);
        close(ln_ratio(0.5, 0.25), std::f64::consts::LN_2);
        assert_eq!(ln_ratio(0.0, 0.25), None);
        assert_eq!(ln_ratio(0.25, f64::NAN), None);
    }

    proptest! {
        #[test]
        fn a_standing_lies_between_nothing_and_all(
            history in prop::collection::vec(0.01_f64..3.0, 0..300), now in 0.01_f64..3.0,
        ) {
            let standing = Standing::of(&history, now);
            prop_assert_eq!(standing.sessions, history.len().min(YEAR_SESSIONS));
            for share in [standing.rank, standing.percentile].into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&share));
            }
        }

        #[test]
        fn a_flat_term_structure_is_flat_between_its_expiries(
            near in 1.0_f64..30.0, far in 30.0_f64..400.0, implied in 0.01_f64..3.0,
        ) {
            let found = at_days(&term(&[(near, implied), (far, implied)]), THIRTY_DAYS).unwrap();
            prop_assert!((found - implied).abs() < 1e-12);
        }
    }
}
