//! The stream and the flat files of the consolidated tape.

use std::ops::ControlFlow;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use rust_decimal::Decimal;
use undertow_market::{Aggregate, DayBar, Symbol, TapeTrade};

use super::{check_reject, received_at};
use crate::Reject;
use crate::polygon::TradeReader;
use crate::polygon::flat_file::{
    FlatFileError, FlatInput, FlatSink, FlatSummary, Progress, read_days, read_minutes, read_trades,
};
use crate::polygon::stream::{FrameDecoder, FrameSink, RawFrame};

/// Everything that was handed on, in its order.
#[derive(Debug, Default, PartialEq)]
struct Taken {
    trades: Vec<String>,
    aggregates: Vec<Aggregate>,
    rejects: Vec<Reject>,
    runs: u64,
}

impl Taken {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        assert!(trade.notional() > Decimal::ZERO && trade.minute < 24 * 60);
        assert!(!trade.trade_id.is_empty());
        for at in [trade.executed_at, trade.reported_at] {
            assert!((2000..=2100).contains(&at.year()), "{at}");
            assert_eq!(at.timestamp_subsec_nanos() % 1_000_000, 0);
        }
        let away = trade.reported_at.date_naive() - trade.session_date;
        assert!((TimeDelta::zero()..=TimeDelta::days(1)).contains(&away), "{trade:?}");
        assert_eq!(trade.identity(), trade.clone().identity());
        self.trades.push(format!("{trade:?}"));
    }

    fn reject(&mut self, reject: Reject) {
        check_reject(&reject);
        self.rejects.push(reject);
    }
}

impl FrameSink for Taken {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        self.trade(trade);
    }

    fn aggregate(&mut self, aggregate: Aggregate) {
        assert!(aggregate.volume >= Decimal::ZERO);
        self.aggregates.push(aggregate);
    }

    fn reject(&mut self, reject: Reject) {
        self.reject(reject);
    }
}

impl FlatSink for Taken {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        self.trade(trade);
    }

    fn run_ended(&mut self, _symbol: &Symbol) {
        self.runs += 1;
    }

    fn reject(&mut self, reject: Reject) {
        self.reject(reject);
    }
}

fn all(ticker: &str) -> Option<Symbol> {
    Symbol::new(ticker).ok()
}

/// One frame of the consolidated tape: every row is handed on, counted or refused, the same by the
/// fast way and by the general one.
pub fn fuzz_tape_frame(data: &[u8]) {
    let frame = RawFrame::new(String::from_utf8_lossy(data).into_owned(), received_at());
    let mut decoder = FrameDecoder::new(TradeReader::default(), all);
    let (mut taken, mut slowly) = (Taken::default(), Taken::default());
    let counts = decoder.decode(&frame, &mut taken);
    let counts_slowly = decoder.decode_slowly(&frame, &mut slowly);
    // What nobody keeps is passed over without a look at whether it is whole.
    if counts.skipped == 0 {
        assert_eq!((counts, &taken), (counts_slowly, &slowly), "the two ways differ");
    }
    assert_eq!((counts.trades, counts.aggregates), (taken.trades.len(), taken.aggregates.len()));
    assert!(counts.rejects >= taken.rejects.len());
    assert!(counts.rows() > 0 || frame.text().contains('['), "nothing is passed over in silence");
    let mut nothing = Taken::default();
    let counts = FrameDecoder::new(TradeReader::default(), |_| None).decode(&frame, &mut nothing);
    assert_eq!((counts.trades, counts.aggregates, nothing.trades.len()), (0, 0, 0));
}

/// A flat file, as trades, days and minutes.
pub fn fuzz_flat_file(data: &[u8]) {
    let input = || FlatInput::from_bytes(data.to_vec()).expect("a thread");
    let mut go_on = |_: Progress| ControlFlow::Continue(());
    let mut taken = Taken::default();
    let (reader, at) = (TradeReader::default(), received_at());
    let read = read_trades(input(), &reader, at, &mut all, &mut taken, &mut go_on);
    let (trades, rejects) = (taken.trades.len(), taken.rejects.len());
    if let Some(summary) = check_summary(read) {
        assert_eq!((summary.taken, summary.rejects), (trades as u64, rejects as u64));
        assert_eq!(summary.runs, taken.runs);
    }
    let (mut days, mut minutes) = (0, 0);
    let mut on_day = |row: Result<DayBar, Reject>| {
        days += 1;
        match row {
            Ok(day) => assert!(day.volume >= Decimal::ZERO && day.trades.is_none_or(|n| n >= 0)),
            Err(reject) => check_reject(&reject),
        }
    };
    if let Some(summary) = check_summary(read_days(input(), at, &mut all, &mut on_day, &mut go_on))
    {
        assert_eq!(summary.taken + summary.rejects, days);
    }
    let mut on_minute = |row: Result<Aggregate, Reject>| {
        minutes += 1;
        check_minute(row);
    };
    let read = read_minutes(input(), at, &mut all, &mut on_minute, &mut go_on);
    if let Some(summary) = check_summary(read) {
        assert_eq!(summary.taken + summary.rejects, minutes);
    }
}

fn check_minute(row: Result<Aggregate, Reject>) {
    match row {
        Ok(minute) => {
            let whole: DateTime<Utc> = minute.start_at + TimeDelta::minutes(1);
            assert_eq!(minute.end_at, whole);
        }
        Err(reject) => check_reject(&reject),
    }
}

fn check_summary(read: Result<FlatSummary, FlatFileError>) -> Option<FlatSummary> {
    let summary = read.ok()?;
    assert!(summary.is_whole);
    assert_eq!(summary.rows, summary.taken + summary.skipped + summary.rejects);
    Some(summary)
}
