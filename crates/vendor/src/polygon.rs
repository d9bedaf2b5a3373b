//! Massive, which was Polygon.io: the consolidated tape, aggregates, option chains and reference
//! data.
//!
//! Facts about the vendor that shape this module:
//!
//! - Times of trades are nanoseconds in REST and in files and milliseconds in the stream. They are
//!   read as whole numbers and cut to milliseconds, so that a trade is the same from each.
//! - A trade is off exchange when its venue is 4. The facility's number can be missing.
//! - Sizes have had fractions since 2026; the exact size stands in a field of its own.
//! - Corrections and cancels come over REST and in files only; the stream never tells.
//! - A list without rows is left out of an answer.
//! - The address of the next page names a host of the vendor's choice and never holds the key.
//! - The text of an error can repeat what was asked. It is read, and shown to nobody.

mod client;
mod conditions;
mod errors;
pub mod flat_file;
mod paging;
mod parse;
mod query;
pub mod stream;
mod trade;
mod wire;

pub use client::{Polygon, PolygonConfig, TradesPage};
pub use conditions::{ConditionTable, SaleCondition};
pub use errors::classify_answer;
pub use paging::Cursor;
pub use parse::{
    Part, TradesRead, Venue, decode_chain, decode_conditions, decode_contracts, decode_day_bars,
    decode_dividends, decode_grouped_days, decode_minute_bars, decode_splits, decode_trades,
    decode_upcoming, decode_venues,
};
pub use query::{ChainQuery, ListingQuery, MAX_TRADES_PER_PAGE, TradesQuery};
pub use trade::TradeReader;

#[doc(hidden)]
pub use parse::decode_trades_slowly;
