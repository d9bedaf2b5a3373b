//! Adds what became final of a tape that runs.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sqlx::postgres::PgConnection;
use undertow_market::{TapeCell, TapeMinute};

use super::books::{self, TapeBookRow, TapeSource};
use super::prints::{self, Prints};
use super::rows::{
    APART, CELLS, MINUTES, Sums, apart_columns, apart_of, cell_columns, minute_columns,
};
use super::{BookKey, TapeAppend, refuse_too_many};
use crate::merge::transaction::{Rows, commit, finish};
use crate::merge::{MergeContext, MergeReport};
use crate::{Store, StoreError};

impl Store {
    /// Adds what became final, for many symbols in one transaction, and moves their watermarks.
    /// The report counts minutes, cells and prints; a cell that grew has changed. A day that was
    /// whole is not any more.
    ///
    /// # Errors
    /// [`StoreError::TapeBehind`] when a part does not end after the stored tape: it, or a longer
    /// one, was stored already. More than [`super::MAX_TAPE_ROWS`]; a row of another symbol or
    /// day; or the database refuses. Nothing is stored then, unless the connection broke while
    /// committing; repeating tells, by [`StoreError::TapeBehind`].
    pub async fn append_tape(
        &self,
        parts: Vec<TapeAppend>,
        mut context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        refuse_too_many(parts.iter().map(|part| &part.part))?;
        let mut batch = Batch::of(&parts)?;
        context.rejects.append(&mut batch.prints.refused);
        let pool = self.pool.clone();
        finish(async move { commit(&pool, &batch, &context).await }).await
    }
}

/// Parts made ready, one row for each key.
#[derive(Default)]
struct Batch {
    delivered: usize,
    keys: Vec<BookKey>,
    books: BTreeMap<BookKey, Growth>,
    minutes: Vec<TapeMinute>,
    cells: Vec<TapeCell>,
    prints: Prints,
}

/// What a book gains.
struct Growth {
    /// The first part's end decides whether it was stored already.
    first_to: chrono::DateTime<chrono::Utc>,
    to: chrono::DateTime<chrono::Utc>,
    trades: i64,
    prints_floor: Decimal,
}

impl Batch {
    fn of(parts: &[TapeAppend]) -> Result<Self, StoreError> {
        let (mut batch, mut sums) = (Self::default(), Sums::default());
        for append in parts {
            let key = (append.symbol.clone(), append.session_date);
            let part = &append.part;
            batch.delivered += part.minutes.len() + part.cells.len() + part.prints.len();
            sums.add(&key, part)?;
            batch.prints.add(&key, &part.prints)?;
            batch.grow(key, append)?;
        }
        batch.keys = batch.books.keys().cloned().collect();
        batch.minutes = sums.minutes.into_values().collect();
        batch.cells = sums.cells.into_values().collect();
        Ok(batch)
    }

    fn grow(&mut self, key: BookKey, append: &TapeAppend) -> Result<(), StoreError> {
        let trades = append.part.minutes.iter().map(trades_of).sum();
        match self.books.get_mut(&key) {
            None => {
                let (to, prints_floor) = (append.to, append.prints_floor);
                self.books.insert(key, Growth { first_to: to, to, trades, prints_floor });
            }
            Some(growth) => {
                books::refuse_behind(&key, Some(growth.to), |known| append.to <= known)?;
                growth.to = append.to;
                growth.trades += trades;
                growth.prints_floor = growth.prints_floor.max(append.prints_floor);
            }
        }
        Ok(())
    }
}

pub(super) fn trades_of(minute: &TapeMinute) -> i64 {
    i64::from(minute.lit.trades) + i64::from(minute.off_exchange.trades)
}

impl Rows for Batch {
    type Report = MergeReport;

    async fn write(&self, connection: &mut PgConnection) -> Result<MergeReport, StoreError> {
        let stored = books::open(connection, &self.keys).await?;
        let mut grown = Vec::with_capacity(self.books.len());
        for (key, growth) in &self.books {
            let known = stored.get(key);
            books::refuse_behind(key, known.map(|book| book.to), |to| growth.first_to <= to)?;
            let book = TapeBookRow {
                symbol: key.0.clone(),
                session_date: key.1,
                to: growth.to,
                source: TapeSource::Stream,
                is_whole: false,
                trades: known.map_or(0, |book| book.trades) + growth.trades,
                prints_floor: known
                    .map_or(growth.prints_floor, |book| book.prints_floor.max(growth.prints_floor)),
            };
            // Only whole sessions are baselines.
            grown.push((book, None));
        }
        let apart = apart_of(self.minutes.iter());
        let minutes = minute_columns(&self.minutes).add_up(connection, MINUTES).await?;
        apart_columns(&apart).add_up(connection, APART).await?;
        let cells = cell_columns(&self.cells).add_up(connection, CELLS).await?;
        let prints = prints::insert_new(connection, &self.prints.rows).await?;
        books::put(connection, &grown).await?;
        let inserted = minutes + cells + prints;
        let changed = self.minutes.len() - minutes + self.cells.len() - cells;
        let unchanged = self.prints.rows.len() - prints;
        let refused = self.prints.refused_count;
        Ok(MergeReport {
            delivered: self.delivered,
            inserted,
            changed,
            unchanged,
            repeated: self.delivered - inserted - changed - unchanged - refused,
            refused,
        })
    }
}
