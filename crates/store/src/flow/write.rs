//! Writes new and changed trades and alerts.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use undertow_market::OptionKind;

use super::merge::Change;
use super::record::{Flow, Record, TABLE, number};
use crate::StoreError;
use crate::copy::CopyBuffer;
use crate::numeric::Numeric;
use crate::prints::side_code;

const COLUMNS: i16 = 34;
/// A row in binary form, with room to spare.
const ROW_BYTES: usize = 420;
/// The column list must agree with `encode`.
const COPY: &str = "
    COPY trading.options_flow (
        symbol, executed_at, id, received_at, session_date, session, vendor, is_alert, root, expiry,
        is_put, strike, multiplier, flags, side_state, size, premium, price, bid, ask,
        underlying_price, implied_volatility, delta, gamma, open_interest, day_volume, condition,
        exchange, trades, first_trade_at, last_trade_at, rule, ask_premium, bid_premium)
    FROM STDIN (FORMAT binary)";

/// COPYs rows into the table, making the months they need.
pub(super) async fn insert<T: Flow>(
    connection: &mut PgConnection,
    rows: &[&T],
) -> Result<(), StoreError> {
    let records: Vec<Record<'_>> = rows.iter().filter_map(|row| row.record()).collect();
    let times = || records.iter().map(|record| record.executed_at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Ok(());
    };
    ensure_partitions(connection, first, last).await?;
    let mut buffer = CopyBuffer::new(COLUMNS, 32 + ROW_BYTES * records.len());
    for record in &records {
        encode(&mut buffer, record);
    }
    let mut copy = connection.copy_in_raw(COPY).await?;
    copy.send(buffer.finish()).await?;
    copy.finish().await?;
    Ok(())
}

async fn ensure_partitions(
    connection: &mut PgConnection,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query("SELECT trading.ensure_partitions($1, $2, $3)")
        .bind(TABLE)
        .bind(first)
        .bind(last)
        .execute(connection)
        .await?;
    Ok(())
}

fn encode(buffer: &mut CopyBuffer, record: &Record<'_>) {
    buffer.row();
    buffer.text(record.symbol);
    buffer.instant(record.executed_at);
    buffer.uuid(record.id);
    buffer.instant(record.received_at);
    buffer.date(record.session_date);
    buffer.i16(i16::from(record.session.code()));
    buffer.text(record.vendor.as_str());
    buffer.bool(record.is_alert());
    buffer.text(record.contract.root.as_str());
    buffer.date(record.contract.expiry);
    buffer.bool(record.contract.kind == OptionKind::Put);
    buffer.numeric(record.contract.strike.get().into());
    buffer.i16(multiplier(record));
    buffer.i32(i32::from(record.flags.bits()));
    buffer.i16(side_code(record.side_state));
    buffer.i64(record.size);
    buffer.numeric(record.premium.into());
    buffer.optional(number(record.price), CopyBuffer::numeric);
    buffer.optional(number(record.quote.map(|quote| quote.bid)), CopyBuffer::numeric);
    buffer.optional(number(record.quote.map(|quote| quote.ask)), CopyBuffer::numeric);
    buffer.optional(number(record.underlying_price), CopyBuffer::numeric);
    buffer.optional(record.implied_volatility, CopyBuffer::f64);
    buffer.optional(record.delta, CopyBuffer::f64);
    buffer.optional(record.gamma, CopyBuffer::f64);
    buffer.optional(record.open_interest, CopyBuffer::i64);
    buffer.optional(record.day_volume, CopyBuffer::i64);
    buffer.optional(record.condition, CopyBuffer::text);
    buffer.optional(record.exchange, CopyBuffer::text);
    buffer.optional(record.trades, CopyBuffer::i64);
    buffer.optional(record.trades_between.map(|span| span.0), CopyBuffer::instant);
    buffer.optional(record.trades_between.map(|span| span.1), CopyBuffer::instant);
    buffer.optional(record.rule, CopyBuffer::text);
    buffer.optional(record.ask_premium.map(Numeric::from), CopyBuffer::numeric);
    buffer.optional(record.bid_premium.map(Numeric::from), CopyBuffer::numeric);
}

fn multiplier(record: &Record<'_>) -> i16 {
    i16::try_from(record.contract.multiplier()).expect("a contract stands for a hundred shares")
}

/// Overwrites a stored row.
pub(super) async fn update<T: Flow>(
    connection: &mut PgConnection,
    change: &Change<T>,
) -> Result<(), StoreError> {
    let Some(record) = change.content.record() else {
        return Ok(());
    };
    if record.executed_at != change.stored_at {
        ensure_partitions(connection, record.executed_at, record.executed_at).await?;
    }
    sqlx::query(UPDATE)
        .bind(record.symbol)
        .bind(change.stored_at)
        .bind(record.id)
        .bind(change.received_at)
        .bind(record.executed_at)
        .bind(record.session_date)
        .bind(i16::from(record.session.code()))
        .bind(record.contract.root.as_str())
        .bind(record.contract.expiry)
        .bind(record.contract.kind == OptionKind::Put)
        .bind(Numeric::from(record.contract.strike.get()))
        .bind(multiplier(&record))
        .bind(i32::from(record.flags.bits()))
        .bind(side_code(record.side_state))
        .bind(record.size)
        .bind(Numeric::from(record.premium))
        .bind(number(record.price))
        .bind(number(record.quote.map(|quote| quote.bid)))
        .bind(number(record.quote.map(|quote| quote.ask)))
        .bind(number(record.underlying_price))
        .bind(record.implied_volatility)
        .bind(record.delta)
        .bind(record.gamma)
        .bind(record.open_interest)
        .bind(record.day_volume)
        .bind(record.condition)
        .bind(record.exchange)
        .bind(record.trades)
        .bind(record.trades_between.map(|span| span.0))
        .bind(record.trades_between.map(|span| span.1))
        .bind(record.rule)
        .bind(record.ask_premium.map(Numeric::from))
        .bind(record.bid_premium.map(Numeric::from))
        .bind(record.received_at)
        .execute(connection)
        .await?;
    Ok(())
}

const UPDATE: &str = "
    UPDATE trading.options_flow SET
        updated_at = $4, executed_at = $5, session_date = $6, session = $7, root = $8, expiry = $9,
        is_put = $10, strike = $11, multiplier = $12, flags = $13, side_state = $14, size = $15,
        premium = $16, price = $17, bid = $18, ask = $19, underlying_price = $20,
        implied_volatility = $21, delta = $22, gamma = $23, open_interest = $24, day_volume = $25,
        condition = $26, exchange = $27, trades = $28, first_trade_at = $29, last_trade_at = $30,
        rule = $31, ask_premium = $32, bid_premium = $33, received_at = $34
    WHERE symbol = $1 AND executed_at = $2 AND id = $3";
