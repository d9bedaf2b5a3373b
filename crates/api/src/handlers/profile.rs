//! Price by volume, split into off-exchange and the estimated rest.

use chrono::TimeDelta;
use undertow_analysis::profile::profile;
use undertow_market::BarInterval;
use undertow_market::calendar::new_york_date;
use undertow_store::levels::LevelFilter;

use super::{levels, request};
use crate::app::App;
use crate::columns::Columns;
use crate::convert::{count, float};
use crate::dto::{GetProfile, ProfileMeta};
use crate::error::ApiError;

/// The vendor has only ever delivered prints of this notional and more, dollars.
const VENDOR_FLOOR: f64 = 100_000.0;
/// Longest stretch that one profile covers.
const MAX_STRETCH: TimeDelta = TimeDelta::days(190);

/// Covers every session that the stretch touches, whole.
pub(crate) async fn get_profile(app: &App, request: GetProfile) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let from = request::instant("from_ms", request.from_ms)?;
    let to = request::instant("to_ms", request.to_ms)?;
    if to < from || to - from > MAX_STRETCH {
        return Err(ApiError::invalid("from_ms to to_ms: use a stretch of at most 190 days"));
    }
    let ground = levels::ground(app, &market, symbol.clone(), 1, request.width).await?;
    let dates = app.calendar().sessions_between(new_york_date(from), new_york_date(to));
    let hours = |date| app.calendar().session(date);
    let meta = ProfileMeta {
        symbol: symbol.to_string(),
        width: float(ground.width),
        floor_notional: VENDOR_FLOOR,
    };
    let (Some(first), Some(last)) =
        (dates.first().and_then(|date| hours(*date)), dates.last().and_then(|date| hours(*date)))
    else {
        return Ok(Columns::new(0, &meta)?
            .with("price", [])
            .with("off_exchange", [])
            .with("total_estimate", []));
    };
    let filter = LevelFilter {
        symbol: symbol.clone(),
        from: first.date,
        to: last.date,
        sessions: Vec::new(),
    };
    let cells = request::stored(market.store.level_cells(&filter).await)?;
    let bars = market
        .store
        .bars(&symbol, BarInterval::Minute1, first.pre_at, last.post_end_at, u32::MAX)
        .await;
    let bars = request::stored(bars)?;
    let width = ground.width;
    let bins = tokio::task::spawn_blocking(move || profile(&cells, &bars, width))
        .await
        .map_err(ApiError::internal)?;
    Ok(Columns::new(bins.len(), &meta)?
        .with("price", bins.iter().map(|bin| float(bin.price)))
        .with("off_exchange", bins.iter().map(|bin| float(bin.off_exchange_shares())))
        .with("total_estimate", bins.iter().map(|bin| count(bin.total_estimate))))
}
