//! How far the tape of each symbol and day was read, and the locks of the writers.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::{PgConnection, PgRow};
use undertow_market::Symbol;

use super::BookKey;
use crate::merge::transaction::lock;
use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::{Store, StoreError};

/// Tables by month.
const MONTHLY: [&str; 4] = ["tape_minutes", "tape_apart", "tape_cells", "tape_prints"];

/// Where a part of the tape was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TapeSource {
    /// The stream, with holes filled over REST.
    Stream,
    /// REST.
    Rest,
    /// A flat file.
    FlatFile,
}

/// What is stored of a symbol's trading day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapeBookRow {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// Everything that the tape reported before this is stored.
    pub to: DateTime<Utc>,
    /// Where the newest part was read.
    pub source: TapeSource,
    /// Whether the day was read from its first trade to its last in one go.
    pub is_whole: bool,
    /// Trades that the tape counts, on exchanges and off them.
    pub trades: i64,
    /// From how many dollars off-exchange trades are kept one by one.
    pub prints_floor: Decimal,
}

/// The text names no source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a source of the tape")]
pub struct UnknownSource(String);

impl TapeSource {
    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Rest => "rest",
            Self::FlatFile => "flat_file",
        }
    }
}

impl FromStr for TapeSource {
    type Err = UnknownSource;
    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        let all = [Self::Stream, Self::Rest, Self::FlatFile];
        let known = all.into_iter().find(|source| source.as_str() == text);
        known.ok_or_else(|| UnknownSource(text.to_owned()))
    }
}

macro_rules! select_books {
    ($rest:literal) => {
        concat!(
            "SELECT b.symbol, b.session_date, b.complete_to, b.source, b.is_whole, b.trades,
                    b.prints_floor
             FROM trading.tape_books b ",
            $rest
        )
    };
}

impl Store {
    /// What is stored of a symbol's trading day, if anything.
    ///
    /// # Errors
    /// The database refuses, or the stored row is broken.
    pub async fn tape_book(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Option<TapeBookRow>, StoreError> {
        let row = sqlx::query(select_books!("WHERE b.symbol = $1 AND b.session_date = $2"))
            .bind(symbol.as_str())
            .bind(session_date)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read_book).transpose()
    }

    /// What is stored of a trading day, by symbol: one row for each, so no more than there are
    /// stocks.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn tape_books(
        &self,
        session_date: NaiveDate,
    ) -> Result<Vec<TapeBookRow>, StoreError> {
        let rows = sqlx::query(select_books!("WHERE b.session_date = $1 ORDER BY b.symbol"))
            .bind(session_date)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read_book).collect()
    }

    /// What is stored of a symbol on trading days, by day.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn tape_books_of(
        &self,
        symbol: &Symbol,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<TapeBookRow>, StoreError> {
        let rows = sqlx::query(select_books!(
            "WHERE b.symbol = $1 AND b.session_date BETWEEN $2 AND $3 ORDER BY b.session_date"
        ))
        .bind(symbol.as_str())
        .bind(from)
        .bind(to)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_book).collect()
    }
}

/// Makes the months of the tape that hold two days and all between. Returns how many were made.
pub(crate) async fn make_months(
    connection: &mut PgConnection,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<u32, StoreError> {
    // The catalogue is read as a table: a look-up by name would be remembered through the wait for
    // the lock.
    let is_missing: bool = sqlx::query_scalar(
        "SELECT EXISTS (
            SELECT FROM unnest($3::text[]) parent,
                generate_series(date_trunc('month', $1::timestamp), $2::timestamp, '1 month') month
            WHERE NOT EXISTS (
                SELECT FROM pg_class
                WHERE relnamespace = 'trading'::regnamespace
                  AND relname = parent || '_' || to_char(month, 'YYYY_MM')))",
    )
    .bind(first)
    .bind(last)
    .bind(&MONTHLY[..])
    .fetch_one(&mut *connection)
    .await?;
    if !is_missing {
        return Ok(0);
    }
    // Writers of two days of one month would both make it.
    lock(connection, "months of the tape").await?;
    let made: i64 = sqlx::query_scalar(
        "SELECT sum(trading.ensure_partitions(parent, $1::timestamp AT TIME ZONE 'UTC',
                                              $2::timestamp AT TIME ZONE 'UTC'))
         FROM unnest($3::text[]) parent",
    )
    .bind(first)
    .bind(last)
    .bind(&MONTHLY[..])
    .fetch_one(connection)
    .await?;
    Ok(u32::try_from(made).unwrap_or(0))
}

/// Waits until nobody else writes into the days of these books, keeps others out until the
/// transaction ends, and gives what is stored.
pub(super) async fn open(
    connection: &mut PgConnection,
    keys: &[BookKey],
) -> Result<HashMap<BookKey, TapeBookRow>, StoreError> {
    // Always in the same order: two writers never wait for each other.
    let days: BTreeSet<NaiveDate> = keys.iter().map(|key| key.1).collect();
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return Ok(HashMap::new());
    };
    make_months(connection, *first, *last).await?;
    for day in &days {
        lock(connection, &format!("tape of {day}")).await?;
    }
    let rows = sqlx::query(select_books!(
        "JOIN unnest($1::text[], $2::date[]) AS k (symbol, session_date) USING (symbol, session_date)"
    ))
    .bind(keys.iter().map(|key| key.0.as_str()).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.1).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let books = rows.iter().map(read_book).map(|book| {
        let book = book?;
        Ok(((book.symbol.clone(), book.session_date), book))
    });
    books.collect()
}

/// Refuses a reading that ends before the stored one, or with it where that means it was stored
/// already.
pub(super) fn refuse_behind(
    book: &BookKey,
    stored: Option<DateTime<Utc>>,
    is_behind: impl Fn(DateTime<Utc>) -> bool,
) -> Result<(), StoreError> {
    match stored.filter(|stored| is_behind(*stored)) {
        None => Ok(()),
        Some(stored) => {
            let (symbol, session_date) = book.clone();
            Err(StoreError::TapeBehind { symbol, session_date, stored })
        }
    }
}

/// What the book of a whole session has beside its row.
pub(super) struct PackedBook {
    pub(super) minutes: Vec<u8>,
    pub(super) notionals: Vec<u8>,
}

/// A book, with what is packed of a whole session.
pub(super) type BookToPut = (TapeBookRow, Option<PackedBook>);

/// Writes the books, with what is packed of those that are whole; one that says what is stored is
/// left alone.
pub(super) async fn put(
    connection: &mut PgConnection,
    books: &[BookToPut],
) -> Result<(), StoreError> {
    let packed = |column: fn(&PackedBook) -> &Vec<u8>| -> Vec<Option<&[u8]>> {
        books.iter().map(|(_, packed)| packed.as_ref().map(|of| column(of).as_slice())).collect()
    };
    sqlx::query(
        "INSERT INTO trading.tape_books AS b
            (symbol, session_date, complete_to, source, is_whole, trades, prints_floor, off_minutes,
             off_notionals)
         SELECT * FROM unnest($1::text[], $2::date[], $3::timestamptz[], $4::text[], $5::boolean[],
                              $6::bigint[], $7::numeric[], $8::bytea[], $9::bytea[])
         ON CONFLICT (symbol, session_date) DO UPDATE SET
            complete_to = excluded.complete_to, source = excluded.source,
            is_whole = excluded.is_whole, trades = excluded.trades,
            prints_floor = excluded.prints_floor, off_minutes = excluded.off_minutes,
            off_notionals = excluded.off_notionals
         WHERE (b.complete_to, b.source, b.is_whole, b.trades, b.prints_floor, b.off_minutes,
                b.off_notionals)
            IS DISTINCT FROM (excluded.complete_to, excluded.source, excluded.is_whole,
                              excluded.trades, excluded.prints_floor, excluded.off_minutes,
                              excluded.off_notionals)",
    )
    .bind(books.iter().map(|(book, _)| book.symbol.as_str()).collect::<Vec<_>>())
    .bind(books.iter().map(|(book, _)| book.session_date).collect::<Vec<_>>())
    .bind(books.iter().map(|(book, _)| book.to).collect::<Vec<_>>())
    .bind(books.iter().map(|(book, _)| book.source.as_str()).collect::<Vec<_>>())
    .bind(books.iter().map(|(book, _)| book.is_whole).collect::<Vec<_>>())
    .bind(books.iter().map(|(book, _)| book.trades).collect::<Vec<_>>())
    .bind(books.iter().map(|(book, _)| Numeric::from(book.prints_floor)).collect::<Vec<_>>())
    .bind(packed(|of| &of.minutes))
    .bind(packed(|of| &of.notionals))
    .execute(connection)
    .await?;
    Ok(())
}

fn read_book(row: &PgRow) -> Result<TapeBookRow, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "session_date"]);
    let reading = Reading { row, table: "tape_books", key };
    Ok(TapeBookRow {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        to: reading.get("complete_to")?,
        source: reading.named("source")?,
        is_whole: reading.get("is_whole")?,
        trades: reading.get("trades")?,
        prints_floor: reading.decimal("prints_floor")?,
    })
}
