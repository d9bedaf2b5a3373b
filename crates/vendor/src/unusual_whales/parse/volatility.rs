//! Rows of the volatility endpoints. Volatilities are fractions, the vendor's rank is of 100.

use undertow_market::{TermPoint, VolatilityDay};

use super::super::wire::{WireTerm, WireVolatility};
use super::{Asked, DecodeError, Decoded, Form};
use crate::field::{Field, FieldFault};

/// Reads days with implied volatility and the vendor's rank, oldest first. A day with neither is
/// a reject, and so is a rank above 100.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_iv_rank(
    body: &[u8],
    asked: &Asked<'_>,
) -> Result<Decoded<VolatilityDay>, DecodeError> {
    Form::usual(Some(asked.symbol)).read(body, |wire: &WireVolatility<'_>| {
        let (implied, rank) =
            (wire.volatility.named("volatility"), wire.iv_rank_1y.named("iv_rank_1y"));
        let vendor_rank = percent(rank)?;
        let day = VolatilityDay {
            implied: implied.float_from_zero()?,
            vendor_rank,
            vendor_realized: None,
            close: wire.close.named("close").quoted_price()?,
            ..empty_day(asked, wire)?
        };
        says_something(day.implied.or(day.vendor_rank), implied).map(|()| day)
    })
}

/// Reads days with implied and realised volatility, oldest first. The realised one looks forward,
/// so the newest days have none; a day with neither is a reject.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_realized_volatility(
    body: &[u8],
    asked: &Asked<'_>,
) -> Result<Decoded<VolatilityDay>, DecodeError> {
    Form::usual(Some(asked.symbol)).read(body, |wire: &WireVolatility<'_>| {
        let implied = wire.implied_volatility.named("implied_volatility");
        let day = VolatilityDay {
            implied: implied.float_from_zero()?,
            vendor_rank: None,
            vendor_realized: wire
                .realized_volatility
                .named("realized_volatility")
                .float_from_zero()?,
            close: wire.price.named("price").quoted_price()?,
            ..empty_day(asked, wire)?
        };
        says_something(day.implied.or(day.vendor_realized), implied).map(|()| day)
    })
}

/// Reads the implied volatility of each expiry.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_term_structure(
    body: &[u8],
    asked: &Asked<'_>,
) -> Result<Decoded<TermPoint>, DecodeError> {
    Form::usual(Some(asked.symbol)).read(body, |wire: &WireTerm<'_>| {
        let (expiry, implied) = (wire.expiry.named("expiry"), wire.volatility.named("volatility"));
        Ok(TermPoint {
            symbol: asked.symbol_of(wire.ticker)?,
            session_date: asked.day_of(wire.date)?,
            expiry: expiry.required(expiry.date()?)?,
            implied: implied.required(implied.float_from_zero()?)?,
            implied_move: wire.implied_move.named("implied_move").dollars()?,
            received_at: asked.received_at,
        })
    })
}

/// A day of which nothing is known. These endpoints answer with many days, whatever was asked.
fn empty_day(asked: &Asked<'_>, wire: &WireVolatility<'_>) -> Result<VolatilityDay, FieldFault> {
    let date = wire.date.named("date");
    Ok(VolatilityDay {
        symbol: asked.symbol_of(wire.ticker)?,
        session_date: date.required(date.date()?)?,
        implied: None,
        vendor_rank: None,
        vendor_realized: None,
        close: None,
        received_at: asked.received_at,
    })
}

fn says_something(found: Option<f64>, field: Field<'_>) -> Result<(), FieldFault> {
    field.required(found).map(drop)
}

fn percent(field: Field<'_>) -> Result<Option<f64>, FieldFault> {
    match field.float_from_zero()? {
        Some(value) if value > 100.0 => Err(field.fault(format_args!("{value} is above 100"))),
        value => Ok(value),
    }
}
