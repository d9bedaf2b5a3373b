//! Engine events turned into events for the screen, at most twenty a second for each symbol.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::NaiveDate;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval};
use undertow_engine::event::{EngineEvent, Touched};
use undertow_market::Symbol;

use crate::app::App;
use crate::convert::{count, ms};
use crate::events::Event;
use crate::handlers::{backfills, status};

/// Twenty times a second is more than an eye can follow and less than a window can draw.
const DRAW_EVERY: Duration = Duration::from_millis(50);
/// Health is told once a second.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// What waits to be told. A later touch of a symbol widens the earlier one.
#[derive(Debug, Default)]
struct Waiting {
    prints: BTreeMap<Symbol, Touched>,
    bars: BTreeMap<Symbol, Touched>,
    flow: BTreeMap<Symbol, Touched>,
    options: BTreeSet<(String, &'static str)>,
    tape: BTreeMap<Symbol, Touched>,
    opportunities: BTreeSet<(Symbol, NaiveDate)>,
}

/// Forwards until the engine is gone.
pub(crate) async fn engine_events(mut events: Receiver<EngineEvent>, app: App) {
    let mut waiting = Waiting::default();
    let mut draw = interval(DRAW_EVERY);
    draw.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut status_told = Instant::now();
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(EngineEvent::Prints(touched)) => widen(&mut waiting.prints, touched),
                Ok(EngineEvent::Bars(touched)) => widen(&mut waiting.bars, touched),
                Ok(EngineEvent::Flow(touched)) => widen(&mut waiting.flow, touched),
                Ok(EngineEvent::Options { symbol, series }) => {
                    waiting.options.insert((name(symbol.as_ref()), series.as_str()));
                }
                Ok(EngineEvent::Tape(touched)) => widen(&mut waiting.tape, touched),
                Ok(EngineEvent::Opportunity { symbol, session_date }) => {
                    waiting.opportunities.insert((symbol, session_date));
                }
                Ok(EngineEvent::Backfill(job)) => {
                    app.tell(Event::Backfill { backfill: Box::new(backfills::view(&job)) });
                }
                Err(RecvError::Lagged(_)) => app.tell(app.view_event()),
                Err(RecvError::Closed) => return,
            },
            _ = draw.tick() => {
                for event in waiting.take() {
                    app.tell(event);
                }
                if status_told.elapsed() >= STATUS_EVERY {
                    status_told = Instant::now();
                    if let Ok(status) = status::read(&app).await {
                        app.tell(Event::Status { status: Box::new(status) });
                    }
                }
            }
        }
    }
}

/// A symbol on the wire; empty for the whole market.
fn name(symbol: Option<&Symbol>) -> String {
    symbol.map(Symbol::to_string).unwrap_or_default()
}

fn widen(waiting: &mut BTreeMap<Symbol, Touched>, touched: Touched) {
    match waiting.get_mut(&touched.symbol) {
        Some(earlier) => {
            earlier.from = earlier.from.min(touched.from);
            earlier.to = earlier.to.max(touched.to);
            earlier.rows += touched.rows;
        }
        None => {
            waiting.insert(touched.symbol.clone(), touched);
        }
    }
}

impl Waiting {
    fn take(&mut self) -> Vec<Event> {
        let prints = std::mem::take(&mut self.prints).into_values().map(|touched| Event::Prints {
            symbol: touched.symbol.to_string(),
            from_ms: ms(touched.from),
            to_ms: ms(touched.to),
            rows: count(touched.rows),
        });
        let bars = std::mem::take(&mut self.bars).into_values().map(|touched| Event::Bars {
            symbol: touched.symbol.to_string(),
            from_ms: ms(touched.from),
            to_ms: ms(touched.to),
        });
        let flow = std::mem::take(&mut self.flow).into_values().map(|touched| Event::Flow {
            symbol: touched.symbol.to_string(),
            from_ms: ms(touched.from),
            to_ms: ms(touched.to),
            rows: count(touched.rows),
        });
        let options = std::mem::take(&mut self.options)
            .into_iter()
            .map(|(symbol, series)| Event::Options { symbol, series: series.to_owned() });
        let tape = std::mem::take(&mut self.tape).into_values().map(|touched| Event::Tape {
            symbol: touched.symbol.to_string(),
            from_ms: ms(touched.from),
            to_ms: ms(touched.to),
        });
        let opportunities =
            std::mem::take(&mut self.opportunities).into_iter().map(|(symbol, session_date)| {
                Event::Opportunity {
                    symbol: symbol.to_string(),
                    session_date: session_date.to_string(),
                }
            });
        prints.chain(bars).chain(flow).chain(options).chain(tape).chain(opportunities).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(symbol: &str, from: &str, to: &str, rows: u64) -> Touched {
        Touched {
            symbol: symbol.parse().unwrap(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            rows,
        }
    }

    #[test]
    fn touches_of_one_symbol_become_one_event() {
        let mut waiting = Waiting::default();
        widen(
            &mut waiting.prints,
            touched("SPY", "2026-03-02T15:00:00Z", "2026-03-02T15:00:05Z", 2),
        );
        widen(
            &mut waiting.prints,
            touched("SPY", "2026-03-02T14:59:00Z", "2026-03-02T15:00:01Z", 3),
        );
        widen(
            &mut waiting.prints,
            touched("QQQ", "2026-03-02T15:00:00Z", "2026-03-02T15:00:00Z", 1),
        );
        let events = waiting.take();
        assert_eq!(events.len(), 2);
        let spy = Event::Prints {
            symbol: "SPY".to_owned(),
            from_ms: 1_772_463_540_000.0,
            to_ms: 1_772_463_605_000.0,
            rows: 5.0,
        };
        assert!(events.contains(&spy), "{events:?}");
        assert!(waiting.take().is_empty());
    }
}
