//! One trade in an option, and the codes that it carries.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::ticks::Ticks;

/// Where a trade lies against its quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TradeSide {
    /// Above the middle.
    Ask,
    /// Below the middle.
    Bid,
    /// At the middle.
    Mid,
    /// The quote is crossed or of another moment.
    None,
}

impl TradeSide {
    /// The quote rule.
    #[must_use]
    pub fn of(price: Ticks, bid: Ticks, ask: Ticks) -> Self {
        if ask <= bid {
            return Self::None;
        }
        match (2 * price.0).cmp(&(bid.0 + ask.0)) {
            std::cmp::Ordering::Greater => Self::Ask,
            std::cmp::Ordering::Less => Self::Bid,
            std::cmp::Ordering::Equal => Self::Mid,
        }
    }

    /// One for bought, minus one for sold.
    #[must_use]
    pub fn sign(self) -> i64 {
        match self {
            Self::Ask => 1,
            Self::Bid => -1,
            Self::Mid | Self::None => 0,
        }
    }
}

/// How a trade came about, as its code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TradeCode {
    /// Matched by a machine.
    Auto,
    /// Part of an intermarket sweep.
    Sweep,
    /// In an auction of a single option.
    Auction,
    /// In an auction of a single option, as part of a sweep.
    AuctionSweep,
    /// On a floor.
    Floor,
    /// Crossed.
    Cross,
    /// A leg of an order in several options, matched by a machine.
    MultiLeg,
    /// A leg of an order in several options, in an auction.
    MultiLegAuction,
    /// A leg of an order in several options, on a floor.
    MultiLegFloor,
    /// A leg of an order in options and stock.
    StockLeg,
    /// Reported late.
    Late,
}

impl TradeCode {
    /// The vendor's code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Sweep => "isoi",
            Self::Auction => "slan",
            Self::AuctionSweep => "slai",
            Self::Floor => "slft",
            Self::Cross => "slcn",
            Self::MultiLeg => "mlet",
            Self::MultiLegAuction => "mlat",
            Self::MultiLegFloor => "mlft",
            Self::StockLeg => "tlet",
            Self::Late => "late",
        }
    }

    /// The vendor's report flags.
    #[must_use]
    pub fn report_flags(self) -> &'static [&'static str] {
        match self {
            Self::Sweep | Self::AuctionSweep => &["intermarket_sweep"],
            Self::Cross => &["cross_trade"],
            _ => &[],
        }
    }

    /// Whether it is a leg of an order in several options.
    #[must_use]
    pub fn is_multi_leg(self) -> bool {
        matches!(self, Self::MultiLeg | Self::MultiLegAuction | Self::MultiLegFloor)
    }

    /// Whether it was swept over several exchanges.
    #[must_use]
    pub fn is_sweep(self) -> bool {
        matches!(self, Self::Sweep | Self::AuctionSweep)
    }

    /// Whether it was traded on a floor.
    #[must_use]
    pub fn is_floor(self) -> bool {
        matches!(self, Self::Floor | Self::MultiLegFloor)
    }
}

/// Contracts of one option traded so far, a trade included and withdrawn ones not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volumes {
    /// All of them.
    pub total: i64,
    /// Above the middle.
    pub ask: i64,
    /// Below the middle.
    pub bid: i64,
    /// At the middle.
    pub mid: i64,
    /// Without a side.
    pub no_side: i64,
    /// Legs of orders in several options; each has its side as well.
    pub multi_leg: i64,
    /// Legs of orders in options and stock; each has its side as well.
    pub stock_leg: i64,
}

/// One trade in an option as it truly was, its withdrawal included.
#[derive(Clone, Debug, PartialEq)]
pub struct SimTrade {
    /// The vendor's id.
    pub id: Uuid,
    /// When it reached the tape, to the microsecond: from then on it is served.
    pub executed_at: DateTime<Utc>,
    /// Its contract's place among the day's lines.
    pub line: usize,
    /// Dollars a share.
    pub price: Ticks,
    /// Contracts.
    pub size: i64,
    /// Best bid, zero when nobody bids.
    pub bid: Ticks,
    /// Best offer.
    pub ask: Ticks,
    /// Its side by the quote rule; none when it is late.
    pub side: TradeSide,
    /// How it came about.
    pub code: TradeCode,
    /// Where.
    pub exchange: &'static str,
    /// The share's price, dollars.
    pub underlying: Ticks,
    /// Implied volatility as a fraction.
    pub implied_volatility: f64,
    /// Dollars that the option gains when the share gains one.
    pub delta: f64,
    /// What its contract has traded.
    pub volumes: Volumes,
    /// When it is withdrawn, if ever. Served as live until then.
    pub canceled_at: Option<DateTime<Utc>>,
}

impl SimTrade {
    /// Whether it is withdrawn at `now`.
    #[must_use]
    pub fn is_canceled(&self, now: DateTime<Utc>) -> bool {
        self.canceled_at.is_some_and(|at| at <= now)
    }

    /// Ten-thousandths of a dollar: price times contracts times a hundred shares. Exact.
    #[must_use]
    pub fn premium(&self) -> Ticks {
        Ticks(self.price.0 * self.size * SHARES)
    }

    /// When the vendor had it ready, some milliseconds after the trade.
    pub(crate) fn created_at(&self) -> DateTime<Utc> {
        self.executed_at + TimeDelta::milliseconds(20 + (self.id.as_u128() & 63) as i64)
    }
}

/// Shares that a contract stands for.
pub(crate) const SHARES: i64 = 100;

impl Volumes {
    pub(crate) fn add(&mut self, trade: &SimTrade, sign: i64) {
        let size = trade.size * sign;
        self.total += size;
        match trade.side {
            TradeSide::Ask => self.ask += size,
            TradeSide::Bid => self.bid += size,
            TradeSide::Mid => self.mid += size,
            TradeSide::None => self.no_side += size,
        }
        if trade.code.is_multi_leg() {
            self.multi_leg += size;
        }
        if trade.code == TradeCode::StockLeg {
            self.stock_leg += size;
        }
    }
}
