//! What a route answers, whichever vendor's it is.

use bytes::Bytes;
use serde::Serialize;

/// A status and a body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("rows have text keys and plain numbers");
        Self { status, content_type: "application/json; charset=utf-8", body: body.into() }
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    pub(crate) fn html(status: u16, body: &str) -> Self {
        Self { content_type: "text/html; charset=utf-8", ..Self::text(status, body) }
    }
}
