//! Rows of the aggregates: days and minutes of one stock, one day of every stock.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use undertow_market::{Aggregate, DayBar, Price, Symbol, new_york_date};

use super::super::wire::WireAggregate;
use super::{Body, Part};
use crate::decode::DecodeError;
use crate::field::{Field, FieldFault};
use crate::wire::Raw;

/// Most days between a row's time and the day that was asked for: the time is the end of that day,
/// which may be its midnight.
const MOST_DAYS_OFF: i64 = 1;
const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// Reads an answer with days of one stock. Each row's time is the beginning of its day.
///
/// # Errors
/// The body is cut off, holds no list of rows, or is about another ticker.
pub fn decode_day_bars(
    body: &[u8],
    symbol: &Symbol,
    received_at: DateTime<Utc>,
) -> Result<Part<DayBar>, DecodeError> {
    days(&Body::open(body)?, symbol, received_at)
}

pub(in super::super) fn days(
    body: &Body<'_>,
    symbol: &Symbol,
    received_at: DateTime<Utc>,
) -> Result<Part<DayBar>, DecodeError> {
    check_ticker(body, symbol)?;
    body.decoded(|wire: &WireAggregate<'_>| {
        let session_date = new_york_date(time(wire)?);
        Figures::of(wire)?.day(symbol.clone(), session_date, received_at).map(Some)
    })
}

/// Reads an answer with minutes of one stock.
///
/// # Errors
/// As [`decode_day_bars`].
pub fn decode_minute_bars(
    body: &[u8],
    symbol: &Symbol,
    received_at: DateTime<Utc>,
) -> Result<Part<Aggregate>, DecodeError> {
    minutes(&Body::open(body)?, symbol, received_at)
}

pub(in super::super) fn minutes(
    body: &Body<'_>,
    symbol: &Symbol,
    received_at: DateTime<Utc>,
) -> Result<Part<Aggregate>, DecodeError> {
    check_ticker(body, symbol)?;
    body.decoded(|wire: &WireAggregate<'_>| {
        let (start_at, figures) = (time(wire)?, Figures::of(wire)?);
        let [open, high, low, close] = figures.prices;
        let volume = wire.volume.named("v");
        Ok(Some(Aggregate {
            symbol: symbol.clone(),
            start_at,
            end_at: start_at + MINUTE,
            open,
            high,
            low,
            close,
            volume: volume.required(volume.rounded_shares()?)?,
            received_at,
        }))
    })
}

/// Reads an answer with one day of every stock.
///
/// A ticker with a small letter (`KIMpL`) is a preferred share. It is left out: in capitals it would
/// be another ticker.
///
/// # Errors
/// The body is cut off, or holds no list of rows.
pub fn decode_grouped_days(
    body: &[u8],
    date: NaiveDate,
    received_at: DateTime<Utc>,
) -> Result<Part<DayBar>, DecodeError> {
    grouped(&Body::open(body)?, date, received_at)
}

pub(in super::super) fn grouped(
    body: &Body<'_>,
    date: NaiveDate,
    received_at: DateTime<Utc>,
) -> Result<Part<DayBar>, DecodeError> {
    body.decoded(|wire: &WireAggregate<'_>| {
        let field = wire.ticker.named("T");
        let ticker = field.required(field.text()?)?;
        if ticker.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Ok(None);
        }
        let symbol = Symbol::new(&ticker).map_err(|error| field.fault(error))?;
        let end = new_york_date(time(wire)?);
        if (end - date).num_days().abs() > MOST_DAYS_OFF {
            return Err(wire
                .time
                .named("t")
                .fault(format_args!("{end} came, {date} was asked for")));
        }
        Figures::of(wire)?.day(symbol, date, received_at).map(Some)
    })
}

/// The prices of a row.
struct Figures<'w, 'a> {
    wire: &'w WireAggregate<'a>,
    /// Open, high, low, close.
    prices: [Price; 4],
}

impl<'w, 'a> Figures<'w, 'a> {
    fn of(wire: &'w WireAggregate<'a>) -> Result<Self, FieldFault> {
        let price = |field: Field<'_>| field.required(field.price()?);
        let prices = [
            price(wire.open.named("o"))?,
            price(wire.high.named("h"))?,
            price(wire.low.named("l"))?,
            price(wire.close.named("c"))?,
        ];
        if prices[1] < prices[2] {
            return Err(wire.high.named("h").fault("is below the lowest price"));
        }
        Ok(Self { wire, prices })
    }

    fn day(
        &self,
        symbol: Symbol,
        session_date: NaiveDate,
        received_at: DateTime<Utc>,
    ) -> Result<DayBar, FieldFault> {
        let [open, high, low, close] = self.prices;
        let volume = self.wire.volume.named("v");
        Ok(DayBar {
            symbol,
            session_date,
            open,
            high,
            low,
            close,
            volume: volume.required(volume.rounded_shares()?)?,
            vwap: self.wire.vwap.named("vw").rounded_price()?,
            trades: self.wire.trades.named("n").whole()?,
            received_at,
        })
    }
}

fn time(wire: &WireAggregate<'_>) -> Result<DateTime<Utc>, FieldFault> {
    let field = wire.time.named("t");
    field.required(field.moment()?)
}

/// The answer names its ticker once, beside the rows.
fn check_ticker(body: &Body<'_>, symbol: &Symbol) -> Result<(), DecodeError> {
    let raw: Raw<'_> = body.envelope.ticker;
    match raw.named("ticker").text() {
        Ok(None) => Ok(()),
        Ok(Some(text)) if text == symbol.as_str() => Ok(()),
        _ => Err(DecodeError::Unexpected(format!("it is about another ticker than {symbol}"))),
    }
}
