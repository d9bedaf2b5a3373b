//! Recorded answers, where there are any: the folder that `UNDERTOW_RECORDINGS` names has one
//! folder for each vendor. The decoder is chosen by the beginning of the file name.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends where its own ground fails, and this one tells what it read"
)]

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;
use undertow_market::{BarInterval, Calendar, Symbol, TideScope};
use undertow_vendor::unusual_whales::{
    Asked, BarsQuery, DecodeError, Decoded, FrameReader, Row, TradesOf, classify_answer,
    decode_bars, decode_flow_alerts, decode_flow_per_expiry, decode_flow_per_strike,
    decode_gamma_by_strike, decode_iv_rank, decode_net_premium_ticks, decode_option_contracts,
    decode_option_trades, decode_price_volumes, decode_prints, decode_realized_volatility,
    decode_stock_state, decode_term_structure, decode_tide,
};
use undertow_vendor::{EntitlementReason, Reject, VendorError};

fn examples() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("UNDERTOW_RECORDINGS") else {
        println!("UNDERTOW_RECORDINGS is not set: no recorded answers to read");
        return None;
    };
    Some(PathBuf::from(folder).join("unusual-whales/examples"))
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    files
}

fn received_at() -> DateTime<Utc> {
    "2026-08-04T15:00:00Z".parse().unwrap()
}

/// Rows decoded and rows refused; none when no decoder reads this kind of file.
fn decode(name: &str, body: &[u8]) -> Option<Result<(usize, Vec<Reject>), DecodeError>> {
    let calendar = Calendar::nyse();
    let symbol = Symbol::new("SPY").unwrap();
    if name.starts_with("darkpool_ticker") || name.starts_with("darkpool_recent") {
        let decoded = decode_prints(body, None, received_at(), &calendar);
        return Some(decoded.map(|decoded| (decoded.rows.len(), decoded.rejects)));
    }
    if name.starts_with("ohlc") {
        let is_days = name.contains("1d");
        let interval = if is_days { BarInterval::Day1 } else { BarInterval::Minute1 };
        let query = BarsQuery::new(symbol, interval);
        let decoded = decode_bars(body, &query, received_at(), &calendar);
        return Some(decoded.map(|decoded| (decoded.rows.len(), decoded.rejects)));
    }
    if name.starts_with("stock_state") {
        let state = decode_stock_state(body, &symbol, received_at());
        return Some(state.map(|_| (1, Vec::new())));
    }
    decode_options(name, body, &calendar)
}

/// The decoders of the options market, by the beginning of the file's name.
fn decode_options(
    name: &str,
    body: &[u8],
    calendar: &Calendar,
) -> Option<Result<(usize, Vec<Reject>), DecodeError>> {
    let (all, at) = (TradesOf::Symbols(&[]), received_at());
    // Recordings are of several symbols and days; rows tell which.
    let symbol = Symbol::new(ticker(body).as_deref().unwrap_or("SPY")).unwrap();
    let day = "2026-07-27".parse().ok().filter(|_| name.starts_with("stock_volume"));
    let asked = Asked { symbol: &symbol, session_date: day, received_at: at };
    // The documents' example of this one names no day; the endpoint's real rows do.
    let dated = Asked { session_date: (!says_date(body)).then(|| at.date_naive()), ..asked };
    Some(if name.starts_with("option_trades_flow_alerts") {
        told(decode_flow_alerts(body, &[], at, calendar))
    } else if name.starts_with("option_trades.") || name.starts_with("stock_flow_recent") {
        told(decode_option_trades(body, all, at, calendar))
    } else if name.starts_with("option_contract_flow") {
        // The documents show one bare row where the endpoint sends `{"data": […]}`.
        let body = String::from_utf8_lossy(body);
        let list = if body.contains("\"data\"") { body.into_owned() } else { format!("[{body}]") };
        told(decode_option_trades(list.as_bytes(), all, at, calendar))
    } else if name.starts_with("stock_flow_per_strike.") {
        told(decode_flow_per_strike(body, &asked))
    } else if name.starts_with("stock_flow_per_expiry") {
        told(decode_flow_per_expiry(body, &asked))
    } else if name.starts_with("stock_option_contracts") {
        told(decode_option_contracts(body, &asked, calendar))
    } else if name.starts_with("iv_rank") {
        told(decode_iv_rank(body, &asked))
    } else if name.starts_with("volatility_realized") {
        told(decode_realized_volatility(body, &asked))
    } else if name.starts_with("volatility_term_structure") {
        told(decode_term_structure(body, &asked))
    } else if name.starts_with("net_prem_ticks") {
        told(decode_net_premium_ticks(body, &asked))
    } else if name.starts_with("market_tide") {
        told(decode_tide(body, &TideScope::Market, None, at))
    } else if name.starts_with("etf_tide") {
        told(decode_tide(body, &TideScope::Holdings(symbol.clone()), None, at))
    } else if name.starts_with("greek_exposure_strike.") {
        told(decode_gamma_by_strike(body, &dated))
    } else if name.starts_with("stock_volume_price_levels") {
        told(decode_price_volumes(body, &asked))
    } else {
        return None;
    })
}

fn told<T>(decoded: Result<Decoded<T>, DecodeError>) -> Result<(usize, Vec<Reject>), DecodeError> {
    decoded.map(|decoded| (decoded.rows.len(), decoded.rejects))
}

fn first_row(body: &[u8]) -> Value {
    let body: Value = serde_json::from_slice(body).unwrap();
    body.get("data").unwrap_or(&body)[0].clone()
}

fn ticker(body: &[u8]) -> Option<String> {
    first_row(body)["ticker"].as_str().map(str::to_owned)
}

fn says_date(body: &[u8]) -> bool {
    first_row(body).get("date").is_some()
}

/// Examples of the vendor's documents that its server contradicts, and why they are refused.
const REJECTED_EXAMPLES: [(&str, &str); 2] = [
    // Shows the rows of another endpoint.
    ("stock_flow_recent.WRONG_IN_SPEC", "canceled: is missing"),
    // Shows a row of the older alerts, which had no id.
    ("option_trades_flow_alerts", "id: is missing"),
];

#[test]
fn recordings_of_answers_are_decoded() {
    let Some(examples) = examples() else { return };
    let mut read = 0;
    for kind in ["live", "spec"] {
        for path in json_files(&examples.join(kind)) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let Some(decoded) = decode(&name, &fs::read(&path).unwrap()) else {
                continue;
            };
            let (rows, rejects) = decoded.unwrap_or_else(|error| panic!("{kind}/{name}: {error}"));
            println!("{kind}/{name}: {rows} rows decoded, {} rejected", rejects.len());
            match REJECTED_EXAMPLES
                .iter()
                .find(|(begin, _)| kind == "spec" && name.starts_with(begin))
            {
                Some((_, why)) => {
                    let reasons = rejects.iter().map(|reject| &reject.reason);
                    assert!(
                        reasons.clone().any(|reason| reason.contains(why)),
                        "{name}: {reasons:?}"
                    );
                }
                None => {
                    assert!(rejects.is_empty(), "{kind}/{name}: {rejects:#?}");
                    assert!(rows > 0, "{kind}/{name}: no rows");
                }
            }
            read += 1;
        }
    }
    assert!(read > 0, "no recorded answer has a decoder in {examples:?}");
}

/// Beginnings of the files with frames of the channels that are joined.
const CHANNELS: [&str; 5] =
    ["option_trades", "flow-alerts", "flow_alerts", "price", "off_lit_trades"];

#[test]
fn recordings_of_frames_are_decoded() {
    let Some(examples) = examples() else { return };
    let calendar = Calendar::nyse();
    let mut reader = FrameReader::new(&calendar);
    let mut read = 0;
    for path in json_files(&examples.join("websocket")) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let Some(channel) = CHANNELS.into_iter().find(|begin| name.starts_with(begin)) else {
            continue;
        };
        let frames: Vec<Value> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for frame in &frames {
            // The documents print the row of an option trade without its channel.
            let is_row = frame.is_object();
            let frame = if is_row { serde_json::json!([channel, frame]) } else { frame.clone() };
            let row = reader.read(&frame.to_string(), received_at());
            let row = row.unwrap_or_else(|reject| panic!("{name}: {reject:#?}"));
            let is_reply = frame[1].get("status").is_some();
            assert_eq!(matches!(row, Row::Reply(_)), is_reply, "{name}: {row:?}");
            read += 1;
        }
        println!("websocket/{name}: {} frames decoded", frames.len());
    }
    assert!(read > 0, "no recorded frame has a decoder in {examples:?}");
}

#[test]
fn recordings_of_errors_are_told_apart() {
    let Some(examples) = examples() else { return };
    for path in json_files(&examples.join("errors")) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let error = classify(&fs::read(&path).unwrap());
        println!("errors/{name}: {}", error.kind());
        if let Some(expected) = expected_kind(&name) {
            assert_eq!(error.kind(), expected, "{name}");
        }
        if let VendorError::Entitlement { reason, history_from, .. } = &error {
            let is_wall = *reason == EntitlementReason::HistoryWall;
            assert_eq!(history_from.is_some(), is_wall, "{name}: the wall has its date");
        }
    }
}

fn classify(file: &[u8]) -> VendorError {
    let file: Value = serde_json::from_slice(file).unwrap();
    let status = u16::try_from(file["status"].as_u64().unwrap()).unwrap();
    let body = match (&file["body_text"], &file["body"]) {
        (Value::String(text), _) | (_, Value::String(text)) => text.clone(),
        (_, body) => body.to_string(),
    };
    let headers: Vec<_> = file["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    classify_answer(status, &headers, &body, received_at()).unwrap()
}

fn expected_kind(name: &str) -> Option<&'static str> {
    let kinds = [
        ("400_", "fatal"),
        ("401_", "auth"),
        ("403_historic", "history_wall"),
        ("403_edge", "transient"),
        ("403_", "entitlement"),
        ("404_", "fatal"),
        ("422_spec", "fatal"),
        ("429_daily", "rate_day"),
        ("429_", "rate_minute"),
        ("5", "transient"),
    ];
    kinds.into_iter().find(|(begin, _)| name.starts_with(begin)).map(|(_, kind)| kind)
}
