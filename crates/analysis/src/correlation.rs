//! How off-exchange imbalance and options imbalance move together.
//!
//! Both are figures of bins of [`BIN_MINUTES`] in regular sessions. That of the prints is
//! `(buy - sell) / (buy + sell)`, -1 to 1; a bin without a sided print has none and is left out.
//! That of options is the net premium of calls less that of puts as a **signed rank inside its
//! session**: the sign of the premium times the rank of its size among the session's bins over
//! their number, -1 to 1. Dollars would not do: their tails are so heavy that one order would
//! decide the result, and a day of expiry would outweigh all others. The sign and zero stay what
//! they are.
//!
//! At a lag of `k` bins the prints of a bin are held against the options of the bin `k` later, in
//! the same session: never across a night. Above zero options follow the prints, below zero they
//! lead. The pairs of all sessions together give Pearson's r and Spearman's rho (Pearson's r of
//! the ranks, equal values sharing their mean rank).
//!
//! Bins of one session hang together, so the unit of chance is the session: the interval comes
//! from drawing whole sessions with replacement (a block bootstrap, the block being a session) and
//! ranking anew each time. A correlation says nothing of a cause.

mod pairs;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::draw::Draw;
use crate::touch::{Interval, interval};
use pairs::{Pairs, mean_ranks};

/// Both imbalances in one bin of a regular session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Imbalance {
    /// The trading day.
    pub session_date: NaiveDate,
    /// Bins of [`BIN_MINUTES`] since the open.
    pub bin: u16,
    /// Notional of prints bought, dollars.
    pub prints_buy: f64,
    /// Notional of prints sold, dollars.
    pub prints_sell: f64,
    /// Net premium of calls less that of puts, dollars.
    pub options_net: f64,
}

/// Minutes in a bin.
pub const BIN_MINUTES: u16 = 5;
/// The furthest lag to either side, bins: half an hour.
pub const MOST_LAG: i16 = 6;
/// Fewer sessions than this make no interval: it is drawn from sessions, and with a handful of
/// them it would be far too narrow.
pub const MIN_SESSIONS: usize = 10;
/// Fewer bins than this say nothing: by chance alone rho then strays beyond 0.14 either way.
pub const MIN_BINS: usize = 200;
/// How often the sessions are drawn again for an interval.
const RESAMPLES: usize = 1000;

/// How the two move together.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// Sessions with both.
    pub sessions: usize,
    /// Bins with both.
    pub bins: usize,
    /// From options leading the most to options following the most. A lag at which one of the two
    /// never changes is left out.
    pub lags: Vec<Lag>,
}

/// The correlation at one lag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag {
    /// Bins by which options follow the prints; below zero, by which they lead.
    pub lag: i16,
    /// Pairs of bins.
    pub pairs: usize,
    /// Pearson's r.
    pub pearson: f64,
    /// Spearman's rho.
    pub spearman: f64,
    /// Where rho lies if other sessions like these had come, 95 %.
    pub interval: Interval,
}

/// There is too little to say anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLittle {
    /// Too few sessions or bins.
    #[error(
        "{sessions} sessions with {bins} bins of both; at least {MIN_SESSIONS} sessions and \
         {MIN_BINS} bins are needed"
    )]
    Bins {
        /// Sessions with both.
        sessions: usize,
        /// Bins with both.
        bins: usize,
    },
    /// One of the two is the same in every bin.
    #[error("one of the two imbalances never changes, so there is nothing to compare")]
    Constant,
}

/// Correlates the two imbalances at every lag up to [`MOST_LAG`]. Equal input and seed give an
/// equal answer, whatever the order of the bins.
///
/// # Errors
/// [`TooLittle`] when there are not enough sessions or bins, or when one of the two is constant.
pub fn correlation(bins: &[Imbalance], seed: u64) -> Result<Correlation, TooLittle> {
    let sessions = by_session(bins);
    let bins = sessions.iter().map(Session::both_count).sum();
    if sessions.len() < MIN_SESSIONS || bins < MIN_BINS {
        return Err(TooLittle::Bins { sessions: sessions.len(), bins });
    }
    let draws = drawn_sessions(sessions.len(), seed);
    let lags: Vec<Lag> =
        (-MOST_LAG..=MOST_LAG).filter_map(|lag| at_lag(&sessions, lag, &draws)).collect();
    if lags.is_empty() {
        return Err(TooLittle::Constant);
    }
    Ok(Correlation { sessions: sessions.len(), bins, lags })
}

/// The imbalances of one session by bin.
struct Session {
    prints: BTreeMap<u16, f64>,
    options: BTreeMap<u16, f64>,
}

impl Session {
    fn of(bins: &[&Imbalance]) -> Self {
        let prints = bins.iter().filter_map(|bin| Some((bin.bin, print_imbalance(bin)?)));
        let known: Vec<&&Imbalance> =
            bins.iter().filter(|bin| bin.options_net.is_finite()).collect();
        let net: Vec<f64> = known.iter().map(|bin| bin.options_net).collect();
        let options = known.iter().map(|bin| bin.bin).zip(signed_ranks(&net));
        Self { prints: prints.collect(), options: options.collect() }
    }

    fn both_count(&self) -> usize {
        self.pairs(0).count()
    }

    /// The prints of a bin with the options of the bin `lag` later.
    fn pairs(&self, lag: i16) -> impl Iterator<Item = (f64, f64)> {
        self.prints.iter().filter_map(move |(bin, prints)| {
            let later = bin.checked_add_signed(lag)?;
            Some((*prints, *self.options.get(&later)?))
        })
    }
}

/// The sessions that have a bin with both, oldest first.
fn by_session(bins: &[Imbalance]) -> Vec<Session> {
    let mut by_date = BTreeMap::<NaiveDate, Vec<&Imbalance>>::new();
    for bin in bins {
        by_date.entry(bin.session_date).or_default().push(bin);
    }
    let sessions = by_date.values().map(|bins| Session::of(bins));
    sessions.filter(|session| session.both_count() > 0).collect()
}

/// None without a print that has a side.
fn print_imbalance(bin: &Imbalance) -> Option<f64> {
    let imbalance = (bin.prints_buy - bin.prints_sell) / (bin.prints_buy + bin.prints_sell);
    imbalance.is_finite().then_some(imbalance)
}

/// The sign of each value times the rank of its size, as a share of their number.
fn signed_ranks(values: &[f64]) -> Vec<f64> {
    let sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
    let ranks = mean_ranks(&sizes);
    let signed = |(value, rank): (&f64, f64)| {
        let sign = f64::from(i8::from(*value > 0.0) - i8::from(*value < 0.0));
        sign * rank / values.len() as f64
    };
    values.iter().zip(ranks).map(signed).collect()
}

/// For each resample, how often each session was drawn.
fn drawn_sessions(count: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut draw = Draw::new(seed);
    let mut one = || {
        let mut times = vec![0.0; count];
        for _ in 0..count {
            times[draw.below(count)] += 1.0;
        }
        times
    };
    (0..RESAMPLES).map(|_| one()).collect()
}

/// None when one of the two never changes.
fn at_lag(sessions: &[Session], lag: i16, draws: &[Vec<f64>]) -> Option<Lag> {
    let rows = sessions.iter().enumerate();
    let pairs = Pairs::new(
        rows.flat_map(|(index, session)| session.pairs(lag).map(move |(x, y)| (index, x, y))),
    );
    let once = vec![1.0; sessions.len()];
    Some(Lag {
        lag,
        pairs: pairs.len(),
        pearson: pairs.pearson(&once)?,
        spearman: pairs.spearman(&once)?,
        interval: interval(draws, |times| pairs.spearman(times))?,
    })
}
