//! Puts whole readings in the place of what is stored, by writing the difference.

use std::collections::{BTreeMap, HashMap, HashSet};

use rust_decimal::Decimal;
use sqlx::postgres::PgConnection;
use undertow_analysis::tape::Notionals;
use undertow_market::{TapeCell, TapeMinute, TapePrint};

use super::append::trades_of;
use super::books::{self, BookToPut, PackedBook, TapeBookRow};
use super::prints::{self, PrintKey, Prints, rejected};
use super::rows::{
    APART, CELLS, CellKey, MINUTES, MinuteKey, Sums, apart_columns, apart_of, cell_columns,
    minute_code, minute_columns,
};
use super::{
    BookKey, ReplaceReport, SessionInContext, TapeSession, activity, notionals, read,
    refuse_too_many,
};
use crate::merge::MergeContext;
use crate::merge::transaction::{Rows, commit, enter, finish};
use crate::numeric::Numeric;
use crate::quarantine::add_rejects;
use crate::{Store, StoreError};

/// Why a print that was stored is in quarantine.
const VANISHED: &str = "a later reading of the whole tape no longer has this trade";

impl Store {
    /// Puts a reading of a whole session in the place of what is stored. A print that was known
    /// keeps the time at which we received it first.
    ///
    /// # Errors
    /// [`StoreError::TapeBehind`] when it ends before the stored tape. More than
    /// [`super::MAX_TAPE_ROWS`]; a row of another symbol or day; or the database refuses. Nothing
    /// is changed then, unless the connection broke while committing, which repeating resolves.
    pub async fn replace_tape_session(
        &self,
        session: TapeSession,
        context: MergeContext,
    ) -> Result<ReplaceReport, StoreError> {
        self.replace_tape_sessions(vec![SessionInContext { session, context }]).await
    }

    /// The same for many sessions in one transaction, which is what makes an import fast.
    ///
    /// # Errors
    /// As [`Store::replace_tape_session`]; and the same symbol and day twice.
    pub async fn replace_tape_sessions(
        &self,
        sessions: Vec<SessionInContext>,
    ) -> Result<ReplaceReport, StoreError> {
        refuse_too_many(sessions.iter().map(|one| &one.session.part))?;
        let batch = Batch::of(sessions)?;
        let pool = self.pool.clone();
        finish(async move { commit(&pool, &batch, &MergeContext::default()).await }).await
    }
}

/// Readings made ready, one row for each key.
#[derive(Default)]
struct Batch {
    keys: Vec<BookKey>,
    books: Vec<TapeBookRow>,
    /// Of each book.
    notionals: Vec<Notionals>,
    contexts: Vec<MergeContext>,
    sums: Sums,
    prints: Prints,
}

impl Batch {
    fn of(sessions: Vec<SessionInContext>) -> Result<Self, StoreError> {
        let (mut batch, mut seen) = (Self::default(), HashSet::new());
        for SessionInContext { session, context } in sessions {
            let key = (session.symbol.clone(), session.session_date);
            if !seen.insert(key.clone()) {
                let key = format!("{} {}", key.0, key.1);
                return Err(StoreError::broken("tape_books", key, "came twice in one call"));
            }
            batch.sums.add(&key, &session.part)?;
            batch.prints.add(&key, &session.part.prints)?;
            batch.books.push(TapeBookRow {
                symbol: session.symbol,
                session_date: session.session_date,
                to: session.complete_to,
                source: session.source,
                is_whole: session.is_whole,
                trades: session.part.minutes.iter().map(trades_of).sum(),
                prints_floor: session.prints_floor,
            });
            batch.notionals.push(session.part.notionals);
            batch.contexts.push(context);
            batch.keys.push(key);
        }
        Ok(batch)
    }
}

impl Rows for Batch {
    type Report = ReplaceReport;

    async fn write(&self, connection: &mut PgConnection) -> Result<ReplaceReport, StoreError> {
        let stored = books::open(connection, &self.keys).await?;
        for (key, book) in self.keys.iter().zip(&self.books) {
            books::refuse_behind(key, stored.get(key).map(|book| book.to), |to| book.to < to)?;
        }
        let mut report = self.replace_prints(connection).await?;
        report.minutes_changed = self.replace_minutes(connection).await?;
        report.cells_changed = self.replace_cells(connection).await?;
        report.prints_refused = self.prints.refused_count;
        books::put(connection, &self.packed_books()?).await?;
        add_rejects(connection, &self.prints.refused).await?;
        for context in &self.contexts {
            enter(connection, context).await?;
        }
        Ok(report)
    }
}

/// What is to be done so that stored rows become the given ones.
struct Difference<'r, K, R> {
    /// Not stored yet.
    new: Vec<&'r R>,
    /// Stored otherwise: as it is, and as it is to be.
    changed: Vec<(&'r K, &'r R, &'r R)>,
    /// No longer given.
    gone: Vec<(&'r K, &'r R)>,
}

impl<'r, K: Ord, R> Difference<'r, K, R> {
    fn between(
        stored: &'r BTreeMap<K, R>,
        given: &'r BTreeMap<K, R>,
        is_same: impl Fn(&R, &R) -> bool,
    ) -> Self {
        let mut found = Self { new: Vec::new(), changed: Vec::new(), gone: Vec::new() };
        for (key, row) in given {
            match stored.get(key) {
                None => found.new.push(row),
                Some(known) if is_same(known, row) => {}
                Some(known) => found.changed.push((key, known, row)),
            }
        }
        found.gone = stored.iter().filter(|(key, _)| !given.contains_key(*key)).collect();
        found
    }

    fn len(&self) -> usize {
        self.new.len() + self.changed.len() + self.gone.len()
    }

    /// The keys whose rows do not stay as they are.
    fn keys(&self) -> Vec<&'r K> {
        let gone = self.gone.iter().map(|(key, _)| *key);
        self.changed.iter().map(|(key, ..)| *key).chain(gone).collect()
    }

    /// The rows that are to be written.
    fn rows(&self) -> impl Iterator<Item = &'r R> + '_ {
        self.new.iter().copied().chain(self.changed.iter().map(|(_, _, row)| *row))
    }
}

impl Batch {
    /// The books, with what is packed of whole sessions.
    fn packed_books(&self) -> Result<Vec<BookToPut>, StoreError> {
        let packed = |(book, notionals): (&TapeBookRow, &Notionals)| {
            if !book.is_whole {
                return Ok((book.clone(), None));
            }
            let key = |minute| (book.symbol.clone(), book.session_date, minute);
            let minutes = self.sums.minutes.range(key(0)..=key(u16::MAX)).map(|(_, row)| row);
            let notionals = notionals::pack(notionals);
            Ok((book.clone(), Some(PackedBook { minutes: activity::pack(minutes)?, notionals })))
        };
        self.books.iter().zip(&self.notionals).map(packed).collect()
    }

    async fn replace_minutes(&self, connection: &mut PgConnection) -> Result<usize, StoreError> {
        let stored = read::minutes_of_days(connection, &self.keys).await?;
        let found = Difference::between(&stored, &self.sums.minutes, PartialEq::eq);
        delete_minutes(connection, &found.keys()).await?;
        let apart = apart_of(found.rows());
        let minutes: Vec<TapeMinute> = found.rows().cloned().collect();
        minute_columns(&minutes).insert_new(connection, MINUTES).await?;
        apart_columns(&apart).insert_new(connection, APART).await?;
        Ok(found.len())
    }

    async fn replace_cells(&self, connection: &mut PgConnection) -> Result<usize, StoreError> {
        let stored = read::cells_of_days(connection, &self.keys).await?;
        let found = Difference::between(&stored, &self.sums.cells, PartialEq::eq);
        delete_cells(connection, &found.keys()).await?;
        let cells: Vec<TapeCell> = found.rows().cloned().collect();
        cell_columns(&cells).insert_new(connection, CELLS).await?;
        Ok(found.len())
    }

    async fn replace_prints(
        &self,
        connection: &mut PgConnection,
    ) -> Result<ReplaceReport, StoreError> {
        let stored = prints::of_days(connection, &self.keys).await?;
        let found = Difference::between(&stored, &self.prints.rows, |known, given| {
            *known == TapePrint { received_at: known.received_at, ..given.clone() }
        });
        let vanished = self.vanished(&found.gone);
        let rejects: Vec<_> = vanished.iter().map(|print| rejected(print, VANISHED)).collect();
        add_rejects(connection, &rejects).await?;
        prints::delete(connection, &found.keys()).await?;
        let changed: Vec<TapePrint> = found
            .changed
            .iter()
            .map(|(_, known, given)| TapePrint {
                received_at: known.received_at,
                ..TapePrint::clone(given)
            })
            .collect();
        let updated = found.changed.iter().zip(&changed).map(|((_, _, given), print)| {
            prints::Row { print, updated_at: Some(given.received_at) }
        });
        let new = found.new.iter().map(|print| prints::Row { print, updated_at: None });
        prints::insert(connection, &new.chain(updated).collect::<Vec<_>>()).await?;
        Ok(ReplaceReport {
            prints_inserted: found.new.len(),
            prints_changed: found.changed.len(),
            prints_vanished: vanished.len(),
            prints_below_floor: found.gone.len() - vanished.len(),
            ..ReplaceReport::default()
        })
    }

    /// Prints that are gone although this reading would keep them.
    fn vanished<'p>(&self, gone: &[(&PrintKey, &'p TapePrint)]) -> Vec<&'p TapePrint> {
        let floors: HashMap<_, Decimal> = self
            .books
            .iter()
            .map(|book| ((book.symbol.as_str(), book.session_date), book.prints_floor))
            .collect();
        let is_kept = |print: &TapePrint| {
            let floor = floors.get(&(print.symbol.as_str(), print.session_date));
            floor.is_none_or(|floor| print.notional() >= *floor)
        };
        gone.iter().map(|(_, print)| *print).filter(|print| is_kept(print)).collect()
    }
}

/// A minute goes with all that is apart from it.
async fn delete_minutes(
    connection: &mut PgConnection,
    keys: &[&MinuteKey],
) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    for delete in [
        "DELETE FROM trading.tape_minutes m
         USING unnest($1::text[], $2::date[], $3::smallint[]) AS k (symbol, session_date, minute)
         WHERE m.symbol = k.symbol AND m.session_date = k.session_date AND m.minute = k.minute",
        "DELETE FROM trading.tape_apart m
         USING unnest($1::text[], $2::date[], $3::smallint[]) AS k (symbol, session_date, minute)
         WHERE m.symbol = k.symbol AND m.session_date = k.session_date AND m.minute = k.minute",
    ] {
        sqlx::query(delete)
            .bind(keys.iter().map(|key| key.0.as_str()).collect::<Vec<_>>())
            .bind(keys.iter().map(|key| key.1).collect::<Vec<_>>())
            .bind(keys.iter().map(|key| minute_code(key.2)).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn delete_cells(connection: &mut PgConnection, keys: &[&CellKey]) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM trading.tape_cells c
         USING unnest($1::text[], $2::date[], $3::numeric[]) AS k (symbol, session_date, cell_low)
         WHERE c.symbol = k.symbol AND c.session_date = k.session_date AND c.cell_low = k.cell_low",
    )
    .bind(keys.iter().map(|key| key.0.as_str()).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.1).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| Numeric::from(key.2)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
