//! Rows of the dark pool endpoints.

use chrono::{DateTime, Utc};
use undertow_market::print::lateness;
use undertow_market::{Calendar, Print, Quote, Reasons, Symbol, VendorId};

use super::super::codes::{reasons_of, settlement_reasons};
use super::super::wire::{MAX_ROWS, Shape, WirePrint};
use super::place::Places;
use super::{DecodeError, Decoded, Form, boxed};
use crate::field::FieldFault;
use crate::wire::Raw;

/// Reads a dark pool answer. The rows keep the vendor's order. With a `symbol`, a row of any
/// other ticker is refused.
///
/// # Errors
/// The body is cut off, or is not an object with a list of `data`.
pub fn decode_prints(
    body: &[u8],
    symbol: Option<&Symbol>,
    received_at: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Decoded<Print>, DecodeError> {
    read(body, symbol, received_at, calendar, true)
}

/// As [`decode_prints`], without the fast way. Only for comparing the two.
#[doc(hidden)]
pub fn decode_prints_slowly(
    body: &[u8],
    symbol: Option<&Symbol>,
    received_at: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Decoded<Print>, DecodeError> {
    read(body, symbol, received_at, calendar, false)
}

fn read(
    body: &[u8],
    symbol: Option<&Symbol>,
    received_at: DateTime<Utc>,
    calendar: &Calendar,
    may_scan: bool,
) -> Result<Decoded<Print>, DecodeError> {
    let mut parser = PrintParser { symbol, received_at, places: Places::new(calendar) };
    let form = Form { shape: Shape::Wrapped, most_rows: MAX_ROWS, symbol: None, may_scan };
    form.read(body, |wire| parser.print(wire))
}

struct PrintParser<'a> {
    symbol: Option<&'a Symbol>,
    received_at: DateTime<Utc>,
    places: Places<'a>,
}

impl PrintParser<'_> {
    fn print(&mut self, wire: &WirePrint<'_>) -> Result<Print, FieldFault> {
        let (size, price) = (wire.size.named("size"), wire.price.named("price"));
        let tape = wire.executed_at.named("executed_at");
        let id = wire.tracking_id.named("tracking_id");
        let reported_at = tape.required(tape.instant()?)?;
        let traded_at = wire.trf_executed_at.named("trf_executed_at").instant()?;
        let executed_at = traded_at.unwrap_or(reported_at);
        let (session_date, _) = self.places.of(reported_at);
        let (_, session) = self.places.of(executed_at);
        let codes = Codes::of(&RawCodes {
            sale_cond_codes: wire.sale_cond_codes,
            trade_code: wire.trade_code,
            ext_hour_sold_codes: wire.ext_hour_sold_codes,
            trade_settlement: wire.trade_settlement,
        })?;
        Ok(Print {
            vendor: VendorId::UnusualWhales,
            symbol: self.symbol(wire)?,
            session_date,
            session,
            executed_at,
            reported_at,
            received_at: self.received_at,
            tracking_id: id.required(id.integer()?)?,
            price: price.required(price.price()?)?,
            size: size.required(size.size()?)?,
            day_volume: wire.volume.named("volume").shares()?,
            quote: quote(wire.nbbo_bid, wire.nbbo_ask)?,
            reasons: codes.reasons | canceled(wire)? | lateness(executed_at, reported_at),
            market_center: boxed(wire.market_center.named("market_center").code()?),
            sale_condition: codes.sale_condition,
            trade_code: codes.trade_code,
            extended_hours_code: codes.extended_hours,
            settlement: codes.settlement,
        })
    }

    fn symbol(&self, wire: &WirePrint<'_>) -> Result<Symbol, FieldFault> {
        let field = wire.ticker.named("ticker");
        let text = field.required(field.text()?)?;
        match self.symbol {
            Some(symbol) if symbol.as_str() == text => Ok(symbol.clone()),
            Some(symbol) => {
                Err(field.fault(format_args!("{text:.20} came, {symbol} was asked for")))
            }
            None => Symbol::new(&text).map_err(|error| field.fault(error)),
        }
    }
}

/// A row's codes, as delivered, and the reasons that follow from them.
pub(super) struct Codes {
    pub(super) reasons: Reasons,
    pub(super) sale_condition: Option<Box<str>>,
    pub(super) trade_code: Option<Box<str>>,
    pub(super) extended_hours: Option<Box<str>>,
    pub(super) settlement: Option<Box<str>>,
}

/// The four fields that hold codes.
pub(super) struct RawCodes<'a> {
    pub(super) sale_cond_codes: Raw<'a>,
    pub(super) trade_code: Raw<'a>,
    pub(super) ext_hour_sold_codes: Raw<'a>,
    pub(super) trade_settlement: Raw<'a>,
}

impl Codes {
    pub(super) fn of(raw: &RawCodes<'_>) -> Result<Self, FieldFault> {
        let sale_condition = raw.sale_cond_codes.named("sale_cond_codes").code()?;
        let trade_code = raw.trade_code.named("trade_code").code()?;
        let extended_hours = raw.ext_hour_sold_codes.named("ext_hour_sold_codes").code()?;
        let settlement = raw.trade_settlement.named("trade_settlement").code()?;
        let told = [&sale_condition, &trade_code, &extended_hours].into_iter().flatten();
        let from_codes = told.fold(Reasons::empty(), |all, text| all | reasons_of(text));
        let from_settlement = settlement.as_deref().map(settlement_reasons).unwrap_or_default();
        Ok(Self {
            reasons: from_codes | from_settlement,
            sale_condition: boxed(sale_condition),
            trade_code: boxed(trade_code),
            extended_hours: boxed(extended_hours),
            settlement: boxed(settlement),
        })
    }
}

/// A quote needs both its sides. The vendor writes zero where there is none.
pub(super) fn quote(bid: Raw<'_>, ask: Raw<'_>) -> Result<Option<Quote>, FieldFault> {
    let bid = bid.named("nbbo_bid").quoted_price()?;
    let ask = ask.named("nbbo_ask").quoted_price()?;
    Ok(bid.zip(ask).map(|(bid, ask)| Quote { bid, ask }))
}

fn canceled(wire: &WirePrint<'_>) -> Result<Reasons, FieldFault> {
    let field = wire.canceled.named("canceled");
    // Required: a vendor that stops telling must not turn withdrawn prints into good ones.
    let is_canceled = field.required(field.boolean()?)?;
    Ok(if is_canceled { Reasons::CANCELED } else { Reasons::empty() })
}
