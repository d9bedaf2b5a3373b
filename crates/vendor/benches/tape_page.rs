//! Decode speed on one full page of the consolidated tape, fifty thousand trades, beside plain
//! serde_json on the same bytes.
//!
//! - `undertow`: what the program does, from bytes to trades handed on one by one.
//! - `serde_json_typed`: borrowed structs in a list, numbers left as they are.
//! - `serde_json_value`: a generic value.

use std::fmt::Write as _;
use std::hint::black_box;

use chrono::DateTime;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::Deserialize;
use serde_json::Value;
use undertow_market::Symbol;
use undertow_vendor::polygon::{MAX_TRADES_PER_PAGE, TradeReader, decode_trades};

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    results: Vec<Row<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded to measure decoding")]
struct Row<'a> {
    conditions: Option<Vec<u16>>,
    exchange: u16,
    id: &'a str,
    participant_timestamp: i64,
    price: f64,
    sequence_number: i64,
    sip_timestamp: i64,
    size: f64,
    decimal_size: &'a str,
    trf_id: Option<u16>,
}

/// A third of the trades is off exchange, and most have conditions, as on the tape.
fn page() -> String {
    let mut text = String::from(r#"{"results":["#);
    for n in 0..MAX_TRADES_PER_PAGE {
        let comma = if n == 0 { "" } else { "," };
        let conditions = if n % 5 == 0 { "" } else { r#""conditions":[14,37,41],"# };
        let (venue, trf) = match n % 3 {
            0 => (4, r#","trf_id":202,"trf_timestamp":1772463845278990003"#),
            _ => (11, ""),
        };
        let (at, size) = (1_772_463_845_279_001_002 + i64::from(n) * 1_000_003, 1 + n * 37 % 900);
        write!(
            text,
            r#"{comma}{{{conditions}"exchange":{venue},"id":"{n}","participant_timestamp":{},"price":512.{:04},"sequence_number":{},"sip_timestamp":{at},"size":{size},"tape":2{trf},"decimal_size":"{size}.0"}}"#,
            at - 700_001,
            n % 10_000,
            1000 + n * 3,
        )
        .expect("a String takes any text");
    }
    text + r#"],"status":"OK","request_id":"0a1b2c3d"}"#
}

fn tape_page(criterion: &mut Criterion) {
    let page = page();
    let (reader, symbol) = (TradeReader::default(), Symbol::new("SPY").expect("a ticker"));
    let mut group = criterion.benchmark_group("tape_page");
    group.sample_size(20);
    group.throughput(Throughput::Elements(u64::from(MAX_TRADES_PER_PAGE)));
    group.bench_function("undertow", |bencher| {
        bencher.iter(|| {
            let mut off_exchange = 0;
            let mut take = |trade: &undertow_market::TapeTrade<'_>| {
                off_exchange += u32::from(trade.is_off_exchange());
            };
            let at = DateTime::UNIX_EPOCH;
            let read = decode_trades(page.as_bytes(), &symbol, &reader, at, &mut take);
            assert!(read.is_ok_and(|read| read.rejects.is_empty()));
            black_box(off_exchange);
        });
    });
    group.bench_function("serde_json_typed", |bencher| {
        bencher.iter(|| {
            let envelope: Envelope<'_> = serde_json::from_str(&page).expect("a page");
            black_box(envelope.results.len());
        });
    });
    group.bench_function("serde_json_value", |bencher| {
        bencher.iter(|| {
            let value: Value = serde_json::from_str(&page).expect("a page");
            black_box(&value);
        });
    });
    group.finish();
}

criterion_group!(benches, tape_page);
criterion_main!(benches);
