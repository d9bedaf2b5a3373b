//! Running series as a vendor delivers them.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use undertow_market::TideScope;

use super::super::request;
use crate::app::App;
use crate::columns::Columns;
use crate::convert::{count, float, ms};
use crate::dto::{GetNetPremium, GetTide, RunningMeta};
use crate::error::ApiError;

pub(crate) async fn get_net_premium(
    app: &App,
    request: GetNetPremium,
) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let from = request::instant("from_ms", request.from_ms)?;
    let to = request::instant("to_ms", request.to_ms)?;
    let ticks = request::stored(market.store.net_premium(&symbol, from, to).await)?;
    let (mut calls, mut puts, mut deltas) = (Vec::new(), Vec::new(), Vec::new());
    let mut sums = Running::default();
    for tick in &ticks {
        sums.begin(tick.session_date);
        sums.calls += tick.net_call_premium;
        sums.puts += tick.net_put_premium;
        sums.delta = sums.delta.zip(tick.net_delta).map(|(sum, delta)| sum + delta);
        calls.push(float(sums.calls));
        puts.push(float(sums.puts));
        deltas.push(sums.delta.map_or(f64::NAN, float));
    }
    let meta = RunningMeta {
        of: format!("options on {symbol}"),
        newest_ms: ticks.last().map(|tick| ms(tick.at)),
    };
    Ok(Columns::new(ticks.len(), &meta)?
        .with("at_ms", ticks.iter().map(|tick| ms(tick.at)))
        .with("net_call", calls)
        .with("net_put", puts)
        .with("net_delta", deltas))
}

/// Sums that begin anew with each session. A minute without a delta leaves the rest without one.
#[derive(Default)]
struct Running {
    session_date: Option<NaiveDate>,
    calls: Decimal,
    puts: Decimal,
    delta: Option<Decimal>,
}

impl Running {
    fn begin(&mut self, session_date: NaiveDate) {
        if self.session_date != Some(session_date) {
            let (session_date, delta) = (Some(session_date), Some(Decimal::ZERO));
            *self = Self { session_date, delta, ..Self::default() };
        }
    }
}

pub(crate) async fn get_tide(app: &App, request: GetTide) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let scope = match request.holdings_of.as_deref() {
        None => TideScope::Market,
        Some(text) => TideScope::Holdings(request::symbol(text)?),
    };
    let from = request::instant("from_ms", request.from_ms)?;
    let to = request::instant("to_ms", request.to_ms)?;
    let points = request::stored(market.store.tide(&scope, from, to).await)?;
    let of = match &scope {
        TideScope::Market => "the whole options market".to_owned(),
        TideScope::Holdings(fund) => format!("options on the holdings of {fund}"),
    };
    let meta = RunningMeta { of, newest_ms: points.last().map(|point| ms(point.at)) };
    Ok(Columns::new(points.len(), &meta)?
        .with("at_ms", points.iter().map(|point| ms(point.at)))
        .with("net_call", points.iter().map(|point| float(point.net_call_premium)))
        .with("net_put", points.iter().map(|point| float(point.net_put_premium)))
        .with("net_volume", points.iter().map(|point| point.net_volume.map_or(f64::NAN, count))))
}
