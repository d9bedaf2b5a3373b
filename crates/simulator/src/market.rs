//! The market itself: a pure function of (seed, symbol, date), with a small memory of the days
//! that were asked for last.
//!
//! It knows nothing of HTTP or of a vendor's wire format, and reads no clock.

mod chain;
mod day;
mod kind;
mod magnets;
mod options;
mod path;
mod prints;
mod scene;
mod tape;
mod tape_order;

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chrono::{DateTime, Days, NaiveDate, Utc};
use undertow_market::{Calendar, MarketSession, SessionHours, Symbol};

use crate::dice::{Dice, Purpose};
use crate::profile::SymbolProfile;
use crate::ticks::Ticks;
use chain::Turns;
pub use day::{Day, SimPrint};
pub(crate) use day::{Segment, all_of, merge};
pub use kind::{Codes, Kind};
use magnets::Magnet;
pub use options::{
    AlertRule, Greeks, Line, OptionDay, SimAlert, SimTrade, TradeCode, TradeSide, Volumes,
};
use options::{Level, Origin};
pub(crate) use options::{Moment, SHARES, spot};
pub use path::MinuteBar;
use prints::Tape;
use scene::Edit;
pub use scene::{MAX_EDITS, MAX_INJECTED, SceneError};
use tape::Maker;
pub use tape::{
    Amendment, MAX_SURGES, Shares, SimTapeTrade, SplitRule, SurgeRule, TapeDay, TapeScript,
};
pub(crate) use tape::{SALE_CONDITIONS, SaleRule, TapeBar, day_bar, minute_bars, nanos};

/// Days kept. A busy one takes about a megabyte; a backfill walks few dates at once.
const MAX_DAYS_KEPT: usize = 64;
/// Day summaries kept: eight symbols over two years of daily bars.
const MAX_SUMMARIES_KEPT: usize = 4_096;

/// Tapes kept. One takes about half a megabyte.
const MAX_TAPES_KEPT: usize = 64;
/// Bars of whole days kept: ten symbols over two years.
const MAX_DAY_BARS_KEPT: usize = 6_000;

/// Days of options kept. One of SPY takes about five megabytes, one of a company about one.
const MAX_OPTION_DAYS_KEPT: usize = 24;

/// A deterministic market.
pub struct Market {
    seed: u64,
    prints_scale: f64,
    options_scale: f64,
    calendar: Calendar,
    dates: Vec<NaiveDate>,
    moves: Vec<f64>,
    listings: Vec<Listing>,
    memory: Mutex<Memory>,
}

struct Listing {
    profile: SymbolProfile,
    turns: OnceLock<Vec<Turns>>,
    levels: OnceLock<Vec<Level>>,
}

/// Largest surge, in ordinary days.
const MAX_FACTOR: f64 = 100.0;

type DayKey = (Symbol, NaiveDate);

/// The path of a session and what it was walked by.
struct Walk {
    hours: SessionHours,
    magnets: Vec<Magnet>,
    before_close: f64,
    bars: Vec<MinuteBar>,
}

struct Memory {
    days: Recent<DayKey, Arc<Day>>,
    option_days: Recent<DayKey, Arc<OptionDay>>,
    tapes: Recent<DayKey, Arc<TapeDay>>,
    day_bars: Recent<DayKey, TapeBar>,
    script: TapeScript,
    summaries: Recent<DayKey, Vec<Segment>>,
    edits: HashMap<DayKey, Vec<Edit>>,
    edit_count: usize,
}

impl Market {
    /// A market of these symbols. `prints_scale` multiplies the number of prints.
    #[must_use]
    pub fn new(seed: u64, symbols: Vec<SymbolProfile>, prints_scale: f64) -> Self {
        let calendar = Calendar::nyse();
        let dates = calendar.sessions_between(chain::EPOCH, Calendar::LAST_DATE);
        let listing =
            |profile| Listing { profile, turns: OnceLock::new(), levels: OnceLock::new() };
        Self {
            seed,
            prints_scale,
            options_scale: 1.0,
            calendar,
            moves: chain::market_moves(seed, &dates),
            dates,
            listings: symbols.into_iter().map(listing).collect(),
            memory: Mutex::new(Memory {
                days: Recent::new(MAX_DAYS_KEPT),
                option_days: Recent::new(MAX_OPTION_DAYS_KEPT),
                tapes: Recent::new(MAX_TAPES_KEPT),
                day_bars: Recent::new(MAX_DAY_BARS_KEPT),
                script: TapeScript::default(),
                summaries: Recent::new(MAX_SUMMARIES_KEPT),
                edits: HashMap::new(),
                edit_count: 0,
            }),
        }
    }

    /// The same market with the volume of its options multiplied by `scale`.
    #[must_use]
    pub fn with_options_scale(self, scale: f64) -> Self {
        Self { options_scale: scale.max(0.0), ..self }
    }

    /// The same market with a consolidated tape made by this script.
    #[must_use]
    pub fn with_tape(self, script: TapeScript) -> Self {
        let scale = if script.scale.is_finite() { script.scale.max(0.0) } else { 1.0 };
        self.memory().script = TapeScript { scale, ..script };
        self
    }

    /// The listed symbols.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.listings.iter().map(|listing| &listing.profile.symbol)
    }

    /// The symbols that count in what the first vendor tells of the whole market.
    pub(crate) fn followed(&self) -> impl Iterator<Item = &Symbol> {
        let followed = |listing: &&Listing| listing.profile.is_followed;
        self.listings.iter().filter(followed).map(|listing| &listing.profile.symbol)
    }

    /// The calendar that it trades by.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The whole session of a listed symbol, future included. None where the symbol is not listed
    /// or the market is closed that day.
    #[must_use]
    pub fn session(&self, symbol: &Symbol, date: NaiveDate) -> Option<Arc<Day>> {
        let key = (symbol.clone(), date);
        let (kept, edits) = {
            let memory = self.memory();
            (memory.days.get(&key), memory.edits.get(&key).cloned().unwrap_or_default())
        };
        if kept.is_some() {
            return kept;
        }
        let (mut day, id_base) = self.generate(symbol, date)?;
        for edit in &edits {
            edit.apply(&mut day, id_base);
        }
        let day = Arc::new(day);
        let mut memory = self.memory();
        // An edit that arrived meanwhile makes this copy an old one: hand it out, don't keep it.
        if memory.edits.get(&key).map_or(0, Vec::len) == edits.len() {
            memory.days.keep(key, Arc::clone(&day));
        }
        Some(day)
    }

    /// The options of a whole session, future included. None as for [`Self::session`]. What is
    /// changed by hand in the prints changes nothing here.
    #[must_use]
    pub fn options(&self, symbol: &Symbol, date: NaiveDate) -> Option<Arc<OptionDay>> {
        let key = (symbol.clone(), date);
        let kept = self.memory().option_days.get(&key);
        if kept.is_some() {
            return kept;
        }
        let listing = self.listing(symbol)?;
        let day = Arc::new(OptionDay::new(Origin {
            seed: self.seed,
            profile: &listing.profile,
            dates: &self.dates,
            turns: self.turns(listing),
            levels: self.levels(listing),
            position: self.position(date).filter(|position| *position > 0)?,
            scale: self.options_scale,
            stock: self.untouched(&key)?,
        }));
        self.memory().option_days.keep(key, Arc::clone(&day));
        Some(day)
    }

    /// The consolidated tape of a whole session, future included. None as for
    /// [`Self::session`].
    #[must_use]
    pub fn tape(&self, symbol: &Symbol, date: NaiveDate) -> Option<Arc<TapeDay>> {
        let key = (symbol.clone(), date);
        let (kept, edits) = {
            let memory = self.memory();
            (memory.tapes.get(&key), memory.changes(&key))
        };
        if kept.is_some() {
            return kept;
        }
        let tape = Arc::new(self.make_tape(symbol, date)?);
        let mut memory = self.memory();
        if memory.changes(&key) == edits {
            memory.tapes.keep(key, Arc::clone(&tape));
        }
        Some(tape)
    }

    /// Makes a session's off-exchange trading a multiple of an ordinary day's.
    ///
    /// # Errors
    /// There is no such session, the factor is no multiple, or there are too many surges.
    pub fn surge(&self, rule: SurgeRule) -> Result<(), SceneError> {
        if !self.lists(&rule.symbol) || self.calendar.session(rule.date).is_none() {
            return Err(SceneError::NoSuchDay);
        }
        if !(rule.factor.is_finite() && (0.0..=MAX_FACTOR).contains(&rule.factor)) {
            return Err(SceneError::NoMultiple);
        }
        let mut memory = self.memory();
        if memory.script.surges.len() >= MAX_SURGES {
            return Err(SceneError::TooMany);
        }
        memory.forget_tape(&(rule.symbol.clone(), rule.date));
        memory.script.surges.push(rule);
        Ok(())
    }

    /// What the tape is made by.
    #[must_use]
    pub fn tape_script(&self) -> TapeScript {
        self.memory().script.clone()
    }

    /// The bar of a whole session's tape, with everything that is ever learnt of its trades.
    pub(crate) fn day_bar(&self, symbol: &Symbol, date: NaiveDate) -> Option<TapeBar> {
        let key = (symbol.clone(), date);
        let (kept, edits) = {
            let memory = self.memory();
            (memory.day_bars.get(&key), memory.changes(&key))
        };
        if kept.is_some() {
            return kept;
        }
        // Years of bars must not push out the tapes that are read: a tape is not kept for its bar.
        let made = self.memory().tapes.get(&key);
        let made = match made {
            Some(tape) => tape,
            None => Arc::new(self.make_tape(symbol, date)?),
        };
        let bar = day_bar(&made.trades, i64::MAX)?;
        let mut memory = self.memory();
        if memory.changes(&key) == edits {
            memory.day_bars.keep(key, bar);
        }
        Some(bar)
    }

    /// The bar of a session whose trades nobody can ask for any more: what its minutes say, without
    /// the cost of its trades.
    pub(crate) fn bar_without_tape(&self, symbol: &Symbol, date: NaiveDate) -> Option<TapeBar> {
        let minutes = self.walk(symbol, date)?.bars;
        let (from, to) = self.split_after(symbol, date, Calendar::LAST_DATE);
        let then = |price: Ticks| Ticks(price.0 * to / from);
        let regular = minutes.iter().filter(|minute| minute.part == MarketSession::Regular);
        let whole = regular.map(|minute| {
            let shares = minute.other_volume * from / to;
            TapeBar {
                open: then(minute.open),
                high: then(minute.high),
                low: then(minute.low),
                close: then(minute.close),
                volume: Shares::of_whole(shares),
                notional: i128::from(then(minute.close).0) * i128::from(Shares::of_whole(shares).0),
                trades: 1,
            }
        });
        whole.reduce(TapeBar::and)
    }

    /// Old shares and new ones of the splits after `date` that have happened by `until`.
    pub(crate) fn split_after(
        &self,
        symbol: &Symbol,
        date: NaiveDate,
        until: NaiveDate,
    ) -> (i64, i64) {
        self.memory().script.split_after(symbol, date, until)
    }

    /// Adds `count` prints to one second, as if they had just been reported late by the vendor.
    /// The rows that were there keep every field.
    ///
    /// # Errors
    /// There is no such session or second, or it is too much.
    pub fn inject_second(
        &self,
        symbol: &Symbol,
        date: NaiveDate,
        second: DateTime<Utc>,
        count: usize,
    ) -> Result<(), SceneError> {
        self.edit(symbol, date, Edit::Inject { second, count })
    }

    /// Withdraws the print at `index` of the day's prints at the instant `at`.
    ///
    /// # Errors
    /// There is no such session or print.
    pub fn cancel(
        &self,
        symbol: &Symbol,
        date: NaiveDate,
        index: usize,
        at: DateTime<Utc>,
    ) -> Result<(), SceneError> {
        self.edit(symbol, date, Edit::Cancel { index, at })
    }

    /// The parts of a whole session, without keeping the session.
    pub(crate) fn summary(&self, symbol: &Symbol, date: NaiveDate) -> Option<Vec<Segment>> {
        let key = (symbol.clone(), date);
        if let Some(kept) = self.memory().summaries.get(&key) {
            return Some(kept);
        }
        let day = self.session(symbol, date)?;
        let segments = day.segments(all_of(&day.hours));
        self.memory().summaries.keep(key, segments.clone());
        Some(segments)
    }

    /// The regular close of the session before `date`.
    pub(crate) fn last_close(&self, symbol: &Symbol, date: NaiveDate) -> Option<crate::Ticks> {
        let position = self.position(date)?;
        let before = self.turns(self.listing(symbol)?).get(position.checked_sub(1)?)?;
        Some(crate::Ticks::nearest_cent(before.close))
    }

    /// A session's regular close in dollars, and the thirty-day implied volatility then.
    pub(crate) fn at_close(&self, symbol: &Symbol, date: NaiveDate) -> Option<(f64, f64)> {
        let listing = self.listing(symbol)?;
        let position = self.position(date)?;
        let level = self.levels(listing).get(position)?;
        Some((self.turns(listing).get(position)?.close, level.month()))
    }

    pub(crate) fn profile(&self, symbol: &Symbol) -> Option<&SymbolProfile> {
        self.listing(symbol).map(|listing| &listing.profile)
    }

    pub(crate) fn lists(&self, symbol: &Symbol) -> bool {
        self.listing(symbol).is_some()
    }

    /// A session as it was before anybody changed it.
    fn untouched(&self, key: &DayKey) -> Option<Arc<Day>> {
        let (symbol, date) = key;
        if self.memory().edits.contains_key(key) {
            return self.generate(symbol, *date).map(|(day, _)| Arc::new(day));
        }
        self.session(symbol, *date)
    }

    fn edit(&self, symbol: &Symbol, date: NaiveDate, edit: Edit) -> Result<(), SceneError> {
        let day = self.session(symbol, date).ok_or(SceneError::NoSuchDay)?;
        edit.check(&day)?;
        let mut memory = self.memory();
        if memory.edit_count >= MAX_EDITS {
            return Err(SceneError::TooMany);
        }
        let key = (symbol.clone(), date);
        memory.edit_count += 1;
        memory.days.forget(&key);
        memory.summaries.forget(&key);
        memory.forget_tape(&key);
        memory.edits.entry(key).or_default().push(edit);
        Ok(())
    }

    fn make_tape(&self, symbol: &Symbol, date: NaiveDate) -> Option<TapeDay> {
        let day = self.session(symbol, date)?;
        let profile = self.profile(symbol)?;
        let (scale, surge, split) = {
            let script = &self.memory().script;
            let split = script.split_after(symbol, date, Calendar::LAST_DATE);
            (script.scale, script.factor(symbol, date), split)
        };
        let maker = Maker {
            profile,
            day: &day,
            scale,
            prints_scale: self.prints_scale,
            surge,
            split,
            dice: Dice::new(self.seed, symbol.as_str(), date, Purpose::Tape),
        };
        Some(TapeDay {
            symbol: symbol.clone(),
            session_date: date,
            hours: day.hours,
            network: tape::network(profile),
            trades: maker.trades(),
        })
    }

    /// The path of a session, before anything is traded on it.
    fn walk(&self, symbol: &Symbol, date: NaiveDate) -> Option<Walk> {
        let listing = self.listing(symbol)?;
        let hours = self.calendar.session(date)?;
        let turns = self.turns(listing);
        let position = self.position(date)?;
        let (before, today) = (turns.get(position.checked_sub(1)?)?, turns[position]);
        let magnets = magnets::alive(self.seed, symbol, turns, position);
        let mut dice = Dice::new(self.seed, symbol.as_str(), date, Purpose::Minutes);
        let bars = path::minutes(&listing.profile, *before, today, &hours, &magnets, &mut dice);
        Some(Walk { hours, magnets, before_close: before.close, bars })
    }

    fn generate(&self, symbol: &Symbol, date: NaiveDate) -> Option<(Day, i64)> {
        let profile = self.profile(symbol)?;
        let position = self.position(date)?;
        let Walk { hours, magnets, before_close, mut bars } = self.walk(symbol, date)?;
        let dice = |purpose| Dice::new(self.seed, symbol.as_str(), date, purpose);
        let mut tape =
            Tape::new(profile, &hours, &bars, &magnets, before_close, dice(Purpose::Prints));
        let next_pre_at = hours.pre_at + (self.next_date(position) - date);
        let mut prints = tape.prints(self.prints_scale, next_pre_at);
        prints.extend(tape.reported_again(dice(Purpose::Cancels)));
        let id_base = self.id_base(symbol);
        tape_order::settle(&mut prints, &mut bars, &hours, id_base, &mut dice(Purpose::Numbers));
        Some((Day { symbol: symbol.clone(), session_date: date, hours, bars, prints }, id_base))
    }

    /// What a symbol's ids count from.
    fn id_base(&self, symbol: &Symbol) -> i64 {
        let mut dice = Dice::new(self.seed, symbol.as_str(), chain::EPOCH, Purpose::Numbers);
        1_000_000_000 * dice.whole(1_000, 50_000)
    }

    fn next_date(&self, position: usize) -> NaiveDate {
        let next = self.dates.get(position + 1).copied();
        next.unwrap_or_else(|| self.dates[position] + Days::new(1))
    }

    fn position(&self, date: NaiveDate) -> Option<usize> {
        self.dates.binary_search(&date).ok()
    }

    fn listing(&self, symbol: &Symbol) -> Option<&Listing> {
        self.listings.iter().find(|listing| listing.profile.symbol == *symbol)
    }

    fn turns<'a>(&self, listing: &'a Listing) -> &'a [Turns] {
        listing
            .turns
            .get_or_init(|| chain::walk(self.seed, &listing.profile, &self.dates, &self.moves))
    }

    fn levels<'a>(&self, listing: &'a Listing) -> &'a [Level] {
        let walk = || options::walk(self.seed, &listing.profile, self.turns(listing));
        listing.levels.get_or_init(walk)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// How often a day was changed by hand, its tape's script included.
    fn changes(&self, key: &DayKey) -> usize {
        self.edits.get(key).map_or(0, Vec::len) + self.script.surges.len()
    }

    fn forget_tape(&mut self, key: &DayKey) {
        self.tapes.forget(key);
        self.day_bars.forget(key);
    }
}

/// The newest entries, a bounded number of them. What is dropped can always be made again.
struct Recent<K, V> {
    entries: HashMap<K, V>,
    order: VecDeque<K>,
    limit: usize,
}

impl<K: Clone + Eq + Hash, V: Clone> Recent<K, V> {
    fn new(limit: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), limit }
    }

    fn get(&self, key: &K) -> Option<V> {
        self.entries.get(key).cloned()
    }

    fn keep(&mut self, key: K, value: V) {
        if self.entries.insert(key.clone(), value).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }

    fn forget(&mut self, key: &K) {
        self.entries.remove(key);
        self.order.retain(|kept| kept != key);
    }
}
