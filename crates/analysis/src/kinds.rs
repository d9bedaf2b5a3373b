//! How often each kind of level has held: the measurement behind the colour of a level.
//!
//! A level is judged only by sessions that came after everything it was made from. For each
//! session the zones of the [`LOOKBACK_SESSIONS`] sessions before it are found, and their peaks
//! are held against that session's bars. What is measured is a *kind* of level (the strongest
//! zones, the next ones), never one level: one level is touched too seldom to say anything.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use undertow_market::{Bar, MarketSession};

use crate::levels::{Cell, LevelParams, levels};
use crate::profile::total_estimate;
use crate::range::atr14;
use crate::touch::{HoldRate, TouchDay, hold_rate};

/// Sessions that a level is made from when it is judged.
pub const LOOKBACK_SESSIONS: usize = 20;
/// Fewer sessions than this before a session make no level worth judging.
const MIN_SESSIONS_BEFORE: usize = 5;

/// A kind of level: zones by rank of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Zones ranked 1 to 3.
    Strongest,
    /// Zones ranked 4 to 10.
    Strong,
}

impl Kind {
    /// Every kind that is measured.
    pub const ALL: [Self; 2] = [Self::Strongest, Self::Strong];

    /// The kind of a zone of this rank (1 = strongest); none below those that are measured.
    #[must_use]
    pub fn of_rank(rank: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.ranks().contains(&rank))
    }

    /// The ranks that it covers.
    #[must_use]
    pub fn ranks(self) -> std::ops::RangeInclusive<usize> {
        match self {
            Self::Strongest => 1..=3,
            Self::Strong => 4..=10,
        }
    }
}

/// What the measurement is made from. All of one symbol.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// Roll-up cells of the sessions.
    pub cells: &'a [Cell],
    /// One-minute bars of the regular sessions, oldest first.
    pub minute_bars: &'a [Bar],
    /// Day bars, oldest first, reaching back at least fifteen sessions before the first one.
    pub day_bars: &'a [Bar],
    /// The sessions, oldest first.
    pub sessions: &'a [NaiveDate],
}

/// One session, with the levels that were known before its open.
struct Judged {
    session_date: NaiveDate,
    atr: Decimal,
    levels: Vec<Decimal>,
    volume_levels: Vec<Decimal>,
}

/// Measures how often a kind of level held. Equal input and seed give an equal answer.
#[must_use]
pub fn measure(history: History<'_>, params: &LevelParams, kind: Kind, seed: u64) -> HoldRate {
    let bars = bars_by_session(history.minute_bars);
    let totals: BTreeMap<NaiveDate, BTreeMap<Decimal, i64>> =
        bars.iter().map(|(date, bars)| (*date, total_estimate(bars, params.bin_width))).collect();
    let judged: Vec<Judged> = (MIN_SESSIONS_BEFORE..history.sessions.len())
        .filter_map(|index| judge(history, params, kind, &totals, index))
        .collect();
    let days: Vec<TouchDay<'_>> = judged
        .iter()
        .filter_map(|day| {
            Some(TouchDay {
                bars: bars.get(&day.session_date)?,
                atr: day.atr,
                levels: &day.levels,
                volume_levels: &day.volume_levels,
            })
        })
        .collect();
    hold_rate(&days, seed)
}

fn judge(
    history: History<'_>,
    params: &LevelParams,
    kind: Kind,
    totals: &BTreeMap<NaiveDate, BTreeMap<Decimal, i64>>,
    index: usize,
) -> Option<Judged> {
    let session_date = history.sessions[index];
    let before = &history.sessions[index.saturating_sub(LOOKBACK_SESSIONS)..index];
    let (first, last) = (*before.first()?, *before.last()?);
    let known = |date: NaiveDate| first <= date && date <= last;
    let cells: Vec<Cell> =
        history.cells.iter().filter(|cell| known(cell.session_date)).cloned().collect();
    let found = levels(&cells, before, params);
    let zones = found.zones.iter().filter(|zone| kind.ranks().contains(&zone.rank));
    let peaks: Vec<Decimal> = zones.map(|zone| zone.peak).collect();
    let end = history.day_bars.partition_point(|bar| bar.session_date <= last);
    let atr = atr14(&history.day_bars[..end])?;
    let volume_levels = largest_bins(totals.range(first..=last).map(|(_, bins)| bins), kind);
    Some(Judged { session_date, atr, levels: peaks, volume_levels })
}

/// The bins with the most estimated volume, of the same ranks as the kind.
fn largest_bins<'a>(
    sessions: impl Iterator<Item = &'a BTreeMap<Decimal, i64>>,
    kind: Kind,
) -> Vec<Decimal> {
    let mut sums = BTreeMap::<Decimal, i64>::new();
    for (price, shares) in sessions.flatten() {
        *sums.entry(*price).or_default() += shares;
    }
    let mut bins: Vec<(Decimal, i64)> = sums.into_iter().collect();
    bins.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(&right.0)));
    let ranks = kind.ranks();
    let skipped = bins.into_iter().skip(ranks.start() - 1);
    skipped.take(ranks.end() + 1 - ranks.start()).map(|(price, _)| price).collect()
}

fn bars_by_session(bars: &[Bar]) -> BTreeMap<NaiveDate, &[Bar]> {
    bars.chunk_by(|left, right| left.session_date == right.session_date)
        .filter_map(|bars| {
            let first = bars.first().filter(|bar| bar.session == MarketSession::Regular)?;
            Some((first.session_date, bars))
        })
        .collect()
}

#[cfg(test)]
mod tests;
