//! Talks to data vendors: asks, keeps within their limits, pages, and parses their wire formats
//! into the types of `undertow-market`.
//!
//! This crate must not know how rows are stored or what is done with them. It reads no clock but
//! the [`NowFn`] that it is given, and stamps the receive time once, when an answer is complete.
//! What cannot be parsed is handed back as a [`Reject`] with its raw text: nothing is dropped in
//! silence, and a null or a wrong type never becomes a zero.
//!
//! A key is only ever sent to the address it was configured for: in a header, and in the address
//! of the stream, because the vendor has no other way there. It appears in no error, log line,
//! recorded request or `Debug` output.

use std::sync::Arc;

use chrono::{DateTime, Utc};

pub mod backoff;
pub mod budget;
mod decode;
pub mod error;
mod field;
#[doc(hidden)]
pub mod fuzzing;
pub mod http;
pub mod page;
pub mod polygon;
mod scan;
mod socket;
pub mod unusual_whales;
mod wire;

pub use backoff::RetryPolicy;
pub use budget::{Budget, BudgetState, Priority};
pub use decode::{DecodeError, Decoded};
pub use error::{Call, EntitlementReason, RateScope, VendorError};
pub use http::HttpLimits;
pub use page::{MAX_RAW_BYTES, Page, Reject};
pub use polygon::{
    ChainQuery, ConditionTable, Cursor, ListingQuery, Polygon, PolygonConfig, SaleCondition,
    TradeReader, TradesPage, TradesQuery, Venue,
};
pub use unusual_whales::{
    BarsQuery, ContractFlowQuery, ContractsQuery, FlowQuery, OffLitTrade, Order, PriceTick,
    PrintsQuery, StockState, UnusualWhales, UnusualWhalesConfig,
};

/// The clock. The only one that this crate reads the time of day from; waits and time limits run
/// on tokio's.
pub type NowFn = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;
