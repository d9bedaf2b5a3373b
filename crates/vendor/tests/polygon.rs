//! From Massive's bodies to rows: invented answers of the vendor's shape, and any bytes at all.

#![expect(clippy::unwrap_used, reason = "a test ends where its own ground fails")]

use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use undertow_market::{
    Aggregate, ChainQuote, ContractListing, DayBar, Reasons, Symbol, TapePrint, TapeTrade,
    minute_of_day, new_york_date,
};
use undertow_vendor::polygon::{
    Part, TradeReader, TradesRead, decode_chain, decode_conditions, decode_contracts,
    decode_day_bars, decode_dividends, decode_grouped_days, decode_minute_bars, decode_splits,
    decode_trades, decode_upcoming, decode_venues,
};
use undertow_vendor::{DecodeError, fuzzing};

const TRADES: &str = include_str!("../fixtures/polygon/trades.json");
const STRANGE: &str = include_str!("../fixtures/polygon/trades.strange.json");
const REJECTS: &str = include_str!("../fixtures/polygon/trades.rejects.json");
const DAYS: &str = include_str!("../fixtures/polygon/days.json");
const MINUTES: &str = include_str!("../fixtures/polygon/minutes.json");
const GROUPED: &str = include_str!("../fixtures/polygon/grouped.json");
const CHAIN: &str = include_str!("../fixtures/polygon/chain.json");
const CONTRACTS: &str = include_str!("../fixtures/polygon/contracts.json");
const SPLITS: &str = include_str!("../fixtures/polygon/splits.json");
const DIVIDENDS: &str = include_str!("../fixtures/polygon/dividends.json");
const CONDITIONS: &str = include_str!("../fixtures/polygon/conditions.json");
const VENUES: &str = include_str!("../fixtures/polygon/exchanges.json");
const UPCOMING: &str = include_str!("../fixtures/polygon/upcoming.json");
/// No trades: the vendor leaves the list out.
const EMPTY: &str = r#"{"ticker":"SPY","resultsCount":0,"status":"OK","request_id":"0a1b"}"#;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    at("2026-03-02T15:05:00.000000001Z")
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn spy() -> Symbol {
    Symbol::new("SPY").unwrap()
}

fn trades(body: &str) -> (Vec<TapePrint>, TradesRead) {
    let mut rows = Vec::new();
    let mut take = |trade: &TapeTrade<'_>| rows.push(trade.to_print());
    let read = decode_trades(body.as_bytes(), &spy(), &TradeReader::default(), now(), &mut take);
    (rows, read.unwrap())
}

/// The rows of an answer that has no bad one.
fn good<T>(part: Result<Part<T>, DecodeError>) -> Vec<T> {
    let part = part.unwrap();
    assert_eq!(part.decoded.rejects, []);
    part.decoded.rows
}

fn days(body: &str) -> Vec<DayBar> {
    good(decode_day_bars(body.as_bytes(), &spy(), now()))
}

fn chain(body: &str) -> Vec<ChainQuote> {
    good(decode_chain(body.as_bytes(), &spy(), now()))
}

#[test]
fn a_trade_has_its_times_in_milliseconds_and_its_minute_of_new_york() {
    let (rows, read) = trades(TRADES);
    assert_eq!((read.delivered, read.rejects.len(), rows.len()), (5, 0, 5));
    assert_eq!(read.last_at, Some(at("2026-03-02T15:04:07Z")));
    let first = &rows[0];
    assert_eq!(first.reported_at, at("2026-03-02T15:04:05.279Z"));
    assert_eq!(first.executed_at, at("2026-03-02T15:04:04.278Z"));
    assert_eq!(first.received_at, at("2026-03-02T15:05:00Z"));
    assert_eq!(first.session_date, day("2026-03-02"));
    assert_eq!(
        (first.price.to_string(), first.size.to_string()),
        ("512.3401".into(), "40.0".into())
    );
    assert_eq!((first.trf_id, &*first.trade_id, first.sequence), (Some(202), "71", 1063));
    assert_eq!(first.conditions.as_slice(), [12, 37]);
    let next = "https://api.massive.com/v3/trades/SPY?cursor=aW52ZW50ZWQ";
    assert_eq!(read.next_url.as_deref(), Some(next));
}

#[test]
fn a_trade_carries_the_reasons_of_its_conditions_its_correction_and_its_times() {
    let reasons: Vec<_> = trades(TRADES).0.iter().map(|row| row.reasons).collect();
    let late = Reasons::LATE | Reasons::LATE_SIGNATURE;
    assert_eq!(
        reasons,
        [
            Reasons::EXTENDED_HOURS | Reasons::ODD_LOT,
            Reasons::INTERMARKET_SWEEP,
            Reasons::empty(),
            Reasons::AVERAGE_PRICE | Reasons::CONTINGENT | Reasons::CORRECTION | late,
            Reasons::DUPLICATE | Reasons::CANCELED,
        ]
    );
}

#[test]
fn off_exchange_is_the_venue_and_not_the_facility() {
    let mut seen = Vec::new();
    let mut take = |trade: &TapeTrade<'_>| seen.push((trade.is_off_exchange(), trade.trf_id));
    let reader = TradeReader::default();
    decode_trades(TRADES.as_bytes(), &spy(), &reader, now(), &mut take).unwrap();
    assert_eq!(
        seen,
        [(true, Some(202)), (false, None), (true, None), (true, Some(201)), (false, None)]
    );
}

#[test]
fn a_part_of_a_share_is_a_trade_although_its_whole_shares_are_none() {
    let rows = trades(TRADES).0;
    assert_eq!(rows[2].size.to_string(), "0.0073");
    assert_eq!(rows[1].size.to_string(), "100", "without an exact size the whole one counts");
    let strange = trades(STRANGE).0;
    assert_eq!(strange[2].size.to_string(), "1.25");
    assert_eq!(strange[3].size.to_string(), "7", "an exact size of zero says nothing");
}

#[test]
fn strings_or_numbers_nulls_and_new_fields_are_all_read() {
    let (rows, read) = trades(STRANGE);
    assert_eq!((read.rejects, read.next_url), (vec![], None));
    assert_eq!(rows[0].trf_id, None, "a facility of zero is none");
    assert_eq!((&*rows[0].trade_id, &*rows[1].trade_id), ("71", "12"));
    assert_eq!(rows[0].reasons, Reasons::EXTENDED_HOURS | Reasons::UNKNOWN_CODE);
    assert_eq!(rows[0].conditions.as_slice(), [12, 999]);
    assert_eq!(rows[1].price.to_string(), "512.340");
    assert_eq!(rows[1].executed_at, rows[1].reported_at);
}

#[test]
fn what_is_no_trade_comes_back_with_its_text_and_its_neighbours_stay() {
    let (rows, read) = trades(REJECTS);
    assert_eq!((rows.len(), read.delivered, read.rejects.len()), (2, 17, 15));
    let reasons: Vec<_> = read.rejects.iter().map(|reject| reject.reason.as_str()).collect();
    for (reason, expected) in reasons.iter().zip([
        "id: is missing",
        "exchange: is missing",
        "sip_timestamp: is missing",
        "price: is missing",
        "size: no size",
        "size: no size",
        "price: -512.34 is not above zero",
        "is not a whole number",
        "is not between 2000 and 2100",
        "is not a list of numbers",
        "is not a decimal number",
        "is no object",
        "is no object",
        "is not a number from 0 to 65535",
        "duplicate field",
    ]) {
        assert!(reason.contains(expected), "{expected}: {reasons:#?}");
    }
    assert!(read.rejects.iter().all(|reject| reject.symbol.as_deref() == Some("SPY")));
    assert!(read.rejects[0].raw.starts_with("{\"exchange\":4,\"price\""));
}

#[test]
fn an_answer_that_is_cut_off_hands_nothing_on() {
    let reader = TradeReader::default();
    for end in 1..TRADES.trim_end().len() {
        let body = &TRADES.as_bytes()[..end];
        let mut count = 0;
        let read = decode_trades(body, &spy(), &reader, now(), &mut |_| count += 1);
        assert_eq!((read, count), (Err(DecodeError::CutOff), 0), "{end}");
    }
}

#[test]
fn a_list_that_is_left_out_is_an_empty_one() {
    assert_eq!(trades(EMPTY).1, TradesRead::default());
    assert_eq!(trades(r#"{"status":"OK","results":null}"#).1.delivered, 0);
    assert_eq!(days(EMPTY), []);
    for body in [r#"{"results":{}}"#, r#"{"results":5}"#, r#""results""#, "5"] {
        let read =
            decode_trades(body.as_bytes(), &spy(), &TradeReader::default(), now(), &mut |_| {});
        assert!(matches!(read, Err(DecodeError::Unexpected(_))), "{body}: {read:?}");
    }
}

#[test]
fn a_day_is_that_of_new_york_and_keeps_parts_of_shares() {
    let rows = days(DAYS);
    let first = &rows[0];
    assert_eq!((first.session_date, rows[1].session_date), (day("2026-03-02"), day("2026-03-03")));
    let figures = [first.open, first.high, first.low, first.close].map(|price| price.to_string());
    assert_eq!(figures, ["510.1", "513.22", "509.8", "512.4"]);
    assert_eq!(first.volume.to_string(), "61200500.5");
    assert_eq!(first.vwap.unwrap().to_string(), "511.98765432", "a computed figure is rounded");
    assert_eq!((first.trades, rows[1].trades, rows[1].vwap), (Some(512_340), None, None));
    assert_eq!(rows[1].volume.to_string(), "58100200");
    let other = DAYS.replace("\"SPY\"", "\"QQQ\"");
    assert!(decode_day_bars(other.as_bytes(), &spy(), now()).is_err());
    let upside_down = DAYS.replace("\"h\":513.22", "\"h\":500");
    let part = decode_day_bars(upside_down.as_bytes(), &spy(), now()).unwrap();
    assert!(part.decoded.rejects[0].reason.contains("below the lowest"));
}

#[test]
fn a_minute_lasts_a_minute() {
    let rows: Vec<Aggregate> = good(decode_minute_bars(MINUTES.as_bytes(), &spy(), now()));
    let spans: Vec<_> = rows.iter().map(|row| (row.start_at, row.end_at)).collect();
    let minute = |from, to| (at(from), at(to));
    assert_eq!(
        spans,
        [
            minute("2026-03-02T15:04:00Z", "2026-03-02T15:05:00Z"),
            minute("2026-03-02T15:05:00Z", "2026-03-02T15:06:00Z"),
        ]
    );
    assert_eq!(rows[1].volume.to_string(), "0.5");
}

#[test]
fn a_day_of_every_stock_leaves_out_what_capitals_would_rename() {
    let part = decode_grouped_days(GROUPED.as_bytes(), day("2026-03-02"), now()).unwrap();
    assert_eq!((part.decoded.delivered, part.decoded.rejects.len()), (4, 0));
    let tickers: Vec<_> = part.decoded.rows.iter().map(|row| row.symbol.to_string()).collect();
    assert_eq!(tickers, ["SPY", "BRK.B", "ZZZ"]);
    assert!(part.decoded.rows.iter().all(|row| row.session_date == day("2026-03-02")));
    let other = decode_grouped_days(GROUPED.as_bytes(), day("2026-03-05"), now()).unwrap();
    assert_eq!(other.decoded.rejects.len(), 3);
}

#[test]
fn a_chain_shows_what_the_plan_includes_and_the_rest_is_missing() {
    let rows = chain(CHAIN);
    let full = &rows[0];
    assert_eq!(full.contract.to_string(), "SPY260320C00515000");
    let price = |price: Option<undertow_market::Price>| price.map(|price| price.to_string());
    assert_eq!((price(full.bid), price(full.ask)), (Some("3.1".into()), Some("3.15".into())));
    assert_eq!(full.quote_at, Some(at("2026-03-02T15:04:05.279001002Z")));
    assert_eq!(
        (price(full.last_price), price(full.day_close)),
        (Some("3.14".into()), Some("3.15".into()))
    );
    assert_eq!((full.volume, full.open_interest), (Some(933), Some(6016)));
    assert_eq!((full.implied_volatility, full.delta), (Some(0.1432), Some(0.441)));
    assert_eq!((full.theta, full.vega), (Some(-0.2135), Some(0.3812)));
    assert_eq!(
        (price(full.underlying_price), full.underlying_is_delayed),
        (Some("512.34".into()), Some(false))
    );
    assert!(!full.is_adjusted);
    let without_quotes = &rows[1];
    assert_eq!(
        (without_quotes.bid, without_quotes.last_price, without_quotes.delta),
        (None, None, None)
    );
    assert_eq!((without_quotes.open_interest, without_quotes.volume), (Some(77), Some(3)));
    assert_eq!(
        (without_quotes.implied_volatility, without_quotes.underlying_is_delayed),
        (Some(5.0), Some(true))
    );
    let bare = &rows[2];
    assert_eq!((bare.shares_per_contract, bare.open_interest, bare.day_close), (100, None, None));
    let adjusted = &rows[3];
    assert!(adjusted.is_adjusted);
    assert_eq!((adjusted.shares_per_contract, adjusted.bid, adjusted.quote_at), (33, None, None));
}

#[test]
fn one_bad_contract_and_an_error_in_place_of_one_are_handed_back() {
    let body = r#"{"status":"OK","results":[
        {"ticker":"O:NOPE","error":"NOT_FOUND","message":"Ticker not found."},
        {"details":{"ticker":"O:SPY260320C000515000"}},
        {"details":[]},
        {"details":{"ticker":"O:SPY260320C00515000"},"implied_volatility":-0.1},
        {"details":{"ticker":"O:SPY260320C00515000"}}]}"#;
    let part = decode_chain(body.as_bytes(), &spy(), now()).unwrap();
    let reasons: Vec<_> = part.decoded.rejects.iter().map(|reject| &*reject.reason).collect();
    assert_eq!(part.decoded.rows.len(), 1);
    for (reason, expected) in reasons.iter().zip([
        "could not tell of this one",
        "is no option contract",
        "details: is no object",
        "zero or more",
    ]) {
        assert!(reason.contains(expected), "{reasons:#?}");
    }
    assert_eq!(part.decoded.rejects[0].symbol.as_deref(), Some("O:NOPE"));
}

#[test]
fn a_listed_contract_that_delivers_more_than_shares_is_an_adjusted_one() {
    let rows: Vec<ContractListing> = good(decode_contracts(CONTRACTS.as_bytes(), &spy(), now()));
    assert_eq!(rows.iter().map(|row| row.is_adjusted).collect::<Vec<_>>(), [false, true]);
    let other =
        decode_contracts(CONTRACTS.as_bytes(), &Symbol::new("QQQ").unwrap(), now()).unwrap();
    assert_eq!(other.decoded.rejects.len(), 2);
}

#[test]
fn splits_and_dividends_are_read_exactly() {
    let splits = good(decode_splits(SPLITS.as_bytes(), Some(&spy()), now()));
    let ratios: Vec<_> =
        splits.iter().map(|split| (split.from.to_string(), split.to.to_string())).collect();
    assert_eq!(ratios, [("1".into(), "4".into()), ("1.5".into(), "1".into())]);
    assert_eq!(splits[0].execution_date, day("2026-03-02"));
    let dividends = good(decode_dividends(DIVIDENDS.as_bytes(), Some(&spy()), now()));
    let told: Vec<_> =
        dividends.iter().map(|paid| (paid.cash.to_string(), &*paid.currency)).collect();
    assert_eq!(told, [("1.6955".into(), "USD"), ("0.59375".into(), "USD"), ("0.2".into(), "CAD")]);
    let zero = SPLITS.replace("\"split_from\":1,", "\"split_from\":0,");
    let part = decode_splits(zero.as_bytes(), None, now()).unwrap();
    assert!(part.decoded.rejects[0].reason.contains("not above zero"));
}

#[test]
fn conditions_of_quotes_are_not_those_of_trades() {
    let rows = good(decode_conditions(CONDITIONS.as_bytes()));
    let told: Vec<_> =
        rows.iter().map(|row| (row.id, row.updates_volume, row.updates_high_low)).collect();
    assert_eq!(
        told,
        [(2, Some(true), Some(false)), (15, Some(false), Some(false)), (41, None, None)]
    );
}

#[test]
fn venues_share_a_number_and_some_have_none() {
    let rows = good(decode_venues(VENUES.as_bytes()));
    assert_eq!(rows.iter().map(|venue| venue.id).collect::<Vec<_>>(), [1, 4, 4]);
    assert_eq!(rows[2].mic.as_deref(), Some("FINN"));
}

#[test]
fn a_coming_day_is_closed_or_closes_early() {
    let rows = good(decode_upcoming(UPCOMING.as_bytes()));
    let told: Vec<_> = rows.iter().map(|row| (row.date, &*row.exchange, row.close_at)).collect();
    assert_eq!(
        told,
        [
            (day("2026-11-26"), "NYSE", None),
            (day("2026-11-27"), "NYSE", Some(at("2026-11-27T18:00:00Z"))),
            (day("2026-12-25"), "OTC", None),
        ]
    );
    let odd = UPCOMING.replace("early-close", "half-day");
    assert_eq!(decode_upcoming(odd.as_bytes()).unwrap().decoded.rejects.len(), 1);
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

fn every_body(data: &[u8]) {
    fuzzing::fuzz_polygon_trades(data);
    fuzzing::fuzz_polygon_aggregates(data);
    fuzzing::fuzz_polygon_chain(data);
    fuzzing::fuzz_polygon_reference(data);
    fuzzing::fuzz_polygon_error(data);
}

proptest! {
    #[test]
    fn any_bytes_are_rows_or_an_error(data in prop::collection::vec(any::<u8>(), 0..400)) {
        every_body(&data);
    }

    #[test]
    fn a_damaged_answer_is_rows_or_an_error(
        trades in prop_oneof![nearly(TRADES), nearly(STRANGE), nearly(REJECTS)],
        aggregates in prop_oneof![nearly(DAYS), nearly(MINUTES), nearly(GROUPED)],
        chain in prop_oneof![nearly(CHAIN), nearly(CONTRACTS)],
        reference in prop_oneof![
            nearly(SPLITS), nearly(DIVIDENDS), nearly(CONDITIONS), nearly(VENUES), nearly(UPCOMING)
        ],
    ) {
        [trades, aggregates, chain, reference].iter().for_each(|body| every_body(body));
    }

    #[test]
    fn the_minute_of_a_trade_is_that_of_new_york(
        nanoseconds in 946_684_800_000_000_000_i64..4_102_444_800_000_000_000,
    ) {
        let body = format!(
            r#"{{"results":[{{"exchange":4,"id":"1","price":5,"size":1,"sequence_number":1,
                "sip_timestamp":{nanoseconds}}}]}}"#
        );
        let expected = DateTime::from_timestamp_nanos(nanoseconds);
        let mut found = None;
        let mut take = |trade: &TapeTrade<'_>| found = Some((trade.session_date, trade.minute));
        decode_trades(body.as_bytes(), &spy(), &TradeReader::default(), now(), &mut take).unwrap();
        prop_assert_eq!(found, Some((new_york_date(expected), minute_of_day(expected))));
    }
}
