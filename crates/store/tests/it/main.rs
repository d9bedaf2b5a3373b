//! The store on a real Postgres. One program, so that it is linked once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod books;
mod crash;
mod embedded;
mod fixtures;
mod flow;
mod merge;
mod open;
mod options_market;
mod queries;
mod retention;
mod schema;
mod straddles;
mod tape;
mod upgrade;
