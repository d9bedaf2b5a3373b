//! What can go wrong with the database.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::migrate::MigrateError;
use undertow_market::Symbol;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is not that of a Postgres database.
    #[error(
        "the database address cannot be read ({0}): use postgres://user:password@host/database"
    )]
    BadAddress(String),
    /// No connection.
    #[error("{address}: the database cannot be reached: {source}")]
    Connect {
        /// Host and database, without the password.
        address: String,
        /// The cause.
        source: sqlx::Error,
    },
    /// The database belongs to a later version of the program.
    #[error(
        "the database has schema version {found}, this Undertow knows {known}: update Undertow. \
         Nothing was changed"
    )]
    SchemaTooNew {
        /// The version in the database.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The database is of an earlier version, and a program of that version uses it.
    #[error(
        "the database has schema version {found}, this Undertow brings it to {known}, and another \
         Undertow uses it: end that one first. Nothing was changed"
    )]
    SchemaInUse {
        /// The version in the database.
        found: i64,
        /// The version of this program.
        known: i64,
    },
    /// A migration failed; it left nothing behind.
    #[error("the database could not be brought to this version: {0}")]
    Migrate(#[from] MigrateError),
    /// Real and simulated data never share a database.
    #[error("this database holds {found}, not {wanted}: choose another database")]
    OtherMarket {
        /// What the database holds.
        found: String,
        /// What it was opened for.
        wanted: String,
    },
    /// All connections were in use for too long, or none could be made.
    #[error("the database did not give a connection within {seconds} seconds; is it running?")]
    NoConnection {
        /// How long we waited.
        seconds: u64,
    },
    /// A statement failed.
    #[error("the database refused: {0}")]
    Refused(#[source] sqlx::Error),
    /// A stored row breaks a rule that the program relies on.
    #[error("{table}, row {key}: {problem}; was it changed by hand?")]
    BrokenRow {
        /// The table.
        table: &'static str,
        /// The key of the row.
        key: String,
        /// The rule.
        problem: String,
    },
    /// Bins that cut cells in two.
    #[error("bins of {0} dollars are not made of whole cells: use a multiple of 0.02 dollars")]
    BadWidth(Decimal),
    /// More was asked for at once than is allowed.
    #[error("{given} rows at once; at most {most} are accepted")]
    TooManyRows {
        /// How many were given.
        given: usize,
        /// The limit.
        most: usize,
    },
    /// The tape of a symbol and day is stored further than what was given.
    #[error("the tape of {symbol} on {session_date} is stored up to {stored}; nothing was changed")]
    TapeBehind {
        /// The ticker.
        symbol: Symbol,
        /// The trading day in New York.
        session_date: NaiveDate,
        /// Everything that the tape reported before this is stored.
        stored: DateTime<Utc>,
    },
    /// There is no such row.
    #[error("there is no {0}")]
    Missing(String),
    /// The task that wrote was torn down with the program.
    #[error("the write was interrupted; it is safe to repeat it")]
    Interrupted,
}

impl StoreError {
    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { source, .. } | Self::Refused(source) => is_transient(source),
            Self::NoConnection { .. } | Self::Interrupted => true,
            _ => false,
        }
    }

    pub(crate) fn broken(table: &'static str, key: impl ToString, problem: impl ToString) -> Self {
        Self::BrokenRow { table, key: key.to_string(), problem: problem.to_string() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => {
                Self::NoConnection { seconds: crate::store::ACQUIRE_LIMIT.as_secs() }
            }
            other => Self::Refused(other),
        }
    }
}

pub(crate) fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
        // A connection that breaks in the middle of an answer reads as nonsense.
        sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_transient_code(&code)),
        _ => false,
    }
}

/// Connection trouble (08), out of resources (53), shut down or recovering (57P), deadlock and
/// serialisation (40), lock wait (55P03), statement time limit (57014).
fn is_transient_code(code: &str) -> bool {
    matches!(code, "55P03" | "57014")
        || ["08", "53", "57P", "40"].iter().any(|class| code.starts_with(class))
}
