//! Spends the request budget: how often each series is asked for. Pure.
//!
//! Every series has a pace that a trader would want and a slowest one that is still of use. When
//! what is left of the day does not pay for all wishes, the least important series are slowed down
//! first, as far as their slowest pace; if even that is too dear, the least important of those
//! that can be done without are dropped until the next day.

use chrono::TimeDelta;

use crate::feed::Series;

/// Percent of what is left that the plan does not touch: retries, second pages, and what a person
/// asks for by hand.
const SPARE_PERCENT: f64 = 10.0;

/// What is wanted of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Want {
    /// The series.
    pub series: Series,
    /// What it is, in words.
    pub label: &'static str,
    /// The pace that a trader would want, market time.
    pub desired: TimeDelta,
    /// The slowest pace that is still of use.
    pub slowest: TimeDelta,
    /// Requests that one turn takes, for each symbol, on average.
    pub requests: f64,
    /// Whether it can be done without until the budget allows it again.
    pub may_drop: bool,
}

const fn want(
    series: Series,
    label: &'static str,
    desired_s: i64,
    slowest_s: i64,
    requests: f64,
) -> Want {
    Want {
        series,
        label,
        desired: TimeDelta::seconds(desired_s),
        slowest: TimeDelta::seconds(slowest_s),
        requests,
        may_drop: true,
    }
}

const fn needed(want: Want) -> Want {
    Want { may_drop: false, ..want }
}

/// Everything that is collected, the most important first. Prints and option trades share their
/// pace, so that they can be compared. Tapes and bars are never dropped: they are collected by
/// tasks of their own, and a tape that is not read has a hole.
pub const WANTS: [Want; 13] = [
    needed(want(Series::Prints, "Off-exchange prints", 60, 240, 1.3)),
    needed(want(Series::Bars, "Bars", 20, 120, 1.0)),
    needed(want(Series::OptionTrades, "Option trades", 60, 240, 1.3)),
    want(Series::NetPremium, "Net premium by minute", 60, 300, 1.0),
    needed(want(Series::FlowAlerts, "Flow alerts", 60, 300, 1.0)),
    want(Series::Tide, "Tide", 60, 300, 1.0),
    want(Series::FlowStrikes, "Premium by strike", 120, 900, 1.0),
    want(Series::FlowExpiries, "Premium by expiry", 300, 900, 1.0),
    want(Series::TermStructure, "Term structure", 900, 3_600, 1.0),
    want(Series::Volatility, "Volatility by day", 900, 7_200, 2.0),
    want(Series::Gamma, "Gamma by strike", 1_800, 14_400, 1.0),
    want(Series::PriceVolumes, "Volume by price", 900, 7_200, 1.0),
    want(Series::Contracts, "Contracts", 21_600, 43_200, 4.0),
];

/// How often a series is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// What is wanted.
    pub want: Want,
    /// What the budget allows, market time; none = dropped.
    pub actual: Option<TimeDelta>,
}

impl Pace {
    /// Whether it is as wanted.
    #[must_use]
    pub fn is_as_wanted(&self) -> bool {
        self.actual == Some(self.want.desired)
    }
}

/// Requests that a series takes over `open` at a pace.
#[must_use]
pub fn cost(want: &Want, every: TimeDelta, symbols: u32, open: TimeDelta) -> f64 {
    want.requests * f64::from(symbols) * open.as_seconds_f64() / every.as_seconds_f64()
}

/// Spreads what is `left` of the day's requests over the `open` market time that it has to last.
/// `wants` come most important first. With nothing known of the budget, every wish is granted.
#[must_use]
pub fn spread(wants: &[Want], symbols: u32, left: Option<u32>, open: TimeDelta) -> Vec<Pace> {
    let granted = |want: &Want| Pace { want: *want, actual: Some(want.desired) };
    let mut paces: Vec<Pace> = wants.iter().map(granted).collect();
    let Some(left) = left else { return paces };
    let affordable = f64::from(left) * (1.0 - SPARE_PERCENT / 100.0);
    for place in (0..paces.len()).rev() {
        let over = total(&paces, symbols, open) - affordable;
        if over <= 0.0 {
            return paces;
        }
        paces[place].actual = Some(slowed(&paces[place].want, symbols, open, over));
    }
    for place in (0..paces.len()).rev() {
        if total(&paces, symbols, open) <= affordable {
            return paces;
        }
        if paces[place].want.may_drop {
            paces[place].actual = None;
        }
    }
    paces
}

/// Requests that a plan takes over `open`.
#[must_use]
pub fn total(paces: &[Pace], symbols: u32, open: TimeDelta) -> f64 {
    let cost =
        |pace: &Pace| pace.actual.map_or(0.0, |every| cost(&pace.want, every, symbols, open));
    paces.iter().map(cost).sum()
}

/// The pace at which a series costs `over` requests less, or its slowest.
fn slowed(want: &Want, symbols: u32, open: TimeDelta, over: f64) -> TimeDelta {
    let affordable = cost(want, want.desired, symbols, open) - over;
    let per_second = want.requests * f64::from(symbols) * open.as_seconds_f64();
    if affordable <= 0.0 {
        return want.slowest;
    }
    #[expect(clippy::cast_possible_truncation, reason = "held below the slowest pace")]
    let seconds = (per_second / affordable).ceil().min(want.slowest.as_seconds_f64()) as i64;
    TimeDelta::seconds(seconds).max(want.desired)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: TimeDelta = TimeDelta::hours(16);

    fn pace(paces: &[Pace], series: Series) -> Option<i64> {
        let pace = paces.iter().find(|pace| pace.want.series == series).unwrap();
        pace.actual.map(|every| every.num_seconds())
    }

    #[test]
    fn with_enough_left_every_series_is_asked_as_wanted() {
        for left in [None, Some(1_000_000)] {
            assert!(spread(&WANTS, 4, left, DAY).iter().all(Pace::is_as_wanted));
        }
    }

    #[test]
    fn the_least_important_series_is_slowed_first() {
        let wish = total(&spread(&WANTS, 4, None, DAY), 4, DAY);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a test's number"
        )]
        let left = ((wish - 10.0) / 0.9) as u32;
        let paces = spread(&WANTS, 4, Some(left), DAY);
        let slower: Vec<Series> =
            paces.iter().filter(|pace| !pace.is_as_wanted()).map(|pace| pace.want.series).collect();
        assert_eq!(slower, [Series::Contracts]);
    }

    #[test]
    fn tapes_and_bars_are_slowed_last_and_never_dropped() {
        let paces = spread(&WANTS, 4, Some(10), DAY);
        assert_eq!(pace(&paces, Series::Prints), Some(240));
        assert_eq!(pace(&paces, Series::Bars), Some(120));
        assert_eq!(pace(&paces, Series::OptionTrades), Some(240));
        assert_eq!(pace(&paces, Series::FlowAlerts), Some(300));
        assert_eq!(pace(&paces, Series::NetPremium), None);
    }

    #[test]
    fn what_is_worth_most_is_dropped_last() {
        let slowest: Vec<Pace> =
            WANTS.iter().map(|want| Pace { want: *want, actual: Some(want.slowest) }).collect();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a test's number"
        )]
        let left = ((total(&slowest, 4, DAY) - 1.0) / 0.9) as u32;
        let paces = spread(&WANTS, 4, Some(left), DAY);
        assert_eq!(pace(&paces, Series::Contracts), None);
        assert_eq!(pace(&paces, Series::NetPremium), Some(300));
    }

    proptest! {
        #[test]
        fn a_plan_costs_no_more_than_is_left_unless_nothing_can_be_given_up(
            left in 0_u32..60_000, symbols in 1_u32..100, hours in 1_i64..17,
        ) {
            let open = TimeDelta::hours(hours);
            let paces = spread(&WANTS, symbols, Some(left), open);
            let over = total(&paces, symbols, open) > f64::from(left);
            let spare = |pace: &Pace| pace.want.may_drop && pace.actual.is_some();
            prop_assert!(!over || !paces.iter().any(spare));
            for pace in &paces {
                let bounds = pace.want.desired..=pace.want.slowest;
                prop_assert!(pace.actual.is_none_or(|every| bounds.contains(&every)));
            }
        }
    }
}
