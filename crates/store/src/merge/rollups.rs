//! Keeps the roll-ups exact.
//!
//! New prints only add, so their sums are made here and added to the stored ones. A changed print
//! takes away as well, and smallest, largest, first and last cannot be taken back: the day of a
//! changed print is summed anew from its prints. Changes are rare and come in clusters.
//!
//! Sums stay when retention drops the prints that they were made from. When prints of a dropped
//! month come back (a backfill of it), adding them would count them twice: such a day, too, is
//! summed anew, from what has come back.
//!
//! A day that has no sums yet gets its own by COPY; only where a day has some are they looked for one
//! by one. In a backfill nearly every day is new.
//!
//! Both ways must agree on every rule; a property test compares them on a real database.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::PgConnection;
use undertow_analysis::bins::cell_low;
use undertow_market::calendar::minute_of_day;
use undertow_market::{MarketSession, Reasons, Side, Symbol};

use super::TABLE;
use super::batch::{DOLLAR_SCALE, Row, SHARE_SCALE};
use super::existing::Verdict;
use crate::StoreError;
use crate::copy::CopyBuffer;
use crate::numeric::Numeric;
use crate::retention::pruned_to;

/// One symbol's trading day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
}

type CellKey<'b> = (&'b str, NaiveDate, MarketSession, Decimal);
type MinuteKey<'b> = (&'b str, NaiveDate, u16);

#[derive(Default)]
struct Cell {
    prints: i32,
    shares: i128,
    buy: i128,
    sell: i128,
    unknown: i128,
    largest: i128,
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    excluded_prints: i32,
    excluded_shares: i128,
    excluded: i128,
    canceled_prints: i32,
}

#[derive(Default)]
struct Minute {
    prints: i32,
    shares: i128,
    dollars: i128,
    level_eligible_shares: i128,
}

#[derive(Default)]
struct Sums<'b> {
    cells: BTreeMap<CellKey<'b>, Cell>,
    minutes: BTreeMap<MinuteKey<'b>, Minute>,
}

/// Brings the roll-ups in step with the rows that were just written.
pub(super) async fn apply(
    connection: &mut PgConnection,
    rows: &[Row<'_>],
    verdict: &Verdict,
) -> Result<(), StoreError> {
    let day = |row: &Row<'_>| Day {
        symbol: row.print.symbol.clone(),
        session_date: row.print.session_date,
    };
    let mut anew: BTreeSet<Day> = verdict.changed.iter().map(|index| day(&rows[*index])).collect();
    if let Some(pruned_to) = pruned_to(connection, TABLE).await? {
        let new = verdict.new.iter().map(|index| &rows[*index]);
        anew.extend(new.filter(|row| row.print.reported_at < pruned_to).map(day));
    }
    let mut sums = Sums::default();
    for row in verdict.new.iter().map(|index| &rows[*index]) {
        if anew.is_empty() || !anew.contains(&day(row)) {
            sums.add(row);
        }
    }
    let known = days_with_sums(connection, &sums).await?;
    let (new, more) = sums.split(&known);
    copy_cells(connection, &new.cells).await?;
    copy_minutes(connection, &new.minutes).await?;
    add_cells(connection, &more.cells).await?;
    add_minutes(connection, &more.minutes).await?;
    for day in &anew {
        rebuild(connection, day).await?;
    }
    Ok(())
}

impl<'b> Sums<'b> {
    fn add(&mut self, row: &Row<'b>) {
        let print = row.print;
        let (symbol, date) = (print.symbol.as_str(), print.session_date);
        let key = (symbol, date, print.session, cell_low(print.price));
        self.cells.entry(key).or_default().add(row);
        if !print.is_canceled() {
            let key = (symbol, date, minute_of_day(print.reported_at));
            self.minutes.entry(key).or_default().add(row);
        }
    }
}

impl<'b> Sums<'b> {
    /// The sums of days that have none yet, and those of the other days.
    fn split(self, known: &BTreeSet<(&'b str, NaiveDate)>) -> (Self, Self) {
        let (more_cells, cells) =
            self.cells.into_iter().partition(|(key, _)| known.contains(&(key.0, key.1)));
        let (more_minutes, minutes) =
            self.minutes.into_iter().partition(|(key, _)| known.contains(&(key.0, key.1)));
        (Self { cells, minutes }, Self { cells: more_cells, minutes: more_minutes })
    }

    fn days(&self) -> BTreeSet<(&'b str, NaiveDate)> {
        // Every minute is that of a print that is in a cell.
        self.cells.keys().map(|key| (key.0, key.1)).collect()
    }
}

/// Which of the days have sums already. Nobody adds any meanwhile: the merge holds the lock.
async fn days_with_sums<'b>(
    connection: &mut PgConnection,
    sums: &Sums<'b>,
) -> Result<BTreeSet<(&'b str, NaiveDate)>, StoreError> {
    let days: Vec<(&str, NaiveDate)> = sums.days().into_iter().collect();
    if days.is_empty() {
        return Ok(BTreeSet::new());
    }
    let known: Vec<i64> = sqlx::query_scalar(
        "SELECT day.number FROM unnest($1::text[], $2::date[]) WITH ORDINALITY
            AS day (symbol, session_date, number)
         WHERE EXISTS (
            SELECT FROM trading.darkpool_level_cells c
            WHERE c.symbol = day.symbol AND c.session_date = day.session_date)",
    )
    .bind(days.iter().map(|day| day.0).collect::<Vec<_>>())
    .bind(days.iter().map(|day| day.1).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let day = |number: i64| days.get(usize::try_from(number - 1).ok()?).copied();
    Ok(known.into_iter().filter_map(day).collect())
}

/// The column list must agree with what is encoded below it.
const COPY_CELLS: &str = "
    COPY trading.darkpool_level_cells (
        symbol, session_date, session, cell_low, prints, shares, notional, buy_notional,
        sell_notional, unknown_notional, largest_notional, first_at, last_at, excluded_prints,
        excluded_shares, excluded_notional, canceled_prints)
    FROM STDIN (FORMAT binary)";
const CELL_COLUMNS: i16 = 17;
/// A row in binary form, with room to spare.
const CELL_BYTES: usize = 260;

async fn copy_cells(
    connection: &mut PgConnection,
    cells: &BTreeMap<CellKey<'_>, Cell>,
) -> Result<(), StoreError> {
    let mut buffer = CopyBuffer::new(CELL_COLUMNS, 32 + CELL_BYTES * cells.len());
    for ((symbol, date, session, low), cell) in cells {
        buffer.row();
        buffer.text(symbol);
        buffer.date(*date);
        buffer.i16(i16::from(session.code()));
        buffer.numeric(Numeric::from(*low));
        buffer.i32(cell.prints);
        buffer.numeric(shares(cell.shares));
        buffer.numeric(dollars(cell.buy + cell.sell + cell.unknown));
        buffer.numeric(dollars(cell.buy));
        buffer.numeric(dollars(cell.sell));
        buffer.numeric(dollars(cell.unknown));
        buffer.numeric(dollars(cell.largest));
        buffer.optional(cell.span.map(|(first, _)| first), CopyBuffer::instant);
        buffer.optional(cell.span.map(|(_, last)| last), CopyBuffer::instant);
        buffer.i32(cell.excluded_prints);
        buffer.numeric(shares(cell.excluded_shares));
        buffer.numeric(dollars(cell.excluded));
        buffer.i32(cell.canceled_prints);
    }
    copy(connection, COPY_CELLS, buffer, cells.len()).await
}

/// The column list must agree with what is encoded below it.
const COPY_MINUTES: &str = "
    COPY trading.darkpool_activity_minutes (
        symbol, session_date, minute, prints, shares, notional, level_eligible_shares)
    FROM STDIN (FORMAT binary)";
const MINUTE_COLUMNS: i16 = 7;
const MINUTE_BYTES: usize = 120;

async fn copy_minutes(
    connection: &mut PgConnection,
    minutes: &BTreeMap<MinuteKey<'_>, Minute>,
) -> Result<(), StoreError> {
    let mut buffer = CopyBuffer::new(MINUTE_COLUMNS, 32 + MINUTE_BYTES * minutes.len());
    for ((symbol, date, number), minute) in minutes {
        buffer.row();
        buffer.text(symbol);
        buffer.date(*date);
        buffer.i16(number.cast_signed());
        buffer.i32(minute.prints);
        buffer.numeric(shares(minute.shares));
        buffer.numeric(dollars(minute.dollars));
        buffer.numeric(shares(minute.level_eligible_shares));
    }
    copy(connection, COPY_MINUTES, buffer, minutes.len()).await
}

async fn copy(
    connection: &mut PgConnection,
    statement: &'static str,
    buffer: CopyBuffer,
    rows: usize,
) -> Result<(), StoreError> {
    if rows > 0 {
        let mut copy = connection.copy_in_raw(statement).await?;
        copy.send(buffer.finish()).await?;
        copy.finish().await?;
    }
    Ok(())
}

impl Cell {
    fn add(&mut self, row: &Row<'_>) {
        let print = row.print;
        if print.is_canceled() {
            self.canceled_prints += 1;
            return;
        }
        if !print.is_level_eligible() {
            self.excluded_prints += 1;
            self.excluded_shares += row.shares;
            self.excluded += row.dollars;
            return;
        }
        self.prints += 1;
        self.shares += row.shares;
        match print.side() {
            Side::Buy => self.buy += row.dollars,
            Side::Sell => self.sell += row.dollars,
            Side::Unknown => self.unknown += row.dollars,
        }
        self.largest = self.largest.max(row.dollars);
        let (first, last) = self.span.unwrap_or((print.executed_at, print.executed_at));
        self.span = Some((first.min(print.executed_at), last.max(print.executed_at)));
    }
}

impl Minute {
    fn add(&mut self, row: &Row<'_>) {
        self.prints += 1;
        self.shares += row.shares;
        self.dollars += row.dollars;
        if row.print.is_level_eligible() {
            self.level_eligible_shares += row.shares;
        }
    }
}

fn column<K, V, T>(map: &BTreeMap<K, V>, value: impl Fn(&K, &V) -> T) -> Vec<T> {
    map.iter().map(|(key, sums)| value(key, sums)).collect()
}

fn dollars(value: i128) -> Numeric {
    Numeric::new(value, DOLLAR_SCALE)
}

fn shares(value: i128) -> Numeric {
    Numeric::new(value, SHARE_SCALE)
}

async fn add_cells(
    connection: &mut PgConnection,
    cells: &BTreeMap<CellKey<'_>, Cell>,
) -> Result<(), StoreError> {
    if cells.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO trading.darkpool_level_cells AS c (
            symbol, session_date, session, cell_low, prints, shares, notional, buy_notional,
            sell_notional, unknown_notional, largest_notional, first_at, last_at,
            excluded_prints, excluded_shares, excluded_notional, canceled_prints)
         SELECT * FROM unnest(
            $1::text[], $2::date[], $3::smallint[], $4::numeric[], $5::integer[], $6::numeric[],
            $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[], $11::numeric[],
            $12::timestamptz[], $13::timestamptz[], $14::integer[], $15::numeric[],
            $16::numeric[], $17::integer[])
         ON CONFLICT (symbol, session_date, session, cell_low) DO UPDATE SET
            prints = c.prints + excluded.prints,
            shares = c.shares + excluded.shares,
            notional = c.notional + excluded.notional,
            buy_notional = c.buy_notional + excluded.buy_notional,
            sell_notional = c.sell_notional + excluded.sell_notional,
            unknown_notional = c.unknown_notional + excluded.unknown_notional,
            largest_notional = greatest(c.largest_notional, excluded.largest_notional),
            first_at = least(c.first_at, excluded.first_at),
            last_at = greatest(c.last_at, excluded.last_at),
            excluded_prints = c.excluded_prints + excluded.excluded_prints,
            excluded_shares = c.excluded_shares + excluded.excluded_shares,
            excluded_notional = c.excluded_notional + excluded.excluded_notional,
            canceled_prints = c.canceled_prints + excluded.canceled_prints",
    )
    .bind(column(cells, |key, _| key.0))
    .bind(column(cells, |key, _| key.1))
    .bind(column(cells, |key, _| i16::from(key.2.code())))
    .bind(column(cells, |key, _| Numeric::from(key.3)))
    .bind(column(cells, |_, cell| cell.prints))
    .bind(column(cells, |_, cell| shares(cell.shares)))
    .bind(column(cells, |_, cell| dollars(cell.buy + cell.sell + cell.unknown)))
    .bind(column(cells, |_, cell| dollars(cell.buy)))
    .bind(column(cells, |_, cell| dollars(cell.sell)))
    .bind(column(cells, |_, cell| dollars(cell.unknown)))
    .bind(column(cells, |_, cell| dollars(cell.largest)))
    .bind(column(cells, |_, cell| cell.span.map(|(first, _)| first)))
    .bind(column(cells, |_, cell| cell.span.map(|(_, last)| last)))
    .bind(column(cells, |_, cell| cell.excluded_prints))
    .bind(column(cells, |_, cell| shares(cell.excluded_shares)))
    .bind(column(cells, |_, cell| dollars(cell.excluded)))
    .bind(column(cells, |_, cell| cell.canceled_prints))
    .execute(connection)
    .await?;
    Ok(())
}

async fn add_minutes(
    connection: &mut PgConnection,
    minutes: &BTreeMap<MinuteKey<'_>, Minute>,
) -> Result<(), StoreError> {
    if minutes.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO trading.darkpool_activity_minutes AS m (
            symbol, session_date, minute, prints, shares, notional, level_eligible_shares)
         SELECT * FROM unnest(
            $1::text[], $2::date[], $3::smallint[], $4::integer[], $5::numeric[], $6::numeric[],
            $7::numeric[])
         ON CONFLICT (symbol, session_date, minute) DO UPDATE SET
            prints = m.prints + excluded.prints,
            shares = m.shares + excluded.shares,
            notional = m.notional + excluded.notional,
            level_eligible_shares = m.level_eligible_shares + excluded.level_eligible_shares",
    )
    .bind(column(minutes, |key, _| key.0))
    .bind(column(minutes, |key, _| key.1))
    .bind(column(minutes, |key, _| key.2.cast_signed()))
    .bind(column(minutes, |_, minute| minute.prints))
    .bind(column(minutes, |_, minute| shares(minute.shares)))
    .bind(column(minutes, |_, minute| dollars(minute.dollars)))
    .bind(column(minutes, |_, minute| shares(minute.level_eligible_shares)))
    .execute(connection)
    .await?;
    Ok(())
}

/// Sums one day anew from its prints.
pub(super) async fn rebuild(connection: &mut PgConnection, day: &Day) -> Result<(), sqlx::Error> {
    for statement in [DELETE_CELLS, DELETE_MINUTES] {
        sqlx::query(statement)
            .bind(day.symbol.as_str())
            .bind(day.session_date)
            .execute(&mut *connection)
            .await?;
    }
    for statement in [SUM_CELLS, SUM_MINUTES] {
        sqlx::query(statement)
            .bind(day.symbol.as_str())
            .bind(day.session_date)
            .bind(i32::from(Reasons::NOT_LEVEL_ELIGIBLE.bits()))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

const DELETE_CELLS: &str =
    "DELETE FROM trading.darkpool_level_cells WHERE symbol = $1 AND session_date = $2";
const DELETE_MINUTES: &str =
    "DELETE FROM trading.darkpool_activity_minutes WHERE symbol = $1 AND session_date = $2";

/// The days around the date let the key find the rows; a tape day never strays further.
macro_rules! prints_of_day {
    () => {
        "FROM (SELECT *, (reasons & $3) = 0 AS eligible,
                      CASE WHEN price < 100 THEN 0.01 WHEN price < 1000 THEN 0.05 ELSE 0.50 END AS width
               FROM trading.darkpool_trades
               WHERE symbol = $1 AND session_date = $2
                 AND reported_at >= ($2 - 2)::timestamp AT TIME ZONE 'UTC'
                 AND reported_at < ($2 + 3)::timestamp AT TIME ZONE 'UTC') p"
    };
}

const SUM_CELLS: &str = concat!(
    "INSERT INTO trading.darkpool_level_cells (
        symbol, session_date, session, cell_low, prints, shares, notional, buy_notional,
        sell_notional, unknown_notional, largest_notional, first_at, last_at,
        excluded_prints, excluded_shares, excluded_notional, canceled_prints)
     SELECT symbol, session_date, session, trim_scale(floor(price / width) * width) AS cell,
        count(*) FILTER (WHERE eligible),
        trim_scale(coalesce(sum(size) FILTER (WHERE eligible), 0)),
        trim_scale(coalesce(sum(notional) FILTER (WHERE eligible), 0)),
        trim_scale(coalesce(sum(notional) FILTER (WHERE eligible AND side_state IN (1, 2, 3)), 0)),
        trim_scale(coalesce(sum(notional) FILTER (WHERE eligible AND side_state IN (5, 6, 7)), 0)),
        trim_scale(coalesce(sum(notional) FILTER (WHERE eligible AND side_state IN (4, 10, 11, 12, 13, 14)), 0)),
        trim_scale(coalesce(max(notional) FILTER (WHERE eligible), 0)),
        min(executed_at) FILTER (WHERE eligible),
        max(executed_at) FILTER (WHERE eligible),
        count(*) FILTER (WHERE NOT eligible AND NOT canceled),
        trim_scale(coalesce(sum(size) FILTER (WHERE NOT eligible AND NOT canceled), 0)),
        trim_scale(coalesce(sum(notional) FILTER (WHERE NOT eligible AND NOT canceled), 0)),
        count(*) FILTER (WHERE canceled) ",
    prints_of_day!(),
    " GROUP BY symbol, session_date, session, cell"
);

const SUM_MINUTES: &str = concat!(
    "INSERT INTO trading.darkpool_activity_minutes (
        symbol, session_date, minute, prints, shares, notional, level_eligible_shares)
     SELECT symbol, session_date,
        (extract(hour FROM wall) * 60 + extract(minute FROM wall))::smallint AS minute_of_day,
        count(*), trim_scale(sum(size)), trim_scale(sum(notional)),
        trim_scale(coalesce(sum(size) FILTER (WHERE eligible), 0)) ",
    prints_of_day!(),
    " CROSS JOIN LATERAL (SELECT reported_at AT TIME ZONE 'America/New_York' AS wall) w
     WHERE NOT canceled
     GROUP BY symbol, session_date, minute_of_day"
);
