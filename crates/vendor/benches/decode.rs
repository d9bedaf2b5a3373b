//! Decode speed on invented pages of 500 prints, beside plain serde_json on the same bytes.
//!
//! - `undertow`: what the program does, from bytes to `Print`.
//! - `serde_json_typed`: borrowed structs, numbers left as text.
//! - `serde_json_full`: the same, then decimals and times.

use std::fmt::Write as _;
use std::hint::black_box;

use chrono::{DateTime, Utc};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rust_decimal::Decimal;
use serde::Deserialize;
use undertow_market::{Calendar, Symbol};
use undertow_vendor::unusual_whales::decode_prints;

/// As many as fit one answer.
const ROWS_PER_PAGE: u64 = 500;
/// More than a processor's cache holds, as in a backfill.
const PAGES: u64 = 40;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Vec<Row<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded to measure decoding")]
struct Row<'a> {
    ticker: &'a str,
    size: i64,
    price: &'a str,
    premium: &'a str,
    volume: i64,
    executed_at: &'a str,
    trf_executed_at: Option<&'a str>,
    tracking_id: i64,
    nbbo_bid: &'a str,
    nbbo_ask: &'a str,
    nbbo_bid_quantity: i64,
    nbbo_ask_quantity: i64,
    market_center: &'a str,
    canceled: bool,
    sale_cond_codes: Option<&'a str>,
    trade_code: Option<&'a str>,
    ext_hour_sold_codes: Option<&'a str>,
    trade_settlement: &'a str,
}

struct Full {
    _numbers: [Decimal; 4],
    _times: [Option<DateTime<Utc>>; 2],
}

fn page(page: u64) -> String {
    let mut text = String::from(r#"{"data":["#);
    for row in 0..ROWS_PER_PAGE {
        let n = page * ROWS_PER_PAGE + row;
        let (size, cents) = (200 + n * 37 % 90_000, 51_000 + n * 13 % 700);
        let (minute, second) = (n / 60 % 60, n % 60);
        let flags = match n % 20 {
            0 => {
                r#""average_price_trade","trade_code":"derivative_priced","ext_hour_sold_codes":null"#
            }
            1 => r#"null,"trade_code":null,"ext_hour_sold_codes":"extended_hours_trade""#,
            _ => r#"null,"trade_code":null,"ext_hour_sold_codes":null"#,
        };
        let comma = if row == 0 { "" } else { "," };
        write!(
            text,
            r#"{comma}{{"size":{size},"ticker":"SPY","price":"{}.{:02}01","executed_at":"2026-03-02T15:{minute:02}:{second:02}Z","canceled":false,"premium":"{}.1200","sale_cond_codes":{flags},"nbbo_ask":"{}.35","nbbo_bid":"{}.33","volume":{},"market_center":"L","nbbo_ask_quantity":140,"nbbo_bid_quantity":900,"tracking_id":{},"trade_settlement":"regular","trf_executed_at":"2026-03-02T15:{minute:02}:{second:02}Z"}}"#,
            cents / 100, cents % 100, size * cents / 100, cents / 100, cents / 100,
            1_000_000 + n * 900, 36_245_000_000_000 + n * 17,
        )
        .expect("a String takes any text");
    }
    text + "]}"
}

fn full(row: &Row<'_>) -> Full {
    let number = |text| Decimal::from_str_exact(text).expect("a decimal");
    let time = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
    Full {
        _numbers: [row.price, row.premium, row.nbbo_bid, row.nbbo_ask].map(number),
        _times: [Some(time(row.executed_at)), row.trf_executed_at.map(time)],
    }
}

fn decode(criterion: &mut Criterion) {
    let pages: Vec<String> = (0..PAGES).map(page).collect();
    let bytes: usize = pages.iter().map(String::len).sum();
    let (calendar, symbol) = (Calendar::nyse(), Symbol::new("SPY").expect("a ticker"));
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("undertow", |bencher| {
        bencher.iter(|| {
            for page in &pages {
                let decoded =
                    decode_prints(page.as_bytes(), Some(&symbol), DateTime::UNIX_EPOCH, &calendar);
                assert_eq!(black_box(decoded).map(|page| page.rows.len()), Ok(500));
            }
        });
    });
    group.bench_function("serde_json_typed", |bencher| {
        bencher.iter(|| {
            for page in &pages {
                let envelope: Envelope<'_> = serde_json::from_str(page).expect("a page");
                black_box(envelope.data.len());
            }
        });
    });
    group.bench_function("serde_json_full", |bencher| {
        bencher.iter(|| {
            for page in &pages {
                let envelope: Envelope<'_> = serde_json::from_str(page).expect("a page");
                black_box(envelope.data.iter().map(full).collect::<Vec<_>>());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
