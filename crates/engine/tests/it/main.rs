//! The consolidated tape from the vendor's three channels to a real database.

#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod backfill;
mod channels;
mod history;
mod import;
mod opportunities;
mod outage;
mod rig;
mod stream;
