//! Takes in the vendor's live stream, where the plan has one.
//!
//! The stream makes things fast; completeness does not rest on it. The tapes are asked for all
//! the same, more rarely while the stream is live and at once when it breaks, so a stream that
//! was cut leaves no hole: what it did not bring is read, and what came twice is one row.

mod intake;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use undertow_market::{Price, Symbol};
use undertow_store::log::LogLevel;
use undertow_vendor::unusual_whales::stream::{
    Channel, StreamBatch, StreamConfig, StreamEvent, StreamHandle, StreamOver, start,
};

use crate::feed::Series;
use crate::journal;
use crate::shared::Shared;
use intake::Intake;

/// How often the joined channels are brought in line with the watch list.
const FOLLOW_EVERY: Duration = Duration::from_secs(2);

/// How the stream does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StreamPhase {
    /// Not wanted, or another program collects.
    #[default]
    Off,
    /// On the way to the vendor.
    Joining,
    /// Rows arrive.
    Live,
    /// The plan does not include it.
    Refused,
    /// Broken; it is joined again soon.
    Waiting,
}

impl StreamPhase {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Joining => "joining",
            Self::Live => "live",
            Self::Refused => "refused",
            Self::Waiting => "waiting",
        }
    }
}

/// The stream at a glance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamView {
    /// How it does.
    pub phase: StreamPhase,
    /// The same in words, where there is something to say.
    pub note: Option<String>,
    /// Newest price of each underlying that it told, and when.
    pub prices: BTreeMap<Symbol, (Price, DateTime<Utc>)>,
}

/// What the stream tells the other tasks.
pub(crate) struct StreamState {
    view: Mutex<StreamView>,
    /// Counts how often the stream broke.
    breaks: watch::Sender<u64>,
    /// Wakes the collector of a symbol's series.
    news: Mutex<BTreeMap<(Symbol, Series), Arc<Notify>>>,
}

impl Default for StreamState {
    fn default() -> Self {
        Self { view: Mutex::default(), breaks: watch::Sender::new(0), news: Mutex::default() }
    }
}

impl StreamState {
    /// The stream at a glance.
    pub(crate) fn view(&self) -> StreamView {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Follows how often the stream broke.
    pub(crate) fn breaks(&self) -> watch::Receiver<u64> {
        self.breaks.subscribe()
    }

    /// Is notified when the stream tells that there is something new to ask for.
    pub(crate) fn news(&self, symbol: &Symbol, series: Series) -> Arc<Notify> {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(news.entry((symbol.clone(), series)).or_default())
    }

    fn say(&self, phase: StreamPhase, note: Option<String>) {
        let mut view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        (view.phase, view.note) = (phase, note);
    }
}

/// Joins the stream and takes in what it brings, until the engine stops or the vendor refuses.
pub(crate) async fn run(
    shared: Arc<Shared>,
    config: StreamConfig,
    symbols: Arc<Mutex<Vec<Symbol>>>,
    stop: CancellationToken,
) {
    let watched = || symbols.lock().unwrap_or_else(PoisonError::into_inner).clone();
    shared.stream.say(StreamPhase::Joining, None);
    let mut joined = channels(&watched());
    let (handle, mut events) = match start(config, joined.iter().cloned(), stop.clone()) {
        Ok(started) => started,
        Err(error) => return refused(&shared, error.to_string()).await,
    };
    let mut follow = tokio::time::interval(FOLLOW_EVERY);
    let mut intake = Intake::new(Arc::clone(&shared));
    while !stop.is_cancelled() {
        tokio::select! {
            event = events.recv(), if intake.has_room() => match event {
                Some(event) => take(&shared, event, &watched(), &mut intake).await,
                None => break,
            },
            () = intake.written() => {}
            _ = follow.tick() => {
                let wanted = channels(&watched());
                if change(&handle, &joined, &wanted).await.is_err() {
                    break;
                }
                joined = wanted;
            }
            () = stop.cancelled() => {}
        }
    }
    tokio::select! {
        () = intake.finish() => {}
        () = stop.cancelled() => {}
    }
    shared.plan.set_streams(false);
    if shared.stream.view().phase != StreamPhase::Refused {
        shared.stream.say(StreamPhase::Off, None);
    }
}

/// The channels that a watch list needs.
fn channels(symbols: &[Symbol]) -> HashSet<Channel> {
    let own = symbols
        .iter()
        .flat_map(|symbol| [Channel::OptionTrades(symbol.clone()), Channel::Price(symbol.clone())]);
    own.chain([Channel::FlowAlerts, Channel::OffLitTrades]).collect()
}

async fn change(
    handle: &StreamHandle,
    joined: &HashSet<Channel>,
    wanted: &HashSet<Channel>,
) -> Result<(), StreamOver> {
    for channel in wanted.difference(joined) {
        handle.subscribe(channel.clone()).await?;
    }
    for channel in joined.difference(wanted) {
        handle.unsubscribe(channel.clone()).await?;
    }
    Ok(())
}

async fn take(shared: &Shared, event: StreamEvent, watched: &[Symbol], intake: &mut Intake) {
    match event {
        StreamEvent::Connected { .. } => shared.stream.say(StreamPhase::Joining, None),
        StreamEvent::Joined { channel: Channel::OptionTrades(_), .. } => live(shared).await,
        StreamEvent::Joined { .. } => {}
        StreamEvent::NotJoined { channel } => {
            not_joined(shared, &channel, "the vendor did not confirm it").await;
        }
        StreamEvent::ChannelRefused { channel, reason } => {
            not_joined(shared, &channel, &reason).await;
        }
        StreamEvent::Refused { reason } => refused(shared, reason).await,
        StreamEvent::Batch(batch) => take_in(shared, batch, watched, intake),
        StreamEvent::Disconnected { reason, .. } => broken(shared, reason).await,
    }
}

async fn not_joined(shared: &Shared, channel: &Channel, reason: &str) {
    let message = format!("the live stream's {channel} is not to be had: {reason}");
    if let Channel::OptionTrades(_) = channel {
        shared.plan.set_streams(false);
    }
    let phase = shared.stream.view().phase;
    shared.stream.say(phase, Some(message.clone()));
    journal::note(shared, LogLevel::Warning, "stream", message).await;
}

async fn refused(shared: &Shared, reason: String) {
    shared.plan.set_streams(false);
    shared.stream.say(StreamPhase::Refused, Some(reason.clone()));
    let message =
        format!("the live stream is not to be had: {reason}. Everything is asked for instead.");
    journal::note(shared, LogLevel::Info, "stream", message).await;
}

async fn live(shared: &Shared) {
    if shared.stream.view().phase == StreamPhase::Live {
        return;
    }
    shared.stream.say(StreamPhase::Live, None);
    shared.plan.set_streams(true);
    // What happened between the last question and the join is asked for at once.
    shared.stream.breaks.send_modify(|breaks| *breaks += 1);
    journal::note(shared, LogLevel::Info, "stream", "the live stream is joined".to_owned()).await;
}

async fn broken(shared: &Shared, reason: String) {
    let was_live = shared.stream.view().phase == StreamPhase::Live;
    shared.plan.set_streams(false);
    shared.stream.say(StreamPhase::Waiting, Some(reason.clone()));
    shared.stream.breaks.send_modify(|breaks| *breaks += 1);
    if was_live {
        let message = format!("the live stream broke: {reason}. What it missed is asked for.");
        journal::note(shared, LogLevel::Warning, "stream", message).await;
    }
}

/// Option trades are stored as they come. Off-exchange prints lack what tells them apart, and
/// alerts carry another time than where they are asked for: both only say that it is worth asking.
fn take_in(shared: &Shared, batch: StreamBatch, watched: &[Symbol], intake: &mut Intake) {
    note_prices(shared, &batch);
    let prints = batch.off_lit.iter().map(|trade| (&trade.symbol, Series::Prints));
    let alerts = batch.alerts.iter().map(|alert| (&alert.symbol, Series::FlowAlerts));
    for (symbol, series) in prints.chain(alerts).filter(|(symbol, _)| watched.contains(symbol)) {
        shared.stream.news(symbol, series).notify_one();
    }
    intake.add(batch.trades, batch.rejects);
}

fn note_prices(shared: &Shared, batch: &StreamBatch) {
    let mut view = shared.stream.view.lock().unwrap_or_else(PoisonError::into_inner);
    for tick in &batch.prices {
        view.prices.insert(tick.symbol.clone(), (tick.price, tick.at));
    }
}
