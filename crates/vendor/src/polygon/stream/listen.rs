//! The task that holds the connection: tells the key, joins, pings, and queues what comes, unread.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;
use undertow_market::{Calendar, MarketSession};

use super::backlog::Backlog;
use super::frames::last_row_at;
use super::status::{Status, told};
use super::{
    Command, MAX_TOPICS, PolygonEvent, PolygonStreamConfig, PolygonStreamLimits, RawFrame, Topic,
};
use crate::http::{Answer, checked_base, wrong_setting};
use crate::socket::{Cut, DialConfig, Dialer, Heard, Line, LineLimits, NoSocket, Secret};
use crate::{NowFn, VendorError};

/// How far behind a plan may be.
pub(super) const MOST_DELAY: TimeDelta = TimeDelta::minutes(16);
/// Rows come in the tape's order but for this.
const DISORDER: TimeDelta = TimeDelta::seconds(1);
/// Topics that one request names.
const TOPICS_A_REQUEST: usize = 200;
/// Messages that are handled before anything else is looked at.
const MESSAGES_A_TURN: usize = 64;
/// The longest wait for a row while a new connection brings none either.
const MOST_FROZEN: Duration = Duration::from_secs(3600);
/// What errors call the address.
const REQUEST: &str = "websocket";

pub(super) struct Listener {
    dialer: Dialer,
    key: SecretString,
    limits: PolygonStreamLimits,
    calendar: Arc<Calendar>,
    now: NowFn,
    commands: mpsc::Receiver<Command>,
    backlog: Arc<Backlog>,
    stop: CancellationToken,
    /// What is asked for with each connection.
    wanted: BTreeSet<Topic>,
    /// What was asked for a moment ago and is not confirmed.
    pending: BTreeSet<Topic>,
    /// What was not confirmed in time.
    missing: BTreeSet<Topic>,
    /// The vendor's words, until it is clear which topics they are about.
    refusal: Option<String>,
    /// Every row of the tape before this instant has been received. Without a row it is when the
    /// stream began, though a plan that is behind has its first rows from before.
    whole_until: DateTime<Utc>,
    has_ever_had_row: bool,
    /// When this connection was accepted.
    accepted: Option<Instant>,
    /// When the last row came by this connection, or the connection itself.
    row_at: DateTime<Utc>,
    has_row: bool,
    /// How often the wait for a row was doubled.
    doublings: u32,
}

/// How a connection ended.
enum End {
    /// We were stopped, or nobody takes the events.
    Stopped,
    /// For good, with the vendor's words.
    Refused(String),
    /// Another one took its place.
    TooMany(String),
    /// For now.
    Lost(String),
}

impl From<NoSocket> for End {
    fn from(none: NoSocket) -> Self {
        match none {
            NoSocket::Refused(reason) => Self::Refused(reason),
            NoSocket::Failed(reason) => Self::Lost(reason),
        }
    }
}

impl From<Cut> for End {
    fn from(cut: Cut) -> Self {
        // The vendor closes a connection too many by this code, with or without saying so before.
        if cut.is_policy { Self::TooMany(cut.reason) } else { Self::Lost(cut.reason) }
    }
}

impl Listener {
    pub(super) fn new(
        config: PolygonStreamConfig,
        topics: impl IntoIterator<Item = Topic>,
        commands: mpsc::Receiver<Command>,
        backlog: Arc<Backlog>,
        stop: CancellationToken,
    ) -> Result<Self, VendorError> {
        let wanted: BTreeSet<Topic> = topics.into_iter().collect();
        if wanted.len() > MAX_TOPICS {
            return Err(wrong_setting(format!("more than {MAX_TOPICS} topics of a stream")));
        }
        let now_at = (config.now)();
        Ok(Self {
            dialer: dialer(&config)?,
            key: config.key,
            limits: config.limits,
            calendar: config.calendar,
            now: config.now,
            commands,
            backlog,
            stop,
            wanted,
            pending: BTreeSet::new(),
            missing: BTreeSet::new(),
            refusal: None,
            whole_until: now_at,
            has_ever_had_row: false,
            accepted: None,
            row_at: now_at,
            has_row: false,
            doublings: 0,
        })
    }

    pub(super) async fn run(mut self) {
        self.keep_connected().await;
        self.commands.close();
        self.backlog.complete();
    }

    async fn keep_connected(&mut self) {
        let mut delays = self.limits.reconnect.delays();
        loop {
            self.accepted = None;
            let Err(end) = self.connection().await;
            if self.accepted.is_some_and(|at| at.elapsed() >= self.limits.settled) {
                delays = self.limits.reconnect.delays();
            }
            let delay = delays.next().unwrap_or(self.limits.reconnect.max_delay);
            let (reason, retry_in) = match end {
                End::Stopped => return,
                End::Refused(reason) => {
                    tracing::warn!(reason, "the stream is refused");
                    self.tell(PolygonEvent::Refused { reason });
                    return;
                }
                End::TooMany(reason) => {
                    let retry_in = delay.max(self.limits.cool_down);
                    self.tell(PolygonEvent::TooManyConnections { retry_in });
                    (reason, retry_in)
                }
                End::Lost(reason) => (reason, delay),
            };
            tracing::warn!(reason, ?retry_in, "the stream is broken");
            let since = self.whole_until;
            self.tell(PolygonEvent::Disconnected { reason, since, retry_in });
            if self.pause(retry_in).await.is_err() {
                return;
            }
        }
    }

    /// Waits, and takes in changes of the topics meanwhile.
    async fn pause(&mut self, wait: Duration) -> Result<(), End> {
        let until = Instant::now() + wait;
        loop {
            tokio::select! {
                biased;
                () = over(&self.stop, &self.backlog) => return Err(End::Stopped),
                Some(command) = self.commands.recv() => {
                    self.note(command);
                }
                () = sleep_until(until) => break,
            }
        }
        tokio::select! {
            biased;
            () = over(&self.stop, &self.backlog) => Err(End::Stopped),
            () = self.backlog.is_heard() => Ok(()),
        }
    }

    async fn connection(&mut self) -> Result<Infallible, End> {
        let PolygonStreamLimits { ping_every, silence, .. } = self.limits;
        let mut line = tokio::select! {
            biased;
            () = over(&self.stop, &self.backlog) => return Err(End::Stopped),
            dialed = self.dialer.dial(LineLimits { ping_every, silence }) => dialed?,
        };
        self.tell(PolygonEvent::Connected { at: (self.now)() });
        self.expect(&mut line, &Status::Connected).await?;
        let auth = json!({ "action": "auth", "params": self.key.expose_secret() });
        line.send_unlogged(Message::text(auth.to_string())).await?;
        self.expect(&mut line, &Status::Authenticated).await?;
        self.accepted = Some(Instant::now());
        (self.row_at, self.has_row) = ((self.now)(), false);
        self.tell(PolygonEvent::Authenticated { at: self.row_at });
        (self.pending, self.missing, self.refusal) = Default::default();
        let wanted: Vec<Topic> = self.wanted.iter().cloned().collect();
        self.join(&mut line, &wanted).await?;
        self.pending.extend(wanted);
        self.listen(&mut line).await
    }

    /// Waits for a step of the greeting.
    async fn expect(&mut self, line: &mut Line, expected: &Status) -> Result<(), End> {
        let by = Instant::now() + self.limits.greet;
        loop {
            let heard = tokio::select! {
                biased;
                () = over(&self.stop, &self.backlog) => return Err(End::Stopped),
                heard = line.hear() => heard?,
                () = sleep_until(by) => {
                    let seconds = self.limits.greet.as_secs_f64();
                    let what = match expected {
                        Status::Connected => "no greeting came",
                        _ => "the key was not answered",
                    };
                    return Err(End::Lost(format!("{what} within {seconds} s")));
                }
            };
            let Some(text) = heard.text else { continue };
            let mut is_there = false;
            for status in told(&text).statuses {
                is_there |= status == *expected;
                self.take_status(status, heard.received_at)?;
            }
            if is_there {
                return Ok(());
            }
        }
    }

    async fn listen(&mut self, line: &mut Line) -> Result<Infallible, End> {
        let mut join_by = Instant::now() + self.limits.join;
        let mut ask_again_at = Instant::now() + self.limits.ask_again;
        let mut look_at = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = over(&self.stop, &self.backlog) => {
                    line.close().await;
                    return Err(End::Stopped);
                }
                Some(command) = self.commands.recv() => {
                    self.obey(line, command).await?;
                    join_by = Instant::now() + self.limits.join;
                }
                () = sleep_until(join_by), if !self.pending.is_empty() => self.give_up(),
                () = sleep_until(ask_again_at), if !self.missing.is_empty() => {
                    let missing: Vec<Topic> = self.missing.iter().cloned().collect();
                    self.join(line, &missing).await?;
                    ask_again_at = Instant::now() + self.limits.ask_again;
                }
                () = sleep_until(look_at) => look_at = Instant::now() + self.look_for_rows()?,
                heard = line.hear() => {
                    self.take(heard?)?;
                    self.take_what_is_there(line)?;
                }
            }
        }
    }

    /// Messages that wait already: so the timers are not looked at for each of them.
    fn take_what_is_there(&mut self, line: &mut Line) -> Result<(), End> {
        for _ in 0..MESSAGES_A_TURN {
            let Some(heard) = line.hear().now_or_never() else { break };
            self.take(heard?)?;
        }
        Ok(())
    }

    fn take(&mut self, heard: Heard) -> Result<(), End> {
        let Some(mut text) = heard.text else { return Ok(()) };
        if self.dialer.secret().is_in(&text) {
            // Frames may be written to disk, and what is not understood is stored.
            text = self.dialer.secret().strike_out(&text).into();
        }
        let told = told(&text);
        for status in told.statuses {
            self.take_status(status, heard.received_at)?;
        }
        if told.has_rows {
            self.take_rows(text, heard.received_at);
        }
        Ok(())
    }

    fn take_rows(&mut self, text: Utf8Bytes, received_at: DateTime<Utc>) {
        (self.row_at, self.has_row, self.doublings) = (received_at, true, 0);
        // A row is as good as the answer to the request.
        let open = self.pending.iter().chain(&self.missing);
        let shown: Vec<Topic> = open.filter(|topic| topic.is_shown_by(&text)).cloned().collect();
        for topic in shown {
            self.confirm(topic, received_at);
        }
        let since = self.whole_until;
        let row_at = last_row_at(&text).filter(|at| *at <= received_at + DISORDER);
        let until = row_at.map_or(received_at, |at| at + DISORDER);
        if self.pending.is_empty()
            && let Some(at) = row_at
        {
            let whole_until = at - DISORDER;
            self.whole_until =
                if self.has_ever_had_row { since.max(whole_until) } else { whole_until };
            self.has_ever_had_row = true;
        }
        self.backlog.add_frame(RawFrame { text, received_at }, since, until);
    }

    fn take_status(&mut self, status: Status, at: DateTime<Utc>) -> Result<(), End> {
        let secret = self.dialer.secret();
        match status {
            Status::Connected | Status::Authenticated => {}
            Status::AuthFailed(words) => return Err(End::Refused(secret.strike_out(&words))),
            Status::AuthTimeout => {
                return Err(End::Lost("the vendor did not get the key in time".to_owned()));
            }
            Status::TooManyConnections(words) => {
                return Err(End::TooMany(secret.strike_out(&words)));
            }
            Status::Joined(topics) => {
                for topic in topics {
                    self.confirm(topic, at);
                }
            }
            Status::NotAuthorized(words) => {
                self.refusal = Some(secret.strike_out(&words));
                // Where only one is open, it is clear which is meant.
                if self.pending.len() + self.missing.len() == 1 {
                    self.give_up();
                }
            }
        }
        Ok(())
    }

    fn confirm(&mut self, topic: Topic, at: DateTime<Utc>) {
        let was_open = self.pending.remove(&topic) | self.missing.remove(&topic);
        if was_open {
            self.tell(PolygonEvent::Joined { topic, at });
        }
    }

    /// The time for confirming is over. What is open was refused, or dropped in silence.
    fn give_up(&mut self) {
        let open = std::mem::take(&mut self.pending);
        match self.refusal.take() {
            Some(reason) => {
                for topic in open.into_iter().chain(std::mem::take(&mut self.missing)) {
                    tracing::warn!(%topic, reason, "a topic is refused");
                    self.wanted.remove(&topic);
                    self.tell(PolygonEvent::TopicRefused { topic, reason: reason.clone() });
                }
            }
            None => {
                for topic in open {
                    tracing::warn!(%topic, "a topic is not confirmed");
                    self.missing.insert(topic.clone());
                    self.tell(PolygonEvent::NotJoined { topic });
                }
            }
        }
    }

    /// How long to wait until it is worth looking again whether the feed is frozen.
    fn look_for_rows(&mut self) -> Result<Duration, End> {
        let now = (self.now)();
        let wait = self.frozen_after();
        let (date, session) = self.calendar.session_at(now);
        let hours = self.calendar.session(date);
        let (Some(hours), MarketSession::Regular, false) = (hours, session, self.wanted.is_empty())
        else {
            return Ok(wait);
        };
        // A plan that is behind has its first row late.
        let open_at = if self.has_row { hours.open_at } else { hours.open_at + MOST_DELAY };
        let since = self.row_at.max(open_at);
        let left = (since - now).to_std().unwrap_or_default() + wait;
        let passed = (now - since).to_std().unwrap_or_default();
        if passed < wait {
            return Ok(left.saturating_sub(passed));
        }
        self.doublings += 1;
        self.tell(PolygonEvent::Frozen { since });
        let seconds = passed.as_secs();
        Err(End::Lost(format!("the market is open and no row came for {seconds} s")))
    }

    fn frozen_after(&self) -> Duration {
        let PolygonStreamLimits { frozen, frozen_few, .. } = self.limits;
        let is_whole_market = self.wanted.iter().any(Topic::is_whole_market);
        let wait = if is_whole_market { frozen } else { frozen_few };
        wait.saturating_mul(2_u32.saturating_pow(self.doublings)).min(MOST_FROZEN.max(wait))
    }

    async fn obey(&mut self, line: &mut Line, command: Command) -> Result<(), End> {
        let is_join = matches!(command, Command::Join(_));
        let changed = self.note(command);
        if is_join {
            self.join(line, &changed).await?;
            self.pending.extend(changed);
            return Ok(());
        }
        self.request(line, "unsubscribe", &changed).await
    }

    /// Remembers a change, and gives the topics that are changed by it.
    fn note(&mut self, command: Command) -> Vec<Topic> {
        match command {
            Command::Join(topics) => topics.into_iter().filter(|topic| self.want(topic)).collect(),
            Command::Leave(mut topics) => {
                topics.retain(|topic| self.wanted.remove(topic));
                for topic in &topics {
                    self.pending.remove(topic);
                    self.missing.remove(topic);
                }
                topics
            }
        }
    }

    fn want(&mut self, topic: &Topic) -> bool {
        if self.wanted.len() >= MAX_TOPICS && !self.wanted.contains(topic) {
            let reason = format!("a stream has at most {MAX_TOPICS} topics");
            self.tell(PolygonEvent::TopicRefused { topic: topic.clone(), reason });
            return false;
        }
        self.wanted.insert(topic.clone())
    }

    async fn join(&self, line: &mut Line, topics: &[Topic]) -> Result<(), End> {
        self.request(line, "subscribe", topics).await
    }

    async fn request(&self, line: &mut Line, what: &str, topics: &[Topic]) -> Result<(), End> {
        for some in topics.chunks(TOPICS_A_REQUEST) {
            let names: Vec<String> = some.iter().map(Topic::to_string).collect();
            let request = json!({ "action": what, "params": names.join(",") });
            line.send(Message::text(request.to_string())).await?;
        }
        Ok(())
    }

    fn tell(&self, event: PolygonEvent) {
        self.backlog.add_event(event);
    }
}

/// We are stopped, or nobody takes the events.
async fn over(stop: &CancellationToken, backlog: &Backlog) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = backlog.abandoned() => {}
    }
}

fn dialer(config: &PolygonStreamConfig) -> Result<Dialer, VendorError> {
    let url = match config.url.split_once("://") {
        Some(("wss", rest)) => format!("https://{rest}"),
        Some(("ws", rest)) => format!("http://{rest}"),
        _ => return Err(wrong_setting("the stream's address must begin with wss://")),
    };
    let address = checked_base(&url).map_err(wrong_setting)?;
    Dialer::new(DialConfig {
        address,
        request: REQUEST,
        // It is not sent in the address.
        secret: Secret::new(config.key.clone(), SecretString::default()),
        limit: config.limits.connect,
        failure,
        now: config.now.clone(),
    })
}

/// The vendor refuses keys and plans in words over the socket. An answer that is no upgrade comes
/// from something in between, or from a server with a fault.
fn failure(answer: &Answer<'_>) -> Option<VendorError> {
    Some(answer.transient(format!("the vendor answers with status {}", answer.status)))
}
