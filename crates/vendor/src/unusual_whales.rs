//! Unusual Whales: off-exchange prints and bars over REST.
//!
//! Facts about the vendor that shape this module:
//!
//! - An answer is `{"data": […]}`; prices are decimal strings, sizes are numbers, both have
//!   changed without notice. Fields come and go.
//! - A print's `executed_at` is the time on the tape, `trf_executed_at` the time of the trade.
//! - `tracking_id` repeats: see [`undertow_market::PrintKey`].
//! - Rows change after the fact: `canceled` is set on the old row.
//! - Without a `min_premium` the vendor has only ever delivered prints of $100,000 and more.
//! - Stamps are whole seconds, so a page can end inside a second: see [`paging`].

mod client;
mod codes;
mod errors;
mod field;
pub mod paging;
mod parse;
mod query;
mod scan;
mod wire;

pub use client::{UnusualWhales, UnusualWhalesConfig};
pub use errors::classify_answer;
pub use parse::{DecodeError, Decoded, StockState, decode_bars, decode_prints, decode_stock_state};
pub use query::{
    BarsQuery, MAX_BARS_PER_PAGE, MAX_PRINTS_PER_PAGE, MAX_RECENT_PRINTS, Order, PrintsQuery,
};

#[doc(hidden)]
pub use field::{decimal, instant};
#[doc(hidden)]
pub use parse::decode_prints_slowly;
