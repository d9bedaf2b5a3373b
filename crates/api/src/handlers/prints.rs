//! Prints: pages for the tape, the largest ones for bubbles, one print whole.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use undertow_analysis::blocks::{BLOCK_SESSIONS, BlockThresholds};
use undertow_market::calendar::minute_of_day;
use undertow_market::{MarketSession, NoSide, Print, PrintKey, Reasons, Side, SideState, Symbol};
use undertow_store::prints::{Place, PrintFilter};

use super::request;
use crate::app::{App, OpenMarket};
use crate::columns::Columns;
use crate::convert::{count, float, halves, ms};
use crate::dto::{
    CodeLabel, GetPrint, GetPrints, PrintDetail, PrintField, PrintsCursor, PrintsMeta,
};
use crate::error::{ApiError, ErrorCode};

/// Prints of one answer.
const LIMIT: std::ops::RangeInclusive<u32> = 1..=5_000;
/// How long block thresholds are kept, and of how many symbols.
const KEEP_BLOCKS: Duration = Duration::from_secs(60);
const MAX_BLOCKS: usize = 200;

pub(crate) async fn get_prints(app: &App, request: GetPrints) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let filter = filter(&market, &request)?;
    let prints = match request.order.as_deref() {
        None | Some("newest") => request::stored(market.store.prints(&filter).await)?,
        Some("largest") => request::stored(market.store.largest_prints(&filter).await)?,
        Some(other) => {
            return Err(ApiError::invalid(format!("order = \"{other}\": use newest or largest")));
        }
    };
    let pages = request.order.as_deref() != Some("largest");
    let next = prints.last().filter(|_| pages && prints.len() == filter.limit as usize);
    let meta = PrintsMeta {
        symbol: filter.symbol.to_string(),
        next: next.map(|print| PrintsCursor {
            reported_us: print.reported_at.timestamp_micros().to_string(),
            identity: print.identity().to_string(),
        }),
        sides: sides(),
    };
    let blocks = block_thresholds(app, &market, &filter.symbol).await?;
    columns(&prints, &meta, &blocks)
}

fn columns(
    prints: &[Print],
    meta: &PrintsMeta,
    blocks: &BlockThresholds,
) -> Result<Columns, ApiError> {
    let column = |value: &dyn Fn(&Print) -> f64| prints.iter().map(value).collect::<Vec<_>>();
    let bid = |print: &Print| print.quote.map_or(f64::NAN, |quote| float(quote.bid.get()));
    let ask = |print: &Print| print.quote.map_or(f64::NAN, |quote| float(quote.ask.get()));
    let block = |print: &Print| match blocks.at(minute_of_day(print.executed_at)) {
        None => f64::NAN,
        Some(threshold) => f64::from(u8::from(print.size >= threshold.shares)),
    };
    Ok(Columns::new(prints.len(), meta)?
        .with("reported_ms", column(&|print| ms(print.reported_at)))
        .with("executed_ms", column(&|print| ms(print.executed_at)))
        .with("price", column(&|print| float(print.price.get())))
        .with("size", column(&|print| float(print.size.get())))
        .with("notional", column(&|print| float(print.notional())))
        .with("bid", column(&bid))
        .with("ask", column(&ask))
        .with("day_volume", column(&|print| print.day_volume.map_or(f64::NAN, count)))
        .with("side", column(&|print| f64::from(print.side_state().code())))
        .with("reasons", column(&|print| f64::from(print.reasons.bits())))
        .with("session", column(&|print| f64::from(print.session.code())))
        .with("eligible", column(&|print| f64::from(u8::from(print.is_level_eligible()))))
        .with("block", column(&block))
        .with("identity_high", column(&|print| halves(print.identity()).0))
        .with("identity_low", column(&|print| halves(print.identity()).1)))
}

fn filter(market: &OpenMarket, request: &GetPrints) -> Result<PrintFilter, ApiError> {
    let symbol = request::symbol(&request.symbol)?;
    let from = match request.from_ms {
        Some(ms) => request::instant("from_ms", ms)?,
        None => request::instant("from_ms", 631_152_000_000.0)?,
    };
    let to = match request.to_ms {
        Some(ms) => request::instant("to_ms", ms)?,
        None => market.clock.now() + chrono::TimeDelta::days(1),
    };
    Ok(PrintFilter {
        limit: request::within("limit", request.limit, LIMIT)?,
        min_notional: request.min_notional.map(dollars).transpose()?,
        side: request.side.as_deref().map(side).transpose()?,
        reasons_any: reasons(request.with_reasons)?,
        reasons_none: reasons(request.without_reasons)?,
        sessions: request.session.as_deref().map(session).transpose()?.into_iter().collect(),
        before: request.after.as_ref().map(place).transpose()?,
        ..PrintFilter::new(symbol, from, to)
    })
}

fn dollars(value: f64) -> Result<Decimal, ApiError> {
    Decimal::from_f64(value)
        .filter(|value| *value >= Decimal::ZERO)
        .ok_or_else(|| ApiError::invalid(format!("min_notional = {value}: use dollars from 0")))
}

fn reasons(bits: Option<u32>) -> Result<Reasons, ApiError> {
    let bits = bits.unwrap_or(0);
    u16::try_from(bits)
        .ok()
        .and_then(Reasons::from_bits)
        .ok_or_else(|| ApiError::invalid(format!("{bits} is not a set of reasons")))
}

pub(super) fn side(text: &str) -> Result<Side, ApiError> {
    match text {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        "unknown" => Ok(Side::Unknown),
        _ => Err(ApiError::invalid(format!("side = \"{text}\": use buy, sell or unknown"))),
    }
}

fn session(text: &str) -> Result<MarketSession, ApiError> {
    match text {
        "pre" => Ok(MarketSession::Pre),
        "regular" => Ok(MarketSession::Regular),
        "post" => Ok(MarketSession::Post),
        _ => Err(ApiError::invalid(format!("session = \"{text}\": use pre, regular or post"))),
    }
}

fn place(cursor: &PrintsCursor) -> Result<Place, ApiError> {
    let at = cursor.reported_us.parse().ok().and_then(chrono::DateTime::from_timestamp_micros);
    match (at, cursor.identity.parse()) {
        (Some(reported_at), Ok(identity)) => Ok(Place { reported_at, identity }),
        _ => Err(ApiError::invalid("after: this is not where a page ended")),
    }
}

/// The block thresholds of the twenty sessions before the current one.
async fn block_thresholds(
    app: &App,
    market: &OpenMarket,
    symbol: &Symbol,
) -> Result<BlockThresholds, ApiError> {
    let calendar = app.calendar();
    let now = market.clock.now();
    let latest = calendar.latest_session(now).and_then(|date| calendar.previous_session(date));
    let Some(to) = latest else { return Ok(BlockThresholds::measure([])) };
    let from = calendar.sessions_ending(to, BLOCK_SESSIONS).first().copied().unwrap_or(to);
    let key = (symbol.clone(), to);
    if let Some(known) = market.blocks.get(&key) {
        return Ok(known);
    }
    let thresholds = request::stored(market.store.block_thresholds(symbol, from, to).await)?;
    market.blocks.keep(key, thresholds.clone());
    Ok(thresholds)
}

/// Block thresholds of a symbol up to a session, kept for a while: history may still be coming.
#[derive(Default)]
pub(crate) struct Blocks(Mutex<HashMap<BlockKey, (Instant, BlockThresholds)>>);

type BlockKey = (Symbol, NaiveDate);

impl Blocks {
    fn get(&self, key: &BlockKey) -> Option<BlockThresholds> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, thresholds) = kept.get(key)?;
        (at.elapsed() < KEEP_BLOCKS).then(|| thresholds.clone())
    }

    fn keep(&self, key: BlockKey, thresholds: BlockThresholds) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_BLOCKS {
            kept.clear();
        }
        kept.insert(key, (Instant::now(), thresholds));
    }
}

pub(super) fn sides() -> Vec<CodeLabel> {
    let label = |state: SideState, label: &str| CodeLabel {
        code: u32::from(state.code()),
        label: label.to_owned(),
        side: match state.side() {
            Side::Buy => "buy",
            Side::Sell => "sell",
            Side::Unknown => "unknown",
        }
        .to_owned(),
    };
    vec![
        label(SideState::AboveAsk, "Above ask"),
        label(SideState::Ask, "At ask"),
        label(SideState::NearAsk, "Near ask"),
        label(SideState::Mid, "Mid"),
        label(SideState::NearBid, "Near bid"),
        label(SideState::Bid, "At bid"),
        label(SideState::BelowBid, "Below bid"),
        label(SideState::None(NoSide::NoQuote), "No quote"),
        label(SideState::None(NoSide::Locked), "Locked quote"),
        label(SideState::None(NoSide::Crossed), "Crossed quote"),
        label(SideState::None(NoSide::Late), "Late report: the quote is of another moment"),
        label(SideState::None(NoSide::Distorted), "Not a price of that moment"),
    ]
}

pub(crate) async fn get_print(app: &App, request: GetPrint) -> Result<PrintDetail, ApiError> {
    let market = app.market()?;
    let key = PrintKey {
        symbol: request::symbol(&request.symbol)?,
        reported_at: request::instant("reported_ms", request.reported_ms)?,
        identity: request
            .identity
            .parse()
            .map_err(|_| ApiError::invalid("identity: this is not a print's identity"))?,
    };
    match request::stored(market.store.print_by_key(&key).await)? {
        Some(print) => Ok(detail(&print)),
        None => Err(ApiError::new(ErrorCode::NotFound, "There is no such print any more.")),
    }
}

fn detail(print: &Print) -> PrintDetail {
    let text = |value: &Option<Box<str>>| value.as_deref().map(str::to_owned);
    let fields = [
        ("vendor", Some(print.vendor.title().to_owned())),
        ("symbol", Some(print.symbol.to_string())),
        ("session_date", Some(print.session_date.to_string())),
        ("session", Some(print.session.as_str().to_owned())),
        ("executed_at", Some(print.executed_at.to_rfc3339())),
        ("reported_at", Some(print.reported_at.to_rfc3339())),
        ("received_at", Some(print.received_at.to_rfc3339())),
        ("tracking_id", Some(print.tracking_id.to_string())),
        ("price", Some(print.price.to_string())),
        ("size", Some(print.size.to_string())),
        ("notional", Some(print.notional().normalize().to_string())),
        ("day_volume", print.day_volume.map(|volume| volume.to_string())),
        ("bid", print.quote.map(|quote| quote.bid.to_string())),
        ("ask", print.quote.map(|quote| quote.ask.to_string())),
        ("market_center", text(&print.market_center)),
        ("sale_condition", text(&print.sale_condition)),
        ("trade_code", text(&print.trade_code)),
        ("extended_hours_code", text(&print.extended_hours_code)),
        ("settlement", text(&print.settlement)),
        ("canceled", Some(if print.is_canceled() { "yes" } else { "no" }.to_owned())),
        ("level_eligible", Some(if print.is_level_eligible() { "yes" } else { "no" }.to_owned())),
        ("identity", Some(print.identity().to_string())),
    ];
    let fields =
        fields.into_iter().map(|(name, value)| PrintField { name: name.to_owned(), value });
    PrintDetail {
        fields: fields.collect(),
        reasons: print.reasons.codes().map(str::to_owned).collect(),
    }
}
