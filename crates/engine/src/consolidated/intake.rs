//! Takes in the live stream: raw frames become counted trades here, off the task that listens.
//!
//! Nothing is taken while too many trades wait to be stored. The stream's own queue holds the
//! frames then, in memory and beyond that on disk; what even the disk has no room for is counted,
//! and read over REST like any other hole.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use undertow_store::log::LogLevel;
use undertow_vendor::polygon::TradeReader;
use undertow_vendor::polygon::stream::{
    FrameDecoder, PolygonEvent, PolygonStreamConfig, PolygonStreamHandle, SpillConfig, Topic, start,
};

use super::desk::Desk;
use super::notices;
use crate::journal;
use crate::stream::StreamPhase;

/// How often the topics are brought in line with the watch list, and the stream's clock with ours.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// How long the vendor may take to say what sale conditions mean.
const CONDITIONS_WITHIN: Duration = Duration::from_secs(10);

/// How the stream is reached, and where frames wait.
pub(super) type Source = (PolygonStreamConfig, SpillConfig);

/// Joins the stream and counts what it brings, until the engine stops or the vendor refuses.
pub(super) async fn run(desk: Arc<Desk>, source: Source, stop: CancellationToken) {
    let (config, spill) = source;
    desk.stream.say(StreamPhase::Joining, None);
    // Both channels take conditions by the same table. The built-in one is nearly that.
    drop(tokio::time::timeout(CONDITIONS_WITHIN, notices::conditions(&desk)).await);
    let mut joined = topics(&desk);
    let mut decoder = decoder(&desk);
    let (handle, mut events) = match start(config, joined.iter().cloned(), spill, stop.clone()) {
        Ok(started) => started,
        Err(error) => return refused(&desk, error.to_string()).await,
    };
    let mut follow = tokio::time::interval(FOLLOW_EVERY);
    loop {
        let has_room = !desk.books.is_full();
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            event = events.recv(), if has_room => match event {
                Some(event) => take(&desk, event, &mut decoder).await,
                None => break,
            },
            _ = follow.tick() => {
                if desk.conditions_are_new.swap(false, Ordering::SeqCst) {
                    decoder.set_reader(TradeReader::new(desk.conditions()));
                }
                let goes_on = keep_up(&desk, &handle, &mut events, &mut joined, has_room).await;
                if !goes_on {
                    break;
                }
            }
        }
    }
    if desk.stream.phase() != StreamPhase::Refused {
        desk.stream.say(StreamPhase::Off, None);
    }
    desk.books.broken(desk.clock.now());
}

/// The topics that the watch list needs.
fn topics(desk: &Desk) -> HashSet<Topic> {
    if desk.tape.whole_market {
        return HashSet::from([Topic::AllTrades]);
    }
    desk.watched().into_iter().map(Topic::Trades).collect()
}

fn decoder(desk: &Arc<Desk>) -> FrameDecoder {
    let reader = TradeReader::new(desk.conditions());
    let desk = Arc::clone(desk);
    FrameDecoder::new(reader, move |ticker| desk.kept.symbol(ticker))
}

/// Follows the watch list and the clock. False when the stream is over.
async fn keep_up(
    desk: &Desk,
    handle: &PolygonStreamHandle,
    events: &mut mpsc::Receiver<PolygonEvent>,
    joined: &mut HashSet<Topic>,
    has_room: bool,
) -> bool {
    let counters = handle.counters();
    // The queue was waited for and had nothing, on disk neither.
    if has_room
        && events.is_empty()
        && counters.waiting_frames + counters.waiting_on_disk_frames == 0
    {
        desk.books.stream_is_idle(desk.clock.now());
    }
    desk.stream.count(counters);
    let wanted = topics(desk);
    let new: Vec<Topic> = wanted.difference(joined).cloned().collect();
    let gone: Vec<Topic> = joined.difference(&wanted).cloned().collect();
    *joined = wanted;
    for topic in &gone {
        if let Topic::Trades(symbol) = topic {
            desk.books.left(symbol);
        }
    }
    let joins = new.is_empty() || handle.subscribe(new).await.is_ok();
    joins && (gone.is_empty() || handle.unsubscribe(gone).await.is_ok())
}

async fn take(desk: &Desk, event: PolygonEvent, decoder: &mut FrameDecoder) {
    match event {
        PolygonEvent::Frames(frames) => {
            for frame in &frames.frames {
                let counts = decoder.decode(frame, &mut *desk.books.lock());
                let took = (desk.clock.now() - frame.received_at()).to_std().unwrap_or_default();
                desk.books.note_counted(took, counts.trades as u64);
            }
        }
        PolygonEvent::Connected { .. } => desk.stream.say(StreamPhase::Joining, None),
        PolygonEvent::Authenticated { .. } => {}
        PolygonEvent::Joined { topic, at } => {
            match topic {
                Topic::Trades(symbol) => desk.books.joined(&symbol, at),
                Topic::AllTrades => desk.books.joined_all(at),
                Topic::Minutes(_) | Topic::AllMinutes => return,
            }
            live(desk).await;
        }
        PolygonEvent::NotJoined { topic } => {
            not_joined(desk, &topic, "the vendor did not confirm it").await;
        }
        PolygonEvent::TopicRefused { topic, reason } => not_joined(desk, &topic, &reason).await,
        PolygonEvent::Refused { reason } => refused(desk, reason).await,
        PolygonEvent::TooManyConnections { retry_in } => {
            let reason = format!(
                "the plan's one connection is in use by another program with the same key; it is \
                 tried again in {} seconds",
                retry_in.as_secs()
            );
            broken(desk, desk.clock.now(), reason.clone()).await;
            desk.stream.explain(reason);
        }
        PolygonEvent::Frozen { since } => {
            let reason = "nothing came although the market is open".to_owned();
            broken(desk, since, reason.clone()).await;
            desk.stream.explain(reason);
        }
        PolygonEvent::Dropped { since, frames, .. } => dropped(desk, since, frames).await,
        // What was said of it a moment ago says more.
        PolygonEvent::Disconnected { since, .. } if desk.stream.is_explained() => {
            desk.books.broken(since);
        }
        PolygonEvent::Disconnected { reason, since, .. } => broken(desk, since, reason).await,
    }
}

async fn live(desk: &Desk) {
    desk.read_soon.notify_one();
    if desk.stream.phase() == StreamPhase::Live {
        return;
    }
    desk.stream.say(StreamPhase::Live, None);
    let message = "the live tape is joined; what came before is asked for".to_owned();
    journal::note(desk, LogLevel::Info, "tape", message).await;
}

async fn not_joined(desk: &Desk, topic: &Topic, reason: &str) {
    let message = format!("the live tape's {topic} is not to be had: {reason}. It is asked for.");
    desk.stream.add(message.clone());
    desk.read_soon.notify_one();
    journal::note(desk, LogLevel::Warning, "tape", message).await;
}

async fn refused(desk: &Desk, reason: String) {
    desk.books.broken(desk.clock.now());
    desk.stream.say(StreamPhase::Refused, Some(reason.clone()));
    desk.read_soon.notify_one();
    let message = format!("the live tape is not to be had: {reason}. It is asked for instead.");
    journal::note(desk, LogLevel::Info, "tape", message).await;
}

/// Frames found no room: the stream goes on, and the hole is read.
async fn dropped(desk: &Desk, since: DateTime<Utc>, frames: u64) {
    desk.books.dropped(since, desk.clock.now());
    desk.read_soon.notify_one();
    let message = format!(
        "{frames} frames of the live tape found no room in memory or on disk; what they held is \
         asked for"
    );
    journal::note(desk, LogLevel::Warning, "tape", message).await;
}

async fn broken(desk: &Desk, since: DateTime<Utc>, reason: String) {
    let was_live = desk.stream.phase() == StreamPhase::Live;
    let said_before = desk.stream.view(None).note.as_ref() == Some(&reason);
    desk.books.broken(since);
    desk.stream.say(StreamPhase::Waiting, Some(reason.clone()));
    desk.read_soon.notify_one();
    if was_live || !said_before {
        let message = format!("the live tape broke: {reason}. What it misses is asked for.");
        journal::note(desk, LogLevel::Warning, "tape", message).await;
    }
}
