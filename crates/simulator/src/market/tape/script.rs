//! What a demo or a test adds to the tape: days of heavy off-exchange trading, and splits.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use undertow_market::{Calendar, Symbol};

/// Most surges that a market remembers.
pub const MAX_SURGES: usize = 1_000;
/// A surge of the demonstration, in ordinary days. Earlier ones raise the mean of ninety sessions
/// that a day is measured by, so that the last of them still comes out above four.
const DEMO_FACTOR: f64 = 6.0;
/// Sessions of the demonstration's surge before its first session, and from it on. A client reads
/// a session again for some days, and must find the same one.
const DEMO_BEFORE: usize = 3;
const DEMO_FROM: usize = 3;
/// Whose off-exchange trading surges in a demonstration: one with cheap options, one whose options
/// nobody can trade, and one with dear options.
const DEMO_SYMBOLS: [&str; 3] = ["PLTR", "GME", "MSFT"];
/// Whose shares were split before a demonstration, and into how many.
const DEMO_SPLIT: (&str, i64) = ("PLTR", 3);

/// A day on which off-exchange volume is a multiple of an ordinary day's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurgeRule {
    /// Whose.
    pub symbol: Symbol,
    /// Which session.
    pub date: NaiveDate,
    /// How many ordinary days it is worth.
    pub factor: f64,
}

/// A split: `from` shares became `to`. The market's own prices are in shares after every split;
/// the tape before its first day trades in the old ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitRule {
    /// Whose.
    pub symbol: Symbol,
    /// The first day that trades in new shares.
    pub execution_date: NaiveDate,
    /// Old shares; above zero.
    pub from: i64,
    /// New shares; above zero.
    pub to: i64,
}

/// What the tape is made by, apart from the market.
#[derive(Clone, Debug, PartialEq)]
pub struct TapeScript {
    /// Multiplies the trades that are added to the market's own prints.
    pub scale: f64,
    /// Days of heavy off-exchange trading.
    pub surges: Vec<SurgeRule>,
    /// Splits.
    pub splits: Vec<SplitRule>,
}

impl Default for TapeScript {
    fn default() -> Self {
        Self { scale: 1.0, surges: Vec::new(), splits: Vec::new() }
    }
}

impl TapeScript {
    /// What a demonstration that begins at `start` shows: a surge around its first session, and a
    /// split some months ago.
    #[must_use]
    pub fn demonstration(start: DateTime<Utc>) -> Self {
        let calendar = Calendar::nyse();
        let first = calendar.latest_session(start).unwrap_or(Calendar::LAST_DATE);
        let mut dates = calendar.sessions_ending(first, DEMO_BEFORE + 1);
        let mut last = first;
        for _ in 1..DEMO_FROM {
            let Some(next) = calendar.next_session(last) else { break };
            dates.push(next);
            last = next;
        }
        let surges = |ticker| {
            let symbol = built_in(ticker);
            dates.iter().map(move |date| SurgeRule {
                symbol: symbol.clone(),
                date: *date,
                factor: DEMO_FACTOR,
            })
        };
        let surges = DEMO_SYMBOLS.into_iter().flat_map(surges).collect();
        let (ticker, to) = DEMO_SPLIT;
        let execution_date = split_date(&calendar, first);
        let split = SplitRule { symbol: built_in(ticker), execution_date, from: 1, to };
        Self { surges, splits: vec![split], ..Self::default() }
    }

    /// How many ordinary days a session is worth.
    pub(crate) fn factor(&self, symbol: &Symbol, date: NaiveDate) -> f64 {
        let of_day = |rule: &&SurgeRule| rule.symbol == *symbol && rule.date == date;
        self.surges.iter().rev().find(of_day).map_or(1.0, |rule| rule.factor)
    }

    /// Old shares and new ones, of all splits after `date` and no later than `until`.
    pub(crate) fn split_after(
        &self,
        symbol: &Symbol,
        date: NaiveDate,
        until: NaiveDate,
    ) -> (i64, i64) {
        let later = |rule: &&SplitRule| {
            rule.symbol == *symbol && date < rule.execution_date && rule.execution_date <= until
        };
        let both = |(from, to), rule: &SplitRule| (from * rule.from, to * rule.to);
        self.splits.iter().filter(later).fold((1, 1), both)
    }
}

fn built_in(ticker: &str) -> Symbol {
    Symbol::new(ticker).expect("the built-in tickers are valid")
}

/// The tenth of June or of December, whichever is between half a year and a year back: it moves
/// twice a year only, and lies outside ninety sessions.
fn split_date(calendar: &Calendar, first: NaiveDate) -> NaiveDate {
    let month = if first.month() <= 6 { 6 } else { 12 };
    let tenth = NaiveDate::from_ymd_opt(first.year() - 1, month, 10).unwrap_or(first);
    if calendar.session(tenth).is_some() {
        return tenth;
    }
    calendar.next_session(tenth).unwrap_or(tenth)
}
