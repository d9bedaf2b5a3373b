//! Starts the Postgres server that tests share, prints its address, and stays until its standard
//! input is closed or it is told to end. Everything it stored is gone afterwards.
//!
//! `UNDERTOW_TEST_POSTGRES=$(…)` is what a script makes of the printed line.

use std::io::Write;

use anyhow::Result;
use tokio::io::{AsyncReadExt, stdin};
use tokio::signal::unix::{SignalKind, signal};
use undertow_testkit::postgres::start_throwaway;

#[tokio::main]
async fn main() -> Result<()> {
    let (server, folder) = start_throwaway().await?;
    let mut output = std::io::stdout();
    writeln!(output, "{}", server.url("postgres"))?;
    output.flush()?;
    until_told_to_end().await?;
    server.stop().await?;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

async fn until_told_to_end() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = until_input_ends() => {}
    }
    Ok(())
}

async fn until_input_ends() {
    let mut buffer = [0_u8; 64];
    while let Ok(1..) = stdin().read(&mut buffer).await {}
}
