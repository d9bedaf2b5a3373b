//! Levels that lie side by side and rise to one peak.

use std::ops::Range;

use rust_decimal::Decimal;

use super::{Level, area};

/// Neighbouring bins that belong together.
///
/// Think of the bins' strengths as land that rises out of falling water. Bins come up strongest
/// first. One that comes up alone is a peak and starts a zone; one beside a zone joins it; one
/// between two zones is the valley between them and makes them one while it stays above
/// `valley_share` of the lower of their two highest peaks. A deeper valley keeps them apart for
/// good and goes to the stronger of its two neighbours. A bin without prints ends every zone.
///
/// A zone has flanks, and they can be long. Its **core**, the narrowest range around its peak
/// that holds the value area's share of its notional, is what is worth a band on a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Lower edge, dollars, included.
    pub low: Decimal,
    /// Upper edge, dollars, not included.
    pub high: Decimal,
    /// Lower edge of its core, dollars, included.
    pub core_low: Decimal,
    /// Upper edge of its core, dollars, not included.
    pub core_high: Decimal,
    /// The centre of its strongest bin, dollars.
    pub peak: Decimal,
    /// How many bins it has.
    pub bin_count: usize,
    /// Level-eligible prints.
    pub prints: i64,
    /// Their shares.
    pub shares: Decimal,
    /// Their dollars.
    pub notional: Decimal,
    /// The sum of its bins' strengths.
    pub strength: f64,
    /// 1 for the strongest zone.
    pub rank: usize,
}

/// How zones are made.
pub(super) struct ZoneRule {
    pub(super) bin_width: Decimal,
    pub(super) valley_share: f64,
    pub(super) core_share: Decimal,
}

impl ZoneRule {
    /// The zones of ranked levels in ascending order of price.
    pub(super) fn zones(&self, levels: &[Level]) -> Vec<Zone> {
        let mut land = Land::new(levels, self.bin_width, self.valley_share);
        let mut by_strength: Vec<usize> = (0..levels.len()).collect();
        by_strength.sort_by_key(|&index| levels[index].rank);
        for index in by_strength {
            land.raise(index);
        }
        let mut zones: Vec<Zone> = land.zones().map(|run| self.zone(&levels[run])).collect();
        rank(&mut zones);
        zones
    }

    fn zone(&self, levels: &[Level]) -> Zone {
        let half = self.bin_width / Decimal::TWO;
        let peak = (0..levels.len()).min_by_key(|&index| levels[index].rank);
        let peak = peak.expect("a zone has a bin");
        let core = area::narrowest(levels, peak, self.core_share).expect("a zone has a bin");
        Zone {
            low: (levels[0].price - half).normalize(),
            high: (levels[levels.len() - 1].price + half).normalize(),
            core_low: (core.low - half).normalize(),
            core_high: (core.high + half).normalize(),
            peak: levels[peak].price,
            bin_count: levels.len(),
            prints: levels.iter().map(|level| level.prints).sum(),
            shares: levels.iter().map(|level| level.shares).sum(),
            notional: levels.iter().map(|level| level.notional).sum(),
            strength: levels.iter().map(|level| level.strength).sum(),
            rank: 0,
        }
    }
}

/// The land while it comes out of the water.
struct Land<'a> {
    levels: &'a [Level],
    bin_width: Decimal,
    valley_share: f64,
    /// Which bins are up.
    up: Vec<bool>,
    /// Which bins belong to the zone of the bin above them.
    joined: Vec<bool>,
    /// At the lowest and at the highest bin of each zone: the strength of its highest peak.
    peak: Vec<f64>,
    /// At the lowest and at the highest bin of each zone: the index of the other.
    far_end: Vec<usize>,
}

impl<'a> Land<'a> {
    fn new(levels: &'a [Level], bin_width: Decimal, valley_share: f64) -> Self {
        Self {
            levels,
            bin_width,
            valley_share,
            up: vec![false; levels.len()],
            joined: vec![false; levels.len()],
            peak: levels.iter().map(|level| level.strength).collect(),
            far_end: (0..levels.len()).collect(),
        }
    }

    fn raise(&mut self, index: usize) {
        self.up[index] = true;
        let below = index.checked_sub(1).filter(|&below| self.up[below] && self.touch(below));
        let above = Some(index + 1).filter(|_| self.touch(index)).filter(|&above| self.up[above]);
        match (below, above) {
            (Some(below), Some(above)) => self.raise_valley(below, index, above),
            (Some(below), None) => self.join(below),
            (None, Some(_)) => self.join(index),
            (None, None) => {}
        }
    }

    fn raise_valley(&mut self, below: usize, index: usize, above: usize) {
        let lower_peak = self.peak[below].min(self.peak[above]);
        let one_zone = self.levels[index].strength > self.valley_share * lower_peak;
        let below_is_stronger = self.levels[below].rank < self.levels[above].rank;
        if one_zone || below_is_stronger {
            self.join(below);
        }
        if one_zone || !below_is_stronger {
            self.join(index);
        }
    }

    /// Makes one zone of the zone that ends at `index` and the zone that begins above it.
    fn join(&mut self, index: usize) {
        self.joined[index] = true;
        let (low, high) = (self.far_end[index], self.far_end[index + 1]);
        let peak = self.peak[index].max(self.peak[index + 1]);
        (self.far_end[low], self.far_end[high]) = (high, low);
        (self.peak[low], self.peak[high]) = (peak, peak);
    }

    /// Whether the next level is the next bin: there is no empty bin between them.
    fn touch(&self, index: usize) -> bool {
        let next = self.levels.get(index + 1);
        next.is_some_and(|next| next.price - self.levels[index].price == self.bin_width)
    }

    /// The zones as ranges of levels, in ascending order.
    fn zones(&self) -> impl Iterator<Item = Range<usize>> {
        let ends = self.joined.iter().enumerate().filter(|(_, joined)| !**joined);
        ends.scan(0, |start, (end, _)| Some(std::mem::replace(start, end + 1)..end + 1))
    }
}

/// Ranks zones by strength, then by notional, then by lower price.
fn rank(zones: &mut [Zone]) {
    let mut order: Vec<usize> = (0..zones.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (&zones[a], &zones[b]);
        let weaker_last = b.strength.total_cmp(&a.strength);
        weaker_last.then(b.notional.cmp(&a.notional)).then(a.low.cmp(&b.low))
    });
    for (place, index) in order.into_iter().enumerate() {
        zones[index].rank = place + 1;
    }
}
