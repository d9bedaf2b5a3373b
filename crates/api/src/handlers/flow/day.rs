//! Sums over one session's stored trades, and the vendor's own sums by strike.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use undertow_analysis::coverage::Sides;
use undertow_analysis::flow::{FlowSentiment, by_tenor, heat, lines};
use undertow_analysis::gamma;
use undertow_market::{FlowBucket, FlowSnapshot};

use super::super::request;
use super::{floor, put_sign, session_date, spot, until};
use crate::app::App;
use crate::columns::Columns;
use crate::convert::{count, float, ms};
use crate::dto::{
    FlowHeatMeta, FlowLinesMeta, FlowStrikesMeta, FlowSummary, GetFlowDay, GetFlowLines,
    PremiumView, TenorView,
};
use crate::error::ApiError;

pub(crate) async fn get_flow_summary(
    app: &App,
    request: GetFlowDay,
) -> Result<FlowSummary, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let date = session_date(app, &market, request.session_date.as_deref())?;
    let cells = request::stored(market.store.flow_cells(&symbol, date).await)?;
    let sums = FlowSentiment::of(&cells, put_sign(app, &symbol));
    let tenors = by_tenor(&cells, date).map(|tenor| TenorView {
        tenor: tenor.tenor.as_str().to_owned(),
        calls: premium(&tenor.calls),
        puts: premium(&tenor.puts),
    });
    Ok(FlowSummary {
        symbol: symbol.to_string(),
        session_date: date.to_string(),
        trades: count(sums.trades),
        calls: premium(&sums.calls),
        puts: premium(&sums.puts),
        bullish: float(sums.bullish()),
        bearish: float(sums.bearish()),
        sentiment: sums.sentiment(),
        coverage: sums.coverage(),
        excluded_share: sums.excluded_share(),
        delta_notional: sums.delta_notional,
        delta_missing_share: sums.delta_missing_share(),
        opening_provable: sums.opening_provable_share(),
        opening_probable: sums.opening_probable_share(),
        tenors: tenors.to_vec(),
        floor: floor(app),
        put_sign: sums.put_sign.as_str().to_owned(),
    })
}

fn premium(sides: &Sides) -> PremiumView {
    PremiumView { ask: float(sides.buy), bid: float(sides.sell), unknown: float(sides.unknown) }
}

pub(crate) async fn get_flow_lines(app: &App, request: GetFlowLines) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let date = session_date(app, &market, request.session_date.as_deref())?;
    let minutes = request::stored(market.store.flow_minutes(&symbol, date).await)?;
    let points = lines(&minutes);
    let meta = FlowLinesMeta { symbol: symbol.to_string(), session_date: date.to_string() };
    let net = |tenor: usize, calls: bool| -> Vec<f64> {
        let value = |of: &undertow_analysis::flow::NetPremium| {
            if calls { of.calls } else { of.puts }
        };
        points.iter().map(|point| float(value(&point.net[tenor]))).collect()
    };
    Ok(Columns::new(points.len(), &meta)?
        .with("at_ms", points.iter().map(|point| ms(point.at)))
        .with("call_zero", net(0, true))
        .with("put_zero", net(0, false))
        .with("call_week", net(1, true))
        .with("put_week", net(1, false))
        .with("call_month", net(2, true))
        .with("put_month", net(2, false))
        .with("call_longer", net(3, true))
        .with("put_longer", net(3, false))
        .with("delta_notional", points.iter().map(|point| point.delta_notional)))
}

pub(crate) async fn get_flow_heat(app: &App, request: GetFlowDay) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let date = session_date(app, &market, request.session_date.as_deref())?;
    let cells = heat(&request::stored(market.store.flow_cells(&symbol, date).await)?);
    let mut expiries: Vec<_> = cells.iter().map(|cell| cell.expiry).collect();
    expiries.sort_unstable();
    expiries.dedup();
    let spot = spot(&market, &symbol, until(app, &market, date)).await?;
    let meta = FlowHeatMeta {
        symbol: symbol.to_string(),
        session_date: date.to_string(),
        expiries: expiries.iter().map(ToString::to_string).collect(),
        spot: spot.map(|spot| float(spot.get())),
    };
    let place = |date| expiries.binary_search(&date).map_or(f64::NAN, |place| count(place as u64));
    Ok(Columns::new(cells.len(), &meta)?
        .with("expiry", cells.iter().map(|cell| place(cell.expiry)))
        .with("strike", cells.iter().map(|cell| float(cell.strike.get())))
        .with("call_net", cells.iter().map(|cell| float(cell.call_net)))
        .with("put_net", cells.iter().map(|cell| float(cell.put_net)))
        .with("premium", cells.iter().map(|cell| float(cell.premium))))
}

/// What is known of one strike.
#[derive(Default)]
struct Strike {
    sums: Option<FlowSnapshot>,
    gamma: Option<(f64, f64)>,
}

pub(crate) async fn get_flow_strikes(app: &App, request: GetFlowDay) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let date = session_date(app, &market, request.session_date.as_deref())?;
    let snapshots = request::stored(market.store.strike_snapshots(&symbol, date).await)?;
    let gammas = request::stored(market.store.gamma_strikes(&symbol, date).await)?;
    let spot = spot(&market, &symbol, until(app, &market, date)).await?;
    let meta = FlowStrikesMeta {
        symbol: symbol.to_string(),
        session_date: date.to_string(),
        spot: spot.map(|spot| float(spot.get())),
        premium_ms: snapshots.iter().map(|row| row.received_at).max().map(ms),
        gamma_ms: gammas.iter().map(|row| row.received_at).max().map(ms),
    };
    let mut strikes = BTreeMap::<Decimal, Strike>::new();
    for snapshot in snapshots {
        if let FlowBucket::Strike(strike) = snapshot.bucket {
            strikes.entry(strike.get()).or_default().sums = Some(snapshot);
        }
    }
    // Without the share's price there is no exposure in dollars.
    for row in spot.map(|spot| gamma::from_vendor(&gammas, spot)).unwrap_or_default() {
        strikes.entry(row.strike.get()).or_default().gamma = Some((row.calls, row.puts));
    }
    let column = |value: &dyn Fn(&Strike) -> Option<f64>| -> Vec<f64> {
        strikes.values().map(|strike| value(strike).unwrap_or(f64::NAN)).collect()
    };
    let sums = |value: fn(&FlowSnapshot) -> Decimal| {
        column(&move |strike| strike.sums.as_ref().map(value).map(float))
    };
    Ok(Columns::new(strikes.len(), &meta)?
        .with("strike", strikes.keys().map(|strike| float(*strike)))
        .with("call_ask", sums(|row| row.calls.ask_premium))
        .with("call_bid", sums(|row| row.calls.bid_premium))
        .with("put_ask", sums(|row| row.puts.ask_premium))
        .with("put_bid", sums(|row| row.puts.bid_premium))
        .with("call_gamma", column(&|strike| strike.gamma.map(|(calls, _)| calls)))
        .with("put_gamma", column(&|strike| strike.gamma.map(|(_, puts)| puts))))
}
