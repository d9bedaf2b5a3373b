//! Table `option_contracts`: the listed contracts of an underlying, each as it was seen last.

use sqlx::postgres::PgRow;
use undertow_market::{ContractState, OptionKind, Price, Symbol};

use crate::columns::Columns;
use crate::flow::read_contract;
use crate::merge::{MergeContext, MergeReport};
use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::series::Series;
use crate::{Store, StoreError};

/// Most contracts that one query returns; the longest list has 14,000.
pub const MAX_CONTRACTS: u32 = 50_000;

impl Store {
    /// Stores contracts with what belongs to them; a page of a list at a time will do.
    ///
    /// # Errors
    /// More than [`crate::series::MAX_SERIES_ROWS`], or the database refuses; then nothing is
    /// stored.
    pub async fn merge_contracts(
        &self,
        rows: Vec<ContractState>,
        context: MergeContext,
    ) -> Result<MergeReport, StoreError> {
        self.merge_series(rows, context).await
    }

    /// The contracts of an underlying that had not expired on the day of the newest list, by
    /// expiry, strike and kind; at most [`MAX_CONTRACTS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn contracts(&self, symbol: &Symbol) -> Result<Vec<ContractState>, StoreError> {
        let rows = sqlx::query(
            "SELECT symbol, root, expiry, is_put, strike, session_date, open_interest,
                    previous_open_interest, volume, bid, ask, last_price, implied_volatility, delta,
                    gamma, received_at
             FROM trading.option_contracts
             WHERE symbol = $1 AND expiry >= (
                SELECT max(session_date) FROM trading.option_contracts WHERE symbol = $1)
             ORDER BY expiry, strike, is_put, root LIMIT $2",
        )
        .bind(symbol.as_str())
        .bind(i64::from(MAX_CONTRACTS))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_state).collect()
    }
}

impl Series for ContractState {
    const TABLE: &'static str = "option_contracts";

    fn columns(rows: &[Self]) -> Columns<'_, Self> {
        let number = |price: Option<Price>| price.map(|price| Numeric::from(price.get()));
        Columns::of(rows)
            .key("symbol", |row| row.symbol.as_str())
            .key("root", |row| row.contract.root.as_str())
            .key("expiry", |row| row.contract.expiry)
            .key("is_put", |row| row.contract.kind == OptionKind::Put)
            .key("strike", |row| Numeric::from(row.contract.strike.get()))
            .received(|row| row.received_at)
            .value("session_date", |row| row.session_date)
            .value("open_interest", |row| row.open_interest)
            .value("previous_open_interest", |row| row.previous_open_interest)
            .value("volume", |row| row.volume)
            .value("bid", |row| number(row.bid))
            .value("ask", |row| number(row.ask))
            .value("last_price", |row| number(row.last_price))
            .value("implied_volatility", |row| row.implied_volatility)
            .value("delta", |row| row.delta)
            .value("gamma", |row| row.gamma)
    }
}

fn read_state(row: &PgRow) -> Result<ContractState, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "expiry"]);
    let reading = Reading { row, table: ContractState::TABLE, key };
    Ok(ContractState {
        symbol: reading.symbol()?,
        contract: read_contract(&reading)?,
        session_date: reading.get("session_date")?,
        open_interest: reading.get("open_interest")?,
        previous_open_interest: reading.get("previous_open_interest")?,
        volume: reading.get("volume")?,
        bid: reading.optional_price("bid")?,
        ask: reading.optional_price("ask")?,
        last_price: reading.optional_price("last_price")?,
        implied_volatility: reading.get("implied_volatility")?,
        delta: reading.get("delta")?,
        gamma: reading.get("gamma")?,
        received_at: reading.get("received_at")?,
    })
}
