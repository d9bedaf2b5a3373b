use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use proptest::prelude::*;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn every_day() -> impl Iterator<Item = NaiveDate> {
    Calendar::FIRST_DATE.iter_days().take_while(|date| *date <= Calendar::LAST_DATE)
}

fn wall(at: DateTime<Utc>) -> NaiveTime {
    at.with_timezone(&chrono_tz::America::New_York).time()
}

/// Trading days of each year from 1990, as `pandas_market_calendars` 5.5.0 ("NYSE") and
/// `exchange_calendars` 4.13.2 ("XNYS") both give them.
const SESSIONS_PER_YEAR: [usize; 46] = [
    253, 253, 254, 253, 252, 252, 254, 253, 252, 252, 252, 248, 252, 252, 252, 252, 251, 251, 253,
    252, 252, 252, 250, 252, 252, 252, 252, 251, 251, 252, 253, 252, 251, 250, 252, 250, 251, 251,
    251, 251, 251, 251, 252, 251, 250, 251,
];

#[test]
fn each_year_has_as_many_sessions_as_two_other_calendars_say() {
    let calendar = Calendar::nyse();
    for (year, expected) in (1990..).zip(SESSIONS_PER_YEAR) {
        let sessions = calendar.sessions_between(day_of(year, 1, 1), day_of(year, 12, 31));
        assert_eq!(sessions.len(), expected, "{year}");
    }
}

/// Every close that is not at 16:00, from the same two calendars. Where they differ, the days
/// and the reason for the choice are in the head of `rules`.
const EARLY_CLOSES: &str = "
    1990-12-24@14:00 1991-12-24@14:00 1992-11-27@14:00 1992-12-24@14:00 1993-11-26@13:00
    1994-02-11@14:30 1994-11-25@13:00 1995-07-03@13:00 1995-11-24@13:00 1996-01-08@14:00
    1996-07-05@13:00 1996-11-29@13:00 1996-12-24@13:00 1997-07-03@13:00 1997-10-27@15:30
    1997-11-28@13:00 1997-12-24@13:00 1997-12-26@13:00 1998-11-27@13:00 1998-12-24@13:00
    1999-11-26@13:00 1999-12-31@13:00 2000-07-03@13:00 2000-11-24@13:00 2001-07-03@13:00
    2001-11-23@13:00 2001-12-24@13:00 2002-07-05@13:00 2002-11-29@13:00 2002-12-24@13:00
    2003-07-03@13:00 2003-11-28@13:00 2003-12-24@13:00 2003-12-26@13:00 2004-11-26@13:00
    2005-11-25@13:00 2006-07-03@13:00 2006-11-24@13:00 2007-07-03@13:00 2007-11-23@13:00
    2007-12-24@13:00 2008-07-03@13:00 2008-11-28@13:00 2008-12-24@13:00 2009-11-27@13:00
    2009-12-24@13:00 2010-11-26@13:00 2011-11-25@13:00 2012-07-03@13:00 2012-11-23@13:00
    2012-12-24@13:00 2013-07-03@13:00 2013-11-29@13:00 2013-12-24@13:00 2014-07-03@13:00
    2014-11-28@13:00 2014-12-24@13:00 2015-11-27@13:00 2015-12-24@13:00 2016-11-25@13:00
    2017-07-03@13:00 2017-11-24@13:00 2018-07-03@13:00 2018-11-23@13:00 2018-12-24@13:00
    2019-07-03@13:00 2019-11-29@13:00 2019-12-24@13:00 2020-11-27@13:00 2020-12-24@13:00
    2021-11-26@13:00 2022-11-25@13:00 2023-07-03@13:00 2023-11-24@13:00 2024-07-03@13:00
    2024-11-29@13:00 2024-12-24@13:00 2025-07-03@13:00 2025-11-28@13:00 2025-12-24@13:00
    2026-11-27@13:00 2026-12-24@13:00 2027-11-26@13:00 2028-07-03@13:00 2028-11-24@13:00
    2029-07-03@13:00 2029-11-23@13:00 2029-12-24@13:00 2030-07-03@13:00 2030-11-29@13:00
    2030-12-24@13:00 2031-07-03@13:00 2031-11-28@13:00 2031-12-24@13:00 2032-11-26@13:00
    2033-11-25@13:00 2034-07-03@13:00 2034-11-24@13:00 2035-07-03@13:00 2035-11-23@13:00
    2035-12-24@13:00";

#[test]
fn the_early_closes_are_those_of_two_other_calendars() {
    let calendar = Calendar::nyse();
    let found: Vec<_> = every_day()
        .filter_map(|date| calendar.session(date))
        .filter(|hours| hours.early_close)
        .map(|hours| format!("{}@{}", hours.date, wall(hours.close_at).format("%H:%M")))
        .collect();
    let expected: Vec<_> = EARLY_CLOSES.split_whitespace().collect();
    assert_eq!(found, expected);
}

#[test]
fn a_closed_day_says_why() {
    let calendar = Calendar::nyse();
    let check = |day: &str, reason: &'static str| {
        assert_eq!(calendar.day(date(day)), Ok(Day::Closed(reason)), "{day}");
    };
    check("2026-11-21", "Weekend");
    check("2026-11-26", "Thanksgiving Day");
    check("2027-03-26", "Good Friday");
    check("2027-06-18", "Juneteenth");
    check("2027-07-05", "Independence Day");
    check("2027-12-24", "Christmas Day");
    check("1998-01-19", "Martin Luther King Jr. Day");
    check("2023-01-02", "New Year's Day");
    check("2025-01-09", "Mourning for President Carter");
    check("2001-09-14", "Attacks of September 11");
}

#[test]
fn a_weekday_that_looks_like_a_holiday_may_be_open() {
    let calendar = Calendar::nyse();
    let check = |day: &str| assert!(calendar.session(date(day)).is_some(), "{day}");
    check("2021-12-31"); // New Year's Day 2022 is a Saturday and is not made up for
    check("1997-01-20"); // before the first Martin Luther King Jr. Day
    check("2021-06-18"); // before the first Juneteenth
    check("2024-11-11"); // Veterans Day
    check("2024-10-14"); // Columbus Day
}

#[test]
fn a_day_outside_the_calendar_is_an_error_that_names_it() {
    let calendar = Calendar::nyse();
    for outside in ["1989-12-29", "2036-01-02"] {
        let error = calendar.day(date(outside)).unwrap_err().to_string();
        assert!(error.contains(outside) && error.contains("1990-01-01"), "{error}");
        assert_eq!(calendar.session(date(outside)), None);
    }
}

/// The four bounds of a day, in UTC.
#[track_caller]
fn check_hours(day: &str, bounds: [&str; 4]) {
    let hours = Calendar::nyse().session(date(day)).unwrap();
    let found = [hours.pre_at, hours.open_at, hours.close_at, hours.post_end_at];
    let expected = bounds.map(instant);
    assert_eq!(found, expected, "{day}");
}

#[test]
fn hours_follow_new_york_through_the_year() {
    check_hours(
        "2026-01-15",
        [
            "2026-01-15T09:00:00Z",
            "2026-01-15T14:30:00Z",
            "2026-01-15T21:00:00Z",
            "2026-01-16T01:00:00Z",
        ],
    );
    check_hours(
        "2026-07-15",
        [
            "2026-07-15T08:00:00Z",
            "2026-07-15T13:30:00Z",
            "2026-07-15T20:00:00Z",
            "2026-07-16T00:00:00Z",
        ],
    );
}

#[test]
fn the_change_of_the_clock_moves_the_open_of_the_monday_after() {
    let open = |day: &str| Calendar::nyse().session(date(day)).unwrap().open_at;
    assert_eq!(open("2026-03-06"), instant("2026-03-06T14:30:00Z"));
    assert_eq!(open("2026-03-09"), instant("2026-03-09T13:30:00Z"));
    assert_eq!(open("2026-10-30"), instant("2026-10-30T13:30:00Z"));
    assert_eq!(open("2026-11-02"), instant("2026-11-02T14:30:00Z"));
    // Until 2006 the clock changed in April and in October.
    assert_eq!(open("2006-03-31"), instant("2006-03-31T14:30:00Z"));
    assert_eq!(open("2006-04-03"), instant("2006-04-03T13:30:00Z"));
}

#[test]
fn post_market_lasts_four_hours_after_an_early_close() {
    check_hours(
        "2026-11-27",
        [
            "2026-11-27T09:00:00Z",
            "2026-11-27T14:30:00Z",
            "2026-11-27T18:00:00Z",
            "2026-11-27T22:00:00Z",
        ],
    );
}

#[test]
fn two_days_opened_late_for_the_whole_market() {
    let calendar = Calendar::nyse();
    for (day, open) in [("1996-01-08", "11:00:00"), ("2002-09-11", "12:00:00")] {
        assert_eq!(wall(calendar.session(date(day)).unwrap().open_at).to_string(), open, "{day}");
    }
}

#[test]
fn each_part_of_the_day_has_its_first_instant_and_not_its_last() {
    let calendar = Calendar::nyse();
    let check = |at: &str, day: &str, session| {
        assert_eq!(calendar.session_at(instant(at)), (date(day), session), "{at}");
    };
    check("2026-11-20T08:59:59.999999Z", "2026-11-20", MarketSession::Closed);
    check("2026-11-20T09:00:00Z", "2026-11-20", MarketSession::Pre);
    check("2026-11-20T14:29:59.999999Z", "2026-11-20", MarketSession::Pre);
    check("2026-11-20T14:30:00Z", "2026-11-20", MarketSession::Regular);
    check("2026-11-20T20:59:59.999999Z", "2026-11-20", MarketSession::Regular);
    check("2026-11-20T21:00:00Z", "2026-11-20", MarketSession::Post);
    check("2026-11-21T00:59:59.999999Z", "2026-11-20", MarketSession::Post);
    check("2026-11-21T01:00:00Z", "2026-11-20", MarketSession::Closed);
    check("2026-11-21T15:00:00Z", "2026-11-21", MarketSession::Closed);
    check("2026-11-26T15:00:00Z", "2026-11-26", MarketSession::Closed);
    check("2050-01-03T15:00:00Z", "2050-01-03", MarketSession::Closed);
}

#[test]
fn the_latest_session_begins_with_its_pre_market() {
    let calendar = Calendar::nyse();
    let check = |at: &str, day: Option<&str>| {
        assert_eq!(calendar.latest_session(instant(at)), day.map(date), "{at}");
    };
    check("2026-11-23T08:59:00Z", Some("2026-11-20"));
    check("2026-11-23T09:00:00Z", Some("2026-11-23"));
    check("2026-11-26T15:00:00Z", Some("2026-11-25"));
    check("2050-01-03T15:00:00Z", Some("2035-12-31"));
    check("1980-01-03T15:00:00Z", None);
}

#[test]
fn neighbours_skip_weekends_and_holidays() {
    let calendar = Calendar::nyse();
    assert_eq!(calendar.next_session(date("2026-11-25")), Some(date("2026-11-27")));
    assert_eq!(calendar.previous_session(date("2026-11-27")), Some(date("2026-11-25")));
    assert_eq!(calendar.next_session(date("2001-09-10")), Some(date("2001-09-17")));
    assert_eq!(calendar.next_session(date("1970-01-01")), Some(date("1990-01-02")));
    assert_eq!(calendar.next_session(date("2035-12-31")), None);
    assert_eq!(calendar.previous_session(date("1990-01-02")), None);
    assert_eq!(calendar.previous_session(date("2099-01-01")), Some(date("2035-12-31")));
    assert_eq!(calendar.next_session(NaiveDate::MAX), None);
    assert_eq!(calendar.previous_session(NaiveDate::MIN), None);
}

#[test]
fn sessions_ending_on_a_closed_day_end_on_the_session_before() {
    let calendar = Calendar::nyse();
    let expected = ["2026-11-24", "2026-11-25", "2026-11-27"].map(date);
    assert_eq!(calendar.sessions_ending(date("2026-11-29"), 3), expected);
    assert!(calendar.sessions_ending(date("2026-11-29"), 0).is_empty());
    assert_eq!(calendar.sessions_ending(date("1990-01-03"), 9).len(), 2);
    assert!(calendar.sessions_between(date("2026-11-29"), date("2026-11-01")).is_empty());
}

#[test]
fn the_repeated_hour_is_its_first_passing_and_the_skipped_hour_the_one_after() {
    let check = |day: &str, time: &str, expected: &str| {
        let found = new_york_instant(date(day), time.parse().unwrap());
        assert_eq!(found, instant(expected), "{day} {time}");
    };
    check("2026-11-01", "01:30:00", "2026-11-01T05:30:00Z");
    check("2026-03-08", "02:30:00", "2026-03-08T07:30:00Z");
    check("2026-03-08", "03:30:00", "2026-03-08T07:30:00Z");
    check("2026-07-04", "00:00:00", "2026-07-04T04:00:00Z");
}

#[test]
fn the_minute_of_the_day_is_that_of_new_york() {
    assert_eq!(minute_of_day(instant("2026-11-20T14:30:59Z")), 570);
    assert_eq!(minute_of_day(instant("2026-07-20T13:30:00Z")), 570);
    assert_eq!(minute_of_day(instant("2026-11-20T05:00:00Z")), 0);
    assert_eq!(minute_of_day(instant("2026-11-20T04:59:59Z")), 1439);
}

#[test]
fn a_user_can_correct_any_day() {
    let corrections: Vec<Correction> = serde_json::from_str(
        r#"[{"date":"2029-01-10","kind":"closed"},
            {"date":"2029-01-11","kind":"early_close","close":"13:00:00"},
            {"date":"2029-12-25","kind":"regular"},
            {"date":"2029-01-13","kind":"regular"}]"#,
    )
    .unwrap();
    let calendar = Calendar::nyse().with_corrections(&corrections);
    assert_eq!(calendar.day(date("2029-01-10")), Ok(Day::Closed("Closed by your settings")));
    let short = calendar.session(date("2029-01-11")).unwrap();
    assert!(short.early_close && short.close_at == instant("2029-01-11T18:00:00Z"));
    assert!(calendar.session(date("2029-12-25")).is_some_and(|hours| !hours.early_close));
    assert_eq!(calendar.next_session(date("2029-01-12")), Some(date("2029-01-13")));
}

#[test]
fn of_two_corrections_of_a_day_the_later_holds() {
    let day = date("2029-01-10");
    let closed = Correction { date: day, kind: CorrectionKind::Closed };
    let regular = Correction { date: day, kind: CorrectionKind::Regular };
    let open = |list: &[Correction]| Calendar::nyse().with_corrections(list).session(day).is_some();
    assert!(open(&[closed, regular]));
    assert!(!open(&[regular, closed]));
}

#[test]
fn a_correction_with_an_impossible_close_is_refused_and_changes_nothing() {
    let day = date("2029-01-10");
    for close in ["09:30:00", "16:00:00", "03:00:00"] {
        let text = format!(r#"{{"date":"{day}","kind":"early_close","close":"{close}"}}"#);
        let error = serde_json::from_str::<Correction>(&text).unwrap_err().to_string();
        assert!(error.contains("2029-01-10") && error.contains(close), "{error}");
        let kind = CorrectionKind::EarlyClose { close: close.parse().unwrap() };
        let calendar = Calendar::nyse().with_corrections(&[Correction { date: day, kind }]);
        assert_eq!(calendar.session(day), Calendar::nyse().session(day));
    }
}

#[test]
fn a_session_is_named_by_one_code_and_one_word() {
    for session in MarketSession::ALL {
        assert_eq!(MarketSession::from_code(session.code()), Some(session));
        let word = serde_json::to_string(&session).unwrap();
        assert_eq!(word, format!("\"{}\"", session.as_str()));
    }
    assert_eq!(MarketSession::ALL.map(MarketSession::code), [1, 2, 3, 0]);
    assert_eq!(MarketSession::from_code(4), None);
}

fn any_date() -> impl Strategy<Value = NaiveDate> {
    let days = (Calendar::LAST_DATE - Calendar::FIRST_DATE).num_days();
    (0..=days).prop_map(|day| Calendar::FIRST_DATE + TimeDelta::days(day))
}

proptest! {
    #[test]
    fn the_session_before_the_next_is_where_one_came_from(day in any_date()) {
        let calendar = Calendar::nyse();
        if let Some(next) = calendar.next_session(day) {
            prop_assert!(next > day);
            let back = calendar.previous_session(next);
            let expected = calendar.sessions_ending(day, 1).pop();
            prop_assert_eq!(back, expected);
        }
    }

    #[test]
    fn the_part_of_the_day_and_its_hours_agree(day in any_date(), second in 0_i64..86_400) {
        let calendar = Calendar::nyse();
        let at = new_york_instant(day, NaiveTime::MIN) + TimeDelta::seconds(second);
        let (found, session) = calendar.session_at(at);
        prop_assert_eq!(found, new_york_date(at));
        let inside = calendar.session(found).is_some_and(|h| h.pre_at <= at && at < h.post_end_at);
        prop_assert_eq!(session != MarketSession::Closed, inside);
    }

    #[test]
    fn hours_are_in_order_and_on_their_day(day in any_date()) {
        if let Some(hours) = Calendar::nyse().session(day) {
            prop_assert!(hours.pre_at < hours.open_at && hours.open_at < hours.close_at);
            prop_assert!(hours.close_at < hours.post_end_at);
            prop_assert_eq!(new_york_date(hours.post_end_at), day);
            prop_assert_eq!(wall(hours.pre_at).hour(), 4);
            prop_assert!(day.year() >= 1990);
        }
    }

    #[test]
    fn a_wall_clock_time_survives_the_way_through_utc(day in any_date(), minute in 0_u32..1440) {
        let time = time(minute / 60, minute % 60);
        let at = new_york_instant(day, time);
        prop_assert_eq!(new_york_date(at), day);
        // Only the hour that spring skips is shown as another.
        if minute / 60 != 2 {
            prop_assert_eq!(u32::from(minute_of_day(at)), minute);
        }
    }

    #[test]
    fn sessions_between_are_those_that_trade(from in any_date(), length in 0_i64..60) {
        let calendar = Calendar::nyse();
        let to = from + TimeDelta::days(length);
        let expected: Vec<_> = from
            .iter_days()
            .take_while(|day| *day <= to)
            .filter(|day| calendar.session(*day).is_some())
            .collect();
        prop_assert_eq!(calendar.sessions_between(from, to), expected.clone());
        prop_assert_eq!(calendar.sessions_ending(to, expected.len()), expected);
    }
}
