//! A market of twenty-five sessions in which the price falls to one level each day and turns.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::dec;
use undertow_market::{BarInterval, Calendar, Price, Symbol, VendorId};

use super::*;

/// Where everybody trades, and where the price turns.
const LEVEL: Decimal = dec!(500.00);

fn price(value: Decimal) -> Price {
    Price::new(value).unwrap()
}

fn sessions() -> Vec<NaiveDate> {
    Calendar::nyse().sessions_ending("2026-03-31".parse().unwrap(), 25)
}

fn bar(date: NaiveDate, interval: BarInterval, at: DateTime<Utc>, prices: [Decimal; 4]) -> Bar {
    let [open, high, low, close] = prices.map(price);
    Bar {
        vendor: VendorId::UnusualWhales,
        symbol: Symbol::new("SPY").unwrap(),
        interval,
        session_date: date,
        session: MarketSession::Regular,
        start_at: at,
        open,
        high,
        low,
        close,
        volume: 1_000,
        received_at: at,
    }
}

/// Down to the level in twelve minutes, and up again: a touch that holds, or falls through.
fn minutes(date: NaiveDate, holds: bool) -> Vec<Bar> {
    let open = Calendar::nyse().session(date).unwrap().open_at;
    let turn = |minute: i64| match (minute, holds) {
        (0..12, _) => LEVEL + Decimal::from(12 - minute),
        (_, true) => LEVEL + Decimal::from(minute - 11),
        (_, false) => LEVEL - Decimal::from(minute - 11),
    };
    (0..24)
        .map(|minute| {
            let (from, to) = (turn(minute), turn(minute + 1));
            let (low, high) = (from.min(to), from.max(to));
            let at = open + TimeDelta::minutes(minute);
            bar(date, BarInterval::Minute1, at, [from, high, low, to])
        })
        .collect()
}

fn cell(date: NaiveDate) -> Cell {
    let notional = LEVEL * dec!(1_000);
    Cell {
        session_date: date,
        session: MarketSession::Regular,
        cell_low: LEVEL,
        prints: 1,
        shares: dec!(1_000),
        notional,
        buy_notional: notional,
        sell_notional: Decimal::ZERO,
        unknown_notional: Decimal::ZERO,
        largest_notional: notional,
        first_at: None,
        last_at: None,
        excluded_prints: 0,
        excluded_shares: Decimal::ZERO,
        excluded_notional: Decimal::ZERO,
    }
}

fn measured(holds: impl Fn(usize) -> bool) -> HoldRate {
    let sessions = sessions();
    let before = Calendar::nyse().sessions_ending(sessions[0], 40);
    let day = |date: &NaiveDate| {
        let at = Calendar::nyse().session(*date).unwrap().open_at;
        let prices = [LEVEL + dec!(2), LEVEL + dec!(10), LEVEL - dec!(10), LEVEL + dec!(2)];
        bar(*date, BarInterval::Day1, at, prices)
    };
    let later = sessions.iter().skip(1);
    let day_bars: Vec<Bar> = before.iter().chain(later).map(day).collect();
    let minute_bars: Vec<Bar> = sessions
        .iter()
        .enumerate()
        .flat_map(|(index, date)| minutes(*date, holds(index)))
        .collect();
    let cells: Vec<Cell> = sessions.iter().map(|date| cell(*date)).collect();
    let history = History {
        cells: &cells,
        minute_bars: &minute_bars,
        day_bars: &day_bars,
        sessions: &sessions,
    };
    measure(history, &LevelParams::with_bin_width(dec!(0.10)), Kind::Strongest, 1)
}

#[test]
fn a_level_that_turns_the_price_every_day_holds_every_time() {
    let rate = measured(|_| true);
    assert_eq!(rate.tally.breached, 0);
    assert!(rate.tally.held >= 20, "{:?}", rate.tally);
}

#[test]
fn a_level_that_the_price_falls_through_never_holds() {
    let rate = measured(|_| false);
    assert_eq!(rate.tally.held, 0);
    assert!(rate.tally.breached >= 20, "{:?}", rate.tally);
}

#[test]
fn sessions_before_the_first_known_level_are_not_judged() {
    // It breaks on the first five days only, when nothing was known yet.
    let rate = measured(|index| index >= 5);
    assert_eq!(rate.tally.breached, 0, "{:?}", rate.tally);
}

#[test]
fn each_rank_belongs_to_one_kind_at_most() {
    let kinds: Vec<Option<Kind>> = [1, 3, 4, 10, 11].map(Kind::of_rank).to_vec();
    let (strongest, strong) = (Some(Kind::Strongest), Some(Kind::Strong));
    assert_eq!(kinds, [strongest, strongest, strong, strong, None]);
}
