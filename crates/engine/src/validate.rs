//! Checks that a well-formed row is also a possible one. What fails goes to quarantine.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use undertow_market::{Bar, Calendar, FlowAlert, OptionTrade, Print};
use undertow_vendor::Reject;

/// Vendors' clocks may run ahead of ours by this much.
const FUTURE_TOLERANCE: TimeDelta = TimeDelta::minutes(2);
/// A print's price may differ from its quote by this factor before we call it impossible.
/// Average-price prints are far from the quote, but not this far.
const PRICE_FACTOR: Decimal = Decimal::from_parts(3, 0, 0, false, 0);

/// Why a print cannot have happened; none = it can.
#[must_use]
pub fn print_problem(print: &Print, calendar: &Calendar) -> Option<String> {
    if print.reported_at > print.received_at + FUTURE_TOLERANCE {
        return Some(format!("reported at {}, which is in the future", print.reported_at));
    }
    if print.executed_at > print.reported_at + FUTURE_TOLERANCE {
        return Some(format!("executed at {}, after its report", print.executed_at));
    }
    if calendar.session(print.session_date).is_none() {
        return Some(format!("{} was no trading day", print.session_date));
    }
    if print.day_volume.is_some_and(|volume| volume < 0) {
        return Some("running volume below zero".to_owned());
    }
    let quote = print.quote?;
    let middle = (quote.bid.get() + quote.ask.get()) / Decimal::TWO;
    let price = print.price.get();
    let possible = price <= middle * PRICE_FACTOR && price * PRICE_FACTOR >= middle;
    (!possible).then(|| format!("price {price} is nowhere near its quote"))
}

/// Why an option trade cannot have happened; none = it can.
#[must_use]
pub fn trade_problem(trade: &OptionTrade, calendar: &Calendar) -> Option<String> {
    if trade.executed_at > trade.received_at + FUTURE_TOLERANCE {
        return Some(format!("executed at {}, which is in the future", trade.executed_at));
    }
    if calendar.session(trade.session_date).is_none() {
        return Some(format!("{} was no trading day", trade.session_date));
    }
    if trade.contract.expiry < trade.session_date {
        return Some(format!("{} had expired", trade.contract));
    }
    if trade.size <= 0 {
        return Some(format!("{} contracts were traded", trade.size));
    }
    let below_zero = |count: Option<i64>| count.is_some_and(|count| count < 0);
    if below_zero(trade.open_interest) || below_zero(trade.day_volume) {
        return Some("open interest or volume below zero".to_owned());
    }
    None
}

/// Why an alert cannot be true; none = it can.
#[must_use]
pub fn alert_problem(alert: &FlowAlert, calendar: &Calendar) -> Option<String> {
    if alert.created_at > alert.received_at + FUTURE_TOLERANCE {
        return Some(format!("made at {}, which is in the future", alert.created_at));
    }
    if calendar.session(alert.session_date).is_none() {
        return Some(format!("{} was no trading day", alert.session_date));
    }
    (alert.size <= 0 || alert.trades <= 0).then(|| "it is of no trade".to_owned())
}

/// Why a bar cannot be true; none = it can.
#[must_use]
pub fn bar_problem(bar: &Bar, calendar: &Calendar) -> Option<String> {
    if bar.start_at > bar.received_at + FUTURE_TOLERANCE {
        return Some(format!("begins at {}, which is in the future", bar.start_at));
    }
    if calendar.session(bar.session_date).is_none() {
        return Some(format!("{} was no trading day", bar.session_date));
    }
    bar.check().err().map(|error| error.to_string())
}

/// Splits rows into possible ones and rejects that keep what was read.
pub(crate) fn sift<T: std::fmt::Debug>(
    rows: Vec<T>,
    symbol: &undertow_market::Symbol,
    problem: impl Fn(&T) -> Option<String>,
) -> (Vec<T>, Vec<Reject>) {
    let mut rejects = Vec::new();
    let kept = rows
        .into_iter()
        .filter(|row| match problem(row) {
            None => true,
            Some(reason) => {
                let raw = format!("{row:?}");
                rejects.push(Reject { symbol: Some(symbol.to_string()), raw, reason });
                false
            }
        })
        .collect();
    (kept, rejects)
}
