//! Who runs the server. Postgres refuses to run as root; then another account does it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Binaries, EmbeddedError};

/// The account that runs the server when Undertow itself runs as root.
const DEFAULT_ACCOUNT: &str = "nobody";
/// Names that account instead.
const ACCOUNT_VARIABLE: &str = "UNDERTOW_PG_USER";
/// Where the binaries are copied to when the account cannot reach them.
const SHARED_FOLDER: &str = "/var/tmp";
/// Where the cluster goes when the account cannot reach the data folder.
const SHARED_DATA: &str = "/var/lib/undertow";
/// Search permission for everybody.
const SEARCHABLE: u32 = 0o001;
/// Read and search permission for everybody.
const READABLE: u32 = 0o005;

/// The user and group of the server, when they differ from our own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    other: Option<(u32, u32)>,
}

impl Owner {
    pub(super) fn find() -> Result<Self, EmbeddedError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { other: None });
        }
        let name = std::env::var(ACCOUNT_VARIABLE).unwrap_or_else(|_| DEFAULT_ACCOUNT.to_owned());
        let (uid, gid) = (id("-u", &name)?, id("-g", &name)?);
        if uid == 0 {
            return Err(EmbeddedError::Account(format!(
                "Postgres does not run as root: set {ACCOUNT_VARIABLE} to another account than {name}"
            )));
        }
        Ok(Self { other: Some((uid, gid)) })
    }

    /// The user that owns what the server owns.
    pub(super) fn uid(self) -> u32 {
        self.other.map_or_else(|| rustix::process::geteuid().as_raw(), |(uid, _)| uid)
    }

    /// Gives a file or folder to the server.
    pub(super) fn give(self, path: &Path) -> Result<(), EmbeddedError> {
        match self.other {
            None => Ok(()),
            Some((uid, gid)) => std::os::unix::fs::lchown(path, Some(uid), Some(gid))
                .map_err(EmbeddedError::file(path)),
        }
    }

    /// Makes a command run as the server's account.
    pub(super) fn apply(self, command: &mut Command) {
        if let Some((uid, gid)) = self.other {
            command.uid(uid).gid(gid);
        }
    }

    /// Where the cluster of a data folder lives: in the folder, or, when the server's account
    /// cannot pass through one of its parents (a root user's home), in a shared place that is
    /// named after it. A link in the data folder then leads there.
    pub(super) fn place_for(self, folder: &Path, name: &str) -> Result<PathBuf, EmbeddedError> {
        if self.other.is_none() {
            return Ok(folder.to_owned());
        }
        let Some(parent) = folder.parent().filter(|parent| first_shut(parent).is_some()) else {
            let_pass(folder)?;
            return Ok(folder.to_owned());
        };
        let link = folder.join("cluster");
        if link.is_dir() && !link.is_symlink() {
            return Err(shut_out(&link, parent));
        }
        let place = Path::new(SHARED_DATA).join(name);
        fs::create_dir_all(&place).map_err(EmbeddedError::file(&place))?;
        let_pass(&place)?;
        if let Some(shut) = first_shut(&place) {
            return Err(shut_out(&place, &shut));
        }
        if !link.is_symlink() {
            symlink(place.join("cluster"), &link).map_err(EmbeddedError::file(&link))?;
        }
        Ok(place)
    }

    /// The binaries, or a shared copy of them where the server cannot reach the originals.
    pub(super) fn readable(self, binaries: Binaries) -> Result<Binaries, EmbeddedError> {
        let root = fs::canonicalize(&binaries.root).map_err(EmbeddedError::file(&binaries.root))?;
        let binaries = Binaries { root, ..binaries };
        if self.other.is_none() || first_shut(&binaries.root).is_none() {
            return Ok(binaries);
        }
        let copy = Path::new(SHARED_FOLDER).join(format!("undertow-pg-{}", binaries.version));
        if !is_our_copy(&copy) {
            copy_aside(&binaries.root, &copy)?;
        }
        Ok(Binaries { root: copy, ..binaries })
    }
}

fn shut_out(place: &Path, shut: &Path) -> EmbeddedError {
    EmbeddedError::Account(format!(
        "{}: the account that runs Postgres (Undertow runs as root, so it is another one) cannot \
         pass through {}; move the data to a folder that it can reach, such as one in {SHARED_DATA}",
        place.display(),
        shut.display()
    ))
}

fn let_pass(folder: &Path) -> Result<(), EmbeddedError> {
    let mode = fs::metadata(folder).map_err(EmbeddedError::file(folder))?.mode();
    let searchable = fs::Permissions::from_mode(mode | SEARCHABLE);
    fs::set_permissions(folder, searchable).map_err(EmbeddedError::file(folder))
}

fn id(flag: &str, account: &str) -> Result<u32, EmbeddedError> {
    let output = Command::new("id").args([flag, account]).output();
    let text = output.ok().filter(|o| o.status.success()).map(|o| o.stdout);
    let number = text.and_then(|t| String::from_utf8(t).ok()?.trim().parse().ok());
    number.ok_or_else(|| {
        EmbeddedError::Account(format!(
            "Postgres does not run as root, and there is no account {account} to run it: set \
             {ACCOUNT_VARIABLE} to one that exists"
        ))
    })
}

/// The outermost folder of a path that others may not pass through.
fn first_shut(path: &Path) -> Option<PathBuf> {
    let shut = |folder: &&Path| {
        fs::metadata(folder).map_or(true, |found| found.mode() & SEARCHABLE != SEARCHABLE)
    };
    path.ancestors().filter(shut).last().map(Path::to_owned)
}

/// Whether the copy was made by root and nobody else could have changed it since.
fn is_our_copy(copy: &Path) -> bool {
    fs::symlink_metadata(copy)
        .is_ok_and(|found| found.is_dir() && found.uid() == 0 && found.mode() & 0o022 == 0)
}

fn copy_aside(from: &Path, to: &Path) -> Result<(), EmbeddedError> {
    let half = to.with_extension(format!("{}.part", std::process::id()));
    copy_tree(from, &half)?;
    // Loses only against another root process that made the same copy.
    match fs::rename(&half, to) {
        Err(_) if is_our_copy(to) => fs::remove_dir_all(&half).map_err(EmbeddedError::file(&half)),
        renamed => renamed.map_err(EmbeddedError::file(to)),
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), EmbeddedError> {
    fs::create_dir(to).map_err(EmbeddedError::file(to))?;
    for entry in fs::read_dir(from).map_err(EmbeddedError::file(from))? {
        let entry = entry.map_err(EmbeddedError::file(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_tree(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(EmbeddedError::file(&source))?;
            open_to_all(&target)?;
        }
    }
    open_to_all(to)
}

fn open_to_all(path: &Path) -> Result<(), EmbeddedError> {
    let mode = fs::metadata(path).map_err(EmbeddedError::file(path))?.mode();
    let readable = (mode | READABLE) & !0o022;
    fs::set_permissions(path, fs::Permissions::from_mode(readable))
        .map_err(EmbeddedError::file(path))
}
