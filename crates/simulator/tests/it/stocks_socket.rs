//! The second vendor's websocket: the talk, what is pushed, and what goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use undertow_simulator::{Burst, Fault, FaultRule};

use crate::served::{AFTERNOON, DATE, Served, at, date, served, served_with, symbol};

/// Longest wait for a frame that must come.
const SOON: Duration = Duration::from_secs(20);
/// Shortest silence that counts as one.
const SILENCE: Duration = Duration::from_millis(300);

struct Stream(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What comes next.
#[derive(Debug)]
enum Next {
    Events(Vec<Value>),
    Garbage,
    /// The close frame's code, if there was one.
    End(Option<u16>),
}

impl Stream {
    /// Opens a connection and takes the greeting.
    async fn connect(served: &Served) -> Self {
        let (socket, _) = connect_async(served.simulator.stocks_url()).await.expect("let in");
        let mut stream = Self(socket);
        assert_eq!(stream.statuses().await, [("connected", "Connected Successfully")].map(owned));
        stream
    }

    /// A connection that showed the key.
    async fn open(served: &Served) -> Self {
        let mut stream = Self::connect(served).await;
        stream.say("auth", served.simulator.key()).await;
        assert_eq!(stream.statuses().await, [("auth_success", "authenticated")].map(owned));
        stream
    }

    async fn say(&mut self, action: &str, params: &str) {
        let text = json!({ "action": action, "params": params }).to_string();
        self.0.send(Message::text(text)).await.expect("an open connection");
    }

    /// Subscribes and takes the answers.
    async fn subscribe(&mut self, params: &str) -> Vec<(String, String)> {
        self.say("subscribe", params).await;
        self.statuses().await
    }

    async fn next(&mut self) -> Next {
        loop {
            let message = tokio::time::timeout(SOON, self.0.next()).await.expect("a frame soon");
            match message {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text).map_or(Next::Garbage, Next::Events);
                }
                Some(Ok(Message::Close(frame))) => {
                    return Next::End(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return Next::End(None),
            }
        }
    }

    async fn events(&mut self) -> Vec<Value> {
        match self.next().await {
            Next::Events(events) => events,
            other => panic!("expected events, found {other:?}"),
        }
    }

    async fn statuses(&mut self) -> Vec<(String, String)> {
        let text = |event: &Value, name: &str| event[name].as_str().expect(name).to_owned();
        let events = self.events().await;
        assert!(events.iter().all(|event| event["ev"] == "status"), "{events:?}");
        events.iter().map(|event| (text(event, "status"), text(event, "message"))).collect()
    }

    /// Events until so many came.
    async fn take(&mut self, count: usize) -> Vec<Value> {
        let mut all = Vec::new();
        while all.len() < count {
            all.extend(self.events().await);
        }
        assert_eq!(all.len(), count);
        all
    }

    async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(SILENCE, self.0.next()).await.is_err()
    }
}

fn owned((status, message): (&str, &str)) -> (String, String) {
    (status.to_owned(), message.to_owned())
}

/// What the stream tells of a symbol in the minutes after `AFTERNOON`.
fn coming(served: &Served, ticker: &str, minutes: i64) -> usize {
    let day = served.simulator.market().tape(&symbol(ticker), date(DATE)).expect("a session");
    let from = at(AFTERNOON);
    day.streamed(from, from + TimeDelta::minutes(minutes)).count()
}

#[tokio::test]
async fn a_wrong_key_or_plan_is_refused_and_cut_off_without_a_close_frame() {
    let with = served(AFTERNOON).await;
    let without = served_with(AFTERNOON, |config| config.polygon_plan.websocket = false).await;
    with.simulator.faults().push(FaultRule::once(Fault::AuthFailed)).unwrap();
    for (served, key, why) in [
        (&with, "simulated-key", "authentication failed"),
        (&with, "another", "authentication failed"),
        (&without, "simulated-key", "Your plan doesn't include websocket access."),
    ] {
        let mut stream = Stream::connect(served).await;
        stream.say("auth", key).await;
        assert_eq!(stream.statuses().await, [("auth_failed", why)].map(owned));
        assert!(matches!(stream.next().await, Next::End(None)));
    }
    let _now_it_works = Stream::open(&with).await;
}

#[tokio::test]
async fn pairs_are_acknowledged_one_by_one_and_unknown_topics_not_at_all() {
    let served = served(AFTERNOON).await;
    let mut stream = Stream::open(&served).await;
    let answers = stream.subscribe("T.SPY,ZZ.SPY,T.NOTATICKER,AM.*").await;
    let ack = |name: &str| ("success".to_owned(), format!("subscribed to: {name}"));
    assert_eq!(answers, [ack("T.SPY"), ack("T.NOTATICKER"), ack("AM.*")]);
    stream.say("subscribe", "ZZ.SPY").await;
    assert!(stream.is_silent().await, "an unknown topic is not mentioned");
    let answers = stream.subscribe("T.QQQ,NOI.*").await;
    assert_eq!(answers, [owned(("error", "not authorized")), ack("T.QQQ")]);
    let rule = FaultRule::once(Fault::TopicRefused("T.DIA".to_owned()));
    served.simulator.faults().push(rule).unwrap();
    assert_eq!(stream.subscribe("T.DIA").await, [owned(("error", "not authorized"))]);
    stream.say("unsubscribe", "T.QQQ").await;
    assert_eq!(stream.statuses().await, [("success", "unsubscribed to: T.QQQ")].map(owned));
}

#[tokio::test]
async fn each_trade_comes_once_as_rest_tells_it_in_milliseconds() {
    let served = served(AFTERNOON).await;
    let mut stream = Stream::open(&served).await;
    stream.subscribe("T.SPY,T.TSLA").await;
    assert!(stream.is_silent().await, "nothing is replayed, and the clock stands");
    served.clock.advance(TimeDelta::minutes(10));
    let count = coming(&served, "SPY", 10) + coming(&served, "TSLA", 10);
    assert!(count > 100, "{count}");
    let events = stream.take(count).await;
    assert!(stream.is_silent().await);
    assert!(events.is_sorted_by_key(|event| event["t"].as_i64()));
    let from = at(AFTERNOON).timestamp_nanos_opt().expect("near");
    let mut rested = BTreeMap::new();
    for ticker in ["SPY", "TSLA"] {
        let path = format!("/v3/trades/{ticker}?timestamp.gt={from}&order=asc&limit=50000");
        for row in served.get(&path).await.json()["results"].as_array().expect("rows") {
            rested.insert((ticker.to_owned(), row["sequence_number"].as_i64()), row.clone());
        }
    }
    let millis = |row: &Value, name: &str| row[name].as_i64().map(|ns| ns / 1_000_000);
    for event in &events {
        assert_eq!(event["ev"], "T");
        let key = (event["sym"].as_str().expect("a ticker").to_owned(), event["q"].as_i64());
        let row = rested.remove(&key).unwrap_or_else(|| panic!("{event} is not told by REST"));
        for (streamed, told) in [
            ("i", "id"),
            ("x", "exchange"),
            ("p", "price"),
            ("s", "size"),
            ("ds", "decimal_size"),
            ("c", "conditions"),
            ("z", "tape"),
            ("trfi", "trf_id"),
        ] {
            // Whole dollars are written without a point here.
            let same = event[streamed] == row[told]
                || (event[streamed].is_number() && event[streamed].as_f64() == row[told].as_f64());
            assert!(same, "{streamed}: {event} {row}");
        }
        assert_eq!(event["t"].as_i64(), millis(&row, "sip_timestamp"));
        assert_eq!(event["pt"].as_i64(), millis(&row, "participant_timestamp"));
        assert!(event["e"].is_null(), "the stream tells no corrections");
    }
    // What is left are records of cancels and corrections.
    assert!(rested.values().all(|row| row["correction"].as_i64() >= Some(10)), "{rested:?}");
}

#[tokio::test]
async fn minutes_come_as_they_end_and_hold_the_trades_that_were_told() {
    let served = served(AFTERNOON).await;
    let mut stream = Stream::open(&served).await;
    stream.subscribe("AM.SPY").await;
    served.clock.advance(TimeDelta::seconds(59));
    assert!(stream.is_silent().await);
    served.clock.advance(TimeDelta::seconds(122));
    let bars = stream.take(3).await;
    let day = served.simulator.market().tape(&symbol("SPY"), date(DATE)).expect("a session");
    for (place, bar) in bars.iter().enumerate() {
        let start = at(AFTERNOON) + TimeDelta::minutes(place as i64);
        assert_eq!((bar["ev"].as_str(), bar["sym"].as_str()), (Some("AM"), Some("SPY")));
        assert_eq!(bar["s"], start.timestamp_millis());
        assert_eq!(bar["e"], start.timestamp_millis() + 60_000);
        let told = day.streamed(start, start + TimeDelta::minutes(1));
        let volume: i64 = told.map(|trade| trade.size.0).sum();
        let streamed = bar["v"].as_i64().expect("whole shares");
        assert_eq!(streamed, volume / 1_000_000, "{bar}");
        let price = |name: &str| bar[name].as_f64().expect("a price");
        assert!(
            price("l") <= price("o").min(price("c")) && price("h") >= price("o").max(price("c"))
        );
    }
}

#[tokio::test]
async fn all_symbols_share_frames() {
    let served = served(AFTERNOON).await;
    let mut stream = Stream::open(&served).await;
    stream.subscribe("T.*,AM.*").await;
    served.clock.advance(TimeDelta::minutes(1));
    let mut mixed = false;
    let (mut symbols, mut sorts) = (BTreeSet::new(), BTreeSet::new());
    while !(mixed && symbols.len() == 10 && sorts.len() == 2) {
        let frame = stream.events().await;
        let tickers: BTreeSet<String> =
            frame.iter().map(|event| event["sym"].to_string()).collect();
        mixed |= tickers.len() > 3;
        symbols.extend(tickers);
        sorts.extend(frame.iter().map(|event| event["ev"].to_string()));
    }
}

#[tokio::test]
async fn a_second_connection_puts_out_the_first() {
    let served = served(AFTERNOON).await;
    let mut first = Stream::open(&served).await;
    first.subscribe("T.SPY").await;
    let mut second = Stream::open(&served).await;
    second.subscribe("T.SPY").await;
    let why = "Maximum number of websocket connections exceeded. ";
    assert_eq!(first.statuses().await, [("max_connections", why)].map(owned));
    assert!(matches!(first.next().await, Next::End(Some(1008))));
    served.simulator.faults().push(FaultRule::once(Fault::MaxConnections)).unwrap();
    let mut third = Stream::open(&served).await;
    assert_eq!(third.subscribe("T.QQQ").await, [("success", "subscribed to: T.QQQ")].map(owned));
    assert_eq!(third.statuses().await, [("max_connections", why)].map(owned));
    assert!(matches!(third.next().await, Next::End(Some(1008))));
}

#[tokio::test]
async fn frames_are_spoilt_by_the_script() {
    let served = served(AFTERNOON).await;
    let rules = [
        FaultRule::once(Fault::GarbageFrame),
        FaultRule::once(Fault::DuplicateFrame),
        FaultRule::once(Fault::WrongTypesFrame("p".to_owned())),
        FaultRule::once(Fault::SlowFrame(400)),
        FaultRule::once(Fault::DropMidFrame),
    ];
    for rule in rules {
        served.simulator.faults().push(rule.on("/stocks")).unwrap();
    }
    let mut stream = Stream::open(&served).await;
    stream.subscribe("T.*").await;
    let step = || served.clock.advance(TimeDelta::seconds(2));
    step();
    assert!(matches!(stream.next().await, Next::Garbage));
    let _right = stream.events().await;
    step();
    assert_eq!(stream.events().await, stream.events().await);
    step();
    assert!(stream.events().await.iter().all(|event| event["p"].is_array()));
    step();
    assert!(stream.is_silent().await);
    let _late = stream.events().await;
    step();
    assert!(matches!(stream.next().await, Next::End(None)));
}

#[tokio::test]
async fn a_frozen_connection_is_silent_and_a_reconnect_goes_on_where_the_clock_is() {
    let served = served(AFTERNOON).await;
    served.simulator.faults().push(FaultRule::once(Fault::Freeze).on("/stocks")).unwrap();
    let mut stream = Stream::open(&served).await;
    stream.subscribe("T.SPY").await;
    served.clock.advance(TimeDelta::minutes(1));
    assert!(stream.is_silent().await);
    stream.0.send(Message::Ping("still there?".into())).await.unwrap();
    assert!(stream.is_silent().await);
    let mut again = Stream::open(&served).await;
    again.subscribe("T.SPY").await;
    assert!(again.is_silent().await, "nothing is replayed");
    served.clock.advance(TimeDelta::minutes(1));
    let first = again.events().await;
    let since = (at(AFTERNOON) + TimeDelta::minutes(1)).timestamp_millis();
    assert!(first[0]["t"].as_i64() >= Some(since));
}

#[tokio::test]
async fn a_delayed_plan_is_a_quarter_of_an_hour_behind() {
    let served = served_with(AFTERNOON, |config| config.polygon_plan.is_delayed = true).await;
    let mut stream = Stream::open(&served).await;
    stream.subscribe("T.SPY").await;
    served.clock.advance(TimeDelta::minutes(1));
    let newest = (at(AFTERNOON) - TimeDelta::minutes(14)).timestamp_millis();
    let events = stream.events().await;
    assert!(events.iter().all(|event| event["t"].as_i64() <= Some(newest)));
}

#[tokio::test]
async fn a_burst_comes_whole_to_whoever_takes_trades() {
    let served = served(AFTERNOON).await;
    let mut stream = Stream::open(&served).await;
    stream.subscribe("T.*").await;
    let burst = Burst { per_second: 20_000, seconds: 1, symbols: 50, first: 0 };
    served.simulator.burst(burst);
    let events = stream.take(20_000).await;
    let ids: BTreeSet<&str> = events.iter().filter_map(|event| event["i"].as_str()).collect();
    assert_eq!(ids.len(), 20_000);
    assert_eq!(served.simulator.burst_sent(), burst.total());
    assert!(stream.is_silent().await);
}
