//! A walk through option trades or alerts.

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::{FlowAlert, OptionTrade};
use uuid::Uuid;

use super::super::query::FlowQuery;
use super::{Paged, Step, Walk};
use crate::Page;

/// A walk through what a query asks for, newest first. Pure: it asks nothing itself.
///
/// It knows no sessions: trades are only ever those of the vendor's latest day, and alerts are of
/// any. Rows cannot be asked for oldest first, so a second that fills a page is a gap.
#[derive(Clone, Debug)]
pub struct FlowPager<R: Paged> {
    query: FlowQuery,
    walk: Walk<R>,
}

impl<R: Paged + Clone> FlowPager<R> {
    /// A walk from the newest row, or from the query's `older_than`. With `stop_at` it ends at
    /// the first page that reaches that instant: everything after it has been read then.
    #[must_use]
    pub fn new(query: FlowQuery, stop_at: Option<DateTime<Utc>>) -> Self {
        let mut walk = Walk::new(None, stop_at, query.limit);
        if let Some(older_than) = query.older_than {
            walk.starting_below(older_than);
        }
        Self { query, walk }
    }

    /// Begins below an instant instead of at the newest row: goes on with an earlier walk.
    #[must_use]
    pub fn starting_below(mut self, older_than: DateTime<Utc>) -> Self {
        self.walk.starting_below(older_than);
        self
    }

    /// Pages taken in so far.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.walk.pages
    }

    /// What to ask for next.
    #[must_use]
    pub fn next(&self) -> FlowQuery {
        FlowQuery { older_than: self.walk.cursor().older_than, ..self.query.clone() }
    }

    /// Takes in the answer to [`Self::next`], and removes from it the rows that the page before
    /// it already brought.
    pub fn on_page(&mut self, page: &mut Page<R>) -> Step {
        self.walk.on_page(page)
    }
}

impl Paged for OptionTrade {
    type Id = Uuid;

    fn id(&self) -> Uuid {
        self.id
    }

    fn paged_at(&self) -> DateTime<Utc> {
        self.executed_at
    }

    fn session_date(&self) -> NaiveDate {
        self.session_date
    }
}

impl Paged for FlowAlert {
    type Id = Uuid;

    fn id(&self) -> Uuid {
        self.id
    }

    fn paged_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    fn session_date(&self) -> NaiveDate {
        self.session_date
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use undertow_market::{MarketSession, Symbol, TradeFlags, VendorId};

    use super::*;

    const OPEN: i64 = 1_772_461_800;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(OPEN * 1000 + ms).unwrap()
    }

    fn trade(ms: i64, id: u128) -> OptionTrade {
        OptionTrade {
            vendor: VendorId::UnusualWhales,
            id: Uuid::from_u128(id),
            symbol: Symbol::new("SPY").unwrap(),
            contract: "SPY260320C00515000".parse().unwrap(),
            session_date: NaiveDate::from_ymd_opt(2026, 3, 2).unwrap(),
            session: MarketSession::Regular,
            executed_at: at(ms),
            received_at: at(0),
            price: "3.15".parse().unwrap(),
            size: 40,
            quote: None,
            underlying_price: None,
            implied_volatility: None,
            delta: None,
            gamma: None,
            open_interest: None,
            day_volume: None,
            flags: TradeFlags::empty(),
            condition: None,
            exchange: None,
        }
    }

    /// A tape, `counts[i]` trades in second `i`, spread over its milliseconds.
    fn tape(counts: &[usize]) -> Vec<OptionTrade> {
        let mut rows = Vec::new();
        for (second, count) in (0..).zip(counts) {
            for place in 0..*count {
                let ms = second * 1000 + (place * 997 / count) as i64;
                rows.push(trade(ms, rows.len() as u128 + 1));
            }
        }
        rows
    }

    /// Answers as the vendor does: strict bound, newest first.
    fn serve(tape: &[OptionTrade], query: &FlowQuery) -> Page<OptionTrade> {
        let is_inside = |row: &&OptionTrade| {
            query.older_than.is_none_or(|limit| row.executed_at.timestamp() < limit.timestamp())
        };
        let newest_first = tape.iter().rev().filter(is_inside);
        let rows: Vec<_> = newest_first.take(usize::from(query.limit)).cloned().collect();
        let (delivered, request) = (rows.len(), String::new());
        Page { rows, rejects: Vec::new(), delivered, received_at: at(0), request }
    }

    /// A second that is out of reach, and how many of its trades came.
    type Gap = (DateTime<Utc>, usize);

    /// The ids in the order of their arrival, the gaps, and how the walk ended.
    fn walk(
        tape: &[OptionTrade],
        limit: u16,
        stop_at: Option<DateTime<Utc>>,
    ) -> (Vec<u128>, Vec<Gap>, Step) {
        let query = FlowQuery { limit, ..FlowQuery::trades(Vec::new()) };
        let mut pager = FlowPager::new(query, stop_at);
        let (mut ids, mut gaps) = (Vec::new(), Vec::new());
        loop {
            let mut page = serve(tape, &pager.next());
            let step = pager.on_page(&mut page);
            ids.extend(page.rows.iter().map(|row| row.id.as_u128()));
            match step {
                Step::More => {}
                Step::OverfullSecond { second, delivered } => gaps.push((second, delivered)),
                end => return (ids, gaps, end),
            }
        }
    }

    fn check_whole(counts: &[usize], limit: u16) {
        let tape = tape(counts);
        let (ids, gaps, end) = walk(&tape, limit, None);
        let expected: Vec<u128> = (1..=tape.len() as u128).rev().collect();
        assert_eq!((ids, gaps, end), (expected, vec![], Step::Done), "{counts:?}");
    }

    #[test]
    fn a_page_that_ends_inside_a_second_loses_none_of_its_trades() {
        check_whole(&[3, 3, 3, 3, 3], 4);
        check_whole(&[1, 1, 3, 1], 4);
        check_whole(&[], 4);
        check_whole(&[0, 4], 5);
    }

    #[test]
    fn a_second_that_fills_a_page_is_a_gap_and_the_walk_goes_on() {
        let (ids, gaps, end) = walk(&tape(&[2, 9, 2]), 5, None);
        // The first page reaches into the second, the next one is all of it.
        assert_eq!(gaps, [(at(1000), 5)]);
        assert_eq!(ids, [13, 12, 11, 10, 9, 8, 7, 2, 1]);
        assert_eq!(end, Step::Done);
    }

    #[test]
    fn the_walk_stops_where_it_is_told_to_and_keeps_its_query() {
        let (ids, _, end) = walk(&tape(&[2; 50]), 6, Some(at(40_000)));
        assert_eq!(end, Step::Done);
        assert!(ids.len() < 30 && (82..=100).all(|id| ids.contains(&id)), "{ids:?}");
        let query = FlowQuery {
            min_premium: Some(10_000),
            ..FlowQuery::alerts(vec![Symbol::new("SPY").unwrap()])
        };
        let pager = FlowPager::<FlowAlert>::new(query.clone(), None).starting_below(at(5000));
        assert_eq!(pager.next(), FlowQuery { older_than: Some(at(5000)), ..query });
    }

    proptest! {
        #[test]
        fn whatever_the_seconds_hold_each_trade_comes_once(
            counts in prop::collection::vec(0_usize..9, 0..60),
            limit in 10_u16..30,
        ) {
            check_whole(&counts, limit);
        }
    }
}
