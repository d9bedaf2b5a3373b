//! Options flow of a session: sums by contract and minute, tenors, opening trades.
//!
//! The side of a trade is that of the quote rule. Bought less sold is the net premium; a trade at
//! the middle, or without a usable quote, is in neither. Legs of larger orders say nothing of a
//! direction and are in no directional sum; how much was kept out is said beside it.

mod groups;
mod lines;
mod sentiment;
#[cfg(test)]
mod tests;

pub use groups::{FlowGroup, GroupKind, SWEEP_SECONDS, group, rule_in_words};
pub use lines::{FlowPoint, NetPremium, lines};
pub use sentiment::{FlowSentiment, HeatCell, PutSign, TenorPremium, by_tenor, heat};

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use undertow_market::{OptionKind, Price, Side};

/// How long an option has to live on the day that it trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tenor {
    /// Expires that day.
    Zero,
    /// Within seven days.
    Week,
    /// Within thirty days.
    Month,
    /// Later.
    Longer,
}

impl Tenor {
    /// All of them, nearest first.
    pub const ALL: [Self; 4] = [Self::Zero, Self::Week, Self::Month, Self::Longer];

    /// The tenor of so many calendar days to the expiry.
    #[must_use]
    pub fn of(days: i64) -> Self {
        match days {
            ..=0 => Self::Zero,
            1..=7 => Self::Week,
            8..=30 => Self::Month,
            _ => Self::Longer,
        }
    }

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Week => "week",
            Self::Month => "month",
            Self::Longer => "longer",
        }
    }
}

/// Whether a trade opened a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opening {
    /// It was larger than everything that could have been closed: open interest and the day's
    /// earlier volume.
    Provable,
    /// The day's volume exceeds the open interest.
    Probable,
    /// Nothing says so.
    Unknown,
}

impl Opening {
    /// What the sizes say. `day_volume` includes the trade. All in contracts.
    #[must_use]
    pub fn of(size: i64, day_volume: Option<i64>, open_interest: Option<i64>) -> Self {
        let (Some(volume), Some(open)) = (day_volume, open_interest) else { return Self::Unknown };
        if size > open + (volume - size).max(0) {
            Self::Provable
        } else if volume > open {
            Self::Probable
        } else {
            Self::Unknown
        }
    }
}

/// Trades of one contract and side in a session, summed. Cancelled trades are in no sum.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowCell {
    /// The contract's expiry.
    pub expiry: NaiveDate,
    /// The contract's strike.
    pub strike: Price,
    /// Call or put.
    pub kind: OptionKind,
    /// The side by the quote rule.
    pub side: Side,
    /// Whether these trades are legs of larger orders, which say nothing of a direction.
    pub complex: bool,
    /// Dollars.
    pub premium: Decimal,
    /// Contracts.
    pub contracts: i64,
    /// Trades.
    pub trades: i64,
    /// Side times delta times shares times the underlying's price, dollars.
    pub delta_notional: f64,
    /// Dollars of trades without a delta or an underlying price: missing from `delta_notional`.
    pub premium_without_delta: Decimal,
    /// Dollars of trades that provably opened.
    pub premium_opening_provable: Decimal,
    /// Dollars of trades that probably opened, the provable ones included.
    pub premium_opening_probable: Decimal,
}

/// Directional trades of one minute, kind and tenor, summed.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowMinute {
    /// When the minute begins.
    pub at: DateTime<Utc>,
    /// Calls or puts.
    pub kind: OptionKind,
    /// How long they have to live.
    pub tenor: Tenor,
    /// Dollars above the middle of the quote.
    pub bought: Decimal,
    /// Dollars below it.
    pub sold: Decimal,
    /// Side times delta times shares times the underlying's price, dollars.
    pub delta_notional: f64,
}
