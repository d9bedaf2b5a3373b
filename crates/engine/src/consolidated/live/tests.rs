use rust_decimal::Decimal;
use undertow_market::{Conditions, OFF_EXCHANGE_VENUE};

use super::*;

const DATE: &str = "2026-11-20";

fn day() -> TapeDay {
    TapeDay::of(DATE.parse().unwrap())
}

/// An instant of the day, in seconds after a minute began.
fn at(minute: u16, second: i64) -> DateTime<Utc> {
    day().at(minute) + TimeDelta::seconds(second)
}

fn live(stored_before: u16) -> Live {
    let keep = TapeKeep { print_floor: Decimal::from(100_000) };
    Live::resumed("SPY".parse().unwrap(), day(), keep, &[], stored_before)
}

fn take(live: &mut Live, id: &str, reported_at: DateTime<Utc>) -> bool {
    let trade = TapeTrade {
        symbol: "SPY".parse().unwrap(),
        session_date: day().date,
        minute: day().minute_of(reported_at),
        executed_at: reported_at,
        reported_at,
        received_at: reported_at,
        venue: OFF_EXCHANGE_VENUE,
        trf_id: None,
        trade_id: id,
        sequence: 1,
        price: "100".parse().unwrap(),
        size: "1".parse().unwrap(),
        conditions: Conditions::default(),
        correction: 0,
        reasons: Reasons::empty(),
    };
    live.take(&trade)
}

/// The minutes that leave, each with how many trades it has.
fn leaving(live: &mut Live, stream_to: Option<DateTime<Utc>>) -> Vec<(u16, u32)> {
    let part = live.take_final(stream_to, 1_205).unwrap_or_default();
    part.minutes.iter().map(|of| (of.minute, of.off_exchange.trades)).collect()
}

#[test]
fn a_minute_is_final_only_when_rest_has_told_everything_before_its_end() {
    let mut live = live(0);
    live.joined(at(600, 30));
    // The stream is far ahead, and the morning is not read yet.
    assert!(take(&mut live, "late", at(605, 1)));
    assert_eq!(leaving(&mut live, Some(at(606, 0))), []);
    assert!(take(&mut live, "early", at(570, 1)));
    live.read_on(at(580, 10));
    assert_eq!(leaving(&mut live, Some(at(606, 0))), [(570, 1)]);
    assert_eq!(live.taken_before(), 580);
    // REST was asked before the join: it may lack what came between.
    live.read_on(at(600, 20));
    assert!(!live.read_whole(at(600, 20)));
    assert_eq!(leaving(&mut live, Some(at(606, 0))), []);
    assert_eq!(live.taken_before(), 600);
    live.read_on(at(600, 40));
    assert!(live.read_whole(at(600, 43)));
    assert_eq!(leaving(&mut live, Some(at(606, 0))), [(605, 1)]);
}

#[test]
fn a_break_keeps_the_minutes_it_touched_until_they_are_read() {
    let mut live = live(570);
    live.joined(at(570, 0));
    live.read_on(at(570, 0));
    assert!(live.read_whole(at(570, 3)));
    assert!(take(&mut live, "1", at(571, 10)));
    live.broken(at(571, 20));
    assert_eq!(leaving(&mut live, None), []);
    assert_eq!(live.taken_before(), 571);
    assert_eq!(live.ask_from(), Some(at(571, 0)), "no minute that is stored is asked for");
    // Joined again; only now it is asked what was missed.
    live.joined(at(575, 0));
    assert!(take(&mut live, "5", at(575, 30)));
    assert_eq!(leaving(&mut live, Some(at(577, 0))), []);
    assert!(!take(&mut live, "1", at(571, 10)), "it is known");
    assert!(take(&mut live, "2", at(573, 10)));
    live.read_on(at(575, 1));
    assert!(live.read_whole(at(575, 4)));
    assert_eq!(leaving(&mut live, Some(at(577, 0))), [(571, 1), (573, 1), (575, 1)]);
}

#[test]
fn a_break_never_goes_back_behind_what_rest_has_told() {
    let mut live = live(570);
    live.joined(at(580, 0));
    live.read_on(at(580, 30));
    assert!(live.read_whole(at(580, 34)));
    // Nothing came since: the stream's clock is unknown.
    live.broken(DateTime::<Utc>::MIN_UTC);
    assert_eq!(live.reading, Reading::Rest { read_to: at(580, 30), joined_at: None });
}

#[test]
fn stragglers_count_for_a_while_and_identities_are_let_go() {
    let mut live = live(570);
    live.joined(at(570, 0));
    live.read_on(at(570, 0));
    assert!(live.read_whole(at(570, 3)));
    for minute in 570..580 {
        assert!(take(&mut live, &format!("{minute}"), at(minute, 1)));
    }
    assert_eq!(live.held(), 10);
    assert_eq!(leaving(&mut live, Some(at(580, 0))).len(), 10);
    assert!(take(&mut live, "straggler", at(578, 2)));
    assert!(!take(&mut live, "too late", at(571, 2)));
    assert_eq!(live.too_late(), 1);
    assert_eq!(leaving(&mut live, Some(at(590, 0))), [(578, 1)]);
    assert_eq!(leaving(&mut live, Some(at(600, 0))), []);
    assert_eq!(live.held(), 0);
    assert_eq!(live.so_far().final_off_shares, Decimal::from(11));
}

#[test]
fn without_rest_the_minutes_of_a_break_are_left_out() {
    let keep = TapeKeep { print_floor: Decimal::from(100_000) };
    let mut live = Live::of_the_stream("SPY".parse().unwrap(), day(), keep, at(570, 20));
    assert!(!take(&mut live, "part of a minute", at(570, 30)));
    assert!(take(&mut live, "1", at(571, 1)));
    assert!(take(&mut live, "2", at(572, 1)));
    live.broken(at(572, 30));
    assert_eq!(leaving(&mut live, None), [(571, 1)]);
    live.skip_to(at(575, 10));
    assert!(!take(&mut live, "3", at(575, 20)), "part of a minute");
    assert!(take(&mut live, "4", at(576, 1)));
    assert_eq!(leaving(&mut live, Some(at(577, 0))), [(576, 1)]);
}

#[test]
fn nothing_leaves_while_the_session_is_replaced_nor_after_its_end() {
    let mut live = live(0);
    live.read_on(at(700, 0));
    live.is_held_back = true;
    assert!(live.take_final(None, 1_205).is_none());
    live.is_held_back = false;
    assert!(live.take_final(None, 1_205).is_some());
    live.read_on(at(1_300, 0));
    assert!(live.take_final(None, 1_205).is_some());
    assert_eq!(live.taken_before(), 1_205);
    assert!(live.take_final(None, 1_205).is_none());
}
