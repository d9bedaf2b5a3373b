//! The websocket: joining, what is pushed, and what goes wrong.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use undertow_simulator::{Fault, FaultRule};

use crate::served::{AFTERNOON, DATE, Served, at, date, fields, served, served_with, symbol};

/// Longest wait for a frame that must come.
const SOON: Duration = Duration::from_secs(20);
/// Shortest silence that counts as one.
const SILENCE: Duration = Duration::from_millis(300);

const TRADE_FIELDS: [&str; 35] = [
    "ask_vol",
    "bid_vol",
    "created_at",
    "delta",
    "ewma_nbbo_ask",
    "ewma_nbbo_bid",
    "exchange",
    "executed_at",
    "expiry",
    "gamma",
    "id",
    "implied_volatility",
    "mid_vol",
    "multi_vol",
    "nbbo_ask",
    "nbbo_bid",
    "no_side_vol",
    "open_interest",
    "option_symbol",
    "option_type",
    "premium",
    "price",
    "report_flags",
    "rho",
    "size",
    "stock_multi_vol",
    "strike",
    "tags",
    "theo",
    "theta",
    "trade_code",
    "underlying_price",
    "underlying_symbol",
    "vega",
    "volume",
];

struct Stream(WebSocketStream<MaybeTlsStream<TcpStream>>);

fn address(served: &Served, token: &str) -> String {
    format!("{}/socket?token={token}", served.simulator.url().replace("http://", "ws://"))
}

async fn with_websocket(now: &str) -> Served {
    served_with(now, |config| config.plan.websocket = true).await
}

impl Stream {
    async fn open(served: &Served) -> Self {
        let (socket, _) =
            connect_async(address(served, served.simulator.key())).await.expect("let in");
        Self(socket)
    }

    async fn say(&mut self, channel: &str, what: &str) {
        let text = json!({ "channel": channel, "msg_type": what }).to_string();
        self.0.send(Message::text(text)).await.expect("an open connection");
    }

    /// Joins and takes the answer.
    async fn join(&mut self, channel: &str) {
        self.say(channel, "join").await;
        let ack = json!([channel, { "response": {}, "status": "ok" }]);
        assert_eq!(self.next().await, Some(ack));
    }

    /// The next frame, or none when the connection has ended.
    async fn next(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(SOON, self.0.next()).await.expect("a frame soon");
            match message? {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    async fn take(&mut self, count: usize) -> Vec<Value> {
        let mut frames = Vec::new();
        for _ in 0..count {
            frames.push(self.next().await.expect("the connection stays"));
        }
        frames
    }

    async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(SILENCE, self.0.next()).await.is_err()
    }
}

/// The ids of SPY's true trades in the minute after `AFTERNOON`.
fn next_minute(served: &Served, ticker: &str) -> Vec<String> {
    let day = served.simulator.market().options(&symbol(ticker), date(DATE)).expect("a session");
    let (from, to) = (at(AFTERNOON), at(AFTERNOON) + TimeDelta::minutes(1));
    let within = day.trades.iter().filter(|t| from < t.executed_at && t.executed_at <= to);
    within.map(|trade| trade.id.to_string()).collect()
}

fn id(frame: &Value) -> String {
    frame[1]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn who_has_no_token_or_no_scope_is_refused_at_the_upgrade() {
    let with = with_websocket(AFTERNOON).await;
    let without = served(AFTERNOON).await;
    with.simulator.faults().push(FaultRule::once(Fault::NoWebsocketScope)).unwrap();
    for (served, token, why) in [
        (&with, "simulated-key", "websocket scope"),
        (&with, "another", "token"),
        (&without, "simulated-key", "websocket scope"),
    ] {
        let refused = connect_async(address(served, token)).await;
        let Err(tungstenite::Error::Http(response)) = refused else { panic!("let in: {token}") };
        assert_eq!(response.status().as_u16(), 401);
        let body = response.body().clone().unwrap_or_default();
        assert!(String::from_utf8_lossy(&body).contains(why), "{body:?}");
    }
    let _now_it_works = Stream::open(&with).await;
    let asked = with.simulator.requests().recent;
    assert!(asked.iter().all(|request| !request.contains("token")), "{asked:?}");
}

#[tokio::test]
async fn a_joined_channel_pushes_each_trade_once_and_a_left_one_none() {
    let served = with_websocket(AFTERNOON).await;
    let mut stream = Stream::open(&served).await;
    stream.join("option_trades:SPY").await;
    assert!(stream.is_silent().await, "nothing is replayed, and the clock stands");
    let expected = next_minute(&served, "SPY");
    assert!(expected.len() > 5, "{}", expected.len());
    served.clock.advance(TimeDelta::minutes(1));
    let frames = stream.take(expected.len()).await;
    assert_eq!(frames.iter().map(id).collect::<Vec<_>>(), expected);
    for frame in &frames {
        let row = &frame[1];
        assert_eq!(frame[0], "option_trades:SPY");
        assert_eq!(fields(row), TRADE_FIELDS);
        assert!(row["executed_at"].is_i64() && row["created_at"].is_i64(), "{row}");
        assert!(row["price"].is_string() && row["size"].is_i64(), "{row}");
    }
    assert!(stream.is_silent().await);
    stream.say("option_trades:SPY", "leave").await;
    assert_eq!(stream.next().await.expect("an answer")[1]["status"], "ok");
    served.clock.advance(TimeDelta::minutes(1));
    assert!(stream.is_silent().await);
}

#[tokio::test]
async fn a_streamed_trade_is_the_one_that_rest_tells_but_for_its_fraction_of_a_millisecond() {
    let served = with_websocket(AFTERNOON).await;
    let mut stream = Stream::open(&served).await;
    stream.join("option_trades:QQQ").await;
    let count = next_minute(&served, "QQQ").len();
    served.clock.advance(TimeDelta::minutes(1));
    let frames = stream.take(count).await;
    let rest = served.rows("/api/option-trades?ticker_symbol=QQQ&limit=500").await;
    for frame in &frames {
        let row = rest.iter().find(|row| row["id"] == frame[1]["id"]).expect("in both");
        for (streamed, rested) in [
            ("premium", "premium"),
            ("option_symbol", "option_chain_id"),
            ("trade_code", "upstream_condition_detail"),
            ("volume", "volume"),
            ("implied_volatility", "implied_volatility"),
        ] {
            assert_eq!(frame[1][streamed], row[rested], "{streamed}");
        }
        let rested = at(row["executed_at"].as_str().expect("a stamp")).timestamp_millis();
        assert_eq!(frame[1]["executed_at"], rested);
    }
}

#[tokio::test]
async fn every_channel_has_its_own_shape() {
    let served = with_websocket(AFTERNOON).await;
    for (channel, count, types) in [
        ("option_trades", 35, vec![("price", "string"), ("executed_at", "int")]),
        (
            "flow-alerts",
            36,
            vec![("total_premium", "float"), ("bid", "string"), ("end_time", "int")],
        ),
        ("price:SPY", 4, vec![("close", "string"), ("time", "int"), ("vol", "int")]),
        ("off_lit_trades", 20, vec![("price", "string"), ("size", "int"), ("type", "string")]),
    ] {
        let mut stream = Stream::open(&served).await;
        stream.join(channel).await;
        served.clock.advance(TimeDelta::minutes(3));
        let frame = stream.next().await.expect(channel);
        assert_eq!(frame[0], channel);
        assert_eq!(fields(&frame[1]).len(), count, "{frame}");
        for (field, kind) in types {
            let value = &frame[1][field];
            let found = match value {
                Value::String(_) => "string",
                Value::Number(number) if number.is_f64() => "float",
                Value::Number(_) => "int",
                _ => "other",
            };
            assert_eq!(found, kind, "{channel} {field}: {value}");
        }
    }
}

#[tokio::test]
async fn a_connection_carries_many_channels_and_refuses_unknown_ones() {
    let served = with_websocket(AFTERNOON).await;
    let mut stream = Stream::open(&served).await;
    for channel in ["option_trades:SPY", "price:QQQ", "off_lit_trades"] {
        stream.join(channel).await;
    }
    stream.say("gamma_rays", "join").await;
    assert_eq!(stream.next().await.expect("an answer")[1]["status"], "error");
    served.clock.advance(TimeDelta::minutes(1));
    let mut seen = BTreeSet::new();
    while seen.len() < 3 {
        let frame = stream.next().await.expect("the connection stays");
        seen.insert(frame[0].to_string());
    }
}

#[tokio::test]
async fn a_running_clock_pushes_by_itself() {
    let clock = undertow_simulator::SimClock::running(at(AFTERNOON), 600.0);
    let served = served_with(AFTERNOON, |config| {
        config.plan.websocket = true;
        config.clock = clock;
    })
    .await;
    let mut stream = Stream::open(&served).await;
    stream.join("option_trades").await;
    let frames = stream.take(500).await;
    let ids: BTreeSet<_> = frames.iter().map(id).collect();
    assert_eq!(ids.len(), 500);
}

#[tokio::test]
async fn a_killed_connection_can_be_joined_again_and_rest_fills_the_hole() {
    for fault in [Fault::DropMidFrame, Fault::CutSlowReader] {
        let served = with_websocket(AFTERNOON).await;
        let expected = next_minute(&served, "SPY");
        let rule = FaultRule::once(fault.clone()).on("/socket/option_trades:SPY").after(3);
        served.simulator.faults().push(rule).unwrap();
        let mut stream = Stream::open(&served).await;
        stream.join("option_trades:SPY").await;
        served.clock.advance(TimeDelta::minutes(1));
        let mut got = BTreeSet::new();
        while let Some(frame) = stream.next().await {
            got.insert(id(&frame));
        }
        assert!(got.len() <= 3, "{fault:?}: {}", got.len());
        let mut again = Stream::open(&served).await;
        again.join("option_trades:SPY").await;
        let since = at(AFTERNOON).timestamp() - 1;
        let path = format!("/api/option-trades?ticker_symbol=SPY&limit=500&newer_than={since}");
        let filled = served.rows(&path).await;
        got.extend(filled.iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
        assert!(expected.iter().all(|id| got.contains(id)), "{fault:?}");
    }
}

#[tokio::test]
async fn a_frozen_connection_is_silent_open_and_answers_no_ping() {
    let served = with_websocket(AFTERNOON).await;
    let rule = FaultRule::once(Fault::Freeze).on("/socket/price:SPY");
    served.simulator.faults().push(rule).unwrap();
    let mut stream = Stream::open(&served).await;
    stream.join("price:SPY").await;
    stream.join("option_trades:SPY").await;
    served.clock.advance(TimeDelta::minutes(1));
    while !stream.is_silent().await {}
    stream.0.send(Message::Ping("still there?".into())).await.unwrap();
    served.clock.advance(TimeDelta::minutes(1));
    assert!(stream.is_silent().await);
    let stopped = tokio::time::timeout(Duration::from_secs(10), served.simulator.stop());
    assert!(stopped.await.is_ok(), "the simulator cannot be stopped");
}

#[tokio::test]
async fn a_ping_is_answered_and_a_duplicate_comes_twice() {
    let served = with_websocket(AFTERNOON).await;
    let rule = FaultRule::once(Fault::DuplicateFrame).on("/socket/option_trades:SPY").after(1);
    served.simulator.faults().push(rule).unwrap();
    let mut stream = Stream::open(&served).await;
    stream.0.send(Message::Ping("hello".into())).await.unwrap();
    let answer = tokio::time::timeout(SOON, stream.0.next()).await.expect("a pong soon");
    assert!(matches!(answer, Some(Ok(Message::Pong(_)))), "{answer:?}");
    stream.join("option_trades:SPY").await;
    served.clock.advance(TimeDelta::minutes(1));
    let frames = stream.take(4).await;
    assert_eq!(frames[1], frames[2]);
    assert_ne!(frames[0], frames[1]);
    assert_ne!(frames[2], frames[3]);
}
