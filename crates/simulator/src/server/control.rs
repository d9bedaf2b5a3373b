//! `/simulator/*`: the script and the scene over HTTP, for demos and for tests in other
//! processes. The server listens on loopback only.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use undertow_market::Symbol;

use super::Shared;
use super::faults::FaultRule;
use crate::market::SurgeRule;
use crate::polygon::flat_file::FlatFile;
use crate::polygon::stream::Burst;

/// A change of the market.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Scene {
    /// Adds prints to one second.
    InjectSecond { symbol: Symbol, date: NaiveDate, second: DateTime<Utc>, count: usize },
    /// Withdraws a print now.
    Cancel { symbol: Symbol, date: NaiveDate, index: usize },
    /// Makes a session's off-exchange trading heavy.
    Surge(SurgeRule),
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/simulator/faults", get(list).post(push).delete(clear))
        .route("/simulator/scene", post(scene))
        .route("/simulator/clock", get(clock))
        .route("/simulator/burst", post(burst))
        .route("/simulator/flat-files/{name}/{date}", get(flat_file))
}

async fn list(State(shared): State<Arc<Shared>>) -> Json<Vec<FaultRule>> {
    Json(shared.faults.list())
}

async fn push(
    State(shared): State<Arc<Shared>>,
    Json(rule): Json<FaultRule>,
) -> Result<Json<Vec<FaultRule>>, Refused> {
    shared.faults.push(rule).map_err(refused)?;
    Ok(Json(shared.faults.list()))
}

async fn clear(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.faults.clear();
    StatusCode::NO_CONTENT
}

async fn scene(
    State(shared): State<Arc<Shared>>,
    Json(scene): Json<Scene>,
) -> Result<StatusCode, Refused> {
    let market = &shared.market;
    match scene {
        Scene::InjectSecond { symbol, date, second, count } => {
            market.inject_second(&symbol, date, second, count)
        }
        Scene::Cancel { symbol, date, index } => {
            market.cancel(&symbol, date, index, shared.clock.now())
        }
        Scene::Surge(rule) => market.surge(rule),
    }
    .map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn burst(State(shared): State<Arc<Shared>>, Json(burst): Json<Burst>) -> StatusCode {
    shared.burst.send_replace(Some(burst));
    StatusCode::ACCEPTED
}

/// A day's file, named as the vendor names its data sets.
async fn flat_file(
    State(shared): State<Arc<Shared>>,
    Path((name, date)): Path<(String, NaiveDate)>,
) -> Result<Vec<u8>, StatusCode> {
    let kind = match name.as_str() {
        "trades_v1" => FlatFile::Trades,
        "minute_aggs_v1" => FlatFile::Minutes,
        "day_aggs_v1" => FlatFile::Days,
        _ => return Err(StatusCode::NOT_FOUND),
    };
    let work = tokio::task::spawn_blocking(move || shared.flat_file(kind, date));
    work.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn clock(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "now": shared.clock.now() }))
}

type Refused = (StatusCode, Json<Value>);

fn refused(error: impl std::error::Error) -> Refused {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": error.to_string() })))
}
