//! Rows of the bar endpoint.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::calendar::new_york_date;
use undertow_market::{Bar, BarInterval, Calendar, MarketSession, Price, VendorId};

use super::super::query::BarsQuery;
use super::super::wire::{MAX_ROWS, Shape, WireBar, read_rows};
use super::{DecodeError, Decoded, text_of, typed_row};
use crate::Reject;
use crate::field::FieldFault;
use crate::wire::Raw;

/// Reads a bar answer; the rows come out oldest first.
///
/// The vendor sends up to three rows for a day: pre-market, regular, post-market. Only the
/// regular one becomes a [`BarInterval::Day1`] bar. Its volume is the running total at its end
/// less the running total at the end of pre-market, because its own `volume` is that of the
/// whole day.
///
/// # Errors
/// The body is cut off, or is not an object with a list of `data`.
pub fn decode_bars(
    body: &[u8],
    query: &BarsQuery,
    received_at: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Decoded<Bar>, DecodeError> {
    let raws = read_rows(text_of(body)?, Shape::Wrapped, MAX_ROWS)?;
    let mut rejects = Vec::new();
    let mut read = Vec::with_capacity(raws.len());
    for raw in raws.iter().copied() {
        match BarRow::of(raw) {
            Ok(row) => read.push((row, raw)),
            Err(reason) => rejects.push(reject(query, raw, reason)),
        }
    }
    let maker = BarMaker { query, received_at, calendar };
    let mut bars = Vec::with_capacity(read.len());
    for (bar, raw) in maker.bars(read, raws.len()) {
        match bar {
            Ok(bar) => bars.push((bar, raw)),
            Err(reason) => rejects.push(reject(query, raw, reason)),
        }
    }
    bars.sort_by_key(|(bar, _)| bar.start_at);
    let rows = without_repeats(bars, |raw, reason| rejects.push(reject(query, raw, reason)));
    Ok(Decoded { rows, rejects, delivered: raws.len() })
}

/// Of two bars that begin together one is wrong, and nothing tells which: the first stays.
fn without_repeats<'a>(
    bars: Vec<(Bar, Raw<'a>)>,
    mut refuse: impl FnMut(Raw<'a>, String),
) -> Vec<Bar> {
    let mut rows: Vec<Bar> = Vec::with_capacity(bars.len());
    for (bar, raw) in bars {
        match rows.last().filter(|kept| kept.start_at == bar.start_at) {
            None => rows.push(bar),
            Some(kept) if *kept == bar => {}
            Some(_) => refuse(raw, "a second, different bar with this beginning".to_owned()),
        }
    }
    rows
}

fn reject(query: &BarsQuery, raw: Raw<'_>, reason: String) -> Reject {
    Reject::new(Some(query.symbol.to_string()), raw.0, reason)
}

/// What a row says, before it is known which bar it belongs to.
struct BarRow {
    start_at: Option<DateTime<Utc>>,
    date: Option<NaiveDate>,
    session: Option<MarketSession>,
    prices: [Price; 4],
    volume: Option<i64>,
    total_volume: Option<i64>,
}

impl BarRow {
    fn of(raw: Raw<'_>) -> Result<Self, String> {
        let wire: WireBar<'_> = typed_row(raw)?;
        Self::parse(&wire).map_err(|fault| fault.to_string())
    }

    fn parse(wire: &WireBar<'_>) -> Result<Self, FieldFault> {
        let price = |raw: Raw<'_>, name| {
            let field = raw.named(name);
            field.required(field.price()?)
        };
        Ok(Self {
            start_at: wire.start_time.named("start_time").instant()?,
            date: wire.date.named("date").date()?,
            session: part_of_day(wire)?,
            prices: [
                price(wire.open, "open")?,
                price(wire.high, "high")?,
                price(wire.low, "low")?,
                price(wire.close, "close")?,
            ],
            volume: wire.volume.named("volume").shares()?,
            total_volume: wire.total_volume.named("total_volume").shares()?,
        })
    }

    fn day(&self) -> Result<NaiveDate, String> {
        self.date.or(self.start_at.map(new_york_date)).ok_or_else(|| "date: is missing".to_owned())
    }
}

fn part_of_day(wire: &WireBar<'_>) -> Result<Option<MarketSession>, FieldFault> {
    let field = wire.market_time.named("market_time");
    match field.code()?.as_deref() {
        None => Ok(None),
        Some("pr") => Ok(Some(MarketSession::Pre)),
        Some("r") => Ok(Some(MarketSession::Regular)),
        Some("po") => Ok(Some(MarketSession::Post)),
        Some(other) => Err(field.fault(format_args!("{other:.20} is not pr, r or po"))),
    }
}

type Made<'a> = Vec<(Result<Bar, String>, Raw<'a>)>;

struct BarMaker<'a> {
    query: &'a BarsQuery,
    received_at: DateTime<Utc>,
    calendar: &'a Calendar,
}

impl BarMaker<'_> {
    fn bars<'a>(&self, rows: Vec<(BarRow, Raw<'a>)>, delivered: usize) -> Made<'a> {
        if self.query.interval == BarInterval::Day1 {
            return self.days(rows, delivered >= usize::from(self.query.limit));
        }
        rows.into_iter().map(|(row, raw)| (self.intraday(&row), raw)).collect()
    }

    fn intraday(&self, row: &BarRow) -> Result<Bar, String> {
        let start_at = row.start_at.ok_or("start_time: is missing")?;
        let (session_date, session) = self.calendar.session_at(start_at);
        let volume = row.volume.ok_or("volume: is missing")?;
        self.bar(row, (session_date, row.session.unwrap_or(session)), start_at, volume)
    }

    fn days<'a>(&self, rows: Vec<(BarRow, Raw<'a>)>, is_full: bool) -> Made<'a> {
        let mut days: BTreeMap<NaiveDate, Vec<(BarRow, Raw<'_>)>> = BTreeMap::new();
        let mut made = Vec::new();
        for (row, raw) in rows {
            match row.day() {
                Ok(date) => days.entry(date).or_default().push((row, raw)),
                Err(reason) => made.push((Err(reason), raw)),
            }
        }
        for (index, (date, parts)) in days.iter().enumerate() {
            let is_cut = is_full && index == 0;
            for (row, raw) in parts {
                if row.session == Some(MarketSession::Regular) {
                    made.push((self.day(*date, row, parts, is_cut), *raw));
                } else if row.session.is_none() {
                    made.push((Err("market_time: is missing".to_owned()), *raw));
                }
            }
        }
        made
    }

    fn day(
        &self,
        date: NaiveDate,
        row: &BarRow,
        parts: &[(BarRow, Raw<'_>)],
        is_cut: bool,
    ) -> Result<Bar, String> {
        let mut earlier = parts.iter().filter(|(part, _)| part.session == Some(MarketSession::Pre));
        let before_open = match earlier.next() {
            Some((pre, _)) => {
                pre.total_volume.or(pre.volume).ok_or("volume of pre-market missing")?
            }
            None if is_cut => {
                return Err("the answer is full and may lack this day's pre-market".into());
            }
            None => 0,
        };
        let at_close = row.total_volume.ok_or("total_volume: is missing")?;
        let volume = at_close - before_open;
        let hours =
            self.calendar.session(date).ok_or_else(|| format!("{date} is no trading day"))?;
        self.bar(row, (date, MarketSession::Regular), hours.open_at, volume)
    }

    fn bar(
        &self,
        row: &BarRow,
        (session_date, session): (NaiveDate, MarketSession),
        start_at: DateTime<Utc>,
        volume: i64,
    ) -> Result<Bar, String> {
        let [open, high, low, close] = row.prices;
        let bar = Bar {
            vendor: VendorId::UnusualWhales,
            symbol: self.query.symbol.clone(),
            interval: self.query.interval,
            session_date,
            session,
            start_at,
            open,
            high,
            low,
            close,
            volume,
            received_at: self.received_at,
        };
        bar.check().map_err(|error| error.to_string())?;
        Ok(bar)
    }
}
