//! The topics that a stream can join.

use std::fmt;
use std::str::FromStr;

use undertow_market::Symbol;

/// What can be joined.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Every trade of every symbol.
    AllTrades,
    /// The minute aggregates of every symbol.
    AllMinutes,
    /// Every trade of a symbol.
    Trades(Symbol),
    /// The minute aggregates of a symbol.
    Minutes(Symbol),
}

/// A text that names no topic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no topic that Undertow joins")]
pub struct TopicError(String);

impl Topic {
    /// Whether it brings rows of the whole market.
    #[must_use]
    pub fn is_whole_market(&self) -> bool {
        matches!(self, Self::AllTrades | Self::AllMinutes)
    }

    /// Whether a frame has a row that this topic alone brings. The vendor writes kind and symbol
    /// first; a frame that is written otherwise shows nothing.
    pub(super) fn is_shown_by(&self, frame: &str) -> bool {
        let (kind, symbol) = match self {
            Self::Trades(symbol) => ("T", symbol),
            Self::Minutes(symbol) => ("AM", symbol),
            Self::AllTrades | Self::AllMinutes => return false,
        };
        frame.contains(&format!(r#""ev":"{kind}","sym":"{symbol}""#))
    }
}

/// The name on the wire.
impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllTrades => f.write_str("T.*"),
            Self::AllMinutes => f.write_str("AM.*"),
            Self::Trades(symbol) => write!(f, "T.{symbol}"),
            Self::Minutes(symbol) => write!(f, "AM.{symbol}"),
        }
    }
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        let error = || TopicError(text.chars().take(40).collect());
        let symbol = |ticker: &str| Symbol::new(ticker).map_err(|_| error());
        match text.split_once('.') {
            Some(("T", "*")) => Ok(Self::AllTrades),
            Some(("AM", "*")) => Ok(Self::AllMinutes),
            Some(("T", ticker)) => symbol(ticker).map(Self::Trades),
            Some(("AM", ticker)) => symbol(ticker).map(Self::Minutes),
            _ => Err(error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_read_and_written_the_same() {
        for text in ["T.SPY", "T.*", "AM.BRK.B", "AM.*"] {
            assert_eq!(text.parse::<Topic>().unwrap().to_string(), text);
        }
        for text in ["", "T", "T.", "Q.SPY", "A.*", "T.a b", "t.SPY", "T.SPY,T.QQQ"] {
            assert!(text.parse::<Topic>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_row_of_its_own_shows_a_topic() {
        let frame = r#"[{"ev":"AM","sym":"SPY","v":1},{"ev":"T","sym":"QQQ","p":2}]"#;
        let is_shown = |topic: &str| topic.parse::<Topic>().unwrap().is_shown_by(frame);
        assert!(is_shown("AM.SPY") && is_shown("T.QQQ"));
        assert!(!is_shown("T.SPY") && !is_shown("AM.QQQ") && !is_shown("T.QQ"));
        assert!(!is_shown("T.*"), "a symbol of another topic proves nothing");
    }
}
