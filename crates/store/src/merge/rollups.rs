//! Keeps the roll-ups exact.
//!
//! New prints only add: the sums of their days are read, grow, and are written back. A changed
//! print takes away as well, and smallest, largest, first and last cannot be taken back: the day of
//! a changed print is summed anew from its prints. Changes are rare and come in clusters.
//!
//! Sums stay when retention drops the prints that they were made from. When prints of a dropped
//! month come back (a backfill of it), adding them would count them twice: such a day, too, is
//! summed anew, from what has come back.
//!
//! Reading, adding and writing back is sound because a merge holds the lock: nobody else writes
//! these rows until it commits.
//!
//! Both ways must agree on every rule; a property test compares them on a real database.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use undertow_analysis::bins::cell_low;
use undertow_market::calendar::minute_of_day;
use undertow_market::{Print, Reasons, Side};

use super::TABLE;
use super::batch::Row;
use super::existing::Verdict;
use crate::StoreError;
use crate::day_sums::{
    self, CellKey, CellSums, DOLLAR_SCALE, Day, DaySums, LOW_SCALE, MinuteSums, SHARE_SCALE,
    put_days, read_days,
};
use crate::numeric::Numeric;
use crate::retention::pruned_to;

/// Brings the roll-ups in step with the rows that were just written.
pub(super) async fn apply(
    connection: &mut PgConnection,
    rows: &[Row<'_>],
    verdict: &Verdict,
) -> Result<(), StoreError> {
    let mut anew: BTreeSet<Day> = verdict.changed.iter().map(|index| rows[*index].day()).collect();
    if let Some(pruned_to) = pruned_to(connection, TABLE).await? {
        let new = verdict.new.iter().map(|index| &rows[*index]);
        anew.extend(new.filter(|row| row.print.reported_at < pruned_to).map(Row::day));
    }
    let mut new: Vec<&Row<'_>> = verdict.new.iter().map(|index| &rows[*index]).collect();
    if !anew.is_empty() {
        new.retain(|row| !anew.contains(&row.day()));
    }
    let by_day = || new.chunk_by(|a, b| a.is_of_the_day_of(b));
    let grown: BTreeSet<Day> = by_day().map(|rows| rows[0].day()).collect();
    let mut sums = read_days(connection, &grown).await?;
    for rows in by_day() {
        let day = sums.entry(rows[0].day()).or_default();
        rows.iter().for_each(|row| day.add(row));
    }
    for day in anew {
        sums.insert(day.clone(), sum(connection, &day).await?);
    }
    put_days(connection, &sums).await
}

/// Sums one day anew from its prints.
pub(super) async fn rebuild(connection: &mut PgConnection, day: &Day) -> Result<(), StoreError> {
    let sums = sum(connection, day).await?;
    put_days(connection, &[(day.clone(), sums)].into()).await
}

impl Row<'_> {
    fn day(&self) -> Day {
        Day { symbol: self.print.symbol.clone(), session_date: self.print.session_date }
    }

    fn is_of_the_day_of(&self, other: &Self) -> bool {
        let (this, other) = (self.print, other.print);
        this.session_date == other.session_date && this.symbol == other.symbol
    }
}

impl DaySums {
    fn add(&mut self, row: &Row<'_>) {
        let print = row.print;
        self.cells.entry(cell_key(print)).or_default().add(row);
        if !print.is_canceled() {
            self.minutes.entry(minute_of_day(print.reported_at)).or_default().add(row);
        }
    }
}

fn cell_key(print: &Print) -> CellKey {
    let low = Numeric::from(cell_low(print.price)).at_scale(LOW_SCALE);
    let low = low.and_then(|low| i64::try_from(low).ok());
    (print.session.code(), low.expect("cells start at whole cents, and prices are below 1e12"))
}

impl CellSums {
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
        let at = print.executed_at.timestamp_micros();
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
    }
}

impl MinuteSums {
    fn add(&mut self, row: &Row<'_>) {
        self.prints += 1;
        self.shares += row.shares;
        self.dollars += row.dollars;
        if row.print.is_level_eligible() {
            self.level_eligible_shares += row.shares;
        }
    }
}

/// The sums of the stored prints of a day.
async fn sum(connection: &mut PgConnection, day: &Day) -> Result<DaySums, StoreError> {
    let cells: Vec<CellRow> = sqlx::query_as(SUM_CELLS)
        .bind(day.symbol.as_str())
        .bind(day.session_date)
        .bind(i32::from(Reasons::NOT_LEVEL_ELIGIBLE.bits()))
        .fetch_all(&mut *connection)
        .await?;
    let minutes: Vec<MinuteRow> = sqlx::query_as(SUM_MINUTES)
        .bind(day.symbol.as_str())
        .bind(day.session_date)
        .bind(i32::from(Reasons::NOT_LEVEL_ELIGIBLE.bits()))
        .fetch_all(connection)
        .await?;
    let too_large = || day_sums::broken(day, "a sum has more digits than any real one");
    Ok(DaySums {
        cells: cells.into_iter().map(read_cell).collect::<Option<_>>().ok_or_else(too_large)?,
        minutes: minutes
            .into_iter()
            .map(read_minute)
            .collect::<Option<_>>()
            .ok_or_else(too_large)?,
    })
}

/// A cell as it is summed: part of day, low edge, prints, shares, four notionals of which the last
/// is the largest print's, first and last time, what is kept out, and what was cancelled.
type CellRow = (
    i16,
    Numeric,
    i64,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Numeric,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    i64,
    Numeric,
    Numeric,
    i64,
);

/// A minute as it is summed: its number, prints, shares, dollars, shares that may build a level.
type MinuteRow = (i16, i64, Numeric, Numeric, Numeric);

fn read_cell(row: CellRow) -> Option<(CellKey, CellSums)> {
    let (session, low, prints, shares, buy, sell, unknown, largest, first_at, last_at, ..) = row;
    let (.., excluded_prints, excluded_shares, excluded, canceled_prints) = row;
    let key = (u8::try_from(session).ok()?, i64::try_from(low.at_scale(LOW_SCALE)?).ok()?);
    let span = first_at.zip(last_at);
    let sums = CellSums {
        prints,
        shares: shares.at_scale(SHARE_SCALE)?,
        buy: buy.at_scale(DOLLAR_SCALE)?,
        sell: sell.at_scale(DOLLAR_SCALE)?,
        unknown: unknown.at_scale(DOLLAR_SCALE)?,
        largest: largest.at_scale(DOLLAR_SCALE)?,
        span: span.map(|(first, last)| (first.timestamp_micros(), last.timestamp_micros())),
        excluded_prints,
        excluded_shares: excluded_shares.at_scale(SHARE_SCALE)?,
        excluded: excluded.at_scale(DOLLAR_SCALE)?,
        canceled_prints,
    };
    Some((key, sums))
}

fn read_minute(row: MinuteRow) -> Option<(u16, MinuteSums)> {
    let (minute, prints, shares, dollars, level_eligible_shares) = row;
    let sums = MinuteSums {
        prints,
        shares: shares.at_scale(SHARE_SCALE)?,
        dollars: dollars.at_scale(DOLLAR_SCALE)?,
        level_eligible_shares: level_eligible_shares.at_scale(SHARE_SCALE)?,
    };
    Some((u16::try_from(minute).ok()?, sums))
}

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

/// The columns of [`CellRow`].
const SUM_CELLS: &str = concat!(
    "SELECT session, floor(price / width) * width AS cell,
        count(*) FILTER (WHERE eligible),
        coalesce(sum(size) FILTER (WHERE eligible), 0),
        coalesce(sum(notional) FILTER (WHERE eligible AND side_state IN (1, 2, 3)), 0),
        coalesce(sum(notional) FILTER (WHERE eligible AND side_state IN (5, 6, 7)), 0),
        coalesce(sum(notional) FILTER (WHERE eligible AND side_state IN (4, 10, 11, 12, 13, 14)), 0),
        coalesce(max(notional) FILTER (WHERE eligible), 0),
        min(executed_at) FILTER (WHERE eligible),
        max(executed_at) FILTER (WHERE eligible),
        count(*) FILTER (WHERE NOT eligible AND NOT canceled),
        coalesce(sum(size) FILTER (WHERE NOT eligible AND NOT canceled), 0),
        coalesce(sum(notional) FILTER (WHERE NOT eligible AND NOT canceled), 0),
        count(*) FILTER (WHERE canceled) ",
    prints_of_day!(),
    " GROUP BY session, cell"
);

/// The columns of [`MinuteRow`].
const SUM_MINUTES: &str = concat!(
    "SELECT (extract(hour FROM wall) * 60 + extract(minute FROM wall))::smallint AS minute_of_day,
        count(*), sum(size), sum(notional),
        coalesce(sum(size) FILTER (WHERE eligible), 0) ",
    prints_of_day!(),
    " CROSS JOIN LATERAL (SELECT reported_at AT TIME ZONE 'America/New_York' AS wall) w
     WHERE NOT canceled
     GROUP BY minute_of_day"
);
