//! What a test or a demo adds to the generated market: a crowded second, a withdrawn print.

use chrono::{DateTime, Utc};

use super::day::{Day, SimPrint};
use super::kind::Kind;
use super::prints::FLOOR_TICKS;
use super::tape_order::{minute_of, ms_of_day};
use crate::ticks::{CENT, Ticks};

/// Most prints that one edit may add.
pub const MAX_INJECTED: usize = 5_000;
/// Most edits that a market remembers. Each is replayed whenever its day is made again.
pub const MAX_EDITS: usize = 1_000;

/// Why the market cannot be changed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SceneError {
    /// The symbol is not listed, or has no session on that date.
    #[error("the symbol has no session on that date")]
    NoSuchDay,
    /// The second lies outside the session.
    #[error("the second lies outside the session: choose one from pre-market to post-market")]
    OutsideSession,
    /// The day has no print at that index.
    #[error("the day has no print at that index")]
    NoSuchPrint,
    /// A surge is between none and a hundred ordinary days.
    #[error("a surge is a number of ordinary days from 0 to 100")]
    NoMultiple,
    /// More prints or more edits than are allowed.
    #[error("too much: at most {MAX_INJECTED} prints an edit and {MAX_EDITS} edits")]
    TooMany,
}

#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Inject { second: DateTime<Utc>, count: usize },
    Cancel { index: usize, at: DateTime<Utc> },
}

impl Edit {
    pub(crate) fn check(&self, day: &Day) -> Result<(), SceneError> {
        match *self {
            Self::Inject { count, .. } if count > MAX_INJECTED => Err(SceneError::TooMany),
            Self::Inject { second, .. } => minute_of(&day.hours, second, day.bars.len())
                .map(|_| ())
                .ok_or(SceneError::OutsideSession),
            Self::Cancel { index, .. } if index >= day.prints.len() => Err(SceneError::NoSuchPrint),
            Self::Cancel { .. } => Ok(()),
        }
    }

    pub(crate) fn apply(&self, day: &mut Day, id_base: i64) {
        match *self {
            Self::Inject { second, count } => inject(day, second, count, id_base),
            Self::Cancel { index, at } => day.prints[index].canceled_at = Some(at),
        }
    }
}

/// Adds plain prints inside the minute's prices. Rows that were there keep every field.
fn inject(day: &mut Day, second: DateTime<Utc>, count: usize, id_base: i64) {
    let Some(minute) = minute_of(&day.hours, second, day.bars.len()) else {
        return;
    };
    let bar = &mut day.bars[minute];
    let before = day.prints.partition_point(|print| print.reported_at <= second);
    let mut day_volume = before.checked_sub(1).map_or(0, |last| day.prints[last].day_volume);
    let (low, high) = (bar.low.0, bar.high.0);
    for place in 0..count {
        let price = Ticks(low + (place as i64 * CENT / 2) % (high - low + 1));
        let size = FLOOR_TICKS / price.0 + 1 + place as i64;
        day_volume += size;
        bar.volume += size;
        let id = id_base + ms_of_day(&day.hours, second) + (place * 1_000 / count) as i64;
        day.prints.push(injected(second, id, price, size, day_volume));
    }
    day.prints.sort_by_key(|print| (print.reported_at, print.tracking_id, print.day_volume));
}

fn injected(
    second: DateTime<Utc>,
    tracking_id: i64,
    price: Ticks,
    size: i64,
    day_volume: i64,
) -> SimPrint {
    let bid = price.0 / CENT * CENT;
    SimPrint {
        executed_at: second,
        reported_at: second,
        tracking_id,
        price,
        size,
        day_volume,
        bid: Ticks(bid),
        ask: Ticks(bid + CENT),
        bid_quantity: 100,
        ask_quantity: 100,
        kind: Kind::Plain,
        market_center: "L",
        settlement: "regular",
        canceled_at: None,
    }
}
