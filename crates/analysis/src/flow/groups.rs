//! Trades that belong together: sweeps and repeats.
//!
//! The rule is plain enough to print: trades of one contract on one side, each within a window of
//! the one before. Nothing else is guessed, least of all who traded.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use undertow_market::{OptionContract, OptionTrade, Side, Symbol, TradeFlags};

use super::Opening;

/// The longest time from the first to the last trade of a sweep, seconds. One order that is
/// routed to every exchange at once is filled well within it.
pub const SWEEP_SECONDS: i64 = 1;

/// What a group looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupKind {
    /// One trade.
    Single,
    /// Several trades within [`SWEEP_SECONDS`], on more than one exchange or reported as a sweep.
    Sweep,
    /// Several trades otherwise.
    Repeat,
}

impl GroupKind {
    /// The number on the wire.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Single => 0,
            Self::Sweep => 1,
            Self::Repeat => 2,
        }
    }
}

/// Trades of one contract on one side, close together in time. Its children are the trades of
/// that contract and side from `first_at` to `last_at` that were not withdrawn.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowGroup {
    /// The underlying.
    pub symbol: Symbol,
    /// What was traded.
    pub contract: OptionContract,
    /// The side of all its trades.
    pub side: Side,
    /// What it looks like.
    pub kind: GroupKind,
    /// Its first trade.
    pub first_at: DateTime<Utc>,
    /// Its last trade.
    pub last_at: DateTime<Utc>,
    /// Trades.
    pub trades: i64,
    /// Contracts.
    pub size: i64,
    /// Dollars.
    pub premium: Decimal,
    /// Trades that were reported as part of a sweep.
    pub sweeps: i64,
    /// The flags of its trades, all together.
    pub flags: TradeFlags,
    /// Whether the group as a whole opened a position. Unknown where one of its trades does not
    /// tell the day's volume or the open interest.
    pub opening: Opening,
}

impl FlowGroup {
    /// Premium over contracts and shares a contract, dollars a share. None without contracts.
    #[must_use]
    pub fn average_price(&self) -> Option<Decimal> {
        let shares = Decimal::from(self.size) * Decimal::from(self.contract.multiplier());
        self.premium.checked_div(shares)
    }
}

/// Groups the trades of one session, given in any order. The groups come in the order of their
/// first trades. Withdrawn trades are left out.
#[must_use]
pub fn group(trades: &[OptionTrade], window: TimeDelta) -> Vec<FlowGroup> {
    let mut sorted: Vec<&OptionTrade> =
        trades.iter().filter(|trade| !trade.flags.contains(TradeFlags::CANCELED)).collect();
    sorted.sort_by_key(|trade| (trade.executed_at, trade.id));
    let mut groups: Vec<Vec<&OptionTrade>> = Vec::new();
    let mut newest = HashMap::<(&OptionContract, Side), usize>::new();
    for trade in sorted {
        let key = (&trade.contract, trade.side());
        let open =
            newest.get(&key).copied().filter(|index| is_near(&groups[*index], trade, window));
        let index = open.unwrap_or_else(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[index].push(trade);
        newest.insert(key, index);
    }
    groups.iter().filter_map(|trades| summed(trades)).collect()
}

/// The rule of [`group`], for the screen.
#[must_use]
pub fn rule_in_words(window: TimeDelta) -> String {
    let seconds = window.num_seconds();
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!(
        "Trades of the same contract on the same side, each within {seconds} {unit} of the one \
         before. A sweep is a group of at least two, all within {SWEEP_SECONDS} second, on more \
         than one exchange or reported as a sweep; other groups of at least two are repeats. \
         Cancelled trades are left out."
    )
}

fn is_near(group: &[&OptionTrade], trade: &OptionTrade, window: TimeDelta) -> bool {
    group.last().is_some_and(|last| trade.executed_at - last.executed_at <= window)
}

/// Sums up trades in order of time. None of no trades.
fn summed(trades: &[&OptionTrade]) -> Option<FlowGroup> {
    let (first, last) = (trades.first()?, trades.last()?);
    let is_sweep = |trade: &&&OptionTrade| trade.flags.contains(TradeFlags::SWEEP);
    let size = trades.iter().map(|trade| trade.size).sum();
    Some(FlowGroup {
        symbol: first.symbol.clone(),
        contract: first.contract.clone(),
        side: first.side(),
        kind: kind(trades),
        first_at: first.executed_at,
        last_at: last.executed_at,
        trades: count(trades.len()),
        size,
        premium: trades.iter().map(|trade| trade.premium()).sum(),
        sweeps: count(trades.iter().filter(is_sweep).count()),
        flags: trades.iter().fold(TradeFlags::empty(), |flags, trade| flags | trade.flags),
        opening: opening(trades, size),
    })
}

fn kind(trades: &[&OptionTrade]) -> GroupKind {
    let [first, .., last] = trades else { return GroupKind::Single };
    let is_fast = last.executed_at - first.executed_at <= TimeDelta::seconds(SWEEP_SECONDS);
    let is_reported = trades.iter().any(|trade| trade.flags.contains(TradeFlags::SWEEP));
    let mut exchanges = trades.iter().filter_map(|trade| trade.exchange.as_deref());
    let one = exchanges.next();
    let is_spread = exchanges.any(|other| Some(other) != one);
    if is_fast && (is_reported || is_spread) { GroupKind::Sweep } else { GroupKind::Repeat }
}

/// The group as one trade: all that could be closed by it was open before, or traded outside it.
fn opening(trades: &[&OptionTrade], size: i64) -> Opening {
    let largest = |of: fn(&OptionTrade) -> Option<i64>| {
        let numbers: Option<Vec<i64>> = trades.iter().map(|trade| of(trade)).collect();
        numbers?.into_iter().max()
    };
    Opening::of(size, largest(|trade| trade.day_volume), largest(|trade| trade.open_interest))
}

fn count(length: usize) -> i64 {
    i64::try_from(length).expect("no slice is longer than an i64 counts")
}
