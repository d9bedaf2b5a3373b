//! An open connection that pings by itself and notices when nothing is heard any more.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use super::{Secret, Socket};
use crate::NowFn;

/// Times of an open connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineLimits {
    /// Between two pings of ours.
    pub(crate) ping_every: Duration,
    /// How long nothing may be heard, not even the answer to a ping.
    pub(crate) silence: Duration,
}

/// A message.
#[derive(Debug)]
pub(crate) struct Heard {
    /// None for an answer to a ping and the like.
    pub(crate) text: Option<Utf8Bytes>,
    pub(crate) received_at: DateTime<Utc>,
}

/// The connection has ended.
#[derive(Debug)]
pub(crate) struct Cut {
    /// In words, without the key.
    pub(crate) reason: String,
    /// Whether the vendor closed it because a rule of its was broken (code 1008).
    pub(crate) is_policy: bool,
}

pub(crate) struct Line {
    socket: Socket,
    limits: LineLimits,
    secret: Secret,
    now: NowFn,
    ping: Interval,
    heard_at: Instant,
    /// A message was handed out and nothing was listened for since.
    is_handing_out: bool,
}

impl Line {
    pub(super) fn new(socket: Socket, limits: LineLimits, secret: Secret, now: NowFn) -> Self {
        let mut ping = interval(limits.ping_every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let heard_at = Instant::now();
        Self { socket, limits, secret, now, ping, heard_at, is_handing_out: false }
    }

    /// The next message. May be given up and called again: nothing that was heard is lost.
    pub(crate) async fn hear(&mut self) -> Result<Heard, Cut> {
        // The time that it took to handle the last message is not silence.
        if std::mem::take(&mut self.is_handing_out) {
            self.heard_at = Instant::now();
        }
        loop {
            tokio::select! {
                biased;
                _ = self.ping.tick() => self.send(Message::Ping("".into())).await?,
                message = self.socket.next() => {
                    let heard = self.heard(message)?;
                    self.is_handing_out = true;
                    return Ok(heard);
                }
                () = sleep_until(self.heard_at + self.limits.silence) => {
                    let seconds = self.limits.silence.as_secs_f64();
                    return Err(self.cut(&format!("nothing was heard for {seconds} s")));
                }
            }
        }
    }

    fn heard(&self, message: Option<Result<Message, Error>>) -> Result<Heard, Cut> {
        let received_at = (self.now)();
        let text = match message {
            Some(Ok(Message::Text(text))) => Some(text),
            Some(Ok(Message::Binary(bytes))) => {
                Some(String::from_utf8_lossy(&bytes).into_owned().into())
            }
            Some(Ok(Message::Close(words))) => {
                let is_policy = words.as_ref().is_some_and(|frame| frame.code == CloseCode::Policy);
                let words = words.map_or_else(String::new, |frame| format!(": {frame}"));
                let cut = self.cut(&format!("the vendor closed the stream{words}"));
                return Err(Cut { is_policy, ..cut });
            }
            Some(Ok(_)) => None,
            Some(Err(error)) => return Err(self.cut(&format!("the connection broke: {error}"))),
            None => return Err(self.cut("the vendor closed the connection")),
        };
        Ok(Heard { text, received_at })
    }

    pub(crate) async fn send(&mut self, message: Message) -> Result<(), Cut> {
        match timeout(self.limits.silence, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.cut(&format!("nothing can be sent: {error}"))),
            Err(_) => Err(self.cut("the vendor takes nothing that is sent")),
        }
    }

    /// Sends what no log may show. The websocket library tells every frame to whoever listens at
    /// the most talkative level.
    pub(crate) async fn send_unlogged(&mut self, message: Message) -> Result<(), Cut> {
        self.send(message).with_subscriber(NoSubscriber::new()).await
    }

    /// Says goodbye, which is only a courtesy.
    pub(crate) async fn close(&mut self) {
        let _ = timeout(self.limits.ping_every, self.socket.close(None)).await;
    }

    fn cut(&self, reason: &str) -> Cut {
        Cut { reason: self.secret.strike_out(reason), is_policy: false }
    }
}
