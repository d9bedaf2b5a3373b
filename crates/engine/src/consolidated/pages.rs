//! Reads a stretch of a symbol's tape over REST, page by page, oldest first.

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use undertow_market::{Symbol, TapeTrade};
use undertow_vendor::polygon::{MAX_TRADES_PER_PAGE, TradesQuery};
use undertow_vendor::{Priority, Reject};

use super::desk::Desk;
use crate::common::CollectError;

/// Pages of one stretch: twenty times the busiest day of the busiest stock.
const MAX_PAGES: u32 = 1_000;
/// Rejects of one stretch that are kept: more of them tell nothing new.
const MAX_REJECTS: usize = 1_000;

/// A stretch of a tape.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub(super) symbol: Symbol,
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    pub(super) priority: Priority,
}

/// What a stretch brought.
#[derive(Debug, Clone, Default)]
pub(super) struct Pages {
    pub(super) delivered: usize,
    pub(super) rejects: Vec<Reject>,
    /// Rejects in all, those that were not kept included.
    pub(super) rejected: usize,
    /// When the newest trade reached the tape.
    pub(super) newest_at: Option<DateTime<Utc>>,
    /// When the last page was asked for: what was reported before is in it, as far as the vendor
    /// had it then.
    pub(super) asked_at: DateTime<Utc>,
}

/// Reads a stretch. `take` gets every trade; `turned` is told after each page but the last up to
/// where the tape was read.
pub(super) async fn read(
    desk: &Desk,
    stretch: &Stretch,
    stop: &CancellationToken,
    take: &mut (dyn FnMut(&TapeTrade<'_>) + Send),
    turned: &mut (dyn FnMut(DateTime<Utc>) + Send),
) -> Result<Pages, CollectError> {
    let mut pages = Pages::default();
    let mut cursor = None;
    for _ in 0..MAX_PAGES {
        desk.may_ask()?;
        pages.asked_at = desk.clock.now();
        let query = TradesQuery {
            symbol: stretch.symbol.clone(),
            from: stretch.from,
            to: stretch.to,
            limit: MAX_TRADES_PER_PAGE,
            cursor,
        };
        let page = tokio::select! {
            page = desk.client.trades(&query, stretch.priority, take) => desk.heard(page)?,
            () = stop.cancelled() => return Err(CollectError::Stopped),
        };
        pages.delivered += page.delivered;
        pages.rejected += page.rejects.len();
        let room = MAX_REJECTS - pages.rejects.len();
        pages.rejects.extend(page.rejects.into_iter().take(room));
        pages.newest_at = pages.newest_at.max(page.last_at);
        let Some(next) = page.next else { return Ok(pages) };
        if let Some(at) = page.last_at {
            turned(at);
        }
        cursor = Some(next);
    }
    Err(CollectError::TooManyPages { pages: MAX_PAGES })
}

/// How often each symbol is asked for where the stream does not bring it. A plan of few requests
/// a minute is shared by all of them, with a quarter left for other questions.
pub(super) fn pace(symbols: usize, minute_limit: Option<u32>) -> TimeDelta {
    let Some(limit) = minute_limit.filter(|limit| *limit > 0) else { return EVERY };
    let symbols = i32::try_from(symbols).unwrap_or(i32::MAX);
    let seconds = f64::from(symbols) * 60.0 / (f64::from(limit) * SHARE);
    #[expect(clippy::cast_possible_truncation, reason = "held below an hour")]
    let paced = TimeDelta::seconds(seconds.ceil().min(3_600.0) as i64);
    paced.max(EVERY)
}

/// The pace that a trader would want: a minute, after which there is a new final minute.
const EVERY: TimeDelta = TimeDelta::seconds(60);
/// The share of a small plan's requests that tapes may take.
const SHARE: f64 = 0.75;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_plan_is_shared_by_all_symbols_and_a_large_one_is_not_felt() {
        for (symbols, limit, seconds) in
            [(500, None, 60), (3, Some(5), 60), (30, Some(5), 480), (500, Some(6_000), 60)]
        {
            assert_eq!(pace(symbols, limit), TimeDelta::seconds(seconds), "{symbols} {limit:?}");
        }
        assert_eq!(pace(500, Some(5)), TimeDelta::hours(1));
    }
}
