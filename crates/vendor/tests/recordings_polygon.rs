//! Recorded REST answers of Massive, where there are any: the folder that `UNDERTOW_RECORDINGS`
//! names has one folder for each vendor. The decoder is chosen by the file's name.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends where its own ground fails, and this one tells what it read"
)]

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;
use undertow_market::{Symbol, TapeTrade};
use undertow_vendor::polygon::{
    Part, TradeReader, classify_answer, decode_chain, decode_conditions, decode_contracts,
    decode_day_bars, decode_dividends, decode_grouped_days, decode_minute_bars, decode_splits,
    decode_trades, decode_upcoming, decode_venues,
};
use undertow_vendor::{DecodeError, Reject};

/// Folders with answers, below that of the vendor.
const FOLDERS: [&str; 2] = ["rest", "openapi-samples"];

fn examples() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("UNDERTOW_RECORDINGS") else {
        println!("UNDERTOW_RECORDINGS is not set: no recorded answers to read");
        return None;
    };
    Some(PathBuf::from(folder).join("polygon/examples"))
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

type Told = Result<(usize, Vec<Reject>), DecodeError>;

fn told<T>(part: Result<Part<T>, DecodeError>) -> Told {
    part.map(|part| (part.decoded.rows.len(), part.decoded.rejects))
}

fn trades(body: &[u8]) -> Told {
    let (mut count, symbol) = (0, aapl());
    let mut take = |_: &TapeTrade<'_>| count += 1;
    let read = decode_trades(body, &symbol, &TradeReader::default(), received_at(), &mut take)?;
    Ok((count, read.rejects))
}

fn aapl() -> Symbol {
    Symbol::new("AAPL").unwrap()
}

/// Rows decoded and rows refused; none when no decoder reads this kind of file.
fn decode(name: &str, body: &[u8]) -> Option<Told> {
    let (aapl, at) = (aapl(), received_at());
    let agilent = Symbol::new("A").unwrap();
    let is = |begin: &str| name.starts_with(begin);
    Some(if is("v3_trades_options") {
        // Option trades have no id: nothing here reads them.
        return None;
    } else if is("v3_trades") {
        trades(body)
    } else if is("v2_aggs_grouped") {
        told(decode_grouped_days(body, "2005-04-04".parse().unwrap(), at))
    } else if is("v2_aggs_") && name.contains("1min") {
        told(decode_minute_bars(body, &aapl, at))
    } else if is("v2_aggs_") {
        told(decode_day_bars(body, &aapl, at))
    } else if is("v3_snapshot_options_chain") {
        told(decode_chain(body, &aapl, at))
    } else if is("v3_reference_options_contracts") {
        told(decode_contracts(body, &agilent, at))
    } else if is("v3_reference_splits") {
        told(decode_splits(body, None, at))
    } else if is("v3_reference_dividends") {
        told(decode_dividends(body, None, at))
    } else if is("v3_reference_conditions") {
        told(decode_conditions(body))
    } else if is("v3_reference_exchanges") {
        told(decode_venues(body))
    } else if is("v1_marketstatus_upcoming") {
        told(decode_upcoming(body))
    } else {
        return None;
    })
}

#[test]
fn recordings_of_massive_answers_are_decoded() {
    let Some(examples) = examples() else { return };
    let mut read = 0;
    for kind in FOLDERS {
        for path in json_files(&examples.join(kind)) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let Some(decoded) = decode(&name, &fs::read(&path).unwrap()) else {
                println!("{kind}/{name}: no decoder reads it");
                continue;
            };
            let (rows, rejects) = decoded.unwrap_or_else(|error| panic!("{kind}/{name}: {error}"));
            println!("{kind}/{name}: {rows} rows decoded, {} rejected", rejects.len());
            assert!(rejects.is_empty(), "{kind}/{name}: {rejects:#?}");
            assert!(rows > 0, "{kind}/{name}: no rows");
            read += 1;
        }
    }
    assert!(read > 0, "no recorded answer has a decoder in {examples:?}");
}

#[test]
fn recordings_of_massive_errors_are_told_apart() {
    let Some(examples) = examples() else { return };
    let file = fs::read(examples.join("rest/errors.json")).unwrap();
    let answers: Vec<Value> = serde_json::from_slice(&file).unwrap();
    let mut kinds = Vec::new();
    for answer in &answers {
        let status = u16::try_from(answer["status"].as_u64().unwrap()).unwrap();
        let body = match &answer["body_text"] {
            Value::String(text) => text.clone(),
            _ => answer["body"].to_string(),
        };
        let kind = answer["content_type"].as_str().unwrap_or_default();
        let headers = [("content-type".to_owned(), kind.to_owned())];
        let error = classify_answer(status, &headers, &body, received_at());
        let kind = error.as_ref().map_or("rows", |error| error.kind());
        println!("errors {status}: {kind}");
        kinds.push((status, kind));
    }
    for (status, kind) in kinds {
        let expected = match status {
            200 => "rows",
            401 => "auth",
            403 => "entitlement",
            429 => "rate_minute",
            500..=599 => "transient",
            _ => "fatal",
        };
        assert_eq!(kind, expected, "{status}");
    }
}
