//! On which side of the quote a print lies: the quote rule, with its state.
//!
//! The rule compares the price with the best bid and offer at the time of execution. Where that
//! quote is missing, wrong or says nothing, there is no side; it is never guessed.

use rust_decimal::Decimal;

use crate::Price;

/// The best bid and offer, in dollars a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Best bid.
    pub bid: Price,
    /// Best offer.
    pub ask: Price,
}

/// Who was in a hurry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Above the middle of the quote.
    Buy,
    /// Below the middle of the quote.
    Sell,
    /// At the middle, or no usable quote.
    Unknown,
}

/// Why a print has no side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoSide {
    /// The vendor sent no quote.
    NoQuote,
    /// Bid equals ask.
    Locked,
    /// Bid above ask.
    Crossed,
    /// Reported late: the quote belongs to another moment.
    Late,
    /// The price is not a price of that moment.
    Distorted,
}

/// Where the price lies against the quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SideState {
    /// Above the offer.
    AboveAsk,
    /// At the offer.
    Ask,
    /// Between the middle and the offer.
    NearAsk,
    /// At the middle.
    Mid,
    /// Between the bid and the middle.
    NearBid,
    /// At the bid.
    Bid,
    /// Below the bid.
    BelowBid,
    /// No side, and why.
    None(NoSide),
}

impl SideState {
    /// Places a price against a quote.
    #[must_use]
    pub fn of(price: Price, quote: Quote) -> Self {
        let (price, bid, ask) = (price.get(), quote.bid.get(), quote.ask.get());
        if bid == ask {
            return Self::None(NoSide::Locked);
        }
        if bid > ask {
            return Self::None(NoSide::Crossed);
        }
        let twice = price * Decimal::TWO;
        let middle_twice = bid + ask;
        match (price.cmp(&ask), price.cmp(&bid), twice.cmp(&middle_twice)) {
            (std::cmp::Ordering::Greater, ..) => Self::AboveAsk,
            (std::cmp::Ordering::Equal, ..) => Self::Ask,
            (_, std::cmp::Ordering::Less, _) => Self::BelowBid,
            (_, std::cmp::Ordering::Equal, _) => Self::Bid,
            (.., std::cmp::Ordering::Greater) => Self::NearAsk,
            (.., std::cmp::Ordering::Less) => Self::NearBid,
            _ => Self::Mid,
        }
    }

    /// The side by the quote rule: above the middle is a buy, below it a sell.
    #[must_use]
    pub fn side(self) -> Side {
        match self {
            Self::AboveAsk | Self::Ask | Self::NearAsk => Side::Buy,
            Self::NearBid | Self::Bid | Self::BelowBid => Side::Sell,
            Self::Mid | Self::None(_) => Side::Unknown,
        }
    }

    /// The number that stands for this state in the database and on the wire. Never renumbered.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::AboveAsk => 1,
            Self::Ask => 2,
            Self::NearAsk => 3,
            Self::Mid => 4,
            Self::NearBid => 5,
            Self::Bid => 6,
            Self::BelowBid => 7,
            Self::None(NoSide::NoQuote) => 10,
            Self::None(NoSide::Locked) => 11,
            Self::None(NoSide::Crossed) => 12,
            Self::None(NoSide::Late) => 13,
            Self::None(NoSide::Distorted) => 14,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(price: &str, bid: &str, ask: &str) -> SideState {
        let number = |text: &str| text.parse().expect("a test price");
        SideState::of(number(price), Quote { bid: number(bid), ask: number(ask) })
    }

    #[test]
    fn each_place_against_the_quote_has_its_state_and_side() {
        for (price, expected, side) in [
            ("10.05", SideState::AboveAsk, Side::Buy),
            ("10.04", SideState::Ask, Side::Buy),
            ("10.0301", SideState::NearAsk, Side::Buy),
            ("10.03", SideState::Mid, Side::Unknown),
            ("10.0299", SideState::NearBid, Side::Sell),
            ("10.02", SideState::Bid, Side::Sell),
            ("10.01", SideState::BelowBid, Side::Sell),
        ] {
            let found = state(price, "10.02", "10.04");
            assert_eq!((found, found.side()), (expected, side), "{price}");
        }
    }

    #[test]
    fn a_locked_or_crossed_quote_gives_no_side() {
        assert_eq!(state("10", "10", "10"), SideState::None(NoSide::Locked));
        assert_eq!(state("10", "10.1", "10"), SideState::None(NoSide::Crossed));
    }
}
