//! The endpoints of the options market.

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::{
    ContractState, FlowAlert, FlowSnapshot, GammaStrike, NetPremiumTick, OptionTrade, PriceVolume,
    Symbol, TermPoint, TidePoint, TideScope, VolatilityDay,
};

use super::super::parse::{
    Asked, TradesOf, decode_flow_alerts, decode_flow_per_expiry, decode_flow_per_strike,
    decode_gamma_by_strike, decode_iv_rank, decode_net_premium_ticks, decode_option_contracts,
    decode_option_trades, decode_price_volumes, decode_realized_volatility, decode_term_structure,
    decode_tide,
};
use super::super::query::{
    ContractFlowQuery, ContractsQuery, FlowQuery, MAX_ALERTS_PER_PAGE, MAX_CONTRACTS_PER_PAGE,
    MAX_TRADES_PER_PAGE,
};
use super::{UnusualWhales, check_limit};
use crate::{DecodeError, Decoded, Page, Priority, VendorError};

/// A decoder of rows about one symbol.
type Decode<T> = fn(&[u8], &Asked<'_>) -> Result<Decoded<T>, DecodeError>;

impl UnusualWhales {
    /// Option trades of the vendor's latest trading day, newest first.
    ///
    /// # Errors
    /// See [`VendorError`]; [`VendorError::Fatal`] also for a limit out of its bounds.
    pub async fn option_trades(
        &self,
        query: &FlowQuery,
        priority: Priority,
    ) -> Result<Page<OptionTrade>, VendorError> {
        let url = self.http.url(&["api", "option-trades"], &query.pairs());
        check_limit(&url, query.limit, MAX_TRADES_PER_PAGE)?;
        let of = TradesOf::Symbols(&query.symbols);
        self.rows(url, priority, |body, at| decode_option_trades(body, of, at, &self.calendar))
            .await
    }

    /// Trades of one contract, newest first.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn contract_flow(
        &self,
        query: &ContractFlowQuery,
        priority: Priority,
    ) -> Result<Page<OptionTrade>, VendorError> {
        let contract = query.contract.to_string();
        let url = self.http.url(&["api", "option-contract", &contract, "flow"], &query.pairs());
        let of = TradesOf::Contract(&query.contract);
        self.rows(url, priority, |body, at| decode_option_trades(body, of, at, &self.calendar))
            .await
    }

    /// Alerts, newest first.
    ///
    /// # Errors
    /// As [`Self::option_trades`].
    pub async fn flow_alerts(
        &self,
        query: &FlowQuery,
        priority: Priority,
    ) -> Result<Page<FlowAlert>, VendorError> {
        let url = self.http.url(&["api", "option-trades", "flow-alerts"], &query.pairs());
        check_limit(&url, query.limit, MAX_ALERTS_PER_PAGE)?;
        let decode = |body: &[u8], at| decode_flow_alerts(body, &query.symbols, at, &self.calendar);
        self.rows(url, priority, decode).await
    }

    /// The day's flow of each strike, as the vendor sums it up so far.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn flow_per_strike(
        &self,
        symbol: &Symbol,
        session_date: Option<NaiveDate>,
        priority: Priority,
    ) -> Result<Page<FlowSnapshot>, VendorError> {
        let path = ["flow-per-strike"];
        self.of_stock(symbol, &path, session_date, priority, decode_flow_per_strike).await
    }

    /// The day's flow of each expiry, as the vendor sums it up so far.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn flow_per_expiry(
        &self,
        symbol: &Symbol,
        session_date: Option<NaiveDate>,
        priority: Priority,
    ) -> Result<Page<FlowSnapshot>, VendorError> {
        let path = ["flow-per-expiry"];
        self.of_stock(symbol, &path, session_date, priority, decode_flow_per_expiry).await
    }

    /// One page of a symbol's contracts, most traded first.
    ///
    /// # Errors
    /// As [`Self::option_trades`].
    pub async fn option_contracts(
        &self,
        query: &ContractsQuery,
        priority: Priority,
    ) -> Result<Page<ContractState>, VendorError> {
        let path = ["api", "stock", query.symbol.as_str(), "option-contracts"];
        let url = self.http.url(&path, &query.pairs());
        check_limit(&url, query.limit, MAX_CONTRACTS_PER_PAGE)?;
        let decode = |body: &[u8], received_at| {
            let asked = Asked { symbol: &query.symbol, session_date: None, received_at };
            decode_option_contracts(body, &asked, &self.calendar)
        };
        self.rows(url, priority, decode).await
    }

    /// Implied volatility and its rank on the days up to a date, oldest first: about five of them.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn iv_rank(
        &self,
        symbol: &Symbol,
        date: Option<NaiveDate>,
        priority: Priority,
    ) -> Result<Page<VolatilityDay>, VendorError> {
        self.of_stock(symbol, &["iv-rank"], date, priority, decode_iv_rank).await
    }

    /// Implied and realised volatility of a year's days, oldest first.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn realized_volatility(
        &self,
        symbol: &Symbol,
        priority: Priority,
    ) -> Result<Page<VolatilityDay>, VendorError> {
        let path = ["volatility", "realized"];
        self.of_stock(symbol, &path, None, priority, decode_realized_volatility).await
    }

    /// Implied volatility of each expiry on a day.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn term_structure(
        &self,
        symbol: &Symbol,
        session_date: Option<NaiveDate>,
        priority: Priority,
    ) -> Result<Page<TermPoint>, VendorError> {
        let path = ["volatility", "term-structure"];
        self.of_stock(symbol, &path, session_date, priority, decode_term_structure).await
    }

    /// Net premium of each minute of a day.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn net_premium_ticks(
        &self,
        symbol: &Symbol,
        session_date: Option<NaiveDate>,
        priority: Priority,
    ) -> Result<Page<NetPremiumTick>, VendorError> {
        let path = ["net-prem-ticks"];
        self.of_stock(symbol, &path, session_date, priority, decode_net_premium_ticks).await
    }

    /// Net premium of the whole market through a day: a running sum.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn market_tide(
        &self,
        session_date: Option<NaiveDate>,
        priority: Priority,
    ) -> Result<Page<TidePoint>, VendorError> {
        self.tide(&["market-tide"], &TideScope::Market, session_date, priority).await
    }

    /// Net premium of a fund's holdings through a day: a running sum.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn etf_tide(
        &self,
        symbol: &Symbol,
        session_date: Option<NaiveDate>,
        priority: Priority,
    ) -> Result<Page<TidePoint>, VendorError> {
        let scope = TideScope::Holdings(symbol.clone());
        self.tide(&[symbol.as_str(), "etf-tide"], &scope, session_date, priority).await
    }

    /// Greeks of each strike on a day.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn gamma_by_strike(
        &self,
        symbol: &Symbol,
        session_date: Option<NaiveDate>,
        priority: Priority,
    ) -> Result<Page<GammaStrike>, VendorError> {
        let path = ["greek-exposure", "strike"];
        self.of_stock(symbol, &path, session_date, priority, decode_gamma_by_strike).await
    }

    /// Shares traded at each price of a day, on exchanges and off them. The rows do not tell their
    /// day, so it has to be named.
    ///
    /// # Errors
    /// See [`VendorError`].
    pub async fn price_volumes(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
        priority: Priority,
    ) -> Result<Page<PriceVolume>, VendorError> {
        let path = ["stock-volume-price-levels"];
        self.of_stock(symbol, &path, Some(session_date), priority, decode_price_volumes).await
    }

    async fn of_stock<T>(
        &self,
        symbol: &Symbol,
        path: &[&str],
        session_date: Option<NaiveDate>,
        priority: Priority,
        decode: Decode<T>,
    ) -> Result<Page<T>, VendorError> {
        let path: Vec<&str> =
            ["api", "stock", symbol.as_str()].iter().chain(path).copied().collect();
        let url = self.http.url(&path, &on_date(session_date));
        let decode = |body: &[u8], received_at: DateTime<Utc>| {
            decode(body, &Asked { symbol, session_date, received_at })
        };
        self.rows(url, priority, decode).await
    }

    async fn tide(
        &self,
        path: &[&str],
        scope: &TideScope,
        session_date: Option<NaiveDate>,
        priority: Priority,
    ) -> Result<Page<TidePoint>, VendorError> {
        let path: Vec<&str> = ["api", "market"].iter().chain(path).copied().collect();
        let url = self.http.url(&path, &on_date(session_date));
        self.rows(url, priority, |body, at| decode_tide(body, scope, session_date, at)).await
    }
}

fn on_date(session_date: Option<NaiveDate>) -> Vec<(&'static str, String)> {
    session_date.map(|date| ("date", date.to_string())).into_iter().collect()
}
