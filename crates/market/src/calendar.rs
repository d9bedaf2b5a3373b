//! The exchange calendar: which days the New York Stock Exchange trades, and when.
//!
//! The days come from the exchange's own rules and from the list of its special closings
//! ([`rules`]); a user can correct any day without waiting for a release. The calendar knows
//! hours, not what is traded in them.
//!
//! Pre-market begins at 04:00 and the regular session at 09:30, New York time. The regular
//! session ends at 16:00, and post-market four hours after it: at 20:00, or at 17:00 when the
//! exchange closes at 13:00.

mod clock;
mod correction;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};

pub use clock::{minute_of_day, new_york_date, new_york_instant};
pub use correction::{Correction, CorrectionError, CorrectionKind};

const PRE_BEGINS: NaiveTime = time(4, 0);
const REGULAR_OPEN: NaiveTime = time(9, 30);
const REGULAR_CLOSE: NaiveTime = time(16, 0);
/// How long post-market goes on after the close, whenever that is.
const POST_LENGTH: TimeDelta = TimeDelta::hours(4);

/// The part of a trading day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketSession {
    /// 04:00 to the open.
    Pre,
    /// The open (09:30) to the close (16:00, or 13:00 on an early close).
    Regular,
    /// The close to 20:00.
    Post,
    /// No session: night, weekend, holiday.
    Closed,
}

impl MarketSession {
    /// Every session, in the order of the day; closed last.
    pub const ALL: [Self; 4] = [Self::Pre, Self::Regular, Self::Post, Self::Closed];

    /// The number that stands for this session in the database and on the wire. Never renumbered.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Pre => 1,
            Self::Regular => 2,
            Self::Post => 3,
            Self::Closed => 0,
        }
    }

    /// The session that a stored number stands for.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|session| session.code() == code)
    }

    /// The name used in settings and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pre => "pre",
            Self::Regular => "regular",
            Self::Post => "post",
            Self::Closed => "closed",
        }
    }

    /// The words that the screen shows.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Pre => "Pre-market",
            Self::Regular => "Regular session",
            Self::Post => "Post-market",
            Self::Closed => "Closed",
        }
    }
}

/// The hours of one trading day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionHours {
    /// The trading day in New York.
    pub date: NaiveDate,
    /// Pre-market begins.
    pub pre_at: DateTime<Utc>,
    /// The regular session opens.
    pub open_at: DateTime<Utc>,
    /// The regular session closes.
    pub close_at: DateTime<Utc>,
    /// Post-market ends.
    pub post_end_at: DateTime<Utc>,
    /// Whether the close is earlier than 16:00.
    pub early_close: bool,
}

impl SessionHours {
    fn new(date: NaiveDate, open: NaiveTime, close: NaiveTime) -> Self {
        let close_at = new_york_instant(date, close);
        Self {
            date,
            pre_at: new_york_instant(date, PRE_BEGINS),
            open_at: new_york_instant(date, open),
            close_at,
            post_end_at: close_at + POST_LENGTH,
            early_close: close < REGULAR_CLOSE,
        }
    }

    /// The part of this day that an instant lies in. Each part has its first instant and not
    /// its last: a trade at the very close belongs to post-market.
    #[must_use]
    pub fn session_at(&self, at: DateTime<Utc>) -> MarketSession {
        if at < self.pre_at || at >= self.post_end_at {
            MarketSession::Closed
        } else if at < self.open_at {
            MarketSession::Pre
        } else if at < self.close_at {
            MarketSession::Regular
        } else {
            MarketSession::Post
        }
    }
}

/// What the exchange does on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// It trades.
    Session(SessionHours),
    /// It does not, and why, in words for the screen ("Good Friday").
    Closed(&'static str),
}

/// The calendar says nothing about this day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is outside the exchange calendar, which runs from {first} to {last}",
    first = Calendar::FIRST_DATE, last = Calendar::LAST_DATE)]
pub struct OutsideCalendar(pub NaiveDate);

/// A day that is not what its weekday suggests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exception {
    Closed(&'static str),
    Hours { open: NaiveTime, close: NaiveTime },
}

/// The NYSE calendar. Cheap to share by reference; a clone copies some six hundred exceptions.
#[derive(Clone, Debug)]
pub struct Calendar {
    exceptions: BTreeMap<NaiveDate, Exception>,
}

impl Calendar {
    /// The first day that the calendar knows.
    pub const FIRST_DATE: NaiveDate = day_of(rules::FIRST_YEAR, 1, 1);
    /// The last day that the calendar knows.
    pub const LAST_DATE: NaiveDate = day_of(rules::LAST_YEAR, 12, 31);

    /// The built-in calendar, 1990 to 2035.
    #[must_use]
    pub fn nyse() -> Self {
        Self { exceptions: rules::exceptions() }
    }

    /// This calendar with days changed by the user. Of two corrections of one day the later in
    /// the list holds. A correction that does not pass [`Correction::check`] is left out.
    #[must_use]
    pub fn with_corrections(mut self, corrections: &[Correction]) -> Self {
        for correction in corrections.iter().filter(|correction| correction.check().is_ok()) {
            self.exceptions.insert(correction.date, correction.exception());
        }
        self
    }

    /// What the exchange does on a day.
    ///
    /// # Errors
    /// The day is before [`Self::FIRST_DATE`] or after [`Self::LAST_DATE`].
    pub fn day(&self, date: NaiveDate) -> Result<Day, OutsideCalendar> {
        if !(Self::FIRST_DATE..=Self::LAST_DATE).contains(&date) {
            return Err(OutsideCalendar(date));
        }
        let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        Ok(match self.exceptions.get(&date) {
            Some(Exception::Closed(reason)) => Day::Closed(reason),
            Some(Exception::Hours { open, close }) => {
                Day::Session(SessionHours::new(date, *open, *close))
            }
            None if weekend => Day::Closed("Weekend"),
            None => Day::Session(SessionHours::new(date, REGULAR_OPEN, REGULAR_CLOSE)),
        })
    }

    /// The hours of a day; none when the exchange is closed or the day is outside the calendar.
    #[must_use]
    pub fn session(&self, date: NaiveDate) -> Option<SessionHours> {
        match self.day(date) {
            Ok(Day::Session(hours)) => Some(hours),
            Ok(Day::Closed(_)) | Err(_) => None,
        }
    }

    /// The New York date of an instant, and the part of that day.
    #[must_use]
    pub fn session_at(&self, at: DateTime<Utc>) -> (NaiveDate, MarketSession) {
        let date = new_york_date(at);
        let session =
            self.session(date).map_or(MarketSession::Closed, |hours| hours.session_at(at));
        (date, session)
    }

    /// The last trading day strictly before a date.
    #[must_use]
    pub fn previous_session(&self, date: NaiveDate) -> Option<NaiveDate> {
        let newest = date.pred_opt()?.min(Self::LAST_DATE);
        self.sessions_back_from(newest).next()
    }

    /// The first trading day strictly after a date.
    #[must_use]
    pub fn next_session(&self, date: NaiveDate) -> Option<NaiveDate> {
        let oldest = date.succ_opt()?.max(Self::FIRST_DATE);
        self.sessions_from(oldest).next()
    }

    /// The newest trading day whose pre-market has begun.
    #[must_use]
    pub fn latest_session(&self, at: DateTime<Utc>) -> Option<NaiveDate> {
        let date = new_york_date(at);
        match self.session(date) {
            Some(hours) if at >= hours.pre_at => Some(date),
            _ => self.previous_session(date),
        }
    }

    /// The trading days from one date to another, both included, oldest first.
    #[must_use]
    pub fn sessions_between(&self, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
        self.sessions_from(from.max(Self::FIRST_DATE)).take_while(|date| *date <= to).collect()
    }

    /// The newest trading days up to and including a date, at most `count`, oldest first.
    #[must_use]
    pub fn sessions_ending(&self, last: NaiveDate, count: usize) -> Vec<NaiveDate> {
        let newest = last.min(Self::LAST_DATE);
        let mut dates: Vec<_> = self.sessions_back_from(newest).take(count).collect();
        dates.reverse();
        dates
    }

    /// The trading days from a date on; ends with the calendar.
    fn sessions_from(&self, oldest: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        oldest
            .iter_days()
            .take_while(|date| *date <= Self::LAST_DATE)
            .filter(|date| self.session(*date).is_some())
    }

    /// The trading days from a date back; ends with the calendar.
    fn sessions_back_from(&self, newest: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        std::iter::successors(Some(newest), |date| date.pred_opt())
            .take_while(|date| *date >= Self::FIRST_DATE)
            .filter(|date| self.session(*date).is_some())
    }
}

const fn time(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).expect("an hour and a minute of the day")
}

const fn day_of(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a date of the calendar")
}
