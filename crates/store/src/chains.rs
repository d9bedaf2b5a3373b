//! Table `chain_quotes`: option chains as a vendor showed them at moments.

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnection, PgRow};
use undertow_market::{ChainQuote, OptionContract, OptionKind, Price, Symbol};

use crate::columns::Columns;
use crate::flow::read_contract;
use crate::merge::transaction::{Rows, commit, finish, lock};
use crate::merge::{MergeContext, MergeReport};
use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::series::{Series, refuse_too_many, upsert};
use crate::{Store, StoreError};

/// Most quotes that one query returns: the longest chain has some 14,000 contracts.
pub const MAX_CHAIN_QUOTES: u32 = 50_000;

/// A chain at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainAt {
    /// The moment.
    pub taken_at: DateTime<Utc>,
    /// Its contracts, by expiry, strike and kind.
    pub quotes: Vec<ChainQuote>,
}

macro_rules! select_quotes {
    ($rest:literal) => {
        concat!(
            "SELECT symbol, taken_at, root, expiry, is_put, strike, shares_per_contract,
                    is_adjusted, bid, ask, quote_at, last_price, day_close, volume, open_interest,
                    implied_volatility, delta, gamma, theta, vega, underlying_price,
                    underlying_is_delayed, received_at
             FROM trading.chain_quotes ",
            $rest
        )
    };
}

impl Store {
    /// Stores the contracts of a chain with what belongs to them. `taken_at` is the same for all
    /// of a chain, however many pages it took: it is what they are found by.
    ///
    /// # Errors
    /// More than [`crate::series::MAX_SERIES_ROWS`], or the database refuses; then nothing is
    /// stored.
    pub async fn merge_chain_quotes(
        &self,
        quotes: Vec<ChainQuote>,
        taken_at: DateTime<Utc>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        refuse_too_many(quotes.len())?;
        let rows = quotes.into_iter().map(|quote| Taken { taken_at, quote }).collect();
        let pool = self.pool.clone();
        finish(async move { commit(&pool, &Chain(rows), &context).await }).await
    }

    /// The newest chain of an underlying that was taken at or before an instant, if there is one.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn latest_chain(
        &self,
        symbol: &Symbol,
        at_or_before: DateTime<Utc>,
    ) -> Result<Option<ChainAt>, StoreError> {
        let rows = sqlx::query(select_quotes!(
            "WHERE symbol = $1 AND taken_at = (
                SELECT taken_at FROM trading.chain_quotes WHERE symbol = $1 AND taken_at <= $2
                ORDER BY taken_at DESC LIMIT 1)
             ORDER BY expiry, strike, is_put, root LIMIT $3"
        ))
        .bind(symbol.as_str())
        .bind(at_or_before)
        .bind(i64::from(MAX_CHAIN_QUOTES))
        .fetch_all(&self.pool)
        .await?;
        let rows = rows.iter().map(read_quote).collect::<Result<Vec<_>, _>>()?;
        let taken_at = rows.first().map(|row| row.taken_at);
        let quotes = rows.into_iter().map(|row| row.quote).collect();
        Ok(taken_at.map(|taken_at| ChainAt { taken_at, quotes }))
    }

    /// One contract over time, in `[from, to)`, oldest first, each with the moment of its chain;
    /// at most [`MAX_CHAIN_QUOTES`], the newest.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn chain_quotes(
        &self,
        symbol: &Symbol,
        contract: &OptionContract,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<(DateTime<Utc>, ChainQuote)>, StoreError> {
        let rows = sqlx::query(select_quotes!(
            "WHERE symbol = $1 AND taken_at >= $2 AND taken_at < $3 AND expiry = $4
               AND strike = $5 AND is_put = $6 AND root = $7
             ORDER BY taken_at DESC LIMIT $8"
        ))
        .bind(symbol.as_str())
        .bind(from)
        .bind(to)
        .bind(contract.expiry)
        .bind(Numeric::from(contract.strike.get()))
        .bind(contract.kind == OptionKind::Put)
        .bind(contract.root.as_str())
        .bind(i64::from(MAX_CHAIN_QUOTES))
        .fetch_all(&self.pool)
        .await?;
        let pair = |row: &PgRow| read_quote(row).map(|row| (row.taken_at, row.quote));
        rows.iter().rev().map(pair).collect()
    }
}

struct Taken {
    taken_at: DateTime<Utc>,
    quote: ChainQuote,
}

/// A chain, all of one moment.
struct Chain(Vec<Taken>);

impl Rows for Chain {
    type Report = MergeReport;

    async fn write(&self, connection: &mut PgConnection) -> Result<MergeReport, StoreError> {
        if let Some(first) = self.0.first() {
            lock(connection, Taken::TABLE).await?;
            sqlx::query("SELECT trading.ensure_partitions($1, $2, $2)")
                .bind(Taken::TABLE)
                .bind(first.taken_at)
                .execute(&mut *connection)
                .await?;
        }
        upsert(connection, &self.0).await
    }
}

impl Series for Taken {
    const TABLE: &'static str = "chain_quotes";

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        let number = |price: Option<Price>| price.map(|price| Numeric::from(price.get()));
        let shares = |row: &Taken| i32::try_from(row.quote.shares_per_contract).unwrap_or(i32::MAX);
        Columns::of(rows)
            .key("symbol", |row| row.quote.symbol.as_str())
            .key("taken_at", |row| row.taken_at)
            .key("expiry", |row| row.quote.contract.expiry)
            .key("strike", |row| Numeric::from(row.quote.contract.strike.get()))
            .key("is_put", |row| row.quote.contract.kind == OptionKind::Put)
            .key("root", |row| row.quote.contract.root.as_str())
            .received(|row| row.quote.received_at)
            .value("shares_per_contract", shares)
            .value("is_adjusted", |row| row.quote.is_adjusted)
            .value("bid", move |row| number(row.quote.bid))
            .value("ask", move |row| number(row.quote.ask))
            .value("quote_at", |row| row.quote.quote_at)
            .value("last_price", move |row| number(row.quote.last_price))
            .value("day_close", move |row| number(row.quote.day_close))
            .value("volume", |row| row.quote.volume)
            .value("open_interest", |row| row.quote.open_interest)
            .value("implied_volatility", |row| row.quote.implied_volatility)
            .value("delta", |row| row.quote.delta)
            .value("gamma", |row| row.quote.gamma)
            .value("theta", |row| row.quote.theta)
            .value("vega", |row| row.quote.vega)
            .value("underlying_price", move |row| number(row.quote.underlying_price))
            .value("underlying_is_delayed", |row| row.quote.underlying_is_delayed)
    }
}

fn read_quote(row: &PgRow) -> Result<Taken, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "taken_at", "expiry"]);
    let reading = Reading { row, table: Taken::TABLE, key };
    let shares: i32 = reading.get("shares_per_contract")?;
    let quote = ChainQuote {
        symbol: reading.symbol()?,
        contract: read_contract(&reading)?,
        shares_per_contract: u32::try_from(shares).map_err(|error| reading.broken(error))?,
        is_adjusted: reading.get("is_adjusted")?,
        bid: reading.optional_price("bid")?,
        ask: reading.optional_price("ask")?,
        quote_at: reading.get("quote_at")?,
        last_price: reading.optional_price("last_price")?,
        day_close: reading.optional_price("day_close")?,
        volume: reading.get("volume")?,
        open_interest: reading.get("open_interest")?,
        implied_volatility: reading.get("implied_volatility")?,
        delta: reading.get("delta")?,
        gamma: reading.get("gamma")?,
        theta: reading.get("theta")?,
        vega: reading.get("vega")?,
        underlying_price: reading.optional_price("underlying_price")?,
        underlying_is_delayed: reading.get("underlying_is_delayed")?,
        received_at: reading.get("received_at")?,
    };
    Ok(Taken { taken_at: reading.get("taken_at")?, quote })
}
