//! Decode speed on invented pages of 500 prints or option trades, and on frames of the stream,
//! beside plain serde_json on the same bytes.
//!
//! - `undertow`: what the program does, from bytes to `Print` or `OptionTrade`.
//! - `serde_json_typed`: borrowed structs, numbers left as text.
//! - `serde_json_full`: the same, then decimals and times (prints only).

use std::fmt::Write as _;
use std::hint::black_box;

use chrono::{DateTime, Utc};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rust_decimal::Decimal;
use serde::Deserialize;
use undertow_market::{Calendar, Symbol};
use undertow_vendor::unusual_whales::{FrameReader, TradesOf, decode_option_trades, decode_prints};

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

#[derive(Deserialize)]
struct TradeEnvelope<'a> {
    #[serde(borrow)]
    data: Vec<TradeRow<'a>>,
}

/// The fields that the list and the stream share.
#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded to measure decoding")]
struct TradeRow<'a> {
    id: &'a str,
    underlying_symbol: &'a str,
    size: i64,
    price: &'a str,
    premium: &'a str,
    nbbo_bid: &'a str,
    nbbo_ask: &'a str,
    underlying_price: &'a str,
    implied_volatility: &'a str,
    delta: &'a str,
    gamma: &'a str,
    open_interest: i64,
    volume: i64,
    #[serde(borrow)]
    report_flags: Vec<&'a str>,
    #[serde(borrow)]
    tags: Vec<&'a str>,
    exchange: &'a str,
}

/// One option trade: the fields of both ways, then those of the list or of the stream.
fn trade(n: u64, own_fields: &str) -> String {
    let (size, cents) = (40 + n * 37 % 900, 250 + n * 13 % 700);
    let strike = 480 + n % 60;
    format!(
        r#"{{"id":"0a1b2c3d-0000-4000-8000-{n:012x}","underlying_symbol":"SPY",{own_fields},"nbbo_bid":"{0}.{1:02}","nbbo_ask":"{0}.{1:02}","ewma_nbbo_bid":"3.10","ewma_nbbo_ask":"3.15","size":{size},"price":"{0}.{1:02}","premium":"{2}.00","expiry":"2026-03-20","option_type":"call","strike":"{strike}.0000000000","open_interest":6016,"volume":{3},"underlying_price":"512.3400","implied_volatility":"0.143247350962543","delta":"0.4410546281537814","gamma":"0.01775013889662635","theta":"-0.0640155364004474","vega":"0.3140468475903719","rho":"0.2316546330093438","theo":"3.14999999999999","report_flags":[],"tags":["ask_side","bullish","etf"],"exchange":"XCBO","ask_vol":900,"bid_vol":33,"mid_vol":0,"no_side_vol":0,"multi_vol":0,"stock_multi_vol":0}}"#,
        cents / 100,
        cents % 100,
        size * cents,
        1000 + n,
    )
}

fn trade_page(page: u64) -> String {
    let row = |row| {
        let n = page * ROWS_PER_PAGE + row;
        let own = format!(
            r#""option_chain_id":"SPY260320C00{}000","executed_at":"2026-03-02T15:{:02}:{:02}.278302Z","canceled":false,"upstream_condition_detail":"auto","full_name":"AN EXCHANGE TRADED FUND","flow_alert_id":null"#,
            480 + n % 60,
            n / 60 % 60,
            n % 60,
        );
        trade(n, &own)
    };
    let rows: Vec<String> = (0..ROWS_PER_PAGE).map(row).collect();
    format!(r#"{{"data":[{}]}}"#, rows.join(","))
}

fn trade_frame(n: u64) -> String {
    let own = format!(
        r#""option_symbol":"SPY260320C00{}000","executed_at":{},"created_at":{},"trade_code":"auto""#,
        480 + n % 60,
        1_772_463_845_278 + n,
        1_772_463_845_300 + n,
    );
    format!(r#"["option_trades:SPY",{}]"#, trade(n, &own))
}

fn option_trades(criterion: &mut Criterion) {
    let pages: Vec<String> = (0..PAGES).map(trade_page).collect();
    let calendar = Calendar::nyse();
    let mut group = criterion.benchmark_group("option_trades");
    group.throughput(Throughput::Elements(PAGES * ROWS_PER_PAGE));
    group.bench_function("undertow", |bencher| {
        bencher.iter(|| {
            for page in &pages {
                let (of, at) = (TradesOf::Symbols(&[]), DateTime::UNIX_EPOCH);
                let decoded = decode_option_trades(page.as_bytes(), of, at, &calendar);
                assert_eq!(black_box(decoded).map(|page| page.rows.len()), Ok(500));
            }
        });
    });
    group.bench_function("serde_json_typed", |bencher| {
        bencher.iter(|| {
            for page in &pages {
                let envelope: TradeEnvelope<'_> = serde_json::from_str(page).expect("a page");
                black_box(envelope.data.len());
            }
        });
    });
    group.finish();
}

fn frames(criterion: &mut Criterion) {
    let frames: Vec<String> = (0..PAGES * ROWS_PER_PAGE).map(trade_frame).collect();
    let calendar = Calendar::nyse();
    let mut group = criterion.benchmark_group("frames");
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("undertow", |bencher| {
        bencher.iter(|| {
            let mut reader = FrameReader::new(&calendar);
            for frame in &frames {
                assert!(black_box(reader.read(frame, DateTime::UNIX_EPOCH)).is_ok());
            }
        });
    });
    group.bench_function("serde_json_typed", |bencher| {
        bencher.iter(|| {
            for frame in &frames {
                let frame: (&str, TradeRow<'_>) = serde_json::from_str(frame).expect("a frame");
                black_box(frame.1.size);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, decode, option_trades, frames);
criterion_main!(benches);
