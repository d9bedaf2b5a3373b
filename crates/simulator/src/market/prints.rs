//! Makes a session's prints: when, what kind, at what price and how large.

use chrono::{DateTime, TimeDelta, Utc};
use undertow_market::{MarketSession, SessionHours};

use super::day::SimPrint;
use super::kind::Kind;
use super::magnets::Magnet;
use super::path::{MinuteBar, nearest};
use crate::dice::Dice;
use crate::profile::SymbolProfile;
use crate::ticks::{CENT, Ticks};

/// The vendor delivers no print below this, in ten-thousandths of a dollar ($100,000).
pub(crate) const FLOOR_TICKS: i64 = 1_000_000_000;
const FLOOR_DOLLARS: f64 = 100_000.0;
/// Largest ordinary print, dollars.
const LARGEST_PLAIN: f64 = 60e6;
/// Largest print of a distorted kind, dollars.
const LARGEST_DISTORTED: f64 = 200e6;
/// Chance that a print falls into the same second as the one made before it.
const BURST_CHANCE: f64 = 0.3;
/// Share of the regular prints that carry the second of the close.
const CLOSE_SHARES: (f64, f64) = (0.006, 0.017);
/// Chance that a print near a magnet of full strength trades at it.
const AT_MAGNET_CHANCE: f64 = 0.6;
/// How much more often prints come near a magnet of full strength.
const MAGNET_CROWD: f64 = 2.5;
/// Chance that an ordinary print is withdrawn later.
const WITHDRAWN_CHANCE: f64 = 0.0004;
/// Most prints of a session, whatever the scale: a day stays below some fifty megabytes.
const MAX_PRINTS: usize = 250_000;
/// Longest wait of a late report, seconds.
const LATEST_REPORT_S: i64 = 7_200;

/// Everything that the prints of one session are drawn from.
pub(crate) struct Tape<'a> {
    profile: &'a SymbolProfile,
    hours: &'a SessionHours,
    bars: &'a [MinuteBar],
    magnets: &'a [Magnet],
    /// The regular close of the session before, dollars.
    last_close: f64,
    /// Running weights of the minutes, for prints in and outside the regular session.
    regular: Vec<f64>,
    extended: Vec<f64>,
    /// Running sums of the minutes' closes, for averages.
    closes: Vec<f64>,
    close_share: f64,
    last_moment: Option<DateTime<Utc>>,
    dice: Dice,
}

impl<'a> Tape<'a> {
    pub(crate) fn new(
        profile: &'a SymbolProfile,
        hours: &'a SessionHours,
        bars: &'a [MinuteBar],
        magnets: &'a [Magnet],
        last_close: f64,
        mut dice: Dice,
    ) -> Self {
        let crowd = |bar: &MinuteBar| {
            let pull = nearest(bar.close.dollars(), magnets).map_or(0.0, |magnet| magnet.strength);
            bar.other_volume as f64 * (1.0 + MAGNET_CROWD * pull)
        };
        let weight = |bar: &MinuteBar, regular: bool| {
            if (bar.part == MarketSession::Regular) == regular { crowd(bar) } else { 0.0 }
        };
        Self {
            regular: running(bars.iter().map(|bar| weight(bar, true))),
            extended: running(bars.iter().map(|bar| weight(bar, false))),
            closes: running(bars.iter().map(|bar| bar.close.dollars())),
            close_share: dice.between(CLOSE_SHARES.0, CLOSE_SHARES.1),
            last_moment: None,
            profile,
            hours,
            bars,
            magnets,
            last_close,
            dice,
        }
    }

    /// Draws the session's prints, in no order. `scale` multiplies their number.
    pub(crate) fn prints(&mut self, scale: f64, next_pre_at: DateTime<Utc>) -> Vec<SimPrint> {
        let length = (self.hours.close_at - self.hours.open_at).num_minutes() as f64 / 390.0;
        let ordinary = f64::from(self.profile.prints_per_session) * length.sqrt();
        let count = (ordinary * scale * self.dice.between(0.8, 1.25)).round() as usize;
        (0..count.min(MAX_PRINTS)).map(|_| self.print(next_pre_at)).collect()
    }

    fn print(&mut self, next_pre_at: DateTime<Utc>) -> SimPrint {
        let kind = Kind::draw(&mut self.dice);
        let (executed_at, reported_at) = self.times(kind);
        let (quote, magnet) = self.quote(executed_at);
        let price = self.price(kind, executed_at, quote);
        let tape_quote = if executed_at == reported_at { quote } else { self.quote(reported_at).0 };
        let size = self.size(kind, price, magnet);
        let canceled_at = self.withdrawal(reported_at, next_pre_at);
        let seller = self.dice.chance(0.0003);
        let second_facility = self.dice.chance(0.0107);
        SimPrint {
            executed_at,
            reported_at,
            tracking_id: 0,
            price,
            size,
            day_volume: 0,
            bid: tape_quote.bid,
            ask: tape_quote.ask,
            bid_quantity: 20 * self.dice.whole(1, 60),
            ask_quantity: 20 * self.dice.whole(1, 60),
            kind,
            market_center: if second_facility { "2" } else { "L" },
            settlement: if seller { "seller" } else { "regular" },
            canceled_at,
        }
    }

    /// When the trade happened, and when it reached the tape.
    fn times(&mut self, kind: Kind) -> (DateTime<Utc>, DateTime<Utc>) {
        let last_tape_at = self.hours.post_end_at - TimeDelta::seconds(1);
        let delay_s = self.delay_s();
        if delay_s > 900 && kind.is_extended() && self.dice.chance(0.4) {
            // Traded in the night, and reported when the tape began.
            let night = TimeDelta::seconds(self.dice.whole(3_600, 4 * 3_600));
            let wait = TimeDelta::seconds(self.dice.whole(5, 90));
            return (self.hours.pre_at - night, self.hours.pre_at + wait);
        }
        let executed_at = self.moment(kind).min(last_tape_at);
        (executed_at, (executed_at + TimeDelta::seconds(delay_s)).min(last_tape_at))
    }

    fn delay_s(&mut self) -> i64 {
        match self.dice.unit() {
            u if u < 0.9766 => 0,
            u if u < 0.9988 => self.dice.whole(1, 2),
            u if u < 0.9991 => self.dice.whole(3, 10),
            u if u < 0.9992 => self.dice.whole(61, 900),
            _ => self.dice.whole(901, LATEST_REPORT_S),
        }
    }

    fn moment(&mut self, kind: Kind) -> DateTime<Utc> {
        let regular = !kind.is_extended();
        if regular && self.dice.chance(self.close_share) {
            return self.hours.close_at;
        }
        if let Some(moment) = self.last_moment
            && regular
            && self.dice.chance(BURST_CHANCE)
        {
            return moment;
        }
        let weights = if regular { &self.regular } else { &self.extended };
        let minute = self.dice.index(weights);
        let moment = self.bars[minute].start_at + TimeDelta::seconds(self.dice.whole(0, 59));
        if regular {
            self.last_moment = Some(moment);
        }
        moment
    }

    /// The quote at a moment, and the magnet that it stands at, if any.
    fn quote(&mut self, at: DateTime<Utc>) -> (QuoteTicks, Option<Magnet>) {
        let bar = &self.bars[self.minute(at)];
        let (open, close) = (bar.open.dollars(), bar.close.dollars());
        let (low, high) = (bar.low.dollars(), bar.high.dollars());
        let through = (at - bar.start_at).num_seconds().clamp(0, 60) as f64 / 60.0;
        let wobble = 0.15 * (high - low) * self.dice.normal();
        let path = (open + (close - open) * through + wobble).clamp(low, high);
        let magnet = nearest(path, self.magnets)
            .filter(|magnet| self.dice.chance(AT_MAGNET_CHANCE * magnet.strength));
        let middle = magnet.map_or(path, |magnet| magnet.price);
        let thin = if bar.part == MarketSession::Regular { 1 } else { 3 };
        let spread = self.profile.spread_cents * thin + self.dice.whole(0, thin);
        let bid = Ticks::nearest_cent(middle - 0.005 * spread as f64);
        (QuoteTicks { bid, ask: Ticks(bid.0 + spread * CENT) }, magnet)
    }

    fn minute(&self, at: DateTime<Utc>) -> usize {
        let minutes = (at - self.hours.pre_at).num_minutes().max(0) as usize;
        minutes.min(self.bars.len() - 1)
    }

    fn price(&mut self, kind: Kind, at: DateTime<Utc>, quote: QuoteTicks) -> Ticks {
        let middle = Ticks((quote.bid.0 + quote.ask.0) / 2).dollars();
        match kind {
            Kind::Plain | Kind::Extended | Kind::Sweep => place(quote, &mut self.dice),
            Kind::AverageDerived | Kind::Average | Kind::AverageExtended | Kind::OutOfSequence => {
                self.average(at)
            }
            Kind::Contingent => Ticks::nearest(middle * (1.0 + 0.003 * self.dice.normal())),
            Kind::PriorReference if at < self.hours.open_at => Ticks::nearest_cent(self.last_close),
            Kind::PriorReference => self.bars[self.minute(self.hours.close_at) - 1].close,
        }
    }

    /// The mean price of a period before `at`.
    fn average(&mut self, at: DateTime<Utc>) -> Ticks {
        let last = self.minute(at);
        let length = (self.dice.whole(5, 240) as usize).min(last).max(1);
        let before = last.checked_sub(length).map_or(0.0, |first| self.closes[first]);
        let count = if last >= length { length } else { last + 1 };
        let mean = (self.closes[last] - before) / count as f64;
        Ticks::nearest(mean * (1.0 + 0.0002 * self.dice.normal()))
    }

    fn size(&mut self, kind: Kind, price: Ticks, magnet: Option<Magnet>) -> i64 {
        let draw = &mut self.dice;
        let dollars = if kind.is_distorted() && draw.chance(0.75) {
            (9.0 * FLOOR_DOLLARS * draw.heavy_tail()).min(LARGEST_DISTORTED)
        } else {
            let crowd = 1.0 + magnet.map_or(0.0, |magnet| magnet.strength);
            (FLOOR_DOLLARS * crowd * draw.tail()).min(LARGEST_PLAIN)
        };
        let shares = (dollars / price.dollars()).ceil() as i64;
        let round = if draw.chance(0.5) { (shares + 99) / 100 * 100 } else { shares };
        round.max(FLOOR_TICKS / price.0 + 1)
    }

    fn withdrawal(
        &mut self,
        reported_at: DateTime<Utc>,
        next_pre_at: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        if !self.dice.chance(WITHDRAWN_CHANCE) {
            return None;
        }
        let next_morning = self.dice.chance(0.33);
        let from = if next_morning { next_pre_at } else { reported_at };
        Some(from + TimeDelta::minutes(self.dice.whole(5, 240)))
    }

    /// Average-price blocks that are withdrawn and reported again, as they come in life: the
    /// first report dies when the second arrives, and sometimes a third is born dead.
    pub(crate) fn reported_again(mut self, dice: Dice) -> Vec<SimPrint> {
        self.dice = dice;
        let busy = i64::from(self.profile.prints_per_session > 2_000);
        let clusters = self.dice.whole(busy, 2 + busy);
        (0..clusters).flat_map(|_| self.cluster()).collect()
    }

    fn cluster(&mut self) -> Vec<SimPrint> {
        let second = TimeDelta::seconds(1);
        let kind = Kind::AverageDerived;
        let executed_at = self.moment(kind);
        let again_at = (executed_at + second * self.dice.whole(1_200, 9_000) as i32)
            .min(self.hours.post_end_at - second * 1_200);
        let price = self.average(executed_at);
        let (quote, _) = self.quote(executed_at);
        let first = SimPrint {
            executed_at,
            reported_at: executed_at,
            kind,
            price,
            size: self.size(kind, price, None),
            bid: quote.bid,
            ask: quote.ask,
            canceled_at: Some(again_at),
            ..self.print(executed_at)
        };
        let (quote, _) = self.quote(again_at);
        let second_report = SimPrint {
            executed_at: again_at,
            reported_at: again_at,
            bid: quote.bid,
            ask: quote.ask,
            canceled_at: None,
            ..first.clone()
        };
        let reported_at = again_at + second * 590;
        let third_report = SimPrint {
            reported_at,
            kind: Kind::OutOfSequence,
            canceled_at: Some(reported_at + second * self.dice.whole(60, 600) as i32),
            ..second_report.clone()
        };
        let mut reports = vec![first, second_report];
        if self.dice.chance(0.5) {
            reports.push(third_report);
        }
        reports
    }
}

#[derive(Clone, Copy)]
struct QuoteTicks {
    bid: Ticks,
    ask: Ticks,
}

/// Puts an ordinary price against its quote, in the shares that real prints have.
fn place(quote: QuoteTicks, dice: &mut Dice) -> Ticks {
    let QuoteTicks { bid, ask } = quote;
    let ticks = match dice.unit() {
        u if u < 0.075 => bid.0 - beyond(dice),
        u if u < 0.182 => bid.0,
        u if u < 0.276 => ask.0,
        u if u < 0.335 => ask.0 + beyond(dice),
        _ => inside(bid.0, ask.0, dice),
    };
    Ticks(ticks)
}

/// How far outside the quote, in ticks: mostly a hair, sometimes cents.
fn beyond(dice: &mut Dice) -> i64 {
    if dice.chance(0.6) { dice.whole(1, 50) } else { CENT * dice.whole(1, 2) }
}

fn inside(bid: i64, ask: i64, dice: &mut Dice) -> i64 {
    let middle = (bid + ask) / 2;
    let improvement = match dice.unit() {
        u if u < 0.5 => 1,
        u if u < 0.7 => 10,
        _ => dice.whole(1, (middle - bid - 1).max(1)),
    };
    match dice.unit() {
        u if u < 0.45 => middle,
        u if u < 0.73 => bid + improvement,
        _ => ask - improvement,
    }
}

fn running(weights: impl Iterator<Item = f64>) -> Vec<f64> {
    weights
        .scan(0.0, |total, weight| {
            *total += weight;
            Some(*total)
        })
        .collect()
}
