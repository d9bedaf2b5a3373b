//! All SQL: the embedded Postgres, the migrations, the writer and the queries.
//!
//! [`Store`] is the only way to the data. It takes and gives the types of `undertow-market` and
//! `undertow-analysis`; no SQL, no row type and no connection leaves this crate. It knows nothing
//! of vendors' wire formats, of HTTP, of the window, and it decides nothing about trading.
//!
//! There is one module for each table, with verb-first functions on [`Store`].

pub mod activity;
mod away;
pub mod backfill;
pub mod bars;
pub mod baselines;
pub mod budget;
pub mod chains;
mod columns;
pub mod content;
pub mod contracts;
mod copy;
pub mod corporate_actions;
pub mod day_bars;
mod day_sums;
pub mod embedded;
mod error;
pub mod flow;
pub mod gamma;
pub mod imbalances;
pub mod imports;
pub mod levels;
mod locks;
pub mod log;
pub mod merge;
pub mod metrics;
mod migrations;
pub mod net_premium;
pub mod numeric;
pub mod opportunities;
mod packed;
pub mod positions;
pub mod price_volumes;
pub mod prints;
pub mod quarantine;
pub mod retention;
mod row;
pub mod series;
pub mod slots;
pub mod snapshots;
pub mod status;
mod store;
pub mod tape;
pub mod volatility;
pub mod watch_list;
pub mod watermarks;

pub use away::{AWAY_LIMIT, MayPass, while_away};
pub use embedded::{EmbeddedConfig, EmbeddedError, EmbeddedPostgres, RunningPostgres};
pub use error::StoreError;
pub use locks::ProgramLock;
pub use merge::{MergeContext, MergeReport};
pub use store::{SimulatedMarket, Store, StoreOptions};
#[doc(hidden)]
pub use store::{migrate, schema_digest};
