//! The generator: the same for everyone who asks, consistent in itself, and like the real tape.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::TimeDelta;
use undertow_market::{Calendar, MarketSession, Reasons, SideState};
use undertow_simulator::{Day, Kind, Market, SimPrint, Ticks, default_symbols};

use crate::served::{DATE, SEED, at, date, symbol};

fn market(seed: u64) -> Market {
    Market::new(seed, default_symbols(), 1.0)
}

fn day(market: &Market, ticker: &str, on: &str) -> Day {
    (*market.session(&symbol(ticker), date(on)).expect("a session")).clone()
}

/// Six sessions of four symbols: some fifty thousand prints.
fn sample(market: &Market) -> Vec<Day> {
    let dates = Calendar::nyse().sessions_ending(date(DATE), 6);
    let days = |date: &_| ["SPY", "QQQ", "NVDA", "DIA"].map(|t| market.session(&symbol(t), *date));
    dates.iter().flat_map(days).map(|day| (*day.expect("a session")).clone()).collect()
}

fn prints(days: &[Day]) -> Vec<&SimPrint> {
    days.iter().flat_map(|day| &day.prints).collect()
}

/// The share of rows that `holds` is true of, which must lie in the band.
fn check_share<T>(what: &str, rows: &[T], holds: impl Fn(&T) -> bool, low: f64, high: f64) {
    let share = rows.iter().filter(|row| holds(row)).count() as f64 / rows.len() as f64;
    let count = rows.len();
    assert!(
        (low..=high).contains(&share),
        "seed {SEED}: {what} is {share:.5} of {count}, not within {low} to {high}"
    );
}

#[test]
fn a_day_depends_on_its_seed_symbol_and_date_and_on_nothing_else() {
    let (one, other) = (market(SEED), market(SEED));
    let forward: Vec<Day> = sample(&one);
    let dates = Calendar::nyse().sessions_ending(date(DATE), 6);
    for (place, date) in dates.iter().enumerate().rev() {
        for (column, ticker) in ["SPY", "QQQ", "NVDA", "DIA"].into_iter().enumerate().rev() {
            let alone = other.session(&symbol(ticker), *date).expect("a session");
            assert_eq!(*alone, forward[place * 4 + column], "{ticker} {date}");
        }
    }
    assert_ne!(day(&market(SEED + 1), "SPY", DATE).prints, day(&one, "SPY", DATE).prints);
    assert_ne!(day(&one, "QQQ", DATE).prints, day(&one, "SPY", DATE).prints);
    assert_ne!(day(&one, "SPY", "2026-06-01").prints, day(&one, "SPY", DATE).prints);
}

#[test]
fn a_day_that_was_forgotten_comes_back_the_same() {
    let market = market(SEED);
    let first = day(&market, "DIA", DATE);
    for date in Calendar::nyse().sessions_ending(date("2026-05-29"), 70) {
        assert!(market.session(&symbol("DIA"), date).is_some());
    }
    assert_eq!(day(&market, "DIA", DATE), first);
}

#[test]
fn there_is_a_market_on_sessions_of_listed_symbols_only() {
    let market = market(SEED);
    for (ticker, on, open) in [
        ("SPY", DATE, true),
        ("SPY", "2026-05-30", false),
        ("SPY", "2026-05-25", false),
        ("SPY", "2014-06-02", false),
        ("ZZZZ", DATE, false),
    ] {
        let found = market.session(&symbol(ticker), date(on)).is_some();
        assert_eq!(found, open, "{ticker} {on}");
    }
}

#[test]
fn every_bar_encloses_its_prices_and_what_was_traded_at_them() {
    for day in sample(&market(SEED)) {
        for bar in &day.bars {
            assert!(bar.low <= bar.open.min(bar.close) && bar.high >= bar.open.max(bar.close));
            assert!(bar.low.0 > 0);
        }
        let minute = |print: &SimPrint| (print.executed_at - day.hours.pre_at).num_minutes();
        for print in day.prints.iter().filter(|print| print.executed_at >= day.hours.pre_at) {
            let bar = &day.bars[minute(print) as usize];
            let inside = bar.low <= print.price && print.price <= bar.high;
            assert!(inside || print.kind.is_distorted(), "{print:?} outside {bar:?}");
        }
    }
}

#[test]
fn no_minute_trades_less_than_its_prints() {
    for day in sample(&market(SEED)) {
        for (by, when) in [
            ("execution", (|print| print.executed_at) as fn(&SimPrint) -> _),
            ("report", |print| print.reported_at),
        ] {
            let mut shares = BTreeMap::<i64, i64>::new();
            for print in &day.prints {
                *shares.entry((when(print) - day.hours.pre_at).num_minutes()).or_default() +=
                    print.size;
            }
            for (minute, shares) in shares.range(0..) {
                let bar = &day.bars[*minute as usize];
                assert!(bar.volume >= *shares, "by {by}: {shares} of {bar:?}");
            }
        }
    }
}

#[test]
fn the_running_volume_mostly_rises_and_never_passes_the_bars() {
    let days = sample(&market(SEED));
    let mut steps = Vec::new();
    for day in &days {
        let total: i64 = day.bars.iter().map(|bar| bar.volume).sum();
        assert!(day.prints.iter().all(|print| print.size <= print.day_volume));
        assert!(day.prints.iter().all(|print| print.day_volume <= total));
        steps.extend(day.prints.windows(2).map(|pair| pair[1].day_volume - pair[0].day_volume));
    }
    check_share("a step down", &steps, |step| *step <= 0, 0.015, 0.06);
}

#[test]
fn prints_lie_within_the_tape_hours_and_above_the_floor() {
    for day in sample(&market(SEED)) {
        for print in &day.prints {
            assert!(day.hours.pre_at <= print.reported_at, "{print:?}");
            assert!(print.reported_at < day.hours.post_end_at, "{print:?}");
            assert!(print.executed_at <= print.reported_at, "{print:?}");
            assert!(print.price.0 * print.size > 100_000 * 10_000, "{print:?}");
        }
    }
}

#[test]
fn the_natural_key_tells_all_prints_apart_and_the_id_alone_does_not() {
    let market = market(SEED);
    let days = sample(&market);
    let (mut keys, mut ids) = (HashSet::new(), HashSet::new());
    for day in &days {
        for print in &day.prints {
            let received_at = day.hours.post_end_at;
            keys.insert(day.as_received(print, market.calendar(), received_at).key());
            ids.insert((&day.symbol, day.session_date, print.tracking_id, print.reported_at));
        }
    }
    let count = prints(&days).len();
    assert_eq!(keys.len(), count);
    let lost = (count - ids.len()) as f64 / count as f64;
    assert!((0.03..0.055).contains(&lost), "seed {SEED}: ids alone lose {lost}");
}

#[test]
fn the_kinds_of_prints_come_in_their_real_shares() {
    let days = sample(&market(SEED));
    let prints = prints(&days);
    for (kind, low, high) in [
        (Kind::Plain, 0.76, 0.82),
        (Kind::Extended, 0.085, 0.12),
        (Kind::AverageDerived, 0.055, 0.075),
        (Kind::PriorReference, 0.015, 0.026),
        (Kind::Contingent, 0.008, 0.015),
        (Kind::Average, 0.004, 0.011),
        (Kind::AverageExtended, 0.001, 0.006),
        (Kind::Sweep, 0.0005, 0.004),
    ] {
        check_share(&format!("{kind:?}"), &prints, |print| print.kind == kind, low, high);
    }
    let late_s = |print: &SimPrint| (print.reported_at - print.executed_at).num_seconds();
    check_share("on time", &prints, |print| late_s(print) == 0, 0.97, 0.985);
    check_share("a second or two late", &prints, |p| (1..=2).contains(&late_s(p)), 0.015, 0.03);
    check_share("very late", &prints, |print| late_s(print) > 900, 0.0002, 0.002);
    check_share("withdrawn", &prints, |print| print.canceled_at.is_some(), 0.0004, 0.004);
    check_share("the second facility", &prints, |print| print.market_center == "2", 0.006, 0.016);
}

#[test]
fn distorted_prints_are_few_and_carry_most_of_the_money() {
    let days = sample(&market(SEED));
    let prints = prints(&days);
    let money = |distorted: bool| -> f64 {
        let of = prints.iter().filter(|print| print.kind.is_distorted() == distorted);
        of.map(|print| print.price.0 as f64 * print.size as f64).sum()
    };
    let share = money(true) / (money(true) + money(false));
    assert!((0.5..0.8).contains(&share), "seed {SEED}: {share}");
}

#[test]
fn plain_prints_lie_against_their_quote_as_real_ones_do() {
    let market = market(SEED);
    let days = sample(&market);
    let mut states = Vec::new();
    for day in &days {
        let ordinary =
            |print: &&SimPrint| print.kind == Kind::Plain && print.executed_at == print.reported_at;
        for print in day.prints.iter().filter(ordinary) {
            let received_at = day.hours.post_end_at;
            let received = day.as_received(print, market.calendar(), received_at);
            if received.reasons.difference(Reasons::CANCELED).is_empty() {
                states.push(received.side_state());
            }
        }
    }
    let inside = [SideState::NearAsk, SideState::Mid, SideState::NearBid];
    check_share("inside", &states, |state| inside.contains(state), 0.64, 0.69);
    check_share("at the bid", &states, |state| *state == SideState::Bid, 0.095, 0.12);
    check_share("at the ask", &states, |state| *state == SideState::Ask, 0.083, 0.105);
    check_share("below the bid", &states, |state| *state == SideState::BelowBid, 0.065, 0.085);
    check_share("above the ask", &states, |state| *state == SideState::AboveAsk, 0.05, 0.068);
}

#[test]
fn some_second_holds_more_prints_than_a_small_page() {
    let days = sample(&market(SEED));
    let fullest = |day: &Day| {
        let seconds = day.prints.chunk_by(|a, b| a.reported_at == b.reported_at);
        seconds.map(<[_]>::len).max().unwrap_or(0)
    };
    let fullest: Vec<usize> =
        days.iter().filter(|day| day.symbol == symbol("SPY")).map(fullest).collect();
    assert!(fullest.iter().any(|count| *count > 40), "seed {SEED}: {fullest:?}");
    assert!(fullest.iter().all(|count| *count < 500), "seed {SEED}: {fullest:?}");
}

#[test]
fn volume_has_the_shape_of_a_u() {
    let market = market(SEED);
    let mut volume = [0_i64; 13];
    for date in Calendar::nyse().sessions_ending(date(DATE), 10) {
        let day = market.session(&symbol("SPY"), date).expect("a session");
        let regular = day.bars.iter().filter(|bar| bar.part == MarketSession::Regular);
        for (minute, bar) in regular.enumerate() {
            volume[minute / 30] += bar.volume;
        }
    }
    let noon = volume[6];
    assert!(volume[0] > 2 * noon && volume[12] > 2 * noon, "{volume:?}");
    assert!(volume[3] < volume[1] && volume[9] < volume[11], "{volume:?}");
}

#[test]
fn prices_go_on_where_the_session_before_ended() {
    let market = market(SEED);
    let dates = Calendar::nyse().sessions_ending(date(DATE), 60);
    let days: Vec<Day> = dates.iter().map(|date| day(&market, "DIA", &date.to_string())).collect();
    for pair in days.windows(2) {
        let (end, start) = (pair[0].bars.last(), pair[1].bars.first());
        assert_eq!(end.map(|bar| bar.close), start.map(|bar| bar.open));
        assert!(pair[1].bars.windows(2).all(|bars| bars[0].close == bars[1].open));
    }
    let closes: BTreeSet<_> =
        days.iter().filter_map(|day| day.bars.last()).map(|bar| bar.close).collect();
    assert!(closes.len() > 50, "the price stands still");
    let strays = |close: &&Ticks| !(Ticks(330_0000)..Ticks(550_0000)).contains(close);
    assert_eq!(closes.iter().find(strays), None, "far from its anchor");
}

#[test]
fn an_early_close_ends_the_session_early() {
    let day = day(&market(SEED), "SPY", "2025-11-28");
    assert_eq!(day.hours.close_at, at("2025-11-28T18:00:00Z"));
    let regular = day.bars.iter().filter(|bar| bar.part == MarketSession::Regular).count();
    assert_eq!(regular, 210);
    assert!(day.prints.len() > 1_000);
}

#[test]
fn prints_gather_at_prices_that_last_for_weeks() {
    // Shares at each whole quarter dollar of level prints, in two halves of a month.
    let market = market(SEED);
    let dates = Calendar::nyse().sessions_ending(date(DATE), 20);
    let mut halves = [BTreeMap::<i64, i64>::new(), BTreeMap::new()];
    for (place, date) in dates.iter().enumerate() {
        let day = market.session(&symbol("SPY"), *date).expect("a session");
        for print in day.prints.iter().filter(|print| print.kind == Kind::Plain) {
            *halves[place / 10].entry(print.price.0 / 2_500).or_default() += print.size;
        }
    }
    let shared: Vec<(i64, i64)> = halves[0]
        .iter()
        .filter_map(|(price, shares)| Some((*shares, *halves[1].get(price)?)))
        .collect();
    let mut typical: Vec<i64> = shared.iter().flat_map(|(a, b)| [*a, *b]).collect();
    typical.sort_unstable();
    let median = typical[typical.len() / 2];
    let lasting = shared.iter().filter(|(a, b)| *a > 2 * median && *b > 2 * median).count();
    assert!(lasting >= 1, "seed {SEED}: no price is crowded in both halves of {shared:?}");
}

#[test]
fn a_withdrawn_block_is_reported_again_when_it_dies() {
    let days = sample(&market(SEED));
    let mut again = 0;
    for day in &days {
        for dead in day.prints.iter().filter(|print| print.canceled_at.is_some()) {
            assert!(dead.canceled_at > Some(dead.reported_at), "{dead:?}");
            again += day
                .prints
                .iter()
                .filter(|print| Some(print.reported_at) == dead.canceled_at)
                .filter(|print| (print.price, print.size) == (dead.price, dead.size))
                .filter(|print| print.tracking_id != dead.tracking_id)
                .count();
        }
    }
    assert!(again > 10, "seed {SEED}: {again}");
}

#[test]
fn a_day_ends_long_before_anything_in_it_is_served_too_early() {
    let day = day(&market(SEED), "SPY", DATE);
    let noon = at("2026-06-02T16:00:30Z");
    assert!(day.visible(noon).iter().all(|print| print.reported_at <= noon));
    let bars = day.bars_at(noon);
    let last = bars.last().expect("bars by noon");
    assert_eq!(last.start_at, at("2026-06-02T16:00:00Z"));
    let whole = &day.bars[bars.len() - 1];
    assert!(last.volume < whole.volume, "{last:?} of {whole:?}");
    assert!(whole.low <= last.low && last.high <= whole.high, "{last:?} of {whole:?}");
    assert_eq!(day.bars_at(noon + TimeDelta::days(1)), day.bars);
}
