//! The options routes. Every sum is one of the same trades: those on the tape now, without the
//! withdrawn ones.

pub(super) mod alerts;
pub(super) mod contracts;
pub(super) mod exposure;
pub(super) mod levels;
pub(super) mod row;
pub(super) mod sums;
pub(super) mod tides;
pub(super) mod trades;
pub(super) mod volatility;

use undertow_market::{OptionKind, Symbol};

use crate::market::{Market, OptionDay, SimTrade};
use crate::ticks::Ticks;

/// Ticks in a dollar.
const PER_DOLLAR: i64 = 10_000;

/// A trade's premium in dollars. Option prices are whole cents, so it has no cents.
fn dollars(trade: &SimTrade) -> i64 {
    trade.premium().0 / PER_DOLLAR
}

/// A price without idle zeros: `712`, `204.5`.
fn plain(ticks: Ticks) -> String {
    let text = ticks.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn is_call(day: &OptionDay, trade: &SimTrade) -> bool {
    day.lines[trade.line].contract.kind == OptionKind::Call
}

fn is_out_of_the_money(day: &OptionDay, trade: &SimTrade) -> bool {
    let strike = day.lines[trade.line].strike;
    if is_call(day, trade) { strike > trade.underlying } else { strike < trade.underlying }
}

/// A comma-joined list of tickers; a leading minus turns it into the ones that are not wanted.
struct Tickers<'a>(Option<&'a str>);

impl Tickers<'_> {
    /// The symbols that are meant. Those that count in the whole market unless others are named.
    fn of<'m>(&self, market: &'m Market) -> Vec<&'m Symbol> {
        if self.0.is_none_or(|text| text.starts_with('-')) {
            return market.followed().filter(|symbol| self.take(symbol)).collect();
        }
        market.symbols().filter(|symbol| self.take(symbol)).collect()
    }

    fn take(&self, symbol: &Symbol) -> bool {
        let Some(text) = self.0 else {
            return true;
        };
        let (wanted, list) = text.strip_prefix('-').map_or((true, text), |list| (false, list));
        list.split(',').any(|ticker| ticker.trim() == symbol.as_str()) == wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_lose_their_idle_zeros_and_no_others() {
        for (ticks, text) in [(7_120_000, "712"), (2_045_000, "204.5"), (100, "0.01"), (0, "0")] {
            assert_eq!(plain(Ticks(ticks)), text);
        }
    }

    #[test]
    fn a_minus_turns_the_list_of_tickers_round() {
        let spy = Symbol::new("SPY").unwrap();
        for (list, takes) in
            [(None, true), (Some("QQQ,SPY"), true), (Some("QQQ"), false), (Some("-QQQ,SPY"), false)]
        {
            assert_eq!(Tickers(list).take(&spy), takes, "{list:?}");
        }
    }
}
