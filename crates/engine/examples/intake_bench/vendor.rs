//! A vendor that streams option trades at a given rate: a real websocket on this computer, whose
//! frames have every field that the vendor's have. It runs on a thread of its own, so that what it
//! costs can be told from what the program costs.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::{any, get};
use chrono::{DateTime, Days, Utc};
use futures_util::stream::SplitStream;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::watch;
use tokio::time::Instant;
use undertow_engine::clock::Clock;

use crate::processor;

/// Different trades that the tape repeats, each time with a new id and time.
const TEMPLATES: usize = 4_096;
/// How often what is due is sent, at a given rate.
const BURST_EVERY: Duration = Duration::from_millis(5);
/// Frames between two looks at the clock, when as many are sent as are taken.
const BURST_FRAMES: u64 = 256;

/// How much is sent.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// Trades a second; none = as many as are taken.
    pub(crate) rate: Option<u64>,
    pub(crate) time: Duration,
}

/// A running vendor.
pub(crate) struct Vendor {
    pub(crate) address: SocketAddr,
    state: Arc<Tape>,
}

struct Tape {
    symbols: Vec<&'static str>,
    clock: Clock,
    load: Load,
    joined: watch::Sender<usize>,
    begun: watch::Sender<bool>,
    ended: watch::Sender<bool>,
    sent: AtomicU64,
    /// Ticks of the processor that sending took.
    ticks: AtomicU64,
}

impl Vendor {
    /// Starts it; it sends nothing yet.
    pub(crate) async fn start(
        symbols: Vec<&'static str>,
        clock: Clock,
        load: Load,
    ) -> Result<Self> {
        let (joined, begun) = (watch::Sender::new(0), watch::Sender::new(false));
        let ended = watch::Sender::new(false);
        let (sent, ticks) = (AtomicU64::new(0), AtomicU64::new(0));
        let state = Arc::new(Tape { symbols, clock, load, joined, begun, ended, sent, ticks });
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let app = Router::new()
            .route("/socket", get(open))
            // Whatever is asked for is not there.
            .fallback(any(async || r#"{"data":[]}"#))
            .with_state(Arc::clone(&state));
        std::thread::Builder::new().name("vendor".to_owned()).spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                Ok(axum::serve(listener, app).await?)
            })
        })?;
        Ok(Self { address, state })
    }

    /// Waits until every channel is joined, and begins to send.
    pub(crate) async fn begin(&self) -> Result<()> {
        let wanted = self.state.symbols.len();
        self.state.joined.subscribe().wait_for(|joined| *joined >= wanted).await?;
        self.state.begun.send_replace(true);
        Ok(())
    }

    /// Trades sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::Relaxed)
    }

    /// Whether the last trade was sent.
    pub(crate) fn is_done(&self) -> bool {
        *self.state.ended.borrow()
    }

    /// Processor time that sending took, in ticks.
    pub(crate) fn ticks(&self) -> u64 {
        self.state.ticks.load(Ordering::Relaxed)
    }
}

async fn open(
    State(tape): State<Arc<Tape>>,
    upgrade: WebSocketUpgrade,
) -> axum::response::Response {
    upgrade.on_upgrade(move |socket| async move {
        if let Err(error) = serve(socket, &tape).await {
            tracing::warn!(%error, "the stream ended");
        }
    })
}

async fn serve(socket: WebSocket, tape: &Tape) -> Result<()> {
    let (mut sink, mut source) = socket.split();
    let mut begun = tape.begun.subscribe();
    while !*begun.borrow() {
        tokio::select! {
            message = source.next() => {
                let Message::Text(text) = message.context("the client left")?? else { continue };
                let Some(channel) = joins(&text) else { continue };
                let reply = format!(r#"["{channel}",{{"response":{{}},"status":"ok"}}]"#);
                sink.send(Message::text(reply)).await?;
                if channel.starts_with("option_trades:") {
                    tape.joined.send_modify(|joined| *joined += 1);
                }
            }
            changed = begun.changed() => changed?,
        }
    }
    let frames = Frames::new(&tape.symbols);
    let before = processor::of_this_thread();
    // Reading answers pings.
    let reading = tokio::spawn(read_on(source));
    let load = tape.load;
    let start = Instant::now();
    let mut sent = 0;
    while start.elapsed() < load.time {
        let due = match load.rate {
            Some(rate) => (start.elapsed().as_secs_f64() * rate as f64) as u64,
            None => sent + BURST_FRAMES,
        };
        let at = tape.clock.now();
        for number in sent..due {
            sink.feed(Message::text(frames.frame(number, at))).await?;
        }
        sink.flush().await?;
        sent = due;
        tape.sent.store(sent, Ordering::Relaxed);
        tape.ticks.store(processor::of_this_thread() - before, Ordering::Relaxed);
        match load.rate {
            Some(_) => tokio::time::sleep(BURST_EVERY).await,
            None => tokio::task::yield_now().await,
        }
    }
    tape.ended.send_replace(true);
    reading.await?;
    Ok(())
}

async fn read_on(mut source: SplitStream<WebSocket>) {
    while let Some(Ok(_)) = source.next().await {}
}

/// The channel of a join.
fn joins(text: &str) -> Option<String> {
    let command: serde_json::Value = serde_json::from_str(text).ok()?;
    (command.get("msg_type")? == "join").then_some(())?;
    Some(command.get("channel")?.as_str()?.to_owned())
}

/// Frames of the channel `option_trades:T`, in which only id and times are still to be filled in.
struct Frames(Vec<Template>);

struct Template {
    text: Vec<u8>,
    id_at: usize,
    executed_at: usize,
    created_at: usize,
}

impl Frames {
    fn new(symbols: &[&str]) -> Self {
        Self((0..TEMPLATES).map(|n| Template::new(symbols[n % symbols.len()], n)).collect())
    }

    fn frame(&self, number: u64, at: DateTime<Utc>) -> String {
        let template = &self.0[number as usize % self.0.len()];
        let mut text = template.text.clone();
        // Ids in no order, and no two alike: an odd factor only shuffles them.
        let low = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let id = format!("{:08x}-{:04x}-4000-8000-{:012x}", low >> 32, low >> 16 & 0xffff, number);
        text[template.id_at..template.id_at + id.len()].copy_from_slice(id.as_bytes());
        let stamp = at.timestamp_millis().to_string();
        for place in [template.executed_at, template.created_at] {
            text[place..place + stamp.len()].copy_from_slice(stamp.as_bytes());
        }
        String::from_utf8(text).expect("digits for digits")
    }
}

impl Template {
    fn new(symbol: &str, n: usize) -> Self {
        let (id, stamp) = ("0".repeat(36), "0".repeat(13));
        let put = n / 5 % 2 == 1;
        let strike = 500 + n * 7 % 200;
        let expiry = crate::DAY.checked_add_days(Days::new(n as u64 * 11 % 60)).expect("a date");
        let letter = if put { 'P' } else { 'C' };
        let cents = 20 + n * 37 % 1_900;
        let (bid, ask, size) = (cents - 4, cents + 4, 1 + n * 13 % 400);
        let price = [bid, bid + 2, cents, ask - 2, ask][n % 5];
        let money = |cents: usize| format!("{}.{:02}", cents / 100, cents % 100);
        let (bid, ask) = (money(bid), money(ask));
        let code = ["auto", "slan", "mlat", "isoi", "cbmo"][n % 5];
        let mut text = String::new();
        write!(
            text,
            r#"["option_trades:{symbol}",{{"id":"{id}","underlying_symbol":"{symbol}","executed_at":{stamp},"nbbo_bid":"{bid}","nbbo_ask":"{ask}","size":{size},"price":"{price}","option_symbol":"{symbol}{day}{letter}{strike:05}000","created_at":{stamp},"report_flags":[],"tags":["{side}_side","bearish","etf"],"expiry":"{expiry}","option_type":"{kind}","open_interest":{open},"strike":"{strike}.0000000000","premium":"{premium}","volume":{volume},"underlying_price":"{spot}.92","ewma_nbbo_ask":"{ask}","ewma_nbbo_bid":"{bid}","implied_volatility":"0.{iv:014}","delta":"{sign}0.{delta:016}","theta":"-0.02291485773244166","gamma":"0.00962272181839{gamma:03}","vega":"0.0001082948756510385","rho":"0.000002508438316242667","theo":"{bid}","trade_code":"{code}","exchange":"XCBO","ask_vol":10,"bid_vol":95,"no_side_vol":0,"mid_vol":0,"multi_vol":0,"stock_multi_vol":0}}]"#,
            price = money(price),
            day = expiry.format("%y%m%d"),
            side = ["bid", "mid", "ask"][n % 3],
            kind = if put { "put" } else { "call" },
            open = n * 31 % 20_000,
            premium = money(price * size * 100),
            volume = size + n * 17 % 30_000,
            spot = 590 + n % 20,
            iv = 8_381_958_089_369 + n as u64 * 7_000_000_000,
            sign = if put { "-" } else { "" },
            delta = 1_132_315_610_146_539 + n as u64 * 1_000_000_000_000,
            gamma = n % 1_000,
        )
        .expect("a String takes any text");
        let after = |key: &str| text.find(key).expect("the key is there") + key.len();
        Self {
            id_at: after(r#""id":""#),
            executed_at: after(r#""executed_at":"#),
            created_at: after(r#""created_at":"#),
            text: text.into_bytes(),
        }
    }
}
