//! The websocket's frames: what a subscription gets between two instants, and what the server
//! says of itself.
//!
//! Pure, as the routes are: connections, queues and faults are the server's business. A frame is
//! always an array, and mixes symbols and sorts of events.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde_json::json;
use undertow_market::Symbol;

use super::rounded;
use crate::market::{Market, SimTapeTrade, TapeDay, day_bar, minute_bars, nanos};

/// Events of a frame at most. A busy moment comes in several frames.
const EVENTS_A_FRAME: usize = 200;
const MINUTE_NS: i64 = 60_000_000_000;
const MILLI_NS: i64 = 1_000_000;
/// Conditions of the trade that a day's official open comes from.
const OPENINGS: [u16; 2] = [17, 25];

/// What can be subscribed to; without a symbol it is of all symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Trades.
    Trades(Option<String>),
    /// Bars of a minute.
    Minutes(Option<String>),
}

/// How a topic's name is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Known(Topic),
    /// There is such a topic, but not in this plan.
    NotInPlan,
    /// There is none: the server says nothing at all.
    Unknown,
}

impl Topic {
    /// A symbol need not be listed: nothing is pushed for one that is not.
    pub(crate) fn named(name: &str) -> Named {
        let Some((prefix, ticker)) = name.split_once('.').filter(|(_, ticker)| !ticker.is_empty())
        else {
            return Named::Unknown;
        };
        let symbol = (ticker != "*").then(|| ticker.to_owned());
        match prefix {
            "T" => Named::Known(Self::Trades(symbol)),
            "AM" => Named::Known(Self::Minutes(symbol)),
            "Q" | "A" | "LULD" | "NOI" | "FMV" => Named::NotInPlan,
            _ => Named::Unknown,
        }
    }

    fn takes(&self, symbol: &Symbol) -> bool {
        let (Self::Trades(only) | Self::Minutes(only)) = self;
        only.as_deref().is_none_or(|only| only == symbol.as_str())
    }
}

/// A topic that a connection has, and since when.
#[derive(Clone, Debug)]
pub(crate) struct Joined {
    pub(crate) name: String,
    pub(crate) topic: Topic,
    pub(crate) since: DateTime<Utc>,
}

/// A stretch of time, without its first instant and with its last.
#[derive(Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
}

/// One status event.
pub(crate) fn status(status: &str, message: &str) -> String {
    json!({ "ev": "status", "status": status, "message": message }).to_string()
}

/// A frame of these events.
pub(crate) fn frame(events: &[String]) -> String {
    format!("[{}]", events.join(","))
}

/// What the connection's topics get in a stretch, in tape order.
pub(crate) fn frames(market: &Market, joined: &[Joined], stretch: Stretch) -> Vec<String> {
    let Some(date) = market.calendar().latest_session(stretch.to) else {
        return Vec::new();
    };
    let mut events = Vec::new();
    for symbol in market.symbols() {
        let since = |is_wanted: fn(&Topic) -> bool| {
            let of_symbol =
                joined.iter().filter(|it| is_wanted(&it.topic) && it.topic.takes(symbol));
            of_symbol.map(|it| it.since.max(stretch.from)).min()
        };
        let trades = since(|topic| matches!(topic, Topic::Trades(_)));
        let minutes = since(|topic| matches!(topic, Topic::Minutes(_)));
        if trades.is_none() && minutes.is_none() {
            continue;
        }
        let Some(day) = market.tape(symbol, date) else { continue };
        if let Some(from) = trades {
            let new = day.streamed(from, stretch.to);
            events.extend(new.map(|trade| (trade.sip_ns, trade_event(&day, trade))));
        }
        if let Some(from) = minutes {
            events.extend(minute_events(&day, from, stretch.to));
        }
    }
    events.sort_by_key(|(at_ns, _)| *at_ns);
    let events: Vec<String> = events.into_iter().map(|(_, event)| event).collect();
    events.chunks(EVENTS_A_FRAME).map(frame).collect()
}

/// A trade as the stream tells it: whole milliseconds, and never a correction.
fn trade_event(day: &TapeDay, trade: &SimTapeTrade) -> String {
    let mut event = String::with_capacity(200);
    let written = write!(
        event,
        r#"{{"ev":"T","sym":"{}","i":"{}","x":{},"p":{},"s":{},"t":{},"pt":{},"q":{},"z":{}"#,
        day.symbol.as_str(),
        trade.id,
        trade.venue,
        trade.price.dollars(),
        trade.size.whole(),
        trade.sip_ns.div_euclid(MILLI_NS),
        trade.participant_ns.div_euclid(MILLI_NS),
        trade.sequence,
        day.network,
    )
    .and_then(|()| match trade.conditions.as_slice() {
        [] => Ok(()),
        conditions => write!(event, r#","c":{conditions:?}"#),
    })
    .and_then(|()| match trade.facility {
        Some((id, at_ns)) => {
            write!(event, r#","trfi":{id},"trft":{}"#, at_ns.div_euclid(MILLI_NS))
        }
        None => Ok(()),
    })
    .and_then(|()| write!(event, r#","ds":"{}"}}"#, trade.size));
    written.expect("a text takes whatever is written to it");
    event
}

/// The minutes that end in a stretch, each with the instant at which it is told.
fn minute_events(day: &TapeDay, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<(i64, String)> {
    let (first, last) = (nanos(from).div_euclid(MINUTE_NS), nanos(to).div_euclid(MINUTE_NS));
    if first == last {
        return Vec::new();
    }
    let told: Vec<SimTapeTrade> = day
        .trades
        .iter()
        .take_while(|trade| trade.sip_ns < last * MINUTE_NS)
        .filter(|trade| !trade.is_record())
        .cloned()
        .collect();
    let is_opening =
        |trade: &&SimTapeTrade| trade.conditions.as_slice().iter().any(|id| OPENINGS.contains(id));
    let open = told.iter().find(is_opening).map_or(0.0, |trade| trade.price.dollars());
    let begin = told.partition_point(|trade| trade.sip_ns < first * MINUTE_NS);
    // What is withdrawn later is in the bar: it was told before anybody knew.
    let minutes = minute_bars(&told[begin..], i64::MIN);
    let event = |(start_ns, bar): (i64, crate::market::TapeBar)| {
        let end_ns = start_ns + MINUTE_NS;
        let so_far = &told[..told.partition_point(|trade| trade.sip_ns < end_ns)];
        let whole = day_bar(so_far, i64::MIN)?;
        let event = json!({
            "ev": "AM",
            "sym": day.symbol.as_str(),
            "v": bar.volume.whole(),
            "av": whole.volume.whole(),
            "op": open,
            "vw": rounded(bar.average()),
            "o": bar.open.dollars(),
            "c": bar.close.dollars(),
            "h": bar.high.dollars(),
            "l": bar.low.dollars(),
            "a": rounded(whole.average()),
            "z": bar.volume.whole() / bar.trades.max(1),
            "s": start_ns / MILLI_NS,
            "e": end_ns / MILLI_NS,
        });
        Some((end_ns, event.to_string()))
    };
    minutes.into_iter().filter_map(event).collect()
}

/// Trades at a rate, to see what a reader can take. They are of made-up symbols, so they are on no
/// tape and in no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Burst {
    /// Trades in a real second.
    pub per_second: u32,
    /// Real seconds.
    pub seconds: u32,
    /// Symbols that they spread over, named `ZZAAA` and so on; at least one.
    pub symbols: u16,
    /// The number of its first trade. Bursts whose numbers differ have no trade in common.
    #[serde(default)]
    pub first: u64,
}

/// What a trade of a burst is made of, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurstTrade {
    /// The place of its symbol.
    pub place: u16,
    /// Shares.
    pub size: u64,
    /// Whether it was made off exchange: one in three is.
    pub is_off_exchange: bool,
}

impl Burst {
    /// The symbol at a place.
    #[must_use]
    pub fn symbol(place: u16) -> String {
        let letter = |value: u16| char::from(b'A' + (value % 26) as u8);
        ['Z', 'Z', letter(place / 676), letter(place / 26), letter(place)].iter().collect()
    }

    /// All trades of it.
    #[must_use]
    pub fn total(&self) -> u64 {
        u64::from(self.per_second) * u64::from(self.seconds)
    }

    /// The trade with a number.
    #[must_use]
    pub fn trade(&self, number: u64) -> BurstTrade {
        BurstTrade {
            place: (number % u64::from(self.symbols.max(1))) as u16,
            size: 1 + number % 400,
            is_off_exchange: number.is_multiple_of(3),
        }
    }

    /// The numbers of its trades.
    #[must_use]
    pub fn numbers(&self) -> std::ops::Range<u64> {
        self.first..self.first + self.total()
    }
}

/// So many trades of a burst after the first `sent`, as frames. Every number makes another price,
/// size and id.
pub(crate) fn burst_frames(burst: Burst, sent: u64, count: u64, now: DateTime<Utc>) -> Vec<String> {
    let now_ms = now.timestamp_millis();
    let first = burst.first + sent;
    let numbers: Vec<u64> = (first..first + count).collect();
    let of_chunk = |chunk: &[u64]| {
        let mut text = String::with_capacity(chunk.len() * 160 + 2);
        for number in chunk {
            text.push(if text.is_empty() { '[' } else { ',' });
            let BurstTrade { place, size, is_off_exchange } = burst.trade(*number);
            let (venue, facility) = if is_off_exchange {
                (4, format!(r#","trfi":202,"trft":{now_ms}"#))
            } else {
                (12, String::new())
            };
            let written = write!(
                text,
                r#"{{"ev":"T","sym":"{}","i":"{number}","x":{venue},"p":{}.{:02},"s":{size},"t":{now_ms},"pt":{now_ms},"q":{number},"z":3{facility},"ds":"{size}.0"}}"#,
                Burst::symbol(place),
                20 + place % 400,
                number % 100,
            );
            written.expect("a text takes whatever is written to it");
        }
        text.push(']');
        text
    };
    numbers.chunks(EVENTS_A_FRAME).map(of_chunk).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_known_by_the_vendors_prefixes_only() {
        let of = |symbol: &str| Some(symbol.to_owned());
        for (name, named) in [
            ("T.AAPL", Named::Known(Topic::Trades(of("AAPL")))),
            ("T.*", Named::Known(Topic::Trades(None))),
            ("AM.*", Named::Known(Topic::Minutes(None))),
            ("AM.BRK.B", Named::Known(Topic::Minutes(of("BRK.B")))),
            ("Q.AAPL", Named::NotInPlan),
            ("ZZ.AAPL", Named::Unknown),
            ("T.", Named::Unknown),
            ("T", Named::Unknown),
        ] {
            assert_eq!(Topic::named(name), named, "{name}");
        }
    }

    #[test]
    fn a_burst_has_as_many_trades_as_it_says_each_with_its_own_id() {
        let burst = Burst { per_second: 1_000, seconds: 1, symbols: 700, first: 5_000 };
        let frames = burst_frames(burst, 0, burst.total(), DateTime::UNIX_EPOCH);
        let mut ids = std::collections::HashSet::new();
        let mut symbols = std::collections::HashSet::new();
        for frame in frames {
            let events: Vec<serde_json::Value> = serde_json::from_str(&frame).unwrap();
            for event in events {
                let id = event["i"].as_str().unwrap();
                let trade = burst.trade(id.parse().unwrap());
                assert_eq!(event["s"], trade.size);
                assert_eq!(event["sym"], Burst::symbol(trade.place));
                assert_eq!(event["x"] == 4, trade.is_off_exchange);
                ids.insert(id.parse::<u64>().unwrap());
                symbols.insert(event["sym"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!((ids.len(), symbols.len()), (1_000, 700));
        assert!(burst.numbers().all(|number| ids.contains(&number)));
    }
}
