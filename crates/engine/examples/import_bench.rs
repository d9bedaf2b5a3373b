//! How fast a day's flat file of trades is read, summed and imported, against decompressing it.
//!
//!     cargo run --release -p undertow-engine --example import_bench
//!
//! The file is invented: 100 tickers with 20,000 trades each, some fifty a minute, two in five off
//! exchange, one in sixteen with a reason against its price. It needs `gzip`. Three ways take
//! turns: decompression alone (in its thread, as the import does it), that with every row read,
//! decoded and summed, and the whole import into an empty, durable Postgres on this machine.

#![expect(clippy::print_stdout, reason = "a measurement tells what it finds")]

use std::fmt::Write as _;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::Utc;
use rust_decimal::Decimal;
use tokio_util::sync::CancellationToken;
use undertow_analysis::tape::{TapeBook, TapeKeep};
use undertow_engine::clock::Clock;
use undertow_engine::consolidated::{ImportOptions, ImportPlace, ROWS_A_WRITE, import};
use undertow_market::{Calendar, Symbol, TapeTrade};
use undertow_store::embedded::{EmbeddedConfig, EmbeddedPostgres};
use undertow_store::{Store, StoreOptions};
use undertow_vendor::Reject;
use undertow_vendor::polygon::TradeReader;
use undertow_vendor::polygon::flat_file::{FlatInput, FlatSink, read_trades};

const TICKERS: u64 = 100;
const TRADES_A_TICKER: u64 = 20_000;
const ROWS: u64 = TICKERS * TRADES_A_TICKER;
const ROUNDS: usize = 5;
/// 2026-06-02, 09:30 in New York.
const OPEN_NS: u64 = 1_780_407_000_000_000_000;
const SESSION_NS: u64 = 390 * 60 * 1_000_000_000;
const PRINT_FLOOR: u32 = 1_000_000;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("undertow-bench-").tempdir()?;
    let file = file(folder.path())?;
    let server = EmbeddedPostgres::start(EmbeddedConfig::new(folder.path().join("pg"))).await?;
    let (mut alone, mut summed, mut imported) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        alone.push(timed(|| decompress(&file))?);
        summed.push(timed(|| sum(&file))?);
        let address = server.database(&format!("bench{round}")).await?;
        let store = Store::open(address, StoreOptions::default()).await?;
        let since = Instant::now();
        import_into(store, &file).await?;
        imported.push(since.elapsed());
    }
    println!("{ROWS} rows, {} bytes compressed", std::fs::metadata(&file)?.len());
    let best = median(&mut alone);
    tell("decompressed", best, best);
    tell("read, decoded and summed", median(&mut summed), best);
    tell("imported", median(&mut imported), best);
    server.stop().await?;
    Ok(())
}

fn tell(what: &str, took: Duration, alone: Duration) {
    let seconds = took.as_secs_f64();
    let (rate, of_alone) = (ROWS as f64 / seconds / 1e6, alone.as_secs_f64() / seconds);
    println!("{what}: {seconds:.3} s, {rate:.2} million rows/s, {of_alone:.2} of decompression");
}

fn median(took: &mut [Duration]) -> Duration {
    took.sort_unstable();
    took[took.len() / 2]
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let since = Instant::now();
    work()?;
    Ok(since.elapsed())
}

/// Invents the file and compresses it.
fn file(folder: &Path) -> Result<PathBuf> {
    let mut text = String::from(
        "ticker,conditions,correction,exchange,id,participant_timestamp,price,sequence_number,\
         sip_timestamp,size,tape,trf_id,trf_timestamp\n",
    );
    for n in 0..ROWS {
        let (ticker, nth) = (n / TRADES_A_TICKER, n % TRADES_A_TICKER);
        let at = OPEN_NS + nth * (SESSION_NS / TRADES_A_TICKER) + n * 7_919 % 1_000_000;
        let cents = 10_000 + ticker * 100 + nth / 50 % 300 + n * 13 % 5;
        let (venue, trf) = if n % 5 < 2 { (4, 202) } else { (9 + n % 5, 0) };
        let conditions = match n % 16 {
            0 => "2",
            1..6 => "\"12,37\"",
            _ => "",
        };
        writeln!(
            text,
            "T{ticker:03},{conditions},0,{venue},{},{},{}.{:02},{},{at},{},3,{trf},{}",
            52_983_525_000 + n,
            at - 7_000_123,
            cents / 100,
            cents % 100,
            4_938_312 + nth * 31,
            n * 37 % 400 + 1,
            if trf > 0 { at - 1_000 } else { 0 },
        )?;
    }
    let plain = folder.join("2026-06-02.csv");
    std::fs::write(&plain, text)?;
    let done = Command::new("gzip").arg(&plain).status().context("gzip")?;
    ensure!(done.success(), "gzip failed");
    Ok(folder.join("2026-06-02.csv.gz"))
}

fn decompress(file: &Path) -> Result<()> {
    let mut input = FlatInput::open(file)?;
    let mut some = vec![0; 256 * 1024];
    while input.read(&mut some)? > 0 {}
    Ok(())
}

/// Sums each ticker in a book of its own, as the import does.
#[derive(Default)]
struct Sums {
    book: Option<TapeBook>,
    trades: u64,
    minutes: usize,
}

impl FlatSink for Sums {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        let keep = TapeKeep { print_floor: Decimal::from(PRINT_FLOOR) };
        let begin = || TapeBook::new(trade.symbol.clone(), trade.session_date, keep);
        self.trades += u64::from(self.book.get_or_insert_with(begin).take(trade));
    }

    fn run_ended(&mut self, _symbol: &Symbol) {
        let part = self.book.take().map(TapeBook::into_part);
        self.minutes += part.map_or(0, |part| part.minutes.len());
    }

    fn reject(&mut self, reject: Reject) {
        panic!("{reject:?}");
    }
}

fn sum(file: &Path) -> Result<()> {
    let (input, reader, mut sums) =
        (FlatInput::open(file)?, TradeReader::default(), Sums::default());
    let mut kept = |ticker: &str| Symbol::new(ticker).ok();
    let mut go_on = |_| ControlFlow::Continue(());
    read_trades(input, &reader, Utc::now(), &mut kept, &mut sums, &mut go_on)?;
    ensure!(sums.trades == ROWS, "{} trades were counted", sums.trades);
    Ok(())
}

async fn import_into(store: Store, file: &Path) -> Result<()> {
    let clock = Clock::starting_at("2026-06-03T12:00:00Z".parse()?, 1.0);
    let place = ImportPlace { store, calendar: Calendar::nyse(), clock };
    let options = ImportOptions {
        symbols: None,
        print_floor: PRINT_FLOOR,
        print_per_mille: None,
        again: false,
        rows_a_write: ROWS_A_WRITE,
    };
    let files = [file.to_owned()];
    let stop = CancellationToken::new();
    let report = import(&place, &files, &options, &stop, &mut |_| {}).await?;
    let imported = report.files.first().context("a file")?;
    ensure!(imported.trades == ROWS, "{} trades were imported", imported.trades);
    Ok(())
}
