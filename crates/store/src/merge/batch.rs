//! A batch made ready: every print with its key and its exact dollars, sorted, without repeats.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use undertow_market::Print;

use super::bounds::{is_real_time, to_real_time};
use crate::day_sums::{DOLLAR_SCALE, SHARE_SCALE};
use crate::numeric::Numeric;
use crate::quarantine::Rejected;
use crate::slots::SlotKind;

/// No print is worth more than this many dollars; what claims to be would break exact sums.
const MAX_DOLLARS: i128 = 1_000_000_000_000;

/// The prints of one merge.
pub(super) struct Batch<'p> {
    pub(super) delivered: usize,
    pub(super) repeated: usize,
    /// Sorted by symbol, tape time and identity.
    pub(super) rows: Vec<Row<'p>>,
    pub(super) refused: Vec<Rejected>,
}

/// A print with what is worked out once.
pub(super) struct Row<'p> {
    pub(super) print: &'p Print,
    pub(super) identity: i64,
    /// Dollars, times 10^[`DOLLAR_SCALE`].
    pub(super) dollars: i128,
    /// Shares, times 10^[`SHARE_SCALE`].
    pub(super) shares: i128,
}

impl Row<'_> {
    pub(super) fn notional(&self) -> Numeric {
        Numeric::new(self.dollars, DOLLAR_SCALE)
    }
}

impl<'p> Batch<'p> {
    pub(super) fn sort(prints: &'p [Print]) -> Self {
        let mut refused = Vec::new();
        let mut rows = Vec::with_capacity(prints.len());
        for print in prints {
            match prepare(print) {
                Ok(row) => rows.push(row),
                Err(reason) => refused.push(reject(print, reason)),
            }
        }
        rows.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| newest_first(a, b)));
        let sorted = rows.len();
        rows.dedup_by(|later, kept| key(later) == key(kept));
        Self { delivered: prints.len(), repeated: sorted - rows.len(), rows, refused }
    }
}

fn key<'a>(row: &'a Row<'_>) -> (&'a str, DateTime<Utc>, i64) {
    (row.print.symbol.as_str(), row.print.reported_at, row.identity)
}

/// Of two deliveries of a print the later one counts. Where even that is equal, any fixed order
/// will do: it only has to be the same each time, or replays would never settle.
fn newest_first(a: &Row<'_>, b: &Row<'_>) -> std::cmp::Ordering {
    let order = |row: &Row<'_>| {
        let quote = row.print.quote.map(|quote| (quote.bid, quote.ask));
        Reverse((row.print.received_at, row.print.reasons.bits(), row.print.executed_at, quote))
    };
    order(a).cmp(&order(b))
}

fn prepare(print: &Print) -> Result<Row<'_>, &'static str> {
    let times = [print.executed_at, print.reported_at, print.received_at];
    if !times.into_iter().all(is_real_time) {
        return Err("a time lies outside 1990 to 2099");
    }
    // The roll-ups of a day are summed from the tape around it.
    if (print.reported_at.date_naive() - print.session_date).num_days().abs() > 1 {
        return Err("the trading day is not that of the tape time");
    }
    if texts(print).any(|text| text.contains('\0')) {
        return Err("a text holds a zero byte");
    }
    let shares = scaled(print.size.get(), SHARE_SCALE).ok_or("the size has too many digits")?;
    let price = scaled(print.price.get(), SHARE_SCALE).ok_or("the price has too many digits")?;
    let dollars = price.checked_mul(shares).ok_or("price times size is impossibly large")?;
    if dollars > MAX_DOLLARS * 10_i128.pow(DOLLAR_SCALE) {
        return Err("price times size is impossibly large");
    }
    Ok(Row { print, identity: print.identity(), dollars, shares })
}

fn scaled(value: Decimal, scale: u32) -> Option<i128> {
    let lift = scale.checked_sub(value.scale())?;
    value.mantissa().checked_mul(10_i128.pow(lift))
}

fn texts(print: &Print) -> impl Iterator<Item = &str> {
    [
        &print.market_center,
        &print.sale_condition,
        &print.trade_code,
        &print.extended_hours_code,
        &print.settlement,
    ]
    .into_iter()
    .filter_map(|text| text.as_deref())
}

fn reject(print: &Print, reason: &str) -> Rejected {
    Rejected {
        vendor: print.vendor,
        kind: SlotKind::Prints,
        symbol: Some(print.symbol.to_string()),
        reason: reason.to_owned(),
        raw: format!("{print:?}"),
        received_at: to_real_time(print.received_at),
    }
}
