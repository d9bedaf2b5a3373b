//! Rows of the tape.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use undertow_market::{Size, Symbol, TapeTrade};

use super::super::trade::{TradeParts, TradeReader};
use super::super::wire::WireTrade;
use super::Body;
use crate::Reject;
use crate::decode::DecodeError;
use crate::field::{Field, FieldFault};

/// What an answer with trades held beside the trades themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TradesRead {
    /// How many rows the vendor sent.
    pub delivered: usize,
    /// The rows that were not understood.
    pub rejects: Vec<Reject>,
    /// The vendor's address of the next page, unchecked.
    pub next_url: Option<String>,
    /// The newest tape time.
    pub last_at: Option<DateTime<Utc>>,
}

/// Reads an answer of `/v3/trades/{ticker}` and hands each trade on, in the answer's order.
///
/// A trade is refused when it cannot be one: id, venue, tape time, sequence or price missing or of
/// the wrong kind, or no size above zero.
///
/// # Errors
/// The body is cut off, or holds no list of rows: nothing was handed on. Or it holds more rows than
/// any answer does.
pub fn decode_trades(
    body: &[u8],
    symbol: &Symbol,
    reader: &TradeReader,
    received_at: DateTime<Utc>,
    take: &mut dyn FnMut(&TapeTrade<'_>),
) -> Result<TradesRead, DecodeError> {
    TradesOf { symbol, reader, received_at, may_scan: true }.read(&Body::open(body)?, take)
}

/// As [`decode_trades`], without the fast way. Only for comparing the two.
#[doc(hidden)]
pub fn decode_trades_slowly(
    body: &[u8],
    symbol: &Symbol,
    reader: &TradeReader,
    received_at: DateTime<Utc>,
    take: &mut dyn FnMut(&TapeTrade<'_>),
) -> Result<TradesRead, DecodeError> {
    TradesOf { symbol, reader, received_at, may_scan: false }.read(&Body::open(body)?, take)
}

/// Whose trades an answer holds, and how they are read.
pub(in super::super) struct TradesOf<'a> {
    pub(in super::super) symbol: &'a Symbol,
    pub(in super::super) reader: &'a TradeReader,
    pub(in super::super) received_at: DateTime<Utc>,
    pub(in super::super) may_scan: bool,
}

impl TradesOf<'_> {
    /// Hands each trade on.
    pub(in super::super) fn read(
        &self,
        body: &Body<'_>,
        take: &mut dyn FnMut(&TapeTrade<'_>),
    ) -> Result<TradesRead, DecodeError> {
        let (mut rejects, mut last_at) = (Vec::new(), None);
        let next_url = body.next_url()?;
        let delivered = body.each(self.may_scan, |raw, wire: Result<WireTrade<'_>, String>| {
            let read =
                wire.and_then(|wire| self.hand_on(&wire, take).map_err(|fault| fault.to_string()));
            match read {
                Ok(at) => last_at = last_at.max(Some(at)),
                Err(reason) => {
                    rejects.push(Reject::new(Some(self.symbol.to_string()), raw.0, reason));
                }
            }
        })?;
        Ok(TradesRead { delivered, rejects, next_url, last_at })
    }

    /// Makes a trade of a row, hands it on and tells its tape time.
    fn hand_on(
        &self,
        wire: &WireTrade<'_>,
        take: &mut dyn FnMut(&TapeTrade<'_>),
    ) -> Result<DateTime<Utc>, FieldFault> {
        let (id, venue) = (wire.id.named("id"), wire.exchange.named("exchange"));
        let sip = wire.sip_timestamp.named("sip_timestamp");
        let (price, sequence) = (wire.price.named("price"), wire.sequence_number);
        let sequence = sequence.named("sequence_number");
        let trf_id = wire.trf_id.named("trf_id").code_number()?;
        let id = id.required(id.text_or_number()?.filter(|id| !id.is_empty()))?;
        let trade = self.reader.trade(TradeParts {
            symbol: self.symbol.clone(),
            id: &id,
            venue: venue.required(venue.code_number()?)?,
            trf_id: trf_id.filter(|id| *id != 0),
            sip_at: sip.required(sip.nanoseconds()?)?,
            participant_at: wire
                .participant_timestamp
                .named("participant_timestamp")
                .nanoseconds()?,
            price: price.required(price.price()?)?,
            size: size(wire.decimal_size.named("decimal_size"), wire.size.named("size"))?,
            conditions: wire.conditions.named("conditions").conditions()?,
            correction: wire.correction.named("correction").code_number()?.unwrap_or_default(),
            sequence: sequence.required(sequence.integer()?)?,
            received_at: self.received_at,
        });
        take(&trade);
        Ok(trade.reported_at)
    }
}

/// The exact size where it is told, else the whole shares. A trade of less than a share has zero
/// whole shares, so neither alone decides.
pub(in super::super) fn size(exact: Field<'_>, whole: Field<'_>) -> Result<Size, FieldFault> {
    let is_told = |value: &Decimal| *value > Decimal::ZERO;
    if let Some(size) = exact.decimal()?.filter(is_told) {
        return Size::new(size).map_err(|error| exact.fault(error));
    }
    let size = whole.decimal()?.filter(is_told);
    Size::new(whole.required(size).map_err(|_| whole.fault("no size"))?)
        .map_err(|error| whole.fault(error))
}
