//! What is kept of a symbol's tape: sums by minute, sums by price, and the large off-exchange
//! trades.
//!
//! Every channel brings its trades here, one by one, and the same trades give the same rows
//! whatever their order. A trade is told from another by [`TapeTrade::identity`]; the tape's clock
//! puts it into its minute, which is the same on every channel, so identities are kept by minute.
//!
//! Minutes leave the book when they are final ([`TapeBook::take_final`]). A trade that comes for a
//! minute that has left opens it again and leaves with a later part: **the parts of a book add
//! up** to what the whole tape gives at once, and no trade is in two of them.

mod notionals;
mod sum;

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use undertow_market::{
    Price, Reasons, Symbol, TapeApart, TapeCell, TapeMinute, TapePrint, TapeTrade, TapeVolume,
};

use crate::activity::{MINUTES_PER_DAY, MinuteShares};
pub use notionals::{BUCKETS, FLOOR_SESSIONS, MIN_TRADES, Notionals};
use sum::{Sum, Taken, cell_low};

/// What is kept of a tape beside its sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapeKeep {
    /// An off-exchange trade of at least so many dollars is kept by itself.
    pub print_floor: Decimal,
}

/// Rows of some minutes of a tape. Parts of one book add up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TapePart {
    /// The minutes, in order.
    pub minutes: Vec<TapeMinute>,
    /// Level-eligible trades of these minutes by price, in order.
    pub cells: Vec<TapeCell>,
    /// Large off-exchange trades of these minutes, in the order of the tape.
    pub prints: Vec<TapePrint>,
    /// How large the off-exchange trades of these minutes are that the tape counts.
    pub notionals: Notionals,
}

impl TapePart {
    /// Whether it has nothing to add.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.minutes.is_empty()
    }
}

/// What the tape counts of a session so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionVolume {
    /// On exchanges.
    pub lit: TapeVolume,
    /// Off exchange.
    pub off_exchange: TapeVolume,
}

/// One symbol's tape of one session, as it comes.
///
/// It grows by some eight bytes for each trade that it must recognise; [`Self::forget`] gives
/// them back. Nothing is allocated for a trade that is only summed, but for that growth.
#[derive(Clone, Debug)]
pub struct TapeBook {
    symbol: Symbol,
    session_date: NaiveDate,
    keep: TapeKeep,
    /// Its floor in the unit of [`Sum::notional`].
    print_floor: u128,
    /// Minutes with something that has not been handed out, in order. At most 1,440.
    open: Vec<OpenMinute>,
    /// Minutes that were handed out, in order. At most 1,440.
    handed: Vec<HandedMinute>,
    /// Trades of earlier minutes are refused: what was seen of them is no longer known.
    forgotten_before: u16,
    too_late: u64,
    lit: Sum,
    off_exchange: Sum,
    newest: Option<(DateTime<Utc>, i64, Price)>,
}

/// A set of hashes needs no second hash.
type Identities = HashSet<i64, BuildHasherDefault<Unhashed>>;

#[derive(Clone, Debug, Default)]
struct OpenMinute {
    minute: u16,
    lit: Sum,
    off_exchange: Sum,
    /// By place and reasons. Ten reasons make at most 2,048; a real minute has a handful.
    apart: Vec<(bool, Reasons, Sum)>,
    cells: Cells,
    prints: Vec<TapePrint>,
    notionals: Notionals,
    seen: Identities,
}

/// Sums of a minute by price.
#[derive(Clone, Debug, Default)]
struct Cells {
    /// By the low of the cell in cents, in order: on exchanges and off.
    by_low: Vec<(u64, [Sum; 2])>,
    /// The place of the last trade's cell. The next is mostly in the same.
    last: usize,
}

impl Cells {
    fn at(&mut self, low: u64) -> &mut [Sum; 2] {
        if self.by_low.get(self.last).is_none_or(|of| of.0 != low) {
            let place = self.by_low.binary_search_by_key(&low, |of| of.0);
            self.last = place.unwrap_or_else(|place| {
                self.by_low.insert(place, (low, Default::default()));
                place
            });
        }
        &mut self.by_low[self.last].1
    }
}

#[derive(Clone, Debug)]
struct HandedMinute {
    minute: u16,
    /// In the unit of [`Sum::shares`].
    off_exchange_shares: u128,
    /// In order.
    seen: Box<[i64]>,
}

impl TapeBook {
    /// An empty book.
    #[must_use]
    pub fn new(symbol: Symbol, session_date: NaiveDate, keep: TapeKeep) -> Self {
        Self {
            symbol,
            session_date,
            keep,
            print_floor: sum::notional_units(keep.print_floor),
            open: Vec::new(),
            handed: Vec::new(),
            forgotten_before: 0,
            too_late: 0,
            lit: Sum::default(),
            off_exchange: Sum::default(),
            newest: None,
        }
    }

    /// A book that goes on where stored rows end: `minutes` were handed out by another book of the
    /// same session, and everything before `before_minute` is theirs. Trades of those minutes are
    /// refused, because nothing tells which of them are in the rows.
    #[must_use]
    pub fn resume(
        symbol: Symbol,
        session_date: NaiveDate,
        keep: TapeKeep,
        minutes: &[TapeMinute],
        before_minute: u16,
    ) -> Self {
        let mut book = Self::new(symbol, session_date, keep);
        for of in minutes.iter().filter(|of| of.minute < before_minute) {
            let off_exchange = Sum::from(&of.off_exchange);
            book.lit.merge(&Sum::from(&of.lit));
            book.off_exchange.merge(&off_exchange);
            book.hand_over(of.minute, off_exchange.shares, Vec::new());
        }
        book.forget(before_minute);
        book
    }

    /// The ticker.
    #[must_use]
    pub fn symbol(&self) -> &Symbol {
        &self.symbol
    }

    /// The day of the tape in New York.
    #[must_use]
    pub fn session_date(&self) -> NaiveDate {
        self.session_date
    }

    /// What is kept beside the sums.
    #[must_use]
    pub fn keep(&self) -> TapeKeep {
        self.keep
    }

    /// Counts a trade. False when it was counted before, when its minute was forgotten, and when
    /// it is of another symbol or day.
    pub fn take(&mut self, trade: &TapeTrade<'_>) -> bool {
        if trade.symbol != self.symbol || trade.session_date != self.session_date {
            return false;
        }
        let minute = trade.minute.min(MINUTES_PER_DAY - 1);
        if minute < self.forgotten_before {
            self.too_late += 1;
            return false;
        }
        let identity = trade.identity();
        if self.was_handed_out(minute, identity) {
            return false;
        }
        let floor = self.print_floor;
        let open = self.open_minute(minute);
        if !open.seen.insert(identity) {
            return false;
        }
        let (taken, is_off_exchange) = (Taken::from(trade), trade.is_off_exchange());
        open.add(trade, &taken, is_off_exchange);
        if is_off_exchange && taken.notional >= floor {
            open.prints.push(trade.to_print());
        }
        if trade.counts_in_volume() {
            let total = if is_off_exchange { &mut self.off_exchange } else { &mut self.lit };
            total.add(&taken);
        }
        if trade.is_level_eligible() {
            let this = (trade.reported_at, trade.sequence, trade.price);
            if self.newest.is_none_or(|newest| newest < this) {
                self.newest = Some(this);
            }
        }
        true
    }

    /// Takes out the minutes before `before_minute` with the cells and prints of exactly these.
    /// Their trades are still recognised.
    pub fn take_final(&mut self, before_minute: u16) -> TapePart {
        let end = self.open.partition_point(|of| of.minute < before_minute);
        let mut leaving: Vec<OpenMinute> = self.open.drain(..end).collect();
        let part = self.part(&leaving);
        for of in &mut leaving {
            let seen = std::mem::take(&mut of.seen).into_iter().collect();
            self.hand_over(of.minute, of.off_exchange.shares, seen);
        }
        part
    }

    /// All minutes that were not handed out, of a book that takes no further trade.
    #[must_use]
    pub fn into_part(self) -> TapePart {
        self.part(&self.open)
    }

    /// Drops what is known of the minutes `from..to`, so that they can be read again from their
    /// beginning. A minute that was handed out stays as it left: of it, the trades that come again
    /// are recognised.
    pub fn reset_minutes(&mut self, minutes: Range<u16>) {
        let (lit, off_exchange) = (&mut self.lit, &mut self.off_exchange);
        self.open.retain(|of| {
            let is_dropped = minutes.contains(&of.minute);
            if is_dropped {
                lit.take_away(&of.lit);
                off_exchange.take_away(&of.off_exchange);
            }
            !is_dropped
        });
    }

    /// Forgets which trades the minutes before `before_minute` had, which frees their memory. A
    /// trade that still comes for them is refused from now on and counted in [`Self::too_late`];
    /// the session is read again whole, and has it then. What was not handed out stays.
    pub fn forget(&mut self, before_minute: u16) {
        self.forgotten_before = self.forgotten_before.max(before_minute);
        for of in self.handed.iter_mut().filter(|of| of.minute < before_minute) {
            of.seen = Box::default();
        }
        for of in self.open.iter_mut().filter(|of| of.minute < before_minute) {
            of.seen = Identities::default();
        }
    }

    /// Trades that came for a minute that was forgotten, repeats among them.
    #[must_use]
    pub fn too_late(&self) -> u64 {
        self.too_late
    }

    /// What the tape counts of the whole session so far, handed out or not.
    #[must_use]
    pub fn volume_to_now(&self) -> SessionVolume {
        SessionVolume { lit: self.lit.volume(), off_exchange: self.off_exchange.volume() }
    }

    /// The price of the newest level-eligible trade by the tape's clock, and when it was reported.
    #[must_use]
    pub fn last_price(&self) -> Option<(Price, DateTime<Utc>)> {
        self.newest.map(|(at, _, price)| (price, at))
    }

    /// Off-exchange shares of each minute so far, handed out or not, in order.
    #[must_use]
    pub fn off_exchange_shares(&self) -> Vec<MinuteShares> {
        let mut by_minute: BTreeMap<u16, u128> = BTreeMap::new();
        let open = self.open.iter().map(|of| (of.minute, of.off_exchange.shares));
        let handed = self.handed.iter().map(|of| (of.minute, of.off_exchange_shares));
        for (minute, shares) in open.chain(handed) {
            let sum = by_minute.entry(minute).or_default();
            *sum = sum.saturating_add(shares);
        }
        by_minute
            .into_iter()
            .map(|(minute, shares)| MinuteShares { minute, shares: sum::shares(shares) })
            .collect()
    }

    /// The minutes that were not handed out, in order.
    #[must_use]
    pub fn minutes(&self) -> Vec<TapeMinute> {
        self.minutes_of(&self.open)
    }

    /// The level-eligible trades that were not handed out, by price, in order.
    #[must_use]
    pub fn cells(&self) -> Vec<TapeCell> {
        self.cells_of(&self.open)
    }

    /// The large off-exchange trades that were not handed out, in the order of the tape.
    #[must_use]
    pub fn prints(&self) -> Vec<TapePrint> {
        prints_of(&self.open)
    }

    fn part(&self, minutes: &[OpenMinute]) -> TapePart {
        TapePart {
            minutes: self.minutes_of(minutes),
            cells: self.cells_of(minutes),
            prints: prints_of(minutes),
            notionals: notionals_of(minutes),
        }
    }

    fn minutes_of(&self, minutes: &[OpenMinute]) -> Vec<TapeMinute> {
        let row = |of: &OpenMinute| TapeMinute {
            symbol: self.symbol.clone(),
            session_date: self.session_date,
            minute: of.minute,
            lit: of.lit.volume(),
            off_exchange: of.off_exchange.volume(),
            apart: of.apart_in_order(),
        };
        minutes.iter().map(row).collect()
    }

    fn cells_of(&self, minutes: &[OpenMinute]) -> Vec<TapeCell> {
        let mut by_price: BTreeMap<u64, [Sum; 2]> = BTreeMap::new();
        for (low, sums) in minutes.iter().flat_map(|of| &of.cells.by_low) {
            let cell = by_price.entry(*low).or_default();
            cell[0].merge(&sums[0]);
            cell[1].merge(&sums[1]);
        }
        let row = |(low, [lit, off_exchange]): (u64, [Sum; 2])| TapeCell {
            symbol: self.symbol.clone(),
            session_date: self.session_date,
            cell_low: sum::cents(low),
            lit: lit.volume(),
            off_exchange: off_exchange.volume(),
        };
        by_price.into_iter().map(row).collect()
    }

    /// The minute to count in. Most trades belong to the newest.
    fn open_minute(&mut self, minute: u16) -> &mut OpenMinute {
        let place = match self.open.last() {
            Some(newest) if newest.minute == minute => Ok(self.open.len() - 1),
            _ => self.open.binary_search_by_key(&minute, |of| of.minute),
        };
        let index = place.unwrap_or_else(|index| {
            let before = index.checked_sub(1).map_or(0, |before| self.open[before].seen.len());
            self.open.insert(index, OpenMinute::new(minute, before));
            index
        });
        &mut self.open[index]
    }

    fn was_handed_out(&self, minute: u16, identity: i64) -> bool {
        let is_past = self.handed.last().is_some_and(|newest| minute <= newest.minute);
        is_past
            && self
                .handed
                .binary_search_by_key(&minute, |of| of.minute)
                .is_ok_and(|index| self.handed[index].seen.binary_search(&identity).is_ok())
    }

    /// Enters a minute, or more of it, among those that were handed out.
    fn hand_over(&mut self, minute: u16, off_exchange_shares: u128, mut seen: Vec<i64>) {
        match self.handed.binary_search_by_key(&minute, |of| of.minute) {
            Ok(index) => {
                let of = &mut self.handed[index];
                of.off_exchange_shares = of.off_exchange_shares.saturating_add(off_exchange_shares);
                seen.extend_from_slice(&of.seen);
                seen.sort_unstable();
                of.seen = seen.into();
            }
            Err(index) => {
                seen.sort_unstable();
                let of = HandedMinute { minute, off_exchange_shares, seen: seen.into() };
                self.handed.insert(index, of);
            }
        }
    }
}

impl OpenMinute {
    /// With room for as many trades as the minute before it had: a set that grows is made anew
    /// each time.
    fn new(minute: u16, trades: usize) -> Self {
        let seen = Identities::with_capacity_and_hasher(trades, BuildHasherDefault::default());
        Self { minute, seen, ..Self::default() }
    }

    fn add(&mut self, trade: &TapeTrade<'_>, taken: &Taken, is_off_exchange: bool) {
        let against = trade.reasons & Reasons::NOT_LEVEL_ELIGIBLE;
        if trade.counts_in_volume() {
            let sum = if is_off_exchange { &mut self.off_exchange } else { &mut self.lit };
            sum.add(taken);
            if is_off_exchange {
                self.notionals.count(taken.notional);
            }
        }
        if against.is_empty() {
            self.cells.at(cell_low(taken.price))[usize::from(is_off_exchange)].add(taken);
            return;
        }
        let is_same = |of: &&mut (bool, Reasons, Sum)| of.0 == is_off_exchange && of.1 == against;
        match self.apart.iter_mut().find(is_same) {
            Some(of) => of.2.add(taken),
            None => {
                let mut sum = Sum::default();
                sum.add(taken);
                self.apart.push((is_off_exchange, against, sum));
            }
        }
    }

    /// By place and reasons, not as they came: two channels may bring them in two orders.
    fn apart_in_order(&self) -> Vec<TapeApart> {
        let mut apart: Vec<TapeApart> = self
            .apart
            .iter()
            .map(|(is_off_exchange, reasons, sum)| TapeApart {
                is_off_exchange: *is_off_exchange,
                reasons: *reasons,
                volume: sum.volume(),
            })
            .collect();
        apart.sort_unstable_by_key(|of| (of.is_off_exchange, of.reasons.bits()));
        apart
    }
}

fn prints_of(minutes: &[OpenMinute]) -> Vec<TapePrint> {
    let mut prints: Vec<TapePrint> = minutes.iter().flat_map(|of| of.prints.clone()).collect();
    prints.sort_by_key(|print| (print.reported_at, print.sequence, print.identity));
    prints
}

fn notionals_of(minutes: &[OpenMinute]) -> Notionals {
    let mut all = Notionals::default();
    minutes.iter().for_each(|of| all.merge(&of.notionals));
    all
}

/// Takes a 64-bit hash as it is.
#[derive(Clone, Copy, Debug, Default)]
struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_i64(&mut self, hash: i64) {
        self.0 = hash.cast_unsigned();
    }
}

#[cfg(test)]
mod tests;
