//! What waits for a websocket's reader, and how a connection is held until it ends.
//!
//! Frames wait in a bounded queue; a reader who lets it stay full is cut off. The script of faults
//! spoils frames here, whichever vendor's they are.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::sync::mpsc;

use super::faults::{Fault, Faults};
use super::listener::Connection;
use super::{Shared, reply, stopped};

/// Frames that wait for one reader: some seconds of the busiest market.
const MAX_FRAMES_QUEUED: usize = 8_192;
/// A reader who takes nothing for so long is cut off.
const SLOW_READER_WAIT: Duration = Duration::from_secs(5);
/// A frozen connection is given up after so long.
const LONGEST_FREEZE: Duration = Duration::from_secs(600);
/// What no reader can take for JSON.
const GARBAGE: &str = "[{\"ev\":\"T\",\"sym\":";

/// What waits for the reader.
pub(super) enum Outgoing {
    Whole(String),
    /// A frame in whose middle the connection ends.
    Half(String),
    /// The end of the connection, with a code and a reason.
    Close(u16, &'static str),
}

/// How a connection ends.
pub(super) enum End {
    /// The client, the simulator or the queue ended it.
    Over,
    /// What is queued is sent first. Then it ends, without a close frame unless one is queued.
    Told,
    /// It falls silent first.
    Frozen,
}

/// Where a connection's frames are put.
pub(super) struct Outbox {
    queue: mpsc::Sender<Outgoing>,
    faults: Faults,
}

impl Outbox {
    /// Queues what no fault spoils.
    pub(super) async fn send(&self, outgoing: Outgoing) -> Result<(), End> {
        self.queue.send_timeout(outgoing, SLOW_READER_WAIT).await.map_err(|_| End::Over)
    }

    /// Queues a frame with data, or what the script makes of it.
    pub(super) async fn send_data(&self, path: &str, frame: String) -> Result<(), End> {
        match self.faults.take_for_frame(path) {
            Some(Fault::DropMidFrame) => self.send(Outgoing::Half(frame)).await,
            Some(Fault::Freeze) => Err(End::Frozen),
            Some(Fault::CutSlowReader) => Err(End::Over),
            Some(Fault::DuplicateFrame) => {
                self.send(Outgoing::Whole(frame.clone())).await?;
                self.send(Outgoing::Whole(frame)).await
            }
            Some(Fault::GarbageFrame) => {
                self.send(Outgoing::Whole(GARBAGE.to_owned())).await?;
                self.send(Outgoing::Whole(frame)).await
            }
            Some(Fault::WrongTypesFrame(field)) => {
                self.send(Outgoing::Whole(with_wrong_types(frame, &field))).await
            }
            Some(Fault::SlowFrame(ms)) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                self.send(Outgoing::Whole(frame)).await
            }
            _ => self.send(Outgoing::Whole(frame)).await,
        }
    }
}

fn with_wrong_types(frame: String, field: &str) -> String {
    let Ok(Value::Array(mut events)) = serde_json::from_str(&frame) else {
        return frame;
    };
    events.iter_mut().for_each(|event| reply::spoil(event, field));
    Value::Array(events).to_string()
}

/// Holds a connection while `talk` goes on, and ends it as that says.
pub(super) async fn hold(
    socket: WebSocket,
    shared: &Arc<Shared>,
    connection: Connection,
    talk: impl AsyncFnOnce(Outbox, SplitStream<WebSocket>) -> End,
) {
    let (sink, source) = socket.split();
    let (queue, queued) = mpsc::channel(MAX_FRAMES_QUEUED);
    let mut writing = tokio::spawn(write(sink, queued, connection));
    let outbox = Outbox { queue: queue.clone(), faults: shared.faults.clone() };
    let end = tokio::select! {
        end = talk(outbox, source) => end,
        _ = &mut writing => return,
        () = stopped(shared.stopping.clone()) => End::Over,
    };
    match end {
        End::Over => {}
        // A reader who does not take the last words is cut off without them.
        End::Told => {
            drop(queue);
            let _cut = tokio::time::timeout(SLOW_READER_WAIT, &mut writing).await;
        }
        // The writer keeps the connection open while there is a queue. The silence ends with the simulator, or after so
        // long that nobody can be waiting: both are fine.
        End::Frozen => {
            let stop = stopped(shared.stopping.clone());
            let _over = tokio::time::timeout(LONGEST_FREEZE, stop).await;
        }
    }
    writing.abort();
}

/// Sends what is queued until the queue or the connection ends.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut queued: mpsc::Receiver<Outgoing>,
    connection: Connection,
) {
    while let Some(outgoing) = queued.recv().await {
        let message = match outgoing {
            Outgoing::Whole(text) => Message::text(text),
            Outgoing::Half(text) => {
                connection.cut_after(text.len() / 2);
                Message::text(text)
            }
            Outgoing::Close(code, reason) => {
                Message::Close(Some(CloseFrame { code, reason: reason.into() }))
            }
        };
        if sink.send(message).await.is_err() {
            return;
        }
    }
}
