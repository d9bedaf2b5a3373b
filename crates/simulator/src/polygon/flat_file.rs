//! Flat files: a day of the whole market as comma-separated text, compressed.
//!
//! A file is published the next morning, with everything that was learnt of the day by then.

use std::fmt::Write as _;
use std::io::{self, Write};

use chrono::NaiveDate;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::market::{Market, SimTapeTrade, TapeBar, TapeDay, minute_bars};

/// Which of the vendor's data sets a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlatFile {
    /// `us_stocks_sip/trades_v1`.
    Trades,
    /// `us_stocks_sip/minute_aggs_v1`.
    Minutes,
    /// `us_stocks_sip/day_aggs_v1`.
    Days,
}

const TRADES_HEAD: &str = "ticker,conditions,correction,exchange,id,participant_timestamp,price,\
                           sequence_number,sip_timestamp,size,tape,trf_id,trf_timestamp\n";
const BARS_HEAD: &str = "ticker,volume,open,close,high,low,window_start,transactions\n";
/// In each file one symbol comes in two runs, so that nobody takes the order for granted.
const SPLIT_PLACE: usize = 1;
/// Where in that symbol's rows the other symbols come between.
const SPLIT_SHARE: usize = 3;
/// One row of so many has changed its place with the next.
const STEP_BACK: usize = 97;

/// Writes a day's file, compressed. Nothing but its head where the market was closed.
///
/// # Errors
/// `out` cannot be written to.
pub(crate) fn write(
    market: &Market,
    kind: FlatFile,
    date: NaiveDate,
    out: impl Write,
) -> io::Result<()> {
    let mut out = GzEncoder::new(out, Compression::fast());
    let head = if kind == FlatFile::Trades { TRADES_HEAD } else { BARS_HEAD };
    out.write_all(head.as_bytes())?;
    let mut rest = String::new();
    for (place, symbol) in market.symbols().enumerate() {
        let Some(day) = market.tape(symbol, date) else { continue };
        if kind == FlatFile::Trades {
            let order = order(&day.trades);
            let split = if place == SPLIT_PLACE { order.len() / SPLIT_SHARE } else { order.len() };
            out.write_all(rows(&day, &order[..split]).as_bytes())?;
            rest.push_str(&rows(&day, &order[split..]));
        } else {
            out.write_all(bars(&day, kind).as_bytes())?;
        }
    }
    out.write_all(rest.as_bytes())?;
    out.finish()?;
    Ok(())
}

/// The rows of a symbol in the order of the file: time steps back a little now and then.
fn order(trades: &[SimTapeTrade]) -> Vec<&SimTapeTrade> {
    let mut order: Vec<&SimTapeTrade> = trades.iter().collect();
    for place in (STEP_BACK..order.len()).step_by(STEP_BACK) {
        order.swap(place - 1, place);
    }
    order
}

fn rows(day: &TapeDay, trades: &[&SimTapeTrade]) -> String {
    let mut text = String::with_capacity(trades.len() * 130);
    for trade in trades {
        row(&mut text, day, trade).expect("a text takes whatever is written to it");
    }
    text
}

fn row(text: &mut String, day: &TapeDay, trade: &SimTapeTrade) -> std::fmt::Result {
    write!(text, "{},", day.symbol.as_str())?;
    match trade.conditions.as_slice() {
        [] => {}
        [only] => write!(text, "{only}")?,
        [first, rest @ ..] => {
            write!(text, "\"{first}")?;
            rest.iter().try_for_each(|id| write!(text, ",{id}"))?;
            text.push('"');
        }
    }
    let correction = trade.correction_at(i64::MAX);
    write!(
        text,
        ",{correction},{},{},{},{},{},{},{},{},",
        trade.venue,
        trade.id,
        trade.participant_ns,
        trade.price.dollars(),
        trade.sequence,
        trade.sip_ns,
        size(trade),
        day.network,
    )?;
    match trade.facility {
        Some((id, at_ns)) => writeln!(text, "{id},{at_ns}"),
        // What has no facility is written in two ways.
        None if trade.sequence % 2 == 0 => writeln!(text, "0,0"),
        None => writeln!(text, ",0"),
    }
}

/// Decimal text; whole shares without a point.
fn size(trade: &SimTapeTrade) -> String {
    let text = trade.size.to_string();
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn bars(day: &TapeDay, kind: FlatFile) -> String {
    let bars: Vec<(i64, TapeBar)> = if kind == FlatFile::Days {
        let midnight_ns = super::midnight_ms(day.session_date) * 1_000_000;
        let bar = crate::market::day_bar(&day.trades, i64::MAX);
        bar.map(|bar| (midnight_ns, bar)).into_iter().collect()
    } else {
        minute_bars(&day.trades, i64::MAX)
    };
    let mut text = String::new();
    for (start_ns, bar) in bars {
        let TapeBar { open, high, low, close, volume, trades, .. } = bar;
        let written = writeln!(
            text,
            "{},{volume},{},{},{},{},{start_ns},{trades}",
            day.symbol.as_str(),
            open.dollars(),
            close.dollars(),
            high.dollars(),
            low.dollars(),
        );
        written.expect("a text takes whatever is written to it");
    }
    text
}
