//! What must be so before a straddle can be bought.

use serde::{Deserialize, Serialize};
use undertow_market::OptionKind;

use super::{Leg, Pair};
use crate::chain;

/// A quote has two sides.
const SIDES: f64 = 2.0;

/// What the gates ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GateLimits {
    /// Widest spread of a contract, a fraction of its middle.
    pub max_leg_spread: f64,
    /// Least open interest of a contract.
    pub min_open_interest: u32,
}

/// What a gate is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// A call and a put at the money are listed within the days that are wanted.
    Listed,
    /// The contract has a bid and an offer, not crossed.
    Quoted,
    /// The spread is narrow enough.
    Spread,
    /// Enough contracts are open.
    OpenInterest,
}

impl GateKind {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Quoted => "quoted",
            Self::Spread => "spread",
            Self::OpenInterest => "open_interest",
        }
    }
}

/// One gate with its figures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// What it is about.
    pub kind: GateKind,
    /// The contract; none for both.
    pub leg: Option<OptionKind>,
    /// What was found: sides that are quoted, spread over middle, or contracts that are open. None
    /// when it is not known.
    pub value: Option<f64>,
    /// What it is compared with: at least, for a spread at most.
    pub threshold: f64,
    /// Whether it passes. None when it cannot be said, because the vendor's plan has no quotes:
    /// this alone rejects nothing.
    pub holds: Option<bool>,
}

/// In the order in which they are named when they fail.
pub(super) fn gates(pair: &Pair, limits: &GateLimits) -> Vec<Gate> {
    let legs = [(OptionKind::Call, &pair.call), (OptionKind::Put, &pair.put)];
    let kinds = [GateKind::Quoted, GateKind::Spread, GateKind::OpenInterest];
    let of = |kind| legs.map(|(leg, quote)| gate(kind, leg, quote, pair.chain_has_quotes, limits));
    kinds.into_iter().flat_map(of).collect()
}

fn gate(
    kind: GateKind,
    leg: OptionKind,
    quote: &Leg,
    chain_has_quotes: bool,
    limits: &GateLimits,
) -> Gate {
    let (value, threshold, holds) = match kind {
        GateKind::Listed | GateKind::Quoted => {
            let sides = sides(quote);
            let holds = chain_has_quotes.then_some(sides >= SIDES);
            (chain_has_quotes.then_some(sides), SIDES, holds)
        }
        GateKind::Spread => {
            let spread = spread(quote);
            let most = limits.max_leg_spread;
            (spread, most, spread.map(|spread| spread <= most))
        }
        GateKind::OpenInterest => {
            let open = quote.open_interest.map(|contracts| contracts as f64);
            let least = f64::from(limits.min_open_interest);
            (open, least, Some(open.is_some_and(|open| open >= least)))
        }
    };
    Gate { kind, leg: Some(leg), value, threshold, holds }
}

/// Sides of the quote that make sense: none of a crossed one.
fn sides(quote: &Leg) -> f64 {
    match (quote.bid, quote.ask) {
        (Some(bid), Some(ask)) if bid > ask => 0.0,
        (bid, ask) => f64::from(u8::from(bid.is_some()) + u8::from(ask.is_some())),
    }
}

fn spread(quote: &Leg) -> Option<f64> {
    let middle = chain::middle(quote.bid, quote.ask)?;
    let spread = quote.ask?.get() - quote.bid?.get();
    Some(chain::float(spread.checked_div(middle)?))
}
