//! Table `bars`.

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnection, PgRow};
use undertow_market::{Bar, BarInterval, Symbol};

use crate::merge::transaction::{Rows, commit, finish, lock};
use crate::merge::{MergeContext, MergeReport};
use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::{Store, StoreError};

/// Most bars in one merge, and in one query: sixty sessions of one-minute bars, all hours.
pub const MAX_BARS: usize = 60_000;
const TABLE: &str = "bars";

/// From when to when there are bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarExtent {
    /// Start of the oldest bar.
    pub first_at: DateTime<Utc>,
    /// Start of the newest bar.
    pub last_at: DateTime<Utc>,
    /// How many there are.
    pub count: i64,
}

impl Store {
    /// Stores bars with what belongs to them, in one transaction. A bar that is stored already is
    /// replaced when it differs and the stored one is not newer.
    ///
    /// # Errors
    /// More than [`MAX_BARS`], a bar that contradicts itself (see [`Bar::check`]), or the
    /// database refuses; then nothing is stored.
    pub async fn merge_bars(
        &self,
        bars: Vec<Bar>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        if bars.len() > MAX_BARS {
            return Err(StoreError::TooManyRows { given: bars.len(), most: MAX_BARS });
        }
        let (pool, batch) = (self.pool.clone(), Batch::sort(bars)?);
        finish(async move { commit(&pool, &batch, &context).await }).await
    }

    /// The newest bars that begin in `[from, to)`, oldest first; at most `limit` and never more
    /// than [`MAX_BARS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn bars(
        &self,
        symbol: &Symbol,
        interval: BarInterval,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Bar>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(MAX_BARS).min(MAX_BARS);
        let rows = sqlx::query(
            "SELECT vendor::text AS vendor, symbol, \"interval\", session_date, session, start_at,
                    open, high, low, close, volume, received_at
             FROM trading.bars
             WHERE symbol = $1 AND \"interval\" = $2 AND start_at >= $3 AND start_at < $4
             ORDER BY start_at DESC LIMIT $5",
        )
        .bind(symbol.as_str())
        .bind(interval.as_str())
        .bind(from)
        .bind(to)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().rev().map(read_bar).collect()
    }

    /// From when to when there are bars of a symbol and length.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn bar_extent(
        &self,
        symbol: &Symbol,
        interval: BarInterval,
    ) -> Result<Option<BarExtent>, StoreError> {
        let found: (Option<DateTime<Utc>>, Option<DateTime<Utc>>, i64) = sqlx::query_as(
            "SELECT min(start_at), max(start_at), count(*) FROM trading.bars
             WHERE symbol = $1 AND \"interval\" = $2",
        )
        .bind(symbol.as_str())
        .bind(interval.as_str())
        .fetch_one(&self.pool)
        .await?;
        let (first, last, count) = found;
        Ok(first.zip(last).map(|(first_at, last_at)| BarExtent { first_at, last_at, count }))
    }
}

/// Bars by key, without repeats.
struct Batch {
    delivered: usize,
    bars: Vec<Bar>,
}

impl Batch {
    fn sort(mut bars: Vec<Bar>) -> Result<Self, StoreError> {
        for bar in &bars {
            bar.check().map_err(|error| StoreError::broken(TABLE, describe(bar), error))?;
        }
        let delivered = bars.len();
        sort_without_repeats(&mut bars);
        Ok(Self { delivered, bars })
    }
}

impl Rows for Batch {
    type Report = MergeReport;

    async fn write(&self, connection: &mut PgConnection) -> Result<MergeReport, StoreError> {
        let (inserted, changed) = upsert(connection, &self.bars).await?;
        Ok(MergeReport {
            delivered: self.delivered,
            inserted,
            changed,
            unchanged: self.bars.len() - inserted - changed,
            repeated: self.delivered - self.bars.len(),
            refused: 0,
        })
    }
}

fn describe(bar: &Bar) -> String {
    format!("{} {} {}", bar.symbol, bar.interval, bar.start_at.to_rfc3339())
}

/// Of two deliveries of one bar the later counts.
fn sort_without_repeats(bars: &mut Vec<Bar>) {
    bars.sort_by(|a, b| {
        let key = |bar: &Bar| (bar.interval, bar.start_at);
        let order = a.symbol.cmp(&b.symbol).then_with(|| key(a).cmp(&key(b)));
        order.then_with(|| b.received_at.cmp(&a.received_at))
    });
    bars.dedup_by(|later, kept| {
        (&later.symbol, later.interval, later.start_at)
            == (&kept.symbol, kept.interval, kept.start_at)
    });
}

/// Returns how many were inserted and how many changed. `xmax` is zero for a row that no other
/// transaction ever touched: a fresh one.
async fn upsert(connection: &mut PgConnection, bars: &[Bar]) -> Result<(usize, usize), StoreError> {
    if bars.is_empty() {
        return Ok((0, 0));
    }
    lock(connection, TABLE).await?;
    let number = |value: fn(&Bar) -> rust_decimal::Decimal| -> Vec<Numeric> {
        bars.iter().map(|bar| value(bar).into()).collect()
    };
    let fresh: Vec<bool> = sqlx::query_scalar(UPSERT)
        .bind(bars.iter().map(|bar| bar.vendor.as_str()).collect::<Vec<_>>())
        .bind(bars.iter().map(|bar| bar.symbol.as_str()).collect::<Vec<_>>())
        .bind(bars.iter().map(|bar| bar.interval.as_str()).collect::<Vec<_>>())
        .bind(bars.iter().map(|bar| bar.session_date).collect::<Vec<_>>())
        .bind(bars.iter().map(|bar| i16::from(bar.session.code())).collect::<Vec<_>>())
        .bind(bars.iter().map(|bar| bar.start_at).collect::<Vec<_>>())
        .bind(number(|bar| bar.open.get()))
        .bind(number(|bar| bar.high.get()))
        .bind(number(|bar| bar.low.get()))
        .bind(number(|bar| bar.close.get()))
        .bind(bars.iter().map(|bar| bar.volume).collect::<Vec<_>>())
        .bind(bars.iter().map(|bar| bar.received_at).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let inserted = fresh.iter().filter(|fresh| **fresh).count();
    Ok((inserted, fresh.len() - inserted))
}

const UPSERT: &str = "
    INSERT INTO trading.bars AS b (
        vendor, symbol, \"interval\", session_date, session, start_at, open, high, low, close,
        volume, received_at)
    SELECT vendor::trading.vendor, symbol, length, session_date, session, start_at, open, high,
           low, close, volume, received_at
    FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::date[], $5::smallint[], $6::timestamptz[],
        $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[], $11::bigint[],
        $12::timestamptz[])
        AS n (vendor, symbol, length, session_date, session, start_at, open, high, low, close,
              volume, received_at)
    ON CONFLICT (symbol, \"interval\", start_at) DO UPDATE SET
        vendor = excluded.vendor, session_date = excluded.session_date,
        session = excluded.session, open = excluded.open, high = excluded.high,
        low = excluded.low, close = excluded.close, volume = excluded.volume,
        received_at = excluded.received_at
    WHERE b.received_at <= excluded.received_at
      AND (b.open, b.high, b.low, b.close, b.volume, b.session, b.session_date, b.vendor)
          IS DISTINCT FROM (excluded.open, excluded.high, excluded.low, excluded.close,
          excluded.volume, excluded.session, excluded.session_date, excluded.vendor)
    RETURNING xmax = 0 AS fresh";

fn read_bar(row: &PgRow) -> Result<Bar, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "interval", "start_at"]);
    let reading = Reading { row, table: TABLE, key };
    let bar = Bar {
        vendor: reading.vendor()?,
        symbol: reading.symbol()?,
        interval: reading.named("interval")?,
        session_date: reading.get("session_date")?,
        session: reading.session()?,
        start_at: reading.get("start_at")?,
        open: reading.exact("open")?,
        high: reading.exact("high")?,
        low: reading.exact("low")?,
        close: reading.exact("close")?,
        volume: reading.get("volume")?,
        received_at: reading.get("received_at")?,
    };
    bar.check().map_err(|error| reading.broken(error))?;
    Ok(bar)
}
