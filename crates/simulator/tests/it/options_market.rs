//! The options market as it is made: the same for everyone, consistent in itself, and like life.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use chrono::{DateTime, Datelike, Utc, Weekday};
use undertow_market::{Calendar, OptionKind};
use undertow_simulator::{
    AlertRule, Market, OptionDay, SimTrade, TradeCode, TradeSide, default_symbols,
};

use crate::served::{DATE, SEED, at, date, symbol};

fn market(seed: u64) -> Market {
    Market::new(seed, default_symbols(), 1.0)
}

fn options(market: &Market, ticker: &str, on: &str) -> OptionDay {
    (*market.options(&symbol(ticker), date(on)).expect("a session")).clone()
}

/// Three sessions of four symbols.
fn sample(market: &Market) -> Vec<OptionDay> {
    let dates = Calendar::nyse().sessions_ending(date(DATE), 3);
    let days = |date: &_| ["SPY", "QQQ", "NVDA", "DIA"].map(|t| market.options(&symbol(t), *date));
    dates.iter().flat_map(days).map(|day| (*day.expect("a session")).clone()).collect()
}

fn share<T>(rows: &[T], holds: impl Fn(&T) -> bool) -> f64 {
    rows.iter().filter(|row| holds(row)).count() as f64 / rows.len() as f64
}

#[test]
fn a_day_of_options_depends_on_its_seed_symbol_and_date_and_on_nothing_else() {
    let (one, other) = (market(SEED), market(SEED));
    let dates = Calendar::nyse().sessions_ending(date(DATE), 3);
    let forward: Vec<_> = dates.iter().map(|d| one.options(&symbol("QQQ"), *d)).collect();
    for (place, date) in dates.iter().enumerate().rev() {
        let alone = other.options(&symbol("QQQ"), *date).expect("a session");
        let before = forward[place].as_ref().expect("a session");
        assert_eq!((&alone.trades, &alone.lines), (&before.trades, &before.lines), "{date}");
        assert_eq!(alone.alerts, before.alerts, "{date}");
    }
    assert_ne!(options(&market(SEED + 1), "QQQ", DATE).trades, options(&one, "QQQ", DATE).trades);
    assert_ne!(options(&one, "QQQ", "2026-06-01").trades, options(&one, "QQQ", DATE).trades);
}

#[test]
fn a_change_of_the_prints_by_hand_changes_no_option() {
    let (one, other) = (market(SEED), market(SEED));
    let second = at("2026-06-02T18:30:15Z");
    other.inject_second(&symbol("DIA"), date(DATE), second, 500).expect("an open second");
    assert_eq!(options(&one, "DIA", DATE).trades, options(&other, "DIA", DATE).trades);
}

#[test]
fn a_day_of_spy_has_low_ten_thousands_of_trades_and_is_made_in_a_moment() {
    let market = market(SEED);
    let dates = Calendar::nyse().sessions_ending(date(DATE), 6);
    let stock: Vec<_> = dates.iter().map(|d| market.session(&symbol("SPY"), *d)).collect();
    let began = Instant::now();
    let days: Vec<_> = dates.iter().filter_map(|d| market.options(&symbol("SPY"), *d)).collect();
    let took = began.elapsed() / days.len() as u32;
    let counts: Vec<_> = days.iter().map(|day| day.trades.len()).collect();
    let alerts: Vec<_> = days.iter().map(|day| day.alerts.len()).collect();
    let lines: Vec<_> = days.iter().map(|day| day.lines.len()).collect();
    let measured = format!("{took:?} a day, trades {counts:?}, alerts {alerts:?}, lines {lines:?}");
    assert!(stock.iter().all(Option::is_some));
    assert!(counts.iter().all(|count| (8_000..40_000).contains(count)), "{measured}");
    assert!(alerts.iter().all(|count| (50..1_500).contains(count)), "{measured}");
    assert!(lines.iter().all(|count| (1_000..9_000).contains(count)), "{measured}");
    // A second is many times what a quiet machine needs.
    assert!(took.as_millis() < 1_000, "{measured}");
    eprintln_for_the_reader(&measured);
}

#[expect(clippy::print_stderr, reason = "the one measurement of this group, shown on request")]
fn eprintln_for_the_reader(measured: &str) {
    eprintln!("{measured}");
}

#[test]
fn every_contract_trades_what_it_was_to_trade_and_every_trade_fits_its_quote() {
    for day in sample(&market(SEED)) {
        let mut traded = vec![0; day.lines.len()];
        let mut ids = HashSet::new();
        for trade in &day.trades {
            assert!(trade.size > 0 && trade.price.0 > 0 && trade.price.0 % 100 == 0, "{trade:?}");
            assert!(day.hours.open_at <= trade.executed_at, "{trade:?}");
            assert!(trade.executed_at < day.end_at, "{trade:?}");
            assert!(ids.insert(trade.id), "an id repeats: {trade:?}");
            if trade.code != TradeCode::Late {
                assert_eq!(trade.side, TradeSide::of(trade.price, trade.bid, trade.ask));
                let (low, high) = (trade.bid.min(trade.ask), trade.bid.max(trade.ask));
                assert!(low <= trade.price && trade.price <= high, "{trade:?}");
            }
            if trade.canceled_at.is_none() {
                traded[trade.line] += trade.size;
            }
        }
        for (line, traded) in day.lines.iter().zip(traded) {
            assert_eq!(line.volume, traded, "{}", line.name);
        }
    }
}

#[test]
fn running_volumes_are_the_sums_of_what_was_live() {
    let day = options(&market(SEED), "QQQ", DATE);
    let mut canceled = 0;
    for (place, trade) in day.trades.iter().enumerate().step_by(7) {
        let live =
            |other: &&SimTrade| other.line == trade.line && !other.is_canceled(trade.executed_at);
        let before = || day.trades[..=place].iter().filter(live);
        let sum = |holds: fn(&SimTrade) -> bool| -> i64 {
            before().filter(|other| holds(other)).map(|other| other.size).sum()
        };
        let volumes = trade.volumes;
        assert_eq!(volumes.total, sum(|_| true), "{trade:?}");
        assert_eq!(volumes.ask, sum(|other| other.side == TradeSide::Ask));
        assert_eq!(volumes.multi_leg, sum(|other| other.code.is_multi_leg()));
        let sides = volumes.ask + volumes.bid + volumes.mid + volumes.no_side;
        assert_eq!(volumes.total, sides);
        canceled += usize::from(trade.canceled_at.is_some());
    }
    assert!(day.trades.iter().any(|trade| trade.canceled_at.is_some()), "{canceled}");
}

#[test]
fn all_sorts_of_trades_come_and_the_rare_ones_are_rare() {
    let days = sample(&market(SEED));
    let trades: Vec<&SimTrade> = days.iter().flat_map(|day| &day.trades).collect();
    for (what, low, high, holds) in [
        ("ask", 0.3, 0.6, (|t| t.side == TradeSide::Ask) as fn(&&SimTrade) -> bool),
        ("bid", 0.3, 0.6, |t| t.side == TradeSide::Bid),
        ("mid", 0.02, 0.15, |t| t.side == TradeSide::Mid),
        ("no side", 0.000_5, 0.01, |t| t.side == TradeSide::None),
        ("sweeps", 0.08, 0.3, |t| t.code == TradeCode::Sweep),
        ("legs", 0.05, 0.2, |t| t.code.is_multi_leg()),
        ("auctions", 0.04, 0.15, |t| t.code == TradeCode::Auction),
        ("floor", 0.001, 0.02, |t| t.code.is_floor()),
        ("stock legs", 0.002, 0.015, |t| t.code == TradeCode::StockLeg),
        ("late", 0.000_5, 0.005, |t| t.code == TradeCode::Late),
        ("withdrawn", 0.000_1, 0.003, |t| t.canceled_at.is_some()),
    ] {
        let found = share(&trades, holds);
        assert!((low..=high).contains(&found), "seed {SEED}: {what} is {found:.5}");
    }
    let beyond = |day: &OptionDay| {
        day.trades
            .iter()
            .filter(|t| {
                t.size > 100 && t.size > day.lines[t.line].open_interest + t.volumes.total - t.size
            })
            .count()
    };
    let openings: usize = days.iter().map(beyond).sum();
    assert!((1..trades.len() / 50).contains(&openings), "seed {SEED}: {openings}");
}

#[test]
fn a_sweep_takes_several_exchanges_in_one_second_and_legs_come_in_pairs() {
    let day = options(&market(SEED), "SPY", DATE);
    let mut sweeps = BTreeMap::<_, HashSet<&str>>::new();
    let mut legs = BTreeMap::<_, i64>::new();
    for trade in &day.trades {
        if trade.code == TradeCode::Sweep {
            let key = (trade.line, trade.executed_at.timestamp());
            sweeps.entry(key).or_default().insert(trade.exchange);
        }
        if trade.code.is_multi_leg() && trade.canceled_at.is_none() {
            *legs.entry((trade.executed_at.timestamp(), trade.size)).or_default() += 1;
        }
    }
    let several = sweeps.values().filter(|exchanges| exchanges.len() > 1).count();
    assert!(several * 2 > sweeps.len(), "{several} of {}", sweeps.len());
    let odd = legs.values().filter(|count| **count % 2 == 1).count();
    // A pair may straddle the end of a second.
    assert!(odd * 100 < legs.len(), "{odd} of {}", legs.len());
}

#[test]
fn open_interest_changes_by_no_more_than_what_traded() {
    let market = market(SEED);
    let dates = Calendar::nyse().sessions_ending(date(DATE), 4);
    let (mut changed, mut kept) = (0, 0);
    for pair in dates.windows(2) {
        let [before, after] = [pair[0], pair[1]]
            .map(|date| market.options(&symbol("NVDA"), date).expect("a session"));
        let next: BTreeMap<_, _> = after.lines.iter().map(|line| (&line.name, line)).collect();
        for line in &before.lines {
            let Some(next) = next.get(&line.name) else {
                assert_eq!(line.contract.expiry, before.session_date, "{}", line.name);
                continue;
            };
            assert_eq!(next.previous_open_interest, line.open_interest, "{}", line.name);
            let change = next.open_interest - line.open_interest;
            assert!(change.abs() <= line.volume && next.open_interest >= 0, "{}", line.name);
            if change == 0 { kept += 1 } else { changed += 1 }
        }
    }
    assert!(changed > 100 && kept > 100, "{changed} changed, {kept} did not");
}

#[test]
fn expiries_are_daily_for_funds_only_and_reach_a_year() {
    let market = market(SEED);
    for (ticker, daily) in [("SPY", true), ("IWM", true), ("NVDA", false)] {
        let day = options(&market, ticker, DATE);
        let expiries: HashSet<_> = day.lines.iter().map(|line| line.contract.expiry).collect();
        assert_eq!(expiries.contains(&date(DATE)), daily, "{ticker}");
        let longest = expiries.iter().max().map(|last| (*last - date(DATE)).num_days());
        assert!(longest.is_some_and(|days| days > 330), "{ticker}: {longest:?}");
        let fridays = expiries.iter().filter(|date| date.weekday() == Weekday::Fri).count();
        assert!(fridays >= 12, "{ticker}: {fridays}");
    }
}

#[test]
fn prices_respect_what_an_option_is_worth_at_least_and_smile() {
    let day = options(&market(SEED), "SPY", DATE);
    let mut volatilities = BTreeMap::<bool, Vec<f64>>::new();
    for trade in day.trades.iter().filter(|trade| trade.code != TradeCode::Late) {
        let line = &day.lines[trade.line];
        let (spot, strike) = (trade.underlying.0, line.strike.0);
        let inner = match line.contract.kind {
            OptionKind::Call => spot - strike,
            OptionKind::Put => strike - spot,
        };
        assert!(trade.ask.max(trade.bid).0 + 100 >= inner, "{trade:?} of {}", line.name);
        let bounds = if line.contract.kind == OptionKind::Call { 0.0..=1.0 } else { -1.0..=0.0 };
        assert!(bounds.contains(&trade.delta), "{trade:?}");
        let days = line.contract.days_to_expiry(day.session_date);
        let distance = strike as f64 / spot as f64 - 1.0;
        if (20..=60).contains(&days) && distance.abs() > 0.03 {
            volatilities.entry(distance > 0.0).or_default().push(trade.implied_volatility);
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (below, above) = (mean(&volatilities[&false]), mean(&volatilities[&true]));
    assert!(below > 1.1 * above, "below {below}, above {above}");
}

#[test]
fn alerts_are_made_of_trades_that_were_there_and_share_instants() {
    let mut instants = BTreeMap::<_, usize>::new();
    let mut rules = HashSet::new();
    for day in sample(&market(SEED)) {
        assert!(day.alerts.is_sorted_by_key(|alert| alert.created_at));
        for alert in &day.alerts {
            let trades: Vec<_> = alert.trades.iter().map(|place| &day.trades[*place]).collect();
            assert!(trades.iter().all(|trade| trade.executed_at < alert.created_at));
            assert!(trades.iter().all(|trade| trade.line == trades[0].line));
            assert!(trades.iter().all(|trade| trade.canceled_at.is_none()));
            assert!(trades.len() >= 5 || alert.rule == AlertRule::Floor, "{alert:?}");
            *instants.entry(alert.created_at).or_default() += 1;
            rules.insert(alert.rule);
        }
    }
    assert!(instants.values().any(|count| *count > 1), "no two alerts share an instant");
    assert_eq!(rules.len(), 4, "{rules:?}");
}

#[test]
fn options_lead_the_off_exchange_prints_by_five_minutes() {
    let market = market(SEED);
    let (mut led, mut shifted) = (Vec::new(), Vec::new());
    for on in Calendar::nyse().sessions_ending(date(DATE), 10) {
        let day = market.options(&symbol("SPY"), on).expect("a session");
        let stock = market.session(&symbol("SPY"), on).expect("a session");
        let bin = |at: DateTime<Utc>| (at - day.hours.open_at).num_minutes() / 5;
        let mut prints = vec![0.0_f64; 78];
        for print in stock.prints.iter().filter(|p| !p.kind.is_distorted()) {
            if let Some(sum) = prints.get_mut(bin(print.executed_at) as usize) {
                let sign = (2 * print.price.0 - print.bid.0 - print.ask.0).signum();
                *sum += (sign * print.price.0 / 10_000 * print.size) as f64;
            }
        }
        let mut flow = vec![0.0_f64; 78];
        for trade in &day.trades {
            let sign = match day.lines[trade.line].contract.kind {
                OptionKind::Call => trade.side.sign(),
                OptionKind::Put => -trade.side.sign(),
            };
            if let Some(sum) = flow.get_mut(bin(trade.executed_at) as usize) {
                *sum += (sign * trade.size) as f64;
            }
        }
        led.extend(flow.iter().zip(&prints[1..]).map(|(a, b)| (a.signum(), b.signum())));
        shifted.extend(flow.iter().zip(&prints[40..]).map(|(a, b)| (a.signum(), b.signum())));
    }
    let agree = |pairs: &[(f64, f64)]| share(pairs, |(a, b)| a * b > 0.0);
    let (with, without) = (agree(&led), agree(&shifted));
    assert!(with > 0.55 && with > without + 0.03, "seed {SEED}: {with} against {without}");
}
