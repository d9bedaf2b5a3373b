//! The exchange calendar (placeholder being replaced).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// The part of a trading day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketSession {
    /// 04:00 to the open.
    Pre,
    /// The open (09:30) to the close (16:00, or 13:00 on an early close).
    Regular,
    /// The close to 20:00.
    Post,
    /// No session: night, weekend, holiday.
    Closed,
}

impl MarketSession {
    /// The number that stands for this session in the database and on the wire. Never renumbered.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Pre => 1,
            Self::Regular => 2,
            Self::Post => 3,
            Self::Closed => 0,
        }
    }
}

/// The hours of one trading day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionHours {
    /// The trading day in New York.
    pub date: NaiveDate,
    /// Pre-market begins.
    pub pre_at: DateTime<Utc>,
    /// The regular session opens.
    pub open_at: DateTime<Utc>,
    /// The regular session closes.
    pub close_at: DateTime<Utc>,
    /// Post-market ends.
    pub post_end_at: DateTime<Utc>,
    /// Whether the close is earlier than 16:00.
    pub early_close: bool,
}

/// The NYSE calendar.
#[derive(Clone, Debug)]
pub struct Calendar {}
