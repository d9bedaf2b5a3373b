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

use crate::event::{EngineEvent, Touched};
use crate::feed::Series;
use crate::shared::{MARKET, Place, Shared};
use crate::validate;
use crate::writer::{Books, Rows, WriteError};

/// When as many rows wait, the stream is not read on until they are on their way: two seconds of
/// the busiest market. One batch more may come on top.
const MAX_WAITING: usize = 50_000;

pub(super) struct Intake {
    shared: Arc<Shared>,
    waiting: Waiting,
    writing: Option<JoinHandle<()>>,
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
}

impl Intake {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, waiting: Waiting::default(), writing: None }
    }

    /// Whether more may be added.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < MAX_WAITING
    }

    /// Takes rows in, and has them written at once where nothing is under way.
    pub(super) fn add(&mut self, trades: Vec<OptionTrade>, rejects: Vec<Reject>) {
        self.waiting.take_in(trades, rejects);
        if self.writing.is_none() {
            self.write();
        }
    }

    /// Ends when a write does, and begins the next one. Without a write it never ends.
    pub(super) async fn written(&mut self) {
        match &mut self.writing {
            // One that panicked has lost its rows; they are asked for.
            Some(writing) => drop(writing.await),
            None => return std::future::pending().await,
        }
        self.write();
    }

    /// Writes everything that waits.
    pub(super) async fn finish(&mut self) {
        while self.writing.is_some() {
            self.written().await;
        }
    }

    fn write(&mut self) {
        self.writing = None;
        if self.waiting.len() == 0 {
            return;
        }
        let (shared, rows) = (Arc::clone(&self.shared), std::mem::take(&mut self.waiting));
        self.writing = Some(tokio::spawn(async move {
            if let Err(error) = store(&shared, rows).await {
                tracing::warn!(
                    %error,
                    "what the stream brought was not stored; it is asked for again"
                );
            }
        }));
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
