//! Does a level hold? Touches, breaches, and a measured rate beside three nulls.
//!
//! A **touch** is a bar that comes within the touch distance of a level,
//! `max(2 ticks, 0.05 * ATR14)`. It is **held** when the price then moves away, to the side that
//! it came from, by three times that distance, before it is **breached** by a close beyond the
//! level by the touch distance. What is neither by the end of the session is unresolved and not
//! part of the rate. A level is armed again once the price has left it by three times the
//! distance, to either side; at the open it is armed when the price is beyond the distance.
//!
//! Within one bar only this much is known of the order: the close comes last. So on the bar of
//! the touch the close alone decides; on later bars the high and the low come before the close.
//! A bar that jumps over a level without reaching into its distance does not touch it.
//!
//! Any line on a chart holds sometimes. [`hold_rate`] therefore measures the same on three
//! nulls: levels drawn at random at like distances on the same days, round numbers, and levels
//! of the total-volume profile. Days are the unit of chance: the intervals come from drawing
//! whole days again and again (a date-clustered bootstrap).

mod nulls;
#[cfg(test)]
mod tests;
mod walk;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use undertow_market::Bar;

use crate::draw::Draw;
use crate::quantile::nearest_rank;

/// The least touch distance, dollars: two ticks.
const LEAST_DISTANCE: Decimal = Decimal::from_parts(2, 0, 0, false, 2);
/// The touch distance as a share of ATR14.
const ATR_SHARE: Decimal = Decimal::from_parts(5, 0, 0, false, 2);

/// How often the days are drawn again for an interval. Its ends then move by well under a
/// hundredth from seed to seed.
pub const RESAMPLES: usize = 2000;
/// The ends of an interval, in thousandths: it covers 95 %.
const INTERVAL_PER_MILLE: [usize; 2] = [25, 975];
/// Fewer decided touches than this prove nothing, whatever their rate.
pub const MIN_TOUCHES: u32 = 30;
/// On fewer days than this they prove nothing either.
pub const MIN_DAYS: usize = 20;

/// How near a level the price must come, dollars.
#[must_use]
pub fn touch_distance(atr: Decimal) -> Decimal {
    (atr * ATR_SHARE).max(LEAST_DISTANCE)
}

/// The side of a level that the price came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approach {
    /// From above: the level is a support.
    Above,
    /// From below: the level is a resistance.
    Below,
}

/// How a touch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The price went back by three times the distance.
    Held,
    /// A bar closed beyond the level by the distance.
    Breached,
    /// Neither, by the end of the bars.
    Unresolved,
}

/// One touch of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// When the touching bar begins.
    pub at: DateTime<Utc>,
    /// Where the price came from.
    pub from: Approach,
    /// How it ended.
    pub outcome: Outcome,
}

/// The touches of a level by the bars of one session, in order of time.
#[must_use]
pub fn touches(bars: &[Bar], level: Decimal, distance: Decimal) -> Vec<Touch> {
    walk::touches(bars, level, distance)
}

/// One session, with what was known before its open.
#[derive(Clone, Copy, Debug)]
pub struct TouchDay<'a> {
    /// The bars of its regular session, in order of time.
    pub bars: &'a [Bar],
    /// ATR14 up to the session before, dollars.
    pub atr: Decimal,
    /// The levels to be judged, made from earlier sessions only, dollars.
    pub levels: &'a [Decimal],
    /// As many levels of the total-volume profile of the same earlier sessions, dollars.
    pub volume_levels: &'a [Decimal],
}

/// What a rate is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Null {
    /// Prices drawn at random at like distances from the open, on the same day.
    Random,
    /// The round number nearest to each level.
    Round,
    /// Levels of the total-volume profile.
    TotalVolume,
}

impl Null {
    /// Every null, in the order of [`HoldRate::nulls`].
    pub const ALL: [Self; 3] = [Self::Random, Self::Round, Self::TotalVolume];
}

/// How touches ended, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Touches that held.
    pub held: u32,
    /// Touches that were breached.
    pub breached: u32,
    /// Touches that the end of the session cut off.
    pub unresolved: u32,
}

impl Tally {
    /// Touches that ended one way or the other.
    #[must_use]
    pub fn decided(&self) -> u32 {
        self.held + self.breached
    }

    /// The share of the decided touches that held, 0 to 1. None when none is decided.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        (self.decided() > 0).then(|| f64::from(self.held) / f64::from(self.decided()))
    }

    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Held => self.held += 1,
            Outcome::Breached => self.breached += 1,
            Outcome::Unresolved => self.unresolved += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.held += other.held;
        self.breached += other.breached;
        self.unresolved += other.unresolved;
    }
}

/// A 95 % interval, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// One null beside the measured rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NullRate {
    /// Which null.
    pub null: Null,
    /// Its touches.
    pub tally: Tally,
    /// The measured rate minus the null's rate.
    pub lead: Option<Interval>,
}

/// How often levels held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HoldRate {
    /// The touches of the levels. `tally.rate()` is the hold rate.
    pub tally: Tally,
    /// On how many days a touch was decided.
    pub day_count: usize,
    /// Where the rate lies if other days like these had come.
    pub interval: Option<Interval>,
    /// The nulls, in the order of [`Null::ALL`].
    pub nulls: [NullRate; 3],
}

impl HoldRate {
    /// Whether there are touches enough, on days enough, to say anything.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.tally.decided() >= MIN_TOUCHES && self.day_count >= MIN_DAYS
    }

    /// Whether the levels do better than every null: there are touches enough of the levels and
    /// of each null, and each lead's whole interval is above zero. Levels that do not are drawn
    /// grey.
    #[must_use]
    pub fn beats_nulls(&self) -> bool {
        let is_beaten = |null: &NullRate| {
            let leads = null.lead.is_some_and(|lead| lead.low > 0.0);
            leads && null.tally.decided() >= MIN_TOUCHES
        };
        self.is_enough() && self.nulls.iter().all(is_beaten)
    }
}

/// Measures how often levels held, and how often the nulls did on the same days.
///
/// Equal input and seed give an equal answer. The days count as drawn in the order given.
#[must_use]
pub fn hold_rate(days: &[TouchDay<'_>], seed: u64) -> HoldRate {
    let mut draw = Draw::new(seed);
    let days: Vec<DayTally> = days.iter().filter_map(|day| DayTally::of(day, &mut draw)).collect();
    let total = days.iter().fold(DayTally::default(), |mut sum, day| {
        sum.add(day);
        sum
    });
    let resamples = resample(&days, &mut draw);
    let rate = |of: &DayTally| of.levels.rate();
    let lead = |null: usize| move |of: &DayTally| Some(of.levels.rate()? - of.nulls[null].rate()?);
    HoldRate {
        tally: total.levels,
        day_count: days.iter().filter(|day| day.levels.decided() > 0).count(),
        interval: interval(&resamples, rate),
        nulls: std::array::from_fn(|index| NullRate {
            null: Null::ALL[index],
            tally: total.nulls[index],
            lead: interval(&resamples, lead(index)),
        }),
    }
}

/// The touches of one day.
#[derive(Clone, Copy, Default)]
struct DayTally {
    levels: Tally,
    nulls: [Tally; 3],
}

impl DayTally {
    /// None for a day without bars.
    fn of(day: &TouchDay<'_>, draw: &mut Draw) -> Option<Self> {
        let open = day.bars.first()?.open.get();
        let distance = touch_distance(day.atr);
        let random = nulls::random(day.levels, open, distance, draw);
        let round = nulls::round(day.levels);
        let tally = |levels: &[Decimal]| {
            let mut tally = Tally::default();
            for touch in levels.iter().flat_map(|level| touches(day.bars, *level, distance)) {
                tally.count(touch.outcome);
            }
            tally
        };
        let nulls = [tally(&random), tally(&round), tally(day.volume_levels)];
        Some(Self { levels: tally(day.levels), nulls })
    }

    fn add(&mut self, other: &Self) {
        self.levels.add(other.levels);
        for (sum, null) in self.nulls.iter_mut().zip(other.nulls) {
            sum.add(null);
        }
    }
}

/// The sums of as many days as there are, drawn with replacement, again and again.
fn resample(days: &[DayTally], draw: &mut Draw) -> Vec<DayTally> {
    let one = |draw: &mut Draw| {
        let mut sum = DayTally::default();
        for _ in days {
            sum.add(&days[draw.below(days.len())]);
        }
        sum
    };
    (0..RESAMPLES).map(|_| one(draw)).collect()
}

/// The interval of a figure over the resamples in which it exists.
pub(crate) fn interval<T>(resamples: &[T], figure: impl Fn(&T) -> Option<f64>) -> Option<Interval> {
    let mut figures: Vec<f64> = resamples.iter().filter_map(figure).collect();
    figures.sort_unstable_by(f64::total_cmp);
    let [low, high] = INTERVAL_PER_MILLE.map(|per_mille| nearest_rank(&figures, per_mille));
    Some(Interval { low: low?, high: high? })
}
