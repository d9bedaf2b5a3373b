//! The command line: what a person types, with its help.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

/// Collects off-exchange prints, the tape and options flow into your own Postgres and serves them.
#[derive(Debug, Parser)]
#[command(name = "undertowd", version, about, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// What was typed. Ends the program with the exit code of wrong usage where it makes no sense.
    pub(crate) fn typed() -> Self {
        let cli = Self::parse();
        if let Command::Backfill(Backfill { from, to, .. }) = cli.command
            && to < from
        {
            let problem = format!("--to {to} is before --from {from}");
            Self::command().error(ErrorKind::ValueValidation, problem).exit();
        }
        cli
    }
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// Print one JSON document on standard output; the log goes to standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Settings file [env: UNDERTOW_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder of the embedded database and of what the program remembers [env: UNDERTOW_DATA_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Use this Postgres instead of the embedded one [env: UNDERTOW_DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Collect, and serve the web page and the interface
    Serve(Listen),
    /// The same on a simulated market, with a database of its own
    Demo(Demo),
    /// Collect past sessions; an interrupted backfill continues where it stopped
    Backfill(Backfill),
    /// Read Massive's flat files of trades; an interrupted import goes on where it stopped
    Import(Import),
    /// The health of everything, in words; exit code 0 healthy, 1 degraded, 2 down
    Status,
    /// The database
    #[command(subcommand)]
    Db(Db),
    /// The effective settings and where each came from
    #[command(subcommand)]
    Config(Config),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Listen {
    /// Address and port; port 0 takes a free one [env: UNDERTOW_LISTEN]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// Seed of the market: the same seed gives the same market
    #[arg(long)]
    pub(crate) seed: Option<u32>,
    /// Market seconds a second, 1 to 600
    #[arg(long)]
    pub(crate) speed: Option<f64>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Backfill {
    /// Tickers
    #[arg(required = true, value_name = "SYMBOL")]
    pub(crate) symbols: Vec<String>,
    /// First session date, YYYY-MM-DD
    #[arg(long)]
    pub(crate) from: NaiveDate,
    /// Last session date, YYYY-MM-DD
    #[arg(long)]
    pub(crate) to: NaiveDate,
    /// Vendor to ask
    #[arg(long, default_value = "unusual_whales")]
    pub(crate) vendor: String,
    /// Ask again for complete sessions: picks up cancels and corrections
    #[arg(long)]
    pub(crate) reread: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Import {
    /// Files of one day each, .csv or .csv.gz
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Keep this ticker only; may be given several times
    #[arg(long = "symbol", value_name = "SYMBOL")]
    pub(crate) symbols: Vec<String>,
    /// Read files that were imported before once more
    #[arg(long)]
    pub(crate) again: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Db {
    /// Server, schema version and table sizes
    Status,
    /// Bring the schema up to this program's version
    Migrate,
    /// Let go of rows that are older than the database is told to keep them
    Prune,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Config {
    /// Print each setting, its value and where it came from
    Show,
    /// Check the settings and say what is wrong
    Check,
    /// Print the path of the settings file
    Path,
}
