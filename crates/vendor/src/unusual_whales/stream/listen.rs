//! The task that holds the connection: joins, pings, and queues what comes, unread.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

use super::super::parse::reply;
use super::super::scan::scan_channel;
use super::{
    Channel, Command, MAX_CHANNELS, MAX_QUEUED_BYTES, StreamConfig, StreamEvent, StreamLimits,
};
use crate::http::wrong_setting;
use crate::socket::{Cut, Dialer, Heard, Line, LineLimits, NoSocket};
use crate::{NowFn, VendorError};

/// What the other task takes, in order.
pub(super) enum Item {
    Frame {
        text: Utf8Bytes,
        received_at: DateTime<Utc>,
        /// Its part of [`MAX_QUEUED_BYTES`], given back when it is dropped.
        _room: OwnedSemaphorePermit,
    },
    Event(StreamEvent),
}

pub(super) struct Listener {
    dialer: Dialer,
    limits: StreamLimits,
    now: NowFn,
    commands: mpsc::Receiver<Command>,
    queue: mpsc::Sender<Item>,
    room: Arc<Semaphore>,
    stop: CancellationToken,
    /// What is asked for with each connection.
    wanted: Vec<Channel>,
    /// What was asked for with this connection and is not confirmed.
    pending: Vec<Channel>,
    /// Every row before this instant has been received.
    whole_until: DateTime<Utc>,
}

/// How a connection ended.
enum End {
    /// We were stopped, or nobody takes the events.
    Stopped,
    /// For good, with the vendor's words.
    Refused(String),
    /// For now.
    Lost(String),
}

impl From<Cut> for End {
    fn from(cut: Cut) -> Self {
        Self::Lost(cut.reason)
    }
}

impl From<NoSocket> for End {
    fn from(none: NoSocket) -> Self {
        match none {
            NoSocket::Refused(reason) => Self::Refused(reason),
            NoSocket::Failed(reason) => Self::Lost(reason),
        }
    }
}

impl Listener {
    pub(super) fn new(
        config: &StreamConfig,
        dialer: Dialer,
        channels: impl IntoIterator<Item = Channel>,
        commands: mpsc::Receiver<Command>,
        queue: mpsc::Sender<Item>,
        stop: CancellationToken,
    ) -> Result<Self, VendorError> {
        let mut wanted: Vec<Channel> = Vec::new();
        for channel in channels {
            if !wanted.contains(&channel) {
                wanted.push(channel);
            }
        }
        if wanted.len() > MAX_CHANNELS {
            return Err(wrong_setting(format!("more than {MAX_CHANNELS} channels of a stream")));
        }
        let whole_until = (config.now)();
        let (limits, now) = (config.limits, config.now.clone());
        let (room, pending) = (Arc::new(Semaphore::new(MAX_QUEUED_BYTES)), Vec::new());
        Ok(Self { dialer, limits, now, commands, queue, room, stop, wanted, pending, whole_until })
    }

    pub(super) async fn run(mut self) {
        let mut delays = self.limits.reconnect.delays();
        loop {
            let begun = Instant::now();
            let reason = match self.connection().await {
                Err(End::Stopped) => return,
                Err(End::Refused(reason)) => {
                    tracing::warn!(reason, "the stream is refused");
                    let _ = self.tell(StreamEvent::Refused { reason }).await;
                    return;
                }
                Err(End::Lost(reason)) => reason,
            };
            if begun.elapsed() > self.limits.reconnect.max_delay {
                delays = self.limits.reconnect.delays();
            }
            let retry_in = delays.next().unwrap_or(self.limits.reconnect.max_delay);
            tracing::warn!(reason, ?retry_in, "the stream is broken");
            let event = StreamEvent::Disconnected { reason, since: self.whole_until, retry_in };
            if self.tell(event).await.is_err() || self.pause(retry_in).await.is_err() {
                return;
            }
        }
    }

    /// Waits, and takes in changes of the channels meanwhile.
    async fn pause(&mut self, wait: std::time::Duration) -> Result<(), End> {
        let until = Instant::now() + wait;
        loop {
            tokio::select! {
                biased;
                () = over(&self.stop, &self.queue) => return Err(End::Stopped),
                Some(command) = self.commands.recv() => {
                    self.note(&command).await?;
                }
                () = sleep_until(until) => return Ok(()),
            }
        }
    }

    async fn connection(&mut self) -> Result<std::convert::Infallible, End> {
        let StreamLimits { ping_every, silence, .. } = self.limits;
        let mut line = tokio::select! {
            biased;
            () = over(&self.stop, &self.queue) => return Err(End::Stopped),
            dialed = self.dialer.dial(LineLimits { ping_every, silence }) => dialed?,
        };
        self.tell(StreamEvent::Connected { at: (self.now)() }).await?;
        self.pending.clear();
        for channel in self.wanted.clone() {
            self.join(&mut line, channel).await?;
        }
        self.listen(&mut line).await
    }

    async fn listen(&mut self, line: &mut Line) -> Result<std::convert::Infallible, End> {
        let mut join_by = Instant::now() + self.limits.join;
        loop {
            tokio::select! {
                biased;
                () = over(&self.stop, &self.queue) => {
                    line.close().await;
                    return Err(End::Stopped);
                }
                Some(command) = self.commands.recv() => {
                    self.obey(line, command).await?;
                    join_by = Instant::now() + self.limits.join;
                }
                () = sleep_until(join_by), if !self.pending.is_empty() => self.give_up().await?,
                heard = line.hear() => self.take(heard?).await?,
            }
        }
    }

    async fn take(&mut self, heard: Heard) -> Result<(), End> {
        if let Some(text) = heard.text {
            self.take_text(text, heard.received_at).await?;
        }
        if self.pending.is_empty() {
            self.whole_until = heard.received_at;
        }
        Ok(())
    }

    async fn take_text(&mut self, text: Utf8Bytes, at: DateTime<Utc>) -> Result<(), End> {
        if let Some(reply) = reply(&text) {
            let Ok(channel) = reply.channel.parse() else { return Ok(()) };
            return match reply.refusal {
                None => self.confirm(channel, at).await,
                Some(words) => self.refuse(channel, &words).await,
            };
        }
        // A row is as good as the answer to the join.
        if !self.pending.is_empty()
            && let Some(Ok(channel)) = scan_channel(&text).map(str::parse)
            && self.pending.contains(&channel)
        {
            self.confirm(channel, at).await?;
        }
        let bytes = u32::try_from(text.len().min(MAX_QUEUED_BYTES)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(bytes);
        let room = tokio::select! {
            biased;
            () = over(&self.stop, &self.queue) => return Err(End::Stopped),
            room = room => room.map_err(|_| End::Stopped)?,
        };
        self.put(Item::Frame { text, received_at: at, _room: room }).await
    }

    async fn confirm(&mut self, channel: Channel, at: DateTime<Utc>) -> Result<(), End> {
        if !self.wanted.contains(&channel) {
            return Ok(());
        }
        self.pending.retain(|other| *other != channel);
        self.tell(StreamEvent::Joined { channel, at }).await
    }

    async fn refuse(&mut self, channel: Channel, words: &str) -> Result<(), End> {
        if !self.wanted.contains(&channel) {
            return Ok(());
        }
        self.forget(&channel);
        let reason = self.dialer.secret().strike_out(words);
        tracing::warn!(%channel, reason, "a channel is refused");
        self.tell(StreamEvent::ChannelRefused { channel, reason }).await
    }

    /// The time for confirming is over. If not one channel was confirmed, the connection is no
    /// good.
    async fn give_up(&mut self) -> Result<(), End> {
        if self.pending.len() == self.wanted.len() {
            let seconds = self.limits.join.as_secs_f64();
            return Err(End::Lost(format!("no channel was confirmed within {seconds} s")));
        }
        for channel in std::mem::take(&mut self.pending) {
            self.tell(StreamEvent::NotJoined { channel }).await?;
        }
        Ok(())
    }

    async fn obey(&mut self, line: &mut Line, command: Command) -> Result<(), End> {
        if !self.note(&command).await? {
            return Ok(());
        }
        match command {
            Command::Join(channel) => self.join(line, channel).await,
            Command::Leave(channel) => Ok(line.send(request(&channel, "leave")).await?),
        }
    }

    /// Remembers a change; tells whether it is one.
    async fn note(&mut self, command: &Command) -> Result<bool, End> {
        match command {
            Command::Join(channel) if self.wanted.contains(channel) => Ok(false),
            Command::Join(channel) if self.wanted.len() == MAX_CHANNELS => {
                let reason = format!("a stream has at most {MAX_CHANNELS} channels");
                let channel = channel.clone();
                self.tell(StreamEvent::ChannelRefused { channel, reason }).await?;
                Ok(false)
            }
            Command::Join(channel) => {
                self.wanted.push(channel.clone());
                Ok(true)
            }
            Command::Leave(channel) => Ok(self.forget(channel)),
        }
    }

    /// Whether the channel was wanted.
    fn forget(&mut self, channel: &Channel) -> bool {
        let before = self.wanted.len();
        self.wanted.retain(|other| other != channel);
        self.pending.retain(|other| other != channel);
        self.wanted.len() < before
    }

    async fn join(&mut self, line: &mut Line, channel: Channel) -> Result<(), End> {
        line.send(request(&channel, "join")).await?;
        self.pending.push(channel);
        Ok(())
    }

    async fn tell(&self, event: StreamEvent) -> Result<(), End> {
        self.put(Item::Event(event)).await
    }

    /// Waits for room in the queue: this is where a slow receiver holds up the reading.
    async fn put(&self, item: Item) -> Result<(), End> {
        tokio::select! {
            biased;
            sent = self.queue.send(item) => sent.map_err(|_| End::Stopped),
            () = self.stop.cancelled() => Err(End::Stopped),
        }
    }
}

/// We are stopped, or nobody takes the events.
async fn over(stop: &CancellationToken, queue: &mpsc::Sender<Item>) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = queue.closed() => {}
    }
}

fn request(channel: &Channel, what: &str) -> Message {
    Message::text(json!({ "channel": channel.to_string(), "msg_type": what }).to_string())
}
