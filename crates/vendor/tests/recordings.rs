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
use undertow_market::{BarInterval, Calendar, Symbol};
use undertow_vendor::unusual_whales::{
    BarsQuery, DecodeError, classify_answer, decode_bars, decode_prints, decode_stock_state,
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
    None
}

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
            let is_real = kind == "live";
            assert!(!is_real || rejects.is_empty(), "{name}: {rejects:#?}");
            assert!(!is_real || rows > 0, "{name}: no rows");
            read += 1;
        }
    }
    assert!(read > 0, "no recorded answer has a decoder in {examples:?}");
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
