//! Health, budget, backfills, rejected rows and the log.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How well something does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As promised.
    Healthy,
    /// Works, but not as promised.
    Degraded,
    /// Does not work.
    Down,
}

/// The health of everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Status {
    /// The worst of the parts below.
    pub health: Health,
    /// One sentence on what is wrong and what to do; or that all is well.
    pub summary: String,
    /// Market time of this reading, epoch ms.
    pub market_ms: f64,
    /// `pre`, `regular`, `post` or `closed`.
    pub session: String,
    /// When that part of the day ends, epoch ms.
    pub session_ends_ms: Option<f64>,
    /// When the next regular session opens, epoch ms, while none is open.
    pub next_open_ms: Option<f64>,
    /// Each symbol's series.
    pub feeds: Vec<FeedView>,
    /// The vendor's request budget.
    pub budget: BudgetView,
    /// The database.
    pub database: DatabaseView,
    /// Backfills that run or wait.
    pub backfills: Vec<BackfillView>,
    /// Rows in quarantine.
    pub quarantined: f64,
    /// Whether this program collects, or another one on the same database does.
    pub collecting: bool,
}

/// One series of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FeedView {
    /// The ticker.
    pub symbol: String,
    /// `prints` or `bars`.
    pub series: String,
    /// How well it does.
    pub health: Health,
    /// When the vendor last answered, epoch ms.
    pub asked_ms: Option<f64>,
    /// Age of the data: market seconds since the vendor last answered; none = never.
    pub age_s: Option<f64>,
    /// Newest row, epoch ms.
    pub newest_ms: Option<f64>,
    /// When it is asked next, epoch ms.
    pub next_ms: Option<f64>,
    /// Rows stored since this program began to collect.
    pub rows: f64,
    /// What is wrong, in words.
    pub problem: Option<String>,
}

/// The vendor's request budget as its answers told it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct BudgetView {
    /// The vendor.
    pub vendor: String,
    /// Requests a day; none = not told.
    pub day_limit: Option<f64>,
    /// Requests used today.
    pub day_used: Option<f64>,
    /// Requests left in this minute.
    pub minute_remaining: Option<f64>,
    /// When the minute begins anew, epoch ms.
    pub minute_resets_ms: Option<f64>,
}

/// The database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DatabaseView {
    /// `embedded` or `url`.
    pub kind: String,
    /// How well it does.
    pub health: Health,
    /// Server version.
    pub version: Option<String>,
    /// Size on disk, bytes.
    pub bytes: Option<f64>,
    /// What is wrong, in words.
    pub problem: Option<String>,
}

/// Starts a backfill.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct StartBackfill {
    /// The tickers.
    pub symbols: Vec<String>,
    /// First session date, `YYYY-MM-DD`.
    pub from: String,
    /// Last session date, `YYYY-MM-DD`.
    pub to: String,
    /// Whether to ask again for sessions that are complete (cancels, corrections).
    pub reread: bool,
    /// Whose data; none = Unusual Whales.
    #[serde(default)]
    #[ts(optional)]
    pub vendor: Option<String>,
}

/// Names one backfill.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OneBackfill {
    /// Its id.
    pub id: String,
}

/// A backfill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct BackfillView {
    /// Its id.
    pub id: String,
    /// Whose data.
    pub vendor: String,
    /// The tickers.
    pub symbols: Vec<String>,
    /// First session date.
    pub from: String,
    /// Last session date.
    pub to: String,
    /// `waiting`, `running`, `paused`, `done`, `stopped` or `failed`.
    pub state: String,
    /// Symbol-sessions finished.
    pub sessions_done: u32,
    /// Symbol-sessions in all.
    pub sessions_total: u32,
    /// Rows stored.
    pub rows: f64,
    /// Rows a second, over the last stretch.
    pub rows_per_s: Option<f64>,
    /// Seconds left, estimated.
    pub seconds_left: Option<f64>,
    /// What happened or is wrong, in words.
    pub note: Option<String>,
}

/// Asks for a list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ListRows {
    /// At most this many, 1 to 1,000.
    pub limit: u32,
}

/// A rejected row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct QuarantineRow {
    /// When it first came, epoch ms.
    pub received_ms: f64,
    /// The ticker that was asked for.
    pub symbol: Option<String>,
    /// `prints` or `bars`.
    pub series: String,
    /// Why it was rejected.
    pub reason: String,
    /// The raw text.
    pub raw: String,
    /// How often it came.
    pub seen: f64,
}

/// A line of the log that the database keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LogRow {
    /// When, epoch ms.
    pub at_ms: f64,
    /// `info`, `warn` or `error`.
    pub level: String,
    /// Part of the program.
    pub area: String,
    /// What happened.
    pub message: String,
}
