//! Reads a flat file on a thread of its own, and hands on each ticker's session as it ends.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{NaiveDate, Utc};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use undertow_analysis::tape::{TapeBook, TapeKeep};
use undertow_market::{Symbol, TapeTrade};
use undertow_store::StoreError;
use undertow_vendor::Reject;
use undertow_vendor::polygon::flat_file::{
    FlatFileError, FlatInput, FlatSink, Progress, read_trades,
};
use undertow_vendor::polygon::{ConditionTable, TradeReader};

use super::{Finished, ImportError, ImportPlace};
use crate::consolidated::floors::{DayFloors, Floors};

/// Tickers of a file that may come in several runs. Two a day do.
const MAX_SPLIT: usize = 200;
/// Rejects that are kept: more of them tell nothing new.
const MAX_REJECTS: usize = 1_000;

/// What is read of a file.
pub(super) enum Wanted {
    /// These tickers, or every one.
    First(Option<BTreeSet<Symbol>>),
    /// Those whose rows come in several runs, whole.
    Again(BTreeSet<Symbol>),
}

/// One reading of a file.
pub(super) struct Read {
    pub(super) file: PathBuf,
    pub(super) wanted: Wanted,
    pub(super) conditions: ConditionTable,
    pub(super) floors: FileFloors,
    /// Runs that are stored already.
    pub(super) done: u32,
    pub(super) out: mpsc::Sender<Finished>,
    pub(super) told: watch::Sender<Reading>,
    pub(super) stopped: Arc<AtomicBool>,
}

/// How far the reading is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    pub(super) bytes: u64,
    pub(super) rows: u64,
}

/// What a reading brought.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) rows: u64,
    pub(super) rejected: u64,
    pub(super) rejects: Vec<Reject>,
    pub(super) other_day: u64,
    /// Tickers that came in several runs.
    pub(super) split: BTreeSet<Symbol>,
}

/// Why a reading ended early.
#[derive(Debug)]
pub(super) enum Problem {
    File(FlatFileError),
    Store(StoreError),
    NotGrouped,
    Stopped,
}

impl Problem {
    pub(super) fn of(self, file: &Path) -> ImportError {
        let file = file.to_owned();
        match self {
            Self::File(problem) => ImportError::File { file, problem },
            Self::Store(error) => ImportError::Store(error),
            Self::NotGrouped => ImportError::NotGrouped { file, most: MAX_SPLIT },
            Self::Stopped => ImportError::Stopped,
        }
    }
}

impl Read {
    /// Reads to the end, or until it is stopped.
    pub(super) fn run(self) -> Result<Summary, Problem> {
        let Self { file, wanted, conditions, floors, done, out, told, stopped } = self;
        let input = FlatInput::open(&file).map_err(|error| Problem::File(error.into()))?;
        let reader = TradeReader::new(conditions);
        let mut runs = Runs {
            floors,
            done,
            out,
            run: 0,
            current: Current::None,
            known: HashSet::new(),
            whole: matches!(wanted, Wanted::Again(_)).then(BTreeMap::new),
            summary: Summary::default(),
            gone: false,
            refused: None,
            stopped: Arc::clone(&stopped),
        };
        let mut kept = |ticker: &str| {
            Symbol::new(ticker).ok().filter(|symbol| match &wanted {
                Wanted::First(None) => true,
                Wanted::First(Some(wanted)) | Wanted::Again(wanted) => wanted.contains(symbol),
            })
        };
        let mut progress = |at: Progress| {
            told.send_replace(Reading { bytes: at.read_bytes, rows: at.rows });
            match stopped.load(Ordering::SeqCst) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let now = Utc::now();
        let read = read_trades(input, &reader, now, &mut kept, &mut runs, &mut progress);
        let summary = read.map_err(Problem::File)?;
        if let Some(error) = runs.refused {
            return Err(Problem::Store(error));
        }
        if runs.gone || !summary.is_whole {
            return Err(Problem::Stopped);
        }
        runs.end();
        runs.summary.rows = summary.rows;
        if runs.summary.split.len() > MAX_SPLIT {
            return Err(Problem::NotGrouped);
        }
        Ok(runs.summary)
    }
}

/// What the rows of the current ticker go into.
enum Current {
    None,
    /// Not stored yet.
    Book(Box<TapeBook>, u64),
    /// Stored by an earlier import.
    Stored(Symbol),
    /// A further run of a ticker: it is read again.
    Split(Symbol),
}

impl Current {
    fn is_of(&self, symbol: &Symbol) -> bool {
        match self {
            Self::None => false,
            Self::Book(book, _) => book.symbol() == symbol,
            Self::Stored(of) | Self::Split(of) => of == symbol,
        }
    }
}

/// The floors of a file's day, asked for when the day is known.
pub(super) struct FileFloors {
    pub(super) asked: Floors,
    pub(super) place: ImportPlace,
    /// Of these tickers, or of every one.
    pub(super) symbols: Option<Vec<Symbol>>,
    pub(super) runtime: Handle,
    pub(super) known: Option<(NaiveDate, DayFloors)>,
}

impl FileFloors {
    /// Waits for the database the first time.
    fn of(&mut self, symbol: &Symbol, date: NaiveDate) -> Result<TapeKeep, StoreError> {
        if let Some((_, floors)) = self.known.as_ref().filter(|(known, _)| *known == date) {
            return Ok(floors.of(symbol));
        }
        let ImportPlace { store, calendar, .. } = &self.place;
        let asked = self.asked.of_day(store, calendar, self.symbols.as_deref(), date);
        let floors = self.runtime.block_on(asked)?;
        Ok(self.known.insert((date, floors)).1.of(symbol))
    }
}

struct Runs {
    floors: FileFloors,
    done: u32,
    out: mpsc::Sender<Finished>,
    /// Runs that began so far, further ones of a ticker not counted.
    run: u32,
    current: Current,
    /// Tickers that had a run.
    known: HashSet<Symbol>,
    /// Books that are kept until the end, where all runs are wanted.
    whole: Option<BTreeMap<Symbol, (TapeBook, u64)>>,
    summary: Summary,
    /// Nobody takes what is finished.
    gone: bool,
    /// The database refused.
    refused: Option<StoreError>,
    stopped: Arc<AtomicBool>,
}

impl Runs {
    fn begin(&mut self, symbol: &Symbol, date: NaiveDate) {
        self.finish();
        self.current = if self.known.insert(symbol.clone()) {
            self.run += 1;
            if self.run <= self.done {
                Current::Stored(symbol.clone())
            } else {
                match self.book(symbol, date) {
                    Some(book) => Current::Book(Box::new(book), 0),
                    None => Current::None,
                }
            }
        } else {
            if self.summary.split.len() <= MAX_SPLIT {
                self.summary.split.insert(symbol.clone());
            }
            Current::Split(symbol.clone())
        };
    }

    /// An empty book; none, and nothing is taken from then on, where the database refuses.
    fn book(&mut self, symbol: &Symbol, date: NaiveDate) -> Option<TapeBook> {
        match self.floors.of(symbol, date) {
            Ok(keep) => Some(TapeBook::new(symbol.clone(), date, keep)),
            Err(error) => {
                self.refused = Some(error);
                self.gone = true;
                self.stopped.store(true, Ordering::SeqCst);
                None
            }
        }
    }

    fn finish(&mut self) {
        if let Current::Book(book, trades) = std::mem::replace(&mut self.current, Current::None) {
            self.hand_on(*book, trades, Some(self.run));
        }
    }

    fn hand_on(&mut self, book: TapeBook, trades: u64, run: Option<u32>) {
        let (symbol, date) = (book.symbol().clone(), book.session_date());
        let keep = book.keep();
        let finished = Finished { symbol, date, keep, part: book.into_part(), trades, run };
        self.gone |= self.out.blocking_send(finished).is_err();
    }

    fn end(&mut self) {
        self.finish();
        for (_, (book, trades)) in std::mem::take(&mut self.whole).into_iter().flatten() {
            self.hand_on(book, trades, None);
        }
    }

    /// Counts a trade in a book of its own until the end of the file.
    fn count_whole(&mut self, trade: &TapeTrade<'_>) -> bool {
        let Some(mut whole) = self.whole.take() else { return false };
        if !whole.contains_key(&trade.symbol)
            && let Some(book) = self.book(&trade.symbol, trade.session_date)
        {
            whole.insert(trade.symbol.clone(), (book, 0));
        }
        if let Some((book, trades)) = whole.get_mut(&trade.symbol) {
            self.summary.other_day += u64::from(book.session_date() != trade.session_date);
            *trades += u64::from(book.take(trade));
        }
        self.whole = Some(whole);
        true
    }
}

impl FlatSink for Runs {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        if self.gone || self.count_whole(trade) {
            return;
        }
        if !self.current.is_of(&trade.symbol) {
            self.begin(&trade.symbol, trade.session_date);
        }
        if let Current::Book(book, trades) = &mut self.current {
            self.summary.other_day += u64::from(book.session_date() != trade.session_date);
            *trades += u64::from(book.take(trade));
        }
    }

    fn run_ended(&mut self, _: &Symbol) {
        self.finish();
    }

    fn reject(&mut self, reject: Reject) {
        self.summary.rejected += 1;
        if self.summary.rejects.len() < MAX_REJECTS {
            self.summary.rejects.push(reject);
        }
    }
}
