//! `/stocks`: the second vendor's websocket. One connection carries every topic; what is said on
//! it is an array, and what the client says is a single object.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use serde::Deserialize;
use tokio::sync::{Notify, OwnedSemaphorePermit, watch};
use tokio::time::MissedTickBehavior;

use super::faults::{Fault, STOCKS_FRAMES, STOCKS_PATH};
use super::listener::Connection;
use super::outbox::{End, Outbox, Outgoing, hold};
use super::socket::{LONGEST_LEAP, LOOK_EVERY, STRETCH};
use super::{Shared, at_the_edge, reply};
use crate::answer::Answer;
use crate::polygon::stream::{
    Burst, Joined, Named, Stretch, Topic, burst_frames, frame, frames, status,
};
use crate::polygon::{DELAY, broken};

/// Topics that one connection has.
const MAX_TOPICS: usize = 20_000;
/// Who says nothing of a key for so long is sent away.
const AUTH_WITHIN: Duration = Duration::from_secs(10);
/// The close code of a connection too many.
const POLICY: u16 = 1008;
/// As the vendor writes it, with its blank.
const TOO_MANY: &str = "Maximum number of websocket connections exceeded. ";
/// Trades of a burst that are made at once.
const BURST_STEP: u64 = 20_000;

/// What a client asks for.
#[derive(Deserialize)]
struct Command {
    action: String,
    #[serde(default)]
    params: String,
}

/// The connections that showed the key, oldest first.
#[derive(Default)]
pub(super) struct Seats(Mutex<Vec<Arc<Notify>>>);

impl Seats {
    /// Takes a seat. Whoever sat there longest has to go when there are too many.
    fn take(&self, most: usize) -> Arc<Notify> {
        let own = Arc::new(Notify::new());
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seats.push(Arc::clone(&own));
        while seats.len() > most.max(1) {
            seats.remove(0).notify_one();
        }
        own
    }

    fn leave(&self, own: &Arc<Notify>) {
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seats.retain(|seat| !Arc::ptr_eq(seat, own));
    }
}

pub(super) async fn open(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    shared.note(STOCKS_PATH.to_owned());
    let fault = shared.faults.take(STOCKS_PATH);
    if let Some(response) = at_the_edge(&shared, &connection, fault.as_ref()).await {
        return response;
    }
    match fault {
        Some(Fault::Status500) => return reply::whole(broken(500), None),
        Some(Fault::Status502) => return reply::whole(broken(502), None),
        Some(Fault::Status429Minute | Fault::Status429Day | Fault::Status429Empty) => {
            return reply::whole(Answer::text(429, ""), None);
        }
        _ => {}
    }
    let Ok(permit) = Arc::clone(&shared.sockets).try_acquire_owned() else {
        return reply::whole(Answer::text(503, "too many websockets"), None);
    };
    match upgrade {
        Ok(upgrade) => upgrade.on_upgrade(|socket| serve(socket, shared, connection, permit)),
        Err(rejection) => rejection.into_response(),
    }
}

async fn serve(
    socket: WebSocket,
    shared: Arc<Shared>,
    connection: Connection,
    _permit: OwnedSemaphorePermit,
) {
    let talk = async |outbox, source| {
        let mut session = Session::new(Arc::clone(&shared), outbox);
        let end = match session.run(source).await {
            Ok(()) => End::Over,
            Err(end) => end,
        };
        session.leave();
        end
    };
    hold(socket, &shared, connection, talk).await;
}

struct Session {
    shared: Arc<Shared>,
    outbox: Outbox,
    /// Taken when the key was shown.
    seat: Option<Arc<Notify>>,
    joined: Vec<Joined>,
    /// Until when everything has been pushed.
    upto: DateTime<Utc>,
    bursts: watch::Receiver<Option<Burst>>,
    burst: Option<UnderWay>,
}

/// A burst that is being sent.
struct UnderWay {
    burst: Burst,
    began: Instant,
    sent: u64,
}

impl Session {
    fn new(shared: Arc<Shared>, outbox: Outbox) -> Self {
        let upto = shared.stream_now();
        let mut bursts = shared.burst.subscribe();
        // A burst that was asked for before is over.
        bursts.borrow_and_update();
        Self { shared, outbox, seat: None, joined: Vec::new(), upto, bursts, burst: None }
    }

    fn leave(&self) {
        if let Some(seat) = &self.seat {
            self.shared.seats.leave(seat);
        }
    }

    /// Obeys the client and pushes what happens, until the connection is to end.
    async fn run(&mut self, mut source: SplitStream<WebSocket>) -> Result<(), End> {
        self.say("connected", "Connected Successfully").await?;
        let opened = Instant::now();
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let seat = self.seat.clone();
            tokio::select! {
                message = source.next() => {
                    let message = message.and_then(Result::ok).ok_or(End::Over)?;
                    self.obey(&message).await?;
                }
                () = put_out(seat) => return self.put_out().await,
                _ = look.tick() => {
                    if self.seat.is_some() {
                        self.push_all().await?;
                    } else if opened.elapsed() > AUTH_WITHIN {
                        self.say("auth_timeout", "No authentication request received.").await?;
                        return Err(End::Told);
                    }
                }
            }
        }
    }

    async fn say(&self, what: &str, message: &str) -> Result<(), End> {
        self.tell(&[status(what, message)]).await
    }

    async fn tell(&self, events: &[String]) -> Result<(), End> {
        if events.is_empty() {
            return Ok(());
        }
        self.outbox.send(Outgoing::Whole(frame(events))).await
    }

    /// Ends as the vendor ends a connection too many.
    async fn put_out(&self) -> Result<(), End> {
        self.say("max_connections", TOO_MANY).await?;
        self.outbox.send(Outgoing::Close(POLICY, "policy violation")).await?;
        Err(End::Told)
    }

    async fn obey(&mut self, message: &Message) -> Result<(), End> {
        let Message::Text(text) = message else {
            return if matches!(message, Message::Close(_)) { Err(End::Over) } else { Ok(()) };
        };
        let Ok(command) = serde_json::from_str::<Command>(text) else {
            return Ok(());
        };
        match command.action.as_str() {
            "auth" => self.authenticate(&command.params).await,
            "subscribe" if self.seat.is_some() => self.subscribe(&command.params).await,
            "unsubscribe" if self.seat.is_some() => self.unsubscribe(&command.params).await,
            "subscribe" | "unsubscribe" => self.say("auth_failed", "not authenticated").await,
            _ => Ok(()),
        }
    }

    async fn authenticate(&mut self, key: &str) -> Result<(), End> {
        let is_refused = self.shared.faults.take_for_talk(|it| *it == Fault::AuthFailed).is_some();
        if is_refused || key != self.shared.key {
            self.say("auth_failed", "authentication failed").await?;
            return Err(End::Told);
        }
        if !self.shared.polygon_plan.websocket {
            self.say("auth_failed", "Your plan doesn't include websocket access.").await?;
            return Err(End::Told);
        }
        if self.seat.is_none() {
            self.seat = Some(self.shared.seats.take(self.shared.polygon_plan.connections));
        }
        self.say("auth_success", "authenticated").await
    }

    /// Answers pair by pair. What it does not know it does not mention.
    async fn subscribe(&mut self, names: &str) -> Result<(), End> {
        let mut answers = Vec::new();
        for name in names.split(',').map(str::trim) {
            let is_refused = |fault: &Fault| *fault == Fault::TopicRefused(name.to_owned());
            match Topic::named(name) {
                Named::Unknown => {}
                Named::Known(topic) if self.shared.faults.take_for_talk(is_refused).is_none() => {
                    self.join(name, topic);
                    answers.push(status("success", &format!("subscribed to: {name}")));
                }
                // It comes before the others.
                Named::Known(_) | Named::NotInPlan => {
                    answers.insert(0, status("error", "not authorized"));
                }
            }
        }
        self.tell(&answers).await?;
        let is_one_too_many = |fault: &Fault| *fault == Fault::MaxConnections;
        if self.shared.faults.take_for_talk(is_one_too_many).is_some() {
            return self.put_out().await;
        }
        Ok(())
    }

    fn join(&mut self, name: &str, topic: Topic) {
        let is_there = self.joined.iter().any(|joined| joined.name == name);
        if !is_there && self.joined.len() < MAX_TOPICS {
            let since = self.shared.stream_now();
            self.joined.push(Joined { name: name.to_owned(), topic, since });
        }
    }

    async fn unsubscribe(&mut self, names: &str) -> Result<(), End> {
        let mut answers = Vec::new();
        for name in names.split(',').map(str::trim) {
            if matches!(Topic::named(name), Named::Known(_)) {
                self.joined.retain(|joined| joined.name != name);
                answers.push(status("success", &format!("unsubscribed to: {name}")));
            }
        }
        self.tell(&answers).await
    }

    async fn push_all(&mut self) -> Result<(), End> {
        let now = self.shared.stream_now();
        self.upto = self.upto.max(now - LONGEST_LEAP);
        while self.upto < now {
            let stretch = Stretch { from: self.upto, to: now.min(self.upto + STRETCH) };
            self.push(stretch).await?;
            self.upto = stretch.to;
        }
        self.push_burst().await
    }

    async fn push(&self, stretch: Stretch) -> Result<(), End> {
        if self.joined.is_empty() {
            return Ok(());
        }
        let (shared, joined) = (Arc::clone(&self.shared), self.joined.clone());
        // A day that is not there yet takes a while to make.
        let work = tokio::task::spawn_blocking(move || frames(&shared.market, &joined, stretch));
        for frame in work.await.map_err(|_| End::Over)? {
            self.outbox.send_data(STOCKS_FRAMES, frame).await?;
        }
        Ok(())
    }

    /// Sends what a burst owes by now to whoever takes trades.
    async fn push_burst(&mut self) -> Result<(), End> {
        if self.bursts.has_changed().unwrap_or(false) {
            let asked = *self.bursts.borrow_and_update();
            let new = |burst| UnderWay { burst, began: Instant::now(), sent: 0 };
            self.burst = asked.map(new);
        }
        let takes_trades = |joined: &Joined| matches!(joined.topic, Topic::Trades(_));
        let Some(UnderWay { burst, began, sent }) = &mut self.burst else { return Ok(()) };
        if !self.joined.iter().any(takes_trades) {
            return Ok(());
        }
        let owed = began.elapsed().as_secs_f64() * f64::from(burst.per_second);
        let owed = (owed as u64).min(burst.total());
        while *sent < owed {
            let count = (owed - *sent).min(BURST_STEP);
            for frame in burst_frames(*burst, *sent, count, self.shared.stream_now()) {
                self.outbox.send_data(STOCKS_FRAMES, frame).await?;
            }
            *sent += count;
            self.shared.burst_sent.fetch_add(count, Ordering::Relaxed);
        }
        if *sent == burst.total() {
            self.burst = None;
        }
        Ok(())
    }
}

/// Ends when the connection has to go; never for one without a seat.
async fn put_out(seat: Option<Arc<Notify>>) {
    match seat {
        Some(seat) => seat.notified().await,
        None => std::future::pending().await,
    }
}

impl Shared {
    /// The newest instant that the stream tells.
    fn stream_now(&self) -> DateTime<Utc> {
        let now = self.clock.now();
        if self.polygon_plan.is_delayed { now - DELAY } else { now }
    }
}
