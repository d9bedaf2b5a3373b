//! Prints by minute, from the table `darkpool_day_sums`, and the sizes of past prints: what is usual
//! for a symbol.

use chrono::NaiveDate;
use undertow_analysis::activity::{MinuteShares, SessionActivity};
use undertow_analysis::blocks::{BLOCK_PERCENT, BlockThreshold, BlockThresholds, HALF_HOURS};
use undertow_market::Symbol;

use crate::day_sums::{self, Day, MinuteSums, shares, unpack_minutes};
use crate::row::Reading;
use crate::{Store, StoreError};

impl Store {
    /// Off-exchange shares by minute of tape time for each trading day, days and minutes in
    /// order. Minutes and days without prints are left out; cancelled prints count nowhere.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn activity(
        &self,
        symbol: &Symbol,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<SessionActivity>, StoreError> {
        let rows: Vec<(NaiveDate, Vec<u8>)> = sqlx::query_as(
            "SELECT session_date, minutes FROM trading.darkpool_day_sums
             WHERE symbol = $1 AND session_date BETWEEN $2 AND $3 ORDER BY session_date",
        )
        .bind(symbol.as_str())
        .bind(from)
        .bind(to)
        .fetch_all(&self.pool)
        .await?;
        let read = |(session_date, minutes): (NaiveDate, Vec<u8>)| {
            read_session(&Day { symbol: symbol.clone(), session_date }, &minutes)
        };
        let mut sessions: Vec<SessionActivity> =
            rows.into_iter().map(read).collect::<Result<_, _>>()?;
        sessions.retain(|session| !session.minutes.is_empty());
        Ok(sessions)
    }

    /// From what size a print is a block, by half hour of tape time, taken from the prints of
    /// some trading days. Cancelled prints count nowhere.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn block_thresholds(
        &self,
        symbol: &Symbol,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<BlockThresholds, StoreError> {
        let rows = sqlx::query(SELECT_THRESHOLDS)
            .bind(symbol.as_str())
            .bind(from)
            .bind(to)
            .bind(i32::try_from(BLOCK_PERCENT).unwrap_or(i32::MAX))
            .fetch_all(&self.pool)
            .await?;
        let mut by_half_hour = [None; HALF_HOURS];
        for row in &rows {
            let reading = Reading { row, table: "darkpool_trades", key: |_| "(a sum)".to_owned() };
            let half_hour: i32 = reading.get("half_hour")?;
            let print_count: i64 = reading.get("print_count")?;
            let place = usize::try_from(half_hour).ok().and_then(|at| by_half_hour.get_mut(at));
            *place.ok_or_else(|| reading.broken("no such half hour"))? = Some(BlockThreshold {
                shares: reading.exact("shares")?,
                print_count: usize::try_from(print_count).unwrap_or(usize::MAX),
            });
        }
        Ok(BlockThresholds::new(by_half_hour))
    }
}

const SELECT_THRESHOLDS: &str = "
    SELECT half_hour, count(*) AS print_count,
           percentile_disc($4::float8 / 100) WITHIN GROUP (ORDER BY size) AS shares
    FROM (
        SELECT size, (extract(hour FROM wall) * 2 + floor(extract(minute FROM wall) / 30))::integer
                     AS half_hour
        FROM trading.darkpool_trades
        CROSS JOIN LATERAL (SELECT reported_at AT TIME ZONE 'America/New_York' AS wall) w
        WHERE symbol = $1 AND session_date BETWEEN $2 AND $3 AND NOT canceled
          AND reported_at >= ($2 - 2)::timestamp AT TIME ZONE 'UTC'
          AND reported_at < ($3 + 3)::timestamp AT TIME ZONE 'UTC'
    ) sizes
    GROUP BY half_hour";

fn read_session(day: &Day, packed: &[u8]) -> Result<SessionActivity, StoreError> {
    let minutes = unpack_minutes(packed).map_err(|problem| day_sums::broken(day, problem))?;
    let read = |(minute, sums): (u16, MinuteSums)| {
        let shares = shares(sums.shares).to_decimal();
        let shares = shares.ok_or_else(|| day_sums::broken(day, "a sum has too many digits"))?;
        Ok(MinuteShares { minute, shares })
    };
    let minutes = minutes.into_iter().map(read).collect::<Result<_, StoreError>>()?;
    Ok(SessionActivity { session_date: day.session_date, minutes })
}
