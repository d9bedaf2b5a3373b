//! Holds the plan of the day: makes it anew as the budget changes, and counts what was asked.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use undertow_market::Calendar;
use undertow_market::calendar::new_york_date;
use undertow_vendor::BudgetState;

use crate::feed::Series;
use crate::plan::{self, Pace, WANTS};

/// With less of the day left than this, the plan is that of this much: a reset that is a minute
/// late must not find the budget spent.
const SHORTEST_PLAN: TimeDelta = TimeDelta::minutes(10);

/// The plan of the day, and how it is kept.
#[derive(Debug, Default)]
pub(crate) struct Planner(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    paces: Vec<Pace>,
    symbols: u32,
    left: Option<u32>,
    asked_on: Option<NaiveDate>,
    asked: BTreeMap<Series, u64>,
    /// Option trades arrive by the stream: asking is only a check.
    streams: bool,
}

/// The plan at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Every series, the most important first.
    pub paces: Vec<Pace>,
    /// Symbols that each is asked for.
    pub symbols: u32,
    /// Requests left today; none = the vendor has not said.
    pub left: Option<u32>,
    /// Requests that each series made today.
    pub asked: BTreeMap<Series, u64>,
}

impl Planner {
    /// Makes the plan anew.
    pub(crate) fn make(
        &self,
        calendar: &Calendar,
        now: DateTime<Utc>,
        budget: &BudgetState,
        symbols: usize,
    ) {
        let left =
            budget.day_limit.zip(budget.day_used).map(|(most, used)| most.saturating_sub(used));
        let symbols = u32::try_from(symbols).unwrap_or(u32::MAX);
        let mut state = self.lock();
        let today = new_york_date(now);
        if state.asked_on != Some(today) {
            state.asked_on = Some(today);
            state.asked.clear();
        }
        state.paces = plan::spread(&WANTS, symbols, left, open_for(calendar, now));
        (state.symbols, state.left) = (symbols, left);
    }

    /// How often a series is asked for; none = dropped.
    pub(crate) fn pace(&self, series: Series) -> Option<TimeDelta> {
        let state = self.lock();
        let known = state.paces.iter().find(|pace| pace.want.series == series);
        match known {
            Some(pace) if series == Series::OptionTrades && state.streams => {
                Some(pace.want.slowest)
            }
            Some(pace) => pace.actual,
            None => WANTS.iter().find(|want| want.series == series).map(|want| want.desired),
        }
    }

    /// How often a series is asked for that is never dropped.
    pub(crate) fn needed_pace(&self, series: Series) -> TimeDelta {
        self.pace(series).unwrap_or(TimeDelta::minutes(1))
    }

    /// Whether a series is asked for as often as is wanted.
    pub(crate) fn is_as_wanted(&self, series: Series) -> bool {
        let want = WANTS.iter().find(|want| want.series == series).map(|want| want.desired);
        self.pace(series) == want
    }

    /// Whether option trades arrive by the stream.
    pub(crate) fn set_streams(&self, streams: bool) {
        self.lock().streams = streams;
    }

    /// Notes that a series was asked for.
    pub(crate) fn count(&self, series: Series) {
        *self.lock().asked.entry(series).or_default() += 1;
    }

    /// The plan at a glance.
    pub(crate) fn view(&self) -> Plan {
        let state = self.lock();
        Plan {
            paces: state.paces.clone(),
            symbols: state.symbols,
            left: state.left,
            asked: state.asked.clone(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The market time that the day's budget has to last.
fn open_for(calendar: &Calendar, now: DateTime<Utc>) -> TimeDelta {
    let latest = calendar.latest_session(now).and_then(|date| calendar.session(date));
    let left = latest.map_or(TimeDelta::zero(), |hours| hours.post_end_at - now);
    left.max(SHORTEST_PLAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(used: u32) -> BudgetState {
        BudgetState { day_limit: Some(20_000), day_used: Some(used), ..BudgetState::default() }
    }

    #[test]
    fn a_spent_budget_slows_the_plan_and_a_new_day_restores_it() {
        let (calendar, planner) = (Calendar::nyse(), Planner::default());
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        planner.make(&calendar, at("2026-03-02T15:00:00Z"), &budget(19_900), 4);
        assert_eq!(planner.pace(Series::Gamma), None);
        assert_eq!(planner.pace(Series::Prints), Some(TimeDelta::minutes(4)));
        planner.count(Series::Prints);
        planner.make(&calendar, at("2026-03-03T20:00:00Z"), &budget(10), 4);
        assert_eq!(planner.pace(Series::Gamma), Some(TimeDelta::minutes(30)));
        assert!(planner.view().asked.is_empty(), "the count is of the day");
    }

    #[test]
    fn with_the_stream_live_trades_are_only_checked() {
        let planner = Planner::default();
        planner.make(&Calendar::nyse(), Utc::now(), &BudgetState::default(), 1);
        planner.set_streams(true);
        assert_eq!(planner.pace(Series::OptionTrades), Some(TimeDelta::minutes(4)));
    }
}
