//! Reads the parameters that the routes share. Unknown ones are ignored, as the vendor does.

use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, Utc};
use undertow_market::Calendar;

use super::{Refusal, Request};

/// A unix time above this is in milliseconds: in seconds it would lie beyond the year 5000.
const LARGEST_UNIX_SECONDS: i64 = 100_000_000_000;

/// A request's parameters, with what is needed to understand them.
pub(super) struct Query<'a> {
    pub(super) now: DateTime<Utc>,
    calendar: &'a Calendar,
    params: &'a [(String, String)],
    history_sessions: u32,
}

impl<'a> Query<'a> {
    pub(super) fn new(calendar: &'a Calendar, request: &Request<'a>) -> Self {
        Self {
            now: request.now,
            calendar,
            params: request.params,
            history_sessions: request.history_sessions,
        }
    }

    /// The session asked for. Without a `date` it is the newest whose pre-market has begun.
    pub(super) fn date(&self) -> Result<NaiveDate, Refusal> {
        let asked = self.open_date("date")?;
        Ok(asked.unwrap_or_else(|| self.latest()))
    }

    /// A date parameter, checked against the plan's history.
    pub(super) fn open_date(&self, name: &'static str) -> Result<Option<NaiveDate>, Refusal> {
        let asked: Option<NaiveDate> = self.parsed(name, "2024-01-18")?;
        asked.map_or(Ok(()), |asked| self.refuse_before_history(asked))?;
        Ok(asked)
    }

    /// The newest session whose pre-market has begun.
    pub(super) fn latest(&self) -> NaiveDate {
        self.calendar.latest_session(self.now).unwrap_or(Calendar::LAST_DATE)
    }

    /// Refuses a date before the plan's history.
    pub(super) fn refuse_before_history(&self, asked: NaiveDate) -> Result<(), Refusal> {
        let (earliest, sessions) = (self.earliest(), self.history_sessions);
        if asked < earliest {
            return Err(Refusal::BeforeHistory { asked, earliest, sessions });
        }
        Ok(())
    }

    /// The first session that the plan reaches.
    pub(super) fn earliest(&self) -> NaiveDate {
        let reached = self.calendar.sessions_ending(self.latest(), self.history_sessions as usize);
        reached.first().copied().unwrap_or(Calendar::FIRST_DATE)
    }

    /// The sessions from `from` to `to`, oldest first.
    pub(super) fn sessions(&self, from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
        self.calendar.sessions_between(from, to)
    }

    pub(super) fn limit(
        &self,
        default: usize,
        allowed: RangeInclusive<usize>,
    ) -> Result<usize, Refusal> {
        let limit = self.parsed("limit", "100")?.unwrap_or(default);
        if allowed.contains(&limit) {
            Ok(limit)
        } else {
            Err(bad("limit", &limit.to_string(), "100"))
        }
    }

    /// The bounds `min_<name>` and `max_<name>`.
    pub(super) fn range(
        &self,
        min: &'static str,
        max: &'static str,
    ) -> Result<RangeInclusive<i64>, Refusal> {
        let low = self.parsed(min, "5000")?.unwrap_or(i64::MIN);
        Ok(low..=self.parsed(max, "5000")?.unwrap_or(i64::MAX))
    }

    /// A whole number or a fraction, when it is given.
    pub(super) fn number<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, Refusal> {
        self.parsed(name, "5")
    }

    /// `true` or `false`, when it is given.
    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>, Refusal> {
        self.parsed(name, "true")
    }

    /// The values of `<name>[]`, however often it is given.
    pub(super) fn list(&self, name: &str) -> Vec<&'a str> {
        let known = |known: &str| known.strip_suffix("[]") == Some(name);
        self.params.iter().filter(|(key, _)| known(key)).map(|(_, value)| value.as_str()).collect()
    }

    /// An instant: unix seconds, unix milliseconds, a date (its midnight in UTC) or RFC 3339.
    pub(super) fn instant(&self, name: &'static str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let instant = instant(text).ok_or_else(|| bad(name, text, "1715083417"))?;
        Ok(Some(instant))
    }

    /// One of `choices`, or the first of them when the parameter is missing.
    pub(super) fn choice<T: Copy>(
        &self,
        name: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<T, Refusal> {
        let text = self.text(name).unwrap_or(choices[0].0);
        let found = choices.iter().find(|(choice, _)| *choice == text);
        found.map(|(_, value)| *value).ok_or_else(|| bad(name, text, choices[0].0))
    }

    /// The first day of the `timeframe` that ends on `last`: YTD, or a number with D, W, M or Y.
    pub(super) fn timeframe_start(&self, last: NaiveDate) -> Result<NaiveDate, Refusal> {
        self.span_start("timeframe", last)
    }

    /// The first day of the span named so that ends on `last`; a year when it is missing.
    pub(super) fn span_start(
        &self,
        name: &'static str,
        last: NaiveDate,
    ) -> Result<NaiveDate, Refusal> {
        let text = self.text(name).unwrap_or("1Y");
        timeframe_start(text, last).ok_or_else(|| bad(name, text, "2M"))
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.params.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn parsed<T: FromStr>(
        &self,
        name: &'static str,
        example: &'static str,
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| bad(name, text, example))
    }
}

fn bad(name: &str, text: &str, example: &'static str) -> Refusal {
    Refusal::BadQuery { found: format!("{name}={text}"), example }
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(unix) = text.parse::<i64>() {
        return if unix > LARGEST_UNIX_SECONDS {
            DateTime::from_timestamp_millis(unix)
        } else {
            DateTime::from_timestamp(unix, 0)
        };
    }
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Some(date.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

fn timeframe_start(text: &str, last: NaiveDate) -> Option<NaiveDate> {
    use chrono::Datelike;
    if text == "YTD" {
        return NaiveDate::from_ymd_opt(last.year(), 1, 1);
    }
    let split = text.len().checked_sub(1).filter(|split| text.is_char_boundary(*split))?;
    let (count, unit) = text.split_at(split);
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    let days = match unit {
        "D" => count,
        "W" => count.checked_mul(7)?,
        "M" => count.checked_mul(30)?,
        "Y" => count.checked_mul(365)?,
        _ => return None,
    };
    // The last day counts as the first of them.
    last.checked_sub_days(Days::new(days - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_in_all_four_forms() {
        for text in
            ["1715083417", "1715083417000", "2024-05-07T12:03:37Z", "2024-05-07T08:03:37-04:00"]
        {
            assert_eq!(instant(text).map(|at| at.timestamp()), Some(1_715_083_417), "{text}");
        }
        assert_eq!(instant("2024-01-25").map(|at| at.timestamp()), Some(1_706_140_800));
        for text in ["", "yesterday", "2024-13-01"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_timeframe_counts_back_from_its_last_day() {
        let last = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        for (text, start) in [
            ("1D", Some("2026-03-31")),
            ("1W", Some("2026-03-25")),
            ("2M", Some("2026-01-31")),
            ("1Y", Some("2025-04-01")),
            ("YTD", Some("2026-01-01")),
            ("0D", None),
            ("1", None),
            ("", None),
            ("5€", None),
        ] {
            let found = timeframe_start(text, last).map(|date| date.to_string());
            assert_eq!(found.as_deref(), start, "{text}");
        }
    }
}
