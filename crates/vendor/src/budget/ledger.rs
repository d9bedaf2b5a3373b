//! The book-keeping of the budget: no waiting, no clock of its own.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    BudgetState, DAY_RESERVE_PERCENT, MINUTE_RESERVE_PERCENT, Priority, RateNews, Refused,
};
use crate::error::RateScope;

/// How long a minute lasts when the vendor does not say.
const MINUTE: Duration = Duration::from_secs(60);
/// How long to leave a spent day alone when the vendor does not say when it ends.
const BLIND_DAY_WAIT: TimeDelta = TimeDelta::hours(1);
/// More requests than this are never under way at once. A count that falls by more is that of a
/// new day.
const OVERTAKEN_BY: u32 = 32;
/// The largest limit of a minute that is learnt from a refusal. Who had more answers in a minute has
/// no small plan: the refusal passes.
const MOST_LEARNT: usize = 60;
/// How long to leave such a vendor alone when it does not say.
const PASSING_WAIT: Duration = Duration::from_secs(5);
/// Two answers speak of the same minute when its end differs by less than this (network delay).
const SAME_MINUTE: TimeDelta = TimeDelta::seconds(5);

pub(super) struct Ledger {
    pub(super) state: BudgetState,
    in_flight: u32,
    /// Nothing is known of this day yet: one request at a time.
    is_probing: bool,
    /// When the last answers came that were no refusals, at most [`MOST_LEARNT`].
    answered: VecDeque<DateTime<Utc>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Take {
    Granted,
    Refused(Refused),
    /// Look again at this time (when it is known) or when something changes.
    WaitUntil(Option<DateTime<Utc>>),
}

impl Ledger {
    pub(super) fn new(state: BudgetState) -> Self {
        let is_probing = state.observed_at.is_none();
        Self { state, in_flight: 0, is_probing, answered: VecDeque::new() }
    }

    pub(super) fn take(&mut self, priority: Priority, now: DateTime<Utc>) -> Take {
        self.turn_pages(now);
        let day = |retry_at| Take::Refused(Refused { scope: RateScope::Day, retry_at });
        if let Some(until) = self.state.day_exhausted_until {
            return day(Some(until));
        }
        if self.is_probing && self.in_flight > 0 {
            return Take::WaitUntil(None);
        }
        if self.is_day_spent(priority) {
            return day(self.state.day_resets_at);
        }
        if self.is_minute_spent(priority) {
            return Take::WaitUntil(self.state.minute_resets_at);
        }
        self.in_flight += 1;
        if self.state.minute_limit.is_some() && self.state.minute_resets_at.is_none() {
            self.state.minute_resets_at = Some(now + MINUTE);
        }
        self.state.day_used = self.state.day_used.map(|used| used.saturating_add(1));
        self.state.minute_remaining =
            self.state.minute_remaining.map(|left| left.saturating_sub(1));
        Take::Granted
    }

    pub(super) fn finish(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    pub(super) fn learn(&mut self, news: &RateNews, now: DateTime<Utc>) {
        // The vendor may not have counted the other requests that are under way.
        let others = self.in_flight.saturating_sub(1);
        let state = &mut self.state;
        state.day_limit = news.day_limit.or(state.day_limit);
        state.day_used = match (state.day_used, news.day_used) {
            // What is under way is counted in ours already, and answers can overtake each other:
            // a count just below ours is an older one.
            (Some(ours), Some(told)) if ours.saturating_sub(told) <= OVERTAKEN_BY => {
                Some(ours.max(told))
            }
            (_, Some(told)) => Some(told.saturating_add(others)),
            (ours, None) => ours,
        };
        state.day_resets_at = news.day_resets_at.or(state.day_resets_at);
        state.observed_at = Some(now);
        self.is_probing = false;
        self.learn_minute(news, others, now);
        if news.spent.is_none() {
            self.answered.push_back(now);
            if self.answered.len() > MOST_LEARNT {
                self.answered.pop_front();
            }
        }
        if news.spent == Some(RateScope::Day) {
            let reset = news.day_resets_at.unwrap_or(now + BLIND_DAY_WAIT);
            self.state.day_exhausted_until = Some(reset);
        }
    }

    fn learn_minute(&mut self, news: &RateNews, others: u32, now: DateTime<Utc>) {
        let is_spent = news.spent == Some(RateScope::Minute);
        let remaining = if is_spent { Some(0) } else { news.minute_remaining };
        let Some(remaining) = remaining.map(|left| left.saturating_sub(others)) else {
            return;
        };
        let is_told = news.minute_used.is_some() || news.minute_remaining.is_some();
        if is_spent
            && !is_told
            && (self.state.minute_limit.is_none() || self.state.is_minute_limit_learnt)
        {
            self.learn_from_refusal(news, now);
            return;
        }
        let state = &mut self.state;
        state.is_minute_limit_learnt &= !is_told;
        let resets_at = end_of_minute(news, state.minute_resets_at, now);
        let is_same_minute =
            state.minute_resets_at.is_some_and(|known| (resets_at - known).abs() < SAME_MINUTE);
        state.minute_limit = match (news.minute_used, news.minute_remaining) {
            (Some(used), Some(left)) => Some(used.saturating_add(left)),
            (_, left) => state.minute_limit.max(left),
        };
        // Answers can overtake each other: within a minute the lower figure is the newer one.
        state.minute_remaining = match state.minute_remaining {
            Some(known) if is_same_minute => Some(known.min(remaining)),
            _ => Some(remaining),
        };
        state.minute_resets_at = Some(resets_at);
    }

    /// A vendor that tells no limit has refused: as many as it answered in this minute is the limit.
    fn learn_from_refusal(&mut self, news: &RateNews, now: DateTime<Utc>) {
        let begin = now - MINUTE;
        let answered = self.answered.iter().filter(|at| **at > begin).count();
        let is_small_plan = answered < MOST_LEARNT;
        let wait = if is_small_plan { MINUTE } else { PASSING_WAIT };
        let wait = news.minute_resets_in.unwrap_or(wait).min(MINUTE);
        let state = &mut self.state;
        // A refusal before any answer says nothing of how many are allowed.
        let limit = u32::try_from(answered).ok().filter(|count| is_small_plan && *count > 0);
        state.minute_limit = limit;
        state.is_minute_limit_learnt = limit.is_some();
        state.minute_remaining = Some(0);
        state.minute_resets_at = Some(now + wait);
    }

    /// Forgets what belongs to a minute or a day that is over.
    fn turn_pages(&mut self, now: DateTime<Utc>) {
        let state = &mut self.state;
        let is_past = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at <= now);
        if is_past(state.minute_resets_at) {
            if state.is_minute_limit_learnt {
                // What was learnt may have been a passing fault, or the plan may have grown.
                let most = u32::try_from(MOST_LEARNT).unwrap_or(u32::MAX);
                let doubled = state.minute_limit.map(|limit| limit.saturating_mul(2));
                state.minute_limit = doubled.filter(|limit| *limit <= most);
                state.is_minute_limit_learnt = state.minute_limit.is_some();
            }
            state.minute_remaining = state.minute_limit;
            state.minute_resets_at = None;
        }
        if is_past(state.day_resets_at) || is_past(state.day_exhausted_until) {
            state.day_used = None;
            state.day_resets_at = None;
            state.day_exhausted_until = None;
            self.is_probing = true;
        }
    }

    fn is_day_spent(&self, priority: Priority) -> bool {
        let (Some(limit), Some(used)) = (self.state.day_limit, self.state.day_used) else {
            return false;
        };
        limit.saturating_sub(used) <= reserve(priority, limit, DAY_RESERVE_PERCENT)
    }

    fn is_minute_spent(&self, priority: Priority) -> bool {
        let limit = self.state.minute_limit.unwrap_or_default();
        let kept = reserve(priority, limit, MINUTE_RESERVE_PERCENT);
        self.state.minute_remaining.is_some_and(|left| left <= kept)
    }
}

fn reserve(priority: Priority, limit: u32, percent: u32) -> u32 {
    match priority {
        Priority::Live => 0,
        // Divided first: a limit of four thousand million must not overflow.
        Priority::Backfill => limit / 100 * percent + limit % 100 * percent / 100,
    }
}

fn end_of_minute(
    news: &RateNews,
    known: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    match (news.minute_resets_in, known) {
        (Some(wait), _) => now + wait.min(MINUTE),
        (None, Some(known)) if known > now => known,
        (None, _) => now + MINUTE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn minute(used: u32, left: u32, resets_in: u64) -> RateNews {
        RateNews {
            minute_used: Some(used),
            minute_remaining: Some(left),
            minute_resets_in: Some(Duration::from_secs(resets_in)),
            ..RateNews::default()
        }
    }

    /// Takes until no more is granted; the requests are answered but bring no news.
    fn take_all(ledger: &mut Ledger, priority: Priority, now: DateTime<Utc>) -> (u32, Take) {
        for granted in 0.. {
            match ledger.take(priority, now) {
                Take::Granted => ledger.finish(),
                end => return (granted, end),
            }
            assert!(granted < 100_000, "the budget never ends");
        }
        unreachable!("the loop has no end but the returns")
    }

    fn learnt(news: &RateNews) -> Ledger {
        let mut ledger = Ledger::new(BudgetState::default());
        ledger.learn(news, at(0));
        ledger
    }

    #[test]
    fn live_may_use_the_whole_minute_and_backfill_leaves_its_reserve() {
        for (priority, expected) in [(Priority::Live, 118), (Priority::Backfill, 88)] {
            let (granted, end) = take_all(&mut learnt(&minute(2, 118, 50)), priority, at(1));
            assert_eq!((granted, end), (expected, Take::WaitUntil(Some(at(50)))), "{priority:?}");
        }
    }

    #[test]
    fn live_may_use_the_whole_day_and_backfill_leaves_its_reserve() {
        let news = RateNews {
            day_limit: Some(1000),
            day_used: Some(100),
            day_resets_at: Some(at(9000)),
            ..RateNews::default()
        };
        for (priority, expected) in [(Priority::Live, 900), (Priority::Backfill, 400)] {
            let (granted, end) = take_all(&mut learnt(&news), priority, at(1));
            let refused = Refused { scope: RateScope::Day, retry_at: Some(at(9000)) };
            assert_eq!((granted, end), (expected, Take::Refused(refused)), "{priority:?}");
        }
    }

    #[test]
    fn a_new_minute_begins_with_the_learnt_limit() {
        let mut ledger = learnt(&minute(120, 0, 30));
        assert_eq!(ledger.take(Priority::Live, at(29)), Take::WaitUntil(Some(at(30))));
        assert_eq!(take_all(&mut ledger, Priority::Live, at(30)).0, 120);
    }

    #[test]
    fn a_limit_that_the_vendor_raises_or_lowers_is_followed() {
        let mut ledger = learnt(&minute(1, 119, 60));
        ledger.learn(&minute(1, 499, 60), at(61));
        assert_eq!(ledger.state.minute_limit, Some(500));
        ledger.learn(&minute(1, 9, 60), at(122));
        assert_eq!(take_all(&mut ledger, Priority::Live, at(123)).0, 9);
    }

    #[test]
    fn an_answer_that_was_overtaken_gives_nothing_back() {
        let mut ledger = learnt(&minute(10, 110, 40));
        ledger.learn(&minute(3, 117, 41), at(0));
        assert_eq!(ledger.state.minute_remaining, Some(110));
    }

    #[test]
    fn requests_under_way_are_counted_until_the_vendor_counts_them() {
        let mut ledger = learnt(&minute(0, 120, 60));
        for _ in 0..3 {
            assert_eq!(ledger.take(Priority::Live, at(1)), Take::Granted);
        }
        ledger.learn(&minute(1, 119, 59), at(1));
        assert_eq!(ledger.state.minute_remaining, Some(117));
    }

    #[test]
    fn a_minute_refusal_stops_everything_until_its_end() {
        let refusal = RateNews { spent: Some(RateScope::Minute), ..minute(80, 40, 20) };
        let mut ledger = learnt(&refusal);
        assert_eq!(ledger.take(Priority::Live, at(19)), Take::WaitUntil(Some(at(20))));
        assert_eq!(ledger.take(Priority::Live, at(20)), Take::Granted);
        let mut blind = learnt(&RateNews { spent: Some(RateScope::Minute), ..RateNews::default() });
        assert_eq!(blind.take(Priority::Live, at(0)), Take::WaitUntil(Some(at(60))));
    }

    /// As many answers as the plan gives, then the refusal.
    fn refused_after(ledger: &mut Ledger, answers: u32, now: DateTime<Utc>) {
        for _ in 0..answers {
            assert_eq!(ledger.take(Priority::Live, now), Take::Granted);
            ledger.learn(&RateNews::default(), now);
            ledger.finish();
        }
        assert_eq!(ledger.take(Priority::Live, now), Take::Granted);
        ledger.learn(&RateNews { spent: Some(RateScope::Minute), ..RateNews::default() }, now);
        ledger.finish();
    }

    #[test]
    fn a_vendor_that_tells_no_limit_teaches_it_by_refusing() {
        let mut ledger = Ledger::new(BudgetState::default());
        refused_after(&mut ledger, 5, at(0));
        assert_eq!(ledger.state.minute_limit, Some(5));
        assert!(ledger.state.is_minute_limit_learnt);
        assert_eq!(ledger.take(Priority::Live, at(59)), Take::WaitUntil(Some(at(60))));
        // The next minute tries twice as many, and is taught the same again.
        refused_after(&mut ledger, 5, at(60));
        assert_eq!(ledger.state.minute_limit, Some(5));
        assert_eq!(ledger.take(Priority::Live, at(119)), Take::WaitUntil(Some(at(120))));
    }

    #[test]
    fn a_learnt_limit_is_kept_to_until_it_is_forgotten() {
        let mut ledger = Ledger::new(BudgetState::default());
        refused_after(&mut ledger, 5, at(0));
        for (minute, expected) in [(60, 10), (121, 20), (182, 40)] {
            let (granted, end) = take_all(&mut ledger, Priority::Live, at(minute));
            assert_eq!((granted, end), (expected, Take::WaitUntil(Some(at(minute + 60)))));
        }
        assert_eq!(ledger.take(Priority::Live, at(243)), Take::Granted);
        assert_eq!(
            ledger.state.minute_limit, None,
            "a plan of eighty a minute is none that is sold"
        );
    }

    #[test]
    fn a_refusal_amid_many_answers_passes() {
        let mut ledger = Ledger::new(BudgetState::default());
        refused_after(&mut ledger, 100, at(0));
        assert_eq!(ledger.take(Priority::Live, at(4)), Take::WaitUntil(Some(at(5))));
        assert_eq!(take_all_of(&mut ledger, 500, at(5)), 500);
    }

    /// Takes up to so many.
    fn take_all_of(ledger: &mut Ledger, most: u32, now: DateTime<Utc>) -> u32 {
        (0..most).take_while(|_| ledger.take(Priority::Live, now) == Take::Granted).count() as u32
    }

    #[test]
    fn a_new_day_is_probed_one_request_at_a_time() {
        let state = BudgetState {
            day_limit: Some(100),
            day_used: Some(100),
            day_resets_at: Some(at(50)),
            observed_at: Some(at(0)),
            ..BudgetState::default()
        };
        let mut ledger = Ledger::new(state);
        assert!(matches!(ledger.take(Priority::Live, at(49)), Take::Refused(_)));
        assert_eq!(ledger.take(Priority::Live, at(50)), Take::Granted);
        assert_eq!(ledger.take(Priority::Live, at(50)), Take::WaitUntil(None));
        ledger.learn(&RateNews { day_used: Some(1), ..RateNews::default() }, at(51));
        assert_eq!(ledger.take(Priority::Live, at(51)), Take::Granted);
    }

    #[test]
    fn a_plan_without_a_minute_limit_is_not_held_back() {
        let mut ledger = learnt(&minute(0, 1_000_000, 60));
        for _ in 0..5000 {
            assert_eq!(ledger.take(Priority::Backfill, at(1)), Take::Granted);
        }
    }

    #[test]
    fn the_reserve_of_the_largest_limit_does_not_overflow() {
        assert_eq!(reserve(Priority::Backfill, u32::MAX, 50), u32::MAX / 2);
        assert_eq!(reserve(Priority::Backfill, 3, 25), 0);
        assert_eq!(reserve(Priority::Backfill, 120, 25), 30);
    }
}
