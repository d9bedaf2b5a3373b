//! What one answer brought.

use chrono::{DateTime, Utc};

/// Most raw text that a reject keeps. A row of any endpoint that we read has under 600 bytes.
pub const MAX_RAW_BYTES: usize = 4096;

/// The rows of one answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows that were understood, in the order that the endpoint's method states.
    pub rows: Vec<T>,
    /// The rows that were not, with the reason.
    pub rejects: Vec<Reject>,
    /// How many rows the vendor sent. For prints this is `rows` and `rejects` together; several
    /// rows of an answer may make one day bar.
    pub delivered: usize,
    /// When the answer was complete.
    pub received_at: DateTime<Utc>,
    /// What was asked: path and query, never the key.
    pub request: String,
}

/// A row that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The ticker, where it is known.
    pub symbol: Option<String>,
    /// The row as delivered, cut to [`MAX_RAW_BYTES`].
    pub raw: String,
    /// Why it was refused, in words.
    pub reason: String,
}

impl Reject {
    pub(crate) fn new(symbol: Option<String>, raw: &str, reason: impl ToString) -> Self {
        Self { symbol, raw: cut(raw, MAX_RAW_BYTES).to_owned(), reason: reason.to_string() }
    }

    /// Stands for a row that repeats the key. Rejects are stored, and the key must not be.
    pub(crate) fn withheld() -> Self {
        const WITHHELD: &str = "(withheld: the answer repeats the key)";
        Self::new(None, WITHHELD, WITHHELD)
    }
}

/// The longest beginning of a text that fits into `max_bytes` and ends between two characters.
pub(crate) fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_text_is_cut_between_two_characters() {
        let row = "é".repeat(MAX_RAW_BYTES);
        let reject = Reject::new(None, &row, "too long");
        assert_eq!(reject.raw.len(), MAX_RAW_BYTES);
        assert!(reject.raw.chars().all(|c| c == 'é'));
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("short", 100), "short");
    }
}
