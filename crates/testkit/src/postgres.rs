//! A real Postgres for tests: one server, one database for each test.
//!
//! The server is the one that `UNDERTOW_TEST_POSTGRES` names, the address of a superuser; the
//! program `test-postgres` starts one and prints its address. Without it each test process
//! starts a server of its own, which takes a second or two. Either runs without fsync.
//!
//! The first test that needs one makes a migrated template; every test then gets a copy of it,
//! which is dropped again when its handle goes out of scope.

use std::path::{Path, PathBuf};
use std::process;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use tokio::sync::OnceCell;
use undertow_store::embedded::{Durability, EmbeddedConfig, EmbeddedPostgres};
use undertow_store::{Store, StoreOptions};

/// Names the server that tests use.
pub const ADDRESS_VARIABLE: &str = "UNDERTOW_TEST_POSTGRES";
/// Folders of servers that test processes started, for the next one to clear away.
const FOLDER_PREFIX: &str = "undertow-test-postgres-";
/// Guards the making of the template against other test processes.
const TEMPLATE_LOCK: i64 = 0x0075_6e64_6572_746f;

static SERVER: OnceCell<Server> = OnceCell::const_new();
static NEXT_NUMBER: AtomicU32 = AtomicU32::new(0);

struct Server {
    address: PgConnectOptions,
    template: String,
    /// Lives as long as the process; the kernel ends the server with it.
    _own: Option<EmbeddedPostgres>,
}

/// A database of one test.
#[derive(Debug)]
pub struct TestDatabase {
    /// Its name on the server.
    pub name: String,
    address: PgConnectOptions,
}

impl TestDatabase {
    /// A migrated database that belongs to nobody yet: opening a [`Store`] claims it.
    ///
    /// # Errors
    /// The server cannot be started or refuses.
    pub async fn create() -> Result<Self> {
        let server = server().await?;
        Self::make(server, &format!(" TEMPLATE {} STRATEGY file_copy", server.template)).await
    }

    /// A database without anything in it.
    ///
    /// # Errors
    /// The server cannot be started or refuses.
    pub async fn create_empty() -> Result<Self> {
        Self::make(server().await?, "").await
    }

    /// Options for connecting to it.
    #[must_use]
    pub fn address(&self) -> PgConnectOptions {
        self.address.clone().database(&self.name)
    }

    /// The store in it, for real data.
    ///
    /// # Errors
    /// See [`Store::open`].
    pub async fn store(&self) -> Result<Store> {
        Ok(Store::open(self.address(), StoreOptions::default()).await?)
    }

    async fn make(server: &Server, source: &str) -> Result<Self> {
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let name = format!("test_{now}_{}_{number}", process::id());
        let mut connection = server.address.connect().await?;
        // The name is made here of letters and digits.
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}{source}"))).await?;
        connection.close().await?;
        Ok(Self { name, address: server.address.clone() })
    }
}

impl Drop for TestDatabase {
    /// Best effort: what stays behind goes with the server.
    fn drop(&mut self) {
        let address = self.address.clone();
        let drop = AssertSqlSafe(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        // A test's own runtime may be the one that is dropping us.
        let dropped = std::thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async move {
                let mut connection = address.connect().await?;
                connection.execute(drop).await?;
                Ok(())
            })
        });
        let _best_effort = dropped.join();
    }
}

/// Starts a server whose data is worth nothing, in a folder of this process.
///
/// # Errors
/// See [`EmbeddedPostgres::start`].
pub async fn start_throwaway() -> Result<(EmbeddedPostgres, PathBuf)> {
    clear_away_the_dead();
    let folder = std::env::temp_dir().join(format!("{FOLDER_PREFIX}{}", process::id()));
    let config =
        EmbeddedConfig { durability: Durability::Throwaway, ..EmbeddedConfig::new(&folder) };
    let server = EmbeddedPostgres::start(config).await.context("starting Postgres for tests")?;
    Ok((server, folder))
}

/// Removes folders of test processes that are no more. Their servers ended with them.
fn clear_away_the_dead() {
    let entries = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if owner_of(&path).is_some_and(|owner| !is_alive(owner)) {
            // Somebody else may be clearing the same folder.
            let _best_effort = std::fs::remove_dir_all(&path);
        }
    }
}

fn owner_of(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.strip_prefix(FOLDER_PREFIX)?.parse().ok()
}

fn is_alive(process_id: u32) -> bool {
    let found = process::Command::new("kill").args(["-0", &process_id.to_string()]).output();
    found.map_or(true, |output| output.status.success())
}

async fn server() -> Result<&'static Server> {
    SERVER.get_or_try_init(find_server).await
}

async fn find_server() -> Result<Server> {
    let named = std::env::var(ADDRESS_VARIABLE).ok().filter(|url| !url.is_empty());
    let (address, own) = match named {
        Some(url) => (PgConnectOptions::from_str(&url).context(ADDRESS_VARIABLE)?, None),
        None => {
            let (server, _) = start_throwaway().await?;
            let address = server.database("postgres").await?;
            (address, Some(server))
        }
    };
    let template = ensure_template(&address).await?;
    Ok(Server { address, template, _own: own })
}

/// Makes the template unless another test process already did. It is named after the content of
/// the migrations, so that a server that outlives a change does not serve the old schema.
async fn ensure_template(address: &PgConnectOptions) -> Result<String> {
    let name = format!("template_{}", undertow_store::schema_digest());
    let mut connection = address.connect().await?;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut connection).await?;
    if !is_there(&mut connection, &name).await? {
        let half = format!("{name}_half");
        connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {half}"))).await?;
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {half}"))).await?;
        undertow_store::migrate(&address.clone().database(&half)).await?;
        connection
            .execute(AssertSqlSafe(format!("ALTER DATABASE {half} RENAME TO {name}")))
            .await?;
    }
    connection.close().await?;
    Ok(name)
}

async fn is_there(connection: &mut PgConnection, name: &str) -> Result<bool> {
    let found = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(connection)
        .await?;
    Ok(found)
}
