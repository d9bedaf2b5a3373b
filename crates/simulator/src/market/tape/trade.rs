//! One row of the consolidated tape.

use std::fmt;

use chrono::{DateTime, Utc};
use undertow_market::Conditions;

use crate::ticks::Ticks;

const MICROS: i64 = 1_000_000;
/// The first code of the records that tell of an earlier trade.
const FIRST_RECORD: u16 = 10;

/// Shares in millionths: the finest fraction that the tape tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shares(pub i64);

impl Shares {
    pub(crate) fn of_whole(shares: i64) -> Self {
        Self(shares * MICROS)
    }

    /// Whole shares; a fraction is cut off.
    #[must_use]
    pub fn whole(self) -> i64 {
        self.0 / MICROS
    }

    /// As a number, for figures that the vendor writes as one.
    pub(crate) fn number(self) -> f64 {
        self.0 as f64 / MICROS as f64
    }
}

impl fmt::Display for Shares {
    /// As the vendor writes exact sizes: `40.0`, `0.007300`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % MICROS {
            0 => write!(f, "{}.0", self.whole()),
            micros => write!(f, "{}.{micros:06}", self.whole()),
        }
    }
}

/// What the tape learns of a trade later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// The tape's correction code.
    pub code: u16,
    /// From when it is told, in nanoseconds since 1970.
    pub at_ns: i64,
}

/// One trade as the tape reports it, or a record of a cancel, an error or a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimTapeTrade {
    /// When the tape reported it, in nanoseconds since 1970.
    pub sip_ns: i64,
    /// When it happened, in nanoseconds since 1970.
    pub participant_ns: i64,
    /// The venue's number; 4 for off exchange.
    pub venue: u16,
    /// The reporting facility and when it received the trade. Missing for some off-exchange
    /// trades, on every channel.
    pub facility: Option<(u16, i64)>,
    /// Unique for ticker, day, venue and facility.
    pub id: u64,
    /// Dollars a share.
    pub price: Ticks,
    /// How many shares; fractions exist.
    pub size: Shares,
    /// Sale conditions.
    pub conditions: Conditions,
    /// Rises through the day, with gaps.
    pub sequence: i64,
    /// What becomes of it, if anything.
    pub amendment: Option<Amendment>,
}

impl SimTapeTrade {
    /// The correction code that REST shows at an instant; zero for none.
    #[must_use]
    pub fn correction_at(&self, now_ns: i64) -> u16 {
        self.amendment.filter(|amendment| amendment.at_ns <= now_ns).map_or(0, |it| it.code)
    }

    /// Whether it tells of an earlier trade. The stream has no such rows.
    #[must_use]
    pub fn is_record(&self) -> bool {
        self.amendment.is_some_and(|amendment| amendment.code >= FIRST_RECORD)
    }

    /// Its facility's number, where it is told.
    #[must_use]
    pub fn facility_id(&self) -> Option<u16> {
        self.facility.map(|(id, _)| id)
    }
}

/// Nanoseconds since 1970.
pub(crate) fn nanos(at: DateTime<Utc>) -> i64 {
    at.timestamp_nanos_opt().expect("the calendar ends before nanoseconds run out")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_the_vendor_writes_them() {
        for (micros, text, whole) in
            [(40_000_000, "40.0", 40), (7_300, "0.007300", 0), (3_250_000, "3.250000", 3)]
        {
            assert_eq!(Shares(micros).to_string(), text);
            assert_eq!(Shares(micros).whole(), whole);
        }
    }
}
