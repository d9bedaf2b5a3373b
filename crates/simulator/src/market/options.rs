//! The options market of one symbol and one day, made from the stock's path: lines, quotes,
//! trades and alerts.

mod alerts;
mod book;
mod listing;
mod orders;
mod pressure;
mod pricing;
mod surface;
mod tape;
mod trade;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use undertow_market::{MarketSession, OptionKind, SessionHours, Symbol};

use super::Day;
use super::chain::Turns;
use crate::dice::{Dice, Purpose};
use crate::profile::SymbolProfile;
use crate::ticks::{CENT, Ticks};
pub use alerts::{AlertRule, SimAlert};
use book::Book;
pub use book::Line;
use orders::Orders;
pub use pricing::Greeks;
pub(crate) use pricing::Terms;
use surface::Surface;
pub(crate) use surface::{Level, walk};
pub(crate) use trade::SHARES;
pub use trade::{SimTrade, TradeCode, TradeSide, Volumes};

/// Funds' options trade so much longer than the fund itself.
const FUND_EVENING: TimeDelta = TimeDelta::minutes(15);
/// The last minutes of an option's life are counted as so many, lest its gamma be infinite.
const LAST_MINUTES: i64 = 20;
const MINUTES_A_YEAR: f64 = 365.0 * 24.0 * 60.0;
/// Share of the stock's usual activity that options see in the evening quarter of an hour.
const EVENING_WEIGHT: f64 = 0.25;
/// Below this price every option moves in cents; above it only those of funds do.
const CENTS_BELOW: f64 = 3.0;

/// What prices depend on at an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) at: DateTime<Utc>,
    /// Dollars a share.
    pub(crate) spot: f64,
    pub(crate) surface: Surface,
}

/// One symbol's options on one day.
#[derive(Clone, Debug)]
pub struct OptionDay {
    /// The underlying.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// The stock's hours. Options begin at its open.
    pub hours: SessionHours,
    /// When trading in the options ends.
    pub end_at: DateTime<Utc>,
    /// Every listed contract, by expiry, strike and kind.
    pub lines: Vec<Line>,
    /// Every trade, by time.
    pub trades: Vec<SimTrade>,
    /// What the vendor noticed, by the time that it was told.
    pub alerts: Vec<SimAlert>,
    is_fund: bool,
    stock: Arc<Day>,
    sky: Sky,
}

/// What the surface of a day is made of.
#[derive(Clone, Debug)]
struct Sky {
    profile: SymbolProfile,
    levels: (Level, Level),
    before: f64,
    close: f64,
}

/// Where a day comes from.
pub(crate) struct Origin<'a> {
    pub(crate) seed: u64,
    pub(crate) profile: &'a SymbolProfile,
    pub(crate) dates: &'a [NaiveDate],
    pub(crate) turns: &'a [Turns],
    pub(crate) levels: &'a [Level],
    /// The session's, above zero.
    pub(crate) position: usize,
    pub(crate) scale: f64,
    pub(crate) stock: Arc<Day>,
}

impl OptionDay {
    pub(crate) fn new(origin: Origin<'_>) -> Self {
        let Origin { seed, profile, dates, turns, levels, position, scale, stock } = origin;
        let book = Book { seed, profile, dates, turns, position, scale };
        let evening = if profile.is_fund { FUND_EVENING } else { TimeDelta::zero() };
        let mut day = Self {
            symbol: stock.symbol.clone(),
            session_date: stock.session_date,
            hours: stock.hours,
            end_at: stock.hours.close_at + evening,
            lines: book.lines(),
            trades: Vec::new(),
            alerts: Vec::new(),
            is_fund: profile.is_fund,
            sky: Sky {
                profile: profile.clone(),
                levels: (levels[position - 1], levels[position]),
                before: turns[position - 1].close,
                close: turns[position].close,
            },
            stock,
        };
        day.trade(seed);
        day
    }

    /// The trades that are on the tape at `now`, oldest first.
    #[must_use]
    pub fn visible(&self, now: DateTime<Utc>) -> &[SimTrade] {
        &self.trades[..self.trades.partition_point(|trade| trade.executed_at <= now)]
    }

    /// The trades that count at `now`: those on the tape and not withdrawn.
    pub fn live(&self, now: DateTime<Utc>) -> impl Iterator<Item = &SimTrade> {
        self.visible(now).iter().filter(move |trade| !trade.is_canceled(now))
    }

    /// The alerts that were told by `now`, oldest first.
    #[must_use]
    pub fn told(&self, now: DateTime<Utc>) -> &[SimAlert] {
        &self.alerts[..self.alerts.partition_point(|alert| alert.created_at <= now)]
    }

    /// The minutes from the open to the end of trading.
    pub(crate) fn minute_count(&self) -> usize {
        (self.end_at - self.hours.open_at).num_minutes() as usize
    }

    /// The minute of trading that holds `at`, counted from the open.
    pub(crate) fn minute_of(&self, at: DateTime<Utc>) -> usize {
        (at - self.hours.open_at).num_minutes().max(0) as usize
    }

    /// Prices at an instant, which is brought into the day.
    pub(crate) fn moment(&self, at: DateTime<Utc>) -> Moment {
        let at = at.clamp(self.hours.pre_at, self.end_at);
        let spot = spot(&self.stock, at);
        Moment { at, spot, surface: self.sky.surface(&self.hours, at, spot) }
    }

    pub(crate) fn terms(&self, line: usize, moment: &Moment) -> Terms {
        let Line { contract, strike, .. } = &self.lines[line];
        let strike = strike.dollars();
        let years = self.years_to(contract.expiry, moment.at);
        let volatility = moment.surface.volatility(moment.spot, strike, years);
        Terms { kind: contract.kind, spot: moment.spot, strike, years, volatility }
    }

    /// What the trade's option answers to, at the trade's own volatility.
    #[must_use]
    pub fn greeks(&self, trade: &SimTrade) -> Greeks {
        let Line { contract, strike, .. } = &self.lines[trade.line];
        Terms {
            kind: contract.kind,
            spot: trade.underlying.dollars(),
            strike: strike.dollars(),
            years: self.years_to(contract.expiry, trade.executed_at),
            volatility: trade.implied_volatility,
        }
        .greeks()
    }

    /// Best bid and offer; the bid is zero where nobody bids.
    pub(crate) fn quote(&self, line: usize, moment: &Moment) -> (Ticks, Ticks) {
        let terms = self.terms(line, moment);
        let inner = match terms.kind {
            OptionKind::Call => terms.spot - terms.strike,
            OptionKind::Put => terms.strike - terms.spot,
        };
        // They can be exercised early, so nobody sells one for less than that brings.
        let value = terms.value().max(inner);
        let tick = if self.is_fund || value < CENTS_BELOW { CENT } else { 5 * CENT };
        let half = value * self.sky.profile.option_half_spread + 0.3 * Ticks(tick).dollars();
        let down = Ticks::nearest(value - half).0.div_euclid(tick) * tick;
        let up = (Ticks::nearest(value + half).0 + tick - 1).div_euclid(tick) * tick;
        let bid = down.max(0);
        (Ticks(bid), Ticks(up.max(bid + tick)))
    }

    /// Years until an expiry, at least some minutes of one.
    pub(crate) fn years_to(&self, expiry: NaiveDate, at: DateTime<Utc>) -> f64 {
        // Whole days from this day's end: both ends lie at the same time of day, but for early
        // closes, which are not worth a calendar here.
        let days = (expiry - self.session_date).num_days();
        let minutes = (self.end_at - at).num_minutes() + days * 24 * 60;
        minutes.max(LAST_MINUTES) as f64 / MINUTES_A_YEAR
    }

    fn trade(&mut self, seed: u64) {
        let date = self.session_date;
        let dice = |purpose| Dice::new(seed, self.symbol.as_str(), date, purpose);
        let volatility = self.sky.profile.daily_volatility;
        let pressure = pressure::minutes(&self.stock, volatility, &mut dice(Purpose::Pressure));
        let before_open = (self.hours.open_at - self.hours.pre_at).num_minutes() as usize;
        let moment = |at| self.moment(at);
        let pressure = pressure.get(before_open..).unwrap_or_default();
        let orders =
            Orders::new(self, &moment, &self.weights(), pressure, dice(Purpose::OptionTrades));
        let mut trades = orders.trades();
        let mut ids = dice(Purpose::OptionIds);
        tape::settle(&mut trades, self.lines.len(), &mut ids);
        self.alerts = alerts::alerts(seed, &trades, self.lines.len(), &mut ids);
        self.trades = trades;
    }

    /// How busy each minute of trading is.
    fn weights(&self) -> Vec<f64> {
        let bars = self.stock.bars.iter().filter(|bar| bar.start_at >= self.hours.open_at);
        bars.take(self.minute_count())
            .map(|bar| match bar.part {
                MarketSession::Regular => (bar.other_volume as f64).sqrt(),
                _ => (bar.other_volume as f64).sqrt() * EVENING_WEIGHT,
            })
            .collect()
    }
}

impl Sky {
    fn surface(&self, hours: &SessionHours, at: DateTime<Utc>, spot: f64) -> Surface {
        let whole = (hours.close_at - hours.open_at).num_seconds() as f64;
        let passed = ((at - hours.open_at).num_seconds() as f64 / whole).clamp(0.0, 1.0);
        surface::at(&self.profile, self.levels, self.before, self.close, passed, spot)
    }
}

/// The stock's price at an instant, on the straight way through its minute.
pub(crate) fn spot(stock: &Day, at: DateTime<Utc>) -> f64 {
    let begun = stock.bars.partition_point(|bar| bar.start_at <= at).max(1);
    let bar = &stock.bars[begun - 1];
    let passed = ((at - bar.start_at).num_milliseconds() as f64 / 60_000.0).clamp(0.0, 1.0);
    bar.open.dollars() + (bar.close.dollars() - bar.open.dollars()) * passed
}
