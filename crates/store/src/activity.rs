//! Table `darkpool_activity_minutes`, and the sizes of past prints: what is usual for a symbol.

use chrono::NaiveDate;
use sqlx::postgres::PgRow;
use undertow_analysis::activity::{MinuteShares, SessionActivity};
use undertow_analysis::blocks::{BLOCK_PERCENT, BlockThreshold, BlockThresholds, HALF_HOURS};
use undertow_market::Symbol;

use crate::row::{Reading, key_of};
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
        let rows = sqlx::query(
            "SELECT symbol, session_date, minute, shares FROM trading.darkpool_activity_minutes
             WHERE symbol = $1 AND session_date BETWEEN $2 AND $3 AND prints > 0
             ORDER BY session_date, minute",
        )
        .bind(symbol.as_str())
        .bind(from)
        .bind(to)
        .fetch_all(&self.pool)
        .await?;
        let mut sessions: Vec<SessionActivity> = Vec::new();
        for row in &rows {
            let (session_date, minute) = read_minute(row)?;
            match sessions.last_mut() {
                Some(last) if last.session_date == session_date => last.minutes.push(minute),
                _ => sessions.push(SessionActivity { session_date, minutes: vec![minute] }),
            }
        }
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

fn read_minute(row: &PgRow) -> Result<(NaiveDate, MinuteShares), StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "session_date"]);
    let reading = Reading { row, table: "darkpool_activity_minutes", key };
    let minute: i16 = reading.get("minute")?;
    let minute = u16::try_from(minute).map_err(|error| reading.broken(error))?;
    let shares = reading.decimal("shares")?;
    Ok((reading.get("session_date")?, MinuteShares { minute, shares }))
}
