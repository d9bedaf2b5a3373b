//! Table `market_metrics`: numbers that Undertow works out itself, by name and instant.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use undertow_market::Symbol;

use crate::row::{Reading, key_of};
use crate::{Store, StoreError};

/// Most metrics that are written or read at once.
pub const MAX_METRICS: usize = 100_000;

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The ticker.
    pub symbol: Symbol,
    /// Its name: lower-case letters, digits and `_`, up to forty of them.
    pub metric: Box<str>,
    /// What instant it speaks of.
    pub at: DateTime<Utc>,
    /// The number, in the unit that its name implies.
    pub value: f64,
    /// What has to be known about it.
    pub note: Option<Box<str>>,
}

impl Store {
    /// Stores metrics. One that is worked out again replaces the one before; of two in the same
    /// call the last counts.
    ///
    /// # Errors
    /// More than [`MAX_METRICS`], or the database refuses: among other reasons, a name with other
    /// characters, or a value that is no number. Nothing is stored then.
    pub async fn put_metrics(&self, metrics: &[Metric]) -> Result<(), StoreError> {
        if metrics.len() > MAX_METRICS {
            return Err(StoreError::TooManyRows { given: metrics.len(), most: MAX_METRICS });
        }
        sqlx::query(
            "INSERT INTO trading.market_metrics AS m (symbol, metric, at, value, note)
             SELECT DISTINCT ON (symbol, metric, at) symbol, metric, at, value, note
             FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::float8[], $5::text[])
                  WITH ORDINALITY AS n (symbol, metric, at, value, note, place)
             ORDER BY symbol, metric, at, place DESC
             ON CONFLICT (symbol, metric, at) DO UPDATE
                SET value = excluded.value, note = excluded.note
             WHERE (m.value, m.note) IS DISTINCT FROM (excluded.value, excluded.note)",
        )
        .bind(metrics.iter().map(|metric| metric.symbol.as_str()).collect::<Vec<_>>())
        .bind(metrics.iter().map(|metric| &*metric.metric).collect::<Vec<_>>())
        .bind(metrics.iter().map(|metric| metric.at).collect::<Vec<_>>())
        .bind(metrics.iter().map(|metric| metric.value).collect::<Vec<_>>())
        .bind(metrics.iter().map(|metric| metric.note.as_deref()).collect::<Vec<_>>())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A metric's values in `[from, to)`, oldest first; at most [`MAX_METRICS`], the newest.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn metrics(
        &self,
        symbol: &Symbol,
        metric: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Metric>, StoreError> {
        let rows = sqlx::query(
            "SELECT symbol, metric, at, value, note FROM trading.market_metrics
             WHERE symbol = $1 AND metric = $2 AND at >= $3 AND at < $4 ORDER BY at DESC LIMIT $5",
        )
        .bind(symbol.as_str())
        .bind(metric)
        .bind(from)
        .bind(to)
        .bind(i64::try_from(MAX_METRICS).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().rev().map(read_metric).collect()
    }
}

fn read_metric(row: &PgRow) -> Result<Metric, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "metric", "at"]);
    let reading = Reading { row, table: "market_metrics", key };
    Ok(Metric {
        symbol: reading.symbol()?,
        metric: Box::from(reading.get::<&str>("metric")?),
        at: reading.get("at")?,
        value: reading.get("value")?,
        note: reading.text("note")?,
    })
}
