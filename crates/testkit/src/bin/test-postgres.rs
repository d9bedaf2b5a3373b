//! Starts the Postgres server that tests share, prints its address, and stays until its standard
//! input is closed or it is told to end. Everything it stored is gone afterwards.
//!
//! `UNDERTOW_TEST_POSTGRES=$(…)` is what a script makes of the printed line.

use std::io::Write;
use std::thread;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
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

/// The thread that reads is left behind: a runtime would wait for it when it ends.
async fn until_input_ends() {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        let _read = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        // Nobody listens any more when a signal came first.
        let _told = ended.send(());
    });
    let _ended = end.await;
}
