//! Sums over option trades, made by the database. Cancelled trades and alerts are in none.

use std::ops::Range;

use chrono::NaiveDate;
use sqlx::postgres::PgRow;
use undertow_analysis::flow::{FlowCell, FlowMinute, Tenor};
use undertow_market::{Side, Symbol, TradeFlags};

use super::{hours_of, opening, read_kind, tenor};
use crate::row::Reading;
use crate::{Store, StoreError};

/// The trades of a session with what is worked out for each: the sign of its side, its dollars
/// of delta without the sign, whether it opened, and its tenor.
macro_rules! trades_of_session {
    () => {
        concat!(
            "WITH t AS (
                SELECT *,
                    CASE WHEN side_state BETWEEN 1 AND 3 THEN 1
                         WHEN side_state BETWEEN 5 AND 7 THEN -1 ELSE 0 END AS sign,
                    delta * size * multiplier * underlying_price::double precision AS dollars,
                    (flags & $5) <> 0 AS complex, ",
            opening!(),
            " AS opening, ",
            tenor!(),
            " AS tenor
                FROM trading.options_flow
                WHERE symbol = $1 AND executed_at >= $2 AND executed_at < $3 AND session_date = $4
                  AND NOT is_alert AND (flags & $6) = 0
            ) "
        )
    };
}

const SELECT_CELLS: &str = concat!(
    trades_of_session!(),
    "SELECT expiry, strike, is_put, sign, complex,
            sum(premium) AS premium, sum(size)::bigint AS contracts, count(*) AS trades,
            coalesce(sum(sign * dollars), 0) AS delta_notional,
            coalesce(sum(premium) FILTER (WHERE dollars IS NULL), 0) AS premium_without_delta,
            coalesce(sum(premium) FILTER (WHERE opening = 2), 0) AS premium_opening_provable,
            coalesce(sum(premium) FILTER (WHERE opening >= 1), 0) AS premium_opening_probable
     FROM t GROUP BY expiry, strike, is_put, sign, complex
     ORDER BY expiry, strike, is_put, sign, complex"
);

const SELECT_MINUTES: &str = concat!(
    trades_of_session!(),
    "SELECT date_trunc('minute', executed_at) AS at, is_put, tenor,
            coalesce(sum(premium) FILTER (WHERE sign = 1), 0) AS bought,
            coalesce(sum(premium) FILTER (WHERE sign = -1), 0) AS sold,
            coalesce(sum(sign * dollars), 0) AS delta_notional
     FROM t WHERE NOT complex AND sign <> 0
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
);

impl Store {
    /// A session's trades by expiry, strike, kind, side and whether they are legs of larger orders.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn flow_cells(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Vec<FlowCell>, StoreError> {
        let rows = self.flow_sums(SELECT_CELLS, symbol, session_date).await?;
        rows.iter().map(read_cell).collect()
    }

    /// A session's directional trades with a side by minute, kind and tenor.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn flow_minutes(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Vec<FlowMinute>, StoreError> {
        let rows = self.flow_sums(SELECT_MINUTES, symbol, session_date).await?;
        rows.iter().map(read_minute).collect()
    }

    async fn flow_sums(
        &self,
        select: &'static str,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Vec<PgRow>, StoreError> {
        let Range { start: from, end: to } = hours_of(session_date);
        let rows = sqlx::query(select)
            .bind(symbol.as_str())
            .bind(from)
            .bind(to)
            .bind(session_date)
            .bind(i32::from(TradeFlags::COMPLEX.bits()))
            .bind(i32::from(TradeFlags::CANCELED.bits()))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows)
    }
}

fn reading(row: &PgRow) -> Reading<'_> {
    Reading { row, table: super::record::TABLE, key: |_| "(a sum)".to_owned() }
}

fn read_cell(row: &PgRow) -> Result<FlowCell, StoreError> {
    let reading = reading(row);
    let side = match reading.get::<i32>("sign")? {
        1 => Side::Buy,
        -1 => Side::Sell,
        _ => Side::Unknown,
    };
    Ok(FlowCell {
        expiry: reading.get("expiry")?,
        strike: reading.exact("strike")?,
        kind: read_kind(&reading)?,
        side,
        complex: reading.get("complex")?,
        premium: reading.decimal("premium")?,
        contracts: reading.get("contracts")?,
        trades: reading.get("trades")?,
        delta_notional: reading.get("delta_notional")?,
        premium_without_delta: reading.decimal("premium_without_delta")?,
        premium_opening_provable: reading.decimal("premium_opening_provable")?,
        premium_opening_probable: reading.decimal("premium_opening_probable")?,
    })
}

fn read_minute(row: &PgRow) -> Result<FlowMinute, StoreError> {
    let reading = reading(row);
    let code: i32 = reading.get("tenor")?;
    let tenor = usize::try_from(code).ok().and_then(|code| Tenor::ALL.get(code));
    Ok(FlowMinute {
        at: reading.get("at")?,
        kind: read_kind(&reading)?,
        tenor: *tenor.ok_or_else(|| reading.broken("no such tenor"))?,
        bought: reading.decimal("bought")?,
        sold: reading.decimal("sold")?,
        delta_notional: reading.get("delta_notional")?,
    })
}
