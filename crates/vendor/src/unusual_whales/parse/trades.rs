//! Rows of the endpoints that deliver single option trades.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use undertow_market::{Calendar, OptionContract, OptionTrade, Price, Symbol, TradeFlags, VendorId};
use uuid::Uuid;

use super::super::codes::{condition_flags, report_flag};
use super::super::wire::WireTrade;
use super::place::Places;
use super::prints::quote;
use super::{DecodeError, Decoded, Form, boxed};
use crate::field::{Field, FieldFault};
use crate::wire::Raw;

/// How far the delivered premium may be from price times contracts times shares a contract. The
/// premium itself is computed and never taken over, so a rounded one is no fault. One that is
/// several times off means that the contract stands for another number of shares than we think.
const MOST_TIMES_OFF: Decimal = Decimal::from_parts(5, 0, 0, false, 0);

/// Whose trades were asked for. A row of any other is refused.
#[derive(Clone, Copy, Debug)]
pub enum TradesOf<'a> {
    /// These underlyings; all of them when the list is empty.
    Symbols(&'a [Symbol]),
    /// One contract.
    Contract(&'a OptionContract),
}

/// Reads an answer with option trades, wrapped or a bare list. The rows keep the vendor's order.
///
/// A trade is refused when it cannot be one: id, time, contract, price or size missing or of the
/// wrong kind, `canceled` not told, a premium that is missing or several times off, a greek that
/// is not finite.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_option_trades(
    body: &[u8],
    of: TradesOf<'_>,
    received_at: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Decoded<OptionTrade>, DecodeError> {
    read(body, of, received_at, calendar, true)
}

/// As [`decode_option_trades`], without the fast way. Only for comparing the two.
#[doc(hidden)]
pub fn decode_option_trades_slowly(
    body: &[u8],
    of: TradesOf<'_>,
    received_at: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Decoded<OptionTrade>, DecodeError> {
    read(body, of, received_at, calendar, false)
}

fn read(
    body: &[u8],
    of: TradesOf<'_>,
    received_at: DateTime<Utc>,
    calendar: &Calendar,
    may_scan: bool,
) -> Result<Decoded<OptionTrade>, DecodeError> {
    let mut parser = TradeParser { of, received_at, places: Places::new(calendar) };
    let form = Form { may_scan, ..Form::usual(of.only_symbol()) };
    form.read(body, |wire| parser.listed(wire))
}

impl<'a> TradesOf<'a> {
    fn only_symbol(self) -> Option<&'a Symbol> {
        match self {
            Self::Symbols([symbol]) => Some(symbol),
            _ => None,
        }
    }

    fn symbol(self, field: Field<'_>) -> Result<Symbol, FieldFault> {
        let text = field.required(field.text()?)?;
        let symbols = match self {
            Self::Symbols(symbols) => symbols,
            Self::Contract(_) => &[],
        };
        if symbols.is_empty() {
            return Symbol::new(&text).map_err(|error| field.fault(error));
        }
        let asked = symbols.iter().find(|symbol| symbol.as_str() == text).cloned();
        asked.ok_or_else(|| field.fault(format_args!("{text:.20} came and was not asked for")))
    }

    fn contract(self, field: Field<'_>) -> Result<OptionContract, FieldFault> {
        let contract = contract(field)?;
        match self {
            Self::Contract(asked) if *asked != contract => {
                Err(field.fault(format_args!("{contract} came, {asked} was asked for")))
            }
            _ => Ok(contract),
        }
    }
}

pub(super) struct TradeParser<'a> {
    pub(super) of: TradesOf<'a>,
    pub(super) received_at: DateTime<Utc>,
    pub(super) places: Places<'a>,
}

impl TradeParser<'_> {
    /// A row of a list.
    fn listed(&mut self, wire: &WireTrade<'_>) -> Result<OptionTrade, FieldFault> {
        // Required: a vendor that stops telling must not turn withdrawn trades into good ones.
        let canceled = wire.canceled.named("canceled");
        canceled.required(canceled.boolean()?)?;
        self.trade(wire)
    }

    /// A row of a list or of the stream, which does not say whether it was withdrawn.
    pub(super) fn trade(&mut self, wire: &WireTrade<'_>) -> Result<OptionTrade, FieldFault> {
        let at = wire.executed_at.named("executed_at");
        let executed_at = at.required(at.moment()?)?;
        let (session_date, session) = self.places.of(executed_at);
        let (price, size) = (wire.price.named("price"), wire.size.named("size"));
        let (flags, condition) = conditions(wire)?;
        let trade = OptionTrade {
            vendor: VendorId::UnusualWhales,
            id: id(wire.id)?,
            symbol: self.of.symbol(wire.underlying_symbol.named("underlying_symbol"))?,
            contract: self.of.contract(contract_field(wire))?,
            session_date,
            session,
            executed_at,
            received_at: self.received_at,
            price: price.required(price.price()?)?,
            size: size.required(size.count()?)?,
            quote: quote(wire.nbbo_bid, wire.nbbo_ask)?,
            underlying_price: underlying_price(wire.underlying_price)?,
            implied_volatility: wire
                .implied_volatility
                .named("implied_volatility")
                .unless_blank()
                .float_from_zero()?,
            delta: wire.delta.named("delta").unless_blank().float()?,
            gamma: wire.gamma.named("gamma").unless_blank().float()?,
            open_interest: wire.open_interest.named("open_interest").shares()?,
            day_volume: wire.volume.named("volume").shares()?,
            flags,
            condition,
            exchange: boxed(wire.exchange.named("exchange").code()?),
        };
        check_premium(wire, &trade)?;
        Ok(trade)
    }
}

pub(super) fn id(raw: Raw<'_>) -> Result<Uuid, FieldFault> {
    let field = raw.named("id");
    let text = field.required(field.text()?)?;
    Uuid::try_parse(&text).map_err(|_| field.fault(format_args!("{text:.40} is no uuid")))
}

pub(super) fn contract(field: Field<'_>) -> Result<OptionContract, FieldFault> {
    let text = field.required(field.text()?)?;
    text.parse().map_err(|error| field.fault(error))
}

/// The price of the underlying: empty for an index.
pub(super) fn underlying_price(raw: Raw<'_>) -> Result<Option<Price>, FieldFault> {
    raw.named("underlying_price").unless_blank().quoted_price()
}

fn contract_field<'a>(wire: &WireTrade<'a>) -> Field<'a> {
    match wire.option_chain_id.0 {
        "" => wire.option_symbol.named("option_symbol"),
        _ => wire.option_chain_id.named("option_chain_id"),
    }
}

/// The flags of a trade, and the codes that they come from: conditions, then report flags.
fn conditions(wire: &WireTrade<'_>) -> Result<(TradeFlags, Option<Box<str>>), FieldFault> {
    let told = match wire.upstream_condition_detail.0 {
        "" => wire.trade_code.named("trade_code").code()?,
        _ => wire.upstream_condition_detail.named("upstream_condition_detail").code()?,
    };
    let reported = wire.report_flags.named("report_flags").texts()?;
    let withdrawn = wire.canceled.named("canceled").boolean()?.unwrap_or_default();
    let mut flags = if withdrawn { TradeFlags::CANCELED } else { TradeFlags::empty() };
    flags |= told.as_deref().map(condition_flags).unwrap_or_default();
    flags |= reported.iter().fold(TradeFlags::empty(), |all, flag| all | report_flag(flag));
    if reported.is_empty() {
        return Ok((flags, boxed(told)));
    }
    let codes: Vec<Cow<'_, str>> = told.into_iter().chain(reported).collect();
    Ok((flags, Some(codes.join(",").into())))
}

fn check_premium(wire: &WireTrade<'_>, trade: &OptionTrade) -> Result<(), FieldFault> {
    let field = wire.premium.named("premium");
    let told = field.required(field.decimal()?)?;
    let computed = trade.premium();
    let is_near = told == computed
        || told <= computed.saturating_mul(MOST_TIMES_OFF)
            && computed <= told.saturating_mul(MOST_TIMES_OFF);
    if is_near {
        return Ok(());
    }
    let shares = trade.contract.multiplier();
    Err(field.fault(format_args!(
        "{told} is far from {computed}, that is price times contracts times {shares} shares"
    )))
}
