//! Importing flat files of the consolidated tape, without a window and without collecting.

use std::path::PathBuf;

use serde::Serialize;
use tokio_util::sync::CancellationToken;
use undertow_engine::clock::Clock;
pub use undertow_engine::consolidated::ImportProgress;
use undertow_engine::consolidated::{
    ImportError, ImportOptions, ImportPlace, ROWS_A_WRITE, import,
};
use undertow_market::{Calendar, Symbol};

use crate::app::{AppOptions, market_error, open_real_database_beside_others, stop_server};
use crate::convert::count;
use crate::error::ApiError;

/// What is imported.
#[derive(Debug, Clone)]
pub struct Import {
    /// The files, `.csv` or `.csv.gz`.
    pub files: Vec<PathBuf>,
    /// The tickers that are kept; empty = every one in the files.
    pub symbols: Vec<String>,
    /// Whether files that were imported before are read again.
    pub again: bool,
}

/// What became of one file.
#[derive(Debug, Clone, Serialize)]
pub struct FileReport {
    /// The file.
    pub file: String,
    /// The day that it holds; none when nothing of it is kept.
    pub session_date: Option<String>,
    /// It was imported before and has not changed since.
    pub was_known: bool,
    /// Rows that were read.
    pub rows: f64,
    /// Trades that were counted.
    pub trades: f64,
    /// Rows that make no sense.
    pub rejected: f64,
    /// Trades of another day than the file's: not counted.
    pub other_day: f64,
    /// Tickers that were stored.
    pub symbols: u32,
    /// Rows in the database that were new or had changed.
    pub changed: f64,
}

/// Why an import ended early.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// It was told to stop; started again it goes on where it stopped.
    #[error("stopped: started again, it goes on where it stopped")]
    Stopped,
    /// Something is wrong.
    #[error(transparent)]
    Failed(#[from] ApiError),
}

/// Imports into the database of real data, beside a program that uses it.
///
/// # Errors
/// A ticker or a file makes no sense, or the database cannot be written.
pub async fn run(
    options: &AppOptions,
    work: &Import,
    stop: &CancellationToken,
    tell: &mut (dyn FnMut(&ImportProgress) + Send),
) -> Result<Vec<FileReport>, ImportFailure> {
    let symbols = work.symbols.iter().map(|text| Symbol::new(text)).collect::<Result<_, _>>();
    let symbols = symbols.map_err(|error| ApiError::invalid(error.to_string()))?;
    let wanted = ImportOptions {
        symbols: (!work.symbols.is_empty()).then_some(symbols),
        print_floor: options.settings.tape.print_floor,
        print_per_mille: options.settings.tape.print_per_mille(),
        again: work.again,
        rows_a_write: ROWS_A_WRITE,
    };
    let calendar = Calendar::nyse().with_corrections(&options.settings.calendar.corrections);
    let clock = options.start_at.map_or_else(Clock::real, |at| Clock::starting_at(at, 1.0));
    let (store, embedded) = open_real_database_beside_others(options).await?;
    let place = ImportPlace { store: store.clone(), calendar, clock };
    let report = import(&place, &work.files, &wanted, stop, tell).await;
    store.close().await;
    stop_server(embedded).await;
    let report = report.map_err(failure)?;
    Ok(report.files.iter().map(file_report).collect())
}

fn failure(error: ImportError) -> ImportFailure {
    match error {
        ImportError::Stopped => ImportFailure::Stopped,
        ImportError::Store(error) => ImportFailure::Failed(market_error(error)),
        other => ImportFailure::Failed(ApiError::invalid(other.to_string())),
    }
}

fn file_report(file: &undertow_engine::consolidated::ImportedFile) -> FileReport {
    FileReport {
        file: file.file.display().to_string(),
        session_date: file.session_date.map(|date| date.to_string()),
        was_known: file.was_known,
        rows: count(file.rows),
        trades: count(file.trades),
        rejected: count(file.rejected),
        other_day: count(file.other_day),
        symbols: file.symbols,
        changed: count(file.changed),
    }
}
