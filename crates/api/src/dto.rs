//! The shapes that cross to the screen. Times are epoch milliseconds, ids are text, exact
//! numbers are text where they are read and floats only where they are drawn.

pub mod app;
pub mod contract;
pub mod flow;
pub mod market;
pub mod status;
pub mod straddles;

pub use app::*;
pub use contract::*;
pub use flow::*;
pub use market::*;
pub use status::*;
pub use straddles::*;
