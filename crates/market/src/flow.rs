//! Options flow: single trades, and the alerts that a vendor makes of several.

use bitflags::bitflags;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{
    MarketSession, NoSide, OptionContract, Price, Quote, Side, SideState, Symbol, VendorId,
};

bitflags! {
    /// What is known of an option trade. The bits are stored: never renumber them.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct TradeFlags: u16 {
        /// Routed to several exchanges at once.
        const SWEEP = 1 << 0;
        /// Traded on a floor.
        const FLOOR = 1 << 1;
        /// Crossed.
        const CROSS = 1 << 2;
        /// A leg of an order in several options.
        const MULTI_LEG = 1 << 3;
        /// A leg of an order in options and stock.
        const STOCK_LEG = 1 << 4;
        /// Of an auction.
        const AUCTION = 1 << 5;
        /// Reported late or out of sequence: the quote belongs to another moment.
        const LATE = 1 << 6;
        /// Withdrawn after it was reported.
        const CANCELED = 1 << 7;
        /// Outside the regular session.
        const EXTENDED_HOURS = 1 << 8;
        /// Every trade that it is made of opened a position, says the vendor. Alerts only.
        const ALL_OPENING = 1 << 9;
        /// The vendor sent a code that we do not know.
        const UNKNOWN_CODE = 1 << 10;
    }
}

impl TradeFlags {
    /// Legs whose side says nothing of a direction.
    pub const COMPLEX: Self = Self::MULTI_LEG.union(Self::STOCK_LEG);

    /// The flags with the code and the words that the screen shows, most telling first.
    pub const LABELS: [(Self, &'static str, &'static str); 11] = [
        (Self::CANCELED, "CXL", "Cancelled after it was reported"),
        (Self::SWEEP, "SWP", "Swept several exchanges at once"),
        (Self::MULTI_LEG, "ML", "A leg of an order in several options"),
        (Self::STOCK_LEG, "STK", "A leg of an order in options and stock"),
        (Self::FLOOR, "FLR", "Traded on a floor"),
        (Self::CROSS, "CRS", "Crossed"),
        (Self::AUCTION, "AUC", "Traded in an auction"),
        (Self::LATE, "LATE", "Reported late or out of sequence"),
        (Self::EXTENDED_HOURS, "EXT", "Outside the regular session"),
        (Self::ALL_OPENING, "OPN", "All of its trades opened positions, says the vendor"),
        (Self::UNKNOWN_CODE, "?", "With a code that Undertow does not know"),
    ];
}

/// One trade in an option, as a vendor delivered it.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionTrade {
    /// Who delivered it.
    pub vendor: VendorId,
    /// The vendor's id, unique: with the time it is the natural key.
    pub id: Uuid,
    /// The underlying.
    pub symbol: Symbol,
    /// What was traded.
    pub contract: OptionContract,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// The part of that day.
    pub session: MarketSession,
    /// When it happened.
    pub executed_at: DateTime<Utc>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
    /// Dollars a share.
    pub price: Price,
    /// Contracts.
    pub size: i64,
    /// The option's best bid and offer at the trade.
    pub quote: Option<Quote>,
    /// The underlying's price at the trade; absent for indexes.
    pub underlying_price: Option<Price>,
    /// Implied volatility as a fraction: 0.25 is 25 %.
    pub implied_volatility: Option<f64>,
    /// Dollars an option gains when the share gains one, -1 to 1.
    pub delta: Option<f64>,
    /// Change of delta when the share gains a dollar.
    pub gamma: Option<f64>,
    /// Contracts open at the start of the day.
    pub open_interest: Option<i64>,
    /// Contracts traded that day, this trade included.
    pub day_volume: Option<i64>,
    /// What is known of it.
    pub flags: TradeFlags,
    /// The vendor's condition codes, as delivered.
    pub condition: Option<Box<str>>,
    /// The exchange, in the vendor's code.
    pub exchange: Option<Box<str>>,
}

impl OptionTrade {
    /// Price times contracts times shares a contract, in dollars, exact.
    #[must_use]
    pub fn premium(&self) -> Decimal {
        self.price.get() * Decimal::from(self.size) * Decimal::from(self.contract.multiplier())
    }

    /// Where the price lies against the option's quote, or why that cannot be said.
    #[must_use]
    pub fn side_state(&self) -> SideState {
        if self.flags.contains(TradeFlags::LATE) {
            return SideState::None(NoSide::Late);
        }
        self.quote
            .map_or(SideState::None(NoSide::NoQuote), |quote| SideState::of(self.price, quote))
    }

    /// The side by the quote rule.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side_state().side()
    }

    /// Whether it may be counted towards a direction: not withdrawn, and no leg of a larger order.
    #[must_use]
    pub fn is_directional(&self) -> bool {
        !self.flags.intersects(TradeFlags::COMPLEX | TradeFlags::CANCELED)
    }
}

/// What a vendor noticed: several trades of one contract, summed. Its premium is that of trades
/// that are delivered on their own as well, so alerts are shown and never added to trades.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowAlert {
    /// Who delivered it.
    pub vendor: VendorId,
    /// The vendor's id.
    pub id: Uuid,
    /// The underlying.
    pub symbol: Symbol,
    /// What was traded.
    pub contract: OptionContract,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// The part of that day.
    pub session: MarketSession,
    /// When the vendor made it.
    pub created_at: DateTime<Utc>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
    /// Its first and its last trade, where the vendor tells.
    pub trades_between: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The vendor's rule, as delivered: `RepeatedHits`.
    pub rule: Option<Box<str>>,
    /// Dollars a share, as the vendor sums them up.
    pub price: Option<Price>,
    /// The underlying's price.
    pub underlying_price: Option<Price>,
    /// Contracts of all its trades.
    pub size: i64,
    /// Trades.
    pub trades: i64,
    /// Dollars of all its trades.
    pub premium: Decimal,
    /// Dollars of those on the ask side.
    pub ask_premium: Option<Decimal>,
    /// Dollars of those on the bid side.
    pub bid_premium: Option<Decimal>,
    /// Implied volatility at its end, as a fraction.
    pub implied_volatility: Option<f64>,
    /// Contracts open at the start of the day.
    pub open_interest: Option<i64>,
    /// Contracts traded that day.
    pub day_volume: Option<i64>,
    /// What is known of its trades.
    pub flags: TradeFlags,
}

impl FlowAlert {
    /// Which side paid more; unknown when the vendor does not say or both are equal.
    #[must_use]
    pub fn side(&self) -> Side {
        match (self.ask_premium, self.bid_premium) {
            (Some(ask), Some(bid)) if ask > bid => Side::Buy,
            (Some(ask), Some(bid)) if ask < bid => Side::Sell,
            _ => Side::Unknown,
        }
    }
}
