//! Tests over the whole house. One binary, hung on the daemon's crate so that it builds without
//! webview libraries (docs/adr/0007).

mod architecture;
mod dependencies;
mod licences;
mod source;
mod tidy;
