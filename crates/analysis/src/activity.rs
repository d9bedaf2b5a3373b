//! Off-exchange activity: today's volume so far beside the same minute of past sessions.
//!
//! `A(m)` is the off-exchange volume of a session up to the end of minute `m` of the New York
//! day. The baseline at `m` is the mean of `A(m)` over the newest 90 sessions before; its band
//! runs from their 10th to their 90th percentile (nearest rank). With `A` and the baseline at
//! the same minute, `ratio = A / baseline` and `activity_increase = ratio - 1`.
//!
//! Below [`MIN_SESSIONS`] sessions there is no baseline, and nothing is compared. The caller
//! leaves out sessions that closed early or have gaps, and says so on screen.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::quantile::nearest_rank;

/// Most past sessions that a baseline is made of.
pub const BASELINE_SESSIONS: usize = 90;
/// Fewest past sessions that make a baseline.
pub const MIN_SESSIONS: usize = 60;
/// Minutes of a day; a minute is counted from New York midnight.
pub const MINUTES_PER_DAY: u16 = 1440;

/// The percentiles between which a baseline's band lies.
const BAND_PERCENT: [usize; 2] = [10, 90];

/// Off-exchange shares of one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteShares {
    /// Minutes since New York midnight.
    pub minute: u16,
    /// Shares printed in that minute.
    pub shares: Decimal,
}

/// The off-exchange volume of one session. Minutes without a print may be left out.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionActivity {
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// The minutes, in any order.
    pub minutes: Vec<MinuteShares>,
}

/// What past sessions had traded up to a minute, shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// Mean.
    pub mean: Decimal,
    /// 10th percentile.
    pub low: Decimal,
    /// 90th percentile.
    pub high: Decimal,
}

/// One minute of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivityPoint {
    /// Minutes since New York midnight; the figures are as of its end.
    pub minute: u16,
    /// Today's shares so far. None after the last minute that is known.
    pub shares: Option<Decimal>,
    /// The past sessions' shares up to the same minute. None while history is insufficient.
    pub baseline: Option<Baseline>,
}

/// How today compares with the past at the last known minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Comparison {
    /// Fewer than [`MIN_SESSIONS`] past sessions.
    InsufficientHistory {
        /// How many there are.
        session_count: usize,
    },
    /// The past sessions had traded nothing by this minute, so there is nothing to divide by.
    NothingBefore {
        /// Over how many sessions.
        session_count: usize,
    },
    /// Both are known.
    Measured {
        /// Over how many sessions.
        session_count: usize,
        /// Today's shares over the baseline: 4.2 is "4.2 x".
        ratio: f64,
        /// `ratio - 1`: 3.2 is "+320 %".
        increase: f64,
    },
}

/// A session's curve and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// One point a minute.
    pub points: Vec<ActivityPoint>,
    /// The comparison at the last known minute.
    pub comparison: Comparison,
}

/// What past sessions had traded at each minute of the day: made once a session, compared with
/// after each minute.
#[derive(Clone, Debug, PartialEq)]
pub struct BaselineCurve {
    session_count: usize,
    first_minute: u16,
    /// One a minute from the first on. Empty while history is insufficient.
    points: Vec<Baseline>,
}

impl BaselineCurve {
    /// The curve over `minutes` (first and last included) of the newest [`BASELINE_SESSIONS`] of
    /// the sessions of `history` that are before a day. They may come in any order.
    #[must_use]
    pub fn before(
        day: NaiveDate,
        history: &[SessionActivity],
        minutes: RangeInclusive<u16>,
    ) -> Self {
        let past = past_sessions(day, history);
        let enough = past.len() >= MIN_SESSIONS;
        let first_minute = *minutes.start();
        let known = within_day(minutes).filter(|_| enough);
        Self {
            session_count: past.len(),
            first_minute,
            points: known.map(|minute| baseline(&past, minute)).collect(),
        }
    }

    /// A curve that was stored. With fewer than [`MIN_SESSIONS`] sessions its points are dropped.
    #[must_use]
    pub fn from_parts(session_count: usize, first_minute: u16, points: Vec<Baseline>) -> Self {
        let points = if session_count < MIN_SESSIONS { Vec::new() } else { points };
        Self { session_count, first_minute, points }
    }

    /// Past sessions in it: at most [`BASELINE_SESSIONS`].
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.session_count
    }

    /// The minute of the first of [`Self::points`].
    #[must_use]
    pub fn first_minute(&self) -> u16 {
        self.first_minute
    }

    /// One point a minute. Empty while history is insufficient.
    #[must_use]
    pub fn points(&self) -> &[Baseline] {
        &self.points
    }

    /// The figures at the end of a minute. None before the curve and while history is
    /// insufficient; after its end, those of its end.
    #[must_use]
    pub fn at(&self, minute: u16) -> Option<Baseline> {
        let index = usize::from(minute.checked_sub(self.first_minute)?);
        self.points.get(index).or(self.points.last()).copied()
    }

    /// How `shares` so far today, up to the end of a minute, compare with the past.
    #[must_use]
    pub fn compare(&self, minute: u16, shares: Decimal) -> Comparison {
        Comparison::of(shares, self.at(minute).map(|point| point.mean), self.session_count)
    }

    /// Today's minutes beside the curve, over `minutes` (first and last included).
    ///
    /// `known_to` is the last whole minute of today that was collected. What was printed before
    /// the first minute counts from its start.
    #[must_use]
    pub fn beside(
        &self,
        today: &[MinuteShares],
        minutes: RangeInclusive<u16>,
        known_to: u16,
    ) -> Activity {
        let now = cumulative(today);
        let point = |minute: u16| ActivityPoint {
            minute,
            shares: (minute <= known_to).then(|| now[usize::from(minute)]),
            baseline: self.at(minute),
        };
        let points: Vec<ActivityPoint> = within_day(minutes).map(point).collect();
        let known = points.iter().rev().find_map(|point| Some((point.minute, point.shares?)));
        let comparison = match known {
            Some((minute, shares)) => self.compare(minute, shares),
            None => Comparison::of(Decimal::ZERO, None, self.session_count),
        };
        Activity { points, comparison }
    }
}

impl Comparison {
    /// Compares shares with the mean of so many past sessions at the same minute.
    #[must_use]
    pub fn of(shares: Decimal, mean: Option<Decimal>, session_count: usize) -> Self {
        if session_count < MIN_SESSIONS {
            return Self::InsufficientHistory { session_count };
        }
        let ratio = mean.and_then(|mean| shares.checked_div(mean)?.to_f64());
        match ratio {
            Some(ratio) => Self::Measured { session_count, ratio, increase: ratio - 1.0 },
            None => Self::NothingBefore { session_count },
        }
    }
}

/// The curve of a session, minute by minute, over `minutes` (first and last included).
///
/// `known_to` is the last whole minute of today that was collected. `history` may hold any
/// sessions in any order: those before today count, the newest [`BASELINE_SESSIONS`] of them.
/// What was printed before the first minute of the curve counts from its start.
#[must_use]
pub fn activity(
    today: &SessionActivity,
    history: &[SessionActivity],
    minutes: RangeInclusive<u16>,
    known_to: u16,
) -> Activity {
    let curve = BaselineCurve::before(today.session_date, history, minutes.clone());
    curve.beside(&today.minutes, minutes, known_to)
}

fn within_day(minutes: RangeInclusive<u16>) -> RangeInclusive<u16> {
    *minutes.start()..=(*minutes.end()).min(MINUTES_PER_DAY - 1)
}

/// The curves of the newest sessions before a day.
fn past_sessions(today: NaiveDate, history: &[SessionActivity]) -> Vec<Vec<Decimal>> {
    let before = history.iter().filter(|session| session.session_date < today);
    let by_date: BTreeMap<_, _> =
        before.map(|session| (session.session_date, &session.minutes)).collect();
    by_date.into_values().rev().take(BASELINE_SESSIONS).map(|minutes| cumulative(minutes)).collect()
}

/// Shares up to the end of each minute of the day. A minute past midnight counts as the last.
fn cumulative(minutes: &[MinuteShares]) -> Vec<Decimal> {
    let mut curve = vec![Decimal::ZERO; usize::from(MINUTES_PER_DAY)];
    for of in minutes {
        let minute = &mut curve[usize::from(of.minute.min(MINUTES_PER_DAY - 1))];
        *minute = minute.saturating_add(of.shares);
    }
    let mut sum = Decimal::ZERO;
    for minute in &mut curve {
        sum = sum.saturating_add(*minute);
        *minute = sum;
    }
    curve
}

fn baseline(past: &[Vec<Decimal>], minute: u16) -> Baseline {
    let mut shares: Vec<Decimal> = past.iter().map(|curve| curve[usize::from(minute)]).collect();
    shares.sort_unstable();
    let [low, high] = BAND_PERCENT
        .map(|percent| nearest_rank(&shares, percent * 10).expect("a baseline has sessions"));
    let sum = shares.iter().fold(Decimal::ZERO, |sum, shares| sum.saturating_add(*shares));
    let mean = sum / Decimal::from(shares.len());
    Baseline { mean: mean.round_dp(8), low, high }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OPEN: u16 = 570;

    fn session(day: u32, minutes: &[(u16, i64)]) -> SessionActivity {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let minutes = minutes.iter();
        SessionActivity {
            session_date: first + chrono::Days::new(day.into()),
            minutes: minutes
                .map(|&(minute, shares)| MinuteShares { minute, shares: shares.into() })
                .collect(),
        }
    }

    /// Sessions of days 0, 1, 2, ... with 100, 200, 300, ... shares at the open.
    fn growing(count: u32) -> Vec<SessionActivity> {
        (0..count).map(|day| session(day, &[(OPEN, 100 * i64::from(day + 1))])).collect()
    }

    #[test]
    fn four_times_the_average_is_an_increase_of_three() {
        let history: Vec<_> = (0..60).map(|day| session(day, &[(OPEN, 50), (580, 50)])).collect();
        let today = session(100, &[(OPEN, 200), (575, 200), (590, 999)]);
        let found = activity(&today, &history, OPEN..=600, 585);
        let expected = Comparison::Measured { session_count: 60, ratio: 4.0, increase: 3.0 };
        assert_eq!(found.comparison, expected);
        let at = |minute: u16| found.points[usize::from(minute - OPEN)];
        assert_eq!(at(574).shares, Some(200.into()));
        assert_eq!(at(585).shares, Some(400.into()));
        assert_eq!(at(586).shares, None);
        assert_eq!(at(579).baseline.unwrap().mean, 50.into());
        assert_eq!(at(580).baseline.unwrap().mean, 100.into());
        assert_eq!(found.points.len(), 31);
    }

    #[test]
    fn fifty_nine_sessions_are_insufficient_and_sixty_are_not() {
        let today = session(200, &[(OPEN, 100)]);
        let found = activity(&today, &growing(59), OPEN..=OPEN, OPEN);
        assert_eq!(found.comparison, Comparison::InsufficientHistory { session_count: 59 });
        assert_eq!(found.points[0].baseline, None);
        assert_eq!(found.points[0].shares, Some(100.into()));
        let found = activity(&today, &growing(60), OPEN..=OPEN, OPEN);
        assert!(matches!(found.comparison, Comparison::Measured { session_count: 60, .. }));
    }

    #[test]
    fn the_newest_ninety_sessions_before_today_make_the_baseline() {
        // Days 0 to 119; today is day 100, so days 10 to 99 count: 1,100 to 10,000 shares.
        let found = activity(&session(100, &[]), &growing(120), OPEN..=OPEN, OPEN);
        let expected = Baseline { mean: 5550.into(), low: 1900.into(), high: 9100.into() };
        assert_eq!(found.points[0].baseline, Some(expected));
        let nothing = Comparison::Measured { session_count: 90, ratio: 0.0, increase: -1.0 };
        assert_eq!(found.comparison, nothing);
    }

    #[test]
    fn before_the_first_trade_of_any_past_session_there_is_nothing_to_compare() {
        let found = activity(&session(100, &[(240, 5)]), &growing(60), 240..=600, 300);
        assert_eq!(found.comparison, Comparison::NothingBefore { session_count: 60 });
    }

    #[test]
    fn a_curve_ends_with_its_last_minute_and_says_nothing_before_its_first() {
        let curve = BaselineCurve::before(session(100, &[]).session_date, &growing(60), OPEN..=600);
        assert_eq!((curve.session_count(), curve.first_minute()), (60, OPEN));
        assert_eq!(curve.points().len(), 31);
        assert_eq!(curve.at(u16::MAX), curve.at(600));
        assert_eq!(curve.at(OPEN - 1), None);
        let nothing = Comparison::NothingBefore { session_count: 60 };
        assert_eq!(curve.compare(OPEN - 1, 5.into()), nothing);
        let few = BaselineCurve::from_parts(59, OPEN, curve.points().to_vec());
        assert!(few.points().is_empty());
        let insufficient = Comparison::InsufficientHistory { session_count: 59 };
        assert_eq!(few.compare(600, 5.into()), insufficient);
    }

    #[test]
    fn shares_beyond_all_bounds_do_not_overflow() {
        let most = MinuteShares { minute: OPEN, shares: Decimal::MAX };
        let all = |day| SessionActivity { minutes: vec![most; 3], ..session(day, &[]) };
        let history: Vec<_> = (0..60).map(all).collect();
        let found = activity(&all(100), &history, OPEN..=600, 600);
        assert!(matches!(found.comparison, Comparison::Measured { .. }));
    }

    #[test]
    fn what_was_printed_before_the_curve_counts_from_its_start() {
        let found = activity(&session(9, &[(10, 7), (OPEN, 1)]), &[], OPEN..=OPEN, OPEN);
        assert_eq!(found.points[0].shares, Some(8.into()));
    }

    fn any_history() -> impl Strategy<Value = Vec<SessionActivity>> {
        let minutes = prop::collection::vec((0_u16..1440, 0_i64..1000), 0..20);
        prop::collection::vec(minutes, 60..100)
            .prop_map(|days| (0..).zip(days).map(|(day, minutes)| session(day, &minutes)).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn curves_only_rise_and_the_mean_lies_between_the_extremes(history in any_history()) {
            let today = session(500, &[]);
            let found = activity(&today, &history, 0..=1439, 1439);
            let means: Vec<_> = found.points.iter().map(|p| p.baseline.unwrap().mean).collect();
            prop_assert!(means.is_sorted());
            let bands = found.points.iter().map(|point| point.baseline.unwrap());
            prop_assert!(bands.into_iter().all(|band| band.low <= band.high));
        }

        /// The incremental form against the definition, added up anew for one minute.
        #[test]
        fn a_curve_compares_as_the_definition_says(
            history in any_history(), minute in 0_u16..1440, shares in 0_i64..10_000,
        ) {
            let curve = BaselineCurve::before(session(500, &[]).session_date, &history, 0..=1439);
            let newest = &history[history.len().saturating_sub(BASELINE_SESSIONS)..];
            let until = |session: &SessionActivity| {
                let before = session.minutes.iter().filter(|of| of.minute <= minute);
                before.map(|of| of.shares).sum::<Decimal>()
            };
            let mut past: Vec<Decimal> = newest.iter().map(until).collect();
            past.sort();
            let sum: Decimal = past.iter().sum();
            let found = curve.at(minute).unwrap();
            let off_by = (found.mean * Decimal::from(past.len()) - sum).abs();
            prop_assert!(off_by < Decimal::new(1, 6));
            prop_assert_eq!(found.low, past[past.len().div_ceil(10) - 1]);
            prop_assert_eq!(found.high, past[(past.len() * 9).div_ceil(10) - 1]);
            let today = session(500, &[(0, shares)]);
            let full = activity(&today, &history, 0..=1439, minute);
            prop_assert_eq!(curve.compare(minute, shares.into()), full.comparison);
            let stored = BaselineCurve::from_parts(past.len(), 0, curve.points().to_vec());
            prop_assert_eq!(stored, curve);
        }

        #[test]
        fn the_order_of_history_does_not_matter(history in any_history()) {
            let today = session(500, &[(600, 10)]);
            let mut other = history.clone();
            other.reverse();
            let found = activity(&today, &history, 590..=610, 605);
            prop_assert_eq!(found, activity(&today, &other, 590..=610, 605));
        }
    }
}
