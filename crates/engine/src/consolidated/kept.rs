//! Which tickers of the stream are kept. It is asked for every trade of the market.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use undertow_market::Symbol;

/// Tickers that are known at most, where the whole market is kept: listed stocks are some eleven
/// thousand.
const MAX_TICKERS: usize = 50_000;

/// The tickers that are kept.
pub(super) struct Kept {
    known: RwLock<HashMap<Box<str>, Symbol>>,
    whole_market: bool,
}

impl Kept {
    /// The watch list, or everything.
    pub(super) fn new(watched: &[Symbol], whole_market: bool) -> Self {
        let kept = Self { known: RwLock::default(), whole_market };
        kept.set(watched);
        kept
    }

    /// The watch list changed.
    pub(super) fn set(&self, watched: &[Symbol]) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if !self.whole_market {
            known.clear();
        }
        known.extend(watched.iter().map(|symbol| (symbol.as_str().into(), symbol.clone())));
    }

    /// The symbol of a ticker that is kept.
    pub(super) fn symbol(&self, ticker: &str) -> Option<Symbol> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(symbol) = known.get(ticker) {
            return Some(symbol.clone());
        }
        drop(known);
        if self.whole_market { self.learn(ticker) } else { None }
    }

    fn learn(&self, ticker: &str) -> Option<Symbol> {
        let symbol = Symbol::new(ticker).ok()?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MAX_TICKERS {
            known.insert(ticker.into(), symbol.clone());
        }
        Some(symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_watch_list_is_kept_unless_the_whole_market_is() {
        let spy: Symbol = "SPY".parse().unwrap();
        let few = Kept::new(std::slice::from_ref(&spy), false);
        assert_eq!((few.symbol("SPY"), few.symbol("QQQ")), (Some(spy), None));
        few.set(&[]);
        assert_eq!(few.symbol("SPY"), None);
        let all = Kept::new(&[], true);
        assert_eq!(all.symbol("BRK.B").unwrap().as_str(), "BRK.B");
        assert_eq!(all.symbol("not a ticker"), None);
    }
}
