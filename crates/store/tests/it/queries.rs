//! Reading prints, levels, activity, bars and the state of the database.

use chrono::TimeDelta;
use undertow_analysis::bins::bin_of;
use undertow_market::{Bar, BarInterval, MarketSession, Print, Quote, Reasons, Side};
use undertow_store::levels::LevelFilter;
use undertow_store::prints::{Place, PrintFilter};
use undertow_store::{MergeContext, Store, StoreError};
use undertow_testkit::postgres::TestDatabase;

use crate::fixtures::*;

async fn with_prints(prints: Vec<Print>) -> (TestDatabase, Store) {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    store.merge_prints(prints, MergeContext::default()).await.unwrap();
    (database, store)
}

fn ids(prints: &[Print]) -> Vec<i64> {
    prints
        .iter()
        .map(|print| print.reported_at.signed_duration_since(ten_o_clock()).num_seconds())
        .collect()
}

#[tokio::test]
async fn the_tape_is_filtered_by_each_of_its_filters() {
    let plain = |seconds| print(seconds, "622.12", "100");
    let quote = |bid: &str, ask: &str| Some(Quote { bid: price(bid), ask: price(ask) });
    let (_database, store) = with_prints(vec![
        Print { quote: quote("622.00", "622.12"), ..plain(1) },
        Print { quote: quote("622.12", "622.20"), ..plain(2) },
        Print { quote: quote("622.11", "622.13"), ..plain(3) },
        Print { reasons: Reasons::AVERAGE_PRICE, ..plain(4) },
        Print { reasons: Reasons::CANCELED | Reasons::ODD_LOT, ..plain(5) },
        Print { session: MarketSession::Post, ..plain(6) },
        print(7, "622.12", "5000"),
        Print { symbol: symbol("QQQ"), ..plain(8) },
    ])
    .await;
    let all = PrintFilter::new(symbol("SPY"), after(0), after(100));
    let check = async |filter: PrintFilter, expected: &[i64]| {
        let found = store.prints(&filter).await.unwrap();
        assert_eq!(ids(&found), expected, "{filter:?}");
    };
    check(all.clone(), &[7, 6, 5, 4, 3, 2, 1]).await;
    check(PrintFilter { from: after(2), to: after(4), ..all.clone() }, &[3, 2]).await;
    check(PrintFilter { limit: 2, ..all.clone() }, &[7, 6]).await;
    check(PrintFilter { limit: 0, ..all.clone() }, &[]).await;
    check(PrintFilter { min_notional: Some(dollars("1000000")), ..all.clone() }, &[7]).await;
    check(PrintFilter { side: Some(Side::Buy), ..all.clone() }, &[1]).await;
    check(PrintFilter { side: Some(Side::Sell), to: after(4), ..all.clone() }, &[2]).await;
    check(PrintFilter { side: Some(Side::Unknown), to: after(4), ..all.clone() }, &[3]).await;
    check(
        PrintFilter { reasons_any: Reasons::AVERAGE_PRICE | Reasons::ODD_LOT, ..all.clone() },
        &[5, 4],
    )
    .await;
    check(
        PrintFilter { reasons_none: Reasons::CANCELED, to: after(6), ..all.clone() },
        &[4, 3, 2, 1],
    )
    .await;
    check(PrintFilter { sessions: vec![MarketSession::Post], ..all.clone() }, &[6]).await;
    check(PrintFilter { symbol: symbol("IWM"), ..all }, &[]).await;
}

#[tokio::test]
async fn paging_back_through_a_full_second_loses_and_repeats_nothing() {
    let many: Vec<Print> =
        (0..60).map(|n| Print { tracking_id: n, ..print(n / 30, "622.12", "100") }).collect();
    let (_database, store) = with_prints(many.clone()).await;
    let mut filter = PrintFilter::new(symbol("SPY"), after(0), after(100));
    filter.limit = 7;
    let mut found: Vec<Print> = Vec::new();
    loop {
        let page = store.prints(&filter).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.before = Some(Place { reported_at: last.reported_at, identity: last.identity() });
        found.extend(page);
    }
    assert_eq!(found.len(), many.len());
    assert!(
        found.is_sorted_by_key(|p| (
            std::cmp::Reverse(p.reported_at),
            std::cmp::Reverse(p.identity())
        ))
    );
    assert!(many.iter().all(|print| found.contains(print)));
}

#[tokio::test]
async fn a_row_that_was_changed_by_hand_is_named_and_not_guessed() {
    use sqlx::Connection;
    let (database, store) = with_prints(vec![print(1, "622.12", "100")]).await;
    let mut connection = sqlx::PgConnection::connect_with(&database.address()).await.unwrap();
    sqlx::query("UPDATE trading.darkpool_trades SET tracking_id = 4")
        .execute(&mut connection)
        .await
        .unwrap();
    let filter = PrintFilter::new(symbol("SPY"), after(0), after(100));
    let error = store.prints(&filter).await.expect_err("the identity no longer fits");
    assert!(matches!(error, StoreError::BrokenRow { .. }), "{error}");
    assert!(error.to_string().contains("SPY 2026-07-14T14:00:01"), "{error}");
}

#[tokio::test]
async fn cells_hold_the_sums_of_their_prints() {
    let quote = |bid: &str, ask: &str| Some(Quote { bid: price(bid), ask: price(ask) });
    let next_day = |print: Print| Print {
        session_date: day() + TimeDelta::days(1),
        reported_at: print.reported_at + TimeDelta::days(1),
        executed_at: print.executed_at + TimeDelta::days(1),
        ..print
    };
    let (_database, store) = with_prints(vec![
        Print { quote: quote("622.00", "622.10"), ..print(1, "622.10", "100") },
        Print { quote: quote("622.14", "622.20"), ..print(2, "622.14", "10.5") },
        Print { quote: None, ..print(3, "622.1499", "1") },
        Print { reasons: Reasons::CONTINGENT, ..print(4, "622.11", "7") },
        Print { reasons: Reasons::CANCELED, ..print(5, "622.11", "9") },
        print(6, "622.15", "1000"),
        Print { session: MarketSession::Post, ..print(7, "622.12", "3") },
        next_day(print(8, "622.12", "4")),
        print(9, "99.999", "2"),
        Print { quote: None, ..print(10, "1000.49", "2") },
    ])
    .await;
    let filter = LevelFilter { symbol: symbol("SPY"), from: day(), to: day(), sessions: vec![] };
    let cells = store.level_cells(&filter).await.unwrap();
    let lows: Vec<String> = cells.iter().map(|cell| cell.cell_low.to_string()).collect();
    assert_eq!(lows, ["99.99", "622.1", "622.15", "1000", "622.1"]);
    let cell = &cells[1];
    assert_eq!((cell.prints, cell.shares), (3, dollars("111.5")));
    assert_eq!(cell.buy_notional, dollars("62210"));
    assert_eq!(cell.sell_notional, dollars("6532.47"));
    assert_eq!(cell.unknown_notional, dollars("622.1499"));
    assert_eq!(cell.notional, dollars("69364.6199"));
    assert_eq!(cell.largest_notional, dollars("62210"));
    assert_eq!((cell.first_at, cell.last_at), (Some(after(1)), Some(after(3))));
    assert_eq!((cell.excluded_prints, cell.excluded_shares), (1, dollars("7")));
    assert_eq!(cell.excluded_notional, dollars("4354.77"));

    let regular = LevelFilter { sessions: vec![MarketSession::Regular], ..filter.clone() };
    assert_eq!(store.level_cells(&regular).await.unwrap().len(), 4);
    let both = LevelFilter { to: day() + TimeDelta::days(1), ..filter };
    assert_eq!(store.level_cells(&both).await.unwrap().len(), 6);
    let newest = store.newest_session(&symbol("SPY")).await.unwrap();
    assert_eq!(newest, Some(day() + TimeDelta::days(1)));
}

#[tokio::test]
async fn sums_that_were_changed_by_hand_are_named_and_not_guessed() {
    use sqlx::Connection;
    let (database, store) = with_prints(vec![print(1, "622.12", "100")]).await;
    let mut connection = sqlx::PgConnection::connect_with(&database.address()).await.unwrap();
    sqlx::query(
        "UPDATE trading.darkpool_day_sums
         SET cells = cells || '\\x00', minutes = overlay(minutes PLACING '\\x02' FROM 1)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let filter = LevelFilter { symbol: symbol("SPY"), from: day(), to: day(), sessions: vec![] };
    let merged = store.merge_prints(vec![print(2, "622.12", "1")], MergeContext::default()).await;
    for error in [
        store.level_cells(&filter).await.expect_err("a byte too many"),
        store.activity(&symbol("SPY"), day(), day()).await.expect_err("another form"),
        merged.expect_err("nothing is added to what cannot be read"),
    ] {
        assert!(matches!(error, StoreError::BrokenRow { .. }), "{error}");
        assert!(error.to_string().contains("SPY 2026-07-14"), "{error}");
    }
    // Made again from the prints, all is well.
    let day = undertow_store::merge::Day { symbol: symbol("SPY"), session_date: day() };
    store.rebuild_rollups(&day).await.unwrap();
    assert_eq!(store.level_cells(&filter).await.unwrap()[0].prints, 1);
}

#[tokio::test]
async fn bins_summed_by_the_store_are_the_cells_summed_by_hand() {
    let prints = (0..400).map(|n| print(n, &format!("{}.{:02}", 600 + n % 40, n % 100), "100"));
    let (_database, store) = with_prints(prints.collect()).await;
    let filter = LevelFilter { symbol: symbol("SPY"), from: day(), to: day(), sessions: vec![] };
    let cells = store.level_cells(&filter).await.unwrap();
    for width in ["0.1", "0.2", "0.5", "10"] {
        let width = dollars(width);
        let mut expected = std::collections::BTreeMap::new();
        for cell in &cells {
            let sums = expected.entry(bin_of(cell.cell_low, width)).or_insert((0, dollars("0")));
            *sums = (sums.0 + cell.prints, sums.1 + cell.notional);
        }
        let bins = store.level_bins(&filter, width).await.unwrap();
        let found = bins.iter().map(|bin| (bin.price, (bin.prints, bin.notional))).collect();
        assert_eq!(expected, found, "{width}");
    }
    for width in ["0", "-0.1", "0.01", "0.05", "0.005", "100000000000000000000"] {
        let width = dollars(width);
        let refused = store.level_bins(&filter, width).await.expect_err("it cuts cells in two");
        assert!(matches!(refused, StoreError::BadWidth(_)), "{refused}");
    }
}

#[tokio::test]
async fn activity_counts_by_minute_of_new_york() {
    let (_database, store) = with_prints(vec![
        print(0, "622.12", "100"),
        print(59, "622.12", "1.5"),
        print(60, "622.12", "3"),
        Print { reasons: Reasons::AVERAGE_PRICE, ..print(61, "622.12", "4") },
        Print { reasons: Reasons::CANCELED, ..print(120, "622.12", "5") },
    ])
    .await;
    let sessions = store.activity(&symbol("SPY"), day(), day()).await.unwrap();
    assert_eq!(sessions.len(), 1);
    let found: Vec<_> =
        sessions[0].minutes.iter().map(|m| (m.minute, m.shares.to_string())).collect();
    assert_eq!(found, [(600, "101.5".to_owned()), (601, "7".to_owned())]);
    assert_eq!(store.newest_at().await.unwrap(), Some(after(120)));
}

#[tokio::test]
async fn block_thresholds_are_those_that_the_analysis_measures() {
    let prints: Vec<Print> =
        (1..=150).map(|n| print(n, "622.12", &format!("{}", (n * 7_919) % 1_000 + 1))).collect();
    let measured = undertow_analysis::blocks::BlockThresholds::measure(
        prints.iter().map(|p| (undertow_market::calendar::minute_of_day(p.reported_at), p.size)),
    );
    let (_database, store) = with_prints(prints).await;
    let found = store.block_thresholds(&symbol("SPY"), day(), day()).await.unwrap();
    assert!(found.at(600).is_some());
    assert_eq!(found, measured);
}

#[tokio::test]
async fn the_newest_bars_come_oldest_first_and_the_latest_delivery_wins() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let merge =
        async |bars: Vec<Bar>| store.merge_bars(bars, MergeContext::default()).await.unwrap();
    let first: Vec<Bar> = (0..10).map(|n| bar(n, "622.5", 100)).collect();
    assert_eq!(merge(first.clone()).await.inserted, 10);
    assert_eq!(merge(first.clone()).await.unchanged, 10);
    let newer = Bar { received_at: after(7_200), ..bar(9, "622.75", 150) };
    let report = merge(vec![newer.clone(), bar(9, "622.6", 120), bar(10, "622.5", 1)]).await;
    assert_eq!((report.inserted, report.changed, report.repeated), (1, 1, 1));
    assert_eq!(merge(vec![bar(9, "622.6", 120)]).await.unchanged, 1, "an older delivery");

    let (spy, minute) = (symbol("SPY"), BarInterval::Minute1);
    let found = store.bars(&spy, minute, after(0), after(600), 3).await.unwrap();
    assert_eq!(found, [first[7].clone(), first[8].clone(), newer]);
    let extent = store.bar_extent(&spy, minute).await.unwrap().expect("there are bars");
    assert_eq!((extent.first_at, extent.last_at, extent.count), (after(0), after(600), 11));
    assert_eq!(store.bar_extent(&spy, BarInterval::Day1).await.unwrap(), None);
    assert_eq!(store.bars(&spy, BarInterval::Hour1, after(0), after(600), 3).await.unwrap(), []);
}

#[tokio::test]
async fn a_bar_that_contradicts_itself_is_refused_by_name() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let refused = store.merge_bars(vec![bar(1, "624", 5)], MergeContext::default()).await;
    let error = refused.expect_err("the close is above the high").to_string();
    assert!(error.contains("SPY 1m 2026-07-14T14:01:00"), "{error}");
}

#[tokio::test]
async fn partitions_are_made_ahead_once() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let year = TimeDelta::days(364);
    // Thirteen months of prints, of options flow, of chains and of the four tables of the tape.
    assert_eq!(store.ensure_partitions(after(0), after(0) + year).await.unwrap(), 7 * 13);
    assert_eq!(store.ensure_partitions(after(0), after(0) + year).await.unwrap(), 0);
    assert!(store.ensure_partitions(after(0), after(-1)).await.is_err());
    assert!(store.ensure_partitions(after(0), after(0) + year * 100).await.is_err());
}

#[tokio::test]
async fn the_state_of_the_database_is_told() {
    let (_database, store) = with_prints(vec![print(1, "622.12", "100")]).await;
    store.ping().await.unwrap();
    let status = store.status().await.unwrap();
    assert!(status.database_bytes > 1_000_000 && status.connections >= 1, "{status:?}");
    let sizes = store.table_sizes().await.unwrap();
    let trades = sizes.iter().find(|size| size.table == "darkpool_trades").expect("it exists");
    assert!(trades.bytes > 8_192, "{sizes:?}");
    assert!(
        !sizes.iter().any(|size| size.table.contains("2026")),
        "partitions are summed: {sizes:?}"
    );
}
