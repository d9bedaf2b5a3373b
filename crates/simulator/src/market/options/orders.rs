//! Spends each contract's volume of the day in orders: when, how, at which side and price.

use chrono::{DateTime, TimeDelta, Utc};
use undertow_market::OptionKind;
use uuid::Uuid;

use super::trade::{SimTrade, TradeCode, TradeSide, Volumes};
use super::{Moment, OptionDay};
use crate::dice::Dice;
use crate::ticks::{CENT, Ticks};

/// Most trades of a day, whatever the scale: it stays below some two hundred megabytes.
const MAX_TRADES: usize = 1_000_000;
/// Exchanges in the vendor's codes.
const EXCHANGES: [&str; 17] = [
    "AMXO", "ARCO", "BATO", "C2OX", "EDGO", "EMLD", "GMNI", "MCRY", "MPRL", "MXOP", "SPHR", "XBOX",
    "XBXO", "XCBO", "XISX", "XMIO", "XNDQ",
];
/// Floors among them.
const FLOORS: [&str; 3] = ["AMXO", "ARCO", "XCBO"];
/// How much of the pressure of the minute shows in the side of a trade.
const LEAN: f64 = 0.35;
/// Chance of a trade at the middle, and of one inside the quote.
const MID_CHANCE: f64 = 0.12;
const INSIDE_CHANCE: f64 = 0.2;
/// Chance that an order is reported once more and that report is withdrawn.
const WITHDRAWN_CHANCE: f64 = 0.000_7;
const CROSSED_CHANCE: f64 = 0.000_6;
/// A contract with this many contracts left may meet somebody who takes most of them at once:
/// seldom, but where far more trades than is open, often.
const BLOCK_FROM: i64 = 150;
const BLOCK_CHANCE: f64 = 0.003;
const NEWS_BLOCK_CHANCE: f64 = 0.2;
const LARGEST_BLOCK: i64 = 2_500;
/// Chance of each sort of order, of a thousand; the rest are single trades by machine.
const SORTS: [(Sort, f64); 9] = [
    (Sort::Sweep, 55.0),
    (Sort::Repeat, 55.0),
    (Sort::MultiLeg, 70.0),
    (Sort::Single(TradeCode::Auction), 110.0),
    (Sort::Single(TradeCode::AuctionSweep), 10.0),
    (Sort::Single(TradeCode::StockLeg), 8.0),
    (Sort::Single(TradeCode::Floor), 5.0),
    (Sort::Single(TradeCode::Cross), 3.0),
    (Sort::Single(TradeCode::Late), 2.5),
];
const SORTS_OF: f64 = 1_000.0;

#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Single(TradeCode),
    /// Several exchanges within one second.
    Sweep,
    /// The same again and again within a minute or so.
    Repeat,
    /// Two strikes at once, one bought and one sold.
    MultiLeg,
}

/// Everything that the trades of one day are drawn from.
pub(crate) struct Orders<'a> {
    day: &'a OptionDay,
    moment: &'a dyn Fn(DateTime<Utc>) -> Moment,
    /// Running weights of the minutes from the open.
    minutes: Vec<f64>,
    /// Who presses in each of those minutes.
    pressure: &'a [f64],
    /// Contracts of each line that have not traded yet.
    left: Vec<i64>,
    trades: Vec<SimTrade>,
    dice: Dice,
}

impl<'a> Orders<'a> {
    pub(crate) fn new(
        day: &'a OptionDay,
        moment: &'a dyn Fn(DateTime<Utc>) -> Moment,
        weights: &[f64],
        pressure: &'a [f64],
        dice: Dice,
    ) -> Self {
        let mut total = 0.0;
        let mut running = |weight: &f64| {
            total += weight;
            total
        };
        Self {
            minutes: weights.iter().map(&mut running).collect(),
            left: day.lines.iter().map(|line| line.volume).collect(),
            trades: Vec::new(),
            day,
            moment,
            pressure,
            dice,
        }
    }

    /// Draws the day's trades, in no order and without ids.
    pub(crate) fn trades(mut self) -> Vec<SimTrade> {
        for line in 0..self.left.len() {
            while self.left[line] > 0 && self.trades.len() < MAX_TRADES {
                self.order(line);
            }
        }
        self.trades
    }

    fn order(&mut self, line: usize) {
        let at = self.draw_time();
        let buys = self.draw_buys(line, at);
        if self.meets_a_block(line) {
            return self.block(line, at, buys);
        }
        match self.draw_sort() {
            Sort::Single(code) => {
                let size = self.draw_size(line);
                self.trade(line, at, size, buys, code);
                if self.dice.chance(WITHDRAWN_CHANCE) {
                    self.withdraw_last();
                }
            }
            Sort::Sweep => self.sweep(line, at, buys),
            Sort::Repeat => self.repeat(line, at, buys),
            Sort::MultiLeg => self.spread(line, at, buys),
        }
    }

    fn meets_a_block(&mut self, line: usize) -> bool {
        let left = self.left[line];
        let is_news = left > 3 * self.day.lines[line].open_interest;
        let chance = if is_news { NEWS_BLOCK_CHANCE } else { BLOCK_CHANCE };
        left >= BLOCK_FROM && self.dice.chance(chance)
    }

    fn block(&mut self, line: usize, at: DateTime<Utc>, buys: bool) {
        let share = self.dice.between(0.4, 1.0);
        let size = ((self.left[line] as f64 * share) as i64).min(LARGEST_BLOCK);
        let codes = [TradeCode::Auction, TradeCode::Floor, TradeCode::Auto];
        let code = codes[self.dice.whole(0, 2) as usize];
        self.trade(line, at, size, buys, code);
    }

    fn sweep(&mut self, line: usize, at: DateTime<Utc>, buys: bool) {
        // Clear of the end of its second, so that all of it is one second's.
        let into_us = i64::from(at.timestamp_subsec_micros());
        let mut at = at - TimeDelta::microseconds(into_us / 2);
        for _ in 0..self.dice.whole(3, 8) {
            if self.left[line] == 0 {
                return;
            }
            let size = self.draw_size(line);
            self.trade(line, at, size, buys, TradeCode::Sweep);
            at += TimeDelta::microseconds(self.dice.whole(200, 40_000));
        }
    }

    fn repeat(&mut self, line: usize, mut at: DateTime<Utc>, buys: bool) {
        for _ in 0..self.dice.whole(4, 10) {
            if self.left[line] == 0 || at >= self.day.end_at {
                return;
            }
            let size = self.draw_size(line);
            self.trade(line, at, size, buys, TradeCode::Auto);
            at += TimeDelta::microseconds(self.dice.whole(300_000, 12_000_000));
        }
    }

    /// A vertical: the partner is a later strike of the same expiry and kind with volume left.
    fn spread(&mut self, line: usize, at: DateTime<Utc>, buys: bool) {
        let size = self.draw_size(line);
        let reach = self.dice.whole(1, 6) as usize;
        let partner = line + 2 * reach;
        let here = &self.day.lines[line].contract;
        let fits = self.day.lines.get(partner).is_some_and(|other| {
            other.contract.expiry == here.expiry && other.contract.kind == here.kind
        });
        if !fits || self.left[partner] < size {
            return self.trade(line, at, size, buys, TradeCode::Auto);
        }
        let code = match self.dice.unit() {
            u if u < 0.6 => TradeCode::MultiLeg,
            u if u < 0.97 => TradeCode::MultiLegAuction,
            _ => TradeCode::MultiLegFloor,
        };
        self.trade(line, at, size, buys, code);
        let exchange = self.trades.last().map(|first| first.exchange);
        self.trade(partner, at + TimeDelta::microseconds(3), size, !buys, code);
        if let (Some(second), Some(exchange)) = (self.trades.last_mut(), exchange) {
            second.exchange = exchange;
        }
    }

    fn trade(&mut self, line: usize, at: DateTime<Utc>, size: i64, buys: bool, code: TradeCode) {
        // What follows an order of the very last moment does not leave the day.
        let at = at.min(self.day.end_at - TimeDelta::microseconds(1));
        let size = size.clamp(1, self.left[line]);
        self.left[line] -= size;
        let is_late = code == TradeCode::Late;
        let moment = (self.moment)(at);
        let (mut bid, mut ask) = self.day.quote(line, &moment);
        let price = if is_late {
            let wait = TimeDelta::seconds(self.dice.whole(60, 900));
            let (bid, ask) = self.day.quote(line, &(self.moment)(at - wait));
            self.draw_price(bid, ask, buys)
        } else {
            self.draw_price(bid, ask, buys)
        };
        if self.dice.chance(CROSSED_CHANCE) && bid.0 > 0 {
            (bid, ask) = (ask, bid);
        }
        let side = if is_late { TradeSide::None } else { TradeSide::of(price, bid, ask) };
        let terms = self.day.terms(line, &moment);
        let exchange = self.draw_exchange(code);
        self.trades.push(SimTrade {
            id: Uuid::nil(),
            executed_at: at,
            line,
            price,
            size,
            bid,
            ask,
            side,
            code,
            exchange,
            underlying: Ticks::nearest_cent(moment.spot),
            implied_volatility: terms.volatility,
            delta: terms.delta(),
            volumes: Volumes::default(),
            canceled_at: None,
        });
    }

    /// Reports the last trade once more, a little later, to be withdrawn within two hours.
    fn withdraw_last(&mut self) {
        let Some(last) = self.trades.last() else {
            return;
        };
        let executed_at = (last.executed_at + TimeDelta::milliseconds(self.dice.whole(2, 900)))
            .min(self.day.end_at - TimeDelta::microseconds(1));
        let wait = TimeDelta::seconds(self.dice.whole(30, 7_200));
        let canceled_at = Some(executed_at + wait);
        self.trades.push(SimTrade { executed_at, canceled_at, ..last.clone() });
    }

    fn draw_time(&mut self) -> DateTime<Utc> {
        let minute = self.dice.index(&self.minutes);
        let into = TimeDelta::microseconds(self.dice.whole(0, 59_999_999));
        self.day.hours.open_at + TimeDelta::minutes(minute as i64) + into
    }

    /// Whether the order buys. Who expects a rise buys calls and sells puts.
    fn draw_buys(&mut self, line: usize, at: DateTime<Utc>) -> bool {
        let minute = (at - self.day.hours.open_at).num_minutes().max(0) as usize;
        let pressed = self.pressure.get(minute).copied().unwrap_or_default();
        let sign = match self.day.lines[line].contract.kind {
            OptionKind::Call => 1.0,
            OptionKind::Put => -1.0,
        };
        self.dice.chance(0.5 + LEAN * sign * pressed)
    }

    fn draw_sort(&mut self) -> Sort {
        let mut left = self.dice.unit() * SORTS_OF;
        for (sort, share) in SORTS {
            if left < share {
                return sort;
            }
            left -= share;
        }
        Sort::Single(TradeCode::Auto)
    }

    /// Contracts: mostly a few, sometimes round and many.
    fn draw_size(&mut self, line: usize) -> i64 {
        let size = match self.dice.unit() {
            u if u < 0.42 => 1,
            u if u < 0.7 => self.dice.whole(2, 5),
            u if u < 0.9 => self.dice.whole(6, 15),
            _ => (2.0 * self.dice.heavy_tail()).min(400.0) as i64 * 5,
        };
        size.min(self.left[line])
    }

    fn draw_exchange(&mut self, code: TradeCode) -> &'static str {
        let of: &[&str] = if code.is_floor() { &FLOORS } else { &EXCHANGES };
        of[self.dice.whole(0, of.len() as i64 - 1) as usize]
    }

    /// A price at the side that was taken, sometimes inside the quote.
    fn draw_price(&mut self, bid: Ticks, ask: Ticks, buys: bool) -> Ticks {
        let middle = bid.0 + ask.0;
        if middle % (2 * CENT) == 0 && middle > 0 && self.dice.chance(MID_CHANCE) {
            return Ticks(middle / 2);
        }
        // Cents strictly between the middle and the side.
        let room = (ask.0 - bid.0 - 1) / (2 * CENT);
        let better = if room > 0 && self.dice.chance(INSIDE_CHANCE) {
            self.dice.whole(1, room) * CENT
        } else {
            0
        };
        match (buys || bid.0 == 0, better) {
            (true, better) => Ticks(ask.0 - better),
            (false, better) => Ticks(bid.0 + better),
        }
    }
}
