//! From bodies to rows: invented answers of the vendor's shape, and any bytes at all.

#![expect(clippy::unwrap_used, reason = "a test ends where its own ground fails")]

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use undertow_market::{
    Bar, BarInterval, Calendar, MarketSession, Print, Reasons, SideState, Symbol,
};
use undertow_vendor::fuzzing;
use undertow_vendor::unusual_whales::{
    BarsQuery, DecodeError, Decoded, decode_bars, decode_prints, decode_stock_state,
};

const PRINTS: &str = include_str!("../fixtures/unusual_whales/darkpool.json");
const TOLERANT: &str = include_str!("../fixtures/unusual_whales/darkpool.tolerant.json");
const REJECTS: &str = include_str!("../fixtures/unusual_whales/darkpool.rejects.json");
const MINUTES: &str = include_str!("../fixtures/unusual_whales/ohlc_1m.json");
const DAYS: &str = include_str!("../fixtures/unusual_whales/ohlc_1d.json");
const STATE: &str = include_str!("../fixtures/unusual_whales/stock_state.json");

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn spy() -> Symbol {
    Symbol::new("SPY").unwrap()
}

fn prints(body: &str) -> Decoded<Print> {
    let received_at = at("2026-03-02T15:05:00Z");
    decode_prints(body.as_bytes(), Some(&spy()), received_at, &Calendar::nyse()).unwrap()
}

fn bars(body: &str, query: &BarsQuery) -> Decoded<Bar> {
    decode_bars(body.as_bytes(), query, at("2026-03-04T15:05:00Z"), &Calendar::nyse()).unwrap()
}

fn days() -> BarsQuery {
    BarsQuery::new(spy(), BarInterval::Day1)
}

/// A body with one row: the usual one, with these fields in place of its own.
fn with(fields: serde_json::Value) -> String {
    let mut body: serde_json::Value = serde_json::from_str(PRINTS).unwrap();
    let mut row = body["data"][0].take();
    row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::json!({ "data": [row] }).to_string()
}

#[test]
fn a_print_has_both_times_its_day_and_its_part_of_the_day() {
    let rows = prints(PRINTS).rows;
    let late = &rows[3];
    assert_eq!(late.reported_at, at("2026-03-02T15:04:04Z"));
    assert_eq!(late.executed_at, at("2026-03-02T14:31:00Z"));
    let parts: Vec<_> = rows.iter().map(|row| row.session).collect();
    let expected = [MarketSession::Regular; 5].into_iter().chain([MarketSession::Pre]);
    assert_eq!(parts, expected.collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row.session_date.to_string() == "2026-03-02"));
}

#[test]
fn a_print_without_a_time_of_trade_was_made_when_it_was_reported() {
    let row = &prints(PRINTS).rows[2];
    assert_eq!(row.executed_at, row.reported_at);
    assert_eq!(row.reasons, Reasons::empty());
}

#[test]
fn the_evening_in_new_york_belongs_to_its_own_day() {
    let body = with(serde_json::json!({
        "executed_at": "2026-03-03T00:59:59Z", "trf_executed_at": "2026-03-03T00:59:59Z"
    }));
    let row = &prints(&body).rows[0];
    assert_eq!(row.session_date.to_string(), "2026-03-02");
    assert_eq!(row.session, MarketSession::Post);
}

#[test]
fn a_print_carries_the_reasons_of_its_codes_and_times() {
    let reasons: Vec<_> = prints(PRINTS).rows.iter().map(|row| row.reasons).collect();
    assert_eq!(
        reasons,
        [
            Reasons::empty(),
            Reasons::AVERAGE_PRICE | Reasons::DERIVATIVELY_PRICED,
            Reasons::empty(),
            Reasons::OUT_OF_SEQUENCE | Reasons::LATE | Reasons::LATE_SIGNATURE,
            Reasons::CANCELED | Reasons::LATE,
            Reasons::PRIOR_REFERENCE | Reasons::EXTENDED_HOURS,
        ]
    );
}

#[test]
fn an_unknown_code_is_kept_as_text_and_marked() {
    let row = &prints(TOLERANT).rows[2];
    assert_eq!(row.trade_code.as_deref(), Some("brand_new_code,intermarket_sweep"));
    assert_eq!(row.reasons, Reasons::UNKNOWN_CODE | Reasons::INTERMARKET_SWEEP);
    assert_eq!(row.sale_condition, None, "an empty code is no code");
    let seller = with(serde_json::json!({ "trade_settlement": "seller" }));
    assert_eq!(prints(&seller).rows[0].reasons, Reasons::SPECIAL_SETTLEMENT);
}

#[test]
fn strings_or_numbers_nulls_and_new_fields_are_all_read() {
    let decoded = prints(TOLERANT);
    assert_eq!(decoded.rejects, []);
    let [first, second, _] = &decoded.rows[..] else { panic!("three rows") };
    assert_eq!(
        (first.price.to_string(), first.size.to_string()),
        ("512.3401".into(), "1200.5".into())
    );
    assert_eq!((first.tracking_id, first.day_volume), (36_245_000_000_001, Some(20_100_300)));
    assert_eq!(first.reported_at, at("2026-03-02T15:04:05Z"));
    assert_eq!(first.side_state(), SideState::None(undertow_market::NoSide::NoQuote));
    assert_eq!((second.price.to_string(), second.day_volume), ("100".into(), None));
    assert_eq!(second.market_center, None);
}

#[test]
fn a_string_and_a_number_of_the_same_digits_are_the_same_print() {
    let as_text = prints(&with(serde_json::json!({ "price": "512.25", "size": "700" })));
    let as_number = prints(&with(serde_json::json!({ "price": 512.25, "size": 700 })));
    assert_eq!(as_text, as_number);
}

#[test]
fn each_bad_row_is_refused_with_its_reason_and_its_neighbours_stay() {
    let decoded = prints(REJECTS);
    let reasons: Vec<_> = decoded.rejects.iter().map(|reject| reject.reason.as_str()).collect();
    let expected = [
        "price: is missing",
        "price: 0 is not above zero",
        "price: -1 is not above zero",
        "price: \"abc\" is not a decimal number",
        "price: true is not a decimal number",
        "size: 0 is not above zero",
        "size: \"12x\" is not a decimal number",
        "size: [1] is not a decimal number",
        "ticker: QQQ came, SPY was asked for",
        "ticker: is missing",
        "ticker: 5 is not a text",
        "executed_at: \"2026-03-02T15:04:05\" is not a time with its zone",
        "executed_at: 1772463845 is not a text",
        "executed_at: \"1998-03-02T15:04:05Z\" is not between 2000 and 2100",
        "executed_at: is missing",
        "trf_executed_at: \"soon\" is not a time with its zone",
        "tracking_id: is missing",
        "tracking_id: 1.5 is not a whole number",
        "canceled: is missing",
        "canceled: \"no\" is not true or false",
        "volume: \"many\" is not a whole number",
        "volume: -4 is not zero or more",
        "nbbo_bid: -1 is not above zero",
        "nbbo_ask: \"NaN\" is not a decimal number",
        "sale_cond_codes: 7 is not a text",
        "market_center: {\"a\": 1} is not a text",
    ];
    let (typed, strange) = reasons.split_at(expected.len());
    // The fixture spreads its objects over lines.
    let one_line = |text: &&str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (found, expected) in typed.iter().zip(expected) {
        let found = one_line(found).replace("{ ", "{").replace(" }", "}").replace("[ 1 ]", "[1]");
        assert_eq!(found, expected);
    }
    assert_eq!(strange.len(), 4, "null, a number, a text and a list are no rows: {strange:?}");
    assert_eq!(decoded.rows.len(), 2);
    assert_eq!(decoded.delivered, 32);
    assert_eq!(decoded.rejects[0].symbol.as_deref(), Some("SPY"));
    assert!(decoded.rejects[0].raw.contains("\"price\": null"));
}

#[test]
fn a_body_that_is_no_list_of_rows_is_an_error_and_never_an_empty_page() {
    let check = |body: &str, is_cut_off: bool| {
        let received_at = at("2026-03-02T15:05:00Z");
        let error = decode_prints(body.as_bytes(), None, received_at, &Calendar::nyse());
        let error = error.expect_err(body);
        assert_eq!(error == DecodeError::CutOff, is_cut_off, "{body}: {error:?}");
    };
    for body in ["[]", "{}", "null", r#"{"data":null}"#, r#"{"data":{}}"#, r#"{"error":"x"}"#] {
        check(body, false);
    }
    check(r#"{"data":[],"data":[]}"#, false);
    check(r#"{"data":[]} trailing"#, false);
    let too_many = format!("{{\"data\":[{}0]}}", "0,".repeat(5000));
    check(&too_many, false);
    for end in [1, 8, 9, 40, PRINTS.len() / 2, PRINTS.len() - 1] {
        check(&PRINTS[..end], true);
    }
}

#[test]
fn a_body_that_is_no_utf8_text_is_an_error() {
    let body = [&PRINTS.as_bytes()[..60], b"\xff\xfe", &PRINTS.as_bytes()[60..]].concat();
    let received_at = at("2026-03-02T15:05:00Z");
    let error = decode_prints(&body, None, received_at, &Calendar::nyse()).unwrap_err();
    assert_eq!(error.to_string(), "the answer is not UTF-8 text");
    fuzzing::fuzz_ohlc(&body);
    fuzzing::fuzz_stock_state(&body);
}

#[test]
fn an_empty_list_is_an_empty_page() {
    let decoded = prints(r#"{"data":[]}"#);
    assert_eq!((decoded.rows.len(), decoded.rejects.len(), decoded.delivered), (0, 0, 0));
}

#[test]
fn a_very_deep_answer_does_not_overflow_the_stack() {
    let deep = "[".repeat(200_000);
    let closed = format!("{deep}{}", "]".repeat(200_000));
    for inner in [deep, closed] {
        fuzzing::fuzz_darkpool(format!("{{\"data\":[{{\"new\":{inner}}}]}}").as_bytes());
        fuzzing::fuzz_darkpool(format!("{{\"new\":{inner}").as_bytes());
        fuzzing::fuzz_ohlc(format!("{{\"data\":{inner}").as_bytes());
        fuzzing::fuzz_stock_state(format!("{{\"data\":{{\"open\":{inner}").as_bytes());
        fuzzing::fuzz_error_answer(format!("\u{1}\u{1}{inner}").as_bytes());
    }
}

#[test]
fn minute_bars_come_out_oldest_first_with_their_own_volume() {
    let decoded = bars(MINUTES, &BarsQuery::new(spy(), BarInterval::Minute1));
    assert_eq!(decoded.rejects, []);
    let seen: Vec<_> = decoded
        .rows
        .iter()
        .map(|bar| (bar.start_at.to_rfc3339(), bar.session, bar.volume, bar.low.to_string()))
        .collect();
    let row = |time: &str, session, volume, low: &str| {
        (format!("2026-03-02T{time}:00+00:00"), session, volume, low.to_owned())
    };
    assert_eq!(
        seen,
        [
            row("14:29", MarketSession::Pre, 9000, "509.9"),
            row("14:30", MarketSession::Regular, 410_500, "509.90"),
            row("14:31", MarketSession::Regular, 120_400, "510.10"),
            row("21:10", MarketSession::Post, 0, "512.00"),
        ]
    );
}

#[test]
fn a_day_bar_is_the_regular_session_with_the_regular_volume() {
    let decoded = bars(DAYS, &days());
    let seen: Vec<_> =
        decoded.rows.iter().map(|bar| (bar.session_date.to_string(), bar.volume)).collect();
    assert_eq!(seen, [("2026-03-02".to_owned(), 9000), ("2026-03-03".to_owned(), 9000)]);
    assert_eq!(decoded.rows[0].start_at, at("2026-03-02T14:30:00Z"));
    assert!(decoded.rows.iter().all(|bar| bar.session == MarketSession::Regular));
    assert_eq!((decoded.rejects.len(), decoded.delivered), (0, 7));
}

#[test]
fn the_oldest_day_of_a_full_answer_may_lack_its_pre_market_and_is_refused() {
    let body = r#"{"data":[{"open":"1","high":"1","low":"1","close":"1","date":"2026-03-02",
        "market_time":"r","volume":10,"total_volume":9}]}"#;
    let full = bars(body, &BarsQuery { limit: 1, ..days() });
    assert_eq!((full.rows.len(), full.rejects.len()), (0, 1));
    assert!(full.rejects[0].reason.contains("may lack"), "{}", full.rejects[0].reason);
    let whole = bars(body, &BarsQuery { limit: 3, ..days() });
    assert_eq!(whole.rows[0].volume, 9, "nobody traded before the open");
}

#[test]
fn a_bar_that_contradicts_itself_is_refused() {
    let check = |fields: &str, reason: &str| {
        let body = format!(
            r#"{{"data":[{{"open":"5","high":"6","low":"4","close":"5","market_time":"r",
                "start_time":"2026-03-02T15:00:00Z","volume":1,"total_volume":2,{fields}}}]}}"#
        );
        let decoded = bars(&body, &BarsQuery::new(spy(), BarInterval::Minute1));
        let found = decoded.rejects.first().map(|reject| reject.reason.as_str());
        assert!(found.is_some_and(|found| found.contains(reason)), "{fields}: {found:?}");
    };
    // A key that comes twice is refused as such; so each case uses a key of its own below.
    check(r#""open":"7""#, "duplicate");
    let body = |row: &str| format!(r#"{{"data":[{row}]}}"#);
    let reason = |row: &str, interval| {
        let decoded = bars(&body(row), &BarsQuery::new(spy(), interval));
        assert_eq!(decoded.rows, [], "{row}");
        decoded.rejects[0].reason.clone()
    };
    let minute = |row: &str| reason(row, BarInterval::Minute1);
    let prices = r#""open":"5","high":"6","low":"4","close":"5""#;
    let start = r#""start_time":"2026-03-02T15:00:00Z""#;
    assert!(
        minute(&format!(r#"{{"open":"5","high":"4","low":"4","close":"5","volume":1,{start}}}"#))
            .contains("high 4")
    );
    assert!(minute(&format!(r#"{{{prices},{start}}}"#)).contains("volume: is missing"));
    assert!(minute(&format!(r#"{{{prices},"volume":1}}"#)).contains("start_time: is missing"));
    assert!(
        minute(&format!(r#"{{{prices},"volume":1,{start},"market_time":"x"}}"#))
            .contains("x is not pr, r or po")
    );
    let day = |row: &str| reason(row, BarInterval::Day1);
    let regular = r#""market_time":"r","volume":9"#;
    assert!(
        day(&format!(r#"{{{prices},{regular},"date":"2026-03-02"}}"#))
            .contains("total_volume: is missing")
    );
    assert!(
        day(&format!(r#"{{{prices},{regular},"total_volume":9,"date":"2026-03-01"}}"#))
            .contains("no trading day")
    );
    assert!(
        day(&format!(r#"{{{prices},{regular},"total_volume":9}}"#)).contains("date: is missing")
    );
    assert!(
        day(&format!(r#"{{{prices},"total_volume":9,"date":"2026-03-02"}}"#))
            .contains("market_time: is missing")
    );
}

#[test]
fn of_two_bars_that_begin_together_the_second_is_handed_back() {
    let row = |close: &str| {
        format!(
            r#"{{"open":"5","high":"6","low":"4","close":"{close}","volume":1,
                "start_time":"2026-03-02T15:00:00Z"}}"#
        )
    };
    let body = format!(r#"{{"data":[{},{},{}]}}"#, row("5"), row("5"), row("5.5"));
    let decoded = bars(&body, &BarsQuery::new(spy(), BarInterval::Minute1));
    assert_eq!((decoded.rows.len(), decoded.rejects.len()), (1, 1));
    assert!(decoded.rejects[0].raw.contains("5.5"));
}

#[test]
fn the_state_of_a_stock_is_read_and_a_wrong_kind_is_refused() {
    let received_at = at("2026-03-02T15:04:06Z");
    let state = decode_stock_state(STATE.as_bytes(), &spy(), received_at).unwrap();
    assert_eq!(state.last.to_string(), "512.4");
    assert_eq!(state.previous_close.map(|price| price.to_string()).as_deref(), Some("509.05"));
    assert_eq!((state.day_volume, state.session), (Some(58_100_200), Some(MarketSession::Regular)));
    assert_eq!(state.reported_at, at("2026-03-02T15:04:05Z"));
    for (from, to) in [
        ("\"512.4\"", "null"),
        ("\"regular\"", "\"lunch\""),
        ("120", "\"lots\""),
        ("\"2026-03-02T15:04:05Z\"", "\"today\""),
    ] {
        let body = STATE.replace(from, to);
        assert_ne!(body, STATE);
        assert!(decode_stock_state(body.as_bytes(), &spy(), received_at).is_err(), "{to}");
    }
}

/// Bytes that are nearly an answer: a good one with some of its bytes changed, cut or doubled.
fn nearly(body: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((0..body.len(), any::<u8>(), 0_u8..4), 0..6);
    edits.prop_map(move |edits| {
        let mut bytes = body.as_bytes().to_vec();
        for (place, byte, kind) in edits {
            let place = place % bytes.len().max(1);
            match kind {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                2 if bytes.len() > 1 => drop(bytes.remove(place)),
                _ => bytes.truncate(place.max(1)),
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn any_bytes_are_rows_or_an_error(data in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzzing::fuzz_darkpool(&data);
        fuzzing::fuzz_ohlc(&data);
        fuzzing::fuzz_stock_state(&data);
        fuzzing::fuzz_error_answer(&data);
        fuzzing::fuzz_decimal(&data);
    }

    #[test]
    fn a_damaged_answer_is_rows_or_an_error(
        prints in nearly(PRINTS),
        strange in nearly(TOLERANT),
        minutes in nearly(MINUTES),
        days in nearly(DAYS),
        state in nearly(STATE),
    ) {
        fuzzing::fuzz_darkpool(&prints);
        fuzzing::fuzz_darkpool(&strange);
        fuzzing::fuzz_ohlc(&minutes);
        fuzzing::fuzz_ohlc(&days);
        fuzzing::fuzz_stock_state(&state);
        fuzzing::fuzz_error_answer(&prints);
    }

    #[test]
    fn a_decimal_text_is_exact_or_refused(text in "-?[0-9]{0,30}(\\.[0-9]{0,30})?([eE]-?[0-9]{1,3})?") {
        fuzzing::fuzz_decimal(text.as_bytes());
    }

    #[test]
    fn the_part_of_the_day_is_that_of_the_calendar(seconds in prop::collection::vec(946_684_800_i64..2_082_758_399, 1..20)) {
        // A page of prints of many days: what is remembered from row to row must not show.
        let calendar = Calendar::nyse();
        let row = |second: &i64| {
            let time = DateTime::from_timestamp(*second, 0).unwrap().to_rfc3339();
            format!(r#"{{"ticker":"SPY","size":1,"price":"5","tracking_id":1,"canceled":false,
                "executed_at":"{time}"}}"#)
        };
        let rows: Vec<_> = seconds.iter().map(row).collect();
        let decoded = prints(&format!(r#"{{"data":[{}]}}"#, rows.join(",")));
        prop_assert_eq!(decoded.rows.len(), seconds.len());
        for print in decoded.rows {
            let expected = calendar.session_at(print.executed_at);
            prop_assert_eq!((print.session_date, print.session), expected);
        }
    }
}
