//! Finds a Postgres server on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::EmbeddedError;

/// The oldest major version that every query of this crate runs on.
pub(super) const LEAST_MAJOR: u32 = 15;

/// A folder with `bin/postgres` and `bin/initdb`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// The folder that holds `bin`.
    pub root: PathBuf,
    /// The major version, 18 for 18.4.
    pub major: u32,
    /// The version as the server prints it.
    pub version: String,
}

impl Binaries {
    /// Looks in `$UNDERTOW_PG_DIR`, then in `shipped`, in `vendor/pg` of the source tree, in `pg`
    /// beside the executable and in Debian's folders. A folder that was named and does not work
    /// is an error; the guesses are only passed over.
    ///
    /// # Errors
    /// Says which folders were tried, or what is wrong with the named one.
    pub fn locate(shipped: Option<&Path>) -> Result<Self, EmbeddedError> {
        if let Some(named) = std::env::var_os("UNDERTOW_PG_DIR") {
            return Self::at(Path::new(&named));
        }
        let candidates = candidates(shipped);
        let found = candidates.iter().find_map(|root| Self::at(root).ok());
        found.ok_or_else(|| EmbeddedError::NoBinaries {
            least: LEAST_MAJOR,
            looked: candidates
                .iter()
                .map(|c| c.display().to_string())
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    /// Asks the server in `root` for its version.
    ///
    /// # Errors
    /// There is none, it does not run, or it is too old.
    pub fn at(root: &Path) -> Result<Self, EmbeddedError> {
        let bad = |message: String| EmbeddedError::BadBinaries { path: root.to_owned(), message };
        let output = Command::new(root.join("bin/postgres")).arg("--version").output();
        let output = output.map_err(|error| bad(format!("bin/postgres: {error}")))?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let major = major_of(&text).ok_or_else(|| bad(format!("it calls itself \"{text}\"")))?;
        if major < LEAST_MAJOR {
            return Err(bad(format!("version {major} is older than {LEAST_MAJOR}")));
        }
        let version = text.split_whitespace().nth(2).unwrap_or_default().to_owned();
        Ok(Self { root: root.to_owned(), major, version })
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.root.join("bin").join(name)
    }
}

fn candidates(shipped: Option<&Path>) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = shipped.map(Path::to_owned).into_iter().collect();
    found.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vendor/pg"));
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("pg")));
    found.extend(beside);
    found.extend(debian());
    found
}

/// Debian's servers, newest first.
fn debian() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let numbered = |path: PathBuf| -> Option<(u32, PathBuf)> {
        Some((path.file_name()?.to_str()?.parse().ok()?, path))
    };
    let mut found: Vec<_> = entries.filter_map(|entry| numbered(entry.path())).collect();
    found.sort_unstable_by_key(|(major, _)| std::cmp::Reverse(*major));
    found.into_iter().map(|(_, path)| path).collect()
}

/// 18 from `postgres (PostgreSQL) 18.4` or `postgres (PostgreSQL) 15.18 (Debian 15.18-0)`.
fn major_of(text: &str) -> Option<u32> {
    let version = text.strip_prefix("postgres (PostgreSQL) ")?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_the_server_prints() {
        for (text, expected) in [
            ("postgres (PostgreSQL) 18.4", Some(18)),
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some(15)),
            ("postgres (PostgreSQL) 19beta1", Some(19)),
            ("psql (PostgreSQL) 18.4", None),
            ("", None),
        ] {
            assert_eq!(major_of(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_folder_without_a_server_says_so() {
        let error = Binaries::at(Path::new("/nowhere")).expect_err("no server there").to_string();
        assert!(error.contains("/nowhere") && error.contains("bin/postgres"), "{error}");
    }
}
