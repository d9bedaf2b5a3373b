//! From how many dollars the off-exchange trades of a symbol's day are kept one by one.
//!
//! The setting's floor holds for every symbol. Where a percentile is asked for, a symbol whose
//! largest trades are smaller than that has a floor of its own: the percentile of its trades in the
//! sessions before the day, or in those after it where history is read backwards (docs/adr/0016).
//! The lower of the two counts, so everything from it on is there, whichever channel brings it. A
//! day that is read again never gets a higher floor by a percentile than it has: what is stored
//! must not go because history was completed.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use undertow_analysis::tape::{FLOOR_SESSIONS, TapeKeep};
use undertow_market::{Calendar, Symbol};
use undertow_store::tape::TapeBookRow;
use undertow_store::{Store, StoreError};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floors {
    dollars: Decimal,
    /// In thousandths.
    percentile: Option<u16>,
}

/// The floors of many symbols on one day.
#[derive(Clone, Debug)]
pub(super) struct DayFloors {
    own: HashMap<Symbol, Decimal>,
    dollars: Decimal,
}

impl Floors {
    pub(super) fn new(dollars: u32, percentile: Option<u16>) -> Self {
        Self { dollars: dollars.into(), percentile }
    }

    /// The floor of one symbol on a day.
    pub(super) async fn of(
        &self,
        store: &Store,
        calendar: &Calendar,
        symbol: &Symbol,
        date: NaiveDate,
    ) -> Result<TapeKeep, StoreError> {
        let one = std::slice::from_ref(symbol);
        Ok(self.of_day(store, calendar, Some(one), date).await?.of(symbol))
    }

    /// The floors of these symbols on a day, or of all.
    pub(super) async fn of_day(
        &self,
        store: &Store,
        calendar: &Calendar,
        symbols: Option<&[Symbol]>,
        date: NaiveDate,
    ) -> Result<DayFloors, StoreError> {
        let mut floors = DayFloors { own: HashMap::new(), dollars: self.dollars };
        let Some(percentile) = self.percentile.filter(|_| symbols != Some(&[])) else {
            return Ok(floors);
        };
        // Those before the day come last: they stand in the place of those after it.
        for sessions in [sessions_after(calendar, date), sessions_before(calendar, date)] {
            let notionals = store.tape_notionals(symbols, &sessions).await?;
            let known = notionals.into_iter();
            floors
                .own
                .extend(known.filter_map(|(symbol, of)| Some((symbol, of.floor(percentile)?))));
        }
        for book in stored(store, symbols, date).await? {
            let floor = floors.own.entry(book.symbol).or_insert(book.prints_floor);
            *floor = book.prints_floor.min(*floor);
        }
        Ok(floors)
    }

    /// In words that tell two askings apart.
    pub(super) fn words(&self) -> String {
        match self.percentile {
            None => format!("prints from {} dollars", self.dollars),
            Some(per_mille) => format!(
                "prints from {} dollars or percentile {}",
                self.dollars,
                Decimal::new(per_mille.into(), 1).normalize()
            ),
        }
    }
}

impl DayFloors {
    /// What is kept of a symbol.
    pub(super) fn of(&self, symbol: &Symbol) -> TapeKeep {
        let own = self.own.get(symbol).copied().unwrap_or(self.dollars);
        TapeKeep { print_floor: own.min(self.dollars) }
    }
}

/// What is stored of the day.
async fn stored(
    store: &Store,
    symbols: Option<&[Symbol]>,
    date: NaiveDate,
) -> Result<Vec<TapeBookRow>, StoreError> {
    match symbols {
        Some([symbol]) => Ok(store.tape_book(symbol, date).await?.into_iter().collect()),
        _ => store.tape_books(date).await,
    }
}

fn sessions_before(calendar: &Calendar, date: NaiveDate) -> Vec<NaiveDate> {
    date.pred_opt().map_or_else(Vec::new, |last| calendar.sessions_ending(last, FLOOR_SESSIONS))
}

fn sessions_after(calendar: &Calendar, date: NaiveDate) -> Vec<NaiveDate> {
    let days = Days::new(2 * FLOOR_SESSIONS as u64);
    let (Some(first), Some(last)) = (date.succ_opt(), date.checked_add_days(days)) else {
        return Vec::new();
    };
    let mut sessions = calendar.sessions_between(first, last);
    sessions.truncate(FLOOR_SESSIONS);
    sessions
}
