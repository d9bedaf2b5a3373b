//! Option chains, and the contracts that are or were listed.

use chrono::{DateTime, Utc};
use undertow_market::{ChainQuote, ContractListing, OptionContract, Symbol};

use super::super::wire::{
    WireChain, WireDay, WireDetails, WireGreeks, WireLast, WireListing, WireQuote, WireUnderlying,
};
use super::{Body, Part, inner};
use crate::decode::DecodeError;
use crate::field::{Field, FieldFault};
use crate::wire::Raw;

/// Reads an answer with contracts of a chain. What the plan does not include is missing.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_chain(
    body: &[u8],
    symbol: &Symbol,
    received_at: DateTime<Utc>,
) -> Result<Part<ChainQuote>, DecodeError> {
    chain(&Body::open(body)?, symbol, received_at)
}

pub(in super::super) fn chain(
    body: &Body<'_>,
    symbol: &Symbol,
    received_at: DateTime<Utc>,
) -> Result<Part<ChainQuote>, DecodeError> {
    body.decoded(|wire: &WireChain<'_>| chain_quote(wire, symbol, received_at).map(Some))
}

fn chain_quote(
    wire: &WireChain<'_>,
    symbol: &Symbol,
    received_at: DateTime<Utc>,
) -> Result<ChainQuote, FieldFault> {
    if wire.details.0.is_empty() && !wire.error.0.is_empty() {
        return Err(wire.error.named("error").fault("the vendor could not tell of this one"));
    }
    let details: WireDetails<'_> = inner(wire.details, "details")?;
    let day: WireDay<'_> = inner(wire.day, "day")?;
    let greeks: WireGreeks<'_> = inner(wire.greeks, "greeks")?;
    let quote: WireQuote<'_> = inner(wire.last_quote, "last_quote")?;
    let last: WireLast<'_> = inner(wire.last_trade, "last_trade")?;
    let underlying: WireUnderlying<'_> = inner(wire.underlying_asset, "underlying_asset")?;
    let contract = contract(details.ticker)?;
    let shares_per_contract = shares(details.shares_per_contract, &contract)?;
    Ok(ChainQuote {
        symbol: symbol.clone(),
        is_adjusted: is_adjusted(&contract, shares_per_contract),
        contract,
        shares_per_contract,
        bid: quote.bid.named("bid").rounded_price()?,
        ask: quote.ask.named("ask").rounded_price()?,
        quote_at: quote.last_updated.named("last_updated").nanoseconds()?,
        last_price: last.price.named("price").rounded_price()?,
        day_close: day.close.named("close").rounded_price()?,
        volume: day.volume.named("volume").whole()?,
        open_interest: wire.open_interest.named("open_interest").whole()?,
        implied_volatility: wire
            .implied_volatility
            .named("implied_volatility")
            .float_from_zero()?,
        delta: greeks.delta.named("delta").float()?,
        gamma: greeks.gamma.named("gamma").float()?,
        theta: greeks.theta.named("theta").float()?,
        vega: greeks.vega.named("vega").float()?,
        underlying_price: underlying.price.named("price").rounded_price()?,
        underlying_is_delayed: is_delayed(underlying.timeframe.named("timeframe"))?,
        received_at,
    })
}

/// Reads an answer with listed contracts.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_contracts(
    body: &[u8],
    symbol: &Symbol,
    received_at: DateTime<Utc>,
) -> Result<Part<ContractListing>, DecodeError> {
    contracts(&Body::open(body)?, symbol, received_at)
}

pub(in super::super) fn contracts(
    body: &Body<'_>,
    symbol: &Symbol,
    received_at: DateTime<Utc>,
) -> Result<Part<ContractListing>, DecodeError> {
    body.decoded(|wire: &WireListing<'_>| listing(wire, symbol, received_at).map(Some))
}

fn listing(
    wire: &WireListing<'_>,
    symbol: &Symbol,
    received_at: DateTime<Utc>,
) -> Result<ContractListing, FieldFault> {
    let field = wire.underlying_ticker.named("underlying_ticker");
    if let Some(other) = field.text()?.filter(|text| text != symbol.as_str()) {
        return Err(field.fault(format_args!("{other:.20} came, {symbol} was asked for")));
    }
    let contract = contract(wire.ticker)?;
    let shares_per_contract = shares(wire.shares_per_contract, &contract)?;
    let delivers_more = !matches!(wire.additional_underlyings.0, "" | "null" | "[]");
    Ok(ContractListing {
        symbol: symbol.clone(),
        is_adjusted: delivers_more || is_adjusted(&contract, shares_per_contract),
        contract,
        shares_per_contract,
        received_at,
    })
}

/// The vendor sets `O:` before the symbol of the trade.
fn contract(ticker: Raw<'_>) -> Result<OptionContract, FieldFault> {
    let field = ticker.named("ticker");
    let text = field.required(field.text()?)?;
    let plain = text.strip_prefix("O:").unwrap_or(&text);
    plain.parse().map_err(|error| field.fault(error))
}

/// What a contract delivers; as usual for its class where the vendor does not tell.
fn shares(raw: Raw<'_>, contract: &OptionContract) -> Result<u32, FieldFault> {
    let field = raw.named("shares_per_contract");
    let count = field.whole()?.map(u32::try_from).transpose();
    let count = count.map_err(|_| field.fault("is no number of shares"))?;
    Ok(count.unwrap_or_else(|| contract.multiplier()))
}

/// A class with a digit is one that was adjusted; so is a contract for an odd number of shares.
fn is_adjusted(contract: &OptionContract, shares: u32) -> bool {
    contract.root.as_str().ends_with(|last: char| last.is_ascii_digit())
        || shares != contract.multiplier()
}

fn is_delayed(field: Field<'_>) -> Result<Option<bool>, FieldFault> {
    Ok(match field.text()?.as_deref() {
        Some("DELAYED") => Some(true),
        Some("REAL-TIME") => Some(false),
        _ => None,
    })
}
