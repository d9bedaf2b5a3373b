//! The folder of the server's socket: private, with a short path, and gone when nobody uses it.
//!
//! Whoever uses a folder holds a lock on it. A killed program leaves its folder behind, unlocked;
//! the next start of any program of the same account removes it.

use std::fs::{self, DirBuilder, File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::{AtFlags, Mode, OFlags, unlinkat};
use rustix::process::{Pid, test_kill_process};

use super::EmbeddedError;
use super::owner::Owner;

/// What the names of our folders begin with; [`NAME_DIGITS`] hexadecimal digits follow.
const NAME_PREFIX: &str = "undertow-";
/// Digits of a folder's name.
const NAME_DIGITS: usize = 16;
/// The server's socket, and the file beside it that holds the server's process id.
const FILES: [&str; 2] = [".s.PGSQL.5432", ".s.PGSQL.5432.lock"];
/// A socket's path may have 107 bytes; its file name takes 14 and its lock's 19.
const MAX_PATH_BYTES: usize = 107 - 20;
/// Another start may take our folder for a dead one just before we lock it: then it is made again.
const TRIES: u32 = 20;
/// Pause between the tries.
const TRY_PAUSE: Duration = Duration::from_millis(10);
/// Entries of the temporary folder that one start looks at: a start must not wait for more.
const MAX_LOOKED_AT: usize = 10_000;
/// Dead folders that one start removes; the next start goes on.
const MAX_REMOVED: usize = 500;

/// The folder of a socket, locked for us. Removed when dropped, unless a server still uses it.
#[derive(Debug)]
pub(super) struct SocketFolder {
    path: PathBuf,
    /// Held open: the lock ends with it.
    _lock: File,
}

impl SocketFolder {
    /// Makes the folder with a name of [`NAME_DIGITS`] digits, and removes dead ones beside it.
    pub(super) fn claim(digits: &str, owner: Owner) -> Result<Self, EmbeddedError> {
        let base = base();
        sweep(&base, owner);
        let path = base.join(format!("{NAME_PREFIX}{digits}"));
        for _ in 0..TRIES {
            make(&path, owner)?;
            if let Some(lock) = lock(&path, owner)? {
                return Ok(Self { path, _lock: lock });
            }
            thread::sleep(TRY_PAUSE);
        }
        Err(refused(&path, "the folder of the socket is in use"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        // Only an empty folder can be removed: a server that still runs keeps its socket.
        let _kept_by_a_server = fs::remove_dir(&self.path);
    }
}

/// The user's runtime folder, or the temporary one where that is missing, long, or another's.
fn base() -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let name_bytes = 1 + NAME_PREFIX.len() + NAME_DIGITS;
    let short = |base: &PathBuf| base.as_os_str().len() + name_bytes <= MAX_PATH_BYTES;
    runtime
        .filter(|base| !rustix::process::geteuid().is_root() && base.is_dir() && short(base))
        .unwrap_or_else(std::env::temp_dir)
}

fn make(path: &Path, owner: Owner) -> Result<(), EmbeddedError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => owner.give(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(EmbeddedError::file(path)(error)),
    }
}

/// Takes the lock of a folder that is ours alone; none when another start is removing it.
fn lock(path: &Path, owner: Owner) -> Result<Option<File>, EmbeddedError> {
    let folder = match open(path) {
        Ok(folder) => folder,
        Err(error) => return not_opened(path, &error),
    };
    let found = folder.metadata().map_err(EmbeddedError::file(path))?;
    check_private(&found, owner).map_err(|message| refused(path, message))?;
    let is_locked = folder.try_lock().is_ok();
    let is_there = fs::symlink_metadata(path).is_ok_and(|there| there.ino() == found.ino());
    Ok((is_locked && is_there).then_some(folder))
}

fn not_opened(path: &Path, error: &io::Error) -> Result<Option<File>, EmbeddedError> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(None),
        io::ErrorKind::PermissionDenied => {
            Err(refused(path, "the folder of the socket belongs to another user"))
        }
        _ => Err(refused(path, "the folder of the socket is not a folder")),
    }
}

/// Opens a folder, and never what a link leads to.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty()).map(File::from)?)
}

fn check_private(found: &Metadata, owner: Owner) -> Result<(), &'static str> {
    if found.uid() != owner.uid() {
        return Err("the folder of the socket belongs to another user");
    }
    if found.mode() & 0o077 != 0 {
        return Err("the folder of the socket is open to others");
    }
    Ok(())
}

fn refused(path: &Path, message: &str) -> EmbeddedError {
    EmbeddedError::SocketFolder { path: path.to_owned(), message: message.to_owned() }
}

/// Removes the folders that killed programs of this account left behind.
fn sweep(base: &Path, owner: Owner) {
    let entries = fs::read_dir(base).into_iter().flatten().flatten().take(MAX_LOOKED_AT);
    let named = entries.map(|entry| entry.path()).filter(|path| has_our_name(path));
    let removed = named.filter(|path| remove_dead(path, owner)).take(MAX_REMOVED).count();
    if removed > 0 {
        tracing::debug!(removed, base = %base.display(), "removed socket folders of dead programs");
    }
}

fn has_our_name(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.strip_prefix(NAME_PREFIX)).is_some_and(|digits| {
        digits.len() == NAME_DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// Files are removed through the folder that was checked, so that nobody can put another in its
/// place. What else lies in there keeps it.
fn remove_dead(path: &Path, owner: Owner) -> bool {
    let Ok(folder) = open(path) else { return false };
    let is_ours = folder.metadata().is_ok_and(|found| check_private(&found, owner).is_ok());
    if !is_ours || folder.try_lock().is_err() || is_served(path) {
        return false;
    }
    for name in FILES {
        // Mostly there is none: an orderly server takes its files with it.
        let _missing = unlinkat(&folder, name, AtFlags::empty());
    }
    fs::remove_dir(path).is_ok()
}

/// Whether the server that made the socket may still run: its program can be dead before it.
fn is_served(path: &Path) -> bool {
    let text = fs::read_to_string(path.join(FILES[1])).unwrap_or_default();
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
    pid.and_then(Pid::from_raw).is_some_and(|pid| test_kill_process(pid).is_ok())
}
