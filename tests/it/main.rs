//! Tests over the whole house. One binary, hung on the daemon's crate so that it builds without
//! webview libraries (docs/adr/0007).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod api;
mod architecture;
mod bindings;
mod crash;
mod daemon;
mod dependencies;
mod faults;
mod flow;
mod ingest;
mod keys;
mod licences;
mod outage;
mod program;
mod rig;
mod source;
mod straddles;
mod tape;
mod tidy;
mod undertowd;
