//! Days of the calendar that the user has changed.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::{Exception, REGULAR_CLOSE, REGULAR_OPEN};

/// One day that the user's settings change. Reading one from settings refuses impossible hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Correction {
    /// The day in New York. A weekend day can be made a trading day.
    pub date: NaiveDate,
    /// What happens on it.
    #[serde(flatten)]
    pub kind: CorrectionKind,
}

/// What a corrected day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CorrectionKind {
    /// No trading.
    Closed,
    /// Trading from 09:30 to an earlier close.
    EarlyClose {
        /// When the regular session ends, New York time.
        close: NaiveTime,
    },
    /// Trading from 09:30 to 16:00.
    Regular,
}

/// Why a correction cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CorrectionError {
    /// The close is not within the regular session.
    #[error("early close of {date} at {close}: use a time after 09:30 and before 16:00, New York")]
    ImpossibleClose {
        /// The day.
        date: NaiveDate,
        /// The refused close.
        close: NaiveTime,
    },
}

impl Correction {
    /// Checks that an early close is after the open and before the regular close.
    ///
    /// # Errors
    /// Names the day and the refused close.
    pub fn check(&self) -> Result<(), CorrectionError> {
        match self.kind {
            CorrectionKind::EarlyClose { close }
                if close <= REGULAR_OPEN || close >= REGULAR_CLOSE =>
            {
                Err(CorrectionError::ImpossibleClose { date: self.date, close })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn exception(&self) -> Exception {
        match self.kind {
            CorrectionKind::Closed => Exception::Closed("Closed by your settings"),
            CorrectionKind::EarlyClose { close } => Exception::Hours { open: REGULAR_OPEN, close },
            CorrectionKind::Regular => {
                Exception::Hours { open: REGULAR_OPEN, close: REGULAR_CLOSE }
            }
        }
    }
}

#[derive(Deserialize)]
struct Unchecked {
    date: NaiveDate,
    #[serde(flatten)]
    kind: CorrectionKind,
}

impl TryFrom<Unchecked> for Correction {
    type Error = CorrectionError;
    fn try_from(Unchecked { date, kind }: Unchecked) -> Result<Self, CorrectionError> {
        let correction = Self { date, kind };
        correction.check().map(|()| correction)
    }
}
