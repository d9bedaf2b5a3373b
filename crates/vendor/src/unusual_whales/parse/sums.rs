//! Rows in which the vendor sums a market up: per strike, per expiry, per minute, over the day.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use undertow_market::calendar::new_york_date;
use undertow_market::{
    FlowBucket, FlowSnapshot, FlowSums, GammaStrike, NetPremiumTick, TidePoint, TideScope,
};

use super::super::wire::{WireGamma, WireMinute, WireSums, WireTide};
use super::{Asked, DecodeError, Decoded, Form};
use crate::field::FieldFault;
use crate::wire::Raw;

/// Reads the day's sums of each strike. Every sum is required: a null is a reject.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_flow_per_strike(
    body: &[u8],
    asked: &Asked<'_>,
) -> Result<Decoded<FlowSnapshot>, DecodeError> {
    Form::usual(Some(asked.symbol)).read(body, |wire: &WireSums<'_>| {
        let strike = wire.strike.named("strike");
        snapshot(asked, wire, FlowBucket::Strike(strike.required(strike.price()?)?))
    })
}

/// Reads the day's sums of each expiry. Every sum is required: a null is a reject.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_flow_per_expiry(
    body: &[u8],
    asked: &Asked<'_>,
) -> Result<Decoded<FlowSnapshot>, DecodeError> {
    Form::usual(Some(asked.symbol)).read(body, |wire: &WireSums<'_>| {
        let expiry = wire.expiry.named("expiry");
        snapshot(asked, wire, FlowBucket::Expiry(expiry.required(expiry.date()?)?))
    })
}

/// Reads minutes of net premium, which are no running sums.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_net_premium_ticks(
    body: &[u8],
    asked: &Asked<'_>,
) -> Result<Decoded<NetPremiumTick>, DecodeError> {
    Form::usual(Some(asked.symbol)).read(body, |wire: &WireMinute<'_>| {
        let time = wire.tape_time.named("tape_time");
        let at = time.required(time.moment()?)?;
        Ok(NetPremiumTick {
            symbol: asked.symbol_of(wire.ticker)?,
            session_date: day_at(wire.date, at, asked.session_date)?,
            at,
            net_call_premium: net(wire.net_call_premium, "net_call_premium")?,
            net_put_premium: net(wire.net_put_premium, "net_put_premium")?,
            call_volume: wire.call_volume.named("call_volume").shares()?,
            put_volume: wire.put_volume.named("put_volume").shares()?,
            net_delta: wire.net_delta.named("net_delta").unless_blank().rounded_decimal()?,
            received_at: asked.received_at,
        })
    })
}

/// Reads the tide of a market or of a fund's holdings: running sums. Its times carry New York's
/// offset. A row without a premium is a reject: the vendor fills them in for a fund it does not
/// know.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_tide(
    body: &[u8],
    scope: &TideScope,
    session_date: Option<NaiveDate>,
    received_at: DateTime<Utc>,
) -> Result<Decoded<TidePoint>, DecodeError> {
    let symbol = match scope {
        TideScope::Market => None,
        TideScope::Holdings(symbol) => Some(symbol),
    };
    Form::usual(symbol).read(body, |wire: &WireTide<'_>| {
        let time = wire.timestamp.named("timestamp");
        let at = time.required(time.moment()?)?;
        Ok(TidePoint {
            scope: scope.clone(),
            session_date: day_at(wire.date, at, session_date)?,
            at,
            net_call_premium: net(wire.net_call_premium, "net_call_premium")?,
            net_put_premium: net(wire.net_put_premium, "net_put_premium")?,
            net_volume: wire.net_volume.named("net_volume").integer()?,
            received_at,
        })
    })
}

/// Reads greeks by strike. A strike whose gamma of calls or puts is null is a reject.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_gamma_by_strike(
    body: &[u8],
    asked: &Asked<'_>,
) -> Result<Decoded<GammaStrike>, DecodeError> {
    Form::usual(Some(asked.symbol)).read(body, |wire: &WireGamma<'_>| {
        let strike = wire.strike.named("strike");
        let (calls, puts) = (wire.call_gex.named("call_gex"), wire.put_gex.named("put_gex"));
        Ok(GammaStrike {
            symbol: asked.symbol_of(wire.ticker)?,
            session_date: asked.day_of(wire.date)?,
            strike: strike.required(strike.price()?)?,
            call_gamma: calls.required(calls.float()?)?,
            put_gamma: puts.required(puts.float()?)?,
            call_delta: wire.call_delta.named("call_delta").float()?,
            put_delta: wire.put_delta.named("put_delta").float()?,
            received_at: asked.received_at,
        })
    })
}

fn snapshot(
    asked: &Asked<'_>,
    wire: &WireSums<'_>,
    bucket: FlowBucket,
) -> Result<FlowSnapshot, FieldFault> {
    Ok(FlowSnapshot {
        symbol: asked.symbol_of(wire.ticker)?,
        session_date: asked.day_of(wire.date)?,
        bucket,
        calls: FlowSums {
            premium: dollars(wire.call_premium, "call_premium")?,
            ask_premium: dollars(wire.call_premium_ask_side, "call_premium_ask_side")?,
            bid_premium: dollars(wire.call_premium_bid_side, "call_premium_bid_side")?,
            volume: number(wire.call_volume, "call_volume")?,
            ask_volume: number(wire.call_volume_ask_side, "call_volume_ask_side")?,
            bid_volume: number(wire.call_volume_bid_side, "call_volume_bid_side")?,
            trades: number(wire.call_trades, "call_trades")?,
        },
        puts: FlowSums {
            premium: dollars(wire.put_premium, "put_premium")?,
            ask_premium: dollars(wire.put_premium_ask_side, "put_premium_ask_side")?,
            bid_premium: dollars(wire.put_premium_bid_side, "put_premium_bid_side")?,
            volume: number(wire.put_volume, "put_volume")?,
            ask_volume: number(wire.put_volume_ask_side, "put_volume_ask_side")?,
            bid_volume: number(wire.put_volume_bid_side, "put_volume_bid_side")?,
            trades: number(wire.put_trades, "put_trades")?,
        },
        received_at: asked.received_at,
    })
}

fn dollars(raw: Raw<'_>, name: &'static str) -> Result<Decimal, FieldFault> {
    let field = raw.named(name);
    field.required(field.dollars()?)
}

fn number(raw: Raw<'_>, name: &'static str) -> Result<i64, FieldFault> {
    let field = raw.named(name);
    field.required(field.shares()?)
}

/// Dollars of either sign.
fn net(raw: Raw<'_>, name: &'static str) -> Result<Decimal, FieldFault> {
    let field = raw.named(name);
    field.required(field.money()?)
}

/// The day of a row with a time: both must agree with each other and with what was asked for.
fn day_at(
    date: Raw<'_>,
    at: DateTime<Utc>,
    asked: Option<NaiveDate>,
) -> Result<NaiveDate, FieldFault> {
    let field = date.named("date");
    let day = new_york_date(at);
    let others = [field.date()?, asked];
    match others.into_iter().flatten().find(|other| *other != day) {
        Some(other) => Err(field.fault(format_args!("the time is of {day}, not of {other}"))),
        None => Ok(day),
    }
}
