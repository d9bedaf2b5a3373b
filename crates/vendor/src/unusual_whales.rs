//! Unusual Whales: off-exchange prints, bars and the options market over REST, and a stream.
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
//! - Strike, expiry and kind of an option stand in its symbol. Other fields that repeat them are
//!   written differently from endpoint to endpoint and are not read.
//! - The same option trade has microseconds over REST and milliseconds in the stream; both become
//!   milliseconds, so that it has one key.

mod client;
mod codes;
mod errors;
pub mod paging;
mod parse;
mod query;
mod scan;
pub mod stream;
mod wire;

pub use crate::decode::{DecodeError, Decoded};
pub use client::{UnusualWhales, UnusualWhalesConfig};
pub use errors::classify_answer;
pub use parse::{
    Asked, FrameReader, MAX_LEVELS, OffLitTrade, PriceTick, Reply, Row, StockState, TradesOf,
    decode_bars, decode_flow_alerts, decode_flow_per_expiry, decode_flow_per_strike,
    decode_gamma_by_strike, decode_iv_rank, decode_net_premium_ticks, decode_option_contracts,
    decode_option_trades, decode_price_volumes, decode_prints, decode_realized_volatility,
    decode_stock_state, decode_term_structure, decode_tide,
};
pub use query::{
    BarsQuery, ContractFlowQuery, ContractsQuery, FlowQuery, MAX_ALERTS_PER_PAGE,
    MAX_BARS_PER_PAGE, MAX_CONTRACTS_PER_PAGE, MAX_PRINTS_PER_PAGE, MAX_RECENT_PRINTS,
    MAX_TRADES_PER_PAGE, Order, PrintsQuery,
};

#[doc(hidden)]
pub use crate::field::{decimal, float, instant};
#[doc(hidden)]
pub use parse::{decode_option_trades_slowly, decode_prints_slowly};
