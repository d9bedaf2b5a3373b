//! The stock-state answer: where a stock stands now.

use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use undertow_market::{MarketSession, Price, Symbol};

use super::super::wire::{WireState, read_data};
use super::{DecodeError, text_of};
use crate::field::FieldFault;
use crate::wire::Raw;

/// Where a stock stands at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockState {
    /// The ticker.
    pub symbol: Symbol,
    /// The part of the day that the figures belong to, where the vendor says.
    pub session: Option<MarketSession>,
    /// When the last trade reached the tape.
    pub reported_at: DateTime<Utc>,
    /// The last price, dollars.
    pub last: Price,
    /// First price of this part of the day, dollars.
    pub open: Option<Price>,
    /// Highest price of this part of the day, dollars.
    pub high: Option<Price>,
    /// Lowest price of this part of the day, dollars.
    pub low: Option<Price>,
    /// The last price of the previous trading day, dollars.
    pub previous_close: Option<Price>,
    /// Shares traded today, all parts of the day.
    pub day_volume: Option<i64>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// Reads a stock-state answer.
///
/// # Errors
/// The body is cut off, is not an object with an object `data`, or a field is not of its kind.
pub fn decode_stock_state(
    body: &[u8],
    symbol: &Symbol,
    received_at: DateTime<Utc>,
) -> Result<StockState, DecodeError> {
    let wire = read_data(text_of(body)?, PhantomData::<WireState<'_>>)?;
    parse(&wire, symbol, received_at).map_err(|fault| DecodeError::Unexpected(fault.to_string()))
}

fn parse(
    wire: &WireState<'_>,
    symbol: &Symbol,
    received_at: DateTime<Utc>,
) -> Result<StockState, FieldFault> {
    let price = |raw: Raw<'_>, name| raw.named(name).quoted_price();
    let (tape_time, close) = (wire.tape_time.named("tape_time"), wire.close.named("close"));
    // Checked though not kept: a wrong kind here means that the answer has changed.
    wire.volume.named("volume").shares()?;
    Ok(StockState {
        symbol: symbol.clone(),
        session: part_of_day(wire)?,
        reported_at: tape_time.required(tape_time.instant()?)?,
        last: close.required(close.price()?)?,
        open: price(wire.open, "open")?,
        high: price(wire.high, "high")?,
        low: price(wire.low, "low")?,
        previous_close: price(wire.prev_close, "prev_close")?,
        day_volume: wire.total_volume.named("total_volume").shares()?,
        received_at,
    })
}

fn part_of_day(wire: &WireState<'_>) -> Result<Option<MarketSession>, FieldFault> {
    let field = wire.market_time.named("market_time");
    match field.code()?.as_deref() {
        None => Ok(None),
        Some("premarket") => Ok(Some(MarketSession::Pre)),
        Some("regular") => Ok(Some(MarketSession::Regular)),
        Some("postmarket") => Ok(Some(MarketSession::Post)),
        Some(other) => Err(field.fault(format_args!("{other:.20} is no part of the day"))),
    }
}
