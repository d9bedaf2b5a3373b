//! Off-exchange and options imbalance side by side, for correlating them.

use chrono::NaiveDate;
use sqlx::postgres::PgRow;
use undertow_analysis::correlation::{BIN_MINUTES, Imbalance};
use undertow_market::{Reasons, Symbol};

use crate::row::Reading;
use crate::{Store, StoreError};

impl Store {
    /// Both imbalances in each bin of the regular sessions of some days, by day and bin: prints by
    /// the quote rule at the time they were executed (those that may build a level and have a
    /// side), options by the vendor's net premium (calls less puts). Bins without one of the two
    /// are left out: nothing tells a quiet bin from one that was not collected.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn imbalances(
        &self,
        symbol: &Symbol,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<Imbalance>, StoreError> {
        let rows = sqlx::query(SELECT_IMBALANCES)
            .bind(symbol.as_str())
            .bind(from)
            .bind(to)
            .bind(f64::from(BIN_MINUTES) * 60.0)
            .bind(i32::from(Reasons::NOT_LEVEL_ELIGIBLE.bits()))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read_imbalance).collect()
    }
}

/// The time zone is asked once for each day, not for each row. A print that may build a level is
/// never late: it reaches the tape within minutes of its execution, hence the hour after the
/// close.
const SELECT_IMBALANCES: &str = "
    WITH days AS (
        SELECT day::date AS session_date,
               (day::date + time '09:30') AT TIME ZONE 'America/New_York' AS opens_at,
               (day::date + time '16:00') AT TIME ZONE 'America/New_York' AS closes_at
        FROM generate_series($2::date::timestamp, $3::date::timestamp, interval '1 day') AS day
    ), prints AS (
        SELECT d.session_date, floor(extract(epoch FROM p.executed_at - d.opens_at) / $4)::integer AS bin,
               coalesce(sum(p.notional) FILTER (WHERE p.side_state BETWEEN 1 AND 3), 0) AS buy,
               coalesce(sum(p.notional) FILTER (WHERE p.side_state BETWEEN 5 AND 7), 0) AS sell
        FROM days d JOIN trading.darkpool_trades p
          ON p.symbol = $1 AND p.reported_at >= d.opens_at
         AND p.reported_at < d.closes_at + interval '1 hour'
        WHERE p.executed_at >= d.opens_at AND p.executed_at < d.closes_at
          AND p.session = 2 AND (p.reasons & $5) = 0
          AND (p.side_state BETWEEN 1 AND 3 OR p.side_state BETWEEN 5 AND 7)
        GROUP BY 1, 2
    ), options AS (
        SELECT d.session_date, floor(extract(epoch FROM o.at - d.opens_at) / $4)::integer AS bin,
               sum(o.net_call_premium - o.net_put_premium) AS net
        FROM days d JOIN trading.net_premium_ticks o
          ON o.symbol = $1 AND o.at >= d.opens_at AND o.at < d.closes_at
        GROUP BY 1, 2
    )
    SELECT session_date, bin, buy::float8 AS buy, sell::float8 AS sell, net::float8 AS net
    FROM prints JOIN options USING (session_date, bin) ORDER BY session_date, bin";

fn read_imbalance(row: &PgRow) -> Result<Imbalance, StoreError> {
    let reading = Reading { row, table: "darkpool_trades", key: |_| "(a sum)".to_owned() };
    let bin: i32 = reading.get("bin")?;
    Ok(Imbalance {
        session_date: reading.get("session_date")?,
        bin: u16::try_from(bin).map_err(|error| reading.broken(error))?,
        prints_buy: reading.get("buy")?,
        prints_sell: reading.get("sell")?,
        options_net: reading.get("net")?,
    })
}
