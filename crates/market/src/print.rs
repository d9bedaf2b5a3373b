//! Off-exchange prints.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

use crate::{
    MarketSession, NoSide, Price, Quote, Reasons, Side, SideState, Size, Symbol, VendorId,
};

/// A report later than this after execution is late (the reporting rule is ten seconds).
pub const LATE_AFTER: TimeDelta = TimeDelta::seconds(10);
/// A report this long after execution is a late signature.
pub const LATE_SIGNATURE_AFTER: TimeDelta = TimeDelta::minutes(15);

/// One trade reported off exchange, as a vendor delivered it.
#[derive(Clone, Debug, PartialEq)]
pub struct Print {
    /// Who delivered it.
    pub vendor: VendorId,
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York that the tape counted it in.
    pub session_date: NaiveDate,
    /// The part of that day in which the trade was executed.
    pub session: MarketSession,
    /// When the trade happened, where the vendor tells; else when it was reported.
    pub executed_at: DateTime<Utc>,
    /// When the print reached the public tape.
    pub reported_at: DateTime<Utc>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
    /// The vendor's own id. Not unique: see [`Print::key`].
    pub tracking_id: i64,
    /// Dollars a share.
    pub price: Price,
    /// Shares.
    pub size: Size,
    /// The ticker's consolidated volume of the day after this print, in shares.
    pub day_volume: Option<i64>,
    /// The best bid and offer that came with the print.
    pub quote: Option<Quote>,
    /// Why the price may not have been tradable.
    pub reasons: Reasons,
    /// Where it was reported, in the vendor's code.
    pub market_center: Option<Box<str>>,
    /// The vendor's sale condition, as delivered.
    pub sale_condition: Option<Box<str>>,
    /// The vendor's trade code, as delivered.
    pub trade_code: Option<Box<str>>,
    /// The vendor's extended-hours code, as delivered.
    pub extended_hours_code: Option<Box<str>>,
    /// The vendor's settlement code, as delivered.
    pub settlement: Option<Box<str>>,
}

/// What tells one print of a symbol from another.
///
/// Vendors' ids repeat (one in twenty-five rows shares its id with another print), so identity
/// is the whole of what cannot change after the fact: day, id, tape time, price, size and
/// running volume. The fields that are not the time are folded into a stable 64-bit hash, which
/// keeps the index narrow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrintKey {
    /// The ticker.
    pub symbol: Symbol,
    /// When the print reached the public tape.
    pub reported_at: DateTime<Utc>,
    /// SipHash-2-4 (zero key) of the day, id, price, size and running volume.
    pub identity: i64,
}

impl Print {
    /// The natural key.
    #[must_use]
    pub fn key(&self) -> PrintKey {
        PrintKey {
            symbol: self.symbol.clone(),
            reported_at: self.reported_at,
            identity: self.identity(),
        }
    }

    /// The hash part of the natural key. Stored: its definition never changes.
    #[must_use]
    pub fn identity(&self) -> i64 {
        let mut hash = SipHasher24::new();
        hash.write(&chrono::Datelike::num_days_from_ce(&self.session_date).to_le_bytes());
        hash.write(&self.tracking_id.to_le_bytes());
        for number in [self.price.get(), self.size.get()] {
            let plain = number.normalize();
            hash.write(&plain.mantissa().to_le_bytes());
            hash.write(&plain.scale().to_le_bytes());
        }
        hash.write(&self.day_volume.unwrap_or(-1).to_le_bytes());
        hash.finish().cast_signed()
    }

    /// Price times size, in dollars, exact.
    #[must_use]
    pub fn notional(&self) -> Decimal {
        self.price.get() * self.size.get()
    }

    /// When a trader could have known of it.
    #[must_use]
    pub fn available_at(&self) -> DateTime<Utc> {
        self.reported_at.max(self.received_at)
    }

    /// Whether the vendor withdrew it.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.reasons.contains(Reasons::CANCELED)
    }

    /// Whether its price may build a level (in the session that it was executed in).
    #[must_use]
    pub fn is_level_eligible(&self) -> bool {
        !self.reasons.intersects(Reasons::NOT_LEVEL_ELIGIBLE)
    }

    /// Where the price lies against the quote, or why that cannot be said.
    #[must_use]
    pub fn side_state(&self) -> SideState {
        if self.reasons.intersects(Reasons::LATE | Reasons::LATE_SIGNATURE) {
            return SideState::None(NoSide::Late);
        }
        if self.reasons.intersects(Reasons::PRICE_DISTORTING) {
            return SideState::None(NoSide::Distorted);
        }
        match self.quote {
            Some(quote) => SideState::of(self.price, quote),
            None => SideState::None(NoSide::NoQuote),
        }
    }

    /// The side by the quote rule.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side_state().side()
    }
}

/// The reasons that follow from the two times alone.
#[must_use]
pub fn lateness(executed_at: DateTime<Utc>, reported_at: DateTime<Utc>) -> Reasons {
    let delay = reported_at - executed_at;
    if delay >= LATE_SIGNATURE_AFTER {
        Reasons::LATE | Reasons::LATE_SIGNATURE
    } else if delay > LATE_AFTER {
        Reasons::LATE
    } else {
        Reasons::empty()
    }
}

#[cfg(test)]
mod tests;
