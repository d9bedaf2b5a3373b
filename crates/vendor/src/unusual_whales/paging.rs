//! Walking back through the prints of one symbol and session, page by page.
//!
//! The vendor pages by time, newest first, and its stamps are whole seconds that many prints
//! share. So a page may end inside a second. The walk asks again from one second above the
//! oldest print of a page and drops what comes twice.
//!
//! When one second fills a whole page, time cannot move the walk on. The same second is then read
//! from its other end (oldest first): what both ends bring together is the whole second, up to
//! twice the page. If the two ends do not meet, prints between them are out of reach. The walk
//! says so ([`Step::OverfullSecond`]) and goes on below that second.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use undertow_market::{Print, Symbol};

use super::query::{Order, PrintsQuery};
use crate::Page;

/// Most pages of one walk: at 500 prints a page more than twenty times the busiest session seen.
/// A walk that is longer goes on with [`PrintPager::starting_below`].
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
        /// How many of its prints were read.
        delivered: usize,
    },
    /// The walk ended before its end: too many pages, or pages that lead nowhere. What lies
    /// below `reached` is missing.
    Capped {
        /// Everything from this instant on has been read; none when nothing has.
        reached: Option<DateTime<Utc>>,
    },
}

/// A walk, newest first. Pure: it asks nothing itself.
#[derive(Clone, Debug)]
pub struct PrintPager {
    symbol: Symbol,
    session_date: NaiveDate,
    stop_at: Option<DateTime<Utc>>,
    limit: u16,
    min_premium: Option<u64>,
    place: Place,
    pages: u32,
    stalls: u32,
}

#[derive(Clone, Debug)]
enum Place {
    /// Reading down. `seen` are the prints of the second just below `older_than`, which the last
    /// page may have cut.
    Down { older_than: Option<DateTime<Utc>>, seen: HashSet<i64> },
    /// Reading one second from its oldest print up, after its newest ones filled a page.
    Second { second: DateTime<Utc>, top: End },
}

/// What one end of an overfull second brought.
#[derive(Clone, Debug)]
struct End {
    seen: HashSet<i64>,
    first: Option<i64>,
    last: Option<i64>,
}

impl PrintPager {
    /// A walk through a session from its newest print. With `stop_at` it ends at the first page
    /// that reaches that instant: everything after it has been read then.
    #[must_use]
    pub fn new(
        symbol: Symbol,
        session_date: NaiveDate,
        stop_at: Option<DateTime<Utc>>,
        limit: u16,
    ) -> Self {
        let place = Place::Down { older_than: None, seen: HashSet::new() };
        let (min_premium, pages, stalls) = (None, 0, 0);
        Self { symbol, session_date, stop_at, limit, min_premium, place, pages, stalls }
    }

    /// Begins below an instant instead of at the newest print: goes on with an earlier walk.
    #[must_use]
    pub fn starting_below(mut self, older_than: DateTime<Utc>) -> Self {
        self.place = Place::Down { older_than: Some(older_than), seen: HashSet::new() };
        self
    }

    /// Asks only for prints of at least this many dollars.
    #[must_use]
    pub fn with_min_premium(mut self, dollars: Option<u64>) -> Self {
        self.min_premium = dollars;
        self
    }

    /// Pages taken in so far.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// What to ask for next.
    #[must_use]
    pub fn next(&self) -> PrintsQuery {
        let query = PrintsQuery {
            session_date: Some(self.session_date),
            limit: self.limit,
            min_premium: self.min_premium,
            ..PrintsQuery::new(self.symbol.clone())
        };
        match &self.place {
            Place::Down { older_than, .. } => PrintsQuery { older_than: *older_than, ..query },
            Place::Second { second, .. } => PrintsQuery {
                older_than: Some(*second + SECOND),
                newer_than: Some(*second - SECOND),
                order: Order::OldestFirst,
                ..query
            },
        }
    }

    /// Takes in the answer to [`Self::next`], and removes from it the prints that the page before
    /// it already brought. Prints of another session stay in the page: they are true prints.
    pub fn on_page(&mut self, page: &mut Page<Print>) -> Step {
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
        page: &mut Page<Print>,
        older_than: Option<DateTime<Utc>>,
        seen: HashSet<i64>,
    ) -> Step {
        let span = Span::of(&page.rows);
        let end = span.map(|span| End::of(&page.rows, span.oldest));
        let leads_nowhere = self.leads_nowhere(&page.rows, span, older_than);
        let is_session_over = page.rows.iter().any(|row| row.session_date < self.session_date);
        page.rows.retain(|row| !(is_just_below(row, older_than) && seen.contains(&row.identity())));
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
        self.place = if span.oldest == span.newest {
            Place::Second { second: span.oldest, top: end.joined(seen) }
        } else {
            Place::Down { older_than: Some(below), seen: end.seen }
        };
        self.more(Some(below))
    }

    fn on_second_end(&mut self, page: &mut Page<Print>, second: DateTime<Utc>, top: &End) -> Step {
        let bottom = End::of(&page.rows, second);
        let is_short = page.delivered < usize::from(self.limit);
        let is_whole = is_short || bottom.meets(top);
        page.rows.retain(|row| {
            whole_second(row.reported_at) != second || !top.seen.contains(&row.identity())
        });
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
    /// something above it, or only prints of later sessions.
    fn leads_nowhere(
        &self,
        rows: &[Print],
        span: Option<Span>,
        older_than: Option<DateTime<Utc>>,
    ) -> bool {
        let is_later = |row: &Print| row.session_date > self.session_date;
        let is_beside = |span: Span| {
            older_than.is_some_and(|limit| span.newest > limit || span.oldest >= limit)
        };
        span.is_none_or(is_beside) || rows.iter().all(is_later)
    }

    fn more(&self, reached: Option<DateTime<Utc>>) -> Step {
        if self.pages >= MAX_PAGES_PER_WALK { Step::Capped { reached } } else { Step::More }
    }

    /// The page was not what was asked for (a repeated one, or all of it unreadable).
    fn stall(&mut self, older_than: Option<DateTime<Utc>>, seen: HashSet<i64>) -> Step {
        self.stalls += 1;
        self.place = Place::Down { older_than, seen };
        if self.stalls > MAX_STALLS {
            return Step::Capped { reached: older_than };
        }
        self.more(older_than)
    }
}

/// The seconds of the newest and the oldest print of a page.
#[derive(Clone, Copy)]
struct Span {
    newest: DateTime<Utc>,
    oldest: DateTime<Utc>,
}

impl Span {
    fn of(rows: &[Print]) -> Option<Self> {
        let seconds = || rows.iter().map(|row| whole_second(row.reported_at));
        Some(Self { newest: seconds().max()?, oldest: seconds().min()? })
    }
}

impl End {
    /// The prints of one second, in the order of the page.
    fn of(rows: &[Print], second: DateTime<Utc>) -> Self {
        let inside = rows.iter().filter(|row| whole_second(row.reported_at) == second);
        let identities: Vec<i64> = inside.map(Print::identity).collect();
        Self {
            first: identities.first().copied(),
            last: identities.last().copied(),
            seen: identities.into_iter().collect(),
        }
    }

    fn joined(mut self, seen: HashSet<i64>) -> Self {
        self.seen.extend(seen);
        self
    }

    /// Whether two ends, read in opposite directions, overlap: each one's last print is among the
    /// other's. A page that begins like the other was not read in the opposite direction.
    fn meets(&self, top: &Self) -> bool {
        let is_among = |last: Option<i64>, seen: &HashSet<i64>| {
            last.is_some_and(|identity| seen.contains(&identity))
        };
        self.first != top.first && is_among(self.last, &top.seen) && is_among(top.last, &self.seen)
    }
}

fn is_just_below(row: &Print, older_than: Option<DateTime<Utc>>) -> bool {
    older_than.is_some_and(|limit| whole_second(row.reported_at) + SECOND == limit)
}

fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at)
}

#[cfg(test)]
mod tests;
