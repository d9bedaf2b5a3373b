//! A deterministic market that speaks the wire formats of Unusual Whales and of Massive (once
//! Polygon) over real HTTP on loopback.
//!
//! For demos and for tests. The market is a pure function of (seed, symbol, date): prices walk
//! around an anchor, volume has the shape of a U, prints gather at price magnets that last for
//! weeks, and the awkward rows of the real tape come in their real shares (averages, contingent
//! legs, late reports, cancels, repeated ids). Options trade on the same path: a volatility
//! surface, contracts that open and close, trades, sweeps and spreads, all of whose sums agree. A
//! consolidated tape holds the same prints between trades on exchanges; one day of it is the same
//! over REST, on the websocket and in its flat file, but for cancels and corrections, of which the
//! stream never tells. The server adds a clock, a key, a plan's limits, a websocket and a script of faults.
//!
//! It must not know the client: nothing here depends on how Undertow reads, stores or draws.

mod answer;
mod clock;
mod dice;
mod market;
mod polygon;
mod profile;
mod server;
mod ticks;
mod unusual_whales;

pub use clock::{MAX_SPEED, MIN_SPEED, ManualClock, SimClock};
pub use market::{
    AlertRule, Amendment, Codes, Day, Greeks, Kind, Line, MAX_EDITS, MAX_INJECTED, MAX_SURGES,
    Market, MinuteBar, OptionDay, SceneError, Shares, SimAlert, SimPrint, SimTapeTrade, SimTrade,
    SplitRule, SurgeRule, TapeDay, TapeScript, TradeCode, TradeSide, Volumes,
};
pub use polygon::flat_file::FlatFile;
pub use polygon::stream::{Burst, BurstTrade};
pub use profile::{SymbolProfile, default_symbols};
pub use server::{
    DEFAULT_KEY, Fault, FaultRule, Faults, MAX_FAULT_RULES, MAX_REQUESTS_KEPT, Plan, PolygonPlan,
    Requests, ScriptFull, Simulator, SimulatorConfig,
};
pub use ticks::Ticks;
