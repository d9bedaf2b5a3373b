//! The tape of option trades and alerts, and trades in groups.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use undertow_analysis::flow::{FlowGroup, Opening, Tenor, group, rule_in_words};
use undertow_market::{OptionContract, OptionTrade, Price, Side, SideState, TradeFlags};
use undertow_store::flow::{FlowFilter, FlowKind, FlowPlace, FlowRow, MAX_SESSION_TRADES};

use super::super::{prints, request};
use super::{Contracts, flag_labels, floor, kind, session_date};
use crate::app::App;
use crate::columns::Columns;
use crate::convert::{count, float, ms};
use crate::dto::{FlowCursor, FlowGroupsMeta, FlowTradesMeta, GetFlowGroups, GetFlowTrades};
use crate::error::ApiError;

/// Rows of one answer.
const LIMIT: std::ops::RangeInclusive<u32> = 1..=5_000;
/// Longest pause inside a group, seconds.
const WINDOW_S: std::ops::RangeInclusive<u32> = 1..=600;
const DEFAULT_WINDOW_S: u32 = 60;

pub(crate) async fn get_flow_trades(
    app: &App,
    request: GetFlowTrades,
) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let date = session_date(app, &market, request.session_date.as_deref())?;
    let filter = filter(&request, date)?;
    let newest = match request.order.as_deref() {
        None | Some("newest") => true,
        Some("largest") => false,
        Some(other) => {
            return Err(ApiError::invalid(format!("order = \"{other}\": use newest or largest")));
        }
    };
    let rows = match newest {
        true => request::stored(market.store.flow_rows(&filter).await)?,
        false => request::stored(market.store.largest_flow_rows(&filter).await)?,
    };
    let next = rows.last().filter(|_| newest && rows.len() == filter.limit as usize);
    let next = next.map(|row| cursor(row.place()));
    columns(app, &filter, date, &rows, next)
}

/// What a trade and an alert have in common on screen.
struct Row<'r> {
    id: uuid::Uuid,
    at: DateTime<Utc>,
    contract: &'r OptionContract,
    price: Option<Price>,
    size: i64,
    premium: Decimal,
    trade: Option<&'r OptionTrade>,
    underlying: Option<Price>,
    side_code: u8,
    flags: TradeFlags,
    implied_volatility: Option<f64>,
    open_interest: Option<i64>,
    day_volume: Option<i64>,
    trades: i64,
    rule: Option<&'r str>,
}

impl<'r> Row<'r> {
    fn of(row: &'r FlowRow) -> Self {
        match row {
            FlowRow::Trade(trade) => Self {
                id: trade.id,
                at: trade.executed_at,
                contract: &trade.contract,
                price: Some(trade.price),
                size: trade.size,
                premium: trade.premium(),
                trade: Some(trade),
                underlying: trade.underlying_price,
                side_code: trade.side_state().code(),
                flags: trade.flags,
                implied_volatility: trade.implied_volatility,
                open_interest: trade.open_interest,
                day_volume: trade.day_volume,
                trades: 1,
                rule: None,
            },
            FlowRow::Alert(alert) => Self {
                id: alert.id,
                at: alert.created_at,
                contract: &alert.contract,
                price: alert.price,
                size: alert.size,
                premium: alert.premium,
                trade: None,
                underlying: alert.underlying_price,
                side_code: side_code(alert.side()),
                flags: alert.flags,
                implied_volatility: alert.implied_volatility,
                open_interest: alert.open_interest,
                day_volume: alert.day_volume,
                trades: alert.trades,
                rule: alert.rule.as_deref(),
            },
        }
    }

    fn opening(&self) -> Opening {
        Opening::of(self.size, self.day_volume, self.open_interest)
    }
}

/// The code that stands for a side where the exact place in the quote is not known.
fn side_code(side: Side) -> u8 {
    let state = match side {
        Side::Buy => SideState::Ask,
        Side::Sell => SideState::Bid,
        Side::Unknown => SideState::Mid,
    };
    state.code()
}

fn opening_code(opening: Opening) -> f64 {
    match opening {
        Opening::Provable => 2.0,
        Opening::Probable => 1.0,
        Opening::Unknown => 0.0,
    }
}

/// Rows of a filter as they cross to the screen.
pub(super) fn columns(
    app: &App,
    filter: &FlowFilter,
    date: NaiveDate,
    rows: &[FlowRow],
    next: Option<FlowCursor>,
) -> Result<Columns, ApiError> {
    let rows: Vec<Row<'_>> = rows.iter().map(Row::of).collect();
    let mut contracts = Contracts::default();
    let places: Vec<f64> = rows.iter().map(|row| contracts.place(row.contract)).collect();
    let is_alerts = filter.rows == FlowKind::Alerts;
    let rules = rows.iter().filter(|_| is_alerts).map(|row| row.rule.unwrap_or("").to_owned());
    let meta = FlowTradesMeta {
        symbol: filter.symbol.to_string(),
        session_date: date.to_string(),
        contracts: contracts.views(date),
        ids: rows.iter().map(|row| row.id.to_string()).collect(),
        rules: rules.collect(),
        flags: flag_labels(),
        sides: prints::sides(),
        floor: floor(app),
        next,
    };
    let column = |value: &dyn Fn(&Row<'_>) -> Option<f64>| -> Vec<f64> {
        rows.iter().map(|row| value(row).unwrap_or(f64::NAN)).collect()
    };
    let dollars = |price: Option<Price>| price.map(|price| float(price.get()));
    let quote = |row: &Row<'_>| row.trade.and_then(|trade| trade.quote);
    Ok(Columns::new(rows.len(), &meta)?
        .with("at_ms", column(&|row| Some(ms(row.at))))
        .with("contract", places)
        .with("price", column(&|row| dollars(row.price)))
        .with("size", column(&|row| Some(count(row.size))))
        .with("premium", column(&|row| Some(float(row.premium))))
        .with("bid", column(&|row| dollars(quote(row).map(|quote| quote.bid))))
        .with("ask", column(&|row| dollars(quote(row).map(|quote| quote.ask))))
        .with("underlying", column(&|row| dollars(row.underlying)))
        .with("side", column(&|row| Some(f64::from(row.side_code))))
        .with("flags", column(&|row| Some(f64::from(row.flags.bits()))))
        .with("implied_volatility", column(&|row| row.implied_volatility))
        .with("delta", column(&|row| row.trade.and_then(|trade| trade.delta)))
        .with("open_interest", column(&|row| row.open_interest.map(count)))
        .with("day_volume", column(&|row| row.day_volume.map(count)))
        .with("opening", column(&|row| Some(opening_code(row.opening()))))
        .with("trades", column(&|row| Some(count(row.trades)))))
}

fn filter(request: &GetFlowTrades, date: NaiveDate) -> Result<FlowFilter, ApiError> {
    let symbol = request::symbol(&request.symbol)?;
    let rows = match request.rows.as_deref() {
        None | Some("trades") => FlowKind::Trades,
        Some("alerts") => FlowKind::Alerts,
        Some(other) => {
            return Err(ApiError::invalid(format!("rows = \"{other}\": use trades or alerts")));
        }
    };
    let whole = FlowFilter::of_session(symbol, rows, date);
    let instant = |name, ms: Option<f64>| ms.map(|ms| request::instant(name, ms)).transpose();
    Ok(FlowFilter {
        from: instant("from_ms", request.from_ms)?.unwrap_or(whole.from),
        to: instant("to_ms", request.to_ms)?.unwrap_or(whole.to),
        contract: request.contract.as_deref().map(contract).transpose()?,
        kind: request.kind.as_deref().map(kind).transpose()?,
        side: request.side.as_deref().map(prints::side).transpose()?,
        tenor: request.tenor.as_deref().map(tenor).transpose()?,
        expiry: request.expiry.as_deref().map(|text| request::date("expiry", text)).transpose()?,
        min_strike: request.min_strike.map(|value| dollars("min_strike", value)).transpose()?,
        max_strike: request.max_strike.map(|value| dollars("max_strike", value)).transpose()?,
        min_premium: request.min_premium.map(|value| dollars("min_premium", value)).transpose()?,
        min_size: request.min_size.map(size).transpose()?,
        flags_any: flags(request.with_flags)?,
        flags_none: flags(request.without_flags)?,
        opening: opening(request.opening.as_deref())?,
        before: request.after.as_ref().map(place).transpose()?,
        limit: request::within("limit", request.limit, LIMIT)?,
        ..whole
    })
}

pub(super) fn contract(text: &str) -> Result<OptionContract, ApiError> {
    text.parse().map_err(|error| ApiError::invalid(format!("contract: {error}")))
}

fn tenor(text: &str) -> Result<Tenor, ApiError> {
    let known = Tenor::ALL.into_iter().find(|tenor| tenor.as_str() == text);
    known.ok_or_else(|| {
        ApiError::invalid(format!("tenor = \"{text}\": use zero, week, month or longer"))
    })
}

fn dollars(name: &str, value: f64) -> Result<Decimal, ApiError> {
    Decimal::from_f64(value)
        .filter(|value| *value >= Decimal::ZERO)
        .ok_or_else(|| ApiError::invalid(format!("{name} = {value}: use dollars from 0")))
}

fn size(value: f64) -> Result<i64, ApiError> {
    const MOST: f64 = 1e9;
    if !(0.0..=MOST).contains(&value) {
        return Err(ApiError::invalid(format!("min_size = {value}: use contracts from 0")));
    }
    #[expect(clippy::cast_possible_truncation, reason = "held within bounds right above")]
    Ok(value.ceil() as i64)
}

fn flags(bits: Option<u32>) -> Result<TradeFlags, ApiError> {
    let bits = bits.unwrap_or(0);
    let known = u16::try_from(bits).ok().and_then(TradeFlags::from_bits);
    known.ok_or_else(|| ApiError::invalid(format!("{bits} is not a set of flags")))
}

fn opening(text: Option<&str>) -> Result<Opening, ApiError> {
    match text {
        None => Ok(Opening::Unknown),
        Some("provable") => Ok(Opening::Provable),
        Some("probable") => Ok(Opening::Probable),
        Some(text) => {
            Err(ApiError::invalid(format!("opening = \"{text}\": use provable or probable")))
        }
    }
}

fn cursor(place: FlowPlace) -> FlowCursor {
    FlowCursor { at_us: place.at.timestamp_micros().to_string(), id: place.id.to_string() }
}

fn place(cursor: &FlowCursor) -> Result<FlowPlace, ApiError> {
    let at = cursor.at_us.parse().ok().and_then(DateTime::from_timestamp_micros);
    match (at, cursor.id.parse()) {
        (Some(at), Ok(id)) => Ok(FlowPlace { at, id }),
        _ => Err(ApiError::invalid("after: this is not where a page ended")),
    }
}

pub(crate) async fn get_flow_groups(
    app: &App,
    request: GetFlowGroups,
) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let date = session_date(app, &market, request.session_date.as_deref())?;
    let limit = request::within("limit", request.limit, LIMIT)? as usize;
    let window_s =
        request::within("window_s", request.window_s.unwrap_or(DEFAULT_WINDOW_S), WINDOW_S)?;
    let window = TimeDelta::seconds(i64::from(window_s));
    let wanted = Wanted::of(&request, date)?;
    let largest = request.order.as_deref() == Some("largest");
    let trades =
        market.store.session_trades(&symbol, date, Decimal::ZERO, MAX_SESSION_TRADES).await;
    let trades = request::stored(trades)?;
    // Tens of thousands of trades take longer to group than a task should hold its thread.
    let groups = tokio::task::spawn_blocking(move || {
        let mut groups = group(&trades, window);
        groups.retain(|group| wanted.fits(group));
        match largest {
            true => groups.sort_by_key(|group| std::cmp::Reverse(group.premium)),
            false => groups.sort_by_key(|group| std::cmp::Reverse(group.last_at)),
        }
        groups
    });
    let mut groups = groups.await.map_err(ApiError::internal)?;
    let found = groups.len();
    groups.truncate(limit);
    let mut contracts = Contracts::default();
    let places: Vec<f64> = groups.iter().map(|group| contracts.place(&group.contract)).collect();
    let meta = FlowGroupsMeta {
        symbol: symbol.to_string(),
        session_date: date.to_string(),
        contracts: contracts.views(date),
        flags: flag_labels(),
        sides: prints::sides(),
        rule: rule_in_words(window),
        groups: count(found as u64),
    };
    group_columns(&groups, &meta, places)
}

fn group_columns(
    groups: &[FlowGroup],
    meta: &FlowGroupsMeta,
    places: Vec<f64>,
) -> Result<Columns, ApiError> {
    let column = |value: &dyn Fn(&FlowGroup) -> f64| groups.iter().map(value).collect::<Vec<_>>();
    Ok(Columns::new(groups.len(), meta)?
        .with("first_ms", column(&|group| ms(group.first_at)))
        .with("last_ms", column(&|group| ms(group.last_at)))
        .with("contract", places)
        .with("side", column(&|group| f64::from(side_code(group.side))))
        .with("trades", column(&|group| count(group.trades)))
        .with("size", column(&|group| count(group.size)))
        .with("premium", column(&|group| float(group.premium)))
        .with("average_price", column(&|group| group.average_price().map_or(f64::NAN, float)))
        .with("sweeps", column(&|group| count(group.sweeps)))
        .with("flags", column(&|group| f64::from(group.flags.bits())))
        .with("opening", column(&|group| opening_code(group.opening)))
        .with("kind", column(&|group| f64::from(group.kind.code()))))
}

/// Which groups are wanted.
struct Wanted {
    session_date: NaiveDate,
    min_premium: Decimal,
    kind: Option<undertow_market::OptionKind>,
    side: Option<Side>,
    tenor: Option<Tenor>,
    expiry: Option<NaiveDate>,
    min_strike: Option<Decimal>,
    max_strike: Option<Decimal>,
    min_size: i64,
    flags_any: TradeFlags,
    flags_none: TradeFlags,
    opening: Opening,
}

impl Wanted {
    fn of(request: &GetFlowGroups, session_date: NaiveDate) -> Result<Self, ApiError> {
        Ok(Self {
            session_date,
            min_premium: dollars("min_premium", request.min_premium.unwrap_or(0.0))?,
            kind: request.kind.as_deref().map(kind).transpose()?,
            side: request.side.as_deref().map(prints::side).transpose()?,
            tenor: request.tenor.as_deref().map(tenor).transpose()?,
            expiry: request
                .expiry
                .as_deref()
                .map(|text| request::date("expiry", text))
                .transpose()?,
            min_strike: request.min_strike.map(|value| dollars("min_strike", value)).transpose()?,
            max_strike: request.max_strike.map(|value| dollars("max_strike", value)).transpose()?,
            min_size: request.min_size.map(size).transpose()?.unwrap_or(0),
            flags_any: flags(request.with_flags)?,
            flags_none: flags(request.without_flags)?,
            opening: opening(request.opening.as_deref())?,
        })
    }

    fn fits(&self, group: &FlowGroup) -> bool {
        let days = group.contract.days_to_expiry(self.session_date);
        let strike = group.contract.strike.get();
        group.premium >= self.min_premium
            && group.size >= self.min_size
            && self.kind.is_none_or(|kind| group.contract.kind == kind)
            && self.side.is_none_or(|side| group.side == side)
            && self.tenor.is_none_or(|tenor| Tenor::of(days) == tenor)
            && self.expiry.is_none_or(|expiry| group.contract.expiry == expiry)
            && self.min_strike.is_none_or(|least| strike >= least)
            && self.max_strike.is_none_or(|most| strike <= most)
            && (self.flags_any.is_empty() || group.flags.intersects(self.flags_any))
            && !group.flags.intersects(self.flags_none)
            && opening_code(group.opening) >= opening_code(self.opening)
    }
}
