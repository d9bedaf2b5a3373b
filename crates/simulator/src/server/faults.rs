//! A script of what goes wrong: each rule spoils a number of requests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// Most rules that wait at once.
pub const MAX_FAULT_RULES: usize = 1_000;

/// What goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 429, too many requests this minute.
    #[serde(rename = "status_429_minute")]
    Status429Minute,
    /// 429, the day's quota is used up.
    #[serde(rename = "status_429_day")]
    Status429Day,
    /// 429 without a body.
    #[serde(rename = "status_429_empty")]
    Status429Empty,
    /// 403, the plan does not have it, in the words of the second vendor.
    NotEntitled,
    /// 500 with the vendor's plain text.
    #[serde(rename = "status_500")]
    Status500,
    /// 502 with a JSON error.
    #[serde(rename = "status_502")]
    Status502,
    /// 200 with an HTML page instead of rows.
    #[serde(rename = "html_200")]
    Html200,
    /// 403 from the edge, before the vendor saw the request.
    #[serde(rename = "edge_403")]
    Edge403,
    /// The right answer, a few bytes at a time.
    SlowDrip {
        /// How fast; at least one.
        bytes_per_sec: u32,
    },
    /// The right answer, cut in the middle: the connection ends before the promised length.
    TruncatedBody,
    /// The page that was served last on this path, whatever is asked for. The right answer when
    /// there was none.
    RepeatedPage,
    /// No answer until the client gives up or the simulator stops.
    Hang,
    /// 302 to another address.
    Redirect {
        /// The address.
        to: String,
    },
    /// The connection is reset before any answer.
    ResetConnection,
    /// The right answer, with this field of every row holding an empty list.
    WrongTypes(String),
    /// The right answer after this many real milliseconds.
    Delay(u64),
    /// The websocket's upgrade is refused, as by a plan that has none.
    NoWebsocketScope,
    /// The websocket's connection ends in the middle of a frame.
    DropMidFrame,
    /// The websocket falls silent and stays open: no frames, and no answers to a ping.
    Freeze,
    /// A frame comes twice.
    DuplicateFrame,
    /// The websocket ends as it does for a reader who is too slow, without a word.
    CutSlowReader,
    /// A frame that is no JSON comes before the right one.
    GarbageFrame,
    /// A frame whose events hold an empty list in this field.
    WrongTypesFrame(String),
    /// A frame comes after this many real milliseconds, and every later one behind it.
    SlowFrame(u64),
    /// The second vendor's websocket: the key is refused.
    AuthFailed,
    /// The second vendor's websocket: this connection is one too many. It is told so after its
    /// first subscription, and closed.
    MaxConnections,
    /// The second vendor's websocket: a topic of this name is not in the plan.
    TopicRefused(String),
}

/// The path of websocket requests. Its frames have the path of their channel below it.
pub(super) const SOCKET_PATH: &str = "/socket";
/// The same of the second vendor. Its frames mix everything, and have [`STOCKS_FRAMES`].
pub(super) const STOCKS_PATH: &str = "/stocks";
/// The path of the second vendor's frames with data.
pub(super) const STOCKS_FRAMES: &str = "/stocks/frames";

impl Fault {
    /// What it strikes.
    fn target(&self) -> Target {
        match self {
            Self::DropMidFrame
            | Self::Freeze
            | Self::DuplicateFrame
            | Self::CutSlowReader
            | Self::GarbageFrame
            | Self::WrongTypesFrame(_)
            | Self::SlowFrame(_) => Target::Frame,
            Self::AuthFailed | Self::MaxConnections | Self::TopicRefused(_) => Target::Talk,
            _ => Target::Request,
        }
    }
}

/// What a fault strikes.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    Request,
    /// A frame with data.
    Frame,
    /// What is said on a websocket before data comes.
    Talk,
}

/// A fault, and which requests it spoils. For faults of an open websocket a request is a frame
/// that is pushed, and its path `/socket/<channel>`, or
/// `/stocks/frames` at the second vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// How many matching requests it still spoils.
    #[serde(default = "once")]
    pub count: u32,
    /// How many matching requests pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// Only requests whose path begins so; every request when none.
    #[serde(default)]
    pub path_prefix: Option<String>,
}

fn once() -> u32 {
    1
}

impl FaultRule {
    /// Spoils the next request.
    #[must_use]
    pub fn once(fault: Fault) -> Self {
        Self { fault, count: 1, skip: 0, path_prefix: None }
    }

    /// Spoils the next `count` requests.
    #[must_use]
    pub fn times(fault: Fault, count: u32) -> Self {
        Self { count, ..Self::once(fault) }
    }

    /// Lets `skip` matching requests pass first.
    #[must_use]
    pub fn after(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    /// Spoils only requests whose path begins with `prefix`.
    #[must_use]
    pub fn on(self, prefix: &str) -> Self {
        Self { path_prefix: Some(prefix.to_owned()), ..self }
    }

    fn matches(&self, path: &str) -> bool {
        if self.fault == Fault::NoWebsocketScope && path != SOCKET_PATH {
            return false;
        }
        self.path_prefix.as_deref().is_none_or(|prefix| path.starts_with(prefix))
    }

    /// Whether enough requests have passed. Counts this one as passed where they have not.
    fn is_ready(&mut self) -> bool {
        let ready = self.skip == 0;
        self.skip = self.skip.saturating_sub(1);
        ready
    }
}

/// The script already holds as many rules as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the fault script already holds {MAX_FAULT_RULES} rules: clear it first")]
pub struct ScriptFull;

/// The rules that still wait, in order. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<FaultRule>>>);

impl Faults {
    /// Adds a rule behind the others.
    ///
    /// # Errors
    /// The script is full.
    pub fn push(&self, rule: FaultRule) -> Result<(), ScriptFull> {
        let mut rules = self.rules();
        if rules.len() >= MAX_FAULT_RULES {
            return Err(ScriptFull);
        }
        if rule.count > 0 {
            rules.push(rule);
        }
        Ok(())
    }

    /// The rules that still wait.
    #[must_use]
    pub fn list(&self) -> Vec<FaultRule> {
        self.rules().clone()
    }

    /// Forgets every rule.
    pub fn clear(&self) {
        self.rules().clear();
    }

    /// The fault for a request: that of the first rule that matches and has let enough pass.
    pub(crate) fn take(&self, path: &str) -> Option<Fault> {
        self.first(|rule| rule.fault.target() == Target::Request && rule.matches(path))
    }

    /// The fault for a frame of this path.
    pub(crate) fn take_for_frame(&self, path: &str) -> Option<Fault> {
        self.first(|rule| rule.fault.target() == Target::Frame && rule.matches(path))
    }

    /// The fault for what is said on the second vendor's websocket, if it is one of these.
    pub(crate) fn take_for_talk(&self, is_wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        self.first(|rule| {
            rule.fault.target() == Target::Talk
                && is_wanted(&rule.fault)
                && rule.matches(STOCKS_PATH)
        })
    }

    fn first(&self, strikes: impl Fn(&FaultRule) -> bool) -> Option<Fault> {
        let mut rules = self.rules();
        let place = rules.iter_mut().position(|rule| strikes(rule) && rule.is_ready())?;
        let fault = rules[place].fault.clone();
        rules[place].count -= 1;
        if rules[place].count == 0 {
            rules.remove(place);
        }
        Some(fault)
    }

    fn rules(&self) -> MutexGuard<'_, Vec<FaultRule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_spoil_requests_in_order_and_run_out() {
        let faults = Faults::default();
        faults.push(FaultRule::times(Fault::Status500, 2).on("/api/stock").after(1)).unwrap();
        faults.push(FaultRule::once(Fault::Hang)).unwrap();
        faults.push(FaultRule::times(Fault::Html200, 0)).unwrap();
        let mut served = Vec::new();
        for path in ["/api/stock/A", "/api/stock/A", "/api/darkpool/A", "/api/stock/A"] {
            served.push(faults.take(path));
        }
        assert_eq!(
            served,
            [Some(Fault::Hang), Some(Fault::Status500), None, Some(Fault::Status500)]
        );
        assert_eq!(faults.list(), []);
    }

    #[test]
    fn frames_and_requests_do_not_take_each_others_faults() {
        let faults = Faults::default();
        for fault in [Fault::NoWebsocketScope, Fault::Freeze, Fault::Status500] {
            faults.push(FaultRule::once(fault)).unwrap();
        }
        faults.push(FaultRule::once(Fault::DuplicateFrame).on("/socket/price:SPY")).unwrap();
        assert_eq!(faults.take("/api/stock/A"), Some(Fault::Status500));
        assert_eq!(faults.take("/socket"), Some(Fault::NoWebsocketScope));
        assert_eq!(faults.take("/socket"), None);
        assert_eq!(faults.take_for_frame("/socket/flow-alerts"), Some(Fault::Freeze));
        assert_eq!(faults.take_for_frame("/socket/flow-alerts"), None);
        assert_eq!(faults.take_for_frame("/socket/price:SPY"), Some(Fault::DuplicateFrame));
    }

    #[test]
    fn a_script_has_a_last_page() {
        let faults = Faults::default();
        for _ in 0..MAX_FAULT_RULES {
            faults.push(FaultRule::once(Fault::Hang)).unwrap();
        }
        assert_eq!(faults.push(FaultRule::once(Fault::Hang)), Err(ScriptFull));
        faults.clear();
        assert_eq!(faults.push(FaultRule::once(Fault::Hang)), Ok(()));
    }
}
