//! The stream: option trades, alerts, prices and off-exchange prints as they happen.
//!
//! One task listens and queues raw frames, another reads them and hands on batches. Nothing is
//! ever discarded in silence: when whoever takes the batches is slow, both queues fill up, the
//! listener stops reading, and the vendor may cut the connection. That comes out as
//! [`StreamEvent::Disconnected`] with the instant from which rows may be missing, to be filled in
//! over REST; it must not be taken for a fault of the vendor alone.
//!
//! The vendor numbers no frames and repeats none, so a connection that broke leaves a gap from
//! `since` to the next [`StreamEvent::Joined`] of each channel.
//!
//! The key stands in the address, because the vendor has no other way. The address is never
//! logged, and the key is struck out of everything that the vendor says.

mod batch;
mod channel;
mod listen;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use undertow_market::{Calendar, FlowAlert, OptionTrade};

pub use crate::socket::StreamOver;
pub use channel::{Channel, ChannelError};

use super::errors::failure;
use super::parse::{OffLitTrade, PriceTick};
use crate::http::{checked_base, wrong_setting};
use crate::socket::{self, DialConfig, Dialer, Secret};
use crate::{NowFn, Reject, RetryPolicy, VendorError};
use batch::Batcher;
use listen::Listener;

/// The longest message that is accepted, in bytes.
pub const MAX_MESSAGE_BYTES: usize = socket::MAX_MESSAGE_BYTES;
/// Most bytes of frames that wait to be read: some fifteen seconds of the whole options market.
pub const MAX_QUEUED_BYTES: usize = 2 * MAX_MESSAGE_BYTES;
/// Most channels of one connection: four for each symbol of a long watchlist.
pub const MAX_CHANNELS: usize = 256;
/// What errors call the address, which itself holds the key.
const REQUEST: &str = "/socket";
/// Most changes of the channels that wait their turn.
const MAX_COMMANDS: usize = 64;

/// Times and sizes of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// For the connection, TLS and upgrade included.
    pub connect: Duration,
    /// From a join to its answer.
    pub join: Duration,
    /// Between two pings of ours.
    pub ping_every: Duration,
    /// How long nothing may be heard, not even the answer to a ping.
    pub silence: Duration,
    /// The waits between attempts to connect. The number of attempts is not limited.
    pub reconnect: RetryPolicy,
    /// A batch is handed on this long after its first row, …
    pub batch_every: Duration,
    /// … or when it holds this many rows.
    pub batch_rows: usize,
    /// Frames that may wait to be read.
    pub queued_frames: usize,
    /// Events that may wait to be taken.
    pub queued_events: usize,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            join: Duration::from_secs(10),
            ping_every: Duration::from_secs(5),
            silence: Duration::from_secs(15),
            // Jitter takes up to half of a wait: from one second to a minute.
            reconnect: RetryPolicy {
                attempts: u32::MAX,
                first_delay: Duration::from_secs(2),
                max_delay: Duration::from_secs(60),
                jitter_seed: None,
            },
            batch_every: Duration::from_millis(100),
            batch_rows: 2000,
            queued_frames: 8192,
            queued_events: 16,
        }
    }
}

/// What a stream needs.
#[derive(Clone)]
pub struct StreamConfig {
    /// The vendor's address, the same as for REST: https, or http on this computer. The stream
    /// runs over that very connection (`wss` and `ws` are no more than that).
    pub base_url: String,
    /// The key, sent only to that address.
    pub key: SecretString,
    /// Times and sizes.
    pub limits: StreamLimits,
    /// Option trades of fewer dollars are counted and left out.
    pub min_premium: u64,
    /// The exchange calendar.
    pub calendar: Arc<Calendar>,
    /// The clock.
    pub now: NowFn,
}

impl fmt::Debug for StreamConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamConfig")
            .field("limits", &self.limits)
            .field("min_premium", &self.min_premium)
            .finish_non_exhaustive()
    }
}

/// What a stream tells, in the order in which it happened.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamEvent {
    /// There is a connection. No channel is joined yet.
    Connected {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// The vendor confirmed a channel: from here on its rows come.
    Joined {
        /// The channel.
        channel: Channel,
        /// When it was confirmed.
        at: DateTime<Utc>,
    },
    /// The vendor did not confirm a channel in time. It is asked for again with the next
    /// connection; if it is confirmed late, [`Self::Joined`] follows.
    NotJoined {
        /// The channel.
        channel: Channel,
    },
    /// The vendor refuses a channel. It is not asked for again until it is subscribed to anew.
    ChannelRefused {
        /// The channel.
        channel: Channel,
        /// The vendor's words.
        reason: String,
    },
    /// Rows.
    Batch(StreamBatch),
    /// There is no connection. The next attempt follows by itself. Comes after every attempt
    /// that failed.
    Disconnected {
        /// Why.
        reason: String,
        /// Rows from this instant on may be missing, until each channel is joined again.
        since: DateTime<Utc>,
        /// How long until the next attempt.
        retry_in: Duration,
    },
    /// The vendor refuses the key or its plan. Nothing more is tried, and nothing follows.
    Refused {
        /// The vendor's words.
        reason: String,
    },
}

/// Rows that came at about the same time, each kind in the order in which it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamBatch {
    /// Option trades of at least the smallest premium.
    pub trades: Vec<OptionTrade>,
    /// Alerts, of all symbols.
    pub alerts: Vec<FlowAlert>,
    /// Prices.
    pub prices: Vec<PriceTick>,
    /// Off-exchange prints, of all symbols.
    pub off_lit: Vec<OffLitTrade>,
    /// Frames that were not understood.
    pub rejects: Vec<Reject>,
    /// How many option trades were of a smaller premium and are left out.
    pub below_floor: usize,
    /// When the last of the rows was received.
    pub received_at: DateTime<Utc>,
}

/// Changes the channels of a running stream. Dropping it changes nothing.
#[derive(Clone, Debug)]
pub struct StreamHandle {
    commands: mpsc::Sender<Command>,
}

#[derive(Debug)]
enum Command {
    Join(Channel),
    Leave(Channel),
}

impl StreamHandle {
    /// Asks for a channel, also with every later connection.
    ///
    /// # Errors
    /// The stream is over.
    pub async fn subscribe(&self, channel: Channel) -> Result<(), StreamOver> {
        self.commands.send(Command::Join(channel)).await.map_err(|_| StreamOver)
    }

    /// Leaves a channel.
    ///
    /// # Errors
    /// The stream is over.
    pub async fn unsubscribe(&self, channel: Channel) -> Result<(), StreamOver> {
        self.commands.send(Command::Leave(channel)).await.map_err(|_| StreamOver)
    }
}

/// Connects and stays connected until `stop`, a refusal, or the receiver is dropped. The receiver
/// ends when both tasks have.
///
/// # Errors
/// [`VendorError::Fatal`] when the address is neither https nor loopback http, or there are more
/// than [`MAX_CHANNELS`].
///
/// # Panics
/// Outside a tokio runtime.
pub fn start(
    config: StreamConfig,
    channels: impl IntoIterator<Item = Channel>,
    stop: CancellationToken,
) -> Result<(StreamHandle, mpsc::Receiver<StreamEvent>), VendorError> {
    let dialer = dialer(&config)?;
    let (queue, frames) = mpsc::channel(config.limits.queued_frames.max(1));
    let (events, receiver) = mpsc::channel(config.limits.queued_events.max(1));
    let (commands, requests) = mpsc::channel(MAX_COMMANDS);
    let batcher = Batcher::new(&config, dialer.secret().clone(), frames, events);
    let listener = Listener::new(&config, dialer, channels, requests, queue, stop)?;
    tokio::spawn(batcher.run());
    tokio::spawn(listener.run());
    Ok((StreamHandle { commands }, receiver))
}

fn dialer(config: &StreamConfig) -> Result<Dialer, VendorError> {
    let mut address = checked_base(&config.base_url).map_err(wrong_setting)?;
    if let Ok(mut segments) = address.path_segments_mut() {
        segments.pop_if_empty().push("socket");
    }
    address.query_pairs_mut().append_pair("token", config.key.expose_secret());
    let query = address.query().unwrap_or_default();
    let in_address = query.strip_prefix("token=").unwrap_or_default().into();
    let (limit, now) = (config.limits.connect, config.now.clone());
    let secret = Secret::new(config.key.clone(), in_address);
    Dialer::new(DialConfig { address, request: REQUEST, secret, limit, failure, now })
}
