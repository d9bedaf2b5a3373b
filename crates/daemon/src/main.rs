//! `undertowd`: the headless host. It reads the command line, opens the same `App` that the
//! desktop opens, and serves it over HTTP. It holds no trading logic and no SQL.

mod backfill;
mod cli;
mod config;
mod database;
mod http;
mod import;
mod outcome;
mod running;
mod serve;
mod setup;
mod status;

use std::time::Duration;

use cli::{Cli, Command};
use outcome::Outcome;

/// How long work that nobody waits for may go on when the program ends.
const LEFTOVERS: Duration = Duration::from_secs(1);

fn main() -> std::process::ExitCode {
    let cli = Cli::typed();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Outcome::failed(&error.into()).report(cli.common.json),
    };
    let json = cli.common.json;
    let outcome = runtime.block_on(run(cli)).unwrap_or_else(|error| Outcome::failed(&error));
    // What still computes when everything was closed is of no use to anybody.
    runtime.shutdown_timeout(LEFTOVERS);
    outcome.report(json)
}

async fn run(cli: Cli) -> anyhow::Result<Outcome> {
    match cli.command {
        Command::Serve(listen) => serve::live(&cli.common, &listen).await,
        Command::Demo(demo) => serve::demo(&cli.common, &demo).await,
        Command::Backfill(request) => backfill::run(&cli.common, &request).await,
        Command::Import(request) => import::run(&cli.common, &request).await,
        Command::Status => status::run(&cli.common).await,
        Command::Db(command) => database::run(&cli.common, command).await,
        Command::Config(command) => config::run(&cli.common, command),
    }
}
