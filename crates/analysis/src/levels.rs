//! Levels: prices at which much was traded off exchange.
//!
//! [`levels`] sums roll-up cells into bins (see [`crate::bins`]) and says of each bin how strong
//! it is, which bins belong together, and where most of the money changed hands. The cells that
//! are given are the window: the caller chooses symbol, days and sessions.
//!
//! - **Strength** of a bin: its notional of each session, divided by the median daily
//!   off-exchange notional, halved for every `half_life_sessions` of age, summed. The newest
//!   session has age 0. The median is over the newest `median_sessions` sessions that have any
//!   cell and counts excluded prints too; a session without any cell is a gap, not a zero.
//! - **Rank** orders bins by strength, 1 being the strongest. **Percentile** is the share of the
//!   other bins that are weaker, in percent.
//! - **POC** is the bin with the largest notional, undecayed; of two equal ones the lower.
//! - **Value area** is the narrowest range of prices that contains the POC and at least
//!   `value_area_share` of the notional; of two equally narrow ones that with more, then the
//!   lower. Empty bins inside it count towards its width.
//! - **Zones** are described at [`Zone`].
//!
//! Only level-eligible prints make a level. What was excluded is summed beside it.

mod area;
#[cfg(test)]
mod tests;
mod zones;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use undertow_market::MarketSession;

use crate::bins::bin_of;
use crate::quantile::median;

pub use area::ValueArea;
pub use zones::Zone;
use zones::ZoneRule;

/// The off-exchange prints of one symbol, session and narrow step of price, summed. Cancelled
/// prints are in none of the sums.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// The part of that day in which the prints were executed.
    pub session: MarketSession,
    /// The lower edge of the cell, dollars (see [`crate::bins::cell_low`]).
    pub cell_low: Decimal,
    /// Level-eligible prints.
    pub prints: i64,
    /// Their shares.
    pub shares: Decimal,
    /// Their dollars.
    pub notional: Decimal,
    /// The part of `notional` above the middle of the quote.
    pub buy_notional: Decimal,
    /// The part of `notional` below the middle of the quote.
    pub sell_notional: Decimal,
    /// The part of `notional` at the middle or without a usable quote.
    pub unknown_notional: Decimal,
    /// Dollars of the largest level-eligible print; zero when there is none.
    pub largest_notional: Decimal,
    /// When the first level-eligible print was executed.
    pub first_at: Option<DateTime<Utc>>,
    /// When the last level-eligible print was executed.
    pub last_at: Option<DateTime<Utc>>,
    /// Prints whose price may not build a level.
    pub excluded_prints: i64,
    /// Their shares.
    pub excluded_shares: Decimal,
    /// Their dollars.
    pub excluded_notional: Decimal,
}

/// How levels are made.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelParams {
    /// Width of a bin, dollars (see [`crate::bins::bin_width`]).
    pub bin_width: Decimal,
    /// Sessions after which a trade counts half.
    pub half_life_sessions: f64,
    /// How many of the newest sessions the median daily notional is taken over.
    pub median_sessions: usize,
    /// The share of the notional that a value area holds, 0 to 1.
    pub value_area_share: Decimal,
    /// Two peaks are one zone while the valley between stays above this share of the lower, 0 to 1.
    pub valley_share: f64,
}

impl LevelParams {
    /// The defaults: a half-life and a median of 20 sessions (a month), a value area of 70 %, valleys
    /// down to 60 %.
    #[must_use]
    pub fn with_bin_width(bin_width: Decimal) -> Self {
        Self {
            bin_width,
            half_life_sessions: 20.0,
            median_sessions: 20,
            value_area_share: Decimal::new(70, 2),
            valley_share: 0.60,
        }
    }
}

/// One bin with at least one level-eligible print.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// The centre of the bin, dollars. The bin reaches half a bin width down (included) and up.
    pub price: Decimal,
    /// Level-eligible prints.
    pub prints: i64,
    /// Their shares.
    pub shares: Decimal,
    /// Their dollars.
    pub notional: Decimal,
    /// Their volume-weighted average price, dollars, to eight digits after the point.
    pub vwap: Decimal,
    /// The part of `notional` above the middle of the quote.
    pub buy_notional: Decimal,
    /// The part of `notional` below the middle of the quote.
    pub sell_notional: Decimal,
    /// The part of `notional` at the middle or without a usable quote.
    pub unknown_notional: Decimal,
    /// Dollars of the largest print.
    pub largest_notional: Decimal,
    /// When the first print was executed.
    pub first_at: Option<DateTime<Utc>>,
    /// When the last print was executed.
    pub last_at: Option<DateTime<Utc>>,
    /// On how many trading days it was traded.
    pub session_count: usize,
    /// Prints in this bin whose price may not build a level.
    pub excluded_prints: i64,
    /// Their shares.
    pub excluded_shares: Decimal,
    /// Their dollars.
    pub excluded_notional: Decimal,
    /// Decayed notional in median days of off-exchange notional.
    pub strength: f64,
    /// 1 for the strongest.
    pub rank: usize,
    /// Percent of the other bins that are weaker; 100 when there is no other.
    pub percentile: f64,
    /// Whether it lies in the value area.
    pub in_value_area: bool,
}

/// The levels of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// Width of a bin, dollars.
    pub bin_width: Decimal,
    /// The bins, lowest price first.
    pub levels: Vec<Level>,
    /// The zones, lowest price first. Each bin is in exactly one.
    pub zones: Vec<Zone>,
    /// The centre of the bin with the largest notional, dollars.
    pub poc: Option<Decimal>,
    /// Where most of the notional is.
    pub value_area: Option<ValueArea>,
    /// Dollars of all level-eligible prints.
    pub notional: Decimal,
    /// Dollars of all prints that may not build a level, in whichever bin.
    pub excluded_notional: Decimal,
    /// The median daily off-exchange notional that strength is measured in, dollars.
    pub median_daily_notional: Option<Decimal>,
    /// Over how many sessions that median was taken. Fewer than asked for is worth saying.
    pub median_session_count: usize,
}

/// The levels that a set of cells makes. The order of the cells does not matter.
///
/// `sessions` are the trading days up to the newest, oldest first. They say how old a cell is;
/// a cell newer than all of them has age 0.
///
/// # Panics
/// The bin width is zero.
#[must_use]
pub fn levels(cells: &[Cell], sessions: &[NaiveDate], params: &LevelParams) -> Levels {
    let (median_daily_notional, median_session_count) =
        median_daily_notional(cells, params.median_sessions);
    let bins = bins(cells, params.bin_width);
    let decay = Decay { sessions, half_life: params.half_life_sessions };
    let mut levels: Vec<Level> = bins
        .into_iter()
        .filter(|(_, bin)| bin.prints > 0)
        .map(|(price, bin)| bin.into_level(price, &decay, median_daily_notional))
        .collect();
    rank(&mut levels);
    let poc = area::point_of_control(&levels);
    let value_area = poc.and_then(|poc| area::narrowest(&levels, poc, params.value_area_share));
    for level in &mut levels {
        level.in_value_area = value_area.is_some_and(|area| area.contains(level.price));
    }
    let zones = ZoneRule {
        bin_width: params.bin_width,
        valley_share: params.valley_share,
        core_share: params.value_area_share,
    };
    Levels {
        bin_width: params.bin_width,
        zones: zones.zones(&levels),
        poc: poc.map(|index| levels[index].price),
        value_area,
        notional: levels.iter().map(|level| level.notional).sum(),
        excluded_notional: cells.iter().map(|cell| cell.excluded_notional).sum(),
        median_daily_notional,
        median_session_count,
        levels,
    }
}

/// The median of the newest sessions' off-exchange dollars, and how many sessions that was.
fn median_daily_notional(cells: &[Cell], most: usize) -> (Option<Decimal>, usize) {
    let mut daily = BTreeMap::<NaiveDate, Decimal>::new();
    for cell in cells {
        *daily.entry(cell.session_date).or_default() += cell.notional + cell.excluded_notional;
    }
    let mut newest: Vec<Decimal> = daily.into_values().rev().take(most).collect();
    newest.sort_unstable();
    (median(&newest).filter(|notional| !notional.is_zero()), newest.len())
}

fn bins(cells: &[Cell], width: Decimal) -> BTreeMap<Decimal, Bin> {
    let mut bins = BTreeMap::<Decimal, Bin>::new();
    for cell in cells {
        bins.entry(bin_of(cell.cell_low, width)).or_default().add(cell);
    }
    bins
}

/// What a trade of a past session still counts.
struct Decay<'a> {
    sessions: &'a [NaiveDate],
    half_life: f64,
}

impl Decay<'_> {
    fn weight(&self, date: NaiveDate) -> f64 {
        let known = self.sessions.partition_point(|session| *session <= date);
        let age = u32::try_from(self.sessions.len() - known).unwrap_or(u32::MAX);
        (-f64::from(age) / self.half_life).exp2()
    }
}

/// The running sums of one bin.
#[derive(Default)]
struct Bin {
    prints: i64,
    shares: Decimal,
    notional_by_session: BTreeMap<NaiveDate, Decimal>,
    buy_notional: Decimal,
    sell_notional: Decimal,
    unknown_notional: Decimal,
    largest_notional: Decimal,
    first_at: Option<DateTime<Utc>>,
    last_at: Option<DateTime<Utc>>,
    excluded_prints: i64,
    excluded_shares: Decimal,
    excluded_notional: Decimal,
}

impl Bin {
    fn add(&mut self, cell: &Cell) {
        if cell.prints > 0 {
            *self.notional_by_session.entry(cell.session_date).or_default() += cell.notional;
        }
        self.prints += cell.prints;
        self.shares += cell.shares;
        self.buy_notional += cell.buy_notional;
        self.sell_notional += cell.sell_notional;
        self.unknown_notional += cell.unknown_notional;
        self.largest_notional = self.largest_notional.max(cell.largest_notional);
        self.first_at = self.first_at.into_iter().chain(cell.first_at).min();
        self.last_at = self.last_at.max(cell.last_at);
        self.excluded_prints += cell.excluded_prints;
        self.excluded_shares += cell.excluded_shares;
        self.excluded_notional += cell.excluded_notional;
    }

    fn into_level(self, price: Decimal, decay: &Decay<'_>, median: Option<Decimal>) -> Level {
        let notional: Decimal = self.notional_by_session.values().sum();
        let vwap = notional.checked_div(self.shares).unwrap_or(price).round_dp(8);
        Level {
            price,
            prints: self.prints,
            shares: self.shares,
            notional,
            vwap,
            buy_notional: self.buy_notional,
            sell_notional: self.sell_notional,
            unknown_notional: self.unknown_notional,
            largest_notional: self.largest_notional,
            first_at: self.first_at,
            last_at: self.last_at,
            session_count: self.notional_by_session.len(),
            excluded_prints: self.excluded_prints,
            excluded_shares: self.excluded_shares,
            excluded_notional: self.excluded_notional,
            strength: median.map_or(0.0, |median| self.strength(decay, median)),
            // Rank, percentile and value area need the other bins; `levels` sets them.
            rank: 0,
            percentile: 0.0,
            in_value_area: false,
        }
    }

    fn strength(&self, decay: &Decay<'_>, median: Decimal) -> f64 {
        let in_days = |notional: &Decimal| (notional / median).to_f64().unwrap_or(0.0);
        let days = self.notional_by_session.iter();
        days.map(|(date, notional)| in_days(notional) * decay.weight(*date)).sum()
    }
}

/// Sets rank and percentile. Equal strengths are ordered by notional, then by lower price, and
/// have the same percentile.
fn rank(levels: &mut [Level]) {
    let mut order: Vec<usize> = (0..levels.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (&levels[a], &levels[b]);
        let weaker_last = b.strength.total_cmp(&a.strength);
        weaker_last.then(b.notional.cmp(&a.notional)).then(a.price.cmp(&b.price))
    });
    let ascending: Vec<f64> = order.iter().rev().map(|&index| levels[index].strength).collect();
    for (place, index) in order.into_iter().enumerate() {
        let level = &mut levels[index];
        let weaker = ascending.partition_point(|strength| *strength < level.strength);
        level.rank = place + 1;
        level.percentile = percent(weaker, ascending.len() - 1);
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 }
}
