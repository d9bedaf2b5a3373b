//! Makes a day's tape from the day's path and prints.

use chrono::{DateTime, Utc};
use undertow_market::tape::OFF_EXCHANGE_VENUE;
use undertow_market::{Conditions, MarketSession};

use super::super::day::{Day, SimPrint};
use super::super::kind::Kind;
use super::conditions as sale;
use super::numbers;
use super::trade::{Amendment, Shares, SimTapeTrade, nanos};
use crate::dice::{Dice, Single};
use crate::profile::SymbolProfile;
use crate::ticks::{CENT, Ticks};

const SECOND_NS: i64 = 1_000_000_000;
const MINUTE_NS: i64 = 60 * SECOND_NS;
const MILLI_NS: i64 = 1_000_000;
/// Trades of an ordinary day on exchanges, and small ones off them.
const LIT_TRADES: f64 = 1_300.0;
const SMALL_TRADES: f64 = 800.0;
/// Dollars of the mean print of the market, and of the mean small trade.
const USUAL_PRINT: f64 = 470_000.0;
const USUAL_SMALL: f64 = 37_000.0;
/// Small trades stay below what the other vendor calls a print.
const LARGEST_SMALL: f64 = 99_000.0;
/// Lit dollars for one that is traded off exchange.
const LIT_SHARE: f64 = 1.1;
/// Shares of a day's lit dollars that trade in the opening and the closing auction.
const AUCTIONS: (f64, f64) = (0.02, 0.09);
/// Dollars of a block of a surge, on the whole, and most blocks of one.
const SURGE_BLOCK: f64 = 400_000.0;
const MAX_SURGE_BLOCKS: f64 = 2_500.0;
/// Most trades of one sort that a scale can ask for.
const MAX_TRADES: usize = 2_000_000;
/// Share of the off-exchange trades that do not tell their facility.
const NO_FACILITY: f64 = 0.03;
/// Chance that a trade is withdrawn or corrected later.
const AMENDED: f64 = 0.0008;
/// A trade is late when it is told so long after it happened.
const LATE_NS: i64 = 10 * SECOND_NS;
/// A print that the tape tells so soon after the close belongs to the session still.
const CLOSE_REACH_NS: i64 = SECOND_NS;
/// Venues that trade, by their trades of one real day.
const VENUES: [(u16, f64); 14] = [
    (12, 15_148.0),
    (11, 6_877.0),
    (19, 5_099.0),
    (10, 4_007.0),
    (8, 3_686.0),
    (15, 2_446.0),
    (21, 2_174.0),
    (7, 1_509.0),
    (20, 1_297.0),
    (18, 675.0),
    (2, 417.0),
    (3, 394.0),
    (17, 230.0),
    (9, 159.0),
];

/// Everything that a day's tape is made from.
pub(crate) struct Maker<'a> {
    pub(crate) profile: &'a SymbolProfile,
    pub(crate) day: &'a Day,
    /// Multiplies the trades that are added to the prints.
    pub(crate) scale: f64,
    /// Multiplies the prints of the market.
    pub(crate) prints_scale: f64,
    /// How many ordinary days of off-exchange trading this one is worth.
    pub(crate) surge: f64,
    /// Old shares and new ones of the splits that were still to come.
    pub(crate) split: (i64, i64),
    pub(crate) dice: Dice,
}

/// A price and a moment of the path.
struct Spot {
    at_ns: i64,
    bid: Ticks,
    ask: Ticks,
    part: MarketSession,
}

impl Maker<'_> {
    /// The rows, numbered and in order.
    pub(crate) fn trades(mut self) -> Vec<SimTapeTrade> {
        let mut trades: Vec<SimTapeTrade> =
            self.day.prints.iter().map(|print| self.of_print(print)).collect();
        let running = self.running();
        for _ in 0..self.count(SMALL_TRADES) {
            let trade = self.small(&running);
            trades.push(trade);
        }
        self.surge(&mut trades, &running);
        let mean = self.usual_dollars() * LIT_SHARE / (LIT_TRADES * self.scale).max(1.0);
        let venues = venues();
        for _ in 0..self.count(LIT_TRADES) {
            let trade = self.lit(&running, &venues, mean);
            trades.push(trade);
        }
        let records = self.amend(&mut trades);
        trades.extend(records);
        trades.extend(self.auctions());
        numbers::settle(&mut trades, &mut self.dice);
        numbers::before_split(&mut trades, self.split);
        trades
    }

    fn count(&self, ordinary: f64) -> usize {
        ((ordinary * self.scale).round().max(0.0) as usize).min(MAX_TRADES)
    }

    /// Off-exchange dollars of an ordinary day.
    fn usual_dollars(&self) -> f64 {
        f64::from(self.profile.prints_per_session) * self.prints_scale * USUAL_PRINT
            + SMALL_TRADES * self.scale * USUAL_SMALL
    }

    /// Running weights of the minutes.
    fn running(&self) -> Vec<f64> {
        let total = |total: &mut f64, weight: f64| {
            *total += weight;
            Some(*total)
        };
        self.day.bars.iter().map(|bar| bar.other_volume as f64).scan(0.0, total).collect()
    }

    /// A print of the market. What it draws depends on the print alone, so that one that is added
    /// by hand moves no other.
    fn of_print(&self, print: &SimPrint) -> SimTapeTrade {
        let words = [
            print.tracking_id as u64,
            print.size as u64,
            print.price.0 as u64,
            print.day_volume as u64,
        ];
        let single = Single::of(&words);
        let draw = |purpose| single.and(purpose).unit();
        let second = |at: DateTime<Utc>| at.timestamp() * SECOND_NS;
        let sip_ns = second(print.reported_at) + (draw(1) * SECOND_NS as f64) as i64;
        let participant_ns = if print.executed_at == print.reported_at {
            sip_ns - MILLI_NS - (draw(2) * 250.0) as i64 * MILLI_NS
        } else {
            second(print.executed_at) + (draw(2) * 1_000.0) as i64 * MILLI_NS
        };
        let participant_ns = in_millis(participant_ns.min(sip_ns));
        let facility = match (print.market_center, draw(3)) {
            (_, drawn) if drawn < NO_FACILITY => None,
            ("2", _) => Some(201),
            (_, drawn) if drawn < 0.15 => Some(203),
            _ => Some(202),
        };
        let amended = |at| Amendment { code: 8, at_ns: nanos(at) };
        SimTapeTrade {
            facility: facility.map(|id| (id, sip_ns - (draw(4) * 4e5) as i64)),
            conditions: self.print_conditions(print, sip_ns, participant_ns, draw(5)),
            amendment: print.canceled_at.map(amended),
            ..self.row(sip_ns, participant_ns, OFF_EXCHANGE_VENUE, print.price, print.size)
        }
    }

    fn print_conditions(
        &self,
        print: &SimPrint,
        sip_ns: i64,
        participant_ns: i64,
        drawn: f64,
    ) -> Conditions {
        let mut ids: Vec<u16> = match print.kind {
            Kind::Plain => Vec::new(),
            Kind::Extended => vec![sale::EXTENDED],
            Kind::AverageDerived => vec![sale::AVERAGE_PRICE, sale::DERIVED],
            Kind::PriorReference => vec![sale::PRIOR_REFERENCE, sale::EXTENDED],
            Kind::Contingent => vec![sale::CONTINGENT, sale::QUALIFIED_CONTINGENT],
            Kind::Average => vec![sale::AVERAGE_PRICE],
            Kind::AverageExtended => vec![sale::AVERAGE_PRICE, sale::EXTENDED],
            Kind::Sweep => vec![sale::SWEEP],
            Kind::OutOfSequence => vec![sale::AVERAGE_PRICE, sale::DERIVED, sale::SOLD],
        };
        if print.settlement != "regular" {
            ids.push(sale::SELLER);
        }
        if ids.iter().all(|id| *id == sale::SELLER) {
            ids.extend(self.late(sip_ns, participant_ns, drawn));
        }
        sale::of(&ids)
    }

    /// The condition that a trade carries for when it is told. Some late trades carry none: then
    /// only the two times tell.
    fn late(&self, sip_ns: i64, participant_ns: i64, drawn: f64) -> Option<u16> {
        let hours = &self.day.hours;
        let is_late = sip_ns - participant_ns > LATE_NS;
        let in_hours =
            nanos(hours.open_at) <= sip_ns && sip_ns < nanos(hours.close_at) + CLOSE_REACH_NS;
        match (is_late, in_hours) {
            (true, true) if drawn < 0.7 => Some(sale::SOLD),
            (_, true) => None,
            (true, false) => Some(sale::EXTENDED_SOLD),
            (false, false) => Some(sale::EXTENDED),
        }
    }

    fn row(
        &self,
        sip_ns: i64,
        participant_ns: i64,
        venue: u16,
        price: Ticks,
        size: i64,
    ) -> SimTapeTrade {
        SimTapeTrade {
            sip_ns,
            participant_ns,
            venue,
            facility: None,
            id: 0,
            price,
            size: Shares::of_whole(size),
            conditions: sale::of(&[]),
            sequence: 0,
            amendment: None,
        }
    }

    /// A moment of the day by its activity, and the quote then.
    fn spot(&mut self, running: &[f64]) -> Spot {
        let bar = &self.day.bars[self.dice.index(running)];
        let passed = self.dice.unit();
        let (open, close) = (bar.open.0 as f64, bar.close.0 as f64);
        let wobble = 0.3 * (bar.high.0 - bar.low.0) as f64 * (self.dice.unit() - 0.5);
        let path = open + (close - open) * passed + wobble;
        let path = path.clamp(bar.low.0 as f64, bar.high.0 as f64);
        let thin = if bar.part == MarketSession::Regular { 1 } else { 3 };
        let spread = self.profile.spread_cents * thin * CENT;
        let bid = (path as i64 - spread / 2).div_euclid(CENT) * CENT;
        Spot {
            at_ns: nanos(bar.start_at) + (passed * MINUTE_NS as f64) as i64,
            bid: Ticks(bid.max(CENT)),
            ask: Ticks(bid.max(CENT) + spread),
            part: bar.part,
        }
    }

    /// A price between bid and offer: the middle, or a little better than one of them.
    fn inside(&mut self, spot: &Spot) -> Ticks {
        let (bid, ask) = (spot.bid.0, spot.ask.0);
        Ticks(match self.dice.unit() {
            drawn if drawn < 0.45 => (bid + ask) / 2,
            drawn if drawn < 0.72 => bid + self.dice.whole(1, 30),
            drawn if drawn < 0.94 => ask - self.dice.whole(1, 30),
            drawn if drawn < 0.97 => bid,
            _ => ask,
        })
    }

    /// An off-exchange trade at a price of its moment.
    fn off_exchange(&mut self, spot: &Spot, shares: Shares) -> SimTapeTrade {
        let price = self.inside(spot);
        let delay_ns = match self.dice.unit() {
            drawn if drawn < 0.85 => self.dice.whole(2, 300) * MILLI_NS,
            drawn if drawn < 0.985 => self.dice.whole(300, 9_000) * MILLI_NS,
            _ => self.dice.whole(10_001, 1_200_000) * MILLI_NS,
        };
        // What is late must still be on this day's tape.
        let last_ns = nanos(self.day.hours.post_end_at) - MILLI_NS;
        let sip_ns = (spot.at_ns + delay_ns).min(last_ns);
        let participant_ns = in_millis(spot.at_ns.min(sip_ns));
        let facility = match self.dice.unit() {
            drawn if drawn < NO_FACILITY => None,
            drawn if drawn < 0.25 => Some(201),
            drawn if drawn < 0.93 => Some(202),
            _ => Some(203),
        };
        let drawn = self.dice.unit();
        let mut ids: Vec<u16> = self.late(sip_ns, participant_ns, drawn).into_iter().collect();
        if shares < Shares::of_whole(100) {
            ids.push(sale::ODD_LOT);
        }
        let facility_ns = sip_ns - self.dice.whole(20_000, 400_000);
        SimTapeTrade {
            facility: facility.map(|id| (id, facility_ns)),
            size: shares,
            conditions: sale::of(&ids),
            ..self.row(sip_ns, participant_ns, OFF_EXCHANGE_VENUE, price, 0)
        }
    }

    /// A small off-exchange trade; one in four is a fraction of a share or a few with one.
    fn small(&mut self, running: &[f64]) -> SimTapeTrade {
        let spot = self.spot(running);
        let drawn = self.dice.unit();
        let shares = if self.dice.chance(0.25) {
            Shares(((drawn * drawn * drawn * 4e4) as i64 + 1) * 100)
        } else {
            let dollars = LARGEST_SMALL * (0.02 + 0.95 * drawn);
            Shares::of_whole(self.lots((dollars / spot.ask.dollars()) as i64))
        };
        self.off_exchange(&spot, shares)
    }

    /// So many shares, often in hundreds.
    fn lots(&mut self, shares: i64) -> i64 {
        if shares >= 100 && self.dice.chance(0.6) { shares / 100 * 100 } else { shares.max(1) }
    }

    /// Blocks that bring the day's off-exchange dollars to a multiple of an ordinary day's.
    fn surge(&mut self, trades: &mut Vec<SimTapeTrade>, running: &[f64]) {
        if self.surge <= 1.0 {
            return;
        }
        let dollars = |trade: &SimTapeTrade| trade.price.dollars() * trade.size.number();
        let there: f64 = trades.iter().map(dollars).sum();
        let missing = self.surge * self.usual_dollars() - there;
        let count = (missing / SURGE_BLOCK).clamp(0.0, MAX_SURGE_BLOCKS).ceil();
        for _ in 0..count as usize {
            let spot = self.spot(running);
            let dollars = missing / count * self.dice.between(0.4, 1.6);
            let shares = self.lots((dollars / spot.ask.dollars()) as i64);
            let mut trade = self.off_exchange(&spot, Shares::of_whole(shares));
            if trade.conditions.as_slice().is_empty() && self.dice.chance(0.08) {
                trade.conditions = sale::of(&[sale::AVERAGE_PRICE]);
            }
            trades.push(trade);
        }
    }

    fn lit(&mut self, running: &[f64], venues: &[f64], mean: f64) -> SimTapeTrade {
        let spot = self.spot(running);
        let price = if self.dice.chance(0.5) { spot.bid } else { spot.ask };
        let is_odd = self.dice.chance(0.35);
        let shares = if is_odd {
            self.dice.whole(1, 99)
        } else {
            let dollars = mean * 0.75 * self.dice.tail().min(15.0);
            self.lots((dollars / price.dollars()) as i64)
        };
        let mut ids = Vec::new();
        if spot.part != MarketSession::Regular {
            ids.push(sale::EXTENDED);
        }
        if self.dice.chance(0.35) {
            ids.push(sale::SWEEP);
        }
        if shares < 100 {
            ids.push(sale::ODD_LOT);
        }
        if ids.contains(&sale::SWEEP) {
            ids.push(sale::EXEMPT);
        }
        let (venue, _) = VENUES[self.dice.index(venues)];
        let travel_ns = self.dice.whole(80_000, 900_000);
        let last_ns = nanos(self.day.hours.post_end_at) - MILLI_NS;
        let sip_ns = (spot.at_ns + travel_ns).min(last_ns);
        SimTapeTrade {
            conditions: sale::of(&ids),
            ..self.row(sip_ns, sip_ns - travel_ns, venue, price, shares)
        }
    }

    /// Withdraws and corrects some trades, and makes the records that say so. Prints that the
    /// market itself withdraws get theirs. What it draws depends on the trade alone.
    fn amend(&self, trades: &mut [SimTapeTrade]) -> Vec<SimTapeTrade> {
        let last_ns = nanos(self.day.hours.post_end_at) - MILLI_NS;
        let mut records = Vec::new();
        for trade in trades.iter_mut() {
            trade.amendment = trade.amendment.or_else(|| amendment(trade, last_ns));
            // A record that comes after the day's tape is on no tape of this day.
            let told = trade.amendment.filter(|amendment| amendment.at_ns <= last_ns);
            records.extend(told.map(|amendment| record(trade, amendment)));
        }
        records
    }

    /// The two auctions, and what the listing exchange repeats of them.
    fn auctions(&mut self) -> Vec<SimTapeTrade> {
        let hours = self.day.hours;
        let venue = self.profile.listing_venue;
        let is_nasdaq = network(self.profile) == 3;
        let lit = self.usual_dollars() * LIT_SHARE;
        let regular = |at: DateTime<Utc>| self.day.bars.iter().find(|bar| bar.start_at == at);
        let first = regular(hours.open_at).map(|bar| bar.open);
        let last = regular(hours.close_at - chrono::TimeDelta::minutes(1)).map(|bar| bar.close);
        let (Some(first), Some(last)) = (first, last) else {
            return Vec::new();
        };
        let cross = |maker: &mut Self, at, price: Ticks, share: f64, id| {
            let at_ns = nanos(at) + maker.dice.whole(150, 900) * MILLI_NS;
            let dollars = lit * share * maker.dice.between(0.7, 1.3);
            let shares = (dollars / price.dollars()) as i64 + 1;
            let row = maker.row(at_ns + 300_000, at_ns, venue, price, shares);
            SimTapeTrade { conditions: sale::of(&[id]), ..row }
        };
        let opening = if is_nasdaq { sale::OPENING_PRINT } else { sale::OPENING_TRADE };
        let closing = if is_nasdaq { sale::CLOSING_PRINT } else { sale::CLOSING_TRADE };
        let open = cross(self, hours.open_at, first, AUCTIONS.0, opening);
        let close = cross(self, hours.close_at, last, AUCTIONS.1, closing);
        let mut trades = vec![repeat(&open, sale::OFFICIAL_OPEN, 30 * MILLI_NS)];
        let an_hour_left = (hours.post_end_at - hours.close_at).num_minutes() - 60;
        for _ in 0..self.dice.whole(1, 4) {
            let later_ns = self.dice.whole(0, an_hour_left) * MINUTE_NS + 50 * MILLI_NS;
            trades.push(repeat(&close, sale::OFFICIAL_CLOSE, later_ns));
        }
        if self.dice.chance(0.05) {
            trades.push(repeat(&close, sale::CORRECTED_CLOSE, 30 * MINUTE_NS));
        }
        trades.extend([open, close]);
        trades
    }
}

/// The network that reports a listing's trades.
pub(crate) fn network(profile: &SymbolProfile) -> u16 {
    match profile.listing_venue {
        10 => 1,
        12 => 3,
        _ => 2,
    }
}

fn venues() -> Vec<f64> {
    let total = |total: &mut f64, (_, weight): (u16, f64)| {
        *total += weight;
        Some(*total)
    };
    VENUES.into_iter().scan(0.0, total).collect()
}

/// What becomes of a trade, if anything does.
fn amendment(trade: &SimTapeTrade, last_ns: i64) -> Option<Amendment> {
    let words = [trade.sip_ns as u64, trade.price.0 as u64, trade.size.0 as u64];
    let single = Single::of(&words);
    if single.and(1).unit() >= AMENDED {
        return None;
    }
    let wait_s = 60 + (single.and(2).unit() * 2_340.0) as i64;
    let at_ns = trade.sip_ns + wait_s * SECOND_NS;
    let code = match single.and(3).unit() {
        drawn if drawn < 0.6 => 8,
        drawn if drawn < 0.8 => 7,
        _ if at_ns <= last_ns => 1,
        _ => 8,
    };
    Some(Amendment { code, at_ns })
}

/// The row that tells what became of a trade.
fn record(trade: &SimTapeTrade, amendment: Amendment) -> SimTapeTrade {
    let (code, price) = match amendment.code {
        1 => (12, Ticks(trade.price.0 + CENT)),
        7 => (11, trade.price),
        _ => (10, trade.price),
    };
    let sip_ns = amendment.at_ns;
    SimTapeTrade {
        sip_ns,
        facility: trade.facility.map(|(id, _)| (id, sip_ns - 50_000)),
        price,
        amendment: Some(Amendment { code, at_ns: sip_ns }),
        ..trade.clone()
    }
}

/// An auction told once more.
fn repeat(cross: &SimTapeTrade, condition: u16, later_ns: i64) -> SimTapeTrade {
    SimTapeTrade {
        sip_ns: cross.sip_ns + later_ns,
        participant_ns: cross.participant_ns + later_ns,
        conditions: sale::of(&[condition]),
        ..cross.clone()
    }
}

/// Facilities keep whole milliseconds.
fn in_millis(ns: i64) -> i64 {
    ns.div_euclid(MILLI_NS) * MILLI_NS
}
