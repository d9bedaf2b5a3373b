//! What must hold for any bytes that a vendor sends. The fuzz targets and the property tests run
//! the same bodies. Each panics when something does not hold.

mod polygon;
mod polygon_stream;

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rust_decimal::Decimal;
use undertow_market::{BarInterval, Calendar, FlowAlert, OptionTrade, Print, Symbol, TideScope};

use crate::unusual_whales::{
    Asked, BarsQuery, DecodeError, Decoded, FrameReader, Row, TradesOf, classify_answer, decimal,
    decode_bars, decode_flow_alerts, decode_flow_per_expiry, decode_flow_per_strike,
    decode_gamma_by_strike, decode_iv_rank, decode_net_premium_ticks, decode_option_contracts,
    decode_option_trades, decode_option_trades_slowly, decode_price_volumes, decode_prints,
    decode_prints_slowly, decode_realized_volatility, decode_stock_state, decode_term_structure,
    decode_tide, float, instant,
};
use crate::{MAX_RAW_BYTES, Reject, VendorError};

pub use polygon::*;
pub use polygon_stream::{fuzz_flat_file, fuzz_tape_frame};

static CALENDAR: LazyLock<Calendar> = LazyLock::new(Calendar::nyse);

fn received_at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time of this century")
}

/// The day of the fixtures.
const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a date");

fn spy() -> Symbol {
    Symbol::new("SPY").expect("a ticker")
}

/// Dark pool answers, for one symbol and for the whole tape.
pub fn fuzz_darkpool(data: &[u8]) {
    for symbol in [None, Some(&spy())] {
        let decoded = decode_prints(data, symbol, received_at(), &CALENDAR);
        let slowly = decode_prints_slowly(data, symbol, received_at(), &CALENDAR);
        assert_eq!(decoded, slowly, "the fast way and the general way differ");
        let Ok(decoded) = decoded else { continue };
        assert_eq!(decoded.delivered, decoded.rows.len() + decoded.rejects.len());
        decoded.rows.iter().for_each(check_print);
        decoded.rejects.iter().for_each(check_reject);
        assert!(symbol.is_none_or(|asked| decoded.rows.iter().all(|row| row.symbol == *asked)));
    }
}

/// Bar answers, of minutes and of days.
pub fn fuzz_ohlc(data: &[u8]) {
    for interval in [BarInterval::Minute1, BarInterval::Day1] {
        let query = BarsQuery::new(spy(), interval);
        let Ok(decoded) = decode_bars(data, &query, received_at(), &CALENDAR) else {
            continue;
        };
        assert!(decoded.rows.len() + decoded.rejects.len() <= decoded.delivered);
        assert!(decoded.rows.is_sorted_by(|a, b| a.start_at < b.start_at));
        decoded.rows.iter().for_each(|bar| assert_eq!(bar.check(), Ok(())));
        decoded.rejects.iter().for_each(check_reject);
    }
}

/// Stock-state answers.
pub fn fuzz_stock_state(data: &[u8]) {
    if let Ok(state) = decode_stock_state(data, &spy(), received_at()) {
        assert!(state.last.get() > Decimal::ZERO);
        assert!(state.day_volume.is_none_or(|volume| volume >= 0));
        assert!((2000..=2100).contains(&state.reported_at.year()));
    }
}

/// Answers with option trades, for one symbol and for the whole tape.
pub fn fuzz_option_trades(data: &[u8]) {
    let spy = [spy()];
    for of in [TradesOf::Symbols(&[]), TradesOf::Symbols(&spy)] {
        let decoded = decode_option_trades(data, of, received_at(), &CALENDAR);
        let slowly = decode_option_trades_slowly(data, of, received_at(), &CALENDAR);
        assert_eq!(decoded, slowly, "the fast way and the general way differ");
        if let Some(rows) = check_rows(decoded) {
            rows.iter().for_each(check_trade);
        }
    }
}

/// Answers with alerts.
pub fn fuzz_flow_alerts(data: &[u8]) {
    let decoded = decode_flow_alerts(data, &[], received_at(), &CALENDAR);
    if let Some(rows) = check_rows(decoded) {
        rows.iter().for_each(check_alert);
    }
}

/// Answers that sum an options market up: the same bytes as every one of them.
pub fn fuzz_options_market(data: &[u8]) {
    let (symbol, session_date) = (&spy(), Some(DAY));
    let asked = Asked { symbol, session_date, received_at: received_at() };
    let is_finite = |value: &Option<f64>| value.is_none_or(f64::is_finite);
    for row in check_rows(decode_flow_per_strike(data, &asked)).into_iter().flatten() {
        assert!(row.session_date == DAY && row.calls.premium >= Decimal::ZERO);
    }
    for row in check_rows(decode_flow_per_expiry(data, &asked)).into_iter().flatten() {
        assert!(row.session_date == DAY && row.puts.volume >= 0);
    }
    for row in check_rows(decode_net_premium_ticks(data, &asked)).into_iter().flatten() {
        assert_eq!(row.session_date, DAY);
    }
    let scope = TideScope::Market;
    for row in check_rows(decode_tide(data, &scope, Some(DAY), received_at())).into_iter().flatten()
    {
        assert_eq!(row.session_date, DAY);
    }
    for row in check_rows(decode_gamma_by_strike(data, &asked)).into_iter().flatten() {
        assert!(row.call_gamma.is_finite() && row.put_gamma.is_finite());
        assert!(is_finite(&row.call_delta) && is_finite(&row.put_delta));
    }
    for row in check_rows(decode_price_volumes(data, &asked)).into_iter().flatten() {
        assert!(row.lit_volume >= 0 && row.off_exchange_volume >= 0);
    }
    for row in check_rows(decode_option_contracts(data, &asked, &CALENDAR)).into_iter().flatten() {
        assert!(row.open_interest >= 0 && is_finite(&row.implied_volatility));
    }
    for decode in [decode_iv_rank, decode_realized_volatility] {
        for row in check_rows(decode(data, &asked)).into_iter().flatten() {
            assert!(row.vendor_rank.is_none_or(|rank| (0.0..=100.0).contains(&rank)));
            assert!(is_finite(&row.implied) && is_finite(&row.vendor_realized));
        }
    }
    for row in check_rows(decode_term_structure(data, &asked)).into_iter().flatten() {
        assert!(row.implied.is_finite() && row.implied >= 0.0);
    }
}

/// One frame of the stream.
pub fn fuzz_stream_frame(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let row = FrameReader::new(&CALENDAR).read(&text, received_at());
    let slowly = FrameReader::new(&CALENDAR).read_slowly(&text, received_at());
    assert_eq!(row, slowly, "the fast way and the general way differ");
    match row {
        Ok(Row::Trade(trade)) => check_trade(&trade),
        Ok(Row::Alert(alert)) => check_alert(&alert),
        Ok(Row::Price(tick)) => assert!(tick.price.get() > Decimal::ZERO),
        Ok(Row::OffLit(trade)) => assert!(trade.notional() > Decimal::ZERO),
        Ok(Row::Reply(reply)) => assert!(text.contains("status"), "{reply:?}"),
        Err(reject) => check_reject(&reject),
    }
}

/// Answers that are no rows: the first two bytes choose the status.
pub fn fuzz_error_answer(data: &[u8]) {
    let (status, body) = match data {
        [a, b, body @ ..] => (100 + u16::from_le_bytes([*a, *b]) % 500, body),
        _ => return,
    };
    let text = String::from_utf8_lossy(body);
    let headers = [("x-uw-req-per-minute-reset".to_owned(), text.chars().take(30).collect())];
    let error = classify_answer(status, &headers, &text, received_at());
    assert!(error.is_some() || (200..300).contains(&status));
    if let Some(error) = error {
        assert_eq!(error.call().status, Some(status));
        assert!(error.call().excerpt.len() <= 300);
        assert!(!error.to_string().is_empty() && !error.advice().is_empty());
        assert!(!matches!(error, VendorError::Auth { .. }) || status == 401);
    }
}

/// Decimals and times, which begin every price.
pub fn fuzz_decimal(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(value) = decimal(text) {
        assert!(text.bytes().any(|byte| byte.is_ascii_digit()), "{text:?} has no digit");
        assert_eq!(decimal(&value.to_string()), Some(value), "{text:?} does not come round");
        if text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) && !text.contains(['e', 'E']) {
            assert!(!value.is_zero(), "{text:?} became zero");
        }
    }
    if let Some(value) = float(text) {
        assert!(value.is_finite(), "{text:?}");
    }
    if let Some(at) = instant(text) {
        assert_eq!(instant(&at.to_rfc3339()), Some(at), "{text:?} does not come round");
    }
}

fn check_print(print: &Print) {
    assert!(print.notional() > Decimal::ZERO);
    assert!(print.day_volume.is_none_or(|volume| volume >= 0));
    for at in [print.executed_at, print.reported_at] {
        assert!((2000..=2100).contains(&at.year()), "{at}");
    }
    assert_eq!(print.received_at, received_at());
    assert_eq!(print.key(), print.clone().key());
}

/// The rows, when the body could be read.
fn check_rows<T>(decoded: Result<Decoded<T>, DecodeError>) -> Option<Vec<T>> {
    let decoded = decoded.ok()?;
    assert_eq!(decoded.delivered, decoded.rows.len() + decoded.rejects.len());
    decoded.rejects.iter().for_each(check_reject);
    Some(decoded.rows)
}

fn check_trade(trade: &OptionTrade) {
    assert!(trade.size > 0 && trade.premium() > Decimal::ZERO);
    assert!((2000..=2100).contains(&trade.executed_at.year()));
    assert_eq!(trade.executed_at.timestamp_subsec_micros() % 1000, 0);
    for greek in [trade.implied_volatility, trade.delta, trade.gamma] {
        assert!(greek.is_none_or(f64::is_finite));
    }
    assert_eq!(trade.contract.to_string().parse(), Ok(trade.contract.clone()));
}

fn check_alert(alert: &FlowAlert) {
    assert!(alert.size > 0 && alert.trades > 0 && alert.premium >= Decimal::ZERO);
    assert!((2000..=2100).contains(&alert.created_at.year()));
    assert!(alert.trades_between.is_none_or(|(first, last)| first <= last));
}

fn check_reject(reject: &Reject) {
    assert!(!reject.reason.is_empty());
    assert!(reject.raw.len() <= MAX_RAW_BYTES);
}
