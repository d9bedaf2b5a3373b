//! What a vendor says of a whole options market: stored, replaced by later deliveries, read back.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use undertow_analysis::correlation::Imbalance;
use undertow_market::{
    ContractState, FlowBucket, FlowSnapshot, FlowSums, GammaStrike, NetPremiumTick, PriceVolume,
    Print, Quote, Reasons, TermPoint, TidePoint, TideScope, VolatilityDay,
};
use undertow_store::content::ContentTable;
use undertow_store::metrics::Metric;
use undertow_store::series::MAX_SERIES_ROWS;
use undertow_store::slots::{SlotFilter, SlotKind, SlotResult, SlotState};
use undertow_store::{MergeContext, MergeReport, Store, StoreError};
use undertow_testkit::postgres::TestDatabase;

use crate::fixtures::*;

async fn open() -> (TestDatabase, Store) {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    (database, store)
}

fn context() -> MergeContext {
    MergeContext::default()
}

fn expiry(days: i64) -> NaiveDate {
    day() + TimeDelta::days(days)
}

fn sums(premium: &str) -> FlowSums {
    FlowSums {
        premium: dollars(premium),
        ask_premium: dollars("1000.25"),
        bid_premium: dollars("900.5"),
        volume: 70,
        ask_volume: 40,
        bid_volume: 29,
        trades: 12,
    }
}

fn snapshot(bucket: FlowBucket, premium: &str, received: i64) -> FlowSnapshot {
    FlowSnapshot {
        symbol: symbol("SPY"),
        session_date: day(),
        bucket,
        calls: sums(premium),
        puts: sums("17"),
        received_at: after(received),
    }
}

fn tick(minute: i64, net_call: &str, received: i64) -> NetPremiumTick {
    NetPremiumTick {
        symbol: symbol("SPY"),
        session_date: day(),
        at: after(60 * minute),
        net_call_premium: dollars(net_call),
        net_put_premium: dollars("-120.75"),
        call_volume: Some(7),
        put_volume: None,
        net_delta: Some(dollars("-1.0000000000000000001")),
        received_at: after(received),
    }
}

fn tide(scope: TideScope, minute: i64, net_call: &str) -> TidePoint {
    TidePoint {
        scope,
        session_date: day(),
        at: after(60 * minute),
        net_call_premium: dollars(net_call),
        net_put_premium: dollars("12"),
        net_volume: Some(-5),
        received_at: after(3_600),
    }
}

fn volatility(days: i64, implied: Option<f64>, received: i64) -> VolatilityDay {
    VolatilityDay {
        symbol: symbol("SPY"),
        session_date: expiry(days),
        implied,
        vendor_rank: None,
        vendor_realized: None,
        close: Some(price("622.5")),
        received_at: after(received),
    }
}

fn term(session: i64, days: i64, implied: f64) -> TermPoint {
    TermPoint {
        symbol: symbol("SPY"),
        session_date: expiry(session),
        expiry: expiry(days),
        implied,
        implied_move: Some(dollars("7.25")),
        received_at: after(3_600),
    }
}

fn gamma(strike: &str, call_gamma: f64) -> GammaStrike {
    GammaStrike {
        symbol: symbol("SPY"),
        session_date: day(),
        strike: price(strike),
        call_gamma,
        put_gamma: -310.5,
        call_delta: Some(12.0),
        put_delta: None,
        received_at: after(3_600),
    }
}

fn state(name: &str, session: i64, open_interest: i64) -> ContractState {
    ContractState {
        symbol: symbol("SPY"),
        contract: contract(name),
        session_date: expiry(session),
        open_interest,
        previous_open_interest: Some(9),
        volume: 100,
        bid: None,
        ask: Some(price("0.01")),
        last_price: Some(price("0.02")),
        implied_volatility: None,
        delta: Some(-0.001),
        gamma: Some(0.0),
        received_at: after(3_600 + session),
    }
}

fn volume(text: &str, lit_volume: i64) -> PriceVolume {
    PriceVolume {
        symbol: symbol("SPY"),
        session_date: day(),
        price: price(text),
        lit_volume,
        off_exchange_volume: 40,
        received_at: after(3_600),
    }
}

/// Merges once, three times more in other orders, and expects the rows to be the same.
async fn check<R: Clone>(
    store: &Store,
    table: ContentTable,
    rows: Vec<R>,
    merge: impl AsyncFn(Vec<R>) -> Result<MergeReport, StoreError>,
) {
    let content = async || {
        let (from, to) = (expiry(-10), expiry(10));
        store.content_hash(table, &symbol("SPY"), from, to).await.unwrap()
    };
    let report = merge(rows.clone()).await.unwrap();
    assert_eq!((report.delivered, report.inserted), (rows.len(), rows.len()), "{table:?}");
    let expected = content().await;
    assert_eq!(usize::try_from(expected.rows).unwrap(), rows.len(), "{table:?}");
    let backward: Vec<R> = rows.iter().rev().cloned().collect();
    let twice = [rows.clone(), rows.clone()].concat();
    for again in [rows.clone(), backward, twice] {
        let report = merge(again).await.unwrap();
        assert_eq!((report.inserted, report.changed), (0, 0), "{table:?}");
        assert_eq!((report.unchanged, report.refused), (rows.len(), 0), "{table:?}");
        assert_eq!(content().await, expected, "{table:?}");
    }
    assert_eq!(merge(vec![]).await.unwrap(), MergeReport::default());
}

#[tokio::test]
async fn sums_by_strike_and_by_expiry_are_the_newest_of_their_session() {
    let (_database, store) = open().await;
    let (spy, merge) =
        (symbol("SPY"), async |rows| store.merge_flow_snapshots(rows, context()).await);
    let strike = |text: &str| FlowBucket::Strike(price(text));
    let strikes =
        vec![snapshot(strike("9.5"), "1", 100), snapshot(strike("620"), "88000.125", 100)];
    check(&store, ContentTable::FlowByStrike, strikes.clone(), merge).await;
    assert_eq!(store.strike_snapshots(&spy, day()).await.unwrap(), strikes);
    let expiries = vec![
        snapshot(FlowBucket::Expiry(expiry(0)), "5", 100),
        snapshot(FlowBucket::Expiry(expiry(3)), "6", 100),
    ];
    check(&store, ContentTable::FlowByExpiry, expiries.clone(), merge).await;
    assert_eq!(store.expiry_snapshots(&spy, day()).await.unwrap(), expiries);

    let (newer, older) = (snapshot(strike("620"), "90000", 200), snapshot(strike("620"), "3", 150));
    let both =
        vec![newer.clone(), snapshot(FlowBucket::Expiry(expiry(9)), "6", 100), older.clone()];
    let report = merge(both).await.unwrap();
    assert_eq!((report.inserted, report.changed, report.repeated), (1, 1, 1));
    assert_eq!(merge(vec![older]).await.unwrap().unchanged, 1, "an older delivery");
    let found = store.strike_snapshots(&spy, day()).await.unwrap();
    assert_eq!(found, [strikes[0].clone(), newer]);
    assert_eq!(store.strike_snapshots(&spy, expiry(1)).await.unwrap(), []);
    assert_eq!(store.expiry_snapshots(&symbol("QQQ"), day()).await.unwrap(), []);
}

#[tokio::test]
async fn an_older_delivery_that_arrives_late_does_not_undo_one_that_changed_nothing() {
    let (_database, store) = open().await;
    for (net_call, received) in [("10", 1), ("10", 3), ("20", 2)] {
        store.merge_net_premium(vec![tick(0, net_call, received)], context()).await.unwrap();
    }
    let found = store.net_premium(&symbol("SPY"), after(0), after(60)).await.unwrap();
    assert_eq!(found, [tick(0, "10", 3)], "the newest delivery said 10 again");
}

#[tokio::test]
async fn minutes_of_net_premium_and_tides_are_read_in_order_as_delivered() {
    let (_database, store) = open().await;
    let ticks: Vec<NetPremiumTick> = (0..20).map(|n| tick(n, "-1234567.89", 100)).collect();
    check(&store, ContentTable::NetPremium, ticks.clone(), async |rows| {
        store.merge_net_premium(rows, context()).await
    })
    .await;
    let spy = symbol("SPY");
    let found = store.net_premium(&spy, after(60), after(240)).await.unwrap();
    assert_eq!(found, ticks[1..4]);

    let holdings = TideScope::Holdings(spy);
    let points = vec![
        tide(TideScope::Market, 0, "5"),
        tide(TideScope::Market, 5, "-9.5"),
        tide(holdings.clone(), 5, "1"),
    ];
    check(&store, ContentTable::Tide, points.clone(), async |rows| {
        store.merge_tide(rows, context()).await
    })
    .await;
    let (from, to) = (after(0), after(3_600));
    assert_eq!(store.tide(&TideScope::Market, from, to).await.unwrap(), points[..2]);
    assert_eq!(store.tide(&holdings, from, to).await.unwrap(), points[2..]);
    let later = after(60);
    assert_eq!(store.tide(&TideScope::Market, later, to).await.unwrap(), points[1..2]);
}

#[tokio::test]
async fn two_answers_fill_one_day_of_volatility() {
    let (_database, store) = open().await;
    let merge = async |rows| store.merge_volatility(rows, context()).await;
    let days: Vec<VolatilityDay> = (-3..0).map(|n| volatility(n, Some(0.2), 100)).collect();
    check(&store, ContentTable::VolatilityDays, days.clone(), merge).await;
    let rank = VolatilityDay { vendor_rank: Some(61.5), ..volatility(-1, Some(0.21), 200) };
    let realized =
        VolatilityDay { vendor_realized: Some(0.17), close: None, ..volatility(-1, None, 300) };
    assert_eq!(merge(vec![rank.clone()]).await.unwrap().changed, 1);
    assert_eq!(merge(vec![realized.clone()]).await.unwrap().changed, 1);
    let both = VolatilityDay { vendor_realized: Some(0.17), received_at: after(300), ..rank };
    let found = store.volatility_days(&symbol("SPY"), expiry(5), 2).await.unwrap();
    assert_eq!(found, [days[1].clone(), both]);
    let found = store.volatility_days(&symbol("SPY"), expiry(-2), 9).await.unwrap();
    assert_eq!(found, days[..2]);
    let not_a_number = vec![volatility(0, Some(f64::NAN), 400)];
    assert!(matches!(merge(not_a_number).await, Err(StoreError::Refused(_))));
}

#[tokio::test]
async fn the_term_structure_is_that_of_the_newest_day_before() {
    let (_database, store) = open().await;
    let points = vec![term(-2, 3, 0.2), term(-1, 3, 0.21), term(-1, 10, 0.19)];
    check(&store, ContentTable::TermStructure, points.clone(), async |rows| {
        store.merge_term_structure(rows, context()).await
    })
    .await;
    let spy = symbol("SPY");
    assert_eq!(store.term_points(&spy, day()).await.unwrap(), points[1..]);
    assert_eq!(store.term_points(&spy, expiry(-2)).await.unwrap(), points[..1]);
    assert_eq!(store.term_points(&spy, expiry(-3)).await.unwrap(), []);
}

#[tokio::test]
async fn gamma_contracts_and_volume_by_price_come_back_as_delivered() {
    let (_database, store) = open().await;
    let spy = symbol("SPY");
    let strikes = vec![gamma("204.78", 1.0), gamma("620", 1_013_079.125)];
    check(&store, ContentTable::Gamma, strikes.clone(), async |rows| {
        store.merge_gamma(rows, context()).await
    })
    .await;
    assert_eq!(store.gamma_strikes(&spy, day()).await.unwrap(), strikes);

    let contracts = vec![
        state("SPY260717C00625000", 0, 10),
        state("SPY260717P00625000", 0, 20),
        state("SPYW260717P00625000", 0, 30),
        state("SPY270115C00625000", 0, 40),
    ];
    let merge = async |rows| store.merge_contracts(rows, context()).await;
    check(&store, ContentTable::Contracts, contracts.clone(), merge).await;
    assert_eq!(store.contracts(&spy).await.unwrap(), contracts);
    let newer = state("SPY270115C00625000", 4, 50);
    assert_eq!(merge(vec![newer.clone()]).await.unwrap().changed, 1);
    assert_eq!(store.contracts(&spy).await.unwrap(), [newer], "the others have expired");

    let volumes = vec![volume("9.9999", 1), volume("622.1", 2)];
    check(&store, ContentTable::PriceVolumes, volumes.clone(), async |rows| {
        store.merge_price_volumes(rows, context()).await
    })
    .await;
    assert_eq!(store.price_volumes(&spy, day()).await.unwrap(), volumes);
    let many = vec![volume("1", 1); MAX_SERIES_ROWS + 1];
    let refused = store.merge_price_volumes(many, context()).await;
    assert!(matches!(refused, Err(StoreError::TooManyRows { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_metric_that_is_worked_out_again_replaces_itself() {
    let (_database, store) = open().await;
    let metric = |at: i64, value: f64, note: Option<&str>| Metric {
        symbol: symbol("SPY"),
        metric: "iv30".into(),
        at: after(at),
        value,
        note: note.map(Box::from),
    };
    store.put_metrics(&[metric(0, 0.1, None), metric(60, 0.2, None)]).await.unwrap();
    let again = [metric(60, 9.0, None), metric(60, 0.25, Some("between 17 and 45 days"))];
    store.put_metrics(&again).await.unwrap();
    store.put_metrics(&[]).await.unwrap();
    let read = async |name: &str, from, to| {
        store.metrics(&symbol("SPY"), name, after(from), after(to)).await.unwrap()
    };
    assert_eq!(read("iv30", 0, 61).await, [metric(0, 0.1, None), again[1].clone()]);
    assert_eq!(read("iv30", 1, 60).await, []);
    assert_eq!(read("iv60", 0, 61).await, []);
    let nameless = Metric { metric: "IV 30".into(), ..metric(0, 0.1, None) };
    assert!(store.put_metrics(&[nameless]).await.is_err());
}

#[tokio::test]
async fn every_kind_of_slot_can_be_written_and_is_written_with_its_rows_or_not_at_all() {
    let (_database, store) = open().await;
    for kind in SlotKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
        let slot = SlotResult {
            vendor: undertow_market::VendorId::UnusualWhales,
            kind,
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
        let filter = SlotFilter { vendor: slot.vendor, kind, symbol: None, from: day(), to: day() };
        // A failure without a reason breaks a rule of its table, and takes everything with it.
        let broken = SlotResult { state: SlotState::Failed, ..slot.clone() };
        let with = |slot: SlotResult| MergeContext { slot: Some(slot), ..context() };
        assert!(store.merge_gamma(vec![gamma("1", 1.0)], with(broken.clone())).await.is_err());
        let trades = vec![option_trade(1, "2.45", 1)];
        assert!(store.merge_option_trades(trades, with(broken)).await.is_err());
        assert_eq!(store.gamma_strikes(&symbol("SPY"), day()).await.unwrap(), []);
        assert_eq!(store.newest_flow_session(&symbol("SPY")).await.unwrap(), None);
        store.merge_gamma(vec![], with(slot.clone())).await.unwrap();
        assert_eq!(store.slots(&filter).await.unwrap(), [slot]);
    }
}

/// A print at its bid or ask, so many seconds after ten o'clock.
fn sided(seconds: i64, is_buy: bool) -> Print {
    let (bid, ask) = if is_buy { ("622.00", "622.12") } else { ("622.12", "622.20") };
    let quote = Some(Quote { bid: price(bid), ask: price(ask) });
    Print { quote, ..print(seconds, "622.12", "100") }
}

#[tokio::test]
async fn imbalances_stand_side_by_side_in_bins_of_the_regular_session() {
    let (_database, store) = open().await;
    let hour = 3_600;
    let on_tape_later = |print: Print, seconds| Print {
        reported_at: print.executed_at + TimeDelta::seconds(seconds),
        ..print
    };
    let prints = vec![
        // 10:00 is bin 6.
        sided(0, true),
        sided(299, false),
        on_tape_later(sided(298, true), 7),
        print(10, "622.12", "100"),
        Print { reasons: Reasons::CANCELED, ..sided(11, true) },
        Print { reasons: Reasons::AVERAGE_PRICE, ..sided(12, true) },
        sided(300, true),
        // No options in this one.
        sided(600, true),
        // Before the open, and after the close.
        sided(-1_801, true),
        sided(6 * hour, true),
        sided(6 * hour - 1, false),
        Print { symbol: symbol("QQQ"), ..sided(1, true) },
    ];
    store.merge_prints(prints, context()).await.unwrap();
    let minute =
        |number: i64| NetPremiumTick { net_put_premium: Decimal::ONE, ..tick(number, "11", 0) };
    // Minute 20 has no prints.
    let ticks = [0, 4, 5, 20, 359, 360].map(minute).to_vec();
    store.merge_net_premium(ticks, context()).await.unwrap();
    let found = store.imbalances(&symbol("SPY"), expiry(-3), expiry(3)).await.unwrap();
    let bin = |bin, prints_buy, prints_sell, options_net| Imbalance {
        session_date: day(),
        bin,
        prints_buy,
        prints_sell,
        options_net,
    };
    let expected = [
        bin(6, 124_424.0, 62_212.0, 20.0),
        bin(7, 62_212.0, 0.0, 10.0),
        bin(77, 0.0, 62_212.0, 10.0),
    ];
    assert_eq!(found, expected);
    assert_eq!(store.imbalances(&symbol("SPY"), expiry(1), expiry(3)).await.unwrap(), []);
}

#[tokio::test]
async fn bins_follow_new_york_through_the_change_of_clocks() {
    let (_database, store) = open().await;
    // 10:00 in New York, an hour later by UTC.
    let winter: DateTime<Utc> = "2026-12-01T15:00:00Z".parse().unwrap();
    let date = winter.date_naive();
    let print =
        Print { session_date: date, executed_at: winter, reported_at: winter, ..sided(0, true) };
    store.merge_prints(vec![print], context()).await.unwrap();
    let tick = NetPremiumTick { session_date: date, at: winter, ..tick(0, "1", 0) };
    store.merge_net_premium(vec![tick], context()).await.unwrap();
    let found = store.imbalances(&symbol("SPY"), date, date).await.unwrap();
    assert_eq!(found.iter().map(|imbalance| imbalance.bin).collect::<Vec<_>>(), [6]);
}
