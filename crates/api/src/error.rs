//! What goes back to the screen when a command fails.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A failed command: a sentence that says what happened and what to do, and a code where the
/// screen does something different for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// What the screen branches on.
    pub code: ErrorCode,
    /// A sentence for the user. Never contains a secret.
    pub message: String,
}

/// A code exists only where the screen does something different for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// No market was chosen yet: the first-run question is due.
    NotConfigured,
    /// The vendor refused the key.
    VendorAuth,
    /// The vendor's plan does not include this.
    VendorEntitlement,
    /// The vendor does not answer: the network, or the vendor itself.
    VendorUnreachable,
    /// The request budget is used up.
    RateLimited,
    /// The database does not answer.
    DatabaseUnavailable,
    /// The database was made by a newer Undertow.
    DatabaseTooNew,
    /// The request is wrong: the message says how.
    InvalidInput,
    /// No such thing.
    NotFound,
    /// Something that should not happen; the log has more.
    Internal,
}

impl ApiError {
    /// An error with a code and a sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The request is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidInput, message)
    }

    /// An error that nobody can mend from the screen. It is logged here, once.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a command failed inside");
        Self::new(ErrorCode::Internal, format!("Something went wrong inside Undertow: {error}"))
    }
}
