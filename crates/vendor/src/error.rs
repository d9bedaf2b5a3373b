//! What can go wrong between us and a vendor, sorted by what the caller should do about it.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

/// What was asked and what came back: the part that every error carries. Never holds the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// Path and query.
    pub request: String,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The beginning of the answer.
    pub excerpt: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.request)?;
        if let Some(status) = self.status {
            write!(f, ", status {status}")?;
        }
        if !self.excerpt.is_empty() {
            write!(f, ", answer: {}", self.excerpt)?;
        }
        Ok(())
    }
}

/// Why a plan does not allow a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntitlementReason {
    /// The date lies before the first day of the plan's history.
    HistoryWall,
    /// The endpoint belongs to a larger plan.
    Plan,
    /// The vendor refuses and does not say why.
    Unstated,
}

impl fmt::Display for EntitlementReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HistoryWall => "the date is before the plan's history",
            Self::Plan => "the plan does not include it",
            Self::Unstated => "no reason is stated",
        })
    }
}

/// Which allowance is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateScope {
    /// Requests a minute.
    Minute,
    /// Requests a day.
    Day,
}

impl fmt::Display for RateScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Day => "day",
        })
    }
}

/// A request that brought no rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VendorError {
    /// The key is wrong or has expired.
    #[error("the vendor refused the key ({call})")]
    Auth {
        /// What was asked and answered.
        call: Call,
    },
    /// The key is right but its plan does not allow this.
    #[error("the vendor does not allow this: {reason}. {message} ({call})")]
    Entitlement {
        /// Why.
        reason: EntitlementReason,
        /// The first day that the plan reaches, where the vendor named it.
        history_from: Option<NaiveDate>,
        /// The vendor's own words.
        message: String,
        /// What was asked and answered.
        call: Call,
    },
    /// The allowance of this minute or day is used up.
    #[error("the allowance of requests for this {scope} is used up ({call})")]
    RateLimited {
        /// Which allowance.
        scope: RateScope,
        /// When it is worth asking again, where that is known.
        retry_at: Option<DateTime<Utc>>,
        /// What was asked and answered. Without a status the request was not sent.
        call: Call,
    },
    /// A fault that passes: network, vendor's server, an edge page in place of an answer.
    #[error("{cause} ({call})")]
    Transient {
        /// What happened.
        cause: String,
        /// What was asked and answered.
        call: Call,
    },
    /// An answer that we do not understand.
    #[error("the answer could not be read: {cause} ({call})")]
    Malformed {
        /// What is wrong with it.
        cause: String,
        /// What was asked and answered.
        call: Call,
    },
    /// The request itself is wrong: asking again changes nothing.
    #[error("the request is wrong: {cause} ({call})")]
    Fatal {
        /// What is wrong with it.
        cause: String,
        /// What was asked and answered.
        call: Call,
    },
}

impl VendorError {
    /// Whether the same request may succeed a little later. A spent day does not count: its
    /// `retry_at` is hours away.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transient { .. } => true,
            Self::RateLimited { scope, .. } => *scope == RateScope::Minute,
            _ => false,
        }
    }

    /// A stable name for logs, metrics and the interface.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Auth { .. } => "auth",
            Self::Entitlement { reason: EntitlementReason::HistoryWall, .. } => "history_wall",
            Self::Entitlement { .. } => "entitlement",
            Self::RateLimited { scope: RateScope::Minute, .. } => "rate_minute",
            Self::RateLimited { scope: RateScope::Day, .. } => "rate_day",
            Self::Transient { .. } => "transient",
            Self::Malformed { .. } => "malformed",
            Self::Fatal { .. } => "fatal",
        }
    }

    /// What the user can do about it, in one sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Auth { .. } => "Check the key in Settings, or make a new one at the vendor.",
            Self::Entitlement { reason: EntitlementReason::HistoryWall, .. } => {
                "Choose a later first date, or a plan with a longer history."
            }
            Self::Entitlement { .. } => "Choose a plan at the vendor that includes this data.",
            Self::RateLimited { scope: RateScope::Minute, .. } => {
                "Nothing: collecting goes on when the minute is over."
            }
            Self::RateLimited { scope: RateScope::Day, .. } => {
                "Wait for the vendor's daily reset, watch fewer symbols, or choose a larger plan."
            }
            Self::Transient { .. } => {
                "Nothing: it is tried again. If it stays, check the network and the vendor's status page."
            }
            Self::Malformed { .. } => {
                "Check for a newer version of Undertow: the vendor may have changed its answers."
            }
            Self::Fatal { .. } => "Check the symbol, the date and the vendor's address.",
        }
    }

    /// The same error with other words of the answer, for a vendor whose own are shown to nobody.
    #[must_use]
    pub(crate) fn with_excerpt(mut self, excerpt: String) -> Self {
        let (Self::Auth { call }
        | Self::Entitlement { call, .. }
        | Self::RateLimited { call, .. }
        | Self::Transient { call, .. }
        | Self::Malformed { call, .. }
        | Self::Fatal { call, .. }) = &mut self;
        call.excerpt = excerpt;
        self
    }

    /// What was asked and answered.
    #[must_use]
    pub fn call(&self) -> &Call {
        match self {
            Self::Auth { call }
            | Self::Entitlement { call, .. }
            | Self::RateLimited { call, .. }
            | Self::Transient { call, .. }
            | Self::Malformed { call, .. }
            | Self::Fatal { call, .. } => call,
        }
    }
}
