//! How fast the consolidated tape is stored and read, and how large it is.
//!
//!     cargo run --release -p undertow-store --example tape_bench -- --symbols 500 --sessions 90
//!
//! One durable server, empty at the start. The tape is invented: each minute of each symbol has
//! trades on exchanges and off them, two sets of reasons, and a few price cells and large prints.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on says where")]

#[expect(dead_code, reason = "shared with the other examples, which need more of it")]
mod market;

use std::io::{Stdout, Write};
use std::time::Instant;

use anyhow::{Result, ensure};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use market::{argument, median, server};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};
use undertow_analysis::tape::TapePart;
use undertow_market::{
    Conditions, Price, Reasons, Size, Symbol, TapeApart, TapeCell, TapeMinute, TapePrint,
    TapeVolume,
};
use undertow_store::tape::{SessionInContext, TapeAppend, TapeSession, TapeSource};
use undertow_store::{MergeContext, Store, StoreOptions};

/// Minutes of a whole session, from 04:00 to 20:00 in New York.
const FIRST_MINUTE: u16 = 240;
const MINUTES: u16 = 960;
/// The minutes of the measured appends: the first hour of the regular session.
const APPENDED: u16 = 60;
const OPEN: u16 = 570;
/// Sessions that are written in one transaction.
const BATCH: usize = 50;

struct Bench {
    store: Store,
    connection: PgConnection,
    dice: StdRng,
    out: Stdout,
}

#[tokio::main]
async fn main() -> Result<()> {
    let (symbols, sessions) = (argument("symbols", 500), argument("sessions", 90));
    let (server, _folder) = server().await?;
    let address = server.database("bench").await?;
    let store = Store::open(address.clone(), StoreOptions::default()).await?;
    let connection = PgConnection::connect_with(&address).await?;
    let mut bench =
        Bench { store, connection, dice: StdRng::seed_from_u64(1), out: std::io::stdout() };
    writeln!(bench.out, "{symbols} symbols, {sessions} sessions, Postgres {}", server.major())?;
    bench.replace(symbols, sessions).await?;
    bench.sizes("after whole sessions").await?;
    bench.activity(sessions).await?;
    bench.append(symbols).await?;
    bench.sizes("with a day that grew minute by minute").await?;
    bench.store.close().await;
    bench.connection.close().await?;
    server.stop().await?;
    Ok(())
}

impl Bench {
    /// Whole sessions: one symbol with all of them, and a day of all symbols with an hour each.
    async fn replace(&mut self, symbols: usize, sessions: usize) -> Result<()> {
        let spy = Symbol::new("SPY")?;
        let mut all: Vec<TapeSession> = Vec::new();
        for number in 0..sessions {
            all.push(self.session(&spy, day(number), FIRST_MINUTE, MINUTES));
        }
        for number in 0..symbols {
            all.push(self.session(&ticker(number), day(sessions), OPEN, APPENDED));
        }
        let rows: usize = all.iter().map(|session| rows_of(&session.part)).sum();
        for name in ["replaced sessions, all new", "replaced sessions, nothing new"] {
            let began = Instant::now();
            for batch in all.chunks(BATCH) {
                let context = MergeContext::default;
                let batch = batch.iter().cloned();
                let batch = batch.map(|session| SessionInContext { session, context: context() });
                self.store.replace_tape_sessions(batch.collect()).await?;
            }
            let seconds = began.elapsed().as_secs_f64();
            writeln!(
                self.out,
                "{name:<36} {rows:>9} rows  {:>9.0} rows/s  {:>7.2} ms a session",
                rows as f64 / seconds,
                1e3 * seconds / all.len() as f64
            )?;
        }
        Ok(())
    }

    /// A final minute of all symbols in one transaction, minute after minute.
    async fn append(&mut self, symbols: usize) -> Result<()> {
        let today = day(200);
        let names: Vec<Symbol> = (0..symbols).map(ticker).collect();
        let (mut times, mut rows) = (Vec::new(), 0);
        for minute in OPEN..OPEN + APPENDED {
            let to = instant(today, minute + 1);
            let parts: Vec<TapeAppend> = names
                .iter()
                .map(|symbol| TapeAppend {
                    symbol: symbol.clone(),
                    session_date: today,
                    part: self.part(symbol, today, minute, 1),
                    to,
                    prints_floor: floor(),
                })
                .collect();
            rows = parts.iter().map(|append| rows_of(&append.part)).sum();
            let began = Instant::now();
            self.store.append_tape(parts, MergeContext::default()).await?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        let most = times.iter().copied().fold(0.0, f64::max);
        writeln!(
            self.out,
            "a final minute of {symbols} symbols        {rows:>9} rows  {:>7.0} ms, at most {most:.0} ms",
            median(times)
        )?;
        Ok(())
    }

    /// The off-exchange activity of one symbol.
    async fn activity(&mut self, sessions: usize) -> Result<()> {
        self.connection.execute("VACUUM ANALYZE").await?;
        let mut times = Vec::new();
        for _ in 0..20 {
            let began = Instant::now();
            let found =
                self.store.tape_activity(&Symbol::new("SPY")?, day(sessions), sessions).await?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            ensure!(found.len() == sessions, "{} sessions", found.len());
            ensure!(found.iter().all(|session| session.minutes.len() == usize::from(MINUTES)));
        }
        writeln!(
            self.out,
            "activity of {sessions} sessions, every minute        {:>7.1} ms",
            median(times)
        )?;
        Ok(())
    }

    /// Bytes a row, heap and index.
    async fn sizes(&mut self, when: &str) -> Result<()> {
        writeln!(self.out, "{when}:")?;
        let sizes = self.store.table_sizes().await?;
        for table in ["tape_minutes", "tape_apart", "tape_cells", "tape_prints", "tape_books"] {
            let size = sizes.iter().find(|size| size.table == table).unwrap();
            let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM trading.{table}"));
            let rows: i64 = sqlx::query_scalar(count).fetch_one(&mut self.connection).await?;
            let each = size.bytes as f64 / rows as f64;
            writeln!(self.out, "  {table:<14} {rows:>9} rows  {each:>6.0} bytes a row")?;
        }
        Ok(())
    }

    fn session(
        &mut self,
        symbol: &Symbol,
        session_date: NaiveDate,
        first: u16,
        minutes: u16,
    ) -> TapeSession {
        TapeSession {
            symbol: symbol.clone(),
            session_date,
            part: self.part(symbol, session_date, first, minutes),
            source: TapeSource::FlatFile,
            complete_to: instant(session_date, 1_200),
            is_whole: true,
            prints_floor: floor(),
        }
    }

    fn part(
        &mut self,
        symbol: &Symbol,
        session_date: NaiveDate,
        first: u16,
        minutes: u16,
    ) -> TapePart {
        let mut part = TapePart::default();
        for minute in first..first + minutes {
            let apart = [Reasons::AVERAGE_PRICE, Reasons::OUT_OF_SEQUENCE].map(|reasons| {
                let volume = self.volume();
                TapeApart { is_off_exchange: true, reasons, volume }
            });
            part.minutes.push(TapeMinute {
                symbol: symbol.clone(),
                session_date,
                minute,
                lit: self.volume(),
                off_exchange: self.volume(),
                apart: apart.to_vec(),
            });
            part.prints.push(self.print(symbol, session_date, minute));
        }
        // A day moves through some hundred cells, a minute through some.
        for cell in 0..(4 + minutes / 3) {
            let low = if minutes == 1 { self.dice.random_range(0..300) } else { cell.into() };
            let cell_low = Decimal::new(60_000 + 5 * low, 2);
            if part.cells.iter().any(|known| known.cell_low == cell_low) {
                continue;
            }
            part.cells.push(TapeCell {
                symbol: symbol.clone(),
                session_date,
                cell_low,
                lit: self.volume(),
                off_exchange: self.volume(),
            });
        }
        part
    }

    /// Fractions of shares make a quarter of the sums long.
    fn volume(&mut self) -> TapeVolume {
        let scale = if self.dice.random_range(0..4) == 0 { 4 } else { 0 };
        let shares = Decimal::new(self.dice.random_range(1_000..2_000_000), scale);
        let price = Decimal::new(self.dice.random_range(5_900_000..6_300_000), 4);
        let trades = self.dice.random_range(1..400);
        TapeVolume { trades, shares, notional: shares * price }
    }

    fn print(&mut self, symbol: &Symbol, session_date: NaiveDate, minute: u16) -> TapePrint {
        let at = instant(session_date, minute)
            + TimeDelta::milliseconds(self.dice.random_range(0..60_000));
        let mut conditions = Conditions::default();
        for id in [12, 37] {
            conditions.push(id).unwrap();
        }
        TapePrint {
            symbol: symbol.clone(),
            session_date,
            identity: self.dice.random(),
            executed_at: at,
            reported_at: at,
            received_at: at + TimeDelta::milliseconds(80),
            trf_id: Some(202),
            trade_id: self.dice.random_range(10_000_000_u32..99_999_999).to_string().into(),
            sequence: self.dice.random_range(1..9_999_999),
            price: Price::new(Decimal::new(self.dice.random_range(5_900_000..6_300_000), 4))
                .unwrap(),
            size: Size::new(self.dice.random_range(200_i64..9_000).into()).unwrap(),
            conditions,
            correction: 0,
            reasons: Reasons::empty(),
        }
    }
}

fn rows_of(part: &TapePart) -> usize {
    let apart: usize = part.minutes.iter().map(|minute| minute.apart.len()).sum();
    part.minutes.len() + apart + part.cells.len() + part.prints.len()
}

fn ticker(number: usize) -> Symbol {
    Symbol::new(&format!("A{number}")).unwrap()
}

fn day(number: usize) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 5).unwrap() + TimeDelta::days(i64::try_from(number).unwrap())
}

fn instant(session_date: NaiveDate, minute: u16) -> DateTime<Utc> {
    let midnight = session_date.and_hms_opt(5, 0, 0).unwrap().and_utc();
    midnight + TimeDelta::minutes(minute.into())
}

fn floor() -> Decimal {
    Decimal::from(100_000)
}
