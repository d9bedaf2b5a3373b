//! The days on which the NYSE closes or closes early, 1990 to 2035.
//!
//! Holidays and early closes follow the exchange's rules of their year; what no rule foresees
//! is listed. Both were compared, day by day, with two public calendars
//! (`pandas_market_calendars` 5.5 and `exchange_calendars` 4.13): the days of trading are the
//! same in all three. The hours differ where those two differ from each other or from what the
//! whole market did:
//!
//! - 1999-12-31 closed at 13:00: decided by the exchange's board in June 1999. One source has it.
//! - 2005-06-01 keeps 16:00. The NYSE's own systems failed at 15:56, other markets traded on.
//! - 1994-02-11, 1996-01-08 and 1997-10-27 closed early. One source has them.
//! - 1996-01-08 (snow) and 2002-09-11 (memorial) opened late for the whole market. Minutes of
//!   silence and the systems failure of 1995-12-18 leave the open at 09:30.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Weekday};

use super::{Exception, REGULAR_OPEN, day_of, time};

pub(super) const FIRST_YEAR: i32 = 1990;
pub(super) const LAST_YEAR: i32 = 2035;

const ONE_OCLOCK: NaiveTime = time(13, 0);
const TWO_OCLOCK: NaiveTime = time(14, 0);

/// Days on which the exchange stayed closed outside its rules.
const SPECIAL_CLOSINGS: [(NaiveDate, &str); 11] = [
    (day_of(1994, 4, 27), "Funeral of President Nixon"),
    (day_of(2001, 9, 11), "Attacks of September 11"),
    (day_of(2001, 9, 12), "Attacks of September 11"),
    (day_of(2001, 9, 13), "Attacks of September 11"),
    (day_of(2001, 9, 14), "Attacks of September 11"),
    (day_of(2004, 6, 11), "Mourning for President Reagan"),
    (day_of(2007, 1, 2), "Mourning for President Ford"),
    (day_of(2012, 10, 29), "Hurricane Sandy"),
    (day_of(2012, 10, 30), "Hurricane Sandy"),
    (day_of(2018, 12, 5), "Mourning for President G. H. W. Bush"),
    (day_of(2025, 1, 9), "Mourning for President Carter"),
];

/// Days with hours outside the rules: date, open, close.
const SPECIAL_HOURS: [(NaiveDate, NaiveTime, NaiveTime); 7] = [
    (day_of(1994, 2, 11), REGULAR_OPEN, time(14, 30)), // snow
    (day_of(1996, 1, 8), time(11, 0), TWO_OCLOCK),     // snow
    (day_of(1997, 10, 27), REGULAR_OPEN, time(15, 30)), // circuit breaker
    (day_of(1997, 12, 26), REGULAR_OPEN, ONE_OCLOCK),
    (day_of(1999, 12, 31), REGULAR_OPEN, ONE_OCLOCK), // change of century
    (day_of(2002, 9, 11), time(12, 0), time(16, 0)),  // memorial
    (day_of(2003, 12, 26), REGULAR_OPEN, ONE_OCLOCK),
];

/// Every day that is not an ordinary weekday or weekend.
pub(super) fn exceptions() -> BTreeMap<NaiveDate, Exception> {
    let early = (FIRST_YEAR..=LAST_YEAR)
        .flat_map(early_closes)
        .map(|(date, close)| (date, Exception::Hours { open: REGULAR_OPEN, close }));
    let special = SPECIAL_HOURS
        .into_iter()
        .map(|(date, open, close)| (date, Exception::Hours { open, close }));
    // Closings come last: a holiday wins over an early close that its neighbour suggests.
    let closed = (FIRST_YEAR..=LAST_YEAR)
        .flat_map(holidays)
        .chain(SPECIAL_CLOSINGS)
        .map(|(date, name)| (date, Exception::Closed(name)));
    early.chain(special).chain(closed).collect()
}

/// The scheduled holidays of a year, as observed.
fn holidays(year: i32) -> impl Iterator<Item = (NaiveDate, &'static str)> {
    let since = |first: i32, date: Option<NaiveDate>| date.filter(|_| year >= first);
    [
        (new_years_day(year), "New Year's Day"),
        (since(1998, Some(nth(year, 1, Weekday::Mon, 3))), "Martin Luther King Jr. Day"),
        (Some(nth(year, 2, Weekday::Mon, 3)), "Washington's Birthday"),
        (Some(easter(year) - TimeDelta::days(2)), "Good Friday"),
        (Some(last_monday_of_may(year)), "Memorial Day"),
        (since(2022, Some(observed(day_of(year, 6, 19)))), "Juneteenth"),
        (Some(observed(day_of(year, 7, 4))), "Independence Day"),
        (Some(nth(year, 9, Weekday::Mon, 1)), "Labor Day"),
        (Some(thanksgiving(year)), "Thanksgiving Day"),
        (Some(observed(day_of(year, 12, 25))), "Christmas Day"),
    ]
    .into_iter()
    .filter_map(|(date, name)| date.map(|date| (date, name)))
}

/// The scheduled early closes of a year.
fn early_closes(year: i32) -> impl Iterator<Item = (NaiveDate, NaiveTime)> {
    let close = if year < 1993 { TWO_OCLOCK } else { ONE_OCLOCK };
    let after_thanksgiving = (year >= 1992).then(|| thanksgiving(year) + TimeDelta::days(1));
    let christmas_eve = Some(day_of(year, 12, 24)).filter(|date| !is_friday_or_weekend(*date));
    [around_independence_day(year), after_thanksgiving, christmas_eve]
        .into_iter()
        .flatten()
        .map(move |date| (date, close))
}

/// The half day beside July 4, since 1995: the day before; until 2012 the Friday after a Thursday.
fn around_independence_day(year: i32) -> Option<NaiveDate> {
    let fourth = day_of(year, 7, 4);
    match fourth.weekday() {
        _ if year < 1995 => None,
        Weekday::Thu if year < 2013 => Some(day_of(year, 7, 5)),
        Weekday::Tue | Weekday::Wed | Weekday::Thu | Weekday::Fri => Some(day_of(year, 7, 3)),
        Weekday::Sat | Weekday::Sun | Weekday::Mon => None,
    }
}

/// January 1, or the Monday after a Sunday. A Saturday is not made up for: the Friday before
/// belongs to the old year's books.
fn new_years_day(year: i32) -> Option<NaiveDate> {
    let first = day_of(year, 1, 1);
    (first.weekday() != Weekday::Sat).then(|| observed(first))
}

/// The Friday before a Saturday, the Monday after a Sunday.
fn observed(holiday: NaiveDate) -> NaiveDate {
    match holiday.weekday() {
        Weekday::Sat => holiday - TimeDelta::days(1),
        Weekday::Sun => holiday + TimeDelta::days(1),
        _ => holiday,
    }
}

fn is_friday_or_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Fri | Weekday::Sat | Weekday::Sun)
}

fn nth(year: i32, month: u32, weekday: Weekday, n: u8) -> NaiveDate {
    NaiveDate::from_weekday_of_month_opt(year, month, weekday, n)
        .expect("every month has four of each weekday")
}

fn thanksgiving(year: i32) -> NaiveDate {
    nth(year, 11, Weekday::Thu, 4)
}

fn last_monday_of_may(year: i32) -> NaiveDate {
    let last = day_of(year, 5, 31);
    last - TimeDelta::days(i64::from(last.weekday().num_days_from_monday()))
}

/// Easter Sunday of the Gregorian calendar, by the method of Meeus, Jones and Butcher.
fn easter(year: i32) -> NaiveDate {
    let golden = year % 19;
    let (century, of_century) = (year / 100, year % 100);
    let moon_shift = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - moon_shift + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * to_sunday) / 451;
    let from_march = epact + to_sunday - 7 * late + 21;
    day_of(year, 3, 1) + TimeDelta::days(i64::from(from_march))
}
