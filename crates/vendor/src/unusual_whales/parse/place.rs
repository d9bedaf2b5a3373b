//! The trading day of an instant and the part of that day.

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::{Calendar, MarketSession, SessionHours};

/// A calendar that remembers the last row's day: the rows of a page share one.
pub(super) struct Places<'a> {
    calendar: &'a Calendar,
    hours: Option<SessionHours>,
}

impl<'a> Places<'a> {
    pub(super) fn new(calendar: &'a Calendar) -> Self {
        Self { calendar, hours: None }
    }

    /// The New York date of an instant and the part of that day.
    pub(super) fn of(&mut self, at: DateTime<Utc>) -> (NaiveDate, MarketSession) {
        if let Some(hours) = &self.hours {
            let session = hours.session_at(at);
            if session != MarketSession::Closed {
                return (hours.date, session);
            }
        }
        let (date, session) = self.calendar.session_at(at);
        self.hours = self.calendar.session(date).or(self.hours);
        (date, session)
    }
}
