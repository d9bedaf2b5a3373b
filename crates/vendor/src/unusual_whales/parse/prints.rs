//! Rows of the dark pool endpoints.

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::print::lateness;
use undertow_market::{
    Calendar, MarketSession, Print, Quote, Reasons, SessionHours, Symbol, VendorId,
};

use super::super::codes::{reasons_of, settlement_reasons};
use super::super::field::FieldFault;
use super::super::query::MAX_PRINTS_PER_PAGE;
use super::super::scan::scan_prints;
use super::super::wire::{Raw, WirePrint, read_rows};
use super::{DecodeError, Decoded, text_of, ticker_of, typed_row};
use crate::Reject;

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
    let text = text_of(body)?;
    let mut parser = PrintParser { symbol, received_at, calendar, hours: None };
    match parser.usual_page(text) {
        Some(rows) => Ok(Decoded { delivered: rows.len(), rows, rejects: Vec::new() }),
        None => parser.any_page(text),
    }
}

/// As [`decode_prints`], without the fast way. Only for comparing the two.
#[doc(hidden)]
pub fn decode_prints_slowly(
    body: &[u8],
    symbol: Option<&Symbol>,
    received_at: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Decoded<Print>, DecodeError> {
    PrintParser { symbol, received_at, calendar, hours: None }.any_page(text_of(body)?)
}

struct PrintParser<'a> {
    symbol: Option<&'a Symbol>,
    received_at: DateTime<Utc>,
    calendar: &'a Calendar,
    /// The hours of the last row's day: the rows of a page share one.
    hours: Option<SessionHours>,
}

impl PrintParser<'_> {
    /// A page of the usual form in which every row is a print: nearly every page.
    fn usual_page(&mut self, text: &str) -> Option<Vec<Print>> {
        let mut rows = Vec::with_capacity(usize::from(MAX_PRINTS_PER_PAGE));
        scan_prints(text, |wire| self.print(wire).map(|print| rows.push(print)).is_ok())?;
        Some(rows)
    }

    fn any_page(&mut self, text: &str) -> Result<Decoded<Print>, DecodeError> {
        let raws = read_rows(text)?;
        let (mut rows, mut rejects) = (Vec::new(), Vec::new());
        for raw in &raws {
            match self.row(*raw) {
                Ok(print) => rows.push(print),
                Err(reason) => rejects.push(Reject::new(ticker_of(*raw), raw.0, reason)),
            }
        }
        Ok(Decoded { rows, rejects, delivered: raws.len() })
    }

    fn row(&mut self, raw: Raw<'_>) -> Result<Print, String> {
        let wire: WirePrint<'_> = typed_row(raw)?;
        self.print(&wire).map_err(|fault| fault.to_string())
    }

    fn print(&mut self, wire: &WirePrint<'_>) -> Result<Print, FieldFault> {
        let (size, price) = (wire.size.named("size"), wire.price.named("price"));
        let tape = wire.executed_at.named("executed_at");
        let id = wire.tracking_id.named("tracking_id");
        let reported_at = tape.required(tape.instant()?)?;
        let traded_at = wire.trf_executed_at.named("trf_executed_at").instant()?;
        let executed_at = traded_at.unwrap_or(reported_at);
        let (session_date, _) = self.place(reported_at);
        let (_, session) = self.place(executed_at);
        let codes = Codes::of(wire)?;
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
            quote: quote(wire)?,
            reasons: codes.reasons | canceled(wire)? | lateness(executed_at, reported_at),
            market_center: code(wire.market_center.named("market_center").code()?),
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

    /// The New York date of an instant and the part of that day.
    fn place(&mut self, at: DateTime<Utc>) -> (NaiveDate, MarketSession) {
        if let Some(hours) = &self.hours {
            let session = hours.session_at(at);
            if session != MarketSession::Closed {
                return (hours.date, session);
            }
        }
        let (date, session) = self.calendar.session_at(at);
        self.hours = self.calendar.session(date).or(self.hours);
        (date, session)
    }
}

/// A row's codes, as delivered, and the reasons that follow from them.
struct Codes {
    reasons: Reasons,
    sale_condition: Option<Box<str>>,
    trade_code: Option<Box<str>>,
    extended_hours: Option<Box<str>>,
    settlement: Option<Box<str>>,
}

impl Codes {
    fn of(wire: &WirePrint<'_>) -> Result<Self, FieldFault> {
        let sale_condition = wire.sale_cond_codes.named("sale_cond_codes").code()?;
        let trade_code = wire.trade_code.named("trade_code").code()?;
        let extended_hours = wire.ext_hour_sold_codes.named("ext_hour_sold_codes").code()?;
        let settlement = wire.trade_settlement.named("trade_settlement").code()?;
        let told = [&sale_condition, &trade_code, &extended_hours].into_iter().flatten();
        let from_codes = told.fold(Reasons::empty(), |all, text| all | reasons_of(text));
        let from_settlement = settlement.as_deref().map(settlement_reasons).unwrap_or_default();
        Ok(Self {
            reasons: from_codes | from_settlement,
            sale_condition: code(sale_condition),
            trade_code: code(trade_code),
            extended_hours: code(extended_hours),
            settlement: code(settlement),
        })
    }
}

fn code(text: Option<std::borrow::Cow<'_, str>>) -> Option<Box<str>> {
    text.map(|text| text.into())
}

fn quote(wire: &WirePrint<'_>) -> Result<Option<Quote>, FieldFault> {
    let bid = wire.nbbo_bid.named("nbbo_bid").quoted_price()?;
    let ask = wire.nbbo_ask.named("nbbo_ask").quoted_price()?;
    Ok(bid.zip(ask).map(|(bid, ask)| Quote { bid, ask }))
}

fn canceled(wire: &WirePrint<'_>) -> Result<Reasons, FieldFault> {
    let field = wire.canceled.named("canceled");
    // Required: a vendor that stops telling must not turn withdrawn prints into good ones.
    let is_canceled = field.required(field.boolean()?)?;
    Ok(if is_canceled { Reasons::CANCELED } else { Reasons::empty() })
}
