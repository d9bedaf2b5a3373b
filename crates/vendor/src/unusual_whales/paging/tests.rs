use proptest::prelude::*;
use undertow_market::{MarketSession, Print, Reasons, Symbol, VendorId};

use super::super::query::PrintsQuery;
use super::*;
use crate::Reject;

const OPEN: i64 = 1_772_461_800;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(OPEN + second, 0).unwrap()
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).unwrap()
}

fn spy() -> Symbol {
    Symbol::new("SPY").unwrap()
}

fn print(second: i64, tracking_id: i64) -> Print {
    Print {
        vendor: VendorId::UnusualWhales,
        symbol: spy(),
        session_date: day(),
        session: MarketSession::Regular,
        executed_at: at(second),
        reported_at: at(second),
        received_at: at(0),
        tracking_id,
        price: "512.34".parse().unwrap(),
        size: "1200".parse().unwrap(),
        day_volume: Some(tracking_id),
        quote: None,
        reasons: Reasons::empty(),
        market_center: None,
        sale_condition: None,
        trade_code: None,
        extended_hours_code: None,
        settlement: None,
    }
}

fn page(rows: Vec<Print>) -> Page<Print> {
    let (delivered, request) = (rows.len(), String::new());
    Page { rows, rejects: Vec::new(), delivered, received_at: at(0), request }
}

/// A session of prints, `counts[i]` of them in second `i`.
fn session(counts: &[usize]) -> Vec<Print> {
    let mut id = 0;
    let mut rows = Vec::new();
    for (second, count) in (0..).zip(counts) {
        for _ in 0..*count {
            id += 1;
            rows.push(print(second, id));
        }
    }
    rows
}

/// Answers as the vendor does: strict bounds, newest first, ids falling within a second.
fn serve(prints: &[Print], query: &PrintsQuery) -> Page<Print> {
    let is_inside = |row: &&Print| {
        query.older_than.is_none_or(|limit| row.reported_at < limit)
            && query.newer_than.is_none_or(|limit| row.reported_at > limit)
    };
    let mut rows: Vec<Print> = prints.iter().filter(is_inside).cloned().collect();
    rows.sort_by_key(|row| (row.reported_at, row.tracking_id));
    if query.order == Order::NewestFirst {
        rows.reverse();
    }
    rows.truncate(usize::from(query.limit));
    page(rows)
}

struct Walk {
    ids: Vec<i64>,
    gaps: Vec<(DateTime<Utc>, usize)>,
    end: Step,
    pages: u32,
}

fn walk(pager: PrintPager, answer: impl FnMut(&PrintsQuery) -> Page<Print>) -> Walk {
    let (mut pager, mut answer) = (pager, answer);
    let (mut ids, mut gaps) = (Vec::new(), Vec::new());
    loop {
        let mut page = answer(&pager.next());
        let step = pager.on_page(&mut page);
        ids.extend(page.rows.iter().map(|row| row.tracking_id));
        match step {
            Step::More => {}
            Step::OverfullSecond { second, delivered } => gaps.push((second, delivered)),
            end => {
                return Walk { ids, gaps, end, pages: pager.pages() };
            }
        }
        assert!(pager.pages() <= MAX_PAGES_PER_WALK, "the walk does not end");
    }
}

fn pager(limit: u16) -> PrintPager {
    PrintPager::new(spy(), day(), None, limit)
}

fn check_whole(counts: &[usize], limit: u16) -> u32 {
    let prints = session(counts);
    let mut walk = walk(pager(limit), |query| serve(&prints, query));
    let total = prints.len();
    assert_eq!(walk.ids.len(), total, "{counts:?}: each print comes once");
    walk.ids.sort_unstable();
    walk.ids.dedup();
    assert_eq!((walk.ids.len(), walk.end), (total, Step::Done), "{counts:?}");
    assert!(walk.gaps.is_empty(), "{counts:?}: {:?}", walk.gaps);
    walk.pages
}

#[test]
fn a_page_that_ends_inside_a_second_loses_none_of_its_prints() {
    check_whole(&[3, 3, 3, 3, 3], 4);
    check_whole(&[1, 1, 4, 1], 4);
    check_whole(&[], 4);
    check_whole(&[4], 4);
    check_whole(&[2, 4, 4, 4, 2], 4);
}

#[test]
fn six_hundred_prints_of_one_second_are_collected_whole() {
    let pages = check_whole(&[40, 600, 30], 500);
    assert_eq!(pages, 4, "the first page, both ends of the second, what lies below it");
    check_whole(&[500], 500);
    check_whole(&[0, 999, 0], 500);
}

#[test]
fn a_second_beyond_both_ends_is_reported_and_the_walk_goes_on() {
    let prints = session(&[20, 1300, 10]);
    let walk = walk(pager(500), |query| serve(&prints, query));
    assert_eq!(walk.gaps, [(at(1), 1000)]);
    assert_eq!((walk.ids.len(), walk.end), (1030, Step::Done));
}

#[test]
fn a_vendor_that_ignores_the_order_is_not_believed() {
    let prints = session(&[5, 30, 5]);
    let walk = walk(pager(20), |query| {
        serve(&prints, &PrintsQuery { order: Order::NewestFirst, ..query.clone() })
    });
    assert_eq!(walk.gaps, [(at(1), 20)]);
    assert_eq!(walk.end, Step::Done);
}

#[test]
fn the_walk_stops_where_it_is_told_to() {
    let prints = session(&[2; 50]);
    let pager = PrintPager::new(spy(), day(), Some(at(40)), 4);
    let walk = walk(pager, |query| serve(&prints, query));
    assert_eq!(walk.end, Step::Done);
    assert!(walk.ids.len() <= 24, "{} prints", walk.ids.len());
    assert!((83..=100).all(|id| walk.ids.contains(&id)), "a print after the stop is missing");
}

#[test]
fn the_walk_ends_at_the_evening_of_the_day_before() {
    let mut prints = session(&[2; 6]);
    prints[..6].iter_mut().for_each(|row| row.session_date = day().pred_opt().unwrap());
    let walk = walk(pager(4), |query| serve(&prints, query));
    assert_eq!(walk.end, Step::Done);
    assert!((7..=12).all(|id| walk.ids.contains(&id)));
}

#[test]
fn prints_of_a_later_day_do_not_pass_for_a_whole_session() {
    let mut prints = session(&[2; 6]);
    prints.iter_mut().for_each(|row| row.session_date = day().succ_opt().unwrap());
    let walk = walk(pager(4), |query| serve(&prints, query));
    assert_eq!(walk.end, Step::Capped { reached: None });
}

#[test]
fn a_page_repeated_once_costs_one_request_and_loses_nothing() {
    let prints = session(&[3; 10]);
    let mut last: Option<Page<Print>> = None;
    let mut count = 0;
    let walk = walk(pager(6), |query| {
        count += 1;
        let page = serve(&prints, query);
        let sent = if count == 3 { last.clone().unwrap() } else { page };
        last = Some(sent.clone());
        sent
    });
    assert_eq!(walk.end, Step::Done);
    assert!((1..=30).all(|id| walk.ids.contains(&id)));
}

#[test]
fn a_vendor_that_always_sends_the_same_page_is_left_soon() {
    let prints = session(&[2; 20]);
    let same = serve(&prints, &pager(8).next());
    let walk = walk(pager(8), |_| same.clone());
    assert_eq!(walk.end, Step::Capped { reached: Some(at(17)) });
    assert_eq!(walk.pages, 2 + MAX_STALLS);
}

#[test]
fn a_full_page_of_rejects_is_no_end_of_a_session() {
    let walk = walk(pager(2), |_| Page {
        rejects: vec![Reject::new(None, "{}", "strange"); 2],
        delivered: 2,
        ..page(Vec::new())
    });
    assert_eq!(walk.end, Step::Capped { reached: None });
}

#[test]
fn a_walk_without_end_is_capped_and_can_be_taken_up_again() {
    let prints = session(&[1; 600]);
    let first = walk(pager(2), |query| serve(&prints, query));
    let Step::Capped { reached: Some(reached) } = first.end else { panic!("{:?}", first.end) };
    assert_eq!(first.pages, MAX_PAGES_PER_WALK);
    let mut ids = first.ids;
    let mut rest = reached;
    for _ in 0..5 {
        let more = walk(pager(2).starting_below(rest), |query| serve(&prints, query));
        ids.extend(more.ids);
        match more.end {
            Step::Capped { reached: Some(reached) } => rest = reached,
            end => {
                assert_eq!(end, Step::Done);
                break;
            }
        }
    }
    assert!((1..=600).all(|id| ids.contains(&id)));
}

#[test]
fn the_query_carries_day_limit_and_floor() {
    let query = pager(77).with_min_premium(Some(5)).starting_below(at(9)).next();
    assert_eq!(
        query.pairs(),
        [
            ("date", "2026-03-02".to_owned()),
            ("older_than", (OPEN + 9).to_string()),
            ("min_premium", "5".to_owned()),
            ("limit", "77".to_owned()),
        ]
    );
}

proptest! {
    #[test]
    fn whatever_the_seconds_hold_each_print_comes_once(
        counts in prop::collection::vec(prop_oneof![4 => 0_usize..4, 1 => 0_usize..19], 0..60),
        limit in 10_u16..30,
    ) {
        // A second of up to 18 prints is within reach of both ends of a page of ten.
        check_whole(&counts, limit);
    }

    #[test]
    fn whatever_the_vendor_answers_the_walk_ends(
        pages in prop::collection::vec(prop::collection::vec((0_i64..30, 0_i64..50), 0..12), 1..6),
        limit in 1_u16..10,
        stop in prop::option::of(0_i64..30),
    ) {
        let mut turn = 0;
        let pager = PrintPager::new(spy(), day(), stop.map(at), limit);
        walk(pager, |_| {
            turn += 1;
            let rows = &pages[turn % pages.len()];
            page(rows.iter().map(|(second, id)| print(*second, *id)).collect())
        });
    }
}
