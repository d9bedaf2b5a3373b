//! What straddle opportunities rest on, and the opportunities themselves.

use chrono::{NaiveDate, TimeDelta};
use serde_json::json;
use undertow_market::{ChainQuote, DayBar, Dividend, Split};
use undertow_store::baselines::BaselineRow;
use undertow_store::content::ContentTable;
use undertow_store::corporate_actions::{ActionList, ActionsReport};
use undertow_store::imports::TapeImport;
use undertow_store::opportunities::{
    MAX_OPPORTUNITIES, Opportunity, OpportunityChange, OpportunityFilter, OpportunityState,
};
use undertow_store::positions::{MAX_POSITIONS, StockPosition};
use undertow_store::{MergeContext, MergeReport, Store, StoreError};
use undertow_testkit::postgres::TestDatabase;

use crate::fixtures::*;

async fn open() -> (TestDatabase, Store) {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    (database, store)
}

async fn rows(store: &Store, table: ContentTable, name: &str) -> i64 {
    let hash = store.content_hash(table, &symbol(name), date(-999), date(99)).await;
    hash.unwrap().rows
}

fn context() -> MergeContext {
    MergeContext::default()
}

fn date(days: i64) -> NaiveDate {
    day() + TimeDelta::days(days)
}

fn day_bar(name: &str, days: i64, close: &str, received: i64) -> DayBar {
    DayBar {
        symbol: symbol(name),
        session_date: date(days),
        open: price("622"),
        high: price("625.5"),
        low: price("619.0001"),
        close: price(close),
        volume: dollars("51234567.125"),
        vwap: Some(price("622.3456")),
        trades: Some(812_345),
        received_at: after(received),
    }
}

#[tokio::test]
async fn days_are_kept_as_they_traded_and_replaced_by_later_ones() {
    let (_database, store) = open().await;
    let bars =
        || [("SPY", 0), ("SPY", 1), ("NVDA", 0)].map(|(name, d)| day_bar(name, d, "622.5", 1));
    let report = store.merge_day_bars(bars().to_vec(), context()).await.unwrap();
    assert_eq!(report, MergeReport { delivered: 3, inserted: 3, ..MergeReport::default() });
    let bare = DayBar { vwap: None, trades: None, ..day_bar("SPY", 0, "623", 5) };
    let report = store.merge_day_bars(vec![bare, day_bar("SPY", 1, "1", 9)], context()).await;
    assert!(report.is_err(), "a close below the low");
    let bare = DayBar { vwap: None, trades: None, ..day_bar("SPY", 0, "623", 5) };
    let late = day_bar("SPY", 1, "620", 0);
    let report = store.merge_day_bars(vec![bare, late], context()).await.unwrap();
    assert_eq!((report.changed, report.unchanged), (1, 1), "an older delivery changes nothing");
    let found = store.day_bars(&symbol("SPY"), date(-9), date(9)).await.unwrap();
    assert_eq!(found, [day_bar("SPY", 0, "623", 5), day_bar("SPY", 1, "622.5", 1)]);
    let found = store.day_bars(&symbol("SPY"), date(1), date(1)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(rows(&store, ContentTable::DayBars, "SPY").await, 2);
}

fn split(days: i64, to: &str, received: i64) -> Split {
    Split {
        symbol: symbol("NVDA"),
        execution_date: date(days),
        from: dollars("1"),
        to: dollars(to),
        received_at: after(received),
    }
}

fn dividend(days: i64, cash: &str, received: i64) -> Dividend {
    Dividend {
        symbol: symbol("NVDA"),
        ex_date: date(days),
        cash: dollars(cash),
        currency: "USD".into(),
        received_at: after(received),
    }
}

fn list<R>(from: i64, received: i64, rows: Vec<R>) -> ActionList<R> {
    ActionList { symbol: symbol("NVDA"), from: date(from), received_at: after(received), rows }
}

#[tokio::test]
async fn a_split_that_is_no_longer_announced_stands_no_more() {
    let (_database, store) = open().await;
    let splits = async || store.splits(&symbol("NVDA")).await.unwrap();
    let first = vec![split(-900, "4", 1), split(-30, "10", 1), split(20, "2", 1)];
    store.merge_splits(list(-999, 2, first.clone()), context()).await.unwrap();
    assert_eq!(splits().await, first);
    let again = store.merge_splits(list(-999, 2, first), context()).await.unwrap();
    let unchanged = MergeReport { delivered: 3, unchanged: 3, ..MergeReport::default() };
    assert_eq!(again, ActionsReport { merged: unchanged, withdrawn: 0 });

    // Asked for from a later day: the oldest is not in question. The coming one was put off.
    let second = vec![split(-30, "10", 11), split(27, "2", 12)];
    let report = store.merge_splits(list(-60, 13, second.clone()), context()).await.unwrap();
    assert_eq!((report.merged.inserted, report.withdrawn), (1, 1));
    assert_eq!(splits().await, [split(-900, "4", 1), second[0].clone(), second[1].clone()]);
    let report = store.merge_splits(list(-60, 13, second), context()).await.unwrap();
    assert_eq!(report.withdrawn, 0);

    // And is announced for the first day again.
    let third = vec![split(-30, "10", 21), split(20, "2", 21)];
    let report = store.merge_splits(list(-60, 22, third.clone()), context()).await.unwrap();
    assert_eq!((report.merged.inserted, report.withdrawn), (0, 1));
    assert_eq!(splits().await, [split(-900, "4", 1), third[0].clone(), third[1].clone()]);
    let report = store.merge_splits(list(0, 30, vec![]), context()).await.unwrap();
    assert_eq!(report.withdrawn, 1, "an empty list");
    assert_eq!(splits().await.len(), 2);
    assert_eq!(rows(&store, ContentTable::Splits, "NVDA").await, 4, "nothing was deleted");

    for stranger in [split(-61, "2", 31), Split { symbol: symbol("SPY"), ..split(0, "2", 31) }] {
        let refused = store.merge_splits(list(-60, 32, vec![stranger]), context()).await;
        assert!(matches!(refused, Err(StoreError::BrokenRow { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn two_dividends_on_one_day_are_two() {
    let (_database, store) = open().await;
    let special = Dividend { currency: "CAD".into(), ..dividend(3, "0.01", 1) };
    let first = vec![special, dividend(3, "0.01", 1), dividend(3, "1.5", 1), dividend(4, "0", 1)];
    store.merge_dividends(list(0, 2, first.clone()), context()).await.unwrap();
    assert_eq!(store.dividends(&symbol("NVDA")).await.unwrap(), first);
    let corrected = vec![dividend(3, "0.02", 3), dividend(3, "1.5", 3)];
    let report = store.merge_dividends(list(0, 4, corrected.clone()), context()).await.unwrap();
    assert_eq!((report.merged.inserted, report.merged.unchanged, report.withdrawn), (1, 1, 3));
    assert_eq!(store.dividends(&symbol("NVDA")).await.unwrap(), corrected);
    assert_eq!(store.dividends(&symbol("SPY")).await.unwrap(), []);
    assert_eq!(rows(&store, ContentTable::Dividends, "NVDA").await, 5);
}

fn quote(name: &str, bid: &str, received: i64) -> ChainQuote {
    ChainQuote {
        symbol: symbol("SPY"),
        contract: contract(name),
        shares_per_contract: 100,
        is_adjusted: false,
        bid: Some(price(bid)),
        ask: Some(price("12.4")),
        quote_at: Some(after(received - 1)),
        last_price: Some(price("12.2")),
        day_close: None,
        volume: Some(321),
        open_interest: Some(1_234),
        implied_volatility: Some(0.1875),
        delta: Some(0.51),
        gamma: Some(0.02),
        theta: Some(-0.21),
        vega: Some(0.7),
        underlying_price: Some(price("622.5")),
        underlying_is_delayed: Some(false),
        received_at: after(received),
    }
}

const CALL: &str = "SPY260814C00622000";
const PUT: &str = "SPY260814P00622000";

#[tokio::test]
async fn a_chain_is_found_by_the_moment_it_was_taken() {
    let (_database, store) = open().await;
    let bare = ChainQuote {
        bid: None,
        ask: None,
        quote_at: None,
        last_price: None,
        volume: None,
        open_interest: None,
        implied_volatility: None,
        delta: None,
        gamma: None,
        theta: None,
        vega: None,
        underlying_price: None,
        underlying_is_delayed: None,
        ..quote(PUT, "11.9", 2)
    };
    // The put came on a second page.
    let pages = vec![quote(CALL, "12.1", 1), bare.clone()];
    let report = store.merge_chain_quotes(pages.clone(), after(0), context()).await.unwrap();
    assert_eq!(report.inserted, 2);
    let report = store.merge_chain_quotes(pages.clone(), after(0), context()).await.unwrap();
    assert_eq!((report.inserted, report.changed, report.unchanged), (0, 0, 2));
    let later = vec![quote(CALL, "12.3", 301)];
    store.merge_chain_quotes(later.clone(), after(300), context()).await.unwrap();
    // A month later there is another partition.
    let month = 31 * 86_400;
    store.merge_chain_quotes(vec![quote(CALL, "3", month)], after(month), context()).await.unwrap();

    let latest = async |at: i64| store.latest_chain(&symbol("SPY"), after(at)).await.unwrap();
    assert_eq!(latest(-1).await, None);
    let found = latest(299).await.unwrap();
    assert_eq!((found.taken_at, found.quotes), (after(0), pages.clone()));
    let found = latest(300).await.unwrap();
    assert_eq!((found.taken_at, found.quotes), (after(300), later.clone()));
    assert_eq!(latest(2 * month).await.unwrap().taken_at, after(month));

    let of = async |name: &str, to: i64| {
        let (spy, contract) = (symbol("SPY"), contract(name));
        store.chain_quotes(&spy, &contract, after(0), after(to)).await.unwrap()
    };
    let expected = [(after(0), pages[0].clone()), (after(300), later[0].clone())];
    assert_eq!(of(CALL, 301).await, expected);
    assert_eq!(of(CALL, 300).await, expected[..1]);
    assert_eq!(of(PUT, 2 * month).await, [(after(0), bare)]);
    assert_eq!(rows(&store, ContentTable::ChainQuotes, "SPY").await, 4);
    assert_eq!(store.merge_chain_quotes(vec![], after(0), context()).await.unwrap().delivered, 0);
}

#[tokio::test]
async fn a_baseline_is_kept_for_each_day() {
    let (_database, store) = open().await;
    let row = |days: i64, sessions: u32| BaselineRow {
        symbol: symbol("SPY"),
        session_date: date(days),
        computed_at: after(0),
        sessions,
        first_minute: 240,
        mean: (0..960).map(|minute| f64::from(minute) * 1.5).collect(),
        low: vec![0.1; 960],
        high: vec![1e9; 960],
    };
    for (days, sessions) in [(0, 88), (1, 89), (0, 90)] {
        store.put_baseline(&row(days, sessions)).await.unwrap();
    }
    assert_eq!(store.baseline(&symbol("SPY"), day()).await.unwrap(), Some(row(0, 90)));
    assert_eq!(store.baseline(&symbol("SPY"), date(2)).await.unwrap(), None);
    for broken in
        [BaselineRow { low: vec![], ..row(0, 90) }, BaselineRow { first_minute: 481, ..row(0, 90) }]
    {
        assert!(store.put_baseline(&broken).await.is_err());
    }
    assert_eq!(rows(&store, ContentTable::TapeBaselines, "SPY").await, 2);
}

fn position(name: &str, as_of: i64, ratio: Option<f64>) -> StockPosition {
    StockPosition {
        symbol: symbol(name),
        session_date: day(),
        as_of: after(as_of),
        off_shares: dollars("4200000.5"),
        off_notional: dollars("2612345678.1234"),
        lit_shares: dollars("7000000"),
        baseline_mean: ratio.map(|_| dollars("1000000.00000001")),
        ratio,
        sessions: if ratio.is_some() { 90 } else { 12 },
    }
}

#[tokio::test]
async fn the_newest_position_of_a_stock_counts() {
    let (_database, store) = open().await;
    let put = async |positions: &[StockPosition]| {
        store.put_stock_positions(positions.to_vec()).await.unwrap();
    };
    put(&[position("SPY", 60, Some(1.0)), position("NVDA", 60, Some(4.2))]).await;
    put(&[position("SPY", 120, Some(1.5)), position("SPY", 180, Some(1.25))]).await;
    put(&[position("SPY", 90, Some(9.0)), position("AAPL", 60, None)]).await;
    let tomorrow = StockPosition { session_date: date(1), ..position("SPY", 86_400, None) };
    put(std::slice::from_ref(&tomorrow)).await;
    let expected = [
        position("NVDA", 60, Some(4.2)),
        position("SPY", 180, Some(1.25)),
        position("AAPL", 60, None),
    ];
    assert_eq!(store.stock_positions(day()).await.unwrap(), expected);
    let found = store.stock_position(&symbol("SPY"), date(1)).await.unwrap();
    assert_eq!(found, Some(tomorrow));
    assert_eq!(store.stock_position(&symbol("DIA"), day()).await.unwrap(), None);
    let many = vec![position("SPY", 60, None); MAX_POSITIONS + 1];
    let refused = store.put_stock_positions(many).await;
    assert!(matches!(refused, Err(StoreError::TooManyRows { .. })), "{refused:?}");
    assert_eq!(rows(&store, ContentTable::StockPositions, "SPY").await, 2);
}

fn change(at: i64, state: OpportunityState) -> OpportunityChange {
    use OpportunityState::{Gone, Rejected};
    OpportunityChange {
        symbol: symbol("NVDA"),
        session_date: day(),
        at: after(at),
        state,
        reason: matches!(state, Gone | Rejected).then(|| "the call's spread is 14 %".to_owned()),
        evidence: json!({ "hv": 0.52, "iv": 0.38, "at": at, "days": [1e-7, 1.0, -2] }),
    }
}

#[tokio::test]
async fn changes_of_many_opportunities_are_stored_together_or_not_at_all() {
    let (_database, store) = open().await;
    use OpportunityState::{Expired, New, Updated};
    let spy = |at, state| OpportunityChange { symbol: symbol("SPY"), ..change(at, state) };
    let ids = store.put_opportunity_changes(vec![change(0, New), spy(0, New), change(60, Updated)]);
    let ids = ids.await.unwrap();
    assert_eq!((ids[0], ids.len()), (ids[2], 3), "two changes are of one opportunity");
    let stand = async || {
        let open = store.open_opportunities(day()).await.unwrap();
        open.into_iter().map(|one| (one.id, one.now)).collect::<Vec<_>>()
    };
    let expected = [(ids[0], change(60, Updated)), (ids[1], spy(0, New))];
    assert_eq!(stand().await, expected);
    let other = OpportunityChange { symbol: symbol("DIA"), ..change(120, Expired) };
    let refused = store.put_opportunity_changes(vec![spy(120, Updated), other]).await;
    assert!(matches!(refused, Err(StoreError::Missing(_))), "{refused:?}");
    assert_eq!(stand().await, expected, "nothing of it is stored");
    assert!(store.put_opportunity_changes(Vec::new()).await.unwrap().is_empty());
    let many = vec![change(180, Updated); MAX_OPPORTUNITIES as usize + 1];
    let refused = store.put_opportunity_changes(many).await;
    assert!(matches!(refused, Err(StoreError::TooManyRows { .. })), "{refused:?}");
}

#[tokio::test]
async fn an_opportunity_keeps_all_that_happened_to_it() {
    let (_database, store) = open().await;
    use OpportunityState::{Expired, Gone, New, Rejected, Updated};
    let put = async |change: OpportunityChange| store.put_opportunity_change(change).await;
    let first = put(change(0, Rejected)).await.unwrap();
    let steps = [(60, New), (120, Updated), (180, Gone)];
    for (at, state) in steps {
        assert_eq!(put(change(at, state)).await.unwrap(), first);
        assert_eq!(put(change(at, state)).await.unwrap(), first, "the same again");
    }
    assert_eq!(store.open_opportunities(day()).await.unwrap(), []);
    let error = put(change(240, Expired)).await.expect_err("nothing is open");
    assert!(matches!(error, StoreError::Missing(_)), "{error}");

    // The same stock comes up again.
    let second = put(change(300, New)).await.unwrap();
    assert_ne!(first, second);
    let spy = OpportunityChange { symbol: symbol("SPY"), ..change(310, New) };
    let third = put(spy.clone()).await.unwrap();
    let opportunity = |id, first_at: i64, now| Opportunity { id, first_at: after(first_at), now };
    let open = [opportunity(second, 300, change(300, New)), opportunity(third, 310, spy)];
    assert_eq!(store.open_opportunities(day()).await.unwrap(), open);
    let old = opportunity(first, 0, change(180, Gone));

    let filter = OpportunityFilter { symbol: None, include_ended: false, limit: 10 };
    let newest_first = [open[1].clone(), open[0].clone()];
    assert_eq!(store.opportunities(&filter).await.unwrap(), newest_first);
    let all = OpportunityFilter { include_ended: true, ..filter };
    let [a, b] = newest_first;
    assert_eq!(store.opportunities(&all).await.unwrap(), [a, b, old.clone()]);
    let of_nvda = OpportunityFilter { symbol: Some(symbol("NVDA")), limit: 1, ..all };
    assert_eq!(store.opportunities(&of_nvda).await.unwrap(), [open[0].clone()]);

    let history = store.opportunity(first).await.unwrap().unwrap();
    assert_eq!(history.opportunity, old);
    let expected = [(0, Rejected), (60, New), (120, Updated), (180, Gone)];
    assert_eq!(history.changes, expected.map(|(at, state)| change(at, state)));
    assert_eq!(store.opportunity(third + 1).await.unwrap(), None);

    let another = OpportunityChange { evidence: json!({}), ..change(300, Updated) };
    assert!(put(another).await.is_err(), "two changes at one instant");
    let bare = OpportunityChange { reason: None, ..change(400, Rejected) };
    assert!(put(bare).await.is_err(), "a rejection needs a reason");
    assert_eq!(store.open_opportunities(day()).await.unwrap(), open);
    put(change(500, Expired)).await.unwrap();
    assert_eq!(rows(&store, ContentTable::Opportunities, "NVDA").await, 2);
}

#[tokio::test]
async fn an_import_goes_on_where_it_stopped() {
    let (_database, store) = open().await;
    let import = |name: &str, symbols_done: i32| TapeImport {
        file_name: name.to_owned(),
        size_bytes: 1 << 32,
        modified_at: after(-86_400 * 20_000),
        session_date: (symbols_done > 0).then(day),
        symbols_done,
        finished_at: (symbols_done > 10).then(|| after(60)),
    };
    for (name, done) in [("a.csv.gz", 0), ("b.csv.gz", 7), ("a.csv.gz", 11)] {
        store.put_tape_import(&import(name, done)).await.unwrap();
    }
    assert_eq!(store.tape_import("a.csv.gz").await.unwrap(), Some(import("a.csv.gz", 11)));
    assert_eq!(store.tape_import("c.csv.gz").await.unwrap(), None);
    let newest = [import("a.csv.gz", 11), import("b.csv.gz", 7)];
    assert_eq!(store.tape_imports(9).await.unwrap(), newest);
    assert_eq!(store.tape_imports(1).await.unwrap(), newest[..1]);
}
