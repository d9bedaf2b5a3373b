use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use undertow_market::Reasons;

use super::*;

const TRADES: &str = include_str!("../../../fixtures/polygon/trades.csv");
const DAYS: &str = include_str!("../../../fixtures/polygon/day_aggs.csv");
const MINUTES: &str = include_str!("../../../fixtures/polygon/minute_aggs.csv");

/// What a file held, in its order.
#[derive(Debug, Default, PartialEq)]
struct Held {
    trades: Vec<String>,
    lines: Vec<String>,
    rejects: Vec<Reject>,
    reasons: Vec<Reasons>,
}

impl FlatSink for Held {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        let TapeTrade { symbol, trade_id, size, price, trf_id, .. } = trade;
        self.lines.push(format!("{symbol} {trade_id}: {size} at {price} {trf_id:?}"));
        self.trades.push(format!("{trade:?}"));
        self.reasons.push(trade.reasons);
    }

    fn run_ended(&mut self, symbol: &Symbol) {
        self.lines.push(format!("{symbol} ends"));
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

fn received_at() -> DateTime<Utc> {
    "2026-11-21T16:00:00Z".parse().unwrap()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn all(ticker: &str) -> Option<Symbol> {
    Symbol::new(ticker).ok()
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn read(bytes: Vec<u8>, kept: &mut Kept<'_>) -> Result<(FlatSummary, Held), FlatFileError> {
    let mut held = Held::default();
    let input = FlatInput::from_bytes(bytes)?;
    let reader = TradeReader::default();
    let summary = read_trades(input, &reader, received_at(), kept, &mut held, &mut go_on)?;
    Ok((summary, held))
}

#[test]
fn trades_are_read_in_order_with_the_ends_of_their_runs() {
    let (summary, held) = read(TRADES.into(), &mut all).unwrap();
    let expected = [
        "AAA 1: 0.5 at 10.25 Some(202)",
        "AAA 2: 100 at 10.26 None",
        "AAA 3: 200.0 at 10.27 None",
        "AAA ends",
        "BBBPC 1: 5000 at 25 Some(201)",
        "BBBPC ends",
        "CCC 1: 7 at 5.1234 Some(202)",
        "CCC ends",
        "AAA 4: 300 at 10.3 None",
        "AAA ends",
        "DDD 1: 1000 at 1.5 Some(202)",
        "DDD ends",
    ];
    assert_eq!(held.lines, expected);
    assert_eq!((summary.rows, summary.taken, summary.rejects, summary.skipped), (9, 7, 2, 0));
    assert_eq!((summary.runs, summary.is_whole), (5, true));
    assert_eq!(summary.split, ["AAA".into()]);
    let first = Reasons::ODD_LOT | Reasons::EXTENDED_HOURS;
    assert_eq!(held.reasons[0], first);
    assert_eq!(held.reasons[2], Reasons::CANCELED, "the correction is read");
}

#[test]
fn what_is_not_understood_is_told_with_its_row() {
    let (_, held) = read(TRADES.into(), &mut all).unwrap();
    let told: Vec<_> = held.rejects.iter().map(|reject| reject.reason.as_str()).collect();
    assert!(told[0].starts_with("price: none is not"), "{told:?}");
    assert_eq!(told[1], "size: no size");
    assert!(held.rejects[0].raw.starts_with("CCC,,0,4,2,"), "{:?}", held.rejects[0]);
    assert_eq!(held.rejects[0].symbol.as_deref(), Some("CCC"));
}

#[test]
fn a_ticker_that_comes_in_two_runs_is_one_when_the_others_are_left_out() {
    let mut kept = |ticker: &str| all(ticker).filter(|_| matches!(ticker, "AAA"));
    let (summary, held) = read(gzip(TRADES), &mut kept).unwrap();
    assert_eq!(held.lines.len(), 5, "{held:?}");
    assert_eq!(held.lines[4], "AAA ends");
    assert_eq!((summary.taken, summary.skipped, summary.runs), (4, 5, 1));
    assert_eq!(summary.split, ["AAA".into()]);
    let (summary, held) = read(TRADES.into(), &mut |_| None).unwrap();
    assert_eq!((summary.skipped, summary.runs, held), (9, 0, Held::default()));
    assert_eq!(summary.split, ["AAA".into()], "also of what is not kept");
}

#[test]
fn the_compressed_file_holds_the_same_as_the_plain_one() {
    let (plain, held) = read(TRADES.into(), &mut all).unwrap();
    // Two compressed files in a row are one text.
    let (head, tail) = TRADES.split_at(500);
    for bytes in [gzip(TRADES), [gzip(head), gzip(tail)].concat()] {
        assert_eq!(read(bytes, &mut all).unwrap(), (plain.clone(), Held { ..clone(&held) }));
    }
}

fn clone(held: &Held) -> Held {
    Held {
        trades: held.trades.clone(),
        lines: held.lines.clone(),
        rejects: held.rejects.clone(),
        reasons: held.reasons.clone(),
    }
}

#[test]
fn the_header_decides_the_columns() {
    let text = "sip_timestamp,size,new,price,id,ticker,exchange,decimal_size\n\
                1795185000123456789,3,x,10.5,77,AAA,4,\"3.25\"\n";
    let (summary, held) = read(text.into(), &mut all).unwrap();
    assert_eq!((summary.taken, held.lines[0].as_str()), (1, "AAA 77: 3.25 at 10.5 None"));
    for column in ["ticker", "id", "exchange", "price", "sip_timestamp", "size"] {
        let without = TRADES.replacen(column, "other", 1);
        let error = read(without.into_bytes(), &mut all).unwrap_err();
        assert!(error.to_string().contains(&format!("\"{column}\"")), "{error}");
    }
    assert!(matches!(read(Vec::new(), &mut all), Err(FlatFileError::NoColumn("ticker"))));
}

#[test]
fn a_row_that_is_too_short_or_no_text_costs_none_of_the_others() {
    let text = TRADES.replacen("AAA,,0,11,2,", "AAA,\nAAA,,0,11,2,", 1);
    let (summary, _) = read(text.into_bytes(), &mut all).unwrap();
    assert_eq!((summary.taken, summary.rejects), (7, 3));
    let mut bytes = TRADES.as_bytes().to_vec();
    let place = TRADES.find("10.26").unwrap();
    bytes[place] = 0xff;
    let (summary, held) = read(bytes, &mut all).unwrap();
    assert_eq!((summary.taken, summary.rejects), (6, 3));
    assert_eq!(held.rejects[0].reason, "it is not UTF-8 text");
}

#[test]
fn a_file_that_is_cut_off_is_an_error_after_what_it_held() {
    let mut bytes = gzip(&TRADES.repeat(200));
    bytes.truncate(bytes.len() - 20);
    let mut held = Held::default();
    let input = FlatInput::from_bytes(bytes).unwrap();
    let reader = TradeReader::default();
    let error = read_trades(input, &reader, received_at(), &mut all, &mut held, &mut go_on);
    assert!(matches!(error, Err(FlatFileError::Read(_))), "{error:?}");
    assert!(!held.trades.is_empty());
}

#[test]
fn the_reading_tells_its_progress_and_stops_where_it_is_told_to() {
    let bytes = gzip(TRADES);
    let total = bytes.len() as u64;
    let (mut held, mut told) = (Held::default(), Vec::new());
    let input = FlatInput::from_bytes(bytes).unwrap();
    let mut progress = |progress: Progress| {
        told.push(progress);
        if progress.runs == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let reader = TradeReader::default();
    let summary =
        read_trades(input, &reader, received_at(), &mut all, &mut held, &mut progress).unwrap();
    assert_eq!((summary.is_whole, summary.runs), (false, 2));
    assert_eq!(held.lines.last().map(String::as_str), Some("BBBPC ends"));
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|progress| progress.total_bytes == total));
    assert!(told[1].read_bytes > 0 && told[1].read_bytes <= total && told[1].rows == 4);
}

#[test]
fn days_and_minutes_are_read() {
    let mut days = Vec::new();
    let input = FlatInput::from_bytes(gzip(DAYS)).unwrap();
    let summary =
        read_days(input, received_at(), &mut all, &mut |row| days.push(row), &mut go_on).unwrap();
    assert_eq!((summary.taken, summary.rejects), (2, 1));
    let first = days[0].as_ref().unwrap();
    assert_eq!(first.session_date, "2026-11-20".parse().unwrap());
    assert_eq!((first.close.to_string(), first.trades), ("10.4".to_owned(), Some(8123)));
    assert_eq!(days[1].as_ref().unwrap().volume.to_string(), "99.5");
    assert!(days[2].as_ref().unwrap_err().reason.starts_with("volume: "));
    let mut minutes = Vec::new();
    let input = FlatInput::from_bytes(MINUTES.into()).unwrap();
    read_minutes(input, received_at(), &mut all, &mut |row| minutes.push(row), &mut go_on).unwrap();
    let first = minutes[0].as_ref().unwrap();
    assert_eq!(first.start_at, "2026-11-20T14:30:00Z".parse::<DateTime<Utc>>().unwrap());
    assert_eq!((first.end_at - first.start_at).num_seconds(), 60);
    assert_eq!(minutes.len(), 2);
}

#[test]
fn a_reading_that_is_given_up_ends_its_thread() {
    let mut input = FlatInput::from_bytes(gzip(&TRADES.repeat(20_000))).unwrap();
    let mut some = [0; 1000];
    input.read_exact(&mut some).unwrap();
    assert!(TRADES.as_bytes().starts_with(&some[..500]));
    let pieces = std::sync::Arc::downgrade(&input.counter());
    drop(input);
    // The thread holds the other count, and finds nobody who takes its pieces.
    let ended = (0..1000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        pieces.upgrade().is_none()
    });
    assert!(ended);
}
