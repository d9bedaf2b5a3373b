//! The interface over HTTP: commands, events, health, and the web page.

mod events;
mod guard;
mod page;
mod resources;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use undertow_api::app::App;
use undertow_api::commands::{self, Answer};
use undertow_api::error::{ApiError, ErrorCode};

/// Largest request body. The largest real one is a few hundred bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// Longest time that one request may take.
const MAX_REQUEST: Duration = Duration::from_secs(60);

/// Everything that is served at `address`.
pub(crate) fn router(app: App, address: SocketAddr) -> Router {
    let guarded = Router::new()
        .route("/api/rpc/{name}", post(rpc).layer(middleware::from_fn(guard::own_header)))
        .merge(resources::routes())
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, MAX_REQUEST))
        .route("/api/events", get(events::stream))
        .with_state(app)
        .fallback_service(page::service())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(
            Arc::new(guard::Hosts::of(address)),
            guard::host_and_origin,
        ));
    headers().into_iter().fold(guarded, |router, (name, value)| {
        router.layer(SetResponseHeaderLayer::if_not_present(name, value))
    })
}

fn headers() -> [(HeaderName, HeaderValue); 5] {
    [
        (
            HeaderName::from_static("x-undertow"),
            HeaderValue::from_static(env!("CARGO_PKG_VERSION")),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                 font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'",
            ),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ]
}

async fn rpc(State(app): State<App>, Path(name): Path<String>, payload: String) -> Response {
    match commands::dispatch(&app, &name, &payload).await {
        Ok(Answer::Json(text)) => {
            ([(header::CONTENT_TYPE, "application/json")], text).into_response()
        }
        Ok(Answer::Columns(bytes)) => {
            ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response()
        }
        Err(error) => failure(&error),
    }
}

/// An error as the screen reads it.
fn failure(error: &ApiError) -> Response {
    let status = match error.code {
        ErrorCode::InvalidInput => StatusCode::BAD_REQUEST,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::NotConfigured => StatusCode::CONFLICT,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::VendorAuth | ErrorCode::VendorEntitlement => StatusCode::FAILED_DEPENDENCY,
        ErrorCode::VendorUnreachable => StatusCode::BAD_GATEWAY,
        ErrorCode::DatabaseUnavailable | ErrorCode::DatabaseTooNew => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, axum::Json(error)).into_response()
}
