//! The task that reads frames and hands on batches.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use undertow_market::Calendar;

use super::super::parse::{FrameReader, Row};
use super::listen::Item;
use super::{StreamBatch, StreamConfig, StreamEvent, StreamLimits};
use crate::Reject;
use crate::socket::Secret;

pub(super) struct Batcher {
    calendar: Arc<Calendar>,
    min_premium: Decimal,
    limits: StreamLimits,
    secret: Secret,
    queue: mpsc::Receiver<Item>,
    events: mpsc::Sender<StreamEvent>,
}

/// Nobody takes the events.
struct NoReceiver;

impl Batcher {
    pub(super) fn new(
        config: &StreamConfig,
        secret: Secret,
        queue: mpsc::Receiver<Item>,
        events: mpsc::Sender<StreamEvent>,
    ) -> Self {
        let (calendar, limits) = (Arc::clone(&config.calendar), config.limits);
        let min_premium = Decimal::from(config.min_premium);
        Self { calendar, min_premium, limits, secret, queue, events }
    }

    pub(super) async fn run(mut self) {
        let calendar = Arc::clone(&self.calendar);
        let mut reader = FrameReader::new(&calendar);
        let mut batch = Growing::default();
        loop {
            let due = batch.begun_at.map(|begun_at| begun_at + self.limits.batch_every);
            let taken = tokio::select! {
                biased;
                () = self.events.closed() => return,
                item = self.queue.recv() => self.on_item(&mut reader, &mut batch, item).await,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.flush(&mut batch).await.map(|()| true)
                }
            };
            if !matches!(taken, Ok(true)) {
                return;
            }
        }
    }

    /// Whether there is more to come.
    async fn on_item(
        &self,
        reader: &mut FrameReader<'_>,
        batch: &mut Growing,
        item: Option<Item>,
    ) -> Result<bool, NoReceiver> {
        match item {
            Some(Item::Frame { text, received_at, .. }) => {
                self.add(batch, reader.read(&text, received_at), received_at);
                let begun_at = *batch.begun_at.get_or_insert_with(Instant::now);
                let is_due = begun_at.elapsed() >= self.limits.batch_every;
                if is_due || batch.frames >= self.limits.batch_rows {
                    self.flush(batch).await?;
                }
                Ok(true)
            }
            Some(Item::Event(event)) => {
                // What came before the event is told before it.
                self.flush(batch).await?;
                self.events.send(event).await.map_err(|_| NoReceiver)?;
                Ok(true)
            }
            None => self.flush(batch).await.map(|()| false),
        }
    }

    fn add(&self, batch: &mut Growing, row: Result<Row, Reject>, received_at: DateTime<Utc>) {
        batch.frames += 1;
        let rows = &mut batch.rows;
        rows.received_at = received_at;
        match row {
            Ok(Row::Trade(trade)) if trade.premium() < self.min_premium => rows.below_floor += 1,
            Ok(Row::Trade(trade)) => rows.trades.push(*trade),
            Ok(Row::Alert(alert)) => rows.alerts.push(*alert),
            Ok(Row::Price(tick)) => rows.prices.push(tick),
            Ok(Row::OffLit(trade)) => rows.off_lit.push(*trade),
            // Taken by the listener, which knows what was asked for.
            Ok(Row::Reply(_)) => {}
            Err(reject) if self.repeats_key(&reject) => rows.rejects.push(Reject::withheld()),
            Err(reject) => rows.rejects.push(reject),
        }
    }

    fn repeats_key(&self, reject: &Reject) -> bool {
        let symbol = reject.symbol.as_deref().unwrap_or_default();
        [symbol, &reject.raw, &reject.reason].into_iter().any(|text| self.secret.is_in(text))
    }

    async fn flush(&self, batch: &mut Growing) -> Result<(), NoReceiver> {
        let Growing { rows, frames, .. } = std::mem::take(batch);
        if frames == 0 {
            return Ok(());
        }
        self.events.send(StreamEvent::Batch(rows)).await.map_err(|_| NoReceiver)
    }
}

#[derive(Default)]
struct Growing {
    rows: StreamBatch,
    /// How many frames were read for it.
    frames: usize,
    begun_at: Option<Instant>,
}
