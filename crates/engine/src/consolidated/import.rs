//! Imports the vendor's flat files: every trade of a day in one file, grouped by ticker.
//!
//! A file is read once, as a stream, and reduced on the way: when a ticker's rows end, its session
//! is replaced in the database. What was stored is noted, so an interrupted import goes on with the
//! first ticker that was not; a file that was read to its end is not read again while it stays the
//! same.
//!
//! Other programs may use the database meanwhile. A session is replaced whole, in one transaction,
//! whoever else writes; two imports of one file would do each other's work, so the second is
//! refused.
//!
//! A few tickers of a day come in two runs. The second run is noticed, and these few are read
//! again from their beginning at the end, because half a session must not stand for a whole one.

mod runs;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use undertow_analysis::tape::{TapeKeep, TapePart};
use undertow_market::{Calendar, Symbol, VendorId};
use undertow_store::imports::TapeImport;
use undertow_store::tape::{SessionInContext, TapeSession, TapeSource};
use undertow_store::{ProgramLock, Store, StoreError, while_away};
use undertow_vendor::polygon::ConditionTable;
use undertow_vendor::polygon::flat_file::FlatFileError;

use super::day::TapeDay;
use super::floors::Floors;
use crate::clock::Clock;
use crate::common::Place;
use crate::feed::Series;
use crate::writer::{Books, Rows, Slot, WriteError, Writer};
use runs::{FileFloors, Read, Reading, Wanted};

/// Sessions that wait to be stored while the next one is read.
const QUEUE: usize = 64;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// Rows of one write, about: a transaction of a second.
pub const ROWS_A_WRITE: usize = 100_000;
/// Files of one import: ten years of sessions.
const MAX_FILES: usize = 2_600;

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOptions {
    /// The tickers that are kept; none = every one.
    pub symbols: Option<BTreeSet<Symbol>>,
    /// Smallest off-exchange trade that is kept by itself, dollars.
    pub print_floor: u32,
    /// Percentile of a symbol's own trades that are kept although they are smaller, thousandths.
    pub print_per_mille: Option<u16>,
    /// Whether files that were imported before are read again.
    pub again: bool,
    /// Rows that are gathered before they are written; [`ROWS_A_WRITE`] for most.
    pub rows_a_write: usize,
}

/// Where an import goes.
#[derive(Clone)]
pub struct ImportPlace {
    /// The database.
    pub store: Store,
    /// When the market was open.
    pub calendar: Calendar,
    /// What time it is.
    pub clock: Clock,
}

/// How far an import is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportProgress {
    /// The file that is read.
    pub file: PathBuf,
    /// Its place among the files, from one.
    pub nth: usize,
    /// How many files there are.
    pub of: usize,
    /// Bytes of the file that were read, as it lies on disk.
    pub bytes: u64,
    /// Its bytes.
    pub total_bytes: u64,
    /// Rows that were read.
    pub rows: u64,
    /// Tickers that are stored.
    pub symbols: u32,
}

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportedFile {
    /// The file.
    pub file: PathBuf,
    /// The day that it holds; none when nothing of it is kept.
    pub session_date: Option<NaiveDate>,
    /// It was imported before and has not changed since.
    pub was_known: bool,
    /// Rows that were read.
    pub rows: u64,
    /// Trades that were counted.
    pub trades: u64,
    /// Rows that went to quarantine, or were too many for it.
    pub rejected: u64,
    /// Trades of another day than the file's: not counted.
    pub other_day: u64,
    /// Tickers that were stored.
    pub symbols: u32,
    /// Rows in the database that were new or had changed.
    pub changed: u64,
}

/// What became of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// The files, as they were given.
    pub files: Vec<ImportedFile>,
}

/// Why an import ended.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Too much at once.
    #[error("{given} files are more than the {MAX_FILES} that one import takes")]
    TooManyFiles {
        /// How many were given.
        given: usize,
    },
    /// The file.
    #[error("{}: {problem}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        problem: FlatFileError,
    },
    /// The file could not be looked at.
    #[error("{}: {problem}", file.display())]
    Disk {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        problem: std::io::Error,
    },
    /// The file is not of a day that is over.
    #[error(
        "{}: {date} is no session that is over; import its file when it is, the tape of the session \
         that runs is collected live",
        file.display()
    )]
    NotOver {
        /// Which file.
        file: PathBuf,
        /// The day in it.
        date: NaiveDate,
    },
    /// Another program is at it.
    #[error(
        "{}: another program imports this file right now; wait until it has ended", file.display()
    )]
    InUse {
        /// Which file.
        file: PathBuf,
    },
    /// The file's order.
    #[error(
        "{}: more than {most} tickers come in several runs, so the file is not grouped by ticker: \
         name the tickers to keep",
        file.display()
    )]
    NotGrouped {
        /// Which file.
        file: PathBuf,
        /// Most that are taken.
        most: usize,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was interrupted; the next import goes on where it ended.
    #[error("the import was stopped; the next one goes on where it ended")]
    Stopped,
}

impl From<WriteError> for ImportError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Store(error) => Self::Store(error),
            WriteError::Stopped => Self::Stopped,
        }
    }
}

/// Imports files, one after the other. A database that goes away is waited for.
///
/// # Errors
/// A file that cannot be read, or a database that refuses. What was stored before stays.
pub async fn import(
    place: &ImportPlace,
    files: &[PathBuf],
    options: &ImportOptions,
    stop: &CancellationToken,
    progress: &mut (dyn FnMut(&ImportProgress) + Send),
) -> Result<ImportReport, ImportError> {
    if files.len() > MAX_FILES {
        return Err(ImportError::TooManyFiles { given: files.len() });
    }
    let (writer, writing) =
        Writer::start(VendorId::Polygon, place.store.clone(), place.clock, stop.clone());
    let work = Work { place, options, stop, writer };
    let mut report = ImportReport::default();
    let mut result = Ok(());
    for (nth, file) in files.iter().enumerate() {
        let at = ImportProgress {
            file: file.clone(),
            nth: nth + 1,
            of: files.len(),
            ..ImportProgress::default()
        };
        match work.file(file, at, progress).await {
            Ok(imported) => report.files.push(imported),
            Err(error) => {
                result = Err(error);
                break;
            }
        }
    }
    drop(work);
    drop(writing.await);
    result.map(|()| report)
}

/// What every file of an import needs.
struct Work<'a> {
    place: &'a ImportPlace,
    options: &'a ImportOptions,
    stop: &'a CancellationToken,
    writer: Writer,
}

/// A session of a ticker that was read to its end.
struct Finished {
    symbol: Symbol,
    date: NaiveDate,
    keep: TapeKeep,
    part: TapePart,
    trades: u64,
    /// Its run in the file; none for what was read again at the end.
    run: Option<u32>,
}

/// One file on its way into the database.
struct Course<'a> {
    file: &'a Path,
    /// The right to import it.
    lock: ProgramLock,
    /// What is written down of it.
    note: TapeImport,
    imported: ImportedFile,
    at: ImportProgress,
    progress: &'a mut (dyn FnMut(&ImportProgress) + Send),
}

impl Course<'_> {
    fn tell(&mut self, reading: Reading) {
        (self.at.bytes, self.at.rows) = (reading.bytes, reading.rows);
        self.at.symbols = self.imported.symbols;
        (self.progress)(&self.at);
    }
}

impl Work<'_> {
    async fn file(
        &self,
        file: &Path,
        mut at: ImportProgress,
        progress: &mut (dyn FnMut(&ImportProgress) + Send),
    ) -> Result<ImportedFile, ImportError> {
        let note = self.note(file)?;
        at.total_bytes = u64::try_from(note.size_bytes).unwrap_or(0);
        let in_use = || ImportError::InUse { file: file.to_owned() };
        let lock = self.place.store.import_lock(&name_of(file)).await?.ok_or_else(in_use)?;
        let imported = ImportedFile { file: file.to_owned(), ..ImportedFile::default() };
        let mut course = Course { file, lock, note, imported, at, progress };
        let result = self.run(&mut course).await;
        if let Err(error) = course.lock.release().await {
            tracing::debug!(%error, "the right to import had ended already");
        }
        result.map(|()| course.imported)
    }

    async fn run(&self, course: &mut Course<'_>) -> Result<(), ImportError> {
        if let Some(known) = self.known(&course.note).await? {
            course.imported.session_date = known.session_date;
            course.imported.was_known = known.finished_at.is_some();
            if course.imported.was_known {
                return Ok(());
            }
            course.note = known;
        }
        let split = self.pass(course, None).await?;
        if !split.is_empty() {
            self.pass(course, Some(split)).await?;
        }
        course.note.finished_at = Some(self.place.clock.now());
        Ok(self.put(&course.note).await?)
    }

    /// What is written down of the same file, where it did not change since.
    async fn known(&self, note: &TapeImport) -> Result<Option<TapeImport>, StoreError> {
        let known = self.place.store.tape_import(&note.file_name).await?;
        Ok(known.filter(|known| {
            let is_same = known.size_bytes == note.size_bytes
                && known.modified_at.timestamp_micros() == note.modified_at.timestamp_micros();
            is_same && !self.options.again
        }))
    }

    /// Writes down how far a file is.
    async fn put(&self, note: &TapeImport) -> Result<(), StoreError> {
        while_away(|| self.place.store.put_tape_import(note)).await
    }

    /// Reads the file once: everything that is wanted, or only `again`. Returns the tickers that
    /// came in several runs.
    async fn pass(
        &self,
        course: &mut Course<'_>,
        again: Option<BTreeSet<Symbol>>,
    ) -> Result<BTreeSet<Symbol>, ImportError> {
        let (out, mut finished) = mpsc::channel(QUEUE);
        let (told, mut reading) = watch::channel(Reading::default());
        let stopped = Arc::new(AtomicBool::new(false));
        let read = Read {
            file: course.file.to_owned(),
            floors: self.floors(again.as_ref()),
            wanted: match again {
                Some(again) => Wanted::Again(again),
                None => Wanted::First(self.options.symbols.clone()),
            },
            conditions: ConditionTable::builtin(),
            done: u32::try_from(course.note.symbols_done).unwrap_or(0),
            out,
            told,
            stopped: Arc::clone(&stopped),
        };
        let reader = tokio::task::spawn_blocking(move || read.run());
        let stored = self.store_all(course, &mut finished, &mut reading).await;
        stopped.store(true, Ordering::SeqCst);
        drop(finished);
        let summary = reader.await.map_err(|_| ImportError::Stopped)?;
        stored?;
        let summary = summary.map_err(|problem| problem.of(course.file))?;
        self.quarantine(&course.note, summary.rejects).await?;
        let imported = &mut course.imported;
        imported.rows = imported.rows.max(summary.rows);
        imported.rejected = imported.rejected.max(summary.rejected);
        imported.other_day = imported.other_day.max(summary.other_day);
        course.tell(Reading { bytes: course.at.total_bytes, rows: summary.rows });
        Ok(summary.split)
    }

    /// The floors of the file's day, for what is read of it.
    fn floors(&self, again: Option<&BTreeSet<Symbol>>) -> FileFloors {
        let symbols = again.or(self.options.symbols.as_ref());
        FileFloors {
            asked: Floors::new(self.options.print_floor, self.options.print_per_mille),
            place: self.place.clone(),
            symbols: symbols.map(|symbols| symbols.iter().cloned().collect()),
            runtime: Handle::current(),
            known: None,
        }
    }

    /// Stores sessions as they are read, many at once, until the reading ends.
    async fn store_all(
        &self,
        course: &mut Course<'_>,
        finished: &mut mpsc::Receiver<Finished>,
        reading: &mut watch::Receiver<Reading>,
    ) -> Result<(), ImportError> {
        let mut tell = tokio::time::interval(TELL_EVERY);
        let mut waiting = Vec::new();
        let mut rows = 0;
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Err(ImportError::Stopped),
                _ = tell.tick() => course.tell(*reading.borrow_and_update()),
                session = finished.recv() => {
                    let is_end = session.is_none();
                    rows += session.as_ref().map_or(0, |session| rows_of(&session.part));
                    waiting.extend(session);
                    if is_end || rows >= self.options.rows_a_write {
                        rows = 0;
                        self.store(&mut waiting, course).await?;
                        course.tell(*reading.borrow_and_update());
                    }
                    if is_end {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Stores what waits, in one transaction, and notes how far the file is.
    async fn store(
        &self,
        finished: &mut Vec<Finished>,
        course: &mut Course<'_>,
    ) -> Result<(), ImportError> {
        if finished.is_empty() {
            return Ok(());
        }
        self.keep_the_right(course).await?;
        let mut sessions = Vec::with_capacity(finished.len());
        for session in finished.drain(..) {
            course.imported.trades += session.trades;
            course.imported.symbols += 1;
            course.imported.session_date = Some(session.date);
            if let Some(run) = session.run {
                course.note.symbols_done = i32::try_from(run).unwrap_or(i32::MAX);
            }
            sessions.push(self.in_context(session, course.file)?);
        }
        course.note.session_date = course.imported.session_date;
        course.imported.changed += self.writer.sessions(sessions.into()).await?;
        self.put(&course.note).await?;
        Ok(())
    }

    /// The right to import goes with its connection, and the database may have been away.
    async fn keep_the_right(&self, course: &mut Course<'_>) -> Result<(), ImportError> {
        if course.lock.is_held().await {
            return Ok(());
        }
        let regained = while_away(|| self.place.store.regain(&course.lock)).await?;
        let in_use = || ImportError::InUse { file: course.file.to_owned() };
        course.lock = regained.ok_or_else(in_use)?;
        Ok(())
    }

    fn in_context(&self, session: Finished, file: &Path) -> Result<SessionInContext, ImportError> {
        let (day, symbol) = (TapeDay::of(session.date), session.symbol);
        let hours = self
            .place
            .calendar
            .session(session.date)
            .filter(|_| day.ends_at() <= self.place.clock.now());
        let Some(hours) = hours else {
            return Err(ImportError::NotOver { file: file.to_owned(), date: session.date });
        };
        let place =
            Place { series: Series::Tape, symbol: symbol.clone(), session_date: session.date };
        let delivered = usize::try_from(session.trades).unwrap_or(usize::MAX);
        let slot = Slot { delivered, ..Slot::between(hours.pre_at, hours.post_end_at) };
        let books = Books { slot: Some(slot), ..Books::default() };
        let context = self.writer.context(&place, Vec::new(), books);
        let session = TapeSession {
            symbol,
            session_date: session.date,
            part: session.part,
            source: TapeSource::FlatFile,
            complete_to: day.ends_at(),
            is_whole: true,
            prints_floor: session.keep.print_floor,
        };
        Ok(SessionInContext { session, context })
    }

    /// Rows that were not understood keep their text.
    async fn quarantine(
        &self,
        note: &TapeImport,
        rejects: Vec<undertow_vendor::Reject>,
    ) -> Result<(), ImportError> {
        let Some(session_date) = note.session_date.filter(|_| !rejects.is_empty()) else {
            return Ok(());
        };
        let symbol = Symbol::new(crate::shared::MARKET).expect("the market's name is a ticker");
        let place = Place { series: Series::Tape, symbol, session_date };
        let nothing = Rows::TapeMinutes(Vec::new().into());
        self.writer.rows(&place, nothing, rejects, Books::default()).await?;
        Ok(())
    }

    /// What is noted of a file: what it is, and what is kept of it.
    fn note(&self, file: &Path) -> Result<TapeImport, ImportError> {
        let disk = |problem| ImportError::Disk { file: file.to_owned(), problem };
        let about = std::fs::metadata(file).map_err(disk)?;
        let modified_at: DateTime<Utc> = about.modified().map_err(disk)?.into();
        Ok(TapeImport {
            file_name: format!("{}: {}", name_of(file), what_is_kept(self.options)),
            size_bytes: i64::try_from(about.len()).unwrap_or(i64::MAX),
            modified_at,
            session_date: None,
            symbols_done: 0,
            finished_at: None,
        })
    }
}

/// The file's name without its folder.
fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}

fn rows_of(part: &TapePart) -> usize {
    part.minutes.len() + part.cells.len() + part.prints.len()
}

/// The same file with other tickers is another import.
fn what_is_kept(options: &ImportOptions) -> String {
    let floor = Floors::new(options.print_floor, options.print_per_mille).words();
    match &options.symbols {
        None => format!("every ticker, {floor}"),
        Some(symbols) => {
            let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
            let mark = fnv(names.join(",").as_bytes());
            format!("{} tickers ({mark:016x}), {floor}", symbols.len())
        }
    }
}

/// FNV-1a: to tell two lists of tickers apart, the same on every machine.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_file_with_other_tickers_is_another_import() {
        let of = |symbols: Option<&[&str]>, print_floor| {
            let symbols = symbols.map(|names| names.iter().map(|n| n.parse().unwrap()).collect());
            what_is_kept(&ImportOptions {
                symbols,
                print_floor,
                print_per_mille: None,
                again: false,
                rows_a_write: ROWS_A_WRITE,
            })
        };
        assert_eq!(of(None, 1), "every ticker, prints from 1 dollars");
        assert_eq!(of(Some(&["SPY", "QQQ"]), 1), of(Some(&["QQQ", "SPY"]), 1));
        assert_ne!(of(Some(&["SPY"]), 1), of(Some(&["QQQ"]), 1));
        assert_ne!(of(Some(&["SPY"]), 1), of(Some(&["SPY"]), 2));
        let percentile = Floors::new(1, Some(995)).words();
        assert_eq!(percentile, "prints from 1 dollars or percentile 99.5");
    }

    #[test]
    fn the_mark_of_a_list_is_that_of_the_published_vector() {
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
