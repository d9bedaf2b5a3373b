//! From an answer's body to rows. Pure: no clock, no I/O.
//!
//! A row that cannot be what it should be is handed back as a reject with its raw text; its
//! neighbours are not lost. A whole body is checked before its first row is handed on, so that an
//! answer that was cut off gives nothing.

mod aggregates;
mod chain;
mod reference;
mod trades;

use serde_json::value::RawValue;

pub(super) use aggregates::{days, grouped, minutes};
pub use aggregates::{decode_day_bars, decode_grouped_days, decode_minute_bars};
pub(super) use chain::{chain, contracts};
pub use chain::{decode_chain, decode_contracts};
pub use reference::{
    Venue, decode_conditions, decode_dividends, decode_splits, decode_upcoming, decode_venues,
};
pub(super) use reference::{conditions, dividends, splits, upcoming, venues};
pub(super) use trades::{TradesOf, size};
pub use trades::{TradesRead, decode_trades, decode_trades_slowly};

use super::wire::{Envelope, WireTicker};
use crate::Reject;
use crate::decode::{DecodeError, Decoded, text_of, typed_row};
use crate::field::FieldFault;
use crate::scan::{Order, Scanner};
use crate::wire::{Raw, WireRow};

/// More rows than any answer holds. Bounds the memory that one can take.
pub(super) const MAX_ROWS: usize = 50_000;

/// An answer whose JSON is whole; its rows are still text.
pub(super) struct Body<'a> {
    pub(super) envelope: Envelope<'a>,
}

impl<'a> Body<'a> {
    /// Reads what stands around the rows, and that all of it is JSON.
    pub(super) fn open(body: &'a [u8]) -> Result<Self, DecodeError> {
        let text = text_of(body)?;
        let envelope = match first_byte(text) {
            // A bare list: only the coming days are told so.
            Some(b'[') => {
                let list: &RawValue =
                    serde_json::from_str(text).map_err(|error| broken(text, &error))?;
                Envelope { results: Raw(list.get()), ..Envelope::default() }
            }
            Some(b'{') => serde_json::from_str(text).map_err(|error| broken(text, &error))?,
            None => return Err(DecodeError::CutOff),
            Some(_) => return Err(DecodeError::Unexpected("the answer is no object".to_owned())),
        };
        let list = first_byte(envelope.results.0);
        if !matches!(list, None | Some(b'[')) && envelope.results.0 != "null" {
            return Err(DecodeError::Unexpected("\"results\" is no list".to_owned()));
        }
        Ok(Self { envelope })
    }

    /// Where the next page is, where there is one.
    pub(super) fn next_url(&self) -> Result<Option<String>, DecodeError> {
        let field = self.envelope.next_url.named("next_url");
        let text = field.code().map_err(|fault| DecodeError::Unexpected(fault.to_string()))?;
        Ok(text.map(String::from))
    }

    /// Whether the answer names rows, even none.
    pub(super) fn has_rows(&self) -> bool {
        !matches!(self.envelope.results.0, "" | "null")
    }

    /// Reads each row and hands it on, or what is wrong with it. Says how many there were.
    pub(super) fn each<W: WireRow<'a>>(
        &self,
        may_scan: bool,
        mut on_row: impl FnMut(Raw<'a>, Result<W, String>),
    ) -> Result<usize, DecodeError> {
        if !self.has_rows() {
            return Ok(0);
        }
        let scanner = Scanner::new(self.envelope.results.0);
        let mut rows = Rows { scanner, order: Order::default(), may_scan };
        let mut count = 0;
        while let Some((raw, row)) = rows.next()? {
            count += 1;
            if count > MAX_ROWS {
                return Err(DecodeError::Unexpected(format!("more than {MAX_ROWS} rows")));
            }
            on_row(raw, row);
        }
        Ok(count)
    }

    /// The rows of an answer that is short enough to be kept whole.
    fn decoded<W: WireRow<'a>, T>(
        &self,
        mut parse: impl FnMut(&W) -> Result<Option<T>, FieldFault>,
    ) -> Result<Part<T>, DecodeError> {
        let next_url = self.next_url()?;
        let (mut rows, mut rejects) = (Vec::new(), Vec::new());
        let delivered = self.each(true, |raw, wire| {
            match wire.and_then(|wire| parse(&wire).map_err(|fault| fault.to_string())) {
                Ok(row) => rows.extend(row),
                Err(reason) => rejects.push(reject(raw, reason)),
            }
        })?;
        Ok(Part { decoded: Decoded { rows, rejects, delivered }, next_url })
    }
}

/// The rows of one answer, and where the next ones are.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<T> {
    /// The rows.
    pub decoded: Decoded<T>,
    /// The vendor's address of the next page, unchecked.
    pub next_url: Option<String>,
}

/// The rows of a list that is known to be JSON.
struct Rows<'a> {
    scanner: Scanner<'a>,
    order: Order,
    may_scan: bool,
}

/// A row's text and the row, or what is wrong with it.
type Read<'a, W> = (Raw<'a>, Result<W, String>);

impl<'a> Rows<'a> {
    /// The next row. None at the end of the list.
    fn next<W: WireRow<'a>>(&mut self) -> Result<Option<Read<'a, W>>, DecodeError> {
        let broken = || DecodeError::Unexpected("the list of rows is broken".to_owned());
        // The first row follows the bracket, any other a comma.
        if self.scanner.take_if(b']').ok_or_else(broken)? {
            return Ok(None);
        }
        let is_at_row =
            [b'[', b','].into_iter().any(|byte| self.scanner.take_if(byte) == Some(true));
        if !is_at_row {
            return Err(broken());
        }
        if self.scanner.peek() == Some(b']') {
            return Ok(None);
        }
        let rest = self.scanner.rest();
        if self.may_scan {
            if let Some(row) = self.scanner.row(&mut self.order) {
                let bytes = rest.len() - self.scanner.rest().len();
                return Ok(Some((Raw(&rest[..bytes]), Ok(row))));
            }
            self.scanner.go_back_to(rest);
        }
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let raw = values.next().ok_or_else(broken)??;
        self.scanner.advance(values.byte_offset());
        let is_object = raw.get().starts_with('{');
        let row =
            if is_object { typed_row(Raw(raw.get())) } else { Err("is no object".to_owned()) };
        Ok(Some((Raw(raw.get()), row)))
    }
}

/// Broken JSON, or an answer that ends too soon: also one that ends within a number.
fn broken(text: &str, error: &serde_json::Error) -> DecodeError {
    let last_line = text.rsplit('\n').next().unwrap_or_default();
    let lines = text.bytes().filter(|byte| *byte == b'\n').count();
    let is_at_end = error.line() == lines + 1 && error.column() == last_line.len();
    if error.is_eof() || is_at_end {
        DecodeError::CutOff
    } else {
        DecodeError::Unexpected(error.to_string())
    }
}

fn first_byte(text: &str) -> Option<u8> {
    text.bytes().find(|byte| !byte.is_ascii_whitespace())
}

fn reject(raw: Raw<'_>, reason: String) -> Reject {
    let wire: Option<WireTicker<'_>> = typed_row(raw).ok();
    let names = wire.map(|wire| [wire.underlying_ticker, wire.ticker]).into_iter().flatten();
    let mut texts = names.filter_map(|name| name.named("ticker").text().ok()?);
    Reject::new(texts.next().map(String::from), raw.0, reason)
}

/// An object inside a row. Absent is an empty one.
fn inner<'a, W: WireRow<'a>>(raw: Raw<'a>, name: &'static str) -> Result<W, FieldFault> {
    if matches!(raw.0, "" | "null") {
        return Ok(W::default());
    }
    let object = if raw.0.starts_with('{') { typed_row(raw).ok() } else { None };
    object.ok_or_else(|| raw.named(name).fault("is no object"))
}
