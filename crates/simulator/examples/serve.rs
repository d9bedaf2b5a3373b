//! Serves a simulated market until it is interrupted.
//!
//! `cargo run -p undertow-simulator --example serve -- --seed 7 --speed 1 --port 8799`
//!
//! Also `--start 2026-06-02T13:30:00Z` (the market's time; now without it) and
//! `--per-minute 500` (the plan's limit; 0 for none) and `--websocket true` (the plan's stream).

use std::str::FromStr;

use chrono::Utc;
use undertow_simulator::{SimClock, Simulator, SimulatorConfig};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a person reads where it serves")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed = argument("--seed", 7)?;
    let speed = argument("--speed", 1.0)?;
    let port = argument("--port", 8799_u16)?;
    let start_at = argument("--start", Utc::now())?;
    let mut config = SimulatorConfig::new(seed, SimClock::running(start_at, speed));
    config.listen.set_port(port);
    config.plan.per_minute = Some(argument("--per-minute", 120)?).filter(|limit| *limit > 0);
    config.plan.websocket = argument("--websocket", false)?;
    let simulator = Simulator::start(config).await?;
    println!("{}", simulator.stocks_url());
    println!("{} with the key \"{}\"", simulator.url(), simulator.key());
    tokio::signal::ctrl_c().await?;
    simulator.stop().await;
    Ok(())
}

/// The value behind `name` on the command line.
fn argument<T: FromStr>(name: &str, default: T) -> Result<T, String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    if arguments.next().is_none() {
        return Ok(default);
    }
    let text = arguments.next().unwrap_or_default();
    text.parse().map_err(|_| format!("{name} {text}: this value cannot be read"))
}
