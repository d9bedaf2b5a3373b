//! What was heard and is not taken yet: frames in memory, marks for frames on disk, and events
//! among them, in one order. Whoever adds to it never waits.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{PolygonEvent, PolygonStreamLimits, RawFrame, RawFrames, StreamCounters};

/// Most frames of one event.
pub(super) const MAX_BATCH_FRAMES: usize = 1024;
/// Most bytes of one event, give or take a frame.
pub(super) const MAX_BATCH_BYTES: usize = 1024 * 1024;
/// With this many events waiting, no new connection is made: nobody hears of them.
const MAX_EVENTS: usize = 4096;

pub(super) struct Backlog {
    state: Mutex<State>,
    max_frames: usize,
    max_bytes: usize,
    /// Something was added.
    added: Notify,
    /// An event was taken.
    taken: Notify,
    /// Nobody takes anything any more.
    abandoned: CancellationToken,
}

#[derive(Default)]
struct State {
    entries: VecDeque<Entry>,
    /// Frames in memory.
    frames: usize,
    bytes: usize,
    events: usize,
    /// Frames that found no room, since the last one that did.
    gap: Option<Gap>,
    /// Nothing more is added.
    is_complete: bool,
    counters: StreamCounters,
}

enum Entry {
    Event(PolygonEvent),
    Frame(RawFrame),
    /// So many frames lie on disk.
    Spilled(u64),
}

/// Frames that are missing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    pub(super) since: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    pub(super) frames: u64,
}

/// What comes next.
pub(super) enum Next {
    Event(PolygonEvent),
    /// Up to so many frames must be read from disk.
    OnDisk(u64),
    /// Nothing yet.
    Wait,
    /// Nothing ever.
    End,
}

impl Gap {
    fn widen(gap: &mut Option<Self>, more: Self) {
        match gap {
            Some(gap) => {
                gap.since = gap.since.min(more.since);
                gap.until = gap.until.max(more.until);
                gap.frames += more.frames;
            }
            None => *gap = Some(more),
        }
    }

    fn event(self) -> PolygonEvent {
        let Self { since, until, frames } = self;
        PolygonEvent::Dropped { since, until, frames }
    }
}

impl Backlog {
    pub(super) fn new(limits: &PolygonStreamLimits) -> Self {
        Self {
            state: Mutex::default(),
            max_frames: limits.queued_frames.max(1),
            max_bytes: limits.queued_bytes,
            added: Notify::new(),
            taken: Notify::new(),
            abandoned: CancellationToken::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No step leaves it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a frame, or counts it as missing. `since` and `until` are the stretch of the tape
    /// that it may hold rows of.
    pub(super) fn add_frame(&self, frame: RawFrame, since: DateTime<Utc>, until: DateTime<Utc>) {
        let bytes = frame.text.len();
        let mut state = self.state();
        state.counters.frames += 1;
        state.counters.bytes += bytes as u64;
        let is_full = state.frames >= self.max_frames || state.bytes + bytes > self.max_bytes;
        if is_full {
            state.counters.dropped_frames += 1;
            Gap::widen(&mut state.gap, Gap { since, until, frames: 1 });
        } else {
            state.tell_gap();
            state.frames += 1;
            state.bytes += bytes;
            let most = state.counters.most_waiting_bytes.max(state.bytes as u64);
            state.counters.most_waiting_bytes = most;
            state.entries.push_back(Entry::Frame(frame));
        }
        drop(state);
        self.added.notify_one();
    }

    pub(super) fn add_event(&self, event: PolygonEvent) {
        let mut state = self.state();
        state.tell_gap();
        if matches!(event, PolygonEvent::Authenticated { .. }) {
            state.counters.connections += 1;
        }
        state.events += 1;
        state.entries.push_back(Entry::Event(event));
        drop(state);
        self.added.notify_one();
    }

    /// Nothing more is added.
    pub(super) fn complete(&self) {
        self.state().is_complete = true;
        self.added.notify_one();
    }

    /// Nothing more is taken.
    pub(super) fn abandon(&self) {
        self.abandoned.cancel();
    }

    pub(super) async fn abandoned(&self) {
        self.abandoned.cancelled().await;
    }

    /// Waits until somebody hears what happens.
    pub(super) async fn is_heard(&self) {
        while self.state().events >= MAX_EVENTS {
            self.taken.notified().await;
        }
    }

    /// Waits until something was added.
    pub(super) async fn added(&self) {
        self.added.notified().await;
    }

    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.entries.is_empty() && state.gap.is_none()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.state().is_complete
    }

    /// Takes what comes next.
    pub(super) fn next(&self) -> Next {
        let mut state = self.state();
        match state.entries.pop_front() {
            Some(Entry::Event(event)) => {
                state.events -= 1;
                drop(state);
                self.taken.notify_one();
                Next::Event(event)
            }
            Some(Entry::Frame(frame)) => Next::Event(state.frames_from(frame)),
            Some(Entry::Spilled(frames)) => {
                state.entries.push_front(Entry::Spilled(frames));
                Next::OnDisk(frames)
            }
            None => match state.gap.take() {
                Some(gap) => Next::Event(gap.event()),
                None if state.is_complete => Next::End,
                None => Next::Wait,
            },
        }
    }

    /// So many of the first frames on disk were read.
    pub(super) fn read_from_disk(&self, frames: usize) {
        let mut state = self.state();
        let frames = frames as u64;
        state.counters.waiting_on_disk_frames -= frames;
        if let Some(Entry::Spilled(left)) = state.entries.front_mut() {
            *left -= frames;
            if *left == 0 {
                state.entries.pop_front();
            }
        }
    }

    /// Whether half of what may wait in memory does.
    pub(super) fn is_half_full(&self) -> bool {
        let state = self.state();
        state.frames > self.max_frames / 2 || state.bytes > self.max_bytes / 2
    }

    /// The frames in memory, which stay there until [`Self::spilled`].
    pub(super) fn in_memory(&self) -> Vec<RawFrame> {
        let state = self.state();
        let frame = |entry: &Entry| match entry {
            Entry::Frame(frame) => Some(frame.clone()),
            _ => None,
        };
        state.entries.iter().filter_map(frame).collect()
    }

    /// The first so many frames in memory are on disk now.
    pub(super) fn spilled(&self, frames: usize) {
        let mut state = self.state();
        let mut left = frames;
        let mut entries = VecDeque::with_capacity(state.entries.len().saturating_sub(frames));
        let mut bytes = 0;
        for entry in std::mem::take(&mut state.entries) {
            match (entry, entries.back_mut()) {
                (Entry::Frame(frame), last) if left > 0 => {
                    left -= 1;
                    bytes += frame.text.len();
                    match last {
                        Some(Entry::Spilled(count)) => *count += 1,
                        _ => entries.push_back(Entry::Spilled(1)),
                    }
                }
                (Entry::Spilled(more), Some(Entry::Spilled(count))) => *count += more,
                (entry, _) => entries.push_back(entry),
            }
        }
        state.entries = entries;
        state.frames -= frames;
        state.bytes -= bytes;
        state.counters.spilled_frames += frames as u64;
        state.counters.spilled_bytes += bytes as u64;
        state.counters.waiting_on_disk_frames += frames as u64;
    }

    /// The frames on disk cannot be read: they are missing.
    pub(super) fn lose_disk(&self, since: DateTime<Utc>, until: DateTime<Utc>) {
        let mut state = self.state();
        let frames = std::mem::take(&mut state.counters.waiting_on_disk_frames);
        state.counters.dropped_frames += frames;
        let gap = Gap { since, until, frames };
        state.entries.retain(|entry| !matches!(entry, Entry::Spilled(_)));
        state.events += 1;
        state.entries.push_front(Entry::Event(gap.event()));
    }

    pub(super) fn counters(&self) -> StreamCounters {
        let state = self.state();
        let (frames, bytes) = (state.frames as u64, state.bytes as u64);
        StreamCounters { waiting_frames: frames, waiting_bytes: bytes, ..state.counters }
    }
}

impl State {
    /// Puts what is missing in its place, between what came before and after.
    fn tell_gap(&mut self) {
        if let Some(gap) = self.gap.take() {
            self.events += 1;
            self.entries.push_back(Entry::Event(gap.event()));
        }
    }

    /// This frame and those behind it.
    fn frames_from(&mut self, first: RawFrame) -> PolygonEvent {
        let mut bytes = first.text.len();
        let mut frames = vec![first];
        while frames.len() < MAX_BATCH_FRAMES
            && bytes < MAX_BATCH_BYTES
            && let Some(Entry::Frame(_)) = self.entries.front()
            && let Some(Entry::Frame(frame)) = self.entries.pop_front()
        {
            bytes += frame.text.len();
            frames.push(frame);
        }
        self.frames -= frames.len();
        self.bytes -= bytes;
        PolygonEvent::Frames(RawFrames { frames })
    }
}
