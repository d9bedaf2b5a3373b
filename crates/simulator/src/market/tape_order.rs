//! Puts a session's prints in tape order and gives them what the tape gives: ids, the running
//! volume, and their place in the bars.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use undertow_market::SessionHours;

use super::day::SimPrint;
use super::path::MinuteBar;
use crate::dice::Dice;

/// Share of all rows that repeat an id, and share of neighbours whose running volume steps down.
const REPEAT_SHARE: f64 = 0.041;

/// Sorts the prints and numbers them. The bars receive their volume and reach every price that
/// was not distorted.
pub(crate) fn settle(
    prints: &mut [SimPrint],
    bars: &mut [MinuteBar],
    hours: &SessionHours,
    id_base: i64,
    dice: &mut Dice,
) {
    prints.sort_by_key(|print| print.reported_at);
    add_volume(prints, bars, hours);
    for print in prints.iter() {
        stretch(bars, hours, print);
    }
    number(prints, hours, id_base);
    count_volume(prints, bars, hours);
    repeat_ids(prints, dice);
    prints.sort_by_key(|print| (print.reported_at, print.tracking_id, print.day_volume));
}

/// The minute of the session that holds `at`.
pub(crate) fn minute_of(hours: &SessionHours, at: DateTime<Utc>, bars: usize) -> Option<usize> {
    let minute = usize::try_from((at - hours.pre_at).num_seconds().div_euclid(60)).ok()?;
    (minute < bars).then_some(minute)
}

/// A minute's volume covers its prints whether they are counted by execution or by report.
fn add_volume(prints: &[SimPrint], bars: &mut [MinuteBar], hours: &SessionHours) {
    let by = |when: fn(&SimPrint) -> DateTime<Utc>| {
        let mut shares = vec![0_i64; bars.len()];
        for print in prints {
            if let Some(minute) = minute_of(hours, when(print), bars.len()) {
                shares[minute] += print.size;
            }
        }
        shares
    };
    let executed = by(|print| print.executed_at);
    let reported = by(|print| print.reported_at);
    for (bar, (executed, reported)) in bars.iter_mut().zip(executed.into_iter().zip(reported)) {
        bar.volume = bar.other_volume + executed.max(reported);
    }
}

/// Makes the bar of a print's execution reach its price, unless the price is an artefact.
pub(crate) fn stretch(bars: &mut [MinuteBar], hours: &SessionHours, print: &SimPrint) {
    let minute = minute_of(hours, print.executed_at, bars.len());
    if let Some(minute) = minute.filter(|_| !print.kind.is_distorted()) {
        let bar = &mut bars[minute];
        bar.high = bar.high.max(print.price);
        bar.low = bar.low.min(print.price);
    }
}

/// Ids count milliseconds of the day, so they start again every day.
fn number(prints: &mut [SimPrint], hours: &SessionHours, id_base: i64) {
    for second in prints.chunk_by_mut(|a, b| a.reported_at == b.reported_at) {
        let count = second.len();
        for (place, print) in second.iter_mut().enumerate() {
            let of_second_ms = (place * 1_000 / count) as i64;
            print.tracking_id = id_base + ms_of_day(hours, print.reported_at) + of_second_ms;
        }
    }
}

/// Milliseconds since midnight in New York. The pre-market begins at four in the morning.
pub(crate) fn ms_of_day(hours: &SessionHours, at: DateTime<Utc>) -> i64 {
    (at - (hours.pre_at - TimeDelta::hours(4))).num_milliseconds()
}

fn count_volume(prints: &mut [SimPrint], bars: &[MinuteBar], hours: &SessionHours) {
    let mut before = 0;
    let mut left = prints;
    for (minute, bar) in bars.iter().enumerate() {
        let end = left.partition_point(|print| {
            minute_of(hours, print.reported_at, bars.len()).is_some_and(|found| found <= minute)
        });
        let (here, rest) = left.split_at_mut(end);
        let mut reported = 0;
        for print in here {
            reported += print.size;
            let other = bar.other_volume * i64::from(print.reported_at.second()) / 60;
            print.day_volume = before + other + reported;
        }
        before += bar.volume;
        left = rest;
    }
}

/// Neighbours in one second share an id, or swap their running volumes, as often as in life.
fn repeat_ids(prints: &mut [SimPrint], dice: &mut Dice) {
    let neighbours = |a: &SimPrint, b: &SimPrint| a.reported_at == b.reported_at;
    let eligible = prints.windows(2).filter(|pair| neighbours(&pair[0], &pair[1])).count();
    let chance = REPEAT_SHARE * prints.len() as f64 / eligible.max(1) as f64;
    for at in 1..prints.len() {
        let (earlier, later) = prints.split_at_mut(at);
        let (a, b) = (&mut earlier[at - 1], &mut later[0]);
        if !neighbours(a, b) {
            continue;
        }
        if dice.chance(chance) {
            b.tracking_id = a.tracking_id;
        }
        if dice.chance(chance) {
            std::mem::swap(&mut a.day_volume, &mut b.day_volume);
        }
    }
}
