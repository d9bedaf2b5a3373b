//! Option trades and alerts: stored once over two channels, filtered, and summed as in Rust.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;
use undertow_analysis::flow::{FlowCell, FlowMinute, Opening, Tenor};
use undertow_market::{FlowAlert, OptionKind, OptionTrade, Price, Quote, Side, TradeFlags};
use undertow_store::content::{ContentHash, ContentTable};
use undertow_store::flow::{FlowFilter, FlowKind, FlowRow, MAX_BATCH_FLOW};
use undertow_store::slots::SlotKind;
use undertow_store::{MergeContext, MergeReport, Store, StoreError};
use undertow_testkit::postgres::TestDatabase;
use uuid::Uuid;

use crate::fixtures::*;

async fn open() -> (TestDatabase, Store) {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    (database, store)
}

async fn merge(store: &Store, trades: &[OptionTrade]) -> MergeReport {
    store.merge_option_trades(trades, MergeContext::default()).await.unwrap()
}

async fn content(store: &Store) -> ContentHash {
    store.content_hash(ContentTable::OptionsFlow, &symbol("SPY"), day(), day()).await.unwrap()
}

async fn stored(store: &Store) -> Vec<OptionTrade> {
    store.session_trades(&symbol("SPY"), day(), Decimal::ZERO, 100_000).await.unwrap()
}

fn counts(report: &MergeReport) -> (usize, usize, usize, usize) {
    (report.inserted, report.changed, report.unchanged, report.repeated)
}

/// A day of trades as different as they come.
fn random_trades(seed: u64, count: i64) -> Vec<OptionTrade> {
    let mut dice = StdRng::seed_from_u64(seed);
    let contracts = ["SPY260714C00622000", "SPY260717P00620000", "SPYW260814C00700000"];
    let mut trades = Vec::new();
    for n in 0..count {
        let cents = dice.random_range(1..2_000);
        let quote = (cents + dice.random_range(-5..3), cents + dice.random_range(-2..5));
        let known = |dice: &mut StdRng| dice.random_range(0..5) > 0;
        let is_quoted = known(&mut dice) && quote.0 > 0 && quote.1 > 0;
        let money = |cents: i64| Price::new(Decimal::new(cents, 2)).unwrap();
        let flag = TradeFlags::from_bits_truncate(1 << dice.random_range(0..11));
        trades.push(OptionTrade {
            contract: contract(contracts[dice.random_range(0..3)]),
            executed_at: after(n / 4) + TimeDelta::microseconds(dice.random_range(0..1_000_000)),
            price: money(cents),
            quote: is_quoted.then(|| Quote { bid: money(quote.0), ask: money(quote.1) }),
            underlying_price: known(&mut dice).then(|| price("622.5")),
            delta: known(&mut dice).then(|| dice.random_range(-1.0..1.0)),
            open_interest: known(&mut dice).then(|| dice.random_range(0..300)),
            day_volume: known(&mut dice).then(|| dice.random_range(0..400)),
            flags: if known(&mut dice) { TradeFlags::empty() } else { flag },
            ..option_trade(n, "1", dice.random_range(1..200))
        });
    }
    trades
}

#[tokio::test]
async fn a_day_of_trades_merged_three_times_leaves_the_same_rows() {
    let (_database, store) = open().await;
    let trades = random_trades(1, 600);
    assert_eq!(counts(&merge(&store, &trades).await), (600, 0, 0, 0));
    let expected = content(&store).await;
    assert_eq!(expected.rows, 600);
    for order in ["forward", "backward"] {
        let mut again = trades.clone();
        if order == "backward" {
            again.reverse();
        }
        assert_eq!(counts(&merge(&store, &again).await), (0, 0, 600, 0), "{order}");
        assert_eq!(content(&store).await, expected, "{order}");
    }
    let mut sorted = trades;
    sorted.sort_by_key(|trade| (trade.executed_at, trade.id));
    assert_eq!(stored(&store).await, sorted, "every field comes back");
}

/// One trade as two channels tell it: one cuts its time to milliseconds and leaves fields out.
fn over_two_channels() -> (OptionTrade, OptionTrade) {
    let full = OptionTrade {
        executed_at: after(5) + TimeDelta::microseconds(278_302),
        ..option_trade(5, "2.45", 10)
    };
    let short = OptionTrade {
        executed_at: after(5) + TimeDelta::milliseconds(278),
        received_at: full.received_at + TimeDelta::seconds(9),
        gamma: None,
        condition: None,
        ..full.clone()
    };
    (full, short)
}

#[tokio::test]
async fn a_trade_that_comes_over_two_channels_is_stored_once_in_either_order() {
    let (full, short) = over_two_channels();
    let check = async |first: OptionTrade, second: OptionTrade, together: bool, late: bool| {
        let (_database, store) = open().await;
        let second =
            OptionTrade { received_at: first.received_at + TimeDelta::seconds(1), ..second };
        if late {
            merge(&store, std::slice::from_ref(&second)).await;
            merge(&store, std::slice::from_ref(&first)).await;
        } else if together {
            let report = merge(&store, &[second.clone(), first.clone()]).await;
            assert_eq!(counts(&report), (1, 0, 0, 1));
        } else {
            merge(&store, std::slice::from_ref(&first)).await;
            merge(&store, std::slice::from_ref(&second)).await;
        }
        // The finer time, every field that either told, and the first receipt.
        let expected = OptionTrade { received_at: first.received_at, ..full.clone() };
        assert_eq!(stored(&store).await, [expected]);
        assert_eq!(counts(&merge(&store, &[second]).await), (0, 0, 1, 0), "it has settled");
    };
    for (together, late) in [(false, false), (true, false), (false, true)] {
        check(full.clone(), short.clone(), together, late).await;
        check(short.clone(), full.clone(), together, late).await;
    }
}

#[tokio::test]
async fn a_later_delivery_changes_a_trade_and_an_older_one_does_not() {
    let (_database, store) = open().await;
    let first = option_trade(60, "2.45", 10);
    let later = first.received_at + TimeDelta::seconds(1);
    merge(&store, std::slice::from_ref(&first)).await;
    let canceled = OptionTrade {
        received_at: later,
        flags: TradeFlags::CANCELED,
        price: price("2.55"),
        quote: Some(Quote { bid: price("2.50"), ask: price("2.60") }),
        ..first.clone()
    };
    assert_eq!(counts(&merge(&store, std::slice::from_ref(&canceled)).await), (0, 1, 0, 0));
    assert_eq!(counts(&merge(&store, std::slice::from_ref(&first)).await), (0, 0, 1, 0));
    let expected = OptionTrade { received_at: first.received_at, ..canceled };
    assert_eq!(stored(&store).await, std::slice::from_ref(&expected));
    // Before that it was received over another channel, whose answer was merged late.
    let before = OptionTrade {
        received_at: first.received_at - TimeDelta::seconds(1),
        executed_at: first.executed_at + TimeDelta::microseconds(5),
        ..first.clone()
    };
    assert_eq!(counts(&merge(&store, std::slice::from_ref(&before)).await), (0, 1, 0, 0));
    assert_eq!(counts(&merge(&store, std::slice::from_ref(&before)).await), (0, 0, 1, 0));
    let (executed_at, received_at) = (before.executed_at, before.received_at);
    assert_eq!(stored(&store).await, [OptionTrade { executed_at, received_at, ..expected }]);
    assert_eq!(store.flow_cells(&symbol("SPY"), day()).await.unwrap(), [], "it is in no sum");
}

#[tokio::test]
async fn a_late_report_reads_only_what_happened_around_it() {
    let (_database, store) = open().await;
    let trades: Vec<OptionTrade> = (0..50).map(|n| option_trade(n * 60, "2.45", 10)).collect();
    merge(&store, &trades).await;
    let batch = [option_trade(3_000, "2.45", 10), trades[3].clone(), option_trade(1, "2.40", 1)];
    assert_eq!(counts(&merge(&store, &batch).await), (2, 0, 1, 0));
}

#[tokio::test]
async fn two_writers_of_the_same_trades_store_each_once() {
    let database = TestDatabase::create().await.unwrap();
    let (one, two) = (database.store().await.unwrap(), database.store().await.unwrap());
    let batch = |part: i64| -> Vec<OptionTrade> {
        (0..200).map(|n| option_trade(part * 100 + n, "2.45", 10)).collect()
    };
    let mut inserted = 0;
    for part in 0..5 {
        let (a, b) = tokio::join!(
            one.merge_option_trades(batch(part), MergeContext::default()),
            two.merge_option_trades(batch(part), MergeContext::default()),
        );
        inserted += a.unwrap().inserted + b.unwrap().inserted;
    }
    assert_eq!((inserted, content(&one).await.rows), (600, 600));
}

#[tokio::test]
async fn what_no_column_can_hold_goes_to_quarantine_and_not_its_neighbours() {
    let (_database, store) = open().await;
    let good = option_trade(1, "2.45", 10);
    let plain = |seconds| option_trade(seconds, "2.45", 10);
    let check = async |bad: OptionTrade, expected: &str| {
        let report = merge(&store, &[bad, good.clone()]).await;
        assert_eq!(report.refused, 1, "{expected}");
        let rows = store.quarantine_rows(10).await.unwrap();
        let found = rows.iter().find(|row| row.rejected.reason.contains(expected));
        assert_eq!(found.expect(expected).rejected.kind, SlotKind::OptionTrades);
    };
    check(OptionTrade { size: 0, ..plain(2) }, "number of contracts").await;
    check(OptionTrade { size: i64::MAX, price: price("999999999999"), ..plain(3) }, "premium")
        .await;
    check(OptionTrade { size: 1_000_000_000, price: price("99999"), ..plain(4) }, "a premium")
        .await;
    check(OptionTrade { delta: Some(f64::NAN), ..plain(5) }, "no number").await;
    check(OptionTrade { implied_volatility: Some(-0.1), ..plain(6) }, "below zero").await;
    check(OptionTrade { open_interest: Some(-1), ..plain(7) }, "a count").await;
    check(OptionTrade { exchange: Some("a\0b".into()), ..plain(8) }, "zero byte").await;
    check(OptionTrade { received_at: DateTime::<Utc>::MAX_UTC, ..plain(9) }, "1990 to 2099").await;
    let other_day = day() + TimeDelta::days(40);
    check(OptionTrade { session_date: other_day, ..plain(10) }, "trading day").await;
    assert_eq!(stored(&store).await, [good]);

    let many = vec![plain(1); MAX_BATCH_FLOW + 1];
    let refused = store.merge_option_trades(many, MergeContext::default()).await;
    assert!(matches!(refused, Err(StoreError::TooManyRows { .. })), "{refused:?}");
}

#[tokio::test]
async fn alerts_are_stored_beside_trades_and_counted_in_no_sum() {
    let (_database, store) = open().await;
    let sides = [
        FlowAlert { bid_premium: None, ask_premium: None, ..alert(4, "5") },
        FlowAlert { ask_premium: Some(dollars("7999.9")), ..alert(3, "20000.25") },
        FlowAlert { ask_premium: Some(dollars("8000")), ..alert(2, "30000") },
        FlowAlert { price: None, trades_between: None, rule: None, ..alert(1, "98000.5") },
    ];
    let report = store.merge_flow_alerts(&sides[..], MergeContext::default()).await.unwrap();
    assert_eq!(counts(&report), (4, 0, 0, 0));
    let filter = FlowFilter::of_session(symbol("SPY"), FlowKind::Alerts, day());
    let found = store.flow_rows(&filter).await.unwrap();
    assert_eq!(found, sides.clone().map(FlowRow::Alert));
    for (side, expected) in
        [(Side::Buy, vec![1]), (Side::Sell, vec![3]), (Side::Unknown, vec![4, 2])]
    {
        let found =
            store.flow_rows(&FlowFilter { side: Some(side), ..filter.clone() }).await.unwrap();
        assert_eq!(seconds(&found), expected, "{side:?}");
    }
    let later = FlowAlert {
        received_at: after(7_200),
        created_at: sides[3].created_at + TimeDelta::microseconds(17),
        trades: 13,
        rule: Some("SweepsFollowedByFloor".into()),
        ..sides[3].clone()
    };
    let report =
        store.merge_flow_alerts(vec![later.clone()], MergeContext::default()).await.unwrap();
    assert_eq!(counts(&report), (0, 1, 0, 0));
    let found = store.largest_flow_rows(&FlowFilter { limit: 1, ..filter }).await.unwrap();
    assert_eq!(found, [FlowRow::Alert(FlowAlert { received_at: after(3_600), ..later })]);
    assert_eq!(store.flow_cells(&symbol("SPY"), day()).await.unwrap(), []);
    assert_eq!(store.flow_minutes(&symbol("SPY"), day()).await.unwrap(), []);
    assert_eq!(stored(&store).await, []);
}

fn seconds(rows: &[FlowRow]) -> Vec<i64> {
    rows.iter().map(|row| (row.place().at - ten_o_clock()).num_seconds()).collect()
}

#[tokio::test]
async fn the_flow_is_filtered_by_each_of_its_filters() {
    let (_database, store) = open().await;
    let plain = |seconds| option_trade(seconds, "2.45", 10);
    let at = |text: &str| contract(text);
    let sized = |volume, open| (Some(volume), Some(open));
    let (volume, open) = sized(50, 10);
    merge(
        &store,
        &[
            option_trade(1, "2.50", 10),
            option_trade(2, "2.40", 10),
            OptionTrade { flags: TradeFlags::SWEEP, ..plain(3) },
            OptionTrade { flags: TradeFlags::MULTI_LEG | TradeFlags::SWEEP, ..plain(4) },
            OptionTrade { contract: at("SPY260714P00600000"), ..plain(5) },
            OptionTrade { contract: at("SPYW261218C00650000"), ..plain(6) },
            option_trade(7, "2.45", 5_000),
            OptionTrade { day_volume: volume, open_interest: open, size: 20, ..plain(8) },
            OptionTrade { day_volume: volume, open_interest: open, size: 40, ..plain(9) },
            OptionTrade { symbol: symbol("QQQ"), ..plain(10) },
            OptionTrade { contract: at("SPY260728C00625000"), ..plain(11) },
        ],
    )
    .await;
    let all = FlowFilter::new(symbol("SPY"), FlowKind::Trades, after(0), after(100));
    let check = async |filter: FlowFilter, expected: &[i64]| {
        let found = store.flow_rows(&filter).await.unwrap();
        assert_eq!(seconds(&found), expected, "{filter:?}");
    };
    check(all.clone(), &[11, 9, 8, 7, 6, 5, 4, 3, 2, 1]).await;
    check(FlowFilter { from: after(2), to: after(4), ..all.clone() }, &[3, 2]).await;
    check(FlowFilter { limit: 2, ..all.clone() }, &[11, 9]).await;
    let other_day = Some(day() + TimeDelta::days(1));
    check(FlowFilter { session_date: other_day, ..all.clone() }, &[]).await;
    check(FlowFilter { side: Some(Side::Buy), ..all.clone() }, &[1]).await;
    check(FlowFilter { side: Some(Side::Sell), ..all.clone() }, &[2]).await;
    check(FlowFilter { kind: Some(OptionKind::Put), ..all.clone() }, &[5]).await;
    check(FlowFilter { contract: Some(at("SPYW261218C00650000")), ..all.clone() }, &[6]).await;
    check(FlowFilter { contract: Some(at("SPY261218C00650000")), ..all.clone() }, &[]).await;
    check(FlowFilter { expiry: Some(day()), ..all.clone() }, &[5]).await;
    check(FlowFilter { min_strike: Some(dollars("650")), ..all.clone() }, &[6]).await;
    check(FlowFilter { max_strike: Some(dollars("624.99")), ..all.clone() }, &[5]).await;
    check(FlowFilter { tenor: Some(Tenor::Zero), ..all.clone() }, &[5]).await;
    check(FlowFilter { tenor: Some(Tenor::Month), ..all.clone() }, &[11]).await;
    check(FlowFilter { tenor: Some(Tenor::Longer), ..all.clone() }, &[6]).await;
    check(FlowFilter { tenor: Some(Tenor::Week), to: after(5), ..all.clone() }, &[4, 3, 2, 1])
        .await;
    check(FlowFilter { min_premium: Some(dollars("1225000")), ..all.clone() }, &[7]).await;
    check(FlowFilter { min_size: Some(40), ..all.clone() }, &[9, 7]).await;
    check(FlowFilter { flags_any: TradeFlags::SWEEP, ..all.clone() }, &[4, 3]).await;
    check(FlowFilter { flags_none: TradeFlags::COMPLEX, to: after(5), ..all.clone() }, &[3, 2, 1])
        .await;
    check(FlowFilter { opening: Opening::Probable, ..all.clone() }, &[9, 8]).await;
    check(FlowFilter { opening: Opening::Provable, ..all.clone() }, &[9]).await;
    check(FlowFilter { symbol: symbol("IWM"), ..all.clone() }, &[]).await;
    let largest = store.largest_flow_rows(&FlowFilter { limit: 3, ..all }).await.unwrap();
    assert_eq!(seconds(&largest), [7, 9, 8]);
    assert_eq!(store.newest_flow_session(&symbol("SPY")).await.unwrap(), Some(day()));
    assert_eq!(store.newest_flow_session(&symbol("IWM")).await.unwrap(), None);
}

#[tokio::test]
async fn paging_back_through_a_full_second_loses_and_repeats_nothing() {
    let (_database, store) = open().await;
    let many: Vec<OptionTrade> = (0..60)
        .map(|n| OptionTrade { executed_at: after(n / 30), ..option_trade(n, "2.45", 10) })
        .collect();
    merge(&store, &many).await;
    let mut filter = FlowFilter::of_session(symbol("SPY"), FlowKind::Trades, day());
    filter.limit = 7;
    let mut found: Vec<Uuid> = Vec::new();
    loop {
        let page = store.flow_rows(&filter).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.before = Some(last.place());
        found.extend(page.iter().map(|row| row.place().id));
    }
    let expected: Vec<Uuid> = many.iter().rev().map(|trade| trade.id).collect();
    assert_eq!(found, expected);
    let newest = store.session_trades(&symbol("SPY"), day(), Decimal::ZERO, 3).await.unwrap();
    assert_eq!(newest, many[57..]);
    let floor = dollars("2450.01");
    assert_eq!(store.session_trades(&symbol("SPY"), day(), floor, 3).await.unwrap(), []);
}

/// Dollars of delta, when they are known.
fn delta_dollars(trade: &OptionTrade) -> Option<f64> {
    let spot: f64 = trade.underlying_price?.to_string().parse().unwrap();
    let shares = trade.size * i64::from(trade.contract.multiplier());
    Some(trade.delta? * shares as f64 * spot)
}

fn sign(side: Side) -> f64 {
    match side {
        Side::Buy => 1.0,
        Side::Sell => -1.0,
        Side::Unknown => 0.0,
    }
}

fn cells_by_hand(trades: &[OptionTrade]) -> Vec<FlowCell> {
    let mut cells = BTreeMap::new();
    for trade in trades.iter().filter(|t| !t.flags.contains(TradeFlags::CANCELED)) {
        let (contract, side) = (&trade.contract, trade.side());
        let complex = trade.flags.intersects(TradeFlags::COMPLEX);
        let order = sign(side) as i32;
        let key = (contract.expiry, contract.strike, contract.kind, order, complex);
        let cell = cells.entry(key).or_insert_with(|| FlowCell {
            expiry: contract.expiry,
            strike: contract.strike,
            kind: contract.kind,
            side,
            complex,
            premium: Decimal::ZERO,
            contracts: 0,
            trades: 0,
            delta_notional: 0.0,
            premium_without_delta: Decimal::ZERO,
            premium_opening_provable: Decimal::ZERO,
            premium_opening_probable: Decimal::ZERO,
        });
        let premium = trade.premium();
        cell.premium += premium;
        cell.contracts += trade.size;
        cell.trades += 1;
        match delta_dollars(trade) {
            Some(dollars) => cell.delta_notional += sign(side) * dollars,
            None => cell.premium_without_delta += premium,
        }
        match Opening::of(trade.size, trade.day_volume, trade.open_interest) {
            Opening::Provable => {
                cell.premium_opening_provable += premium;
                cell.premium_opening_probable += premium;
            }
            Opening::Probable => cell.premium_opening_probable += premium,
            Opening::Unknown => {}
        }
    }
    cells.into_values().collect()
}

fn minutes_by_hand(trades: &[OptionTrade]) -> Vec<FlowMinute> {
    let mut minutes = BTreeMap::new();
    for trade in trades.iter().filter(|t| t.is_directional() && t.side() != Side::Unknown) {
        let at = trade.executed_at.with_nanosecond(0).unwrap().with_second(0).unwrap();
        let (kind, days) = (trade.contract.kind, trade.contract.days_to_expiry(day()));
        let tenor = Tenor::of(days);
        let minute = minutes.entry((at, kind, tenor)).or_insert_with(|| FlowMinute {
            at,
            kind,
            tenor,
            bought: Decimal::ZERO,
            sold: Decimal::ZERO,
            delta_notional: 0.0,
        });
        match trade.side() {
            Side::Buy => minute.bought += trade.premium(),
            _ => minute.sold += trade.premium(),
        }
        minute.delta_notional += delta_dollars(trade).map_or(0.0, |d| d * sign(trade.side()));
    }
    minutes.into_values().collect()
}

/// Sums of floats in another order differ in their last digits.
fn assert_near(found: &mut f64, expected: f64) {
    assert!((*found - expected).abs() <= 1e-9 * (1.0 + expected.abs()), "{found} {expected}");
    *found = expected;
}

#[tokio::test]
async fn sums_made_by_the_database_are_those_made_here_trade_by_trade() {
    let seed = rand::random();
    println!("seed {seed}");
    let (_database, store) = open().await;
    let trades = random_trades(seed, 1_500);
    merge(&store, &trades).await;

    let mut cells = store.flow_cells(&symbol("SPY"), day()).await.unwrap();
    let expected = cells_by_hand(&trades);
    assert_eq!(cells.len(), expected.len());
    for (found, expected) in cells.iter_mut().zip(&expected) {
        assert_near(&mut found.delta_notional, expected.delta_notional);
    }
    assert_eq!(cells, expected);

    let mut minutes = store.flow_minutes(&symbol("SPY"), day()).await.unwrap();
    let expected = minutes_by_hand(&trades);
    assert_eq!(minutes.len(), expected.len());
    for (found, expected) in minutes.iter_mut().zip(&expected) {
        assert_near(&mut found.delta_notional, expected.delta_notional);
    }
    assert_eq!(minutes, expected);
}

#[tokio::test]
async fn opening_and_tenor_have_the_same_edges_in_the_database() {
    let (_database, store) = open().await;
    let mut trades = Vec::new();
    for (n, days) in [-1, 0, 1, 7, 8, 30, 31].into_iter().enumerate() {
        let mut contract = contract("SPY260717C00625000");
        contract.expiry = day() + TimeDelta::days(days);
        trades.push(OptionTrade { contract, ..option_trade(i64::try_from(n).unwrap(), "2.45", 1) });
    }
    for (n, (size, volume, open)) in [
        (10, Some(10), Some(9)),
        (10, Some(10), Some(10)),
        (10, Some(11), Some(9)),
        (10, Some(11), Some(10)),
        (10, Some(11), Some(11)),
        (10, Some(5), Some(9)),
        (10, None, Some(0)),
        (10, Some(10), None),
        (1, Some(1), Some(0)),
    ]
    .into_iter()
    .enumerate()
    {
        let plain = option_trade(100 + i64::try_from(n).unwrap(), "2.45", size);
        trades.push(OptionTrade { day_volume: volume, open_interest: open, ..plain });
    }
    merge(&store, &trades).await;
    let all = FlowFilter::of_session(symbol("SPY"), FlowKind::Trades, day());
    let check = async |filter: FlowFilter, is_meant: &dyn Fn(&OptionTrade) -> bool| {
        let found = seconds(&store.flow_rows(&filter).await.unwrap());
        let meant = trades.iter().rev().filter(|trade| is_meant(trade));
        let expected = meant.map(|trade| FlowRow::Trade(trade.clone())).collect::<Vec<_>>();
        assert_eq!(found, seconds(&expected), "{filter:?}");
    };
    for tenor in Tenor::ALL {
        check(FlowFilter { tenor: Some(tenor), ..all.clone() }, &|trade| {
            Tenor::of(trade.contract.days_to_expiry(day())) == tenor
        })
        .await;
    }
    let opening =
        |trade: &OptionTrade| Opening::of(trade.size, trade.day_volume, trade.open_interest);
    check(FlowFilter { opening: Opening::Provable, ..all.clone() }, &|trade| {
        opening(trade) == Opening::Provable
    })
    .await;
    check(FlowFilter { opening: Opening::Probable, ..all.clone() }, &|trade| {
        opening(trade) != Opening::Unknown
    })
    .await;
}
