//! Plain resources for other programs: thin readers over the same commands.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use undertow_api::app::App;
use undertow_api::columns::Columns;
use undertow_api::dto::{
    GetBars, GetLevels, GetOpportunities, GetPrints, GetStraddle, Health, Mode, OneSymbol,
};
use undertow_api::error::ApiError;
use undertow_api::resources;

use super::guard;

/// Rows that a resource answers with unless asked otherwise.
const DEFAULT_LIMIT: u32 = 500;
/// The same, of opportunities.
const DEFAULT_OPPORTUNITIES: u32 = 50;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/health", get(health))
        .route("/api/bars/{symbol}", get(bars))
        .route("/api/prints/{symbol}", get(prints))
        .route("/api/levels/{symbol}", get(levels))
        .route("/api/opportunities", get(opportunities))
        .route("/api/analytics/{symbol}", get(analytics))
        .route(
            "/api/subscribe/{symbol}",
            post(subscribe).delete(unsubscribe).layer(middleware::from_fn(guard::own_header)),
        )
}

#[derive(Debug, Deserialize)]
struct Page {
    limit: Option<u32>,
    interval: Option<String>,
    before_ms: Option<f64>,
    sessions: Option<u32>,
}

/// 200 while rows are collected as promised, 503 when nothing works; the body says more.
async fn health(State(app): State<App>) -> Response {
    let view = app.view();
    let status = match resources::status(&app).await {
        Ok(status) => status,
        Err(error) => {
            let body = json!({ "health": "down", "mode": view.mode, "summary": error.message });
            let code = match view.mode {
                Mode::Unset | Mode::Starting => StatusCode::OK,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            return (code, axum::Json(body)).into_response();
        }
    };
    let code = match status.health {
        Health::Down => StatusCode::SERVICE_UNAVAILABLE,
        Health::Healthy | Health::Degraded => StatusCode::OK,
    };
    (code, axum::Json(status)).into_response()
}

async fn bars(
    State(app): State<App>,
    Path(symbol): Path<String>,
    Query(page): Query<Page>,
) -> Response {
    let request = GetBars {
        symbol,
        interval: page.interval.unwrap_or_else(|| "1m".to_owned()),
        before_ms: page.before_ms,
        limit: page.limit.unwrap_or(DEFAULT_LIMIT),
    };
    rows(resources::bars(&app, request).await)
}

async fn prints(
    State(app): State<App>,
    Path(symbol): Path<String>,
    Query(page): Query<Page>,
) -> Response {
    let request = GetPrints {
        symbol,
        to_ms: page.before_ms,
        limit: page.limit.unwrap_or(DEFAULT_LIMIT),
        ..GetPrints::default()
    };
    rows(resources::prints(&app, request).await)
}

async fn levels(
    State(app): State<App>,
    Path(symbol): Path<String>,
    Query(page): Query<Page>,
) -> Response {
    let request = GetLevels {
        symbol,
        sessions: page.sessions.unwrap_or(60),
        limit: page.limit.unwrap_or(DEFAULT_LIMIT),
        ..GetLevels::default()
    };
    rows(resources::levels(&app, request).await)
}

async fn opportunities(State(app): State<App>, Query(page): Query<Page>) -> Response {
    let limit = page.limit.unwrap_or(DEFAULT_OPPORTUNITIES);
    let request = GetOpportunities { limit: Some(limit), include_ended: false };
    document(resources::opportunities(&app, request).await)
}

async fn analytics(State(app): State<App>, Path(symbol): Path<String>) -> Response {
    document(resources::analytics(&app, GetStraddle { symbol }).await)
}

async fn subscribe(State(app): State<App>, Path(symbol): Path<String>) -> Response {
    document(resources::subscribe(&app, OneSymbol { symbol }).await)
}

async fn unsubscribe(State(app): State<App>, Path(symbol): Path<String>) -> Response {
    document(resources::unsubscribe(&app, OneSymbol { symbol }).await)
}

fn document<T: Serialize>(result: Result<T, ApiError>) -> Response {
    match result {
        Ok(document) => axum::Json(document).into_response(),
        Err(error) => super::failure(&error),
    }
}

/// Columns turned into one object a row; what is missing is null.
fn rows(columns: Result<Columns, ApiError>) -> Response {
    let columns = match columns {
        Ok(columns) => columns,
        Err(error) => return super::failure(&error),
    };
    let value =
        |number: f64| serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number);
    let rows: Vec<Value> = (0..columns.rows())
        .map(|row| {
            let fields = columns.names().map(|name| {
                let number = columns.column(name).map_or(f64::NAN, |values| values[row]);
                (name.to_owned(), value(number))
            });
            Value::Object(fields.collect::<Map<_, _>>())
        })
        .collect();
    axum::Json(json!({ "meta": columns.meta(), "rows": rows })).into_response()
}
