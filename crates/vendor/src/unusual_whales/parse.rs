//! From an answer's body to prints, bars and the state of a stock. Pure: no clock, no I/O.
//!
//! A row that cannot be what it should be is handed back as a reject with its raw text; its
//! neighbours are not lost. A print is refused only when it cannot be a print: a key field
//! missing or of the wrong kind, price or size not above zero, a time outside 2000 to 2100,
//! another ticker than the one asked for.

mod bars;
mod prints;
mod state;

use std::borrow::Cow;

use serde::Deserialize;

pub use bars::decode_bars;
pub use prints::{decode_prints, decode_prints_slowly};
pub use state::{StockState, decode_stock_state};

use super::wire::{Raw, WireTicker};
use crate::Reject;

/// The rows of one body.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded<T> {
    /// The rows that were understood.
    pub rows: Vec<T>,
    /// The rows that were not.
    pub rejects: Vec<Reject>,
    /// How many rows the vendor sent.
    pub delivered: usize,
}

/// Why a whole body could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The text ends inside a value.
    #[error("the answer is cut off")]
    CutOff,
    /// It is not what the endpoint delivers.
    #[error("{0}")]
    Unexpected(String),
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        if error.is_eof() { Self::CutOff } else { Self::Unexpected(error.to_string()) }
    }
}

/// The body as text. Checked once for the whole of it, which is faster than field by field.
fn text_of(body: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(body).map_err(|error| match error.error_len() {
        None => DecodeError::CutOff,
        Some(_) => DecodeError::Unexpected("the answer is not UTF-8 text".to_owned()),
    })
}

/// One row out of its raw text.
fn typed_row<'a, W: Deserialize<'a>>(raw: Raw<'a>) -> Result<W, String> {
    serde_json::from_str(raw.0).map_err(|error| error.to_string())
}

/// The ticker of a row that could not be parsed.
fn ticker_of(raw: Raw<'_>) -> Option<String> {
    let wire: WireTicker<'_> = typed_row(raw).ok()?;
    let text = wire.ticker.named("ticker").text().ok()?;
    text.map(Cow::into_owned)
}
