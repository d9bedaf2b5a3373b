//! What the vendor's answers mean when they are not rows.
//!
//! The status alone does not tell: 403 is a plan gate, the history wall or a block at the network
//! edge; 422 is bad input or a plan gate; 429 is the minute or the day. So the text is read first.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use secrecy::SecretString;
use serde_json::Value;
use undertow_market::calendar::{new_york_date, new_york_instant};

use crate::budget::RateNews;
use crate::http::Answer;
use crate::{EntitlementReason, RateScope, VendorError};

const DAY_LIMIT: &str = "x-uw-token-req-limit";
const DAY_USED: &str = "x-uw-daily-req-count";
const MINUTE_USED: &str = "x-uw-minute-req-counter";
const MINUTE_REMAINING: &str = "x-uw-req-per-minute-remaining";
const MINUTE_RESET_MS: &str = "x-uw-req-per-minute-reset";

/// A refusal this soon after the day should have begun anew is a difference between two clocks.
const CLOCK_DIFFERENCE: TimeDelta = TimeDelta::minutes(15);
/// When to ask again in that case.
const SOON: TimeDelta = TimeDelta::minutes(5);

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

/// What an answer says about the allowance.
pub(super) fn rates(answer: &Answer<'_>) -> RateNews {
    let number = |name| answer.header(name).and_then(|text| text.trim().parse().ok());
    let spent = (answer.status == 429).then(|| spent_scope(&Told::of(answer)));
    let reset = match spent {
        Some(RateScope::Day) => reset_after_refusal(answer.received_at),
        _ => next_day_reset(answer.received_at),
    };
    RateNews {
        day_limit: number(DAY_LIMIT),
        day_used: number(DAY_USED),
        day_resets_at: Some(reset),
        minute_used: number(MINUTE_USED),
        minute_remaining: number(MINUTE_REMAINING),
        minute_resets_in: minute_reset(answer),
        spent,
    }
}

/// The error that an answer stands for; none when it should hold rows.
pub(super) fn failure(answer: &Answer<'_>) -> Option<VendorError> {
    let call = answer.call();
    Some(match answer.status {
        200..=299 => return answer.not_json(),
        300..=399 => answer.transient(
            "the vendor's address sends elsewhere, and the key is sent nowhere else \
             (a sign-in page of this network?)",
        ),
        401 => VendorError::Auth { call },
        403 => forbidden(answer),
        422 => unprocessable(answer),
        429 => rate_limited(answer),
        408 | 425 | 500..=599 => answer.transient("the vendor's server has a fault"),
        _ => VendorError::Fatal { cause: Told::of(answer).words("refused"), call },
    })
}

/// What the body of an error says, wherever it says it.
struct Told {
    code: String,
    message: String,
    is_json: bool,
}

impl Told {
    fn of(answer: &Answer<'_>) -> Self {
        let text = answer.text();
        let Ok(body) = serde_json::from_str::<Value>(&text) else {
            return Self { code: String::new(), message: text, is_json: false };
        };
        let first = |paths: &[&str]| {
            let found = paths.iter().find_map(|path| body.pointer(path)?.as_str());
            found.unwrap_or_default().to_owned()
        };
        Self {
            code: first(&["/code", "/error/code"]),
            message: first(&["/message", "/error/message", "/msg", "/error"]),
            is_json: true,
        }
    }

    fn words(self, otherwise: &str) -> String {
        [self.message, self.code].into_iter().find(|text| !text.is_empty()).map_or_else(
            || otherwise.to_owned(),
            |text| text.split_whitespace().collect::<Vec<_>>().join(" "),
        )
    }
}

fn forbidden(answer: &Answer<'_>) -> VendorError {
    let told = Told::of(answer);
    if !told.is_json {
        return answer.transient("the vendor's network edge refused the request");
    }
    let history_from = earliest_date(&told.message);
    let reason = if told.code == "historic_data_access_missing" || history_from.is_some() {
        EntitlementReason::HistoryWall
    } else if told.code.ends_with("_required") {
        EntitlementReason::Plan
    } else {
        EntitlementReason::Unstated
    };
    let message = told.words("no message");
    VendorError::Entitlement { reason, history_from, message, call: answer.call() }
}

fn unprocessable(answer: &Answer<'_>) -> VendorError {
    let (told, call) = (Told::of(answer), answer.call());
    let lower = told.message.to_lowercase();
    if lower.contains("missing access") || lower.contains("subscription") {
        let (reason, message) = (EntitlementReason::Plan, told.words("no message"));
        return VendorError::Entitlement { reason, history_from: None, message, call };
    }
    VendorError::Fatal { cause: told.words("the vendor did not accept the input"), call }
}

fn rate_limited(answer: &Answer<'_>) -> VendorError {
    let scope = spent_scope(&Told::of(answer));
    let retry_at = match scope {
        RateScope::Day => Some(reset_after_refusal(answer.received_at)),
        RateScope::Minute => minute_reset(answer).map(|wait| answer.after(wait)),
    };
    VendorError::RateLimited { scope, retry_at, call: answer.call() }
}

fn spent_scope(told: &Told) -> RateScope {
    let is_day = told.code.contains("daily") || told.message.to_lowercase().contains("daily");
    if is_day { RateScope::Day } else { RateScope::Minute }
}

fn minute_reset(answer: &Answer<'_>) -> Option<Duration> {
    let own = answer.header(MINUTE_RESET_MS).and_then(|text| text.trim().parse().ok());
    let standard = answer.header(RETRY_AFTER.as_str()).and_then(|text| text.trim().parse().ok());
    own.map(Duration::from_millis).or(standard.map(Duration::from_secs))
}

/// The first date in "The earliest date currently available to you is 2026-03-24 (…".
fn earliest_date(message: &str) -> Option<NaiveDate> {
    let (_, rest) = message.split_once("earliest date")?;
    let is_date_text = |c: char| c.is_ascii_digit() || c == '-';
    rest.split(|c| !is_date_text(c)).find_map(|word| word.parse().ok())
}

/// When the vendor next begins a new day. It is told as 20:00 in New York and as midnight UTC,
/// which differ in winter; both are taken for a possible reset, because a request then is cheap.
fn next_day_reset(now: DateTime<Utc>) -> DateTime<Utc> {
    let later = day_resets(now).into_iter().filter(|reset| *reset > now).min();
    later.unwrap_or(now + TimeDelta::days(1))
}

fn reset_after_refusal(now: DateTime<Utc>) -> DateTime<Utc> {
    let is_fresh = |reset: &DateTime<Utc>| *reset <= now && now - *reset < CLOCK_DIFFERENCE;
    let is_doubtful = day_resets(now).iter().any(is_fresh);
    if is_doubtful { now + SOON } else { next_day_reset(now) }
}

/// The possible resets around an instant.
fn day_resets(now: DateTime<Utc>) -> [DateTime<Utc>; 5] {
    let evening = NaiveTime::from_hms_opt(20, 0, 0).expect("20:00 is a time");
    let (new_york, utc) = (new_york_date(now), now.date_naive());
    [
        new_york_instant(new_york - Days::new(1), evening),
        new_york_instant(new_york, evening),
        new_york_instant(new_york + Days::new(1), evening),
        utc.and_time(NaiveTime::MIN).and_utc(),
        (utc + Days::new(1)).and_time(NaiveTime::MIN).and_utc(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-07-28T15:00:00Z";

    fn classify(status: u16, headers: &[(&str, &str)], body: &str) -> Option<VendorError> {
        let owned: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        classify_answer(status, &owned, body, NOW.parse().unwrap())
    }

    #[test]
    fn each_answer_has_its_kind() {
        let check = |status, body: &str, kind: &str| {
            let error = classify(status, &[], body).unwrap();
            assert_eq!(error.kind(), kind, "{status} {body}");
        };
        check(401, "no such key", "auth");
        check(403, r#"{"code":"advanced_tier_required","message":"more"}"#, "entitlement");
        check(403, r#"{"code":"futures_access_required"}"#, "entitlement");
        check(403, r#"{"code":"historic_data_access_missing","message":"?"}"#, "history_wall");
        check(403, r#"{"error":"forbidden"}"#, "entitlement");
        check(403, "error code: 1010", "transient");
        check(422, r#"{"msg":"Missing access: needs the Advanced subscription"}"#, "entitlement");
        check(422, r#"{"msg":"Invalid path input: ABC123"}"#, "fatal");
        check(429, r#"{"code":"daily_request_limit_hit"}"#, "rate_day");
        check(429, "slow down", "rate_minute");
        check(404, r#"{"error":"Route not found"}"#, "fatal");
        check(404, "{}", "fatal");
        check(400, r#"{"error":{"code":"historical_data_not_supported"}}"#, "fatal");
        check(500, "Something went wrong", "transient");
        check(502, r#"{"error":{"code":"upstream"}}"#, "transient");
        check(302, "", "transient");
        check(200, "<html>sign in</html>", "transient");
        check(200, "", "transient");
        check(200, "OK", "transient");
    }

    #[test]
    fn an_answer_with_rows_is_no_error() {
        assert_eq!(classify(200, &[], r#" {"data":[]}"#), None);
        assert_eq!(classify(200, &[], "[]"), None);
    }

    #[test]
    fn the_history_wall_names_its_date() {
        let body = r#"{"code":"historic_data_access_missing","message":
            "The earliest date currently available to you is 2026-03-24 (90 trading days) so 2025-01-02 …"}"#;
        let Some(VendorError::Entitlement { history_from, .. }) = classify(403, &[], body) else {
            panic!("no entitlement")
        };
        assert_eq!(history_from, NaiveDate::from_ymd_opt(2026, 3, 24));
    }

    #[test]
    fn a_full_minute_says_when_it_ends() {
        let check = |headers: &[(&str, &str)], expected: Option<&str>| {
            let Some(VendorError::RateLimited { retry_at, .. }) = classify(429, headers, "{}")
            else {
                panic!("no rate limit")
            };
            assert_eq!(retry_at, expected.map(|text| text.parse().unwrap()), "{headers:?}");
        };
        check(&[("x-uw-req-per-minute-reset", "20000")], Some("2026-07-28T15:00:20Z"));
        check(&[("retry-after", "7")], Some("2026-07-28T15:00:07Z"));
        // Longer than a day is not believed, and no time is so far away that it cannot be told.
        check(&[("retry-after", "18446744073709551615")], Some("2026-07-29T15:00:00Z"));
        check(&[], None);
    }

    #[test]
    fn a_spent_day_ends_at_the_next_possible_reset() {
        let check = |now: &str, expected: &str| {
            let found = reset_after_refusal(now.parse().unwrap());
            assert_eq!(found, expected.parse::<DateTime<Utc>>().unwrap(), "{now}");
        };
        check("2026-07-28T15:00:00Z", "2026-07-29T00:00:00Z");
        check("2026-01-15T15:00:00Z", "2026-01-16T00:00:00Z");
        check("2026-01-16T00:30:00Z", "2026-01-16T01:00:00Z");
        check("2026-01-16T01:01:00Z", "2026-01-16T01:06:00Z");
    }
}
