//! Wires the parts together: asks vendors on schedule, checks what comes, has it stored, catches
//! up on what was missed, and tells how well that goes.
//!
//! This crate never contains a window, a web framework, SQL or a shape that crosses to a screen.

mod answers;
pub mod backfill;
mod bars;
mod budgets;
pub mod clock;
mod common;
pub mod consolidated;
mod election;
pub mod engine;
pub mod event;
pub mod feed;
mod journal;
mod liveness;
mod metrics;
pub mod pace;
mod past;
pub mod plan;
pub mod planner;
mod poll;
mod reread;
mod retention;
pub mod schedule;
pub mod settings;
mod shared;
pub mod stream;
mod supervise;
mod tape;
mod tasks;
pub mod validate;
mod walk;
mod writer;
