//! What must hold for any bytes that Massive sends.

use chrono::{DateTime, Datelike, Utc};
use rust_decimal::Decimal;
use undertow_market::{ChainQuote, Reasons, TapeTrade};

use super::{DAY, check_reject, received_at, spy};
use crate::polygon::{
    Part, TradeReader, TradesRead, classify_answer, decode_chain, decode_conditions,
    decode_contracts, decode_day_bars, decode_dividends, decode_grouped_days, decode_minute_bars,
    decode_splits, decode_trades, decode_trades_slowly, decode_upcoming, decode_venues,
};
use crate::{DecodeError, VendorError};

/// Answers with trades.
pub fn fuzz_polygon_trades(data: &[u8]) {
    let (mut quick, mut slow) = (Vec::new(), Vec::new());
    let reader = TradeReader::default();
    let read = decode_trades(data, &spy(), &reader, received_at(), &mut |trade| {
        check_trade(trade);
        quick.push(format!("{trade:?}"));
    });
    let slowly = decode_trades_slowly(data, &spy(), &reader, received_at(), &mut |trade| {
        slow.push(format!("{trade:?}"));
    });
    assert_eq!((&read, &quick), (&slowly, &slow), "the fast way and the general way differ");
    match read {
        Ok(TradesRead { delivered, rejects, last_at, .. }) => {
            assert_eq!(delivered, quick.len() + rejects.len());
            assert_eq!(last_at.is_some(), !quick.is_empty());
            rejects.iter().for_each(check_reject);
        }
        Err(_) => assert!(quick.is_empty(), "trades of an answer that could not be read"),
    }
}

/// Answers with aggregates: the same bytes as each of them.
pub fn fuzz_polygon_aggregates(data: &[u8]) {
    for day in check_part(decode_day_bars(data, &spy(), received_at())).into_iter().flatten() {
        assert!(day.low <= day.high && day.volume >= Decimal::ZERO);
    }
    for day in check_part(decode_grouped_days(data, DAY, received_at())).into_iter().flatten() {
        assert!(day.session_date == DAY && day.low <= day.high);
    }
    for minute in check_part(decode_minute_bars(data, &spy(), received_at())).into_iter().flatten()
    {
        assert!(minute.start_at < minute.end_at && minute.low <= minute.high);
    }
}

/// Answers with chains and with listed contracts.
pub fn fuzz_polygon_chain(data: &[u8]) {
    let chain = check_part(decode_chain(data, &spy(), received_at()));
    chain.into_iter().flatten().for_each(|quote| check_quote(&quote));
    for listing in check_part(decode_contracts(data, &spy(), received_at())).into_iter().flatten() {
        assert_eq!(listing.symbol, spy());
        assert_eq!(listing.contract.to_string().parse(), Ok(listing.contract));
    }
}

/// Answers with reference data.
pub fn fuzz_polygon_reference(data: &[u8]) {
    for split in check_part(decode_splits(data, None, received_at())).into_iter().flatten() {
        assert!(split.from > Decimal::ZERO && split.to > Decimal::ZERO);
    }
    for dividend in check_part(decode_dividends(data, None, received_at())).into_iter().flatten() {
        assert!(dividend.cash >= Decimal::ZERO && !dividend.currency.is_empty());
    }
    for condition in check_part(decode_conditions(data)).into_iter().flatten() {
        assert!(!condition.name.is_empty());
    }
    for venue in check_part(decode_venues(data)).into_iter().flatten() {
        assert!(!venue.name.is_empty());
    }
    for notice in check_part(decode_upcoming(data)).into_iter().flatten() {
        assert!((2000..=2100).contains(&notice.date.year()));
    }
}

/// Answers that are no rows: the first two bytes choose the status.
pub fn fuzz_polygon_error(data: &[u8]) {
    let (status, body) = match data {
        [a, b, body @ ..] => (100 + u16::from_le_bytes([*a, *b]) % 500, body),
        _ => return,
    };
    let text = String::from_utf8_lossy(body);
    let headers = [("retry-after".to_owned(), text.chars().take(30).collect())];
    let error = classify_answer(status, &headers, &text, received_at());
    assert!(error.is_some() || (200..300).contains(&status));
    if let Some(error) = error {
        assert_eq!(error.call().status, Some(status));
        let shown = error.call().excerpt.as_str();
        assert!(shown.is_empty() || shown.starts_with("request "), "the vendor's words: {shown}");
        assert!(!error.to_string().is_empty() && !error.advice().is_empty());
        let may_be_auth = status == 401 || status == 403 || (200..300).contains(&status);
        assert!(!matches!(error, VendorError::Auth { .. }) || may_be_auth);
    }
}

/// The rows, when the body could be read.
fn check_part<T>(part: Result<Part<T>, DecodeError>) -> Option<Vec<T>> {
    let decoded = part.ok()?.decoded;
    assert!(decoded.rows.len() + decoded.rejects.len() <= decoded.delivered);
    decoded.rejects.iter().for_each(check_reject);
    Some(decoded.rows)
}

fn check_trade(trade: &TapeTrade<'_>) {
    assert!(trade.notional() > Decimal::ZERO);
    assert!(trade.minute < 1440 && !trade.trade_id.is_empty());
    assert_ne!(trade.trf_id, Some(0));
    let is_whole = |at: DateTime<Utc>| at.timestamp_subsec_nanos().is_multiple_of(1_000_000);
    for at in [trade.executed_at, trade.reported_at] {
        assert!((2000..=2100).contains(&at.year()) && is_whole(at), "{at}");
    }
    assert!(!trade.reasons.contains(Reasons::LATE) || !trade.is_level_eligible());
}

fn check_quote(quote: &ChainQuote) {
    assert_eq!(quote.contract.to_string().parse(), Ok(quote.contract.clone()));
    for greek in [quote.implied_volatility, quote.delta, quote.gamma, quote.theta, quote.vega] {
        assert!(greek.is_none_or(f64::is_finite));
    }
    assert!(quote.open_interest.is_none_or(|open| open >= 0));
}
