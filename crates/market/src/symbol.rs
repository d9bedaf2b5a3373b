//! Ticker symbols.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest ticker we accept, in bytes. US listings have at most five letters plus a class suffix.
pub const MAX_SYMBOL_BYTES: usize = 12;

/// A US ticker: upper-case letters and digits, with `.`, `-` or `/` before a share class
/// (`BRK.B`). Cheap to clone: it is kept where it stands, because every row has one or two.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Symbol {
    /// ASCII, with zeros behind it. Before the length, so that the order is that of the text.
    bytes: [u8; MAX_SYMBOL_BYTES],
    length: u8,
}

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
        let mut bytes = [0; MAX_SYMBOL_BYTES];
        bytes[..trimmed.len()].copy_from_slice(trimmed.as_bytes());
        bytes.make_ascii_uppercase();
        #[expect(clippy::cast_possible_truncation, reason = "at most twelve, checked right above")]
        Ok(Self { bytes, length: trimmed.len() as u8 })
    }

    /// The ticker as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = std::str::from_utf8(&self.bytes[..usize::from(self.length)]);
        text.expect("only ASCII is ever put in")
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({})", self.as_str())
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
        symbol.as_str().to_owned()
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
    fn tickers_are_ordered_as_texts() {
        let mut texts = ["SPY", "A", "AA", "BRK.B", "BRK", "SPXW", "ABCDEFGHIJKL", "Z", "A-B"];
        let mut symbols = texts.map(|text| Symbol::new(text).unwrap());
        texts.sort_unstable();
        symbols.sort_unstable();
        assert_eq!(symbols.each_ref().map(Symbol::as_str), texts);
    }

    #[test]
    fn a_text_that_is_no_ticker_is_refused() {
        for text in ["", " ", "1SPY", "SP Y", "SPY;DROP", "É", "ABCDEFGHIJKLM", "../SPY"] {
            assert!(Symbol::new(text).is_err(), "{text:?} was accepted");
        }
    }
}
