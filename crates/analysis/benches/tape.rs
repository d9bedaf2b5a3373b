//! How fast a tape is reduced: trades a second through a `TapeBook`, one symbol's day in the order
//! of the tape.
//!
//! - `summed`: trades below the floor, which are only counted.
//! - `repeated`: the same trades again, which are only recognised.
//! - `drained`: as `summed`, with final minutes taken out as they end.

use std::hint::black_box;

use chrono::{DateTime, TimeDelta};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rust_decimal::Decimal;
use undertow_analysis::tape::{TapeBook, TapeKeep};
use undertow_market::{Conditions, Price, Reasons, Size, Symbol, TapeTrade};

/// A busy symbol's day; its identities do not fit a processor's nearest cache.
const TRADES: usize = 400_000;
/// The regular session in minutes.
const MINUTES: usize = 390;
const OPEN: u16 = 570;

fn trades(ids: &[String]) -> Vec<TapeTrade<'_>> {
    let symbol = Symbol::new("SPY").expect("a ticker");
    ids.iter().enumerate().map(|(n, id)| trade(&symbol, n, id)).collect()
}

fn trade<'a>(symbol: &Symbol, n: usize, trade_id: &'a str) -> TapeTrade<'a> {
    let start = DateTime::UNIX_EPOCH;
    let at = start + TimeDelta::milliseconds((n * MINUTES * 60_000 / TRADES) as i64);
    let is_off_exchange = n % 5 < 2;
    TapeTrade {
        symbol: symbol.clone(),
        session_date: start.date_naive(),
        minute: OPEN + (n * MINUTES / TRADES) as u16,
        executed_at: at,
        reported_at: at,
        received_at: at,
        venue: if is_off_exchange { 4 } else { 11 },
        trf_id: is_off_exchange.then_some(202),
        trade_id,
        sequence: n as i64,
        price: Price::new(Decimal::new(6_000_000 + (n * 37 % 9_000) as i64, 4)).expect("a price"),
        size: Size::new(Decimal::from(1 + n * 13 % 400)).expect("a size"),
        conditions: Conditions::default(),
        correction: 0,
        reasons: match n % 16 {
            0 => Reasons::AVERAGE_PRICE,
            1 => Reasons::ODD_LOT,
            _ => Reasons::empty(),
        },
    }
}

fn book() -> TapeBook {
    let keep = TapeKeep { print_floor: Decimal::from(1_000_000) };
    let symbol = Symbol::new("SPY").expect("a ticker");
    TapeBook::new(symbol, DateTime::UNIX_EPOCH.date_naive(), keep)
}

fn tape(criterion: &mut Criterion) {
    let ids: Vec<String> =
        (0..TRADES).map(|n| (71_675_577_320_000_u64 + n as u64).to_string()).collect();
    let trades = trades(&ids);
    let mut group = criterion.benchmark_group("tape");
    group.throughput(Throughput::Elements(TRADES as u64)).sample_size(10);
    group.bench_function("summed", |bencher| {
        bencher.iter_batched(
            book,
            |mut book| {
                assert!(trades.iter().all(|trade| book.take(trade)));
                black_box(book)
            },
            BatchSize::PerIteration,
        );
    });
    let mut full = book();
    assert!(trades.iter().all(|trade| full.take(trade)));
    group.bench_function("repeated", |bencher| {
        bencher.iter(|| assert!(!trades.iter().any(|trade| full.take(trade))));
    });
    group.bench_function("drained", |bencher| {
        bencher.iter_batched(
            book,
            |mut book| {
                let mut minute = OPEN;
                for trade in &trades {
                    if trade.minute > minute {
                        black_box(book.take_final(minute));
                        minute = trade.minute;
                    }
                    assert!(book.take(trade));
                }
                black_box(book)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, tape);
criterion_main!(benches);
