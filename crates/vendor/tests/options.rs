//! The options market from bodies and frames to rows: invented answers of the vendor's shapes.

#![expect(clippy::unwrap_used, reason = "a test ends where its own ground fails")]

use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use undertow_market::{
    Calendar, FlowAlert, FlowBucket, MarketSession, OptionKind, OptionTrade, Reasons, Side, Symbol,
    TideScope, TradeFlags,
};
use undertow_vendor::fuzzing;
use undertow_vendor::unusual_whales::{
    Asked, DecodeError, Decoded, FrameReader, Row, TradesOf, decode_flow_alerts,
    decode_flow_per_expiry, decode_flow_per_strike, decode_gamma_by_strike, decode_iv_rank,
    decode_net_premium_ticks, decode_option_contracts, decode_option_trades, decode_price_volumes,
    decode_realized_volatility, decode_term_structure, decode_tide,
};

const TRADES: &str = include_str!("../fixtures/unusual_whales/option_trades.json");
const ALERTS: &str = include_str!("../fixtures/unusual_whales/flow_alerts.json");
const STRIKES: &str = include_str!("../fixtures/unusual_whales/flow_per_strike.json");
const EXPIRIES: &str = include_str!("../fixtures/unusual_whales/flow_per_expiry.json");
const CONTRACTS: &str = include_str!("../fixtures/unusual_whales/option_contracts.json");
const RANKS: &str = include_str!("../fixtures/unusual_whales/iv_rank.json");
const REALIZED: &str = include_str!("../fixtures/unusual_whales/volatility_realized.json");
const TERMS: &str = include_str!("../fixtures/unusual_whales/term_structure.json");
const MINUTES: &str = include_str!("../fixtures/unusual_whales/net_prem_ticks.json");
const TIDE: &str = include_str!("../fixtures/unusual_whales/market_tide.json");
const GAMMA: &str = include_str!("../fixtures/unusual_whales/greek_exposure_strike.json");
const LEVELS: &str = include_str!("../fixtures/unusual_whales/price_levels.json");
const FRAMES: &str = include_str!("../fixtures/unusual_whales/frames.json");

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn received_at() -> DateTime<Utc> {
    at("2026-03-02T15:05:10Z")
}

fn day() -> NaiveDate {
    "2026-03-02".parse().unwrap()
}

fn spy() -> Symbol {
    Symbol::new("SPY").unwrap()
}

fn trades(body: &str) -> Decoded<OptionTrade> {
    let of = TradesOf::Symbols(&[]);
    decode_option_trades(body.as_bytes(), of, received_at(), &Calendar::nyse()).unwrap()
}

fn alerts(body: &str) -> Decoded<FlowAlert> {
    decode_flow_alerts(body.as_bytes(), &[spy()], received_at(), &Calendar::nyse()).unwrap()
}

/// What was asked about SPY on the day of the fixtures.
fn asked<T>(
    decode: impl Fn(&[u8], &Asked<'_>) -> Result<Decoded<T>, DecodeError>,
    body: &str,
) -> Decoded<T> {
    let (symbol, session_date) = (&spy(), Some(day()));
    decode(body.as_bytes(), &Asked { symbol, session_date, received_at: received_at() }).unwrap()
}

fn tide(body: &str) -> Result<Decoded<undertow_market::TidePoint>, DecodeError> {
    decode_tide(body.as_bytes(), &TideScope::Market, Some(day()), received_at())
}

/// A body with the first row of a fixture, these fields in place of its own.
fn with(fixture: &str, fields: &Value) -> String {
    let body: Value = serde_json::from_str(fixture).unwrap();
    let mut row = body.get("data").unwrap_or(&body)[0].clone();
    row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "data": [row] }).to_string()
}

/// Each change of the fixture's first row makes it a reject with this reason.
fn check_rejects(
    fixture: &str,
    reasons: impl Fn(&str) -> (usize, Vec<String>),
    cases: &[(Value, &str)],
) {
    for (fields, expected) in cases {
        let (rows, reasons) = reasons(&with(fixture, fields));
        assert_eq!((rows, reasons.len()), (0, 1), "{fields}: {reasons:?}");
        assert!(reasons[0].contains(expected), "{fields}: {}", reasons[0]);
    }
}

fn told<T>(decoded: Decoded<T>) -> (usize, Vec<String>) {
    assert_eq!(decoded.delivered, decoded.rows.len() + decoded.rejects.len());
    assert!(decoded.rejects.iter().all(|reject| !reject.raw.is_empty()));
    (decoded.rows.len(), decoded.rejects.into_iter().map(|reject| reject.reason).collect())
}

#[test]
fn a_trade_has_its_contract_from_the_symbol_and_its_side_from_the_quote() {
    let decoded = trades(TRADES);
    assert_eq!(decoded.rejects, []);
    let row = &decoded.rows[0];
    assert_eq!(row.contract.to_string(), "SPY260320C00515000");
    assert_eq!(
        (row.contract.kind, row.contract.strike.to_string()),
        (OptionKind::Call, "515".into())
    );
    assert_eq!(row.executed_at, at("2026-03-02T15:04:05.278Z"));
    assert_eq!((row.session_date, row.session), (day(), MarketSession::Regular));
    assert_eq!((row.premium().to_string(), row.side()), ("12600.00".into(), Side::Buy));
    assert!((row.delta.unwrap() - 0.441_044_104_410_441_04).abs() < 1e-15);
    assert_eq!((row.open_interest, row.day_volume), (Some(6016), Some(933)));
    assert_eq!((row.flags, row.condition.as_deref()), (TradeFlags::empty(), Some("auto")));
}

#[test]
fn numbers_may_be_strings_and_what_is_null_is_not_zero() {
    let row = &trades(TRADES).rows[1];
    assert_eq!((row.size, row.price.to_string()), (250, "0.42".into()));
    assert_eq!((row.implied_volatility, row.delta, row.gamma), (None, None, None));
    assert_eq!((row.open_interest, row.day_volume), (None, None));
    assert_eq!(row.contract.strike.to_string(), "510.5");
}

#[test]
fn codes_become_flags_and_what_is_unknown_is_kept_as_text() {
    let rows = trades(TRADES).rows;
    let expected =
        TradeFlags::CANCELED | TradeFlags::MULTI_LEG | TradeFlags::FLOOR | TradeFlags::UNKNOWN_CODE;
    assert_eq!(rows[1].flags, expected);
    assert_eq!(rows[1].condition.as_deref(), Some("mlft,futures_floor,brand_new"));
    assert_eq!(rows[2].flags, TradeFlags::AUCTION | TradeFlags::SWEEP);
    assert_eq!(rows[2].condition.as_deref(), Some("slan,isoi,intermarket_sweep"));
}

#[test]
fn an_index_has_no_price_and_a_quote_without_a_bid_is_none() {
    let row = &trades(TRADES).rows[2];
    assert_eq!((row.symbol.as_str(), row.contract.root.as_str()), ("SPX", "SPXW"));
    assert_eq!((row.underlying_price, row.quote), (None, None));
}

#[test]
fn what_cannot_be_a_trade_is_refused_with_its_reason() {
    check_rejects(
        TRADES,
        |body| told(trades(body)),
        &[
            (json!({ "id": null }), "id: is missing"),
            (json!({ "id": 17 }), "id: 17 is not a text"),
            (json!({ "id": "17" }), "17 is no uuid"),
            (json!({ "underlying_symbol": null }), "underlying_symbol: is missing"),
            (json!({ "underlying_symbol": "S PY" }), "underlying_symbol"),
            (json!({ "option_chain_id": "SPY" }), "no option contract"),
            (json!({ "option_chain_id": null }), "option_chain_id: is missing"),
            (json!({ "executed_at": null }), "executed_at: is missing"),
            (json!({ "executed_at": "2026-03-02T15:04:05" }), "not a time with its zone"),
            (json!({ "executed_at": 1_772_463_845 }), "not between 2000 and 2100"),
            (json!({ "size": null }), "size: is missing"),
            (json!({ "size": 0 }), "size: 0 is not above zero"),
            (json!({ "size": 1.5 }), "size: 1.5 is not a whole number"),
            (json!({ "price": null }), "price: is missing"),
            (json!({ "price": "0" }), "price: 0 is not above zero"),
            (json!({ "price": true }), "price: true is not a decimal number"),
            (json!({ "premium": null }), "premium: is missing"),
            (json!({ "premium": "1260.00" }), "1260.00 is far from 12600.00"),
            (json!({ "premium": "1260000" }), "is far from 12600.00"),
            (json!({ "premium": "-12600" }), "is far from"),
            (json!({ "nbbo_bid": "NaN" }), "nbbo_bid"),
            (json!({ "underlying_price": "x" }), "underlying_price"),
            (json!({ "implied_volatility": "NaN" }), "implied_volatility: \"NaN\" is not a number"),
            (json!({ "implied_volatility": "-0.2" }), "implied_volatility"),
            (json!({ "delta": "inf" }), "delta: \"inf\" is not a number"),
            (json!({ "gamma": [] }), "gamma: [] is not a number"),
            (json!({ "open_interest": -1 }), "open_interest: -1 is not zero or more"),
            (json!({ "volume": "many" }), "volume: \"many\" is not a whole number"),
            (json!({ "canceled": null }), "canceled: is missing"),
            (json!({ "canceled": "no" }), "canceled: \"no\" is not true or false"),
            (json!({ "report_flags": "cross_trade" }), "report_flags"),
            (json!({ "report_flags": [null] }), "report_flags"),
            (
                json!({ "upstream_condition_detail": 4 }),
                "upstream_condition_detail: 4 is not a text",
            ),
            (json!({ "exchange": {} }), "exchange: {} is not a text"),
        ],
    );
}

#[test]
fn a_rounded_premium_is_no_fault() {
    for premium in ["12600", "12599.5", "12601"] {
        let decoded = trades(&with(TRADES, &json!({ "premium": premium })));
        assert_eq!(decoded.rows[0].premium().to_string(), "12600.00", "{premium}");
    }
}

#[test]
fn a_trade_that_was_not_asked_for_is_refused() {
    let check = |of: TradesOf<'_>, expected: usize, reason: &str| {
        let body = TRADES.as_bytes();
        let decoded = decode_option_trades(body, of, received_at(), &Calendar::nyse()).unwrap();
        assert_eq!(decoded.rows.len(), expected, "{of:?}");
        let reasons = decoded.rejects.iter().map(|reject| &reject.reason);
        assert!(reasons.clone().all(|found| found.contains(reason)), "{of:?}: {reasons:?}");
    };
    check(TradesOf::Symbols(&[spy()]), 2, "SPX came and was not asked for");
    check(TradesOf::Symbols(&[spy(), Symbol::new("SPX").unwrap()]), 3, "");
    let contract = "SPY260320C00515000".parse().unwrap();
    check(TradesOf::Contract(&contract), 1, "SPY260320C00515000 was asked for");
}

#[test]
fn a_list_may_be_bare_or_wrapped_and_anything_else_is_no_empty_page() {
    let bare = serde_json::from_str::<Value>(TRADES).unwrap()["data"].to_string();
    assert_eq!(trades(&bare), trades(TRADES));
    let wrapped = format!("{{\"data\":{STRIKES},\"date\":\"2026-03-02\"}}");
    assert_eq!(asked(decode_flow_per_strike, &wrapped), asked(decode_flow_per_strike, STRIKES));
    assert_eq!(trades("[]").delivered, 0);
    for body in ["{}", "null", "7", "", r#"{"data":null}"#, r#"{"error":"x"}"#, "[] x", "[1,]"] {
        let of = TradesOf::Symbols(&[]);
        let result = decode_option_trades(body.as_bytes(), of, received_at(), &Calendar::nyse());
        assert!(result.is_err(), "{body}");
        assert!(tide(body).is_err(), "{body}");
    }
    let cut = &STRIKES[..STRIKES.len() / 2];
    let symbol = &spy();
    let question = Asked { symbol, session_date: None, received_at: received_at() };
    let result = decode_flow_per_strike(cut.as_bytes(), &question);
    assert_eq!(result.unwrap_err(), DecodeError::CutOff);
}

#[test]
fn an_alert_has_its_sums_its_time_and_its_marks() {
    let decoded = alerts(ALERTS);
    assert_eq!(decoded.rejects, []);
    let row = &decoded.rows[0];
    assert_eq!(row.created_at, at("2026-03-02T15:04:09.166Z"));
    let between = (at("2026-03-02T15:04:00.120Z"), at("2026-03-02T15:04:05.278Z"));
    assert_eq!(row.trades_between, Some(between));
    assert_eq!((row.size, row.trades, row.premium.to_string()), (400, 9, "126000".into()));
    assert_eq!((row.side(), row.flags), (Side::Buy, TradeFlags::SWEEP));
    assert_eq!(row.rule.as_deref(), Some("RepeatedHits"));
}

#[test]
fn what_cannot_be_an_alert_is_refused_with_its_reason() {
    check_rejects(
        ALERTS,
        |body| told(alerts(body)),
        &[
            (json!({ "id": null }), "id: is missing"),
            (json!({ "ticker": "QQQ" }), "QQQ came and was not asked for"),
            (json!({ "option_chain": null }), "option_chain: is missing"),
            (json!({ "created_at": null }), "created_at: is missing"),
            (json!({ "created_at": "soon" }), "created_at"),
            (json!({ "end_time": 1_772_463_840_000_i64 }), "end_time: is before start_time"),
            (json!({ "start_time": "x" }), "start_time"),
            (json!({ "total_size": null }), "total_size: is missing"),
            (json!({ "trade_count": 0 }), "trade_count: 0 is not above zero"),
            (json!({ "total_premium": null }), "total_premium: is missing"),
            (json!({ "total_premium": "-1" }), "total_premium"),
            (json!({ "total_ask_side_prem": "x" }), "total_ask_side_prem"),
            (json!({ "iv_end": "NaN" }), "iv_end"),
            (json!({ "has_sweep": null }), "has_sweep: is missing"),
            (json!({ "has_multileg": 1 }), "has_multileg: 1 is not true or false"),
            (json!({ "all_opening_trades": "" }), "all_opening_trades"),
        ],
    );
    let quiet = alerts(&with(
        ALERTS,
        &json!({
            "total_ask_side_prem": null, "total_bid_side_prem": null, "iv_end": null, "end_time": null,
        }),
    ));
    assert_eq!(quiet.rejects, []);
    assert_eq!((quiet.rows[0].side(), quiet.rows[0].trades_between), (Side::Unknown, None));
}

#[test]
fn the_sums_of_a_strike_and_of_an_expiry_are_read() {
    let strike = &asked(decode_flow_per_strike, STRIKES).rows[0];
    assert_eq!(strike.bucket, FlowBucket::Strike("515.0".parse().unwrap()));
    assert_eq!(
        (strike.session_date, strike.calls.volume, strike.puts.trades),
        (day(), 40_385, 841)
    );
    assert_eq!(strike.puts.bid_premium.to_string(), "1614848.0");
    let expiry = &asked(decode_flow_per_expiry, EXPIRIES).rows[0];
    assert_eq!(expiry.bucket, FlowBucket::Expiry("2026-03-20".parse().unwrap()));
    assert_eq!(expiry.calls, strike.calls);
}

#[test]
fn a_sum_that_is_null_or_of_another_day_or_symbol_is_refused() {
    for name in [
        "call_premium",
        "call_premium_ask_side",
        "put_premium_bid_side",
        "call_volume",
        "put_volume_ask_side",
        "put_trades",
    ] {
        let cases = [(json!({ name: null }), "is missing"), (json!({ name: "x" }), "\"x\" is not")];
        check_rejects(STRIKES, |body| told(asked(decode_flow_per_strike, body)), &cases);
        check_rejects(EXPIRIES, |body| told(asked(decode_flow_per_expiry, body)), &cases);
    }
    check_rejects(
        STRIKES,
        |body| told(asked(decode_flow_per_strike, body)),
        &[
            (json!({ "date": "2026-02-27" }), "2026-02-27 came, 2026-03-02 was asked for"),
            (json!({ "ticker": "QQQ" }), "QQQ came, SPY was asked for"),
            (json!({ "strike": null }), "strike: is missing"),
            (json!({ "call_volume": -1 }), "not zero or more"),
            (json!({ "put_premium": "-1" }), "not zero or more"),
        ],
    );
    check_rejects(
        EXPIRIES,
        |body| told(asked(decode_flow_per_expiry, body)),
        &[
            (json!({ "expiry": null }), "expiry: is missing"),
            (json!({ "expiry": "soon" }), "not a date"),
        ],
    );
}

fn contracts(body: &str) -> Decoded<undertow_market::ContractState> {
    let (symbol, calendar) = (&spy(), Calendar::nyse());
    let question = Asked { symbol, session_date: None, received_at: received_at() };
    decode_option_contracts(body.as_bytes(), &question, &calendar).unwrap()
}

#[test]
fn a_contract_that_has_not_traded_has_no_price() {
    let decoded = contracts(CONTRACTS);
    assert_eq!(decoded.rejects, []);
    let [traded, idle] = &decoded.rows[..] else { panic!("two rows") };
    assert_eq!(
        (traded.session_date, traded.open_interest, traded.volume),
        (day(), 22_868, 132_276)
    );
    assert_eq!(traded.last_price.unwrap().to_string(), "3.12");
    assert_eq!((idle.bid, idle.last_price, idle.implied_volatility), (None, None, None));
    assert_eq!((idle.open_interest, idle.contract.strike.to_string()), (0, "204.78".into()));
    check_rejects(
        CONTRACTS,
        |body| told(contracts(body)),
        &[
            (json!({ "open_interest": null }), "open_interest: is missing"),
            (json!({ "volume": null }), "volume: is missing"),
            (json!({ "option_symbol": "SPY" }), "no option contract"),
            (json!({ "implied_volatility": "x" }), "implied_volatility"),
            (json!({ "last_price": "-1" }), "last_price"),
        ],
    );
}

#[test]
fn the_rank_is_of_a_hundred_and_volatility_a_fraction() {
    let rows = asked(decode_iv_rank, RANKS).rows;
    assert_eq!(rows.len(), 2, "other days than the one asked for are welcome");
    assert!((rows[1].vendor_rank.unwrap() - 21.7405).abs() < 1e-12);
    assert!((rows[1].implied.unwrap() - 0.1432).abs() < 1e-12);
    assert_eq!(rows[1].close.unwrap().to_string(), "512.4");
    check_rejects(
        RANKS,
        |body| told(asked(decode_iv_rank, body)),
        &[
            (json!({ "date": null }), "date: is missing"),
            (json!({ "iv_rank_1y": "100.1" }), "100.1 is above 100"),
            (json!({ "iv_rank_1y": "-1" }), "not zero or more"),
            (json!({ "volatility": null, "iv_rank_1y": null }), "volatility: is missing"),
            (json!({ "volatility": true }), "volatility: true is not a number"),
        ],
    );
}

#[test]
fn the_newest_days_have_no_realized_volatility() {
    let rows = asked(decode_realized_volatility, REALIZED).rows;
    assert!((rows[0].vendor_realized.unwrap() - 0.118).abs() < 1e-12);
    assert_eq!((rows[1].vendor_realized, rows[1].session_date), (None, day()));
    check_rejects(
        REALIZED,
        |body| told(asked(decode_realized_volatility, body)),
        &[
            (json!({ "implied_volatility": null, "realized_volatility": null }), "is missing"),
            (json!({ "realized_volatility": "x" }), "realized_volatility"),
        ],
    );
}

#[test]
fn an_expiry_of_the_term_structure_has_its_volatility() {
    let rows = asked(decode_term_structure, TERMS).rows;
    assert_eq!(rows[1].expiry.to_string(), "2026-03-20");
    assert_eq!(rows[1].implied_move.unwrap().to_string(), "9.1025");
    check_rejects(
        TERMS,
        |body| told(asked(decode_term_structure, body)),
        &[
            (json!({ "volatility": null }), "volatility: is missing"),
            (json!({ "expiry": null }), "expiry: is missing"),
            (json!({ "ticker": "QQQ" }), "QQQ came"),
            (json!({ "date": "2026-02-27" }), "was asked for"),
        ],
    );
}

#[test]
fn a_minute_of_net_premium_keeps_its_signs() {
    let decoded = asked(decode_net_premium_ticks, MINUTES);
    assert_eq!(decoded.rejects, []);
    let [first, second] = &decoded.rows[..] else { panic!("two rows") };
    assert_eq!(first.at, at("2026-03-02T15:04:00Z"));
    assert_eq!(first.net_put_premium.to_string(), "-11106.00");
    assert!(first.net_delta.unwrap().to_string().starts_with("26294.858179642318"));
    assert_eq!((second.call_volume, second.net_delta), (None, None));
    check_rejects(
        MINUTES,
        |body| told(asked(decode_net_premium_ticks, body)),
        &[
            (json!({ "net_call_premium": null }), "net_call_premium: is missing"),
            (json!({ "net_put_premium": "" }), "net_put_premium"),
            (json!({ "tape_time": null }), "tape_time: is missing"),
            (json!({ "date": "2026-03-03" }), "the time is of 2026-03-02, not of 2026-03-03"),
            (json!({ "tape_time": "2026-02-27T15:04:00Z" }), "the time is of 2026-02-27"),
        ],
    );
}

#[test]
fn the_tide_carries_new_yorks_offset_and_nulls_are_refused() {
    let decoded = tide(TIDE).unwrap();
    assert_eq!(decoded.rejects, []);
    assert_eq!(decoded.rows[0].at, at("2026-03-02T14:30:00Z"));
    assert_eq!((decoded.rows[1].net_volume, decoded.rows[1].session_date), (Some(-2358), day()));
    check_rejects(
        TIDE,
        |body| told(tide(body).unwrap()),
        &[
            (json!({ "net_call_premium": null }), "net_call_premium: is missing"),
            (
                json!({ "net_put_premium": null, "net_call_premium": "1" }),
                "net_put_premium: is missing",
            ),
            (json!({ "timestamp": "2026-03-02T09:30:00" }), "not a time with its zone"),
            (json!({ "net_volume": 1.5 }), "net_volume"),
        ],
    );
}

#[test]
fn a_strike_without_its_gamma_is_refused_and_never_zero() {
    let decoded = asked(decode_gamma_by_strike, GAMMA);
    assert_eq!(decoded.rejects, []);
    assert!((decoded.rows[0].put_gamma - -22_185.328_5).abs() < 1e-9);
    assert_eq!(decoded.rows[1].call_delta, None);
    assert_eq!(decoded.rows[1].strike.to_string(), "204.78");
    check_rejects(
        GAMMA,
        |body| told(asked(decode_gamma_by_strike, body)),
        &[
            (json!({ "call_gex": null }), "call_gex: is missing"),
            (json!({ "put_gex": null }), "put_gex: is missing"),
            (json!({ "call_gex": "NaN" }), "call_gex"),
            (json!({ "strike": "0" }), "strike"),
            (json!({ "call_delta": "x" }), "call_delta"),
            (json!({ "date": "2026-02-27" }), "was asked for"),
        ],
    );
}

#[test]
fn price_levels_are_many_and_belong_to_the_day_that_was_asked_for() {
    let decoded = asked(decode_price_volumes, LEVELS);
    assert_eq!(decoded.rejects, []);
    assert_eq!(decoded.rows[1].price.to_string(), "512.345");
    assert_eq!((decoded.rows[1].lit_volume, decoded.rows[1].off_exchange_volume), (0, 700));
    assert_eq!(decoded.rows[0].session_date, day());
    check_rejects(
        LEVELS,
        |body| told(asked(decode_price_volumes, body)),
        &[
            (json!({ "lit_vol": null }), "lit_vol: is missing"),
            (json!({ "off_vol": -1 }), "off_vol"),
            (json!({ "price": null }), "price: is missing"),
        ],
    );
    let row = r#"{"price":512.34,"lit_vol":1,"off_vol":2}"#;
    let busy = format!("{{\"data\":[{}]}}", vec![row; 33_448].join(","));
    assert_eq!(asked(decode_price_volumes, &busy).rows.len(), 33_448);
    let symbol = &spy();
    let undated = Asked { symbol, session_date: None, received_at: received_at() };
    let decoded = decode_price_volumes(LEVELS.as_bytes(), &undated).unwrap();
    assert_eq!((decoded.rows.len(), decoded.rejects.len()), (0, 2));
}

fn frames() -> Vec<String> {
    let frames: Vec<Value> = serde_json::from_str(FRAMES).unwrap();
    frames.iter().map(Value::to_string).collect()
}

fn read(frame: &str) -> Result<Row, String> {
    let calendar = Calendar::nyse();
    FrameReader::new(&calendar).read(frame, received_at()).map_err(|reject| reject.reason)
}

#[test]
fn a_trade_of_the_stream_is_the_trade_of_the_list() {
    let Ok(Row::Trade(trade)) = read(&frames()[1]) else { panic!("a trade") };
    let listed = &trades(TRADES).rows[0];
    assert_eq!(
        (trade.id, trade.executed_at, &trade.contract),
        (listed.id, listed.executed_at, &listed.contract)
    );
    assert_eq!(
        (trade.premium(), trade.side(), trade.flags),
        (listed.premium(), listed.side(), listed.flags)
    );
    let Ok(Row::Trade(index)) = read(&frames()[2]) else { panic!("a trade") };
    assert_eq!(index.underlying_price, None);
    assert_eq!(index.flags, TradeFlags::CROSS | TradeFlags::SWEEP);
    assert_eq!(index.condition.as_deref(), Some("slcn,isoi,cross_trade"));
}

#[test]
fn an_alert_of_the_stream_has_json_numbers_and_the_time_of_its_last_trade() {
    let Ok(Row::Alert(alert)) = read(&frames()[3]) else { panic!("an alert") };
    assert_eq!(alert.created_at, at("2026-03-02T15:04:05.278Z"));
    assert_eq!(alert.ask_premium.unwrap().to_string(), "100800.5");
    assert_eq!((alert.rule.as_deref(), alert.side()), (None, Side::Buy));
    assert_eq!(alert.id, alerts(ALERTS).rows[0].id);
}

#[test]
fn a_price_and_an_off_exchange_print_of_the_stream_are_read() {
    let Ok(Row::Price(tick)) = read(&frames()[4]) else { panic!("a price") };
    assert_eq!((tick.price.to_string(), tick.day_volume), ("512.34".into(), Some(6_015_555)));
    assert_eq!(tick.at, at("2026-03-02T15:04:05.692Z"));
    let Ok(Row::OffLit(print)) = read(&frames()[5]) else { panic!("a print") };
    assert_eq!(print.reasons, Reasons::AVERAGE_PRICE);
    assert_eq!(print.trf_executed_at, Some(at("2026-03-02T15:04:05.250Z")));
    assert_eq!(print.notional().to_string(), "614808.1200");
}

#[test]
fn the_answer_to_a_join_is_told_apart_from_rows() {
    let reply = |text: &str| match read(text) {
        Ok(Row::Reply(reply)) => (reply.channel, reply.refusal),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(reply(&frames()[0]), ("option_trades:SPY".to_owned(), None));
    let (channel, words) =
        reply(r#"["price:SPY",{"response":{"reason":"not on your plan"},"status":"error"}]"#);
    assert_eq!(channel, "price:SPY");
    assert!(words.unwrap().contains("not on your plan"));
}

#[test]
fn a_frame_that_is_none_is_refused_with_its_text() {
    let calendar = Calendar::nyse();
    let mut reader = FrameReader::new(&calendar);
    for (text, expected) in [
        ("", "EOF"),
        ("{}", "invalid type"),
        ("[]", "invalid length"),
        (r#"["price:SPY"]"#, "invalid length"),
        (r#"["gex:SPY",{"ticker":"SPY"}]"#, "gex:SPY is no channel that is read"),
        (r#"["price:SPY",7]"#, "invalid type"),
        (
            r#"["price:SPY",{"ticker":"SPY","close":null,"time":1772463845692}]"#,
            "close: is missing",
        ),
        (r#"["price:SPY",{"ticker":"SPY","close":"1","time":1772463845}]"#, "time"),
        (r#"["off_lit_trades",{"symbol":null}]"#, "symbol: is missing"),
        (r#"["option_trades:SPY",{"id":"x"}]"#, "executed_at: is missing"),
        (r#"["flow-alerts",{"id":"x"}]"#, "created_at: is missing"),
    ] {
        let reject = reader.read(text, received_at()).unwrap_err();
        assert!(reject.reason.contains(expected), "{text}: {}", reject.reason);
        assert_eq!(reject.raw, text);
    }
    let Ok(Row::Trade(_)) = reader.read(&frames()[1], received_at()) else {
        panic!("a bad frame spoils the next one");
    };
}

/// Bytes that are nearly this text: some of them changed, doubled or cut.
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

/// Frames one to a line, as the fuzz target takes them.
const FRAME_LINES: &str = include_str!("../fixtures/unusual_whales/frames.json");

proptest! {
    #[test]
    fn any_bytes_are_rows_or_an_error(data in prop::collection::vec(any::<u8>(), 0..400)) {
        fuzzing::fuzz_option_trades(&data);
        fuzzing::fuzz_flow_alerts(&data);
        fuzzing::fuzz_options_market(&data);
        fuzzing::fuzz_stream_frame(&data);
    }

    #[test]
    fn a_damaged_list_is_rows_or_an_error(trades in nearly(TRADES), alerts in nearly(ALERTS)) {
        fuzzing::fuzz_option_trades(&trades);
        fuzzing::fuzz_flow_alerts(&alerts);
    }

    #[test]
    fn a_damaged_sum_is_rows_or_an_error(
        bodies in [
            nearly(STRIKES), nearly(EXPIRIES), nearly(CONTRACTS), nearly(RANKS), nearly(REALIZED),
            nearly(TERMS), nearly(MINUTES), nearly(TIDE), nearly(GAMMA), nearly(LEVELS),
        ],
    ) {
        bodies.iter().for_each(|body| fuzzing::fuzz_options_market(body));
    }

    #[test]
    fn a_damaged_frame_is_a_row_or_a_reject(lines in nearly(FRAME_LINES)) {
        for line in lines.split(|byte| *byte == b'\n') {
            let frame = line.trim_ascii().strip_suffix(b",").unwrap_or(line.trim_ascii());
            fuzzing::fuzz_stream_frame(frame);
        }
    }

    #[test]
    fn a_float_text_is_finite_or_refused(text in "-?[0-9]{0,40}(\\.[0-9]{0,40})?([eE]-?[0-9]{1,4})?") {
        fuzzing::fuzz_decimal(text.as_bytes());
    }
}
