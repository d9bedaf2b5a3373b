//! The stream of the consolidated tape against a real websocket server on loopback that each test
//! drives by hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_util::sync::CancellationToken;
use undertow_market::{Calendar, Symbol};
use undertow_vendor::RetryPolicy;
use undertow_vendor::polygon::stream::{
    self, PolygonEvent, PolygonStreamConfig, PolygonStreamHandle, PolygonStreamLimits, SpillConfig,
    StreamCounters, Topic,
};

use crate::canary::{Log, PART, watch_log};
use crate::server::{Reply, Server};
use crate::socket::{Connection, PATIENCE, Vendor};
use crate::{KEY, spy};

/// A Friday with a regular session, in the middle of it.
const NOON: &str = "2026-11-20T17:00:00Z";

/// A clock that stands until it is moved.
#[derive(Clone)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn at(text: &str) -> Self {
        let at: DateTime<Utc> = text.parse().unwrap();
        Self(Arc::new(AtomicI64::new(at.timestamp_millis())))
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }

    fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }
}

/// A folder that goes away.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let name = format!("undertow-stream-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn files(&self) -> usize {
        std::fs::read_dir(&self.0).map_or(0, Iterator::count)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The client's end: its events, one by one.
struct Events {
    receiver: mpsc::Receiver<PolygonEvent>,
    handle: PolygonStreamHandle,
    stop: CancellationToken,
    clock: Clock,
    folder: Folder,
}

impl Events {
    async fn next(&mut self) -> Option<PolygonEvent> {
        timeout(PATIENCE, self.receiver.recv()).await.expect("an event in time")
    }

    /// The texts of the next frames.
    async fn frames(&mut self) -> Vec<String> {
        match self.next().await {
            Some(PolygonEvent::Frames(raw)) => {
                raw.frames.iter().map(|frame| frame.text().to_owned()).collect()
            }
            other => panic!("no frames: {other:?}"),
        }
    }

    async fn authenticated(&mut self) {
        assert!(matches!(self.next().await, Some(PolygonEvent::Connected { .. })));
        let event = self.next().await;
        assert!(matches!(event, Some(PolygonEvent::Authenticated { .. })), "{event:?}");
    }

    async fn joined(&mut self, topics: &[&str]) {
        for expected in topics {
            match self.next().await {
                Some(PolygonEvent::Joined { topic, .. }) => {
                    assert_eq!(topic.to_string(), *expected)
                }
                other => panic!("{expected} is not joined: {other:?}"),
            }
        }
    }

    async fn disconnected(&mut self) -> (String, DateTime<Utc>, Duration) {
        match self.next().await {
            Some(PolygonEvent::Disconnected { reason, since, retry_in }) => {
                (reason, since, retry_in)
            }
            other => panic!("no end: {other:?}"),
        }
    }

    /// Waits until the stream has done so much.
    async fn until(&self, reached: impl Fn(StreamCounters) -> bool) {
        let counting = async {
            while !reached(self.handle.counters()) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, counting).await.unwrap_or_else(|_| panic!("{:?}", self.handle));
    }
}

fn limits() -> PolygonStreamLimits {
    PolygonStreamLimits {
        reconnect: RetryPolicy {
            attempts: u32::MAX,
            first_delay: Duration::from_millis(4),
            max_delay: Duration::from_millis(8),
            jitter_seed: Some(1),
        },
        // The clock of a test may jump by hours.
        frozen_few: Duration::from_secs(24 * 3600),
        ..PolygonStreamLimits::default()
    }
}

fn start_with(url: &str, limits: PolygonStreamLimits, topics: &[&str]) -> Events {
    let folder = Folder::new();
    let spill = SpillConfig { folder: folder.0.clone(), max_bytes: 64 * 1024 * 1024 };
    start_spilling(url, limits, topics, folder, spill)
}

fn start_spilling(
    url: &str,
    limits: PolygonStreamLimits,
    topics: &[&str],
    folder: Folder,
    spill: SpillConfig,
) -> Events {
    let (stop, clock) = (CancellationToken::new(), Clock::at(NOON));
    let config = config(url, limits, &clock);
    let topics: Vec<Topic> = topics.iter().map(|topic| topic.parse().unwrap()).collect();
    let (handle, receiver) = stream::start(config, topics, spill, stop.clone()).unwrap();
    Events { receiver, handle, stop, clock, folder }
}

fn config(url: &str, limits: PolygonStreamLimits, clock: &Clock) -> PolygonStreamConfig {
    let clock = clock.clone();
    PolygonStreamConfig {
        url: format!("{}/stocks", url.replace("http://", "ws://")),
        key: SecretString::from(KEY),
        limits,
        calendar: Arc::new(Calendar::nyse()),
        now: Arc::new(move || clock.now()),
    }
}

fn start(url: &str, topics: &[&str]) -> Events {
    start_with(url, limits(), topics)
}

fn status(status: &str, message: &str) -> Value {
    json!({ "ev": "status", "status": status, "message": message })
}

fn joined(topic: &str) -> Value {
    status("success", &format!("subscribed to: {topic}"))
}

/// Greets and accepts the key.
async fn accept(connection: &mut Connection) {
    connection.send(&json!([status("connected", "Connected Successfully")])).await;
    assert_eq!(connection.heard().await, json!({ "action": "auth", "params": KEY }));
    connection.send(&json!([status("auth_success", "authenticated")])).await;
}

/// The topics that the next message asks for.
async fn asked(connection: &mut Connection) -> Vec<String> {
    let request = connection.heard().await;
    assert_eq!(request["action"], "subscribe", "{request}");
    request["params"].as_str().unwrap().split(',').map(str::to_owned).collect()
}

/// Accepts the key and confirms what is asked for.
async fn welcome(connection: &mut Connection) -> Vec<String> {
    accept(connection).await;
    let topics = asked(connection).await;
    let all: Vec<Value> = topics.iter().map(|topic| joined(topic)).collect();
    connection.send(&json!(all)).await;
    topics
}

/// A connection whose topics are joined.
async fn connected(vendor: &mut Vendor, events: &mut Events, topics: &[&str]) -> Connection {
    let mut connection = vendor.connection().await;
    assert_eq!(welcome(&mut connection).await, topics);
    events.authenticated().await;
    events.joined(topics).await;
    connection
}

/// A trade at a number of seconds after noon.
fn trade(symbol: &str, id: u32, seconds: i64) -> Value {
    let at = Clock::at(NOON).now() + TimeDelta::seconds(seconds);
    json!({
        "ev": "T", "sym": symbol, "i": id.to_string(), "x": 4, "p": 10.25, "s": 100,
        "t": at.timestamp_millis(), "q": id, "z": 1,
    })
}

/// As the vendor writes it, kind and symbol first: `json!` sorts the keys.
fn frame(rows: &[Value]) -> String {
    let row = |row: &Value| {
        let text = row.to_string();
        let (ev, sym) = (&row["ev"], &row["sym"]);
        let rest =
            text.replace(&format!("\"ev\":{ev},"), "").replace(&format!("\"sym\":{sym},"), "");
        format!("{{\"ev\":{ev},\"sym\":{sym},{}", &rest[1..])
    };
    format!("[{}]", rows.iter().map(row).collect::<Vec<_>>().join(","))
}

fn after_noon(seconds: i64) -> DateTime<Utc> {
    Clock::at(NOON).now() + TimeDelta::seconds(seconds)
}

#[tokio::test]
async fn the_key_goes_as_a_message_and_topics_are_confirmed_one_by_one() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &["T.SPY", "AM.*", "T.BRK.B"]);
    let mut connection = vendor.connection().await;
    assert_eq!(connection.address, "/stocks");
    assert!(!connection.has_key_header);
    accept(&mut connection).await;
    assert_eq!(asked(&mut connection).await, ["AM.*", "T.BRK.B", "T.SPY"]);
    connection.send(&json!([joined("T.SPY")])).await;
    let row = trade("SPY", 1, 0);
    connection.send(&json!([row, joined("AM.*"), joined("T.BRK.B"), joined("T.IWM")])).await;
    events.authenticated().await;
    events.joined(&["T.SPY", "AM.*", "T.BRK.B"]).await;
    let frames = events.frames().await;
    assert_eq!(frames.len(), 1, "frames of statuses alone are not handed on");
    assert!(frames[0].contains("\"sym\":\"SPY\""), "{frames:?}");
    assert_eq!(events.handle.counters().connections, 1);
}

#[tokio::test]
async fn a_key_or_plan_that_is_refused_ends_the_stream_with_the_vendors_words() {
    for words in ["authentication failed", "Your plan doesn't include websocket access."] {
        let mut vendor = Vendor::start().await;
        let mut events = start(&vendor.url, &["T.SPY"]);
        let mut connection = vendor.connection().await;
        connection.send(&json!([status("connected", "hello")])).await;
        connection.heard().await;
        connection.send(&json!([status("auth_failed", words)])).await;
        assert!(matches!(events.next().await, Some(PolygonEvent::Connected { .. })));
        assert_eq!(events.next().await, Some(PolygonEvent::Refused { reason: words.to_owned() }));
        assert_eq!(events.next().await, None, "nothing follows");
        assert!(vendor.is_left_alone(), "it is not asked again");
        assert!(events.handle.subscribe(["T.QQQ".parse().unwrap()]).await.is_err());
    }
}

#[tokio::test]
async fn a_vendor_that_does_not_greet_or_answer_the_key_is_left() {
    let mut vendor = Vendor::start().await;
    let short = PolygonStreamLimits { greet: Duration::from_millis(100), ..limits() };
    let mut events = start_with(&vendor.url, short, &["T.SPY"]);
    let _mute = vendor.connection().await;
    assert!(matches!(events.next().await, Some(PolygonEvent::Connected { .. })));
    assert!(events.disconnected().await.0.contains("no greeting came within 0.1 s"));
    let mut deaf = vendor.connection().await;
    deaf.send(&json!([status("connected", "hello")])).await;
    assert!(matches!(events.next().await, Some(PolygonEvent::Connected { .. })));
    assert!(events.disconnected().await.0.contains("the key was not answered within 0.1 s"));
    let mut late = vendor.connection().await;
    late.send(&json!([status("connected", "hello")])).await;
    late.send(&json!([status("auth_timeout", "No authentication request received.")])).await;
    assert!(matches!(events.next().await, Some(PolygonEvent::Connected { .. })));
    assert!(events.disconnected().await.0.contains("did not get the key in time"));
}

#[tokio::test]
async fn a_topic_that_is_dropped_in_silence_is_noticed_and_asked_for_again() {
    let mut vendor = Vendor::start().await;
    let short = PolygonStreamLimits {
        join: Duration::from_millis(100),
        ask_again: Duration::from_millis(300),
        ..limits()
    };
    let mut events = start_with(&vendor.url, short, &["T.SPY", "T.QQQ"]);
    let mut connection = vendor.connection().await;
    accept(&mut connection).await;
    asked(&mut connection).await;
    connection.send(&json!([joined("T.SPY")])).await;
    events.authenticated().await;
    events.joined(&["T.SPY"]).await;
    let topic: Topic = "T.QQQ".parse().unwrap();
    assert_eq!(events.next().await, Some(PolygonEvent::NotJoined { topic }));
    assert_eq!(asked(&mut connection).await, ["T.QQQ"], "with the same connection");
    connection.send(&json!([joined("T.QQQ")])).await;
    events.joined(&["T.QQQ"]).await;
}

#[tokio::test]
async fn a_topic_outside_the_plan_is_told_and_not_asked_for_again() {
    let mut vendor = Vendor::start().await;
    let short = PolygonStreamLimits { join: Duration::from_millis(200), ..limits() };
    let mut events = start_with(&vendor.url, short, &["T.SPY", "AM.SPY", "AM.QQQ"]);
    let mut connection = vendor.connection().await;
    accept(&mut connection).await;
    asked(&mut connection).await;
    // The refusal names no topic and comes before the other answers.
    connection.send(&json!([status("error", "not authorized")])).await;
    connection.send(&json!([joined("AM.SPY"), joined("AM.QQQ")])).await;
    events.authenticated().await;
    events.joined(&["AM.SPY", "AM.QQQ"]).await;
    let refused = PolygonEvent::TopicRefused {
        topic: Topic::Trades(spy()),
        reason: "not authorized".to_owned(),
    };
    assert_eq!(events.next().await, Some(refused.clone()));
    drop(connection);
    events.disconnected().await;
    let mut connection = connected(&mut vendor, &mut events, &["AM.QQQ", "AM.SPY"]).await;
    events.handle.subscribe([Topic::Trades(spy())]).await.unwrap();
    assert_eq!(asked(&mut connection).await, ["T.SPY"], "it was asked for anew");
    connection.send(&json!([status("error", "not authorized")])).await;
    assert_eq!(events.next().await, Some(refused), "the only open one is meant");
}

#[tokio::test]
async fn a_row_is_as_good_as_a_confirmation() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &["T.SPY"]);
    let mut connection = vendor.connection().await;
    accept(&mut connection).await;
    asked(&mut connection).await;
    connection.send_text(&frame(&[trade("SPY", 1, 0)])).await;
    events.authenticated().await;
    events.joined(&["T.SPY"]).await;
    assert_eq!(events.frames().await.len(), 1);
}

#[tokio::test]
async fn a_connection_killed_amid_rows_names_its_gap_in_the_tapes_time() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &["T.SPY"]);
    let mut connection = connected(&mut vendor, &mut events, &["T.SPY"]).await;
    // A plan that is fifteen minutes behind.
    events.clock.advance(TimeDelta::minutes(15));
    for seconds in 1..=3 {
        connection.send_text(&frame(&[trade("SPY", 1, seconds)])).await;
        events.frames().await;
    }
    drop(connection);
    let (_, since, _) = events.disconnected().await;
    assert_eq!(since, after_noon(2), "a second before the last row");
    // Without rows the gap stays open.
    let connection = connected(&mut vendor, &mut events, &["T.SPY"]).await;
    drop(connection);
    assert_eq!(events.disconnected().await.1, after_noon(2));
}

#[tokio::test]
async fn too_many_connections_cool_down_and_do_not_storm() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &["T.SPY"]);
    let mut connection = connected(&mut vendor, &mut events, &["T.SPY"]).await;
    let words = "Maximum number of websocket connections exceeded. ";
    connection.send(&json!([status("max_connections", words)])).await;
    let event = events.next().await;
    let Some(PolygonEvent::TooManyConnections { retry_in }) = event else { panic!("{event:?}") };
    assert!(retry_in >= Duration::from_secs(60), "{retry_in:?}");
    let (reason, _, again) = events.disconnected().await;
    assert_eq!((reason.as_str(), again), (words.trim(), retry_in));
    assert!(timeout(Duration::from_millis(200), events.receiver.recv()).await.is_err());
    assert!(vendor.is_left_alone(), "the waits of a fault are milliseconds here");
}

#[tokio::test]
async fn a_connection_that_is_closed_by_a_rule_is_one_too_many() {
    let mut vendor = Vendor::start().await;
    let cool = PolygonStreamLimits { cool_down: Duration::from_millis(300), ..limits() };
    let mut events = start_with(&vendor.url, cool, &["T.SPY"]);
    let mut connection = connected(&mut vendor, &mut events, &["T.SPY"]).await;
    let words = CloseFrame { code: 1008.into(), reason: "policy".into() };
    connection.socket.close(Some(words)).await.unwrap();
    let retry_in = Duration::from_millis(300);
    assert_eq!(events.next().await, Some(PolygonEvent::TooManyConnections { retry_in }));
    events.disconnected().await;
    connected(&mut vendor, &mut events, &["T.SPY"]).await;
}

#[tokio::test]
async fn waits_grow_until_a_connection_has_lived_for_a_while() {
    let mut vendor = Vendor::start().await;
    let mut growing = limits();
    growing.settled = Duration::from_millis(300);
    growing.reconnect.first_delay = Duration::from_millis(4);
    growing.reconnect.max_delay = Duration::from_secs(3600);
    let mut events = start_with(&vendor.url, growing, &["T.SPY"]);
    let mut waits = Vec::new();
    for _ in 0..5 {
        // The key is accepted each time, which alone proves nothing.
        drop(connected(&mut vendor, &mut events, &["T.SPY"]).await);
        waits.push(events.disconnected().await.2);
    }
    assert!(waits[4] >= Duration::from_millis(32), "{waits:?}");
    let settled = connected(&mut vendor, &mut events, &["T.SPY"]).await;
    tokio::time::sleep(Duration::from_millis(350)).await;
    drop(settled);
    let wait = events.disconnected().await.2;
    assert!(wait <= Duration::from_millis(4), "{wait:?}");
}

#[tokio::test]
async fn silence_is_noticed_and_answers_to_pings_are_no_silence() {
    let mut vendor = Vendor::start().await;
    let short = PolygonStreamLimits {
        ping_every: Duration::from_millis(20),
        silence: Duration::from_millis(400),
        ..limits()
    };
    let mut events = start_with(&vendor.url, short, &["T.SPY"]);
    let mut connection = connected(&mut vendor, &mut events, &["T.SPY"]).await;
    let answering = async { while connection.socket.next().await.is_some() {} };
    let event = tokio::select! {
        event = events.receiver.recv() => event,
        () = answering => None,
        () = tokio::time::sleep(Duration::from_millis(1000)) => None,
    };
    assert_eq!(event, None, "a stream with answers is alive");
    let (reason, ..) = events.disconnected().await;
    assert!(reason.contains("nothing was heard for 0.4 s"), "{reason}");
}

#[tokio::test]
async fn a_frozen_feed_is_noticed_while_the_market_is_open() {
    let mut vendor = Vendor::start().await;
    let short = PolygonStreamLimits { frozen: Duration::from_millis(50), ..limits() };
    let mut events = start_with(&vendor.url, short, &["T.*"]);
    let mut connection = connected(&mut vendor, &mut events, &["T.*"]).await;
    connection.send_text(&frame(&[trade("SPY", 1, 0)])).await;
    events.frames().await;
    let last = events.clock.now();
    // Time passes by the market's clock, and pings are answered.
    let answering = tokio::spawn(async move { while connection.socket.next().await.is_some() {} });
    events.clock.advance(TimeDelta::seconds(30));
    assert_eq!(events.next().await, Some(PolygonEvent::Frozen { since: last }));
    let (reason, since, _) = events.disconnected().await;
    assert!(reason.contains("the market is open and no row came for 30 s"), "{reason}");
    assert_eq!(since, after_noon(-1));
    answering.await.unwrap();
}

#[tokio::test]
async fn a_feed_without_rows_is_no_frozen_one_when_the_market_is_closed() {
    let mut vendor = Vendor::start().await;
    let short = PolygonStreamLimits { frozen: Duration::from_millis(20), ..limits() };
    let mut events = start_with(&vendor.url, short, &["T.*"]);
    let connection = connected(&mut vendor, &mut events, &["T.*"]).await;
    let mut connection = connection;
    // Seven hours later it is evening in New York.
    events.clock.advance(TimeDelta::hours(7));
    let answering = async { while connection.socket.next().await.is_some() {} };
    tokio::select! {
        event = events.receiver.recv() => panic!("{event:?}"),
        () = answering => panic!("the connection ended"),
        () = tokio::time::sleep(Duration::from_millis(300)) => {}
    }
}

#[tokio::test]
async fn topics_change_at_run_time_and_the_next_connection_knows() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &["T.SPY"]);
    let mut connection = connected(&mut vendor, &mut events, &["T.SPY"]).await;
    let many: Vec<Topic> =
        (0..450).map(|number| Topic::Trades(Symbol::new(&format!("T{number}")).unwrap())).collect();
    events.handle.subscribe(many.clone()).await.unwrap();
    events.handle.subscribe([many[0].clone()]).await.unwrap();
    let mut names = Vec::new();
    for _ in 0..3 {
        names.extend(asked(&mut connection).await);
    }
    assert_eq!(names.len(), 450, "in three requests, each once");
    events.handle.unsubscribe(many).await.unwrap();
    let left = connection.heard().await;
    assert_eq!(left["action"], "unsubscribe");
    drop(connection);
    events.disconnected().await;
    assert_eq!(welcome(&mut vendor.connection().await).await, ["T.SPY"]);
}

/// Sends frames of one trade each until all are sent, numbered from 1.
async fn send_trades(connection: &mut Connection, numbers: std::ops::RangeInclusive<u32>) {
    for number in numbers {
        connection.send_text(&frame(&[trade("SPY", number, i64::from(number))])).await;
    }
}

fn numbers(frames: &[String]) -> Vec<u32> {
    let number = |text: &String| {
        let row: Value = serde_json::from_str(text).unwrap();
        row[0]["i"].as_str().unwrap().parse().unwrap()
    };
    frames.iter().map(number).collect()
}

#[tokio::test]
async fn a_receiver_that_takes_nothing_does_not_stop_the_reading_and_loses_nothing() {
    const TRADES: u32 = 5000;
    let mut vendor = Vendor::start().await;
    let narrow = PolygonStreamLimits { queued_frames: 200, queued_events: 1, ..limits() };
    let mut events = start_with(&vendor.url, narrow, &["T.SPY"]);
    let mut connection = connected(&mut vendor, &mut events, &["T.SPY"]).await;
    events.clock.advance(TimeDelta::hours(2));
    for part in 0..50 {
        send_trades(&mut connection, part * 100 + 1..=(part + 1) * 100).await;
        // So fast as the disk takes them.
        let sent = u64::from((part + 1) * 100);
        events.until(|done| done.frames == sent && done.waiting_frames <= 100).await;
    }
    let counters = events.handle.counters();
    assert!(counters.waiting_on_disk_frames > 4000, "{counters:?}");
    assert_eq!(counters.dropped_frames, 0);
    assert!(counters.most_waiting_bytes < 200 * 200, "{counters:?}");
    assert_eq!(events.folder.files(), 1);
    drop(connection);
    let mut seen = Vec::new();
    while seen.len() < TRADES as usize {
        seen.extend(numbers(&events.frames().await));
    }
    assert!(seen.iter().copied().eq(1..=TRADES), "in order, each once");
    let (_, since, _) = events.disconnected().await;
    assert_eq!(since, after_noon(i64::from(TRADES) - 1), "events keep their place");
    assert_eq!(events.handle.counters().waiting_on_disk_frames, 0);
    assert_eq!(events.folder.files(), 0, "what was read is deleted");
}

#[tokio::test]
async fn what_finds_no_room_anywhere_is_counted_and_told_with_its_stretch_of_the_tape() {
    let mut vendor = Vendor::start().await;
    let narrow = PolygonStreamLimits { queued_frames: 100, queued_events: 1, ..limits() };
    let folder = Folder::new();
    let spill = SpillConfig { folder: folder.0.clone(), max_bytes: 0 };
    let mut events = start_spilling(&vendor.url, narrow, &["T.SPY"], folder, spill);
    let mut connection = connected(&mut vendor, &mut events, &["T.SPY"]).await;
    events.clock.advance(TimeDelta::hours(1));
    send_trades(&mut connection, 1..=1000).await;
    events.until(|done| done.frames == 1000).await;
    let (mut next, mut dropped) = (1, 0);
    while next <= 1000 {
        match events.next().await.unwrap() {
            PolygonEvent::Frames(raw) => {
                let texts: Vec<_> = raw.frames.iter().map(|f| f.text().to_owned()).collect();
                for number in numbers(&texts) {
                    assert_eq!(i64::from(number), next, "in order, and no gap untold");
                    next += 1;
                }
            }
            PolygonEvent::Dropped { since, until, frames } => {
                assert_eq!(since, after_noon(next - 2), "a second before the last kept row");
                next += i64::try_from(frames).unwrap();
                dropped += frames;
                assert_eq!(until, after_noon(next), "a second behind the last dropped row");
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(dropped > 0);
    assert_eq!(events.handle.counters().dropped_frames, dropped);
}

#[tokio::test]
async fn a_stream_that_is_stopped_or_not_listened_to_ends() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &["T.SPY"]);
    let _connection = connected(&mut vendor, &mut events, &["T.SPY"]).await;
    events.stop.cancel();
    assert_eq!(events.next().await, None);
    let mut events = start(&vendor.url, &["T.SPY"]);
    let mut connection = connected(&mut vendor, &mut events, &["T.SPY"]).await;
    let Events { receiver, handle, .. } = events;
    drop(receiver);
    let to_the_end = async { while let Some(Ok(_)) = connection.socket.next().await {} };
    timeout(PATIENCE, to_the_end).await.expect("the connection is closed");
    assert!(handle.subscribe([Topic::AllTrades]).await.is_err());
}

#[tokio::test]
async fn a_fault_at_the_upgrade_is_tried_again() {
    for reply in [Reply::new(500, "oops"), Reply::new(403, "{}"), Reply::new(200, "<html>")] {
        let server = Server::start([reply]).await;
        let mut events = start(&server.url, &["T.SPY"]);
        for _ in 0..3 {
            let (reason, ..) = events.disconnected().await;
            assert!(reason.contains("the vendor answers with status"), "{reason}");
        }
        events.stop.cancel();
    }
}

#[tokio::test]
async fn wrong_settings_are_told_at_once() {
    let spill = || SpillConfig { folder: PathBuf::new(), max_bytes: 0 };
    let clock = Clock::at(NOON);
    for url in ["ws://api.example.com", "https://api.example.com", "", "wss://u:p@example.com"] {
        let config = PolygonStreamConfig { url: url.to_owned(), ..config("", limits(), &clock) };
        let error = stream::start(config, [], spill(), CancellationToken::new()).unwrap_err();
        assert_eq!(error.kind(), "fatal", "{url}");
    }
    let url = "http://127.0.0.1:1";
    let symbol = |number: usize| Symbol::new(&format!("T{number}")).unwrap();
    let many = (0..=stream::MAX_TOPICS).map(|number| Topic::Trades(symbol(number)));
    let stop = CancellationToken::new();
    assert!(stream::start(config(url, limits(), &clock), many, spill(), stop.clone()).is_err());
    let file = std::env::current_exe().unwrap();
    let spill = SpillConfig { folder: file.join("folder"), max_bytes: 1 };
    let error = stream::start(config(url, limits(), &clock), [], spill, stop).unwrap_err();
    assert!(error.to_string().contains("the stream's folder"), "{error}");
}

#[tokio::test]
async fn the_key_of_the_tapes_stream_appears_nowhere() {
    let log = Log::default();
    let guard = watch_log(&log);
    let mut told = format!("{:?}", config("http://127.0.0.1:1", limits(), &Clock::at(NOON)));
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &["T.SPY"]);
    let mut connection = connected(&mut vendor, &mut events, &["T.SPY"]).await;
    connection.send_text(&frame(&[trade(KEY, 1, 0)])).await;
    let frames = events.frames().await;
    assert!(frames[0].contains("\"sym\":\"[key]\""), "{frames:?}");
    let words = CloseFrame { code: 4000.into(), reason: format!("bye {KEY}").into() };
    connection.socket.close(Some(words)).await.unwrap();
    let (reason, ..) = events.disconnected().await;
    assert!(reason.contains("bye [key]"), "{reason}");
    let mut connection = vendor.connection().await;
    connection.send(&json!([status("connected", KEY)])).await;
    connection.heard().await;
    connection.send(&json!([status("auth_failed", &format!("no such key: {KEY}"))])).await;
    events.next().await;
    told += &format!("{frames:?} {reason} {:?} {:?}", events.next().await, events.handle);
    drop(guard);
    assert!(told.contains("no such key: [key]") && !told.contains(PART), "{told}");
    let log = log.text();
    assert!(log.contains("the stream is refused"), "nothing was logged and proved");
    // What is received is the library's to tell at its most talkative level. Of what is sent it
    // tells all but the key.
    let sent = |what: &str| {
        let ours =
            log.lines().filter(|line| line.contains("Sending frame") && line.contains("action"));
        ours.filter(|line| line.contains(what)).count()
    };
    assert_eq!((sent("subscribe"), sent("auth"), sent(PART)), (1, 0, 0), "{log}");
    let ours = log.lines().filter(|line| !line.contains("tungstenite"));
    assert_eq!(ours.filter(|line| line.contains(PART)).count(), 0, "the key is in the log");
}
