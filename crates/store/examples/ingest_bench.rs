//! How fast prints are merged, beside other ways of writing the same prints.
//!
//!     cargo run --release -p undertow-store --example ingest_bench -- --rows 200000 --rounds 5
//!
//! All ways run in each round, in turn, on one durable server with fresh tables; the ratios are
//! medians of the rounds' ratios to plain COPY. "The sketch" is the table that the product's
//! first sketch had: identity key, unique tracking id, index on symbol and time.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on says where")]

mod market;

use std::fmt::Write as _;
use std::io::Write;
use std::time::Instant;

use anyhow::Result;
use market::{argument, median, prints, server};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};
use undertow_market::Print;
use undertow_store::{MergeContext, Store, StoreOptions};

const MAKE_SKETCH: &str = "
    DROP TABLE IF EXISTS sketch;
    CREATE TABLE sketch (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tracking_id bigint UNIQUE,
        symbol varchar(10) NOT NULL,
        executed_at timestamptz NOT NULL,
        price numeric(12, 4) NOT NULL,
        size numeric(18, 4) NOT NULL,
        premium numeric(20, 4) NOT NULL,
        volume bigint,
        nbbo_bid numeric(12, 4),
        nbbo_ask numeric(12, 4),
        market_center varchar(20),
        sale_cond_codes varchar(50),
        canceled boolean DEFAULT false,
        created_at timestamptz DEFAULT now());
    CREATE INDEX ON sketch (symbol, executed_at);
    CHECKPOINT";
const COPY_SKETCH: &str = "COPY sketch (tracking_id, symbol, executed_at, price, size, premium,
    volume, nbbo_bid, nbbo_ask, market_center, sale_cond_codes, canceled) FROM STDIN";
const EMPTY_OURS: &str = "
    TRUNCATE trading.darkpool_trades, trading.darkpool_day_sums;
    CHECKPOINT";
/// Rows of the slowest way; its rate is measured, not its whole.
const ROW_BY_ROW: usize = 10_000;
const COMMIT_EVERY: usize = 500;

struct Bench {
    store: Store,
    connection: PgConnection,
    prints: Vec<Print>,
    text: String,
}

impl Bench {
    /// Plain COPY of ready text into the sketch, one transaction: the base of the ratios.
    async fn copy_sketch(&mut self) -> Result<f64> {
        self.connection.execute(MAKE_SKETCH).await?;
        let began = Instant::now();
        let mut copy = self.connection.copy_in_raw(COPY_SKETCH).await?;
        copy.send(self.text.as_bytes()).await?;
        copy.finish().await?;
        Ok(self.rate(self.prints.len(), began))
    }

    /// The sketch's own way: one INSERT for each row, a commit for every 500.
    async fn insert_sketch(&mut self) -> Result<f64> {
        self.connection.execute(MAKE_SKETCH).await?;
        let rows = ROW_BY_ROW.min(self.prints.len());
        let began = Instant::now();
        for chunk in self.prints[..rows].chunks(COMMIT_EVERY) {
            let mut transaction = self.connection.begin().await?;
            for print in chunk {
                insert_row(&mut transaction, print).await?;
            }
            transaction.commit().await?;
        }
        Ok(self.rate(rows, began))
    }

    /// Ours: merged by batches, with roll-ups, each batch committed.
    async fn merge(&mut self, batch: usize) -> Result<f64> {
        self.connection.execute(EMPTY_OURS).await?;
        self.merge_again(batch).await
    }

    /// The same prints once more: nothing is new.
    async fn merge_again(&mut self, batch: usize) -> Result<f64> {
        let batches: Vec<Vec<Print>> = self.prints.chunks(batch).map(<[Print]>::to_vec).collect();
        let began = Instant::now();
        for batch in batches {
            self.store.merge_prints(batch, MergeContext::default()).await?;
        }
        Ok(self.rate(self.prints.len(), began))
    }

    fn rate(&self, rows: usize, began: Instant) -> f64 {
        rows as f64 / began.elapsed().as_secs_f64()
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let (rows, rounds) = (argument("rows", 200_000), argument("rounds", 5));
    let (server, _folder) = server().await?;
    let address = server.database("bench").await?;
    let store = Store::open(address.clone(), StoreOptions::default()).await?;
    let connection = PgConnection::connect_with(&address).await?;
    let prints = prints(rows, 1);
    let text = text_of(&prints);
    let mut bench = Bench { store, connection, prints, text };
    let mut out = std::io::stdout();
    writeln!(out, "{rows} prints, {rounds} rounds, Postgres {}", server.major())?;

    let names = [
        "COPY into the sketch",
        "INSERT row by row",
        "merge, batches of 500",
        "merge, batches of 5000",
        "merge, batches of 50000",
        "merge again, batches of 5000",
    ];
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    for _ in 0..rounds {
        rates[0].push(bench.copy_sketch().await?);
        rates[1].push(bench.insert_sketch().await?);
        rates[2].push(bench.merge(500).await?);
        rates[4].push(bench.merge(50_000).await?);
        rates[3].push(bench.merge(5_000).await?);
        rates[5].push(bench.merge_again(5_000).await?);
    }
    writeln!(out, "{:<30} {:>12} {:>8} {:>8} {:>8}", "", "rows/s", "to COPY", "least", "most")?;
    for (name, found) in names.iter().zip(&rates) {
        let ratios: Vec<f64> =
            found.iter().zip(&rates[0]).map(|(rate, base)| rate / base).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let (rate, ratio) = (median(found.clone()), median(ratios));
        writeln!(out, "{name:<30} {rate:>12.0} {ratio:>8.2} {least:>8.2} {most:>8.2}")?;
    }
    write_sizes(&mut out, &mut bench).await?;
    bench.store.close().await;
    bench.connection.close().await?;
    server.stop().await?;
    Ok(())
}

async fn write_sizes(out: &mut impl Write, bench: &mut Bench) -> Result<()> {
    let rows = bench.prints.len() as f64;
    bench.copy_sketch().await?;
    let sketch: i64 = sqlx::query_scalar("SELECT pg_total_relation_size('sketch')")
        .fetch_one(&mut bench.connection)
        .await?;
    writeln!(out, "bytes a print: sketch {:.0}", sketch as f64 / rows)?;
    for size in bench.store.table_sizes().await?.iter().take(3) {
        writeln!(out, "bytes a print: {} {:.1}", size.table, size.bytes as f64 / rows)?;
    }
    Ok(())
}

fn text_of(prints: &[Print]) -> String {
    let mut text = String::new();
    for print in prints {
        let quote = print.quote.unwrap();
        let condition = print.sale_condition.as_deref().unwrap_or("\\N");
        writeln!(
            text,
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\tL\t{condition}\tf",
            print.tracking_id,
            print.symbol,
            print.executed_at.to_rfc3339(),
            print.price,
            print.size,
            print.notional(),
            print.day_volume.unwrap(),
            quote.bid,
            quote.ask,
        )
        .unwrap();
    }
    text
}

async fn insert_row(connection: &mut PgConnection, print: &Print) -> Result<()> {
    let quote = print.quote.unwrap();
    sqlx::query(
        "INSERT INTO sketch (tracking_id, symbol, executed_at, price, size, premium, volume,
            nbbo_bid, nbbo_ask, market_center, sale_cond_codes, canceled)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
    )
    .bind(print.tracking_id)
    .bind(print.symbol.as_str())
    .bind(print.executed_at)
    .bind(print.price.get())
    .bind(print.size.get())
    .bind(print.notional())
    .bind(print.day_volume)
    .bind(quote.bid.get())
    .bind(quote.ask.get())
    .bind("L")
    .bind(print.sale_condition.as_deref())
    .bind(false)
    .execute(connection)
    .await?;
    Ok(())
}
