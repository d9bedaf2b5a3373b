//! Writes one session's minutes as CSV, to look at what the market is like.
//!
//! `cargo run -p undertow-simulator --example day -- SPY 2026-06-01 7 > day.csv`

use std::io::Write;
use std::time::Instant;

use chrono::{NaiveDate, TimeDelta};
use undertow_market::Symbol;
use undertow_simulator::{Day, Market, default_symbols};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let symbol: Symbol = arguments.next().as_deref().unwrap_or("SPY").parse()?;
    let date: NaiveDate = arguments.next().as_deref().unwrap_or("2026-06-01").parse()?;
    let seed: u64 = arguments.next().as_deref().unwrap_or("7").parse()?;
    let market = Market::new(seed, default_symbols(), 1.0);
    let warm_up = market.session(&symbol, date - TimeDelta::days(7));
    drop(warm_up);
    let began = Instant::now();
    let day = market.session(&symbol, date).ok_or("no session of this symbol on this date")?;
    let took = began.elapsed();
    writeln!(std::io::stderr(), "{} prints made in {took:?}", day.prints.len())?;
    write_minutes(&day)?;
    Ok(())
}

fn write_minutes(day: &Day) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "start_at,part,open,high,low,close,volume,prints,off_exchange")?;
    for bar in &day.bars {
        let end_at = bar.start_at + TimeDelta::minutes(1);
        let inside = |at| bar.start_at <= at && at < end_at;
        let prints: Vec<_> = day.prints.iter().filter(|p| inside(p.reported_at)).collect();
        let shares: i64 = prints.iter().map(|print| print.size).sum();
        writeln!(
            out,
            "{},{},{},{},{},{},{},{},{shares}",
            bar.start_at.format("%H:%M"),
            bar.part.as_str(),
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
            prints.len(),
        )?;
    }
    Ok(())
}
