//! What is kept how long, and what stays when prints go.

use chrono::TimeDelta;
use undertow_market::{OptionTrade, Print};
use undertow_store::content::{ContentHash, ContentTable};
use undertow_store::log::{LogEntry, LogLevel};
use undertow_store::merge::Day;
use undertow_store::retention::{PruneReport, Pruned, Retention};
use undertow_store::{MergeContext, Store, StoreError};
use undertow_testkit::postgres::TestDatabase;

use crate::fixtures::*;

async fn open() -> (TestDatabase, Store) {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    (database, store)
}

async fn keep(store: &Store, table: &str, days: u32) {
    store.set_retention(table, Some(days)).await.unwrap();
}

fn moved(print: Print, days: i64) -> Print {
    let by = TimeDelta::days(days);
    Print {
        session_date: print.session_date + by,
        executed_at: print.executed_at + by,
        reported_at: print.reported_at + by,
        ..print
    }
}

fn lost(table: &str, months: u32, rows: u64) -> Pruned {
    Pruned { table: table.to_owned(), months, rows }
}

async fn content(store: &Store, table: ContentTable) -> ContentHash {
    let (from, to) = (day() - TimeDelta::days(400), day() + TimeDelta::days(400));
    store.content_hash(table, &symbol("SPY"), from, to).await.unwrap()
}

#[tokio::test]
async fn what_is_kept_how_long_can_be_read_and_set() {
    let (_database, store) = open().await;
    let read = async |table: &str| {
        let all = store.retention().await.unwrap();
        all.into_iter().find(|retention| retention.table == table)
    };
    let prints = |keep_days| Some(Retention { table: "darkpool_trades".to_owned(), keep_days });
    assert_eq!(read("darkpool_trades").await, prints(None), "for ever unless told otherwise");
    keep(&store, "darkpool_trades", 400).await;
    assert_eq!(read("darkpool_trades").await, prints(Some(400)));
    store.set_retention("darkpool_trades", None).await.unwrap();
    assert_eq!(read("darkpool_trades").await, prints(None));
    assert_eq!(read("darkpool_day_sums").await, None, "sums are never pruned");

    let missing = store.set_retention("nothing", Some(30)).await.expect_err("no such table");
    assert!(matches!(missing, StoreError::Missing(_)), "{missing}");
    for days in [0, 6, 36_501, u32::MAX] {
        assert!(store.set_retention("bars", Some(days)).await.is_err(), "{days}");
    }
}

#[tokio::test]
async fn whole_months_go_when_all_of_them_is_older() {
    let (_database, store) = open().await;
    let at = |months: i64| moved(print(1, "622.12", "100"), -31 * months);
    // May, June and July.
    store.merge_prints(vec![at(0), at(1), at(2)], MergeContext::default()).await.unwrap();
    let trade = |days: i64| {
        let at = after(0) - TimeDelta::days(days);
        let plain = option_trade(days, "2.45", 10);
        OptionTrade { executed_at: at, session_date: at.date_naive(), ..plain }
    };
    // One by one: a batch makes the months between its rows, too.
    for days in [0, 40, 400] {
        store.merge_option_trades(vec![trade(days)], MergeContext::default()).await.unwrap();
    }

    // Trades are kept for a year from the start, prints for ever.
    let report = store.prune(after(0)).await.unwrap();
    assert_eq!(report, PruneReport { tables: vec![lost("options_flow", 1, 0)] });
    assert_eq!(content(&store, ContentTable::OptionsFlow).await.rows, 2);

    keep(&store, "darkpool_trades", 13).await;
    keep(&store, "options_flow", 30).await;
    // Thirteen days before the 14th July is the 1st, 10:00: all of June is older, none of July is.
    let report = store.prune(after(0)).await.unwrap();
    assert_eq!(report, PruneReport { tables: vec![lost("darkpool_trades", 2, 0)] });
    assert_eq!(content(&store, ContentTable::Prints).await.rows, 1);
    assert_eq!(content(&store, ContentTable::OptionsFlow).await.rows, 2, "June is not over yet");
    assert_eq!(store.prune(after(0)).await.unwrap(), PruneReport::default());
}

#[tokio::test]
async fn sums_outlive_their_prints_and_are_right_when_the_prints_come_back() {
    let (_database, store) = open().await;
    let prints: Vec<Print> = (0..50)
        .map(|n| moved(print(n, &format!("622.{n:02}"), "100"), -60))
        .chain([print(1, "622.12", "100")])
        .collect();
    let sums = async || {
        let cells = content(&store, ContentTable::LevelCells).await;
        (cells, content(&store, ContentTable::ActivityMinutes).await)
    };
    store.merge_prints(&prints[..], MergeContext::default()).await.unwrap();
    let expected = sums().await;
    keep(&store, "darkpool_trades", 30).await;
    assert_eq!(store.prune(after(0)).await.unwrap().tables, [lost("darkpool_trades", 1, 0)]);
    assert_eq!(content(&store, ContentTable::Prints).await.rows, 1);
    assert_eq!(sums().await, expected, "sums stay");

    // A backfill brings them again, page by page.
    for page in prints.chunks(20) {
        store.merge_prints(page, MergeContext::default()).await.unwrap();
    }
    assert_eq!(sums().await, expected, "nothing is counted twice");
    let session_date = day() - TimeDelta::days(60);
    store.rebuild_rollups(&Day { symbol: symbol("SPY"), session_date }).await.unwrap();
    assert_eq!(sums().await, expected);
}

#[tokio::test]
async fn other_tables_lose_what_is_older_by_date() {
    let (_database, store) = open().await;
    let old = undertow_market::Bar {
        start_at: after(0) - TimeDelta::days(31),
        session_date: day() - TimeDelta::days(31),
        ..bar(0, "622.5", 1)
    };
    store.merge_bars(vec![old, bar(0, "622.5", 1)], MergeContext::default()).await.unwrap();
    for days in [0, 91] {
        let entry = LogEntry {
            at: after(0) - TimeDelta::days(days),
            level: LogLevel::Info,
            area: "collector".to_owned(),
            message: "began".to_owned(),
            detail: None,
        };
        store.append_log(&entry).await.unwrap();
    }
    keep(&store, "bars", 30).await;
    let report = store.prune(after(0)).await.unwrap();
    assert_eq!(report.tables, [lost("bars", 0, 1), lost("system_log", 0, 1)]);
    assert_eq!(content(&store, ContentTable::Bars).await.rows, 1);
    assert_eq!(store.log_entries(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn every_listed_table_can_be_pruned() {
    let (_database, store) = open().await;
    let all = store.retention().await.unwrap();
    assert!(all.len() >= 23, "{all:?}");
    for retention in &all {
        keep(&store, &retention.table, 7).await;
    }
    assert_eq!(store.prune(after(0)).await.unwrap(), PruneReport::default());
}
