//! The stream: trades and minute aggregates of the consolidated tape as they happen.
//!
//! One task listens and queues frames, unread; another hands them on. The listener waits for
//! nobody: when whoever takes the frames is slow, they wait in memory, then on disk, in order and
//! within bounds ([`SpillConfig`]). Only when both are full are frames dropped, and that is told
//! ([`PolygonEvent::Dropped`]). Rows are read where they are taken, by a [`FrameDecoder`], so that
//! a trade that nobody keeps costs no memory.
//!
//! The vendor repeats nothing and marks no gap. Where rows may be missing is told in times of the
//! tape, not of their arrival: a plan may be fifteen minutes behind, and a vendor that is slow
//! falls behind before it cuts the connection.
//!
//! A plan has one connection. Another program with the same key takes it away, so a connection
//! that was taken is not asked for again at once.

mod backlog;
mod courier;
mod frames;
mod listen;
mod spill;
mod status;
mod topic;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;
use undertow_market::Calendar;

pub use crate::socket::StreamOver;
pub use frames::{FrameCounts, FrameDecoder, FrameSink};
pub use topic::{Topic, TopicError};

use crate::{NowFn, RetryPolicy, VendorError};
use backlog::Backlog;
use courier::Courier;
use listen::Listener;
use spill::Spill;

/// Most topics of one connection: two for each symbol of the longest watchlist, and room.
pub const MAX_TOPICS: usize = 4096;
/// Most changes of the topics that wait their turn.
const MAX_COMMANDS: usize = 64;

/// Times and sizes of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolygonStreamLimits {
    /// For the connection, TLS and upgrade included.
    pub connect: Duration,
    /// For the greeting, and again for the answer to the key.
    pub greet: Duration,
    /// From asking for a topic to its confirmation.
    pub join: Duration,
    /// A topic that was not confirmed is asked for again after this long.
    pub ask_again: Duration,
    /// Between two pings of ours.
    pub ping_every: Duration,
    /// How long nothing may be heard, not even the answer to a ping.
    pub silence: Duration,
    /// How long no row may come in regular hours when the whole market is asked for. Minutes come
    /// once a minute.
    pub frozen: Duration,
    /// The same when only some symbols are, which may be quiet ones. Doubles, up to an hour, while
    /// a new connection brings no row either.
    pub frozen_few: Duration,
    /// The waits between attempts to connect. The number of attempts is not limited.
    pub reconnect: RetryPolicy,
    /// A connection that lived this long makes the waits short again.
    pub settled: Duration,
    /// The least wait when the vendor says that there are too many connections.
    pub cool_down: Duration,
    /// Frames that may wait in memory.
    pub queued_frames: usize,
    /// Bytes of frames that may wait in memory.
    pub queued_bytes: usize,
    /// Events that may wait to be taken.
    pub queued_events: usize,
}

impl Default for PolygonStreamLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            greet: Duration::from_secs(10),
            join: Duration::from_secs(10),
            ask_again: Duration::from_secs(60),
            ping_every: Duration::from_secs(5),
            silence: Duration::from_secs(15),
            frozen: Duration::from_secs(90),
            frozen_few: Duration::from_secs(300),
            // Jitter takes up to half of a wait: from one second to a minute.
            reconnect: RetryPolicy {
                attempts: u32::MAX,
                first_delay: Duration::from_secs(2),
                max_delay: Duration::from_secs(60),
                jitter_seed: None,
            },
            settled: Duration::from_secs(10),
            cool_down: Duration::from_secs(60),
            // Some four seconds of the busiest market that is thought of: 100,000 trades a second
            // of 160 bytes.
            queued_frames: 200_000,
            queued_bytes: 64 * 1024 * 1024,
            queued_events: 4,
        }
    }
}

/// Where frames wait that find no room in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpillConfig {
    /// A folder of the stream's own. What an earlier run left there is deleted.
    pub folder: PathBuf,
    /// Most bytes on disk. Zero keeps frames in memory alone.
    pub max_bytes: u64,
}

/// What a stream needs.
#[derive(Clone)]
pub struct PolygonStreamConfig {
    /// The vendor's address with its path: `wss`, or `ws` on this computer.
    pub url: String,
    /// The key, sent only to that address, as a message.
    pub key: SecretString,
    /// Times and sizes.
    pub limits: PolygonStreamLimits,
    /// The exchange calendar: whether the market is open.
    pub calendar: Arc<Calendar>,
    /// The clock.
    pub now: NowFn,
}

impl fmt::Debug for PolygonStreamConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolygonStreamConfig").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// What a stream tells, in the order in which it happened.
#[derive(Clone, Debug, PartialEq)]
pub enum PolygonEvent {
    /// There is a connection.
    Connected {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// The vendor accepted the key. No topic is joined yet.
    Authenticated {
        /// When.
        at: DateTime<Utc>,
    },
    /// The vendor confirmed a topic: from here on its rows come.
    Joined {
        /// The topic.
        topic: Topic,
        /// When it was confirmed.
        at: DateTime<Utc>,
    },
    /// The vendor did not confirm a topic in time. It is asked for again; if it is confirmed late,
    /// [`Self::Joined`] follows.
    NotJoined {
        /// The topic.
        topic: Topic,
    },
    /// The vendor refuses a topic. It is not asked for again until it is subscribed to anew.
    TopicRefused {
        /// The topic.
        topic: Topic,
        /// The vendor's words.
        reason: String,
    },
    /// The vendor refuses the key or its plan. Nothing more is tried, and nothing follows.
    Refused {
        /// The vendor's words.
        reason: String,
    },
    /// Another program uses the plan's one connection. [`Self::Disconnected`] follows.
    TooManyConnections {
        /// How long until the next attempt.
        retry_in: Duration,
    },
    /// The market is open and no row comes. [`Self::Disconnected`] follows.
    Frozen {
        /// When the last row came, or was to be expected.
        since: DateTime<Utc>,
    },
    /// There is no connection. The next attempt follows by itself. Comes after every attempt
    /// that failed.
    Disconnected {
        /// Why.
        reason: String,
        /// Rows of this time of the tape and later may be missing, until each topic is joined
        /// again.
        since: DateTime<Utc>,
        /// How long until the next attempt.
        retry_in: Duration,
    },
    /// There was no room for some frames, neither in memory nor on disk.
    Dropped {
        /// Rows from this time of the tape on are missing, …
        since: DateTime<Utc>,
        /// … up to this one.
        until: DateTime<Utc>,
        /// How many frames.
        frames: u64,
    },
    /// Frames, unread.
    Frames(RawFrames),
}

/// Frames in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawFrames {
    /// At least one.
    pub frames: Vec<RawFrame>,
}

/// A message of the stream as it came. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct RawFrame {
    text: Utf8Bytes,
    received_at: DateTime<Utc>,
}

impl RawFrame {
    /// A frame that was not received just now.
    #[must_use]
    pub fn new(text: String, received_at: DateTime<Utc>) -> Self {
        Self { text: text.into(), received_at }
    }

    /// The JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// When it was complete.
    #[must_use]
    pub fn received_at(&self) -> DateTime<Utc> {
        self.received_at
    }
}

/// What a stream has done, since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamCounters {
    /// Connections that the vendor accepted the key on.
    pub connections: u64,
    /// Frames with rows that were received.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Frames that wait in memory now.
    pub waiting_frames: u64,
    /// Their bytes.
    pub waiting_bytes: u64,
    /// Most bytes that ever waited in memory.
    pub most_waiting_bytes: u64,
    /// Frames that wait on disk now.
    pub waiting_on_disk_frames: u64,
    /// Frames that ever went to disk.
    pub spilled_frames: u64,
    /// Their bytes.
    pub spilled_bytes: u64,
    /// Frames that were dropped, because there was no room or the disk failed.
    pub dropped_frames: u64,
}

/// Changes the topics of a running stream and tells how it does. Dropping it changes nothing.
#[derive(Clone)]
pub struct PolygonStreamHandle {
    commands: mpsc::Sender<Command>,
    backlog: Arc<Backlog>,
}

#[derive(Debug)]
enum Command {
    Join(Vec<Topic>),
    Leave(Vec<Topic>),
}

impl fmt::Debug for PolygonStreamHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counters = self.counters();
        f.debug_struct("PolygonStreamHandle").field("counters", &counters).finish_non_exhaustive()
    }
}

impl PolygonStreamHandle {
    /// Asks for topics, also with every later connection.
    ///
    /// # Errors
    /// The stream is over.
    pub async fn subscribe(
        &self,
        topics: impl IntoIterator<Item = Topic>,
    ) -> Result<(), StreamOver> {
        self.command(Command::Join(topics.into_iter().collect())).await
    }

    /// Leaves topics.
    ///
    /// # Errors
    /// The stream is over.
    pub async fn unsubscribe(
        &self,
        topics: impl IntoIterator<Item = Topic>,
    ) -> Result<(), StreamOver> {
        self.command(Command::Leave(topics.into_iter().collect())).await
    }

    async fn command(&self, command: Command) -> Result<(), StreamOver> {
        self.commands.send(command).await.map_err(|_| StreamOver)
    }

    /// What the stream has done so far.
    #[must_use]
    pub fn counters(&self) -> StreamCounters {
        self.backlog.counters()
    }
}

/// Connects and stays connected until `stop`, a refusal, or the receiver is dropped. The receiver
/// ends when both tasks have.
///
/// # Errors
/// [`VendorError::Fatal`] when the address is neither wss nor loopback ws, there are more than
/// [`MAX_TOPICS`], or the folder for what finds no room cannot be used.
///
/// # Panics
/// Outside a tokio runtime.
pub fn start(
    config: PolygonStreamConfig,
    topics: impl IntoIterator<Item = Topic>,
    spill: SpillConfig,
    stop: CancellationToken,
) -> Result<(PolygonStreamHandle, mpsc::Receiver<PolygonEvent>), VendorError> {
    let spill = Spill::open(spill)?;
    let backlog = Arc::new(Backlog::new(&config.limits));
    let (events, receiver) = mpsc::channel(config.limits.queued_events.max(1));
    let (commands, requests) = mpsc::channel(MAX_COMMANDS);
    let listener = Listener::new(config, topics, requests, Arc::clone(&backlog), stop)?;
    tokio::spawn(Courier::new(Arc::clone(&backlog), spill, events).run());
    tokio::spawn(listener.run());
    Ok((PolygonStreamHandle { commands, backlog }, receiver))
}
