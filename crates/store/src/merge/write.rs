//! Writes new and changed prints.

use sqlx::postgres::PgConnection;
use undertow_market::{Price, Print};

use super::batch::Row;
use crate::StoreError;
use crate::copy::CopyBuffer;
use crate::numeric::Numeric;
use crate::prints::side_code;

const COLUMNS: i16 = 23;
/// A row in binary form, with room to spare.
const ROW_BYTES: usize = 320;
/// The column list must agree with `encode`.
const COPY: &str = "
    COPY trading.darkpool_trades (
        symbol, reported_at, identity, executed_at, received_at, tracking_id, day_volume,
        session_date, vendor, reasons, session, side_state, canceled, price, size, notional,
        bid, ask, market_center, sale_condition, trade_code, extended_hours_code, settlement)
    FROM STDIN (FORMAT binary)";

/// COPYs the rows with these indices into the table, making the months they need.
pub(super) async fn insert(
    connection: &mut PgConnection,
    rows: &[Row<'_>],
    new: &[usize],
) -> Result<(), StoreError> {
    ensure_partitions(connection, rows, new).await?;
    let mut buffer = CopyBuffer::new(COLUMNS, 32 + ROW_BYTES * new.len());
    for index in new {
        encode(&mut buffer, &rows[*index]);
    }
    let mut copy = connection.copy_in_raw(COPY).await?;
    copy.send(buffer.finish()).await?;
    copy.finish().await?;
    Ok(())
}

async fn ensure_partitions(
    connection: &mut PgConnection,
    rows: &[Row<'_>],
    new: &[usize],
) -> Result<(), StoreError> {
    let times = || new.iter().map(|index| rows[*index].print.reported_at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Ok(());
    };
    sqlx::query("SELECT trading.ensure_partitions('darkpool_trades', $1, $2)")
        .bind(first)
        .bind(last)
        .execute(connection)
        .await?;
    Ok(())
}

fn encode(buffer: &mut CopyBuffer, row: &Row<'_>) {
    let print = row.print;
    buffer.row();
    buffer.text(print.symbol.as_str());
    buffer.instant(print.reported_at);
    buffer.i64(row.identity);
    buffer.instant(print.executed_at);
    buffer.instant(print.received_at);
    buffer.i64(print.tracking_id);
    buffer.optional(print.day_volume, CopyBuffer::i64);
    buffer.date(print.session_date);
    buffer.text(print.vendor.as_str());
    buffer.i32(i32::from(print.reasons.bits()));
    buffer.i16(i16::from(print.session.code()));
    buffer.i16(side_code(print.side_state()));
    buffer.bool(print.is_canceled());
    buffer.numeric(print.price.get().into());
    buffer.numeric(print.size.get().into());
    buffer.numeric(row.notional());
    buffer.optional(bid(print), price);
    buffer.optional(ask(print), price);
    for text in [
        &print.market_center,
        &print.sale_condition,
        &print.trade_code,
        &print.extended_hours_code,
        &print.settlement,
    ] {
        buffer.optional(text.as_deref(), CopyBuffer::text);
    }
}

fn bid(print: &Print) -> Option<Price> {
    print.quote.map(|quote| quote.bid)
}

fn ask(print: &Print) -> Option<Price> {
    print.quote.map(|quote| quote.ask)
}

fn price(buffer: &mut CopyBuffer, price: Price) {
    buffer.numeric(price.get().into());
}

/// Overwrites what a later delivery may change. Price, size and the like are part of the key.
pub(super) async fn update(connection: &mut PgConnection, row: &Row<'_>) -> Result<(), StoreError> {
    let print = row.print;
    sqlx::query(
        "UPDATE trading.darkpool_trades SET
            updated_at = $4, executed_at = $5, reasons = $6, session = $7, side_state = $8,
            canceled = $9, bid = $10, ask = $11, market_center = $12, sale_condition = $13,
            trade_code = $14, extended_hours_code = $15, settlement = $16
         WHERE symbol = $1 AND reported_at = $2 AND identity = $3",
    )
    .bind(print.symbol.as_str())
    .bind(print.reported_at)
    .bind(row.identity)
    .bind(print.received_at)
    .bind(print.executed_at)
    .bind(i32::from(print.reasons.bits()))
    .bind(i16::from(print.session.code()))
    .bind(side_code(print.side_state()))
    .bind(print.is_canceled())
    .bind(bid(print).map(|price| Numeric::from(price.get())))
    .bind(ask(print).map(|price| Numeric::from(price.get())))
    .bind(print.market_center.as_deref())
    .bind(print.sale_condition.as_deref())
    .bind(print.trade_code.as_deref())
    .bind(print.extended_hours_code.as_deref())
    .bind(print.settlement.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}
