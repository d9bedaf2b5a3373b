//! The channels that a stream can join.

use std::fmt;
use std::str::FromStr;

use undertow_market::Symbol;

/// What can be joined.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Every option trade of a symbol.
    OptionTrades(Symbol),
    /// Alerts of the whole market.
    FlowAlerts,
    /// The price of a symbol.
    Price(Symbol),
    /// Off-exchange prints of the whole market.
    OffLitTrades,
}

/// A text that names no channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no channel that Undertow joins")]
pub struct ChannelError(String);

/// The name on the wire.
impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OptionTrades(symbol) => write!(f, "option_trades:{symbol}"),
            // With a hyphen, unlike the others.
            Self::FlowAlerts => f.write_str("flow-alerts"),
            Self::Price(symbol) => write!(f, "price:{symbol}"),
            Self::OffLitTrades => f.write_str("off_lit_trades"),
        }
    }
}

impl FromStr for Channel {
    type Err = ChannelError;

    fn from_str(text: &str) -> Result<Self, ChannelError> {
        let error = || ChannelError(text.chars().take(40).collect());
        let symbol = |ticker: &str| Symbol::new(ticker).map_err(|_| error());
        match text.split_once(':') {
            Some(("option_trades", ticker)) => symbol(ticker).map(Self::OptionTrades),
            Some(("price", ticker)) => symbol(ticker).map(Self::Price),
            None if text == "flow-alerts" => Ok(Self::FlowAlerts),
            None if text == "off_lit_trades" => Ok(Self::OffLitTrades),
            _ => Err(error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_read_and_written_the_same() {
        for text in ["option_trades:SPY", "flow-alerts", "price:BRK.B", "off_lit_trades"] {
            assert_eq!(text.parse::<Channel>().unwrap().to_string(), text);
        }
        for text in ["", "option_trades", "option_trades:", "flow_alerts", "gex:SPY", "price:a b"] {
            assert!(text.parse::<Channel>().is_err(), "{text}");
        }
    }
}
