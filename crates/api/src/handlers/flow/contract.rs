//! One option contract: its quote, the volatilities of its expiry, and its own trades.

use chrono::{DateTime, NaiveDate, Utc};
use undertow_analysis::smile::{self, Implied};
use undertow_market::{Calendar, ContractState, Price};
use undertow_store::flow::{FlowFilter, FlowKind, FlowRow};
use undertow_vendor::unusual_whales::ContractFlowQuery;

use super::super::{app::engine_error, request};
use super::{contract_view, session_date, tape};
use crate::app::App;
use crate::columns::Columns;
use crate::convert::{count, float, ms};
use crate::dto::{ContractDetail, GetContract, ListedView, SmileView};
use crate::error::ApiError;

/// Trades of a contract that are asked for; few contracts have as many in a day.
const MAX_TRADES: u16 = 5_000;
const SECONDS_A_YEAR: f64 = 365.0 * 24.0 * 60.0 * 60.0;

pub(crate) async fn get_contract(
    app: &App,
    request: GetContract,
) -> Result<ContractDetail, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let contract = tape::contract(&request.contract)?;
    let date = session_date(app, &market, request.session_date.as_deref())?;
    let listed = request::stored(market.store.contracts(&symbol).await)?;
    let expiry: Vec<ContractState> =
        listed.into_iter().filter(|one| one.contract.expiry == contract.expiry).collect();
    let forward = smile::forward(&expiry);
    let newest = expiry.iter().map(|one| one.received_at).max();
    let years = newest.map_or(0.0, |at| years_to(app.calendar(), contract.expiry, at));
    let points = smile::smile(&expiry, forward, years);
    let state = expiry.iter().find(|one| one.contract == contract);
    Ok(ContractDetail {
        symbol: symbol.to_string(),
        session_date: date.to_string(),
        contract: contract_view(&contract, date),
        listed: state.map(|state| listed_view(state, smile::implied(state, forward, years))),
        smile: points.into_iter().map(smile_view).collect(),
        forward,
    })
}

/// Years from an instant to the close of an expiry's day; zero or less when it is over.
pub(in crate::handlers) fn years_to(
    calendar: &Calendar,
    expiry: NaiveDate,
    at: DateTime<Utc>,
) -> f64 {
    // A day without trading ends no option; the vendor's lists have a few all the same.
    let last = calendar
        .session(expiry)
        .or_else(|| calendar.previous_session(expiry).and_then(|before| calendar.session(before)));
    last.map_or(0.0, |hours| (hours.close_at - at).as_seconds_f64() / SECONDS_A_YEAR)
}

fn listed_view(state: &ContractState, implied: Option<Implied>) -> ListedView {
    let dollars = |price: Option<Price>| price.map(|price| float(price.get()));
    ListedView {
        received_ms: ms(state.received_at),
        session_date: state.session_date.to_string(),
        bid: dollars(state.bid),
        ask: dollars(state.ask),
        last_price: dollars(state.last_price),
        volume: count(state.volume),
        open_interest: count(state.open_interest),
        previous_open_interest: state.previous_open_interest.map(count),
        implied_volatility: implied.map(|implied| implied.value),
        implied_from: implied.map(|implied| implied.source.as_str().to_owned()),
        delta: state.delta,
        gamma: state.gamma,
    }
}

fn smile_view((strike, implied): (f64, Implied)) -> SmileView {
    SmileView { strike, implied: implied.value, from: implied.source.as_str().to_owned() }
}

pub(crate) async fn get_contract_trades(
    app: &App,
    request: GetContract,
) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let contract = tape::contract(&request.contract)?;
    let date = session_date(app, &market, request.session_date.as_deref())?;
    let query = ContractFlowQuery {
        session_date: Some(date),
        limit: Some(MAX_TRADES),
        ..ContractFlowQuery::new(contract)
    };
    let page = market.engine.contract_trades(&query).await.map_err(engine_error)?;
    let rows: Vec<FlowRow> = page.rows.into_iter().map(FlowRow::Trade).collect();
    let filter = FlowFilter::of_session(symbol, FlowKind::Trades, date);
    tape::columns(app, &filter, date, &rows, None)
}
