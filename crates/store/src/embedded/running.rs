//! The server that another Undertow runs: a second program may use it, and never stops it.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;

use super::EmbeddedError;
use super::address::Address;
use super::cluster;
use super::process;

/// Who holds the folder may be about to start its server, or to stop it.
const READY_LIMIT: Duration = Duration::from_secs(30);
/// How often it is looked whether it is.
const POLL: Duration = Duration::from_millis(100);

/// A server that another program runs on a data folder. It ends when that program does.
#[derive(Debug)]
pub struct RunningPostgres {
    address: Address,
}

impl RunningPostgres {
    /// Finds the server of a data folder; none when no program uses the folder.
    ///
    /// # Errors
    /// A program uses the folder and its server takes no connections, or the folder cannot be
    /// read.
    pub async fn find(data_dir: &Path) -> Result<Option<Self>, EmbeddedError> {
        let root = data_dir.to_owned();
        tokio::task::spawn_blocking(move || find(&root))
            .await
            .map_err(|panic| EmbeddedError::Interrupted(panic.to_string()))?
    }

    /// Options for connecting to a database of this server, which is made when missing.
    ///
    /// # Errors
    /// The name is not made of lower-case letters, digits and `_`, or the server refuses.
    pub async fn database(&self, name: &str) -> Result<PgConnectOptions, EmbeddedError> {
        self.address.database(name).await
    }
}

fn find(root: &Path) -> Result<Option<RunningPostgres>, EmbeddedError> {
    let deadline = Instant::now() + READY_LIMIT;
    while cluster::is_in_use(root)? {
        if let Some(socket) = process::socket_of_ready(&root.join("cluster")) {
            let path = root.join("password");
            let password = fs::read_to_string(&path).map_err(EmbeddedError::file(&path))?;
            let address = Address { socket, password: password.trim().to_owned() };
            return Ok(Some(RunningPostgres { address }));
        }
        if Instant::now() >= deadline {
            return Err(EmbeddedError::InUse { data_dir: root.to_owned() });
        }
        thread::sleep(POLL);
    }
    Ok(None)
}
