//! Recorded frames and files of the consolidated tape, where there are any: the folder that
//! `UNDERTOW_RECORDINGS` names has one folder for each vendor.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends where its own ground fails, and this one tells what it read"
)]

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::Value;
use undertow_market::{Aggregate, Symbol, TapeTrade};
use undertow_vendor::Reject;
use undertow_vendor::polygon::TradeReader;
use undertow_vendor::polygon::flat_file::{FlatFileError, FlatInput, FlatSink, read_trades};
use undertow_vendor::polygon::stream::{FrameDecoder, FrameSink, RawFrame};

fn examples() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("UNDERTOW_RECORDINGS") else {
        println!("UNDERTOW_RECORDINGS is not set: no recorded frames and files to read");
        return None;
    };
    Some(PathBuf::from(folder).join("polygon/examples"))
}

fn received_at() -> DateTime<Utc> {
    "2026-11-20T15:00:00Z".parse().unwrap()
}

fn all(ticker: &str) -> Option<Symbol> {
    Symbol::new(ticker).ok()
}

#[derive(Default)]
struct Held {
    trades: Vec<(String, u16, String, String)>,
    aggregates: Vec<Aggregate>,
    rejects: Vec<Reject>,
}

impl Held {
    fn add(&mut self, trade: &TapeTrade<'_>) {
        let (price, size) = (trade.price.to_string(), trade.size.to_string());
        self.trades.push((trade.symbol.to_string(), trade.venue, price, size));
    }
}

impl FrameSink for Held {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        self.add(trade);
    }

    fn aggregate(&mut self, aggregate: Aggregate) {
        self.aggregates.push(aggregate);
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

impl FlatSink for Held {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        self.add(trade);
    }

    fn run_ended(&mut self, _symbol: &Symbol) {}

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

#[test]
fn recordings_of_tape_frames_are_understood() {
    let Some(folder) = examples() else { return };
    let text = fs::read_to_string(folder.join("websocket/frames.jsonl")).unwrap();
    let mut decoder = FrameDecoder::new(TradeReader::default(), all);
    let (mut held, mut frames, mut off_exchange) = (Held::default(), 0, 0);
    for line in text.lines() {
        let recorded: Value = serde_json::from_str(line).unwrap();
        if recorded["direction"] != "in" {
            continue;
        }
        let (kind, rows) =
            (recorded["kind"].as_str().unwrap(), recorded["frame"].as_array().unwrap());
        let frame = RawFrame::new(recorded["frame"].to_string(), received_at());
        let before = held.trades.len();
        let counts = decoder.decode(&frame, &mut held);
        frames += 1;
        assert_eq!((counts.rows(), counts.rejects), (rows.len(), 0), "{line} {:?}", held.rejects);
        let expected = match kind {
            "trade" => counts.trades,
            "aggregate" => counts.aggregates,
            // Its ticker is no stock's.
            "option_trade" => counts.skipped,
            "status" => counts.statuses,
            "quote" => counts.others,
            other => panic!("a frame of a new kind: {other}"),
        };
        assert_eq!(expected, rows.len(), "{line}");
        off_exchange += held.trades[before..].iter().filter(|trade| trade.1 == 4).count();
    }
    println!("{frames} recorded frames, {} trades, {off_exchange} off exchange", held.trades.len());
    assert!(frames > 10 && off_exchange > 3);
    let whole = ("AAPL".to_owned(), 4, "297.845".to_owned(), "40.0".to_owned());
    assert!(held.trades.contains(&whole), "{:?}", held.trades);
    let part = ("AAPL".to_owned(), 4, "263.16".to_owned(), "0.007300".to_owned());
    assert!(held.trades.contains(&part), "{:?}", held.trades);
}

fn read(text: &str) -> Result<Held, FlatFileError> {
    let mut held = Held::default();
    let input = FlatInput::from_bytes(text.as_bytes().to_vec()).unwrap();
    let (reader, mut go_on) = (TradeReader::default(), |_| ControlFlow::Continue(()));
    let summary = read_trades(input, &reader, received_at(), &mut all, &mut held, &mut go_on)?;
    assert_eq!(summary.rows, (text.lines().count() - 1) as u64);
    Ok(held)
}

#[test]
fn recordings_of_flat_file_rows_are_understood() {
    let Some(folder) = examples() else { return };
    // The same columns as a flat file, but for the ticker.
    let text = fs::read_to_string(folder.join("openapi-samples/v3_trades_stocks.csv")).unwrap();
    let mut lines = text.lines();
    let head = format!("ticker,{}\n", lines.next().unwrap());
    let rows: String = lines.map(|line| format!("AAPL,{line}\n")).collect();
    let held = read(&(head + &rows)).unwrap();
    println!("{} recorded rows of a file", held.trades.len());
    assert!(held.rejects.is_empty(), "{:?}", held.rejects);
    let first = ("AAPL".to_owned(), 11, "171.55".to_owned(), "100.0".to_owned());
    assert_eq!(held.trades.first(), Some(&first));
    // A file of options is told from one of stocks by its columns.
    let options = folder.join("flatfiles/options_trades_example.csv");
    let options = fs::read_to_string(options).unwrap();
    assert!(matches!(read(&options), Err(FlatFileError::NoColumn("id"))));
    let stocks = folder.join("flatfiles/stock_trades_sample.csv");
    if let Ok(stocks) = fs::read_to_string(stocks) {
        let held = read(&stocks).unwrap();
        println!("{} recorded rows of a file of stocks", held.trades.len());
        assert!(held.rejects.is_empty(), "{:?}", held.rejects);
    }
}
