//! A websocket to a vendor: the request, the upgrade, and what a refusal means.
//!
//! It knows no vendor: what is said over the socket, and what an answer means that is no upgrade,
//! is told by each. The request goes through the same HTTP client as every other, so that the same
//! certificates and proxies count. Only the frames are the websocket library's.

mod line;

use std::time::Duration;

use reqwest::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode, Upgraded, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::http::{Answer, describe, is_loopback, strike_out, wrong_setting};
use crate::{NowFn, VendorError};

pub(crate) use line::{Cut, Heard, Line, LineLimits};

/// The longest message that is accepted, in bytes. A frame with one row has about a thousand.
pub(crate) const MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;
/// Most bytes that wait to be sent. We only send requests and pings.
pub(crate) const MAX_WRITE_BYTES: usize = 1024 * 1024;
/// Most text of a refusal that is read.
const MAX_REFUSAL_BYTES: usize = 16 * 1024;

type Socket = WebSocketStream<Upgraded>;

/// The stream is over: it was stopped or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream is over")]
pub struct StreamOver;

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum NoSocket {
    /// Asking again changes nothing: the vendor's words.
    Refused(String),
    /// It may work a little later.
    Failed(String),
}

/// The key, as it may come back in what the vendor says.
#[derive(Clone)]
pub(crate) struct Secret {
    key: SecretString,
    /// As it is written in the address; empty when it is not sent there.
    in_address: SecretString,
}

impl Secret {
    pub(crate) fn new(key: SecretString, in_address: SecretString) -> Self {
        Self { key, in_address }
    }

    pub(crate) fn strike_out(&self, text: &str) -> String {
        strike_out(&strike_out(text, &self.key), &self.in_address)
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        let is_told = |key: &SecretString| {
            !key.expose_secret().is_empty() && text.contains(key.expose_secret())
        };
        is_told(&self.key) || is_told(&self.in_address)
    }
}

/// Where to connect and how.
pub(crate) struct DialConfig {
    /// May hold the key: never shown.
    pub(crate) address: Url,
    /// What errors call the address.
    pub(crate) request: &'static str,
    pub(crate) secret: Secret,
    /// For the connection, TLS and upgrade included.
    pub(crate) limit: Duration,
    /// What an answer means that is no upgrade; none when it should hold rows.
    pub(crate) failure: fn(&Answer<'_>) -> Option<VendorError>,
    pub(crate) now: NowFn,
}

/// Makes connections, one after the other.
pub(crate) struct Dialer {
    client: reqwest::Client,
    config: DialConfig,
}

impl Dialer {
    pub(crate) fn new(config: DialConfig) -> Result<Self, VendorError> {
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .user_agent(concat!("Undertow/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(config.limit)
            // A connection lives as long as its stream.
            .pool_max_idle_per_host(0)
            .redirect(Policy::none())
            .referer(false);
        if is_loopback(&config.address) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| wrong_setting(describe(error)))?;
        Ok(Self { client, config })
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.config.secret
    }

    pub(crate) async fn dial(&self, limits: LineLimits) -> Result<Line, NoSocket> {
        let seconds = self.config.limit.as_secs_f64();
        let socket = timeout(self.config.limit, self.upgrade())
            .await
            .unwrap_or_else(|_| Err(self.failed(&format!("no connection within {seconds} s"))))?;
        Ok(Line::new(socket, limits, self.secret().clone(), self.config.now.clone()))
    }

    async fn upgrade(&self) -> Result<Socket, NoSocket> {
        let key = generate_key();
        let request = self
            .client
            .get(self.config.address.clone())
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key);
        let response = request.send().await.map_err(|error| self.failed(&describe(error)))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(self.no_upgrade(response).await);
        }
        let accepted = response.headers().get(SEC_WEBSOCKET_ACCEPT);
        if accepted.is_none_or(|value| *value != derive_accept_key(key.as_bytes())) {
            return Err(self.failed("the server does not speak websocket"));
        }
        let upgraded = response.upgrade().await.map_err(|error| self.failed(&describe(error)))?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES))
            // Every message at once: there are few.
            .write_buffer_size(0)
            .max_write_buffer_size(MAX_WRITE_BYTES);
        Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
    }

    /// What an answer means that is no upgrade: the key or the plan is refused, or a fault.
    async fn no_upgrade(&self, mut response: Response) -> NoSocket {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while body.len() < MAX_REFUSAL_BYTES
            && let Ok(Some(piece)) = response.chunk().await
        {
            body.extend_from_slice(&piece);
        }
        body.truncate(MAX_REFUSAL_BYTES);
        let (now, secret) = ((self.config.now)(), self.secret());
        let answer = Answer::new(self.config.request, status, headers, body, now, &secret.key);
        match (self.config.failure)(&answer) {
            Some(error @ (VendorError::Auth { .. } | VendorError::Entitlement { .. })) => {
                NoSocket::Refused(secret.strike_out(&error.to_string()))
            }
            Some(error) => self.failed(&error.to_string()),
            None => self.failed("the server answers with rows in place of a stream"),
        }
    }

    fn failed(&self, reason: &str) -> NoSocket {
        NoSocket::Failed(self.secret().strike_out(reason))
    }
}
