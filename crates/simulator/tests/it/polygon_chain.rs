//! The second vendor's option chains, and what a demonstration shows in them.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::Value;
use undertow_market::OptionContract;

use crate::served::{AFTERNOON, DATE, Served, date, served, served_with, symbol};

async fn chain(served: &Served, question: &str) -> Vec<Value> {
    let (mut all, mut path) = (Vec::new(), format!("/v3/snapshot/options/{question}"));
    loop {
        let answered = served.get(&path).await;
        assert_eq!(answered.status, 200, "{path}: {}", answered.text);
        let body = answered.json();
        all.extend(body["results"].as_array().cloned().unwrap_or_default());
        let Some(next) = body["next_url"].as_str() else { return all };
        path = next.strip_prefix(&served.simulator.url()).expect("on the same host").to_owned();
    }
}

fn float(row: &Value, group: &str, name: &str) -> f64 {
    row[group][name].as_f64().unwrap_or_else(|| panic!("{group}.{name} is no number in {row}"))
}

fn contract(row: &Value) -> OptionContract {
    let ticker = row["details"]["ticker"].as_str().expect("a ticker");
    ticker.strip_prefix("O:").expect("the vendor's prefix").parse().expect("a contract")
}

#[tokio::test]
async fn a_chain_is_the_whole_book_with_volatility_where_there_is_one() {
    let served = served(AFTERNOON).await;
    let rows = chain(&served, "TSLA?limit=250").await;
    let day = served.simulator.market().options(&symbol("TSLA"), date(DATE)).expect("a session");
    let names: BTreeSet<OptionContract> = rows.iter().map(contract).collect();
    assert_eq!(names, day.lines.iter().map(|line| line.contract.clone()).collect());
    assert_eq!(rows.len(), names.len());
    let tickers: Vec<&str> =
        rows.iter().filter_map(|row| row["details"]["ticker"].as_str()).collect();
    assert!(tickers.is_sorted());
    let with_iv = rows.iter().filter(|row| row["implied_volatility"].is_f64()).count();
    assert!(with_iv > rows.len() / 2 && with_iv < rows.len(), "{with_iv} of {}", rows.len());
    for row in &rows {
        assert_eq!(row["implied_volatility"].is_null(), row["greeks"].is_null());
        assert!(row["open_interest"].is_i64() && row["day"].is_object());
        let (bid, ask) = (float(row, "last_quote", "bid"), float(row, "last_quote", "ask"));
        assert!(bid < ask, "{row}");
        assert_eq!(row["underlying_asset"]["timeframe"], "REAL-TIME");
    }
    assert!(rows.iter().any(|row| row["day"].as_object().expect("an object").is_empty()));
}

#[tokio::test]
async fn a_chain_can_be_cut_by_kind_expiry_and_strike() {
    let served = served(AFTERNOON).await;
    let cut = "TSLA?limit=250&contract_type=put&expiration_date.gte=2026-06-20&\
               expiration_date.lte=2026-07-20&strike_price.gte=300&strike_price.lte=380&sort=strike_price";
    let rows = chain(&served, cut).await;
    assert!(rows.len() > 20);
    let (low, high) = (date("2026-06-20"), date("2026-07-20"));
    for row in &rows {
        let expiry: NaiveDate = contract(row).expiry;
        assert!(low <= expiry && expiry <= high);
        assert_eq!(row["details"]["contract_type"], "put");
    }
    let strikes: Vec<f64> = rows.iter().map(|row| float(row, "details", "strike_price")).collect();
    assert!(strikes.is_sorted() && strikes[0] >= 300.0 && strikes[strikes.len() - 1] <= 380.0);
    assert_eq!(served.get("/v3/snapshot/options/TSLA?limit=251").await.status, 400);
    assert!(chain(&served, "NONE").await.is_empty());
}

#[tokio::test]
async fn a_plan_without_quotes_has_none_and_a_delayed_one_says_so() {
    let served = served_with(AFTERNOON, |config| {
        config.polygon_plan.has_quotes = false;
        config.polygon_plan.is_delayed = true;
    })
    .await;
    let rows = chain(&served, "SPY?limit=250&expiration_date=2026-07-17").await;
    assert!(rows.len() > 100);
    assert!(rows.iter().all(|row| row["last_quote"].is_null()));
    assert!(rows.iter().all(|row| row["underlying_asset"]["timeframe"] == "DELAYED"));
    assert!(rows.iter().any(|row| row["last_trade"]["price"].is_f64()));
}

#[tokio::test]
async fn the_reference_marks_adjusted_contracts_and_knows_expired_ones() {
    let served = served(AFTERNOON).await;
    let ask = async |question: &str| {
        let path =
            format!("/v3/reference/options/contracts?underlying_ticker=AAPL&limit=1000&{question}");
        let body = served.get(&path).await.json();
        body["results"].as_array().cloned().unwrap_or_default()
    };
    let all = ask("").await;
    let adjusted: Vec<&Value> =
        all.iter().filter(|row| row["additional_underlyings"].is_array()).collect();
    assert_eq!(adjusted.len(), 2, "{adjusted:?}");
    let roots = |row: &&&Value| row["ticker"].as_str().is_some_and(|it| it.starts_with("O:AAPL1"));
    assert_eq!(adjusted.iter().filter(roots).count(), 2);
    let rows = chain(&served, "AAPL?limit=250").await;
    let odd = rows.iter().filter(|row| contract(row).root.as_str() == "AAPL1");
    assert!(odd.clone().count() == 2 && odd.clone().all(|row| row["implied_volatility"].is_null()));
    let expired = ask("expired=true").await;
    assert!(!expired.is_empty());
    let is_over = |row: &Value| row["expiration_date"].as_str().is_some_and(|it| it < DATE);
    assert!(expired.iter().all(is_over) && !all.iter().any(is_over));
}

/// Thirty-session Yang-Zhang volatility of daily bars, a year's worth of it, by its definition.
fn yang_zhang(bars: &[[f64; 4]]) -> f64 {
    let count = (bars.len() - 1) as f64;
    let nights: Vec<f64> = bars.windows(2).map(|pair| (pair[1][0] / pair[0][3]).ln()).collect();
    let days: Vec<f64> = bars[1..].iter().map(|[open, _, _, close]| (close / open).ln()).collect();
    let variance = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / count;
        values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)
    };
    let satchell: f64 = bars[1..]
        .iter()
        .map(|[o, h, l, c]| (h / c).ln() * (h / o).ln() + (l / c).ln() * (l / o).ln())
        .sum::<f64>()
        / count;
    let k = 0.34 / (1.34 + (count + 1.0) / (count - 1.0));
    (252.0 * (variance(&nights) + k * variance(&days) + (1.0 - k) * satchell)).sqrt()
}

/// What a client finds out about a straddle of some weeks.
#[derive(Debug)]
struct Found {
    hv: f64,
    iv: f64,
    widest_spread: f64,
    least_open: i64,
}

async fn straddle(served: &Served, ticker: &str) -> Found {
    let path = format!("/v2/aggs/ticker/{ticker}/range/1/day/2026-03-01/2026-06-01?adjusted=true");
    let bars: Vec<[f64; 4]> = served.get(&path).await.json()["results"]
        .as_array()
        .expect("bars")
        .iter()
        .map(|row| ["o", "h", "l", "c"].map(|name| row[name].as_f64().expect("a price")))
        .collect();
    let hv = yang_zhang(&bars[bars.len() - 31..]);
    let rows = chain(served, &format!("{ticker}?limit=250&expiration_date=2026-07-02")).await;
    let spot = float(&rows[0], "underlying_asset", "price");
    let distance = |row: &&Value| (float(row, "details", "strike_price") - spot).abs();
    let nearest = rows.iter().map(|row| distance(&row)).fold(f64::MAX, f64::min);
    let legs: Vec<&Value> = rows.iter().filter(|row| distance(row) <= nearest + 1e-9).collect();
    assert!(legs.len() >= 2, "{ticker}: no pair at the money");
    let spread = |row: &&&Value| {
        let (bid, ask) = (float(row, "last_quote", "bid"), float(row, "last_quote", "ask"));
        2.0 * (ask - bid) / (ask + bid)
    };
    let iv = legs.iter().filter_map(|row| row["implied_volatility"].as_f64()).sum::<f64>();
    Found {
        hv,
        iv: iv / legs.len() as f64,
        widest_spread: legs.iter().map(|row| spread(&row)).fold(0.0, f64::max),
        least_open: legs.iter().filter_map(|row| row["open_interest"].as_i64()).min().unwrap_or(0),
    }
}

#[tokio::test]
async fn a_demonstration_has_an_opportunity_an_illiquid_one_and_a_dear_one() {
    for seed in [7, 11, 13] {
        let served = served_with(AFTERNOON, |config| config.seed = seed).await;
        let good = straddle(&served, "PLTR").await;
        assert!(good.hv - good.iv > 0.12, "seed {seed}: {} {}", good.hv, good.iv);
        assert!(good.widest_spread < 0.06, "seed {seed}: {}", good.widest_spread);
        assert!(good.least_open >= 100, "seed {seed}: {}", good.least_open);
        let illiquid = straddle(&served, "GME").await;
        assert!(illiquid.hv - illiquid.iv > 0.12, "seed {seed}: {} {}", illiquid.hv, illiquid.iv);
        assert!(illiquid.widest_spread > 0.12, "seed {seed}: {}", illiquid.widest_spread);
        let dear = straddle(&served, "MSFT").await;
        assert!(dear.iv > dear.hv - 0.05, "seed {seed}: {} {}", dear.hv, dear.iv);
    }
}
