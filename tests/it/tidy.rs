//! The small rules of the house, each as a test. CONTRIBUTING.md gives the reasons.

use std::collections::BTreeSet;

use crate::source::{self, SourceFile};

/// No file of code is longer.
const MAX_FILE_LINES: usize = 1_000;
/// No function is longer.
const MAX_FUNCTION_LINES: usize = 70;
/// Written by a program, for a program.
const GENERATED: [&str; 3] = ["Cargo.lock", "ui/package-lock.json", "ui/src/api/bindings.ts"];

/// Collects what `find` objects to in the files that `chosen` picks, as `path:line: words`.
fn objections(
    chosen: impl Fn(&SourceFile) -> bool,
    find: impl Fn(&SourceFile) -> Vec<(usize, String)>,
) -> Vec<String> {
    let files = source::files();
    let chosen: Vec<_> = files
        .iter()
        .filter(|file| !GENERATED.contains(&file.path.as_str()) && chosen(file))
        .collect();
    assert!(!chosen.is_empty(), "no file is looked at");
    let found = chosen.iter().flat_map(|file| {
        find(file).into_iter().map(|(line, words)| format!("{}:{line}: {words}", file.path))
    });
    found.collect()
}

fn assert_none(objections: &[String], rule: &str) {
    assert!(objections.is_empty(), "{rule}\n{}", objections.join("\n"));
}

fn is_code(file: &SourceFile) -> bool {
    file.has_extension(&["rs", "ts", "svelte", "mjs", "css", "sql"])
}

/// Code lines that contain one of `needles` as a whole word.
fn words(file: &SourceFile, needles: &[&str]) -> Vec<(usize, String)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    file.code_lines()
        .filter(|(_, line)| line.split(|c| !is_word(c)).any(|word| needles.contains(&word)))
        .map(|(number, line)| (number, line.trim().to_owned()))
        .collect()
}

/// The functions of a Rust file: first line, number of lines, name. Formatted code ends a function
/// at the indentation at which it began it.
fn functions(text: &str) -> Vec<(usize, usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let begins = lines.iter().enumerate().filter(|(_, line)| !line.ends_with(['}', ';']));
    begins
        .filter_map(|(start, line)| {
            let name = function_name(line)?;
            let ends = |end: &&str| {
                indent(end) == indent(line)
                    && (end.trim_start().starts_with('}') || end.ends_with(';'))
            };
            let more = lines[start + 1..].iter().position(ends)?;
            Some((start + 1, more + 2, name))
        })
        .collect()
}

fn function_name(line: &str) -> Option<String> {
    let mut rest = line.trim_start();
    for word in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async ", "unsafe "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let name = rest.strip_prefix("fn ")?;
    Some(name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}

#[test]
fn no_file_is_over_a_thousand_lines() {
    let found = objections(is_code, |file| {
        let lines = file.text.lines().count();
        if lines > MAX_FILE_LINES { vec![(lines, "too long".to_owned())] } else { Vec::new() }
    });
    assert_none(&found, "split these files by what they are about");
}

#[test]
fn no_function_is_over_seventy_lines() {
    let found = objections(
        |file| file.has_extension(&["rs"]),
        |file| {
            let long = functions(&file.text);
            let long = long.into_iter().filter(|(_, lines, _)| *lines > MAX_FUNCTION_LINES);
            long.map(|(line, lines, name)| (line, format!("{name} has {lines} lines"))).collect()
        },
    );
    assert_none(&found, "a function has one thing to do; give its parts names");
}

#[test]
fn functions_are_measured_as_they_are_written() {
    let text = "fn one() {}\n\nimpl A {\n    pub(crate) async fn two(\n        a: u8,\n    ) -> u8 {\n        if a > 1 {\n            2\n        }\n    }\n    fn three();\n    fn four() {\n        5\n    }\n}\n";
    let found: Vec<_> = functions(text).into_iter().map(|(_, n, name)| (name, n)).collect();
    assert_eq!(found, [("two".to_owned(), 7), ("four".to_owned(), 3)]);
}

#[test]
fn no_integer_crosses_to_the_screen_that_javascript_cannot_hold() {
    let wide = ["i64", "u64", "i128", "u128", "isize", "usize"];
    let found = objections(
        |file| {
            file.path.starts_with("crates/api/src/dto") || file.path.ends_with("api/src/events.rs")
        },
        |file| words(file, &wide),
    );
    assert_none(&found, "use f64 for counts and times, text for ids and decimals");
}

#[test]
fn sql_is_written_in_the_store_alone() {
    let statements =
        ["insert into ", "delete from ", "create table", "alter table", "drop table", "truncate "];
    let is_sql = |line: &str| {
        let line = line.to_lowercase();
        statements.iter().any(|words| line.contains(words))
            || line.contains("sqlx::")
            || (line.contains("select ") && line.contains(" from "))
    };
    let in_engine_or_host = |file: &SourceFile| {
        let outside = ["crates/store/", "crates/testkit/"];
        file.has_extension(&["rs"])
            && (file.path.starts_with("crates/") || file.path.starts_with("src-tauri/"))
            && !outside.iter().any(|folder| file.path.starts_with(folder))
    };
    let found = objections(in_engine_or_host, |file| {
        let lines = file.code_lines().filter(|(_, line)| is_sql(line));
        lines.map(|(number, line)| (number, line.trim().to_owned())).collect()
    });
    assert_none(&found, "give the store a function with a name for this");
}

#[test]
fn one_file_of_the_screen_knows_that_it_may_be_a_desktop() {
    let found = objections(
        |file| {
            file.path.starts_with("ui/src/")
                && file.has_extension(&["ts", "svelte"])
                && file.path != "ui/src/api/tauri.ts"
        },
        |file| {
            let lines = file.code_lines().filter(|(_, line)| line.contains("@tauri-apps"));
            lines.map(|(number, line)| (number, line.trim().to_owned())).collect()
        },
    );
    assert_none(&found, "use the transport of ui/src/api");
}

#[test]
fn nothing_is_left_for_later_and_no_machine_is_named() {
    // Written in halves, so that this file does not object to itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    let paths = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")];
    let found = objections(
        |_| true,
        |file| {
            let lines = file
                .numbered_lines()
                .filter(|(_, line)| marks.iter().chain(&paths).any(|needle| line.contains(needle)));
            lines.map(|(number, line)| (number, line.trim().chars().take(120).collect())).collect()
        },
    );
    assert_none(&found, "finish it or file it; name no folder of one machine");
}

#[test]
fn no_test_is_switched_off() {
    let marks = [concat!("#[ign", "ore"), concat!(".on", "ly("), concat!("describe.sk", "ip(")];
    let found = objections(is_code, |file| {
        let lines = file.code_lines().filter(|(_, line)| marks.iter().any(|m| line.contains(m)));
        lines.map(|(number, line)| (number, line.trim().to_owned())).collect()
    });
    assert_none(&found, "mend the test or delete it");
}

/// The targets of the Markdown links in a text, outside code, anchors cut off.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut in_code = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        in_code ^= line.trim_start().starts_with("```");
        for (_, rest) in line.match_indices("](").map(|(at, _)| line.split_at(at + 2)) {
            if let Some((target, _)) = rest.split_once(')').filter(|_| !in_code) {
                let path = target.split('#').next().unwrap_or_default();
                found.push((index + 1, path.to_owned()));
            }
        }
    }
    found
}

#[test]
fn every_link_between_our_pages_leads_somewhere() {
    let root = source::root();
    let found = objections(
        |file| file.has_extension(&["md"]),
        |file| {
            let folder = root.join(&file.path).parent().expect("a file has a folder").to_owned();
            let broken = links(&file.text).into_iter().filter(|(_, target)| {
                !target.is_empty() && !target.contains("://") && !folder.join(target).exists()
            });
            broken.map(|(line, target)| (line, format!("{target} does not exist"))).collect()
        },
    );
    assert_none(&found, "mend these links");
}

#[test]
fn every_decision_is_listed() {
    let index = source::read("docs/adr/README.md");
    let files = source::files();
    let decisions: BTreeSet<_> = files
        .iter()
        .filter_map(|file| file.path.strip_prefix("docs/adr/"))
        .filter(|name| *name != "README.md")
        .collect();
    assert!(decisions.len() >= 8, "{decisions:?}");
    for name in decisions {
        assert!(index.contains(&format!("]({name})")), "docs/adr/README.md does not list {name}");
    }
}
