//! What the vendor's answers mean when they are not rows.
//!
//! An error's text stands in `error` or in `message`, and comes in two shapes for the same thing.
//! It is read for its meaning and never shown, because it can repeat what was asked: an error
//! carries our own words, and the vendor's number of the request for a question to its support.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use secrecy::SecretString;

use super::parse::Body;
use crate::budget::RateNews;
use crate::http::Answer;
use crate::wire::Raw;
use crate::{EntitlementReason, RateScope, VendorError};

/// Longest number of a request that an error carries. The vendor's have 32 to 36 characters.
const MAX_REQUEST_ID_BYTES: usize = 40;

/// The error that a recorded answer stands for; none when it should hold rows.
#[must_use]
pub fn classify_answer(
    status: u16,
    headers: &[(String, String)],
    body: &str,
    received_at: DateTime<Utc>,
) -> Option<VendorError> {
    let key = SecretString::default();
    let pair = |(name, value): &(String, String)| {
        Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
    };
    let headers: HeaderMap = headers.iter().filter_map(pair).collect();
    let body = body.as_bytes().to_vec();
    failure(&Answer::new("", status, headers, body, received_at, &key))
}

/// What an answer says about the allowance: nothing but that it is used up.
pub(super) fn rates(answer: &Answer<'_>) -> RateNews {
    let spent = (answer.status == 429).then_some(RateScope::Minute);
    RateNews { spent, minute_resets_in: retry_after(answer), ..RateNews::default() }
}

/// The error that an answer stands for; none when it should hold rows.
pub(super) fn failure(answer: &Answer<'_>) -> Option<VendorError> {
    let told = Told::of(answer);
    let call = answer.call();
    let error = match answer.status {
        200..=299 => answer.not_json().or_else(|| told.refusal(answer))?,
        300..=399 => answer.transient(
            "the vendor's address sends elsewhere, and the key is sent nowhere else \
             (a sign-in page of this network?)",
        ),
        401 => VendorError::Auth { call },
        403 => told
            .refusal(answer)
            .unwrap_or_else(|| answer.transient("the vendor's network edge refused the request")),
        429 => VendorError::RateLimited {
            scope: RateScope::Minute,
            retry_at: retry_after(answer).map(|wait| answer.after(wait)),
            call,
        },
        // 499: the vendor's own server hung up on itself. 413 is one of those that its own client
        // sends again.
        408 | 413 | 425 | 499 | 500..=599 => answer.transient("the vendor's server has a fault"),
        404 => VendorError::Fatal { cause: "the vendor knows no such thing".to_owned(), call },
        _ => VendorError::Fatal { cause: "the vendor refused it".to_owned(), call },
    };
    Some(error.with_excerpt(told.request_id))
}

/// The same error without the vendor's words.
pub(super) fn in_our_words(answer: &Answer<'_>, error: VendorError) -> VendorError {
    error.with_excerpt(Told::of(answer).request_id)
}

/// What the body of an error says, wherever it says it.
#[derive(Default)]
struct Told {
    is_json: bool,
    has_rows: bool,
    status: String,
    /// In small letters.
    text: String,
    /// In words for a reader, or empty.
    request_id: String,
}

impl Told {
    fn of(answer: &Answer<'_>) -> Self {
        let Ok(body) = Body::open(&answer.body) else {
            return Self::default();
        };
        let envelope = &body.envelope;
        let text = |raw: Raw<'_>| {
            let text = raw.named("text").text().ok().flatten();
            text.map(String::from).unwrap_or_default()
        };
        Self {
            is_json: true,
            has_rows: body.has_rows(),
            status: text(envelope.status),
            text: [envelope.error, envelope.message].map(text).join(" ").to_lowercase(),
            request_id: request_id(&text(envelope.request_id)),
        }
    }

    /// The refusal that the words stand for, under 403 or even under 200.
    fn refusal(&self, answer: &Answer<'_>) -> Option<VendorError> {
        let is_refused = matches!(self.status.as_str(), "NOT_AUTHORIZED" | "ERROR" | "NOT_FOUND");
        if !self.is_json || self.has_rows || (answer.status != 403 && !is_refused) {
            return None;
        }
        let call = answer.call();
        if self.text.contains("api key") {
            return Some(VendorError::Auth { call });
        }
        let is_plan = self.status == "NOT_AUTHORIZED" || answer.status == 403;
        if !is_plan {
            return Some(VendorError::Fatal { cause: "the vendor refused it".to_owned(), call });
        }
        let reason = if self.text.contains("timeframe") || self.text.contains("histor") {
            EntitlementReason::HistoryWall
        } else if self.text.contains("plan") || self.text.contains("entitled") {
            EntitlementReason::Plan
        } else {
            EntitlementReason::Unstated
        };
        let message = "Plans are told at massive.com/pricing".to_owned();
        Some(VendorError::Entitlement { reason, history_from: None, message, call })
    }
}

/// The vendor's number of the request, if it looks like one: nothing else of an error is shown.
fn request_id(text: &str) -> String {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let is_id = (1..=MAX_REQUEST_ID_BYTES).contains(&text.len()) && text.bytes().all(is_part);
    if is_id { format!("request {text}") } else { String::new() }
}

fn retry_after(answer: &Answer<'_>) -> Option<Duration> {
    let text = answer.header(RETRY_AFTER.as_str())?;
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-07-28T15:00:00Z";

    fn classify(status: u16, body: &str) -> Option<VendorError> {
        classify_answer(status, &[], body, NOW.parse().unwrap())
    }

    #[test]
    fn each_answer_has_its_kind() {
        let check = |status, body: &str, kind: &str| {
            let error = classify(status, body).unwrap();
            assert_eq!(error.kind(), kind, "{status} {body}");
        };
        check(400, r#"{"status":"ERROR","error":"Could not parse the date."}"#, "fatal");
        check(401, r#"{"status":"ERROR","error":"Unknown API Key"}"#, "auth");
        check(401, "", "auth");
        check(403, r#"{"status":"ERROR","error":"Unknown API Key"}"#, "auth");
        let plan = r#"{"status":"NOT_AUTHORIZED","message":"You are not entitled to this data."}"#;
        check(403, plan, "entitlement");
        check(200, plan, "entitlement");
        check(403, r#"{"status":"ERROR","error":"Please upgrade your plan."}"#, "entitlement");
        check(403, r#"{"error":"no"}"#, "entitlement");
        let wall = r#"{"status":"NOT_AUTHORIZED","message":"This timeframe is not included."}"#;
        check(403, wall, "history_wall");
        check(403, "error code: 1010", "transient");
        check(404, "404 page not found", "fatal");
        check(404, r#"{"status":"NOT_FOUND","message":"Ticker not found."}"#, "fatal");
        check(429, r#"{"status":"ERROR","error":"You've exceeded …"}"#, "rate_minute");
        check(429, "", "rate_minute");
        for status in [413, 499, 500, 502, 503, 504] {
            check(status, "<html><body>502 Bad Gateway</body></html>", "transient");
        }
        check(302, "", "transient");
        check(200, "<html>sign in</html>", "transient");
        check(200, "", "transient");
        check(200, r#"{"status":"ERROR","error":"oops"}"#, "fatal");
    }

    #[test]
    fn an_answer_with_rows_or_without_any_is_no_error() {
        for body in [
            r#"{"status":"OK","results":[]}"#,
            r#"{"status":"DELAYED","results":[{}]}"#,
            r#"{"status":"OK","resultsCount":0}"#,
            "[]",
            r#"{"status":"OK","results":[{"ticker":"X","error":"NOT_FOUND"}]}"#,
        ] {
            assert_eq!(classify(200, body), None, "{body}");
        }
    }

    #[test]
    fn the_vendors_words_are_shown_to_nobody() {
        for (status, body) in [
            (
                403,
                r#"{"status":"NOT_AUTHORIZED","message":"<b>echo</b> plan","request_id":"ab-12"}"#,
            ),
            (400, r#"{"status":"ERROR","error":"<b>echo</b>","request_id":"ab-12"}"#),
            (429, r#"{"error":"<b>echo</b>","request_id":"ab-12"}"#),
            (500, r#"{"error":"<b>echo</b>","request_id":"ab-12"}"#),
        ] {
            let text = classify(status, body).unwrap().to_string();
            assert!(!text.contains("echo"), "{text}");
            assert!(text.contains("request ab-12"), "{text}");
        }
        let error = classify(400, r#"{"error":"x","request_id":"<b>echo</b>"}"#).unwrap();
        assert!(!error.to_string().contains("echo"));
        assert!(!classify(502, "<html>echo</html>").unwrap().to_string().contains("echo"));
    }

    #[test]
    fn a_full_minute_says_when_it_ends_where_the_vendor_does() {
        let headers = [("retry-after".to_owned(), "7".to_owned())];
        let error = classify_answer(429, &headers, "", NOW.parse().unwrap()).unwrap();
        let VendorError::RateLimited { retry_at, .. } = error else { panic!("no rate limit") };
        assert_eq!(retry_at, Some("2026-07-28T15:00:07Z".parse().unwrap()));
    }

    #[test]
    fn an_absurd_wait_is_a_day() {
        let headers = [("retry-after".to_owned(), u64::MAX.to_string())];
        let error = classify_answer(429, &headers, "", NOW.parse().unwrap()).unwrap();
        let VendorError::RateLimited { retry_at, .. } = error else { panic!("no rate limit") };
        assert_eq!(retry_at, Some("2026-07-29T15:00:00Z".parse().unwrap()));
    }
}
