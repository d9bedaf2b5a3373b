//! What tests need and the product does not: a real Postgres for each test, and a bad network.
//!
//! Nothing outside tests may depend on this crate.

pub mod chaos;
pub mod postgres;
