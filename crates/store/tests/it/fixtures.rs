//! Prints, bars and options for tests: plain ones to start from, and random days.

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
use proptest::prelude::*;
use rust_decimal::Decimal;
use undertow_market::{
    Bar, BarInterval, FlowAlert, MarketSession, OptionContract, OptionTrade, Price, Print, Quote,
    Reasons, Size, Symbol, TradeFlags, VendorId,
};
use uuid::Uuid;

/// A Tuesday in summer time.
pub(crate) fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 7, 14).unwrap()
}

/// 10:00 in New York on that day.
pub(crate) fn ten_o_clock() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 7, 14, 14, 0, 0).unwrap()
}

pub(crate) fn after(seconds: i64) -> DateTime<Utc> {
    ten_o_clock() + TimeDelta::seconds(seconds)
}

pub(crate) fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn dollars(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A print of SPY with nothing peculiar about it, on the tape so many seconds after ten o'clock.
pub(crate) fn print(seconds: i64, price_text: &str, size: &str) -> Print {
    let at = after(seconds);
    Print {
        vendor: VendorId::UnusualWhales,
        symbol: symbol("SPY"),
        session_date: day(),
        session: MarketSession::Regular,
        executed_at: at,
        reported_at: at,
        received_at: after(3_600),
        tracking_id: 36_000_000_000_000 + seconds,
        price: price(price_text),
        size: size.parse().unwrap(),
        day_volume: Some(1_000_000 + seconds),
        quote: Some(Quote { bid: price("622.10"), ask: price("622.14") }),
        reasons: Reasons::empty(),
        market_center: Some("L".into()),
        sale_condition: None,
        trade_code: None,
        extended_hours_code: None,
        settlement: Some("regular".into()),
    }
}

pub(crate) fn canceled(print: &Print) -> Print {
    Print {
        reasons: print.reasons | Reasons::CANCELED,
        received_at: print.received_at + TimeDelta::hours(1),
        ..print.clone()
    }
}

pub(crate) fn bar(minute: i64, close: &str, volume: i64) -> Bar {
    Bar {
        vendor: VendorId::UnusualWhales,
        symbol: symbol("SPY"),
        interval: BarInterval::Minute1,
        session_date: day(),
        session: MarketSession::Regular,
        start_at: after(60 * minute),
        open: price("622"),
        high: price("623"),
        low: price("621"),
        close: price(close),
        volume,
        received_at: after(3_600),
    }
}

pub(crate) fn contract(text: &str) -> OptionContract {
    text.parse().unwrap()
}

/// A trade in a SPY call with nothing peculiar about it, so many seconds after ten o'clock.
pub(crate) fn option_trade(seconds: i64, price_text: &str, size: i64) -> OptionTrade {
    OptionTrade {
        vendor: VendorId::UnusualWhales,
        id: Uuid::from_u128(0x7000_0000 + u128::try_from(seconds + 1_000).unwrap()),
        symbol: symbol("SPY"),
        contract: contract("SPY260717C00625000"),
        session_date: day(),
        session: MarketSession::Regular,
        executed_at: after(seconds),
        received_at: after(3_600),
        price: price(price_text),
        size,
        quote: Some(Quote { bid: price("2.40"), ask: price("2.50") }),
        underlying_price: Some(price("622.5")),
        implied_volatility: Some(0.14),
        delta: Some(0.25),
        gamma: Some(0.02),
        open_interest: Some(10_000),
        day_volume: Some(500),
        flags: TradeFlags::empty(),
        condition: Some("auto".into()),
        exchange: Some("XCBO".into()),
    }
}

/// An alert on the same call.
pub(crate) fn alert(seconds: i64, premium: &str) -> FlowAlert {
    FlowAlert {
        vendor: VendorId::UnusualWhales,
        id: Uuid::from_u128(0xa000_0000 + u128::try_from(seconds + 1_000).unwrap()),
        symbol: symbol("SPY"),
        contract: contract("SPY260717C00625000"),
        session_date: day(),
        session: MarketSession::Regular,
        created_at: after(seconds),
        received_at: after(3_600),
        trades_between: Some((after(seconds - 60), after(seconds))),
        rule: Some("RepeatedHits".into()),
        price: Some(price("2.45")),
        underlying_price: Some(price("622.5")),
        size: 400,
        trades: 12,
        premium: dollars(premium),
        ask_premium: Some(dollars("90000.5")),
        bid_premium: Some(dollars("8000")),
        implied_volatility: Some(0.15),
        open_interest: Some(10_000),
        day_volume: Some(12_000),
        flags: TradeFlags::SWEEP,
    }
}

/// Numbers as vendors send them, and as they must never lose a digit all the same.
fn any_price() -> impl Strategy<Value = Price> {
    prop_oneof![
        8 => (1_i64..2_000_000, 2_u32..=4),
        1 => (1_i64..=i64::MAX, 0_u32..=8).prop_map(|(m, s)| (m % 10_i64.pow(12), s)),
        1 => Just((1, 8)),
    ]
    .prop_filter_map("above zero", |(mantissa, scale)| {
        Price::new(Decimal::new(mantissa, scale)).ok()
    })
}

fn any_size() -> impl Strategy<Value = Size> {
    prop_oneof![
        8 => (1_i64..1_000_000).prop_map(|shares| (shares, 0)),
        1 => (1_i64..1_000_000_000, 1_u32..=8),
    ]
    .prop_filter_map("above zero", |(mantissa, scale)| {
        Size::new(Decimal::new(mantissa, scale)).ok()
    })
}

fn any_quote() -> impl Strategy<Value = Option<Quote>> {
    proptest::option::of((any_price(), any_price()).prop_map(|(bid, ask)| Quote { bid, ask }))
}

fn any_reasons() -> impl Strategy<Value = Reasons> {
    prop_oneof![
        5 => Just(Reasons::empty()),
        3 => (0_u32..15).prop_map(|bit| Reasons::from_bits_truncate(1 << bit)),
        1 => any::<u16>().prop_map(Reasons::from_bits_truncate),
    ]
}

fn any_text() -> impl Strategy<Value = Option<Box<str>>> {
    proptest::option::of("[a-z_é\u{1F40B} ]{0,12}".prop_map(String::into_boxed_str))
}

fn any_session() -> impl Strategy<Value = MarketSession> {
    (0_u8..4).prop_map(|code| MarketSession::from_code(code).unwrap())
}

/// A print of one of two symbols on one of two days. Few different keys, so that prints meet.
pub(crate) fn any_print() -> impl Strategy<Value = Print> {
    let identity = (0_usize..2, 0_i64..2, 0_i64..3_000, 0_i64..3, any_price(), any_size());
    let content = (any_session(), any_quote(), any_reasons(), 0_i64..2_000_000, 0_i64..1_000);
    let texts = (any_text(), any_text(), any_text(), any_text(), any_text());
    (identity, content, texts, proptest::option::of(0_i64..3)).prop_map(
        |((name, days, seconds, tracking_id, price, size), content, texts, day_volume)| {
            let (session, quote, reasons, late_us, received) = content;
            let reported_at = after(seconds) + TimeDelta::days(days);
            Print {
                vendor: VendorId::UnusualWhales,
                symbol: symbol(["SPY", "NVDA"][name]),
                session_date: day() + TimeDelta::days(days),
                session,
                executed_at: reported_at - TimeDelta::microseconds(late_us),
                reported_at,
                received_at: after(7_200 + received),
                tracking_id,
                price,
                size,
                day_volume,
                quote,
                reasons,
                market_center: texts.0,
                sale_condition: texts.1,
                trade_code: texts.2,
                extended_hours_code: texts.3,
                settlement: texts.4,
            }
        },
    )
}
