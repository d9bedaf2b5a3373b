//! Holds the dependency graph to deny.toml: licences, banned crates and sources. cargo-deny reads
//! the same file where it is installed; this test needs nothing but cargo.

use cargo_metadata::Package;
use toml::{Table, Value};

use crate::source;

/// The parts of deny.toml that this test holds the graph to.
struct Policy {
    licences: Vec<String>,
    exceptions: Vec<(String, Vec<String>)>,
    /// What a licence file says, for packages that name no expression.
    clarified: Vec<(String, String)>,
    banned: Vec<String>,
    sources: Vec<String>,
}

impl Policy {
    fn read() -> Self {
        let table: Table = source::read("deny.toml").parse().expect("deny.toml is TOML");
        let (licenses, bans) = (&table["licenses"], &table["bans"]);
        let exceptions = array(&licenses["exceptions"]);
        let clarified = array(&licenses["clarify"]);
        Self {
            licences: strings(&licenses["allow"]),
            exceptions: exceptions
                .iter()
                .map(|entry| (string(&entry["crate"]), strings(&entry["allow"])))
                .collect(),
            clarified: clarified
                .iter()
                .map(|entry| (string(&entry["crate"]), string(&entry["expression"])))
                .collect(),
            banned: array(&bans["deny"]).iter().map(|entry| string(&entry["crate"])).collect(),
            sources: strings(&table["sources"]["allow-registry"]),
        }
    }

    /// The licence that a package names, or that deny.toml read in its file.
    fn licence<'p>(&'p self, package: &'p Package) -> &'p str {
        let clarified = || {
            let found = self.clarified.iter().find(|(name, _)| *name == *package.name);
            found.map(|(_, expression)| expression.as_str())
        };
        package.license.as_deref().or_else(clarified).unwrap_or_default()
    }

    fn allows(&self, crate_name: &str, licence: &str) -> bool {
        let excepted = self.exceptions.iter().filter(|(name, _)| name == crate_name);
        self.licences.iter().chain(excepted.flat_map(|(_, more)| more)).any(|name| name == licence)
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("deny.toml has a list here")
}

fn string(value: &Value) -> String {
    value.as_str().expect("deny.toml has text here").to_owned()
}

fn strings(value: &Value) -> Vec<String> {
    array(value).iter().map(string).collect()
}

/// Evaluates an SPDX licence expression: whether `allowed` covers one way of taking the licence.
/// `/` is the old spelling of OR. An expression that cannot be read is not allowed.
fn permits(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest, allowed) == Some(true) && rest.is_empty()
}

fn either(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut result = both(rest, allowed)?;
    while let ["OR", after @ ..] = *rest {
        *rest = after;
        result |= both(rest, allowed)?;
    }
    Some(result)
}

fn both(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut result = one(rest, allowed)?;
    while let ["AND", after @ ..] = *rest {
        *rest = after;
        result &= one(rest, allowed)?;
    }
    Some(result)
}

fn one(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    match **rest {
        ["(", ref after @ ..] => {
            *rest = after;
            let inner = either(rest, allowed)?;
            let after = rest.strip_prefix(&[")"])?;
            *rest = after;
            Some(inner)
        }
        [name, "WITH", exception, ref after @ ..] => {
            *rest = after;
            Some(allowed(&format!("{name} WITH {exception}")))
        }
        [name, ref after @ ..] if !matches!(name, ")" | "OR" | "AND" | "WITH") => {
            *rest = after;
            Some(allowed(name))
        }
        _ => None,
    }
}

fn outside(packages: &[Package]) -> impl Iterator<Item = &Package> {
    packages.iter().filter(|package| package.source.is_some())
}

#[test]
fn every_dependency_has_a_licence_that_deny_toml_allows() {
    let (policy, metadata) = (Policy::read(), source::metadata());
    let refused: Vec<_> = outside(&metadata.packages)
        .filter(|package| {
            !permits(policy.licence(package), &|name| policy.allows(&package.name, name))
        })
        .map(|package| format!("{} {}: {:?}", package.name, package.version, package.license))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn no_exception_of_deny_toml_is_left_over() {
    let (policy, metadata) = (Policy::read(), source::metadata());
    for (name, _) in &policy.exceptions {
        let needed = outside(&metadata.packages).any(|package| *package.name == *name);
        assert!(needed, "deny.toml makes an exception for {name}, which is not used any more");
    }
}

#[test]
fn no_dependency_is_banned() {
    let (policy, metadata) = (Policy::read(), source::metadata());
    assert!(!policy.banned.is_empty());
    let found: Vec<_> = outside(&metadata.packages)
        .filter(|package| policy.banned.contains(&package.name))
        .map(|package| format!("{} {}", package.name, package.version))
        .collect();
    assert!(found.is_empty(), "deny.toml bans {found:?}");
}

#[test]
fn every_dependency_comes_from_an_allowed_source() {
    let (policy, metadata) = (Policy::read(), source::metadata());
    for package in outside(&metadata.packages) {
        let origin = package.source.as_ref().map(|origin| origin.repr.as_str()).unwrap_or_default();
        let allowed = policy.sources.iter().any(|source| origin == format!("registry+{source}"));
        assert!(allowed, "{} comes from {origin}", package.name);
    }
}

#[test]
fn licence_expressions_are_read_as_spdx_means_them() {
    let check = |expression: &str, expected: bool| {
        let allowed = |name: &str| ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].contains(&name);
        assert_eq!(permits(expression, &allowed), expected, "{expression}");
    };
    check("MIT", true);
    check("GPL-3.0-only", false);
    check("GPL-3.0-only OR MIT", true);
    check("GPL-3.0-only/MIT", true);
    check("MIT AND GPL-3.0-only", false);
    check("MIT AND ISC", true);
    check("MIT OR GPL-2.0-only AND GPL-3.0-only", true);
    check("(MIT OR GPL-2.0-only) AND GPL-3.0-only", false);
    check("ISC AND (GPL-3.0-only OR MIT)", true);
    check("Apache-2.0 WITH LLVM-exception", true);
    check("Apache-2.0", false);
    check("", false);
    check("MIT OR", false);
    check("(MIT", false);
}
