//! Rows of a day's contracts, and of a day's volume at each price.

use chrono::NaiveDate;
use undertow_market::{Calendar, ContractState, PriceVolume};

use super::super::wire::{Shape, WireContract, WireLevel};
use super::trades::contract;
use super::{Asked, DecodeError, Decoded, Form};
use crate::field::FieldFault;

/// More price levels than a symbol has in a day: three times as many as the busiest one seen.
pub const MAX_LEVELS: usize = 100_000;

/// Reads a page of contracts. A contract that has not traded has neither price nor volatility;
/// one without open interest or volume is a reject.
///
/// The rows name no day. The vendor's list is of its newest trading day, so with no day in
/// `asked` it is the newest one whose pre-market has begun at `received_at`.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_option_contracts(
    body: &[u8],
    asked: &Asked<'_>,
    calendar: &Calendar,
) -> Result<Decoded<ContractState>, DecodeError> {
    let newest = || calendar.latest_session(asked.received_at);
    let Some(session_date) = asked.session_date.or_else(newest) else {
        let reason = format!("no trading day at {}", asked.received_at);
        return Err(DecodeError::Unexpected(reason));
    };
    Form::usual(Some(asked.symbol)).read(body, |wire| state(asked, session_date, wire))
}

/// Reads the volume of each price. The rows name no day, so the day must have been asked for.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_price_volumes(
    body: &[u8],
    asked: &Asked<'_>,
) -> Result<Decoded<PriceVolume>, DecodeError> {
    let form = Form {
        shape: Shape::WrappedOrBare,
        most_rows: MAX_LEVELS,
        symbol: Some(asked.symbol),
        may_scan: true,
    };
    form.read(body, |wire: &WireLevel<'_>| {
        let price = wire.price.named("price");
        let (lit, off) = (wire.lit_vol.named("lit_vol"), wire.off_vol.named("off_vol"));
        Ok(PriceVolume {
            symbol: asked.symbol.clone(),
            session_date: asked.day_of(super::Raw::default())?,
            price: price.required(price.price()?)?,
            lit_volume: lit.required(lit.shares()?)?,
            off_exchange_volume: off.required(off.shares()?)?,
            received_at: asked.received_at,
        })
    })
}

fn state(
    asked: &Asked<'_>,
    session_date: NaiveDate,
    wire: &WireContract<'_>,
) -> Result<ContractState, FieldFault> {
    let open_interest = wire.open_interest.named("open_interest");
    let volume = wire.volume.named("volume");
    let implied = wire.implied_volatility.named("implied_volatility");
    Ok(ContractState {
        symbol: asked.symbol.clone(),
        contract: contract(wire.option_symbol.named("option_symbol"))?,
        session_date,
        open_interest: open_interest.required(open_interest.shares()?)?,
        previous_open_interest: wire.prev_oi.named("prev_oi").shares()?,
        volume: volume.required(volume.shares()?)?,
        bid: wire.nbbo_bid.named("nbbo_bid").quoted_price()?,
        ask: wire.nbbo_ask.named("nbbo_ask").quoted_price()?,
        last_price: wire.last_price.named("last_price").quoted_price()?,
        implied_volatility: implied.float_from_zero()?,
        delta: wire.delta.named("delta").float()?,
        gamma: wire.gamma.named("gamma").float()?,
        received_at: asked.received_at,
    })
}
