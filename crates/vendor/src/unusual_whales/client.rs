//! The client: one method for each endpoint that is used.

mod options;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::SecretString;
use undertow_market::{Bar, Calendar, Print, Symbol};

use super::errors::{failure, rates};
use super::parse::{StockState, decode_bars, decode_prints, decode_stock_state};
use super::query::{
    BarsQuery, MAX_BARS_PER_PAGE, MAX_PRINTS_PER_PAGE, MAX_RECENT_PRINTS, PrintsQuery,
};
use crate::decode::{unreadable, without_key};
use crate::http::{Answer, Http, HttpConfig, bearer};
use crate::{
    Budget, Call, DecodeError, Decoded, HttpLimits, NowFn, Page, Priority, RetryPolicy, VendorError,
};

/// The vendor asks every client to name itself with this number.
const CLIENT_API_ID: &str = "100001";

/// What a client needs.
#[derive(Clone)]
pub struct UnusualWhalesConfig {
    /// The vendor's address: https, or http on this computer. Without `/api`.
    pub base_url: String,
    /// The key, sent only as a header and only to that address.
    pub key: SecretString,
    /// Time limits and the longest body.
    pub limits: HttpLimits,
    /// Repeats after faults that pass.
    pub retry: RetryPolicy,
    /// The key's allowance, shared by every client of that key.
    pub budget: Budget,
    /// The clock.
    pub now: NowFn,
}

/// Asks Unusual Whales. Cheap to clone; clones share connections and budget.
#[derive(Clone, Debug)]
pub struct UnusualWhales {
    http: Arc<Http>,
    calendar: Arc<Calendar>,
}

impl fmt::Debug for UnusualWhalesConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnusualWhalesConfig")
            .field("limits", &self.limits)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

impl UnusualWhales {
    /// The vendor's public address.
    pub const PUBLIC_URL: &'static str = "https://api.unusualwhales.com";

    /// A client with the built-in exchange calendar. Sends nothing yet.
    ///
    /// # Errors
    /// [`VendorError::Fatal`] when the address is neither https nor loopback http, or the key
    /// cannot be a header.
    pub fn new(config: UnusualWhalesConfig) -> Result<Self, VendorError> {
        let http = Http::new(HttpConfig {
            base_url: config.base_url,
            headers: headers(&config.key)?,
            key: config.key,
            limits: config.limits,
            retry: config.retry,
            budget: config.budget,
            now: config.now,
            rates,
        })?;
        Ok(Self { http: Arc::new(http), calendar: Arc::new(Calendar::nyse()) })
    }

    /// The same client with another calendar, for a user who corrected a day.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Arc<Calendar>) -> Self {
        self.calendar = calendar;
        self
    }

    /// Prints of one symbol, in the order that the query asks for.
    ///
    /// # Errors
    /// See [`VendorError`]; [`VendorError::Fatal`] also for a limit out of its bounds.
    pub async fn darkpool(
        &self,
        query: &PrintsQuery,
        priority: Priority,
    ) -> Result<Page<Print>, VendorError> {
        let url = self.http.url(&["api", "darkpool", query.symbol.as_str()], &query.pairs());
        check_limit(&url, query.limit, MAX_PRINTS_PER_PAGE)?;
        self.prints(url, Some(&query.symbol), priority).await
    }

    /// The newest prints of the whole tape, newest first. There is no way to page: it tells
    /// whether the vendor is alive, it is not for collecting.
    ///
    /// # Errors
    /// As [`Self::darkpool`].
    pub async fn darkpool_recent(
        &self,
        limit: u16,
        priority: Priority,
    ) -> Result<Page<Print>, VendorError> {
        let url = self.http.url(&["api", "darkpool", "recent"], &[("limit", limit.to_string())]);
        check_limit(&url, limit, MAX_RECENT_PRINTS)?;
        self.prints(url, None, priority).await
    }

    /// Bars of one symbol, oldest first.
    ///
    /// # Errors
    /// As [`Self::darkpool`].
    pub async fn bars(
        &self,
        query: &BarsQuery,
        priority: Priority,
    ) -> Result<Page<Bar>, VendorError> {
        let path = ["api", "stock", query.symbol.as_str(), "ohlc", query.interval.as_str()];
        let url = self.http.url(&path, &query.pairs());
        check_limit(&url, query.limit, MAX_BARS_PER_PAGE)?;
        self.rows(url, priority, |body, at| decode_bars(body, query, at, &self.calendar)).await
    }

    /// Where a stock stands now.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn stock_state(
        &self,
        symbol: &Symbol,
        priority: Priority,
    ) -> Result<StockState, VendorError> {
        let url = self.http.url(&["api", "stock", symbol.as_str(), "stock-state"], &[]);
        let read = |answer: &Answer<'_>| {
            decode_stock_state(&answer.body, symbol, answer.received_at)
                .map_err(|error| unreadable(answer, &error))
        };
        self.http.get(url, priority, |answer| when_good(answer, read)).await
    }

    async fn prints(
        &self,
        url: Url,
        symbol: Option<&Symbol>,
        priority: Priority,
    ) -> Result<Page<Print>, VendorError> {
        self.rows(url, priority, |body, at| decode_prints(body, symbol, at, &self.calendar)).await
    }

    /// Asks, and has the body of a good answer decoded.
    async fn rows<T>(
        &self,
        url: Url,
        priority: Priority,
        decode: impl Fn(&[u8], DateTime<Utc>) -> Result<Decoded<T>, DecodeError>,
    ) -> Result<Page<T>, VendorError> {
        let read = |answer: &Answer<'_>| page(answer, decode(&answer.body, answer.received_at));
        self.http.get(url, priority, |answer| when_good(answer, read)).await
    }
}

fn headers(key: &SecretString) -> Result<HeaderMap, VendorError> {
    Ok(HeaderMap::from_iter([
        (AUTHORIZATION, bearer(key)?),
        (ACCEPT, HeaderValue::from_static("application/json")),
        (
            "uw-client-api-id".parse().expect("a header name"),
            HeaderValue::from_static(CLIENT_API_ID),
        ),
    ]))
}

fn check_limit(url: &Url, limit: u16, most: u16) -> Result<(), VendorError> {
    if (1..=most).contains(&limit) {
        return Ok(());
    }
    let call = Call { request: url.path().to_owned(), ..Call::default() };
    Err(VendorError::Fatal { cause: format!("limit {limit} is not between 1 and {most}"), call })
}

fn when_good<T>(
    answer: &Answer<'_>,
    read: impl Fn(&Answer<'_>) -> Result<T, VendorError>,
) -> Result<T, VendorError> {
    match failure(answer) {
        Some(error) => Err(error),
        None => read(answer),
    }
}

fn page<T>(
    answer: &Answer<'_>,
    decoded: Result<Decoded<T>, DecodeError>,
) -> Result<Page<T>, VendorError> {
    let decoded = decoded.map_err(|error| unreadable(answer, &error))?;
    Ok(Page {
        rows: decoded.rows,
        rejects: without_key(answer, decoded.rejects),
        delivered: decoded.delivered,
        received_at: answer.received_at,
        request: answer.request.to_owned(),
    })
}
