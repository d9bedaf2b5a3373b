//! One attempt to connect: the request, the upgrade, and what a refusal means.
//!
//! The request goes through the same HTTP client as every other, so that the same certificates
//! and proxies count. Only the frames are the websocket library's.

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

use super::super::errors::failure;
use super::{MAX_MESSAGE_BYTES, MAX_WRITE_BYTES, StreamConfig};
use crate::http::{Answer, checked_base, describe, is_loopback, strike_out, wrong_setting};
use crate::{NowFn, VendorError};

/// What errors call the address, which itself holds the key.
const REQUEST: &str = "/socket";
/// Most text of a refusal that is read.
const MAX_REFUSAL_BYTES: usize = 16 * 1024;

pub(super) type Socket = WebSocketStream<Upgraded>;

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum NoSocket {
    /// Asking again changes nothing: the vendor's words.
    Refused(String),
    /// It may work a little later.
    Failed(String),
}

/// The key, as it may come back in what the vendor says.
#[derive(Clone)]
pub(super) struct Secret {
    key: SecretString,
    in_address: SecretString,
}

impl Secret {
    fn new(key: SecretString, address: &Url) -> Self {
        let query = address.query().unwrap_or_default();
        let in_address = query.strip_prefix("token=").unwrap_or_default().into();
        Self { key, in_address }
    }

    pub(super) fn strike_out(&self, text: &str) -> String {
        strike_out(&strike_out(text, &self.key), &self.in_address)
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        let is_told = |key: &SecretString| {
            !key.expose_secret().is_empty() && text.contains(key.expose_secret())
        };
        is_told(&self.key) || is_told(&self.in_address)
    }
}

pub(super) struct Dialer {
    client: reqwest::Client,
    /// With the key in it: never shown.
    address: Url,
    secret: Secret,
    limit: Duration,
    now: NowFn,
}

impl Dialer {
    pub(super) fn new(config: &StreamConfig) -> Result<Self, VendorError> {
        let mut address = checked_base(&config.base_url).map_err(wrong_setting)?;
        if let Ok(mut segments) = address.path_segments_mut() {
            segments.pop_if_empty().push("socket");
        }
        address.query_pairs_mut().append_pair("token", config.key.expose_secret());
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .user_agent(concat!("Undertow/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(config.limits.connect)
            // A connection lives as long as its stream.
            .pool_max_idle_per_host(0)
            .redirect(Policy::none())
            .referer(false);
        if is_loopback(&address) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| wrong_setting(describe(error)))?;
        let secret = Secret::new(config.key.clone(), &address);
        let (limit, now) = (config.limits.connect, config.now.clone());
        Ok(Self { client, address, secret, limit, now })
    }

    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(super) async fn dial(&self) -> Result<Socket, NoSocket> {
        let seconds = self.limit.as_secs_f64();
        timeout(self.limit, self.upgrade())
            .await
            .unwrap_or_else(|_| Err(self.failed(&format!("no connection within {seconds} s"))))
    }

    async fn upgrade(&self) -> Result<Socket, NoSocket> {
        let key = generate_key();
        let request = self
            .client
            .get(self.address.clone())
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
        let now = (self.now)();
        let answer = Answer::new(REQUEST, status, headers, body, now, &self.secret.key);
        match failure(&answer) {
            Some(error @ (VendorError::Auth { .. } | VendorError::Entitlement { .. })) => {
                NoSocket::Refused(self.secret.strike_out(&error.to_string()))
            }
            Some(error) => self.failed(&error.to_string()),
            None => self.failed("the server answers with rows in place of a stream"),
        }
    }

    fn failed(&self, reason: &str) -> NoSocket {
        NoSocket::Failed(self.secret.strike_out(reason))
    }
}
