//! The private Postgres server that the app starts and stops.
//!
//! One folder holds everything: the cluster, its password, its log and the lock that keeps a
//! second Undertow away. The server listens on a Unix socket that only its own user can open,
//! and never on the network. Nothing here ever deletes data: what cannot be used is moved aside
//! or left where it is, with an error that says so.
//!
//! This module knows nothing of tables; it hands out connection options.

mod address;
mod binaries;
mod cluster;
mod error;
mod owner;
mod process;
mod running;
mod socket;
mod supervisor;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;

pub use binaries::Binaries;
pub use error::EmbeddedError;
pub use running::RunningPostgres;
pub use supervisor::ServerState;

use address::Address;
use cluster::Folder;
use owner::Owner;
use socket::SocketFolder;
use supervisor::{Launch, Supervisor};

/// The superuser of the cluster.
const USER: &str = "undertow";
/// The port is part of the socket's file name and nothing else.
const PORT: u16 = 5432;
/// Crash recovery of a large log can take minutes; a shorter wait would call it a failure.
const START_LIMIT: Duration = Duration::from_secs(300);
/// A fast shutdown writes one checkpoint.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// After an immediate shutdown nothing is left to write.
const QUIT_LIMIT: Duration = Duration::from_secs(5);

/// Whether the cluster must survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// Every acknowledged commit is on disk. Asserted at each start.
    #[default]
    Full,
    /// For tests, whose data is worth nothing: no fsync, no password.
    Throwaway,
}

/// Where the cluster lives and what runs it.
#[derive(Clone, Debug, Default)]
pub struct EmbeddedConfig {
    /// The folder of the cluster, its password, log and lock. Made when missing.
    pub data_dir: PathBuf,
    /// The folder with `bin/postgres` that the app was shipped with, where the host knows it.
    pub binaries: Option<PathBuf>,
    /// Whether the cluster must survive a power cut.
    pub durability: Durability,
}

impl EmbeddedConfig {
    /// A durable cluster in `data_dir`, run by whatever binaries are found.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), ..Self::default() }
    }
}

/// A running server. It is restarted when it dies and stopped when this value is dropped.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    // Dropped in this order: the server ends, its socket goes, the data folder is free again.
    supervisor: Supervisor,
    _socket: SocketFolder,
    folder: Folder,
    address: Address,
    major: u32,
}

impl EmbeddedPostgres {
    /// Makes the cluster when there is none, starts the server and checks its settings.
    ///
    /// # Errors
    /// Says what stands in the way: no usable binaries, a folder in use by another Undertow, data
    /// of another major version, a server that does not start (with the end of its log).
    pub async fn start(config: EmbeddedConfig) -> Result<Self, EmbeddedError> {
        let server = tokio::task::spawn_blocking(move || prepare(&config))
            .await
            .map_err(|panic| EmbeddedError::Interrupted(panic.to_string()))??;
        server.until_ready().await?;
        if server.folder.durability == Durability::Full {
            server.assert_durable().await?;
        }
        Ok(server)
    }

    /// Options for connecting to a database of this server, which is made when missing.
    ///
    /// # Errors
    /// The name is not made of lower-case letters, digits and `_`, or the server refuses.
    pub async fn database(&self, name: &str) -> Result<PgConnectOptions, EmbeddedError> {
        self.address.database(name).await
    }

    /// The address of a database of this server. It carries the password: never log it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.address.url(database)
    }

    /// What the server is doing, as it changes.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<ServerState> {
        self.supervisor.state()
    }

    /// The process id of the running server, if it runs right now.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.supervisor.process_id()
    }

    /// The major version of the server's binaries.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The folder given at the start.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.folder.root
    }

    /// Shuts the server down: open transactions are rolled back, a checkpoint is written.
    ///
    /// # Errors
    /// The server did not end even when told to end at once.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        self.supervisor.request_stop(rustix::process::Signal::INT);
        if self.supervisor.until_stopped(STOP_LIMIT).await {
            return Ok(());
        }
        self.supervisor.request_stop(rustix::process::Signal::QUIT);
        if self.supervisor.until_stopped(QUIT_LIMIT).await {
            return Ok(());
        }
        Err(EmbeddedError::DoesNotStop { data_dir: self.folder.root.clone() })
    }

    async fn until_ready(&self) -> Result<(), EmbeddedError> {
        let mut state = self.supervisor.state();
        let settled =
            state.wait_for(|s| matches!(s, ServerState::Ready | ServerState::Failed { .. }));
        let outcome = tokio::time::timeout(START_LIMIT, settled).await;
        match outcome {
            Ok(Ok(state)) => match &*state {
                ServerState::Failed { message } => Err(self.start_failed(message)),
                _ => Ok(()),
            },
            Ok(Err(_)) => Err(self.start_failed("its supervisor ended")),
            Err(_) => Err(self.start_failed("it was not ready within 300 seconds")),
        }
    }

    fn start_failed(&self, message: &str) -> EmbeddedError {
        EmbeddedError::StartFailed {
            message: message.to_owned(),
            log: self.folder.log(),
            log_tail: self.folder.log_tail(),
        }
    }

    /// A server whose commits can vanish must not collect anything.
    async fn assert_durable(&self) -> Result<(), EmbeddedError> {
        let mut connection = self.address.connect("postgres").await?;
        let settings: Vec<(String, String)> = sqlx::query_as(
            "SELECT name, setting FROM pg_settings WHERE setting <> 'on' AND name IN \
             ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums')",
        )
        .fetch_all(&mut connection)
        .await?;
        connection.close().await?;
        match settings.into_iter().next() {
            None => Ok(()),
            Some((name, value)) => Err(EmbeddedError::NotDurable { name, value }),
        }
    }
}

fn prepare(config: &EmbeddedConfig) -> Result<EmbeddedPostgres, EmbeddedError> {
    let owner = Owner::find()?;
    let found = Binaries::locate(config.binaries.as_deref())?;
    let binaries = owner.readable(found)?;
    let folder = Folder::open(&config.data_dir, config.durability, owner)?;
    folder.check_major(&binaries)?;
    let password = folder.ensure_cluster(&binaries)?;
    process::clear_the_way(&folder.cluster())?;
    let socket = folder.socket_folder()?;
    let launch = Launch {
        postgres: binaries.program("postgres"),
        arguments: server_arguments(&folder, socket.path()),
        cluster: folder.cluster(),
        log: folder.log(),
        owner,
    };
    let address = Address { socket: socket.path().to_owned(), password };
    let (supervisor, major) = (Supervisor::start(launch)?, binaries.major);
    Ok(EmbeddedPostgres { supervisor, _socket: socket, folder, address, major })
}

fn server_arguments(folder: &Folder, socket_dir: &Path) -> Vec<String> {
    let mut arguments = vec!["-D".to_owned(), folder.cluster().display().to_string()];
    let durable = if folder.durability == Durability::Full { "on" } else { "off" };
    let settings = [
        ("listen_addresses", String::new()),
        ("port", PORT.to_string()),
        ("unix_socket_directories", format!("\"{}\"", socket_dir.display())),
        ("unix_socket_permissions", "0700".to_owned()),
        ("fsync", durable.to_owned()),
        ("full_page_writes", durable.to_owned()),
        ("synchronous_commit", durable.to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        // One collector, one window, a few readers; tests run in parallel on one server.
        ("max_connections", "100".to_owned()),
        // Our queries are short: compiling them costs more than it saves.
        ("jit", "off".to_owned()),
    ];
    for (name, value) in settings {
        arguments.extend(["-c".to_owned(), format!("{name}={value}")]);
    }
    arguments
}
