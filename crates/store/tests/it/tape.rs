//! The consolidated tape: parts add up, a later reading corrects them, and nothing goes unseen.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rust_decimal::Decimal;
use sqlx::{Connection, Executor};
use undertow_analysis::activity::MinuteShares;
use undertow_analysis::tape::{TapeBook, TapeKeep, TapePart};
use undertow_market::tape::OFF_EXCHANGE_VENUE;
use undertow_market::{Conditions, Reasons, TapePrint, TapeTrade, VendorId};
use undertow_store::content::{ContentHash, ContentTable};
use undertow_store::slots::{SlotFilter, SlotKind, SlotResult, SlotState};
use undertow_store::tape::{
    MAX_TAPE_ROWS, ReplaceReport, SessionInContext, TapeAppend, TapePlace, TapePrintsFilter,
    TapeSession, TapeSource,
};
use undertow_store::{MergeContext, MergeReport, Store, StoreError};
use undertow_testkit::postgres::TestDatabase;

use crate::fixtures::*;

const LIT_VENUE: u16 = 11;
const TABLES: [ContentTable; 5] = [
    ContentTable::TapeMinutes,
    ContentTable::TapeApart,
    ContentTable::TapeCells,
    ContentTable::TapePrints,
    ContentTable::TapeBooks,
];

/// A trade of SPY, as plain as can be.
#[derive(Clone, Debug)]
struct Trade {
    minute: u16,
    id: u32,
    is_off_exchange: bool,
    price: String,
    size: String,
    reasons: Reasons,
}

fn off(minute: u16, id: u32, price: &str, size: &str) -> Trade {
    Trade {
        minute,
        id,
        is_off_exchange: true,
        price: price.to_owned(),
        size: size.to_owned(),
        reasons: Reasons::empty(),
    }
}

fn lit(minute: u16, id: u32, price: &str, size: &str) -> Trade {
    Trade { is_off_exchange: false, ..off(minute, id, price, size) }
}

fn but(trade: &Trade, reasons: Reasons) -> Trade {
    Trade { reasons, ..trade.clone() }
}

fn midnight(session_date: NaiveDate) -> DateTime<Utc> {
    // Summer time.
    session_date.and_hms_opt(4, 0, 0).unwrap().and_utc()
}

fn end_of(session_date: NaiveDate, minute: u16) -> DateTime<Utc> {
    midnight(session_date) + TimeDelta::minutes(i64::from(minute) + 1)
}

fn floor() -> Decimal {
    dollars("100000")
}

fn book(name: &str, session_date: NaiveDate, print_floor: Decimal) -> TapeBook {
    TapeBook::new(symbol(name), session_date, TapeKeep { print_floor })
}

fn take(book: &mut TapeBook, trade: &Trade, received_at: DateTime<Utc>) {
    let at = midnight(book.session_date()) + TimeDelta::minutes(i64::from(trade.minute));
    let trade_id = trade.id.to_string();
    let mut conditions = Conditions::default();
    if !trade.reasons.is_empty() {
        conditions.push(2).unwrap();
        conditions.push(37).unwrap();
    }
    let counted = book.take(&TapeTrade {
        symbol: book.symbol().clone(),
        session_date: book.session_date(),
        minute: trade.minute,
        executed_at: at,
        reported_at: at + TimeDelta::milliseconds(i64::from(trade.id % 60_000)),
        received_at,
        venue: if trade.is_off_exchange { OFF_EXCHANGE_VENUE } else { LIT_VENUE },
        trf_id: (trade.is_off_exchange && trade.id.is_multiple_of(2)).then_some(202),
        trade_id: &trade_id,
        sequence: i64::from(trade.id),
        price: price(&trade.price),
        size: trade.size.parse().unwrap(),
        conditions,
        correction: u16::from(trade.reasons.contains(Reasons::CANCELED)),
        reasons: trade.reasons,
    });
    assert!(counted, "{trade:?}");
}

/// The tape of a day, whole.
fn whole(name: &str, session_date: NaiveDate, trades: &[Trade], received: i64) -> TapePart {
    let mut book = book(name, session_date, floor());
    for trade in trades {
        take(&mut book, trade, after(received));
    }
    book.take_final(1_440)
}

fn append(name: &str, part: TapePart, minute: u16) -> TapeAppend {
    TapeAppend {
        symbol: symbol(name),
        session_date: day(),
        part,
        to: end_of(day(), minute),
        prints_floor: floor(),
    }
}

fn session(part: TapePart, session_date: NaiveDate) -> TapeSession {
    TapeSession {
        symbol: symbol("SPY"),
        session_date,
        part,
        source: TapeSource::Rest,
        complete_to: end_of(session_date, 1_199),
        is_whole: true,
        prints_floor: floor(),
    }
}

async fn open() -> (TestDatabase, Store) {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    (database, store)
}

async fn add(store: &Store, parts: Vec<TapeAppend>) -> Result<MergeReport, StoreError> {
    store.append_tape(parts, MergeContext::default()).await
}

async fn replace(store: &Store, session: TapeSession) -> ReplaceReport {
    store.replace_tape_session(session, MergeContext::default()).await.unwrap()
}

async fn content(store: &Store) -> Vec<ContentHash> {
    let mut found = Vec::new();
    for table in TABLES {
        found.push(store.content_hash(table, &symbol("SPY"), day(), day()).await.unwrap());
    }
    found
}

/// The tape of the tests: three minutes, two places, an average price, a repeat, a large print.
fn tape() -> Vec<Trade> {
    vec![
        lit(570, 1, "622.13", "100"),
        off(570, 2, "622.1299", "0.0073"),
        off(570, 3, "622.10", "250"),
        but(&off(571, 4, "621.50", "1000"), Reasons::AVERAGE_PRICE | Reasons::ODD_LOT),
        but(&off(571, 5, "622.10", "250"), Reasons::DUPLICATE),
        but(&lit(571, 6, "622.10", "50"), Reasons::OUT_OF_SEQUENCE),
        off(599, 7, "620", "400.5"),
        lit(599, 8, "620.04", "1"),
    ]
}

async fn append_in_steps(store: &Store, trades: &[Trade], ends: &[u16]) {
    let mut book = book("SPY", day(), floor());
    let mut from = 0;
    for end in ends.iter().copied().chain([1_199]) {
        for trade in trades.iter().filter(|trade| (from..=end).contains(&trade.minute)) {
            take(&mut book, trade, after(i64::from(end)));
        }
        add(store, vec![append("SPY", book.take_final(end + 1), end)]).await.unwrap();
        from = end + 1;
    }
}

#[tokio::test]
async fn what_is_stored_comes_back() {
    let (_database, store) = open().await;
    let part = whole("SPY", day(), &tape(), 7_200);
    assert_eq!((part.minutes.len(), part.prints.len()), (3, 4), "{part:?}");
    let report = add(&store, vec![append("SPY", part.clone(), 599)]).await.unwrap();
    let delivered = part.minutes.len() + part.cells.len() + part.prints.len();
    let expected = MergeReport { delivered, inserted: delivered, ..MergeReport::default() };
    assert_eq!(report, expected);

    let spy = symbol("SPY");
    assert_eq!(store.tape_minutes(&spy, day(), day()).await.unwrap(), part.minutes);
    assert_eq!(store.tape_cells(&spy, day(), day()).await.unwrap(), part.cells);
    let mut newest_first = part.prints.clone();
    newest_first.sort_by_key(|print| std::cmp::Reverse((print.reported_at, print.identity)));
    let filter = TapePrintsFilter::new(spy.clone(), day(), day());
    assert_eq!(store.tape_prints(&filter).await.unwrap(), newest_first);
    for print in &part.prints {
        let found = store.tape_print(&spy, day(), print.identity).await.unwrap();
        assert_eq!(found.as_ref(), Some(print));
    }
    assert_eq!(store.tape_print(&spy, day(), 1).await.unwrap(), None);

    let apart = store.tape_apart(&spy, day(), day()).await.unwrap();
    let found: Vec<_> = apart
        .iter()
        .map(|of| (of.apart.is_off_exchange, of.apart.reasons, of.apart.volume.shares))
        .collect();
    let expected = [
        (false, Reasons::OUT_OF_SEQUENCE, dollars("50")),
        (true, Reasons::AVERAGE_PRICE, dollars("1000")),
        (true, Reasons::DUPLICATE, dollars("250")),
    ];
    assert_eq!(found, expected);

    let book = store.tape_book(&spy, day()).await.unwrap().unwrap();
    assert_eq!(
        (book.to, book.source, book.is_whole),
        (end_of(day(), 599), TapeSource::Stream, false)
    );
    assert_eq!((book.trades, book.prints_floor), (7, floor()), "the repeat does not count");
    assert_eq!(store.tape_book(&symbol("QQQ"), day()).await.unwrap(), None);
}

#[tokio::test]
async fn parts_add_up_to_what_the_whole_gives() {
    let (_database, store) = open().await;
    append_in_steps(&store, &tape(), &[570, 571, 575, 598]).await;
    let mut in_steps = content(&store).await;
    let (_other, other) = open().await;
    replace(
        &other,
        TapeSession { is_whole: false, ..session(whole("SPY", day(), &tape(), 1), day()) },
    )
    .await;
    let at_once = content(&other).await;
    assert_eq!(in_steps, at_once);
    // A later reading finds nothing to do but to call the day whole.
    let report = replace(&store, session(whole("SPY", day(), &tape(), 9_999), day())).await;
    assert!(report.is_unchanged(), "{report:?}");
    assert_eq!(content(&store).await[..4], in_steps[..4]);
    in_steps.clear();
    assert!(store.tape_book(&symbol("SPY"), day()).await.unwrap().unwrap().is_whole);
}

#[tokio::test]
async fn the_same_part_again_is_refused_and_changes_nothing() {
    let (_database, store) = open().await;
    let part = whole("SPY", day(), &tape(), 7_200);
    add(&store, vec![append("SPY", part.clone(), 599)]).await.unwrap();
    let before = content(&store).await;
    for (minute, expected) in [(599, 599), (570, 599)] {
        let refused = add(&store, vec![append("SPY", part.clone(), minute)]).await;
        let error = refused.expect_err("it was stored");
        let StoreError::TapeBehind { symbol: whose, session_date, stored } = &error else {
            panic!("{error}");
        };
        assert_eq!((whose, *session_date), (&symbol("SPY"), day()));
        assert_eq!(*stored, end_of(day(), expected));
        assert!(!error.is_retryable());
        assert_eq!(content(&store).await, before);
    }
    let twice = vec![append("SPY", part.clone(), 600), append("SPY", part, 600)];
    assert!(add(&store, twice).await.is_err(), "twice in one call");
    assert_eq!(content(&store).await, before);
}

#[tokio::test]
async fn when_one_of_many_is_refused_none_is_stored() {
    let (_database, store) = open().await;
    let part = |name: &str| whole(name, day(), &tape(), 7_200);
    add(&store, vec![append("QQQ", part("QQQ"), 599)]).await.unwrap();
    let many = ["DIA", "IWM", "QQQ", "SPY"].map(|name| append(name, part(name), 599));
    assert!(add(&store, many.to_vec()).await.is_err());
    let books = store.tape_books(day()).await.unwrap();
    assert_eq!(books.iter().map(|book| book.symbol.as_str()).collect::<Vec<_>>(), ["QQQ"]);
    let rest = many.into_iter().filter(|part| part.symbol != symbol("QQQ")).collect();
    add(&store, rest).await.unwrap();
    let books = store.tape_books(day()).await.unwrap();
    let names: Vec<_> = books.iter().map(|book| book.symbol.as_str()).collect();
    assert_eq!(names, ["DIA", "IWM", "QQQ", "SPY"]);
}

#[tokio::test]
async fn a_straggler_adds_to_the_minute_that_is_stored() {
    let (_database, store) = open().await;
    let mut book = book("SPY", day(), floor());
    for trade in &tape() {
        take(&mut book, trade, after(1));
    }
    add(&store, vec![append("SPY", book.take_final(600), 599)]).await.unwrap();
    let late = but(&off(571, 99, "621.50", "3"), Reasons::AVERAGE_PRICE);
    take(&mut book, &late, after(2));
    take(&mut book, &lit(570, 100, "622.13", "7"), after(2));
    let report = add(&store, vec![append("SPY", book.take_final(601), 600)]).await.unwrap();
    // Two minutes and a cell; an average price has no cell.
    let expected = MergeReport { delivered: 3, changed: 3, ..MergeReport::default() };
    assert_eq!(report, expected);
    let all: Vec<Trade> = tape().into_iter().chain([late, lit(570, 100, "622.13", "7")]).collect();
    let found = store.tape_minutes(&symbol("SPY"), day(), day()).await.unwrap();
    assert_eq!(found, whole("SPY", day(), &all, 1).minutes);
    assert_eq!(store.tape_book(&symbol("SPY"), day()).await.unwrap().unwrap().trades, 9);
}

#[tokio::test]
async fn a_later_reading_cancels_corrects_and_adds_and_says_so() {
    let (_database, store) = open().await;
    append_in_steps(&store, &tape(), &[570, 580]).await;
    let first =
        store.tape_prints(&TapePrintsFilter::new(symbol("SPY"), day(), day())).await.unwrap();
    let mut corrected = tape();
    corrected[2] = but(&corrected[2], Reasons::CANCELED);
    // Number 7 is no longer on the tape, number 9 is new.
    corrected.remove(6);
    corrected.push(off(800, 9, "619.99", "200"));
    let reading = || session(whole("SPY", day(), &corrected, 90_000), day());
    let report = replace(&store, reading()).await;
    let expected = ReplaceReport {
        minutes_changed: 3,
        cells_changed: 3,
        prints_inserted: 1,
        prints_changed: 1,
        prints_vanished: 1,
        ..ReplaceReport::default()
    };
    assert_eq!(report, expected);

    let (_other, other) = open().await;
    replace(&other, reading()).await;
    assert_eq!(content(&store).await, content(&other).await, "as if it had been alone");

    let found =
        store.tape_prints(&TapePrintsFilter::new(symbol("SPY"), day(), day())).await.unwrap();
    for print in &found {
        let known = first.iter().find(|known| known.identity == print.identity);
        let received_at = known.map_or(after(90_000), |known| known.received_at);
        assert_eq!(print.received_at, received_at, "{print:?}");
    }
    let lost = store.quarantine_rows(9).await.unwrap();
    assert_eq!(lost.len(), 1);
    let rejected = &lost[0].rejected;
    assert_eq!((rejected.vendor, rejected.kind), (VendorId::Polygon, SlotKind::Tape));
    assert!(rejected.raw.contains("400.5"), "{}", rejected.raw);

    let again = replace(&store, reading()).await;
    assert_eq!(again, ReplaceReport::default());
    assert_eq!(content(&store).await, content(&other).await);
    assert_eq!(store.quarantine_rows(9).await.unwrap(), lost);
}

#[tokio::test]
async fn a_higher_floor_lets_small_prints_go_without_calling_them_lost() {
    let (_database, store) = open().await;
    replace(&store, session(whole("SPY", day(), &tape(), 1), day())).await;
    let prints_floor = dollars("200000");
    let mut book = book("SPY", day(), prints_floor);
    for trade in &tape() {
        take(&mut book, trade, after(2));
    }
    let higher = TapeSession { prints_floor, ..session(book.take_final(1_440), day()) };
    let report = replace(&store, higher).await;
    assert_eq!((report.prints_below_floor, report.prints_vanished), (2, 0), "{report:?}");
    assert_eq!(store.quarantine_rows(9).await.unwrap(), []);
    let book = store.tape_book(&symbol("SPY"), day()).await.unwrap().unwrap();
    assert_eq!(book.prints_floor, prints_floor);
}

#[tokio::test]
async fn how_large_trades_are_is_told_of_whole_sessions_and_of_no_others() {
    let (_database, store) = open().await;
    let (first, other) = (whole("SPY", day(), &tape(), 1), day() - TimeDelta::days(1));
    let second = whole("SPY", other, &tape()[..5], 1);
    append_in_steps(&store, &tape(), &[570]).await;
    let days = [day(), other];
    assert!(store.tape_notionals(None, &days).await.unwrap().is_empty(), "it still runs");

    replace(&store, session(first.clone(), day())).await;
    replace(&store, session(second.clone(), other)).await;
    let mut both = first.notionals.clone();
    both.merge(&second.notionals);
    assert!(both.buckets().count() > 1, "{both:?}");
    let spy = symbol("SPY");
    for symbols in [None, Some(&[spy.clone()][..])] {
        let found = store.tape_notionals(symbols, &days).await.unwrap();
        assert_eq!(found.get(&spy), Some(&both));
        assert_eq!(found.len(), 1);
    }
    let of_one_day = store.tape_notionals(None, &days[..1]).await.unwrap();
    assert_eq!(of_one_day.get(&spy), Some(&first.notionals));
    assert!(store.tape_notionals(Some(&[symbol("QQQ")]), &days).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reading_that_ends_before_the_stored_tape_is_refused() {
    let (_database, store) = open().await;
    append_in_steps(&store, &tape(), &[570]).await;
    let before = content(&store).await;
    let short = TapeSession {
        complete_to: end_of(day(), 800),
        ..session(whole("SPY", day(), &tape()[..3], 1), day())
    };
    let refused = store.replace_tape_session(short, MergeContext::default()).await;
    assert!(matches!(refused, Err(StoreError::TapeBehind { .. })), "{refused:?}");
    assert_eq!(content(&store).await, before);
}

#[tokio::test]
async fn rows_of_another_book_are_refused() {
    let (_database, store) = open().await;
    let part = whole("QQQ", day(), &tape(), 1);
    let prints = TapePart { prints: part.prints.clone(), ..TapePart::default() };
    let cells = TapePart { cells: part.cells.clone(), ..TapePart::default() };
    for stranger in [part, prints, cells] {
        let refused = add(&store, vec![append("SPY", stranger, 599)]).await;
        assert!(matches!(refused, Err(StoreError::BrokenRow { .. })), "{refused:?}");
    }
    let one = whole("SPY", day(), &tape(), 1);
    let in_context = || SessionInContext {
        session: session(one.clone(), day()),
        context: MergeContext::default(),
    };
    let twice = store.replace_tape_sessions(vec![in_context(), in_context()]).await;
    assert!(matches!(twice, Err(StoreError::BrokenRow { .. })), "{twice:?}");
    let minute = one.minutes[0].clone();
    let many = TapePart { minutes: vec![minute; MAX_TAPE_ROWS + 1], ..TapePart::default() };
    let refused = add(&store, vec![append("SPY", many, 599)]).await;
    assert!(matches!(refused, Err(StoreError::TooManyRows { .. })), "{refused:?}");
    assert_eq!(store.tape_books(day()).await.unwrap(), []);
}

#[tokio::test]
async fn a_print_that_no_column_holds_goes_into_quarantine() {
    let (_database, store) = open().await;
    let mut part = whole("SPY", day(), &tape(), 1);
    part.prints[0].trade_id = "1\0".into();
    part.prints[1].executed_at = DateTime::<Utc>::MIN_UTC;
    let report = add(&store, vec![append("SPY", part.clone(), 599)]).await.unwrap();
    assert_eq!((report.refused, report.inserted), (2, report.delivered - 2));
    assert_eq!(store.quarantine_rows(9).await.unwrap().len(), 2);
    let report = replace(&store, session(part, day())).await;
    assert_eq!(report, ReplaceReport { prints_refused: 2, ..ReplaceReport::default() });
}

#[tokio::test]
async fn prints_are_found_by_size_and_page_by_page() {
    let (_database, store) = open().await;
    let trades: Vec<Trade> =
        (1..=9).map(|n| off(570 + u16::try_from(n).unwrap() / 3, n, "500", "250")).collect();
    let large = off(700, 50, "500", "1000");
    for days in 0..2 {
        let date = day() + TimeDelta::days(days);
        let all: Vec<Trade> = trades.iter().cloned().chain([large.clone()]).collect();
        replace(&store, session(whole("SPY", date, &all, 1), date)).await;
    }
    let all = TapePrintsFilter::new(symbol("SPY"), day(), day() + TimeDelta::days(1));
    let expected = store.tape_prints(&all).await.unwrap();
    assert_eq!(expected.len(), 20);
    assert!(
        expected.is_sorted_by_key(|print| std::cmp::Reverse((print.reported_at, print.identity)))
    );
    let mut pages: Vec<TapePrint> = Vec::new();
    loop {
        let before = pages.last().map(|last| TapePlace {
            session_date: last.session_date,
            reported_at: last.reported_at,
            identity: last.identity,
        });
        let page = TapePrintsFilter { limit: 7, before, ..all.clone() };
        let page = store.tape_prints(&page).await.unwrap();
        if page.is_empty() {
            break;
        }
        pages.extend(page);
    }
    assert_eq!(pages, expected);
    let min_notional = Some(dollars("500000"));
    let found = store.tape_prints(&TapePrintsFilter { min_notional, ..all }).await.unwrap();
    assert_eq!(found.iter().map(|print| print.sequence).collect::<Vec<_>>(), [50, 50]);
}

#[tokio::test]
async fn activity_is_that_of_the_newest_whole_sessions() {
    let (_database, store) = open().await;
    let date = |days: i64| day() - TimeDelta::days(days);
    for days in 1..=5 {
        let part = whole("SPY", date(days), &tape(), 1);
        replace(&store, TapeSession { is_whole: days != 3, ..session(part, date(days)) }).await;
    }
    // A whole session without a single trade is a session.
    replace(&store, session(TapePart::default(), date(6))).await;
    append_in_steps(&store, &tape(), &[570]).await;

    let found = store.tape_activity(&symbol("SPY"), day(), 90).await.unwrap();
    let days: Vec<_> = found.iter().map(|session| session.session_date).collect();
    assert_eq!(days, [date(6), date(5), date(4), date(2), date(1)]);
    assert_eq!(found[0].minutes, []);
    let minutes = [(570, "250.0073"), (571, "1000"), (599, "400.5")];
    let minutes = minutes.map(|(minute, shares)| MinuteShares { minute, shares: dollars(shares) });
    assert_eq!(found[4].minutes, minutes);
    let found = store.tape_activity(&symbol("SPY"), date(1), 2).await.unwrap();
    let days: Vec<_> = found.iter().map(|session| session.session_date).collect();
    assert_eq!(days, [date(4), date(2)]);

    let books = store.tape_books_of(&symbol("SPY"), date(6), date(3)).await.unwrap();
    let found: Vec<_> = books.iter().map(|book| (book.session_date, book.trades)).collect();
    assert_eq!(found, [(date(6), 0), (date(5), 7), (date(4), 7), (date(3), 7)]);
}

#[tokio::test]
async fn each_session_of_a_batch_enters_its_own_slot() {
    let (_database, store) = open().await;
    let slot = |days: i64| SlotResult {
        vendor: VendorId::Polygon,
        kind: SlotKind::Tape,
        symbol: symbol("SPY"),
        session_date: day() + TimeDelta::days(days),
        slot_start: after(86_400 * days),
        slot_end: after(86_400 * days + 60),
        state: SlotState::Stored,
        reason: None,
        delivered: 8,
        rejected: 0,
        gap: false,
        finished_at: after(99_999),
    };
    let sessions = (0..3).map(|days| {
        let date = day() + TimeDelta::days(days);
        let context = MergeContext { slot: Some(slot(days)), ..MergeContext::default() };
        SessionInContext { session: session(whole("SPY", date, &tape(), 1), date), context }
    });
    let report = store.replace_tape_sessions(sessions.collect()).await.unwrap();
    assert_eq!((report.minutes_changed, report.prints_inserted), (9, 12));
    let filter = SlotFilter {
        vendor: VendorId::Polygon,
        kind: SlotKind::Tape,
        symbol: None,
        from: day(),
        to: day() + TimeDelta::days(9),
    };
    assert_eq!(store.slots(&filter).await.unwrap(), [slot(0), slot(1), slot(2)]);
}

#[tokio::test]
async fn writers_of_different_days_get_along() {
    let (_database, store) = open().await;
    let write = |days: i64| {
        let store = store.clone();
        // Two months that nobody has made yet.
        let date = day() + TimeDelta::days(days);
        tokio::spawn(
            async move { replace(&store, session(whole("SPY", date, &tape(), 1), date)).await },
        )
    };
    let writers: Vec<_> = (10..30).rev().map(write).collect();
    for writer in writers {
        assert_eq!(writer.await.unwrap().minutes_changed, 3);
    }
    let made = store.ensure_partitions(after(0), after(86_400 * 29)).await.unwrap();
    assert_eq!(made, 6, "prints, flow and chains of two months; the tape has its own");
}

#[tokio::test]
async fn a_book_goes_with_its_minutes() {
    let (_database, store) = open().await;
    let old = day() - TimeDelta::days(60);
    for date in [old, day()] {
        replace(&store, session(whole("SPY", date, &tape(), 1), date)).await;
    }
    assert_eq!(store.prune(after(0)).await.unwrap().tables, [], "200 days are kept");
    store.set_retention("tape_minutes", Some(30)).await.unwrap();
    let report = store.prune(after(0)).await.unwrap();
    assert_eq!(report.tables.len(), 1, "{report:?}");
    assert_eq!((report.tables[0].table.as_str(), report.tables[0].months), ("tape_minutes", 1));
    assert_eq!(store.tape_book(&symbol("SPY"), old).await.unwrap(), None);
    let found = store.tape_activity(&symbol("SPY"), day() + TimeDelta::days(1), 90).await.unwrap();
    assert_eq!(found.len(), 1);
    // Cells and prints of that day are still there, and a new reading finds them.
    let report = replace(&store, session(whole("SPY", old, &tape(), 1), old)).await;
    assert_eq!(report, ReplaceReport { minutes_changed: 3, ..ReplaceReport::default() });
}

fn any_trade() -> impl Strategy<Value = Trade> {
    let reasons = prop_oneof![
        4 => Just(Reasons::empty()),
        1 => Just(Reasons::AVERAGE_PRICE),
        1 => Just(Reasons::LATE | Reasons::EXTENDED_HOURS),
        1 => Just(Reasons::CANCELED),
        1 => Just(Reasons::DUPLICATE),
    ];
    let numbers = (9_990_000_u32..10_010_000, 1_u32..2_000_000);
    (0_u16..6, any::<bool>(), numbers, reasons).prop_map(
        |(minute, is_off_exchange, (price, size), reasons)| Trade {
            minute: 570 + minute,
            id: 0,
            is_off_exchange,
            price: Decimal::new(i64::from(price), 4).to_string(),
            size: Decimal::new(i64::from(size), 3).to_string(),
            reasons,
        },
    )
}

/// A tape, and what of it a later reading tells otherwise: keeps, cancels or leaves out.
fn any_day() -> impl Strategy<Value = (Vec<Trade>, Vec<u8>)> {
    proptest::collection::vec((any_trade(), 0_u8..8), 0..60).prop_map(|trades| {
        let numbered = (0..).zip(trades).map(|(id, (trade, fate))| (Trade { id, ..trade }, fate));
        let mut trades: Vec<_> = numbered.collect();
        trades.sort_by_key(|(trade, _)| trade.minute);
        trades.into_iter().unzip()
    })
}

async fn empty(database: &TestDatabase) {
    let mut connection = sqlx::PgConnection::connect_with(&database.address()).await.unwrap();
    connection
        .execute(
            "TRUNCATE trading.tape_minutes, trading.tape_apart, trading.tape_cells,
                trading.tape_prints, trading.tape_books, trading.quarantine",
        )
        .await
        .unwrap();
    connection.close().await.unwrap();
}

#[test]
fn replacing_after_appends_gives_what_replacing_alone_gives() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ((grown_in, grown), (alone_in, alone)) =
        runtime.block_on(async { (open().await, open().await) });
    let config = Config { cases: 32, failure_persistence: None, ..Config::default() };
    let ends = proptest::collection::btree_set(569_u16..577, 0..4);
    let outcome = TestRunner::new(config).run(&(any_day(), ends), |((trades, fates), ends)| {
        runtime.block_on(async {
            empty(&grown_in).await;
            empty(&alone_in).await;
            append_in_steps(&grown, &trades, &ends.into_iter().collect::<Vec<_>>()).await;
            let found = grown.tape_minutes(&symbol("SPY"), day(), day()).await.unwrap();
            assert_eq!(found, whole("SPY", day(), &trades, 1).minutes);

            let later: Vec<Trade> = trades
                .iter()
                .zip(&fates)
                .filter(|(_, fate)| **fate != 0)
                .map(|(trade, fate)| match fate {
                    1 => but(trade, Reasons::CANCELED),
                    _ => trade.clone(),
                })
                .collect();
            let reading = || session(whole("SPY", day(), &later, 9), day());
            replace(&grown, reading()).await;
            replace(&alone, reading()).await;
            assert_eq!(content(&grown).await, content(&alone).await);
            assert!(replace(&grown, reading()).await.is_unchanged());
        });
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
