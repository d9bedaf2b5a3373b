//! How fast option trades are merged, beside a plain COPY of the same rows.
//!
//!     cargo run --release -p undertow-store --example flow_bench -- --rows 100000 --rounds 5
//!
//! All ways run in each round, in turn, on one durable server with empty tables; the ratios are
//! medians of the rounds' ratios to COPY. The COPY is of ready text, in one transaction, into a
//! table with the same columns and the same key but no CHECKs.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on says where")]

#[expect(dead_code, reason = "shared with the other examples, which need more of it")]
mod market;

use std::fmt::Write as _;
use std::io::Write;
use std::time::Instant;

use anyhow::Result;
use chrono::{NaiveDate, TimeDelta};
use market::{argument, median, server};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};
use undertow_market::{
    MarketSession, OptionContract, OptionKind, OptionTrade, Price, Quote, Symbol, TradeFlags,
    VendorId,
};
use undertow_store::{MergeContext, Store, StoreOptions};
use uuid::Uuid;

const SYMBOLS: [&str; 5] = ["SPY", "QQQ", "IWM", "DIA", "NVDA"];
/// Trades a second of the invented tape: the rate that collecting has to keep up with.
const TRADES_A_SECOND: usize = 25_000;
const MAKE_PLAIN: &str = "
    DROP TABLE IF EXISTS plain;
    CREATE TABLE plain (LIKE trading.options_flow);
    ALTER TABLE plain ADD PRIMARY KEY (symbol, executed_at, id);
    CHECKPOINT";
const COPY_PLAIN: &str = "
    COPY plain (symbol, executed_at, id, received_at, session_date, session, vendor, is_alert, root,
        expiry, is_put, strike, multiplier, flags, side_state, size, premium, price, bid, ask,
        underlying_price, implied_volatility, delta, gamma, open_interest, day_volume, condition,
        exchange) FROM STDIN";
const EMPTY_OURS: &str = "TRUNCATE trading.options_flow; CHECKPOINT";

struct Bench {
    store: Store,
    connection: PgConnection,
    trades: Vec<OptionTrade>,
    text: String,
}

impl Bench {
    async fn copy_plain(&mut self) -> Result<f64> {
        self.connection.execute(MAKE_PLAIN).await?;
        let began = Instant::now();
        let mut copy = self.connection.copy_in_raw(COPY_PLAIN).await?;
        copy.send(self.text.as_bytes()).await?;
        copy.finish().await?;
        Ok(self.rate(began))
    }

    /// Ours: merged by batches, each batch committed.
    async fn merge(&mut self, batch: usize) -> Result<f64> {
        self.connection.execute(EMPTY_OURS).await?;
        self.merge_again(batch).await
    }

    /// The same trades once more: nothing is new.
    async fn merge_again(&mut self, batch: usize) -> Result<f64> {
        let batches: Vec<Vec<OptionTrade>> =
            self.trades.chunks(batch).map(<[OptionTrade]>::to_vec).collect();
        let began = Instant::now();
        for batch in batches {
            self.store.merge_option_trades(batch, MergeContext::default()).await?;
        }
        Ok(self.rate(began))
    }

    fn rate(&self, began: Instant) -> f64 {
        self.trades.len() as f64 / began.elapsed().as_secs_f64()
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let (rows, rounds) = (argument("rows", 100_000), argument("rounds", 5));
    let (server, _folder) = server().await?;
    let address = server.database("bench").await?;
    let store = Store::open(address.clone(), StoreOptions::default()).await?;
    let connection = PgConnection::connect_with(&address).await?;
    let trades = trades(rows, 1);
    let text = text_of(&trades);
    let mut bench = Bench { store, connection, trades, text };
    let mut out = std::io::stdout();
    writeln!(out, "{rows} option trades, {rounds} rounds, Postgres {}", server.major())?;

    let names = [
        "COPY into a table without CHECKs",
        "merge, batches of 500",
        "merge, batches of 5000",
        "merge, batches of 25000",
        "merge again, batches of 5000",
    ];
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    for _ in 0..rounds {
        rates[0].push(bench.copy_plain().await?);
        rates[1].push(bench.merge(500).await?);
        rates[3].push(bench.merge(25_000).await?);
        rates[2].push(bench.merge(5_000).await?);
        rates[4].push(bench.merge_again(5_000).await?);
    }
    writeln!(out, "{:<34} {:>12} {:>8} {:>8} {:>8}", "", "rows/s", "to COPY", "least", "most")?;
    for (name, found) in names.iter().zip(&rates) {
        let ratios: Vec<f64> =
            found.iter().zip(&rates[0]).map(|(rate, base)| rate / base).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let (rate, ratio) = (median(found.clone()), median(ratios));
        writeln!(out, "{name:<34} {rate:>12.0} {ratio:>8.2} {least:>8.2} {most:>8.2}")?;
    }
    for size in bench.store.table_sizes().await?.iter().filter(|size| size.table == "options_flow")
    {
        writeln!(out, "bytes a trade: {:.0}", size.bytes as f64 / rows as f64)?;
    }
    bench.store.close().await;
    bench.connection.close().await?;
    server.stop().await?;
    Ok(())
}

/// Trades in the order in which a stream brings them: by time, symbols mixed, ids in no order.
fn trades(count: usize, seed: u64) -> Vec<OptionTrade> {
    let mut dice = StdRng::seed_from_u64(seed);
    let symbols = SYMBOLS.map(|name| Symbol::new(name).unwrap());
    let day = NaiveDate::from_ymd_opt(2026, 7, 14).unwrap();
    let open = day.and_hms_opt(13, 30, 0).unwrap().and_utc();
    let money = |cents: i64| Price::new(Decimal::new(cents, 2)).unwrap();
    let trade = |n: usize| {
        let symbol = &symbols[dice.random_range(0..symbols.len())];
        let cents = dice.random_range(10..2_000);
        let microseconds = i64::try_from(n * 1_000_000 / TRADES_A_SECOND).unwrap();
        let kind = if dice.random_range(0..2) == 0 { OptionKind::Call } else { OptionKind::Put };
        OptionTrade {
            vendor: VendorId::UnusualWhales,
            id: Uuid::from_u128(dice.random()),
            symbol: symbol.clone(),
            contract: OptionContract {
                root: symbol.clone(),
                expiry: day + TimeDelta::days(dice.random_range(0..60)),
                kind,
                strike: money(dice.random_range(500..700) * 100),
            },
            session_date: day,
            session: MarketSession::Regular,
            executed_at: open + TimeDelta::microseconds(microseconds),
            received_at: open + TimeDelta::microseconds(microseconds + 300_000),
            price: money(cents + dice.random_range(-4..5)),
            size: dice.random_range(1..500),
            quote: Some(Quote { bid: money(cents - 4), ask: money(cents + 4) }),
            underlying_price: Some(Price::new(Decimal::new(6_225_000 + cents, 4)).unwrap()),
            implied_volatility: Some(dice.random_range(0.05..0.9)),
            delta: Some(dice.random_range(-1.0..1.0)),
            gamma: Some(dice.random_range(0.0..0.1)),
            open_interest: Some(dice.random_range(0..20_000)),
            day_volume: Some(dice.random_range(1..20_000)),
            flags: TradeFlags::empty(),
            condition: Some("slan".into()),
            exchange: Some("XCBO".into()),
        }
    };
    (0..count).map(trade).collect()
}

fn text_of(trades: &[OptionTrade]) -> String {
    let mut text = String::new();
    for trade in trades {
        let (contract, quote) = (&trade.contract, trade.quote.unwrap());
        write!(
            text,
            "{}\t{}\t{}\t{}\t{}\t2\t{}\tf\t{}\t{}\t{}\t{}\t100\t0\t{}\t",
            trade.symbol,
            trade.executed_at.to_rfc3339(),
            trade.id,
            trade.received_at.to_rfc3339(),
            trade.session_date,
            trade.vendor,
            contract.root,
            contract.expiry,
            contract.kind == OptionKind::Put,
            contract.strike,
            trade.side_state().code(),
        )
        .unwrap();
        writeln!(
            text,
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\tslan\tXCBO",
            trade.size,
            trade.premium(),
            trade.price,
            quote.bid,
            quote.ask,
            trade.underlying_price.unwrap(),
            trade.implied_volatility.unwrap(),
            trade.delta.unwrap(),
            trade.gamma.unwrap(),
            trade.open_interest.unwrap(),
            trade.day_volume.unwrap(),
        )
        .unwrap();
    }
    text
}
