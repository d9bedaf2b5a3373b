//! How a command ends: an exit code, words for a person, a document for a program.

use std::io::Write;
use std::process::ExitCode;

use serde_json::{Value, json};

/// Exit code of a command that did what was asked.
pub(crate) const DONE: u8 = 0;
/// Exit code of a command that failed.
pub(crate) const FAILED: u8 = 1;
/// Exit code of a command that had nothing to do.
pub(crate) const NOTHING_TO_DO: u8 = 3;
/// Exit code of a command that was interrupted.
pub(crate) const INTERRUPTED: u8 = 130;

/// What a command leaves behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Exit code.
    pub(crate) code: u8,
    /// For a person.
    pub(crate) text: String,
    /// For a program (`--json`).
    pub(crate) document: Value,
}

impl Outcome {
    pub(crate) fn done(text: impl Into<String>, document: Value) -> Self {
        Self { code: DONE, text: text.into(), document }
    }

    pub(crate) fn failed(error: &anyhow::Error) -> Self {
        let text = format!("undertowd: {error:#}");
        Self { code: FAILED, document: json!({ "error": format!("{error:#}") }), text }
    }

    /// Prints itself and gives the exit code. A closed pipe is not an error.
    pub(crate) fn report(self, as_json: bool) -> ExitCode {
        let mut stdout = std::io::stdout().lock();
        let written = if as_json {
            writeln!(stdout, "{:#}", self.document)
        } else if self.text.is_empty() {
            Ok(())
        } else if self.code == DONE || self.code == NOTHING_TO_DO {
            writeln!(stdout, "{}", self.text)
        } else {
            writeln!(std::io::stderr(), "{}", self.text)
        };
        drop(written);
        ExitCode::from(self.code)
    }
}
