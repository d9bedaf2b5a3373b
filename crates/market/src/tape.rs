//! The consolidated tape: every trade of every venue, and what is kept of it.
//!
//! A tape is too long to keep whole, so each trade goes into the sums of its minute and of its
//! price, and only large off-exchange trades are kept one by one.

use std::hash::Hasher;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use siphasher::sip::SipHasher24;

use crate::{Price, Reasons, Size, Symbol};

/// The venue code of FINRA's facilities: a trade reported there was made off exchange.
pub const OFF_EXCHANGE_VENUE: u16 = 4;
/// Most sale conditions that one trade carries. The tape allows four.
pub const MAX_CONDITIONS: usize = 8;

/// A trade's sale conditions in the vendor's numbers, without a heap allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Conditions {
    ids: [u16; MAX_CONDITIONS],
    count: u8,
}

/// More conditions than a trade can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a trade has more than {MAX_CONDITIONS} sale conditions")]
pub struct TooManyConditions;

impl Conditions {
    /// Adds one.
    ///
    /// # Errors
    /// There are [`MAX_CONDITIONS`] already.
    pub fn push(&mut self, id: u16) -> Result<(), TooManyConditions> {
        let place = self.ids.get_mut(usize::from(self.count)).ok_or(TooManyConditions)?;
        *place = id;
        self.count += 1;
        Ok(())
    }

    /// The numbers, as delivered.
    #[must_use]
    pub fn as_slice(&self) -> &[u16] {
        &self.ids[..usize::from(self.count)]
    }
}

/// One trade as the tape reported it. Times are whole milliseconds whichever channel brought it,
/// so that the same trade is the same value from each.
#[derive(Clone, Debug, PartialEq)]
pub struct TapeTrade<'a> {
    /// The ticker.
    pub symbol: Symbol,
    /// The day of the tape in New York.
    pub session_date: NaiveDate,
    /// Minutes since New York midnight when the tape reported it.
    pub minute: u16,
    /// When the trade happened, where the vendor tells; else when it was reported.
    pub executed_at: DateTime<Utc>,
    /// When it reached the tape.
    pub reported_at: DateTime<Utc>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
    /// The venue's code; [`OFF_EXCHANGE_VENUE`] = off exchange.
    pub venue: u16,
    /// The reporting facility of an off-exchange trade, where the vendor tells: a label.
    pub trf_id: Option<u16>,
    /// The venue's id of the trade, unique for ticker, day, venue and facility.
    pub trade_id: &'a str,
    /// The tape's running number.
    pub sequence: i64,
    /// Dollars a share.
    pub price: Price,
    /// Shares.
    pub size: Size,
    /// Sale conditions, as delivered.
    pub conditions: Conditions,
    /// The vendor's correction code; zero for none and for channels that never tell.
    pub correction: u16,
    /// What the conditions, the correction and the times say of the price.
    pub reasons: Reasons,
}

impl TapeTrade<'_> {
    /// Whether it was made off exchange. The facility does not matter: it can be missing.
    #[must_use]
    pub fn is_off_exchange(&self) -> bool {
        self.venue == OFF_EXCHANGE_VENUE
    }

    /// Whether the tape counts its shares: neither withdrawn nor printed before.
    #[must_use]
    pub fn counts_in_volume(&self) -> bool {
        !self.reasons.intersects(Reasons::NOT_COUNTED)
    }

    /// Whether its price may build a level.
    #[must_use]
    pub fn is_level_eligible(&self) -> bool {
        !self.reasons.intersects(Reasons::NOT_LEVEL_ELIGIBLE)
    }

    /// Price times size, in dollars, exact.
    #[must_use]
    pub fn notional(&self) -> Decimal {
        self.price.get() * self.size.get()
    }

    /// With symbol and day the natural key: SipHash-2-4 (zero key) of venue, facility and id. No
    /// time is in it, because the channels tell it with different precision. Stored: its
    /// definition never changes.
    #[must_use]
    pub fn identity(&self) -> i64 {
        let head = u32::from(self.venue) | u32::from(self.trf_id.unwrap_or(0)) << 16;
        let mut hash = SipHasher24::new();
        // The same as its four bytes, the lowest first, and faster.
        hash.write_u32(head);
        hash.write(self.trade_id.as_bytes());
        hash.finish().cast_signed()
    }

    /// The trade as a row of its own.
    #[must_use]
    pub fn to_print(&self) -> TapePrint {
        TapePrint {
            symbol: self.symbol.clone(),
            session_date: self.session_date,
            identity: self.identity(),
            executed_at: self.executed_at,
            reported_at: self.reported_at,
            received_at: self.received_at,
            trf_id: self.trf_id,
            trade_id: self.trade_id.into(),
            sequence: self.sequence,
            price: self.price,
            size: self.size,
            conditions: self.conditions,
            correction: self.correction,
            reasons: self.reasons,
        }
    }
}

/// An off-exchange trade large enough to be kept by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct TapePrint {
    /// The ticker.
    pub symbol: Symbol,
    /// The day of the tape in New York.
    pub session_date: NaiveDate,
    /// See [`TapeTrade::identity`].
    pub identity: i64,
    /// When the trade happened, where the vendor tells; else when it was reported.
    pub executed_at: DateTime<Utc>,
    /// When it reached the tape.
    pub reported_at: DateTime<Utc>,
    /// When we received it.
    pub received_at: DateTime<Utc>,
    /// The reporting facility, where the vendor tells.
    pub trf_id: Option<u16>,
    /// The facility's id of the trade.
    pub trade_id: Box<str>,
    /// The tape's running number.
    pub sequence: i64,
    /// Dollars a share.
    pub price: Price,
    /// Shares.
    pub size: Size,
    /// Sale conditions, as delivered.
    pub conditions: Conditions,
    /// The vendor's correction code; zero for none.
    pub correction: u16,
    /// What the conditions, the correction and the times say of the price.
    pub reasons: Reasons,
}

impl TapePrint {
    /// Price times size, in dollars, exact.
    #[must_use]
    pub fn notional(&self) -> Decimal {
        self.price.get() * self.size.get()
    }
}

/// A number of trades with their shares and dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TapeVolume {
    /// How many.
    pub trades: u32,
    /// Shares.
    pub shares: Decimal,
    /// Price times size, dollars.
    pub notional: Decimal,
}

/// Two sums are more together than can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more trades, shares or dollars than can be counted")]
pub struct TooMuchVolume;

impl TapeVolume {
    /// Counts another sum.
    ///
    /// # Errors
    /// The two are more than can be counted; then this one stays as it is.
    pub fn merge(&mut self, other: &Self) -> Result<(), TooMuchVolume> {
        let sum = || {
            Some(Self {
                trades: self.trades.checked_add(other.trades)?,
                shares: self.shares.checked_add(other.shares)?,
                notional: self.notional.checked_add(other.notional)?,
            })
        };
        *self = sum().ok_or(TooMuchVolume)?;
        Ok(())
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trades == 0
    }
}

/// One minute of one symbol's tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapeMinute {
    /// The ticker.
    pub symbol: Symbol,
    /// The day of the tape in New York.
    pub session_date: NaiveDate,
    /// Minutes since New York midnight.
    pub minute: u16,
    /// On exchanges, everything that the tape counts.
    pub lit: TapeVolume,
    /// Off exchange, everything that the tape counts.
    pub off_exchange: TapeVolume,
    /// What carries a reason against its price, by place and set of reasons. Those that the tape
    /// counts are also in the two sums above; cancels and repeats are only here.
    pub apart: Vec<TapeApart>,
}

/// Trades of one minute that carry the same reasons against their price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapeApart {
    /// Whether they were made off exchange.
    pub is_off_exchange: bool,
    /// The reasons, all of [`Reasons::NOT_LEVEL_ELIGIBLE`]; labels are left out.
    pub reasons: Reasons,
    /// How much.
    pub volume: TapeVolume,
}

/// Level-eligible trades of one symbol and day at one price cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapeCell {
    /// The ticker.
    pub symbol: Symbol,
    /// The day of the tape in New York.
    pub session_date: NaiveDate,
    /// Where the cell starts, dollars; its width is that of off-exchange levels.
    pub cell_low: Decimal,
    /// On exchanges.
    pub lit: TapeVolume,
    /// Off exchange.
    pub off_exchange: TapeVolume,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trade(trade_id: &str, trf_id: Option<u16>) -> TapeTrade<'_> {
        let at = "2026-11-20T15:00:00.001Z".parse().unwrap();
        TapeTrade {
            symbol: Symbol::new("SPY").unwrap(),
            session_date: "2026-11-20".parse().unwrap(),
            minute: 600,
            executed_at: at,
            reported_at: at,
            received_at: at,
            venue: OFF_EXCHANGE_VENUE,
            trf_id,
            trade_id,
            sequence: 1,
            price: "600.01".parse().unwrap(),
            size: "0.0073".parse().unwrap(),
            conditions: Conditions::default(),
            correction: 0,
            reasons: Reasons::empty(),
        }
    }

    #[test]
    fn facilities_may_use_the_same_id() {
        let ids =
            [trade("1", Some(201)), trade("1", Some(202)), trade("1", None), trade("2", None)];
        let identities: std::collections::HashSet<_> =
            ids.iter().map(TapeTrade::identity).collect();
        assert_eq!(identities.len(), 4);
    }

    #[test]
    fn the_stored_identity_never_moves() {
        assert_eq!(trade("143541", Some(202)).identity(), IDENTITY_OF_THE_EXAMPLE);
    }

    #[test]
    fn an_identity_is_the_hash_of_venue_facility_and_id() {
        for length in 0..40 {
            let id = "7".repeat(length);
            let mut hash = SipHasher24::new();
            for piece in [&4_u16.to_le_bytes(), &202_u16.to_le_bytes(), id.as_bytes()] {
                hash.write(piece);
            }
            let identity = trade(&id, Some(202)).identity();
            assert_eq!(identity, hash.finish().cast_signed(), "{length}");
        }
    }

    /// From the first release; a change would double every stored print.
    const IDENTITY_OF_THE_EXAMPLE: i64 = 6_711_848_120_642_933_628;

    #[test]
    fn a_repeat_is_not_counted_and_an_average_price_is() {
        let with = |reasons| TapeTrade { reasons, ..trade("1", None) };
        assert!(!with(Reasons::DUPLICATE).counts_in_volume());
        assert!(!with(Reasons::CANCELED).counts_in_volume());
        assert!(with(Reasons::AVERAGE_PRICE).counts_in_volume());
        assert!(!with(Reasons::AVERAGE_PRICE).is_level_eligible());
        assert!(with(Reasons::ODD_LOT).is_level_eligible());
    }

    #[test]
    fn a_sum_that_cannot_be_counted_is_refused_and_nothing_is_lost() {
        let few = TapeVolume { trades: 1, shares: Decimal::ONE, notional: Decimal::TEN };
        let mut sum = few;
        sum.merge(&few).unwrap();
        let two = TapeVolume { trades: 2, shares: Decimal::TWO, notional: Decimal::from(20) };
        assert_eq!(sum, two);
        for absurd in [
            TapeVolume { trades: u32::MAX, ..few },
            TapeVolume { shares: Decimal::MAX, ..few },
            TapeVolume { notional: Decimal::MAX, ..few },
        ] {
            assert_eq!(sum.merge(&absurd), Err(TooMuchVolume), "{absurd:?}");
            assert_eq!(sum, two);
        }
    }

    #[test]
    fn conditions_beyond_the_limit_are_refused() {
        let mut conditions = Conditions::default();
        for id in 0..8 {
            assert_eq!(conditions.push(id), Ok(()));
        }
        assert_eq!(conditions.push(8), Err(TooManyConditions));
        assert_eq!(conditions.as_slice(), [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
