//! What must hold for any bytes that a vendor sends. The fuzz targets and the property tests run
//! the same bodies. Each panics when something does not hold.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Utc};
use rust_decimal::Decimal;
use undertow_market::{BarInterval, Calendar, Print, Symbol};

use crate::unusual_whales::{
    BarsQuery, classify_answer, decimal, decode_bars, decode_prints, decode_prints_slowly,
    decode_stock_state, instant,
};
use crate::{MAX_RAW_BYTES, Reject, VendorError};

static CALENDAR: LazyLock<Calendar> = LazyLock::new(Calendar::nyse);

fn received_at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time of this century")
}

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

fn check_reject(reject: &Reject) {
    assert!(!reject.reason.is_empty());
    assert!(reject.raw.len() <= MAX_RAW_BYTES);
}
