//! Turns answers into HTTP responses, whole or spoilt.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::limits::Usage;
use crate::answer::Answer;

/// How often a slow answer delivers its next bytes.
const DRIP_EVERY: Duration = Duration::from_millis(50);

/// The whole answer, with the usage headers if the vendor got as far as counting.
pub(super) fn whole(answer: Answer, usage: Option<Usage>) -> Response {
    let length = answer.body.len();
    with_body(&answer, usage, Body::from(answer.body.clone()), length)
}

/// Promises the whole answer and breaks off in the middle.
pub(super) fn truncated(answer: &Answer, usage: Option<Usage>) -> Response {
    let half = answer.body.slice(..answer.body.len() / 2);
    let broken = async {
        // The first half has to leave before the connection breaks.
        tokio::time::sleep(DRIP_EVERY).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    };
    let body = stream::once(async { Ok(half) }).chain(stream::once(broken));
    with_body(answer, usage, Body::from_stream(body), answer.body.len())
}

/// The answer a few bytes at a time, until it is complete or the simulator stops.
pub(super) fn dripping(
    answer: &Answer,
    usage: Option<Usage>,
    bytes_per_sec: u32,
    stopping: watch::Receiver<bool>,
) -> Response {
    let rest = answer.body.clone();
    let drops_per_sec = (1_000 / DRIP_EVERY.as_millis()) as usize;
    let drop_bytes = (bytes_per_sec as usize / drops_per_sec).max(1);
    let body = stream::unfold((rest, stopping), move |(mut rest, stopping)| async move {
        tokio::time::sleep(DRIP_EVERY).await;
        if rest.is_empty() || *stopping.borrow() {
            return None;
        }
        let drop = rest.split_to(drop_bytes.min(rest.len()));
        Some((Ok::<_, Infallible>(drop), (rest, stopping)))
    });
    with_body(answer, usage, Body::from_stream(body), answer.body.len())
}

pub(super) fn redirect(to: &str) -> Response {
    let mut response = whole(Answer::text(302, "moved"), None);
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}

/// The same rows, with one field holding what no parser expects there.
pub(super) fn with_wrong_types(answer: Answer, field: &str) -> Answer {
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else {
        return answer;
    };
    // Most answers are wrapped, some are bare arrays.
    let field_of_rows = ["data", "results"].into_iter().find(|name| body.get(name).is_some());
    let rows = match field_of_rows {
        Some(name) => body.get_mut(name),
        None => Some(&mut body).filter(|body| body.is_array()),
    };
    match rows {
        Some(Value::Array(rows)) => rows.iter_mut().for_each(|row| spoil(row, field)),
        Some(row) => spoil(row, field),
        None => {}
    }
    Answer { body: body.to_string().into(), ..answer }
}

pub(super) fn spoil(row: &mut Value, field: &str) {
    if let Some(value) = row.get_mut(field) {
        *value = json!([]);
    }
}

fn with_body(answer: &Answer, usage: Option<Usage>, body: Body, length: usize) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(CONTENT_LENGTH, length.into());
    if let Some(usage) = usage {
        add_usage(headers, usage);
    }
    response
}

fn add_usage(headers: &mut HeaderMap, usage: Usage) {
    headers.insert("x-uw-token-req-limit", usage.per_day.into());
    headers.insert("x-uw-daily-req-count", usage.used_today.into());
    headers.insert("x-uw-minute-req-counter", usage.used_this_minute.into());
    headers.insert("x-uw-req-per-minute-remaining", usage.left_this_minute.into());
    headers.insert("x-uw-req-per-minute-reset", usage.reset_ms.into());
}
