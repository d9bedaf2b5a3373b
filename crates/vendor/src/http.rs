//! The one request loop: address, time limits, body limit, budget and retries.
//!
//! It knows no vendor. A vendor's client gives it headers, a way to read the allowance from an
//! answer, and a function that turns an answer into rows or an error.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Response, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout};

use crate::budget::RateNews;
use crate::page::cut;
use crate::{Budget, Call, NowFn, Priority, RetryPolicy, VendorError};

/// Most text of an answer that an error carries.
const MAX_EXCERPT_BYTES: usize = 300;
/// Most text of an error answer that is looked at.
const MAX_ERROR_TEXT_BYTES: usize = 16 * 1024;
/// Space for the body of a usual page, so that it grows without many copies.
const USUAL_BODY_BYTES: usize = 256 * 1024;
/// Stands where the key stood.
const REDACTED: &str = "[key]";
/// No limit of a vendor is counted over longer than a day: longer waits are not believed.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an answer may take and how long it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// For the connection, TLS included.
    pub connect: Duration,
    /// From sending to the first byte of the answer.
    pub header: Duration,
    /// Between two pieces of the body.
    pub idle: Duration,
    /// For one attempt from end to end.
    pub whole: Duration,
    /// Longest body after decompression, in bytes.
    pub max_body_bytes: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            header: Duration::from_secs(15),
            idle: Duration::from_secs(10),
            whole: Duration::from_secs(30),
            max_body_bytes: 32 * 1024 * 1024,
        }
    }
}

/// What a vendor's client configures.
pub(crate) struct HttpConfig {
    pub(crate) base_url: String,
    pub(crate) headers: HeaderMap,
    /// Only for striking it out of what an answer repeats; it is sent as one of the headers.
    pub(crate) key: SecretString,
    pub(crate) limits: HttpLimits,
    pub(crate) retry: RetryPolicy,
    pub(crate) budget: Budget,
    pub(crate) now: NowFn,
    pub(crate) rates: fn(&Answer<'_>) -> RateNews,
}

pub(crate) struct Http {
    client: reqwest::Client,
    base: Url,
    config: HttpConfig,
}

/// A complete answer.
pub(crate) struct Answer<'a> {
    pub(crate) request: &'a str,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) received_at: DateTime<Utc>,
    key: &'a SecretString,
}

/// Why there is no complete answer.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("no answer began within {} s", .0.as_secs_f64())]
    NoHeader(Duration),
    #[error("the answer stood still for {} s", .0.as_secs_f64())]
    Idle(Duration),
    #[error("no complete answer came within {} s", .0.as_secs_f64())]
    Whole(Duration),
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    #[error("the connection failed: {0}")]
    Connection(String),
}

impl Http {
    pub(crate) fn new(config: HttpConfig) -> Result<Self, VendorError> {
        let base = checked_base(&config.base_url).map_err(wrong_setting)?;
        let mut builder = reqwest::Client::builder()
            .default_headers(config.headers.clone())
            .user_agent(concat!("Undertow/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(config.limits.connect)
            .redirect(Policy::none())
            .referer(false);
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| wrong_setting(describe(error)))?;
        Ok(Self { client, base, config })
    }

    /// The vendor's address.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// The address of a path below the base, with its query.
    pub(crate) fn url(&self, path: &[&str], query: &[(&str, String)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Asks until there is a result, an error that no repeat can mend, or no attempt left.
    pub(crate) async fn get<T>(
        &self,
        url: Url,
        priority: Priority,
        mut read: impl FnMut(&Answer<'_>) -> Result<T, VendorError>,
    ) -> Result<T, VendorError> {
        let request = path_and_query(&url);
        let mut delays = self.config.retry.delays();
        loop {
            let error = match self.attempt(&url, &request, priority, &mut read).await {
                Ok(result) => return Ok(result),
                Err(error) => error,
            };
            let delay = if error.is_retryable() { delays.next() } else { None };
            let Some(delay) = delay else {
                return Err(error);
            };
            tracing::debug!(request, kind = error.kind(), ?delay, "asking again");
            tokio::time::sleep(delay).await;
        }
    }

    async fn attempt<T>(
        &self,
        url: &Url,
        request: &str,
        priority: Priority,
        read: &mut impl FnMut(&Answer<'_>) -> Result<T, VendorError>,
    ) -> Result<T, VendorError> {
        let turn = self.config.budget.acquire(priority, &self.config.now).await;
        let _permit = turn.map_err(|refused| refused.of(request))?;
        let begun = Instant::now();
        let whole = self.config.limits.whole;
        let answer = match timeout(whole, self.exchange(url, request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Broken::Whole(whole)),
        };
        let answer = answer.map_err(|broken| self.without_answer(broken, request))?;
        self.config.budget.learn(&(self.config.rates)(&answer), answer.received_at);
        let (status, bytes) = (answer.status, answer.body.len());
        tracing::debug!(request, status, bytes, elapsed_ms = begun.elapsed().as_millis(), "answer");
        read(&answer)
    }

    async fn exchange<'a>(&'a self, url: &Url, request: &'a str) -> Result<Answer<'a>, Broken> {
        let header = self.config.limits.header;
        let sent = timeout(header, self.client.get(url.clone()).send()).await;
        let response = sent.map_err(|_| Broken::NoHeader(header))?.map_err(connection)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = self.body(response).await?;
        let received_at = (self.config.now)();
        Ok(Answer::new(request, status, headers, body, received_at, &self.config.key))
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Broken> {
        let (idle, most) = (self.config.limits.idle, self.config.limits.max_body_bytes);
        let mut body = Vec::with_capacity(USUAL_BODY_BYTES.min(most));
        loop {
            let piece = timeout(idle, response.chunk()).await.map_err(|_| Broken::Idle(idle))?;
            let Some(piece) = piece.map_err(connection)? else {
                return Ok(body);
            };
            if body.len() + piece.len() > most {
                return Err(Broken::TooLong(most));
            }
            body.extend_from_slice(&piece);
        }
    }

    fn without_answer(&self, broken: Broken, request: &str) -> VendorError {
        let call = Call { request: request.to_owned(), ..Call::default() };
        let cause = strike_out(&broken.to_string(), &self.config.key);
        match broken {
            Broken::TooLong(_) => VendorError::Malformed { cause, call },
            _ => VendorError::Transient { cause, call },
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl<'a> Answer<'a> {
    pub(crate) fn new(
        request: &'a str,
        status: u16,
        headers: HeaderMap,
        body: Vec<u8>,
        received_at: DateTime<Utc>,
        key: &'a SecretString,
    ) -> Self {
        Self { request, status, headers, body, received_at, key }
    }

    /// What an error about this answer carries.
    pub(crate) fn call(&self) -> Call {
        let text = self.text();
        Call {
            request: self.request.to_owned(),
            status: Some(self.status),
            excerpt: cut(text.trim(), MAX_EXCERPT_BYTES).to_owned(),
        }
    }

    /// The beginning of the body as text, without the key.
    pub(crate) fn text(&self) -> String {
        let key_bytes = self.key.expose_secret().len();
        let end = self.body.len().min(MAX_ERROR_TEXT_BYTES + key_bytes);
        let text = strike_out(&String::from_utf8_lossy(&self.body[..end]), self.key);
        cut(&text, MAX_ERROR_TEXT_BYTES).to_owned()
    }

    /// Whether the body repeats the key. Looks through all of it.
    pub(crate) fn repeats_key(&self) -> bool {
        self.holds_key(&String::from_utf8_lossy(&self.body))
    }

    /// Whether a text of the answer repeats the key.
    pub(crate) fn holds_key(&self, text: &str) -> bool {
        let key = self.key.expose_secret();
        !key.is_empty() && text.contains(key)
    }

    /// The end of a wait that the answer asks for.
    pub(crate) fn after(&self, wait: Duration) -> DateTime<Utc> {
        self.received_at + wait.min(LONGEST_WAIT)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What may come in place of JSON under a status that promises it.
    pub(crate) fn not_json(&self) -> Option<VendorError> {
        let kind = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let first = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        let cause = match first {
            None => "the answer is empty",
            Some(b'{' | b'[') => return None,
            Some(b'<') => "a web page came in place of data (a proxy, a sign-in page?)",
            Some(_) if kind.contains("html") => "a web page came in place of data",
            Some(_) => "the answer is not JSON",
        };
        Some(self.transient(cause))
    }

    pub(crate) fn transient(&self, cause: impl Into<String>) -> VendorError {
        VendorError::Transient { cause: cause.into(), call: self.call() }
    }

    pub(crate) fn malformed(&self, cause: impl Into<String>) -> VendorError {
        VendorError::Malformed { cause: cause.into(), call: self.call() }
    }
}

/// A header value that no log of headers shows.
pub(crate) fn bearer(key: &SecretString) -> Result<HeaderValue, VendorError> {
    let text = format!("Bearer {}", key.expose_secret());
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| wrong_setting("the key has characters that no header may have"))?;
    value.set_sensitive(true);
    Ok(value)
}

pub(crate) fn wrong_setting(cause: impl ToString) -> VendorError {
    VendorError::Fatal { cause: cause.to_string(), call: Call::default() }
}

pub(crate) fn checked_base(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("the vendor's address: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err("the vendor's address must not hold a user, a password or a query".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("the vendor's address must begin with https:// (http:// only on this computer)"
            .to_owned()),
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn path_and_query(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn connection(error: reqwest::Error) -> Broken {
    Broken::Connection(describe(error))
}

/// The whole chain of causes: the outermost alone says only "error sending request".
pub(crate) fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    cut(&text, MAX_EXCERPT_BYTES).to_owned()
}

pub(crate) fn strike_out(text: &str, key: &SecretString) -> String {
    match key.expose_secret() {
        "" => text.to_owned(),
        key => text.replace(key, REDACTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_travels_only_over_tls_or_inside_this_computer() {
        let good = ["https://api.example.com", "http://127.0.0.1:80", "http://localhost:9/x/"];
        for text in good.into_iter().chain(["http://[::1]:7000"]) {
            assert!(checked_base(text).is_ok(), "{text}");
        }
        for text in [
            "http://api.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "ftp://127.0.0.1",
            "https://user:secret@api.example.com",
            "https://api.example.com/?token=secret",
            "not an address",
            "",
        ] {
            let error = checked_base(text).expect_err(text);
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_excerpt_of_an_answer_holds_neither_the_key_nor_half_of_it() {
        let key = SecretString::from("canary-1234567890");
        for lead in [0, MAX_EXCERPT_BYTES - 4, MAX_ERROR_TEXT_BYTES - 4] {
            let body = format!("{}canary-1234567890 more", "x".repeat(lead)).into_bytes();
            let now = DateTime::UNIX_EPOCH;
            let answer = Answer::new("/api", 500, HeaderMap::new(), body, now, &key);
            assert!(!answer.text().contains("cana"), "{lead}");
            assert!(!answer.call().to_string().contains("cana"), "{lead}");
            assert!(answer.repeats_key());
        }
    }
}
