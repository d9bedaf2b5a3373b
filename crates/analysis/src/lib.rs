//! What prints, bars, tapes and options say: levels, activity, blocks, ranges, whether a level
//! held, flow, volatility, gamma and straddles.
//!
//! This crate is pure. It never does I/O, never reads a clock, and draws random numbers only
//! from a seed that the caller gives, so every number on screen can be computed again. It knows
//! nothing of where rows are stored, how they were collected or how they are drawn.
//!
//! Sums of money and of shares are exact decimals. Ratios, strengths and intervals are
//! statistics and use floats.

pub mod activity;
pub mod adjust;
pub mod atm;
pub mod bins;
pub mod black_scholes;
pub mod blocks;
mod chain;
pub mod correlation;
pub mod coverage;
mod draw;
pub mod flow;
pub mod gamma;
pub mod kinds;
pub mod levels;
pub mod opportunity;
pub mod profile;
mod quantile;
pub mod range;
pub mod smile;
pub mod straddle;
pub mod tape;
pub mod touch;
pub mod volatility;
