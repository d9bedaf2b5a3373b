//! Opening a database: connection, schema, and whether it may hold this kind of data.

use std::io;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, Executor};

use crate::StoreError;
use crate::migrations::MIGRATIONS;

/// Enough for two writers, the books of two collectors and a window with several charts.
const MAX_CONNECTIONS: u32 = 20;
/// How long a caller waits for one of them.
pub(crate) const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);
/// A connection that does not answer a ping for this long is dead; a busy server needs less.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// A statement that runs longer than this is a mistake; the slowest of ours takes seconds.
const STATEMENT_LIMIT: &str = "120s";
/// A transaction that sits still this long has lost its program.
const IDLE_TRANSACTION_LIMIT: &str = "60s";

/// What the database is opened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// The simulated market whose data it holds; none for real data.
    pub simulated: Option<SimulatedMarket>,
    /// Whether another program uses it at the same time: then its schema is left as it is, and
    /// has to be this program's.
    pub is_in_use: bool,
}

/// A simulated market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimulatedMarket {
    /// The seed that it was made from.
    pub seed: u64,
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pool: PgPool,
    pub(crate) options: PgConnectOptions,
}

/// When connections were last found dead without an end: the machine slept, or the network changed
/// under them. All that were opened before that moment are closed, so that a pool full of dead
/// ones costs one wait and not one for each.
#[derive(Debug, Default)]
struct Silence {
    noticed_at: Mutex<Option<Instant>>,
}

impl Silence {
    /// Whether a connection still answers.
    async fn is_over(&self, connection: &mut PgConnection, age: Duration) -> sqlx::Result<bool> {
        let noticed_at = *self.noticed_at.lock().unwrap_or_else(PoisonError::into_inner);
        if noticed_at.is_some_and(|at| age > at.elapsed()) {
            return Err(silent());
        }
        self.within_limit(connection.ping()).await.map(|()| true)
    }

    async fn within_limit<T>(
        &self,
        answer: impl Future<Output = sqlx::Result<T>>,
    ) -> sqlx::Result<T> {
        if let Ok(answer) = tokio::time::timeout(ANSWER_LIMIT, answer).await {
            return answer;
        }
        *self.noticed_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Err(silent())
    }
}

fn silent() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the connection went silent"))
}

impl Store {
    /// Opens the database at an address. See [`Store::open`].
    ///
    /// # Errors
    /// The address cannot be read, or as [`Store::open`].
    pub async fn open_url(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        // The error of the parser may quote the address, password included: it is not passed on.
        let parsed = PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::BadAddress("it is not an address of Postgres".to_owned()))?;
        Self::open(parsed, options).await
    }

    /// Connects, brings the schema to this program's version, and checks that the database holds
    /// the kind of data that it is opened for. Over a network the server's certificate and name
    /// are verified; nothing less is accepted.
    ///
    /// # Errors
    /// No connection; a schema from a later version, or from another one while it is in use; a
    /// failed migration; a database of simulated data opened for real data, or the other way
    /// round. Nothing was changed then.
    pub async fn open(
        address: PgConnectOptions,
        options: StoreOptions,
    ) -> Result<Self, StoreError> {
        let address = secured(address);
        prepare(&address, options).await?;
        let limits = [
            ("statement_timeout", STATEMENT_LIMIT),
            ("idle_in_transaction_session_timeout", IDLE_TRANSACTION_LIMIT),
        ];
        let silence = Arc::new(Silence::default());
        let noticed = Arc::clone(&silence);
        let pool = PgPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(ACQUIRE_LIMIT)
            // Ours has a time limit, which the pool's own test lacks.
            .test_before_acquire(false)
            .before_acquire(move |connection, meta| {
                let silence = Arc::clone(&silence);
                Box::pin(async move { silence.is_over(connection, meta.age).await })
            })
            .after_release(move |connection, _| {
                let noticed = Arc::clone(&noticed);
                Box::pin(
                    async move { noticed.within_limit(leave_no_transaction(connection)).await },
                )
            })
            .connect_lazy_with(address.clone().options(limits));
        Ok(Self { pool, options: address })
    }

    /// Closes all connections, waiting for those in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Requires a verified certificate unless the bytes never leave this machine.
fn secured(address: PgConnectOptions) -> PgConnectOptions {
    let address = address.application_name("undertow");
    if is_local(&address) { address } else { address.ssl_mode(PgSslMode::VerifyFull) }
}

fn is_local(address: &PgConnectOptions) -> bool {
    let host = address.get_host().trim_matches(['[', ']']);
    let is_loopback = || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    address.get_socket().is_some() || host.starts_with('/') || host == "localhost" || is_loopback()
}

/// sqlx 0.9 can hand back a connection that is still inside a transaction when `begin` was
/// cancelled; what the next user "commits" would then be lost. In that case this rolls back;
/// otherwise it costs one round trip. In a failed transaction BEGIN errs, and the pool closes
/// the connection.
async fn leave_no_transaction(connection: &mut PgConnection) -> sqlx::Result<bool> {
    connection.execute("BEGIN; ROLLBACK").await?;
    Ok(true)
}

/// Brings a database to this program's schema without saying what it is for. For tests, which
/// copy such a database.
///
/// # Errors
/// No connection, a schema from a later version, or a failed migration.
#[doc(hidden)]
pub async fn migrate(address: &PgConnectOptions) -> Result<(), StoreError> {
    let mut connection = connect(address).await?;
    refuse_newer_schema(&mut connection).await?;
    run_migrations(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Names the schema: the same migrations, the same digest.
#[doc(hidden)]
#[must_use]
pub fn schema_digest() -> String {
    let checksums = MIGRATIONS.iter().flat_map(|migration| migration.checksum.iter().copied());
    let digest = Sha256::digest(checksums.collect::<Vec<u8>>());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

async fn connect(address: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let unreachable = |source| StoreError::Connect { address: describe(address), source };
    address.connect().await.map_err(unreachable)
}

async fn prepare(address: &PgConnectOptions, options: StoreOptions) -> Result<(), StoreError> {
    let mut connection = connect(address).await?;
    refuse_newer_schema(&mut connection).await?;
    if options.is_in_use {
        refuse_older_schema(&mut connection).await?;
    }
    refuse_other_market(&mut connection, options).await?;
    run_migrations(&mut connection).await?;
    claim(&mut connection, options).await?;
    refuse_other_market(&mut connection, options).await?;
    connection.close().await?;
    Ok(())
}

/// `Migrator::run` asks for more than a future that moves between threads can prove; this is the
/// way around that sqlx itself keeps for such callers.
async fn run_migrations(connection: &mut PgConnection) -> Result<(), MigrateError> {
    MIGRATIONS.run_direct(None, connection, false).await
}

fn describe(address: &PgConnectOptions) -> String {
    let database = address.get_database().unwrap_or("(no database named)");
    match address.get_socket() {
        Some(socket) => format!("{}/{database}", socket.display()),
        None => format!("{}:{}/{database}", address.get_host(), address.get_port()),
    }
}

async fn refuse_newer_schema(connection: &mut PgConnection) -> Result<(), StoreError> {
    let known = schema_version();
    match version_of(connection).await? {
        Some(found) if found > known => Err(StoreError::SchemaTooNew { found, known }),
        _ => Ok(()),
    }
}

/// A schema must not change under a program that is running. An empty database has none.
async fn refuse_older_schema(connection: &mut PgConnection) -> Result<(), StoreError> {
    let known = schema_version();
    match version_of(connection).await? {
        Some(found) if found < known => Err(StoreError::SchemaInUse { found, known }),
        _ => Ok(()),
    }
}

/// The version that the schema is at; none while there is none.
async fn version_of(connection: &mut PgConnection) -> Result<Option<i64>, StoreError> {
    if !exists(connection, "_sqlx_migrations").await? {
        return Ok(None);
    }
    let newest = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations");
    Ok(newest.fetch_one(connection).await?)
}

/// The schema version that this program brings a database to.
pub(crate) fn schema_version() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

async fn exists(connection: &mut PgConnection, table: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table).fetch_one(connection).await
}

async fn refuse_other_market(
    connection: &mut PgConnection,
    options: StoreOptions,
) -> Result<(), StoreError> {
    if !exists(connection, "trading.database_identity").await? {
        return Ok(());
    }
    let row: Option<(String, Option<String>)> =
        sqlx::query_as("SELECT kind, seed FROM trading.database_identity")
            .fetch_optional(connection)
            .await?;
    let Some((kind, seed)) = row else {
        return Ok(());
    };
    let (wanted_kind, wanted_seed) = identity(options);
    if (kind.as_str(), &seed) == (wanted_kind, &wanted_seed) {
        return Ok(());
    }
    Err(StoreError::OtherMarket {
        found: in_words(&kind, seed.as_deref()),
        wanted: in_words(wanted_kind, wanted_seed.as_deref()),
    })
}

async fn claim(connection: &mut PgConnection, options: StoreOptions) -> Result<(), StoreError> {
    let (kind, seed) = identity(options);
    sqlx::query(
        "INSERT INTO trading.database_identity (kind, seed) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(kind)
    .bind(seed)
    .execute(connection)
    .await?;
    Ok(())
}

fn identity(options: StoreOptions) -> (&'static str, Option<String>) {
    match options.simulated {
        None => ("real", None),
        Some(market) => ("simulated", Some(market.seed.to_string())),
    }
}

fn in_words(kind: &str, seed: Option<&str>) -> String {
    match seed {
        Some(seed) => format!("simulated data (seed {seed})"),
        None => format!("{kind} data"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_on_this_machine_goes_without_a_verified_certificate() {
        for (url, verified) in [
            ("postgres://u@localhost/d", false),
            ("postgres://u@127.0.0.1:5432/d", false),
            ("postgres://u@[::1]/d", false),
            ("postgres://u@localhost/d?host=/run/pg", false),
            ("postgres://u@10.0.0.5/d", true),
            ("postgres://u@db.example.com/d?sslmode=disable", true),
            ("postgres://u@localhost.example.com/d", true),
        ] {
            let address = secured(PgConnectOptions::from_str(url).expect(url));
            let is_verified = matches!(address.get_ssl_mode(), PgSslMode::VerifyFull);
            assert_eq!(is_verified, verified, "{url}");
        }
    }

    #[tokio::test]
    async fn an_address_that_cannot_be_read_is_not_repeated_in_the_error() {
        let url = "postgres://user:canary@host:notaport/db";
        let error = Store::open_url(url, StoreOptions::default()).await.expect_err("a bad port");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}
