//! `/socket`: the stream, pushed by the market's clock.
//!
//! A client joins channels, and from then on gets what happens. Nothing is replayed. Frames wait
//! in a bounded queue; a reader who lets it stay full is cut off.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::MissedTickBehavior;

use super::faults::{Fault, SOCKET_PATH};
use super::listener::Connection;
use super::outbox::{End, Outbox, Outgoing, hold};
use super::{Shared, at_the_edge, parameters, reply, scripted_status};
use crate::answer::Answer;
use crate::unusual_whales::stream::{Channel, Stretch, acknowledgement, frames};

/// Websockets that are open at once.
pub(super) const MAX_SOCKETS: usize = 64;
/// Channels that one of them joins.
const MAX_CHANNELS: usize = 64;
/// How often the market is looked at, in real time.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Most market time that is pushed at once: a fast clock must not make one huge batch.
pub(super) const STRETCH: TimeDelta = TimeDelta::minutes(1);
/// A clock that leaps further than this leaves the rest out.
pub(super) const LONGEST_LEAP: TimeDelta = TimeDelta::days(1);

/// What a client asks for.
#[derive(Deserialize)]
struct Command {
    channel: String,
    msg_type: String,
}

pub(super) async fn open(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    uri: Uri,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    // Without its query: the key is in there.
    shared.note(SOCKET_PATH.to_owned());
    let fault = shared.faults.take(SOCKET_PATH);
    if let Some(response) = at_the_edge(&shared, &connection, fault.as_ref()).await {
        return response;
    }
    if let Some((answer, usage)) = scripted_status(&shared, fault.as_ref()) {
        return reply::whole(answer, Some(usage));
    }
    let refuse = |why: &str| reply::whole(Answer::text(401, why), None);
    let is_known = |(name, value): &(String, String)| name == "token" && *value == shared.key;
    if !parameters(&uri).iter().any(is_known) {
        return refuse("The token is missing or not known.");
    }
    if !shared.limits.plan().websocket || fault == Some(Fault::NoWebsocketScope) {
        return refuse("Your token does not have the websocket scope.");
    }
    let Ok(permit) = Arc::clone(&shared.sockets).try_acquire_owned() else {
        return reply::whole(Answer::text(503, "too many websockets"), None);
    };
    match upgrade {
        Ok(upgrade) => upgrade.on_upgrade(|socket| serve(socket, shared, connection, permit)),
        Err(rejection) => rejection.into_response(),
    }
}

async fn serve(
    socket: WebSocket,
    shared: Arc<Shared>,
    connection: Connection,
    _permit: OwnedSemaphorePermit,
) {
    let talk = async |outbox, source| {
        let mut session = Session { shared: Arc::clone(&shared), joined: Vec::new(), outbox };
        let Err(end) = session.run(source).await;
        end
    };
    hold(socket, &shared, connection, talk).await;
}

/// A channel that was joined.
#[derive(Clone)]
struct Joined {
    name: String,
    channel: Channel,
    /// Until when it has been pushed.
    upto: DateTime<Utc>,
}

struct Session {
    shared: Arc<Shared>,
    joined: Vec<Joined>,
    outbox: Outbox,
}

impl Session {
    /// Obeys the client and pushes what happens; returns only when the connection is to end.
    async fn run(&mut self, mut source: SplitStream<WebSocket>) -> Result<Infallible, End> {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = source.next() => {
                    let message = message.and_then(Result::ok).ok_or(End::Over)?;
                    self.obey(&message).await?;
                }
                _ = look.tick() => self.push_all().await?,
            }
        }
    }

    async fn obey(&mut self, message: &Message) -> Result<(), End> {
        let Message::Text(text) = message else {
            return if matches!(message, Message::Close(_)) { Err(End::Over) } else { Ok(()) };
        };
        let Ok(command) = serde_json::from_str::<Command>(text) else {
            return Ok(());
        };
        let name = command.channel;
        let is_known = match command.msg_type.as_str() {
            "join" => self.join(&name),
            "leave" => self.leave(&name),
            _ => return Ok(()),
        };
        self.outbox.send(Outgoing::Whole(acknowledgement(&name, is_known))).await
    }

    fn join(&mut self, name: &str) -> bool {
        let Some(channel) = Channel::named(name) else {
            return false;
        };
        if self.joined.iter().any(|joined| joined.name == name) {
            return true;
        }
        let has_room = self.joined.len() < MAX_CHANNELS;
        if has_room {
            let upto = self.shared.clock.now();
            self.joined.push(Joined { name: name.to_owned(), channel, upto });
        }
        has_room
    }

    fn leave(&mut self, name: &str) -> bool {
        self.joined.retain(|joined| joined.name != name);
        true
    }

    async fn push_all(&mut self) -> Result<(), End> {
        let now = self.shared.clock.now();
        for place in 0..self.joined.len() {
            let oldest = now - LONGEST_LEAP;
            self.joined[place].upto = self.joined[place].upto.max(oldest);
            while self.joined[place].upto < now {
                let from = self.joined[place].upto;
                let stretch = Stretch { from, to: now.min(from + STRETCH) };
                self.push(self.joined[place].clone(), stretch).await?;
                self.joined[place].upto = stretch.to;
            }
        }
        Ok(())
    }

    async fn push(&self, joined: Joined, stretch: Stretch) -> Result<(), End> {
        let shared = Arc::clone(&self.shared);
        let path = format!("{SOCKET_PATH}/{}", joined.name);
        // A day that is not there yet takes a while to make.
        let work = tokio::task::spawn_blocking(move || {
            frames(&shared.market, &joined.name, &joined.channel, stretch)
        });
        for frame in work.await.map_err(|_| End::Over)? {
            self.outbox.send_data(&path, frame).await?;
        }
        Ok(())
    }
}
