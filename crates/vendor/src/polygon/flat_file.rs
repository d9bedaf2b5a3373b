//! Flat files: a day of the whole market as comma-separated text, mostly compressed.
//!
//! - The first row names the columns. Their number and order have changed.
//! - Sizes and volumes are whole numbers in older files and decimals in newer ones.
//! - Rows are grouped by ticker, but a few tickers of each day come in two runs
//!   ([`FlatSummary::split`]). Within a run the time can step back a little.
//! - A published file can be replaced later.
//!
//! A thread of its own decompresses while the caller's reads rows. Rows of tickers that nobody
//! keeps are passed over; no row costs an allocation.

mod input;

use std::collections::HashSet;
use std::io;
use std::ops::ControlFlow;

use chrono::{DateTime, TimeDelta, Utc};
use csv::ByteRecord;
use rust_decimal::Decimal;
use undertow_market::{Aggregate, DayBar, Price, Symbol, TapeTrade, new_york_date};

use super::parse::size;
use super::trade::{TradeParts, TradeReader};
use crate::Reject;
use crate::field::{Field, FieldFault};
use crate::wire::Raw;

pub use input::FlatInput;

/// Progress is told every so many rows, and at the end of each run that is kept.
const ROWS_A_TURN: u64 = 1 << 16;
/// Text that is read at once.
const BUFFER_BYTES: usize = 256 * 1024;
const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// Why a file could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum FlatFileError {
    /// The disk, the compression, or a file that is cut off.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is another kind of file.
    #[error("the file has no column \"{0}\"")]
    NoColumn(&'static str),
}

impl From<csv::Error> for FlatFileError {
    fn from(error: csv::Error) -> Self {
        Self::Read(error.into())
    }
}

/// How far the reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file that were read, compressed as they are.
    pub read_bytes: u64,
    /// Bytes of the file.
    pub total_bytes: u64,
    /// Rows so far.
    pub rows: u64,
    /// Runs of kept tickers that ended so far.
    pub runs: u64,
}

/// What a file held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlatSummary {
    /// Rows in all.
    pub rows: u64,
    /// Rows handed on.
    pub taken: u64,
    /// Rows of tickers that are not kept.
    pub skipped: u64,
    /// Rows that were not understood.
    pub rejects: u64,
    /// Runs of kept tickers that ended.
    pub runs: u64,
    /// Tickers, kept or not, whose rows came in more than one run. Whoever works ticker by ticker
    /// reads the file once more for these alone.
    pub split: Vec<Box<str>>,
    /// Whether it was read to the end.
    pub is_whole: bool,
}

/// Takes what a file of trades holds, in its order.
pub trait FlatSink {
    /// A trade of a ticker that is kept.
    fn trade(&mut self, trade: &TapeTrade<'_>);
    /// The rows of a ticker end here, or are interrupted only by rows that are not kept. When the
    /// reading is stopped, the last run does not end.
    fn run_ended(&mut self, symbol: &Symbol);
    /// A row of a kept ticker that was not understood.
    fn reject(&mut self, reject: Reject);
}

/// Gives the symbol of a ticker whose rows are wanted. Asked once for each run.
pub type Kept<'k> = dyn FnMut(&str) -> Option<Symbol> + 'k;
/// Hears how far the reading is, and may stop it.
pub type OnProgress<'p> = dyn FnMut(Progress) -> ControlFlow<()> + 'p;

/// Reads a file of trades (`trades_v1`).
///
/// # Errors
/// The file cannot be read, or lacks a column.
pub fn read_trades(
    input: FlatInput,
    reader: &TradeReader,
    received_at: DateTime<Utc>,
    kept: &mut Kept<'_>,
    sink: &mut impl FlatSink,
    progress: &mut OnProgress<'_>,
) -> Result<FlatSummary, FlatFileError> {
    let table = Table::open(input, &TRADE_COLUMNS)?;
    if table.places[trade::SIZE].is_none() && table.places[trade::DECIMAL_SIZE].is_none() {
        return Err(FlatFileError::NoColumn("size"));
    }
    table.read(kept, &mut Trades { reader, received_at, sink }, progress)
}

/// Reads a file of days (`day_aggs_v1`).
///
/// # Errors
/// The file cannot be read, or lacks a column.
pub fn read_days(
    input: FlatInput,
    received_at: DateTime<Utc>,
    kept: &mut Kept<'_>,
    on_row: &mut dyn FnMut(Result<DayBar, Reject>),
    progress: &mut OnProgress<'_>,
) -> Result<FlatSummary, FlatFileError> {
    let make = |symbol: &Symbol, cells: &Cells<'_>| cells.day(symbol, received_at);
    Table::open(input, &BAR_COLUMNS)?.read(kept, &mut Bars { make, on_row }, progress)
}

/// Reads a file of minutes (`minute_aggs_v1`).
///
/// # Errors
/// The file cannot be read, or lacks a column.
pub fn read_minutes(
    input: FlatInput,
    received_at: DateTime<Utc>,
    kept: &mut Kept<'_>,
    on_row: &mut dyn FnMut(Result<Aggregate, Reject>),
    progress: &mut OnProgress<'_>,
) -> Result<FlatSummary, FlatFileError> {
    let make = |symbol: &Symbol, cells: &Cells<'_>| cells.minute(symbol, received_at);
    Table::open(input, &BAR_COLUMNS)?.read(kept, &mut Bars { make, on_row }, progress)
}

/// A column that is looked for.
struct Column {
    name: &'static str,
    is_required: bool,
}

const fn required(name: &'static str) -> Column {
    Column { name, is_required: true }
}

const fn optional(name: &'static str) -> Column {
    Column { name, is_required: false }
}

/// Where the ticker stands in each list below.
const TICKER: usize = 0;

/// Places in [`TRADE_COLUMNS`].
mod trade {
    pub(super) const ID: usize = 1;
    pub(super) const EXCHANGE: usize = 2;
    pub(super) const PRICE: usize = 3;
    pub(super) const SIP: usize = 4;
    pub(super) const SIZE: usize = 5;
    pub(super) const DECIMAL_SIZE: usize = 6;
    pub(super) const CONDITIONS: usize = 7;
    pub(super) const CORRECTION: usize = 8;
    pub(super) const PARTICIPANT: usize = 9;
    pub(super) const SEQUENCE: usize = 10;
    pub(super) const TRF: usize = 11;
}

const TRADE_COLUMNS: [Column; 12] = [
    required("ticker"),
    required("id"),
    required("exchange"),
    required("price"),
    required("sip_timestamp"),
    // One of the two.
    optional("size"),
    optional("decimal_size"),
    optional("conditions"),
    optional("correction"),
    optional("participant_timestamp"),
    optional("sequence_number"),
    optional("trf_id"),
];

/// Places in [`BAR_COLUMNS`].
mod bar {
    pub(super) const VOLUME: usize = 1;
    pub(super) const OPEN: usize = 2;
    pub(super) const HIGH: usize = 3;
    pub(super) const LOW: usize = 4;
    pub(super) const CLOSE: usize = 5;
    pub(super) const START: usize = 6;
    pub(super) const TRADES: usize = 7;
}

const BAR_COLUMNS: [Column; 8] = [
    required("ticker"),
    required("volume"),
    required("open"),
    required("high"),
    required("low"),
    required("close"),
    required("window_start"),
    optional("transactions"),
];

/// One row: its text without the commas, and where the looked-for columns stand.
struct Cells<'a> {
    text: &'a str,
    record: &'a ByteRecord,
    columns: &'static [Column],
    places: &'a [Option<usize>],
}

impl<'a> Cells<'a> {
    #[inline]
    fn raw(&self, column: usize) -> Raw<'a> {
        let range = self.places[column].and_then(|place| self.record.range(place));
        Raw(range.and_then(|range| self.text.get(range)).unwrap_or_default())
    }

    #[inline]
    fn field(&self, column: usize) -> Field<'a> {
        self.raw(column).named(self.columns[column].name)
    }

    fn price(&self, column: usize) -> Result<Price, FieldFault> {
        let field = self.field(column);
        field.required(field.price()?)
    }

    fn start_at(&self) -> Result<DateTime<Utc>, FieldFault> {
        let field = self.field(bar::START);
        field.required(field.nanoseconds()?)
    }

    fn volume(&self) -> Result<Decimal, FieldFault> {
        let field = self.field(bar::VOLUME);
        field.required(field.rounded_shares()?)
    }

    fn day(&self, symbol: &Symbol, received_at: DateTime<Utc>) -> Result<DayBar, FieldFault> {
        Ok(DayBar {
            symbol: symbol.clone(),
            session_date: new_york_date(self.start_at()?),
            open: self.price(bar::OPEN)?,
            high: self.price(bar::HIGH)?,
            low: self.price(bar::LOW)?,
            close: self.price(bar::CLOSE)?,
            volume: self.volume()?,
            vwap: None,
            trades: self.field(bar::TRADES).shares()?,
            received_at,
        })
    }

    fn minute(&self, symbol: &Symbol, received_at: DateTime<Utc>) -> Result<Aggregate, FieldFault> {
        let start_at = self.start_at()?;
        Ok(Aggregate {
            symbol: symbol.clone(),
            start_at,
            end_at: start_at + MINUTE,
            open: self.price(bar::OPEN)?,
            high: self.price(bar::HIGH)?,
            low: self.price(bar::LOW)?,
            close: self.price(bar::CLOSE)?,
            volume: self.volume()?,
            received_at,
        })
    }
}

/// What is done with the rows of a kind of file.
trait Taker {
    fn row(&mut self, symbol: &Symbol, cells: &Cells<'_>) -> Result<(), FieldFault>;
    fn run_ended(&mut self, symbol: &Symbol);
    fn reject(&mut self, reject: Reject);
}

struct Trades<'t, S> {
    reader: &'t TradeReader,
    received_at: DateTime<Utc>,
    sink: &'t mut S,
}

impl<S: FlatSink> Taker for Trades<'_, S> {
    fn row(&mut self, symbol: &Symbol, cells: &Cells<'_>) -> Result<(), FieldFault> {
        let (id, venue) = (cells.field(trade::ID), cells.field(trade::EXCHANGE));
        let sip = cells.field(trade::SIP);
        let parts = TradeParts {
            symbol: symbol.clone(),
            id: id.required(Some(cells.raw(trade::ID).0).filter(|id| !id.is_empty()))?,
            venue: venue.required(venue.code_number()?)?,
            // Zero stands for none.
            trf_id: cells.field(trade::TRF).code_number()?.filter(|id| *id != 0),
            sip_at: sip.required(sip.nanoseconds()?)?,
            participant_at: cells.field(trade::PARTICIPANT).nanoseconds()?,
            price: cells.price(trade::PRICE)?,
            size: size(cells.field(trade::DECIMAL_SIZE), cells.field(trade::SIZE))?,
            conditions: cells.field(trade::CONDITIONS).bare_conditions()?,
            correction: cells.field(trade::CORRECTION).code_number()?.unwrap_or(0),
            sequence: cells.field(trade::SEQUENCE).integer()?.unwrap_or(0),
            received_at: self.received_at,
        };
        self.sink.trade(&self.reader.trade(parts));
        Ok(())
    }

    fn run_ended(&mut self, symbol: &Symbol) {
        self.sink.run_ended(symbol);
    }

    fn reject(&mut self, reject: Reject) {
        self.sink.reject(reject);
    }
}

struct Bars<'t, M, T> {
    make: M,
    on_row: &'t mut dyn FnMut(Result<T, Reject>),
}

impl<M, T> Taker for Bars<'_, M, T>
where
    M: FnMut(&Symbol, &Cells<'_>) -> Result<T, FieldFault>,
{
    fn row(&mut self, symbol: &Symbol, cells: &Cells<'_>) -> Result<(), FieldFault> {
        let row = (self.make)(symbol, cells)?;
        (self.on_row)(Ok(row));
        Ok(())
    }

    fn run_ended(&mut self, _symbol: &Symbol) {}

    fn reject(&mut self, reject: Reject) {
        (self.on_row)(Err(reject));
    }
}

/// A file that is being read.
struct Table {
    rows: csv::Reader<FlatInput>,
    columns: &'static [Column],
    places: Vec<Option<usize>>,
    /// The ticker of the last row.
    ticker: String,
    /// Its symbol, when it is kept.
    symbol: Option<Symbol>,
    /// The kept ticker whose run has not ended.
    open: Option<Symbol>,
    seen: HashSet<Box<str>>,
    summary: FlatSummary,
}

impl Table {
    fn open(input: FlatInput, columns: &'static [Column]) -> Result<Self, FlatFileError> {
        let mut rows = csv::ReaderBuilder::new()
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(input);
        let head = rows.byte_headers()?;
        let place = |column: &Column| head.iter().position(|cell| cell == column.name.as_bytes());
        let places: Vec<_> = columns.iter().map(place).collect();
        let missing =
            columns.iter().zip(&places).find(|(c, place)| c.is_required && place.is_none());
        if let Some((column, _)) = missing {
            return Err(FlatFileError::NoColumn(column.name));
        }
        Ok(Self {
            rows,
            columns,
            places,
            ticker: String::new(),
            symbol: None,
            open: None,
            seen: HashSet::new(),
            summary: FlatSummary::default(),
        })
    }

    fn read(
        mut self,
        kept: &mut Kept<'_>,
        taker: &mut impl Taker,
        progress: &mut OnProgress<'_>,
    ) -> Result<FlatSummary, FlatFileError> {
        let ticker_place = self.places[TICKER].unwrap_or_default();
        let mut record = ByteRecord::new();
        while self.rows.read_byte_record(&mut record)? {
            let ticker = record.get(ticker_place).unwrap_or_default();
            if ticker != self.ticker.as_bytes() || self.summary.rows == 0 {
                self.turn_to(&String::from_utf8_lossy(ticker), kept);
                if self.is_between_runs() && self.end_run(taker, progress).is_break() {
                    return Ok(self.summary);
                }
            }
            self.summary.rows += 1;
            self.take(&record, taker);
            if self.summary.rows.is_multiple_of(ROWS_A_TURN) && self.tell(progress).is_break() {
                return Ok(self.summary);
            }
        }
        let _finished = self.end_run(taker, progress);
        self.summary.is_whole = true;
        Ok(self.summary)
    }

    fn turn_to(&mut self, ticker: &str, kept: &mut Kept<'_>) {
        ticker.clone_into(&mut self.ticker);
        let is_new = self.seen.insert(ticker.into());
        if !is_new && !self.summary.split.iter().any(|known| **known == *ticker) {
            self.summary.split.push(ticker.into());
        }
        self.symbol = kept(ticker);
    }

    /// Whether a run is open that the present row does not continue. Rows that are not kept end no
    /// run: the ticker may come again behind them.
    fn is_between_runs(&self) -> bool {
        self.open.is_some() && self.symbol.is_some() && self.open != self.symbol
    }

    fn end_run(
        &mut self,
        taker: &mut impl Taker,
        progress: &mut OnProgress<'_>,
    ) -> ControlFlow<()> {
        let Some(symbol) = self.open.take() else { return ControlFlow::Continue(()) };
        taker.run_ended(&symbol);
        self.summary.runs += 1;
        self.tell(progress)
    }

    fn tell(&self, progress: &mut OnProgress<'_>) -> ControlFlow<()> {
        let (read_bytes, total_bytes) = self.rows.get_ref().position();
        let FlatSummary { rows, runs, .. } = self.summary;
        progress(Progress { read_bytes, total_bytes, rows, runs })
    }

    fn take(&mut self, record: &ByteRecord, taker: &mut impl Taker) {
        let Some(symbol) = &self.symbol else {
            self.summary.skipped += 1;
            return;
        };
        if self.open.is_none() {
            self.open = Some(symbol.clone());
        }
        let (columns, places) = (self.columns, self.places.as_slice());
        let taken = match std::str::from_utf8(record.as_slice()) {
            Ok(text) => taker
                .row(symbol, &Cells { text, record, columns, places })
                .map_err(|fault| fault.to_string()),
            Err(_) => Err("it is not UTF-8 text".to_owned()),
        };
        match taken {
            Ok(()) => self.summary.taken += 1,
            Err(reason) => {
                self.summary.rejects += 1;
                let cells: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
                taker.reject(Reject::new(Some(symbol.to_string()), &cells.join(","), reason));
            }
        }
    }
}

#[cfg(test)]
mod tests;
