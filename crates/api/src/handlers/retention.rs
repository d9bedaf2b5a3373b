//! How long rows are kept.

use std::collections::HashMap;

use undertow_store::StoreError;

use super::request;
use crate::app::App;
use crate::convert::count;
use crate::dto::{Nothing, RetentionView, SetRetention};
use crate::error::{ApiError, ErrorCode};

/// As the database checks it.
const DAYS: std::ops::RangeInclusive<u32> = 7..=36_500;

pub(crate) async fn get_retention(app: &App, _: Nothing) -> Result<Vec<RetentionView>, ApiError> {
    let market = app.market()?;
    let kept = request::stored(market.store.retention().await)?;
    let sizes = request::stored(market.store.table_sizes().await)?;
    let sizes: HashMap<_, _> = sizes.into_iter().map(|size| (size.table.clone(), size)).collect();
    let view = |kept: undertow_store::retention::Retention| {
        let size = sizes.get(&kept.table);
        RetentionView {
            label: label(&kept.table),
            keep_days: kept.keep_days,
            bytes: size.map_or(0.0, |size| count(size.bytes)),
            rows: size.map_or(0.0, |size| count(size.estimated_rows)),
            table: kept.table,
        }
    };
    let mut views: Vec<RetentionView> = kept.into_iter().map(view).collect();
    views.sort_by(|left, right| {
        right.bytes.total_cmp(&left.bytes).then_with(|| left.table.cmp(&right.table))
    });
    Ok(views)
}

pub(crate) async fn set_retention(
    app: &App,
    request: SetRetention,
) -> Result<Vec<RetentionView>, ApiError> {
    let market = app.market()?;
    if let Some(days) = request.keep_days {
        request::within("keep_days", days, DAYS)?;
    }
    match market.store.set_retention(&request.table, request.keep_days).await {
        Err(StoreError::Missing(_)) => {
            return Err(ApiError::new(
                ErrorCode::InvalidInput,
                format!("table = \"{}\": its rows are kept for ever", request.table),
            ));
        }
        done => request::stored(done)?,
    }
    get_retention(app, Nothing {}).await
}

/// What a table holds, in the words of the screen.
fn label(table: &str) -> String {
    let known = match table {
        "darkpool_trades" => "Off-exchange prints",
        "bars" => "Bars",
        "options_flow" => "Option trades and alerts",
        "flow_by_strike" => "Flow by strike",
        "flow_by_expiry" => "Flow by expiry",
        "net_premium_ticks" => "Net premium by minute",
        "market_tide" => "Market tide",
        "volatility_days" => "Volatility by day",
        "term_structure" => "Term structure",
        "gamma_by_strike" => "Gamma by strike",
        "option_contracts" => "Contracts that expired",
        "price_volumes" => "Shares by price",
        "market_data" => "Days of stocks",
        "tape_minutes" => "Tape by minute",
        "tape_cells" => "Tape by price",
        "tape_apart" => "Tape kept out of levels",
        "tape_prints" => "Large prints of the tape",
        "tape_baselines" => "Baselines of activity",
        "chain_quotes" => "Option chains",
        "stock_positions" => "Stocks against their past",
        "market_metrics" => "Computed figures",
        "system_log" => "Log",
        "quarantine" => "Quarantine",
        _ => return table.replace('_', " "),
    };
    known.to_owned()
}
