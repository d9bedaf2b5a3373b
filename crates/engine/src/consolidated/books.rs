//! The tapes of the session that runs, all symbols, behind one lock.
//!
//! Whoever brings a trade takes the lock for as long as a frame or a page takes to count, and
//! never while it waits for anything.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use undertow_analysis::activity::MINUTES_PER_DAY;
use undertow_analysis::tape::{TapeKeep, TapePart};
use undertow_market::{Aggregate, Symbol, TapeMinute, TapeTrade};
use undertow_vendor::Reject;
use undertow_vendor::polygon::stream::FrameSink;

use super::day::TapeDay;
use super::delay::Delay;
use super::floors::DayFloors;
use super::lag::Lag;
use super::live::{Live, Reading, SoFar};

/// Trades whose identities may be in memory while the database takes nothing: about a hundred
/// megabytes. Beyond that the stream's frames wait in its queue and on disk.
pub const MAX_HELD: usize = 4_000_000;
/// Symbols whose tape is summed at once, where the whole market is.
const MAX_SYMBOLS: usize = 20_000;
/// A write that is under way for so long waits for the database.
const STUCK_AFTER: Duration = Duration::from_secs(5);
/// Rejects of the stream that wait for the next write.
const MAX_REJECTS: usize = 1_000;
/// Pace of a symbol that was never asked for.
const AT_ONCE: DateTime<Utc> = DateTime::<Utc>::MIN_UTC;

/// What was counted since the program began to collect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TapeCounters {
    /// Trades that the stream brought.
    pub streamed: u64,
    /// Trades that REST brought and the stream had not.
    pub asked_for: u64,
    /// Trades that came twice.
    pub repeats: u64,
    /// Trades that came after their minute was final. The session's reread has them.
    pub too_late: u64,
    /// Trades of another day than the session's. The session's reread has them.
    pub other_day: u64,
    /// Trades whose identities are in memory.
    pub held: usize,
    /// Rejects of the stream that were counted and not kept, because too many waited.
    pub rejects_dropped: u64,
}

/// Minutes of one symbol that are final.
#[derive(Debug, Clone)]
pub(super) struct FinalMinutes {
    pub(super) symbol: Symbol,
    pub(super) day: TapeDay,
    pub(super) part: TapePart,
    pub(super) keep: TapeKeep,
    /// Minutes before this are final.
    pub(super) before: u16,
}

/// A tape that is to be read over REST.
#[derive(Debug, Clone)]
pub(super) struct ReadWork {
    pub(super) symbol: Symbol,
    pub(super) day: TapeDay,
    pub(super) from: DateTime<Utc>,
}

/// Margins in market time. A clock that runs fast needs wider ones, because a moment of the
/// network is a long stretch of the market then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Margins {
    /// A minute is final when the stream's clock passed its end by this much.
    pub(super) grace: TimeDelta,
    /// How long the stream may bring nothing before its clock is taken from ours.
    pub(super) quiet: TimeDelta,
}

impl Margins {
    /// Those of a clock that runs at `speed`.
    pub(super) fn at_speed(speed: f64) -> Self {
        let at_least = |seconds: f64, wall: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "a speed is at most some hundred")]
            let millis = (seconds.max(wall * speed) * 1_000.0) as i64;
            TimeDelta::milliseconds(millis)
        };
        Self { grace: at_least(5.0, 0.5), quiet: at_least(90.0, 2.0) }
    }
}

/// The tapes of the session that runs.
pub(super) struct Books {
    held: Mutex<Held>,
    margins: Margins,
    max_held: usize,
}

/// What the lock guards.
#[derive(Default)]
pub(super) struct Held {
    day: Option<TapeDay>,
    /// Minutes of the day from this on are left to its reread, which comes when it is over.
    last: u16,
    tapes: HashMap<Symbol, Live>,
    /// What is kept of symbols that only the stream brings.
    floors: Option<DayFloors>,
    /// When the stream joined what it brings, by symbol.
    joined: HashMap<Symbol, DateTime<Utc>>,
    /// Since when the stream brings every symbol.
    all_joined_at: Option<DateTime<Utc>>,
    /// The newest time of the tape that the stream told since it was joined.
    stream_clock: Option<DateTime<Utc>>,
    delay: Delay,
    rejects: Vec<Reject>,
    counters: TapeCounters,
    counted: Lag,
    stored: Lag,
    /// Since when a write of minutes is under way.
    storing_since: Option<Instant>,
}

impl Books {
    pub(super) fn new(margins: Margins, max_held: usize) -> Self {
        Self { held: Mutex::default(), margins, max_held }
    }

    /// The day that is summed.
    pub(super) fn day(&self) -> Option<TapeDay> {
        self.lock().day
    }

    /// Begins a day, with nothing in it. Minutes from `last` on are left to its reread. `floors`
    /// are those of symbols that only the stream brings.
    pub(super) fn begin(&self, day: TapeDay, last: u16, floors: DayFloors) {
        let mut held = self.lock();
        held.day = Some(day);
        held.last = last;
        held.floors = Some(floors);
        held.tapes.clear();
        held.counters.held = 0;
        // Sums of the whole market begin anew with what comes.
        if let Some(at) = &mut held.all_joined_at {
            *at = (*at).max(day.begins_at());
        }
    }

    /// Symbols whose tape is read.
    pub(super) fn watched(&self) -> Vec<Symbol> {
        let held = self.lock();
        let watched = held.tapes.iter().filter(|(_, live)| live.is_watched);
        watched.map(|(symbol, _)| symbol.clone()).collect()
    }

    /// Puts in a tape of which minutes are stored: those before a minute. `now` is when the stream's trades count from,
    /// where it brings the symbol already.
    pub(super) fn put(
        &self,
        symbol: &Symbol,
        day: TapeDay,
        keep: TapeKeep,
        (stored, stored_before): (&[TapeMinute], u16),
        now: DateTime<Utc>,
    ) {
        let mut held = self.lock();
        if held.day != Some(day) {
            return;
        }
        let mut live = Live::resumed(symbol.clone(), day, keep, stored, stored_before);
        if held.joined.contains_key(symbol) || held.all_joined_at.is_some() {
            live.joined(now);
        }
        if let Some(before) = held.tapes.insert(symbol.clone(), live) {
            held.counters.held = held.counters.held.saturating_sub(before.held());
        }
    }

    /// Lets go of a tape.
    pub(super) fn remove(&self, symbol: &Symbol) {
        let mut held = self.lock();
        if let Some(before) = held.tapes.remove(symbol) {
            held.counters.held = held.counters.held.saturating_sub(before.held());
        }
    }

    /// The stream brings a symbol from `at` on.
    pub(super) fn joined(&self, symbol: &Symbol, at: DateTime<Utc>) {
        let mut held = self.lock();
        held.joined.insert(symbol.clone(), at);
        if let Some(live) = held.tapes.get_mut(symbol) {
            live.joined(at);
        }
    }

    /// The stream no longer brings a symbol.
    pub(super) fn left(&self, symbol: &Symbol) {
        let margins = self.margins;
        let mut held = self.lock();
        held.joined.remove(symbol);
        let brought_to = held.stream_clock.map(|clock| clock - margins.grace);
        if let Some(live) = held.tapes.get_mut(symbol) {
            live.broken(brought_to.unwrap_or(AT_ONCE));
        }
    }

    /// The stream brings every symbol from `at` on.
    pub(super) fn joined_all(&self, at: DateTime<Utc>) {
        let mut held = self.lock();
        held.all_joined_at = Some(at);
        for live in held.tapes.values_mut() {
            if live.is_watched { live.joined(at) } else { live.skip_to(at) }
        }
    }

    /// The stream broke; what came after `since` may be missing.
    pub(super) fn broken(&self, since: DateTime<Utc>) {
        let margins = self.margins;
        let mut held = self.lock();
        held.joined.clear();
        held.all_joined_at = None;
        let clock = held.stream_clock.take();
        let brought_to = clock.map_or(AT_ONCE, |clock| clock.min(since) - margins.grace);
        held.tapes.values_mut().for_each(|live| live.broken(brought_to));
    }

    /// The stream goes on after it dropped what it brought from `since` on.
    pub(super) fn dropped(&self, since: DateTime<Utc>, now: DateTime<Utc>) {
        let margins = self.margins;
        let mut held = self.lock();
        let Held { tapes, joined, all_joined_at, .. } = &mut *held;
        for (symbol, live) in tapes {
            if !joined.contains_key(symbol) && all_joined_at.is_none() {
                continue;
            }
            live.broken(since - margins.grace);
            if live.is_watched { live.joined(now) } else { live.skip_to(now) }
        }
    }

    /// The stream was waited for and has nothing: its clock moves with ours, as far behind as the
    /// vendor is.
    pub(super) fn stream_is_idle(&self, now: DateTime<Utc>) {
        let margins = self.margins;
        let mut held = self.lock();
        if held.joined.is_empty() && held.all_joined_at.is_none() {
            return;
        }
        let clock = now - held.delay.at(now) - margins.quiet;
        held.stream_clock = held.stream_clock.max(Some(clock));
    }

    /// Counts a trade that REST told.
    pub(super) fn take_asked(&self, trade: &TapeTrade<'_>) {
        let mut held = self.lock();
        let Some(live) = held.tapes.get_mut(&trade.symbol) else { return };
        if live.take(trade) {
            held.counters.asked_for += 1;
            held.counters.held += 1;
        }
    }

    /// The tape that is to be asked for next, marked as being read; none while nothing is due.
    pub(super) fn next_read(&self, now: DateTime<Utc>) -> Option<ReadWork> {
        let mut held = self.lock();
        let day = held.day?;
        let due = held
            .tapes
            .iter_mut()
            .filter(|(_, live)| live.is_watched && !live.is_being_read && live.next_read_at <= now);
        let due = due.filter_map(|(symbol, live)| Some((live.ask_from()?, symbol, live)));
        let (from, symbol, live) = due.min_by_key(|(_, _, live)| live.next_read_at)?;
        live.is_being_read = true;
        Some(ReadWork { symbol: symbol.clone(), day, from })
    }

    /// REST told a tape up to an instant.
    pub(super) fn read_on(&self, work: &ReadWork, to: DateTime<Utc>) {
        self.of_day(work, |live| live.read_on(to));
    }

    /// REST told everything that there was at `asked_at`; `newest` is the last trade's time.
    /// It is asked again after `pace`, where the stream does not bring the rest.
    pub(super) fn read_whole(
        &self,
        work: &ReadWork,
        asked_at: DateTime<Utc>,
        newest: Option<DateTime<Utc>>,
        pace: TimeDelta,
    ) {
        let mut held = self.lock();
        if let Some(newest) = newest {
            held.delay.note(asked_at, newest);
        }
        let complete_to = asked_at - held.delay.at(asked_at).max(super::live::REST_LAG);
        drop(held);
        self.of_day(work, |live| {
            live.is_being_read = false;
            live.problem = None;
            live.next_read_at = asked_at + pace;
            live.read_on(complete_to);
            live.read_whole(asked_at);
        });
    }

    /// REST failed; it is asked again at `again_at`. True when this is news.
    pub(super) fn read_failed(
        &self,
        work: &ReadWork,
        problem: String,
        again_at: DateTime<Utc>,
    ) -> bool {
        let mut is_new = false;
        self.of_day(work, |live| {
            live.is_being_read = false;
            live.next_read_at = again_at;
            is_new = live.problem.replace(problem).is_none();
        });
        is_new
    }

    /// A plan without trades over REST cannot fill a hole: what the stream brings counts from its
    /// first whole minute on.
    pub(super) fn leave_out(&self, work: &ReadWork) {
        self.of_day(work, |live| {
            if let Reading::Rest { joined_at: Some(joined_at), .. } = live.reading {
                live.skip_to(joined_at);
            }
        });
    }

    /// Takes out what became final, until it is about `most_rows`.
    pub(super) fn take_final(&self, most_rows: usize) -> Vec<FinalMinutes> {
        let margins = self.margins;
        let mut held = self.lock();
        let Some(day) = held.day else { return Vec::new() };
        let stream_to = held.stream_clock.map(|clock| clock - margins.grace);
        let last = held.last;
        let (mut taken, mut rows, mut freed) = (Vec::new(), 0, 0);
        for (symbol, live) in &mut held.tapes {
            if rows >= most_rows {
                break;
            }
            let before = live.held();
            let Some(part) = live.take_final(stream_to, last) else { continue };
            freed += before - live.held();
            rows += 1 + part.minutes.len() + part.cells.len() + part.prints.len();
            if live.is_watched || !part.is_empty() {
                let (keep, before) = (live.keep(), live.taken_before());
                taken.push(FinalMinutes { symbol: symbol.clone(), day, part, keep, before });
            }
        }
        held.counters.held = held.counters.held.saturating_sub(freed);
        taken
    }

    /// Rejects of the stream that wait to be stored.
    pub(super) fn take_rejects(&self) -> Vec<Reject> {
        std::mem::take(&mut self.lock().rejects)
    }

    /// Keeps a symbol's minutes in its book until the answer is dropped.
    pub(super) fn hold_back<'a>(&'a self, symbol: &'a Symbol) -> HeldBack<'a> {
        self.set_held_back(symbol, true);
        HeldBack { books: self, symbol }
    }

    fn set_held_back(&self, symbol: &Symbol, is_held_back: bool) {
        if let Some(live) = self.lock().tapes.get_mut(symbol) {
            live.is_held_back = is_held_back;
        }
    }

    /// Minutes of a symbol's day before this are final; none when it is not read today.
    pub(super) fn final_before(&self, symbol: &Symbol) -> Option<(TapeDay, u16)> {
        let held = self.lock();
        Some((held.day?, held.tapes.get(symbol)?.taken_before()))
    }

    /// What the session of a symbol has so far.
    pub(super) fn so_far(&self, symbol: &Symbol) -> Option<(TapeDay, SoFar)> {
        let held = self.lock();
        Some((held.day?, held.tapes.get(symbol)?.so_far()))
    }

    /// A write of minutes is under way, or is not any more.
    pub(super) fn is_storing(&self, is_storing: bool) {
        self.lock().storing_since = is_storing.then(Instant::now);
    }

    /// Whether the stream has to wait: too much is in memory, and more of the stream would not
    /// free it, because the database does not take it or a hole is still being read.
    pub(super) fn is_full(&self) -> bool {
        let held = self.lock();
        let waits_for_rest = || {
            held.tapes.values().any(|live| {
                live.is_watched && matches!(live.reading, Reading::Rest { joined_at: Some(_), .. })
            })
        };
        held.counters.held >= self.max_held && (held.is_stuck() || waits_for_rest())
    }

    /// Whether too much is in memory because the database does not take it.
    pub(super) fn is_stuck(&self) -> bool {
        let held = self.lock();
        held.counters.held >= self.max_held && held.is_stuck()
    }

    /// How far behind the vendor is.
    pub(super) fn delay(&self, now: DateTime<Utc>) -> TimeDelta {
        self.lock().delay.at(now)
    }

    /// Trades of a frame were counted so long after it was received.
    pub(super) fn note_counted(&self, took: Duration, trades: u64) {
        self.lock().counted.note(took, trades);
    }

    /// A streamed minute was stored so long after its end, market time.
    pub(super) fn note_stored(&self, took: Duration) {
        self.lock().stored.note(took, 1);
    }

    /// From receiving a trade to counting it, and from the end of a minute to storing it.
    pub(super) fn lags(&self) -> (Lag, Lag) {
        let held = self.lock();
        (held.counted, held.stored)
    }

    /// Whether the stream brings a symbol.
    pub(super) fn is_streamed(&self, symbol: &Symbol) -> bool {
        let held = self.lock();
        held.tapes.get(symbol).is_some_and(|of| matches!(of.reading, Reading::Stream { .. }))
    }

    /// What was counted.
    pub(super) fn counters(&self) -> TapeCounters {
        let held = self.lock();
        let too_late = held.tapes.values().map(Live::too_late).sum::<u64>();
        TapeCounters { too_late: held.counters.too_late + too_late, ..held.counters }
    }

    /// The stream's clock.
    pub(super) fn stream_clock(&self) -> Option<DateTime<Utc>> {
        self.lock().stream_clock
    }

    /// Every watched tape, in order.
    pub(super) fn view<T>(
        &self,
        look: impl Fn(&Symbol, &Live, Option<DateTime<Utc>>) -> T,
    ) -> Vec<T> {
        let margins = self.margins;
        let held = self.lock();
        let stream_to = held.stream_clock.map(|clock| clock - margins.grace);
        let mut watched: Vec<_> = held.tapes.iter().filter(|(_, live)| live.is_watched).collect();
        watched.sort_by_key(|(symbol, _)| *symbol);
        watched.into_iter().map(|(symbol, live)| look(symbol, live, stream_to)).collect()
    }

    /// Locked, to count many trades at once.
    pub(super) fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_day(&self, work: &ReadWork, change: impl FnOnce(&mut Live)) {
        let mut held = self.lock();
        if held.day != Some(work.day) {
            return;
        }
        if let Some(live) = held.tapes.get_mut(&work.symbol) {
            change(live);
        }
    }
}

/// A book that hands nothing out while this lives.
pub(super) struct HeldBack<'a> {
    books: &'a Books,
    symbol: &'a Symbol,
}

impl Drop for HeldBack<'_> {
    fn drop(&mut self) {
        self.books.set_held_back(self.symbol, false);
    }
}

impl Held {
    /// Whether a write has been under way for longer than an honest one takes.
    fn is_stuck(&self) -> bool {
        self.storing_since.is_some_and(|since| since.elapsed() >= STUCK_AFTER)
    }

    /// The tape of a symbol that only the stream brings, begun when its first trade comes.
    fn begin_of_the_stream(&mut self, symbol: &Symbol) {
        let (Some(day), Some(joined_at), Some(floors)) =
            (self.day, self.all_joined_at, &self.floors)
        else {
            return;
        };
        if self.tapes.len() < MAX_SYMBOLS {
            let live = Live::of_the_stream(symbol.clone(), day, floors.of(symbol), joined_at);
            self.tapes.insert(symbol.clone(), live);
        }
    }
}

impl FrameSink for Held {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        self.counters.streamed += 1;
        if self.stream_clock.is_none_or(|clock| clock < trade.reported_at) {
            self.stream_clock = Some(trade.reported_at);
            self.delay.note(trade.received_at, trade.reported_at);
        }
        if self.day.is_none_or(|day| day.date != trade.session_date) {
            self.counters.other_day += 1;
            return;
        }
        if !self.tapes.contains_key(&trade.symbol) {
            self.begin_of_the_stream(&trade.symbol);
        }
        let Some(live) = self.tapes.get_mut(&trade.symbol) else { return };
        let is_late = trade.minute < live.taken_before();
        if live.take(trade) {
            self.counters.held += 1;
        } else if !is_late {
            self.counters.repeats += 1;
        }
    }

    fn aggregate(&mut self, _: Aggregate) {}

    fn reject(&mut self, reject: Reject) {
        if self.rejects.len() < MAX_REJECTS {
            self.rejects.push(reject);
        } else {
            self.counters.rejects_dropped += 1;
        }
    }
}

/// The last minute of a day that is final, where there is one.
pub(super) fn last_final(final_before: u16) -> Option<u16> {
    final_before.min(MINUTES_PER_DAY).checked_sub(1)
}
