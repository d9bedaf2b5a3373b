//! Historical and implied volatility, session by session.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use undertow_analysis::volatility::Estimator;
use undertow_engine::consolidated::metric;
use undertow_market::{Symbol, new_york_date};

use crate::app::{App, OpenMarket};
use crate::dto::{EstimatorSeriesView, OneSymbol, VolatilityHistoryView};
use crate::error::ApiError;
use crate::handlers::request;

/// How far back is drawn: a year of sessions.
const REACH: TimeDelta = TimeDelta::days(366);

type Series = BTreeMap<NaiveDate, f64>;

pub(crate) async fn get_volatility_history(
    app: &App,
    request: OneSymbol,
) -> Result<VolatilityHistoryView, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let of = &app.options().settings.straddles;
    // A metric speaks of its session's close, which may be later than now.
    let to = market.clock.now() + TimeDelta::days(1);
    let implied = series(&market, &symbol, metric::IMPLIED, to).await?;
    let mut historical = Vec::with_capacity(Estimator::ALL.len());
    for estimator in Estimator::ALL {
        let name = metric::historical(estimator, of.sessions);
        historical.push((estimator, series(&market, &symbol, &name, to).await?));
    }
    let mut dates: Vec<NaiveDate> = implied.keys().copied().collect();
    dates.extend(historical.iter().flat_map(|(_, series)| series.keys()));
    dates.sort_unstable();
    dates.dedup();
    let values = |series: &Series| dates.iter().map(|date| series.get(date).copied()).collect();
    Ok(VolatilityHistoryView {
        symbol: symbol.to_string(),
        length: of.sessions,
        estimator: of.estimator.as_str().to_owned(),
        implied: values(&implied),
        historical: historical
            .iter()
            .map(|(estimator, series)| EstimatorSeriesView {
                estimator: estimator.as_str().to_owned(),
                values: values(series),
            })
            .collect(),
        dates: dates.iter().map(ToString::to_string).collect(),
    })
}

/// A metric by session; of two in a session the later.
async fn series(
    market: &OpenMarket,
    symbol: &Symbol,
    name: &str,
    to: DateTime<Utc>,
) -> Result<Series, ApiError> {
    let rows = request::stored(market.store.metrics(symbol, name, to - REACH, to).await)?;
    Ok(rows.into_iter().map(|row| (new_york_date(row.at), row.value)).collect())
}
