//! Invented chains for tests.

use chrono::{DateTime, TimeDelta, Utc};
use undertow_market::{ChainQuote, OptionContract, Symbol, new_york_instant};

use super::EXPIRES;

/// An unquoted contract that is like all others.
pub(crate) fn listed(contract: &str) -> ChainQuote {
    let contract: OptionContract = contract.parse().unwrap();
    ChainQuote {
        symbol: Symbol::new(contract.root.as_str()).unwrap(),
        contract,
        shares_per_contract: 100,
        is_adjusted: false,
        bid: None,
        ask: None,
        quote_at: None,
        last_price: None,
        day_close: None,
        volume: None,
        open_interest: Some(500),
        implied_volatility: None,
        delta: None,
        gamma: None,
        theta: None,
        vega: None,
        underlying_price: None,
        underlying_is_delayed: None,
        received_at: DateTime::UNIX_EPOCH,
    }
}

pub(crate) fn quoted(contract: &str, bid: &str, ask: &str) -> ChainQuote {
    let price = |text: &str| Some(text.parse().unwrap());
    ChainQuote { bid: price(bid), ask: price(ask), ..listed(contract) }
}

/// So many minutes before the contracts of a date expire.
pub(crate) fn before(expiry: &str, minutes: i64) -> DateTime<Utc> {
    new_york_instant(expiry.parse().unwrap(), EXPIRES) - TimeDelta::minutes(minutes)
}
