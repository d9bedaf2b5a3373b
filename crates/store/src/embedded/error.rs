//! What can go wrong with the embedded server, and what to do about it.

use std::io;
use std::path::PathBuf;

/// Why the embedded server does not run.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No folder with a usable server was found.
    #[error(
        "no Postgres server of version {least} or newer was found (looked in {looked}): run \
         script/vendor-postgres, install PostgreSQL, or set UNDERTOW_PG_DIR to its folder"
    )]
    NoBinaries {
        /// The oldest major version that would do.
        least: u32,
        /// The folders that were tried.
        looked: String,
    },
    /// A folder was named that holds no usable server.
    #[error("{path}: no usable Postgres server there: {message}")]
    BadBinaries {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Another process holds the lock of the data folder.
    #[error(
        "{data_dir}: already in use by another Undertow; close it, or choose another data folder"
    )]
    InUse {
        /// The folder.
        data_dir: PathBuf,
    },
    /// The cluster was made by another major version.
    #[error(
        "{data_dir}: the data is of Postgres {data}, but this program carries Postgres {binaries}; \
         nothing was changed. Start the Undertow version that made it and export the data, or set \
         UNDERTOW_PG_DIR to a Postgres {data} installation"
    )]
    WrongMajor {
        /// The folder.
        data_dir: PathBuf,
        /// Major version of the data.
        data: String,
        /// Major version of the binaries.
        binaries: u32,
    },
    /// The cluster lacks something that it cannot live without.
    #[error("{cluster}: the database is damaged: {message}; nothing was changed. Restore a backup")]
    Damaged {
        /// The cluster.
        cluster: PathBuf,
        /// What is missing.
        message: String,
    },
    /// Making the cluster failed.
    #[error("{cluster}: initdb failed: {message}")]
    InitFailed {
        /// The cluster that was to be.
        cluster: PathBuf,
        /// The end of what initdb said.
        message: String,
    },
    /// The server did not come up.
    #[error("the Postgres server did not start: {message}. The end of {log}:\n{log_tail}")]
    StartFailed {
        /// What was seen.
        message: String,
        /// Its log.
        log: PathBuf,
        /// The last lines of the log.
        log_tail: String,
    },
    /// Another server runs on this cluster and does not end.
    #[error(
        "{cluster}: a Postgres server left by an earlier start (process {process_id}) does not \
         end; end it, then start again"
    )]
    Orphan {
        /// The cluster.
        cluster: PathBuf,
        /// The server.
        process_id: u32,
    },
    /// The server did not end.
    #[error("{data_dir}: the Postgres server does not end; look at server.log there")]
    DoesNotStop {
        /// The folder.
        data_dir: PathBuf,
    },
    /// A setting that keeps acknowledged rows safe is off.
    #[error(
        "the Postgres server runs with {name} = {value}: rows could be lost, so Undertow refuses \
         to use it"
    )]
    NotDurable {
        /// The setting.
        name: String,
        /// Its value.
        value: String,
    },
    /// Postgres refuses to run as root, and the account that should run it is missing or shut out.
    #[error("{0}")]
    Account(String),
    /// The name of a database has characters that it must not have.
    #[error("\"{0}\" is not a database name: use lower-case letters, digits and _")]
    BadDatabaseName(String),
    /// The socket's folder belongs to somebody else.
    #[error("{path}: {message}; remove it, or set XDG_RUNTIME_DIR to a private folder")]
    SocketFolder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The server runs, but refused a connection or a statement.
    #[error("the embedded Postgres server refused: {0}")]
    Refused(#[from] sqlx::Error),
    /// The work was interrupted from outside.
    #[error("starting the embedded Postgres server was interrupted: {0}")]
    Interrupted(String),
}

impl EmbeddedError {
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
