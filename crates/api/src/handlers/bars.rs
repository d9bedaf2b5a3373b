//! Bars: stored one-minute and day bars, and the intervals between, put together when read.

use chrono::{DateTime, Utc};
use undertow_market::bar::aggregate;
use undertow_market::{Bar, BarInterval, Symbol};

use super::request;
use crate::app::{App, OpenMarket};
use crate::columns::Columns;
use crate::convert::{count, float, ms};
use crate::dto::{BarsMeta, GetBars};
use crate::error::ApiError;

/// Bars of one answer.
const LIMIT: std::ops::RangeInclusive<u32> = 1..=20_000;
/// One-minute bars that are read for one answer, at most: a tenth of a second of work. An answer
/// of longer bars that needs more of them is shorter than asked, and says that there are older
/// ones.
const MAX_MINUTE_BARS: u32 = 40_000;

pub(crate) async fn get_bars(app: &App, request: GetBars) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let interval: BarInterval =
        request.interval.parse().map_err(|error: undertow_market::bar::UnknownInterval| {
            ApiError::invalid(error.to_string())
        })?;
    let limit = request::within("limit", request.limit, LIMIT)?;
    let before = match request.before_ms {
        Some(ms) => request::instant("before_ms", ms)?,
        None => market.clock.now() + interval.length(),
    };
    let (bars, more_before) = newest(&market, &symbol, interval, before, limit).await?;
    let meta = BarsMeta { symbol: symbol.to_string(), interval: interval.to_string(), more_before };
    let column = |value: fn(&Bar) -> f64| bars.iter().map(value).collect::<Vec<_>>();
    Ok(Columns::new(bars.len(), &meta)?
        .with("start_ms", column(|bar| ms(bar.start_at)))
        .with("open", column(|bar| float(bar.open.get())))
        .with("high", column(|bar| float(bar.high.get())))
        .with("low", column(|bar| float(bar.low.get())))
        .with("close", column(|bar| float(bar.close.get())))
        .with("volume", column(|bar| count(bar.volume)))
        .with("session", column(|bar| f64::from(bar.session.code()))))
}

/// The newest `limit` bars that begin before `before`, oldest first, and whether older ones exist.
async fn newest(
    market: &OpenMarket,
    symbol: &Symbol,
    interval: BarInterval,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<(Vec<Bar>, bool), ApiError> {
    let minutes = u32::try_from(interval.length().num_minutes()).unwrap_or(1);
    let (stored, wanted) = match interval {
        BarInterval::Minute1 | BarInterval::Day1 => (interval, limit + 1),
        _ => (
            BarInterval::Minute1,
            limit.saturating_mul(minutes).saturating_add(minutes).min(MAX_MINUTE_BARS),
        ),
    };
    let read = request::stored(
        market.store.bars(symbol, stored, DateTime::UNIX_EPOCH, before, wanted).await,
    )?;
    let cut = read.len() >= wanted as usize;
    let mut bars = if stored == interval { read } else { aggregate(&read, interval) };
    // The first bar of a cut read may lack its first minutes.
    if cut && stored != interval && !bars.is_empty() {
        bars.remove(0);
    }
    let extra = bars.len().saturating_sub(limit as usize);
    bars.drain(..extra);
    Ok((bars, cut || extra > 0))
}
