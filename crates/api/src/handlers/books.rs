//! What is missing, what was rejected, and the log.

use chrono::NaiveDate;
use undertow_market::calendar::new_york_date;
use undertow_market::{Symbol, VendorId};
use undertow_store::slots::{SlotFilter, SlotKind};

use super::request;
use crate::app::{App, OpenMarket};
use crate::convert::{count, ms};
use crate::dto::{GapView, ListGaps, ListRows, LogRow, QuarantineRow};
use crate::error::ApiError;

/// Rows of one answer.
const LIMIT: std::ops::RangeInclusive<u32> = 1..=1_000;

pub(crate) async fn list_gaps(app: &App, request: ListGaps) -> Result<Vec<GapView>, ApiError> {
    let market = app.market()?;
    let symbol = request.symbol.as_deref().map(request::symbol).transpose()?;
    let from = new_york_date(request::instant("from_ms", request.from_ms)?);
    let to = new_york_date(request::instant("to_ms", request.to_ms)?);
    let mut views = Vec::new();
    for kind in [SlotKind::Prints, SlotKind::Bars] {
        let filter = filter(kind, symbol.clone(), from, to);
        let gaps = request::stored(market.store.gaps(&filter).await)?;
        views.extend(gaps.into_iter().map(|gap| GapView {
            symbol: gap.symbol.to_string(),
            series: kind.as_str().to_owned(),
            session_date: gap.session_date.to_string(),
            from_ms: ms(gap.from),
            to_ms: ms(gap.to),
            reason: gap.reason,
        }));
    }
    Ok(views)
}

/// How many stretches of a symbol's prints are missing.
pub(super) async fn count_gaps(
    market: &OpenMarket,
    symbol: &Symbol,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<u32, ApiError> {
    let filter = filter(SlotKind::Prints, Some(symbol.clone()), from, to);
    let gaps = request::stored(market.store.gaps(&filter).await)?;
    Ok(u32::try_from(gaps.len()).unwrap_or(u32::MAX))
}

fn filter(kind: SlotKind, symbol: Option<Symbol>, from: NaiveDate, to: NaiveDate) -> SlotFilter {
    SlotFilter { vendor: VendorId::UnusualWhales, kind, symbol, from, to }
}

pub(crate) async fn list_quarantine(
    app: &App,
    request: ListRows,
) -> Result<Vec<QuarantineRow>, ApiError> {
    let market = app.market()?;
    let limit = request::within("limit", request.limit, LIMIT)?;
    let rows = request::stored(market.store.quarantine_rows(limit).await)?;
    Ok(rows
        .into_iter()
        .map(|row| QuarantineRow {
            received_ms: ms(row.first_received_at),
            symbol: row.rejected.symbol,
            series: row.rejected.kind.as_str().to_owned(),
            reason: row.rejected.reason,
            raw: row.rejected.raw,
            seen: count(row.seen),
        })
        .collect())
}

pub(crate) async fn list_log(app: &App, request: ListRows) -> Result<Vec<LogRow>, ApiError> {
    let market = app.market()?;
    let limit = request::within("limit", request.limit, LIMIT)?;
    let entries = request::stored(market.store.log_entries(limit).await)?;
    Ok(entries
        .into_iter()
        .map(|entry| LogRow {
            at_ms: ms(entry.at),
            level: entry.level.as_str().to_owned(),
            area: entry.area,
            message: entry.message,
        })
        .collect())
}
