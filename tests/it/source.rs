//! The source tree and the dependency graph, as the tests about the house see them.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};

/// Folders that hold nothing of ours: built, fetched or left by a run.
const NOT_OURS: [&str; 12] = [
    ".git",
    "artifacts",
    "coverage",
    "corpus",
    "dist",
    "gen",
    "node_modules",
    "playwright-report",
    "target",
    "test-results",
    "vendor/pg",
    ".svelte-kit",
];

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the crate lies two folders below the top of the repository")
}

/// A text file of ours.
pub(crate) struct SourceFile {
    /// Path from the top, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    pub(crate) fn has_extension(&self, extensions: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
    }

    /// Lines with their numbers from 1, comment lines of Rust and TypeScript left out.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.numbered_lines().filter(|(_, line)| {
            let line = line.trim_start();
            !line.starts_with("//") && !line.starts_with("/*") && !line.starts_with('*')
        })
    }

    pub(crate) fn numbered_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// A text file of the repository, by its path from the top.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every text file of ours, in order of path.
pub(crate) fn files() -> Vec<SourceFile> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 100, "only {} files found below {}", found.len(), root.display());
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository is readable") {
        let path = entry.expect("a folder of the repository is readable").path();
        let relative = path.strip_prefix(root).expect("found below the root");
        let relative = relative.to_string_lossy().replace('\\', "/");
        if is_ours(&relative) {
            if path.is_dir() {
                collect(root, &path, found);
            } else if let Ok(text) = fs::read_to_string(&path) {
                found.push(SourceFile { path: relative, text });
            }
        }
    }
}

fn is_ours(relative: &str) -> bool {
    !NOT_OURS.iter().any(|name| relative == *name || relative.ends_with(&format!("/{name}")))
}

/// The dependency graph as Cargo.lock has it, for every platform.
pub(crate) fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--locked".to_owned()])
        .exec()
        .expect("cargo metadata reads Cargo.lock; run `cargo check` when it is out of date")
}
