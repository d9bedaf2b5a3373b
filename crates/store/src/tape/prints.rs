//! Table `tape_prints`: off-exchange trades large enough to be kept one by one.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::{PgConnection, PgRow};
use undertow_market::{Conditions, Symbol, TapePrint};

use super::{BookKey, VENDOR};
use crate::columns::Columns;
use crate::merge::bounds::{is_real_time, to_microseconds, to_real_time};
use crate::numeric::Numeric;
use crate::prints::read_reasons;
use crate::quarantine::Rejected;
use crate::row::{Reading, key_of};
use crate::slots::SlotKind;
use crate::{Store, StoreError};

/// Most prints that one query returns.
pub const MAX_TAPE_PRINTS: u32 = 20_000;
pub(super) const PRINTS: &str = "tape_prints";

pub(super) type PrintKey = (Symbol, NaiveDate, i64);

/// Which prints of a symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct TapePrintsFilter {
    /// The ticker.
    pub symbol: Symbol,
    /// First trading day.
    pub from: NaiveDate,
    /// Last trading day.
    pub to: NaiveDate,
    /// At least so many dollars.
    pub min_notional: Option<Decimal>,
    /// At most so many, and never more than [`MAX_TAPE_PRINTS`].
    pub limit: u32,
    /// Only what comes after this place, going back in time.
    pub before: Option<TapePlace>,
}

/// A place in a symbol's prints, ordered by day, tape time and identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapePlace {
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// When the print reached the tape.
    pub reported_at: DateTime<Utc>,
    /// Its identity.
    pub identity: i64,
}

impl TapePrintsFilter {
    /// The newest prints of a symbol on some trading days.
    #[must_use]
    pub fn new(symbol: Symbol, from: NaiveDate, to: NaiveDate) -> Self {
        Self { symbol, from, to, min_notional: None, limit: MAX_TAPE_PRINTS, before: None }
    }
}

macro_rules! print_columns {
    () => {
        "symbol, session_date, identity, executed_at, reported_at, received_at, trf_id, trade_id,
         sequence, price, size, conditions, correction, reasons"
    };
}

/// The order is that of the key for the day, and sorted within it: the newest days are read and
/// no others.
const SELECT_NEWEST: &str = concat!(
    "SELECT ",
    print_columns!(),
    " FROM trading.tape_prints
      WHERE symbol = $1 AND session_date >= $2 AND session_date <= least($3, $5::date)
        AND ($4::numeric IS NULL OR price * size >= $4)
        AND ($5::date IS NULL
             OR (session_date, reported_at, identity) < ($5, $6::timestamptz, $7::bigint))
      ORDER BY session_date DESC, reported_at DESC, identity DESC LIMIT $8"
);

/// OFFSET 0 keeps each day an index scan of its own.
const SELECT_DAYS: &str = concat!(
    "SELECT ",
    print_columns!(),
    " FROM unnest($1::text[], $2::date[]) AS book (of_symbol, of_day)
      CROSS JOIN LATERAL (
          SELECT * FROM trading.tape_prints p
          WHERE p.symbol = book.of_symbol AND p.session_date = book.of_day OFFSET 0
      ) t"
);

const SELECT_ONE: &str = concat!(
    "SELECT ",
    print_columns!(),
    " FROM trading.tape_prints WHERE symbol = $1 AND session_date = $2 AND identity = $3"
);

impl Store {
    /// Prints that pass a filter, newest on the tape first.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn tape_prints(
        &self,
        filter: &TapePrintsFilter,
    ) -> Result<Vec<TapePrint>, StoreError> {
        let rows = sqlx::query(SELECT_NEWEST)
            .bind(filter.symbol.as_str())
            .bind(filter.from)
            .bind(filter.to)
            .bind(filter.min_notional.map(Numeric::from))
            .bind(filter.before.map(|place| place.session_date))
            .bind(filter.before.map(|place| place.reported_at))
            .bind(filter.before.map(|place| place.identity))
            .bind(i64::from(filter.limit.min(MAX_TAPE_PRINTS)))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read_print).collect()
    }

    /// The print with a key, if it is stored.
    ///
    /// # Errors
    /// The database refuses, or the stored row is broken.
    pub async fn tape_print(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
        identity: i64,
    ) -> Result<Option<TapePrint>, StoreError> {
        let row = sqlx::query(SELECT_ONE)
            .bind(symbol.as_str())
            .bind(session_date)
            .bind(identity)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read_print).transpose()
    }
}

/// Prints made ready, one for each key.
#[derive(Default)]
pub(super) struct Prints {
    pub(super) rows: BTreeMap<PrintKey, TapePrint>,
    /// What no column can hold.
    pub(super) refused: Vec<Rejected>,
    pub(super) refused_count: usize,
}

impl Prints {
    /// Takes prints in. Of two with one key the later received counts.
    ///
    /// # Errors
    /// A print is of another symbol or day.
    pub(super) fn add(&mut self, book: &BookKey, prints: &[TapePrint]) -> Result<(), StoreError> {
        for print in prints {
            if (&print.symbol, print.session_date) != (&book.0, book.1) {
                let key = format!("{} {}", print.symbol, print.session_date);
                let problem = format!("came in the book of {} {}", book.0, book.1);
                return Err(StoreError::broken(PRINTS, key, problem));
            }
            if let Some(reason) = problem(print) {
                self.refused.push(rejected(print, reason));
                self.refused_count += 1;
                continue;
            }
            let key = (print.symbol.clone(), print.session_date, print.identity);
            match self.rows.get_mut(&key) {
                Some(known) if known.received_at > print.received_at => {}
                Some(known) => *known = in_microseconds(print),
                None => {
                    self.rows.insert(key, in_microseconds(print));
                }
            }
        }
        Ok(())
    }
}

fn problem(print: &TapePrint) -> Option<&'static str> {
    let times = [print.executed_at, print.reported_at, print.received_at];
    if !times.into_iter().all(is_real_time) {
        return Some("a time lies outside 1990 to 2099");
    }
    print.trade_id.contains('\0').then_some("a text holds a zero byte")
}

pub(super) fn rejected(print: &TapePrint, reason: &str) -> Rejected {
    Rejected {
        vendor: VENDOR,
        kind: SlotKind::Tape,
        symbol: Some(print.symbol.to_string()),
        reason: reason.to_owned(),
        raw: format!("{print:?}"),
        received_at: to_real_time(print.received_at),
    }
}

fn in_microseconds(print: &TapePrint) -> TapePrint {
    TapePrint {
        executed_at: to_microseconds(print.executed_at),
        reported_at: to_microseconds(print.reported_at),
        received_at: to_microseconds(print.received_at),
        ..print.clone()
    }
}

/// Stores prints that are not there yet, and tells how many they were.
pub(super) async fn insert_new(
    connection: &mut PgConnection,
    rows: &BTreeMap<PrintKey, TapePrint>,
) -> Result<usize, StoreError> {
    let rows: Vec<Row<'_>> = rows.values().map(|print| Row { print, updated_at: None }).collect();
    insert(connection, &rows).await
}

/// A print to write.
pub(super) struct Row<'p> {
    pub(super) print: &'p TapePrint,
    /// When a later delivery changed it.
    pub(super) updated_at: Option<DateTime<Utc>>,
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    rows: &[Row<'_>],
) -> Result<usize, StoreError> {
    Columns::of(rows)
        .key("symbol", |row| row.print.symbol.as_str())
        .key("session_date", |row| row.print.session_date)
        .key("identity", |row| row.print.identity)
        .value("executed_at", |row| row.print.executed_at)
        .value("reported_at", |row| row.print.reported_at)
        .value("received_at", |row| row.print.received_at)
        .value("updated_at", |row| row.updated_at)
        .value("trf_id", |row| row.print.trf_id.map(i32::from))
        .value("trade_id", |row| &*row.print.trade_id)
        .value("sequence", |row| row.print.sequence)
        .value("price", |row| Numeric::from(row.print.price.get()))
        .value("size", |row| Numeric::from(row.print.size.get()))
        .value("conditions", |row| written(&row.print.conditions))
        .value("correction", |row| i32::from(row.print.correction))
        .value("reasons", |row| i32::from(row.print.reasons.bits()))
        .insert_new(connection, PRINTS)
        .await
}

/// The stored prints of some days.
pub(super) async fn of_days(
    connection: &mut PgConnection,
    keys: &[BookKey],
) -> Result<BTreeMap<PrintKey, TapePrint>, StoreError> {
    let rows = sqlx::query(SELECT_DAYS)
        .bind(keys.iter().map(|key| key.0.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.1).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let prints = rows.iter().map(|row| {
        let print = read_print(row)?;
        Ok(((print.symbol.clone(), print.session_date, print.identity), print))
    });
    prints.collect()
}

pub(super) async fn delete(
    connection: &mut PgConnection,
    keys: &[&PrintKey],
) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM trading.tape_prints p
         USING unnest($1::text[], $2::date[], $3::bigint[]) AS k (symbol, session_date, identity)
         WHERE p.symbol = k.symbol AND p.session_date = k.session_date AND p.identity = k.identity",
    )
    .bind(keys.iter().map(|key| key.0.as_str()).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.1).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.2).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

fn written(conditions: &Conditions) -> String {
    let ids = conditions.as_slice().iter().map(u16::to_string);
    ids.collect::<Vec<_>>().join(",")
}

fn read_print(row: &PgRow) -> Result<TapePrint, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "session_date", "identity"]);
    let reading = Reading { row, table: PRINTS, key };
    let code = |code: i32| u16::try_from(code).map_err(|error| reading.broken(error));
    Ok(TapePrint {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        identity: reading.get("identity")?,
        executed_at: reading.get("executed_at")?,
        reported_at: reading.get("reported_at")?,
        received_at: reading.get("received_at")?,
        trf_id: reading.get::<Option<i32>>("trf_id")?.map(code).transpose()?,
        trade_id: Box::from(reading.get::<&str>("trade_id")?),
        sequence: reading.get("sequence")?,
        price: reading.exact("price")?,
        size: reading.exact("size")?,
        conditions: read_conditions(&reading)?,
        correction: code(reading.get("correction")?)?,
        reasons: read_reasons(&reading)?,
    })
}

fn read_conditions(reading: &Reading<'_>) -> Result<Conditions, StoreError> {
    let mut conditions = Conditions::default();
    let text: &str = reading.get("conditions")?;
    for id in text.split(',').filter(|id| !id.is_empty()) {
        let id = id.parse().map_err(|error| reading.broken(format!("conditions: {error}")))?;
        conditions.push(id).map_err(|error| reading.broken(error))?;
    }
    Ok(conditions)
}
