//! Table `darkpool_day_sums`: what the prints of a symbol's trading day come to, by price cell and
//! by minute. One row a day, packed (docs/adr/0015).
//!
//! Only the writer makes these rows (see `merge::rollups`); [`crate::levels`] and
//! [`crate::activity`] read them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgConnection;
use undertow_market::Symbol;

use crate::StoreError;
use crate::numeric::Numeric;
use crate::packed::{Broken, Packer, Unpacker};

/// The table's name, for errors.
pub(crate) const TABLE: &str = "darkpool_day_sums";
/// Digits after the point of a price times a size.
pub(crate) const DOLLAR_SCALE: u32 = 16;
/// Digits after the point of a size.
pub(crate) const SHARE_SCALE: u32 = 8;
/// Digits after the point of the lower edge of a cell.
pub(crate) const LOW_SCALE: u32 = 2;

/// The part of the day as a code, and the lower edge in cents.
pub(crate) type CellKey = (u8, i64);

/// One symbol's trading day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
}

/// The sums of a symbol's trading day.
#[derive(Default)]
pub(crate) struct DaySums {
    pub(crate) cells: BTreeMap<CellKey, CellSums>,
    /// By minutes since midnight in New York.
    pub(crate) minutes: BTreeMap<u16, MinuteSums>,
}

/// Sums over the prints of a price cell. Shares and dollars are times ten to the power of their
/// scale.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CellSums {
    pub(crate) prints: i64,
    pub(crate) shares: i128,
    pub(crate) buy: i128,
    pub(crate) sell: i128,
    pub(crate) unknown: i128,
    pub(crate) largest: i128,
    /// When the first and the last print were executed, in microseconds since 1970.
    pub(crate) span: Option<(i64, i64)>,
    pub(crate) excluded_prints: i64,
    pub(crate) excluded_shares: i128,
    pub(crate) excluded: i128,
    pub(crate) canceled_prints: i64,
}

/// Sums over the prints of a minute.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MinuteSums {
    pub(crate) prints: i64,
    pub(crate) shares: i128,
    pub(crate) dollars: i128,
    pub(crate) level_eligible_shares: i128,
}

impl DaySums {
    pub(crate) fn unpack(cells: &[u8], minutes: &[u8]) -> Result<Self, Broken> {
        Ok(Self {
            cells: unpack_cells(cells)?.into_iter().collect(),
            minutes: unpack_minutes(minutes)?.into_iter().collect(),
        })
    }
}

impl CellSums {
    pub(crate) fn notional(&self) -> i128 {
        self.buy + self.sell + self.unknown
    }

    /// Adds the sums of another cell.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.prints += other.prints;
        self.shares += other.shares;
        self.buy += other.buy;
        self.sell += other.sell;
        self.unknown += other.unknown;
        self.largest = self.largest.max(other.largest);
        self.span = match (self.span, other.span) {
            (Some((first, last)), Some((a, z))) => Some((first.min(a), last.max(z))),
            (one, another) => one.or(another),
        };
        self.excluded_prints += other.excluded_prints;
        self.excluded_shares += other.excluded_shares;
        self.excluded += other.excluded;
        self.canceled_prints += other.canceled_prints;
    }

    /// Whether anything but cancelled prints is in it.
    pub(crate) fn counts(&self) -> bool {
        self.prints > 0 || self.excluded_prints > 0
    }

    pub(crate) fn first_at(&self) -> Option<DateTime<Utc>> {
        self.span.and_then(|(first, _)| DateTime::from_timestamp_micros(first))
    }

    pub(crate) fn last_at(&self) -> Option<DateTime<Utc>> {
        self.span.and_then(|(_, last)| DateTime::from_timestamp_micros(last))
    }
}

pub(crate) fn dollars(value: i128) -> Numeric {
    Numeric::new(value, DOLLAR_SCALE)
}

pub(crate) fn shares(value: i128) -> Numeric {
    Numeric::new(value, SHARE_SCALE)
}

/// The row of a day is not as it should be.
pub(crate) fn broken(day: &Day, problem: impl ToString) -> StoreError {
    StoreError::broken(TABLE, format!("{} {}", day.symbol, day.session_date), problem)
}

/// The stored sums of some days. A day that has none is left out.
pub(crate) async fn read_days(
    connection: &mut PgConnection,
    days: &BTreeSet<Day>,
) -> Result<BTreeMap<Day, DaySums>, StoreError> {
    if days.is_empty() {
        return Ok(BTreeMap::new());
    }
    let days: Vec<&Day> = days.iter().collect();
    let rows: Vec<(i64, Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT day.number, s.cells, s.minutes
         FROM unnest($1::text[], $2::date[]) WITH ORDINALITY AS day (symbol, session_date, number)
         JOIN trading.darkpool_day_sums s USING (symbol, session_date)",
    )
    .bind(days.iter().map(|day| day.symbol.as_str()).collect::<Vec<_>>())
    .bind(days.iter().map(|day| day.session_date).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let read = |(number, cells, minutes): (i64, Vec<u8>, Vec<u8>)| {
        let day = usize::try_from(number - 1).ok().and_then(|number| days.get(number));
        let day = *day.expect("the database numbers what it was given, from 1");
        let sums = DaySums::unpack(&cells, &minutes).map_err(|problem| broken(day, problem))?;
        Ok((day.clone(), sums))
    };
    rows.into_iter().map(read).collect()
}

/// Puts sums in the place of those that are stored. A day without prints loses its row.
pub(crate) async fn put_days(
    connection: &mut PgConnection,
    days: &BTreeMap<Day, DaySums>,
) -> Result<(), StoreError> {
    let (empty, full): (Vec<_>, Vec<_>) = days.iter().partition(|(_, sums)| sums.cells.is_empty());
    if !empty.is_empty() {
        sqlx::query(
            "DELETE FROM trading.darkpool_day_sums s
             USING unnest($1::text[], $2::date[]) AS day (symbol, session_date)
             WHERE s.symbol = day.symbol AND s.session_date = day.session_date",
        )
        .bind(empty.iter().map(|(day, _)| day.symbol.as_str()).collect::<Vec<_>>())
        .bind(empty.iter().map(|(day, _)| day.session_date).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    }
    if !full.is_empty() {
        sqlx::query(
            "INSERT INTO trading.darkpool_day_sums (symbol, session_date, cells, minutes)
             SELECT * FROM unnest($1::text[], $2::date[], $3::bytea[], $4::bytea[])
             ON CONFLICT (symbol, session_date) DO UPDATE SET
                cells = excluded.cells, minutes = excluded.minutes",
        )
        .bind(full.iter().map(|(day, _)| day.symbol.as_str()).collect::<Vec<_>>())
        .bind(full.iter().map(|(day, _)| day.session_date).collect::<Vec<_>>())
        .bind(full.iter().map(|(_, sums)| pack_cells(&sums.cells)).collect::<Vec<_>>())
        .bind(full.iter().map(|(_, sums)| pack_minutes(&sums.minutes)).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// The columns in the order of [`unpack_cells`]. Sums that a cell without such prints cannot have
/// are left out of it.
pub(crate) fn pack_cells(cells: &BTreeMap<CellKey, CellSums>) -> Vec<u8> {
    let all: Vec<&CellSums> = cells.values().collect();
    let eligible: Vec<&CellSums> = cells.values().filter(|cell| cell.prints > 0).collect();
    let excluded: Vec<&CellSums> = cells.values().filter(|cell| cell.excluded_prints > 0).collect();
    let mut packer = Packer::new(cells.len());
    packer.column(&cells.keys().map(|key| key.0.into()).collect::<Vec<_>>());
    packer.column(&cells.keys().map(|key| key.1.into()).collect::<Vec<_>>());
    packer.column(&column(&all, |cell| cell.prints.into()));
    packer.column(&column(&all, |cell| cell.excluded_prints.into()));
    packer.column(&column(&all, |cell| cell.canceled_prints.into()));
    packer.scaled(&column(&eligible, |cell| cell.shares));
    packer.scaled(&column(&eligible, |cell| cell.buy));
    packer.scaled(&column(&eligible, |cell| cell.sell));
    packer.scaled(&column(&eligible, |cell| cell.unknown));
    packer.scaled(&column(&eligible, |cell| cell.largest));
    packer.column(&column(&eligible, |cell| cell.span.unwrap_or_default().0.into()));
    packer.column(&column(&eligible, |cell| cell.span.map_or(0, |(a, z)| z - a).into()));
    packer.scaled(&column(&excluded, |cell| cell.excluded_shares));
    packer.scaled(&column(&excluded, |cell| cell.excluded));
    packer.finish()
}

/// The cells in the order of their keys.
pub(crate) fn unpack_cells(bytes: &[u8]) -> Result<Vec<(CellKey, CellSums)>, Broken> {
    let (mut packed, rows) = Unpacker::new(bytes)?;
    let (sessions, lows) = (packed.column(rows)?, packed.column(rows)?);
    let prints = packed.column(rows)?;
    let (excluded_prints, canceled_prints) = (packed.column(rows)?, packed.column(rows)?);
    let eligible = prints.iter().filter(|prints| **prints > 0).count();
    let excluded = excluded_prints.iter().filter(|prints| **prints > 0).count();
    let (shares, buy) = (packed.scaled(eligible)?, packed.scaled(eligible)?);
    let (sell, unknown) = (packed.scaled(eligible)?, packed.scaled(eligible)?);
    let largest = packed.scaled(eligible)?;
    let (first, length) = (packed.column(eligible)?, packed.column(eligible)?);
    let (excluded_shares, excluded) = (packed.scaled(excluded)?, packed.scaled(excluded)?);
    packed.finish()?;
    let (mut next_eligible, mut next_excluded) = (0, 0);
    let mut cells = Vec::with_capacity(rows);
    for row in 0..rows {
        let mut cell = CellSums {
            prints: fit(prints[row])?,
            excluded_prints: fit(excluded_prints[row])?,
            canceled_prints: fit(canceled_prints[row])?,
            ..CellSums::default()
        };
        if cell.prints > 0 {
            let at = next_eligible;
            next_eligible += 1;
            (cell.shares, cell.largest) = (shares[at], largest[at]);
            (cell.buy, cell.sell, cell.unknown) = (buy[at], sell[at], unknown[at]);
            cell.span = Some((fit(first[at])?, fit(first[at].saturating_add(length[at]))?));
        }
        if cell.excluded_prints > 0 {
            let at = next_excluded;
            next_excluded += 1;
            (cell.excluded_shares, cell.excluded) = (excluded_shares[at], excluded[at]);
        }
        cells.push(((fit(sessions[row])?, fit(lows[row])?), cell));
    }
    Ok(cells)
}

/// The columns in the order of [`unpack_minutes`].
pub(crate) fn pack_minutes(minutes: &BTreeMap<u16, MinuteSums>) -> Vec<u8> {
    let all: Vec<&MinuteSums> = minutes.values().collect();
    let mut packer = Packer::new(minutes.len());
    packer.column(&minutes.keys().map(|minute| (*minute).into()).collect::<Vec<_>>());
    packer.column(&column(&all, |minute| minute.prints.into()));
    packer.scaled(&column(&all, |minute| minute.shares));
    packer.scaled(&column(&all, |minute| minute.dollars));
    packer.scaled(&column(&all, |minute| minute.level_eligible_shares));
    packer.finish()
}

/// The minutes in order.
pub(crate) fn unpack_minutes(bytes: &[u8]) -> Result<Vec<(u16, MinuteSums)>, Broken> {
    let (mut packed, rows) = Unpacker::new(bytes)?;
    let (minutes, prints) = (packed.column(rows)?, packed.column(rows)?);
    let (shares, dollars) = (packed.scaled(rows)?, packed.scaled(rows)?);
    let level_eligible_shares = packed.scaled(rows)?;
    packed.finish()?;
    let minute = |row: usize| {
        let sums = MinuteSums {
            prints: fit(prints[row])?,
            shares: shares[row],
            dollars: dollars[row],
            level_eligible_shares: level_eligible_shares[row],
        };
        Ok((fit(minutes[row])?, sums))
    };
    (0..rows).map(minute).collect()
}

fn column<R>(rows: &[&R], value: impl Fn(&R) -> i128) -> Vec<i128> {
    rows.iter().map(|row| value(row)).collect()
}

fn fit<T: TryFrom<i128>>(value: i128) -> Result<T, Broken> {
    T::try_from(value).map_err(|_| "a packed number is out of its range")
}
