//! Tables `tape_minutes`, `tape_apart`, `tape_cells`, `tape_prints` and `tape_books`: the
//! consolidated tape, reduced.
//!
//! A tape comes in one of two ways. While it runs, [`Store::append_tape`] adds what became final
//! since the last time, and moves the day's watermark in the same transaction: the same part
//! again is refused, because it ends where the stored tape ends already. Afterwards
//! [`Store::replace_tape_session`] puts a whole reading in the place of what is stored, because
//! cancels and corrections show only there. It writes the difference and nothing else, so the
//! same reading twice changes nothing, and what stands in the end is what the reading alone
//! would have given.
//!
//! A print that a later reading no longer has goes into quarantine with all its figures.
//!
//! A lock for each trading day admits one writer at a time. Other days do not wait, so that a
//! backfill does not hold up the tape of today.

mod activity;
mod append;
mod books;
mod notionals;
mod prints;
mod read;
mod replace;
mod rows;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use undertow_analysis::tape::TapePart;
use undertow_market::{Symbol, VendorId};

use crate::StoreError;
use crate::merge::MergeContext;

pub use activity::MAX_TAPE_SESSIONS;
pub(crate) use books::make_months;
pub use books::{TapeBookRow, TapeSource, UnknownSource};
pub use prints::{MAX_TAPE_PRINTS, TapePlace, TapePrintsFilter};
pub use read::ApartOfDay;

/// Most rows in one call: minutes, cells and prints of all its parts together. A transaction of a
/// few seconds, and a hundred megabytes of memory.
pub const MAX_TAPE_ROWS: usize = 500_000;
/// Whose tape it is.
const VENDOR: VendorId = VendorId::Polygon;

/// What became final of a tape that runs.
#[derive(Clone, Debug)]
pub struct TapeAppend {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// The sums and prints to add.
    pub part: TapePart,
    /// Everything that the tape reported before this is now stored.
    pub to: DateTime<Utc>,
    /// From how many dollars off-exchange trades are kept one by one.
    pub prints_floor: Decimal,
}

/// A whole reading of a symbol's trading day, from its start to `complete_to`.
#[derive(Clone, Debug)]
pub struct TapeSession {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// All its sums and prints.
    pub part: TapePart,
    /// Where it was read.
    pub source: TapeSource,
    /// Everything that the tape reported before this is in it. Not before the stored watermark:
    /// what is known must not be lost.
    pub complete_to: DateTime<Utc>,
    /// Whether the day was over, so that this is all of it. Only whole days make a baseline.
    pub is_whole: bool,
    /// From how many dollars off-exchange trades are kept one by one.
    pub prints_floor: Decimal,
}

/// What replacing changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplaceReport {
    /// Minutes that are new, different or gone.
    pub minutes_changed: usize,
    /// Price cells that are new, different or gone.
    pub cells_changed: usize,
    /// Prints that are new.
    pub prints_inserted: usize,
    /// Prints that are different, cancelled ones for example.
    pub prints_changed: usize,
    /// Prints that the reading no longer has. They are in quarantine.
    pub prints_vanished: usize,
    /// Prints that went because they are below the floor of this reading.
    pub prints_below_floor: usize,
    /// Prints that no column can hold. They are in quarantine.
    pub prints_refused: usize,
}

impl ReplaceReport {
    /// Whether everything was stored already.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        Self { prints_refused: 0, ..*self } == Self::default()
    }

    /// Counts another report.
    pub fn add(&mut self, other: &Self) {
        self.minutes_changed += other.minutes_changed;
        self.cells_changed += other.cells_changed;
        self.prints_inserted += other.prints_inserted;
        self.prints_changed += other.prints_changed;
        self.prints_vanished += other.prints_vanished;
        self.prints_below_floor += other.prints_below_floor;
        self.prints_refused += other.prints_refused;
    }
}

/// One of several sessions, with what belongs to it.
#[derive(Clone, Debug)]
pub struct SessionInContext {
    /// The reading.
    pub session: TapeSession,
    /// Its slot, watermark and rejects.
    pub context: MergeContext,
}

/// A symbol's trading day.
type BookKey = (Symbol, NaiveDate);

fn refuse_too_many<'p>(parts: impl Iterator<Item = &'p TapePart>) -> Result<(), StoreError> {
    let rows = |part: &TapePart| part.minutes.len() + part.cells.len() + part.prints.len();
    match parts.map(rows).sum() {
        ..=MAX_TAPE_ROWS => Ok(()),
        given => Err(StoreError::TooManyRows { given, most: MAX_TAPE_ROWS }),
    }
}
