//! From an answer's body to rows: what the vendors' decoders share.

use std::borrow::Cow;

use serde::Deserialize;

use crate::field::FieldFault;
use crate::http::Answer;
use crate::wire::{Raw, WireRow};
use crate::{Reject, VendorError};

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

/// A row out of its raw text, or why it is none.
pub(crate) fn any_row<'t, W: WireRow<'t>, T>(
    raw: Raw<'t>,
    parse: &mut impl FnMut(&W) -> Result<T, FieldFault>,
) -> Result<T, String> {
    let wire: W = typed_row(raw)?;
    parse(&wire).map_err(|fault| fault.to_string())
}

/// The body as text. Checked once for the whole of it, which is faster than field by field.
pub(crate) fn text_of(body: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(body).map_err(|error| match error.error_len() {
        None => DecodeError::CutOff,
        Some(_) => DecodeError::Unexpected("the answer is not UTF-8 text".to_owned()),
    })
}

/// One row out of its raw text.
pub(crate) fn typed_row<'a, W: Deserialize<'a>>(raw: Raw<'a>) -> Result<W, String> {
    serde_json::from_str(raw.0).map_err(|error| error.to_string())
}

/// A text of a row's own.
pub(crate) fn boxed(text: Option<Cow<'_, str>>) -> Option<Box<str>> {
    text.map(Into::into)
}

/// What it means for the caller that a body could not be read.
pub(crate) fn unreadable(answer: &Answer<'_>, error: &DecodeError) -> VendorError {
    match error {
        DecodeError::CutOff => answer.transient("the answer is cut off"),
        DecodeError::Unexpected(_) if answer.repeats_key() => {
            answer.malformed("it repeats the key")
        }
        DecodeError::Unexpected(cause) => answer.malformed(cause),
    }
}

/// The rejects, unless the answer repeats the key.
pub(crate) fn without_key(answer: &Answer<'_>, mut rejects: Vec<Reject>) -> Vec<Reject> {
    if !rejects.is_empty() && answer.repeats_key() {
        rejects.fill(Reject::withheld());
    }
    rejects
}
