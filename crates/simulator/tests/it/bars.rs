//! Bars and the stock state as they are served.

use serde_json::Value;

use crate::served::{AFTERNOON, DATE, at, date, served, symbol};

fn decimal(row: &Value, field: &str) -> rust_decimal::Decimal {
    row[field].as_str().expect("a decimal as text").parse().expect("a decimal")
}

fn number(row: &Value, field: &str) -> i64 {
    row[field].as_i64().expect("a whole number")
}

fn check_prices(row: &Value) {
    let [open, high, low, close] = ["open", "high", "low", "close"].map(|f| decimal(row, f));
    assert!(low <= open.min(close) && open.max(close) <= high, "{row}");
}

#[tokio::test]
async fn minute_bars_come_newest_first_with_both_volumes() {
    let served = served(AFTERNOON).await;
    let rows = served.rows(&format!("/api/stock/SPY/ohlc/1m?date={DATE}")).await;
    // From 04:00 to 15:30 in New York, and the minute that has just begun.
    assert_eq!(rows.len(), 691);
    assert_eq!(rows[0]["start_time"], AFTERNOON);
    assert_eq!(rows[690]["start_time"], "2026-06-02T08:00:00Z");
    let mut total = 0;
    for row in rows.iter().rev() {
        check_prices(row);
        total += number(row, "volume");
        assert_eq!(number(row, "total_volume"), total);
    }
    let parts: Vec<_> = rows.iter().map(|row| row["market_time"].as_str()).collect();
    assert_eq!(parts.iter().filter(|part| **part == Some("pr")).count(), 330);
    assert_eq!(parts.iter().filter(|part| **part == Some("r")).count(), 361);
}

#[tokio::test]
async fn longer_bars_hold_the_same_shares_and_stop_at_the_open_and_the_close() {
    let served = served("2026-06-03T01:00:00Z").await;
    let path = |size: &str| format!("/api/stock/QQQ/ohlc/{size}?date={DATE}");
    let minutes = served.rows(&path("1m")).await;
    let total: i64 = minutes.iter().map(|row| number(row, "volume")).sum();
    for (size, count) in [("5m", 192), ("15m", 64), ("30m", 32), ("1h", 17), ("4h", 5)] {
        let rows = served.rows(&path(size)).await;
        rows.iter().for_each(check_prices);
        assert_eq!(rows.len(), count, "{size}");
        assert_eq!(rows.iter().map(|row| number(row, "volume")).sum::<i64>(), total, "{size}");
        assert!(rows.iter().any(|row| row["end_time"] == "2026-06-02T13:30:00Z"), "{size}");
        assert!(rows.iter().any(|row| row["start_time"] == "2026-06-02T20:00:00Z"), "{size}");
    }
}

#[tokio::test]
async fn a_day_has_three_rows_and_the_regular_one_counts_the_whole_day() {
    let served = served("2026-06-03T01:00:00Z").await;
    let rows = served.rows("/api/stock/SPY/ohlc/1d?timeframe=1W").await;
    let of_day: Vec<_> = rows.iter().filter(|row| row["date"] == DATE).collect();
    let [post, regular, pre] = of_day[..] else { panic!("three rows: {of_day:?}") };
    let parts = [pre, regular, post].map(|row| row["market_time"].as_str());
    assert_eq!(parts, [Some("pr"), Some("r"), Some("po")]);
    let minutes = served.rows(&format!("/api/stock/SPY/ohlc/1m?date={DATE}")).await;
    let shares = |part: &str| -> i64 {
        let of = minutes.iter().filter(|row| row["market_time"] == part);
        of.map(|row| number(row, "volume")).sum()
    };
    let volumes =
        [pre, regular, post].map(|row| (number(row, "volume"), number(row, "total_volume")));
    let (first, second, third) = (shares("pr"), shares("r"), shares("po"));
    assert_eq!(
        volumes,
        [(first, first), (first + second + third, first + second), (third, first + second + third)]
    );
    rows.iter().for_each(check_prices);
    assert_eq!(rows.len(), 15, "five sessions in a week");
}

#[tokio::test]
async fn a_timeframe_reaches_back_from_its_end_and_stops_at_the_limit() {
    let served = served(AFTERNOON).await;
    let rows = served.rows("/api/stock/DIA/ohlc/1m?end_date=2026-05-29&timeframe=2D").await;
    assert_eq!(rows.len(), 2 * 960);
    assert_eq!(rows[0]["start_time"], "2026-05-29T23:59:00Z");
    assert_eq!(rows[1_919]["start_time"], "2026-05-28T08:00:00Z");
    assert_eq!(served.rows("/api/stock/DIA/ohlc/1m").await.len(), 2_500);
    assert_eq!(served.rows("/api/stock/DIA/ohlc/1m?limit=7").await.len(), 7);
    assert_eq!(served.rows("/api/stock/ZZZZ/ohlc/1m").await, Vec::<Value>::new());
    for path in ["/api/stock/DIA/ohlc/2m", "/api/stock/DIA/ohlc/1m?limit=2501"] {
        assert_eq!(served.get(path).await.status, 422, "{path}");
    }
}

#[tokio::test]
async fn a_year_of_daily_bars_is_cut_in_silence_at_the_plans_history() {
    let served = served("2026-06-03T01:00:00Z").await;
    let rows = served.rows("/api/stock/DIA/ohlc/1d").await;
    assert_eq!(rows.len(), 3 * 90);
}

#[tokio::test]
async fn the_stock_state_follows_the_parts_of_the_day() {
    let served = served(AFTERNOON).await;
    let market = served.simulator.market();
    let before = market.session(&symbol("SPY"), date("2026-06-01")).expect("a session");
    let regular_close = before.bars.iter().find(|bar| bar.start_at == at("2026-06-01T19:59:00Z"));
    let prev_close = regular_close.expect("the last minute").close.to_string();
    for (now, part, tape_time) in [
        ("2026-06-02T11:00:05Z", "premarket", "2026-06-02T11:00:05Z"),
        ("2026-06-02T15:00:05Z", "regular", "2026-06-02T15:00:05Z"),
        ("2026-06-02T21:00:05Z", "postmarket", "2026-06-02T21:00:05Z"),
        ("2026-06-03T04:00:00Z", "postmarket", "2026-06-02T23:59:59Z"),
    ] {
        served.clock.set(at(now));
        let state = &served.get("/api/stock/SPY/stock-state").await.json()["data"];
        check_prices(state);
        assert_eq!(state["market_time"], part);
        assert_eq!(state["tape_time"], tape_time);
        assert_eq!(state["prev_close"], prev_close.as_str());
        assert!(number(state, "volume") <= number(state, "total_volume"));
    }
}
