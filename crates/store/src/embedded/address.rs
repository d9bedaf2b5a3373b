//! Where a server is and what opens it.

use std::fmt;
use std::path::PathBuf;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::{EmbeddedError, PORT, USER};

/// Longest database name that is accepted, in bytes.
const MAX_DATABASE_NAME: usize = 40;

/// Where a server is and what opens it.
#[derive(Clone)]
pub(super) struct Address {
    /// The folder of its socket.
    pub(super) socket: PathBuf,
    pub(super) password: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Address {
    /// Options for connecting to a database, which is made when missing.
    pub(super) async fn database(&self, name: &str) -> Result<PgConnectOptions, EmbeddedError> {
        check_name(name)?;
        let mut connection = self.connect("postgres").await?;
        let exists: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
                .bind(name)
                .fetch_one(&mut connection)
                .await?;
        if !exists {
            // The only SQL built at run time: a database name cannot be a parameter, and
            // check_name lets nothing through that would need quoting.
            let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
            let made = sqlx::query(create).execute(&mut connection).await;
            made.or_else(
                |error| {
                    if already_exists(&error) { Ok(Default::default()) } else { Err(error) }
                },
            )?;
        }
        connection.close().await?;
        Ok(self.options(name))
    }

    pub(super) fn url(&self, database: &str) -> String {
        let socket = self.socket.display();
        format!("postgres://{USER}:{}@localhost:{PORT}/{database}?host={socket}", self.password)
    }

    pub(super) async fn connect(&self, database: &str) -> Result<PgConnection, sqlx::Error> {
        self.options(database).connect().await
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket)
            .port(PORT)
            .username(USER)
            .password(&self.password)
            .database(database)
    }
}

fn check_name(name: &str) -> Result<(), EmbeddedError> {
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let first_is_letter = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if first_is_letter && name.len() <= MAX_DATABASE_NAME && name.bytes().all(known) {
        return Ok(());
    }
    Err(EmbeddedError::BadDatabaseName(name.chars().take(MAX_DATABASE_NAME).collect()))
}

fn already_exists(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    // Another connection made it in the meantime.
    code.is_some_and(|code| code == "42P04" || code == "23505")
}
