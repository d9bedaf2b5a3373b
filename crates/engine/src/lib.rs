//! Wires the parts together: asks vendors on schedule, checks what comes, has it stored, catches
//! up on what was missed, and tells how well that goes.
//!
//! This crate never contains a window, a web framework, SQL or a shape that crosses to a screen.

pub mod backfill;
mod bars;
pub mod clock;
pub mod engine;
pub mod event;
pub mod feed;
mod journal;
pub mod pace;
mod prints;
mod reread;
pub mod schedule;
pub mod settings;
mod shared;
mod supervise;
pub mod validate;
mod walk;
mod writer;
