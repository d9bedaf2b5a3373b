//! The stream's frames and the flat files on invented fixtures, and on what nearly is one.

#![expect(clippy::unwrap_used, reason = "a test ends where its own ground fails")]

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use undertow_market::{Aggregate, Symbol, TapeTrade};
use undertow_vendor::polygon::TradeReader;
use undertow_vendor::polygon::flat_file::{FlatInput, FlatSink, read_trades};
use undertow_vendor::polygon::stream::{FrameCounts, FrameDecoder, FrameSink, RawFrame};
use undertow_vendor::{Reject, fuzzing};

const FRAMES: &str = include_str!("../fixtures/polygon/frames.jsonl");
const TRADES: &str = include_str!("../fixtures/polygon/trades.csv");
const DAYS: &str = include_str!("../fixtures/polygon/day_aggs.csv");

fn received_at() -> DateTime<Utc> {
    "2026-11-20T15:00:00Z".parse().unwrap()
}

fn all(ticker: &str) -> Option<Symbol> {
    Symbol::new(ticker).ok()
}

/// A trade but for its text, so that it can be kept.
#[derive(Debug, Default, PartialEq)]
struct Held {
    trades: Vec<String>,
    rejects: Vec<Reject>,
    aggregates: usize,
}

impl FrameSink for Held {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        self.trades.push(format!("{trade:?}"));
    }

    fn aggregate(&mut self, _aggregate: Aggregate) {
        self.aggregates += 1;
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

impl FlatSink for Held {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        self.trades.push(format!("{trade:?}"));
    }

    fn run_ended(&mut self, _symbol: &Symbol) {}

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

fn decoded(text: &str) -> (FrameCounts, Held) {
    let mut held = Held::default();
    let frame = RawFrame::new(text.to_owned(), received_at());
    let counts = FrameDecoder::new(TradeReader::default(), all).decode(&frame, &mut held);
    (counts, held)
}

fn read(text: &str) -> Held {
    let mut held = Held::default();
    let input = FlatInput::from_bytes(text.as_bytes().to_vec()).unwrap();
    let (reader, mut go_on) = (TradeReader::default(), |_| ControlFlow::Continue(()));
    read_trades(input, &reader, received_at(), &mut all, &mut held, &mut go_on).unwrap();
    held
}

#[test]
fn every_row_of_the_fixture_is_understood() {
    let mut counts = FrameCounts::default();
    for line in FRAMES.lines() {
        let (more, held) = decoded(line);
        assert!(held.rejects.is_empty(), "{:?}", held.rejects);
        counts += more;
    }
    let expected =
        FrameCounts { trades: 6, aggregates: 1, skipped: 0, statuses: 2, others: 1, rejects: 0 };
    assert_eq!(counts, expected);
}

#[test]
fn a_very_deep_frame_does_not_overflow_the_stack() {
    let deep = "[".repeat(200_000);
    for inner in [deep.clone(), format!("{deep}{}", "]".repeat(200_000))] {
        fuzzing::fuzz_tape_frame(inner.as_bytes());
        fuzzing::fuzz_tape_frame(format!("[{{\"ev\":\"T\",\"c\":{inner}}}]").as_bytes());
        fuzzing::fuzz_tape_frame(format!("[{{\"ev\":{inner}").as_bytes());
    }
}

/// Text that is nearly a good one: with some of its bytes changed, cut or doubled.
fn nearly(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((0..text.len(), any::<u8>(), 0_u8..4), 0..6);
    edits.prop_map(move |edits| {
        let mut bytes = text.as_bytes().to_vec();
        for (place, byte, kind) in edits {
            let place = place % bytes.len().max(1);
            match kind {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                2 if bytes.len() > 1 => drop(bytes.remove(place)),
                _ => bytes.truncate(place.max(1)),
            }
        }
        bytes
    })
}

/// A trade as any channel tells it, with what the vendor leaves out left out.
#[derive(Clone, Debug)]
struct Told {
    id: u32,
    venue: u16,
    facility: Option<u16>,
    cents: u32,
    /// Ten-thousandths of a share.
    size: u32,
    conditions: Vec<u16>,
    sip_ms: i64,
    delay_ms: Option<i64>,
    nanos: i64,
}

fn told() -> impl Strategy<Value = Told> {
    (
        any::<u32>(),
        prop_oneof![Just(4_u16), 1_u16..60],
        prop::option::of(201_u16..204),
        1_u32..100_000_000,
        1_u32..100_000_000,
        prop::collection::vec(0_u16..60, 0..5),
        1_700_000_000_000_i64..1_900_000_000_000,
        prop::option::of(0_i64..2_000_000),
        0_i64..1_000_000,
    )
        .prop_map(|(id, venue, facility, cents, size, conditions, sip_ms, delay_ms, nanos)| {
            Told { id, venue, facility, cents, size, conditions, sip_ms, delay_ms, nanos }
        })
}

impl Told {
    fn price(&self) -> String {
        format!("{}.{:02}", self.cents / 100, self.cents % 100)
    }

    fn exact_size(&self) -> String {
        format!("{}.{:04}", self.size / 10_000, self.size % 10_000)
    }

    fn frame_row(&self) -> String {
        let mut row = Map::new();
        row.insert("i".to_owned(), json!(self.id.to_string()));
        row.insert("x".to_owned(), json!(self.venue));
        row.insert("s".to_owned(), json!(self.size / 10_000));
        row.insert("ds".to_owned(), json!(self.exact_size()));
        row.insert("t".to_owned(), json!(self.sip_ms));
        row.insert("q".to_owned(), json!(self.id));
        if let Some(facility) = self.facility {
            row.insert("trfi".to_owned(), json!(facility));
        }
        if !self.conditions.is_empty() {
            row.insert("c".to_owned(), json!(self.conditions));
        }
        if let Some(delay) = self.delay_ms {
            row.insert("pt".to_owned(), json!(self.sip_ms - delay));
        }
        let rest = Value::from(row).to_string();
        format!(r#"{{"ev":"T","sym":"SPY","p":{},{}"#, self.price(), &rest[1..])
    }

    fn file_row(&self) -> String {
        let ids: Vec<_> = self.conditions.iter().map(u16::to_string).collect();
        let conditions = match ids.len() {
            0 | 1 => ids.join(""),
            _ => format!("\"{}\"", ids.join(",")),
        };
        let nanoseconds = |ms: i64| ms * 1_000_000 + self.nanos;
        let participant = self.delay_ms.map_or(0, |delay| nanoseconds(self.sip_ms - delay));
        format!(
            "SPY,{conditions},0,{},{},{participant},{},{},{},{},2,{},0\n",
            self.venue,
            self.id,
            self.price(),
            self.id,
            nanoseconds(self.sip_ms),
            self.exact_size(),
            self.facility.unwrap_or(0),
        )
    }
}

const HEAD: &str = "ticker,conditions,correction,exchange,id,participant_timestamp,price,sequence_number,sip_timestamp,size,tape,trf_id,trf_timestamp\n";

proptest! {
    #[test]
    fn any_bytes_are_rows_or_rejects(data in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzzing::fuzz_tape_frame(&data);
        fuzzing::fuzz_flat_file(&data);
    }

    #[test]
    fn a_damaged_frame_is_rows_or_rejects(frames in nearly(FRAMES)) {
        for line in frames.split(|byte| *byte == b'\n') {
            fuzzing::fuzz_tape_frame(line);
        }
    }

    #[test]
    fn a_damaged_file_is_rows_or_rejects(trades in nearly(TRADES), days in nearly(DAYS)) {
        fuzzing::fuzz_flat_file(&trades);
        fuzzing::fuzz_flat_file(&days);
    }

    #[test]
    fn a_trade_is_the_same_from_the_stream_and_from_a_file(trades in prop::collection::vec(told(), 1..20)) {
        let rows: Vec<_> = trades.iter().map(Told::frame_row).collect();
        let (counts, streamed) = decoded(&format!("[{}]", rows.join(",")));
        let rows: String = trades.iter().map(Told::file_row).collect();
        let filed = read(&format!("{HEAD}{rows}"));
        prop_assert_eq!(counts.trades, trades.len());
        prop_assert_eq!(&streamed.trades, &filed.trades);
    }

    #[test]
    fn a_broken_row_costs_no_other(
        before in prop::collection::vec(told(), 0..5),
        broken in "[^{}\\[\\]\",]{1,20}",
        after in prop::collection::vec(told(), 0..5),
    ) {
        let row = |told: &Told| told.frame_row();
        let mut rows: Vec<_> = before.iter().map(row).collect();
        rows.push(broken);
        rows.extend(after.iter().map(row));
        let (counts, _) = decoded(&format!("[{}]", rows.join(",")));
        prop_assert_eq!(counts.trades, before.len() + after.len());
    }
}
