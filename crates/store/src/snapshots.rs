//! Tables `flow_by_strike` and `flow_by_expiry`: a vendor's sums over a session so far. They are
//! cumulative, so the newest delivery is the value; a strike that a later delivery leaves out
//! keeps its last sums.

use chrono::NaiveDate;
use sqlx::postgres::{PgConnection, PgRow};
use undertow_market::{FlowBucket, FlowSnapshot, FlowSums, Price, Symbol};

use crate::columns::Columns;
use crate::merge::transaction::{Rows, commit, finish};
use crate::merge::{MergeContext, MergeReport};
use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::series::{MAX_SERIES_ROWS, Series, refuse_too_many, upsert};
use crate::{Store, StoreError};

const BY_STRIKE: &str = "flow_by_strike";
const BY_EXPIRY: &str = "flow_by_expiry";

struct ByStrike {
    strike: Price,
    flow: FlowSnapshot,
}

struct ByExpiry {
    expiry: NaiveDate,
    flow: FlowSnapshot,
}

#[derive(Default)]
struct Snapshots {
    strikes: Vec<ByStrike>,
    expiries: Vec<ByExpiry>,
}

macro_rules! sums {
    () => {
        "symbol, session_date, received_at, call_premium, call_ask_premium, call_bid_premium, \
         call_volume, call_ask_volume, call_bid_volume, call_trades, put_premium, \
         put_ask_premium, put_bid_premium, put_volume, put_ask_volume, put_bid_volume, put_trades"
    };
}

const SELECT_STRIKES: &str = concat!(
    "SELECT strike, ",
    sums!(),
    " FROM trading.flow_by_strike WHERE symbol = $1 AND session_date = $2 ORDER BY strike LIMIT $3"
);
const SELECT_EXPIRIES: &str = concat!(
    "SELECT expiry, ",
    sums!(),
    " FROM trading.flow_by_expiry WHERE symbol = $1 AND session_date = $2 ORDER BY expiry LIMIT $3"
);

impl Store {
    /// Stores sums by strike, by expiry, or both, with what belongs to them.
    ///
    /// # Errors
    /// More than [`MAX_SERIES_ROWS`], or the database refuses; then nothing is stored.
    pub async fn merge_flow_snapshots(
        &self,
        rows: Vec<FlowSnapshot>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        refuse_too_many(rows.len())?;
        let mut snapshots = Snapshots::default();
        for flow in rows {
            match flow.bucket {
                FlowBucket::Strike(strike) => snapshots.strikes.push(ByStrike { strike, flow }),
                FlowBucket::Expiry(expiry) => snapshots.expiries.push(ByExpiry { expiry, flow }),
            }
        }
        let pool = self.pool.clone();
        finish(async move { commit(&pool, &snapshots, &context).await }).await
    }

    /// A session's sums by strike, lowest first; at most [`MAX_SERIES_ROWS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn strike_snapshots(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Vec<FlowSnapshot>, StoreError> {
        let rows = self.snapshots(SELECT_STRIKES, symbol, session_date).await?;
        let read = |row: &PgRow| {
            let key = |row: &PgRow| key_of(row, &["symbol", "session_date"]);
            let reading = Reading { row, table: BY_STRIKE, key };
            read_snapshot(&reading, FlowBucket::Strike(reading.exact("strike")?))
        };
        rows.iter().map(read).collect()
    }

    /// A session's sums by expiry, nearest first; at most [`MAX_SERIES_ROWS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn expiry_snapshots(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Vec<FlowSnapshot>, StoreError> {
        let rows = self.snapshots(SELECT_EXPIRIES, symbol, session_date).await?;
        let read = |row: &PgRow| {
            let key = |row: &PgRow| key_of(row, &["symbol", "session_date", "expiry"]);
            let reading = Reading { row, table: BY_EXPIRY, key };
            read_snapshot(&reading, FlowBucket::Expiry(reading.get("expiry")?))
        };
        rows.iter().map(read).collect()
    }

    async fn snapshots(
        &self,
        select: &'static str,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Vec<PgRow>, StoreError> {
        let rows = sqlx::query(select)
            .bind(symbol.as_str())
            .bind(session_date)
            .bind(i64::try_from(MAX_SERIES_ROWS).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows)
    }
}

impl Rows for Snapshots {
    type Report = MergeReport;

    async fn write(&self, connection: &mut PgConnection) -> Result<MergeReport, StoreError> {
        let strikes = upsert(connection, &self.strikes).await?;
        let expiries = upsert(connection, &self.expiries).await?;
        Ok(MergeReport {
            delivered: strikes.delivered + expiries.delivered,
            inserted: strikes.inserted + expiries.inserted,
            changed: strikes.changed + expiries.changed,
            unchanged: strikes.unchanged + expiries.unchanged,
            repeated: strikes.repeated + expiries.repeated,
            refused: 0,
        })
    }
}

impl Series for ByStrike {
    const TABLE: &'static str = BY_STRIKE;

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        let columns = Columns::of(rows).key("strike", |row| Numeric::from(row.strike.get()));
        sums(columns, |row| &row.flow)
    }
}

impl Series for ByExpiry {
    const TABLE: &'static str = BY_EXPIRY;

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        sums(Columns::of(rows).key("expiry", |row| row.expiry), |row| &row.flow)
    }
}

fn sums<'r, R>(columns: Columns<'r, R>, flow: fn(&R) -> &FlowSnapshot) -> Columns<'r, R> {
    columns
        .key("symbol", |row| flow(row).symbol.as_str())
        .key("session_date", |row| flow(row).session_date)
        .received(|row| flow(row).received_at)
        .value("call_premium", |row| Numeric::from(flow(row).calls.premium))
        .value("call_ask_premium", |row| Numeric::from(flow(row).calls.ask_premium))
        .value("call_bid_premium", |row| Numeric::from(flow(row).calls.bid_premium))
        .value("call_volume", |row| flow(row).calls.volume)
        .value("call_ask_volume", |row| flow(row).calls.ask_volume)
        .value("call_bid_volume", |row| flow(row).calls.bid_volume)
        .value("call_trades", |row| flow(row).calls.trades)
        .value("put_premium", |row| Numeric::from(flow(row).puts.premium))
        .value("put_ask_premium", |row| Numeric::from(flow(row).puts.ask_premium))
        .value("put_bid_premium", |row| Numeric::from(flow(row).puts.bid_premium))
        .value("put_volume", |row| flow(row).puts.volume)
        .value("put_ask_volume", |row| flow(row).puts.ask_volume)
        .value("put_bid_volume", |row| flow(row).puts.bid_volume)
        .value("put_trades", |row| flow(row).puts.trades)
}

fn read_snapshot(reading: &Reading<'_>, bucket: FlowBucket) -> Result<FlowSnapshot, StoreError> {
    Ok(FlowSnapshot {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        bucket,
        calls: FlowSums {
            premium: reading.decimal("call_premium")?,
            ask_premium: reading.decimal("call_ask_premium")?,
            bid_premium: reading.decimal("call_bid_premium")?,
            volume: reading.get("call_volume")?,
            ask_volume: reading.get("call_ask_volume")?,
            bid_volume: reading.get("call_bid_volume")?,
            trades: reading.get("call_trades")?,
        },
        puts: FlowSums {
            premium: reading.decimal("put_premium")?,
            ask_premium: reading.decimal("put_ask_premium")?,
            bid_premium: reading.decimal("put_bid_premium")?,
            volume: reading.get("put_volume")?,
            ask_volume: reading.get("put_ask_volume")?,
            bid_volume: reading.get("put_bid_volume")?,
            trades: reading.get("put_trades")?,
        },
        received_at: reading.get("received_at")?,
    })
}
