//! The state of the program as a whole.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::ApiError;

/// Asks for nothing.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Nothing {}

/// Which market the program shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing was chosen yet: the first-run question.
    Unset,
    /// The chosen market is being opened.
    Starting,
    /// The simulated market. Every page carries the SIMULATED frame.
    Simulated,
    /// A vendor's real data.
    Live,
    /// The chosen market could not be opened; `problem` says why.
    Failed,
}

/// The program at a glance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AppView {
    /// Program version.
    pub version: String,
    /// Which market is shown.
    pub mode: Mode,
    /// What is being done while `mode` is `starting`, in words.
    pub progress: Option<String>,
    /// Why opening failed, in words.
    pub problem: Option<String>,
    /// The watch list, in order.
    pub symbols: Vec<String>,
    /// The clock the program runs on.
    pub clock: ClockView,
    /// The vendors and whether a key is set. Keys never cross.
    pub vendors: Vec<VendorView>,
    /// The reasons that a print can carry, most telling first.
    pub reasons: Vec<ReasonView>,
}

/// The clock that the program runs on. Market time = `market_ms + (now - wall_ms) * speed`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
pub struct ClockView {
    /// Wall time of the reading, epoch ms.
    pub wall_ms: f64,
    /// Market time at that reading, epoch ms.
    pub market_ms: f64,
    /// Market seconds a wall second.
    pub speed: f64,
    /// Whether market time is not real time (simulated, or started elsewhere for a test).
    pub shifted: bool,
}

/// A vendor as the screen knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VendorView {
    /// Name in commands and settings.
    pub id: String,
    /// Name as the company writes it.
    pub title: String,
    /// Whether a key is set.
    pub key_set: bool,
    /// Where the key came from: `environment` or `memory`.
    pub key_from: Option<String>,
}

/// One reason that a print can carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReasonView {
    /// Bit in the `reasons` column of prints.
    pub bit: u32,
    /// Short code, as shown on the tape.
    pub code: String,
    /// Meaning in words.
    pub meaning: String,
    /// Whether a print with this reason is kept out of levels.
    pub excludes: bool,
}

/// Opens the simulated market.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct StartDemo {
    /// Seed of the market; the same seed gives the same market.
    pub seed: Option<u32>,
    /// Market seconds a wall second, 1 to 600.
    pub speed: Option<f64>,
}

/// Tries vendors' keys. When each of them works they are kept, in memory only, and the real market
/// opens with them and with those that were kept before; else none of them is.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct ConnectVendors {
    /// One for each vendor at most; none = the keys that are kept.
    pub keys: Vec<VendorKey>,
}

/// A vendor's key.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct VendorKey {
    /// Vendor name, for example `unusual_whales`.
    pub vendor: String,
    /// The key. Never comes back.
    pub key: String,
}

/// What came of the keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConnectedView {
    /// The program. The market opens only where no key has a problem.
    pub app: AppView,
    /// Each key that was tried.
    pub keys: Vec<KeyVerdict>,
}

/// What came of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeyVerdict {
    /// The vendor.
    pub vendor: String,
    /// What is wrong with it; none = it works.
    pub problem: Option<ApiError>,
}

/// Names one symbol.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OneSymbol {
    /// The ticker.
    pub symbol: String,
}
