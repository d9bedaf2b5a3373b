//! Splits, dividends, conditions, venues and the coming days of the exchanges.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use undertow_market::number::MAX_SCALE;
use undertow_market::{CalendarNotice, Dividend, Split, Symbol};

use super::super::conditions::SaleCondition;
use super::super::wire::{
    WireCondition, WireDividend, WireNotice, WireRules, WireSplit, WireUpdates, WireVenue,
};
use super::{Body, Part, inner};
use crate::decode::DecodeError;
use crate::field::{Field, FieldFault};

/// A place where trades are made or reported. The number is no key: four facilities have 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Venue {
    /// The number that trades carry.
    pub id: u16,
    /// The vendor's name.
    pub name: Box<str>,
    /// The market identifier code, where there is one.
    pub mic: Option<Box<str>>,
}

/// Reads an answer with splits. With a `symbol`, a row of any other ticker is refused.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_splits(
    body: &[u8],
    symbol: Option<&Symbol>,
    received_at: DateTime<Utc>,
) -> Result<Part<Split>, DecodeError> {
    splits(&Body::open(body)?, symbol, received_at)
}

pub(in super::super) fn splits(
    body: &Body<'_>,
    symbol: Option<&Symbol>,
    received_at: DateTime<Utc>,
) -> Result<Part<Split>, DecodeError> {
    body.decoded(|wire: &WireSplit<'_>| {
        let date = wire.execution_date.named("execution_date");
        Ok(Some(Split {
            symbol: ticker(wire.ticker.named("ticker"), symbol)?,
            execution_date: date.required(date.date()?)?,
            from: shares(wire.split_from.named("split_from"))?,
            to: shares(wire.split_to.named("split_to"))?,
            received_at,
        }))
    })
}

/// Reads an answer with cash dividends. With a `symbol`, a row of any other ticker is refused.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_dividends(
    body: &[u8],
    symbol: Option<&Symbol>,
    received_at: DateTime<Utc>,
) -> Result<Part<Dividend>, DecodeError> {
    dividends(&Body::open(body)?, symbol, received_at)
}

pub(in super::super) fn dividends(
    body: &Body<'_>,
    symbol: Option<&Symbol>,
    received_at: DateTime<Utc>,
) -> Result<Part<Dividend>, DecodeError> {
    /// Older answers name no currency, because they knew one only.
    const DOLLARS: &str = "USD";
    body.decoded(|wire: &WireDividend<'_>| {
        let date = wire.ex_dividend_date.named("ex_dividend_date");
        let cash = wire.cash_amount.named("cash_amount");
        let currency = wire.currency.named("currency").code()?;
        Ok(Some(Dividend {
            symbol: ticker(wire.ticker.named("ticker"), symbol)?,
            ex_date: date.required(date.date()?)?,
            cash: cash.required(cash.rounded_shares()?)?,
            currency: currency.map_or(DOLLARS.into(), |text| text.to_ascii_uppercase().into()),
            received_at,
        }))
    })
}

/// Reads an answer with conditions. Those of quotes are left out: they have the same numbers.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_conditions(body: &[u8]) -> Result<Part<SaleCondition>, DecodeError> {
    conditions(&Body::open(body)?)
}

pub(in super::super) fn conditions(body: &Body<'_>) -> Result<Part<SaleCondition>, DecodeError> {
    body.decoded(|wire: &WireCondition<'_>| {
        let kinds = wire.data_types.named("data_types").texts()?;
        if !kinds.iter().any(|kind| kind == "trade") {
            return Ok(None);
        }
        let (id, name) = (wire.id.named("id"), wire.name.named("name"));
        let rules: WireRules<'_> = inner(wire.update_rules, "update_rules")?;
        let rules: WireUpdates<'_> = inner(rules.consolidated, "consolidated")?;
        Ok(Some(SaleCondition {
            id: id.required(id.code_number()?)?,
            name: name.required(name.code()?)?.into(),
            updates_volume: rules.updates_volume.named("updates_volume").boolean()?,
            updates_high_low: rules.updates_high_low.named("updates_high_low").boolean()?,
            updates_open_close: rules.updates_open_close.named("updates_open_close").boolean()?,
        }))
    })
}

/// Reads an answer with venues. One without a number makes no trades and is left out.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_venues(body: &[u8]) -> Result<Part<Venue>, DecodeError> {
    venues(&Body::open(body)?)
}

pub(in super::super) fn venues(body: &Body<'_>) -> Result<Part<Venue>, DecodeError> {
    body.decoded(|wire: &WireVenue<'_>| {
        let name = wire.name.named("name");
        let Some(id) = wire.id.named("id").code_number()? else {
            return Ok(None);
        };
        let name = name.required(name.code()?)?.into();
        Ok(Some(Venue { id, name, mic: wire.mic.named("mic").code()?.map(Into::into) }))
    })
}

/// Reads the answer with the coming days that are no ordinary ones: a bare list.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_upcoming(body: &[u8]) -> Result<Part<CalendarNotice>, DecodeError> {
    upcoming(&Body::open(body)?)
}

pub(in super::super) fn upcoming(body: &Body<'_>) -> Result<Part<CalendarNotice>, DecodeError> {
    body.decoded(|wire: &WireNotice<'_>| {
        let (date, exchange) = (wire.date.named("date"), wire.exchange.named("exchange"));
        let (name, close) = (wire.name.named("name"), wire.close.named("close"));
        let status = wire.status.named("status");
        let close_at = match status.text()?.as_deref() {
            Some("closed") => None,
            Some("early-close") => Some(close.required(close.instant()?)?),
            _ => return Err(status.fault("is neither closed nor early-close")),
        };
        Ok(Some(CalendarNotice {
            date: date.required(date.date()?)?,
            exchange: exchange.required(exchange.code()?)?.into(),
            name: name.required(name.code()?)?.into(),
            close_at,
        }))
    })
}

fn ticker(field: Field<'_>, asked: Option<&Symbol>) -> Result<Symbol, FieldFault> {
    let text = field.required(field.text()?)?;
    match asked {
        Some(symbol) if symbol.as_str() == text => Ok(symbol.clone()),
        Some(symbol) => Err(field.fault(format_args!("{text:.20} came, {symbol} was asked for"))),
        None => Symbol::new(&text).map_err(|error| field.fault(error)),
    }
}

/// One side of a split.
fn shares(field: Field<'_>) -> Result<Decimal, FieldFault> {
    let count = field.required(field.rounded_decimal()?)?.round_dp(MAX_SCALE);
    if count <= Decimal::ZERO {
        return Err(field.fault("is not above zero"));
    }
    Ok(count)
}
