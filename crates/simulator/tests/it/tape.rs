//! The consolidated tape as the generator makes it: what is on it, how it adds up, what surges.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use undertow_market::Calendar;
use undertow_market::tape::OFF_EXCHANGE_VENUE;
use undertow_simulator::{Market, SimTapeTrade, SurgeRule, TapeDay, TapeScript, default_symbols};

use crate::served::{DATE, SEED, at, date, symbol};

const MINUTE_NS: i64 = 60_000_000_000;

fn market() -> Market {
    Market::new(SEED, default_symbols(), 1.0)
}

fn tape(market: &Market, ticker: &str, day: &str) -> std::sync::Arc<TapeDay> {
    market.tape(&symbol(ticker), date(day)).expect("a session")
}

fn is_off(trade: &SimTapeTrade) -> bool {
    trade.venue == OFF_EXCHANGE_VENUE
}

/// Off-exchange shares that the tape counts.
fn off_exchange(day: &TapeDay) -> f64 {
    let counted = |trade: &&SimTapeTrade| {
        is_off(trade) && !matches!(trade.correction_at(i64::MAX), 1 | 7 | 8 | 10 | 11)
    };
    let shares: i64 = day.trades.iter().filter(counted).map(|trade| trade.size.0).sum();
    shares as f64 / 1e6
}

#[test]
fn a_tape_depends_on_seed_symbol_and_date_alone() {
    let (first, second) = (market(), market());
    // Asked in another order.
    for ticker in ["TSLA", "SPY"] {
        let _asked = tape(&second, ticker, "2026-05-29");
    }
    for ticker in ["SPY", "GME", "TSLA"] {
        assert_eq!(tape(&first, ticker, DATE), tape(&second, ticker, DATE));
    }
    let other = Market::new(SEED + 1, default_symbols(), 1.0);
    assert_ne!(tape(&first, "SPY", DATE).trades, tape(&other, "SPY", DATE).trades);
    assert!(first.tape(&symbol("SPY"), date("2026-06-06")).is_none(), "a Saturday");
    assert!(first.tape(&symbol("NONE"), date(DATE)).is_none());
}

#[test]
fn a_day_of_a_symbol_has_some_thousand_trades_in_tape_order() {
    let market = market();
    for profile in default_symbols() {
        let day = tape(&market, profile.symbol.as_str(), DATE);
        let count = day.trades.len();
        assert!((2_000..7_500).contains(&count), "{} {count}", day.symbol);
        assert!(day.trades.is_sorted_by_key(|trade| trade.sip_ns));
        assert!(day.trades.is_sorted_by(|a, b| a.sequence < b.sequence));
        let keys: HashSet<_> =
            day.trades.iter().map(|trade| (trade.venue, trade.facility_id(), trade.id)).collect();
        assert_eq!(keys.len(), count, "ids repeat");
        let (pre, end) = (day.hours.pre_at, day.hours.post_end_at);
        for trade in &day.trades {
            let sip = chrono::DateTime::from_timestamp_nanos(trade.sip_ns);
            assert!(pre <= sip && sip < end, "{trade:?}");
            assert!(trade.participant_ns <= trade.sip_ns, "{trade:?}");
            assert!(trade.size.0 > 0 && trade.price.0 > 0, "{trade:?}");
        }
    }
}

#[test]
fn every_print_of_the_market_is_on_the_tape() {
    let market = market();
    for ticker in ["SPY", "TSLA", "DIA"] {
        let session = market.session(&symbol(ticker), date(DATE)).expect("a session");
        let day = tape(&market, ticker, DATE);
        let mut found: BTreeMap<(i64, i64, i64), i64> = BTreeMap::new();
        for trade in day.trades.iter().filter(|trade| is_off(trade) && !trade.is_record()) {
            let second = trade.sip_ns.div_euclid(1_000_000_000);
            *found.entry((second, trade.price.0, trade.size.whole())).or_default() += 1;
        }
        for print in &session.prints {
            let key = (print.reported_at.timestamp(), print.price.0, print.size);
            let left = found.get_mut(&key).unwrap_or_else(|| panic!("{ticker} {print:?}"));
            *left -= 1;
            assert!(*left >= 0, "{ticker} {print:?}");
        }
        // What the market does not call a print is smaller than one.
        let small = |((_, price, size), _): &(&(i64, i64, i64), &i64)| price * size < 1_000_000_000;
        assert!(found.iter().filter(|(_, left)| **left > 0).all(|entry| small(&entry)), "{ticker}");
    }
}

#[test]
fn the_awkward_rows_are_there_in_their_shares() {
    let day = tape(&market(), "AAPL", DATE);
    let off: Vec<_> = day.trades.iter().filter(|trade| is_off(trade)).collect();
    let share = |wanted: &dyn Fn(&SimTapeTrade) -> bool| {
        off.iter().filter(|trade| wanted(trade)).count() as f64 / off.len() as f64
    };
    let without_facility = share(&|trade| trade.facility.is_none());
    assert!((0.01..0.06).contains(&without_facility), "{without_facility}");
    let fractions = share(&|trade| trade.size.0 % 1_000_000 != 0);
    assert!((0.05..0.2).contains(&fractions), "{fractions}");
    let below_one = share(&|trade| trade.size.whole() == 0);
    assert!(below_one > 0.02, "{below_one}");
    let has = |id: u16| day.trades.iter().any(|trade| trade.conditions.as_slice().contains(&id));
    for id in [2, 8, 10, 12, 13, 14, 15, 16, 22, 25, 32, 37, 41, 52, 53] {
        assert!(has(id), "no trade has condition {id}");
    }
    let late = |trade: &SimTapeTrade| trade.sip_ns - trade.participant_ns > 10_000_000_000;
    let marked =
        |trade: &SimTapeTrade| trade.conditions.as_slice().iter().any(|id| [13, 32].contains(id));
    assert!(off.iter().any(|trade| late(trade) && marked(trade)));
    assert!(off.iter().any(|trade| late(trade) && trade.conditions.as_slice().is_empty()));
    assert!(day.trades.iter().all(|trade| is_off(trade) || trade.facility.is_none()));
}

#[test]
fn what_is_withdrawn_or_corrected_gets_a_record_that_only_rest_knows() {
    let market = market();
    let mut codes = BTreeMap::new();
    for ticker in ["SPY", "QQQ", "NVDA", "TSLA"] {
        let day = tape(&market, ticker, DATE);
        for trade in day.trades.iter().filter(|trade| trade.amendment.is_some()) {
            let amendment = trade.amendment.expect("filtered");
            *codes.entry(amendment.code).or_insert(0) += 1;
            assert_eq!(trade.correction_at(amendment.at_ns - 1), 0);
            assert_eq!(trade.correction_at(amendment.at_ns), amendment.code);
            assert_eq!(trade.is_record(), amendment.code >= 10);
            assert!(trade.is_record() == (amendment.at_ns == trade.sip_ns), "{trade:?}");
        }
        let streamed: Vec<_> = day.streamed(day.hours.pre_at, day.hours.post_end_at).collect();
        assert!(streamed.iter().all(|trade| !trade.is_record()));
        let records = day.trades.iter().filter(|trade| trade.is_record()).count();
        assert_eq!(streamed.len() + records, day.trades.len());
    }
    for code in [1, 7, 8, 10, 11, 12] {
        assert!(codes.contains_key(&code), "{codes:?}");
    }
    assert_eq!(codes[&1], codes[&12]);
}

#[test]
fn an_injected_print_moves_no_other_trade() {
    let market = market();
    let before = tape(&market, "DIA", DATE);
    let second = at("2026-06-02T15:00:00Z");
    market.inject_second(&symbol("DIA"), date(DATE), second, 3).unwrap();
    let after = tape(&market, "DIA", DATE);
    let content =
        |trade: &SimTapeTrade| (trade.sip_ns, trade.participant_ns, trade.price, trade.size);
    let known: HashSet<_> = before.trades.iter().map(content).collect();
    let new: Vec<_> = after.trades.iter().filter(|it| !known.contains(&content(it))).collect();
    assert_eq!(after.trades.len(), before.trades.len() + 3);
    assert_eq!(new.len(), 3, "{new:?}");
    let canceled = market.session(&symbol("DIA"), date(DATE)).expect("a session").prints.len() / 2;
    market.cancel(&symbol("DIA"), date(DATE), canceled, at("2026-06-02T20:00:00Z")).unwrap();
    let records = |day: &TapeDay| day.trades.iter().filter(|trade| trade.is_record()).count();
    assert_eq!(records(&tape(&market, "DIA", DATE)), records(&after) + 1);
}

#[test]
fn ordinary_days_trade_about_the_same_off_exchange_and_surges_a_multiple() {
    let last = date(DATE);
    let script = TapeScript::demonstration(at("2026-06-02T15:30:00Z"));
    let market = market().with_tape(script.clone());
    let dates = Calendar::nyse().sessions_ending(last, 91);
    for profile in default_symbols() {
        let shares: Vec<f64> = dates
            .iter()
            .map(|day| off_exchange(&market.tape(&profile.symbol, *day).expect("a session")))
            .collect();
        let (today, before) = (shares[90], &shares[..90]);
        let mean = before.iter().sum::<f64>() / 90.0;
        let ratio = today / mean;
        let surges = script.surges.iter().any(|rule| rule.symbol == profile.symbol);
        if surges {
            assert!((4.2..6.2).contains(&ratio), "{} {ratio}", profile.symbol);
            continue;
        }
        let deviation = before.iter().map(|it| (it / mean - 1.0).powi(2)).sum::<f64>() / 90.0;
        let most = shares.iter().fold(0.0, |most: f64, it| most.max(it / mean));
        let least = shares.iter().fold(9.0, |least: f64, it| least.min(it / mean));
        let deviation = deviation.sqrt();
        assert!((0.05..0.4).contains(&deviation), "{} {deviation}", profile.symbol);
        assert!(most < 3.0 && least > 0.4, "{} {least} {most}", profile.symbol);
    }
}

#[test]
fn a_surge_is_there_from_the_first_hour() {
    let day = date(DATE);
    let rule = |factor| SurgeRule { symbol: symbol("PLTR"), date: day, factor };
    let usual = market();
    let surging = market();
    surging.surge(rule(6.0)).unwrap();
    assert!(surging.surge(rule(f64::NAN)).is_err());
    assert!(surging.surge(SurgeRule { date: date("2026-06-06"), ..rule(2.0) }).is_err());
    let until = |market: &Market, minutes: i64| {
        let day = tape(market, "PLTR", DATE);
        let end = day.hours.open_at.timestamp_nanos_opt().expect("near") + minutes * MINUTE_NS;
        let early = |trade: &&SimTapeTrade| is_off(trade) && trade.sip_ns < end;
        day.trades.iter().filter(early).map(|trade| trade.size.0).sum::<i64>() as f64
    };
    for minutes in [60, 120, 300] {
        let ratio = until(&surging, minutes) / until(&usual, minutes);
        assert!(ratio > 3.0, "{minutes} minutes: {ratio}");
    }
    // The rest of the market stays as it was.
    assert_eq!(tape(&usual, "SPY", DATE), tape(&surging, "SPY", DATE));
    assert_eq!(tape(&usual, "PLTR", "2026-06-01"), tape(&surging, "PLTR", "2026-06-01"));
}

#[test]
fn a_demonstration_surges_on_its_first_day_whichever_it_is() {
    let calendar = Calendar::nyse();
    for now in ["2026-01-02T15:30:00Z", "2026-07-06T15:30:00Z", "2027-03-15T18:00:00Z"] {
        let script = TapeScript::demonstration(at(now));
        let first = calendar.latest_session(at(now)).expect("a session");
        for ticker in ["PLTR", "GME", "MSFT"] {
            let of_day = |rule: &&SurgeRule| rule.symbol == symbol(ticker) && rule.date == first;
            assert_eq!(script.surges.iter().filter(of_day).count(), 1, "{now} {ticker}");
        }
        let split = script.splits[0].execution_date;
        let sessions = calendar.sessions_between(split, first).len();
        assert!((100..300).contains(&sessions), "{now}: {split}");
        assert!(calendar.session(split).is_some());
    }
}

#[test]
fn the_tape_before_a_split_is_in_old_shares() {
    let script = TapeScript::demonstration(at("2026-06-02T15:30:00Z"));
    let split = script.splits[0].clone();
    let (plain, with) = (market(), market().with_tape(TapeScript { surges: vec![], ..script }));
    let calendar = Calendar::nyse();
    let eve: NaiveDate = calendar.previous_session(split.execution_date).expect("a session");
    let of = |market: &Market, day: NaiveDate| market.tape(&split.symbol, day).expect("a session");
    assert_eq!(of(&plain, split.execution_date), of(&with, split.execution_date));
    let (new, old) = (of(&plain, eve), of(&with, eve));
    for (new, old) in new.trades.iter().zip(&old.trades) {
        assert_eq!(old.price.0, new.price.0 * split.to / split.from);
        assert_eq!(old.sip_ns, new.sip_ns);
        let shares = (new.size.0 / split.to, old.size.0);
        assert!((shares.0 - shares.1).abs() <= 1_000_000, "{shares:?}");
    }
}
