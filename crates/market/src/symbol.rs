//! Ticker symbols.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Longest ticker we accept, in bytes. US listings have at most five letters plus a class suffix.
pub const MAX_SYMBOL_BYTES: usize = 12;

/// A US ticker: upper-case letters and digits, with `.`, `-` or `/` before a share class
/// (`BRK.B`). Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Symbol(Arc<str>);

/// Why a text is not a ticker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{text}\" is not a ticker: use 1 to {MAX_SYMBOL_BYTES} letters or digits, with . - or / before a share class"
)]
pub struct SymbolError {
    /// The refused text, cut to a readable length.
    pub text: String,
}

impl Symbol {
    /// Accepts a ticker in any case and keeps it in upper case.
    ///
    /// # Errors
    /// The text is empty, too long, or holds a character no ticker has.
    pub fn new(text: &str) -> Result<Self, SymbolError> {
        let trimmed = text.trim();
        let first_is_letter = trimmed.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'/');
        if !first_is_letter || trimmed.len() > MAX_SYMBOL_BYTES || !trimmed.bytes().all(known) {
            return Err(SymbolError { text: trimmed.chars().take(2 * MAX_SYMBOL_BYTES).collect() });
        }
        Ok(Self(trimmed.to_ascii_uppercase().into()))
    }

    /// The ticker as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({})", self.0)
    }
}

impl FromStr for Symbol {
    type Err = SymbolError;
    fn from_str(text: &str) -> Result<Self, SymbolError> {
        Self::new(text)
    }
}

impl TryFrom<String> for Symbol {
    type Error = SymbolError;
    fn try_from(text: String) -> Result<Self, SymbolError> {
        Self::new(&text)
    }
}

impl From<Symbol> for String {
    fn from(symbol: Symbol) -> Self {
        symbol.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticker_is_kept_in_upper_case() {
        for (text, ticker) in [("spy", "SPY"), (" BRK.B ", "BRK.B"), ("BF-B", "BF-B")] {
            assert_eq!(Symbol::new(text).map(String::from), Ok(ticker.to_owned()));
        }
    }

    #[test]
    fn a_text_that_is_no_ticker_is_refused() {
        for text in ["", " ", "1SPY", "SP Y", "SPY;DROP", "É", "ABCDEFGHIJKLM", "../SPY"] {
            assert!(Symbol::new(text).is_err(), "{text:?} was accepted");
        }
    }
}
