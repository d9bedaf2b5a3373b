//! Reads the parameters that the routes share. Unknown ones are ignored.

use std::borrow::Cow;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use undertow_market::calendar::new_york_instant;

use super::cursor::{self, AFTER};
use super::{Refusal, Request, bad};

/// A request's parameters; those of its cursor where it has one.
pub(super) struct Query<'a> {
    pub(super) request: &'a Request<'a>,
    params: Cow<'a, [(String, String)]>,
}

/// What lies between two ends, each open, closed or missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds<T> {
    pub(super) above: Option<T>,
    pub(super) from: Option<T>,
    pub(super) below: Option<T>,
    pub(super) to: Option<T>,
}

impl<T: PartialOrd + Copy> Bounds<T> {
    pub(super) fn holds(&self, value: T) -> bool {
        self.above.is_none_or(|above| value > above)
            && self.from.is_none_or(|from| value >= from)
            && self.below.is_none_or(|below| value < below)
            && self.to.is_none_or(|to| value <= to)
    }
}

impl<'a> Query<'a> {
    pub(super) fn new(request: &'a Request<'a>) -> Result<Self, Refusal> {
        let named = request.params.iter().find(|(name, _)| name == "cursor");
        let params = match named {
            None => Cow::Borrowed(request.params),
            Some((_, text)) => Cow::Owned(cursor::opened(text).ok_or_else(|| bad("cursor", text))?),
        };
        Ok(Self { request, params })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let named = |(known, _): &&(String, String)| known == name;
        self.params.iter().rev().find(named).map(|(_, value)| value.as_str())
    }

    pub(super) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let read = |text: &str| text.parse().map_err(|_| bad(name, text));
        self.text(name).map(read).transpose()
    }

    pub(super) fn limit(&self, usual: usize, most: usize) -> Result<usize, Refusal> {
        let limit = self.parsed("limit")?.unwrap_or(usual);
        if (1..=most).contains(&limit) { Ok(limit) } else { Err(bad("limit", &limit.to_string())) }
    }

    /// Whether the newest or highest is to come first.
    pub(super) fn is_descending(&self, name: &str, usually: bool) -> Result<bool, Refusal> {
        match self.text(name) {
            None => Ok(usually),
            Some("asc") => Ok(false),
            Some("desc") => Ok(true),
            Some(text) => Err(bad(name, text)),
        }
    }

    /// `name`, `name.gt`, `name.gte`, `name.lt` and `name.lte`.
    pub(super) fn bounds<T: Copy>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Bounds<T>, Refusal> {
        let one = |suffix: &str| {
            let name = format!("{name}{suffix}");
            let text = self.text(&name);
            text.map(|text| read(text).ok_or_else(|| bad(&name, text))).transpose()
        };
        let exact = one("")?;
        Ok(Bounds {
            above: one(".gt")?,
            from: exact.or(one(".gte")?),
            below: one(".lt")?,
            to: exact.or(one(".lte")?),
        })
    }

    /// Where the page begins, from the cursor.
    pub(super) fn after(&self) -> Option<&str> {
        self.text(AFTER)
    }

    /// The same, where pages count rows.
    pub(super) fn skipped(&self) -> Result<usize, Refusal> {
        Ok(self.parsed(AFTER)?.unwrap_or(0))
    }

    /// The address of the page that goes on `after`, on the path of this one.
    pub(super) fn next_url(&self, after: &str) -> String {
        self.next_url_at(self.request.path, after)
    }

    /// The same on another path.
    pub(super) fn next_url_at(&self, path: &str, after: &str) -> String {
        let kept = |name: &str| name != "cursor" && name != AFTER && name != "apiKey";
        let params = self.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let params = params.filter(|(name, _)| kept(name)).chain([(AFTER, after)]);
        format!("{}{path}?cursor={}", self.request.base_url, cursor::sealed(params))
    }

    /// One page of rows that are all known, and the address of the next one.
    pub(super) fn cut<T>(
        &self,
        rows: Vec<T>,
        limit: usize,
    ) -> Result<(Vec<T>, Option<String>), Refusal> {
        let (skipped, count) = (self.skipped()?, rows.len());
        let shown: Vec<T> = rows.into_iter().skip(skipped).take(limit).collect();
        let end = skipped.saturating_add(limit);
        Ok((shown, (end < count).then(|| self.next_url(&end.to_string()))))
    }
}

/// The first instant of a day in New York.
pub(super) fn midnight(date: NaiveDate) -> DateTime<Utc> {
    new_york_instant(date, NaiveTime::MIN)
}

pub(super) fn date(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}
