//! What decoding the consolidated tape takes from the heap: nothing. A test binary of its own,
//! because the allocator that counts is the whole program's.

#![expect(clippy::unwrap_used, reason = "a test ends where its own ground fails")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use undertow_market::{Aggregate, Symbol, TapeTrade};
use undertow_vendor::Reject;
use undertow_vendor::polygon::TradeReader;
use undertow_vendor::polygon::flat_file::{FlatInput, FlatSink, read_trades};
use undertow_vendor::polygon::stream::{FrameDecoder, FrameSink, RawFrame};

thread_local! {
    /// Allocations of this thread. Of its own, so that other tests do not count.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counted.
struct Counting;

#[expect(unsafe_code, reason = "an allocator cannot be counted in another way; it only passes on")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of this thread while `work` runs.
fn counted<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = COUNT.get();
    let result = work();
    (result, COUNT.get() - before)
}

#[derive(Default)]
struct Sums {
    trades: u64,
    dollars: Decimal,
}

impl FrameSink for Sums {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        self.trades += 1;
        self.dollars += trade.notional();
    }

    fn aggregate(&mut self, _aggregate: Aggregate) {}

    fn reject(&mut self, reject: Reject) {
        panic!("{reject:?}");
    }
}

impl FlatSink for Sums {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        FrameSink::trade(self, trade);
    }

    fn run_ended(&mut self, _symbol: &Symbol) {}

    fn reject(&mut self, reject: Reject) {
        panic!("{reject:?}");
    }
}

const ROWS: usize = 1000;

fn frame(ticker: &str) -> RawFrame {
    let row = |n: usize| {
        format!(
            r#"{{"ev":"T","sym":"{ticker}","i":"{n}","x":4,"p":297.845,"s":0,"c":[12,37,41],"t":1795185000123,"pt":1795185000119,"q":{n},"z":3,"trfi":202,"trft":1795185000122,"ds":"0.0073"}}"#
        )
    };
    let rows: Vec<_> = (0..ROWS).map(row).collect();
    RawFrame::new(format!("[{}]", rows.join(",")), DateTime::UNIX_EPOCH)
}

#[test]
fn the_counter_counts() {
    let (boxed, count) = counted(|| vec![0_u8; 100]);
    assert_eq!((boxed.len(), count), (100, 1));
}

#[test]
fn a_frame_costs_no_allocation_whether_its_trades_are_kept_or_not() {
    let spy = Symbol::new("SPY").unwrap();
    let kept = move |ticker: &str| Some(spy.clone()).filter(|spy| spy.as_str() == ticker);
    let mut decoder = FrameDecoder::new(TradeReader::default(), kept);
    let mut sums = Sums::default();
    // The tables of conditions and of New York's clock are made once.
    decoder.decode(&frame("SPY"), &mut sums);
    for (ticker, trades) in [("SPY", ROWS), ("QQQ", 0)] {
        let frame = frame(ticker);
        let (counts, allocations) = counted(|| decoder.decode(&frame, &mut sums));
        assert_eq!((counts.trades, counts.rows()), (trades, ROWS));
        assert_eq!(allocations, 0, "{ticker}");
    }
    assert!(sums.dollars > Decimal::ZERO);
}

/// Allocations of reading a file with so many rows of one ticker.
fn file_allocations(rows: usize, ticker: &str) -> u64 {
    let mut text =
        String::from("ticker,conditions,correction,exchange,id,price,sip_timestamp,size\n");
    for n in 0..rows {
        text += &format!("{ticker},\"12,37\",0,4,{n},297.845,1795185000123456789,0.0073\n");
    }
    let at: DateTime<Utc> = DateTime::UNIX_EPOCH;
    let mut sums = Sums::default();
    let input = FlatInput::from_bytes(text.into_bytes()).unwrap();
    let mut kept = |ticker: &str| Symbol::new(ticker).ok().filter(|_| ticker == "SPY");
    let mut go_on = |_| ControlFlow::Continue(());
    let reader = TradeReader::default();
    let (summary, allocations) =
        counted(|| read_trades(input, &reader, at, &mut kept, &mut sums, &mut go_on));
    assert_eq!(summary.unwrap().rows, rows as u64);
    allocations
}

#[test]
fn a_row_of_a_flat_file_costs_no_allocation() {
    for ticker in ["SPY", "QQQ"] {
        file_allocations(10, ticker);
        let (few, many) = (file_allocations(1000, ticker), file_allocations(20_000, ticker));
        assert!(many <= few + 8, "{ticker}: {few} for a thousand rows, {many} for twenty thousand");
    }
}
