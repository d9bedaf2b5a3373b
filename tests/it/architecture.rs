//! The walls of the house: who may know whom. The tables below are the plan; ARCHITECTURE.md says
//! why. A new edge is a decision: change the table in the same commit as the ADR.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, PackageId};

use crate::source;

/// A crate of ours, what it may use, and what its tests may use besides.
struct Room {
    name: &'static str,
    uses: &'static [&'static str],
    tests_use: &'static [&'static str],
}

const PLAN: &[Room] = &[
    Room { name: "market", uses: &[], tests_use: &[] },
    Room { name: "analysis", uses: &["market"], tests_use: &[] },
    Room { name: "vendor", uses: &["market"], tests_use: &["simulator"] },
    Room { name: "simulator", uses: &["market"], tests_use: &[] },
    Room { name: "store", uses: &["market", "analysis"], tests_use: &["testkit"] },
    Room {
        name: "engine",
        uses: &["market", "analysis", "vendor", "store"],
        tests_use: &["simulator", "testkit"],
    },
    Room {
        name: "api",
        uses: &["market", "analysis", "vendor", "store", "engine", "simulator"],
        tests_use: &["testkit"],
    },
    Room {
        name: "daemon",
        uses: &["api", "engine"],
        tests_use: &["market", "analysis", "vendor", "store", "simulator", "testkit"],
    },
    Room { name: "undertow", uses: &["api", "engine"], tests_use: &[] },
    Room { name: "testkit", uses: &["market", "store"], tests_use: &[] },
];

/// Outside crates that only some rooms may use, tests aside. `*` at the end stands for any rest.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("axum", &["daemon", "simulator"]),
    ("clap", &["daemon"]),
    ("reqwest", &["vendor", "daemon"]),
    ("sonic-rs", &["vendor"]),
    ("sqlx*", &["store", "testkit"]),
    ("tauri*", &["undertow"]),
    ("tower-http", &["daemon"]),
    ("ts-rs", &["api"]),
    ("wry", &["undertow"]),
];

/// Rooms that compute and nothing else.
const PURE: &[&str] = &["market", "analysis"];

/// What a pure room may use: numbers, times, words and errors. A short list, so that whatever
/// brings I/O, async or randomness is refused without being named.
const PURE_MAY_USE: &[&str] = &[
    "bitflags",
    "chrono",
    "chrono-tz",
    "implied-vol",
    "libm",
    "rust_decimal",
    "serde",
    "siphasher",
    "thiserror",
    "uuid",
];

/// Libraries that draw windows. Only the desktop may need them, however far away.
const WINDOW: &[&str] = &["gdk*", "gtk*", "javascriptcore*", "tao", "tauri*", "webkit2gtk*", "wry"];

/// One dependency as a manifest declares it. `for_tests` means a dev-dependency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: String,
    to: String,
    ours: bool,
    for_tests: bool,
}

/// The name of a room: the package name without the project's prefix.
fn room(package: &str) -> &str {
    package.strip_prefix("undertow-").unwrap_or(package)
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// What is wrong with an edge, if anything is.
fn objection(edge: &Edge) -> Option<String> {
    let Edge { from, to, .. } = edge;
    let Some(plan) = PLAN.iter().find(|room| room.name == from) else {
        return Some(format!("{from} is not in the plan: add it to PLAN and to ARCHITECTURE.md"));
    };
    if edge.ours {
        let allowed = plan.uses.contains(&to.as_str())
            || (edge.for_tests && plan.tests_use.contains(&to.as_str()));
        let kind = if edge.for_tests { "tests of " } else { "" };
        return (!allowed).then(|| format!("{kind}{from} may not use {to}"));
    }
    if edge.for_tests {
        return None;
    }
    if PURE.contains(&from.as_str()) && !PURE_MAY_USE.contains(&to.as_str()) {
        return Some(format!("{from} is pure and may not use {to}"));
    }
    let (_, rooms) = OUTSIDE.iter().find(|(pattern, _)| matches(pattern, to))?;
    (!rooms.contains(&from.as_str()))
        .then(|| format!("{from} may not use {to}: only {rooms:?} may"))
}

fn edges(metadata: &Metadata) -> BTreeSet<Edge> {
    let members = metadata.workspace_packages();
    let edges = members.iter().flat_map(|package| {
        package.dependencies.iter().map(|dependency| Edge {
            from: room(&package.name).to_owned(),
            to: room(&dependency.name).to_owned(),
            ours: members.iter().any(|member| *member.name == dependency.name),
            for_tests: dependency.kind == DependencyKind::Development,
        })
    });
    edges.collect()
}

/// Names of all packages that `start` needs to be built, dev-dependencies left out.
fn closure(metadata: &Metadata, start: &PackageId) -> BTreeSet<String> {
    let graph = metadata.resolve.as_ref().expect("cargo metadata resolves the graph");
    let nodes: BTreeMap<_, _> = graph.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let needed = nodes[id].deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development)
            });
            open.extend(needed.map(|dependency| &dependency.pkg));
        }
    }
    seen.into_iter().map(|id| metadata[id].name.to_string()).collect()
}

#[test]
fn every_dependency_is_in_the_plan() {
    let metadata = source::metadata();
    let edges = edges(&metadata);
    assert!(
        edges.iter().filter(|edge| edge.ours).count() > PLAN.len(),
        "too few edges: {edges:#?}"
    );
    let objections: Vec<_> = edges.iter().filter_map(objection).collect();
    assert!(objections.is_empty(), "{objections:#?}");
}

#[test]
fn every_room_of_the_plan_exists() {
    let metadata = source::metadata();
    let existing: BTreeSet<_> = metadata
        .workspace_packages()
        .iter()
        .map(|package| room(&package.name).to_owned())
        .collect();
    let planned: BTreeSet<_> = PLAN.iter().map(|room| room.name.to_owned()).collect();
    assert_eq!(existing, planned);
}

#[test]
fn no_room_depends_on_itself_through_others() {
    let uses = |name: &str| {
        PLAN.iter().find(|room| room.name == name).map_or(&[][..], |room| room.uses).iter().copied()
    };
    for room in PLAN {
        let mut reached = BTreeSet::new();
        let mut open: Vec<_> = uses(room.name).collect();
        while let Some(next) = open.pop() {
            if reached.insert(next) {
                open.extend(uses(next));
            }
        }
        assert!(!reached.contains(room.name), "{} reaches itself: {reached:?}", room.name);
    }
}

#[test]
fn only_the_desktop_needs_window_libraries() {
    let metadata = source::metadata();
    let needed = |package: &cargo_metadata::Package| -> Vec<String> {
        let all = closure(&metadata, &package.id);
        all.into_iter().filter(|name| WINDOW.iter().any(|pattern| matches(pattern, name))).collect()
    };
    for package in metadata.workspace_packages() {
        let window_libraries = needed(package);
        let is_desktop = *package.name == "undertow";
        assert_eq!(
            is_desktop,
            !window_libraries.is_empty(),
            "{} needs {window_libraries:?}",
            package.name
        );
    }
}

#[test]
fn the_checker_objects_to_what_the_plan_forbids() {
    let check = |from: &str, to: &str, ours: bool, for_tests: bool, expected: Option<&str>| {
        let edge = Edge { from: from.to_owned(), to: to.to_owned(), ours, for_tests };
        let found = objection(&edge);
        match expected {
            None => assert_eq!(found, None, "{edge:?}"),
            Some(words) => {
                assert!(
                    found.as_ref().is_some_and(|text| text.contains(words)),
                    "{edge:?}: {found:?}"
                );
            }
        }
    };
    check("market", "store", true, false, Some("market may not use store"));
    check("vendor", "store", true, false, Some("vendor may not use store"));
    check("store", "testkit", true, false, Some("store may not use testkit"));
    check("store", "testkit", true, true, None);
    check("engine", "api", true, true, Some("tests of engine may not use api"));
    check("attic", "market", true, false, Some("not in the plan"));
    check("analysis", "tokio", false, false, Some("pure"));
    check("market", "rand", false, false, Some("pure"));
    check("market", "proptest", false, true, None);
    check("engine", "sqlx-core", false, false, Some("engine may not use sqlx-core"));
    check("daemon", "tauri-plugin-notification", false, false, Some("only [\"undertow\"] may"));
    check("undertow", "tauri", false, false, None);
}
