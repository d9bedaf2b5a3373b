//! The contracts of a day: how many are open, and how many will trade.
//!
//! Each contract's life is walked from its listing: every session's volume is a draw that depends
//! on the contract and the date alone, and open interest follows from it. So any day's book can
//! be made without trading the days before.

use chrono::NaiveDate;
use undertow_market::{OptionContract, OptionKind, Symbol};

use super::super::chain::Turns;
use super::listing::{Class, Expiry, Layer, class, expiries, fine_step};
use crate::dice::Single;
use crate::profile::SymbolProfile;
use crate::ticks::Ticks;

/// Contracts of a trade, on the whole.
const MEAN_SIZE: f64 = 7.5;
/// Share of a strike's volume in the money, against one out of it.
const IN_THE_MONEY: f64 = 0.3;
/// What the crowd around the price adds up to over all strikes, calls and puts.
const CROWD: f64 = 2.04;
/// Every fifth strike is a rounder number: it has more than its share, the others less.
const ROUND: (f64, f64) = (1.8, 0.8);
/// A day's surprise multiplies a contract's volume by this at most.
const MOST_SURPRISE: f64 = 40.0;
/// Chance that somebody comes for a contract that nobody watched.
const VISIT_CHANCE: f64 = 0.000_8;
/// Contracts of such a visit, in trades of an ordinary size.
const VISIT: (f64, f64) = (20.0, 400.0);
/// Change of open interest as a share of volume: the width of the draw, whose lowest end is the
/// symbol's own. New contracts are opened more than closed.
const OPENING: f64 = 1.2;

/// One contract on one day.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The contract.
    pub contract: OptionContract,
    /// Its symbol, `SPY260602C00600000`.
    pub name: Box<str>,
    /// Dollars a share.
    pub strike: Ticks,
    /// Contracts open at the start of the day.
    pub open_interest: i64,
    /// Contracts open a day before; zero when it is new.
    pub previous_open_interest: i64,
    /// Contracts that trade today, withdrawn trades apart.
    pub volume: i64,
}

/// What a book is made of.
pub(crate) struct Book<'a> {
    pub(crate) seed: u64,
    pub(crate) profile: &'a SymbolProfile,
    pub(crate) dates: &'a [NaiveDate],
    pub(crate) turns: &'a [Turns],
    /// The session's.
    pub(crate) position: usize,
    /// Multiplies every volume.
    pub(crate) scale: f64,
}

/// The sessions of one expiry's life so far: the prices seen, and the crowd that comes.
struct Life {
    first: usize,
    sessions: Vec<Session>,
}

#[derive(Clone, Copy)]
struct Session {
    /// The close before, dollars.
    spot: f64,
    /// Deviation of the price until the expiry, dollars.
    deviation: f64,
    /// Contracts of the whole expiry.
    contracts: f64,
    /// Lowest and highest close before it since the listing, dollars.
    low: f64,
    high: f64,
}

/// A strike while its life is walked.
struct Strike {
    ticks: i64,
    born: usize,
    step: i64,
}

impl Book<'_> {
    /// Every listed contract, by expiry, strike and kind.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let listed = expiries(self.profile, self.dates, self.position);
        let oldest = listed.iter().flat_map(|expiry| &expiry.layers).map(|layer| layer.born).min();
        let Some(first) = oldest else {
            return Vec::new();
        };
        let shares = self.days(first);
        listed.iter().flat_map(|expiry| self.of_expiry(expiry, first, &shares)).collect()
    }

    /// For each session from `first`: contracts of the day for one unit of an expiry's weight.
    fn days(&self, first: usize) -> Vec<f64> {
        let far = (first..self.dates.len())
            .take_while(|p| (self.dates[*p] - self.dates[self.position]).num_days() <= 366)
            .last()
            .unwrap_or(first);
        let classes: Vec<Class> = (first..=far).map(|p| class(self.dates, p)).collect();
        let of_day = |position: usize| {
            let weight = |later: usize| {
                let days = (self.dates[later] - self.dates[position]).num_days();
                let listed = classes[later - first].is_listed(self.profile, days);
                if listed { tenor_weight(days) } else { 0.0 }
            };
            let total: f64 = (position..=far).map(weight).sum();
            self.busy(position) / total.max(0.01)
        };
        (first..=self.position).map(of_day).collect()
    }

    /// Contracts of all expiries in a session.
    fn busy(&self, position: usize) -> f64 {
        let change = self.turns[position].close / self.turns[position - 1].close - 1.0;
        let move_share = (change / self.profile.daily_volatility).abs();
        let trades = f64::from(self.profile.option_trades_per_session) * self.scale;
        trades * MEAN_SIZE * (0.75 + 0.25 * move_share.min(5.0))
    }

    fn of_expiry(&self, expiry: &Expiry, first: usize, shares: &[f64]) -> Vec<Line> {
        let life = self.life(expiry, first, shares);
        let strikes = self.strikes(expiry, &life);
        let kinds = [OptionKind::Call, OptionKind::Put];
        let line = |(strike, kind): (&Strike, OptionKind)| self.line(expiry, &life, strike, kind);
        strikes.iter().flat_map(|strike| kinds.map(|kind| (strike, kind))).map(line).collect()
    }

    fn life(&self, expiry: &Expiry, first: usize, shares: &[f64]) -> Life {
        let born = expiry.layers.iter().map(|layer| layer.born).min().unwrap_or(self.position);
        let (mut low, mut high) = (f64::MAX, f64::MIN);
        let session = |position: usize| {
            let spot = self.turns[position - 1].close;
            (low, high) = (low.min(spot), high.max(spot));
            let left = (expiry.position - position) as f64;
            let days = (expiry.date - self.dates[position]).num_days();
            Session {
                spot,
                deviation: spot * self.profile.daily_volatility * (left + 0.7).sqrt(),
                contracts: shares[position - first] * tenor_weight(days),
                low,
                high,
            }
        };
        Life { first: born, sessions: (born..=self.position).map(session).collect() }
    }

    /// Every strike that has been listed, lowest first, with the session that listed it.
    fn strikes(&self, expiry: &Expiry, life: &Life) -> Vec<Strike> {
        let mut strikes: Vec<Strike> =
            expiry.layers.iter().flat_map(|layer| of_layer(layer, life)).collect();
        strikes.sort_by_key(|strike| (strike.ticks, strike.born));
        strikes.dedup_by_key(|strike| strike.ticks);
        strikes
    }

    fn line(&self, expiry: &Expiry, life: &Life, strike: &Strike, kind: OptionKind) -> Line {
        let key = Single::of(&[
            self.seed,
            name_word(&self.profile.symbol),
            expiry.position as u64,
            strike.ticks as u64 * 2 + u64::from(kind == OptionKind::Put),
        ]);
        let life_before = &life.sessions[strike.born - life.first..];
        let (mut open, mut before, mut volume) = (0, 0, 0);
        for (age, session) in life_before.iter().enumerate() {
            let chance = key.and((strike.born + age) as u64);
            (before, open) = (open, after(open, volume, chance, self.profile.least_opening));
            volume = self.volume(session, strike, kind, chance);
        }
        let strike = Ticks(strike.ticks);
        let contract = OptionContract {
            root: self.profile.symbol.clone(),
            expiry: expiry.date,
            kind,
            strike: strike.price(),
        };
        Line {
            name: contract.to_string().into(),
            contract,
            strike,
            open_interest: open,
            previous_open_interest: before,
            volume,
        }
    }

    /// Contracts of one option in a session.
    fn volume(&self, session: &Session, strike: &Strike, kind: OptionKind, chance: Single) -> i64 {
        let draw = |purpose: u64| chance.and(purpose).unit();
        let dollars = Ticks(strike.ticks).dollars();
        let distance = (dollars - session.spot) / session.deviation;
        let spread = 1.0 + distance * distance;
        let is_in = (kind == OptionKind::Call) == (distance < 0.0);
        let money = if is_in { IN_THE_MONEY } else { 1.0 };
        let is_round = strike.ticks % (5 * fine_step(self.profile)) == 0;
        let round = if is_round { ROUND.0 } else { ROUND.1 };
        let room = Ticks(strike.step).dollars() / session.deviation;
        let mean = session.contracts * money * round * room / (CROWD * spread * spread);
        let surprise = (0.5 / (1.0 - draw(0)).sqrt()).min(MOST_SURPRISE);
        let visit = if draw(2) < VISIT_CHANCE * self.scale.min(1.0) {
            MEAN_SIZE * (VISIT.0 + (VISIT.1 - VISIT.0) * draw(3) * draw(3))
        } else {
            0.0
        };
        (mean * surprise + visit + draw(1)) as i64
    }
}

/// Open interest after `volume` contracts traded. What was not open cannot be closed: a contract
/// that trades more than twice what is open opens the rest at least.
fn after(open: i64, volume: i64, chance: Single, least: f64) -> i64 {
    let share = least + OPENING * chance.and(4).unit();
    let wanted = (volume as f64 * share) as i64;
    open + wanted.clamp((-open).max(volume - 2 * open).min(volume), volume)
}

/// The strikes of a layer, each with the first session whose prices reached it.
fn of_layer(layer: &Layer, life: &Life) -> Vec<Strike> {
    let sessions = &life.sessions[layer.born - life.first..];
    let (Some(newest), step) = (sessions.last(), layer.step) else {
        return Vec::new();
    };
    let lowest = Ticks::nearest(newest.low * (1.0 - layer.reach)).0.max(step);
    let highest = Ticks::nearest(newest.high * (1.0 + layer.reach)).0;
    let born = |ticks: i64| {
        let dollars = Ticks(ticks).dollars();
        let reached = |session: &&Session| {
            session.low * (1.0 - layer.reach) <= dollars
                && dollars <= session.high * (1.0 + layer.reach)
        };
        sessions.iter().take_while(|session| !reached(session)).count() + layer.born
    };
    ((lowest + step - 1) / step..=highest / step)
        .map(|count| Strike { ticks: count * step, born: born(count * step), step })
        .filter(|strike| strike.born < layer.born + sessions.len())
        .collect()
}

/// How much of the day's trading an expiry draws, by its days.
fn tenor_weight(days: i64) -> f64 {
    match days {
        0 => 1.0,
        1 => 0.4,
        2..=7 => 0.2,
        8..=30 => 0.1,
        31..=90 => 0.06,
        _ => 0.02,
    }
}

/// A symbol as a word of a draw. Longer ones are told apart by their first eight letters.
fn name_word(symbol: &Symbol) -> u64 {
    symbol.as_str().bytes().take(8).fold(0, |word, byte| word << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_interest_grows_and_shrinks_by_no_more_than_what_can_be() {
        for open in [0, 1, 40, 10_000] {
            for volume in [0, 1, 30, 90, 25_000] {
                for position in 0..50 {
                    let next = after(open, volume, Single::of(&[1, 2, position]), -0.45);
                    assert!(next >= 0 && (next - open).abs() <= volume, "{open} {volume} {next}");
                    assert!(next - open >= volume - 2 * open, "{open} {volume} {next}");
                }
            }
        }
        assert_eq!(after(0, 500, Single::of(&[9, 7]), -0.45), 500, "what nobody had is all opened");
    }
}
