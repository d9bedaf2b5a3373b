//! What the vendor says about the connection and the topics, among the rows.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Topic;

/// One thing that the vendor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// The greeting.
    Connected,
    /// The key is accepted.
    Authenticated,
    /// The key or the plan is not.
    AuthFailed(String),
    /// The key did not come in time.
    AuthTimeout,
    /// Topics are joined.
    Joined(Vec<Topic>),
    /// A topic is not in the plan; the vendor does not say which.
    NotAuthorized(String),
    /// Another connection took the place of this one.
    TooManyConnections(String),
}

/// What a frame says besides rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) statuses: Vec<Status>,
    /// Whether there are rows besides.
    pub(super) has_rows: bool,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    ev: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
}

const JOINED: &str = "subscribed to: ";

/// Everything that a frame says. What is no status is taken for a row, whatever it is: the decoder
/// looks at it.
pub(super) fn told(frame: &str) -> Told {
    if !frame.contains("\"status\"") {
        return Told { statuses: Vec::new(), has_rows: true };
    }
    let Ok(rows) = serde_json::from_str::<Vec<&RawValue>>(frame) else {
        return Told { statuses: Vec::new(), has_rows: true };
    };
    let mut told = Told::default();
    for row in rows {
        match serde_json::from_str::<Wire>(row.get()) {
            Ok(wire) if wire.ev == "status" => told.statuses.extend(wire.status()),
            _ => told.has_rows = true,
        }
    }
    told
}

impl Wire {
    /// None for what is of no consequence.
    fn status(self) -> Option<Status> {
        let words = self.message.trim().to_owned();
        Some(match self.status.as_str() {
            "connected" => Status::Connected,
            "auth_success" => Status::Authenticated,
            "auth_failed" => Status::AuthFailed(words),
            "auth_timeout" => Status::AuthTimeout,
            "max_connections" => Status::TooManyConnections(words),
            "error" => Status::NotAuthorized(words),
            "success" => {
                let topics = words.strip_prefix(JOINED)?.split(',');
                Status::Joined(topics.filter_map(|topic| topic.trim().parse().ok()).collect())
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(frame: &str, expected: &[Status], has_rows: bool) {
        let expected = Told { statuses: expected.to_vec(), has_rows };
        assert_eq!(told(frame), expected, "{frame}");
    }

    #[test]
    fn each_status_is_known_and_rows_beside_it_are_seen() {
        let status = |status: &str, message: &str| {
            format!(r#"{{"ev":"status","status":"{status}","message":"{message}"}}"#)
        };
        let spy = || "T.SPY".parse::<Topic>().unwrap();
        check(
            &format!("[{}]", status("connected", "Connected Successfully")),
            &[Status::Connected],
            false,
        );
        check(
            &format!("[{}]", status("max_connections", "Too many. ")),
            &[Status::TooManyConnections("Too many.".to_owned())],
            false,
        );
        let joined = status("success", "subscribed to: T.SPY");
        let refused = status("error", "not authorized");
        check(
            &format!(r#"[{refused},{{"ev":"T","sym":"SPY"}},{joined}]"#),
            &[Status::NotAuthorized("not authorized".to_owned()), Status::Joined(vec![spy()])],
            true,
        );
        check(&format!("[{}]", status("success", "unsubscribed to: T.SPY")), &[], false);
        check(&format!("[{}]", status("news", "of tomorrow")), &[], false);
    }

    #[test]
    fn what_is_no_status_is_left_to_the_decoder() {
        for frame in [
            r#"[{"ev":"T","sym":"SPY"}]"#,
            r#"[{"ev":"T","i":"\"status\""}]"#,
            r#"[{"ev":"status","status":7}]"#,
            r#"{"ev":"status","status":"connected"}"#,
            r#"[{"ev":"status","status":"connected""#,
            "",
        ] {
            check(frame, &[], true);
        }
    }
}
