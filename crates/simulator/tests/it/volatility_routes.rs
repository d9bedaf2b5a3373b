//! Volatility, exposure and price levels as they are served.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;

use crate::served::{AFTERNOON, DATE, date, decimal, fields, number, served, symbol};

fn float(row: &Value, field: &str) -> f64 {
    row[field]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("{field}: {row}"))
}

#[tokio::test]
async fn the_rank_runs_from_zero_to_a_hundred_over_years_of_history() {
    let served = served(AFTERNOON).await;
    let few = served.rows("/api/stock/SPY/iv-rank").await;
    assert_eq!(few.len(), 5);
    assert_eq!(few[4]["date"], DATE);
    assert_eq!(few[4]["updated_at"], "2026-06-02T19:30:00.000000Z");
    assert_eq!(few[3]["updated_at"], "2026-06-01T22:35:25.000000Z");
    let rows = served.rows("/api/stock/SPY/iv-rank?timespan=2Y").await;
    assert!(rows.len() > 490, "{}", rows.len());
    assert_eq!(rows[rows.len() - 5..], few);
    let ranks: Vec<f64> = rows.iter().map(|row| float(row, "iv_rank_1y")).collect();
    assert!(ranks.iter().all(|rank| (0.0..=100.0).contains(rank)));
    assert!(ranks.iter().any(|rank| *rank > 80.0) && ranks.iter().any(|rank| *rank < 20.0));
    let volatilities: Vec<f64> = rows.iter().map(|row| float(row, "volatility")).collect();
    assert!(volatilities.iter().all(|volatility| (0.07..0.4).contains(volatility)));
    let closes: Vec<f64> = rows.iter().map(|row| float(row, "close")).collect();
    let changes = |values: &[f64]| -> Vec<f64> {
        values.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect()
    };
    let (up, moves) = (changes(&volatilities), changes(&closes));
    assert!(up.iter().all(|change| change.abs() < 0.5), "it moves slowly");
    let against = up.iter().zip(&moves).filter(|(a, b)| *a * *b < 0.0).count() as f64;
    assert!(against / up.len() as f64 > 0.65, "{against} of {}", up.len());
}

#[tokio::test]
async fn realised_volatility_looks_ahead_so_the_newest_rows_have_none() {
    let served = served(AFTERNOON).await;
    let rows = served.rows("/api/stock/QQQ/volatility/realized").await;
    assert!((249..=253).contains(&rows.len()), "{}", rows.len());
    assert_eq!(rows[rows.len() - 1]["date"], DATE);
    // The session of today is not over, so the row that waits for its close has none either.
    let nulls = rows.iter().filter(|row| row["realized_volatility"].is_null()).count();
    assert_eq!(nulls, 22);
    assert!(rows[rows.len() - 22..].iter().all(|row| row["realized_volatility"].is_null()));
    for row in &rows {
        assert_eq!(fields(row).len(), 5);
        assert!(row["unshifted_rv_date"].as_str() > row["date"].as_str(), "{row}");
        assert!((0.05..0.6).contains(&float(row, "implied_volatility")), "{row}");
    }
}

#[tokio::test]
async fn the_term_structure_names_every_expiry_once() {
    let served = served(AFTERNOON).await;
    for (ticker, low, high) in [("SPY", 20, 36), ("TSLA", 13, 20)] {
        let rows = served.rows(&format!("/api/stock/{ticker}/volatility/term-structure")).await;
        assert!((low..=high).contains(&rows.len()), "{ticker}: {}", rows.len());
        assert!(rows.windows(2).all(|pair| number(&pair[0], "dte") < number(&pair[1], "dte")));
        for row in &rows {
            let price = float(row, "implied_move") / float(row, "implied_move_perc");
            assert_eq!(row["ticker"], ticker);
            assert!((100.0..1_000.0).contains(&price) || float(row, "implied_move") < 1.0, "{row}");
        }
    }
}

#[tokio::test]
async fn exposure_is_above_zero_for_calls_and_below_for_puts() {
    let served = served(AFTERNOON).await;
    let mut nulls = 0;
    for ticker in ["SPY", "QQQ", "IWM", "TSLA", "NVDA"] {
        let rows = served.rows(&format!("/api/stock/{ticker}/greek-exposure/strike")).await;
        assert!(rows.len() > 40, "{ticker}: {}", rows.len());
        assert!(
            rows.windows(2).all(|pair| decimal(&pair[0], "strike") < decimal(&pair[1], "strike"))
        );
        for row in &rows {
            assert_eq!(fields(row).len(), 10);
            assert!(float(row, "put_gex") <= 0.0 && float(row, "put_delta") <= 0.0, "{row}");
            let calls =
                ["call_gex", "call_delta", "call_charm", "call_vanna"].map(|f| row[f].is_null());
            assert!(calls.iter().all(|null| *null == calls[0]), "{row}");
            nulls += usize::from(calls[0]);
            assert!(calls[0] || float(row, "call_gex") >= 0.0, "{row}");
        }
    }
    assert!(nulls < 10, "{nulls} rows without calls");
}

#[tokio::test]
async fn shares_at_each_price_are_those_of_the_prints_and_of_the_bars() {
    let served = served(AFTERNOON).await;
    let rows = served.rows(&format!("/api/stock/SPY/stock-volume-price-levels?date={DATE}")).await;
    assert!(rows.len() > 500, "{}", rows.len());
    assert!(rows.iter().all(|row| row["price"].is_f64()));
    let off: i64 = rows.iter().map(|row| number(row, "off_vol")).sum();
    let lit: i64 = rows.iter().map(|row| number(row, "lit_vol")).sum();
    let day = served.simulator.market().session(&symbol("SPY"), date(DATE)).expect("a session");
    let now = served.clock.now();
    let live = day.visible(now).iter().filter(|print| !print.is_canceled(now));
    assert_eq!(off, live.map(|print| print.size).sum::<i64>());
    assert_eq!(lit, day.bars_at(now).iter().map(|bar| bar.other_volume).sum::<i64>());
    let mut once = BTreeMap::<String, usize>::new();
    for row in &rows {
        *once.entry(row["price"].to_string()).or_default() += 1;
    }
    assert!(once.values().all(|count| *count == 1));
    assert!(rows.iter().all(|row| Decimal::try_from(row["price"].as_f64().unwrap()).is_ok()));
}
