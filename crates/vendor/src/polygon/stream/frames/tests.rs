use undertow_market::Reasons;

use super::*;

/// What a frame held, each trade with the parts that matter.
#[derive(Debug, Default, PartialEq)]
struct Held {
    trades: Vec<String>,
    aggregates: Vec<Aggregate>,
    rejects: Vec<Reject>,
}

impl FrameSink for Held {
    fn trade(&mut self, trade: &TapeTrade<'_>) {
        self.trades.push(format!("{trade:?}"));
    }

    fn aggregate(&mut self, aggregate: Aggregate) {
        self.aggregates.push(aggregate);
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }
}

fn received_at() -> DateTime<Utc> {
    "2026-11-20T14:30:05Z".parse().unwrap()
}

fn decoder() -> FrameDecoder {
    FrameDecoder::new(TradeReader::default(), |ticker| match ticker {
        "QQQ" => None,
        _ => Symbol::new(ticker).ok(),
    })
}

/// Both ways must agree on everything but what is passed over.
fn decoded(text: &str) -> (FrameCounts, Held) {
    let frame = RawFrame::new(text.to_owned(), received_at());
    let (mut held, mut held_slowly) = (Held::default(), Held::default());
    let counts = decoder().decode(&frame, &mut held);
    let counts_slowly = decoder().decode_slowly(&frame, &mut held_slowly);
    assert_eq!((counts, &held), (counts_slowly, &held_slowly), "{text}");
    (counts, held)
}

/// The one trade of a frame of one row.
fn check(row: &str, look: impl Fn(&TapeTrade<'_>)) {
    struct One<F>(F, usize);
    impl<F: Fn(&TapeTrade<'_>)> FrameSink for One<F> {
        fn trade(&mut self, trade: &TapeTrade<'_>) {
            self.0(trade);
            self.1 += 1;
        }
        fn aggregate(&mut self, aggregate: Aggregate) {
            panic!("{aggregate:?}");
        }
        fn reject(&mut self, reject: Reject) {
            panic!("{reject:?}");
        }
    }
    let frame = RawFrame::new(format!("[{row}]"), received_at());
    let mut one = One(look, 0);
    decoder().decode(&frame, &mut one);
    assert_eq!(one.1, 1, "{row}");
}

const TRADE: &str = r#"{"ev":"T","sym":"SPY","i":"52983575","x":4,"p":600.015,"s":12,"c":[2,37],"t":1795185000123,"pt":1795184990000,"q":71002,"z":2,"trfi":202,"ds":"12.5"}"#;
const MINUTE: &str = r#"{"ev":"AM","sym":"SPY","v":81240,"o":600.01,"c":600.2,"h":600.31,"l":599.98,"s":1795184940000,"e":1795185000000}"#;

#[test]
fn every_part_of_a_trade_is_read() {
    check(TRADE, |trade| {
        assert_eq!((trade.symbol.as_str(), trade.trade_id), ("SPY", "52983575"));
        assert_eq!((trade.venue, trade.trf_id), (4, Some(202)));
        assert_eq!(
            (trade.price.to_string(), trade.size.to_string()),
            ("600.015".into(), "12.5".into())
        );
        assert_eq!(trade.conditions.as_slice(), [2, 37]);
        assert_eq!(trade.reported_at, "2026-11-20T14:30:00.123Z".parse::<DateTime<Utc>>().unwrap());
        assert_eq!(trade.executed_at, "2026-11-20T14:29:50Z".parse::<DateTime<Utc>>().unwrap());
        assert_eq!((trade.sequence, trade.correction, trade.minute), (71_002, 0, 570));
        assert_eq!(trade.received_at, received_at());
        let late = Reasons::AVERAGE_PRICE | Reasons::ODD_LOT | Reasons::LATE;
        assert_eq!(trade.reasons, late);
    });
}

#[test]
fn a_part_of_a_share_and_missing_fields_are_no_fault() {
    check(
        r#"{"ev":"T","sym":"SPY","i":"1","x":4,"p":263.16,"s":0,"ds":"0.007300","t":1795185000123}"#,
        |trade| {
            assert_eq!(trade.size.to_string(), "0.007300");
            assert_eq!((trade.trf_id, trade.sequence), (None, 0));
            assert_eq!(trade.executed_at, trade.reported_at);
            assert!(trade.is_off_exchange() && trade.conditions.as_slice().is_empty());
        },
    );
    check(
        r#"{"ev":"T","sym":"SPY","i":7,"x":11,"p":"1e2","s":"5","t":1795185000123,"trfi":0,"pt":0}"#,
        |trade| {
            assert_eq!(
                (trade.trade_id, trade.price.to_string(), trade.trf_id),
                ("7", "100".into(), None)
            );
            assert_eq!(trade.executed_at, trade.reported_at);
        },
    );
    check(r#"{"ev":"T","sym":"SPY","i":"a\"b","x":11,"p":1,"s":5,"t":1795185000123}"#, |trade| {
        assert_eq!(trade.trade_id, "a\"b");
    });
}

#[test]
fn an_aggregate_is_read_with_its_exact_volume() {
    let (counts, held) = decoded(&format!("[{MINUTE}]"));
    assert_eq!((counts.aggregates, counts.rows()), (1, 1));
    let aggregate = &held.aggregates[0];
    assert_eq!(aggregate.volume.to_string(), "81240");
    assert_eq!(
        (aggregate.close.to_string(), aggregate.low.to_string()),
        ("600.2".into(), "599.98".into())
    );
    assert_eq!((aggregate.end_at - aggregate.start_at).num_seconds(), 60);
    let exact = MINUTE.replace("\"o\"", "\"dv\":\"81240.25\",\"o\"");
    assert_eq!(decoded(&format!("[{exact}]")).1.aggregates[0].volume.to_string(), "81240.25");
}

#[test]
fn a_frame_mixes_kinds_and_tickers() {
    let other = TRADE.replace("SPY", "QQQ");
    let quote = r#"{"ev":"Q","sym":"SPY","i":[604],"bp":297.83}"#;
    let status = r#"{"ev":"status","status":"success","message":"subscribed to: T.SPY"}"#;
    let (counts, held) = decoded(&format!(" [ {TRADE} , {other},{quote},{status},{MINUTE} ] "));
    let expected =
        FrameCounts { trades: 1, aggregates: 1, skipped: 1, statuses: 1, others: 1, rejects: 0 };
    assert_eq!((counts, counts.rows()), (expected, 5));
    assert_eq!((held.trades.len(), held.aggregates.len()), (1, 1));
    assert_eq!(decoded("[]").0, FrameCounts::default());
    assert_eq!(decoded(" [ ] ").0, FrameCounts::default());
}

#[test]
fn a_row_with_a_strange_field_costs_none_of_the_others() {
    for (from, to, reason) in [
        ("600.015", "\"dear\"", "p: "),
        ("600.015", "0", "p: 0 is not above zero"),
        ("\"p\":600.015", "\"q\":null", "duplicate field"),
        ("\"x\":4", "\"x\":-4", "x: -4 is not a number"),
        ("\"x\":4,", "", "x: is missing"),
        ("\"52983575\"", "\"\"", "i: is missing"),
        ("1795185000123", "\"today\"", "t: "),
        ("1795185000123", "1795185000", "t: 1795185000 is not between 2000 and 2100"),
        ("\"12.5\"", "\"many\"", "ds: "),
        (",\"ds\":\"12.5\"", "", ""),
        ("12,\"c\":[2,37]", "0,\"c\":[2,37]", ""),
        ("[2,37]", "{\"a\":1}", "c: {\"a\":1} is not a list"),
        ("[2,37]", "[1,2,3,4,5,6,7,8,9]", "c: a trade has more than 8"),
        ("202", "\"no\"", "trfi: "),
        ("\"sym\":\"SPY\"", "\"sym\":\"SPY\",\"sym\":\"SPY\"", "duplicate field"),
        ("\"ev\":\"T\"", "\"ev\":7", "ev: 7 is not a text"),
    ] {
        let strange = TRADE.replacen(from, to, 1);
        assert_ne!(strange, TRADE, "{from}");
        let (counts, held) = decoded(&format!("[{TRADE},{strange},{MINUTE},{TRADE}]"));
        let is_good = reason.is_empty();
        assert_eq!(counts.trades, 2 + usize::from(is_good), "{strange}");
        assert_eq!((counts.aggregates, counts.rejects), (1, usize::from(!is_good)), "{strange}");
        if let Some(reject) = held.rejects.first() {
            assert!(reject.reason.contains(reason), "{strange}: {}", reject.reason);
            assert_eq!(reject.raw, strange);
        }
    }
}

#[test]
fn no_size_is_a_reject_and_never_a_zero() {
    let none = TRADE.replace("\"s\":12,", "\"s\":0,").replace(",\"ds\":\"12.5\"", "");
    let (counts, held) = decoded(&format!("[{none}]"));
    assert_eq!((counts.trades, counts.rejects), (0, 1));
    assert!(held.rejects[0].reason.contains("no size"), "{:?}", held.rejects);
    assert_eq!(held.rejects[0].symbol.as_deref(), Some("SPY"));
}

#[test]
fn broken_json_costs_no_more_than_the_row_it_is_in() {
    let check = |frame: &str, trades: usize, rejects: usize| {
        let (counts, held) = decoded(frame);
        assert_eq!((counts.trades, counts.rejects), (trades, rejects), "{frame} {held:?}");
    };
    let half = &TRADE[..TRADE.len() / 2];
    check(&format!("[{TRADE},{half}"), 1, 1);
    check(&format!("[{TRADE},{half},{TRADE}]"), 2, 1);
    check(&format!("[{TRADE},{TRADE}"), 2, 1);
    check(&format!("[{TRADE},oops,{TRADE}]"), 2, 1);
    check(&format!("[{TRADE},7,{TRADE}]"), 2, 1);
    check(&format!("[{TRADE},[1,2],{TRADE}]"), 2, 1);
    check(&format!("[{TRADE}]]"), 1, 1);
    check(&format!("oops{TRADE}]"), 1, 1);
    check("", 0, 1);
    check("[", 0, 1);
    check("pong", 0, 1);
    check(TRADE, 0, 1);
}

#[test]
fn a_frame_of_broken_rows_is_given_up() {
    let frame = format!("[{}", "{\"ev\":[".repeat(100_000));
    let (counts, held) = decoded(&frame);
    assert_eq!((counts.rejects, held.rejects.len()), (MAX_REJECTS, MAX_REJECTS));
    let strange = TRADE.replace("600.015", "-1");
    let frame = format!("[{}{TRADE}]", format!("{strange},").repeat(1000));
    let (counts, held) = decoded(&frame);
    assert_eq!((counts.rejects, counts.trades, held.rejects.len()), (1000, 1, MAX_REJECTS));
}

#[test]
fn rows_of_tickers_that_nobody_keeps_are_not_read() {
    let strange = TRADE.replace("SPY", "QQQ").replace("600.015", "\"}\"");
    let frame = RawFrame::new(format!("[{strange},{TRADE}]"), received_at());
    let mut held = Held::default();
    let counts = decoder().decode(&frame, &mut held);
    assert_eq!((counts.skipped, counts.trades, counts.rejects), (1, 1, 0));
}

#[test]
fn a_broken_status_is_told() {
    let broken = r#"{"ev":"status","sym":"":"connected","message":"Connected"}"#;
    let (counts, held) = decoded(&format!("[{broken},{TRADE}]"));
    assert_eq!((counts.statuses, counts.rejects, counts.trades), (0, 1, 1), "{held:?}");
}

#[test]
fn the_time_of_the_last_row_is_found_from_the_end() {
    let check = |frame: &str, expected: Option<&str>| {
        let expected = expected.map(|text| text.parse::<DateTime<Utc>>().unwrap());
        assert_eq!(last_row_at(frame), expected, "{frame}");
    };
    let earlier = TRADE.replace("1795185000123", "1795184000123");
    check(&format!("[{earlier},{TRADE}]"), Some("2026-11-20T14:30:00.123Z"));
    check(&format!("[{TRADE},{MINUTE}]"), Some("2026-11-20T14:30:00Z"));
    for frame in ["", "[]", r#"[{"ev":"T"}]"#, r#"[{"ev":"T","t":"x"}]"#, r#"[{"ev":"T","t":9}]"#] {
        check(frame, None);
    }
}
