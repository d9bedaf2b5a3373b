//! Trades of the stream on their way to the store.
//!
//! One write is under way at a time; what comes meanwhile waits and goes with the next one. So a
//! quiet market is stored at once, and a busy one in larger and fewer transactions, which cost less
//! for each trade.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;
use undertow_market::{OptionTrade, Symbol};
use undertow_vendor::Reject;

use crate::common::Place;
use crate::event::{EngineEvent, Touched};
use crate::feed::Series;
use crate::shared::{MARKET, Shared};
use crate::validate;
use crate::writer::{Books, Rows, WriteError};

/// Most trades of one write. Larger ones cost no less for each trade, and delay the first of them.
const MAX_WRITE: usize = 10_000;
/// When as many rows wait, the stream is not read on until some are on their way: a second of the
/// busiest market. One batch more may come on top.
const MAX_WAITING: usize = 2 * MAX_WRITE;

pub(super) struct Intake {
    waiting: Waiting,
    writing: Option<JoinHandle<()>>,
    write: Box<dyn Fn(Waiting) -> JoinHandle<()> + Send>,
}

#[derive(Default)]
struct Waiting {
    trades: Vec<OptionTrade>,
    rejects: Vec<Reject>,
}

impl Waiting {
    fn len(&self) -> usize {
        self.trades.len() + self.rejects.len()
    }

    fn take_in(&mut self, mut trades: Vec<OptionTrade>, mut rejects: Vec<Reject>) {
        if self.trades.is_empty() {
            self.trades = trades;
        } else {
            self.trades.append(&mut trades);
        }
        self.rejects.append(&mut rejects);
    }

    /// The oldest of them, as many as one write takes.
    fn next(&mut self) -> Self {
        let later = self.trades.split_off(self.trades.len().min(MAX_WRITE));
        let trades = std::mem::replace(&mut self.trades, later);
        Self { trades, rejects: std::mem::take(&mut self.rejects) }
    }
}

impl Intake {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self::writing_by(move |rows| {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                if let Err(error) = store(&shared, rows).await {
                    let what = "what the stream brought was not stored; it is asked for again";
                    tracing::warn!(%error, what);
                }
            })
        })
    }

    fn writing_by(write: impl Fn(Waiting) -> JoinHandle<()> + Send + 'static) -> Self {
        Self { waiting: Waiting::default(), writing: None, write: Box::new(write) }
    }

    /// Whether more may be added.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < MAX_WAITING
    }

    /// Takes rows in, and has them written at once where nothing is under way.
    pub(super) fn add(&mut self, trades: Vec<OptionTrade>, rejects: Vec<Reject>) {
        self.waiting.take_in(trades, rejects);
        if self.writing.is_none() {
            self.write_next();
        }
    }

    /// Ends when a write does, and begins the next one. Without a write it never ends.
    pub(super) async fn written(&mut self) {
        match &mut self.writing {
            // One that panicked has lost its rows; they are asked for.
            Some(writing) => drop(writing.await),
            None => return std::future::pending().await,
        }
        self.write_next();
    }

    /// Writes everything that waits.
    pub(super) async fn finish(&mut self) {
        while self.writing.is_some() {
            self.written().await;
        }
    }

    fn write_next(&mut self) {
        let has_rows = self.waiting.len() > 0;
        self.writing = has_rows.then(|| (self.write)(self.waiting.next()));
    }
}

async fn store(shared: &Shared, rows: Waiting) -> Result<(), WriteError> {
    let Some(place) = place(shared) else { return Ok(()) };
    let Waiting { trades, mut rejects } = rows;
    let problem = |trade: &OptionTrade| validate::trade_problem(trade, &shared.calendar);
    let (trades, mut impossible) = validate::sift(trades, &place.symbol, problem);
    rejects.append(&mut impossible);
    let touched = touched(trades.iter().map(|trade| (&trade.symbol, trade.executed_at)));
    let rows = Rows::OptionTrades(trades.into());
    shared.writer.rows(&place, rows, rejects, Books::default()).await?;
    touched.into_iter().for_each(|touched| shared.tell(EngineEvent::Flow(touched)));
    Ok(())
}

/// Rows of the stream are of several symbols and enter no slot.
fn place(shared: &Shared) -> Option<Place> {
    let session_date = shared.calendar.latest_session(shared.clock.now())?;
    Some(Place { series: Series::OptionTrades, symbol: Symbol::new(MARKET).ok()?, session_date })
}

fn touched<'r>(rows: impl Iterator<Item = (&'r Symbol, DateTime<Utc>)>) -> Vec<Touched> {
    let mut by_symbol = BTreeMap::<&Symbol, (DateTime<Utc>, DateTime<Utc>, u64)>::new();
    for (symbol, at) in rows {
        let stretch = by_symbol.entry(symbol).or_insert((at, at, 0));
        *stretch = (stretch.0.min(at), stretch.1.max(at), stretch.2 + 1);
    }
    let of = |(symbol, (from, to, rows)): (&Symbol, _)| Touched {
        symbol: symbol.clone(),
        from,
        to,
        rows,
    };
    by_symbol.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use chrono::NaiveDate;
    use rust_decimal::Decimal;
    use tokio::sync::Semaphore;
    use undertow_market::{MarketSession, OptionKind, Price, TradeFlags, VendorId};

    use super::*;

    fn trades(count: usize) -> Vec<OptionTrade> {
        let (symbol, price) = (Symbol::new("SPY").unwrap(), Price::new(Decimal::ONE).unwrap());
        let day = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        let trade = OptionTrade {
            vendor: VendorId::UnusualWhales,
            id: "0a1b2c3d-0000-4000-8000-000000000001".parse().unwrap(),
            contract: undertow_market::OptionContract {
                root: symbol.clone(),
                expiry: day,
                kind: OptionKind::Call,
                strike: price,
            },
            symbol,
            session_date: day,
            session: MarketSession::Regular,
            executed_at: DateTime::UNIX_EPOCH,
            received_at: DateTime::UNIX_EPOCH,
            price,
            size: 1,
            quote: None,
            underlying_price: None,
            implied_volatility: None,
            delta: None,
            gamma: None,
            open_interest: None,
            day_volume: None,
            flags: TradeFlags::empty(),
            condition: None,
            exchange: None,
        };
        vec![trade; count]
    }

    /// An intake whose writes take until they are let go, and what they were given.
    fn held() -> (Intake, Arc<Semaphore>, Arc<Mutex<Vec<usize>>>) {
        let (gate, written) = (Arc::new(Semaphore::new(0)), Arc::<Mutex<Vec<usize>>>::default());
        let (held, noted) = (Arc::clone(&gate), Arc::clone(&written));
        let intake = Intake::writing_by(move |rows| {
            noted.lock().unwrap().push(rows.len());
            let held = Arc::clone(&held);
            tokio::spawn(async move { held.acquire().await.unwrap().forget() })
        });
        (intake, gate, written)
    }

    #[tokio::test]
    async fn what_comes_while_a_write_is_under_way_goes_with_the_next_one() {
        let (mut intake, gate, written) = held();
        for count in [3, 5, 7] {
            intake.add(trades(count), vec![]);
        }
        assert_eq!(*written.lock().unwrap(), [3]);
        gate.add_permits(1);
        intake.written().await;
        assert_eq!(*written.lock().unwrap(), [3, 12]);
        gate.add_permits(1);
        intake.finish().await;
        intake.add(trades(1), vec![]);
        assert_eq!(*written.lock().unwrap(), [3, 12, 1]);
    }

    #[tokio::test]
    async fn a_slow_database_holds_up_the_stream_and_loses_nothing() {
        let (mut intake, gate, written) = held();
        let mut taken = 0;
        while intake.has_room() {
            intake.add(trades(1_999), vec![]);
            taken += 1_999;
        }
        assert!(taken < MAX_WAITING + 2 * 1_999, "{taken}");
        gate.add_permits(usize::from(u16::MAX));
        intake.finish().await;
        let written = written.lock().unwrap();
        assert_eq!(written.iter().sum::<usize>(), taken);
        assert!(written.iter().all(|rows| *rows <= MAX_WRITE), "{written:?}");
    }

    #[tokio::test]
    async fn rejects_alone_are_written_too() {
        let (mut intake, _gate, written) = held();
        let reject = Reject { symbol: None, raw: "[]".to_owned(), reason: "no channel".to_owned() };
        intake.add(vec![], vec![reject]);
        assert_eq!(*written.lock().unwrap(), [1]);
    }
}
