//! Off-exchange prints as they are served.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::Value;

use crate::served::{AFTERNOON, DATE, at, date, row_time, served, symbol};

fn number(row: &Value, field: &str) -> i64 {
    row[field].as_i64().expect("a whole number")
}

fn decimal(row: &Value, field: &str) -> rust_decimal::Decimal {
    row[field].as_str().expect("a decimal as text").parse().expect("a decimal")
}

#[tokio::test]
async fn a_row_has_the_vendors_eighteen_fields_in_the_vendors_types() {
    let served = served(AFTERNOON).await;
    let rows = served.rows("/api/darkpool/SPY").await;
    assert_eq!(rows.len(), 500);
    for row in &rows {
        assert_eq!(row.as_object().map(serde_json::Map::len), Some(18), "{row}");
        assert_eq!(row["ticker"], "SPY");
        let size = number(row, "size");
        assert_eq!(
            decimal(row, "premium"),
            decimal(row, "price") * rust_decimal::Decimal::from(size)
        );
        assert!(decimal(row, "nbbo_bid") < decimal(row, "nbbo_ask"), "{row}");
        for field in ["volume", "nbbo_bid_quantity", "nbbo_ask_quantity", "tracking_id"] {
            assert!(number(row, field) > 0, "{row}");
        }
        assert!(row["canceled"].is_boolean() && row["trade_settlement"].is_string(), "{row}");
        assert!(row_time(row) <= at(AFTERNOON));
    }
}

#[tokio::test]
async fn rows_come_newest_first_and_by_id_within_a_second() {
    let served = served(AFTERNOON).await;
    let rows = served.rows("/api/darkpool/SPY").await;
    let order: Vec<_> =
        rows.iter().map(|row| (row_time(row), number(row, "tracking_id"))).collect();
    assert!(order.windows(2).all(|pair| pair[0] >= pair[1]));
    let mut reversed = served.rows("/api/darkpool/SPY?order=asc").await;
    assert!(row_time(&reversed[0]) < row_time(&rows[499]));
    let newest = served.rows("/api/darkpool/SPY?order=asc&newer_than=2026-06-02T19:25:00Z").await;
    reversed = newest.into_iter().rev().collect();
    assert_eq!(reversed, rows[..reversed.len()]);
}

#[tokio::test]
async fn paging_with_the_strict_cursor_loses_nothing() {
    let served = served("2026-06-03T00:30:00Z").await;
    let rows = served.whole_session("SPY", DATE).await;
    let day = served.simulator.market().session(&symbol("SPY"), date(DATE)).expect("a session");
    assert!(rows.len() > 3_000, "{} rows", rows.len());
    let key = |id, at: chrono::DateTime<chrono::Utc>, volume| (at, id, volume);
    let found: BTreeSet<_> = rows
        .iter()
        .map(|row| key(number(row, "tracking_id"), row_time(row), number(row, "volume")))
        .collect();
    let true_rows: BTreeSet<_> =
        day.prints.iter().map(|p| key(p.tracking_id, p.reported_at, p.day_volume)).collect();
    assert_eq!(found, true_rows);
    assert_eq!(rows.len(), day.prints.len());
}

#[tokio::test]
async fn both_cursors_are_strict_and_take_seconds_milliseconds_and_text() {
    let served = served(AFTERNOON).await;
    let rows = served.rows("/api/darkpool/SPY").await;
    let second = row_time(&rows[250]);
    let (unix, text) = (second.timestamp(), second.format("%Y-%m-%dT%H:%M:%SZ"));
    for cursor in [unix.to_string(), (unix * 1_000).to_string(), text.to_string()] {
        let older = served.rows(&format!("/api/darkpool/SPY?older_than={cursor}")).await;
        assert!(row_time(&older[0]) < second, "{cursor}");
        let newer = served.rows(&format!("/api/darkpool/SPY?newer_than={cursor}")).await;
        assert!(newer.iter().all(|row| row_time(row) > second), "{cursor}");
        let siblings = rows.iter().filter(|row| row_time(row) > second).count();
        assert_eq!(newer.len(), siblings);
    }
}

#[tokio::test]
async fn filters_and_orders_do_what_they_say() {
    let served = served(AFTERNOON).await;
    let path = "/api/darkpool/SPY?order_by=premium&limit=50";
    let rows = served.rows(path).await;
    assert!(
        rows.windows(2).all(|pair| decimal(&pair[0], "premium") >= decimal(&pair[1], "premium"))
    );
    assert_eq!(rows.len(), 50);
    for (query, holds) in [
        (
            "min_premium=1000000",
            (|row| decimal(row, "premium") >= 1_000_000.into()) as fn(&_) -> bool,
        ),
        ("max_premium=150000", |row| decimal(row, "premium") <= 150_000.into()),
        ("min_size=5000", |row| number(row, "size") >= 5_000),
        ("max_size=250", |row| number(row, "size") <= 250),
        ("max_volume=9000000", |row| number(row, "volume") <= 9_000_000),
        ("min_volume=9000000&order_by=volume&order=asc", |row| number(row, "volume") >= 9_000_000),
    ] {
        let rows = served.rows(&format!("/api/darkpool/SPY?{query}")).await;
        assert!(!rows.is_empty() && rows.iter().all(holds), "{query}");
    }
    let floor = served.rows("/api/darkpool/SPY?min_premium=0&max_premium=100000").await;
    assert!(floor.is_empty(), "the silent floor holds whatever is asked for");
}

#[tokio::test]
async fn recent_prints_are_those_of_all_symbols() {
    let served = served(AFTERNOON).await;
    assert_eq!(served.rows("/api/darkpool/recent").await.len(), 100);
    let rows = served.rows("/api/darkpool/recent?limit=200&older_than=1").await;
    assert_eq!(rows.len(), 200);
    assert!(rows.windows(2).all(|pair| row_time(&pair[0]) >= row_time(&pair[1])));
    let tickers: BTreeSet<_> = rows.iter().map(|row| row["ticker"].to_string()).collect();
    assert!(tickers.len() >= 5, "{tickers:?}");
}

#[tokio::test]
async fn time_brings_new_rows_and_withdraws_old_ones() {
    let served = served(AFTERNOON).await;
    let day = served.simulator.market().session(&symbol("SPY"), date(DATE)).expect("a session");
    let dead = day
        .prints
        .iter()
        .find(|print| print.canceled_at.is_some_and(|at| at < day.hours.post_end_at))
        .expect("a print that is withdrawn the same day");
    let canceled_at = dead.canceled_at.expect("it is withdrawn");
    let path = format!(
        "/api/darkpool/SPY?date={DATE}&newer_than={}&older_than={}",
        dead.reported_at.timestamp() - 1,
        dead.reported_at.timestamp() + 1
    );
    for (now, expected) in [
        (dead.reported_at - TimeDelta::seconds(1), None),
        (dead.reported_at, Some(false)),
        (canceled_at - TimeDelta::seconds(1), Some(false)),
        (canceled_at, Some(true)),
        (canceled_at + TimeDelta::days(3), Some(true)),
    ] {
        served.clock.set(now);
        let rows = served.rows(&path).await;
        let found = rows.iter().find(|row| number(row, "volume") == dead.day_volume);
        assert_eq!(found.map(|row| row["canceled"] == true), expected, "at {now}");
    }
}

#[tokio::test]
async fn a_print_of_the_next_morning_is_not_served_today() {
    let served = served(AFTERNOON).await;
    for (now, newest_date) in [
        ("2026-06-02T08:00:00Z", "2026-06-02"),
        ("2026-06-02T07:59:59Z", "2026-06-01"),
        ("2026-05-31T15:00:00Z", "2026-05-29"),
    ] {
        served.clock.set(at(now));
        let without = served.rows("/api/darkpool/SPY").await;
        let with = served.rows(&format!("/api/darkpool/SPY?date={newest_date}")).await;
        assert_eq!(without, with, "{now}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_answered_as_the_vendor_does() {
    let served = served(AFTERNOON).await;
    for (path, status, body) in [
        ("/api/darkpool/ZZZZ", 200, r#"{"data":[]}"#),
        ("/api/darkpool/BRK.B", 200, r#"{"data":[]}"#),
        ("/api/darkpool/SPY?date=2026-05-30", 200, r#"{"data":[]}"#),
        ("/api/darkpool/SPY?date=2026-06-03", 200, r#"{"data":[]}"#),
        ("/api/v1/darkpool/SPY", 404, r#"{"error":"Route not found"}"#),
        ("/api/stock/ZZZZ/stock-state", 404, "{}"),
        ("/api/darkpool/MSFT12", 422, "Invalid path input: MSFT12"),
        ("/api/darkpool/SPY?date=2026-02-140", 422, "date=2026-02-140"),
        ("/api/darkpool/SPY?limit=501", 422, "limit=501"),
        ("/api/darkpool/SPY?limit=0", 422, "limit=0"),
        ("/api/darkpool/recent?limit=201", 422, "limit=201"),
        ("/api/darkpool/SPY?order=up", 422, "order=up"),
        ("/api/darkpool/SPY?older_than=soon", 422, "older_than=soon"),
    ] {
        let answered = served.get(path).await;
        assert_eq!(answered.status, status, "{path}: {}", answered.text);
        assert!(answered.text.contains(body), "{path}: {}", answered.text);
    }
    let paged = served.rows("/api/darkpool/SPY?page=7&offset=3&sort=up").await;
    assert_eq!(paged, served.rows("/api/darkpool/SPY").await, "unknown parameters are ignored");
}

#[tokio::test]
async fn the_execution_time_is_missing_before_may_2025() {
    let served = super::served::served_with(AFTERNOON, |config| {
        config.plan.history_sessions = 400;
    })
    .await;
    for (date, told) in [("2025-04-30", false), ("2025-05-01", true)] {
        let rows = served.rows(&format!("/api/darkpool/DIA?date={date}")).await;
        assert!(rows.iter().all(|row| row["trf_executed_at"].is_string() == told), "{date}");
    }
}
