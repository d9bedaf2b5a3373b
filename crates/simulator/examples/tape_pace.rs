//! How long a client takes to read the consolidated tape over REST, and what it gets.
//!
//! `cargo run --release -p undertow-simulator --example tape_pace -- 90`

use std::io::Write;
use std::time::Instant;

use undertow_market::Calendar;
use undertow_simulator::{SimClock, Simulator, SimulatorConfig, default_symbols};

/// Noon of a Wednesday in New York.
const NOW: &str = "2026-06-03T16:00:00Z";
/// Symbols that are read.
const SYMBOLS: usize = 8;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions: usize = std::env::args().nth(1).as_deref().unwrap_or("90").parse()?;
    let config = SimulatorConfig::new(7, SimClock::running(NOW.parse()?, 1.0));
    let simulator = Simulator::start(config).await?;
    let client = reqwest::Client::new();
    let dates = Calendar::nyse().sessions_ending("2026-06-02".parse()?, sessions);
    let began = Instant::now();
    let (mut trades, mut bytes) = (0, 0);
    for profile in default_symbols().iter().take(SYMBOLS) {
        for date in &dates {
            let address = simulator.url();
            let symbol = &profile.symbol;
            let url =
                format!("{address}/v3/trades/{symbol}?timestamp={date}&order=asc&limit=50000");
            let answer = client.get(url).bearer_auth(simulator.key()).send().await?;
            let body = answer.bytes().await?;
            bytes += body.len();
            trades += rows_of(&body);
        }
    }
    let took = began.elapsed();
    let days = dates.len() * SYMBOLS;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{days} days, {trades} trades, {bytes} bytes in {took:?}")?;
    simulator.stop().await;
    Ok(())
}

/// Rows of a body, by a field that each of them has once.
fn rows_of(body: &[u8]) -> usize {
    let needle = b"\"sip_timestamp\"";
    body.windows(needle.len()).filter(|window| window == needle).count()
}
