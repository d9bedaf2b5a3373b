//! Frames of the stream: `["channel", {row}]`. Their rows differ from those of the endpoints.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use undertow_market::{Calendar, FlowAlert, OptionTrade, Price, Quote, Reasons, Size, Symbol};

use super::super::scan::{scan_channel, scan_frame};
use super::super::wire::{WireOffLit, WirePrice, WireReply};
use super::alerts::AlertParser;
use super::place::Places;
use super::prints::{Codes, RawCodes, quote};
use super::trades::{TradeParser, TradesOf};
use super::{any_row, ticker_of};
use crate::Reject;
use crate::field::FieldFault;
use crate::scan::Order;
use crate::wire::{Raw, WireRow};

/// The price of a stock, as the stream tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTick {
    /// The ticker.
    pub symbol: Symbol,
    /// When it was traded.
    pub at: DateTime<Utc>,
    /// Dollars a share.
    pub price: Price,
    /// Shares traded today.
    pub day_volume: Option<i64>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

/// An off-exchange print, as the stream tells it: without the id and the mark of cancelling that
/// the print of the same trade has. They can only be matched by ticker, time, price, size and
/// volume, and which of the two times is which is not settled. So it is never stored as a print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffLitTrade {
    /// The ticker.
    pub symbol: Symbol,
    /// The vendor's `executed_at`.
    pub executed_at: DateTime<Utc>,
    /// The vendor's `trf_executed_at`.
    pub trf_executed_at: Option<DateTime<Utc>>,
    /// Dollars a share.
    pub price: Price,
    /// Shares.
    pub size: Size,
    /// Shares traded today on all venues, this print included.
    pub day_volume: Option<i64>,
    /// Best bid and offer.
    pub quote: Option<Quote>,
    /// What its codes say of the price.
    pub reasons: Reasons,
    /// When we received it.
    pub received_at: DateTime<Utc>,
}

impl OffLitTrade {
    /// Price times size, in dollars.
    #[must_use]
    pub fn notional(&self) -> Decimal {
        self.price.get() * self.size.get()
    }
}

/// What one frame brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// Of the channel `option_trades`.
    Trade(Box<OptionTrade>),
    /// Of the channel `flow-alerts`.
    Alert(Box<FlowAlert>),
    /// Of the channel `price`.
    Price(PriceTick),
    /// Of the channel `off_lit_trades`.
    OffLit(Box<OffLitTrade>),
    /// The answer to a join or a leave.
    Reply(Reply),
}

/// The vendor's answer to a join or a leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The channel's name, as delivered.
    pub channel: String,
    /// The vendor's words when it is not "ok".
    pub refusal: Option<String>,
}

/// Reads frames one by one. Remembers the day of the last row, and how rows are written.
pub struct FrameReader<'a> {
    trades: TradeParser<'a>,
    alerts: AlertParser<'a>,
    orders: Orders,
}

/// The order of keys in each kind of row.
#[derive(Default)]
struct Orders {
    trades: Order,
    alerts: Order,
    prices: Order,
    off_lit: Order,
}

impl<'a> FrameReader<'a> {
    /// A reader with an exchange calendar.
    #[must_use]
    pub fn new(calendar: &'a Calendar) -> Self {
        let (of, received_at) = (TradesOf::Symbols(&[]), DateTime::UNIX_EPOCH);
        Self {
            trades: TradeParser { of, received_at, places: Places::new(calendar) },
            alerts: AlertParser { symbols: &[], received_at, places: Places::new(calendar) },
            orders: Orders::default(),
        }
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// The frame as a reject: it is no `[channel, row]`, of a channel that is not read, or its row
    /// cannot be one.
    pub fn read(&mut self, text: &str, received_at: DateTime<Utc>) -> Result<Row, Reject> {
        let frame = Frame { text, may_scan: true };
        self.row(frame, received_at).map_err(|reason| reject(text, reason))
    }

    /// As [`Self::read`], without the fast way. Only for comparing the two.
    #[doc(hidden)]
    pub fn read_slowly(&mut self, text: &str, received_at: DateTime<Utc>) -> Result<Row, Reject> {
        let frame = Frame { text, may_scan: false };
        self.row(frame, received_at).map_err(|reason| reject(text, reason))
    }

    fn row(&mut self, frame: Frame<'_>, received_at: DateTime<Utc>) -> Result<Row, String> {
        if let Some(reply) = reply(frame.text) {
            return Ok(Row::Reply(reply));
        }
        let channel = frame.channel()?;
        let kind = channel.split_once(':').map_or(&*channel, |(kind, _)| kind);
        (self.trades.received_at, self.alerts.received_at) = (received_at, received_at);
        let orders = &mut self.orders;
        match kind {
            "option_trades" => frame
                .row(&mut orders.trades, |wire| self.trades.trade(wire))
                .map(|row| Row::Trade(Box::new(row))),
            "flow-alerts" => frame
                .row(&mut orders.alerts, |wire| self.alerts.alert(wire))
                .map(|row| Row::Alert(Box::new(row))),
            "price" => {
                frame.row(&mut orders.prices, |wire| price_tick(wire, received_at)).map(Row::Price)
            }
            "off_lit_trades" => frame
                .row(&mut orders.off_lit, |wire| off_lit_trade(wire, received_at))
                .map(|row| Row::OffLit(Box::new(row))),
            _ => {
                let (channel, _) = pair(frame.text)?;
                Err(format!("{channel:.40} is no channel that is read"))
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Frame<'a> {
    text: &'a str,
    may_scan: bool,
}

impl<'a> Frame<'a> {
    fn channel(self) -> Result<Cow<'a, str>, String> {
        match scan_channel(self.text).filter(|_| self.may_scan) {
            Some(channel) => Ok(Cow::Borrowed(channel)),
            None => pair(self.text).map(|(channel, _)| Cow::Owned(channel)),
        }
    }

    fn row<W: WireRow<'a>, T>(
        self,
        order: &mut Order,
        mut parse: impl FnMut(&W) -> Result<T, FieldFault>,
    ) -> Result<T, String> {
        if self.may_scan
            && let Some(wire) = scan_frame::<W>(self.text, order)
        {
            return parse(&wire).map_err(|fault| fault.to_string());
        }
        any_row(pair(self.text)?.1, &mut parse)
    }
}

/// The longest answer to a join that is looked at as such. A row of any channel but `price` is
/// longer.
const MAX_REPLY_BYTES: usize = 600;

/// The answer to a join or a leave, if the frame is one.
pub(in crate::unusual_whales) fn reply(text: &str) -> Option<Reply> {
    if text.len() > MAX_REPLY_BYTES || !text.contains("\"status\"") {
        return None;
    }
    let (channel, raw) = pair(text).ok()?;
    let wire: WireReply<'_> = serde_json::from_str(raw.0).ok()?;
    let status = wire.status.named("status").text().ok()??;
    if wire.response.0.is_empty() {
        return None;
    }
    let refusal = (status != "ok").then(|| format!("{status}: {}", wire.response.0));
    Some(Reply { channel, refusal })
}

fn pair(text: &str) -> Result<(String, Raw<'_>), String> {
    #[derive(Deserialize)]
    #[serde(bound(deserialize = "'de: 'a"))]
    struct Pair<'a>(String, Raw<'a>);
    let Pair(channel, row) = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok((channel, row))
}

fn reject(text: &str, reason: String) -> Reject {
    let symbol = pair(text).ok().and_then(|(_, row)| ticker_of(row));
    Reject::new(symbol, text, reason)
}

fn symbol(raw: Raw<'_>, name: &'static str) -> Result<Symbol, FieldFault> {
    let field = raw.named(name);
    let text = field.required(field.text()?)?;
    Symbol::new(&text).map_err(|error| field.fault(error))
}

fn price_tick(wire: &WirePrice<'_>, received_at: DateTime<Utc>) -> Result<PriceTick, FieldFault> {
    let (time, close) = (wire.time.named("time"), wire.close.named("close"));
    Ok(PriceTick {
        symbol: symbol(wire.ticker, "ticker")?,
        at: time.required(time.moment()?)?,
        price: close.required(close.price()?)?,
        day_volume: wire.vol.named("vol").shares()?,
        received_at,
    })
}

fn off_lit_trade(
    wire: &WireOffLit<'_>,
    received_at: DateTime<Utc>,
) -> Result<OffLitTrade, FieldFault> {
    let time = wire.executed_at.named("executed_at");
    let (price, size) = (wire.price.named("price"), wire.size.named("size"));
    let codes = Codes::of(&RawCodes {
        sale_cond_codes: wire.sale_cond_codes,
        trade_code: wire.trade_code,
        ext_hour_sold_codes: wire.ext_hour_sold_codes,
        trade_settlement: wire.trade_settlement,
    })?;
    Ok(OffLitTrade {
        symbol: symbol(wire.symbol, "symbol")?,
        executed_at: time.required(time.moment()?)?,
        trf_executed_at: wire.trf_executed_at.named("trf_executed_at").moment()?,
        price: price.required(price.price()?)?,
        size: size.required(size.size()?)?,
        day_volume: wire.volume.named("volume").shares()?,
        quote: quote(wire.nbbo_bid, wire.nbbo_ask)?,
        reasons: codes.reasons,
        received_at,
    })
}
