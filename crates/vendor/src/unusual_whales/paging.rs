//! Walking back through prints, option trades or alerts, page by page.
//!
//! The vendor pages by time, newest first, in whole seconds that many rows share. So a page may
//! end inside a second. The walk asks again from one second above the oldest row of a page and
//! drops what comes twice.
//!
//! When one second fills a whole page, time cannot move the walk on. Where the vendor can, the
//! same second is then read from its other end (oldest first): what both ends bring together is
//! the whole second, up to twice the page. If the two ends do not meet, or there is no other end
//! to read from, rows of that second are out of reach. The walk says so
//! ([`Step::OverfullSecond`]) and goes on below that second.

mod flow;
mod prints;

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

pub use flow::FlowPager;
pub use prints::PrintPager;

use super::query::Order;
use crate::Page;

/// Most pages of one walk: at 500 prints a page more than twenty times the busiest session seen.
/// A walk that is longer goes on with `starting_below`.
pub const MAX_PAGES_PER_WALK: u32 = 240;
/// How often in one walk a page that leads nowhere is asked for again.
const MAX_STALLS: u32 = 2;
const SECOND: TimeDelta = TimeDelta::seconds(1);

/// What to do after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask for the next page.
    More,
    /// The walk has reached its end: nothing above it is missing but what was told.
    Done,
    /// One second holds more than can be read. Record the gap, then ask for the next page.
    OverfullSecond {
        /// The second.
        second: DateTime<Utc>,
        /// How many of its rows were read.
        delivered: usize,
    },
    /// The walk ended before its end: too many pages, or pages that lead nowhere. What lies
    /// below `reached` is missing.
    Capped {
        /// Everything from this instant on has been read; none when nothing has.
        reached: Option<DateTime<Utc>>,
    },
}

/// A row that is paged by time.
pub trait Paged {
    /// What tells it from its neighbours.
    type Id: Copy + Eq + Hash + Debug;

    /// What tells it from its neighbours of the same second.
    fn id(&self) -> Self::Id;

    /// The time that the vendor pages by.
    fn paged_at(&self) -> DateTime<Utc>;

    /// Its trading day.
    fn session_date(&self) -> NaiveDate;
}

/// The part of a query that moves a walk on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cursor {
    older_than: Option<DateTime<Utc>>,
    newer_than: Option<DateTime<Utc>>,
    order: Order,
}

/// A walk, newest first. Pure: it asks nothing itself.
#[derive(Clone, Debug)]
struct Walk<R: Paged> {
    /// The day to stay in; rows of all days when there is none.
    session_date: Option<NaiveDate>,
    stop_at: Option<DateTime<Utc>>,
    limit: u16,
    /// Whether a second can be read from its oldest row up.
    has_other_end: bool,
    place: Place<R>,
    pages: u32,
    stalls: u32,
}

#[derive(Clone, Debug)]
enum Place<R: Paged> {
    /// Reading down. `seen` are the rows of the second just below `older_than`, which the last
    /// page may have cut.
    Down { older_than: Option<DateTime<Utc>>, seen: HashSet<R::Id> },
    /// Reading one second from its oldest row up, after its newest ones filled a page.
    Second { second: DateTime<Utc>, top: End<R> },
}

/// What one end of an overfull second brought.
#[derive(Clone, Debug)]
struct End<R: Paged> {
    seen: HashSet<R::Id>,
    first: Option<R::Id>,
    last: Option<R::Id>,
}

impl<R: Paged + Clone> Walk<R> {
    fn new(session_date: Option<NaiveDate>, stop_at: Option<DateTime<Utc>>, limit: u16) -> Self {
        let place = Place::Down { older_than: None, seen: HashSet::new() };
        Self { session_date, stop_at, limit, has_other_end: false, place, pages: 0, stalls: 0 }
    }

    fn starting_below(&mut self, older_than: DateTime<Utc>) {
        self.place = Place::Down { older_than: Some(older_than), seen: HashSet::new() };
    }

    fn cursor(&self) -> Cursor {
        match &self.place {
            Place::Down { older_than, .. } => {
                Cursor { older_than: *older_than, ..Cursor::default() }
            }
            Place::Second { second, .. } => Cursor {
                older_than: Some(*second + SECOND),
                newer_than: Some(*second - SECOND),
                order: Order::OldestFirst,
            },
        }
    }

    fn on_page(&mut self, page: &mut Page<R>) -> Step {
        self.pages += 1;
        let place = std::mem::replace(
            &mut self.place,
            Place::Down { older_than: None, seen: HashSet::new() },
        );
        match place {
            Place::Down { older_than, seen } => self.on_lower_page(page, older_than, seen),
            Place::Second { second, top } => self.on_second_end(page, second, &top),
        }
    }

    fn on_lower_page(
        &mut self,
        page: &mut Page<R>,
        older_than: Option<DateTime<Utc>>,
        seen: HashSet<R::Id>,
    ) -> Step {
        let span = Span::of(&page.rows);
        let end = span.map(|span| End::of(&page.rows, span.oldest));
        let leads_nowhere = self.leads_nowhere(&page.rows, span, older_than);
        let is_over = |row: &R| self.session_date.is_some_and(|date| row.session_date() < date);
        let is_session_over = page.rows.iter().any(is_over);
        page.rows.retain(|row| !(is_just_below(row, older_than) && seen.contains(&row.id())));
        let is_short = page.delivered < usize::from(self.limit);
        if leads_nowhere && !(page.rows.is_empty() && is_short) {
            return self.stall(older_than, seen);
        }
        let (Some(span), Some(end)) = (span, end) else {
            return Step::Done;
        };
        if is_short || is_session_over || self.stop_at.is_some_and(|stop| span.oldest <= stop) {
            return Step::Done;
        }
        let below = span.oldest + SECOND;
        if span.oldest < span.newest {
            self.place = Place::Down { older_than: Some(below), seen: end.seen };
            return self.more(Some(below));
        }
        let (second, top) = (span.oldest, end.joined(seen));
        if !self.has_other_end {
            self.starting_below(second);
            return Step::OverfullSecond { second, delivered: top.seen.len() };
        }
        self.place = Place::Second { second, top };
        self.more(Some(below))
    }

    fn on_second_end(&mut self, page: &mut Page<R>, second: DateTime<Utc>, top: &End<R>) -> Step {
        let bottom = End::of(&page.rows, second);
        let is_short = page.delivered < usize::from(self.limit);
        let is_whole = is_short || bottom.meets(top);
        page.rows
            .retain(|row| whole_second(row.paged_at()) != second || !top.seen.contains(&row.id()));
        if !is_whole && bottom.first == top.first && self.stalls < MAX_STALLS {
            // The first end came again: perhaps only this once.
            self.stalls += 1;
            self.place = Place::Second { second, top: top.clone() };
            return self.more(Some(second + SECOND));
        }
        let delivered = top.seen.union(&bottom.seen).count();
        self.place = Place::Down { older_than: Some(second), seen: HashSet::new() };
        if !is_whole {
            return Step::OverfullSecond { second, delivered };
        }
        if self.stop_at.is_some_and(|stop| second <= stop) {
            return Step::Done;
        }
        self.more(Some(second))
    }

    /// Whether a page is not what was asked for: nothing readable, nothing below the cursor,
    /// something above it, or only rows of later sessions.
    fn leads_nowhere(
        &self,
        rows: &[R],
        span: Option<Span>,
        older_than: Option<DateTime<Utc>>,
    ) -> bool {
        let is_later = |row: &R| self.session_date.is_some_and(|date| row.session_date() > date);
        let is_beside = |span: Span| {
            older_than.is_some_and(|limit| span.newest > limit || span.oldest >= limit)
        };
        span.is_none_or(is_beside) || rows.iter().all(is_later)
    }

    fn more(&self, reached: Option<DateTime<Utc>>) -> Step {
        if self.pages >= MAX_PAGES_PER_WALK { Step::Capped { reached } } else { Step::More }
    }

    /// The page was not what was asked for (a repeated one, or all of it unreadable).
    fn stall(&mut self, older_than: Option<DateTime<Utc>>, seen: HashSet<R::Id>) -> Step {
        self.stalls += 1;
        self.place = Place::Down { older_than, seen };
        if self.stalls > MAX_STALLS {
            return Step::Capped { reached: older_than };
        }
        self.more(older_than)
    }
}

/// The seconds of the newest and the oldest row of a page.
#[derive(Clone, Copy)]
struct Span {
    newest: DateTime<Utc>,
    oldest: DateTime<Utc>,
}

impl Span {
    fn of<R: Paged>(rows: &[R]) -> Option<Self> {
        let seconds = || rows.iter().map(|row| whole_second(row.paged_at()));
        Some(Self { newest: seconds().max()?, oldest: seconds().min()? })
    }
}

impl<R: Paged> End<R> {
    /// The rows of one second, in the order of the page.
    fn of(rows: &[R], second: DateTime<Utc>) -> Self {
        let inside = rows.iter().filter(|row| whole_second(row.paged_at()) == second);
        let identities: Vec<R::Id> = inside.map(R::id).collect();
        Self {
            first: identities.first().copied(),
            last: identities.last().copied(),
            seen: identities.into_iter().collect(),
        }
    }

    fn joined(mut self, seen: HashSet<R::Id>) -> Self {
        self.seen.extend(seen);
        self
    }

    /// Whether two ends, read in opposite directions, overlap: each one's last row is among the
    /// other's. A page that begins like the other was not read in the opposite direction.
    fn meets(&self, top: &Self) -> bool {
        let is_among = |last: Option<R::Id>, seen: &HashSet<R::Id>| {
            last.is_some_and(|identity| seen.contains(&identity))
        };
        self.first != top.first && is_among(self.last, &top.seen) && is_among(top.last, &self.seen)
    }
}

fn is_just_below<R: Paged>(row: &R, older_than: Option<DateTime<Utc>>) -> bool {
    older_than.is_some_and(|limit| whole_second(row.paged_at()) + SECOND == limit)
}

fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at)
}

#[cfg(test)]
mod tests;
