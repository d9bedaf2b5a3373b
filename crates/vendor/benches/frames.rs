//! Speed of the consolidated tape on invented rows: frames of the stream in messages (rows) a
//! second, and a flat file in rows a second.
//!
//! - `tape_frames/all_kept`, `one_in_a_thousand_kept`, `none_kept`: what the program does.
//! - `tape_frames/serde_json_value`: plain serde_json into a generic value, on the same bytes.
//! - `flat_file/all_kept`, `none_kept`: decompression in its thread, rows in the caller's.
//! - `flat_file/decompression`: the same bytes, only decompressed.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{Read, Write as _};
use std::ops::ControlFlow;

use chrono::DateTime;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use rust_decimal::Decimal;
use undertow_market::{Aggregate, Symbol, TapeTrade};
use undertow_vendor::Reject;
use undertow_vendor::polygon::TradeReader;
use undertow_vendor::polygon::flat_file::{FlatInput, FlatSink, read_trades};
use undertow_vendor::polygon::stream::{FrameDecoder, FrameSink, RawFrame};

const SYMBOLS: u64 = 1000;
/// As in a busy moment of the whole market.
const ROWS_A_FRAME: u64 = 50;
const FRAMES: u64 = 400;
const FILE_ROWS: u64 = 1_000_000;

/// Adds up what it gets, as the tape's books do.
#[derive(Default)]
struct Sums {
    trades: u64,
    shares: Decimal,
}

impl Sums {
    fn add(&mut self, trade: &TapeTrade<'_>) {
        self.trades += 1;
        self.shares += trade.size.get();
    }
}

impl FrameSink for Sums {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        self.add(trade);
    }

    fn aggregate(&mut self, _aggregate: Aggregate) {}

    fn reject(&mut self, reject: Reject) {
        panic!("{reject:?}");
    }
}

impl FlatSink for Sums {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        self.add(trade);
    }

    fn run_ended(&mut self, _symbol: &Symbol) {}

    fn reject(&mut self, reject: Reject) {
        panic!("{reject:?}");
    }
}

fn ticker(number: u64) -> String {
    let letter = |n: u64| char::from(b'A' + (n % 26) as u8);
    [letter(number / 26 / 26), letter(number / 26), letter(number)].iter().collect()
}

fn row(n: u64) -> String {
    let (at, cents) = (1_795_185_000_000 + n / 20, 10_000 + n * 13 % 700);
    let venue = match n % 5 {
        0 | 1 => format!(r#""x":4,"trfi":202,"trft":{at}"#),
        venue => format!(r#""x":{}"#, 9 + venue),
    };
    let conditions = if n.is_multiple_of(3) { r#""c":[14,37,41],"# } else { "" };
    let mut size = (n * 37 % 400).to_string();
    write!(size, r#","ds":"{}.5""#, n * 37 % 400).expect("a String takes any text");
    format!(
        r#"{{"ev":"T","sym":"{}","i":"{}","p":{}.{:02},"s":{size},{conditions}"t":{at},"pt":{},"q":{},"z":3,{venue}}}"#,
        ticker(n * 7919 % SYMBOLS),
        52_000_000 + n,
        cents / 100,
        cents % 100,
        at - 7,
        4_938_312 + n,
    )
}

fn frame(number: u64) -> RawFrame {
    let rows: Vec<_> = (0..ROWS_A_FRAME).map(|n| row(number * ROWS_A_FRAME + n)).collect();
    RawFrame::new(format!("[{}]", rows.join(",")), DateTime::UNIX_EPOCH)
}

/// A decoder that keeps one of so many tickers; zero keeps none.
fn decoder(one_in: u64) -> FrameDecoder {
    let kept: std::collections::HashMap<String, Symbol> = (0..SYMBOLS)
        .filter(|number| one_in > 0 && number.is_multiple_of(one_in))
        .map(|number| (ticker(number), Symbol::new(&ticker(number)).expect("a ticker")))
        .collect();
    FrameDecoder::new(TradeReader::default(), move |ticker| kept.get(ticker).cloned())
}

fn tape_frames(criterion: &mut Criterion) {
    let frames: Vec<RawFrame> = (0..FRAMES).map(frame).collect();
    let mut group = criterion.benchmark_group("tape_frames");
    group.throughput(Throughput::Elements(FRAMES * ROWS_A_FRAME));
    for (name, one_in) in [("all_kept", 1), ("one_in_a_thousand_kept", 1000), ("none_kept", 0)] {
        let mut decoder = decoder(one_in);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut sums = Sums::default();
                for frame in &frames {
                    decoder.decode(frame, &mut sums);
                }
                black_box((sums.trades, sums.shares))
            });
        });
    }
    group.bench_function("serde_json_value", |bencher| {
        bencher.iter(|| {
            for frame in &frames {
                let value: serde_json::Value = serde_json::from_str(frame.text()).expect("JSON");
                black_box(value);
            }
        });
    });
    group.finish();
}

fn file() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut text = String::from(
        "ticker,conditions,correction,exchange,id,participant_timestamp,price,sequence_number,sip_timestamp,size,tape,trf_id,trf_timestamp\n",
    );
    for n in 0..FILE_ROWS {
        let at = 1_795_185_000_000_000_000 + n * 50_123;
        let (conditions, cents) =
            (if n % 3 == 0 { "\"12,37\"" } else { "" }, 10_000 + n * 13 % 700);
        let (venue, trf) = if n % 5 < 2 { (4, 202) } else { (9 + n % 5, 0) };
        writeln!(
            text,
            "{},{conditions},0,{venue},{},{},{}.{:02},{},{at},{},3,{trf},{}",
            ticker(n * SYMBOLS / FILE_ROWS),
            n + 1,
            at - 7_000_123,
            cents / 100,
            cents % 100,
            4_938_312 + n * 3,
            n * 37 % 400 + 1,
            if trf > 0 { at - 1_000 } else { 0 },
        )
        .expect("a String takes any text");
    }
    encoder.write_all(text.as_bytes()).expect("memory takes any text");
    encoder.finish().expect("memory takes any text")
}

fn flat_file(criterion: &mut Criterion) {
    let file = file();
    let mut group = criterion.benchmark_group("flat_file");
    group.sample_size(10);
    group.throughput(Throughput::Elements(FILE_ROWS));
    for (name, keeps) in [("all_kept", true), ("none_kept", false)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut sums = Sums::default();
                let input = FlatInput::from_bytes(file.clone()).expect("a thread");
                let (reader, at) = (TradeReader::default(), DateTime::UNIX_EPOCH);
                let mut kept = |ticker: &str| Symbol::new(ticker).ok().filter(|_| keeps);
                let mut go_on = |_| ControlFlow::Continue(());
                let summary = read_trades(input, &reader, at, &mut kept, &mut sums, &mut go_on);
                assert_eq!(summary.expect("a file").rows, FILE_ROWS);
                black_box((sums.trades, sums.shares))
            });
        });
    }
    group.bench_function("decompression", |bencher| {
        let mut text = vec![0; 512 * 1024];
        bencher.iter(|| {
            let mut decoder = MultiGzDecoder::new(file.as_slice());
            let mut bytes = 0;
            loop {
                match decoder.read(&mut text).expect("a file") {
                    0 => break black_box(bytes),
                    count => bytes += count,
                }
            }
        });
    });
    group.finish();
}

criterion_group!(benches, tape_frames, flat_file);
criterion_main!(benches);
