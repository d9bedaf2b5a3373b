//! Tables `net_premium_ticks` and `market_tide`: what a vendor counts over all trades. Ticks are per
//! minute, tides run from the open.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use undertow_market::{NetPremiumTick, Symbol, TidePoint, TideScope};

use crate::columns::Columns;
use crate::merge::{MergeContext, MergeReport};
use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::series::{MAX_SERIES_ROWS, Series};
use crate::{Store, StoreError};

/// The scope of the whole market, as stored.
const MARKET: &str = "";

impl Store {
    /// Stores minutes of net premium with what belongs to them.
    ///
    /// # Errors
    /// More than [`MAX_SERIES_ROWS`], or the database refuses; then nothing is stored.
    pub async fn merge_net_premium(
        &self,
        rows: Vec<NetPremiumTick>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        self.merge_series(rows, context).await
    }

    /// Minutes of net premium that begin in `[from, to)`, oldest first; at most
    /// [`MAX_SERIES_ROWS`], the newest.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn net_premium(
        &self,
        symbol: &Symbol,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<NetPremiumTick>, StoreError> {
        let select = "SELECT symbol, session_date, at, net_call_premium, net_put_premium,
                call_volume, put_volume, net_delta, received_at
             FROM trading.net_premium_ticks WHERE symbol = $1 AND at >= $2 AND at < $3
             ORDER BY at DESC LIMIT $4";
        let rows = self.running(select, symbol.as_str(), from, to).await?;
        rows.iter().rev().map(read_tick).collect()
    }

    /// Stores points of a tide with what belongs to them.
    ///
    /// # Errors
    /// More than [`MAX_SERIES_ROWS`], or the database refuses; then nothing is stored.
    pub async fn merge_tide(
        &self,
        rows: Vec<TidePoint>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        self.merge_series(rows, context).await
    }

    /// Points of a tide in `[from, to)`, oldest first; at most [`MAX_SERIES_ROWS`], the newest.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn tide(
        &self,
        scope: &TideScope,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<TidePoint>, StoreError> {
        let select = "SELECT scope, session_date, at, net_call_premium, net_put_premium,
                net_volume, received_at
             FROM trading.market_tide WHERE scope = $1 AND at >= $2 AND at < $3
             ORDER BY at DESC LIMIT $4";
        let rows = self.running(select, scope_text(scope), from, to).await?;
        rows.iter().rev().map(read_point).collect()
    }

    async fn running(
        &self,
        select: &'static str,
        of: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<PgRow>, StoreError> {
        let rows = sqlx::query(select)
            .bind(of)
            .bind(from)
            .bind(to)
            .bind(i64::try_from(MAX_SERIES_ROWS).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows)
    }
}

impl Series for NetPremiumTick {
    const TABLE: &'static str = "net_premium_ticks";

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        Columns::of(rows)
            .key("symbol", |row| row.symbol.as_str())
            .key("at", |row| row.at)
            .received(|row| row.received_at)
            .value("session_date", |row| row.session_date)
            .value("net_call_premium", |row| Numeric::from(row.net_call_premium))
            .value("net_put_premium", |row| Numeric::from(row.net_put_premium))
            .value("call_volume", |row| row.call_volume)
            .value("put_volume", |row| row.put_volume)
            .value("net_delta", |row| row.net_delta.map(Numeric::from))
    }
}

impl Series for TidePoint {
    const TABLE: &'static str = "market_tide";

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        Columns::of(rows)
            .key("scope", |row| scope_text(&row.scope))
            .key("at", |row| row.at)
            .received(|row| row.received_at)
            .value("session_date", |row| row.session_date)
            .value("net_call_premium", |row| Numeric::from(row.net_call_premium))
            .value("net_put_premium", |row| Numeric::from(row.net_put_premium))
            .value("net_volume", |row| row.net_volume)
    }
}

fn scope_text(scope: &TideScope) -> &str {
    match scope {
        TideScope::Market => MARKET,
        TideScope::Holdings(fund) => fund.as_str(),
    }
}

fn read_scope(reading: &Reading<'_>) -> Result<TideScope, StoreError> {
    let text: &str = reading.get("scope")?;
    if text == MARKET {
        return Ok(TideScope::Market);
    }
    Symbol::new(text).map(TideScope::Holdings).map_err(|error| reading.broken(error))
}

fn read_tick(row: &PgRow) -> Result<NetPremiumTick, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "at"]);
    let reading = Reading { row, table: NetPremiumTick::TABLE, key };
    Ok(NetPremiumTick {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        at: reading.get("at")?,
        net_call_premium: reading.decimal("net_call_premium")?,
        net_put_premium: reading.decimal("net_put_premium")?,
        call_volume: reading.get("call_volume")?,
        put_volume: reading.get("put_volume")?,
        net_delta: reading.optional_decimal("net_delta")?,
        received_at: reading.get("received_at")?,
    })
}

fn read_point(row: &PgRow) -> Result<TidePoint, StoreError> {
    let key = |row: &PgRow| key_of(row, &["scope", "at"]);
    let reading = Reading { row, table: TidePoint::TABLE, key };
    Ok(TidePoint {
        scope: read_scope(&reading)?,
        session_date: reading.get("session_date")?,
        at: reading.get("at")?,
        net_call_premium: reading.decimal("net_call_premium")?,
        net_put_premium: reading.decimal("net_put_premium")?,
        net_volume: reading.get("net_volume")?,
        received_at: reading.get("received_at")?,
    })
}
