//! `undertowd import`: flat files of the consolidated tape, with progress.
//!
//! A daemon or a window that uses the database goes on meanwhile: this command writes beside it.

use std::io::{IsTerminal, Write};
use std::time::Instant;

use anyhow::Context;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use undertow_api::import::{FileReport, Import, ImportFailure, ImportProgress, run as import};

use crate::cli::{Common, Import as Request};
use crate::outcome::{DONE, INTERRUPTED, NOTHING_TO_DO, Outcome};
use crate::serve::told_to_stop;
use crate::setup;

/// Bytes of a megabyte.
const MEGABYTE: f64 = 1e6;

pub(crate) async fn run(common: &Common, request: &Request) -> anyhow::Result<Outcome> {
    let environment = setup::environment(common);
    let loaded = setup::load(common, None)?;
    setup::log(&loaded.settings.log.filter)?;
    let options = environment.options(loaded.settings)?;
    let work = Import {
        files: request.files.clone(),
        symbols: request.symbols.clone(),
        again: request.again,
    };
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let listener = tokio::spawn(async move {
        told_to_stop().await;
        stopping.cancel();
    });
    let began = Instant::now();
    let is_quiet = common.json;
    let mut tell = |progress: &ImportProgress| {
        if !is_quiet {
            show(progress, began);
        }
    };
    let result = import(&options, &work, &stop, &mut tell).await;
    listener.abort();
    if !is_quiet && std::io::stderr().is_terminal() {
        end_line();
    }
    match result {
        Ok(files) => Ok(outcome(&files)),
        Err(stopped @ ImportFailure::Stopped) => Ok(Outcome {
            code: INTERRUPTED,
            text: stopped.to_string(),
            document: json!({ "interrupted": true }),
        }),
        Err(ImportFailure::Failed(error)) => Err(error).context("the import failed"),
    }
}

fn outcome(files: &[FileReport]) -> Outcome {
    let is_known = files.iter().all(|file| file.was_known);
    let text = files.iter().map(line).collect::<Vec<_>>().join("\n");
    let code = if is_known { NOTHING_TO_DO } else { DONE };
    Outcome { code, text, document: json!({ "files": files }) }
}

fn line(file: &FileReport) -> String {
    if file.was_known {
        return format!("{}: imported before (use --again to read it once more)", file.file);
    }
    let day = file.session_date.as_deref().unwrap_or("no day");
    let mut text = format!(
        "{}: {day}, {} rows, {} trades of {} tickers, {} rows changed",
        file.file, file.rows, file.trades, file.symbols, file.changed
    );
    if file.rejected > 0.0 {
        text += &format!(", {} rows made no sense (see quarantine)", file.rejected);
    }
    if file.other_day > 0.0 {
        text += &format!(", {} rows of another day were left out", file.other_day);
    }
    text
}

/// One line that is written over on a terminal, and a line at each call elsewhere.
fn show(progress: &ImportProgress, began: Instant) {
    let seconds = began.elapsed().as_secs_f64().max(0.001);
    let (done, all) = (progress.bytes as f64 / MEGABYTE, progress.total_bytes as f64 / MEGABYTE);
    let name = progress.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = format!(
        "file {} of {}: {name}, {done:.1} of {all:.1} MB, {} rows, {:.0} rows/s, {} tickers",
        progress.nth,
        progress.of,
        progress.rows,
        progress.rows as f64 / seconds,
        progress.symbols,
    );
    let mut out = std::io::stderr().lock();
    let end = if std::io::stderr().is_terminal() { "\r\x1b[2K" } else { "" };
    let written = match end {
        "" => writeln!(out, "{text}"),
        end => write!(out, "{end}{text}"),
    };
    // A closed pipe must not end the import.
    drop(written);
}

/// Leaves the last line of progress where it is.
fn end_line() {
    drop(writeln!(std::io::stderr().lock()));
}
