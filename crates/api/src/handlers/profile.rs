//! Price by volume, split into off-exchange and the estimated rest; and as the vendor counts it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta};
use undertow_analysis::bins::bin_of;
use undertow_analysis::profile::profile;
use undertow_market::calendar::new_york_date;
use undertow_market::{BarInterval, PriceVolume, Symbol};
use undertow_store::levels::LevelFilter;

use super::{levels, request};
use crate::app::{App, OpenMarket};
use crate::columns::Columns;
use crate::convert::{count, float, ms};
use crate::dto::{GetProfile, GetVolumeByPrice, ProfileMeta, VolumeByPriceMeta};
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

/// Sessions that are looked through for the newest count.
const COUNTED_SESSIONS: usize = 3;

pub(crate) async fn get_volume_by_price(
    app: &App,
    request: GetVolumeByPrice,
) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let now = market.clock.now();
    let dates = match request.session_date.as_deref() {
        Some(text) => vec![request::date("session_date", text)?],
        None => app
            .calendar()
            .latest_session(now)
            .map(|latest| app.calendar().sessions_ending(latest, COUNTED_SESSIONS))
            .unwrap_or_default(),
    };
    let (date, rows) = newest_count(&market, &symbol, &dates).await?;
    let ground = levels::ground(app, &market, symbol.clone(), 1, request.width).await?;
    let newest = market.store.bars(&symbol, BarInterval::Minute1, DateTime::UNIX_EPOCH, now, 1);
    let newest = request::stored(newest.await)?;
    let meta = VolumeByPriceMeta {
        symbol: symbol.to_string(),
        session_date: date.map_or_else(String::new, |date| date.to_string()),
        width: float(ground.width),
        received_ms: rows.iter().map(|row| row.received_at).max().map(ms),
        last: newest.first().map(|bar| float(bar.close.get())),
    };
    let mut bins = BTreeMap::<_, [i64; 2]>::new();
    for row in &rows {
        let [lit, off] = bins.entry(bin_of(row.price.get(), ground.width)).or_default();
        *lit = lit.saturating_add(row.lit_volume);
        *off = off.saturating_add(row.off_exchange_volume);
    }
    Ok(Columns::new(bins.len(), &meta)?
        .with("price", bins.keys().map(|price| float(*price)))
        .with("lit", bins.values().map(|[lit, _]| count(*lit)))
        .with("off", bins.values().map(|[_, off]| count(*off))))
}

/// The newest of these sessions of which the vendor's count is stored; else the newest at all,
/// without rows.
async fn newest_count(
    market: &OpenMarket,
    symbol: &Symbol,
    dates: &[NaiveDate],
) -> Result<(Option<NaiveDate>, Vec<PriceVolume>), ApiError> {
    for date in dates.iter().rev() {
        let rows = request::stored(market.store.price_volumes(symbol, *date).await)?;
        if !rows.is_empty() {
            return Ok((Some(*date), rows));
        }
    }
    Ok((dates.last().copied(), Vec::new()))
}
