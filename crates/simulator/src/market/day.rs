//! One symbol's session, whole: the truth that answers are cut from.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use undertow_market::{
    Calendar, MarketSession, Print, Quote, Reasons, SessionHours, Size, Symbol, VendorId,
    print::lateness,
};

use super::kind::Kind;
use super::path::MinuteBar;
use super::tape_order::minute_of;
use crate::ticks::Ticks;

/// One off-exchange print as it truly was, its withdrawal included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimPrint {
    /// When the trade happened.
    pub executed_at: DateTime<Utc>,
    /// When it reached the tape: from then on it is served.
    pub reported_at: DateTime<Utc>,
    /// The vendor's id. One in twenty-five repeats within its second.
    pub tracking_id: i64,
    /// The price.
    pub price: Ticks,
    /// Shares.
    pub size: i64,
    /// The symbol's running volume after it, in shares. Mostly rising.
    pub day_volume: i64,
    /// Best bid at tape time.
    pub bid: Ticks,
    /// Best offer at tape time.
    pub ask: Ticks,
    /// Shares bid.
    pub bid_quantity: i64,
    /// Shares offered.
    pub ask_quantity: i64,
    /// What sort of trade it reports.
    pub kind: Kind,
    /// Where it was reported: `L` or `2`.
    pub market_center: &'static str,
    /// How it settles: `regular` or `seller`.
    pub settlement: &'static str,
    /// When it is withdrawn, if ever. Served as live until then.
    pub canceled_at: Option<DateTime<Utc>>,
}

impl SimPrint {
    /// Whether it is withdrawn at `now`.
    #[must_use]
    pub fn is_canceled(&self, now: DateTime<Utc>) -> bool {
        self.canceled_at.is_some_and(|at| at <= now)
    }
}

/// One symbol's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// Its hours.
    pub hours: SessionHours,
    /// Every minute from the pre-market to the end of the post-market.
    pub bars: Vec<MinuteBar>,
    /// Every print, by tape time, then id, then running volume.
    pub prints: Vec<SimPrint>,
}

/// What one part of a day amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) part: MarketSession,
    pub(crate) open: Ticks,
    pub(crate) high: Ticks,
    pub(crate) low: Ticks,
    pub(crate) close: Ticks,
    pub(crate) volume: i64,
}

impl Day {
    /// The prints that are on the tape at `now`, oldest first.
    #[must_use]
    pub fn visible(&self, now: DateTime<Utc>) -> &[SimPrint] {
        &self.prints[..self.prints.partition_point(|print| print.reported_at <= now)]
    }

    /// The minutes that have begun at `now`, oldest first. The last one may be under way.
    #[must_use]
    pub fn bars_at(&self, now: DateTime<Utc>) -> Vec<MinuteBar> {
        let begun = self.bars.partition_point(|bar| bar.start_at <= now);
        let mut bars = self.bars[..begun].to_vec();
        if let Some(last) = bars.last_mut() {
            let elapsed_s = (now - last.start_at).num_seconds();
            if elapsed_s < 60 {
                *last = self.under_way(last, elapsed_s, now);
            }
        }
        bars
    }

    /// The parts of the day that have begun at `now`.
    pub(crate) fn segments(&self, now: DateTime<Utc>) -> Vec<Segment> {
        merge(&self.bars_at(now), |bar| bar.part).into_iter().map(|(_, segment)| segment).collect()
    }

    /// A print as a true parser delivers it when it is received at `now`, in sessions since May
    /// 2025: rows of earlier ones do not tell their execution time.
    ///
    /// # Panics
    /// Never for a print of this day: prices and sizes are above zero.
    #[must_use]
    pub fn as_received(&self, print: &SimPrint, calendar: &Calendar, now: DateTime<Utc>) -> Print {
        let canceled = if print.is_canceled(now) { Reasons::CANCELED } else { Reasons::empty() };
        let special = if print.settlement == "regular" {
            Reasons::empty()
        } else {
            Reasons::SPECIAL_SETTLEMENT
        };
        let codes = print.kind.codes();
        let late = lateness(print.executed_at, print.reported_at);
        Print {
            vendor: VendorId::UnusualWhales,
            symbol: self.symbol.clone(),
            session_date: self.session_date,
            session: calendar.session_at(print.executed_at).1,
            executed_at: print.executed_at,
            reported_at: print.reported_at,
            received_at: now,
            tracking_id: print.tracking_id,
            price: print.price.price(),
            size: Size::new(print.size.into()).expect("a size is above zero"),
            day_volume: Some(print.day_volume),
            quote: Some(Quote { bid: print.bid.price(), ask: print.ask.price() }),
            reasons: print.kind.reasons() | late | canceled | special,
            market_center: Some(print.market_center.into()),
            sale_condition: codes.sale.map(Into::into),
            trade_code: codes.trade.map(Into::into),
            extended_hours_code: codes.extended_hours.map(Into::into),
            settlement: Some(print.settlement.into()),
        }
    }

    /// A minute of which only `elapsed_s` seconds have passed.
    fn under_way(&self, bar: &MinuteBar, elapsed_s: i64, now: DateTime<Utc>) -> MinuteBar {
        let moved = (bar.close.0 - bar.open.0) * elapsed_s / 60;
        let close = Ticks(bar.open.0 + moved);
        let first = self.prints.partition_point(|print| print.reported_at < bar.start_at);
        let seen = &self.visible(now)[first..];
        let minute = minute_of(&self.hours, bar.start_at, self.bars.len());
        let prices = || {
            let here = |print: &&SimPrint| {
                minute_of(&self.hours, print.executed_at, self.bars.len()) == minute
            };
            seen.iter().filter(here).filter(|print| !print.kind.is_distorted()).map(|p| p.price)
        };
        let other_volume = bar.other_volume * elapsed_s / 60;
        MinuteBar {
            high: prices().fold(bar.open.max(close), Ord::max),
            low: prices().fold(bar.open.min(close), Ord::min),
            close,
            other_volume,
            volume: other_volume + seen.iter().map(|print| print.size).sum::<i64>(),
            ..bar.clone()
        }
    }
}

/// Merges neighbouring minutes that have the same key into longer bars, each with the start of
/// its first minute.
pub(crate) fn merge<K: PartialEq>(
    bars: &[MinuteBar],
    key: impl Fn(&MinuteBar) -> K,
) -> Vec<(DateTime<Utc>, Segment)> {
    bars.chunk_by(|a, b| key(a) == key(b)).filter_map(whole).collect()
}

fn whole(bars: &[MinuteBar]) -> Option<(DateTime<Utc>, Segment)> {
    let (first, last) = (bars.first()?, bars.last()?);
    let segment = Segment {
        part: first.part,
        open: first.open,
        high: bars.iter().map(|bar| bar.high).max()?,
        low: bars.iter().map(|bar| bar.low).min()?,
        close: last.close,
        volume: bars.iter().map(|bar| bar.volume).sum(),
    };
    Some((first.start_at, segment))
}

/// The end of a session, when all of it can be seen.
pub(crate) fn all_of(hours: &SessionHours) -> DateTime<Utc> {
    hours.post_end_at + TimeDelta::minutes(1)
}
