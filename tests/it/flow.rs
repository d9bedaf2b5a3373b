//! The whole path of options flow: simulated market, real HTTP and websocket, real database.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use undertow_engine::engine::Engine;
use undertow_engine::feed::Series;
use undertow_engine::stream::StreamPhase;
use undertow_market::{FlowBucket, OptionKind, OptionTrade, Price, Side, TradeFlags};
use undertow_simulator::{Fault, FaultRule, SimTrade, Ticks, TradeSide};
use undertow_store::Store;
use undertow_store::content::ContentTable;
use undertow_store::slots::{SlotFilter, SlotKind};
use uuid::Uuid;

use crate::rig::*;

/// A Tuesday, read in the evening: nothing of it changes any more.
const SESSION: &str = "2026-06-02";
const EVENING: &str = "2026-06-02T22:30:00Z";
/// In the middle of that session.
const NOON: &str = "2026-06-02T16:00:00Z";

/// A market in which trades of every size are collected.
async fn rig_at(now: &str, speed: f64, websocket: bool) -> Rig {
    let mut rig = Rig::with(now, speed, |config| config.plan.websocket = websocket).await;
    rig.min_premium = 0;
    rig.streams = websocket;
    rig
}

/// The trades that were on the tape at `now`, by id.
fn true_trades(rig: &Rig, name: &str, now: DateTime<Utc>) -> BTreeMap<Uuid, SimTrade> {
    let day = rig.simulator.market().options(&symbol(name), date(SESSION)).expect("a session");
    day.visible(now).iter().map(|trade| (trade.id, trade.clone())).collect()
}

async fn stored_trades(store: &Store, name: &str) -> Vec<OptionTrade> {
    store.session_trades(&symbol(name), date(SESSION), Decimal::ZERO, u32::MAX).await.unwrap()
}

/// Waits until the books say that a series was read up to `to`.
async fn until_read(store: &Store, kind: SlotKind, name: &str, to: DateTime<Utc>) {
    let what = format!("{name} {} is read to {to}", kind.as_str());
    until(&what, async || {
        let marks = store.watermarks(VENDOR, kind, date(SESSION)).await.ok()?;
        marks.into_iter().find(|mark| mark.symbol == symbol(name) && mark.reported_to >= to)
    })
    .await;
}

/// Waits until the books have the whole day of a polled series.
async fn until_whole(store: &Store, kind: SlotKind, name: &str) {
    let session = date(SESSION);
    let filter =
        SlotFilter { vendor: VENDOR, kind, symbol: Some(symbol(name)), from: session, to: session };
    until(&format!("{name} {} is read whole", kind.as_str()), async || {
        let slots = store.slots(&filter).await.ok()?;
        slots.into_iter().find(|slot| slot.state.is_read() && slot.slot_end >= at(CLOSE))
    })
    .await;
}

/// The close of the session.
const CLOSE: &str = "2026-06-02T20:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn every_trade_of_a_day_is_stored_and_its_sums_are_those_of_the_vendor() {
    let (rig, (_database, store)) = (rig_at(EVENING, 1.0, false).await, database().await);
    let engine = rig.collector(&store, &["IWM"]).await;
    until_read(&store, SlotKind::OptionTrades, "IWM", at(CLOSE)).await;
    until_whole(&store, SlotKind::FlowStrikes, "IWM").await;
    engine.stop().await;

    let stored = stored_trades(&store, "IWM").await;
    let truth = true_trades(&rig, "IWM", rig.clock.now());
    assert!(truth.len() > 500, "{} trades are a day", truth.len());
    assert_eq!(store.quarantine_rows(10).await.unwrap(), []);
    let ids: HashSet<Uuid> = stored.iter().map(|trade| trade.id).collect();
    let missing: Vec<&SimTrade> = truth.values().filter(|trade| !ids.contains(&trade.id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(stored.len(), truth.len(), "trades stored and true");
    for trade in &stored {
        let real = &truth[&trade.id];
        // The stream tells milliseconds, and a trade has one time whichever way it came.
        let executed_ms = real.executed_at.timestamp_millis();
        assert_eq!(trade.executed_at.timestamp_millis(), executed_ms, "{trade:?}");
        assert_eq!((trade.price, trade.size), (real.price.price(), real.size), "{trade:?}");
    }

    let ours = sums_by_strike(&stored, &truth);
    let vendors = store.strike_snapshots(&symbol("IWM"), date(SESSION)).await.unwrap();
    assert_eq!(vendors.len(), ours.len(), "strikes");
    for snapshot in vendors {
        let FlowBucket::Strike(strike) = snapshot.bucket else { panic!("{snapshot:?}") };
        let of = |kind| ours[&strike].get(&kind).copied().unwrap_or_default();
        for (kind, vendor) in [(OptionKind::Call, snapshot.calls), (OptionKind::Put, snapshot.puts)]
        {
            let sums = of(kind);
            assert_eq!(sums.premium, vendor.premium, "{strike} {kind:?}");
            assert_eq!(sums.bought, vendor.ask_premium, "{strike} {kind:?} bought");
            assert_eq!(sums.sold, vendor.bid_premium, "{strike} {kind:?} sold");
            assert_eq!((sums.contracts, sums.trades), (vendor.volume, vendor.trades), "{strike}");
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Sums {
    premium: Decimal,
    bought: Decimal,
    sold: Decimal,
    contracts: i64,
    trades: i64,
}

/// The side that a trade is counted on. Where nobody bids there is no quote to go by, and we say
/// so; the vendor counts such a trade on the side of the offer that was taken.
fn side(trade: &OptionTrade, truth: &BTreeMap<Uuid, SimTrade>) -> Side {
    let real = &truth[&trade.id];
    match trade.quote {
        Some(_) => trade.side(),
        None => {
            assert_eq!(real.bid, Ticks(0), "only a missing bid takes the quote away");
            match real.side {
                TradeSide::Ask => Side::Buy,
                TradeSide::Bid => Side::Sell,
                _ => Side::Unknown,
            }
        }
    }
}

fn sums_by_strike(
    trades: &[OptionTrade],
    truth: &BTreeMap<Uuid, SimTrade>,
) -> BTreeMap<Price, BTreeMap<OptionKind, Sums>> {
    let mut strikes = BTreeMap::<Price, BTreeMap<OptionKind, Sums>>::new();
    for trade in trades.iter().filter(|trade| !trade.flags.contains(TradeFlags::CANCELED)) {
        let kinds = strikes.entry(trade.contract.strike).or_default();
        let sums = kinds.entry(trade.contract.kind).or_default();
        sums.premium += trade.premium();
        match side(trade, truth) {
            Side::Buy => sums.bought += trade.premium(),
            Side::Sell => sums.sold += trade.premium(),
            Side::Unknown => {}
        }
        sums.contracts += trade.size;
        sums.trades += 1;
    }
    strikes
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_of_net_premium_add_up_to_the_days_trades_and_a_tide_is_never_summed() {
    let (rig, (_database, store)) = (rig_at(EVENING, 1.0, false).await, database().await);
    let engine = rig.collector(&store, &["IWM"]).await;
    until_read(&store, SlotKind::OptionTrades, "IWM", at(CLOSE)).await;
    until_whole(&store, SlotKind::NetPremium, "IWM").await;
    until_whole(&store, SlotKind::Tide, "MARKET").await;
    engine.stop().await;

    let trades = stored_trades(&store, "IWM").await;
    let truth = true_trades(&rig, "IWM", rig.clock.now());
    let counted = |trade: &&OptionTrade| !trade.flags.contains(TradeFlags::CANCELED);
    let net = |kind| -> Decimal {
        let of_kind = trades.iter().filter(counted).filter(|trade| trade.contract.kind == kind);
        of_kind
            .map(|trade| match side(trade, &truth) {
                Side::Buy => trade.premium(),
                Side::Sell => -trade.premium(),
                Side::Unknown => Decimal::ZERO,
            })
            .sum()
    };
    let (from, to) = (at("2026-06-02T13:00:00Z"), at("2026-06-02T21:30:00Z"));
    let ticks = store.net_premium(&symbol("IWM"), from, to).await.unwrap();
    let calls: Decimal = ticks.iter().map(|tick| tick.net_call_premium).sum();
    let puts: Decimal = ticks.iter().map(|tick| tick.net_put_premium).sum();
    assert_eq!((calls, puts), (net(OptionKind::Call), net(OptionKind::Put)));

    let tide = store.tide(&undertow_market::TideScope::Market, from, to).await.unwrap();
    assert!(tide.len() > 50, "{} points", tide.len());
    let last = tide.last().unwrap();
    let largest = tide.iter().map(|point| point.net_call_premium.abs()).max().unwrap();
    assert!(last.net_call_premium.abs() <= largest, "the last row is the value");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_null_is_told_and_never_becomes_a_zero() {
    let (rig, (_database, store)) = (rig_at(EVENING, 1.0, false).await, database().await);
    // More than once: alerts are asked for below the path of the trades, and have no size.
    let spoilt = |field: &str, path: &str| {
        rig.spoil(FaultRule::times(Fault::WrongTypes(field.to_owned()), 3).on(path));
    };
    spoilt("net_call_premium", "/api/stock/IWM/net-prem-ticks");
    spoilt("size", "/api/option-trades");
    let engine = rig.collector(&store, &["IWM"]).await;
    let rejected = until("rejects are kept", async || {
        let rows = store.quarantine_rows(1_000).await.ok()?;
        let of = |kind| rows.iter().any(|row| row.rejected.kind == kind);
        (of(SlotKind::NetPremium) && of(SlotKind::OptionTrades)).then_some(rows)
    })
    .await;
    engine.stop().await;
    assert!(
        rejected.iter().all(|row| !row.rejected.reason.is_empty() && !row.rejected.raw.is_empty())
    );
    let zero = stored_trades(&store, "IWM").await.into_iter().find(|trade| trade.size == 0);
    assert_eq!(zero, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_cut_again_and_again_leaves_no_hole() {
    let (rig, (_database, store)) = (rig_at(NOON, 60.0, true).await, database().await);
    for fault in [Fault::DropMidFrame, Fault::DuplicateFrame, Fault::CutSlowReader] {
        rig.spoil(FaultRule::once(fault).after(40).on("/socket/option_trades:IWM"));
    }
    let engine = rig.collector(&store, &["IWM"]).await;
    until("every fault has struck", async || {
        rig.simulator.faults().list().is_empty().then_some(())
    })
    .await;
    until("the stream is live again", async || live(&engine)).await;
    let later = rig.clock.now() + TimeDelta::minutes(20);
    until_read(&store, SlotKind::OptionTrades, "IWM", later).await;
    engine.stop().await;

    let truth = true_trades(&rig, "IWM", later);
    let stored = stored_trades(&store, "IWM").await;
    let ids: HashSet<Uuid> = stored.iter().map(|trade| trade.id).collect();
    assert_eq!(ids.len(), stored.len(), "nothing is stored twice");
    let missing: Vec<&SimTrade> = truth.values().filter(|trade| !ids.contains(&trade.id)).collect();
    assert!(
        missing.is_empty(),
        "{} of {} are missing: {:?}",
        missing.len(),
        truth.len(),
        missing.first()
    );
}

fn live(engine: &Engine) -> Option<()> {
    (engine.stream().phase == StreamPhase::Live).then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_the_stream_is_told_and_everything_is_asked_for() {
    let (mut rig, (_database, store)) = (rig_at(NOON, 60.0, false).await, database().await);
    rig.streams = true;
    let engine = rig.collector(&store, &["IWM"]).await;
    let note = until("the refusal is told", async || {
        let stream = engine.stream();
        stream.note.filter(|_| stream.phase == StreamPhase::Refused)
    })
    .await;
    assert!(!note.contains(&rig.key), "{note}");
    until_read(&store, SlotKind::OptionTrades, "IWM", rig.clock.now()).await;
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_read_in_pieces_and_again_leaves_the_same_rows_as_one_read_at_once() {
    let ((_one, pieces), (_other, at_once)) = (database().await, database().await);
    for now in ["2026-06-02T15:00:00Z", "2026-06-02T18:00:00Z", EVENING, EVENING] {
        let rig = rig_at(now, 1.0, false).await;
        collect_to(&rig, &pieces, at(now)).await;
    }
    let rig = rig_at(EVENING, 1.0, false).await;
    collect_to(&rig, &at_once, at(EVENING)).await;
    let session = date(SESSION);
    let hash = async |store: &Store| {
        store
            .content_hash(ContentTable::OptionsFlow, &symbol("DIA"), session, session)
            .await
            .unwrap()
    };
    assert!(hash(&pieces).await.rows > 100);
    assert_eq!(hash(&pieces).await, hash(&at_once).await);
}

/// Collects what can be had at an instant of a market that stands still.
async fn collect_to(rig: &Rig, store: &Store, now: DateTime<Utc>) {
    let engine = rig.collector(store, &["DIA"]).await;
    let end = (now - TimeDelta::minutes(1)).min(at(CLOSE));
    until_read(store, SlotKind::OptionTrades, "DIA", end).await;
    until_read(store, SlotKind::FlowAlerts, "DIA", end).await;
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tape_that_stands_still_is_told_apart_from_a_quiet_symbol() {
    let (rig, (_database, store)) = (Rig::at(NOON, 1.0).await, database().await);
    let engine = rig.collector(&store, &["DIA"]).await;
    let feed = until("the whole tape was looked at", async || {
        let feeds = engine.health().feeds;
        let of_market = |name: &str, series| name == "MARKET" && series == Series::Prints;
        feeds.into_iter().find_map(|(name, series, feed, _)| {
            (of_market(name.as_str(), series) && feed.newest_at.is_some()).then_some(feed)
        })
    })
    .await;
    engine.stop().await;
    assert_eq!(feed.problem, None);
}
