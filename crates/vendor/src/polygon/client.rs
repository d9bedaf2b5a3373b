//! The client: one method for each endpoint that is used.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, NaiveDate, Utc};
use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::SecretString;
use undertow_market::{
    Aggregate, CalendarNotice, ChainQuote, ContractListing, DayBar, Dividend, Split, Symbol,
    TapeTrade,
};

use super::conditions::{ConditionTable, SaleCondition};
use super::errors::{failure, in_our_words, rates};
use super::paging::{Cursor, MAX_PAGES};
use super::parse::{self, Body, Part, TradesOf, Venue};
use super::query::{
    ChainQuery, ListingQuery, MAX_AGGREGATES, MAX_REFERENCE_ROWS, MAX_TRADES_PER_PAGE, TradesQuery,
    in_order,
};
use super::trade::TradeReader;
use crate::decode::{unreadable, without_key};
use crate::http::{Answer, Http, HttpConfig, bearer};
use crate::{
    Budget, Call, DecodeError, Decoded, HttpLimits, NowFn, Page, Priority, Reject, RetryPolicy,
    VendorError,
};

/// What a plan without a limit is asked to stay under: a hundred requests a second.
const MOST_A_SECOND: u32 = 90;

/// What a client needs.
#[derive(Clone)]
pub struct PolygonConfig {
    /// The vendor's address: https, or http on this computer.
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

impl fmt::Debug for PolygonConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolygonConfig")
            .field("limits", &self.limits)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// Asks Massive. Cheap to clone; clones share connections, budget and the table of conditions.
#[derive(Clone, Debug)]
pub struct Polygon {
    http: Arc<Http>,
    reader: Arc<RwLock<TradeReader>>,
}

/// What a page of trades held beside the trades themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct TradesPage {
    /// How many rows the vendor sent: the trades that were handed on, and the rejects.
    pub delivered: usize,
    /// The rows that were not understood.
    pub rejects: Vec<Reject>,
    /// Where the next page begins; none at the end.
    pub next: Option<Cursor>,
    /// The newest tape time.
    pub last_at: Option<DateTime<Utc>>,
    /// When the answer was complete.
    pub received_at: DateTime<Utc>,
    /// What was asked: path and query, never the key.
    pub request: String,
}

impl Polygon {
    /// The vendor's public address.
    pub const PUBLIC_URL: &'static str = "https://api.massive.com";

    /// A client with the built-in table of conditions. Sends nothing yet.
    ///
    /// # Errors
    /// [`VendorError::Fatal`] when the address is neither https nor loopback http, or the key
    /// cannot be a header.
    pub fn new(config: PolygonConfig) -> Result<Self, VendorError> {
        config.budget.pace(MOST_A_SECOND);
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, bearer(&config.key)?),
            (ACCEPT, HeaderValue::from_static("application/json")),
        ]);
        let http = Http::new(HttpConfig {
            base_url: config.base_url,
            headers,
            key: config.key,
            limits: config.limits,
            retry: config.retry,
            budget: config.budget,
            now: config.now,
            rates,
        })?;
        Ok(Self { http: Arc::new(http), reader: Arc::default() })
    }

    /// From now on trades are read with this table.
    pub fn set_conditions(&self, table: ConditionTable) {
        let mut reader = self.reader.write().unwrap_or_else(PoisonError::into_inner);
        *reader = TradeReader::new(table);
    }

    /// One page of trades in the order of the tape. Each is handed to `take`, once the whole
    /// answer is here; nothing is handed on of a page that is an error.
    ///
    /// # Errors
    /// See [`VendorError`]; [`VendorError::Fatal`] also for a limit out of its bounds.
    pub async fn trades(
        &self,
        query: &TradesQuery,
        priority: Priority,
        take: &mut (dyn FnMut(&TapeTrade<'_>) + Send),
    ) -> Result<TradesPage, VendorError> {
        let url = match &query.cursor {
            Some(cursor) => cursor.url(self.http.base()),
            None => self.http.url(&["v3", "trades", query.symbol.as_str()], &query.pairs()),
        };
        check_limit(&url, query.limit)?;
        let reader = self.reader.read().unwrap_or_else(PoisonError::into_inner).clone();
        let read = |answer: &Answer<'_>| {
            let body = open(answer)?;
            let next = self.next(answer, &body, &url)?;
            let (symbol, received_at) = (&query.symbol, answer.received_at);
            let trades = TradesOf { symbol, reader: &reader, received_at, may_scan: true };
            let read = trades.read(&body, take).map_err(|error| unread(answer, &error))?;
            Ok(TradesPage {
                delivered: read.delivered,
                rejects: without_key(answer, read.rejects),
                next,
                last_at: read.last_at,
                received_at,
                request: answer.request.to_owned(),
            })
        };
        self.http.get(url.clone(), priority, read).await
    }

    /// Days of one symbol as they traded, oldest first, both ends included.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn day_bars(
        &self,
        symbol: &Symbol,
        from: NaiveDate,
        to: NaiveDate,
        priority: Priority,
    ) -> Result<Page<DayBar>, VendorError> {
        let url = self.aggregates(symbol, "day", from, to);
        self.all(url, priority, |body, at| parse::days(body, symbol, at)).await
    }

    /// Minutes of one symbol as they traded, oldest first, both days included. A minute without a
    /// trade that counts has none.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn minute_bars(
        &self,
        symbol: &Symbol,
        from: NaiveDate,
        to: NaiveDate,
        priority: Priority,
    ) -> Result<Page<Aggregate>, VendorError> {
        let url = self.aggregates(symbol, "minute", from, to);
        self.all(url, priority, |body, at| parse::minutes(body, symbol, at)).await
    }

    /// One day of every stock. Preferred shares are left out: the vendor tells them from other
    /// tickers by a small letter only.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn grouped_days(
        &self,
        date: NaiveDate,
        priority: Priority,
    ) -> Result<Page<DayBar>, VendorError> {
        let day = date.to_string();
        let path = ["v2", "aggs", "grouped", "locale", "us", "market", "stocks", &day];
        let url = self.http.url(&path, &[unadjusted()]);
        self.all(url, priority, |body, at| parse::grouped(body, date, at)).await
    }

    /// Splits of one symbol from a day on, oldest first.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn splits(
        &self,
        symbol: &Symbol,
        from: NaiveDate,
        priority: Priority,
    ) -> Result<Page<Split>, VendorError> {
        let url = self.actions("splits", "execution_date", symbol, ("execution_date.gte", from));
        self.all(url, priority, |body, at| parse::splits(body, Some(symbol), at)).await
    }

    /// Cash dividends of one symbol from an ex-date on, oldest first.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn dividends(
        &self,
        symbol: &Symbol,
        from: NaiveDate,
        priority: Priority,
    ) -> Result<Page<Dividend>, VendorError> {
        let since = ("ex_dividend_date.gte", from);
        let url = self.actions("dividends", "ex_dividend_date", symbol, since);
        self.all(url, priority, |body, at| parse::dividends(body, Some(symbol), at)).await
    }

    /// A chain as it is quoted now, all its pages. What the plan does not include is missing.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn chain(
        &self,
        query: &ChainQuery,
        priority: Priority,
    ) -> Result<Page<ChainQuote>, VendorError> {
        let path = ["v3", "snapshot", "options", query.symbol.as_str()];
        let url = self.http.url(&path, &query.pairs());
        self.all(url, priority, |body, at| parse::chain(body, &query.symbol, at)).await
    }

    /// Contracts that are or were listed, all pages.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn contracts(
        &self,
        query: &ListingQuery,
        priority: Priority,
    ) -> Result<Page<ContractListing>, VendorError> {
        let url = self.http.url(&["v3", "reference", "options", "contracts"], &query.pairs());
        self.all(url, priority, |body, at| parse::contracts(body, &query.symbol, at)).await
    }

    /// The sale conditions of stocks.
    ///
    /// # Errors
    /// See [`VendorError`]; [`VendorError::Malformed`] also when a row was not understood.
    pub async fn conditions(&self, priority: Priority) -> Result<Vec<SaleCondition>, VendorError> {
        let pairs = [
            ("asset_class", "stocks".to_owned()),
            ("data_type", "trade".to_owned()),
            ("limit", MAX_REFERENCE_ROWS.to_string()),
        ];
        let url = self.http.url(&["v3", "reference", "conditions"], &pairs);
        every_row(self.all(url, priority, |body, _| parse::conditions(body)).await?)
    }

    /// The venues of stocks.
    ///
    /// # Errors
    /// As [`Self::conditions`].
    pub async fn exchanges(&self, priority: Priority) -> Result<Vec<Venue>, VendorError> {
        let pairs = [("asset_class", "stocks".to_owned()), ("locale", "us".to_owned())];
        let url = self.http.url(&["v3", "reference", "exchanges"], &pairs);
        every_row(self.all(url, priority, |body, _| parse::venues(body)).await?)
    }

    /// The coming days on which an exchange is closed or closes early, one row for each exchange.
    ///
    /// # Errors
    /// As [`Self::conditions`].
    pub async fn upcoming(&self, priority: Priority) -> Result<Vec<CalendarNotice>, VendorError> {
        let url = self.http.url(&["v1", "marketstatus", "upcoming"], &[]);
        every_row(self.all(url, priority, |body, _| parse::upcoming(body)).await?)
    }

    fn aggregates(&self, symbol: &Symbol, span: &str, from: NaiveDate, to: NaiveDate) -> Url {
        let (from, to) = (from.to_string(), to.to_string());
        let path = ["v2", "aggs", "ticker", symbol.as_str(), "range", "1", span, &from, &to];
        let order = [("sort", "asc".to_owned()), ("limit", MAX_AGGREGATES.to_string())];
        let [sort, limit] = order;
        self.http.url(&path, &[unadjusted(), sort, limit])
    }

    fn actions(
        &self,
        kind: &str,
        sort: &'static str,
        symbol: &Symbol,
        (name, from): (&'static str, NaiveDate),
    ) -> Url {
        let mut pairs = vec![("ticker", symbol.to_string()), (name, from.to_string())];
        pairs.extend(in_order(sort, MAX_REFERENCE_ROWS));
        self.http.url(&["v3", "reference", kind], &pairs)
    }

    /// Asks page after page.
    async fn all<T>(
        &self,
        url: Url,
        priority: Priority,
        decode: impl Fn(&Body<'_>, DateTime<Utc>) -> Result<Part<T>, DecodeError>,
    ) -> Result<Page<T>, VendorError> {
        let (mut page, mut next) = self.one(url, priority, &decode).await?;
        let mut pages = 1;
        while let Some(cursor) = next {
            if pages == MAX_PAGES {
                let call = Call { request: page.request, ..Call::default() };
                let cause = format!("it goes on after {MAX_PAGES} pages");
                return Err(VendorError::Malformed { cause, call });
            }
            let url = cursor.url(self.http.base());
            let (more, after) = self.one(url, priority, &decode).await?;
            page.rows.extend(more.rows);
            page.rejects.extend(more.rejects);
            page.delivered += more.delivered;
            page.received_at = more.received_at;
            (next, pages) = (after, pages + 1);
        }
        Ok(page)
    }

    /// Asks one page, and where the next one is.
    async fn one<T>(
        &self,
        url: Url,
        priority: Priority,
        decode: &impl Fn(&Body<'_>, DateTime<Utc>) -> Result<Part<T>, DecodeError>,
    ) -> Result<(Page<T>, Option<Cursor>), VendorError> {
        let read = |answer: &Answer<'_>| {
            let body = open(answer)?;
            let next = self.next(answer, &body, &url)?;
            let part = decode(&body, answer.received_at).map_err(|error| unread(answer, &error))?;
            let Decoded { rows, rejects, delivered } = part.decoded;
            let page = Page {
                rows,
                rejects: without_key(answer, rejects),
                delivered,
                received_at: answer.received_at,
                request: answer.request.to_owned(),
            };
            Ok((page, next))
        };
        self.http.get(url.clone(), priority, read).await
    }

    fn next(
        &self,
        answer: &Answer<'_>,
        body: &Body<'_>,
        current: &Url,
    ) -> Result<Option<Cursor>, VendorError> {
        let told = body.next_url().map_err(|error| unread(answer, &error))?;
        let Some(text) = told else {
            return Ok(None);
        };
        let refused = |cause: String| in_our_words(answer, answer.malformed(cause));
        let cursor = Cursor::read(&text, self.http.base(), current);
        let cursor = cursor.map_err(|error| refused(error.to_string()))?;
        if answer.holds_key(cursor.url(self.http.base()).as_str()) {
            return Err(refused("it repeats the key".to_owned()));
        }
        Ok(Some(cursor))
    }
}

fn unadjusted() -> (&'static str, String) {
    ("adjusted", false.to_string())
}

fn check_limit(url: &Url, limit: u32) -> Result<(), VendorError> {
    if (1..=MAX_TRADES_PER_PAGE).contains(&limit) {
        return Ok(());
    }
    let call = Call { request: url.path().to_owned(), ..Call::default() };
    let cause = format!("limit {limit} is not between 1 and {MAX_TRADES_PER_PAGE}");
    Err(VendorError::Fatal { cause, call })
}

/// A good answer's body. Nearly every answer has rows, and is gone through once only.
fn open<'a>(answer: &'a Answer<'_>) -> Result<Body<'a>, VendorError> {
    let read = || Body::open(&answer.body).map_err(|error| unread(answer, &error));
    let is_data = (200..300).contains(&answer.status) && answer.not_json().is_none();
    if is_data {
        let body = read()?;
        if body.has_rows() {
            return Ok(body);
        }
    }
    match failure(answer) {
        Some(error) => Err(error),
        None => read(),
    }
}

fn unread(answer: &Answer<'_>, error: &DecodeError) -> VendorError {
    in_our_words(answer, unreadable(answer, error))
}

/// The rows of a list that is of no use in part.
fn every_row<T>(page: Page<T>) -> Result<Vec<T>, VendorError> {
    let Some(reject) = page.rejects.into_iter().next() else {
        return Ok(page.rows);
    };
    let call = Call { request: page.request, ..Call::default() };
    Err(VendorError::Malformed { cause: reject.reason, call })
}
