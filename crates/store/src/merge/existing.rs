//! Tells which rows of a batch are new, changed or unchanged.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnection, PgRow};
use undertow_market::{MarketSession, Print, Quote, Reasons};

use super::batch::Row;
use super::bounds::to_microseconds;
use super::stretch::{Stretch, cut};
use crate::StoreError;
use crate::prints::{read_quote, read_reasons};
use crate::row::{Reading, key_of};

/// What is to be done with the rows of a batch, by their index.
#[derive(Default)]
pub(super) struct Verdict {
    pub(super) new: Vec<usize>,
    pub(super) changed: Vec<usize>,
}

/// Reads by stretches of tape, not row by row. OFFSET 0 keeps each stretch an index scan of its
/// own, whatever the planner believes about a table that grows while it is used.
const SELECT_STORED: &str = "
    SELECT stretch.number::integer AS stretch, t.symbol, t.reported_at, t.identity, t.executed_at,
           coalesce(t.updated_at, t.received_at) AS current_at, t.session, t.reasons, t.bid, t.ask,
           t.market_center, t.sale_condition, t.trade_code, t.extended_hours_code, t.settlement
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY
         AS stretch (symbol, first_at, last_at, number)
    CROSS JOIN LATERAL (
        SELECT * FROM trading.darkpool_trades p
        WHERE p.symbol = stretch.symbol
          AND p.reported_at >= stretch.first_at AND p.reported_at <= stretch.last_at
        OFFSET 0
    ) t";

/// What a later delivery may change.
#[derive(PartialEq)]
struct Content<'a> {
    executed_at: DateTime<Utc>,
    session: MarketSession,
    reasons: Reasons,
    quote: Option<Quote>,
    texts: [Option<&'a str>; 5],
}

/// Compares a batch, sorted by key, with what is stored. A delivery older than the stored one
/// changes nothing: a replay never takes a cancel back.
pub(super) async fn compare(
    connection: &mut PgConnection,
    rows: &[Row<'_>],
) -> Result<Verdict, StoreError> {
    let (stretches, stretch_of) = stretches(rows);
    let stored = sqlx::query(SELECT_STORED)
        .bind(stretches.iter().map(|stretch| stretch.symbol).collect::<Vec<_>>())
        .bind(stretches.iter().map(|stretch| stretch.first_at).collect::<Vec<_>>())
        .bind(stretches.iter().map(|stretch| stretch.last_at).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let stored = by_key(&stored)?;
    let mut verdict = Verdict::default();
    for (index, row) in rows.iter().enumerate() {
        let key = (stretch_of[index], row.print.reported_at, row.identity);
        match stored.get(&key) {
            None => verdict.new.push(index),
            Some(found) if differs(found, row.print)? => verdict.changed.push(index),
            Some(_) => {}
        }
    }
    Ok(verdict)
}

type StoredKey = (i32, DateTime<Utc>, i64);

fn by_key(rows: &[PgRow]) -> Result<HashMap<StoredKey, &PgRow>, StoreError> {
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let reading = reading(row);
        let key = (reading.get("stretch")?, reading.get("reported_at")?, reading.get("identity")?);
        found.insert(key, row);
    }
    Ok(found)
}

fn reading(row: &PgRow) -> Reading<'_> {
    let key = |row: &PgRow| key_of(row, &["symbol", "reported_at", "identity"]);
    Reading { row, table: "darkpool_trades", key }
}

/// One stretch for each symbol and day.
fn stretches<'b>(rows: &'b [Row<'_>]) -> (Vec<Stretch<'b>>, Vec<i32>) {
    let places = rows.iter().map(|row| (row.print.symbol.as_str(), row.print.reported_at));
    cut(places, |last, at| last.first_at.date_naive() == at.date_naive())
}

fn differs(stored: &PgRow, print: &Print) -> Result<bool, StoreError> {
    let reading = reading(stored);
    let current_at: DateTime<Utc> = reading.get("current_at")?;
    if print.received_at < current_at {
        return Ok(false);
    }
    let stored = Content {
        executed_at: reading.get("executed_at")?,
        session: reading.session()?,
        reasons: read_reasons(&reading)?,
        quote: read_quote(&reading)?,
        texts: [
            reading.get("market_center")?,
            reading.get("sale_condition")?,
            reading.get("trade_code")?,
            reading.get("extended_hours_code")?,
            reading.get("settlement")?,
        ],
    };
    Ok(stored != content(print))
}

fn content(print: &Print) -> Content<'_> {
    Content {
        executed_at: to_microseconds(print.executed_at),
        session: print.session,
        reasons: print.reasons,
        quote: print.quote,
        texts: [
            print.market_center.as_deref(),
            print.sale_condition.as_deref(),
            print.trade_code.as_deref(),
            print.extended_hours_code.as_deref(),
            print.settlement.as_deref(),
        ],
    }
}
