//! Who may ask. A page of another site can make a browser send requests to this machine, so every
//! request must name us as its host, must not come from another origin, and a command must carry
//! a header that a foreign page cannot send without asking first.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The names under which this server may be asked.
#[derive(Debug)]
pub(crate) struct Hosts(Vec<String>);

impl Hosts {
    pub(crate) fn of(address: SocketAddr) -> Self {
        Self(vec![address.to_string(), format!("localhost:{}", address.port())])
    }

    fn has(&self, host: &str) -> bool {
        self.0.iter().any(|own| own == host)
    }

    fn allows(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let host = text(header::HOST).is_some_and(|host| self.has(host));
        let origin = text(header::ORIGIN)
            .is_none_or(|origin| origin.strip_prefix("http://").is_some_and(|host| self.has(host)));
        host && origin
    }
}

/// Refuses requests that name another host (DNS rebinding) or come from another origin.
pub(crate) async fn host_and_origin(
    State(hosts): State<Arc<Hosts>>,
    request: Request,
    next: Next,
) -> Response {
    if hosts.allows(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "This address answers only to its own page.").into_response()
    }
}

/// Refuses commands without our own header.
pub(crate) async fn own_header(request: Request, next: Next) -> Response {
    if request.headers().contains_key("x-undertow") {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "Send the header `x-undertow: 1` with a command.").into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(host: &str, origin: Option<&str>) -> bool {
        let hosts = Hosts::of("127.0.0.1:8730".parse().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        hosts.allows(&headers)
    }

    #[test]
    fn only_our_own_page_may_ask() {
        assert!(allowed("127.0.0.1:8730", None));
        assert!(allowed("localhost:8730", Some("http://localhost:8730")));
        for (host, origin) in [
            ("evil.example:8730", None),
            ("127.0.0.1:8731", None),
            ("127.0.0.1:8730", Some("https://evil.example")),
            ("127.0.0.1:8730", Some("http://127.0.0.1:3000")),
            ("127.0.0.1:8730", Some("null")),
            ("127.0.0.1:8730.evil.example", None),
        ] {
            assert!(!allowed(host, origin), "{host} {origin:?} was let in");
        }
    }
}
