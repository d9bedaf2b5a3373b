//! A walk through the prints of one symbol and session.

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::{Print, Symbol};

use super::super::query::PrintsQuery;
use super::{Paged, Step, Walk};
use crate::Page;

/// A walk, newest first. Pure: it asks nothing itself.
#[derive(Clone, Debug)]
pub struct PrintPager {
    symbol: Symbol,
    session_date: NaiveDate,
    min_premium: Option<u64>,
    walk: Walk<Print>,
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
        let walk = Walk { has_other_end: true, ..Walk::new(Some(session_date), stop_at, limit) };
        Self { symbol, session_date, min_premium: None, walk }
    }

    /// Begins below an instant instead of at the newest print: goes on with an earlier walk.
    #[must_use]
    pub fn starting_below(mut self, older_than: DateTime<Utc>) -> Self {
        self.walk.starting_below(older_than);
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
        self.walk.pages
    }

    /// What to ask for next.
    #[must_use]
    pub fn next(&self) -> PrintsQuery {
        let cursor = self.walk.cursor();
        PrintsQuery {
            session_date: Some(self.session_date),
            limit: self.walk.limit,
            min_premium: self.min_premium,
            older_than: cursor.older_than,
            newer_than: cursor.newer_than,
            order: cursor.order,
            ..PrintsQuery::new(self.symbol.clone())
        }
    }

    /// Takes in the answer to [`Self::next`], and removes from it the prints that the page before
    /// it already brought. Prints of another session stay in the page: they are true prints.
    pub fn on_page(&mut self, page: &mut Page<Print>) -> Step {
        self.walk.on_page(page)
    }
}

impl Paged for Print {
    type Id = i64;

    fn id(&self) -> i64 {
        self.identity()
    }

    fn paged_at(&self) -> DateTime<Utc> {
        self.reported_at
    }

    fn session_date(&self) -> NaiveDate {
        self.session_date
    }
}
