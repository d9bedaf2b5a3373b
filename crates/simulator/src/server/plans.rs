//! What a key may do at the second vendor, and how its requests are counted.

use chrono::NaiveDate;

use super::limits::{Limits, Plan};

/// What a key may do at Massive, once Polygon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolygonPlan {
    /// Requests a minute, in real time; None for no limit.
    pub per_minute: Option<u32>,
    /// Whether chains have bids and offers.
    pub has_quotes: bool,
    /// Whether the websocket takes the key.
    pub websocket: bool,
    /// Whether everything about stocks comes a quarter of an hour late.
    pub is_delayed: bool,
    /// The first day whose trades it has; what lies before is refused. None for all that there is.
    pub history_from: Option<NaiveDate>,
    /// Websockets at once. One more puts out the oldest.
    pub connections: usize,
}

impl Default for PolygonPlan {
    /// Everything in real time, and one websocket.
    fn default() -> Self {
        Self {
            per_minute: None,
            has_quotes: true,
            websocket: true,
            is_delayed: false,
            history_from: None,
            connections: 1,
        }
    }
}

impl PolygonPlan {
    /// Counts its requests. There is no limit of a day.
    pub(super) fn limits(&self) -> Limits {
        Limits::new(Plan {
            per_minute: self.per_minute,
            per_day: u32::MAX,
            history_sessions: u32::MAX,
            websocket: self.websocket,
        })
    }
}
