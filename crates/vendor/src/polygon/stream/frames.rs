//! From frames to trades and aggregates.
//!
//! A frame is a list of flat objects of several kinds and tickers. The rows of tickers that nobody
//! keeps are passed over without being read. A row that is not understood costs none of the
//! others, not even where the JSON itself is broken: reading goes on where the next row begins.

use std::ops::AddAssign;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use undertow_market::{Aggregate, Symbol, TapeTrade};

use super::super::parse::size;
use super::super::trade::{TradeParts, TradeReader};
use super::RawFrame;
use crate::Reject;
use crate::decode::typed_row;
use crate::field::FieldFault;
use crate::scan::{Order, Scanner};
use crate::wire::{Raw, wire_row};

/// Most rejects that one frame hands on; more are only counted, and a broken frame with so many is
/// given up.
const MAX_REJECTS: usize = 64;
/// How every row begins.
const ROW_BEGINS: &str = "{\"ev\":";

wire_row! {
    /// A row of the stream. Invented examples:
    ///
    /// ```json
    /// {"ev": "T", "sym": "SPY", "i": "52983", "x": 4, "p": 600.015, "s": 12, "ds": "12.5",
    ///  "c": [12, 37], "t": 1795185000123, "pt": 1795185000119, "q": 71002, "z": 2,
    ///  "trfi": 202, "trft": 1795185000122}
    /// {"ev": "AM", "sym": "SPY", "v": 81240, "o": 600.01, "c": 600.2, "h": 600.31, "l": 599.98,
    ///  "s": 1795185000000, "e": 1795185060000}
    /// ```
    ///
    /// `c` and `s` mean other things in each. `trft` and `z` have no use yet.
    WireTick { ev, sym, i, x, p, s, ds, c, t, pt, q, trfi, v, dv, o, h, l, e }
}

/// Takes what a frame holds, in its order.
pub trait FrameSink {
    /// A trade of a ticker that is kept.
    fn trade(&mut self, trade: &TapeTrade<'_>);
    /// An aggregate of a ticker that is kept.
    fn aggregate(&mut self, aggregate: Aggregate);
    /// A row that was not understood.
    fn reject(&mut self, reject: Reject);
}

/// How many rows of each kind a frame held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameCounts {
    /// Trades handed on.
    pub trades: usize,
    /// Aggregates handed on.
    pub aggregates: usize,
    /// Trades and aggregates of tickers that are not kept.
    pub skipped: usize,
    /// What the vendor says of the connection.
    pub statuses: usize,
    /// Rows of kinds that were not asked for.
    pub others: usize,
    /// Rows that were not understood.
    pub rejects: usize,
}

impl FrameCounts {
    /// Rows in all.
    #[must_use]
    pub fn rows(&self) -> usize {
        let Self { trades, aggregates, skipped, statuses, others, rejects } = self;
        trades + aggregates + skipped + statuses + others + rejects
    }
}

impl AddAssign for FrameCounts {
    fn add_assign(&mut self, more: Self) {
        self.trades += more.trades;
        self.aggregates += more.aggregates;
        self.skipped += more.skipped;
        self.statuses += more.statuses;
        self.others += more.others;
        self.rejects += more.rejects;
    }
}

/// Reads frames one by one.
pub struct FrameDecoder {
    reader: TradeReader,
    kept: Kept,
    orders: Orders,
}

/// The order of keys in each kind of row.
#[derive(Default)]
struct Orders {
    trades: Order,
    aggregates: Order,
    others: Order,
}

type Kept = Box<dyn FnMut(&str) -> Option<Symbol> + Send>;

impl FrameDecoder {
    /// `kept` gives the symbol of a ticker whose rows are wanted. It is asked for every row, so it
    /// should cost no allocation; a clone of a symbol does not.
    #[must_use]
    pub fn new(
        reader: TradeReader,
        kept: impl FnMut(&str) -> Option<Symbol> + Send + 'static,
    ) -> Self {
        Self { reader, kept: Box::new(kept), orders: Orders::default() }
    }

    /// Takes conditions by another reader from now on.
    pub fn set_reader(&mut self, reader: TradeReader) {
        self.reader = reader;
    }

    /// Reads a frame.
    pub fn decode(&mut self, frame: &RawFrame, sink: &mut impl FrameSink) -> FrameCounts {
        self.read(frame, true, sink)
    }

    /// As [`Self::decode`], without the fast way. Only for comparing the two.
    #[doc(hidden)]
    pub fn decode_slowly(&mut self, frame: &RawFrame, sink: &mut impl FrameSink) -> FrameCounts {
        self.read(frame, false, sink)
    }

    fn read(&mut self, frame: &RawFrame, may_scan: bool, sink: &mut impl FrameSink) -> FrameCounts {
        let mut frame = OpenFrame {
            reader: &self.reader,
            kept: &mut self.kept,
            orders: &mut self.orders,
            received_at: frame.received_at,
            may_scan,
            text: &frame.text,
            scanner: Scanner::new(&frame.text),
            counts: FrameCounts::default(),
            sink,
        };
        frame.rows();
        frame.counts
    }
}

struct OpenFrame<'f, 'd, S> {
    reader: &'d TradeReader,
    kept: &'d mut Kept,
    orders: &'d mut Orders,
    received_at: DateTime<Utc>,
    may_scan: bool,
    text: &'f str,
    /// Stands at what is not read yet.
    scanner: Scanner<'f>,
    counts: FrameCounts,
    sink: &'d mut S,
}

/// A kind of row, with its symbol where the row is wanted.
enum Kind {
    Trade(Symbol),
    Aggregate(Symbol),
    Skipped,
    Status,
    Other,
}

impl<'f, S: FrameSink> OpenFrame<'f, '_, S> {
    fn rows(&mut self) {
        let is_list = self.scanner.expect(b'[').is_some();
        if is_list && self.scanner.take_if(b']') == Some(true) && self.scanner.is_at_end() {
            return;
        }
        let mut is_well = is_list;
        while is_well || self.go_to_next_row() {
            is_well = (self.scan_row().is_some() || self.read_row().is_some())
                && self.scanner.take_if(b',').is_some();
            if is_well && self.is_at_end() {
                return;
            }
        }
    }

    /// Whether the row just read was the last one. The comma behind it is passed over already.
    fn is_at_end(&mut self) -> bool {
        let rest = self.scanner.rest().trim_ascii();
        rest == "]"
    }

    /// A row of the usual form. None leaves the scanner where it was.
    fn scan_row(&mut self) -> Option<()> {
        if !self.may_scan {
            return None;
        }
        let _first = self.scanner.peek();
        let rest = self.scanner.rest();
        let passed = match head(rest) {
            Some((ev, sym)) => self.scan_known(ev, sym),
            None => self.scan_any(rest),
        };
        if passed.is_none() {
            self.scanner.go_back_to(rest);
        }
        passed
    }

    fn scan_known(&mut self, ev: &str, sym: &'f str) -> Option<()> {
        let rest = self.scanner.rest();
        let kind = self.kind(ev, sym);
        let order = match kind {
            Kind::Trade(_) => &mut self.orders.trades,
            Kind::Aggregate(_) => &mut self.orders.aggregates,
            Kind::Skipped => {
                self.scanner.skip_row()?;
                self.count(&kind);
                return Some(());
            }
            // They are few, so there is time to see whether they are whole.
            Kind::Status | Kind::Other => return None,
        };
        let wire: WireTick<'f> = self.scanner.row(order)?;
        let row = &rest[..rest.len() - self.scanner.rest().len()];
        self.take(kind, &wire, row);
        Some(())
    }

    /// A row that begins in another way, but is flat.
    fn scan_any(&mut self, rest: &'f str) -> Option<()> {
        let wire: WireTick<'f> = self.scanner.row(&mut self.orders.others)?;
        let row = &rest[..rest.len() - self.scanner.rest().len()];
        self.take_wire(&wire, row);
        Some(())
    }

    /// A row of any form that is JSON. None leaves the scanner where it was.
    fn read_row(&mut self) -> Option<()> {
        let rest = self.scanner.rest();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&'f RawValue>();
        let row = values.next()?.ok()?.get();
        self.scanner.advance(values.byte_offset());
        match typed_row::<WireTick<'f>>(Raw(row)) {
            Ok(wire) => self.take_wire(&wire, row),
            Err(reason) => self.reject(None, row, reason),
        }
        Some(())
    }

    /// Rejects what stands here and goes to where the next row begins. False when there is none.
    fn go_to_next_row(&mut self) -> bool {
        let rest = self.scanner.rest();
        let own = usize::from(rest.starts_with(ROW_BEGINS));
        let next = rest[own..].find(ROW_BEGINS).map(|at| at + own);
        let broken = rest[..next.unwrap_or(rest.len())].trim_ascii();
        if broken.is_empty() && next.is_none() {
            self.reject(None, self.text, "the frame is cut off");
        } else if !broken.is_empty() {
            self.reject(None, broken, "it is no row of a list in JSON");
        }
        self.scanner.advance(next.unwrap_or(rest.len()));
        // Each of them may have been read to the end of the frame in vain.
        next.is_some() && self.counts.rejects < MAX_REJECTS
    }

    fn take_wire(&mut self, wire: &WireTick<'f>, row: &str) {
        let (ev, sym) = match (wire.ev.named("ev").text(), wire.sym.named("sym").text()) {
            (Ok(Some(ev)), Ok(sym)) => (ev, sym.unwrap_or_default()),
            (Ok(None), _) => return self.reject(None, row, "ev: is missing"),
            (Err(fault), _) | (_, Err(fault)) => return self.reject(None, row, fault),
        };
        let kind = self.kind(&ev, &sym);
        self.take(kind, wire, row);
    }

    fn kind(&mut self, ev: &str, sym: &str) -> Kind {
        match ev {
            "T" => (self.kept)(sym).map_or(Kind::Skipped, Kind::Trade),
            "AM" => (self.kept)(sym).map_or(Kind::Skipped, Kind::Aggregate),
            "status" => Kind::Status,
            _ => Kind::Other,
        }
    }

    fn count(&mut self, kind: &Kind) {
        *match kind {
            Kind::Trade(_) => &mut self.counts.trades,
            Kind::Aggregate(_) => &mut self.counts.aggregates,
            Kind::Skipped => &mut self.counts.skipped,
            Kind::Status => &mut self.counts.statuses,
            Kind::Other => &mut self.counts.others,
        } += 1;
    }

    fn take(&mut self, kind: Kind, wire: &WireTick<'_>, row: &str) {
        let taken = match &kind {
            Kind::Trade(symbol) => self.take_trade(symbol, wire),
            Kind::Aggregate(symbol) => aggregate(symbol, wire, self.received_at)
                .map(|aggregate| self.sink.aggregate(aggregate)),
            Kind::Skipped | Kind::Status | Kind::Other => Ok(()),
        };
        match (taken, kind) {
            (Ok(()), kind) => self.count(&kind),
            (Err(fault), Kind::Trade(symbol) | Kind::Aggregate(symbol)) => {
                self.reject(Some(symbol.to_string()), row, fault);
            }
            (Err(fault), _) => self.reject(None, row, fault),
        }
    }

    fn take_trade(&mut self, symbol: &Symbol, wire: &WireTick<'_>) -> Result<(), FieldFault> {
        let (id, venue) = (wire.i.named("i"), wire.x.named("x"));
        let (price, sip) = (wire.p.named("p"), wire.t.named("t"));
        let trade_id = id.required(id.text_or_number()?.filter(|id| !id.is_empty()))?;
        // Zero stands for no facility and no time.
        let trf_id = wire.trfi.named("trfi").code_number()?.filter(|id| *id != 0);
        let participant = Some(wire.pt).filter(|raw| raw.0 != "0").unwrap_or_default();
        let parts = TradeParts {
            symbol: symbol.clone(),
            id: &trade_id,
            venue: venue.required(venue.code_number()?)?,
            trf_id,
            sip_at: sip.required(sip.moment()?)?,
            participant_at: participant.named("pt").moment()?,
            price: price.required(price.price()?)?,
            size: size(wire.ds.named("ds"), wire.s.named("s"))?,
            conditions: wire.c.named("c").conditions()?,
            // The stream never tells.
            correction: 0,
            // Old recordings have none.
            sequence: wire.q.named("q").integer()?.unwrap_or(0),
            received_at: self.received_at,
        };
        self.sink.trade(&self.reader.trade(parts));
        Ok(())
    }

    fn reject(&mut self, symbol: Option<String>, row: &str, reason: impl ToString) {
        self.counts.rejects += 1;
        if self.counts.rejects <= MAX_REJECTS {
            self.sink.reject(Reject::new(symbol, row, reason));
        }
    }
}

/// Kind and ticker of a row that begins with them, as nearly every one does.
fn head(row: &str) -> Option<(&str, &str)> {
    let until_quote = |text: &'_ str| text.bytes().position(|byte| byte == b'"');
    let rest = row.strip_prefix(ROW_BEGINS)?.strip_prefix('"')?;
    let (ev, rest) = rest.split_at(until_quote(rest)?);
    let rest = rest.strip_prefix("\",\"sym\":\"")?;
    let sym = &rest[..until_quote(rest)?];
    // An escape is read in the general way.
    (!ev.contains('\\') && !sym.contains('\\')).then_some((ev, sym))
}

fn aggregate(
    symbol: &Symbol,
    wire: &WireTick<'_>,
    received_at: DateTime<Utc>,
) -> Result<Aggregate, FieldFault> {
    let price = |raw: Raw<'_>, name| {
        let field = raw.named(name);
        field.required(field.price()?)
    };
    let (start, end) = (wire.s.named("s"), wire.e.named("e"));
    let exact = wire.dv.named("dv").rounded_shares()?;
    let volume = wire.v.named("v");
    Ok(Aggregate {
        symbol: symbol.clone(),
        start_at: start.required(start.moment()?)?,
        end_at: end.required(end.moment()?)?,
        open: price(wire.o, "o")?,
        high: price(wire.h, "h")?,
        low: price(wire.l, "l")?,
        close: price(wire.c, "c")?,
        volume: match exact {
            Some(exact) => exact,
            None => volume.required(volume.rounded_shares()?)?,
        },
        received_at,
    })
}

/// The tape's time of a frame's last row, found without reading the rest.
pub(super) fn last_row_at(frame: &str) -> Option<DateTime<Utc>> {
    let row = &frame[frame.rfind(ROW_BEGINS)?..];
    let key = if row[ROW_BEGINS.len()..].starts_with("\"AM\"") { "\"e\":" } else { "\"t\":" };
    let (_, rest) = row.split_once(key)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    Raw(&rest[..digits]).named("t").moment().ok()?
}

#[cfg(test)]
mod tests;
