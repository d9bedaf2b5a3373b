//! The contract between the engine and whatever shows it: commands, shapes, events, error codes.
//!
//! The desktop window and the daemon are thin hosts over [`commands::dispatch`]. This crate never
//! contains a window, a web framework or SQL.

pub mod app;
pub mod bindings;
pub mod columns;
pub mod commands;
mod convert;
pub mod database;
pub mod dto;
pub mod environment;
pub mod error;
pub mod events;
mod forward;
mod handlers;
pub mod import;
pub mod resources;
