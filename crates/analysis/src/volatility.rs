//! Historical and implied volatility: how much a price moved, and how much its options expect.
//!
//! Every volatility is a fraction a year: 0.25 is 25 %, or 25 volatility points. A figure that
//! cannot be computed is none; it is never zero in its place.

mod historical;
mod implied;

pub use historical::{Estimator, LENGTHS, Ohlc, SESSIONS_PER_YEAR, historical};
pub use implied::{
    SLOPE_DAYS, Standing, THIRTY_DAYS, TermIv, YEAR_SESSIONS, at_days, at_forward, ln_ratio, slope,
    spread,
};
