//! The data folder: lock, password, cluster and log.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::RngExt;
use sha2::{Digest, Sha256};

use super::owner::Owner;
use super::socket::SocketFolder;
use super::{Binaries, Durability, EmbeddedError, USER, process};

/// 32 random bytes as hex: nobody guesses it, and every tool can carry it.
const PASSWORD_BYTES: usize = 32;
/// A log that grew past this is put aside at the next start, in bytes.
const MAX_LOG_BYTES: u64 = 10 << 20;
/// How much of the log an error carries, in bytes.
const LOG_TAIL_BYTES: u64 = 2_000;
/// A program that is ending stops its server before it lets the folder go, mostly in a second.
const LOCK_LIMIT: Duration = Duration::from_secs(5);
/// How often we look whether it did.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// The data folder, locked for us.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) root: PathBuf,
    /// Holds the cluster: the folder itself, unless the server's account cannot reach it.
    place: PathBuf,
    pub(super) durability: Durability,
    owner: Owner,
    /// Held open: the lock ends with it.
    _lock: File,
}

impl Folder {
    /// Makes the folder when missing and takes its lock.
    pub(super) fn open(
        root: &Path,
        durability: Durability,
        owner: Owner,
    ) -> Result<Self, EmbeddedError> {
        make_private(root)?;
        let root = fs::canonicalize(root).map_err(EmbeddedError::file(root))?;
        let lock = lock(&root)?;
        let place = owner.place_for(&root, &short_hash(&root))?;
        Ok(Self { root, place, durability, owner, _lock: lock })
    }

    pub(super) fn cluster(&self) -> PathBuf {
        self.place.join("cluster")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("server.log")
    }

    /// Refuses data that these binaries cannot read, before anything is started.
    pub(super) fn check_major(&self, binaries: &Binaries) -> Result<(), EmbeddedError> {
        let Ok(text) = fs::read_to_string(self.cluster().join("PG_VERSION")) else {
            return Ok(());
        };
        let data = text.trim();
        if data == binaries.major.to_string() {
            return Ok(());
        }
        Err(EmbeddedError::WrongMajor {
            data_dir: self.root.clone(),
            data: data.to_owned(),
            binaries: binaries.major,
        })
    }

    /// Makes the cluster when there is none. Returns its password.
    pub(super) fn ensure_cluster(&self, binaries: &Binaries) -> Result<String, EmbeddedError> {
        let password = self.password()?;
        let cluster = self.cluster();
        match completeness(&cluster)? {
            Completeness::Whole => return Ok(password),
            Completeness::HalfMade => self.move_aside(&cluster)?,
            Completeness::Missing => {}
        }
        let half = self.place.join("cluster.new");
        if half.exists() {
            process::wait_for_children(&half)?;
            self.move_aside(&half)?;
        }
        self.make_cluster(binaries, &half, &password)?;
        fs::rename(&half, &cluster).map_err(EmbeddedError::file(&cluster))?;
        sync_folder(&self.place)?;
        Ok(password)
    }

    /// A private folder for the socket, named after this one.
    pub(super) fn socket_folder(&self) -> Result<SocketFolder, EmbeddedError> {
        SocketFolder::claim(&short_hash(&self.root), self.owner)
    }

    /// The last lines of the server's log.
    pub(super) fn log_tail(&self) -> String {
        let read = || -> io::Result<String> {
            let mut file = File::open(self.log())?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        read().unwrap_or_else(|error| format!("(the log cannot be read: {error})"))
    }

    fn password(&self) -> Result<String, EmbeddedError> {
        let path = self.root.join("password");
        match fs::read_to_string(&path) {
            Ok(password) if !password.trim().is_empty() => return Ok(password.trim().to_owned()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(EmbeddedError::file(path)(error));
            }
            _ => {}
        }
        if self.cluster().join("PG_VERSION").exists() {
            return Err(EmbeddedError::Damaged {
                cluster: self.cluster(),
                message: format!("{}, the password of this database, is missing", path.display()),
            });
        }
        let mut bytes = [0_u8; PASSWORD_BYTES];
        rand::rng().fill(&mut bytes);
        let password: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        write_private(&path, &password)?;
        Ok(password)
    }

    fn make_cluster(
        &self,
        binaries: &Binaries,
        at: &Path,
        password: &str,
    ) -> Result<(), EmbeddedError> {
        DirBuilder::new().mode(0o700).create(at).map_err(EmbeddedError::file(at))?;
        self.owner.give(at)?;
        let password_file = self.place.join("password.initdb");
        write_private(&password_file, password)?;
        self.owner.give(&password_file)?;
        let mut command = self.initdb(binaries, at, &password_file);
        let output = command.output();
        fs::remove_file(&password_file).map_err(EmbeddedError::file(&password_file))?;
        let output = output.map_err(EmbeddedError::file(binaries.program("initdb")))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(EmbeddedError::InitFailed { cluster: at.to_owned(), message: said })
    }

    fn initdb(&self, binaries: &Binaries, at: &Path, password_file: &Path) -> Command {
        let mut command = Command::new(binaries.program("initdb"));
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").current_dir("/");
        command.stdin(Stdio::null()).arg("-D").arg(at);
        command.args(["-U", USER, "-E", "UTF8", "--locale=C", "--data-checksums"]);
        if binaries.major >= 17 {
            command.args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]);
        }
        match self.durability {
            Durability::Full => {
                command.args(["-A", "scram-sha-256"]).arg("--pwfile").arg(password_file)
            }
            Durability::Throwaway => command.args(["-A", "trust", "--no-sync"]),
        };
        self.owner.apply(&mut command);
        // Left alone it would go on writing where the next start makes its own cluster. A killed
        // one cleans nothing up; the next start moves that aside.
        process::end_with_us(&mut command, libc::SIGKILL);
        command
    }

    /// Keeps what cannot be used, under a name that says what it is.
    fn move_aside(&self, path: &Path) -> Result<(), EmbeddedError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let name = |number: u32| self.place.join(format!("cluster.half-made-{now}-{number}"));
        // Two may be moved within one millisecond.
        let kept = if name(1).exists() { name(2) } else { name(1) };
        tracing::warn!(from = %path.display(), to = %kept.display(), "moved a half-made database aside");
        fs::rename(path, &kept).map_err(EmbeddedError::file(path))
    }
}

enum Completeness {
    Missing,
    HalfMade,
    Whole,
}

/// A cluster gets its name only when initdb is through, so anything in between is not ours to use.
fn completeness(cluster: &Path) -> Result<Completeness, EmbeddedError> {
    if !cluster.exists() {
        return Ok(Completeness::Missing);
    }
    let parts = ["PG_VERSION", "global/pg_control"];
    let missing: Vec<_> = parts.into_iter().filter(|part| !cluster.join(part).exists()).collect();
    match missing.as_slice() {
        [] => Ok(Completeness::Whole),
        [_, _] => Ok(Completeness::HalfMade),
        [one, ..] => Err(EmbeddedError::Damaged {
            cluster: cluster.to_owned(),
            message: format!("{one} is missing"),
        }),
    }
}

/// Only the folder itself is private: its parents may have to let others pass.
fn make_private(folder: &Path) -> Result<(), EmbeddedError> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(EmbeddedError::file(parent))?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(EmbeddedError::file(folder)(error))
        }
        _ => Ok(()),
    }
}

/// Names a folder in a few characters.
fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a program holds the folder.
pub(super) fn is_in_use(root: &Path) -> Result<bool, EmbeddedError> {
    let path = root.join("lock");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(EmbeddedError::file(path)(error)),
    };
    // Shared, so that two who look do not take each other for a holder.
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(EmbeddedError::file(path)(error)),
    }
}

fn lock(root: &Path) -> Result<File, EmbeddedError> {
    let path = root.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(EmbeddedError::file(&path))?;
    let deadline = Instant::now() + LOCK_LIMIT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOCK_POLL),
            Err(TryLockError::WouldBlock) => {
                return Err(EmbeddedError::InUse { data_dir: root.to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(EmbeddedError::file(path)(error)),
        }
    }
}

/// Written whole or not at all, readable by its owner only.
fn write_private(path: &Path, text: &str) -> Result<(), EmbeddedError> {
    let half = path.with_extension("part");
    let write = || -> io::Result<()> {
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&half)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&half, path)
    };
    write().map_err(EmbeddedError::file(path))
}

fn sync_folder(path: &Path) -> Result<(), EmbeddedError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(EmbeddedError::file(path))
}

/// Opens the log for appending: children of an earlier server may still write to it.
pub(super) fn open_log(path: &Path) -> Result<File, EmbeddedError> {
    if fs::metadata(path).is_ok_and(|found| found.len() > MAX_LOG_BYTES) {
        fs::rename(path, path.with_extension("log.1")).map_err(EmbeddedError::file(path))?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(EmbeddedError::file(path))
}
