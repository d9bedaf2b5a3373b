//! Rows of the alerts endpoint, and of the stream's alerts.

use chrono::{DateTime, Utc};
use undertow_market::{Calendar, FlowAlert, Symbol, TradeFlags, VendorId};

use super::super::wire::WireAlert;
use super::place::Places;
use super::trades::{contract, id, underlying_price};
use super::{DecodeError, Decoded, Form, boxed};
use crate::field::FieldFault;
use crate::wire::Raw;

/// Reads an answer with alerts. The rows keep the vendor's order: newest first. With `symbols`, a
/// row of any other ticker is refused.
///
/// An alert is refused without an id, a contract, a time, a count of trades and contracts, a
/// premium, or any of the four marks (sweep, floor, several legs, all opening).
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_flow_alerts(
    body: &[u8],
    symbols: &[Symbol],
    received_at: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Decoded<FlowAlert>, DecodeError> {
    let mut parser = AlertParser { symbols, received_at, places: Places::new(calendar) };
    Form::usual(None).read(body, |wire| parser.alert(wire))
}

pub(super) struct AlertParser<'a> {
    pub(super) symbols: &'a [Symbol],
    pub(super) received_at: DateTime<Utc>,
    pub(super) places: Places<'a>,
}

impl AlertParser<'_> {
    pub(super) fn alert(&mut self, wire: &WireAlert<'_>) -> Result<FlowAlert, FieldFault> {
        let created_at = created_at(wire)?;
        let (session_date, session) = self.places.of(created_at);
        let (size, trades) =
            (wire.total_size.named("total_size"), wire.trade_count.named("trade_count"));
        let premium = wire.total_premium.named("total_premium");
        Ok(FlowAlert {
            vendor: VendorId::UnusualWhales,
            id: id(wire.id)?,
            symbol: self.symbol(wire.ticker)?,
            contract: contract(wire.option_chain.named("option_chain"))?,
            session_date,
            session,
            created_at,
            received_at: self.received_at,
            trades_between: trades_between(wire)?,
            rule: rule(wire)?,
            price: wire.price.named("price").quoted_price()?,
            underlying_price: underlying_price(wire.underlying_price)?,
            size: size.required(size.count()?)?,
            trades: trades.required(trades.count()?)?,
            premium: premium.required(premium.dollars()?)?,
            ask_premium: wire.total_ask_side_prem.named("total_ask_side_prem").dollars()?,
            bid_premium: wire.total_bid_side_prem.named("total_bid_side_prem").dollars()?,
            implied_volatility: wire.iv_end.named("iv_end").unless_blank().float_from_zero()?,
            open_interest: wire.open_interest.named("open_interest").shares()?,
            day_volume: wire.volume.named("volume").shares()?,
            flags: flags(wire)?,
        })
    }

    fn symbol(&self, ticker: Raw<'_>) -> Result<Symbol, FieldFault> {
        let field = ticker.named("ticker");
        let text = field.required(field.text()?)?;
        let symbol = Symbol::new(&text).map_err(|error| field.fault(error))?;
        if self.symbols.is_empty() || self.symbols.contains(&symbol) {
            return Ok(symbol);
        }
        Err(field.fault(format_args!("{symbol} came and was not asked for")))
    }
}

/// When the alert was made. The stream tells only when its last trade was.
fn created_at(wire: &WireAlert<'_>) -> Result<DateTime<Utc>, FieldFault> {
    let (made, last) = (wire.created_at.named("created_at"), wire.executed_at.named("executed_at"));
    match made.moment()? {
        Some(at) => Ok(at),
        None => last.moment()?.ok_or_else(|| made.fault("is missing")),
    }
}

/// The first and the last trade of an alert.
type Between = (DateTime<Utc>, DateTime<Utc>);

fn trades_between(wire: &WireAlert<'_>) -> Result<Option<Between>, FieldFault> {
    let first = wire.start_time.named("start_time").moment()?;
    let field = wire.end_time.named("end_time");
    match first.zip(field.moment()?) {
        Some((first, last)) if last < first => Err(field.fault("is before start_time")),
        between => Ok(between),
    }
}

fn rule(wire: &WireAlert<'_>) -> Result<Option<Box<str>>, FieldFault> {
    let by_list = wire.alert_rule.named("alert_rule").code()?;
    let by_stream = wire.rule_name.named("rule_name").code()?;
    Ok(boxed(by_list.or(by_stream)))
}

fn flags(wire: &WireAlert<'_>) -> Result<TradeFlags, FieldFault> {
    let marks = [
        (wire.has_sweep.named("has_sweep"), TradeFlags::SWEEP),
        (wire.has_floor.named("has_floor"), TradeFlags::FLOOR),
        (wire.has_multileg.named("has_multileg"), TradeFlags::MULTI_LEG),
        (wire.all_opening_trades.named("all_opening_trades"), TradeFlags::ALL_OPENING),
    ];
    let mut flags = TradeFlags::empty();
    for (field, flag) in marks {
        flags.set(flag, field.required(field.boolean()?)?);
    }
    Ok(flags)
}
