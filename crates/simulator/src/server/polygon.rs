//! The second vendor's routes over HTTP: its key, its limits, and its faults in its own words.

use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::faults::Fault;
use super::limits::Admission;
use super::{Shared, made, or_repeated, parameters, reply, spoilt};
use crate::answer::Answer;
use crate::polygon::{Request, answer, broken, not_entitled, too_many, unknown_key};

/// The vendor's own answer, spoilt if the script says so. It has no headers of usage.
pub(super) async fn vendor(
    shared: &Arc<Shared>,
    uri: &Uri,
    headers: &HeaderMap,
    fault: Option<Fault>,
    id: u64,
) -> Response {
    let id = format!("{id:032x}");
    if !shared.authorized(headers) && !has_key(shared, uri) {
        return reply::whole(unknown_key(&id), None);
    }
    if let Some(answer) = scripted(fault.as_ref(), &id) {
        return reply::whole(answer, None);
    }
    let (now, minute_now) = (shared.clock.now(), shared.clock.unscaled_now());
    if !matches!(shared.polygon_limits.admit(now, minute_now), Admission::Granted(_)) {
        return reply::whole(too_many(&id), None);
    }
    let page = compute(shared, uri, id).await;
    let page = or_repeated(shared, uri, page, fault.as_ref());
    spoilt(shared, page, None, fault)
}

/// The key may come in the query instead of a header.
fn has_key(shared: &Shared, uri: &Uri) -> bool {
    let is_key = |(name, value): &(String, String)| name == "apiKey" && *value == shared.key;
    parameters(uri).iter().any(is_key)
}

fn scripted(fault: Option<&Fault>, id: &str) -> Option<Answer> {
    Some(match fault? {
        Fault::Status429Minute | Fault::Status429Day => too_many(id),
        Fault::Status429Empty => Answer::text(429, ""),
        Fault::NotEntitled => not_entitled(id),
        Fault::Status500 => broken(500),
        Fault::Status502 => broken(502),
        _ => return None,
    })
}

async fn compute(shared: &Arc<Shared>, uri: &Uri, id: String) -> Answer {
    let (shared, uri) = (Arc::clone(shared), uri.clone());
    made(move || {
        let params = parameters(&uri);
        let request = Request {
            path: uri.path(),
            params: &params,
            now: shared.clock.now(),
            id,
            base_url: &shared.polygon_url,
            has_quotes: shared.polygon_plan.has_quotes,
            is_delayed: shared.polygon_plan.is_delayed,
            history_from: shared.polygon_plan.history_from,
        };
        answer(&shared.market, &request)
    })
    .await
}
