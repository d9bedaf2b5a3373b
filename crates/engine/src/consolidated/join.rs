//! How the live stream does, in words and numbers.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use undertow_vendor::polygon::stream::StreamCounters;

use crate::stream::StreamPhase;

/// How long REST leaves to the stream what the stream is about to bring.
const AWAITED_FOR: Duration = Duration::from_secs(5);

/// The live stream at a glance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TapeStreamView {
    /// How it does.
    pub phase: StreamPhase,
    /// The same in words, where there is something to say.
    pub note: Option<String>,
    /// The newest time of the tape that it told.
    pub clock: Option<DateTime<Utc>>,
    /// What its queue counted; none while it is off.
    pub counters: Option<StreamCounters>,
}

/// What the intake says of the stream.
#[derive(Default)]
pub(super) struct StreamNote(Mutex<Said>);

#[derive(Default)]
struct Said {
    phase: StreamPhase,
    note: Option<String>,
    counters: Option<StreamCounters>,
    joining_since: Option<Instant>,
    /// The note says more than that the connection ended.
    is_explained: bool,
}

impl StreamNote {
    /// How it does, and why.
    pub(super) fn say(&self, phase: StreamPhase, note: Option<String>) {
        let mut said = self.lock();
        if phase == StreamPhase::Joining && said.phase != phase {
            said.joining_since = Some(Instant::now());
        }
        (said.phase, said.note) = (phase, note);
        said.is_explained = false;
    }

    /// The connection is about to end, and why.
    pub(super) fn explain(&self, note: String) {
        self.say(StreamPhase::Waiting, Some(note));
        self.lock().is_explained = true;
    }

    /// Whether it was said a moment ago why the connection ended.
    pub(super) fn is_explained(&self) -> bool {
        self.lock().is_explained
    }

    /// Adds a word, whatever the phase.
    pub(super) fn add(&self, note: String) {
        self.lock().note = Some(note);
    }

    /// What its queue counted.
    pub(super) fn count(&self, counters: StreamCounters) {
        self.lock().counters = Some(counters);
    }

    /// How it does.
    pub(super) fn phase(&self) -> StreamPhase {
        self.lock().phase
    }

    /// Whether it is about to be joined.
    pub(super) fn is_awaited(&self) -> bool {
        let said = self.lock();
        let since = said.joining_since.filter(|_| said.phase == StreamPhase::Joining);
        since.is_some_and(|since| since.elapsed() < AWAITED_FOR)
    }

    /// At a glance, with the tape's clock.
    pub(super) fn view(&self, clock: Option<DateTime<Utc>>) -> TapeStreamView {
        let said = self.lock();
        TapeStreamView {
            phase: said.phase,
            note: said.note.clone(),
            clock,
            counters: said.counters,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
