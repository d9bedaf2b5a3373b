//! The writer: exactly once, corrections, and roll-ups that always agree with the prints.

use chrono::TimeDelta;
use proptest::test_runner::{Config, TestRunner};
use sqlx::{Connection, Executor};
use undertow_market::{MarketSession, Print, Reasons};
use undertow_store::content::{ContentHash, ContentTable};
use undertow_store::levels::LevelFilter;
use undertow_store::merge::{Day, MAX_BATCH_PRINTS};
use undertow_store::prints::PrintFilter;
use undertow_store::slots::{SlotFilter, SlotKind, SlotResult, SlotState};
use undertow_store::watermarks::Watermark;
use undertow_store::{MergeContext, MergeReport, Store, StoreError};
use undertow_testkit::postgres::TestDatabase;

use crate::fixtures::*;

async fn merge(store: &Store, prints: &[Print]) -> MergeReport {
    store.merge_prints(prints, MergeContext::default()).await.unwrap()
}

/// Everything that is stored of one symbol on both days of the fixtures.
async fn content(store: &Store, name: &str) -> Vec<ContentHash> {
    let tables = [ContentTable::Prints, ContentTable::LevelCells, ContentTable::ActivityMinutes];
    let mut found = Vec::new();
    for table in tables {
        let (from, to) = (day(), day() + TimeDelta::days(1));
        found.push(store.content_hash(table, &symbol(name), from, to).await.unwrap());
    }
    found
}

async fn all_content(store: &Store) -> Vec<ContentHash> {
    let mut found = content(store, "SPY").await;
    found.extend(content(store, "NVDA").await);
    found
}

async fn rebuild_all(store: &Store) {
    for name in ["SPY", "NVDA"] {
        for days in 0..2 {
            let session_date = day() + TimeDelta::days(days);
            store.rebuild_rollups(&Day { symbol: symbol(name), session_date }).await.unwrap();
        }
    }
}

async fn stored(store: &Store, name: &str) -> Vec<Print> {
    let filter = PrintFilter::new(symbol(name), after(-86_400), after(5 * 86_400));
    store.prints(&filter).await.unwrap()
}

#[tokio::test]
async fn a_day_merged_three_times_leaves_the_same_rows() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let prints: Vec<Print> =
        (0..600).map(|n| print(n / 3, &format!("622.{:02}", n % 100), "100")).collect();
    let first = merge(&store, &prints).await;
    assert_eq!((first.delivered, first.inserted, first.repeated), (600, 600, 0));
    let expected = all_content(&store).await;
    for order in ["forward", "backward"] {
        let mut again = prints.clone();
        if order == "backward" {
            again.reverse();
        }
        let report = merge(&store, &again).await;
        assert_eq!((report.inserted, report.changed, report.unchanged), (0, 0, 600), "{order}");
        assert_eq!(all_content(&store).await, expected, "{order}");
    }
}

#[tokio::test]
async fn prints_that_share_time_and_id_are_all_kept() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let base = print(5, "622.12", "100");
    let prints = [
        base.clone(),
        Print { price: price("622.13"), ..base.clone() },
        Print { size: "200".parse().unwrap(), ..base.clone() },
        Print { day_volume: Some(7), ..base.clone() },
        Print { day_volume: None, ..base.clone() },
        Print { tracking_id: 0, ..base.clone() },
        Print { symbol: symbol("QQQ"), ..base.clone() },
    ];
    let report = merge(&store, &prints).await;
    assert_eq!(report.inserted, prints.len());
    for print in &prints {
        let found = store.print_by_key(&print.key()).await.unwrap();
        assert_eq!(found.as_ref(), Some(print));
    }
}

#[tokio::test]
async fn a_canceled_print_leaves_the_levels_and_the_volume() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let (stays, goes) = (print(1, "622.12", "100"), print(2, "622.13", "900"));
    merge(&store, &[stays.clone(), goes.clone()]).await;
    let report = merge(&store, &[stays.clone(), canceled(&goes)]).await;
    assert_eq!((report.changed, report.unchanged), (1, 1));

    let filter = LevelFilter { symbol: symbol("SPY"), from: day(), to: day(), sessions: vec![] };
    let cells = store.level_cells(&filter).await.unwrap();
    assert_eq!(cells.len(), 1);
    let cell = &cells[0];
    assert_eq!((cell.prints, cell.shares), (1, dollars("100")));
    assert_eq!(cell.largest_notional, dollars("62212"));
    assert_eq!((cell.first_at, cell.last_at), (Some(after(1)), Some(after(1))));
    assert_eq!((cell.excluded_prints, cell.excluded_notional), (0, dollars("0")));
    let activity = store.activity(&symbol("SPY"), day(), day()).await.unwrap();
    assert_eq!(activity[0].minutes[0].shares, dollars("100"));
    let found = store.print_by_key(&goes.key()).await.unwrap().unwrap();
    assert!(found.is_canceled(), "the print itself is kept");
}

#[tokio::test]
async fn an_older_delivery_takes_nothing_back() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let live = print(1, "622.12", "100");
    merge(&store, &[canceled(&live)]).await;
    let report = merge(&store, std::slice::from_ref(&live)).await;
    assert_eq!(report.unchanged, 1);
    assert!(store.print_by_key(&live.key()).await.unwrap().unwrap().is_canceled());
    // In one batch the later delivery counts too, wherever it stands.
    let other = print(9, "622.12", "100");
    let report = merge(&store, &[canceled(&other), other.clone()]).await;
    assert_eq!((report.inserted, report.repeated), (1, 1));
    assert!(store.print_by_key(&other.key()).await.unwrap().unwrap().is_canceled());
}

#[tokio::test]
async fn every_field_that_a_vendor_corrects_is_corrected() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let first = print(60, "622.12", "100");
    let later = first.received_at + TimeDelta::seconds(1);
    merge(&store, std::slice::from_ref(&first)).await;
    let corrections = [
        Print { executed_at: after(-1_000), ..first.clone() },
        Print { session: MarketSession::Post, ..first.clone() },
        Print { quote: None, ..first.clone() },
        Print { reasons: Reasons::AVERAGE_PRICE | Reasons::CORRECTION, ..first.clone() },
        Print { market_center: Some("2".into()), ..first.clone() },
        Print { sale_condition: Some("average_price_trade".into()), ..first.clone() },
        Print { trade_code: Some("derivative_priced".into()), ..first.clone() },
        Print { extended_hours_code: Some("sold_last".into()), ..first.clone() },
        Print { settlement: None, ..first.clone() },
    ];
    for correction in corrections {
        let correction = Print { received_at: later, ..correction };
        assert_eq!(merge(&store, std::slice::from_ref(&correction)).await.changed, 1);
        let found = store.print_by_key(&first.key()).await.unwrap().unwrap();
        // The time of the first delivery is kept.
        assert_eq!(found, Print { received_at: first.received_at, ..correction });
    }
}

#[tokio::test]
async fn what_no_column_can_hold_goes_to_quarantine_and_not_its_neighbours() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let good = print(1, "622.12", "100");
    let check = async |bad: Print, expected: &str| {
        let report = merge(&store, &[bad, good.clone()]).await;
        assert_eq!(report.refused, 1, "{expected}");
        let rows = store.quarantine_rows(10).await.unwrap();
        assert!(rows.iter().any(|row| row.rejected.reason.contains(expected)), "{rows:?}");
    };
    check(print(2, "999999999999", "999999999999"), "impossibly large").await;
    check(Print { settlement: Some("a\0b".into()), ..print(3, "1", "1") }, "zero byte").await;
    let far = after(86_400 * 365 * 200);
    check(Print { executed_at: far, ..print(4, "1", "1") }, "1990 to 2099").await;
    let other_day = day() + TimeDelta::days(40);
    check(Print { session_date: other_day, ..print(5, "1", "1") }, "trading day").await;
    assert_eq!(stored(&store, "SPY").await, [good]);
}

#[tokio::test]
async fn the_books_are_written_with_the_prints_or_not_at_all() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let slot = SlotResult {
        vendor: undertow_market::VendorId::UnusualWhales,
        kind: SlotKind::Prints,
        symbol: symbol("SPY"),
        session_date: day(),
        slot_start: after(0),
        slot_end: after(60),
        state: SlotState::Stored,
        reason: None,
        delivered: 1,
        rejected: 0,
        gap: false,
        finished_at: after(61),
    };
    let watermark = Watermark {
        vendor: slot.vendor,
        kind: SlotKind::Prints,
        symbol: symbol("SPY"),
        session_date: day(),
        reported_to: after(60),
    };
    let context = |slot: &SlotResult| MergeContext {
        slot: Some(slot.clone()),
        watermark: Some(watermark.clone()),
        rejects: vec![],
    };
    // A failure without a reason breaks a rule of its table, and takes everything with it.
    let broken = SlotResult { state: SlotState::Failed, ..slot.clone() };
    let refused = store.merge_prints(vec![print(1, "622", "5")], context(&broken)).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    assert_eq!(stored(&store, "SPY").await, []);
    let newest =
        store.newest_watermark(slot.vendor, SlotKind::Prints, &symbol("SPY")).await.unwrap();
    assert_eq!(newest, None);

    store.merge_prints(vec![print(1, "622", "5")], context(&slot)).await.unwrap();
    let filter = SlotFilter {
        vendor: slot.vendor,
        kind: SlotKind::Prints,
        symbol: None,
        from: day(),
        to: day(),
    };
    assert_eq!(store.slots(&filter).await.unwrap(), [slot]);
    let newest = store.newest_watermark(watermark.vendor, SlotKind::Prints, &symbol("SPY")).await;
    assert_eq!(newest.unwrap(), Some(watermark));
}

#[tokio::test]
async fn two_writers_of_the_same_prints_store_each_once() {
    let database = TestDatabase::create().await.unwrap();
    let (one, two) = (database.store().await.unwrap(), database.store().await.unwrap());
    let batch = |part: i64| -> Vec<Print> {
        (0..200).map(|n| print(part * 100 + n, "622.12", "100")).collect()
    };
    let mut reports = Vec::new();
    for part in 0..5 {
        let (a, b) = tokio::join!(
            one.merge_prints(batch(part), MergeContext::default()),
            two.merge_prints(batch(part), MergeContext::default()),
        );
        reports.extend([a.unwrap(), b.unwrap()]);
    }
    let inserted: usize = reports.iter().map(|report| report.inserted).sum();
    assert_eq!(inserted, 600);
    let expected = all_content(&one).await;
    assert_eq!(expected[0].rows, 600);
    rebuild_all(&one).await;
    assert_eq!(all_content(&one).await, expected);
}

#[tokio::test]
async fn a_batch_is_bounded() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let many = vec![print(1, "622", "1"); MAX_BATCH_PRINTS + 1];
    let refused = store.merge_prints(many, MergeContext::default()).await;
    assert!(matches!(refused, Err(StoreError::TooManyRows { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_half_merge_and_no_open_transaction() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let batch: Vec<Print> = (0..100).map(|n| print(n, "622.12", "100")).collect();
    for polls in 0..40 {
        let mut merging = Box::pin(store.merge_prints(batch.clone(), MergeContext::default()));
        for _ in 0..polls {
            let _ = futures_poll_once(merging.as_mut()).await;
            tokio::task::yield_now().await;
        }
        drop(merging);
    }
    // What was left running ends; then the same batch is there once and nothing is locked.
    let report = merge(&store, &batch).await;
    assert_eq!(report.unchanged + report.inserted, 100);
    assert_eq!(stored(&store, "SPY").await.len(), 100);
}

async fn futures_poll_once<F: Future + Unpin>(future: F) -> Option<F::Output> {
    let mut future = future;
    std::future::poll_fn(|context| {
        let polled = std::pin::Pin::new(&mut future).poll(context);
        std::task::Poll::Ready(match polled {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

/// Runs a property over batches of random prints, each time on empty tables.
fn check_batches(property: impl AsyncFn(&Store, Vec<Vec<Print>>)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (database, store) = runtime.block_on(async {
        let database = TestDatabase::create().await.unwrap();
        let store = database.store().await.unwrap();
        (database, store)
    });
    let config = Config { cases: 32, failure_persistence: None, ..Config::default() };
    let batches = proptest::collection::vec(proptest::collection::vec(any_print(), 0..40), 1..5);
    let outcome = TestRunner::new(config).run(&batches, |batches| {
        runtime.block_on(async {
            empty(&database).await;
            property(&store, batches).await;
        });
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

async fn empty(database: &TestDatabase) {
    let mut connection = sqlx::PgConnection::connect_with(&database.address()).await.unwrap();
    connection
        .execute("TRUNCATE trading.darkpool_trades, trading.darkpool_day_sums, trading.quarantine")
        .await
        .unwrap();
    connection.close().await.unwrap();
}

#[test]
fn every_print_comes_back_digit_for_digit() {
    check_batches(async |store, batches| {
        let prints: Vec<Print> = batches.concat();
        let mut seen = std::collections::HashSet::new();
        let distinct: Vec<Print> = prints.into_iter().filter(|p| seen.insert(p.key())).collect();
        let report = merge(store, &distinct).await;
        assert_eq!(report.inserted + report.refused, distinct.len());
        let mut found = stored(store, "SPY").await;
        found.extend(stored(store, "NVDA").await);
        let refused = store.quarantine_rows(1_000).await.unwrap().len();
        assert_eq!(found.len() + refused, distinct.len());
        for print in found {
            assert!(distinct.contains(&print), "{print:?}");
        }
    });
}

#[test]
fn rollups_kept_by_the_writer_are_those_summed_from_the_prints() {
    check_batches(async |store, batches| {
        for batch in &batches {
            merge(store, batch).await;
            // The same prints again, some of them cancelled meanwhile.
            let later: Vec<Print> = batch
                .iter()
                .enumerate()
                .map(|(n, print)| if n % 7 == 0 { canceled(print) } else { print.clone() })
                .collect();
            merge(store, &later).await;
        }
        let kept = all_content(store).await;
        rebuild_all(store).await;
        assert_eq!(all_content(store).await, kept);
    });
}
