//! What can be asked.

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::{BarInterval, OptionContract, Symbol};

/// Most prints that one answer for a symbol holds, by the vendor's documents.
pub const MAX_PRINTS_PER_PAGE: u16 = 500;
/// Most prints that one answer for the whole tape holds, by the vendor's documents.
pub const MAX_RECENT_PRINTS: u16 = 200;
/// Most bars that one answer holds, by the vendor's documents.
pub const MAX_BARS_PER_PAGE: u16 = 2500;

/// Most option trades that one answer holds, by the vendor's documents.
pub const MAX_TRADES_PER_PAGE: u16 = 500;
/// Most alerts that one answer holds, by the vendor's documents.
pub const MAX_ALERTS_PER_PAGE: u16 = 200;
/// Most contracts that one answer holds, by the vendor's documents.
pub const MAX_CONTRACTS_PER_PAGE: u16 = 500;

/// Which end of the asked range a page begins at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

/// Prints of one symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintsQuery {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day; the vendor's newest one when absent.
    pub session_date: Option<NaiveDate>,
    /// Only prints before this instant, which is sent in whole seconds.
    pub older_than: Option<DateTime<Utc>>,
    /// Only prints after this instant, which is sent in whole seconds.
    pub newer_than: Option<DateTime<Utc>>,
    /// Most rows, 1 to [`MAX_PRINTS_PER_PAGE`].
    pub limit: u16,
    /// Only prints of at least this many dollars.
    pub min_premium: Option<u64>,
    /// Which end to begin at.
    pub order: Order,
}

impl PrintsQuery {
    /// The newest prints of a symbol, as many as fit.
    #[must_use]
    pub fn new(symbol: Symbol) -> Self {
        Self {
            symbol,
            session_date: None,
            older_than: None,
            newer_than: None,
            limit: MAX_PRINTS_PER_PAGE,
            min_premium: None,
            order: Order::NewestFirst,
        }
    }

    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let order = (self.order == Order::OldestFirst).then(|| "asc".to_owned());
        present([
            ("date", self.session_date.map(|date| date.to_string())),
            ("older_than", self.older_than.map(seconds)),
            ("newer_than", self.newer_than.map(seconds)),
            ("min_premium", self.min_premium.map(|dollars| dollars.to_string())),
            ("order", order),
            ("limit", Some(self.limit.to_string())),
        ])
    }
}

/// Bars of one symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarsQuery {
    /// The ticker.
    pub symbol: Symbol,
    /// How long the bars are.
    pub interval: BarInterval,
    /// Only this trading day.
    pub session_date: Option<NaiveDate>,
    /// The last trading day.
    pub end_date: Option<NaiveDate>,
    /// How far back from the last day, in the vendor's words (`1M`, `1Y`).
    pub timeframe: Option<String>,
    /// Most rows, 1 to [`MAX_BARS_PER_PAGE`]. A day bar takes up to three.
    pub limit: u16,
}

impl BarsQuery {
    /// The newest bars of a symbol, as many as fit.
    #[must_use]
    pub fn new(symbol: Symbol, interval: BarInterval) -> Self {
        Self {
            symbol,
            interval,
            session_date: None,
            end_date: None,
            timeframe: None,
            limit: MAX_BARS_PER_PAGE,
        }
    }

    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        present([
            ("date", self.session_date.map(|date| date.to_string())),
            ("end_date", self.end_date.map(|date| date.to_string())),
            ("timeframe", self.timeframe.clone()),
            ("limit", Some(self.limit.to_string())),
        ])
    }
}

/// Option trades of the vendor's latest trading day, or alerts; newest first both.
///
/// The vendor can be asked for more (calls only, opening trades only, …). Each of those switches
/// filters as soon as it is sent, even with the value that the documents call its default, so
/// none is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowQuery {
    /// Only of these underlyings; of all when the list is empty.
    pub symbols: Vec<Symbol>,
    /// Only of at least this many dollars.
    pub min_premium: Option<u64>,
    /// Only before this instant, which is sent in whole seconds.
    pub older_than: Option<DateTime<Utc>>,
    /// Only after this instant, which is sent in whole seconds.
    pub newer_than: Option<DateTime<Utc>>,
    /// Most rows, 1 to [`MAX_TRADES_PER_PAGE`] or [`MAX_ALERTS_PER_PAGE`].
    pub limit: u16,
}

impl FlowQuery {
    /// The newest trades, as many as fit.
    #[must_use]
    pub fn trades(symbols: Vec<Symbol>) -> Self {
        let limit = MAX_TRADES_PER_PAGE;
        Self { symbols, min_premium: None, older_than: None, newer_than: None, limit }
    }

    /// The newest alerts, as many as fit.
    #[must_use]
    pub fn alerts(symbols: Vec<Symbol>) -> Self {
        Self { limit: MAX_ALERTS_PER_PAGE, ..Self::trades(symbols) }
    }

    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let symbols: Vec<&str> = self.symbols.iter().map(Symbol::as_str).collect();
        present([
            ("ticker_symbol", (!symbols.is_empty()).then(|| symbols.join(","))),
            ("older_than", self.older_than.map(seconds)),
            ("newer_than", self.newer_than.map(seconds)),
            ("min_premium", self.min_premium.map(|dollars| dollars.to_string())),
            ("limit", Some(self.limit.to_string())),
        ])
    }
}

/// Trades of one contract on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractFlowQuery {
    /// The contract.
    pub contract: OptionContract,
    /// The trading day; the vendor's newest one when absent.
    pub session_date: Option<NaiveDate>,
    /// Only of at least this many dollars.
    pub min_premium: Option<u64>,
    /// Most rows; the vendor sends 50 when absent.
    pub limit: Option<u16>,
}

impl ContractFlowQuery {
    /// The newest trades of a contract, as many as the vendor sends unasked.
    #[must_use]
    pub fn new(contract: OptionContract) -> Self {
        Self { contract, session_date: None, min_premium: None, limit: None }
    }

    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        present([
            ("date", self.session_date.map(|date| date.to_string())),
            ("min_premium", self.min_premium.map(|dollars| dollars.to_string())),
            ("limit", self.limit.map(|limit| limit.to_string())),
        ])
    }
}

/// One page of a symbol's contracts, most traded first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractsQuery {
    /// The ticker.
    pub symbol: Symbol,
    /// Only of this expiry.
    pub expiry: Option<NaiveDate>,
    /// Leaves out contracts that nobody holds.
    pub only_open: bool,
    /// Leaves out contracts that have not traded today.
    pub only_traded: bool,
    /// Which page, from zero. A page that is not full is the last.
    pub page: u32,
    /// Most rows, 1 to [`MAX_CONTRACTS_PER_PAGE`].
    pub limit: u16,
}

impl ContractsQuery {
    /// The first page of all contracts.
    #[must_use]
    pub fn new(symbol: Symbol) -> Self {
        let limit = MAX_CONTRACTS_PER_PAGE;
        Self { symbol, expiry: None, only_open: false, only_traded: false, page: 0, limit }
    }

    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let when_set = |is_set: bool| is_set.then(|| true.to_string());
        present([
            ("expiry", self.expiry.map(|date| date.to_string())),
            ("exclude_zero_oi_chains", when_set(self.only_open)),
            ("exclude_zero_vol_chains", when_set(self.only_traded)),
            ("page", Some(self.page.to_string())),
            ("limit", Some(self.limit.to_string())),
        ])
    }
}

/// Seconds, because the vendor ignored other forms of time on one endpoint.
fn seconds(at: DateTime<Utc>) -> String {
    at.timestamp().to_string()
}

fn present<const N: usize>(
    pairs: [(&'static str, Option<String>); N],
) -> Vec<(&'static str, String)> {
    pairs.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
}
