//! How fast a 90-day level query is, beside the same query over the prints themselves.
//!
//!     cargo run --release -p undertow-store --example level_bench -- --rows 5000000 --rounds 5

mod market;

use std::io::Write;
use std::time::Instant;

use anyhow::{Result, ensure};
use chrono::{DateTime, NaiveDate, Utc};
use market::{argument, median, prints, server};
use rust_decimal::Decimal;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use undertow_market::Symbol;
use undertow_store::levels::{LevelBin, LevelFilter};
use undertow_store::{MergeContext, Store, StoreOptions};

/// What `level_bins` returns, from the prints.
const RAW: &str = "
    SELECT (floor((price + 0.25) / 0.5) * 0.5)::text AS bin,
           count(*) FILTER (WHERE eligible), (sum(size) FILTER (WHERE eligible))::text,
           (sum(notional) FILTER (WHERE eligible))::text,
           (sum(notional) FILTER (WHERE eligible AND side_state IN (1, 2, 3)))::text,
           (sum(notional) FILTER (WHERE eligible AND side_state IN (5, 6, 7)))::text,
           (max(notional) FILTER (WHERE eligible))::text,
           min(executed_at) FILTER (WHERE eligible), max(executed_at) FILTER (WHERE eligible),
           (sum(notional) FILTER (WHERE NOT eligible AND NOT canceled))::text
    FROM (SELECT *, (reasons & $3) = 0 AS eligible FROM trading.darkpool_trades
          WHERE symbol = $1 AND reported_at >= $2) t
    GROUP BY floor((price + 0.25) / 0.5) ORDER BY floor((price + 0.25) / 0.5)";
/// A row of it.
type RawBin = (
    String,
    i64,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    Option<String>,
);
/// Prints of one merge while loading.
const LOAD: usize = 50_000;

#[tokio::main]
async fn main() -> Result<()> {
    let (rows, rounds) = (argument("rows", 5_000_000), argument("rounds", 5));
    let (server, _folder) = server().await?;
    let address = server.database("bench").await?;
    let store = Store::open(address.clone(), StoreOptions::default()).await?;
    let mut out = std::io::stdout();
    let began = Instant::now();
    for chunk in prints(rows, 1).chunks(LOAD) {
        store.merge_prints(chunk, MergeContext::default()).await?;
    }
    let mut connection = PgConnection::connect_with(&address).await?;
    sqlx::query("VACUUM ANALYZE").execute(&mut connection).await?;
    writeln!(out, "{rows} prints loaded in {:.0} s", began.elapsed().as_secs_f64())?;

    let symbol = Symbol::new("SPY")?;
    let filter = LevelFilter {
        symbol: symbol.clone(),
        from: NaiveDate::from_ymd_opt(2026, 1, 1).expect("a real day"),
        to: NaiveDate::from_ymd_opt(2026, 12, 31).expect("a real day"),
        sessions: vec![],
    };
    let width = Decimal::new(5, 1);
    let (mut raw, mut bins, mut cells) = (Vec::new(), Vec::new(), Vec::new());
    let mut counts = (0, 0);
    for _ in 0..=rounds {
        let began = Instant::now();
        let from = filter.from.and_hms_opt(0, 0, 0).expect("a real time").and_utc();
        let found: Vec<RawBin> = sqlx::query_as(RAW)
            .bind(symbol.as_str())
            .bind(from)
            .bind(i32::from(undertow_market::Reasons::NOT_LEVEL_ELIGIBLE.bits()))
            .fetch_all(&mut connection)
            .await?;
        raw.push(began.elapsed().as_secs_f64() * 1e3);
        let began = Instant::now();
        let found_bins = store.level_bins(&filter, width).await?;
        bins.push(began.elapsed().as_secs_f64() * 1e3);
        let began = Instant::now();
        let found_cells = store.level_cells(&filter).await?;
        cells.push(began.elapsed().as_secs_f64() * 1e3);
        let found: Vec<LevelBin> = found.into_iter().map(read_raw).collect::<Result<_>>()?;
        ensure!(found == found_bins, "the answers differ: {found:?} {found_bins:?}");
        counts = (found_bins.len(), found_cells.len());
    }
    // The first round warmed everything up.
    let rest = |values: Vec<f64>| values[1..].to_vec();
    let (raw, bins, cells) = (rest(raw), rest(bins), rest(cells));
    let ratio =
        |fast: &[f64]| median(raw.iter().zip(fast).map(|(slow, fast)| slow / fast).collect());
    writeln!(out, "over the prints       {:>9.2} ms", median(raw.clone()))?;
    let (times, least) = (ratio(&bins), median(bins.clone()));
    writeln!(
        out,
        "level_bins            {least:>9.2} ms  {times:>6.0} times faster, {} bins",
        counts.0
    )?;
    let (times, least) = (ratio(&cells), median(cells.clone()));
    writeln!(
        out,
        "level_cells           {least:>9.2} ms  {times:>6.0} times faster, {} cells",
        counts.1
    )?;
    store.close().await;
    connection.close().await?;
    server.stop().await?;
    Ok(())
}

fn read_raw(row: RawBin) -> Result<LevelBin> {
    let (price, prints, shares, notional, buy, sell, largest, first_at, last_at, excluded) = row;
    let exact = |text: Option<String>| text.map_or(Ok(Decimal::ZERO), |text| text.parse());
    Ok(LevelBin {
        price: price.parse()?,
        prints,
        shares: exact(shares)?,
        notional: exact(notional)?,
        buy_notional: exact(buy)?,
        sell_notional: exact(sell)?,
        largest_notional: exact(largest)?,
        first_at,
        last_at,
        excluded_notional: exact(excluded)?,
    })
}
