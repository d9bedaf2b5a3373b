//! What the collector of the tape tells of itself and of today.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use undertow_analysis::activity::Comparison;
use undertow_market::{MarketSession, Symbol, TapeVolume};

use super::books::{TapeCounters, last_final};
use super::desk::Desk;
use super::join::TapeStreamView;
use super::lag::Lag;
use super::live::{Live, Reading};
use super::opportunities;
use super::progress::HistoryProgress;
use super::standing::Assessed;
use crate::feed::{Feed, Freshness, STALE_AFTER, Series};

/// A tape that is no further behind than this is as it should be.
const LATE_AFTER: TimeDelta = TimeDelta::minutes(2);

/// What a symbol's tape has today.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveActivity {
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// The last minute that is final; none before the first.
    pub final_minute: Option<u16>,
    /// When the newest trade reached the tape; none before the first.
    pub newest_at: Option<DateTime<Utc>>,
    /// Off exchange, up to now.
    pub off_exchange: TapeVolume,
    /// On exchanges, up to now.
    pub lit: TapeVolume,
    /// Today beside past sessions at the last final minute; none until the past was looked at.
    pub comparison: Option<Comparison>,
}

/// How the tape of a symbol does.
#[derive(Debug, Clone, PartialEq)]
pub struct TapeHealth {
    /// The ticker.
    pub symbol: Symbol,
    /// Whether the live stream brings it.
    pub is_streamed: bool,
    /// Everything that was reported before this was read.
    pub read_to: DateTime<Utc>,
    /// When the newest trade reached the tape.
    pub newest_at: Option<DateTime<Utc>>,
    /// Trades of today that the tape counts, up to now.
    pub trades: u64,
    /// What is wrong, in words.
    pub problem: Option<String>,
    /// How fresh it is.
    pub freshness: Freshness,
    /// Whole past sessions that it is compared with; none until they were counted.
    pub sessions: Option<usize>,
}

/// How well collecting goes.
#[derive(Debug, Clone)]
pub struct ConsolidatedHealth {
    /// The part of the trading day, and its date.
    pub session: (NaiveDate, MarketSession),
    /// Whether this program collects; another one on the same database may.
    pub collecting: bool,
    /// Whether the database takes writes.
    pub database_problem: Option<String>,
    /// How the live stream does.
    pub stream: TapeStreamView,
    /// How far behind the vendor is at most.
    pub delay: TimeDelta,
    /// The tape of each symbol, in order.
    pub tapes: Vec<TapeHealth>,
    /// Days and chains of each symbol.
    pub feeds: Vec<(Symbol, Series, Feed)>,
    /// What was counted.
    pub counters: TapeCounters,
    /// From receiving a streamed trade to having counted it, market time.
    pub counted: Lag,
    /// From the end of a streamed minute to having stored it, market time.
    pub stored: Lag,
    /// The last assessment.
    pub assessed: Assessed,
    /// How the reading of past sessions does.
    pub history: HistoryProgress,
}

/// What a symbol's tape has today.
pub(super) fn activity(desk: &Desk, symbol: &Symbol) -> Option<LiveActivity> {
    let (day, so_far) = desk.books.so_far(symbol)?;
    let standing = desk.standings.of(symbol);
    Some(LiveActivity {
        session_date: day.date,
        final_minute: last_final(so_far.final_before),
        newest_at: so_far.newest_at,
        off_exchange: so_far.now.off_exchange,
        lit: so_far.now.lit,
        comparison: opportunities::compare(&so_far, &standing),
    })
}

/// How well collecting goes.
pub(super) fn health(desk: &Desk, collecting: bool) -> ConsolidatedHealth {
    let now = desk.clock.now();
    let session = desk.calendar.session_at(now);
    let delay = desk.books.delay(now);
    let tape = |symbol: &Symbol, live: &Live, stream_to: Option<DateTime<Utc>>| {
        let read_to = live.read_to(stream_to);
        let age = now - read_to - delay;
        let freshness = match session.1 {
            MarketSession::Closed => Freshness::Fresh,
            _ if age > STALE_AFTER => Freshness::Stale,
            _ if age > LATE_AFTER || live.problem.is_some() => Freshness::Late,
            _ => Freshness::Fresh,
        };
        TapeHealth {
            symbol: symbol.clone(),
            is_streamed: matches!(live.reading, Reading::Stream { .. }),
            read_to,
            newest_at: live.newest_at,
            trades: live.trades(),
            problem: live.problem.clone(),
            freshness,
            sessions: None,
        }
    };
    let mut tapes = desk.books.view(tape);
    for tape in &mut tapes {
        let baseline = desk.standings.of(&tape.symbol).baseline;
        tape.sessions = baseline.map(|curve| curve.session_count());
    }
    let (counted, stored) = desk.books.lags();
    ConsolidatedHealth {
        counted,
        stored,
        session,
        collecting,
        database_problem: desk.writer.problem(),
        stream: desk.stream.view(desk.books.stream_clock()),
        delay,
        tapes,
        feeds: desk.feeds.all(),
        counters: desk.books.counters(),
        assessed: desk.standings.assessed(),
        history: desk.progress.view(),
    }
}
