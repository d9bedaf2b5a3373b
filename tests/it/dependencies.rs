//! Every outside library is named, explained and used: no manifest says more than the code needs.

use std::collections::BTreeSet;
use std::path::Path;

use cargo_metadata::Package;
use toml::Table;

use crate::source::{self, SourceFile};

/// The names in the first column of the tables below a heading of docs/dependencies.md.
fn explained(heading: &str) -> BTreeSet<String> {
    let text = source::read("docs/dependencies.md");
    let section = text.split("\n## ").find(|section| section.starts_with(heading));
    let section = section.unwrap_or_else(|| panic!("docs/dependencies.md has a part {heading}"));
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`')).map(|(name, _)| name.to_owned()).collect()
}

fn assert_explained(heading: &str, used: &BTreeSet<String>) {
    let explained = explained(heading);
    let missing: Vec<_> = used.difference(&explained).collect();
    let left_over: Vec<_> = explained.difference(used).collect();
    assert!(
        missing.is_empty() && left_over.is_empty(),
        "docs/dependencies.md, {heading}: not explained {missing:?}; not used any more {left_over:?}"
    );
}

/// Names of the outside crates that a package's manifest lists.
fn outside(package: &Package) -> impl Iterator<Item = &str> {
    let outside = package.dependencies.iter().filter(|dependency| dependency.path.is_none());
    outside.map(|dependency| dependency.name.as_str())
}

/// Whether a Rust file of one of the package's targets names the crate.
fn is_named(name: &str, package: &Package, files: &[SourceFile]) -> bool {
    let identifier = name.replace('-', "_");
    let root = source::root();
    let folders: Vec<_> = package
        .targets
        .iter()
        .filter_map(|target| {
            Path::new(&target.src_path).canonicalize().ok()?.parent().map(Path::to_owned)
        })
        .collect();
    let of_package = |file: &SourceFile| {
        let path = root.join(&file.path);
        file.has_extension(&["rs"]) && folders.iter().any(|folder| path.starts_with(folder))
    };
    files.iter().filter(|file| of_package(file)).any(|file| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        file.text.split(|c| !is_word(c)).any(|word| word == identifier)
    })
}

#[test]
fn every_outside_crate_is_explained() {
    let metadata = source::metadata();
    let members = metadata.workspace_packages();
    let used = members.iter().flat_map(|package| outside(package));
    assert_explained("Rust", &used.map(str::to_owned).collect());
}

#[test]
fn every_package_of_the_screen_is_explained() {
    let package: serde_json::Value =
        serde_json::from_str(&source::read("ui/package.json")).expect("package.json is JSON");
    let used = ["dependencies", "devDependencies"].into_iter().filter_map(|kind| {
        package.get(kind).and_then(|part| part.as_object()).map(|part| part.keys().cloned())
    });
    assert_explained("Screen", &used.flatten().collect());
}

#[test]
fn no_crate_lists_what_it_does_not_use() {
    let (metadata, files) = (source::metadata(), source::files());
    let members = metadata.workspace_packages();
    let unused = members.iter().flat_map(|package| {
        let names = package.dependencies.iter().map(|dependency| dependency.name.as_str());
        let unused = names.filter(|name| !is_named(name, package, &files));
        unused.map(|name| format!("{} does not use {name}", package.name)).collect::<Vec<_>>()
    });
    let unused: Vec<_> = unused.collect();
    assert!(unused.is_empty(), "{unused:#?}");
}

#[test]
fn the_workspace_lists_only_what_a_crate_uses() {
    let manifest: Table = source::read("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let listed = manifest["workspace"]["dependencies"].as_table().expect("a table");
    let metadata = source::metadata();
    let members = metadata.workspace_packages();
    let used: BTreeSet<_> =
        members.iter().flat_map(|package| &package.dependencies).map(|d| d.name.as_str()).collect();
    let unused: Vec<_> = listed.keys().filter(|name| !used.contains(name.as_str())).collect();
    assert!(unused.is_empty(), "take these lines out of the root Cargo.toml: {unused:?}");
}
