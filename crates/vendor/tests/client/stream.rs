//! The stream against a real websocket server on loopback that each test drives by hand.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{SinkExt, StreamExt};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_util::sync::CancellationToken;
use undertow_market::Calendar;
use undertow_vendor::RetryPolicy;
use undertow_vendor::unusual_whales::stream::{
    self, Channel, StreamBatch, StreamConfig, StreamEvent, StreamHandle, StreamLimits,
};

use crate::canary::{Log, PART, watch_log};
use crate::server::{Reply, Server};
use crate::socket::{Connection, PATIENCE, Vendor};
use crate::{KEY, spy};

/// Confirms the next joins.
async fn confirm(connection: &mut Connection, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    for _ in 0..count {
        let request = connection.heard().await;
        assert_eq!(request["msg_type"], "join", "{request}");
        let channel = request["channel"].as_str().unwrap().to_owned();
        connection.send(&json!([channel, { "response": {}, "status": "ok" }])).await;
        names.push(channel);
    }
    names
}

/// The client's end: its events, one by one.
struct Events {
    receiver: mpsc::Receiver<StreamEvent>,
    handle: StreamHandle,
    stop: CancellationToken,
}

impl Events {
    async fn next(&mut self) -> Option<StreamEvent> {
        timeout(PATIENCE, self.receiver.recv()).await.expect("an event in time")
    }

    async fn batch(&mut self) -> StreamBatch {
        match self.next().await {
            Some(StreamEvent::Batch(batch)) => batch,
            other => panic!("no batch: {other:?}"),
        }
    }

    async fn connected(&mut self, joins: usize) {
        assert!(matches!(self.next().await, Some(StreamEvent::Connected { .. })));
        for _ in 0..joins {
            let event = self.next().await;
            assert!(matches!(event, Some(StreamEvent::Joined { .. })), "{event:?}");
        }
    }

    async fn disconnected(&mut self) -> (String, DateTime<Utc>) {
        match self.next().await {
            Some(StreamEvent::Disconnected { reason, since, .. }) => (reason, since),
            other => panic!("no end: {other:?}"),
        }
    }
}

fn limits() -> StreamLimits {
    StreamLimits {
        reconnect: RetryPolicy {
            attempts: u32::MAX,
            first_delay: Duration::from_millis(4),
            max_delay: Duration::from_millis(8),
            jitter_seed: Some(1),
        },
        batch_every: Duration::from_millis(5),
        ..StreamLimits::default()
    }
}

fn config(url: &str) -> StreamConfig {
    StreamConfig {
        base_url: url.to_owned(),
        key: SecretString::from(KEY),
        limits: limits(),
        min_premium: 10_000,
        calendar: Arc::new(Calendar::nyse()),
        now: Arc::new(Utc::now),
    }
}

fn start_with(config: StreamConfig, channels: &[Channel]) -> Events {
    let stop = CancellationToken::new();
    let (handle, receiver) = stream::start(config, channels.to_vec(), stop.clone()).unwrap();
    Events { receiver, handle, stop }
}

fn start(url: &str, channels: &[Channel]) -> Events {
    start_with(config(url), channels)
}

fn trades_of_spy() -> Channel {
    Channel::OptionTrades(spy())
}

/// A trade of `size` contracts at 3.15.
fn trade(number: u32, size: u32) -> Value {
    let premium = f64::from(size) * 315.0;
    json!(["option_trades:SPY", {
        "id": format!("0a1b2c3d-0000-4000-8000-{number:012x}"), "underlying_symbol": "SPY",
        "option_symbol": "SPY260320C00515000", "executed_at": 1_772_463_845_278_i64,
        "size": size, "price": "3.15", "premium": premium, "nbbo_bid": "3.10", "nbbo_ask": "3.15",
        "trade_code": "auto", "report_flags": [], "tags": ["ask_side"], "exchange": "XCBO",
    }])
}

fn numbers(batch: &StreamBatch) -> Vec<u128> {
    batch.trades.iter().map(|trade| trade.id.as_u128() & 0xffff).collect()
}

#[tokio::test]
async fn channels_are_joined_confirmed_and_their_rows_handed_on() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &[trades_of_spy(), Channel::FlowAlerts]);
    let mut connection = vendor.connection().await;
    assert_eq!(connection.address, format!("/socket?token={KEY}"));
    assert!(!connection.has_key_header);
    assert_eq!(confirm(&mut connection, 2).await, ["option_trades:SPY", "flow-alerts"]);
    events.connected(2).await;
    connection.send(&trade(1, 40)).await;
    connection.send(&trade(2, 1)).await;
    connection.send(&json!(["price:SPY", { "ticker": "SPY", "close": null }])).await;
    connection.send(&json!(["price:SPY", { "ticker": "SPY", "close": "512.34", "time": 1_772_463_845_278_i64 }])).await;
    let mut all = StreamBatch::default();
    while all.prices.is_empty() {
        let batch = events.batch().await;
        all.trades.extend(batch.trades);
        all.rejects.extend(batch.rejects);
        all.prices.extend(batch.prices);
        all.below_floor += batch.below_floor;
    }
    assert_eq!((numbers(&all), all.below_floor), (vec![1], 1));
    assert_eq!(all.rejects.len(), 1);
    assert_eq!(all.rejects[0].symbol.as_deref(), Some("SPY"));
    assert!(all.rejects[0].raw.contains("\"close\":null"), "{:?}", all.rejects);
}

#[tokio::test]
async fn a_refused_key_or_plan_ends_the_stream_with_the_vendors_words() {
    for (reply, words) in [
        (Reply::new(401, "Your token lacks the websocket scope"), "lacks the websocket scope"),
        (Reply::new(403, r#"{"code":"advanced_tier_required","message":"upgrade"}"#), "upgrade"),
    ] {
        let server = Server::start([reply]).await;
        let mut events = start(&server.url, &[trades_of_spy()]);
        let Some(StreamEvent::Refused { reason }) = events.next().await else { panic!("{words}") };
        assert!(reason.contains(words), "{reason}");
        assert_eq!(events.next().await, None, "nothing follows");
        assert_eq!(server.asked().len(), 1, "it is not asked again");
        assert!(events.handle.subscribe(Channel::FlowAlerts).await.is_err());
    }
}

#[tokio::test]
async fn a_fault_at_the_upgrade_is_tried_again() {
    for (reply, words) in [
        (Reply::new(500, "Something went wrong"), "Something went wrong"),
        (Reply::new(403, "error code: 1010"), "edge refused"),
        (Reply::new(200, "<html>"), "a web page came"),
        (Reply::new(200, r#"{"data":[]}"#), "rows in place of a stream"),
        (Reply::new(429, "{}"), "used up"),
        (Reply::new(101, ""), "does not speak websocket"),
    ] {
        let server = Server::start([reply]).await;
        let mut events = start(&server.url, &[trades_of_spy()]);
        for _ in 0..3 {
            let (reason, _) = events.disconnected().await;
            assert!(reason.contains(words), "{words}: {reason}");
        }
        events.stop.cancel();
        while let Some(event) = events.next().await {
            assert!(matches!(event, StreamEvent::Disconnected { .. }), "{event:?}");
        }
        assert!(server.asked().len() >= 3);
    }
}

#[tokio::test]
async fn a_connection_killed_amid_rows_is_made_anew_and_names_its_gap() {
    let mut vendor = Vendor::start().await;
    let begun_at = Utc::now();
    let mut events = start(&vendor.url, &[trades_of_spy()]);
    let mut first = vendor.connection().await;
    confirm(&mut first, 1).await;
    events.connected(1).await;
    for number in 1..=3 {
        first.send(&trade(number, 40)).await;
    }
    let (mut ids, mut last) = (Vec::new(), begun_at);
    while ids.len() < 3 {
        let batch = events.batch().await;
        ids.extend(numbers(&batch));
        last = batch.received_at;
    }
    drop(first);
    let (_, since) = events.disconnected().await;
    assert_eq!(ids, [1, 2, 3]);
    assert!(begun_at < last && last <= since && since <= Utc::now(), "{begun_at} {last} {since}");
    let mut second = vendor.connection().await;
    assert_eq!(confirm(&mut second, 1).await, ["option_trades:SPY"]);
    events.connected(1).await;
    second.send(&trade(4, 40)).await;
    assert_eq!(numbers(&events.batch().await), [4]);
}

#[tokio::test]
async fn a_connection_that_ends_before_the_channels_are_confirmed_keeps_the_gap_open() {
    let mut vendor = Vendor::start().await;
    let begun_at = Utc::now();
    let mut events = start(&vendor.url, &[trades_of_spy()]);
    let mut since = Vec::new();
    for _ in 0..3 {
        let mut connection = vendor.connection().await;
        connection.heard().await;
        drop(connection);
        events.connected(0).await;
        since.push(events.disconnected().await.1);
    }
    assert!(since.iter().all(|at| *at == since[0] && *at >= begun_at), "{since:?}");
}

#[tokio::test]
async fn silence_is_noticed_and_answers_to_pings_are_no_silence() {
    let mut vendor = Vendor::start().await;
    let mut short = config(&vendor.url);
    short.limits.ping_every = Duration::from_millis(20);
    short.limits.silence = Duration::from_millis(400);
    let mut events = start_with(short, &[trades_of_spy()]);
    let mut connection = vendor.connection().await;
    confirm(&mut connection, 1).await;
    events.connected(1).await;
    // Reading answers the pings: for longer than the silence that is allowed, nothing happens.
    let quiet = Duration::from_millis(1000);
    assert!(timeout(quiet, connection.socket.next()).await.is_ok_and(|ping| ping.is_some()));
    let answering = async { while connection.socket.next().await.is_some() {} };
    let event = tokio::select! {
        event = events.next() => event,
        () = answering => None,
        () = tokio::time::sleep(quiet) => None,
    };
    assert_eq!(event, None, "a stream with answers is alive");
    let (reason, _) = events.disconnected().await;
    assert!(reason.contains("nothing was heard for 0.4 s"), "{reason}");
    vendor.connection().await;
}

#[tokio::test]
async fn a_channel_that_is_not_confirmed_does_not_stop_the_others() {
    let mut vendor = Vendor::start().await;
    let mut short = config(&vendor.url);
    short.limits.join = Duration::from_millis(200);
    let mut events = start_with(short, &[trades_of_spy(), Channel::OffLitTrades]);
    let mut connection = vendor.connection().await;
    confirm(&mut connection, 1).await;
    events.connected(1).await;
    let expected = StreamEvent::NotJoined { channel: Channel::OffLitTrades };
    assert_eq!(events.next().await, Some(expected));
    connection.send(&json!(["off_lit_trades", { "response": {}, "status": "ok" }])).await;
    let late = events.next().await;
    assert!(
        matches!(&late, Some(StreamEvent::Joined { channel: Channel::OffLitTrades, .. })),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_vendor_that_confirms_nothing_is_left() {
    let mut vendor = Vendor::start().await;
    let mut short = config(&vendor.url);
    short.limits.join = Duration::from_millis(100);
    let mut events = start_with(short, &[trades_of_spy()]);
    let _silent = vendor.connection().await;
    events.connected(0).await;
    let (reason, _) = events.disconnected().await;
    assert!(reason.contains("no channel was confirmed within 0.1 s"), "{reason}");
}

#[tokio::test]
async fn a_row_is_as_good_as_a_confirmation() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &[trades_of_spy()]);
    let mut connection = vendor.connection().await;
    connection.heard().await;
    connection.send(&trade(1, 40)).await;
    events.connected(1).await;
    assert_eq!(numbers(&events.batch().await), [1]);
}

#[tokio::test]
async fn a_refused_channel_is_told_and_asked_for_again_only_on_request() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &[trades_of_spy(), Channel::OffLitTrades]);
    let mut connection = vendor.connection().await;
    confirm(&mut connection, 1).await;
    connection.heard().await;
    let refusal = json!({ "response": { "reason": "not on your plan" }, "status": "error" });
    connection.send(&json!(["off_lit_trades", refusal])).await;
    events.connected(1).await;
    let Some(StreamEvent::ChannelRefused { channel, reason }) = events.next().await else {
        panic!("no refusal")
    };
    assert_eq!(channel, Channel::OffLitTrades);
    assert!(reason.contains("not on your plan"), "{reason}");
    drop(connection);
    events.disconnected().await;
    let mut connection = vendor.connection().await;
    assert_eq!(confirm(&mut connection, 1).await, ["option_trades:SPY"]);
    events.handle.subscribe(Channel::OffLitTrades).await.unwrap();
    assert_eq!(confirm(&mut connection, 1).await, ["off_lit_trades"], "it was asked for anew");
    events.connected(2).await;
}

#[tokio::test]
async fn channels_change_at_run_time_and_the_next_connection_knows() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &[trades_of_spy()]);
    let mut connection = vendor.connection().await;
    confirm(&mut connection, 1).await;
    events.connected(1).await;
    let price = Channel::Price(spy());
    events.handle.subscribe(price.clone()).await.unwrap();
    events.handle.subscribe(price.clone()).await.unwrap();
    assert_eq!(confirm(&mut connection, 1).await, ["price:SPY"]);
    let joined = events.next().await;
    assert!(
        matches!(&joined, Some(StreamEvent::Joined { channel, .. }) if *channel == price),
        "{joined:?}"
    );
    events.handle.unsubscribe(trades_of_spy()).await.unwrap();
    let request = connection.heard().await;
    assert_eq!(request, json!({ "channel": "option_trades:SPY", "msg_type": "leave" }));
    drop(connection);
    events.disconnected().await;
    assert_eq!(confirm(&mut vendor.connection().await, 1).await, ["price:SPY"]);
}

#[tokio::test]
async fn a_slow_receiver_holds_up_the_reading_and_loses_nothing() {
    const TRADES: u32 = 3000;
    let mut vendor = Vendor::start().await;
    let mut narrow = config(&vendor.url);
    (narrow.limits.queued_frames, narrow.limits.queued_events) = (4, 1);
    narrow.limits.batch_rows = 10;
    let mut events = start_with(narrow, &[trades_of_spy()]);
    let mut connection = vendor.connection().await;
    confirm(&mut connection, 1).await;
    events.connected(1).await;
    let sending = tokio::spawn(async move {
        for number in 1..=TRADES {
            connection.send(&trade(number, 40)).await;
        }
        connection
    });
    // Everything stands: one batch waits, and the sender cannot get rid of its frames for ever.
    let mut seen: Vec<u128> = Vec::new();
    while seen.len() < TRADES as usize {
        let batch = events.batch().await;
        assert!(batch.trades.len() <= 10, "{}", batch.trades.len());
        seen.extend(numbers(&batch));
        tokio::task::yield_now().await;
    }
    assert!(seen.iter().copied().eq(1..=u128::from(TRADES)), "in order, each once");
    sending.await.unwrap();
}

#[tokio::test]
async fn a_batch_is_handed_on_in_time_though_it_is_small() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &[trades_of_spy()]);
    let mut connection = vendor.connection().await;
    confirm(&mut connection, 1).await;
    events.connected(1).await;
    for number in 1..=3 {
        connection.send(&trade(number, 40)).await;
        assert_eq!(numbers(&events.batch().await), [u128::from(number)]);
    }
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_the_connection() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &[trades_of_spy()]);
    let mut connection = vendor.connection().await;
    confirm(&mut connection, 1).await;
    events.connected(1).await;
    let long = "x".repeat(stream::MAX_MESSAGE_BYTES + 1);
    let _cut = connection.socket.send(Message::text(long)).await;
    let (reason, _) = events.disconnected().await;
    assert!(reason.contains("the connection broke"), "{reason}");
}

#[tokio::test]
async fn a_stream_that_is_stopped_ends_wherever_it_is() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &[trades_of_spy()]);
    let mut connection = vendor.connection().await;
    confirm(&mut connection, 1).await;
    events.connected(1).await;
    events.stop.cancel();
    assert_eq!(events.next().await, None);
    let mut slow = config("http://127.0.0.1:1");
    slow.limits.reconnect.first_delay = Duration::from_secs(3600);
    slow.limits.reconnect.max_delay = Duration::from_secs(3600);
    let mut waiting = start_with(slow, &[trades_of_spy()]);
    waiting.disconnected().await;
    waiting.stop.cancel();
    assert_eq!(waiting.next().await, None);
}

#[tokio::test]
async fn a_stream_whose_events_nobody_takes_ends() {
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &[trades_of_spy()]);
    let mut connection = vendor.connection().await;
    confirm(&mut connection, 1).await;
    events.connected(1).await;
    drop(events.receiver);
    let to_the_end = async { while let Some(Ok(_)) = connection.socket.next().await {} };
    timeout(PATIENCE, to_the_end).await.expect("the connection is closed");
    assert!(events.handle.subscribe(Channel::FlowAlerts).await.is_err());
}

#[tokio::test]
async fn wrong_settings_are_told_at_once() {
    for url in ["http://api.example.com", "wss://api.example.com", "", "https://u:p@example.com"] {
        let error = stream::start(config(url), [], CancellationToken::new()).unwrap_err();
        assert_eq!(error.kind(), "fatal", "{url}");
    }
    let symbol = |number: usize| undertow_market::Symbol::new(&format!("T{number}")).unwrap();
    let many = (0..=stream::MAX_CHANNELS).map(|number| Channel::Price(symbol(number)));
    let config = config("http://127.0.0.1:1");
    assert!(stream::start(config, many, CancellationToken::new()).is_err());
}

fn leak(log: &Log, is_ours: impl Fn(&str) -> bool) -> Option<String> {
    let text = log.text();
    let mut lines = text.lines().filter(|line| is_ours(line));
    lines.find(|line| line.contains(PART)).map(str::to_owned)
}

#[tokio::test]
async fn the_key_in_the_address_appears_nowhere() {
    let log = Log::default();
    let guard = watch_log(&log);
    let mut told = format!("{:?}", config("http://127.0.0.1:1"));
    told += &format!("{:?}", start("http://127.0.0.1:1", &[]).next().await);
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &[trades_of_spy()]);
    let mut connection = vendor.connection().await;
    confirm(&mut connection, 1).await;
    events.connected(1).await;
    drop(connection);
    told += &format!("{:?} {:?}", events.next().await, events.handle);
    drop(guard);
    assert!(told.contains("Disconnected") && !told.contains(PART), "{told}");
    assert!(log.text().contains("tungstenite"), "the libraries told nothing");
    assert_eq!(leak(&log, |_| true), None, "the key is in the log");
}

#[tokio::test]
async fn a_vendor_that_repeats_the_key_does_not_bring_it_into_events_or_our_log() {
    let log = Log::default();
    let guard = watch_log(&log);
    let mut told = String::new();
    for reply in [
        Reply::new(401, format!("no scope for {KEY}")),
        Reply::new(403, format!(r#"{{"code":"x_required","message":"{KEY}"}}"#)),
        Reply::new(500, format!("/socket?token={KEY}")),
        Reply::new(302, "").header("location", format!("http://127.0.0.1:1/?token={KEY}")),
    ] {
        let server = Server::start([reply]).await;
        let mut events = start(&server.url, &[trades_of_spy()]);
        told += &format!("{:?}", events.next().await);
        events.stop.cancel();
    }
    let mut vendor = Vendor::start().await;
    let mut events = start(&vendor.url, &[trades_of_spy(), Channel::FlowAlerts]);
    let mut connection = vendor.connection().await;
    confirm(&mut connection, 1).await;
    connection.send(&json!(["flow-alerts", { "response": KEY, "status": "error" }])).await;
    connection.send(&json!(["price:SPY", { "ticker": KEY, "close": KEY }])).await;
    connection.send(&json!([KEY, {}])).await;
    events.connected(1).await;
    let words = CloseFrame { code: 4000.into(), reason: format!("bye {KEY}").into() };
    connection.socket.close(Some(words)).await.unwrap();
    loop {
        let event = events.next().await.unwrap();
        told += &format!("{event:?}");
        if let StreamEvent::Disconnected { reason, .. } = event {
            assert!(reason.contains("bye [key]"), "{reason}");
            break;
        }
    }
    drop(guard);
    assert!(told.contains("withheld") && told.contains("[key]"), "{told}");
    assert!(!told.contains(PART), "{told}");
    assert!(log.text().contains("the stream is broken"), "nothing was logged and proved");
    // At its most talkative level the websocket library tells every frame, whatever is in it.
    assert_eq!(leak(&log, |line| !line.contains("tungstenite")), None, "the key is in the log");
}
