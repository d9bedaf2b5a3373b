//! Which contracts make the straddle.

use std::ops::RangeInclusive;

use undertow_market::{Calendar, ChainQuote, new_york_date};

use super::{Leg, Pair, WANTED_DAYS};
use crate::atm::{Atm, Market};
use crate::chain::{self, Expiry};

impl Pair {
    /// The pair at the money of the expiry nearest [`WANTED_DAYS`], within `days` calendar days.
    /// Of two equally near expiries the earlier is taken, of two strikes the lower. None when no
    /// call and put are listed there together, or the money is not known.
    ///
    /// Contracts are chosen by what is listed and not by how well they are quoted: gates say that.
    #[must_use]
    pub fn choose(
        chain: &[ChainQuote],
        atm: &Atm,
        market: &Market,
        days: RangeInclusive<u32>,
        calendar: &Calendar,
    ) -> Option<Self> {
        let today = new_york_date(market.at);
        let left = |expiry: &Expiry<'_>| u32::try_from((expiry.date - today).num_days()).ok();
        let candidates = chain::expiries(chain, market.at).into_iter().filter_map(|expiry| {
            let left = left(&expiry).filter(|left| days.contains(left))?;
            let has_pair = expiry.strikes.values().any(|strike| strike.both().is_some());
            has_pair.then_some((left, expiry))
        });
        let (left, expiry) = candidates.min_by_key(|(left, _)| left.abs_diff(WANTED_DAYS))?;
        let point = atm.at(expiry.date)?;
        let pairs = expiry.strikes.iter().filter_map(|(strike, listed)| {
            let distance = (chain::float(strike.get()) - point.forward).abs();
            Some((*strike, distance, listed.both()?))
        });
        let (strike, _, [call, put]) = pairs.min_by(|left, right| left.1.total_cmp(&right.1))?;
        let after_today = today.succ_opt()?;
        let sessions = calendar.sessions_between(after_today, expiry.date).len();
        Some(Self {
            taken_at: market.at,
            expiry: expiry.date,
            strike,
            days: left,
            years: expiry.years(),
            horizon_sessions: u32::try_from(sessions).unwrap_or(u32::MAX),
            forward: point.forward,
            forward_source: point.forward_source,
            implied: point.implied.map(|implied| implied.value),
            chain_has_quotes: chain.iter().any(|of| of.bid.is_some() || of.ask.is_some()),
            call: Leg::from(call),
            put: Leg::from(put),
        })
    }
}

impl From<&ChainQuote> for Leg {
    fn from(quote: &ChainQuote) -> Self {
        Self {
            contract: quote.contract.clone(),
            bid: quote.bid,
            ask: quote.ask,
            quote_at: quote.quote_at,
            day_close: quote.day_close,
            last_price: quote.last_price,
            volume: quote.volume,
            open_interest: quote.open_interest,
            implied_volatility: quote.implied_volatility,
        }
    }
}
