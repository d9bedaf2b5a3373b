//! Bars: open, high, low, close and volume of a stretch of time.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{MarketSession, Price, Symbol, VendorId};

/// How long a bar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BarInterval {
    /// One minute.
    #[serde(rename = "1m")]
    Minute1,
    /// Five minutes.
    #[serde(rename = "5m")]
    Minute5,
    /// Fifteen minutes.
    #[serde(rename = "15m")]
    Minute15,
    /// One hour.
    #[serde(rename = "1h")]
    Hour1,
    /// One regular session.
    #[serde(rename = "1d")]
    Day1,
}

impl BarInterval {
    /// Every interval, shortest first.
    pub const ALL: [Self; 5] =
        [Self::Minute1, Self::Minute5, Self::Minute15, Self::Hour1, Self::Day1];

    /// The name used in settings, in the database and on screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute1 => "1m",
            Self::Minute5 => "5m",
            Self::Minute15 => "15m",
            Self::Hour1 => "1h",
            Self::Day1 => "1d",
        }
    }

    /// Its length. A day bar covers one regular session, whatever its hours.
    #[must_use]
    pub fn length(self) -> TimeDelta {
        match self {
            Self::Minute1 => TimeDelta::minutes(1),
            Self::Minute5 => TimeDelta::minutes(5),
            Self::Minute15 => TimeDelta::minutes(15),
            Self::Hour1 => TimeDelta::hours(1),
            Self::Day1 => TimeDelta::days(1),
        }
    }
}

impl fmt::Display for BarInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The name is not one of a bar interval.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a bar interval: use 1m, 5m, 15m, 1h or 1d")]
pub struct UnknownInterval(String);

impl FromStr for BarInterval {
    type Err = UnknownInterval;
    fn from_str(text: &str) -> Result<Self, UnknownInterval> {
        Self::ALL
            .into_iter()
            .find(|interval| interval.as_str() == text)
            .ok_or_else(|| UnknownInterval(text.chars().take(20).collect()))
    }
}

/// Open, high, low, close and volume of one stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Who delivered it.
    pub vendor: VendorId,
    /// The ticker.
    pub symbol: Symbol,
    /// How long it is.
    pub interval: BarInterval,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// The part of the day.
    pub session: MarketSession,
    /// When it begins.
    pub start_at: DateTime<Utc>,
    /// First price, dollars.
    pub open: Price,
    /// Highest price, dollars.
    pub high: Price,
    /// Lowest price, dollars.
    pub low: Price,
    /// Last price, dollars.
    pub close: Price,
    /// Shares traded in this bar, consolidated tape.
    pub volume: i64,
    /// When we received it. A later delivery of the same bar replaces an earlier one.
    pub received_at: DateTime<Utc>,
}

/// What is wrong with a bar whose prices contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BarError {
    /// The high is below one of the other prices.
    #[error("high {0} is below another price of the bar")]
    HighTooLow(Price),
    /// The low is above one of the other prices.
    #[error("low {0} is above another price of the bar")]
    LowTooHigh(Price),
    /// Volume below zero.
    #[error("volume {0} is below zero")]
    NegativeVolume(i64),
}

impl Bar {
    /// Checks that high and low enclose open and close, and that volume is not negative.
    ///
    /// # Errors
    /// Says which rule is broken.
    pub fn check(&self) -> Result<(), BarError> {
        if self.high < self.open.max(self.close).max(self.low) {
            return Err(BarError::HighTooLow(self.high));
        }
        if self.low > self.open.min(self.close) {
            return Err(BarError::LowTooHigh(self.low));
        }
        if self.volume < 0 {
            return Err(BarError::NegativeVolume(self.volume));
        }
        Ok(())
    }
}

/// Puts one-minute bars together into longer ones. A longer bar never reaches over the end of a
/// session or of its part (pre-market, regular, post-market); it is aligned to the New York clock
/// and begins with its first minute that traded. `bars` are of one symbol, oldest first.
#[must_use]
pub fn aggregate(bars: &[Bar], interval: BarInterval) -> Vec<Bar> {
    let minutes = u16::try_from(interval.length().num_minutes()).unwrap_or(u16::MAX);
    let stretch = |bar: &Bar| {
        let minute = crate::calendar::minute_of_day(bar.start_at);
        let aligned = match bar.session {
            // The regular session opens at half past: hours are counted from the open.
            MarketSession::Regular => (minute + 30) / minutes,
            _ => minute / minutes,
        };
        (bar.session_date, bar.session, aligned)
    };
    bars.chunk_by(|left, right| stretch(left) == stretch(right))
        .filter_map(|minutes| {
            let (first, last) = (minutes.first()?, minutes.last()?);
            Some(Bar {
                interval,
                high: minutes.iter().map(|bar| bar.high).max()?,
                low: minutes.iter().map(|bar| bar.low).min()?,
                close: last.close,
                volume: minutes.iter().map(|bar| bar.volume).sum(),
                received_at: minutes.iter().map(|bar| bar.received_at).max()?,
                ..first.clone()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
