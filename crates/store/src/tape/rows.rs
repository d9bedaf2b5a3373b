//! Sums of the tape on their way into the tables and back.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use undertow_analysis::tape::TapePart;
use undertow_market::{
    Reasons, Symbol, TapeApart, TapeCell, TapeMinute, TapeVolume, TooMuchVolume,
};

use super::BookKey;
use crate::StoreError;
use crate::columns::Columns;
use crate::numeric::Numeric;
use crate::prints::read_reasons;
use crate::row::{Reading, key_of};

pub(super) const MINUTES: &str = "tape_minutes";
pub(super) const APART: &str = "tape_apart";
pub(super) const CELLS: &str = "tape_cells";
const LIT: [&str; 3] = ["lit_trades", "lit_shares", "lit_notional"];
const OFF: [&str; 3] = ["off_trades", "off_shares", "off_notional"];
const BARE: [&str; 3] = ["trades", "shares", "notional"];

pub(super) type MinuteKey = (Symbol, NaiveDate, u16);
pub(super) type CellKey = (Symbol, NaiveDate, Decimal);

/// What a minute says beside its two sums, one row each.
pub(super) struct ApartRow {
    symbol: Symbol,
    session_date: NaiveDate,
    minute: u16,
    apart: TapeApart,
}

/// The sums of parts, one row for each key.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) minutes: BTreeMap<MinuteKey, TapeMinute>,
    pub(super) cells: BTreeMap<CellKey, TapeCell>,
}

impl Sums {
    /// Counts a part in. A key that is there already grows.
    ///
    /// # Errors
    /// A row is of another symbol or day, or no column can hold it.
    pub(super) fn add(&mut self, book: &BookKey, part: &TapePart) -> Result<(), StoreError> {
        for minute in &part.minutes {
            check(MINUTES, book, (&minute.symbol, minute.session_date))?;
            check_volumes(MINUTES, book, [&minute.lit, &minute.off_exchange])?;
            check_volumes(MINUTES, book, minute.apart.iter().map(|apart| &apart.volume))?;
            let key = (minute.symbol.clone(), minute.session_date, minute.minute);
            let too_much = too_much(MINUTES, book);
            match self.minutes.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(in_order(minute.clone()).map_err(too_much)?);
                }
                Entry::Occupied(mut known) => {
                    merge_minutes(known.get_mut(), minute).map_err(too_much)?;
                }
            }
        }
        for cell in &part.cells {
            check(CELLS, book, (&cell.symbol, cell.session_date))?;
            check_volumes(CELLS, book, [&cell.lit, &cell.off_exchange])?;
            let key = (cell.symbol.clone(), cell.session_date, cell.cell_low);
            match self.cells.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(cell.clone());
                }
                Entry::Occupied(mut known) => {
                    merge_cells(known.get_mut(), cell).map_err(too_much(CELLS, book))?;
                }
            }
        }
        Ok(())
    }
}

fn check(
    table: &'static str,
    book: &BookKey,
    (symbol, session_date): (&Symbol, NaiveDate),
) -> Result<(), StoreError> {
    if (symbol, session_date) == (&book.0, book.1) {
        return Ok(());
    }
    let key = format!("{symbol} {session_date}");
    Err(StoreError::broken(table, key, format!("came in the book of {} {}", book.0, book.1)))
}

fn check_volumes<'v>(
    table: &'static str,
    (symbol, session_date): &BookKey,
    volumes: impl IntoIterator<Item = &'v TapeVolume>,
) -> Result<(), StoreError> {
    let fits = |volume: &TapeVolume| i32::try_from(volume.trades).is_ok();
    if volumes.into_iter().all(fits) {
        return Ok(());
    }
    Err(StoreError::broken(table, format!("{symbol} {session_date}"), "too many trades to count"))
}

fn too_much(
    table: &'static str,
    (symbol, session_date): &BookKey,
) -> impl Fn(TooMuchVolume) -> StoreError {
    move |error| StoreError::broken(table, format!("{symbol} {session_date}"), error)
}

fn merge_minutes(known: &mut TapeMinute, other: &TapeMinute) -> Result<(), TooMuchVolume> {
    known.lit.merge(&other.lit)?;
    known.off_exchange.merge(&other.off_exchange)?;
    known.apart.extend_from_slice(&other.apart);
    *known = in_order(known.clone())?;
    Ok(())
}

fn merge_cells(known: &mut TapeCell, other: &TapeCell) -> Result<(), TooMuchVolume> {
    known.lit.merge(&other.lit)?;
    known.off_exchange.merge(&other.off_exchange)
}

/// The same minute with one sum for each place and set of reasons, in the order of the key.
fn in_order(mut minute: TapeMinute) -> Result<TapeMinute, TooMuchVolume> {
    let key = |apart: &TapeApart| (apart.is_off_exchange, apart.reasons.bits());
    minute.apart.sort_by_key(key);
    let mut sums: Vec<TapeApart> = Vec::with_capacity(minute.apart.len());
    for apart in minute.apart {
        match sums.last_mut().filter(|last| key(last) == key(&apart)) {
            Some(last) => last.volume.merge(&apart.volume)?,
            None => sums.push(apart),
        }
    }
    Ok(TapeMinute { apart: sums, ..minute })
}

pub(super) fn apart_of<'m>(minutes: impl Iterator<Item = &'m TapeMinute>) -> Vec<ApartRow> {
    let rows = minutes.flat_map(|minute| {
        minute.apart.iter().map(|apart| ApartRow {
            symbol: minute.symbol.clone(),
            session_date: minute.session_date,
            minute: minute.minute,
            apart: *apart,
        })
    });
    rows.collect()
}

pub(super) fn minute_columns(rows: &[TapeMinute]) -> Columns<'_, TapeMinute> {
    let columns = Columns::of(rows)
        .key("symbol", |row| row.symbol.as_str())
        .key("session_date", |row| row.session_date)
        .key("minute", |row| minute_code(row.minute));
    let columns = volume_columns(columns, LIT, |row| &row.lit);
    volume_columns(columns, OFF, |row| &row.off_exchange)
}

pub(super) fn apart_columns(rows: &[ApartRow]) -> Columns<'_, ApartRow> {
    let columns = Columns::of(rows)
        .key("symbol", |row| row.symbol.as_str())
        .key("session_date", |row| row.session_date)
        .key("minute", |row| minute_code(row.minute))
        .key("is_off_exchange", |row| row.apart.is_off_exchange)
        .key("reasons", |row| i32::from(row.apart.reasons.bits()));
    volume_columns(columns, BARE, |row| &row.apart.volume)
}

pub(super) fn cell_columns(rows: &[TapeCell]) -> Columns<'_, TapeCell> {
    let columns = Columns::of(rows)
        .key("symbol", |row| row.symbol.as_str())
        .key("session_date", |row| row.session_date)
        .key("cell_low", |row| Numeric::from(row.cell_low));
    let columns = volume_columns(columns, LIT, |row| &row.lit);
    volume_columns(columns, OFF, |row| &row.off_exchange)
}

fn volume_columns<'r, R>(
    columns: Columns<'r, R>,
    [trades, shares, notional]: [&'static str; 3],
    volume: fn(&R) -> &TapeVolume,
) -> Columns<'r, R> {
    columns
        // Larger counts were refused.
        .value(trades, move |row| i32::try_from(volume(row).trades).unwrap_or(i32::MAX))
        .value(shares, move |row| Numeric::from(volume(row).shares))
        .value(notional, move |row| Numeric::from(volume(row).notional))
}

/// A minute that is none is refused by the table.
pub(super) fn minute_code(minute: u16) -> i16 {
    i16::try_from(minute).unwrap_or(i16::MAX)
}

/// A minute without what is apart from it.
pub(super) fn read_minute(row: &PgRow) -> Result<TapeMinute, StoreError> {
    let reading = reading_minute(row, MINUTES);
    Ok(TapeMinute {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        minute: minute_of(&reading)?,
        lit: read_volume(&reading, LIT)?,
        off_exchange: read_volume(&reading, OFF)?,
        apart: Vec::new(),
    })
}

/// What is apart from a minute, and which minute that is.
pub(super) fn read_apart(row: &PgRow) -> Result<(MinuteKey, TapeApart), StoreError> {
    let reading = reading_minute(row, APART);
    let key = (reading.symbol()?, reading.get("session_date")?, minute_of(&reading)?);
    Ok((key, read_apart_sum(&reading)?))
}

pub(super) fn read_apart_sum(reading: &Reading<'_>) -> Result<TapeApart, StoreError> {
    let reasons = read_reasons(reading)?;
    if !Reasons::NOT_LEVEL_ELIGIBLE.contains(reasons) {
        return Err(reading.broken("a reason that keeps nothing out of levels"));
    }
    let is_off_exchange = reading.get("is_off_exchange")?;
    Ok(TapeApart { is_off_exchange, reasons, volume: read_volume(reading, BARE)? })
}

pub(super) fn read_cell(row: &PgRow) -> Result<TapeCell, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "session_date"]);
    let reading = Reading { row, table: CELLS, key };
    Ok(TapeCell {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        cell_low: reading.decimal("cell_low")?,
        lit: read_volume(&reading, LIT)?,
        off_exchange: read_volume(&reading, OFF)?,
    })
}

fn reading_minute<'r>(row: &'r PgRow, table: &'static str) -> Reading<'r> {
    Reading { row, table, key: |row| key_of(row, &["symbol", "session_date"]) }
}

fn minute_of(reading: &Reading<'_>) -> Result<u16, StoreError> {
    let minute: i16 = reading.get("minute")?;
    u16::try_from(minute).map_err(|error| reading.broken(error))
}

fn read_volume(
    reading: &Reading<'_>,
    [trades, shares, notional]: [&'static str; 3],
) -> Result<TapeVolume, StoreError> {
    let count: i32 = reading.get(trades)?;
    let count = u32::try_from(count).map_err(|error| reading.broken(error))?;
    let (shares, notional) = (reading.decimal(shares)?, reading.decimal(notional)?);
    Ok(TapeVolume { trades: count, shares, notional })
}
