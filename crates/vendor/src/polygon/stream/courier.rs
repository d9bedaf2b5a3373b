//! The task that hands events on, and brings frames to disk and back when nobody takes them.

use std::io;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::backlog::{Backlog, MAX_BATCH_BYTES, MAX_BATCH_FRAMES, Next};
use super::spill::Spill;
use super::{PolygonEvent, RawFrame, RawFrames, StreamCounters};

pub(super) struct Courier {
    backlog: Arc<Backlog>,
    /// Elsewhere while the disk is at work.
    spill: Option<Spill>,
    /// The disk failed: nothing more is brought there.
    has_failed: bool,
    /// The oldest and the newest frame that lie on disk, by arrival.
    on_disk: Option<(DateTime<Utc>, DateTime<Utc>)>,
    events: mpsc::Sender<PolygonEvent>,
}

impl Courier {
    pub(super) fn new(
        backlog: Arc<Backlog>,
        spill: Spill,
        events: mpsc::Sender<PolygonEvent>,
    ) -> Self {
        Self { backlog, spill: Some(spill), has_failed: false, on_disk: None, events }
    }

    pub(super) async fn run(mut self) {
        let events = self.events.clone();
        loop {
            if self.backlog.is_half_full() {
                self.bring_to_disk().await;
            }
            let has_something = !self.backlog.is_empty() || self.backlog.is_complete();
            tokio::select! {
                biased;
                () = events.closed() => break,
                place = events.reserve(), if has_something => match (place, self.next().await) {
                    (Ok(place), Some(event)) => place.send(event),
                    _ => break,
                },
                () = self.backlog.added() => {}
            }
        }
        self.backlog.abandon();
    }

    /// The next event. None when there will be none.
    async fn next(&mut self) -> Option<PolygonEvent> {
        loop {
            match self.backlog.next() {
                Next::Event(event) => return Some(event),
                Next::OnDisk(frames) => {
                    if let Some(event) = self.bring_back(frames).await {
                        return Some(event);
                    }
                }
                Next::Wait => self.backlog.added().await,
                Next::End => return None,
            }
        }
    }

    async fn bring_to_disk(&mut self) {
        let StreamCounters { waiting_frames, waiting_bytes, .. } = self.backlog.counters();
        let fits = |spill: &Spill| spill.has_room(waiting_frames, waiting_bytes);
        if self.has_failed || !self.spill.as_ref().is_some_and(fits) {
            return;
        }
        let frames = self.backlog.in_memory();
        let count = frames.len();
        let (first, last) = (frames[0].received_at, frames[count - 1].received_at);
        match self.with_spill(move |spill| spill.append(&frames)).await {
            Ok(()) => {
                self.on_disk = Some((self.on_disk.map_or(first, |(first, _)| first), last));
                self.backlog.spilled(count);
            }
            Err(error) => {
                // The frames are still in memory. Part of them may have been written.
                tracing::warn!(%error, "frames of the stream cannot be written to disk");
                self.has_failed = true;
                self.lose_disk();
            }
        }
    }

    /// Frames from disk. None when they could not be read, which the backlog then tells.
    async fn bring_back(&mut self, waiting: u64) -> Option<PolygonEvent> {
        let most = usize::try_from(waiting).unwrap_or(usize::MAX).min(MAX_BATCH_FRAMES);
        let taken = self.with_spill(move |spill| spill.take(most, MAX_BATCH_BYTES)).await;
        match taken {
            Ok(frames) if !frames.is_empty() => Some(self.brought_back(frames)),
            other => {
                let error = other.err().map_or_else(String::new, |error| error.to_string());
                tracing::warn!(error, "frames of the stream cannot be read from disk");
                self.lose_disk();
                None
            }
        }
    }

    fn brought_back(&mut self, frames: Vec<RawFrame>) -> PolygonEvent {
        self.backlog.read_from_disk(frames.len());
        let first = frames[frames.len() - 1].received_at;
        self.on_disk = self.on_disk.map(|(_, last)| (first, last));
        PolygonEvent::Frames(RawFrames { frames })
    }

    fn lose_disk(&mut self) {
        if let Some(spill) = &mut self.spill {
            spill.clear();
        }
        // The rows of a plan that is behind are older than their arrival.
        if let Some((first, last)) = self.on_disk.take() {
            self.backlog.lose_disk(first - super::listen::MOST_DELAY, last);
        }
    }

    async fn with_spill<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Spill) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let Some(mut spill) = self.spill.take() else {
            return Err(io::Error::other("the disk was given up"));
        };
        let done = spawn_blocking(move || {
            let result = work(&mut spill);
            (spill, result)
        });
        let (spill, result) = done.await.map_err(io::Error::other)?;
        self.spill = Some(spill);
        result
    }
}
